"""How every fine-tuning stage runs: the base first, the loop, the best kept, blended with the base, saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.localtext import LocalText
from workbench.training.checkpoints import signature_of
from workbench.training.common_parameters import epoch_count, layer_count
from workbench.training.cutting import split_model
from workbench.training.looking import Look, Looks
from workbench.training.loop import Loop
from workbench.training.objectives import Companion, Looking, Objective
from workbench.training.registry import StageContext, StageResult, Workload
from workbench.training.standing import Standing
from workbench.training.trunk import SplitModel


@dataclass(frozen=True)
class Fitted:
    """What the loop came to: the model before it, the best look after it, and how it ended."""

    base: Look
    best: Look  # ``base`` where it was stopped before the first look
    stopped: bool
    ended_at: float | None  # the epoch, where patience ran out before the last
    epochs: int  # that were planned


def fit_top_layers(
    context: StageContext,
    parameters: dict[str, Any],
    objective: Objective,
    texts: Sequence[str] = (),
    *,
    split: Callable[[Path, int], SplitModel] = split_model,
) -> StageResult:
    """Train the top layers for ``objective`` over the cached output of the frozen ones, and save the model.

    ``parameters`` holds ``layers``, ``epochs`` and ``learning_rate`` (see ``common_parameters``). The
    checkpoint with the best development MRR@10 is kept, then interpolated with the base (weights
    ``base + alpha (tuned - base)``, Wortsman 2022), alpha chosen on the development synonyms. Step 0
    of the curve is the base itself; where nothing was better, it is what is kept. After ``patience`` looks
    without a better one, training ends (0: never). Where ``parameters`` have ``keep`` = "last", the last
    state is kept instead and nothing is blended: what prepares the next stage is not chosen by the
    development synonyms. Where they have ``max_length``, ``texts`` are cut to so many tokens. ``split``
    loads the model and cuts it below its top layers. The frozen layers run over the terms that are looked
    at, and the training terms where the stage has no ``texts`` or the objective says ``learns_terms``; over
    others only when they are asked for.

    Raises:
        TrainingProblem: the architecture cannot be cut, or the loss is no longer a number.
    """
    import torch

    torch.manual_seed(context.seed)
    context.report.phase(LocalText("正在载入模型", "Loading the model"))
    model = split(context.model.folder, layer_count(parameters["layers"]))
    context.report.phase(LocalText("正在计算冻结的各层", "Running the frozen layers once"))
    terms, watched = context.data.terms, context.monitor.texts
    longest = int(parameters.get("max_length", 0))
    looks = Looks(context, model, objective, len(terms) + len(texts))
    needed, learnt = looks.numbers, list(range(len(terms), len(terms) + len(texts)))
    if getattr(objective, "learns_terms", not texts):
        learnt += context.data.training_terms.tolist()
    needed |= set(learnt)
    model.prepare(
        [*terms, *texts, *watched],
        context.report.progress,
        whole=len(terms),
        longest=longest,
        tail=len(watched),
        later=set(range(len(terms))) - needed,
    )
    model.learn_words(learnt)
    if isinstance(objective, Companion):
        objective.attach(model, context.seed)
    context.report.phase(LocalText("正在测量基础模型", "Measuring the base model"))
    signature = work_signature(context, parameters, objective.examples, texts)
    return concluded(
        context, parameters, model, looks, fit(context, parameters, model, objective, looks, signature)
    )


def concluded(
    context: StageContext, parameters: dict[str, Any], model: SplitModel, looks: Looks, fitted: Fitted
) -> StageResult:
    """The end of a stage that was trained: blended with the base, told to the run's monitor, saved."""
    base, best, stopped = fitted.base, fitted.best, fitted.stopped
    stopped = stopped or context.stopped_at(LocalText("正在与基础模型调和", "Blending with the base model"))
    trained = best.scores
    if not stopped and parameters.get("keep") != "last":
        best, stopped = looks.blend(base, best)
    model.restore(best.weights)
    stopped = looks.settle(best) or stopped
    stopped = context.stopped_at(LocalText("正在保存模型", "Saving the model")) or stopped
    model.save(context.out, context.model.folder)
    chosen: dict[str, Any] = {"epoch": round(best.epoch, 2), "alpha": best.alpha, **best.watched}
    if best is base and not stopped:
        chosen["tried"] = trained.as_json()  # the best that training came to
    if "epochs" in parameters:
        chosen["of_epochs"] = fitted.epochs
    if fitted.ended_at is not None:
        chosen["ended_at"] = round(fitted.ended_at, 2)
    return StageResult(base.scores, best.scores, chosen, None, stopped_early=stopped)


def fit(
    context: StageContext,
    parameters: dict[str, Any],
    model: SplitModel,
    objective: Objective,
    looks: Looking,
    signature: str,
) -> Fitted:
    """The loop alone, for a model that is prepared; it goes on from a checkpoint of ``signature``.

    ``parameters`` are those of :func:`fit_top_layers`. Stop ends it with what there is.

    Raises:
        TrainingProblem: the loss is no longer a number.
    """
    last = parameters.get("keep") == "last"
    standing = Standing(context, signature, patience=int(parameters.get("patience", 0)), last=last)
    saved = standing.newest()
    base = standing.take_up(saved, model) if saved else looks.take(0, 0.0, wide=True)
    loop = Loop(context, parameters, model, looks, objective, standing)
    best, stopped = loop.run(base, saved)
    return Fitted(base, best, stopped, loop.ended_at, loop.epochs)


def work_signature(
    context: StageContext, parameters: dict[str, Any], size: int, texts: Sequence[str] = ()
) -> str:
    """What must be the same for a checkpoint to be taken up: the model, the data, the settings, the seed.

    ``size`` is how many examples there are, or how many processes; ``texts`` are the stage's own.
    """
    data = context.data
    numbers = data.anchors.tolist(), data.positives.tolist(), data.apart.tolist()
    facts = context.model.fingerprint, parameters, context.seed, size, numbers
    return signature_of(*facts, texts=[*data.terms, *texts, *context.monitor.texts])


def estimated_seconds(work: Workload, parameters: dict[str, Any], texts: int) -> float:
    """Seconds for ``texts`` trained texts an epoch: a trained layer costs about three forward passes."""
    depth = work.layers or 2
    trained = depth if (count := layer_count(parameters["layers"])) < 0 else min(depth, count)
    epochs = epoch_count(parameters, work.pairs)
    passes = 4.5 * texts * epochs * trained / depth  # forward, backward, optimiser
    looks = (work.terms * 0.4 * epochs) * trained / depth
    return 4.0 + (passes + looks) / work.terms_per_second
