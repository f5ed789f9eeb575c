"""A short list of terms against itself: how alike each two are, in an order in which like stand together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from workbench.errors import BadParameter, InputError
from workbench.ingest.spreadsheets import rows_bytes
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.search.index import unit_rows
from workbench.search.similarity import Calibrator

FEWEST_TERMS, MOST_TERMS = 2, 200
MatrixFormat = Literal["csv", "xlsx"]
Values = Literal["cosine", "probability"]
Singles = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Terms (n,) in the order of their clustering, and what holds of each two of them, all (n, n).

    ``probability`` (0..1) that they are synonyms; None where no dictionary calibrates it. ``known``: the
    dictionary has them as synonyms. ``cluster`` (n,) numbers from 0 in the order of the terms: each cluster
    holds terms that are more likely synonyms than not, on average. ``merges`` (n - 1) is the dendrogram:
    (one, other, distance, terms), where 0..n-1 are places in ``terms`` and n + i is what merge i has made;
    the distance is 1 - cosine, on average.
    """

    model: str
    terms: tuple[str, ...]
    cosine: Singles
    probability: Singles | None
    known: npt.NDArray[np.bool_]
    cluster: tuple[int, ...]
    merges: tuple[tuple[int, int, float, int], ...]


def chosen_terms(terms: Sequence[str], longest: int = 2000) -> list[str]:
    """The distinct terms of a list, blank ones left out.

    Raises:
        InputError: they are fewer than 2 or more than 200, or one is too long.
    """
    distinct: dict[str, str] = {}
    for row, text in enumerate(terms, 1):
        term = text.strip()
        if len(term) > longest:
            raise InputError(
                LocalText(
                    "第 {row} 个词太长（{count} 字）。", "Term {row} is too long ({count} characters)."
                ),
                LocalText("请不要超过 {most} 字。", "Keep it under {most}."),
                row=row,
                count=len(term),
                most=longest,
            )
        if term_key(term):
            distinct.setdefault(term_key(term), term)
    if not FEWEST_TERMS <= len(distinct) <= MOST_TERMS:
        raise InputError(
            LocalText(
                "矩阵需要 {least} 到 {most} 个不同的词，这里有 {count} 个。",
                "A matrix takes {least} to {most} different terms; there are {count}.",
            ),
            LocalText("每行一个词。", "Put one term on each line."),
            least=FEWEST_TERMS,
            most=MOST_TERMS,
            count=len(distinct),
        )
    return list(distinct.values())


def build_matrix(
    model: str,
    terms: Sequence[str],
    vectors: npt.NDArray[Any],
    calibrator: Calibrator | None,
    synonyms: Callable[[str], Collection[str]] = lambda _: (),
) -> Matrix:
    """The matrix of distinct terms (n,) with their vectors (n, d).

    ``synonyms`` gives the keys of the known synonyms of a term that is given by its key.

    Average linkage over 1 - cosine, its leaves put so that neighbours are as alike as can be (Bar-Joseph
    2001). Clusters are cut where the probability is one half; without calibration where the mean of all
    cosines lies halfway to 1.
    """
    unit = unit_rows(vectors).astype(np.float64)
    cosine = np.clip(unit @ unit.T, -1.0, 1.0)
    cosine = (cosine + cosine.T) / 2
    np.fill_diagonal(cosine, 1.0)
    merged, order = _linkage(cosine)
    cosine = cosine[np.ix_(order, order)]
    chosen = tuple(terms[i] for i in order)
    cut = _cut(cosine, calibrator)
    return Matrix(
        model,
        chosen,
        cosine.astype(np.float32),
        None if calibrator is None else calibrator.probabilities(cosine).astype(np.float32),
        _known(chosen, synonyms),
        _clusters(merged, order, cut),
        _merges(merged, order),
    )


def matrix_bytes(matrix: Matrix, format: MatrixFormat = "csv", values: Values = "cosine") -> bytes:
    """A matrix as a table, its terms above and beside it, escaped as every export is.

    Raises:
        BadParameter: another format, or probabilities that nothing calibrates.
    """
    if format not in ("csv", "xlsx"):
        raise BadParameter(
            LocalText("矩阵不能导出为「{format}」。", "A matrix cannot be written as “{format}”."),
            LocalText("可用：csv, xlsx。", "There are: csv, xlsx."),
            format=format,
        )
    table = matrix.cosine if values == "cosine" else matrix.probability
    if table is None:
        raise BadParameter(
            LocalText("没有词典来校准概率。", "No dictionary calibrates the probability."),
            LocalText("请选词典，或导出余弦。", "Choose a dictionary, or export the cosines."),
        )
    rows: list[list[str | float | int | None]] = [
        [term, *(round(float(value), 4) for value in row)]
        for term, row in zip(matrix.terms, table, strict=True)
    ]
    return rows_bytes(["", *matrix.terms], rows, format)


def _linkage(cosine: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], list[int]]:
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    distances = np.clip(1.0 - cosine, 0.0, 2.0)
    np.fill_diagonal(distances, 0.0)
    merged = linkage(squareform(distances, checks=False), "average", optimal_ordering=True)
    return merged, [int(place) for place in leaves_list(merged)]


def _cut(cosine: npt.NDArray[np.float64], calibrator: Calibrator | None) -> float:
    """The distance up to which terms are one cluster."""
    if calibrator is not None and calibrator.slope > 0:
        return float(np.clip(1.0 + calibrator.intercept / calibrator.slope, 0.0, 2.0))
    pairs = cosine[np.triu_indices(len(cosine), 1)]
    return float(1.0 - pairs.mean()) / 2


def _clusters(merged: npt.NDArray[np.float64], order: list[int], cut: float) -> tuple[int, ...]:
    from scipy.cluster.hierarchy import fcluster

    labels = fcluster(merged, cut, "distance")[order]
    numbers = {label: i for i, label in enumerate(dict.fromkeys(labels.tolist()))}
    return tuple(numbers[label] for label in labels.tolist())


def _merges(merged: npt.NDArray[np.float64], order: list[int]) -> tuple[tuple[int, int, float, int], ...]:
    place = {leaf: i for i, leaf in enumerate(order)}
    return tuple(
        (
            place.get(int(one), int(one)),
            place.get(int(other), int(other)),
            float(distance),
            int(size),
        )
        for one, other, distance, size in merged.tolist()
    )


def _known(terms: Sequence[str], synonyms: Callable[[str], Collection[str]]) -> npt.NDArray[np.bool_]:
    keys = [term_key(term) for term in terms]
    found = [synonyms(key) for key in keys]
    return np.array([[other in mine for other in keys] for mine in found], bool)
