"""The Pairs tab: pairs from a dictionary or a language model, and the queue of what waits for a yes."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import gradio as gr

from workbench.ui import incoming, present_pairs
from workbench.ui.components.choosers import dictionary_chooser
from workbench.ui.components.lead import lead
from workbench.ui.components.view import view
from workbench.ui.page import Page, Question
from workbench.ui.present import both
from workbench.ui.tabs import pairs_generate, pairs_make, suggestions

PAGE_SIZE = 50
LONGEST_NAME = 200
MIME = {
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Function = Callable[[dict[str, Any]], dict[str, Any]]


def build(page: Page) -> None:
    """Title and chooser on top; the three parts are one view with a switch."""
    with gr.Row(elem_id="pairs-desk"):
        with gr.Column(scale=7, min_width=420):
            lead("pairs")
        with gr.Column(scale=3, min_width=240):
            dictionary = dictionary_chooser(page, "pairs-dictionary")
    functions = [
        _choices(page),
        *pairs_make.functions(page),
        *_sets(page),
        *pairs_generate.functions(page),
        *suggestions.functions(page),
    ]
    parts = view("pairs", functions=functions, elem_id="pairs")
    question = Question(["dictionary"], [dictionary], parts)
    page.when_shown.append(question)
    dictionary.change(
        question.handler,
        question.inputs,
        question.outputs,
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",
    )


def _choices(page: Page) -> Function:
    services = page.services

    def read_choices(_data: dict[str, Any]) -> dict[str, Any]:
        """What the forms choose among, and how many suggestions wait."""
        return {
            "models": [{"id": model.id, "title": both(model.title)} for model in services.models()],
            "corpora": [{"name": info.name, "texts": info.texts} for info in services.corpora.all()],
            "languages": {info.name: info.language for info in services.dictionaries()},
            "waiting": services.suggestions.counts()["waiting"],
        }

    return read_choices


def _sets(page: Page) -> list[Function]:
    pair_sets = page.services.pair_sets

    def list_sets(_data: dict[str, Any]) -> dict[str, Any]:
        """Every pair set, newest first."""
        return {"sets": [present_pairs.set_json(info) for info in pair_sets.all()]}

    def read_set(data: dict[str, Any]) -> dict[str, Any]:
        """One page of a set's rows."""
        rows, total = pair_sets.page(
            _name(data),
            search=incoming.words(data, "search", limit=LONGEST_NAME, default=""),
            page=incoming.whole(data, "page", 0, 10**7, default=0),
            size=PAGE_SIZE,
        )
        return {"rows": [present_pairs.pair_json(pair) for pair in rows], "total": total, "size": PAGE_SIZE}

    def export_set(data: dict[str, Any]) -> dict[str, Any]:
        """A set as a file."""
        kind = incoming.one_of(data, "format", tuple(MIME), default="csv")
        content = pair_sets.export(_name(data), kind)  # type: ignore[arg-type]  # a choice
        return {"mime": MIME[kind], "base64": base64.b64encode(content).decode()}

    def accept_set(data: dict[str, Any]) -> dict[str, Any]:
        """Trust labels that an outside model gave."""
        return {"set": present_pairs.set_json(pair_sets.accept(_name(data)))}

    def delete_set(data: dict[str, Any]) -> dict[str, Any]:
        """Delete a set with its rows."""
        pair_sets.delete(_name(data))
        return {"done": True}

    return [list_sets, read_set, export_set, accept_set, delete_set]


def _name(data: dict[str, Any]) -> str:
    return incoming.words(data, "name", limit=LONGEST_NAME)
