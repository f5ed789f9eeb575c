"""The Train tab: choose, see how long it will take, start, and watch the curve."""

from __future__ import annotations

from typing import Any

import gradio as gr

from workbench.ui.components.choosers import dictionary_chooser, model_chooser
from workbench.ui.components.lead import lead
from workbench.ui.components.view import view
from workbench.ui.page import Page, Question
from workbench.ui.tabs import train_recipes, train_runs

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build(page: Page) -> None:
    """The form on the left; the recipe's editor, where it is open, and the run on the right; runs below."""
    lead("train")
    with gr.Row(equal_height=False, elem_id="train-desk"):
        with gr.Column(scale=5, min_width=380, elem_classes=["wb-panel"]):
            with gr.Row():
                dictionary = dictionary_chooser(page, "train-dictionary", scale=2)
                base = model_chooser(page, "train-base", "base", "train.base", scale=3)
            form = view("recipes", functions=train_recipes.functions(page), elem_id="train-form")
        with gr.Column(scale=8, min_width=480):
            view("recipe_editor", elem_id="train-editor")
            view("run", functions=train_runs.functions(page), elem_id="train-run")
    view("runs", functions=train_runs.list_functions(page), elem_id="train-runs")
    question = Question(["dictionary", "base"], [dictionary, base], form)
    page.when_shown.append(question)
    gr.on(
        [dictionary.change, base.change],
        question.handler,
        question.inputs,
        question.outputs,
        trigger_mode="always_last",
        **QUIET,
    )
