"""A model and a lexical system as one: scores added by weight, or ranks; chosen on development data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from workbench.evaluation.retrieval import (
    Benchmark,
    Outcomes,
    RowScorer,
    dense,
    outcomes_of_rankings,
    outcomes_of_rows,
    rank_rows,
    row_blocks,
)
from workbench.localtext import LocalText
from workbench.normalise import digest

Floats = npt.NDArray[np.float64]
Method = Literal["model", "lexical", "minmax", "zscore", "rrf"]
WEIGHTS = tuple(round(0.1 * step, 1) for step in range(1, 10))
RRF_CONSTANT = 60  # Cormack, Clarke and Buettcher 2009
RRF_DEPTH = 1000
_TOGETHER = 1e-9


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to join two systems. ``weight`` (0..1) is the model's; it says nothing where there is none."""

    method: Method
    weight: float = 0.5

    @property
    def alone(self) -> bool:
        """Whether it is one of the two parts and no fusion."""
        return self.method in ("model", "lexical")

    @property
    def words(self) -> LocalText:
        """What it does, for people."""
        return _WORDS[self.method].format(
            share=f"{100 * self.weight:.0f}", rest=f"{100 * (1 - self.weight):.0f}"
        )


MODEL_ALONE, LEXICAL_ALONE = Variant("model", 1.0), Variant("lexical", 0.0)
GRID: tuple[Variant, ...] = (
    MODEL_ALONE,
    LEXICAL_ALONE,
    Variant("rrf"),
    *(Variant("minmax", weight) for weight in WEIGHTS),
    *(Variant("zscore", weight) for weight in WEIGHTS),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen on development queries, and the MRR@10 (percent) there of it and of each part alone."""

    variant: Variant
    score: float
    model: float
    lexical: float
    queries: int


def choose(reciprocal_ranks: dict[Variant, Floats], rows: npt.NDArray[np.int64] | None = None) -> Choice:
    """The variant of the best MRR@10 over ``rows`` (all where left out).

    A fusion is taken only where it is better than both parts alone: a tie goes to the single part, and
    between the parts to the model. Raises ``ValueError`` where there is no query.
    """
    chosen = slice(None) if rows is None else rows
    means = {variant: 100.0 * float(np.mean(values[chosen])) for variant, values in reciprocal_ranks.items()}
    count = len(next(iter(reciprocal_ranks.values()))[chosen])
    if not count:
        raise ValueError("no development queries")
    best = MODEL_ALONE if means[MODEL_ALONE] >= means[LEXICAL_ALONE] - _TOGETHER else LEXICAL_ALONE
    for variant in GRID:
        if variant in means and means[variant] > means[best] + _TOGETHER:
            best = variant
    return Choice(best, means[best], means[MODEL_ALONE], means[LEXICAL_ALONE], count)


def reciprocal_ranks(benchmark: Benchmark, model: RowScorer, lexical: RowScorer) -> dict[Variant, Floats]:
    """1 / rank of each query's first answer (0 beyond the tenth) under each variant of the grid, (q,)."""
    found: dict[Variant, list[Floats]] = {variant: [] for variant in GRID}
    for start, stop, fused in _fused_blocks(benchmark, model, lexical):
        for variant in GRID:
            ranks = rank_rows(benchmark, start, stop, fused(variant)).ranks()[:, 0]
            found[variant].append(np.where(ranks <= 10, 1.0 / ranks, 0.0))
    return {variant: np.concatenate(blocks) if blocks else np.empty(0) for variant, blocks in found.items()}


def fused_outcomes(
    benchmark: Benchmark, model: RowScorer, lexical: RowScorer, variants: Sequence[Variant]
) -> Outcomes:
    """The outcomes of each query under the variant that ``variants`` (q,) names for it."""
    kinds = list(dict.fromkeys(variants))
    if kinds == [MODEL_ALONE]:
        return outcomes_of_rows(benchmark, model)
    if kinds == [LEXICAL_ALONE]:
        return outcomes_of_rows(benchmark, lexical)
    of_query = np.array([kinds.index(variant) for variant in variants])
    rankings = []
    for start, stop, fused in _fused_blocks(benchmark, model, lexical):
        scores = np.empty((stop - start, len(benchmark.corpus)))
        for place, variant in enumerate(kinds):
            rows = of_query[start:stop] == place
            if rows.any():
                scores[rows] = fused(variant)[rows]
        rankings.append(rank_rows(benchmark, start, stop, scores))
    return outcomes_of_rankings(rankings, benchmark)


def fuse(model: Floats, lexical: Floats, variant: Variant) -> Floats:
    """The scores (q, n) of two systems for every document as one, as they are measured; a new array."""
    return _Block(np.array(model, np.float64), np.array(lexical, np.float64), ()).fuse(variant)


def folds(components: Sequence[str], seed: int = 0) -> npt.NDArray[np.int64]:
    """(q,) 0 or 1: queries of one component in one fold, both folds of about the same number of queries."""
    sizes: dict[str, int] = {}
    for component in components:
        sizes[component] = sizes.get(component, 0) + 1
    counts = [0, 0]
    fold_of: dict[str, int] = {}
    for component in sorted(sizes, key=lambda name: (-sizes[name], digest(str(seed), name))):
        fold_of[component] = int(counts[1] < counts[0])
        counts[fold_of[component]] += sizes[component]
    return np.array([fold_of[component] for component in components], np.int64)


def _fused_blocks(
    benchmark: Benchmark, model: RowScorer, lexical: RowScorer
) -> Iterator[tuple[int, int, Callable[[Variant], Floats]]]:
    for start, stop in row_blocks(benchmark):
        masked = benchmark.masked[start:stop]
        yield start, stop, _Block(_scores(model, start, stop), _scores(lexical, start, stop), masked).fuse


def _scores(scorer: RowScorer, start: int, stop: int) -> Floats:
    found: Any = dense(scorer(start, stop))
    return np.array(found, np.float64)


class _Block:
    """The scores of two systems for some queries (rows, n), and what each variant makes of them."""

    def __init__(self, model: Floats, lexical: Floats, masked: Sequence[Sequence[int]]) -> None:
        for row, places in enumerate(masked):  # what is not ranked must not set the scale either
            kept = np.ones(model.shape[1], bool)
            kept[list(places)] = False
            if places and kept.any():
                for scores in (model, lexical):
                    scores[row, ~kept] = scores[row, kept].min()
        self._raw: dict[Method, Floats] = {"model": model, "lexical": lexical}
        self._kept: dict[tuple[str, str], Floats] = {}

    def fuse(self, variant: Variant) -> Floats:
        """(rows, n), a new array."""
        if variant.method in ("model", "lexical"):
            return self._raw[variant.method].copy()
        if variant.method == "rrf":
            return self._normal("rrf", "model") + self._normal("rrf", "lexical")
        weight = variant.weight
        return weight * self._normal(variant.method, "model") + (1 - weight) * self._normal(
            variant.method, "lexical"
        )

    def _normal(self, method: Method, part: Method) -> Floats:
        if (method, part) not in self._kept:
            self._kept[method, part] = _NORMAL[method](self._raw[part], lexical=part == "lexical")
        return self._kept[method, part]


def _minmax(scores: Floats, *, lexical: bool) -> Floats:
    """Each row to 0..1; a row of one value to 0."""
    low, high = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    return np.asarray((scores - low) / np.where(high > low, high - low, 1.0))


def _zscore(scores: Floats, *, lexical: bool) -> Floats:
    """Each row to mean 0 and standard deviation 1; a row of one value to 0."""
    spread = scores.std(axis=1, keepdims=True)
    return np.asarray((scores - scores.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0))


def _rrf(scores: Floats, *, lexical: bool) -> Floats:
    """1 / (60 + rank), equal scores of one rank, for the first thousand; a lexical score of 0 is no hit."""
    n = scores.shape[1]
    depth = min(RRF_DEPTH, n)
    places = np.argpartition(scores, n - depth, axis=1)[:, n - depth :]
    found = np.take_along_axis(scores, places, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    places, found = np.take_along_axis(places, order, axis=1), np.take_along_axis(found, order, axis=1)
    new = np.ones(found.shape, bool)
    new[:, 1:] = found[:, 1:] < found[:, :-1]
    ranks = np.maximum.accumulate(np.where(new, np.arange(1, depth + 1), 0), axis=1)
    parts = 1.0 / (RRF_CONSTANT + ranks)
    if lexical:
        parts[found <= 0] = 0.0
    out = np.zeros(scores.shape)
    np.put_along_axis(out, places, parts, axis=1)
    return out


_NORMAL: dict[Method, Callable[..., Floats]] = {"minmax": _minmax, "zscore": _zscore, "rrf": _rrf}

_WORDS: dict[Method, LocalText] = {
    "model": LocalText("只用模型", "the model alone"),
    "lexical": LocalText("只用字面方法", "the lexical system alone"),
    "minmax": LocalText(
        "得分各缩放到 0–1 后相加，模型占 {share}%，字面占 {rest}%",
        "scores scaled to 0..1, {share} % model, {rest} % lexical",
    ),
    "zscore": LocalText(
        "得分各标准化后相加，模型占 {share}%，字面占 {rest}%",
        "standardised scores, {share} % model, {rest} % lexical",
    ),
    "rrf": LocalText("按名次融合（RRF）", "reciprocal rank fusion"),
}
