"""Puts the measured models in order and says in words which of them can be believed to be better."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.evaluation.retrieval import KS, Benchmark
from workbench.evaluation.significance import compare, holm, with_p_value
from workbench.ingest.spreadsheets import escape_cell
from workbench.localtext import Language, LocalText
from workbench.types import Comparison, Evaluation, Metrics, ModelInfo

Kind = Literal["base", "tuned", "baseline"]


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One model on the board. ``against_base`` carries the Holm-corrected p value of the whole board.

    ``seen`` are the numbers of the diagnostic view, which flatter; ``None`` where not measured.
    ``run`` is the run that left a tuned model; ``stage``, from 1, which of its several stages.
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


def build_board(
    evaluations: Iterable[Evaluation],
    models: Mapping[str, ModelInfo],
    benchmark: Benchmark,
    *,
    seen_hash: str | None = None,
    resamples: int = 5000,
    permutations: int = 10000,
    seed: int = 0,
) -> list[BoardRow]:
    """The board of one benchmark, best Recall@1 first.

    Only evaluations of ``benchmark`` (by hash) count, the newest of each model; those of models that
    are not in ``models`` are left out. ``seen_hash`` is the hash of the diagnostic benchmark. Every
    tuned model is compared with the model that it came from, query by query, and the p values are
    corrected for the number of these comparisons (Holm). An evaluation without each query's outcome
    has numbers but no comparison.
    """
    evaluations = [each for each in evaluations if each.model in models]
    unseen = _newest(each for each in evaluations if each.benchmark_hash == benchmark.hash)
    seen = _newest(each for each in evaluations if each.benchmark_hash == seen_hash)
    comparisons: dict[str, Comparison] = {}
    for model, evaluation in unseen.items():
        base = models[model].base
        if models[model].kind != "tuned" or base is None or base not in unseen:
            continue
        pair = (evaluation.recall1, unseen[base].recall1)
        if all(len(each) == len(benchmark.queries) > 0 for each in pair):
            comparisons[model] = compare(
                *pair, benchmark.query_components, resamples=resamples, permutations=permutations, seed=seed
            )
    corrected = holm([comparison.p_value for comparison in comparisons.values()])
    comparisons = {
        model: with_p_value(comparison, p)
        for (model, comparison), p in zip(comparisons.items(), corrected, strict=True)
    }
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
        )
        for model, evaluation in unseen.items()
    ]
    return sorted(rows, key=lambda row: (-row.metrics.recall[1], -row.metrics.mrr10, row.model))


def verdict_text(kind: Kind, comparison: Comparison | None) -> LocalText:
    """One sentence on a model that an expert understands without statistics."""
    if kind == "baseline":
        return LocalText(
            "对照：只比较字面，不用模型。", "For reference: compares letters alone, without a model."
        )
    if kind == "base":
        return LocalText("基础模型，未经训练。", "The model as it comes, not trained.")
    if comparison is None:
        return LocalText(
            "还不能与它的基础模型比较：请先在同一批测试词上评测基础模型。",
            "Not compared yet: measure the model that it came from on the same test words first.",
        )
    template = _VERDICTS[comparison.verdict]
    if comparison.verdict == "tied" and comparison.ci95[0] > 0:
        template = _LIKELY_BETTER
    elif comparison.verdict == "tied" and comparison.ci95[1] < 0:
        template = _LIKELY_WORSE
    return template.format(
        points=f"{abs(comparison.difference):.1f}",
        low=f"{min(map(abs, comparison.ci95)):.1f}",
        high=f"{max(map(abs, comparison.ci95)):.1f}",
        signed=f"{comparison.difference:+.1f}",
        bottom=f"{comparison.ci95[0]:+.1f}",
        top=f"{comparison.ci95[1]:+.1f}",
    )


def board_csv(rows: Sequence[BoardRow], language: Language = "en") -> str:
    """The board as CSV text with a header; percentages with two decimals, verdicts in ``language``.

    Text that a spreadsheet would take for a formula is preceded by an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["rank", "model", "kind", "base", "queries", "corpus"]
        + [f"recall@{k}" for k in KS]
        + ["recall@1_low95", "recall@1_high95"]
        + [f"hit@{k}" for k in KS]
        + ["mrr@10", "ndcg@10"]
        + [f"seen_recall@{k}" for k in KS]
        + ["against_base", "against_base_low95", "against_base_high95", "p_value", "verdict", "seconds"]
    )
    for rank, row in enumerate(rows, start=1):
        metrics, against = row.metrics, row.against_base
        numbers = [metrics.recall[k] for k in KS] + list(metrics.recall1_ci95)
        numbers += [metrics.hit[k] for k in KS] + [metrics.mrr10, metrics.ndcg10]
        seen = [f"{row.seen.recall[k]:.2f}" for k in KS] if row.seen else [""] * len(KS)
        difference = [f"{x:.2f}" for x in (against.difference, *against.ci95)] if against else [""] * 3
        writer.writerow(
            [
                rank,
                escape_cell(row.model),
                row.kind,
                escape_cell(row.base or ""),
                metrics.queries,
                metrics.corpus,
            ]
            + [f"{number:.2f}" for number in numbers]
            + seen
            + difference
            + [f"{against.p_value:.4g}" if against else "", escape_cell(row.verdict.get(language))]
            + [f"{row.seconds:.1f}"]
        )
    return out.getvalue()


# Its own interval lies above zero, and still chance cannot be ruled out: the permutation test disagrees, or
# so many models are compared that one of them would look better by luck.
_LIKELY_BETTER = LocalText(
    "很可能好于基础模型（{signed} 个百分点，95% 区间 {bottom} 至 {top}），但还不能断定："
    "测试词再多一些就能说清。",
    "Probably better than its base ({signed} points, interval {bottom} to {top}), but not beyond doubt: "
    "more test words would settle it.",
)
_LIKELY_WORSE = LocalText(
    "很可能不如基础模型（{signed} 个百分点，95% 区间 {bottom} 至 {top}），只是还不能断定。建议不要使用。",
    "Probably worse than its base ({signed} points, interval {bottom} to {top}), though not beyond doubt: "
    "better not to use it.",
)

_VERDICTS = {
    "better": LocalText(
        "比它的基础模型好 {points} 个百分点（95% 区间 {low} 至 {high}）。",
        "Better than its base by {points} points (interval {low} to {high}).",
    ),
    "worse": LocalText(
        "比它的基础模型差 {points} 个百分点（95% 区间 {low} 至 {high}）：请不要使用。",
        "WORSE than the model it came from by {points} points (interval {low} to {high}): do not use it.",
    ),
    "tied": LocalText(
        "与它的基础模型分不出高下（相差 {signed} 个百分点，95% 区间 {bottom} 至 {top}）："
        "需要更多测试词才能判断。",
        "Cannot be told from its base ({signed} points, interval {bottom} to {top}): "
        "more test words would be needed.",
    ),
}


def _newest(evaluations: Iterable[Evaluation]) -> dict[str, Evaluation]:
    newest: dict[str, Evaluation] = {}
    for evaluation in evaluations:
        kept = newest.get(evaluation.model)
        if kept is None or evaluation.created_at >= kept.created_at:
            newest[evaluation.model] = evaluation
    return newest
