"""The layout of a dictionary under a model: computed once, kept, and only added to after an edit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.embedding_map.alignment import aligned, apply, in_one_frame, procrustes
from workbench.embedding_map.kept import KeptLayouts, Placed
from workbench.embedding_map.projection import Progress, project, trustworthiness
from workbench.types import Part

Floats = npt.NDArray[np.float32]
Vectors = Callable[[], Floats]
SEED = 0
SHARE = 0.05  # of the terms that may change before the map is laid out anew
FEW = 10  # so many may change on any map
_FEWEST_LEFT = 25  # terms of a real layout that others can be put between
_NEAREST = 5
_TERMS_AT_ONCE = 256


@dataclass(frozen=True, slots=True, eq=False)
class Before:
    """Where the terms lay under another model, in the frame of the layout that it belongs to.

    ``synonym_distance_before`` and ``synonym_distance_after``: see :func:`alignment.synonym_distance`.
    ``moved`` (n,) is how far each term moved on the map, whose width is 2.
    """

    model: str
    x: Any  # float32 (n,)
    y: Any  # float32 (n,)
    trustworthiness: float | None
    synonym_distance_before: float | None
    synonym_distance_after: float | None
    moved: Any  # float32 (n,)


@dataclass(frozen=True, slots=True, eq=False)
class MapLayout:
    """A dictionary's terms in the plane, within -1..1. Tuples and arrays are parallel.

    ``groups`` is the standard term of each term's first group, ``left_out`` the number of terms above the
    limit. ``updated`` terms were put beside their nearest neighbours after an edit, the others laid out.
    """

    terms: tuple[str, ...]
    groups: tuple[str, ...]
    parts: tuple[Part, ...]
    is_standard: tuple[bool, ...]
    x: Any  # float32 (n,)
    y: Any  # float32 (n,)
    method: str
    trustworthiness: float | None
    left_out: int
    version_id: str
    before: Before | None = None
    updated: int = 0


@dataclass(frozen=True, slots=True)
class Space:
    """Terms under one model: ``lineage`` says of what dictionary, model and method (see :mod:`kept`)."""

    lineage: str
    vectors: Vectors  # unit length, (n, d), in the order of the terms


def lay_out(
    terms: tuple[str, ...],
    space: Space,
    method: str,
    kept: KeptLayouts,
    *,
    before: Space | None = None,
    progress: Progress | None = None,
) -> Placed:
    """Places of ``terms``: kept ones, kept ones with new terms put between them, or a new layout.

    With ``before`` the layout starts from that of the other model and is brought onto it (Procrustes), and
    the result has four columns. Kept terms keep their places as long as at most 5 % of the terms (or ten)
    have come or gone since the layout. A new layout is turned so that it lies on the one before it.

    Raises:
        BadParameter: an unknown method.
    """
    lineage = space.lineage if before is None else f"{space.lineage}\n{before.lineage}"
    found = kept.find(lineage, terms)
    if found is not None:
        return found
    earlier = kept.newest(lineage)
    if earlier is not None and _little_changed(earlier, terms):
        placed = _added_to(earlier, terms, [space] if before is None else [space, before])
    else:
        if before is None:
            placed = _alone(terms, space, method, progress)
        else:
            base = lay_out(terms, before, method, kept, progress=progress)
            placed = _from_base(base, space, method, progress)
        if earlier is not None:
            placed = _turned(placed, earlier)
    kept.keep(lineage, placed)
    return placed


def _alone(terms: tuple[str, ...], space: Space, method: str, progress: Progress | None) -> Placed:
    vectors = space.vectors()
    columns = np.stack(project(vectors, method, SEED, progress=progress), axis=1)
    return Placed(terms, columns, (trustworthiness(vectors, columns),), np.zeros(len(terms), np.bool_))


def _from_base(base: Placed, space: Space, method: str, progress: Progress | None) -> Placed:
    vectors = space.vectors()
    own = np.stack(project(vectors, method, SEED, start=base.columns, progress=progress), axis=1)
    after, before = in_one_frame(aligned(own, base.columns), base.columns)
    trust = (trustworthiness(vectors, own), base.trust[0])
    return Placed(base.terms, np.hstack((after, before)), trust, np.zeros(len(base.terms), np.bool_))


def _little_changed(earlier: Placed, terms: tuple[str, ...]) -> bool:
    laid_out = {term for term, added in zip(earlier.terms, earlier.added.tolist(), strict=True) if not added}
    left = sum(term in laid_out for term in terms)
    gone = earlier.gone + len(set(earlier.terms) - set(terms))
    return left >= _FEWEST_LEFT and len(terms) - left + gone <= max(FEW, SHARE * len(terms))


def _added_to(earlier: Placed, terms: tuple[str, ...], spaces: list[Space]) -> Placed:
    """The earlier places; each new term at the weighted mean of its five nearest placed terms."""
    place = {term: i for i, term in enumerate(earlier.terms)}
    old = np.array([place.get(term, -1) for term in terms], np.int64)
    known = old >= 0
    columns = np.empty((len(terms), earlier.columns.shape[1]), np.float32)
    added = np.ones(len(terms), np.bool_)
    columns[known], added[known] = earlier.columns[old[known]], earlier.added[old[known]]
    if not known.all():
        for number, space in enumerate(spaces):
            vectors, own = space.vectors(), slice(2 * number, 2 * number + 2)
            columns[~known, own] = _between(vectors[~known], vectors[known], columns[known, own])
    gone = earlier.gone + len(earlier.terms) - int(known.sum())
    return Placed(terms, columns, earlier.trust, added, gone)


def _between(fresh: Floats, placed: Floats, places: Floats) -> Floats:
    """(m, 2): the mean of the places of the five nearest, weighted by one over the distance."""
    result = np.empty((len(fresh), 2), np.float32)
    near = min(_NEAREST, len(placed))
    for start in range(0, len(fresh), _TERMS_AT_ONCE):
        scores = fresh[start : start + _TERMS_AT_ONCE] @ placed.T
        nearest = np.argpartition(-scores, near - 1, axis=1)[:, :near]
        apart = np.sqrt(np.maximum(2 - 2 * np.take_along_axis(scores, nearest, axis=1), 0))
        weights = 1 / (apart + 1e-3)
        weights /= weights.sum(axis=1, keepdims=True)
        result[start : start + _TERMS_AT_ONCE] = np.einsum("ij,ijk->ik", weights, places[nearest])
    return result


def _turned(placed: Placed, earlier: Placed) -> Placed:
    """A new layout as a whole turned onto an earlier one by the terms that both have."""
    place = {term: i for i, term in enumerate(earlier.terms)}
    shared = [(i, place[term]) for i, term in enumerate(placed.terms) if term in place]
    if len(shared) < _FEWEST_LEFT:
        return placed
    now, then = np.array(shared).T
    transform = procrustes(placed.columns[now, :2], earlier.columns[then, :2])
    pieces = [apply(transform, placed.columns[:, i : i + 2]) for i in range(0, placed.columns.shape[1], 2)]
    return Placed(placed.terms, np.hstack(in_one_frame(*pieces)), placed.trust, placed.added, placed.gone)
