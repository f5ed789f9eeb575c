"""The Leaderboard tab: every model on one dictionary's test terms, with intervals and a verdict in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.ui import incoming
from workbench.ui.background import Report
from workbench.ui.components.choosers import dictionary_chooser
from workbench.ui.components.lead import lead
from workbench.ui.components.view import view
from workbench.ui.page import Page, Question
from workbench.ui.present import both, metrics_json
from workbench.ui.text import text

if TYPE_CHECKING:
    from workbench.evaluation.leaderboard import BoardRow


def build(page: Page) -> None:
    """A chooser and the board."""
    lead("board")
    chooser = dictionary_chooser(page, "board-dictionary")
    chooser.elem_classes = ["wb-narrow"]
    board = view("board", functions=_functions(page), elem_id="board")
    question = Question(lambda name: {"dictionary": name}, chooser, board)
    page.when_shown.append(question)
    chooser.change(question.handler, chooser, board, show_progress="hidden", api_visibility="private")


def _functions(page: Page) -> list[Any]:
    services, background = page.services, page.background

    def titles() -> dict[str, LocalText]:
        return {model.id: model.title for model in [*services.baselines(), *services.models()]}

    def read_board(data: dict[str, Any]) -> dict[str, Any]:
        """What is measured on a dictionary, and how far measuring has come."""
        name = incoming.words(data, "dictionary", limit=200)
        board = services.leaderboard(name)
        task = background.find(_task(name))
        reply = {
            "rows": [_row_json(row) for row in board.rows],
            "missing": list(board.missing),
            "queries": board.queries,
            "corpus": board.corpus,
            "titles": {key: both(title) for key, title in titles().items()},
            "task": None if task is None else task.as_json(),
        }
        background.forget(_task(name))
        return reply

    def measure_missing(data: dict[str, Any]) -> dict[str, Any]:
        """Start measuring what the board lacks; a second click joins the first."""
        name = incoming.words(data, "dictionary", limit=200)
        missing = list(services.leaderboard(name).missing)
        known = titles()

        def work(report: Report) -> None:
            for place, model in enumerate(missing):
                words = text("board.measuring", model=known.get(model, model), i=place + 1, n=len(missing))

                def step(
                    fraction: float, phase: LocalText, place: int = place, words: LocalText = words
                ) -> None:
                    report((place + fraction) / len(missing), words.format(words=phase))

                step(0.0, text("board.waiting"))
                services.evaluate(model, name, step)

        if missing:
            background.start(_task(name), work)
        return {"started": len(missing)}

    return [read_board, measure_missing]


def _task(name: str) -> str:
    return f"measure\n{name}"


def _row_json(row: BoardRow) -> dict[str, Any]:
    against = row.against_base
    return {
        "model": row.model,
        "kind": row.kind,
        "base": row.base,
        "unseen": metrics_json(row.metrics),
        "seen": metrics_json(row.seen),
        "verdict": both(row.verdict),
        "outcome": None if against is None else against.verdict,
    }
