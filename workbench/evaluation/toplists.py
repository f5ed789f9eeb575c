"""What a system put first for each query, and where it put the right answer: kept to be read."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Singles = npt.NDArray[np.float32]
LENGTH = 10
_FEW = 256


@dataclass(frozen=True, slots=True, eq=False)
class Toplists:
    """The ten best documents of each query, in the order of the benchmark's queries.

    ``documents`` (q, 10) are places in the corpus, -1 where there are fewer; ``scores`` (q, 10) theirs, in
    the system's own unit. ``answer`` (q,) is the best of the right documents, ``answer_score`` (q,) its
    score, ``answer_rank`` (q,) its rank from 1, ties counting against it.
    """

    documents: Ints
    scores: Singles
    answer: Ints
    answer_score: Singles
    answer_rank: Ints

    def to_bytes(self) -> bytes:
        """Compressed, for storage."""
        out = io.BytesIO()
        np.savez_compressed(
            out,
            allow_pickle=False,
            documents=self.documents,
            scores=self.scores,
            answer=self.answer,
            answer_score=self.answer_score,
            answer_rank=self.answer_rank,
        )
        return out.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Toplists:
        """The inverse of :meth:`to_bytes`."""
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            return cls(
                stored["documents"],
                stored["scores"],
                stored["answer"],
                stored["answer_score"],
                stored["answer_rank"],
            )


class Best:
    """The ten best documents of some queries, from blocks of scores as they come."""

    def __init__(self, rows: int) -> None:
        self.documents = np.full((rows, LENGTH), -1, np.int64)
        self.scores = np.full((rows, LENGTH), -np.inf)

    def take(self, scores: npt.NDArray[np.float64], first: int) -> None:
        """Documents ``first``... of a block (rows, documents); what is -inf or no number is left out."""
        width = scores.shape[1]
        if not width or not len(scores) or self._take_few(scores, first):
            return
        if width > LENGTH:
            places = np.argpartition(scores, width - LENGTH, axis=1)[:, width - LENGTH :]
        else:
            places = np.broadcast_to(np.arange(width), scores.shape)
        found = np.take_along_axis(scores, places, axis=1)
        if np.isnan(found).any():
            self.take(np.where(np.isnan(scores), -np.inf, scores), first)
            return
        self.merge(places + first, found)

    def _take_few(self, scores: npt.NDArray[np.float64], first: int) -> bool:
        """Once ten are known, few are better: these alone are looked at. False where they are not few."""
        tenth = self.scores.min(axis=1)
        if np.isneginf(tenth).any():
            return False
        rows, columns = np.nonzero(scores > tenth[:, None])
        counts = np.bincount(rows, minlength=len(scores))
        most = int(counts.max(initial=0))
        if most > _FEW:
            return False
        if most:
            place = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
            documents = np.full((len(scores), most), -1, np.int64)
            found = np.full((len(scores), most), -np.inf)
            documents[rows, place] = columns + first
            found[rows, place] = scores[rows, columns]
            self.merge(documents, found)
        return True

    def merge(
        self, documents: npt.NDArray[np.int64], scores: npt.NDArray[np.float64], handicap: float = 0.0
    ) -> None:
        """Some more documents (rows, m) with their scores; to compare them ``handicap`` is taken off."""
        every = np.concatenate((self.scores, scores), axis=1)
        compared = np.concatenate((self.scores, scores - handicap), axis=1)
        known = np.concatenate((self.documents, documents), axis=1)
        order = np.argsort(-compared, axis=1, kind="stable")[:, :LENGTH]
        self.scores = np.take_along_axis(every, order, axis=1)
        self.documents = np.where(np.isneginf(self.scores), -1, np.take_along_axis(known, order, axis=1))
