"""The form of the Train tab: recipes as they are and as they were changed, their estimates, and the start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workbench.errors import BadParameter
from workbench.localtext import LocalText
from workbench.names import LONGEST_NAME
from workbench.training.recipe_files import LONGEST_FILE, MOST_STAGES
from workbench.training.recipes import RECIPES
from workbench.training.registry import StageSpec
from workbench.types import ACTIVE_STATES, Recipe, StageConfig
from workbench.ui import incoming, present_training
from workbench.ui.errors import sentence_for
from workbench.ui.page import Page
from workbench.ui.present import both, run_json
from workbench.ui.text import text

LARGEST_SEED = 2**31 - 1
LONGEST_SENTENCE = 400
MOST_SETS = 100
LONGEST_BUDGET = 7 * 24 * 3600  # seconds
Function = Callable[[dict[str, Any]], dict[str, Any]]


def functions(page: Page) -> list[Function]:
    """What the form and the editor of recipes ask the server."""
    return [_read_desk(page), *_estimates(page), _start(page), *_own(page), *_files(page)]


def _read_desk(page: Page) -> Function:
    services = page.services
    ready = {recipe.name for recipe in RECIPES}

    def read_desk(_data: dict[str, Any]) -> dict[str, Any]:
        """Recipes, stages, and what a run may learn from besides its dictionary."""
        specs = _specs(page)
        return {
            "recipes": [
                present_training.recipe_json(recipe, specs, own=recipe.name not in ready)
                for recipe in services.recipes.all()
            ],
            "stages": [present_training.stage_json(spec) for spec in specs.values()],
            "corpora": [present_training.corpus_json(info) for info in services.corpora.all()],
            "pair_sets": [present_training.pair_set_json(info) for info in services.pair_sets.all()],
            "models": {model.id: both(model.title) for model in services.models()},
        }

    return read_desk


def _estimates(page: Page) -> list[Function]:
    services = page.services

    def read_estimate(data: dict[str, Any]) -> dict[str, Any]:
        """How long the run would take that the form describes."""
        dictionary, base = incoming.words(data, "dictionary"), incoming.words(data, "base")
        if not dictionary or not base:
            return {"empty": True}
        budget = _budget(data)
        try:
            recipe, material = _recipe(page, data), _material(data)
            if budget is None:
                return present_training.estimate_json(services.estimate(dictionary, base, recipe, **material))
            plan, changes, found = services.plan_run(dictionary, base, recipe, budget=budget, **material)
        except Exception as error:
            return {"problem": sentence_for(error).as_json()}
        specs = _specs(page)
        return {
            **present_training.estimate_json(found),
            "budget": budget,
            "fits": plan.fits,
            "changes": [present_training.change_json(each, specs) for each in changes],
        }

    def read_times(data: dict[str, Any]) -> dict[str, Any]:
        """Seconds for each recipe as it is; a recipe that cannot be told is left out."""
        dictionary, base = incoming.words(data, "dictionary"), incoming.words(data, "base")
        times: dict[str, float] = {}
        for recipe in services.recipes.all() if dictionary and base else ():
            try:
                times[recipe.name] = services.estimate(dictionary, base, recipe.name).seconds
            except Exception as error:
                sentence_for(error)  # what is unexpected goes to the log
        return {"times": times}

    return [read_estimate, read_times]


def _start(page: Page) -> Function:
    services = page.services

    def start_run(data: dict[str, Any]) -> dict[str, Any]:
        """Put a run into the queue."""
        waits = any(each.state in (*ACTIVE_STATES, "queued") for each in services.runs())
        run = services.start_run(
            incoming.words(data, "dictionary"),
            incoming.words(data, "base"),
            _recipe(page, data),
            name=incoming.words(data, "name", limit=LONGEST_NAME, default="").strip() or None,
            seed=incoming.whole(data, "seed", 0, LARGEST_SEED, default=0),
            budget=_budget(data),
            author=incoming.author(data),
            **_material(data),
        )
        return {"run": run_json(run), "waits": waits}

    return start_run


def _own(page: Page) -> list[Function]:
    recipes = page.services.recipes

    def save_recipe(data: dict[str, Any]) -> dict[str, Any]:
        """Store the form's stages as a recipe of one's own."""
        name = incoming.words(data, "name", limit=LONGEST_NAME).strip()
        sentence = incoming.words(data, "help", limit=LONGEST_SENTENCE, default="").strip()
        recipe = Recipe(name, LocalText(name, name), LocalText(sentence, sentence), _stages(page, data))
        saved = recipes.save(recipe, replace=incoming.flag(data, "replace"))
        return {"name": saved.name}

    def delete_recipe(data: dict[str, Any]) -> dict[str, Any]:
        """Delete a recipe of one's own; what was made with it stays."""
        recipes.delete(incoming.words(data, "name", limit=LONGEST_NAME))
        return {"done": True}

    return [save_recipe, delete_recipe]


