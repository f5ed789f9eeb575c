"""UMAP's graph: how much of a neighbour each near point is, on the scale of its own neighbourhood."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Floats = npt.NDArray[np.float32]
NEIGHBOURS = 15  # McInnes et al. 2018, the authors' default, the point itself counted
MIN_DISTANCE = 0.12  # on the map, at which points of one place still lie apart; spread 1
_HALVINGS = 64
_RANDOM_PAIRS = 50_000
_CLOSE_ENOUGH = 1e-5
_NARROWEST = 1e-3  # of the mean distance


def fuzzy_graph(places: npt.NDArray[np.int64], distances: Floats) -> csr_matrix:
    """The symmetric fuzzy graph (n, n) of nearest neighbours: weights in 0..1, 0 left out.

    ``places`` and ``distances`` (n, k) are each point's nearest others, nearest first. Algorithms 2 and 3
    of McInnes, Healy, Melville 2018 (arXiv 1802.03426): the nearest neighbour has weight 1, weights fall
    exponentially at a rate that makes them add up to ``log2(k + 1)``; two directions are joined by
    ``a + b - ab``.
    """
    from scipy.sparse import csr_matrix

    count, near = distances.shape
    first, rate = _smoothed(distances.astype(np.float64))
    weights = np.exp(-np.maximum(distances - first[:, None], 0) / rate[:, None])
    weights[places == np.arange(count)[:, None]] = 0
    heads = np.arange(0, count * near + 1, near)
    one_way = csr_matrix((weights.ravel(), places.ravel(), heads), shape=(count, count))
    one_way.sum_duplicates()
    back = one_way.T.tocsr()
    graph = (one_way + back - one_way.multiply(back)).tocsr()
    graph.eliminate_zeros()
    return graph


def _smoothed(distances: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The distance to the nearest neighbour that is not the same point, and the rate: both (n,)."""
    count, near = distances.shape
    target = np.log2(near + 1)
    apart = np.where(distances > 0, distances, np.inf).min(axis=1)
    first = np.where(np.isfinite(apart), apart, 0.0)
    beyond = np.maximum(distances - first[:, None], 0)
    low, high = np.zeros(count), np.full(count, np.inf)
    rate = np.ones(count)
    for _ in range(_HALVINGS):
        total = np.exp(-beyond / rate[:, None]).sum(axis=1)
        open_ = np.abs(total - target) >= _CLOSE_ENOUGH
        if not open_.any():
            break
        wide = total > target
        high = np.where(open_ & wide, rate, high)
        low = np.where(open_ & ~wide, rate, low)
        middle = np.where(np.isfinite(high), (low + high) / 2, 2 * rate)
        rate = np.where(open_, middle, rate)
    mean = distances.mean(axis=1) * near / (near + 1)  # the point itself, at distance 0, counted
    whole = distances.mean() * near / (near + 1)
    least = _NARROWEST * np.where(first > 0, mean, whole)
    return first, np.maximum(np.maximum(rate, least), 1e-12)


@cache
def curve() -> tuple[float, float]:
    """``a`` and ``b`` of ``1 / (1 + a d^(2b))``, the curve nearest to UMAP's of spread 1."""
    from scipy.optimize import curve_fit

    d = np.linspace(0, 3, 300)
    wanted = np.where(d < MIN_DISTANCE, 1.0, np.exp(-(d - MIN_DISTANCE)))
    (a, b), _ = curve_fit(lambda x, a, b: 1.0 / (1.0 + a * x ** (2 * b)), d, wanted)
    return float(a), float(b)


def natural_scale(layout: Floats, graph: csr_matrix, a: float, b: float, *, seed: int = 0) -> float:
    """The factor by which ``layout`` (n, 2) suits the forces of UMAP best, of 24 from 2 to 60.

    A layout that is brought into -1..1 has lost its scale. This finds the one with the least cross entropy
    over the graph's edges and random pairs, five for each edge.
    """
    edges = graph.tocoo()
    drawn = np.random.default_rng(seed).integers(0, len(layout), (2, _RANDOM_PAIRS))
    near = ((layout[edges.row] - layout[edges.col]) ** 2).sum(axis=1)
    far = ((layout[drawn[0]] - layout[drawn[1]]) ** 2).sum(axis=1)

    def loss(scale: float) -> float:
        pulled = (edges.data * np.log1p(a * (scale**2 * near) ** b)).sum()
        pushed = -np.log(np.maximum(1 - 1 / (1 + a * (scale**2 * far) ** b), 1e-4)).mean()
        return float(pulled + 2.5 * edges.data.sum() * pushed)

    return float(min(np.geomspace(2, 60, 24), key=loss))
