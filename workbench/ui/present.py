"""From the workbench's nouns to the JSON that the page's scripts draw; sentences go in both languages."""

from __future__ import annotations

from typing import Any

from workbench.localtext import LocalText
from workbench.types import ACTIVE_STATES, DictionaryInfo, Hit, Metrics, ModelInfo, Problem, Run, Similarity
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
        "warnings": [each["text"] for each in run.result.get("warnings", ()) if each["open"]],
    }


def verdict_json(run: Run) -> dict[str, Any] | None:
    """Whether a finished run is better than the model it came from: a word, a sentence, the numbers."""
    scores = _scores(run.result)
    if run.state not in ("completed", "stopped") or scores is None:
        return None
    outcome = run.result.get("test", {}).get("difference", {}).get("verdict")
    if outcome == "worse" or run.result.get("beats_base") is False:
        kind = "worse"
    else:
        kind = "better" if outcome == "better" else "tied" if outcome else "unmeasured"
    low = run.result.get("test", {}).get("difference", {}).get("ci95", [0.0])[0]
    before, after = scores["base"]["recall@1"], scores["best"]["recall@1"]
    tried = _tried(run.result)
    if tried is not None and kind == "worse":
        return _kept_json(run.result["dev"]["base"]["recall@1"], tried)
    fell = kind == "worse" and after < before
    title = "fell" if fell else "likely" if kind == "tied" and low > 0 else kind
    numbers = text(
        f"train.numbers_{scores['on']}",
        before=f"{before:.1f}",
        after=f"{after:.1f}",
    )
    words = text(f"train.verdict_{title}").as_json()
    drop = [before, after] if fell else None
    return {
        "kind": kind,
        "fell": fell,
        "kept": False,
        "drop": drop,
        "title": words,
        "numbers": numbers.as_json(),
    }


def _tried(result: dict[str, Any]) -> float | None:
    """Development Recall@1 at the best of training, where the base was kept since nothing was better."""
    chosen = result.get("chosen", ())
    dev = result.get("dev", {})
    if not any(each.get("tried") for each in chosen) or dev.get("best") != dev.get("base"):
        return None
    return next(float(each["tried"]["recall@1"]) for each in reversed(chosen) if each.get("tried"))


def _kept_json(before: float, tried: float) -> dict[str, Any]:
    """The verdict on a run that kept its base, since training made it worse."""
    fell = tried < before
    numbers = text("train.numbers_tried", before=f"{before:.1f}", after=f"{tried:.1f}")
    return {
        "kind": "worse",
        "fell": fell,
        "kept": True,
        "drop": [before, tried] if fell else None,
        "title": text("train.verdict_kept" if fell else "train.verdict_idle").as_json(),
        "numbers": numbers.as_json(),
    }


def _scores(result: dict[str, Any]) -> dict[str, Any] | None:
    """Recall@1 before and after: on the test concepts where measured, else on the development ones."""
    test, dev = result.get("test"), result.get("dev")
    if isinstance(test, dict):
        before, after = test["base"]["recall"], test["tuned"]["recall"]
        return {"on": "test", "base": {"recall@1": _first(before)}, "best": {"recall@1": _first(after)}}
    if isinstance(dev, dict):
        return {"on": "dev", "base": dev["base"], "best": dev["best"]}
    return None


def _first(recall: dict[Any, float]) -> float:
    """Recall@1; keys that went through JSON are texts."""
    return float(recall["1"] if "1" in recall else recall[1])


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


def similarity_json(model: str, found: Similarity) -> dict[str, Any]:
    """How alike two terms are under ``model``."""
    return {
        "model": model,
        "cosine": found.cosine,
        "probability": found.probability,
        "percentile": found.percentile,
        "known": found.known_synonyms,
    }


def hit_json(hit: Hit) -> dict[str, Any]:
    """One neighbour."""
    return {
        "term": hit.term,
        "score": round(hit.score, DECIMALS),
        "known": hit.known_synonym,
        "standard": hit.standard,
    }
