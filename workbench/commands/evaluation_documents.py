"""The JSON documents of the commands that measure: stable names, rates in percent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.documents import comparison_document, metrics_document, row_document, when
from workbench.localtext import Language, LocalText
from workbench.types import Evaluation

if TYPE_CHECKING:
    from workbench.evaluation.measure import Board
    from workbench.evaluation.mistakes import Answer as SystemAnswer
    from workbench.evaluation.pair_report import PairReport
    from workbench.evaluation.slices import Slice
    from workbench.services.evaluation import Misses, Versus
    from workbench.services.pair_evaluation import PairBoard


def evaluation_document(found: Evaluation, benchmark: str, language: Language) -> dict[str, Any]:
    """One system on one benchmark, with what was chosen for it."""
    document = metrics_document(found.model, found.dictionary, found.metrics, found.seconds)
    document["benchmark"] = benchmark if ":" in benchmark else f"dictionary:{benchmark}"
    if found.details:
        document["details"] = {name: value for name, value in found.details.items() if name != "told"}
        document["told"] = LocalText.from_json(found.details.get("told", {})).get(language)
    return document


def board_document(board: Board, language: Language) -> dict[str, Any]:
    """A board whole: what is said of it, and every row."""
    power = board.power
    return {
        "benchmark": board.benchmark,
        "queries": board.queries,
        "corpus": board.corpus,
        "components": board.components,
        "reference": board.reference,
        "missing": list(board.missing),
        "notes": [note.get(language) for note in board.notes],
        "detectable_points": round(power.points, 2) if power else None,
        "warning": power.warning.get(language) if power and power.warning else None,
        "rows": [_row(board, row, language) for row in board.rows],
    }


def _row(board: Board, row: Any, language: Language) -> dict[str, Any]:
    return {
        **row_document(board.dictionary, row, language),
        "strategy": row.strategy.get(language) if row.strategy else None,
        "told": row.told.get(language) if row.told else None,
        "run_verdict": row.run_verdict.get(language) if row.run_verdict else None,
        "reference_verdict": row.reference_verdict.get(language) if row.reference_verdict else None,
        "size_bytes": row.size_bytes,
        "terms_per_second": row.encode_rate,
        "training_seconds": row.training_seconds,
        "curve": list(row.curve),
        "retention": row.retention.as_json() if row.retention else None,
        "note": row.note,
        "date": when(row.created_at),
    }


def versus_document(found: Versus, language: Language) -> dict[str, Any]:
    """Two systems on the same queries."""
    return {
        "benchmark": found.benchmark,
        "a": evaluation_document(found.a, found.benchmark, language),
        "b": evaluation_document(found.b, found.benchmark, language),
        **comparison_document(found.comparison),
        "sentence": found.sentence.get(language),
        "only_a": found.only_a,
        "only_b": found.only_b,
        "both": found.both,
        "neither": found.neither,
    }


def misses_document(found: Misses, language: Language) -> dict[str, Any]:
    """A page of queries under one or two systems."""
    return {
        "benchmark": found.benchmark,
        "a": found.a,
        "b": found.b,
        "k": found.k,
        "total": found.page.total,
        "page": found.page.page + 1,
        "size": found.page.size,
        "sides": found.page.sides,
        "causes": found.page.causes,
        "notes": [note.get(language) for note in found.notes],
        "rows": [
            {
                "query": row.query,
                "answers": list(row.answers),
                "cause": row.cause,
                "cause_title": found.cause_titles[row.cause].get(language),
                "side": row.side,
                "a": _answer(row.a),
                "b": _answer(row.b) if row.b else None,
            }
            for row in found.page.rows
        ],
    }


def _answer(answer: SystemAnswer) -> dict[str, Any]:
    return {
        "rank": answer.rank,
        "answer": answer.answer,
        "score": round(answer.score, 6),
        "reached": answer.reached,
        "top": [
            {"text": each.text, "score": round(each.score, 6), "right": each.right} for each in answer.top
        ],
    }


def slice_document(found: Slice, language: Language) -> dict[str, Any]:
    """A part of the queries and what each system reaches there."""
    return {
        "dimension": found.dimension,
        "column": found.column or None,
        "value": found.value,
        "title": found.title.get(language),
        "queries": found.queries,
        "components": found.components,
        "scores": {
            model: {
                "recall@1": round(score.recall1, 4),
                "recall@1_ci95": [round(bound, 4) for bound in score.ci95],
            }
            for model, score in found.scores.items()
        },
    }


def pair_document(model: str, benchmark: str, report: PairReport) -> dict[str, Any]:
    """One system on labelled pairs."""
    return {"model": model, "benchmark": benchmark, **report.as_json()}


def pair_board_document(board: PairBoard, language: Language) -> dict[str, Any]:
    """Every system on a set of labelled pairs."""
    return {
        "benchmark": board.benchmark,
        "pairs": board.pairs,
        "positives": board.positives,
        "dev": board.dev,
        "missing": list(board.missing),
        "rows": [
            {
                **pair_document(row.model, board.benchmark, row.report),
                "title": row.title.get(language),
                "kind": row.kind,
                "note": row.note,
                "seconds": round(row.seconds, 3),
            }
            for row in board.rows
        ],
    }
