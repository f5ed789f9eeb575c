"""The Leaderboard tab: every system on the test terms, with intervals, verdicts, misses and slices."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from workbench.errors import InputError
from workbench.evaluation.benchmarks import split_benchmark_id
from workbench.evaluation.measure import baseline_infos
from workbench.evaluation.systems import hybrid_id
from workbench.localtext import LocalText
from workbench.ui import incoming, present_board
from workbench.ui.components.choosers import dictionary_chooser
from workbench.ui.components.lead import lead
from workbench.ui.components.view import view
from workbench.ui.page import Page, Question
from workbench.ui.present import both
from workbench.ui.tabs import leaderboard_change, leaderboard_misses
from workbench.ui.tabs.leaderboard_measuring import Measuring
from workbench.ui.text import text

LONGEST_ID = 600
LONGEST_NOTE = 2000
FORMATS = {"csv": "text/csv", "md": "text/markdown", "tex": "application/x-tex"}
Function = Callable[[dict[str, Any]], dict[str, Any]]


def build(page: Page) -> None:
    """A chooser and the board."""
    lead("board")
    chooser = dictionary_chooser(page, "board-dictionary")
    chooser.elem_classes = ["wb-narrow"]
    functions = [
        *_functions(page),
        *leaderboard_misses.functions(page),
        *leaderboard_change.functions(page),
    ]
    board = view("board", functions=functions, elem_id="board")
    question = Question(["dictionary"], [chooser], board)
    page.when_shown.append(question)
    chooser.change(question.handler, chooser, board, show_progress="hidden", api_visibility="private")


def _functions(page: Page) -> list[Function]:
    services, evaluation, measuring = page.services, page.services.evaluation, Measuring(page)

    def read_benchmarks(_: dict[str, Any]) -> dict[str, Any]:
        """Everything that can be measured on, and what a hybrid can be made of."""
        return {
            "benchmarks": [present_board.choice_json(each) for each in evaluation.benchmarks()],
            "models": [{"id": m.id, "title": both(m.title)} for m in services.models()],
            "lexical": [{"id": m.id, "title": both(m.title)} for m in baseline_infos()],
        }

    def read_board(data: dict[str, Any]) -> dict[str, Any]:
        """What is measured on a benchmark, and how far measuring has come."""
        benchmark = _benchmark(data)
        found = _pair_board(page, benchmark) if _is_pairs(benchmark) else _board(page, data, benchmark)
        found["titles"] = {key: both(title) for key, title in _titles(page).items()}
        found["task"] = measuring.state(benchmark)
        return found

    def measure(data: dict[str, Any]) -> dict[str, Any]:
        """Start measuring ``systems``, or what the board lacks, behind what is being measured on it."""
        benchmark = _benchmark(data)
        given = incoming.words(data, "system", limit=LONGEST_ID, default="").strip()
        lexical = incoming.words(data, "lexical", limit=100, default="")
        systems = [hybrid_id(given, lexical) if lexical else given] if given else _missing(page, benchmark)
        if systems:
            measuring.ask(benchmark, systems)
        return {"started": len(systems)}

    def set_note(data: dict[str, Any]) -> dict[str, Any]:
        """Write a note on a model."""
        model = incoming.words(data, "model", limit=LONGEST_ID)
        evaluation.set_note(model, incoming.words(data, "note", limit=LONGEST_NOTE), incoming.author(data))
        return {"note": evaluation.note(model), "note_author": evaluation.note_author(model)}

    def set_symmetric(data: dict[str, Any]) -> dict[str, Any]:
        """Whether query and passage of a retrieval set are of one kind."""
        benchmark = _benchmark(data)
        evaluation.set_symmetric(benchmark, incoming.flag(data, "symmetric"))
        return {"symmetric": evaluation.symmetric(benchmark)}

    def export_board(data: dict[str, Any]) -> dict[str, Any]:
        """The board as a file's bytes."""
        format: Any = incoming.one_of(data, "format", tuple(FORMATS))
        language: Any = incoming.one_of(data, "language", ("zh", "en"))
        told = evaluation.export(
            _benchmark(data), format, language, reference=_reference(data), order=_order(data)
        )
        prefix = b"\xef\xbb\xbf" if format == "csv" else b""  # for Excel
        return {
            "mime": FORMATS[format],
            "base64": base64.b64encode(prefix + told.encode("utf-8", "replace")).decode("ascii"),
        }

    return [read_benchmarks, read_board, measure, set_note, set_symmetric, export_board]


def _board(page: Page, data: dict[str, Any], benchmark: str) -> dict[str, Any]:
    evaluation = page.services.evaluation
    board = evaluation.board(benchmark, reference=_reference(data), order=_order(data))
    warning = board.power.warning if board.power else None
    return {
        "kind": board.kind,
        "rows": [present_board.row_json(row) for row in board.rows],
        "missing": list(board.missing),
        "queries": board.queries,
        "corpus": board.corpus,
        "components": board.components,
        "reference": board.reference,
        "notes": [both(note) for note in board.notes],
        "power": both(warning) if warning else None,
        "symmetric": evaluation.symmetric(benchmark) if board.kind == "retrieval" else None,
    }


def _pair_board(page: Page, benchmark: str) -> dict[str, Any]:
    board = page.services.evaluation.pairs.board(benchmark)
    return {
        "kind": "pairs",
        "rows": [present_board.pair_row_json(row) for row in board.rows],
        "missing": list(board.missing),
        "pairs": board.pairs,
        "positives": board.positives,
        "dev": board.dev,
        "notes": [],
        "power": None,
    }


def _missing(page: Page, benchmark: str) -> list[str]:
    evaluation = page.services.evaluation
    board = evaluation.pairs.board(benchmark) if _is_pairs(benchmark) else evaluation.board(benchmark)
    return list(board.missing)


def _titles(page: Page) -> dict[str, LocalText]:
    return {model.id: model.title for model in [*baseline_infos(), *page.services.models()]}


def _benchmark(data: dict[str, Any]) -> str:
    name = incoming.words(data, "benchmark", limit=LONGEST_ID)
    if not name:
        raise InputError(text("error.bad_request"))
    return name


def _is_pairs(benchmark: str) -> bool:
    return split_benchmark_id(benchmark)[0] == "pairs"


def _reference(data: dict[str, Any]) -> str | None:
    return incoming.words(data, "reference", limit=LONGEST_ID, default="") or None


def _order(data: dict[str, Any]) -> Any:
    return incoming.one_of(data, "order", ("best", "stages"), default="best")
