"""Losses over pairs of vectors, and the batches that they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

# On 2,300 Chinese pairs with 20 of the nearest strangers marked, 1 hardly moved them and 10 cost the others.
MARKED_WEIGHT = 3.0


@dataclass(frozen=True)
class HardNegatives:
    """What the pairs of one batch must be told from besides each other, one column a text.

    ``texts`` (h,) int64 numbers; ``of_anchors`` and ``of_positives`` (b, h) are true where the text is a
    negative of that row's anchor, or positive. ``weighed`` (h,) is true where a text makes its rows count
    ``MARKED_WEIGHT`` times; None: all do.
    """

    texts: torch.Tensor
    of_anchors: torch.Tensor
    of_positives: torch.Tensor
    weighed: torch.Tensor | None = None


class MarkedApart:
    """Finds the hard negatives of a batch among the pairs of terms marked as not synonyms.

    ``apart`` (m, 2) are numbers of texts, in either order.
    """

    def __init__(self, apart: NDArray[np.int64]) -> None:
        import torch

        both = torch.from_numpy(apart)
        both = torch.cat([both, both.flip(1)])
        order = torch.argsort(both[:, 0], stable=True)
        self._terms, self._others = both[order].T.contiguous()

    def of_batch(self, anchors: torch.Tensor, positives: torch.Tensor) -> HardNegatives | None:
        """The hard negatives of pairs ``anchors``, ``positives`` (b,); None where there are none."""
        import torch

        found = [self._marks(side) for side in (anchors, positives)]
        texts = torch.unique(torch.cat([others for _, others in found]))
        if not len(texts):
            return None
        masks = []
        for rows, others in found:
            mask = torch.zeros(len(anchors), len(texts), dtype=torch.bool)
            mask[rows, torch.searchsorted(texts, others)] = True
            masks.append(mask)
        return HardNegatives(texts, *masks)

    def among(self, terms: torch.Tensor) -> torch.Tensor:
        """Which of ``terms`` (n,), ascending, are marked apart from which: (n, n), true on both sides."""
        import torch

        rows, others = self._marks(terms)
        there = torch.isin(others, terms)
        mask = torch.zeros(len(terms), len(terms), dtype=torch.bool)
        mask[rows[there], torch.searchsorted(terms, others[there])] = True
        return mask

    def _marks(self, side: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows of ``side`` (b,) and the terms marked apart from what stands there, both (k,)."""
        import torch

        first = torch.searchsorted(self._terms, side)
        count = torch.searchsorted(self._terms, side, right=True) - first
        rows = torch.repeat_interleave(torch.arange(len(side)), count)
        within = torch.arange(len(rows)) - torch.repeat_interleave(count.cumsum(0) - count, count)
        return rows, self._others[first[rows] + within]


def in_batch_loss(
    anchors: torch.Tensor,
    positives: torch.Tensor,
    concepts: torch.Tensor,
    temperature: float,
    hard: tuple[HardNegatives, torch.Tensor] | None = None,
    *,
    two_way: bool = True,
) -> torch.Tensor:
    """Two-way in-batch softmax: each anchor finds its positive among the batch's, and the reverse.

    ``L = 1/2 [CE(S, I) + CE(S^T, I)]``, ``S_ij = cos(a_i, p_j) / temperature`` (InfoNCE, van den
    Oord 2018; MultipleNegativesRankingLoss, Henderson 2017), where j with the concept of i (j != i)
    is left out: another synonym of the same concept is no negative. A hard negative is one more
    column of the rows that it belongs to, in S of an anchor, in S^T of a positive; such a row counts
    ``MARKED_WEIGHT`` times, since one row of a thousand would hardly be felt. One-way, ``L = CE(S, I)``:
    only anchors look for their positives.

    Args:
        anchors: (b, d), any length.
        positives: (b, d), any length.
        concepts: (b,) int64, equal for pairs of one concept.
        temperature: > 0.
        hard: the batch's hard negatives and their vectors (h, d), any length.
        two_way: whether positives look for their anchors, too.
    """
    import torch
    from torch.nn import functional

    a, p = functional.normalize(anchors, dim=1), functional.normalize(positives, dim=1)
    scores = a @ p.T / temperature
    same = concepts[:, None] == concepts[None, :]
    same.fill_diagonal_(False)
    scores = scores.masked_fill(same, float("-inf"))
    target = torch.arange(len(anchors))
    ways = 2 if two_way else 1
    if hard is None:
        return sum(functional.cross_entropy(s, target) for s in (scores, scores.T)[:ways]) / ways
    negatives, vectors = hard
    unit = functional.normalize(vectors, dim=1).T / temperature
    total = torch.zeros(())
    sides = ((a, scores, negatives.of_anchors), (p, scores.T, negatives.of_positives))
    for side, square, allowed in sides[:ways]:
        rows = torch.cat([square, (side @ unit).masked_fill(~allowed, float("-inf"))], 1)
        marked = allowed if negatives.weighed is None else allowed & negatives.weighed
        weights = 1.0 + (MARKED_WEIGHT - 1.0) * marked.any(1)
        total = total + (functional.cross_entropy(rows, target, reduction="none") * weights).mean()
    return total / ways


def batches(order: torch.Tensor, size: int) -> list[torch.Tensor]:
    """``order`` cut into as few batches of at most ``size`` as there must be, all as large as each other.

    A short last batch would have few negatives and a small loss: a tooth in the curve at each epoch's end.
    Two are the least, since one alone has no negative; then a batch may hold one more than ``size``.
    """
    count = -(-len(order) // max(1, size))
    if size < 2 or len(order) // max(1, count) < 2:
        count = max(1, len(order) // 2)
    return list(order.tensor_split(max(1, count)))
