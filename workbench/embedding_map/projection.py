"""Vectors laid out in the plane: UMAP for neighbourhoods, PCA for directions, and how far to trust either."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from workbench.errors import BadParameter
from workbench.localtext import LocalText

Floats = npt.NDArray[np.float32]
Method = Literal["umap", "pca"]
METHODS: tuple[Method, ...] = ("umap", "pca")
NEIGHBOURS = 15  # McInnes et al. 2018, the authors' default; fewer where there are fewer points
FEWEST_FOR_UMAP = 8
SAMPLE = 2000  # points for the trustworthiness: its cost is quadratic
_PCA_FIRST = 50  # dimensions given to UMAP when there are many points
_MANY = 20_000


def project(vectors: npt.NDArray[Any], method: str = "umap", seed: int = 13) -> tuple[Floats, Floats]:
    """Places for ``vectors`` (n, d) in the plane: ``(x, y)``, each float32 (n,), within -1..1.

    The vectors are brought to unit length, so that Euclidean distance orders pairs as the cosine
    does. The same vectors, method and seed give the same places. Fewer than eight points are laid
    out by PCA, whatever is asked: they have no neighbourhoods.

    UMAP: McInnes, Healy, Melville 2018 (arXiv 1802.03426), spectral start, one thread. More than
    20,000 points go through their first 50 principal components.

    Raises:
        BadParameter: an unknown method.
    """
    if method not in METHODS:
        raise BadParameter(
            LocalText("没有叫「{method}」的排布方法。", "There is no layout method called “{method}”."),
            LocalText("可用的：{methods}。", "There are: {methods}."),
            method=method,
            methods=", ".join(METHODS),
        )
    points = _unit(vectors)
    if len(points) < 3:
        spread = 0.5 if len(points) > 1 else 0.0
        return np.linspace(-spread, spread, len(points), dtype=np.float32), np.zeros(len(points), np.float32)
    flat = _umap(points, seed) if method == "umap" and len(points) >= FEWEST_FOR_UMAP else _pca(points, 2)
    return _fitted(flat)


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
    return float(measure(_unit(vectors)[chosen], np.asarray(layout)[chosen], n_neighbors=10))


def _unit(vectors: npt.NDArray[Any]) -> Floats:
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    result: Floats = rows / np.maximum(lengths, 1e-12)
    return result


def _umap(points: Floats, seed: int) -> Floats:
    import umap

    if len(points) > _MANY and points.shape[1] > _PCA_FIRST:
        points = _pca(points, _PCA_FIRST)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a seed means one thread, which is what is wanted
        layout = umap.UMAP(
            n_neighbors=min(NEIGHBOURS, len(points) - 1),
            min_dist=0.12,
            metric="euclidean",
            init="spectral" if len(points) > 4 * NEIGHBOURS else "random",
            random_state=seed,
            n_jobs=1,
        ).fit_transform(points)
    return np.asarray(layout, dtype=np.float32)


def _pca(points: Floats, dimensions: int) -> Floats:
    """The first principal components; each points to where its largest weight is positive."""
    centred = (points - points.mean(axis=0)).astype(np.float64)
    values, directions = np.linalg.eigh(centred.T @ centred)
    axes = directions[:, np.argsort(values)[::-1][:dimensions]]
    signs = np.sign(axes[np.argmax(np.abs(axes), axis=0), np.arange(axes.shape[1])])
    flat = centred @ (axes * np.where(signs == 0, 1.0, signs))
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
