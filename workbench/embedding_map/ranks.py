"""How far down the list of a term's neighbours the nearest of its true synonyms stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
_QUERIES_AT_ONCE = 512
_TERMS_AT_ONCE = 4096  # 512 x 4,096 scores are 8 MB: they stay near the processor
_SYNONYMS_AT_ONCE = 1024
_TIE = 1e-6  # an encoder gives the same vector to about this much


def synonym_ranks(
    vectors: npt.NDArray[Any],
    concepts: npt.NDArray[Any],
    apart: Iterable[tuple[int, int]] = (),
    progress: Callable[[float], None] | None = None,
) -> Floats:
    """The rank (n,), from 1, of each term's nearest synonym among all other terms; NaN where it has none.

    ``vectors`` (n, d) are of unit length, ``concepts`` (n,) numbers: terms of one are synonyms, but for the
    places ``apart`` (both ways round). Exact in the full space; a tie counts against the synonym. ``n * n``
    cosines are computed, a block at a time. ``progress`` is told a share, and may raise to stop.
    """
    rows = np.ascontiguousarray(vectors, np.float32)
    best, near = _nearest_synonyms(rows, np.asarray(concepts), apart)
    least = best - _TIE
    asked = np.flatnonzero(np.isfinite(best))
    ranks = np.full(len(rows), np.nan, np.float32)
    for start in range(0, len(asked), _QUERIES_AT_ONCE):
        places = asked[start : start + _QUERIES_AT_ONCE]
        queries, wanted = rows[places], least[places][:, None]
        count = np.zeros(len(places), np.int64)
        for first in range(0, len(rows), _TERMS_AT_ONCE):
            count += np.count_nonzero(queries @ rows[first : first + _TERMS_AT_ONCE].T >= wanted, axis=1)
        ranks[places] = count - near[places] + 1
        if progress:
            progress((start + len(places)) / len(asked))
    return np.maximum(ranks, 1)


def rank_of_one(
    vectors: npt.NDArray[Any], vector: npt.NDArray[Any], synonyms: npt.NDArray[Any], own: int
) -> int | None:
    """The rank of the nearest of ``synonyms`` (places) to ``vector`` (d,), whose own place is ``own``."""
    if not len(synonyms):
        return None
    scores = vectors @ vector
    least = float(scores[synonyms].max()) - _TIE
    counted = np.ones(len(scores), np.bool_)
    counted[synonyms] = False
    counted[own] = False
    return int(np.count_nonzero(scores[counted] >= least)) + 1


def _nearest_synonyms(
    rows: Floats, concepts: npt.NDArray[Any], apart: Iterable[tuple[int, int]]
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """The cosine (n,) of each term's nearest synonym, -inf for none; and how many of its synonyms and of
    itself are as near as that: these are no competitors."""
    best = np.full(len(rows), -np.inf, np.float32)
    near = np.zeros(len(rows), np.int64)
    marked: dict[int, list[int]] = {}
    for one, other in apart:
        marked.setdefault(one, []).append(other)
        marked.setdefault(other, []).append(one)
    order = np.argsort(concepts, kind="stable")
    edges = np.flatnonzero(np.diff(concepts[order])) + 1
    for group in np.split(order, edges):
        if len(group) < 2:
            continue
        for start in range(0, len(group), _SYNONYMS_AT_ONCE):
            some = group[start : start + _SYNONYMS_AT_ONCE]
            scores = rows[some] @ rows[group].T
            for k, i in enumerate(some.tolist()):
                if i in marked:
                    scores[k, np.isin(group, marked[i])] = -np.inf
            own = np.arange(len(some))
            itself = scores[own, start + own].copy()
            scores[own, start + own] = -np.inf
            best[some] = scores.max(axis=1)
            scores[own, start + own] = itself
            near[some] = np.count_nonzero(scores >= best[some, None] - _TIE, axis=1)
    return best, near
