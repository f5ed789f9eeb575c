"""Puts a cross-encoder over the best of a first stage, and chooses on development queries how far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from workbench.evaluation.retrieval import (
    Benchmark,
    Ints,
    Ranking,
    RowScorer,
    dense,
    outcomes_of_rankings,
    rank_rows,
    row_blocks,
)
from workbench.localtext import LocalText

Floats = npt.NDArray[np.float64]
Progress = Callable[[float], None]
DEPTHS = (10, 20, 50)
BLENDS = (0.0, 0.25, 0.5, 0.75, 1.0)
_BETTER = 1e-9


class PairScorer(Protocol):
    """What scores pairs of texts; a :class:`workbench.models.reranking.Reranker` does."""

    def scores(
        self, pairs: Sequence[tuple[str, str]], progress: Progress | None = None
    ) -> npt.NDArray[np.float32]:
        """0..1 for each pair (n,)."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """How well development queries are answered. Percent."""

    recall1: float
    recall10: float
    mrr10: float


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen on ``queries`` development queries: ``best``, against the ``first`` stage alone."""

    depth: int
    blend: float
    best: Ranked
    first: Ranked
    queries: int

    @property
    def helps(self) -> bool:
        """Whether reranking is better than none."""
        return self.blend > 0

    @property
    def words(self) -> LocalText:
        """The choice in a sentence."""
        return (_HELPS if self.helps else _HELPS_NOT).format(
            depth=self.depth,
            share=f"{100 * self.blend:.0f}",
            rest=f"{100 - 100 * self.blend:.0f}",
            best=f"{self.best.mrr10:.1f}",
            first=f"{self.first.mrr10:.1f}",
            queries=self.queries,
        )


def shortlists(scores: Floats, masked: Sequence[Sequence[int]], depth: int) -> Ints:
    """The ``depth`` best documents of each query, best first: (q, min(depth, n)) places; -1 beyond the last.

    Args:
        scores: of the first stage, (q, n); more is better.
        masked: places that are not ranked, for each query.
        depth: at least 1.
    """
    scores = _without(scores, masked)
    depth = min(depth, scores.shape[1])
    order = np.argsort(-scores, axis=1, kind="stable")[:, :depth]
    found = np.take_along_axis(scores, order, axis=1)
    return np.where(np.isneginf(found), -1, order).astype(np.int64)


def blended(scores: Floats, listed: Ints, probabilities: Floats, blend: float) -> Floats:
    """Final scores (q, n): of what is listed in 0..1, of all others below 0, in the first stage's order.

    A listed document has ``(1 - blend) s + blend p``: s the first stage's score, brought to 0..1 over the
    list, p the cross-encoder's probability.

    Args:
        scores: of the first stage, (q, n).
        listed: places as :func:`shortlists` gives them, (q, d).
        probabilities: 0..1 of the listed ones, (q, d); what stands for -1 says nothing.
        blend: 0..1.
    """
    there = listed >= 0
    places = np.where(there, listed, 0)
    first = np.take_along_axis(scores, places, axis=1)
    low = np.where(there, first, np.inf).min(axis=1, keepdims=True)
    high = np.where(there, first, -np.inf).max(axis=1, keepdims=True)
    spread = np.where(high > low, high - low, 1.0)
    final = (1.0 - blend) * (first - low) / spread + blend * probabilities
    finite = np.where(np.isfinite(scores), scores, 0.0)
    least, most = finite.min(axis=1, keepdims=True), finite.max(axis=1, keepdims=True)
    out: Floats = (scores - least) / np.where(most > least, most - least, 1.0) - 2.0
    rows, columns = np.nonzero(there)
    out[rows, listed[rows, columns]] = final[rows, columns]
    return out


def rerank(
    scores: Floats,
    queries: Sequence[str],
    corpus: Sequence[str],
    masked: Sequence[Sequence[int]],
    scorer: PairScorer,
    depth: int,
    blend: float,
    progress: Progress | None = None,
) -> Floats:
    """Final scores (q, n) of a first stage's scores (q, n) with a cross-encoder over the best ``depth``."""
    listed = shortlists(scores, masked, depth)
    probabilities = _probabilities(queries, corpus, listed, scorer, progress)
    return blended(scores, listed, probabilities, blend)


def reranked_rows(
    benchmark: Benchmark,
    rows: RowScorer,
    scorer: PairScorer,
    depth: int,
    blend: float,
    progress: Progress | None = None,
) -> RowScorer:
    """A first stage with a cross-encoder over it, as a first stage is asked; blend 0 is the first stage."""
    if blend == 0:
        return rows
    count = len(benchmark.queries)

    def answer(start: int, stop: int) -> Floats:
        def tell(share: float) -> None:
            if progress:
                progress((start + share * (stop - start)) / count)

        scores = np.asarray(dense(rows(start, stop)), np.float64)
        asked, masked = benchmark.queries[start:stop], benchmark.masked[start:stop]
        return rerank(scores, asked, benchmark.corpus, masked, scorer, depth, blend, tell)

    return answer


