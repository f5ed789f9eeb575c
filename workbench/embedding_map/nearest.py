"""The graph of nearest neighbours that a layout is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
EXACT = 30_000  # points up to which every pair is looked at
_LISTS_LOOKED_AT = 32
_TRAINED_ON = 40  # points for each list, about the least that faiss asks for


def nearest_neighbours(points: Floats, count: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """The ``count`` nearest other points of each of ``points`` (n, d): places and distances, (n, count).

    Distances are Euclidean; ``count < n``. Exact up to 30,000 points; above, an inverted file of
    ``4 * sqrt(n)`` lists of which 32 are looked at (Jégou, Douze and Schmid 2011). Its lists come from a
    clustering with a fixed seed, so the same points give the same graph.
    """
    import faiss

    rows = np.ascontiguousarray(points, dtype=np.float32)
    total, dimension = rows.shape
    index: Any = faiss.IndexFlatL2(dimension)
    if total > EXACT:
        lists = int(4 * np.sqrt(total))
        index = faiss.IndexIVFFlat(index, dimension, lists)
        index.cp.max_points_per_centroid = _TRAINED_ON
        index.train(rows)
        index.nprobe = _LISTS_LOOKED_AT
    index.add(rows)
    squared, places = index.search(rows, count + 1)
    return _without_itself(places, np.sqrt(np.maximum(squared, 0)), count)


def _without_itself(
    places: npt.NDArray[np.int64], distances: Floats, count: int
) -> tuple[npt.NDArray[np.int64], Floats]:
    """(n, count + 1) without each point's own place; the last is dropped where equal points hid it."""
    own = np.arange(len(places))[:, None]
    other = places != own
    other[other.all(axis=1), -1] = False
    kept = places[other].reshape(len(places), count)
    lengths = distances[other].reshape(len(places), count).astype(np.float32)
    # An inverted file may find fewer than were asked for: the point itself, far away, means nothing.
    missing = kept < 0
    if missing.any():
        kept = np.where(missing, own, kept)
        lengths = np.where(missing, np.float32(2.0), lengths)
    return kept, lengths
