"""Finds the terms of a dictionary in running text, and says where they stand in the text as written."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.normalise import term_key

# First and last code points of scripts that are written without spaces between words, and of Korean, which
# puts its particles onto the noun.
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1100, 0x11FF),  # Hangul letters
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0xA4CF),  # Chinese, kana, Yi
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),  # Hangul
    (0xF900, 0xFAFF),
    (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFF),
)
_PLURALS = ("s", "es")


@dataclass(frozen=True, slots=True)
class Found:
    """A term in a text: the raw text[start:end] is the term whose number is ``term``."""

    start: int
    end: int
    term: int


class TermFinder:
    """An Aho-Corasick automaton over term keys (Aho and Corasick 1975), built once, asked often.

    Case, width and runs of white space do not count. A term in letters that are written with spaces is
    found as a whole word only: "A4" is not in "A40". Chinese has no such boundary.
    """

    def __init__(self, terms: Sequence[str]) -> None:
        """``terms`` raw or as keys. A term's number is its place; equal ones have that of the first."""
        import ahocorasick

        self._automaton: Any = ahocorasick.Automaton()
        for number, term in enumerate(terms):
            key = term_key(term)
            if key and key not in self._automaton:
                self._automaton.add_word(key, (len(key), number))
        self._empty = len(self._automaton) == 0
        if not self._empty:
            self._automaton.make_automaton()

    def longest(self, text: str) -> list[Found]:
        """Non-overlapping occurrences, the leftmost first, of several from one place the longest.

        Those that begin or end within what is one character of the raw text (m in ㎞) are left out.
        """
        key = term_key(text)
        spans = self._spans(key)
        if not spans:
            return []
        places = raw_places(text, key)
        if places is None:
            return []
        found: list[Found] = []
        reached = 0
        for start, end, term in sorted(spans, key=lambda span: (span[0], -span[1])):
            if start < reached:
                continue
            reached = end
            edges = places.edges(start, end)
            if edges:
                found.append(Found(*edges, term))
        return found

    def anywhere(self, text: str) -> int | None:
        """The number of a term that occurs in ``text``, within a longer word group too; None for none.

        Stricter than :meth:`longest`: an English plural counts as the word.
        """
        if self._empty:
            return None
        key = term_key(text)
        for last, (length, term) in self._automaton.iter(key):
            start, end = last + 1 - length, last + 1
            if not _joined(key, start) and (not _joined(key, end) or _only_plural(key, end)):
                return int(term)
        return None

    def _spans(self, key: str) -> list[tuple[int, int, int]]:
        if self._empty:
            return []
        spans = []
        for last, (length, term) in self._automaton.iter(key):
            start, end = last + 1 - length, last + 1
            if not (_joined(key, start) or _joined(key, end)):
                spans.append((start, end, term))
        return spans


@dataclass(frozen=True, slots=True)
class RawPlaces:
    """From places in a text's key to places in the text: equal ones, or through ``spans``.

    ``spans`` gives for each character of the key the raw characters that it came from.
    """

    spans: tuple[tuple[int, int], ...] | None = None

    def edges(self, start: int, end: int) -> tuple[int, int] | None:
        """The raw span of key[start:end]; None where an edge falls within one raw character."""
        if self.spans is None:
            return start, end
        before = self.spans[start - 1][1] if start else 0
        behind = self.spans[end][0] if end < len(self.spans) else self.spans[-1][1]
        first, last = self.spans[start][0], self.spans[end - 1][1]
        return (first, last) if before <= first and last <= behind else None


class _Folding(dict[int, str]):
    """The compared form of single characters, remembered: a table for ``str.translate``."""

    def __missing__(self, code: int) -> str:
        folded = unicodedata.normalize("NFKC", chr(code)).casefold()
        self[code] = " " if folded.isspace() else folded
        return self[code]


_FOLDING = _Folding()


def raw_places(text: str, key: str) -> RawPlaces | None:
    """How ``key`` (the term key of ``text``) lies on ``text``; None in the rare case that cannot be said.

    Where each character has one of its own in the key the places are equal. Otherwise the text is
    followed cluster by cluster (a character with the marks that belong to it).
    """
    if len(key) == len(text) and text.translate(_FOLDING) == key:
        return RawPlaces()
    spans: list[tuple[int, int]] = []
    folded: list[str] = []
    for start, end in _clusters(text):
        for character in unicodedata.normalize("NFKC", text[start:end]).casefold():
            if not character.isspace():
                folded.append(character)
                spans.append((start, end))
            elif folded and folded[-1] != " ":
                folded.append(" ")
                spans.append((start, end))
            elif folded:
                spans[-1] = (spans[-1][0], end)
    if folded and folded[-1] == " ":
        folded.pop()
        spans.pop()
    return RawPlaces(spans=tuple(spans)) if "".join(folded) == key else None


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for place in range(1, len(text)):
        if not _continues(text[place]):
            yield start, place
            start = place
    if text:
        yield start, len(text)


def _continues(character: str) -> bool:
    """Whether a character may melt with the one before it under NFKC."""
    if character < "\u0300":
        return False
    first = unicodedata.normalize("NFKD", character)[0]
    return unicodedata.combining(first) > 0 or "\u1160" <= first <= "\u11ff"


def _joined(key: str, place: int) -> bool:
    """Whether the characters before and at ``place`` are of one word that is written between spaces."""
    return 0 < place < len(key) and _of_word(key[place - 1]) and _of_word(key[place])


def _of_word(character: str) -> bool:
    if not (character.isalnum() or unicodedata.category(character).startswith("M")):
        return False
    code = ord(character)
    return code < _UNSPACED[0][0] or not any(low <= code <= high for low, high in _UNSPACED)


def _only_plural(key: str, end: int) -> bool:
    return any(
        key.startswith(ending, end) and not _joined(key, end + len(ending)) for ending in _PLURALS
    ) and _of_word(key[end - 1])
