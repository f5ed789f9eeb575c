"""Vectors laid out in the plane: UMAP, t-SNE for neighbourhoods, PCA for directions; how far to trust it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from workbench.embedding_map.descent import descend
from workbench.embedding_map.fuzzy import NEIGHBOURS, curve, fuzzy_graph, natural_scale
from workbench.embedding_map.nearest import nearest_neighbours
from workbench.errors import BadParameter
from workbench.localtext import LocalText

Floats = npt.NDArray[np.float32]
Method = Literal["umap", "tsne", "pca"]
METHODS: tuple[Method, ...] = get_args(Method)
Progress = Callable[[float, LocalText], None]
FEWEST = 8  # points that have neighbourhoods at all
SAMPLE = 2000  # points for the trustworthiness: its cost is quadratic
PERPLEXITY = 30.0  # van der Maaten and Hinton 2008: 5 to 50
_PCA_FIRST = 50  # dimensions in which neighbours are looked for when there are many points
_MANY = 20_000
_SIDE = 10.0  # UMAP's forces are made for a map of about this size
_JITTER = 1e-3  # so that equal vectors do not start from one place, where no force has a direction
_STEP_AGAIN = 0.25  # of the learning rate, from a layout that is one already: more would shake it apart
_HOLD = 0.1  # as AlignedUMAP holds one layout to the next; a real change is far stronger
_EPOCHS = 500
_EPOCHS_OF_MANY = 200  # more than 10,000 points, as umap-learn does
_EARLY, _LATE = 250, 500  # steps of t-SNE, with exaggeration and without (openTSNE's)

NEIGHBOURS_SOUGHT = LocalText("正在找每个词的近邻", "Finding the neighbours of each term")
MOVING = LocalText("正在排布 {count} 个词", "Laying out {count} terms")


def project(
    vectors: npt.NDArray[Any],
    method: str = "umap",
    seed: int = 13,
    *,
    start: npt.NDArray[Any] | None = None,
    progress: Progress | None = None,
) -> tuple[Floats, Floats]:
    """Places for ``vectors`` (n, d) in the plane: ``(x, y)``, each float32 (n,), within -1..1.

    The vectors are brought to unit length, so that Euclidean distance orders pairs as the cosine
    does. The same vectors, method, seed and ``start`` give the same places. Fewer than eight points are
    laid out by PCA, whatever is asked: they have no neighbourhoods. ``start`` (n, 2) is where UMAP and
    t-SNE begin, and UMAP then takes smaller steps; by default the first two principal components, which
    keeps the large picture of the space (Kobak and Linderman 2021). ``progress`` may raise to stop.

    UMAP: McInnes, Healy, Melville 2018 (arXiv 1802.03426), 15 neighbours. t-SNE: van der Maaten and
    Hinton 2008, perplexity 30, by openTSNE (Poličar et al. 2024), interpolated above 10,000 points
    (Linderman et al. 2019). More than 20,000 points go through their first 50 principal components.

    Raises:
        BadParameter: an unknown method.
    """
    check_method(method)
    points = unit(vectors)
    if len(points) < 3:
        spread = 0.5 if len(points) > 1 else 0.0
        return np.linspace(-spread, spread, len(points), dtype=np.float32), np.zeros(len(points), np.float32)
    if method == "pca" or len(points) < FEWEST:
        return _fitted(_pca(points, 2))
    if len(points) > _MANY and points.shape[1] > _PCA_FIRST:
        points = _pca(points, _PCA_FIRST)
    if method == "tsne":
        begin = _pca(points, 2) if start is None else np.asarray(start, np.float32)
        return _fitted(_tsne(points, begin, seed, progress))
    return _fitted(_umap(points, start, seed, progress))


def check_method(method: str) -> None:
    """Raises BadParameter where there is no such method."""
    if method not in METHODS:
        raise BadParameter(
            LocalText("没有叫「{method}」的排布方法。", "There is no layout method called “{method}”."),
            LocalText("可用的：{methods}。", "There are: {methods}."),
            method=method,
            methods=", ".join(METHODS),
        )


def trustworthiness(vectors: npt.NDArray[Any], layout: npt.NDArray[Any], *, seed: int = 13) -> float:
    """How far neighbours in ``layout`` (n, 2) are neighbours among ``vectors`` (n, d), 0..1.

    Venna & Kaski 2001, k = 10, on a random sample of at most 2,000 points; -1 where there are fewer
    than 25, too few to say.
    """
    from sklearn.manifold import trustworthiness as measure

    count = len(vectors)
    if count < 25:
        return -1.0
    chosen = np.arange(count)
    if count > SAMPLE:
        chosen = np.sort(np.random.default_rng(seed).choice(count, SAMPLE, replace=False))
    return float(measure(unit(np.asarray(vectors)[chosen]), np.asarray(layout)[chosen], n_neighbors=10))


def unit(vectors: npt.NDArray[Any]) -> Floats:
    """``vectors`` (n, d) at unit length; a zero vector stays zero."""
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    result: Floats = rows / np.maximum(lengths, 1e-12)
    return result


def _umap(points: Floats, start: npt.NDArray[Any] | None, seed: int, progress: Progress | None) -> Floats:
    if progress:
        progress(0.0, NEIGHBOURS_SOUGHT)
    graph = fuzzy_graph(*nearest_neighbours(points, min(NEIGHBOURS, len(points)) - 1))
    epochs = _EPOCHS_OF_MANY if len(points) > 10_000 or start is not None else _EPOCHS
    graph.data[graph.data < graph.data.max() / epochs] = 0
    graph.eliminate_zeros()
    a, b = curve()
    if start is None:
        begin, step, hold = _pca(points, 2), 1.0, 0.0
        begin = _SIDE * (begin - begin.min(axis=0)) / np.maximum(np.ptp(begin, axis=0), 1e-9)
    else:
        begin, step, hold = np.asarray(start, np.float32), _STEP_AGAIN, _HOLD
        begin = begin * natural_scale(begin, graph, a, b)
    jittered = begin + np.random.default_rng(seed).normal(scale=_JITTER, size=begin.shape)
    told = _told(progress, len(points))
    return descend(
        jittered.astype(np.float32),
        graph,
        epochs=epochs,
        a=a,
        b=b,
        seed=seed,
        step=step,
        hold=hold,
        progress=told,
    )


def _tsne(points: Floats, start: Floats, seed: int, progress: Progress | None) -> Floats:
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    if progress:
        progress(0.0, NEIGHBOURS_SOUGHT)
    perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
    places, distances = nearest_neighbours(points, min(len(points) - 1, int(3 * perplexity)))
    affinities = PerplexityBasedNN(
        perplexity=perplexity, knn_index=PrecomputedNeighbors(places, distances.astype(np.float64))
    )
    told = _told(progress, len(points))
    done = 0

    def step(iteration: int, *_: Any) -> None:
        if told:
            told((done + iteration) / (_EARLY + _LATE))

    begin = start + np.random.default_rng(seed).normal(scale=_JITTER, size=start.shape) * start.std()
    begin = begin * 1e-4 / max(float(begin[:, 0].std()), 1e-12)
    every = {"callbacks": [step], "callbacks_every_iters": 10}
    embedding = TSNEEmbedding(begin.astype(np.float64), affinities, random_state=seed, n_jobs=1, **every)
    embedding = embedding.optimize(_EARLY, exaggeration=12, momentum=0.8, propagate_exception=True)
    done = _EARLY
    embedding = embedding.optimize(_LATE, momentum=0.8, propagate_exception=True)
    return np.asarray(embedding, dtype=np.float32)


def _told(progress: Progress | None, count: int) -> Callable[[float], None] | None:
    words = MOVING.format(count=f"{count:,}")
    return (lambda share: progress(share, words)) if progress else None


def _pca(points: Floats, dimensions: int) -> Floats:
    """The first principal components; each points to where its largest weight is positive."""
    centred = points - points.mean(axis=0)
    values, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    axes = directions[:, np.argsort(values)[::-1][:dimensions]]
    signs = np.sign(axes[np.argmax(np.abs(axes), axis=0), np.arange(axes.shape[1])])
    flat = centred @ (axes * np.where(signs == 0, 1.0, signs)).astype(np.float32)
    if flat.shape[1] < dimensions:
        flat = np.pad(flat, ((0, 0), (0, dimensions - flat.shape[1])))
    result: Floats = flat.astype(np.float32)
    return result


def _fitted(flat: Floats) -> tuple[Floats, Floats]:
    """Centred, and scaled so that the farther axis reaches from -1 to 1."""
    low, high = flat.min(axis=0), flat.max(axis=0)
    half = float(max((high - low).max() / 2, 1e-9))
    places: Floats = ((flat - (low + high) / 2) / half).astype(np.float32)
    return places[:, 0].copy(), places[:, 1].copy()
