"""Finds hard negatives: training terms that the model takes for an anchor's synonyms, and are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.training.dataset import TrainingSet

if TYPE_CHECKING:
    import torch

_ROWS = 512


def concept_of_terms(data: TrainingSet) -> torch.Tensor:
    """The number of each term's concept, int64 (terms,); -1 for terms that no training pair has."""
    import torch

    concepts = torch.full((len(data.terms),), -1, dtype=torch.int64)
    for side in (data.anchors, data.positives):
        concepts[torch.from_numpy(side)] = torch.from_numpy(data.concepts)
    return concepts


def mine(
    anchors: torch.Tensor,
    positives: torch.Tensor,
    candidates: torch.Tensor,
    of_pairs: torch.Tensor,
    of_candidates: torch.Tensor,
    count: int,
    margin: float | None,
) -> torch.Tensor:
    """The ``count`` nearest candidates of each anchor that may be called negatives.

    Left out are candidates of the anchor's concept and, as probably unlisted synonyms, those above
    ``(1 - margin) cos(anchor, positive)`` ("TopK-PercPos" of NV-Retriever, Moreira 2024,
    arXiv:2407.15831; ``relative_margin`` of sentence-transformers).

    Args:
        anchors, positives: unit vectors (n, d).
        candidates: unit vectors (m, d).
        of_pairs, of_candidates: numbers of the concepts, (n,) and (m,) int64.
        count: how many, at least 1.
        margin: 0..1; None leaves out none for being near.

    Returns:
        Rows of ``candidates``, int64 (n, count), the nearest first; -1 where there are no more.
    """
    import torch

    count = min(count, len(candidates))
    found = []
    for start in range(0, len(anchors), _ROWS):
        part = slice(start, start + _ROWS)
        cosines = anchors[part] @ candidates.T
        refused = of_pairs[part, None] == of_candidates[None, :]
        if margin is not None:
            limit = (anchors[part] * positives[part]).sum(1, keepdim=True) * (1 - margin)
            refused = refused | (cosines > limit)
        best = cosines.masked_fill(refused, float("-inf")).topk(count, dim=1)
        found.append(best.indices.masked_fill(best.values.isinf(), -1))
    return torch.cat(found)