def _files(page: Page) -> list[Function]:
    recipes = page.services.recipes

    def export_recipe(data: dict[str, Any]) -> dict[str, Any]:
        """The form's recipe as YAML."""
        return {"yaml": recipes.to_yaml(_as_recipe(page, data))}

    def import_recipe(data: dict[str, Any]) -> dict[str, Any]:
        """The recipe in a YAML text; nothing is stored."""
        specs = _specs(page)
        recipe = recipes.from_yaml(incoming.words(data, "yaml", limit=4 * LONGEST_FILE))
        return {"recipe": present_training.recipe_json(recipe, specs, own=True)}

    def compare_recipes(data: dict[str, Any]) -> dict[str, Any]:
        """What the form's recipe and another one do not share."""
        specs = _specs(page)
        other = recipes.get(incoming.words(data, "other", limit=LONGEST_NAME))
        found = recipes.difference(_as_recipe(page, data), other)
        return {"differences": [present_training.difference_json(each, specs) for each in found]}

    return [export_recipe, import_recipe, compare_recipes]


def _specs(page: Page) -> dict[str, StageSpec]:
    return {spec.name: spec for spec in page.services.stages()}


def _recipe(page: Page, data: dict[str, Any]) -> str | Recipe:
    """The name of a recipe, or the recipe that was made of it in the form."""
    if data.get("stages") is None:
        return incoming.words(data, "recipe", limit=LONGEST_NAME)
    return _as_recipe(page, data)


def _as_recipe(page: Page, data: dict[str, Any]) -> Recipe:
    """The form's stages under the name and the words of the recipe that they began with."""
    name = incoming.words(data, "recipe", limit=LONGEST_NAME)
    found = next((each for each in page.services.recipes.all() if each.name == name), None)
    if data.get("stages") is None and found is not None:
        return found
    title = found.title if found else LocalText(name, name)
    return Recipe(name, title, found.help if found else LocalText("", ""), _stages(page, data))


def _stages(page: Page, data: dict[str, Any]) -> tuple[StageConfig, ...]:
    """Stages as they were sent; each stage checks its own parameters. Raises BadParameter."""
    sent = data.get("stages")
    if not isinstance(sent, list) or len(sent) > MOST_STAGES:
        raise BadParameter(text("error.bad_request"))
    if not sent:
        raise BadParameter(text("recipes.empty"))
    specs = _specs(page)
    return tuple(_stage(entry, specs) for entry in sent)


def _stage(entry: Any, specs: Mapping[str, StageSpec]) -> StageConfig:
    parameters = entry.get("parameters") if isinstance(entry, dict) else None
    if not isinstance(parameters, dict) or entry.get("stage") not in specs:
        raise BadParameter(text("error.bad_request"))
    name = str(entry["stage"])
    return StageConfig(name, specs[name].checked(parameters))


def _material(data: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {"corpora": _names(data, "corpora"), "pair_sets": _names(data, "pair_sets")}


def _budget(data: dict[str, Any]) -> float | None:
    """Seconds that the run may take; None: as long as it takes."""
    return float(incoming.whole(data, "budget", 0, LONGEST_BUDGET, default=0)) or None


def _names(data: dict[str, Any], key: str) -> tuple[str, ...]:
    sent = data.get(key, [])
    if not isinstance(sent, list) or len(sent) > MOST_SETS:
        raise BadParameter(text("error.bad_request"))
    return tuple(incoming.words({"name": each}, "name") for each in sent)
