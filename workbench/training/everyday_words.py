"""Everyday words that a model knows, out of its own vocabulary: what a map is held still upon."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from workbench.normalise import term_key

COUNT = 512
_COMMON = 8  # the words are drawn from the so many times as many that come first, the frequent ones
_BEGINNINGS = ("▁", "Ġ")  # how sentencepiece and byte-level tokenizers mark that a word begins


def everyday_words(folder: Path, without: Iterable[str], count: int = COUNT) -> tuple[str, ...]:
    """At most ``count`` frequent whole words of the vocabulary of the model in ``folder``; always the same.

    None of the terms ``without`` is among them: a word that something is measured on must not be held
    still for the measure's sake. Vocabularies begin with what is frequent. Of a model without a
    ``tokenizer.json`` there are none.
    """
    avoided = {term_key(text) for text in without}
    pieces = _vocabulary(folder)
    marks = any(piece.startswith(_BEGINNINGS) for piece in pieces)
    known: dict[str, None] = {}
    for piece in pieces:
        word = _whole_word(piece, marks)
        if word and term_key(word) not in avoided:
            known.setdefault(word)
        if len(known) == _COMMON * count:
            break
    drawn = random.Random(0).sample(list(known), min(count, len(known)))
    return tuple(sorted(drawn))


def _vocabulary(folder: Path) -> list[str]:
    """Pieces in the order of their numbers."""
    path = next(
        (
            p
            for p in (folder / "tokenizer.json", *sorted(folder.glob("[0-9]*/tokenizer.json")))
            if p.is_file()
        ),
        None,
    )
    if path is None:
        return []
    pieces: Any = json.loads(path.read_text("utf-8")).get("model", {}).get("vocab", {})
    if isinstance(pieces, dict):
        return sorted(pieces, key=pieces.__getitem__)
    return [piece for piece, _ in pieces]


def _whole_word(piece: str, marks: bool) -> str:
    """The word that a piece is; empty where it is a part of one, a number, a sign or too short to mean much.

    ``marks``: words that spaces part begin with a mark in this vocabulary; without one it is a part.
    """
    marked = piece.startswith(_BEGINNINGS)
    word = piece[1:] if marked else piece
    part = word.isascii() and (len(word) < 3 or (marks and not marked))
    return word if word.isalpha() and not part else ""
