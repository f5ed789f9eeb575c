"""Dropdowns of dictionaries and models that are refilled whenever something was added or removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import gradio as gr

from workbench.localtext import Language
from workbench.types import ModelInfo

if TYPE_CHECKING:
    from workbench.ui.page import Page

LONGEST = 500  # characters of a name, or columns chosen
Kind = Literal["dictionary", "base", "model", "second_model"]


def dropdown(
    label: object, elem_id: str, choices: Sequence[tuple[str, str]] = (), **more: Any
) -> gr.Dropdown:
    """A dropdown whose value is checked by who uses it.

    Gradio would refuse a value that is not among the choices it last sent to that session: one of before a
    restart of the server, or a model that somebody has just deleted.
    """
    return gr.Dropdown(list(choices), label=label, elem_id=elem_id, interactive=True, **more)


def _as_sent(_dropdown: gr.Dropdown, payload: Any) -> Any:
    if isinstance(payload, list):
        return [value for value in payload if isinstance(value, str)][:LONGEST]
    return payload if isinstance(payload, str) and len(payload) <= LONGEST else None


# Of the class: Gradio makes a new instance of it whenever choices change, and a class of our own would make
# it write a stub file beside this one.
gr.Dropdown.preprocess = _as_sent  # type: ignore[method-assign]  # Gradio's is replaced


@dataclass(frozen=True)
class Registered:
    """A chooser with what it chooses among."""

    kind: Kind
    chooser: gr.Dropdown


def dictionary_chooser(page: Page, elem_id: str, scale: int | None = None) -> gr.Dropdown:
    """A dropdown of dictionaries; all of them on the page follow the one that was changed last."""
    chooser = dropdown(page.labels("common.dictionary"), elem_id, scale=scale, min_width=150)
    page.choosers.append(Registered("dictionary", chooser))
    return chooser


def model_chooser(
    page: Page, elem_id: str, kind: Kind = "model", label: str = "common.model", scale: int | None = None
) -> gr.Dropdown:
    """A dropdown of models: bases, all, or all and none. A base may also be typed: a hub name, a folder."""
    more: dict[str, Any] = {"scale": scale, "min_width": 150}
    if kind == "base":
        more |= {"allow_custom_value": True, "info": page.labels("train.base_help")}
    chooser = dropdown(page.labels(label), elem_id, **more)
    page.choosers.append(Registered(kind, chooser))
    return chooser


def updates(page: Page, current: list[str | None], wished: dict[str, str], language: Language) -> list[Any]:
    """New choices for every chooser; a value that still exists is kept."""
    infos = page.services.dictionaries()
    names = [info.name for info in infos]
    # Whoever has only the samples begins with the one in the language of the page.
    own = [info.name for info in infos if not info.sample or info.language == language]
    pairs = list(zip(page.choosers, current, strict=True))
    shown = [value for registered, value in pairs if registered.kind == "dictionary"]
    wishes = (*shown, wished.get("dictionary"), *own, *names)
    dictionary = next((name for name in wishes if name in names), None)
    models = page.services.models()
    best = best_for(page, dictionary)
    choices = _choices(page, models, names)
    result = []
    for registered, value in pairs:
        offered = choices[registered.kind]
        preferred = dictionary if registered.kind == "dictionary" else best[registered.kind]
        typed = registered.kind == "base" and value
        if typed or value in [choice[1] for choice in offered]:
            result.append(gr.update(choices=offered))  # without its value: it may be another one by now
        else:
            result.append(gr.update(choices=offered, value=preferred))
    return result


def follow(page: Page, dictionary: str | None, leader: gr.Dropdown | None = None) -> list[Any]:
    """A dictionary was chosen: all tabs take it, with the models that fit it best.

    The ``leader`` is where it was chosen by hand. It is left alone: it may say something else by now.
    """
    best = {**best_for(page, dictionary), "dictionary": dictionary}
    led = [r for r in page.choosers if r.kind != "base" and r.chooser is not leader]
    return take(page, {r.chooser: best[r.kind] for r in led})


def take(page: Page, values: dict[gr.Dropdown, str | None]) -> list[Any]:
    """Choosers take these ``values``, with the choices of now: what is taken may be new. The others stay."""
    models, names = page.services.models(), [info.name for info in page.services.dictionaries()]
    choices = _choices(page, models, names)
    return [
        gr.update(choices=choices[r.kind], value=values[r.chooser]) if r.chooser in values else gr.skip()
        for r in page.choosers
    ]


def best_for(page: Page, dictionary: str | None) -> dict[Kind, str | None]:
    """What fits ``dictionary``: the best measured model trained on it, beside its base."""
    models = page.services.models()
    bases = [model.id for model in models if model.kind == "base"]
    default = next((model.id for model in models if model.kind == "base" and model.default), None)
    default = default or (bases[0] if bases else None)
    runs = page.services.runs(1000)
    useful = [
        run for run in runs if run.dictionary == dictionary and run.result.get("beats_base") is not False
    ]
    measured = {run.name: run.result["test"]["tuned"]["mrr@10"] for run in useful if "test" in run.result}
    tuned = [model for model in models if model.kind == "tuned" and model.id in measured]
    if tuned:
        model = max(tuned, key=lambda each: measured[each.id])
        second = model.base if model.base in bases else ""
        return {"base": default, "model": model.id, "second_model": second}
    return {"base": default, "model": default, "second_model": ""}


def _choices(
    page: Page, models: list[ModelInfo], dictionaries: list[str]
) -> dict[Kind, list[tuple[str, str]]]:
    tuned = [_choice(page, model) for model in models if model.kind == "tuned"]
    base = [_choice(page, model) for model in models if model.kind == "base"]
    return {
        "dictionary": [(name, name) for name in dictionaries],
        "base": base,
        "model": tuned + base,
        "second_model": [(str(page.labels("explore.no_second")), ""), *tuned, *base],
    }


def _choice(page: Page, model: ModelInfo) -> tuple[str, str]:
    key = f"model.{model.id}"
    return (str(page.labels(key)) if key in page.labels else model.title.get("en")), model.id
