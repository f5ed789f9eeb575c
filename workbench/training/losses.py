"""Losses over pairs of vectors, and the batches that they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def in_batch_loss(
    anchors: torch.Tensor, positives: torch.Tensor, concepts: torch.Tensor, temperature: float
) -> torch.Tensor:
    """Two-way in-batch softmax: each anchor finds its positive among the batch's, and the reverse.

    ``L = 1/2 [CE(S, I) + CE(S^T, I)]``, ``S_ij = cos(a_i, p_j) / temperature`` (InfoNCE, van den
    Oord 2018; MultipleNegativesRankingLoss, Henderson 2017), where j with the concept of i (j != i)
    is left out: another synonym of the same concept is no negative.

    Args:
        anchors: (b, d), any length.
        positives: (b, d), any length.
        concepts: (b,) int64, equal for pairs of one concept.
        temperature: > 0.
    """
    import torch
    from torch.nn import functional

    scores = functional.normalize(anchors, dim=1) @ functional.normalize(positives, dim=1).T / temperature
    same = concepts[:, None] == concepts[None, :]
    same.fill_diagonal_(False)
    scores = scores.masked_fill(same, float("-inf"))
    target = torch.arange(len(anchors))
    return (functional.cross_entropy(scores, target) + functional.cross_entropy(scores.T, target)) / 2


def batches(order: torch.Tensor, size: int) -> list[torch.Tensor]:
    """``order`` cut into batches of ``size``; a last batch of one (no negative) joins the one before."""
    parts = list(order.split(size))
    if len(parts) > 1 and len(parts[-1]) == 1:
        import torch

        parts[-2:] = [torch.cat(parts[-2:])]
    return parts
