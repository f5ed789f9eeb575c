"""What lies on a map: each term of a dictionary once, its group, its part; the synonym pairs among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.normalise import term_key
from workbench.types import Pair, Part, Split

Places = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Members:
    """Terms in the order of the dictionary, parallel tuples. ``groups``: the standard term of a term's first
    group. ``left_out``: terms above the limit."""

    terms: tuple[str, ...]
    groups: tuple[str, ...]
    parts: tuple[Part, ...]
    is_standard: tuple[bool, ...]
    left_out: int


def members(pairs: Sequence[Pair], split: Split, limit: int) -> Members:
    """The terms of ``pairs``, at most ``limit``: the last group may be cut."""
    standards = {term_key(pair.standard) for pair in pairs}
    seen: dict[str, tuple[str, str]] = {}
    for pair in pairs:
        for raw in (pair.standard, pair.synonym):
            seen.setdefault(term_key(raw), (raw, pair.standard))
    shown = list(seen.items())[:limit]
    return Members(
        terms=tuple(raw for _, (raw, _) in shown),
        groups=tuple(group for _, (_, group) in shown),
        parts=tuple(split.parts[split.component_of[key]] for key, _ in shown),
        is_standard=tuple(key in standards for key, _ in shown),
        left_out=max(0, len(seen) - limit),
    )


def synonym_places(pairs: Sequence[Pair], terms: Sequence[str]) -> Places:
    """(m, 2): the places in ``terms`` of each synonym pair's standard term and synonym, each pair once."""
    place = {term_key(term): i for i, term in enumerate(terms)}
    found: dict[tuple[int, int], None] = {}
    for pair in pairs:
        standard, synonym = place.get(term_key(pair.standard)), place.get(term_key(pair.synonym))
        if standard is None or synonym is None or standard == synonym or (synonym, standard) in found:
            continue
        found[standard, synonym] = None
    return np.array(list(found), np.int32).reshape(-1, 2)


def cosines(vectors: npt.NDArray[Any], places: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """The cosine (m,) of each pair of places (m, 2) among unit ``vectors`` (n, d)."""
    result = np.empty(len(places), np.float32)
    for start in range(0, len(places), 8192):
        rows = places[start : start + 8192]
        result[start : start + 8192] = np.einsum("ij,ij->i", vectors[rows[:, 0]], vectors[rows[:, 1]])
    return result
