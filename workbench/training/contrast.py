"""Losses of the unsupervised contrastive stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def contrast(
    first: torch.Tensor,
    second: torch.Tensor,
    temperature: float,
    groups: torch.Tensor | None = None,
    queue: torch.Tensor | None = None,
) -> torch.Tensor:
    """Each text finds its own other view among a batch's (SimCSE, Gao 2021, arXiv:2104.08821).

    ``L = CE(S, I)``, ``S_ij = cos(first_i, second_j) / temperature``; j of the group of i (j != i) is
    left out. ``queue`` (q, d) are more negatives of every row (MoCo, He 2020, arXiv:1911.05722).

    Args:
        first: (b, d), any length.
        second: (b, d), any length.
        temperature: > 0.
        groups: (b,) int64.
        queue: (q, d), any length.
    """
    import torch
    from torch.nn import functional

    a, p = functional.normalize(first, dim=1), functional.normalize(second, dim=1)
    scores = a @ p.T
    if groups is not None:
        same = groups[:, None] == groups[None, :]
        same.fill_diagonal_(False)
        scores = scores.masked_fill(same, float("-inf"))
    if queue is not None and len(queue):
        scores = torch.cat([scores, a @ functional.normalize(queue, dim=1).T], 1)
    return functional.cross_entropy(scores / temperature, torch.arange(len(a)))


def tension(logits: torch.Tensor, negatives: int) -> torch.Tensor:
    """Contrastive tension (Carlsson 2021): binary cross entropy, one equal pair to K unequal ones.

    Row i's equal pair is (i, i); its unequal ones are (i, i + 1) ... (i, i + K), counted round.

    Args:
        logits: (b, b), one model's vectors against the other's.
        negatives: K >= 1; at most b - 1 are used.
    """
    import torch
    from torch.nn import functional

    rows = torch.arange(len(logits))
    reach = min(negatives, len(logits) - 1)
    columns = (rows[:, None] + torch.arange(reach + 1)[None, :]) % len(logits)
    picked = logits[rows[:, None], columns]
    wanted = torch.zeros_like(picked)
    wanted[:, 0] = 1.0
    return functional.binary_cross_entropy_with_logits(picked, wanted)
