"""Puts the measured systems in order and says in words which of them can be believed to be better."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from workbench.evaluation.retention import RetentionFigures
from workbench.evaluation.retrieval import Benchmark
from workbench.evaluation.significance import compare, holm, with_p_value
from workbench.localtext import LocalText
from workbench.locks import KeyedCache
from workbench.types import Comparison, Evaluation, Metrics, ModelInfo

Kind = Literal["base", "tuned", "baseline", "hybrid"]
Order = Literal["best", "stages"]


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One system on the board. ``against_base`` carries the Holm-corrected p value of the whole board.

    ``base`` is what a tuned model came from, and the model in a hybrid. ``seen`` are the numbers of the
    diagnostic view, which flatter; ``None`` where not measured. ``run`` is the run that left a tuned
    model; ``stage``, from 1, which of its several stages. ``told`` says what was chosen on development
    data (``details`` has it as data). ``against_reference`` compares with the pinned row, corrected over
    the board; ``reference_verdict`` says it. ``run_verdict`` is there where the run by itself had another
    verdict than the board, and says why. What follows is known of the model whatever it is measured on:
    ``strategy`` in words, ``encode_rate`` in terms a second on this machine, ``training_seconds``,
    ``note`` of the expert and ``note_author``, ``curve`` of the run's development score (percent),
    ``retention``.
    """

    model: str
    kind: Kind
    base: str | None
    metrics: Metrics
    seen: Metrics | None
    against_base: Comparison | None
    verdict: LocalText
    seconds: float
    created_at: float
    run: str | None = None
    stage: int | None = None
    title: LocalText | None = None
    told: LocalText | None = None
    details: dict[str, Any] = field(default_factory=dict)
    against_reference: Comparison | None = None
    reference_verdict: LocalText | None = None
    run_verdict: LocalText | None = None
    strategy: LocalText | None = None
    size_bytes: int | None = None
    dimension: int | None = None
    encode_rate: float | None = None
    training_seconds: float | None = None
    note: str = ""
    note_author: str = ""
    curve: tuple[float, ...] = ()
    retention: RetentionFigures | None = None


def build_board(
    evaluations: Iterable[Evaluation],
    models: Mapping[str, ModelInfo],
    benchmark: Benchmark,
    *,
    seen_hash: str | None = None,
    resamples: int = 5000,
    permutations: int = 10000,
    seed: int = 0,
    known: Known | None = None,
) -> list[BoardRow]:
    """The board of one benchmark, best Recall@1 first.

    Only evaluations of ``benchmark`` (by hash) count, the newest of each model; those of models that
    are not in ``models`` are left out. ``seen_hash`` is the hash of the diagnostic benchmark. Every
    tuned model is compared with the model that it came from and every hybrid with its model alone, query
    by query, and the p values are corrected for the number of these comparisons (Holm). An evaluation
    without each query's outcome has numbers but no comparison.
    """
    evaluations = [each for each in evaluations if each.model in models]
    unseen = newest(each for each in evaluations if each.benchmark_hash == benchmark.hash)
    seen = newest(each for each in evaluations if each.benchmark_hash == seen_hash)
    pairs = {
        model: str(models[model].base)
        for model in unseen
        if models[model].kind in ("tuned", "hybrid") and models[model].base in unseen
    }
    comparisons = compare_pairs(
        unseen, pairs, benchmark, resamples=resamples, permutations=permutations, seed=seed, known=known
    )
    rows = [
        BoardRow(
            model=model,
            kind=models[model].kind,
            base=models[model].base,
            metrics=evaluation.metrics,
            seen=seen[model].metrics if model in seen else None,
            against_base=comparisons.get(model),
            verdict=verdict_text(models[model].kind, comparisons.get(model)),
            seconds=evaluation.seconds,
            created_at=evaluation.created_at,
            run=models[model].run,
            stage=models[model].stage,
            title=models[model].title,
            told=LocalText.from_json(evaluation.details["told"]) if "told" in evaluation.details else None,
            details=evaluation.details,
            size_bytes=models[model].size_bytes,
            dimension=models[model].dimension,
        )
        for model, evaluation in unseen.items()
    ]
    return sorted(rows, key=lambda row: (-row.metrics.recall[1], -row.metrics.mrr10, row.model))


Known = KeyedCache[Hashable, Comparison]
"""Comparisons by what was compared: only those of a new measurement are resampled."""


def compare_pairs(
    evaluations: Mapping[str, Evaluation],
    pairs: Mapping[str, str],
    benchmark: Benchmark,
    *,
    resamples: int = 5000,
    permutations: int = 10000,
    seed: int = 0,
    known: Known | None = None,
) -> dict[str, Comparison]:
    """Each model of ``pairs`` against the other that it names, p values corrected for their number (Holm).

    Pairs of which one has no outcome of each query are left out.
    """
    known = known or KeyedCache(1)
    found: dict[str, Comparison] = {}
    for model, other in pairs.items():
        outcomes = (evaluations[model].recall1, evaluations[other].recall1)
        if all(len(each) == len(benchmark.queries) > 0 for each in outcomes):
            key = (benchmark.hash, outcomes, resamples, permutations, seed)

            def resample(pair: tuple[tuple[float, ...], tuple[float, ...]] = outcomes) -> Comparison:
                return compare(
                    *pair,
                    benchmark.query_components,
                    resamples=resamples,
                    permutations=permutations,
                    seed=seed,
                )

            found[model] = known.get(key, resample)
    corrected = holm([comparison.p_value for comparison in found.values()])
    return {
        model: with_p_value(comparison, p)
        for (model, comparison), p in zip(found.items(), corrected, strict=True)
    }


