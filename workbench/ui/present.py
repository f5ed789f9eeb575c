"""From the workbench's nouns to the JSON that the page's scripts draw; sentences go in both languages."""

from __future__ import annotations

from typing import Any

from workbench.localtext import LocalText
from workbench.types import ACTIVE_STATES, DictionaryInfo, Hit, Metrics, ModelInfo, Problem, Run
from workbench.ui.text import text

DECIMALS = 4


def both(sentence: LocalText | None) -> dict[str, str] | None:
    """A sentence in both languages."""
    return None if sentence is None else sentence.as_json()


def run_json(run: Run) -> dict[str, Any]:
    """A run for the list and for the curve."""
    return {
        "id": run.id,
        "name": run.name,
        "dictionary": run.dictionary,
        "base": run.base_model,
        "recipe": run.recipe,
        "state": run.state,
        "active": run.state in ACTIVE_STATES,
        "phase": both(run.phase),
        "progress": run.progress,
        "step": run.step,
        "total": run.total_steps,
        "created": run.created_at,
        "started": run.started_at,
        "finished": run.finished_at,
        "place": run.queue_place,
        "message": both(run.message),
        "scores": _scores(run.result),
        "verdict": verdict_json(run),
    }


def verdict_json(run: Run) -> dict[str, Any] | None:
    """Whether a finished run is better than the model it came from, in one plain sentence."""
    scores = _scores(run.result)
    if run.state not in ("completed", "stopped") or scores is None:
        return None
    before, after = scores["base"], scores["best"]
    gain = after["recall@1"] - before["recall@1"]
    ranks = after.get("mrr@10", 0.0) - before.get("mrr@10", 0.0)
    kind = "same" if abs(gain) < 0.05 and abs(ranks) < 0.05 else _sign(gain if abs(gain) >= 0.05 else ranks)
    sentence = text(
        f"train.verdict_{kind}",
        before=f"{before['recall@1']:.1f}",
        after=f"{after['recall@1']:.1f}",
        points=f"{abs(gain):.1f}",
    )
    return {"kind": kind, "text": sentence.as_json()}


def _sign(gain: float) -> str:
    return "better" if gain > 0 else "worse"


def _scores(result: dict[str, Any]) -> dict[str, dict[str, float]] | None:
    before, after = result.get("base"), result.get("best")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return None
    if "recall@1" not in before or "recall@1" not in after:
        return None
    return {"base": before, "best": after}


def dictionary_json(info: DictionaryInfo) -> dict[str, Any]:
    """A dictionary for the list."""
    return {
        "name": info.name,
        "version": info.version,
        "pairs": info.pairs,
        "standards": info.standards,
        "terms": info.terms,
        "language": info.language,
        "source": info.source,
        "created": info.created_at,
        "sample": info.sample,
    }


def model_json(model: ModelInfo) -> dict[str, Any]:
    """A model for the list of models and the head of a column."""
    return {
        "id": model.id,
        "title": both(model.title),
        "kind": model.kind,
        "base": model.base,
        "languages": list(model.languages),
        "dimension": model.dimension,
        "size": model.size_bytes,
        "licence": model.licence,
        "ready": model.ready,
        "default": model.default,
        "note": both(model.note),
    }


def problem_json(problem: Problem) -> dict[str, Any]:
    """One remark about an uploaded file."""
    return {
        "code": problem.code,
        "severity": problem.severity,
        "text": both(problem.text),
        "row": problem.row,
        "column": problem.column,
    }


def metrics_json(metrics: Metrics | None) -> dict[str, Any] | None:
    """The numbers of one model on one view, in percent."""
    if metrics is None:
        return None
    return {
        "recall": {str(k): value for k, value in metrics.recall.items()},
        "mrr": metrics.mrr10,
        "ndcg": metrics.ndcg10,
        "low": metrics.recall1_ci95[0],
        "high": metrics.recall1_ci95[1],
        "queries": metrics.queries,
        "corpus": metrics.corpus,
    }


def hit_json(hit: Hit) -> dict[str, Any]:
    """One neighbour."""
    return {
        "term": hit.term,
        "score": round(hit.score, DECIMALS),
        "known": hit.known_synonym,
        "standard": hit.standard,
    }
