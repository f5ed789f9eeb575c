"""Boards, misses, slices and pair reports as the page's scripts take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.ui.present import both, metrics_json

if TYPE_CHECKING:
    from workbench.evaluation.leaderboard import BoardRow
    from workbench.evaluation.mistakes import Answer, Mistake
    from workbench.evaluation.retention import RetentionFigures
    from workbench.evaluation.slices import Slice
    from workbench.services.evaluation import BenchmarkChoice
    from workbench.services.pair_evaluation import PairRow
    from workbench.types import Comparison, Metrics


def choice_json(choice: BenchmarkChoice) -> dict[str, Any]:
    """A benchmark for the selector."""
    return {
        "id": choice.id,
        "kind": choice.kind,
        "name": choice.name,
        "queries": choice.queries,
        "documents": choice.documents,
    }


def row_json(row: BoardRow) -> dict[str, Any]:
    """One row of a board; numbers in percent, points or seconds."""
    return {
        "model": row.model,
        "kind": row.kind,
        "base": row.base,
        "run": row.run,
        "stage": row.stage,
        "title": both(row.title) if row.title else None,
        "unseen": _metrics(row.metrics),
        "seen": _metrics(row.seen),
        "verdict": both(row.verdict),
        "against": _against(row.against_base),
        "reference": _against(row.against_reference),
        "reference_verdict": both(row.reference_verdict) if row.reference_verdict else None,
        "run_verdict": both(row.run_verdict) if row.run_verdict else None,
        "told": both(row.told) if row.told else None,
        "strategy": both(row.strategy) if row.strategy else None,
        "size": row.size_bytes,
        "dimension": row.dimension,
        "rate": row.encode_rate,
        "training": row.training_seconds,
        "seconds": row.seconds,
        "at": row.created_at,
        "note": row.note,
        "note_author": row.note_author,
        "curve": list(row.curve),
        "retention": _retention(row.retention),
    }


def mistake_json(mistake: Mistake) -> dict[str, Any]:
    """One query with what each system found for it."""
    return {
        "number": mistake.number,
        "query": mistake.query,
        "answers": list(mistake.answers),
        "cause": mistake.cause,
        "side": mistake.side,
        "a": _answer(mistake.a),
        "b": None if mistake.b is None else _answer(mistake.b),
    }


def slice_json(each: Slice) -> dict[str, Any]:
    """One slice with the score of each system on it."""
    return {
        "dimension": each.dimension,
        "column": each.column,
        "value": each.value,
        "title": both(each.title),
        "queries": each.queries,
        "components": each.components,
        "scores": {
            model: {"recall": score.recall1, "low": score.ci95[0], "high": score.ci95[1]}
            for model, score in each.scores.items()
        },
    }


def pair_row_json(row: PairRow) -> dict[str, Any]:
    """One system on labelled pairs."""
    return {
        "model": row.model,
        "kind": row.kind,
        "title": both(row.title),
        "report": row.report.as_json(),
        "seconds": row.seconds,
        "at": row.created_at,
        "note": row.note,
    }


def _metrics(metrics: Metrics | None) -> dict[str, Any] | None:
    found = metrics_json(metrics)
    if metrics is not None and found is not None:
        found["hit"] = {str(k): value for k, value in metrics.hit.items()}
    return found


def _against(comparison: Comparison | None) -> dict[str, Any] | None:
    if comparison is None:
        return None
    return {
        "points": comparison.difference,
        "low": comparison.ci95[0],
        "high": comparison.ci95[1],
        "p": comparison.p_value,
        "verdict": comparison.verdict,
    }


def _retention(found: RetentionFigures | None) -> dict[str, Any] | None:
    if found is None:
        return None
    warning = found.warning()
    return {
        "keeps": found.keeps,
        "fall": found.fall,
        "warning": both(warning) if warning else None,
        "scores": {
            language: {"model": score.model, "base": score.base} for language, score in found.scores.items()
        },
        "overlap": dict(found.overlap),
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "rank": answer.rank,
        "answer": answer.answer,
        "score": answer.score,
        "reached": answer.reached,
        "top": [
            {"place": each.place, "text": each.text, "score": each.score, "right": each.right}
            for each in answer.top
        ],
    }
