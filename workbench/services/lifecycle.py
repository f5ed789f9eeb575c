"""What can be done with a run that has ended: taken up again, repeated with changes, deleted."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any

from workbench.errors import Conflict, InputError
from workbench.evaluation.measure import Subject
from workbench.localtext import LocalText
from workbench.models.library import split_stage_id
from workbench.storage.artifacts import manifest_of
from workbench.training.budget import Plan, checked_seconds
from workbench.training.estimate import Estimate, plan_within
from workbench.training.queueing import queue_run, stage_configs
from workbench.training.run_folder import RunFolder
from workbench.types import ACTIVE_STATES, Recipe, Run, StageConfig
from workbench.workspace import Workspace


def resume(workspace: Workspace, run: Run) -> Run:
    """Put a run that ended without a result back into the queue; what is done is not repeated.

    Raises:
        Conflict: it goes on, waits, or is complete.
        NotFound: its base model, or data that it learns from, is gone.
    """
    workspace.library.check(run.base_model)
    for names, store in (("corpora", workspace.corpora), ("pair_sets", workspace.pair_sets)):
        for name in run.config.get(names, ()):
            store.get(name)
    folder = RunFolder(workspace.settings, run)
    kept = manifest_of(folder.model) is not None and folder.outcome(len(folder.stages)) is None
    if kept:  # what it had kept when it was stopped will be replaced
        workspace.library.forget(folder.model)
    if not workspace.runs.resume(run.id):
        raise Conflict(
            LocalText("「{name}」现在不能继续。", "“{name}” cannot be resumed now."),
            LocalText(
                "只有被中断、停止或失败的训练可以继续；已完成的可以换参数重做。",
                "Only one that was interrupted, stopped or has failed can be; a complete one can be retried.",
            ),
            name=run.name,
        )
    return workspace.runs.get(run.id)


def retry(
    workspace: Workspace,
    run: Run,
    *,
    name: str | None = None,
    parameters: dict[str, Any] | None = None,
    base: str | None = None,
    seed: int | None = None,
    corpora: Sequence[str] | None = None,
    pair_sets: Sequence[str] | None = None,
    newest: bool = False,
    budget: float | None = None,
    author: str = "",
) -> Run:
    """Queue a new run like ``run``, with what is changed here; without changes it repeats it.

    It works on the dictionary as it was then, or as it is now (``newest``). A time budget is not repeated:
    what it made of the recipe is.

    Raises:
        NotFound, BadParameter, NameTaken, ModelProblem, TrainingProblem: in words.
    """
    dictionaries = workspace.dictionaries
    info = dictionaries.get(run.dictionary) if newest else dictionaries.version(run.version_id)
    config = run.config
    return queue_run(
        workspace,
        workspace.measurer.subject(info),
        base or run.base_model,
        recipe_of(run),
        name=name,
        parameters=parameters,
        seed=int(config["seed"]) if seed is None else seed,
        corpora=config.get("corpora", ()) if corpora is None else corpora,
        pair_sets=config.get("pair_sets", ()) if pair_sets is None else pair_sets,
        budget=budget,
        author=author,
    )


def plan(
    workspace: Workspace,
    subject: Subject,
    base: str,
    recipe: Recipe,
    *,
    budget: float,
    parameters: dict[str, Any] | None = None,
    corpora: Sequence[str] = (),
    pair_sets: Sequence[str] = (),
) -> tuple[Plan, list[dict[str, Any]], Estimate]:
    """What a run of ``recipe`` would train within ``budget`` seconds, what is changed for that, the estimate.

    Raises:
        BadParameter: the budget is over before anything can be learnt.
    """
    counts = material_counts(workspace, corpora, pair_sets)
    configs = stage_configs(recipe, parameters)
    found, estimate = plan_within(workspace, subject, base, configs, checked_seconds(budget), **counts)
    return found, found.changes(configs), estimate


def recipe_of(run: Run) -> Recipe:
    """The recipe that a run was started with, every parameter spelled out."""
    words = run.config.get("recipe", {})
    plain = LocalText(run.recipe, run.recipe)
    title, explanation = (
        LocalText.from_json(words[part]) if part in words else plain for part in ("title", "help")
    )
    stages = tuple(StageConfig(entry["stage"], entry["parameters"]) for entry in run.config["stages"])
    return Recipe(run.recipe, title, explanation, stages)


def delete(workspace: Workspace, run: Run) -> None:
    """Remove a run that has ended, with its models and their vectors.

    Raises:
        InputError: it has not ended, or another run uses one of its models.
    """
    busy = (*ACTIVE_STATES, "queued")
    if run.state in busy:
        raise InputError(
            LocalText("「{name}」还没有结束。", "“{name}” has not ended yet."),
            LocalText("请先停止它。", "Stop it first."),
            name=run.name,
        )
    users = [each for each in workspace.runs.all() if each.state in busy]
    if any(run.name in (each.base_model, split_stage_id(each.base_model)[0]) for each in users):
        raise InputError(
            LocalText("另一个训练正以「{name}」为基础模型。", "Another run is using “{name}” as its base."),
            LocalText("请等它结束。", "Wait until it has ended."),
            name=run.name,
        )
    folder = RunFolder(workspace.settings, run)
    for model in [folder.model, *folder.path.glob("stage-*")]:
        if model.is_dir():
            workspace.library.forget(model)
    workspace.runs.delete(run.id)
    shutil.rmtree(folder.path, ignore_errors=True)


def material_counts(workspace: Workspace, corpora: Sequence[str], pair_sets: Sequence[str]) -> dict[str, int]:
    """How much a run is given to learn from besides its dictionary, for an estimate."""
    return {
        "labelled": sum(workspace.pair_sets.get(name).rows for name in pair_sets),
        "corpus": sum(workspace.corpora.get(name).texts for name in corpora),
    }
