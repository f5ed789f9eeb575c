"""Cuts text into words, so that a Chinese word is masked as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.models.words import word_cutter


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
