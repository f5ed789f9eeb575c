"""Batches in which pairs that the model takes for alike stand together: harder negatives for little time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.training.looking import Vectors

if TYPE_CHECKING:
    import torch

NEAREST = 32  # standard terms, among which a group's members are looked for
QUERIES = 4096  # at a time
GROUP, MANY_PAIRS = 4, 3000


def group_size(asked: int, pairs: int) -> int:
    """How many alike pairs stand together: as asked for, else ``GROUP`` where there are many, or 1: none.

    In a batch of a few thousand pairs there is something alike to most of them anyway
    (docs/benchmarks.md, "How deep, how long").
    """
    return asked or (GROUP if pairs >= MANY_PAIRS else 1)


def nearest_answers(encode: Vectors, queries: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
    """For each query the places in ``answers`` of the nearest, the nearest first: int64 (n, k), k up to 32.

    Exact, some thousand queries after one another, so that Stop is heard between them.

    Args:
        encode: unit vectors of texts by number; it may raise Stopped.
        queries: numbers of texts (n,).
        answers: numbers of texts (m,).
    """
    import faiss
    import torch

    vectors = encode(answers).float().numpy()
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    count = min(NEAREST, len(answers))
    found = [index.search(encode(part).float().numpy(), count)[1] for part in queries.split(QUERIES)]
    return torch.cat([torch.from_numpy(part) for part in found])


def alike_together(
    near: torch.Tensor, answers: torch.Tensor, concepts: torch.Tensor, size: int, generator: torch.Generator
) -> torch.Tensor:
    """An order of all pairs in which each is followed by up to ``size - 1`` others that are alike.

    Pairs are taken in a random order; each takes with it a pair of each of the nearest wrong answers that
    is still free, one of a concept. Then the groups are shuffled. So a batch cut from this order holds
    what the model mixes up now, as it would with mined negatives, and its step takes no longer
    (Sachidananda et al. 2023, arXiv:2210.12874, who permute a whole epoch by a graph's bandwidth).

    Args:
        near: for each pair, the nearest answers by :func:`nearest_answers`, int64 (n, k).
        answers: the number of each pair's right answer, int64 (n,).
        concepts: the number of each pair's concept, int64 (n,).
        size: at least 1.

    Returns:
        The numbers of the pairs, each once, int64 (n,).
    """
    import torch

    order = torch.randperm(len(near), generator=generator).tolist()
    of_pair, concept = answers.tolist(), concepts.tolist()
    free: dict[int, list[int]] = {}  # the pairs of each answer; those taken meanwhile are dropped when met
    for pair in order:
        free.setdefault(of_pair[pair], []).append(pair)
    taken = [False] * len(order)
    groups: list[list[int]] = []
    for pair in order:
        if taken[pair]:
            continue
        taken[pair] = True
        group, there = [pair], {concept[pair]}
        for answer in near[pair].tolist():
            if len(group) >= size:
                break
            rest = free[answer]
            while rest and taken[rest[-1]]:
                rest.pop()
            if rest and concept[rest[-1]] not in there:
                other = rest.pop()
                taken[other] = True
                group.append(other)
                there.add(concept[other])
        groups.append(group)
    shuffled = torch.randperm(len(groups), generator=generator).tolist()
    return torch.tensor([pair for number in shuffled for pair in groups[number]], dtype=torch.int64)
