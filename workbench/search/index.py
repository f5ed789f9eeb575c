"""Finds the nearest vectors exactly, with faiss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import BadParameter
from workbench.localtext import LocalText

FEW_QUERIES = 8


class VectorIndex:
    """An exact index by cosine. Vectors (n, d) are brought to unit length, a zero vector stays zero.

    ``ids`` (n,) are integers given back by a search; the places 0..n-1 when left out. Raises
    ``ValueError`` for vectors that are not a finite (n, d) array or ids of another number.
    """

    def __init__(self, vectors: npt.NDArray[Any], ids: Sequence[int] | None = None) -> None:
        import faiss

        rows = unit_rows(vectors)
        self.ids = np.arange(len(rows)) if ids is None else np.asarray(ids, np.int64)
        if self.ids.shape != (len(rows),):
            raise ValueError(f"{self.ids.shape} ids for {len(rows)} vectors")
        self.dimension = int(rows.shape[1])
        self._index = faiss.IndexFlatIP(self.dimension)
        self._index.add(rows)
        # A view: faiss keeps the only copy. Empty where there is nothing to look at.
        self._stored = (
            faiss.rev_swig_ptr(self._index.get_xb(), rows.size).reshape(rows.shape) if len(rows) else rows
        )

    def __len__(self) -> int:
        return len(self.ids)

    def search(
        self, vectors: npt.NDArray[Any], k: int
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """The ``k`` nearest of each query: cosines and ids, both (q, min(k, n)), nearest first.

        ``vectors`` are (q, d), or (d,) for one query. Raises ``BadParameter`` when they are of
        another dimension than the index, which happens when they come from another model.
        """
        rows = unit_rows(np.atleast_2d(vectors))
        if rows.shape[1] != self.dimension:
            raise BadParameter(
                LocalText(
                    "查询向量有 {given} 维，而索引是 {wanted} 维：它们不是同一个模型算出的。",
                    "The query vector has {given} dimensions, the index {wanted}: "
                    "they come from different models.",
                ),
                LocalText("请用同一个模型重新编码。", "Encode both with the same model."),
                given=rows.shape[1],
                wanted=self.dimension,
            )
        k = max(0, min(k, len(self)))
        if not k or not len(rows):
            return np.empty((len(rows), k), np.float32), np.empty((len(rows), k), np.int64)
        if len(rows) <= FEW_QUERIES:
            scores, places = self._search_few(rows, k)
        else:
            scores, places = self._index.search(rows, k)
        return scores, self.ids[places]

    def _search_few(
        self, rows: npt.NDArray[np.float32], k: int
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """A few queries by a matrix product over faiss's memory: its threads cost more than they save."""
        scores = rows @ self._stored.T
        nearest = np.argpartition(-scores, k - 1, axis=1)[:, :k] if k < len(self) else _all_places(scores)
        found = np.take_along_axis(scores, nearest, axis=1)
        order = np.lexsort(
            (nearest, -found), axis=1
        )  # equal scores in the order of the index, as faiss has them
        return np.take_along_axis(found, order, axis=1), np.take_along_axis(nearest, order, axis=1)


def _all_places(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    return np.broadcast_to(np.arange(scores.shape[1]), scores.shape)


def unit_rows(vectors: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """A copy of (n, d) at unit length, single precision. Raises ``ValueError`` unless finite and 2-D."""
    rows = np.array(vectors, np.float32, order="C")
    if rows.ndim != 2 or not rows.shape[1] or not np.isfinite(rows).all():
        raise ValueError(f"not a finite array of vectors: shape {rows.shape}")
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows /= np.where(lengths == 0, 1, lengths)
    return rows
