"""Puts a run into the queue: everything that can be refused is refused here, before anything is started."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.errors import BadParameter, NameTaken
from workbench.evaluation.measure import Subject, baseline_infos
from workbench.localtext import LocalText
from workbench.models.library import split_stage_id
from workbench.names import tidy, unique
from workbench.training.budget import checked_seconds
from workbench.training.dataset import check_enough
from workbench.training.estimate import estimate_run, plan_within
from workbench.training.material import check_sets
from workbench.training.recipe_book import RecipeBook
from workbench.training.record import library_versions, machine_facts
from workbench.training.registry import stage
from workbench.types import Recipe, Run
from workbench.workspace import Workspace


def queue_run(
    workspace: Workspace,
    subject: Subject,
    base: str,
    recipe: str | Recipe,
    *,
    name: str | None,
    parameters: dict[str, Any] | None,
    seed: int,
    corpora: Sequence[str] = (),
    pair_sets: Sequence[str] = (),
    budget: float | None = None,
    author: str = "",
) -> Run:
    """Queue a run of a recipe on a dictionary; ``name`` is made up where there is none.

    ``recipe`` is a name, ready or of the expert's own, or a recipe as it stands in the page. ``corpora``
    and ``pair_sets`` are names of what it may learn from besides. ``budget`` are seconds: layers and epochs
    are made to fit, and the run stops and keeps its best when they are over. The run's ``config`` keeps
    all of it, with the estimate and the ``author``: who started it.

    Raises:
        NotFound, BadParameter, NameTaken, ModelProblem, TrainingProblem: in words.
    """
    if base in {info.id for info in baseline_infos()}:
        raise BadParameter(
            LocalText("「{base}」是基线，不能训练。", "“{base}” is a baseline and cannot be trained."),
            base=base,
        )
    check_enough(subject.pairs, subject.split)
    chosen = RecipeBook(workspace.recipes).get(recipe) if isinstance(recipe, str) else recipe
    configs = stage_configs(chosen, parameters)
    needs = [need for config in configs for need in stage(config["stage"]).needs]
    texts = [workspace.corpora.get(corpus) for corpus in corpora]
    sets = [workspace.pair_sets.get(each) for each in pair_sets]
    check_sets(needs, [info.name for info in texts], sets)
    base = workspace.library.check(base)
    runs = workspace.runs
    counts = {"labelled": sum(each.rows for each in sets), "corpus": sum(info.texts for info in texts)}
    wished = configs
    if budget is None:
        found = estimate_run(workspace, subject, base, configs, **counts)
    else:
        budget = checked_seconds(budget)
        plan, found = plan_within(workspace, subject, base, configs, budget, **counts)
        configs = plan.configs
    reserved = {info.id for info in [*baseline_infos(), *workspace.library.bases()]}
    wish = _free_of_stages(name, reserved) if name else tidy(f"{subject.info.name}-{chosen.name}")
    config = {
        "stages": configs,
        "recipe": {"name": chosen.name, "title": chosen.title.as_json(), "help": chosen.help.as_json()},
        "corpora": [info.name for info in texts],
        "pair_sets": [info.name for info in sets],
        "data": {
            **{t.name: t.id for t in texts},
            **{s.name: s.id for s in sets},
        },  # which content the names stood for
        "seed": _checked_seed(seed),
        "dictionary_version": subject.info.version,
        "estimate": found.as_json(),
        "versions": library_versions(),
        "machine": machine_facts(workspace.settings),
    }
    if author:
        config["author"] = tidy(author)
    if budget is not None:
        config.update(budget=budget, fitted=plan.changes(wished))
    while True:
        try:
            return runs.create(
                wish if name else unique(wish.replace("#", "-"), runs.names() | reserved),
                dictionary=subject.info.name,
                version_id=subject.info.version_id,
                split_hash=subject.split.hash,
                base_model=base,
                recipe=chosen.name,
                config=config,
            )
        except NameTaken:
            if name:
                raise  # else somebody took the free name in between: find another


def _free_of_stages(name: str, reserved: set[str]) -> str:
    """A name that is no base model's and cannot be mistaken for a stage's of another run."""
    if name in reserved:
        raise NameTaken(
            LocalText("「{name}」是内置模型的名字。", "“{name}” is the name of a built-in model."),
            LocalText("请换一个。", "Choose another."),
            name=name,
        )
    if split_stage_id(name)[1] is not None:
        raise BadParameter(
            LocalText(
                "名字不能以「#」加数字结尾：那是训练中各阶段模型的叫法。",
                "A name cannot end in “#” and a number: so the models of a run's stages are called.",
            ),
            LocalText("请换一个。", "Choose another."),
        )
    return name


def stage_configs(recipe: Recipe, parameters: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Every stage of a recipe with all its parameters, those of ``parameters`` put in.

    ``epochs`` alone goes to every stage that knows it; ``in_batch.epochs`` to the stages of that name,
    ``2.epochs`` to the second one. The closer address wins.

    Raises:
        BadParameter: no stage takes it, or a value outside its range.
    """
    given = dict(parameters or {})
    used: set[str] = set()
    configs = []
    for number, entry in enumerate(recipe.stages, 1):
        spec = stage(entry.stage)
        mine = {}
        for prefix in ("", f"{spec.name}.", f"{number}."):
            for parameter in spec.parameters:
                if f"{prefix}{parameter.name}" in given:
                    mine[parameter.name] = given[f"{prefix}{parameter.name}"]
                    used.add(f"{prefix}{parameter.name}")
        configs.append({"stage": spec.name, "parameters": spec.checked({**entry.parameters, **mine})})
    for name in given:
        if name not in used:
            raise _unknown(name, recipe)
    return configs


def _unknown(name: str, recipe: Recipe) -> BadParameter:
    known = [
        f"{number}.{parameter.name}" if len(recipe.stages) > 1 else parameter.name
        for number, entry in enumerate(recipe.stages, 1)
        for parameter in stage(entry.stage).parameters
    ]
    return BadParameter(
        LocalText(
            "训练方案「{recipe}」没有叫「{name}」的参数。",
            "The recipe “{recipe}” has no parameter called “{name}”.",
        ),
        LocalText("可用的参数：{names}。", "It has: {names}."),
        recipe=recipe.title,
        name=name,
        names=", ".join(known),
    )


def _checked_seed(seed: int) -> int:
    if not 0 <= seed < 2**63:
        raise BadParameter(
            LocalText("随机种子不能是 {seed}。", "The seed cannot be {seed}."),
            LocalText("请填 0 或正整数。", "It can be 0 or a positive whole number."),
            seed=seed,
        )
    return seed
