"""The form of a recipe's advanced settings: it follows from the registry of stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.types import Parameter, Recipe, StageConfig
from workbench.ui.page import Page


@dataclass(frozen=True)
class Field:
    """One control, and which parameter of which recipe it sets."""

    recipe: str
    parameter: Parameter
    control: gr.components.Component


def parameter_fields(
    page: Page, recipes: Sequence[Recipe], shown: str
) -> tuple[list[Field], dict[str, gr.Group]]:
    """Controls for every parameter of every recipe, and the group of each; ``shown`` is visible."""
    specs = {spec.name: spec for spec in page.services.stages()}
    fields: list[Field] = []
    groups: dict[str, gr.Group] = {}
    for recipe in recipes:
        with gr.Column(visible=recipe.name == shown, elem_id=f"train-parameters-{recipe.name}") as group:
            for stage in recipe.stages:
                fields += _stage_fields(page, recipe.name, stage, specs[stage.stage].parameters)
        groups[recipe.name] = group
    return fields, groups


def chosen(fields: Sequence[Field], recipe: str, values: Sequence[Any]) -> dict[str, Any]:
    """The parameters of ``recipe`` that differ from their defaults; ``values`` are of all fields."""
    return {
        field.parameter.name: value
        for field, value in zip(fields, values, strict=True)
        if field.recipe == recipe and value is not None and value != field.control.value
    }


def _stage_fields(
    page: Page, recipe: str, stage: StageConfig, parameters: Sequence[Parameter]
) -> list[Field]:
    return [Field(recipe, p, _control(page, recipe, stage.parameters, p)) for p in parameters]


def _control(
    page: Page, recipe: str, given: Mapping[str, Any], parameter: Parameter
) -> gr.components.Component:
    key = f"parameter.{recipe}.{parameter.name}"
    common: dict[str, Any] = {
        "label": page.labels.of(key, parameter.title),
        "info": page.labels.of(f"{key}.help", parameter.help),
        "value": given.get(parameter.name, parameter.default),
        "elem_id": f"train-{recipe}-{parameter.name}".replace("_", "-"),
        "interactive": True,
    }
    if parameter.kind == "bool":
        return gr.Checkbox(**common)
    if parameter.kind == "choice":
        return gr.Dropdown(choices=list(parameter.choices), **common)
    return gr.Number(
        precision=0 if parameter.kind == "int" else None,
        minimum=parameter.minimum,
        maximum=parameter.maximum,
        step=1 if parameter.kind == "int" else None,
        **common,
    )
