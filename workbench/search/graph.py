"""An approximate index over very many vectors: an HNSW graph, with the recall that was measured of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Progress = Callable[[float], None]

LINKS = 32  # of a vector on each level: M of Malkov and Yashunin 2018, arXiv:1603.09320
BUILD_WIDTH = 80  # efConstruction
WIDTHS = (32, 48, 64, 96, 128, 192, 256, 384, 512)  # efSearch, tried from below
LEAST_RECALL = 0.98
SAMPLE = 2000  # queries: now and then a search loses its way and finds none of ten, so few say little
DEPTH = 10
MOST_ASKED = 1000  # neighbours; more are looked for exactly
_FEWEST_ALIVE = 0.5  # share of vectors that are asked for, below which the graph loses its way
_AT_ONCE = 4096
_MEASURING = 0.03  # share of the time of a build


class Graph:
    """Unit vectors in an HNSW graph (faiss). ``recall`` (0..1) is that of its ten nearest against the exact
    ones, for 1,000 of its own vectors and for 1,000 between two of them, whichever is lower; ``seconds`` is
    what building took. Never changes; safe to search from several threads."""

    def __init__(self, index: Any, width: int, recall: float, seconds: float) -> None:
        self._index = index
        self.width, self.recall, self.seconds = width, recall, seconds

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def rows(self) -> Floats:
        """The vectors (n, d): a view of what the graph holds."""
        return _stored(self._index)

    def search(
        self, rows: Floats, k: int, alive: npt.NDArray[np.bool_] | None = None
    ) -> tuple[Floats, Ints] | None:
        """The ``k`` nearest of unit queries (q, d) among those that are ``alive`` (n,): cosines and places.

        None where the graph cannot find so many: they are to be looked for exactly.
        """
        if k > MOST_ASKED:
            return None
        faiss = _faiss()
        parameters: dict[str, Any] = {"efSearch": max(self.width, 2 * k)}
        if alive is not None:
            if np.count_nonzero(alive) < _FEWEST_ALIVE * len(alive):
                return None
            bits = np.packbits(alive, bitorder="little")
            parameters["sel"] = faiss.IDSelectorBitmap(len(alive), faiss.swig_ptr(bits))
        scores, places = self._index.search(rows, k, params=faiss.SearchParametersHNSW(**parameters))
        return None if (places < 0).any() else (scores, places)

    def save(self, path: Path) -> None:
        """Write it with its vectors."""
        _faiss().write_index(self._index, str(path))

    @classmethod
    def load(cls, path: Path, width: int, recall: float, seconds: float) -> Graph:
        """Read what :meth:`save` has written. Raises ``ValueError`` where the file is no such graph."""
        faiss = _faiss()
        try:
            index = faiss.read_index(str(path))
        except RuntimeError as error:
            raise ValueError(str(error)) from error
        if not isinstance(index, faiss.IndexHNSWFlat):
            raise ValueError("not a graph")
        return cls(index, width, recall, seconds)


def build_graph(rows: Floats, progress: Progress | None = None, *, seed: int = 0) -> Graph:
    """A graph over unit vectors (n, d), searched as widely as a recall of 0.98 needs.

    ``progress`` is told the share that is done, and may raise to stop.
    """
    faiss = _faiss()
    began = time.monotonic()
    index = faiss.IndexHNSWFlat(rows.shape[1], LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = BUILD_WIDTH
    for start in range(0, len(rows), _AT_ONCE):
        index.add(rows[start : start + _AT_ONCE])
        if progress:
            progress((1 - _MEASURING) * min(1.0, (start + _AT_ONCE) / len(rows)))
    width, recall = _measured(index, rows, seed)
    return Graph(index, width, recall, time.monotonic() - began)


def recall_of(index: Any, queries: Floats, right: Ints, width: int) -> Floats:
    """For each unit query (q, d) the share (0..1) of ``right`` (q, k), its nearest places, that is found."""
    parameters = _faiss().SearchParametersHNSW(efSearch=width)
    found = index.search(queries, right.shape[1], params=parameters)[1]
    pairs = zip(found.tolist(), right.tolist(), strict=True)
    shared = [len(set(mine) & set(wanted)) / right.shape[1] for mine, wanted in pairs]
    return np.asarray(shared, np.float32)


def _measured(index: Any, rows: Floats, seed: int) -> tuple[int, float]:
    """The least width of search whose recall is enough for both kinds of queries, and the lower recall.

    Enough is the lower end of its 95 % interval: of several widths the first that seems enough would else
    be taken for its luck.
    """
    faiss = _faiss()
    queries = _queries(rows, seed)
    depth = min(DEPTH, len(rows))
    right = faiss.knn(np.concatenate(queries), rows, depth, metric=faiss.METRIC_INNER_PRODUCT)[1]
    halves = (right[: len(queries[0])], right[len(queries[0]) :])
    width, recall = WIDTHS[0], 0.0
    for width in WIDTHS:
        each = [recall_of(index, asked, wanted, width) for asked, wanted in zip(queries, halves, strict=True)]
        recall = min(float(found.mean()) for found in each)
        if min(_at_least(found) for found in each) >= LEAST_RECALL:
            break
    return width, recall


def _at_least(shares: Floats) -> float:
    """The lower end of the 95 % interval of a mean (normal approximation)."""
    return float(shares.mean() - 1.96 * shares.std() / np.sqrt(len(shares)))


def _queries(rows: Floats, seed: int) -> tuple[Floats, Floats]:
    """Terms that are there, and texts that are not: these lie between two terms, nearer to one of them."""
    rng = np.random.default_rng(seed)
    count = min(SAMPLE // 2, len(rows))
    own = rows[rng.choice(len(rows), count, replace=False)]
    between = 2 * own + rows[rng.choice(len(rows), count, replace=False)]
    lengths = np.linalg.norm(between, axis=1, keepdims=True)
    return own, np.asarray(between / np.where(lengths == 0, 1, lengths), np.float32)


def _stored(index: Any) -> Floats:
    faiss = _faiss()
    flat = faiss.downcast_index(index.storage)
    size = flat.ntotal * flat.d
    view = faiss.rev_swig_ptr(flat.get_xb(), size).reshape(flat.ntotal, flat.d)
    return np.asarray(view)


def _faiss() -> Any:
    """The library; what it says of its own types leaves out most of what it has."""
    import faiss

    return faiss
