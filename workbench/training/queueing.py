"""Puts a run into the queue: everything that can be refused is refused here, before anything is started."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.errors import BadParameter, NameTaken
from workbench.evaluation.measure import Subject, baseline_infos
from workbench.localtext import LocalText
from workbench.names import tidy, unique
from workbench.training.dataset import check_enough
from workbench.training.material import check_sets
from workbench.training.recipes import recipe
from workbench.training.registry import stage
from workbench.types import Run
from workbench.workspace import Workspace


def queue_run(
    workspace: Workspace,
    subject: Subject,
    base: str,
    recipe_name: str,
    *,
    name: str | None,
    parameters: dict[str, Any] | None,
    seed: int,
    corpora: Sequence[str] = (),
    pair_sets: Sequence[str] = (),
) -> Run:
    """Queue a run of a recipe on a dictionary; ``name`` is made up where there is none.

    ``corpora`` and ``pair_sets`` are names of what it may learn from besides.

    Raises:
        NotFound, BadParameter, NameTaken, ModelProblem, TrainingProblem: in words.
    """
    if base in {info.id for info in baseline_infos()}:
        raise BadParameter(
            LocalText("「{base}」是基线，不能训练。", "“{base}” is a baseline and cannot be trained."),
            base=base,
        )
    check_enough(subject.pairs, subject.split)
    configs = stage_configs(recipe_name, parameters)
    needs = [need for config in configs for need in stage(config["stage"]).needs]
    corpora = [workspace.corpora.get(corpus).name for corpus in corpora]
    sets = [workspace.pair_sets.get(each) for each in pair_sets]
    check_sets(needs, corpora, sets)
    base = workspace.library.check(base)
    runs = workspace.runs
    wish = name or tidy(f"{subject.info.name}-{recipe_name}")
    reserved = {info.id for info in [*baseline_infos(), *workspace.library.bases()]}
    if name and wish in reserved:
        raise NameTaken(
            LocalText("「{name}」是内置模型的名字。", "“{name}” is the name of a built-in model."),
            LocalText("请换一个。", "Choose another."),
            name=wish,
        )
    config = {
        "stages": configs,
        "corpora": corpora,
        "pair_sets": [info.name for info in sets],
        "seed": _checked_seed(seed),
        "versions": _library_versions(),
    }
    while True:
        try:
            run = runs.create(
                wish if name else unique(wish, runs.names() | reserved),
                dictionary=subject.info.name,
                version_id=subject.info.version_id,
                split_hash=subject.split.hash,
                base_model=base,
                recipe=recipe_name,
                config=config,
            )
            break
        except NameTaken:
            if name:
                raise  # else somebody took the free name in between: find another
    return run


def stage_configs(recipe_name: str, parameters: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Every stage of a recipe with all its parameters; each takes those of ``parameters`` that it knows."""
    chosen = recipe(recipe_name)
    given = dict(parameters or {})
    configs = []
    for entry in chosen.stages:
        spec = stage(entry.stage)
        mine = {p.name: given[p.name] for p in spec.parameters if p.name in given}
        configs.append({"stage": spec.name, "parameters": spec.checked({**entry.parameters, **mine})})
        given = {name: value for name, value in given.items() if name not in mine}
    if given:
        stage(chosen.stages[0].stage).checked(given)  # says which name is unknown
    return configs


def _checked_seed(seed: int) -> int:
    if not 0 <= seed < 2**63:
        raise BadParameter(
            LocalText("随机种子不能是 {seed}。", "The seed cannot be {seed}."),
            LocalText("请填 0 或正整数。", "It can be 0 or a positive whole number."),
            seed=seed,
        )
    return seed


def _library_versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("torch", "sentence-transformers", "transformers", "numpy")}
