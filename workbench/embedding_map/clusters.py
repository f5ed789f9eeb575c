"""Islands of a map: terms that lie densely together, each named by its most typical term."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int32]
MOST = 40_000  # terms that are clustered: the time grows with the square of their number
_SMALLEST = 5
_CORE = 5  # neighbours that make a place dense


def clusters(places: npt.NDArray[Any], *, seed: int = 0) -> Labels:
    """The island (n,) of each of ``places`` (n, 2), -1 for none; numbered from the largest.

    HDBSCAN (Campello, Moulavi, Sander 2013). The smallest island has half the square root of n terms, and
    at least 5. Above 40,000 terms a random sample of so many is clustered, and every other term belongs to
    the island of the sampled term that lies nearest.
    """
    from sklearn.cluster import HDBSCAN
    from sklearn.neighbors import KDTree

    xy = np.asarray(places, np.float64)
    count = len(xy)
    if count < 2 * _SMALLEST:
        return np.full(count, -1, np.int32)
    sample = np.arange(count)
    if count > MOST:
        sample = np.sort(np.random.default_rng(seed).choice(count, MOST, replace=False))
    smallest = max(_SMALLEST, int(0.5 * np.sqrt(count) * len(sample) / count))
    found = HDBSCAN(min_cluster_size=smallest, min_samples=_CORE, copy=True).fit_predict(xy[sample])
    labels = np.asarray(found, np.int64)
    if count > MOST:
        labels = labels[KDTree(xy[sample]).query(xy, return_distance=False)[:, 0]]
    sizes = np.bincount(labels[labels >= 0], minlength=1)
    number = np.empty(len(sizes), np.int64)
    number[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return np.where(labels >= 0, number[np.maximum(labels, 0)], -1).astype(np.int32)


def typical_terms(labels: Labels, vectors: npt.NDArray[Any], terms: Sequence[str]) -> tuple[str, ...]:
    """For each island the term whose vector is nearest to the mean of the island's vectors (n, d)."""
    names = []
    for label in range(int(labels.max(initial=-1)) + 1):
        places = np.flatnonzero(labels == label)
        rows = vectors[places]
        names.append(terms[int(places[np.argmax(rows @ rows.mean(axis=0))])])
    return tuple(names)