def arrange(rows: Sequence[BoardRow], order: Order = "best") -> list[BoardRow]:
    """The rows best first, or as an ablation: each base, then its runs with their stages in order.

    ``rows`` are best first. In the second order lexical systems come first, then each base with its
    hybrids, followed by its runs, the best run first, each from its first stage to its last.
    """
    if order == "best":
        return list(rows)
    place = {row.model: number for number, row in enumerate(rows)}
    best_of_run: dict[str, int] = {}
    best_of_base: dict[str, int] = {}
    for row in rows:
        best_of_base.setdefault(_family(row), place[row.model])
        if row.run:
            best_of_run.setdefault(row.run, place[row.model])

    def key(row: BoardRow) -> tuple[int, ...]:
        if row.kind == "baseline":
            return (0, 0, 0, 0, place[row.model])
        family = best_of_base[_family(row)]
        if row.run is None:
            return (1, family, 0, int(row.kind == "hybrid"), place[row.model])
        return (1, family, 1 + best_of_run[row.run], row.stage or len(rows), place[row.model])

    return sorted(rows, key=key)


def _family(row: BoardRow) -> str:
    return row.model if row.kind == "base" else row.base or row.model


def verdict_text(kind: Kind, comparison: Comparison | None) -> LocalText:
    """One sentence on a system that an expert understands without statistics."""
    if kind == "baseline":
        return LocalText(
            "对照：只比较字面，不用模型。", "For reference: compares letters alone, without a model."
        )
    if kind == "base":
        return LocalText("基础模型，未经训练。", "The model as it comes, not trained.")
    if comparison is None and kind == "hybrid":
        return LocalText(
            "还不能与单独的模型比较：请先在同一批查询上评测那个模型。",
            "Not compared yet: measure its model alone on the same queries first.",
        )
    if comparison is None:
        return LocalText(
            "还不能与它的基础模型比较：请先在同一批测试词上评测基础模型。",
            "Not compared yet: measure the model that it came from on the same test words first.",
        )
    return comparison_text(comparison, _ITS_MODEL if kind == "hybrid" else _ITS_BASE, own=kind == "tuned")


def comparison_text(comparison: Comparison, other: LocalText, *, own: bool = False) -> LocalText:
    """A comparison in one sentence. ``own``: the other is what the model came from, so worse is a warning."""
    template = _VERDICTS[comparison.verdict]
    if comparison.verdict == "worse" and own:
        template = _WORSE_THAN_ITS_OWN
    elif comparison.verdict == "tied" and comparison.ci95[0] > 0:
        template = _LIKELY_BETTER
    elif comparison.verdict == "tied" and comparison.ci95[1] < 0:
        template = _LIKELY_WORSE_THAN_ITS_OWN if own else _LIKELY_WORSE
    return template.format(
        other=other,
        points=f"{abs(comparison.difference):.1f}",
        low=f"{min(map(abs, comparison.ci95)):.1f}",
        high=f"{max(map(abs, comparison.ci95)):.1f}",
        signed=f"{comparison.difference:+.1f}",
        bottom=f"{comparison.ci95[0]:+.1f}",
        top=f"{comparison.ci95[1]:+.1f}",
    )


def newest(evaluations: Iterable[Evaluation]) -> dict[str, Evaluation]:
    """The newest measurement of each model."""
    found: dict[str, Evaluation] = {}
    for evaluation in evaluations:
        kept = found.get(evaluation.model)
        if kept is None or evaluation.created_at >= kept.created_at:
            found[evaluation.model] = evaluation
    return found


_ITS_BASE = LocalText("它的基础模型", "its base")
_ITS_MODEL = LocalText("单独使用其中的模型", "its model alone")

# Its own interval lies above zero, and still chance cannot be ruled out: the permutation test disagrees, or
# so many models are compared that one of them would look better by luck.
_LIKELY_BETTER = LocalText(
    "很可能好于{other}（{signed} 个百分点，95% 区间 {bottom} 至 {top}），但还不能断定："
    "测试词再多一些就能说清。",
    "Probably better than {other} ({signed} points, interval {bottom} to {top}), but not beyond doubt: "
    "more test words would settle it.",
)
_LIKELY_WORSE = LocalText(
    "很可能不如{other}（{signed} 个百分点，95% 区间 {bottom} 至 {top}），只是还不能断定。",
    "Probably worse than {other} ({signed} points, interval {bottom} to {top}), though not beyond doubt.",
)
_LIKELY_WORSE_THAN_ITS_OWN = LocalText(
    "很可能不如基础模型（{signed} 个百分点，95% 区间 {bottom} 至 {top}），只是还不能断定。建议不要使用。",
    "Probably worse than its base ({signed} points, interval {bottom} to {top}), though not beyond doubt: "
    "better not to use it.",
)
_WORSE_THAN_ITS_OWN = LocalText(
    "比它的基础模型差 {points} 个百分点（95% 区间 {low} 至 {high}）：请不要使用。",
    "WORSE than the model it came from by {points} points (interval {low} to {high}): do not use it.",
)
_VERDICTS = {
    "better": LocalText(
        "比{other}好 {points} 个百分点（95% 区间 {low} 至 {high}）。",
        "Better than {other} by {points} points (interval {low} to {high}).",
    ),
    "worse": LocalText(
        "比{other}差 {points} 个百分点（95% 区间 {low} 至 {high}）。",
        "Worse than {other} by {points} points (interval {low} to {high}).",
    ),
    "tied": LocalText(
        "与{other}分不出高下（相差 {signed} 个百分点，95% 区间 {bottom} 至 {top}）：需要更多测试词才能判断。",
        "Cannot be told from {other} ({signed} points, interval {bottom} to {top}): "
        "more test words would be needed.",
    ),
}
