"""Cuts text into words, so that a Chinese word is masked as a whole."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any


@functools.cache
def word_cutter() -> Callable[[str], Iterable[str]]:
    """What cuts a text into words by jieba's dictionary, without its model for unknown words.

    The dictionary is read from the package once a process (half a second): jieba's own cache would be
    a file in a folder that everybody may write to.
    """
    import jieba  # type: ignore[import-untyped]

    cutter = jieba.Tokenizer()
    cutter.FREQ, cutter.total = cutter.gen_pfdict(cutter.get_dict_file())
    cutter.initialized = True
    return lambda text: cutter.cut(text, HMM=False)


class WordUnits:
    """Which tokens of a text belong together as one word."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._cut = word_cutter()
        self._marks_begin = any(token.startswith("▁") for token in tokenizer.get_vocab())

    def of(self, ids: Sequence[int]) -> list[list[int]]:
        """Positions in ``ids`` (no special tokens among them), one list a word, in order."""
        text, starts = "", []
        for token in self._tokenizer.convert_ids_to_tokens(list(ids)):
            piece, apart = self._piece(token)
            text += " " if apart and text else ""
            starts.append(len(text))
            text += piece
        owner: list[int] = []
        for number, word in enumerate(self._cut(text)):
            owner += [number] * len(word)
        units: dict[int, list[int]] = {}
        for position, start in enumerate(starts):
            units.setdefault(owner[start] if start < len(owner) else -1 - position, []).append(position)
        return list(units.values())

    def _piece(self, token: str) -> tuple[str, bool]:
        """What a token writes, and whether white space may come before it."""
        if self._marks_begin:
            return token.removeprefix("▁"), token.startswith("▁")
        return token.removeprefix("##"), token.isascii() and not token.startswith("##")
