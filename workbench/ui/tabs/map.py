"""The Map tab: a dictionary's terms in the plane, drawn by WebGL, to look at and to work in."""

from __future__ import annotations

from typing import Any

import gradio as gr

from workbench.ui.components.choosers import dictionary_chooser, dropdown, model_chooser
from workbench.ui.components.lead import lead
from workbench.ui.components.view import view
from workbench.ui.page import Page, Question
from workbench.ui.tabs import map_picked, map_reading, synonyms

EDITOR = {"apply_edit", "travel", "read_status", "find_groups"}  # of what the editor can do


def build(page: Page) -> None:
    """Choosers on top, the map below, and at its right what is chosen on it."""
    labels = page.labels
    lead("map")
    with gr.Row(elem_id="map-desk"):
        dictionary = dictionary_chooser(page, "map-dictionary")
        model = model_chooser(page, "map-model")
        method = dropdown(
            labels("map.method"),
            "map-method",
            [(str(labels(f"map.{name}")), name) for name in map_reading.METHODS],
            value=map_reading.METHODS[0],
        )
        view("mapchoices", functions=[map_reading.choices(page)], elem_id="map-choices")
    editing = [*synonyms.reading(page), *synonyms.changing(page)]
    functions = [
        *map_reading.functions(page),
        *map_picked.functions(page),
        *(function for function in editing if function.__name__ in EDITOR),
    ]
    canvas = view("map", functions=functions, events=["again"], elem_id="map")
    canvas.again(_again(page), None, [model, method], api_visibility="private", show_progress="hidden")
    question = Question(["dictionary", "model", "method"], [dictionary, model, method], canvas)
    page.when_shown.append(question)
    gr.on(
        [dictionary.change, model.change, method.change],
        question.handler,
        question.inputs,
        question.outputs,
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",
    )


def _again(page: Page) -> Any:
    def again(event: gr.EventData) -> list[Any]:
        """The model and method that were open before a reload, where they are still there."""
        sent = event._data if isinstance(event._data, dict) else {}
        known = {info.id for info in page.services.models()}
        model, method = sent.get("model"), sent.get("method")
        return [
            gr.update(value=model) if model in known else gr.skip(),
            gr.update(value=method) if method in map_reading.METHODS else gr.skip(),
        ]

    return again
