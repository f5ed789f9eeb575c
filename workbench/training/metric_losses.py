"""Losses over the dictionary besides the plain softmax: multi-similarity (SapBERT) and guided (GISTEmbed)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.training.losses import MARKED_WEIGHT, HardNegatives

if TYPE_CHECKING:
    import torch


def multi_similarity_loss(
    vectors: torch.Tensor,
    concepts: torch.Tensor,
    *,
    positive_weight: float,
    negative_weight: float,
    base: float,
    margin: float,
    apart: torch.Tensor | None = None,
) -> torch.Tensor:
    """The multi-similarity loss over online mined triplets, as SapBERT has it (Liu 2021, eq. 1 and 2).

    ``1/n sum_i [1/a log(1 + sum_p exp(-a (S_ip - base))) + 1/b log(1 + sum_q exp(b (S_iq - base)))]``
    with cosines S, a = ``positive_weight``, b = ``negative_weight``; p runs over texts of the concept of
    i, q over others, of those alone that are part of a hard triplet: ``|i q| - |i p| <= margin`` in
    Euclidean distance of unit vectors. (Multi-similarity: Wang 2019, arXiv:1904.06627.)

    Args:
        vectors: (n, d), any length.
        concepts: (n,) int64.
        positive_weight, negative_weight: > 0; 1 and 60 in SapBERT.
        base: the cosine that separates alike from different; 0.5 in SapBERT.
        margin: 0.2 in SapBERT.
        apart: (n, n) bool, true where two texts are known not to be synonyms: negatives however far they
            are; a text that has any counts ``MARKED_WEIGHT`` times. None: nothing is known.
    """
    import torch
    from torch.nn import functional

    unit = functional.normalize(vectors, dim=1)
    cosines = unit @ unit.T
    same = concepts[:, None] == concepts[None, :]
    others = ~same
    same.fill_diagonal_(False)
    with torch.no_grad():
        distances = (2 - 2 * cosines).clamp(min=0).sqrt()
        nearest = distances.masked_fill(~others, float("inf")).min(1, keepdim=True).values
        farthest = distances.masked_fill(~same, float("-inf")).max(1, keepdim=True).values
        positives = same & (distances >= nearest - margin)
        negatives = others & (distances <= farthest + margin)
        if apart is not None:
            negatives = negatives | apart

    def soft(exponents: torch.Tensor, chosen: torch.Tensor, weight: float) -> torch.Tensor:
        terms = exponents.masked_fill(~chosen, float("-inf"))
        return torch.logsumexp(torch.cat([terms.new_zeros(len(terms), 1), terms], 1), 1) / weight

    pull = soft(-positive_weight * (cosines - base), positives, positive_weight)
    push = soft(negative_weight * (cosines - base), negatives, negative_weight)
    if apart is None:
        return (pull + push).mean()
    return ((pull + push) * (1.0 + (MARKED_WEIGHT - 1.0) * apart.any(1))).mean()


def guided_loss(
    anchors: torch.Tensor,
    positives: torch.Tensor,
    guide_anchors: torch.Tensor,
    guide_positives: torch.Tensor,
    concepts: torch.Tensor,
    *,
    temperature: float,
    margin: float,
    hard: tuple[HardNegatives, torch.Tensor] | None = None,
) -> torch.Tensor:
    """In-batch softmax without the negatives that a guide finds nearer than the positive (GISTEmbed).

    Anchor i finds positive i among all positives, the other anchors, and the positives again as
    neighbours of positive i (Solatorio 2024, eq. 4 and 5); a candidate is left out where the guide's
    cosine is above its own of ``(a_i, p_i)`` less ``margin``, or where it is of the concept of i.

    Args:
        anchors, positives: (b, d), any length.
        guide_anchors, guide_positives: (b, g), of unit length.
        concepts: (b,) int64.
        temperature: > 0.
        margin: >= 0; the larger, the more is left out.
        hard: what is known to be no synonym, and its vectors (h, d), any length: more columns of the rows
            that it belongs to, whatever the guide says; such a row counts as in ``in_batch_loss``.
    """
    import torch
    from torch.nn import functional

    a, p = functional.normalize(anchors, dim=1), functional.normalize(positives, dim=1)
    ga, gp = guide_anchors, guide_positives
    limit = (ga * gp).sum(1, keepdim=True) - margin
    same = concepts[:, None] == concepts[None, :]
    itself = torch.eye(len(a), dtype=torch.bool)
    blocks = []
    for scores, guide, kept in (
        (a @ p.T, ga @ gp.T, itself),
        (a @ a.T, ga @ ga.T, None),
        (p @ p.T, gp @ gp.T, None),
    ):
        left_out = same | (guide > limit)
        if kept is not None:
            left_out = left_out & ~kept
        blocks.append(scores.masked_fill(left_out, float("-inf")))
    target = torch.arange(len(a))
    if hard is None:
        return functional.cross_entropy(torch.cat(blocks, 1) / temperature, target)
    negatives, vectors = hard
    unit = functional.normalize(vectors, dim=1).T
    for side, allowed in ((a, negatives.of_anchors), (p, negatives.of_positives)):
        blocks.append((side @ unit).masked_fill(~allowed, float("-inf")))
    marked = (negatives.of_anchors | negatives.of_positives).any(1)
    losses = functional.cross_entropy(torch.cat(blocks, 1) / temperature, target, reduction="none")
    return (losses * (1.0 + (MARKED_WEIGHT - 1.0) * marked)).mean()
