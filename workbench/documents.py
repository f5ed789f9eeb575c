"""The JSON documents that the command line prints: stable names, rates in percent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from workbench.localtext import Language
from workbench.types import Metrics, Run

if TYPE_CHECKING:
    from workbench.evaluation.leaderboard import BoardRow


def metrics_document(model: str, dictionary: str, metrics: Metrics, seconds: float) -> dict[str, Any]:
    """One model measured on the test terms of one dictionary."""
    return {
        "model": model,
        "dictionary": dictionary,
        "split": "test",
        "queries": metrics.queries,
        "corpus": metrics.corpus,
        **{f"recall@{k}": round(metrics.recall[k], 4) for k in (1, 5, 10)},
        **{f"hit@{k}": round(metrics.hit[k], 4) for k in (1, 5, 10)},
        "mrr@10": round(metrics.mrr10, 4),
        "ndcg@10": round(metrics.ndcg10, 4),
        "recall@1_ci95": [round(bound, 4) for bound in metrics.recall1_ci95],
        "seconds": round(seconds, 3),
    }


def row_document(dictionary: str, row: BoardRow, language: Language) -> dict[str, Any]:
    """One row of the leaderboard: the metrics, the comparison with its base, the view "seen concepts"."""
    document = metrics_document(row.model, dictionary, row.metrics, row.seconds)
    document.update(kind=row.kind, base=row.base, verdict=row.verdict.get(language))
    if row.against_base is not None:
        document["against_base"] = {
            "difference": round(row.against_base.difference, 4),
            "ci95": [round(bound, 4) for bound in row.against_base.ci95],
            "p_value": row.against_base.p_value,
            "verdict": row.against_base.verdict,
        }
    if row.seen is not None:
        document["seen_concepts"] = {f"recall@{k}": round(row.seen.recall[k], 4) for k in (1, 5, 10)}
    return document


def short_row(document: dict[str, Any]) -> dict[str, Any]:
    """What of a row fits into a terminal."""
    wanted = ("model", "kind", "recall@1", "recall@5", "recall@10", "mrr@10", "recall@1_ci95", "verdict")
    return {name: document[name] for name in wanted}


def run_document(run: Run, language: Language) -> dict[str, Any]:
    """A run as it stands."""
    return {
        "id": run.id,
        "name": run.name,
        "dictionary": run.dictionary,
        "base": run.base_model,
        "recipe": run.recipe,
        "state": run.state,
        "phase": run.phase.get(language),
        "message": run.message.get(language) if run.message else None,
        "step": run.step,
        "total_steps": run.total_steps,
        "seconds": round((run.finished_at or time.time()) - run.started_at, 2) if run.started_at else None,
        "seed": run.config.get("seed"),
        "result": run.result,
    }
