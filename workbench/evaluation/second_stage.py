"""A model with a cross-encoder over its best documents, measured; what is not set yet is chosen on dev."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench.evaluation.benchmarks import Case, subset
from workbench.evaluation.fusion import folds
from workbench.evaluation.reranked import Choice, PairScorer, choose, reranked_rows
from workbench.evaluation.retrieval import Benchmark, Outcomes, RowScorer, dense, outcomes_of_rows
from workbench.localtext import LocalText

if TYPE_CHECKING:
    from workbench.models.reranking import Reranker

RowsOf = Callable[[Benchmark], RowScorer]


def with_its_own(view: Benchmark, rows: RowScorer, reranker: Reranker) -> tuple[Outcomes, dict[str, Any]]:
    """A run's model with the cross-encoder that it was trained with, as its run has set it."""
    scored = reranked_rows(view, rows, reranker, reranker.depth, reranker.blend)
    template = SET_BY_ITS_RUN if reranker.blend else NOT_USED
    told = template.format(depth=reranker.depth, share=f"{100 * reranker.blend:.0f}")
    details = {"told": told.as_json(), "reranking": {"depth": reranker.depth, "blend": reranker.blend}}
    return outcomes_of_rows(view, scored), details


def chosen_on_dev(case: Case, rows_of: RowsOf, scorer: PairScorer) -> list[tuple[Outcomes, dict[str, Any]]]:
    """Any cross-encoder over any model, on every view: depth and blend chosen on the development queries.

    A retrieval set has none: each half of its queries (divided by component) gets what was best on the
    other half.
    """
    remembered = _Remembered(scorer)
    if case.dev is not None:
        choice = choose(case.dev, rows_of(case.dev), remembered)
        details = {"told": choice.words.as_json(), "reranking": [_as_json(choice)]}
        return [
            (
                outcomes_of_rows(
                    view, reranked_rows(view, rows_of(view), remembered, choice.depth, choice.blend)
                ),
                details,
            )
            for view in case.views
        ]
    return [_cross_fitted(view, rows_of, remembered) for view in case.views]


def _cross_fitted(view: Benchmark, rows_of: RowsOf, scorer: PairScorer) -> tuple[Outcomes, dict[str, Any]]:
    fold = folds(view.query_components)
    rows = rows_of(view)
    if len(set(fold.tolist())) < 2:
        return outcomes_of_rows(view, rows), {"told": NOTHING_TO_CHOOSE.as_json()}
    choices = []
    for number in (0, 1):
        others = np.flatnonzero(fold != number).tolist()
        part = subset(view, others)
        choices.append(choose(part, _picked(rows, others), scorer))
    ways = [reranked_rows(view, rows, scorer, each.depth, each.blend) for each in choices]

    def answer(start: int, stop: int) -> npt.NDArray[np.float64]:
        out = np.array(dense(ways[0](start, stop)), np.float64)
        second = fold[start:stop] == 1
        if second.any():
            out[second] = dense(ways[1](start, stop))[second]
        return out

    halves = {f"half{number}": each.words for number, each in enumerate(choices, 1)}
    details = {
        "told": BY_HALVES.format(**halves).as_json(),
        "reranking": [_as_json(each) for each in choices],
    }
    return outcomes_of_rows(view, answer), details


def _picked(rows: RowScorer, places: Sequence[int]) -> RowScorer:
    """The scores of some of the queries."""

    def answer(start: int, stop: int) -> Any:
        return np.concatenate([dense(rows(place, place + 1)) for place in places[start:stop]])

    return answer


class _Remembered:
    """Asks for no pair twice: what was scored to choose a depth is not scored again to use it."""

    def __init__(self, scorer: PairScorer) -> None:
        self._scorer = scorer
        self._known: dict[tuple[str, str], float] = {}

    def scores(
        self, pairs: Sequence[tuple[str, str]], progress: Callable[[float], None] | None = None
    ) -> npt.NDArray[np.float32]:
        """0..1 for each pair (n,)."""
        fresh = [pair for pair in dict.fromkeys(pairs) if pair not in self._known]
        if fresh:
            found = self._scorer.scores(fresh, progress)
            self._known.update(zip(fresh, found.tolist(), strict=True))
        return np.array([self._known[pair] for pair in pairs], np.float32)


def _as_json(choice: Choice) -> dict[str, Any]:
    return {
        "depth": choice.depth,
        "blend": choice.blend,
        "mrr@10": choice.best.mrr10,
        "first_mrr@10": choice.first.mrr10,
        "queries": choice.queries,
    }


SET_BY_ITS_RUN = LocalText(
    "带重排：对前 {depth} 个结果，重排模型占 {share}%（训练时在开发集上选定）。",
    "Reranked: over the best {depth} the cross-encoder counts {share} %, as its run chose on the development "
    "terms.",
)
NOT_USED = LocalText(
    "它有重排模型，但训练时在开发集上没有帮助，所以没有使用。",
    "It has a cross-encoder, which did not help on the development terms of its run, so it is not used.",
)
BY_HALVES = LocalText(
    "检索集没有验证部分，每一半查询用另一半选出的设置。一半：{half1} 另一半：{half2}",
    "A retrieval set has no development part, so each half of the queries is reranked as the other half "
    "chose. One half: {half1} The other: {half2}",
)
NOTHING_TO_CHOOSE = LocalText(
    "查询彼此相连，没有可用来选择设置的另一半：没有重排。",
    "The queries all hang together, so there is no other half to choose on: not reranked.",
)
