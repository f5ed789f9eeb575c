"""Sentences of a corpus in which a term of the dictionary stands, and nothing that tests it."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from workbench.normalise import term_key
from workbench.pairing.material import Material
from workbench.pairing.occurrences import Found, TermFinder

LONGEST_SENTENCE = 400  # characters; encoders cut what is longer
_TRIES = 4  # sentences looked at for each one that is kept
_TEXTS_BETWEEN_REPORTS = 2_000
_SENTENCE_ENDS = re.compile(r"(?<=[。！？；\n])|(?<=[.!?;])\s+")


@dataclass(frozen=True, slots=True)
class Frame:
    """A sentence with a gap: what stands before the term and behind it, to the letter."""

    before: str
    term: str  # as written there
    behind: str

    def put(self, term: str) -> str:
        """The sentence with ``term`` in the gap."""
        return f"{self.before}{term}{self.behind}"


@dataclass
class Frames:
    """The frames of each term (by number), and what was seen on the way."""

    of_term: dict[int, list[Frame]] = field(default_factory=dict)
    texts: int = 0
    forbidden: int = 0  # sentences left out because of a term that no text may hold
    too_long: int = 0

    def __bool__(self) -> bool:
        return bool(self.of_term)


def find_frames(
    material: Material,
    dictionary_terms: Sequence[str],
    texts: Iterable[str],
    *,
    per_term: int,
    near_duplicate: int,
    rng: random.Random,
    report: Callable[[int], None] | None = None,
) -> Frames:
    """At most ``per_term`` frames for each usable term, drawn evenly from all its occurrences.

    The longest term at a place is the one that stands there. A sentence that holds a term of the test or
    development part, or stands for a held-out synonym, is not used at all. Of frames of one term that are
    near duplicates one is kept. ``report`` is called with the number of texts read and may raise to stop.
    """
    result = Frames()
    finder = TermFinder(dictionary_terms)
    number_of = [material.number_of.get(term_key(term), -1) for term in dictionary_terms]
    drawn: dict[int, list[Frame]] = {}
    seen: Counter[int] = Counter()
    most = per_term * _TRIES
    for text in texts:
        if report and result.texts % _TEXTS_BETWEEN_REPORTS == 0:
            report(result.texts)
        result.texts += 1
        for sentence in sentences(text):
            for found in _usable(sentence, finder, number_of, material, result):
                number = number_of[found.term]
                seen[number] += 1
                kept = drawn.setdefault(number, [])
                # reservoir sampling (Vitter 1985, algorithm R): even chances without keeping everything
                place = len(kept) if len(kept) < most else rng.randrange(seen[number])
                if place < most:
                    before, behind = sentence[: found.start], sentence[found.end :]
                    kept[place : place + 1] = [Frame(before, sentence[found.start : found.end], behind)]
    for number in sorted(drawn):
        result.of_term[number] = _different(drawn[number], per_term, near_duplicate)
    return result


def _usable(
    sentence: str, finder: TermFinder, number_of: Sequence[int], material: Material, result: Frames
) -> list[Found]:
    """The terms of a sentence; none where it may not be used, which is counted in ``result``."""
    found = finder.longest(sentence)
    if found and len(sentence) > LONGEST_SENTENCE:
        result.too_long += 1
        return []
    if found and (any(number_of[each.term] < 0 for each in found) or not material.is_clean(sentence)):
        result.forbidden += 1
        return []
    return found


def sentences(text: str) -> Iterator[str]:
    """The text itself; one that is too long for an encoder in its sentences."""
    if len(text) <= LONGEST_SENTENCE:
        yield text
        return
    for piece in _SENTENCE_ENDS.split(text):
        if piece.strip():
            yield piece.strip()


def _different(frames: Sequence[Frame], most: int, near_duplicate: int) -> list[Frame]:
    from rapidfuzz import fuzz

    kept: list[Frame] = []
    gaps: list[str] = []
    for frame in frames:
        gap = term_key(frame.put("\0"))
        if any(gap == other or fuzz.ratio(gap, other) >= near_duplicate for other in gaps):
            continue
        kept.append(frame)
        gaps.append(gap)
        if len(kept) == most:
            break
    return kept
