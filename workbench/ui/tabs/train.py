"""The Train tab: choose, see how long it will take, start, and watch the curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.localtext import LocalText
from workbench.names import LONGEST_NAME
from workbench.types import ACTIVE_STATES, Recipe
from workbench.ui import incoming
from workbench.ui.components.choosers import dictionary_chooser, model_chooser
from workbench.ui.components.lead import lead
from workbench.ui.components.parameters import Field, chosen, parameter_fields
from workbench.ui.components.view import view
from workbench.ui.errors import notice, sentence_for
from workbench.ui.page import Page, Question
from workbench.ui.present import both, run_json

LARGEST_SEQ = 2**53
LARGEST_SEED = 2**31 - 1
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


@dataclass
class Form:
    """The controls that say what to train; ``groups`` holds the advanced settings of each recipe."""

    dictionary: Any
    base: Any
    recipe: Any
    name: Any
    seed: Any
    fields: list[Field]
    groups: dict[str, Any]

    @property
    def settings(self) -> list[Any]:
        """The controls of all recipes' parameters."""
        return [field.control for field in self.fields]


def build(page: Page) -> None:
    """The form on the left, the curve on the right, all runs below."""
    labels = page.labels
    lead("train")
    with gr.Row(equal_height=False, elem_id="train-desk"):
        with gr.Column(scale=5, min_width=380, elem_classes=["wb-panel"]):
            form = _form(page)
            estimate = view("estimate", elem_id="train-estimate")
            start = gr.Button(labels("train.start"), variant="primary", size="lg", elem_id="train-start")
        with gr.Column(scale=8, min_width=480):
            curve = view("run", functions=_run_functions(page), elem_id="train-run")
    view("runs", functions=[_list_runs(page)], elem_id="train-runs")
    _connect(page, form, estimate, start, curve)


def _form(page: Page) -> Form:
    labels = page.labels
    recipes = page.services.recipes()
    first = recipes[0].name
    with gr.Row():
        dictionary = dictionary_chooser(page, "train-dictionary", scale=2)
        base = model_chooser(page, "train-base", "base", "train.base", scale=3)
    recipe = gr.Radio(
        [(_card(page, each), each.name) for each in recipes],
        value=first,
        label=labels("train.recipe"),
        elem_id="train-recipe",
        elem_classes=["wb-cards"],
    )
    with gr.Accordion(
        labels("train.advanced"), open=False, elem_id="train-advanced", elem_classes=["wb-fold"]
    ):
        name = gr.Textbox(
            label=labels("train.name"),
            placeholder=labels("train.name_hint"),
            max_length=LONGEST_NAME,
            elem_id="train-name",
        )
        fields, groups = parameter_fields(page, recipes, first)
        seed = gr.Number(
            value=0,
            precision=0,
            minimum=0,
            maximum=LARGEST_SEED,
            label=labels("train.seed"),
            info=labels("train.seed_help"),
            elem_id="train-seed",
        )
    return Form(dictionary, base, recipe, name, seed, fields, groups)


def _card(page: Page, recipe: Recipe) -> str:
    """Title and help of a recipe in one label; the styles set the first line larger."""
    words = LocalText(f"{recipe.title.zh}\n{recipe.help.zh}", f"{recipe.title.en}\n{recipe.help.en}")
    return str(page.labels.of(f"recipe.{recipe.name}", words))


def _connect(page: Page, form: Form, estimate: Any, start: Any, curve: Any) -> None:
    what = [form.dictionary, form.base, form.recipe]
    question = Question(_estimate(page, form), [*what, *form.settings], estimate)
    page.when_shown.append(question)
    gr.on(
        [control.change for control in (*what, *form.settings)],
        question.handler,
        question.inputs,
        question.outputs,
        trigger_mode="always_last",
        **QUIET,
    )
    form.recipe.change(
        lambda recipe: [gr.update(visible=name == recipe) for name in form.groups],
        form.recipe,
        list(form.groups.values()),
        **QUIET,
    )
    start.click(
        _begin(page, form),
        [*what, form.name, form.seed, *form.settings],
        [curve, form.name],
        show_progress="minimal",
        api_name="train",
    )


def _estimate(page: Page, form: Form) -> Any:
    def estimate(dictionary: str | None, base: str | None, recipe: str, *values: Any) -> dict[str, Any]:
        """How long a run would take here."""
        if not dictionary or not base:
            return {"empty": True}
        try:
            found = page.services.estimate(dictionary, base, recipe, chosen(form.fields, recipe, values))
        except Exception as error:
            return {"problem": sentence_for(error).as_json()}
        return {
            "seconds": found.seconds,
            "prepare": found.prepare_seconds,
            "encode": found.encode_seconds,
            "train": found.train_seconds,
            "note": both(found.note),
        }

    return estimate


def _begin(page: Page, form: Form) -> Any:
    def begin(
        dictionary: str | None,
        base: str | None,
        recipe: str,
        name: str | None,
        seed: float | None,
        request: gr.Request,
        *values: Any,
    ) -> Any:
        """Put a run into the queue, and show it."""
        try:
            waits = any(each.state in (*ACTIVE_STATES, "queued") for each in page.services.runs())
            run = page.services.start_run(
                dictionary or "",
                base or "",
                recipe,
                name=(name or "").strip() or None,
                parameters=chosen(form.fields, recipe, values),
                seed=int(seed or 0),
            )
        except Exception as error:
            notice(error, request)
            return gr.skip(), gr.skip()
        return {"started": run_json(run), "waits": waits}, ""

    return begin


def _list_runs(page: Page) -> Any:
    def list_runs(_data: dict[str, Any]) -> dict[str, Any]:
        titles = {model.id: both(model.title) for model in page.services.models()}
        recipes = {recipe.name: both(recipe.title) for recipe in page.services.recipes()}
        return {"runs": [run_json(run) for run in page.services.runs()], "models": titles, "recipes": recipes}

    return list_runs


def _run_functions(page: Page) -> list[Any]:
    services = page.services

    def read_run(data: dict[str, Any]) -> dict[str, Any]:
        """A run and what its curve gained since ``since``; without an id the one to look at first."""
        run_id = incoming.words(data, "id", limit=200, default="")
        since = incoming.whole(data, "since", 0, LARGEST_SEQ, default=0)
        if run_id:
            run = services.run(run_id)
        else:
            runs = services.runs()
            if not runs:
                return {"run": None}
            run = next((each for each in runs if each.state in ACTIVE_STATES), runs[0])
        points = services.curve(run.id, since)
        return {
            "run": run_json(run),
            "seq": max((point.seq for point in points), default=since),
            "points": [[point.series, point.step, point.value] for point in points],
        }

    def stop_run(data: dict[str, Any]) -> dict[str, Any]:
        services.stop_run(
            incoming.words(data, "id", limit=200), keep=incoming.flag(data, "keep", default=True)
        )
        return {"done": True}

    def delete_run(data: dict[str, Any]) -> dict[str, Any]:
        services.delete_run(incoming.words(data, "id", limit=200))
        return {"done": True}

    def read_log(data: dict[str, Any]) -> dict[str, Any]:
        return {"log": services.run_log_tail(incoming.words(data, "id", limit=200))}

    return [read_run, stop_run, delete_run, read_log]
