"""Losses over labelled pairs and triplets: CoSENT, AnglE, cosine regression, margin triplets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def cosine_similarities(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Cosine of each row of ``first`` (n, d) with the same row of ``second``, (n,)."""
    from torch.nn import functional

    return (functional.normalize(first, dim=1) * functional.normalize(second, dim=1)).sum(1)


def angle_similarities(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """How little two vectors (n, d), read as d/2 complex numbers, differ in angle, (n,).

    ``|sum_k (Re + Im)(z_k conj(w_k))|`` of unit vectors z, w (AnglE, Li & Li 2023, arXiv:2309.12871,
    eq. 5-7). The first half of a vector are the real parts, the second the imaginary ones; an odd d
    gets a zero more.
    """
    from torch.nn import functional

    odd = first.shape[1] % 2
    z, w = (functional.pad(functional.normalize(each, dim=1), (0, odd)) for each in (first, second))
    (a, b), (c, d) = z.chunk(2, dim=1), w.chunk(2, dim=1)
    return (a * c + b * d + b * c - a * d).sum(1).abs()


def ranking_loss(similarities: torch.Tensor, labels: torch.Tensor, scale: float) -> torch.Tensor:
    """CoSENT: pairs of a higher label are to be the more similar ones (Su 2022).

    ``log(1 + sum exp(scale (s_j - s_i)))`` over all i, j with ``label_i > label_j``.

    Args:
        similarities: (n,).
        labels: (n,); only their order counts.
        scale: > 0, 20 in the paper.
    """
    import torch

    gaps = scale * (similarities[None, :] - similarities[:, None])
    wrong = gaps.masked_fill(labels[:, None] <= labels[None, :], float("-inf")).flatten()
    return torch.logsumexp(torch.cat([wrong.new_zeros(1), wrong]), 0)


def cosent_loss(
    first: torch.Tensor, second: torch.Tensor, labels: torch.Tensor, scale: float
) -> torch.Tensor:
    """:func:`ranking_loss` of the cosines of vectors (n, d)."""
    return ranking_loss(cosine_similarities(first, second), labels, scale)


def angle_loss(first: torch.Tensor, second: torch.Tensor, labels: torch.Tensor, scale: float) -> torch.Tensor:
    """:func:`ranking_loss` of the angles plus that of the cosines (AnglE eq. 9 without its in-batch term)."""
    return ranking_loss(angle_similarities(first, second), labels, scale) + cosent_loss(
        first, second, labels, scale
    )


def cosine_loss(first: torch.Tensor, second: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """``mean (cos(u, v) - label)^2`` (CosineSimilarityLoss; Reimers & Gurevych 2019), labels 0..1."""
    return (cosine_similarities(first, second) - labels).square().mean()


def triplet_loss(
    anchors: torch.Tensor, positives: torch.Tensor, negatives: torch.Tensor, margin: float
) -> torch.Tensor:
    """``mean max(0, margin - cos(a, p) + cos(a, n))`` of vectors (n, d)."""
    near, far = cosine_similarities(anchors, positives), cosine_similarities(anchors, negatives)
    return (margin - near + far).clamp(min=0).mean()


def batch_hard_triplet_loss(
    vectors: torch.Tensor, groups: torch.Tensor, own_negatives: torch.Tensor, margin: float
) -> torch.Tensor:
    """Each text against its farthest own and its nearest stranger of the batch (Hermans 2017, eq. 5).

    ``mean max(0, margin - min_p cos(x, p) + max_n cos(x, n))`` over the texts that have both.

    Args:
        vectors: (n, d), any length.
        groups: (n,) int64: texts of one number (>= 0) belong together; a negative number stands alone.
        own_negatives: (n, n) bool, symmetric: pairs that are known to be different. They are strangers
            even within a group; others of one group never are.
        margin: in cosine, >= 0.
    """
    import torch
    from torch.nn import functional

    unit = functional.normalize(vectors, dim=1)
    cosines = unit @ unit.T
    same = (groups[:, None] == groups[None, :]) & (groups >= 0)[:, None] & ~own_negatives
    alone = torch.eye(len(groups), dtype=torch.bool)
    strangers = ((groups[:, None] != groups[None, :]) | own_negatives) & ~alone
    same &= ~alone
    farthest = cosines.masked_fill(~same, float("inf")).min(1).values
    nearest = cosines.masked_fill(~strangers, float("-inf")).max(1).values
    both = same.any(1) & strangers.any(1)
    if not bool(both.any()):
        return cosines.sum() * 0.0
    return (margin - farthest[both] + nearest[both]).clamp(min=0).mean()