def choose(
    benchmark: Benchmark, rows: RowScorer, scorer: PairScorer, progress: Progress | None = None
) -> Choice:
    """Depth and blend by the MRR@10 on a development benchmark.

    Of all that are within one standard error of the best (of the paired difference, over queries; Breiman
    1984), the smallest blend is taken, then the smallest depth: with few queries the best of thirteen is
    the best by chance. So where no way of reranking is better than none by more than that, there is none.
    Raises ``ValueError`` where there is no query.
    """
    if not benchmark.queries:
        raise ValueError("no development queries")
    variants = [(DEPTHS[0], 0.0), *((d, b) for b in BLENDS if b for d in DEPTHS)]
    found: dict[tuple[int, float], list[Ranking]] = {variant: [] for variant in variants}
    count = len(benchmark.queries)
    for start, stop in row_blocks(benchmark):

        def tell(share: float, start: int = start, stop: int = stop) -> None:
            if progress:
                progress((start + share * (stop - start)) / count)

        scores = np.asarray(dense(rows(start, stop)), np.float64)
        listed = shortlists(scores, benchmark.masked[start:stop], DEPTHS[-1])
        asked = benchmark.queries[start:stop]
        probabilities = _probabilities(asked, benchmark.corpus, listed, scorer, tell)
        for depth, blend in variants:
            final = blended(scores, listed[:, :depth], probabilities[:, :depth], blend)
            found[depth, blend].append(rank_rows(benchmark, start, stop, final))
    first, chosen = (
        variants[0],
        _cautious(
            {
                variant: outcomes_of_rankings(each, benchmark).reciprocal_rank
                for variant, each in found.items()
            }
        ),
    )
    return Choice(*chosen, ranked(found[chosen], benchmark), ranked(found[first], benchmark), count)


def _cautious(reciprocal_ranks: dict[tuple[int, float], Floats]) -> tuple[int, float]:
    """The first variant that is within one standard error of the best."""
    best = max(reciprocal_ranks.values(), key=lambda values: float(values.mean()))
    for variant, values in reciprocal_ranks.items():
        behind = best - values
        error = float(behind.std(ddof=1)) / len(behind) ** 0.5 if len(behind) > 1 else 0.0
        if behind.mean() <= error + _BETTER:
            return variant
    raise AssertionError  # the best is within


def ranked(rankings: Sequence[Ranking], benchmark: Benchmark) -> Ranked:
    """The figures of rankings of all queries, block after block."""
    outcomes = outcomes_of_rankings(rankings, benchmark)
    return Ranked(
        float(outcomes.recall[1].mean() * 100),
        float(outcomes.recall[10].mean() * 100),
        float(outcomes.reciprocal_rank.mean() * 100),
    )


def _probabilities(
    queries: Sequence[str],
    corpus: Sequence[str],
    listed: Ints,
    scorer: PairScorer,
    progress: Progress | None,
) -> Floats:
    rows, columns = np.nonzero(listed >= 0)
    places = zip(rows.tolist(), listed[rows, columns].tolist(), strict=True)
    pairs = [(queries[row], corpus[place]) for row, place in places]
    out = np.zeros(listed.shape)
    out[rows, columns] = scorer.scores(pairs, progress)
    return out


def _without(scores: Floats, masked: Sequence[Sequence[int]]) -> Floats:
    """A copy with what is not ranked at minus infinity."""
    scores = np.array(scores, np.float64)
    for row, places in enumerate(masked):
        scores[row, list(places)] = -np.inf
    return scores


_HELPS = LocalText(
    "重排有用：对前 {depth} 个结果，重排模型占 {share}%，向量占 {rest}%"
    "（开发集 {queries} 个词，MRR@10 {first} → {best}）。",
    "Reranking helps: over the best {depth}, the reranker counts {share} % and the vectors {rest} % "
    "(MRR@10 of {queries} development terms {first} → {best}).",
)
_HELPS_NOT = LocalText(
    "重排没有用：在开发集的 {queries} 个词上没有哪种用法明显比不重排更好（MRR@10 {first}），"
    "所以不使用它，结果与只用向量相同。",
    "Reranking does not help: on {queries} development terms no way of using it was clearly better than none "
    "(MRR@10 {first}), so it is not used and the results are those of the vectors alone.",
)
