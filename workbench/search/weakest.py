"""How far down the list a model finds each synonym's own standard term."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.types import Entry

SEARCHING = LocalText("正在检索", "Searching")
Ints = npt.NDArray[np.int64]
_QUERIES_AT_ONCE = 512
_DOCUMENTS_AT_ONCE = 16_384  # 512 x 16,384 scores are 32 MB
_TIE = 1e-6  # an encoder gives the same vector to about this much


def weakest_synonyms(
    entries: Sequence[Entry],
    vectors: Callable[[Sequence[str]], npt.NDArray[Any]],
    progress: Callable[[float, LocalText], None] | None = None,
) -> list[tuple[int, str, int]]:
    """(group, synonym, rank of its own standard term among all of them), worst first, in order where equal.

    ``vectors`` gives unit vectors (n, d) of texts. Synonyms at rank 1 are left out.
    """
    place: dict[str, int] = {}
    standards: list[str] = []
    for entry in entries:
        key = term_key(entry.standard)
        if key not in place:
            place[key] = len(standards)
            standards.append(entry.standard)
    own = np.array([place[term_key(entry.standard)] for entry in entries], np.int64)
    itself = np.array([place.get(term_key(entry.synonym), -1) for entry in entries], np.int64)
    documents = vectors(standards)
    queries = vectors([entry.synonym for entry in entries])
    tell = (lambda done: progress(done, SEARCHING)) if progress else None
    ranks = ranks_of_own(queries, documents, own, itself, tell)
    order = np.argsort(-ranks, kind="stable")
    return [(entries[i].group, entries[i].synonym, int(ranks[i])) for i in order.tolist() if ranks[i] > 1]


def ranks_of_own(
    queries: npt.NDArray[Any],
    documents: npt.NDArray[Any],
    own: Ints,
    itself: Ints,
    progress: Callable[[float], None] | None = None,
) -> Ints:
    """The rank (q,), from 1, of each query's own document among all documents by cosine.

    ``queries`` (q, d) and ``documents`` (n, d) are of unit length; ``own`` (q,) is the right document of
    each query, ``itself`` (q,) the document that is its own text, which is not ranked, or -1. A tie counts
    against the query. Scores are held for a block at a time, about 32 MB.
    """
    ranks = np.ones(len(queries), np.int64)
    for start in range(0, len(queries), _QUERIES_AT_ONCE):
        rows = slice(start, start + _QUERIES_AT_ONCE)
        block = np.asarray(queries[rows], np.float32)
        mine = np.einsum("ij,ij->i", block, documents[own[rows]]) - _TIE
        for first in range(0, len(documents), _DOCUMENTS_AT_ONCE):
            scores = block @ documents[first : first + _DOCUMENTS_AT_ONCE].T
            for skipped in (own[rows], itself[rows]):
                here = np.flatnonzero((skipped >= first) & (skipped < first + scores.shape[1]))
                scores[here, skipped[here] - first] = -np.inf
            ranks[rows] += np.count_nonzero(scores >= mine[:, None], axis=1)
        if progress:
            progress(min(1.0, (start + len(block)) / len(queries)))
    return ranks
