"""Runs of the Train tab: the one that is looked at, curves of several, and the list of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from workbench.training.registry import stage
from workbench.training.thinning import MOST_POINTS
from workbench.types import ACTIVE_STATES, FINAL_STATES, Metrics, Recipe, Run, StageConfig
from workbench.ui import incoming, present_training
from workbench.ui.page import Page
from workbench.ui.present import both, run_json

LARGEST_SEQ = 2**53
LONGEST_ID = 200
LOG_LINES = 60
Function = Callable[[dict[str, Any]], dict[str, Any]]


def functions(page: Page) -> list[Function]:
    """What the view of one run asks the server."""
    return [_read_run(page), _read_curve(page), *_acts(page)]


def list_functions(page: Page) -> list[Function]:
    """What the list of runs asks the server."""
    services = page.services

    def list_runs(_data: dict[str, Any]) -> dict[str, Any]:
        titles = {model.id: both(model.title) for model in services.models()}
        known = {recipe.name: recipe for recipe in services.recipes.all()}
        recipes = {recipe.name: both(recipe.title) for recipe in known.values()}
        runs = [{**run_json(run), "changed": _is_changed(run, known)} for run in services.runs()]
        return {"runs": runs, "models": titles, "recipes": recipes}

    def delete_runs(data: dict[str, Any]) -> dict[str, Any]:
        """Delete those of the runs that have ended."""
        ids = data.get("ids") if isinstance(data.get("ids"), list) else []
        wished = [incoming.words({"id": each}, "id", limit=LONGEST_ID) for each in ids]
        ended = [run for run in map(services.run, wished) if run.state not in (*ACTIVE_STATES, "queued")]
        for run in ended:
            services.delete_run(run.id)
        return {"deleted": len(ended)}

    return [list_runs, delete_runs]


def _is_changed(run: Run, recipes: dict[str, Recipe]) -> bool:
    """Whether a run's stages are no longer, or never were, those of the recipe whose name it has."""
    recipe = recipes.get(run.recipe)
    mine = [StageConfig(entry["stage"], entry["parameters"]) for entry in run.config.get("stages", ())]
    if recipe is None or not mine:
        return False
    if [entry.stage for entry in mine] != [entry.stage for entry in recipe.stages]:
        return True
    return any(
        one.parameters.get(name) != value
        for one, other in zip(mine, recipe.stages, strict=True)
        for name, value in stage(other.stage).checked(other.parameters).items()
    )


def _read_run(page: Page) -> Function:
    services = page.services
    known: dict[tuple[str, int], list[Metrics | None]] = {}

    def scores(run: Run) -> Sequence[Metrics | None]:
        """Looked up once for each run that has ended; a look reads every query's outcome."""
        key = (run.id, run.attempt)
        if run.state not in FINAL_STATES or len(run.config.get("stages", ())) < 2:
            return ()
        if key not in known:
            known[key] = services.stage_scores(run.id)
        return known[key]

    def read_run(data: dict[str, Any]) -> dict[str, Any]:
        """A run and what its curve gained since ``since``; without an id the one to look at first."""
        run_id = incoming.words(data, "id", limit=LONGEST_ID, default="")
        since = incoming.whole(data, "since", 0, LARGEST_SEQ, default=0)
        if run_id:
            run = services.run(run_id)
        else:
            runs = services.runs()
            if not runs:
                return {"run": None}
            run = next((each for each in runs if each.state in ACTIVE_STATES), runs[0])
        specs = {spec.name: spec for spec in services.stages()}
        detail = present_training.run_detail_json(run, specs, scores(run))
        return {"run": detail, **_curve(page, run.id, since)}

    return read_run


def _read_curve(page: Page) -> Function:
    def read_curve(data: dict[str, Any]) -> dict[str, Any]:
        """The curve of a run that is laid over another."""
        run = page.services.run(incoming.words(data, "id", limit=LONGEST_ID))
        since = incoming.whole(data, "since", 0, LARGEST_SEQ, default=0)
        return {"run": run_json(run), **_curve(page, run.id, since)}

    return read_curve


def _curve(page: Page, run_id: str, since: int) -> dict[str, Any]:
    points = page.services.curve(run_id, since, most=MOST_POINTS)
    return {
        "seq": max((point.seq for point in points), default=since),
        "points": present_training.points_json(points),
    }


def _acts(page: Page) -> list[Function]:
    services = page.services

    def stop_run(data: dict[str, Any]) -> dict[str, Any]:
        services.stop_run(_id(data), keep=incoming.flag(data, "keep", default=True))
        return {"done": True}

    def resume_run(data: dict[str, Any]) -> dict[str, Any]:
        return {"run": run_json(services.resume_run(_id(data)))}

    def delete_run(data: dict[str, Any]) -> dict[str, Any]:
        services.delete_run(_id(data))
        return {"done": True}

    def read_log(data: dict[str, Any]) -> dict[str, Any]:
        return {"log": services.run_log_tail(_id(data), LOG_LINES)}

    return [stop_run, resume_run, delete_run, read_log]


def _id(data: dict[str, Any]) -> str:
    return incoming.words(data, "id", limit=LONGEST_ID)
