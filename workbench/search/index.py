"""Finds the nearest vectors: exactly, or by a graph that was measured against the exact answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench.errors import BadParameter
from workbench.localtext import LocalText

if TYPE_CHECKING:
    from workbench.search.graph import Graph

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

FEW_QUERIES = 8
MOST_EXACT = 300_000  # vectors; above, a graph is built
MOST_BESIDE = 50_000  # vectors that were added since the index was built, before it is built anew
MOST_DEAD = 0.2  # share of removed vectors, before it is built anew
_CELLS = 16_000_000  # scores held at once: 64 MB


class VectorIndex:
    """An index by cosine. Vectors (n, d) are brought to unit length, a zero vector stays zero.

    ``ids`` (n,) are integers given back by a search; the places 0..n-1 when left out. Raises
    ``ValueError`` for vectors that are not a finite (n, d) array or ids of another number. An index never
    changes: :meth:`changed` makes one with more or fewer vectors that shares what stays. ``graph`` holds
    the vectors that were there first, where it was built (:meth:`with_graph`); without it search is exact.
    """

    def __init__(self, vectors: npt.NDArray[Any], ids: Sequence[int] | None = None) -> None:
        rows = unit_rows(vectors)
        own = np.arange(len(rows)) if ids is None else np.asarray(ids, np.int64)
        if own.shape != (len(rows),):
            raise ValueError(f"{own.shape} ids for {len(rows)} vectors")
        self._set(rows, rows[:0], own, None, None)

    @classmethod
    def over(cls, graph: Graph) -> VectorIndex:
        """An index over the vectors of a graph; the ids are their places."""
        return cls.__new__(cls)._set(graph.rows(), graph.rows()[:0], np.arange(len(graph)), None, graph)

    def _set(
        self,
        base: Floats,
        beside: Floats,
        ids: Ints,
        alive: npt.NDArray[np.bool_] | None,
        graph: Graph | None,
    ) -> VectorIndex:
        """``alive`` (all rows,) is None where nothing was removed; ``beside`` comes behind ``base``."""
        self.dimension = int(base.shape[1])
        self._base, self._beside, self.ids, self._alive, self.graph = base, beside, ids, alive, graph
        self._count = len(ids) if alive is None else int(np.count_nonzero(alive))
        return self

    def __len__(self) -> int:
        return self._count

    def search(self, vectors: npt.NDArray[Any], k: int) -> tuple[Floats, Ints]:
        """The ``k`` nearest of each query: cosines and ids, both (q, min(k, n)), nearest first.

        ``vectors`` are (q, d), or (d,) for one query. Raises ``BadParameter`` when they are of
        another dimension than the index, which happens when they come from another model.
        """
        rows = self._checked(vectors)
        k = max(0, min(k, len(self)))
        if not k or not len(rows):
            return np.empty((len(rows), k), np.float32), np.empty((len(rows), k), np.int64)
        found = self._by_graph(rows, k) or self._exact(rows, k)
        return found[0], self.ids[found[1]]

    def exact(self, vectors: npt.NDArray[Any], k: int) -> tuple[Floats, Ints]:
        """As :meth:`search`, without the graph."""
        k = max(0, min(k, len(self)))
        scores, places = self._exact(self._checked(vectors), k)
        return scores, self.ids[places]

    def cosines(self, vector: npt.NDArray[Any]) -> Floats:
        """The cosine of one query (d,) with what stands at each place, removed ones too."""
        row = self._checked(vector)[0]
        return np.concatenate((self._base @ row, self._beside @ row))

    def rows(self, places: Sequence[int] | Ints) -> Floats:
        """The unit vectors (m, d) of some places (numbers in the order in which they were added)."""
        wanted = np.asarray(places, np.int64)
        out = np.empty((len(wanted), self.dimension), np.float32)
        first = wanted < len(self._base)
        out[first] = self._base[wanted[first]]
        out[~first] = self._beside[wanted[~first] - len(self._base)]
        return out

    # -- another index --------------------------------------------------------------------------

    def changed(
        self, added: npt.NDArray[Any], ids: Sequence[int] | None = None, removed: Sequence[int] = ()
    ) -> VectorIndex:
        """An index with the vectors ``added`` (m, d) behind the others and without the places ``removed``.

        Nothing is built again: what is removed is passed over, what is added stands beside. ``ids`` of
        what is added are their places when left out.
        """
        rows = unit_rows(added) if len(added) else self._beside[:0]
        fresh = np.arange(len(self.ids), len(self.ids) + len(rows)) if ids is None else np.asarray(ids)
        every = np.concatenate((self.ids, fresh)).astype(np.int64)
        alive = self._alive
        if len(removed) or alive is not None:
            alive = np.ones(len(every), bool)
            if self._alive is not None:
                alive[: len(self.ids)] = self._alive
            alive[np.asarray(removed, np.int64)] = False
        beside = np.concatenate((self._beside, rows)) if len(rows) else self._beside
        return VectorIndex.__new__(VectorIndex)._set(self._base, beside, every, alive, self.graph)

    @property
    def worn(self) -> bool:
        """Whether so much was added or removed that it is worth :meth:`compact`."""
        beside = len(self._beside) > max(1000, min(MOST_BESIDE, len(self._base) // 4))
        return beside or len(self) < (1 - MOST_DEAD) * len(self.ids)

    def places(self) -> Ints:
        """The places (n,) that are not removed, in order: after :meth:`compact` these are 0..n-1."""
        return np.arange(len(self.ids)) if self._alive is None else np.flatnonzero(self._alive)

    def compact(self) -> VectorIndex:
        """The same vectors as one block, at new places; the ids are the new places. Without a graph."""
        places = self.places()
        rows = self.rows(places)
        return VectorIndex.__new__(VectorIndex)._set(rows, rows[:0], np.arange(len(rows)), None, None)

    def with_graph(self, graph: Graph) -> VectorIndex:
        """The same index with a graph over the vectors that were there first.

        Raises ``ValueError`` for a graph of another number of vectors.
        """
        if len(graph) != len(self._base):
            raise ValueError(f"a graph of {len(graph)} vectors for {len(self._base)}")
        return VectorIndex.__new__(VectorIndex)._set(graph.rows(), self._beside, self.ids, self._alive, graph)

    @property
    def base(self) -> Floats:
        """The unit vectors that were there first, removed ones too: what a graph is built over."""
        return self._base

    # -- inside ---------------------------------------------------------------------------------

    def _checked(self, vectors: npt.NDArray[Any]) -> Floats:
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
        return rows

    def _by_graph(self, rows: Floats, k: int) -> tuple[Floats, Ints] | None:
        """The nearest by the graph, with what stands beside it; None where it cannot answer."""
        if self.graph is None:
            return None
        alive = None if self._alive is None else self._alive[: len(self._base)]
        found = self.graph.search(rows, k, alive)
        if found is None or not len(self._beside):
            return found
        beside = rows @ self._beside.T
        if self._alive is not None:
            beside[:, ~self._alive[len(self._base) :]] = -np.inf
        scores = np.concatenate((found[0], beside), axis=1)
        own = np.arange(len(self._base), len(self.ids))
        places = np.concatenate((found[1], np.broadcast_to(own, beside.shape)), axis=1)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(scores, order, axis=1), np.take_along_axis(places, order, axis=1)

    def _exact(self, rows: Floats, k: int) -> tuple[Floats, Ints]:
        if len(rows) > FEW_QUERIES and self._alive is None and not len(self._beside):
            import faiss

            scores, places = faiss.knn(rows, self._base, k, metric=faiss.METRIC_INNER_PRODUCT)
            return scores, places
        step = max(1, _CELLS // len(self.ids))
        blocks = [self._few(rows[start : start + step], k) for start in range(0, len(rows), step)]
        return np.concatenate([each[0] for each in blocks]), np.concatenate([each[1] for each in blocks])

    def _few(self, rows: Floats, k: int) -> tuple[Floats, Ints]:
        """A few queries by a matrix product: faiss's threads cost more than they save."""
        scores = rows @ self._base.T
        if len(self._beside):
            scores = np.concatenate((scores, rows @ self._beside.T), axis=1)
        if self._alive is not None:
            scores[:, ~self._alive] = -np.inf
        if k < scores.shape[1]:
            nearest = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        else:
            nearest = np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
        found = np.take_along_axis(scores, nearest, axis=1)
        order = np.lexsort(
            (nearest, -found), axis=1
        )  # equal scores in the order of the index, as faiss has them
        return np.take_along_axis(found, order, axis=1), np.take_along_axis(nearest, order, axis=1)


def unit_rows(vectors: npt.NDArray[Any]) -> Floats:
    """A copy of (n, d) at unit length, single precision. Raises ``ValueError`` unless finite and 2-D."""
    rows = np.array(vectors, np.float32, order="C")
    if rows.ndim != 2 or not rows.shape[1] or not np.isfinite(rows).all():
        raise ValueError(f"not a finite array of vectors: shape {rows.shape}")
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows /= np.where(lengths == 0, 1, lengths)
    return rows
