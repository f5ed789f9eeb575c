"""Two layouts of the same terms in one frame, and numbers for what moved."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.embedding_map.members import cosines

Floats = npt.NDArray[np.float32]
Transform = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
_RANDOM_PAIRS = 20_000


def aligned(moving: npt.NDArray[Any], fixed: npt.NDArray[Any]) -> Floats:
    """``moving`` (n, 2) turned, mirrored, scaled and shifted as a whole, so that it lies on ``fixed`` (n, 2).

    The rotation of least squares over all points (Schönemann 1966, Procrustes analysis), after both were
    brought to one spread about their middle: what is left of a difference is movement of the points. The
    scale is that of the spreads, since least squares would shrink a layout that has little in common with
    the other.
    """
    return apply(procrustes(moving, fixed), moving)


def procrustes(moving: npt.NDArray[Any], fixed: npt.NDArray[Any]) -> Transform:
    """The transform of :func:`aligned`: a matrix (2, 2) and a shift (2,)."""
    source, target = np.asarray(moving, np.float64), np.asarray(fixed, np.float64)
    if not len(source):
        return np.eye(2), np.zeros(2)
    source_centre, target_centre = source.mean(axis=0), target.mean(axis=0)
    source, target = source - source_centre, target - target_centre
    left, _, right = np.linalg.svd(source.T @ target)
    spread = float((source**2).sum())
    scale = float(np.sqrt((target**2).sum() / spread)) if spread > 1e-12 else 1.0
    matrix = scale * (left @ right)
    return matrix, target_centre - source_centre @ matrix


def apply(transform: Transform, points: npt.NDArray[Any]) -> Floats:
    """``points`` (n, 2) under a transform of :func:`procrustes`."""
    matrix, shift = transform
    result: Floats = (np.asarray(points, np.float64) @ matrix + shift).astype(np.float32)
    return result


def in_one_frame(*layouts: npt.NDArray[Any]) -> list[Floats]:
    """Layouts (n, 2), moved and scaled by the same amounts so that together they fill -1..1."""
    every = np.concatenate(layouts)
    if not len(every):
        return [np.asarray(each, np.float32) for each in layouts]
    low, high = every.min(axis=0), every.max(axis=0)
    half = float(max((high - low).max() / 2, 1e-9))
    return [((each - (low + high) / 2) / half).astype(np.float32) for each in layouts]


def synonym_distance(vectors: npt.NDArray[Any], places: npt.NDArray[Any], *, seed: int = 0) -> float:
    """How far apart known synonyms are under a model, on the scale of that model; NaN without pairs.

    With cosine distance ``d(a, b) = 1 - cos(a, b)`` in the full space:

        mean of d over the synonym pairs / mean of d over 20,000 random pairs of terms

    0: synonyms have the same vector; 1: they are no nearer than any two terms. A ratio, so that models
    whose cosines are squeezed together compare with those whose cosines are not. ``vectors`` (n, d) are of
    unit length, ``places`` (m, 2).
    """
    count = len(vectors)
    if not len(places) or count < 2:
        return float("nan")
    drawn = np.random.default_rng(seed)
    first = drawn.integers(0, count, _RANDOM_PAIRS)
    other = (first + drawn.integers(1, count, _RANDOM_PAIRS)) % count
    usual = float(1 - cosines(vectors, np.stack((first, other), axis=1)).mean())
    apart = float(1 - cosines(vectors, places).mean())
    return max(0.0, apart) / max(usual, 1e-9)
