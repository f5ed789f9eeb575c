"""Recipes as YAML files, and what differs between two of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.errors import BadParameter
from workbench.localtext import LocalText
from workbench.names import checked_name
from workbench.training.registry import stage
from workbench.types import Recipe, StageConfig

MOST_STAGES = 12
LONGEST_FILE = 100_000  # characters
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class RecipeDifference:
    """One parameter, or a whole stage, that two recipes do not share. ``None``: it is not there."""

    place: int  # which stage, from 1
    stage: str
    parameter: str  # "" for the stage itself
    first: Any
    second: Any


def recipe_to_yaml(recipe: Recipe) -> str:
    """A recipe as YAML, every parameter spelled out."""
    import yaml

    document = {
        "synonym-workbench-recipe": _FORMAT,
        "name": recipe.name,
        "title": recipe.title.as_json(),
        "help": recipe.help.as_json(),
        "stages": [
            {"stage": entry.stage, "parameters": stage(entry.stage).checked(entry.parameters)}
            for entry in recipe.stages
        ],
    }
    return str(yaml.safe_dump(document, allow_unicode=True, sort_keys=False))


def recipe_from_yaml(text: str) -> Recipe:
    """The recipe in a YAML file; its stages and parameters are checked.

    Raises:
        BadParameter: no YAML, no recipe, or a parameter outside its range; the sentence says which.
        NotFound: a stage that does not exist.
    """
    import yaml

    if len(text) > LONGEST_FILE:
        raise _no_recipe(LocalText("文件太大", "the file is too large"))
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        where = getattr(error, "problem_mark", None)
        line = "?" if where is None else where.line + 1
        raise _no_recipe(
            LocalText("第 {line} 行不是正确的 YAML", "line {line} is no YAML").format(line=line)
        ) from error
    if not isinstance(document, dict) or not isinstance(document.get("stages"), list):
        raise _no_recipe(LocalText("没有 stages 列表", "it has no list “stages”"))
    stages = document["stages"]
    if not 1 <= len(stages) <= MOST_STAGES:
        raise _no_recipe(
            LocalText("阶段应有 1 到 {most} 个", "it must have 1 to {most} stages").format(most=MOST_STAGES)
        )
    name = document.get("name") or "recipe"
    if not isinstance(name, str | int | float):
        raise _no_recipe(LocalText("name 应是一个名字", "“name” should be a name"))
    name = checked_name(str(name))
    return Recipe(
        name,
        _sentence(document.get("title"), name),
        _sentence(document.get("help"), ""),
        tuple(_stage_config(entry, place) for place, entry in enumerate(stages, 1)),
    )


def _stage_config(entry: Any, place: int) -> StageConfig:
    if isinstance(entry, str):
        entry = {"stage": entry}
    parameters = entry.get("parameters") or {} if isinstance(entry, dict) else None
    if not isinstance(parameters, dict) or not isinstance(entry.get("stage"), str):
        raise _no_recipe(
            LocalText("第 {place} 个阶段没有名称", "stage {place} has no name").format(place=place)
        )
    spec = stage(entry["stage"])
    return StageConfig(spec.name, spec.checked({str(key): value for key, value in parameters.items()}))


def _sentence(value: Any, default: str) -> LocalText:
    if isinstance(value, dict) and isinstance(value.get("zh"), str) and isinstance(value.get("en"), str):
        return LocalText(value["zh"][:2000], value["en"][:2000])
    text = value[:2000] if isinstance(value, str) else default
    return LocalText(text, text)


def _no_recipe(why: LocalText) -> BadParameter:
    return BadParameter(
        LocalText("这不是训练方案文件：{why}。", "This is no recipe file: {why}."),
        LocalText(
            "可用 recipes show 导出一个现成的方案作样板。",
            "Export a ready recipe with “recipes show” for a pattern.",
        ),
        why=why,
    )


def recipe_differences(first: Recipe, second: Recipe) -> list[RecipeDifference]:
    """What two recipes do not share, stage by stage in their order."""
    found: list[RecipeDifference] = []
    for place in range(max(len(first.stages), len(second.stages))):
        one = first.stages[place] if place < len(first.stages) else None
        other = second.stages[place] if place < len(second.stages) else None
        if one is None or other is None or one.stage != other.stage:
            names = one.stage if one else None, other.stage if other else None
            found.append(RecipeDifference(place + 1, names[0] or str(names[1]), "", *names))
            continue
        spec = stage(one.stage)
        mine, theirs = spec.checked(one.parameters), spec.checked(other.parameters)
        found += [
            RecipeDifference(place + 1, spec.name, name, mine[name], theirs[name])
            for name in mine
            if mine[name] != theirs[name]
        ]
    return found
