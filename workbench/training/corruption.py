"""Texts spoilt on purpose, as token ids: masked, thinned, doubled, replaced."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

Span = tuple[int, int]  # the part of a row that may be changed: first position, and the one after the last


@dataclass(frozen=True)
class Masked:
    """A row with gaps: ``ids`` as long as before, ``places`` of the gaps, ``wanted`` ids that stood there."""

    ids: list[int]
    places: list[int]
    wanted: list[int]


def mask(
    rng: random.Random,
    row: Sequence[int],
    start: int,
    units: Sequence[Sequence[int]],
    share: float,
    gap: int,
    others: Sequence[int],
) -> Masked:
    """Whole units (words) hidden until ``share`` of the tokens are, one at least.

    Of the hidden tokens 80 % become ``gap``, 10 % one of ``others``, 10 % stay (Devlin 2018,
    arXiv:1810.04805). ``units`` are positions counted from ``start``.
    """
    count = sum(len(unit) for unit in units)
    budget = max(1, round(share * count))
    places: list[int] = []
    for unit in rng.sample(list(units), len(units)):
        if places and len(places) + len(unit) > budget:
            continue
        places += [start + position for position in unit]
        if len(places) >= budget:
            break
    places.sort()
    ids = list(row)
    for place in places:
        chance = rng.random()
        if chance < 0.8:
            ids[place] = gap
        elif chance < 0.9:
            ids[place] = rng.choice(others)
    return Masked(ids, places, [row[place] for place in places])


def thin(rng: random.Random, row: Sequence[int], span: Span, share: float) -> list[int]:
    """Each token of the span dropped with probability ``share``, one kept at least (TSDAE)."""
    start, end = span
    kept = [token for token in row[start:end] if rng.random() >= share]
    if not kept and end > start:
        kept = [rng.choice(row[start:end])]
    return [*row[:start], *kept, *row[end:]]


def double(rng: random.Random, row: Sequence[int], span: Span, most: float) -> list[int]:
    """Some tokens of the span twice: 0..max(2, most x length) of them, by chance (ESimCSE)."""
    start, end = span
    length = end - start
    count = min(length, rng.randint(0, max(2, int(most * length))))
    twice = set(rng.sample(range(start, end), count))
    return [token for place, token in enumerate(row) for _ in range(2 if place in twice else 1)]


def exchange(
    rng: random.Random, row: Sequence[int], span: Span, share: float, others: Sequence[int]
) -> tuple[list[int], list[bool]]:
    """``share`` of the span's tokens, one at least, replaced by a draw from ``others``.

    Gives the row and, for each of its tokens, whether it is another one than before.
    """
    start, end = span
    ids = list(row)
    if end > start:
        for place in rng.sample(range(start, end), max(1, round(share * (end - start)))):
            ids[place] = rng.choice(others)
    return ids, [one != other for one, other in zip(ids, row, strict=True)]
