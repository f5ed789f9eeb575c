"""Dropdowns of dictionaries and models that are refilled whenever something was added or removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import gradio as gr

from workbench.types import ModelInfo

if TYPE_CHECKING:
    from workbench.ui.page import Page

Kind = Literal["dictionary", "base", "model", "second_model"]

from gradio.events import Dependency

class Chooser(gr.Dropdown):
    """A dropdown whose value is checked by who uses it.

    Gradio remembers the choices of each session; after a restart of the server an open page would
    be refused for a value that exists.
    """

    def preprocess(self, payload: Any) -> Any:
        """The value as it was sent, if it is a text or several."""
        if isinstance(payload, list):
            return [value for value in payload if isinstance(value, str)][:LONGEST]
        return payload if isinstance(payload, str) and len(payload) <= LONGEST else None

    def get_block_name(self) -> str:
        """Drawn by Gradio's own dropdown."""
        return "dropdown"
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block

    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component

@dataclass(frozen=True)
class Registered:
    """A chooser with what it chooses among."""

    kind: Kind
    chooser: Chooser

def dictionary_chooser(page: Page, elem_id: str) -> Chooser:
    """A dropdown of dictionaries; all of them on the page follow the one that was changed last."""
    chooser = Chooser(label=page.labels("common.dictionary"), choices=[], elem_id=elem_id, interactive=True)
    page.choosers.append(Registered("dictionary", chooser))
    return chooser

def model_chooser(page: Page, elem_id: str, kind: Kind = "model", label: str = "common.model") -> Chooser:
    """A dropdown of models: base models only, all, or all and none."""
    chooser = Chooser(label=page.labels(label), choices=[], elem_id=elem_id, interactive=True)
    page.choosers.append(Registered(kind, chooser))
    return chooser

def updates(page: Page, current: list[str | None], wished: dict[str, str]) -> list[Any]:
    """New choices for every chooser; a value that still exists is kept."""
    dictionaries = [(info.name, info.name) for info in page.services.dictionaries()]
    models = page.services.models()
    named = {
        "dictionary": dictionaries,
        "base": [_choice(page, m) for m in models if m.kind == "base"],
        "model": [_choice(page, m) for m in _newest_first(models)],
        "second_model": [
            (str(page.labels("explore.no_second")), ""),
            *[_choice(page, m) for m in _newest_first(models)],
        ],
    }
    result = []
    for registered, value in zip(page.choosers, current, strict=True):
        choices = named[registered.kind]
        values = [choice[1] for choice in choices]
        wish = wished.get("dictionary") if registered.kind == "dictionary" else None
        kept = next((v for v in (value, wish) if v is not None and v in values), None)
        if kept is None:
            kept = _default(registered.kind, models, values)
        result.append(gr.update(choices=choices, value=kept))
    return result

def _newest_first(models: list[ModelInfo]) -> list[ModelInfo]:
    tuned = [m for m in models if m.kind == "tuned"]
    return tuned + [m for m in models if m.kind == "base"]

def _choice(page: Page, model: ModelInfo) -> tuple[str, str]:
    if model.kind == "base":
        return str(page.labels.of(f"model.{model.id}", model.title)), model.id
    return model.title.get("en"), model.id

def _default(kind: Kind, models: list[ModelInfo], values: list[str]) -> str | None:
    if kind in ("base", "model"):
        for model in models:
            if model.default and model.id in values:
                return values[0] if kind == "model" else model.id
    return values[0] if values else None
