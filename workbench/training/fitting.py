"""The loop of every fine-tuning stage: the base first, steps, looks at dev, the best kept, blended, saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from workbench.errors import Stopped, TrainingProblem
from workbench.localtext import LocalText
from workbench.training.checkpoints import (
    Checkpoint,
    LoopState,
    listed_tensors,
    numbered_tensors,
    signature_of,
)
from workbench.training.common_parameters import epoch_count, layer_count
from workbench.training.dataset import DevScores
from workbench.training.looking import Look, Looks, Vectors, draw
from workbench.training.monitoring import Reading
from workbench.training.pace import Pace
from workbench.training.registry import StageContext, StageResult, Workload
from workbench.training.trunk import LayerSplit, SplitModel, split_model

if TYPE_CHECKING:
    import torch

__all__ = ["BeforeEpoch", "Companion", "Objective", "Vectors", "check_finite", "draw", "estimated_seconds"]
__all__ += ["Fitted", "Looking", "fit", "fit_top_layers"]
DEFAULT_RATES = {"1": 2e-4, "2": 2e-4, "3": 1.5e-4, "4": 1e-4, "6": 1e-4, "all": 5e-5, "whole": 1.5e-4}
SHALLOW_RATE, SHALLOW = 3e-4, 6  # the whole of a model of so few layers bears twice the rate
COMPANION_RATE = 1e-3  # what begins at random must learn faster than what is moved a little


class Objective(Protocol):
    """What a stage wants of the model: batches of examples, and a loss for each.

    Texts are numbered: the dictionary's terms as in ``data.terms``, then the stage's own texts in
    the order in which they were given to :func:`fit_top_layers`.
    """

    @property
    def examples(self) -> int:
        """How many training examples there are."""

    def epoch(self, generator: torch.Generator) -> Sequence[torch.Tensor]:
        """The batches of one pass over the examples: index arrays (b,), int64. Always equally many."""

    def loss(self, vectors: Vectors, rows: torch.Tensor) -> torch.Tensor:
        """The loss of one batch, a scalar. ``vectors`` gives (n, d), with gradients, of texts by number."""


@runtime_checkable
class BeforeEpoch(Protocol):
    """An objective that looks at the model as it is before each pass (to mine negatives, say)."""

    def before_epoch(self, epoch: int, encode: Vectors) -> None:
        """``epoch`` counts from 0; ``encode`` gives unit vectors, without gradients and dropout."""


class Looking(Protocol):
    """Who looks at the model while it trains; :class:`Looks` does, by the vectors of the terms."""

    def plan(self, examples: int, per_epoch: int, total: int) -> tuple[set[int], set[int]]:
        """The steps after which to look, and those after which to look wide."""

    def take(self, step: int, epoch: float, *, wide: bool) -> Look:
        """The model as it is now, drawn."""

    @property
    def encode(self) -> Vectors:
        """What the model makes of many texts, without gradients and dropout."""


@dataclass(frozen=True)
class Fitted:
    """What the loop came to: the model before it, the best look after it, and how it ended."""

    base: Look
    best: Look  # ``base`` where it was stopped before the first look
    stopped: bool
    ended_at: float | None  # the epoch, where patience ran out before the last
    epochs: int  # that were planned


class Companion:
    """What an objective may want besides a loss; one that wants any of it inherits from this class.

    ``keeps`` names those of its attributes that change while it trains and are no parameters: a
    ``random.Random``, a tensor, a copy of the model. Without them a run that is taken up from a
    checkpoint would come to another result.
    """

    keeps: tuple[str, ...] = ()

    def attach(self, model: SplitModel, seed: int) -> None:
        """The model is there and its trunk has run: take what is needed of it."""

    def companions(self) -> list[torch.nn.Parameter]:
        """Parameters that train with the model and are thrown away, at :data:`COMPANION_RATE`."""
        return []

    def partners(self) -> list[torch.nn.Parameter]:
        """Parameters that train with the model at its own rate and are thrown away."""
        return []

    def after_step(self) -> None:
        """The optimiser has moved the weights."""


def check_finite(loss: torch.Tensor) -> None:
    """Raise TrainingProblem where the loss is no longer a number."""
    if not bool(loss.isfinite()):
        raise TrainingProblem(
            LocalText("训练发散了：损失不再是数。", "Training diverged: the loss is no longer a number."),
            LocalText("请把学习率调小再试。", "Try again with a smaller learning rate."),
        )


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
    signature = _signature(context, parameters, objective, texts)
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
    saved = context.checkpoints.newest(signature) if context.checkpoints else None
    if saved is None:
        base = looks.take(0, 0.0, wide=True)
    else:
        base = _look_of(saved.facts["base"], model.snapshot())
        context.monitor.restore(saved.facts["monitor"])
    loop = _Loop(context, parameters, model, looks, objective, signature)
    best, stopped = loop.run(base, saved)
    return Fitted(base, best, stopped, loop.ended_at, loop.epochs)


def _signature(
    context: StageContext, parameters: dict[str, Any], objective: Objective, texts: Sequence[str]
) -> str:
    """What must be the same for a checkpoint to be taken up: the model, the data, the settings, the seed."""
    data = context.data
    numbers = data.anchors.tolist(), data.positives.tolist(), data.apart.tolist()
    facts = context.model.fingerprint, parameters, context.seed, objective.examples, numbers
    return signature_of(*facts, texts=[*data.terms, *texts, *context.monitor.texts])


class _Loop:
    """The steps of one stage, from its beginning or from a checkpoint."""

    def __init__(
        self,
        context: StageContext,
        parameters: dict[str, Any],
        model: SplitModel,
        looks: Looking,
        objective: Objective,
        signature: str,
    ) -> None:
        import torch

        self._context, self._model, self._looks, self._objective = context, model, looks, objective
        self._signature = signature
        self._generator = torch.Generator().manual_seed(context.seed)
        self.epochs = epoch_count(parameters, objective.examples)
        self._first = objective.epoch(self._generator)
        self._per_epoch = len(self._first)
        self._total = self.epochs * self._per_epoch
        self._companion = objective if isinstance(objective, Companion) else Companion()
        self._optimizer, self._schedule = optimizer_of(model, self._companion, parameters, self._total)
        self._keep_last = parameters.get("keep") == "last"
        self._patience = 0 if self._keep_last else int(parameters.get("patience", 0))
        self._due, self._wide = looks.plan(objective.examples, self._per_epoch, self._total)
        self._pace = Pace(context.report, context.monitor, self._total)
        self._state = LoopState(
            model,
            self._optimizer,
            self._schedule,
            self._generator,
            (objective, self._companion.keeps),
            looks_back=isinstance(objective, BeforeEpoch),
        )
        self._best: Look | None = None
        self._epoch = self._step = 0
        self._looked = 0  # the last step that was looked at
        self._worse = 0  # looks since the best one
        self.ended_at: float | None = None  # the epoch, where patience ran out before the last

    def run(self, base: Look, saved: Checkpoint | None) -> tuple[Look, bool]:
        """Train; the best checkpoint (``base`` when stopped before the first), whether Stop was pressed."""
        try:
            self._context.report.phase(LocalText("正在训练", "Training"))
            self._model.train(True)
            self._run(base, saved)
        except Stopped:
            if self._step:
                self._save(base)
            return self._best or base, True
        assert self._best is not None  # the last step is always looked at
        return self._best, False

    def _run(self, base: Look, saved: Checkpoint | None) -> None:
        begin = saved.facts["epoch"] if saved else 0
        for number in range(begin, self.epochs):
            if saved and number == begin:
                self._state.reopen(saved)
            batches = self._open(number)
            if saved and number == begin:
                self._take_up(saved)
            for rows in batches[self._step - number * self._per_epoch :]:
                if self._out_of_patience():
                    return
                self._train_on(rows)
                self._look()
                if self._context.checkpoints and self._context.checkpoints.due():
                    self._save(base)

    def _out_of_patience(self) -> bool:
        if not self._patience or self._worse < self._patience:
            return False
        self.ended_at = self._step / self._per_epoch
        return True

    def _open(self, number: int) -> Sequence[torch.Tensor]:
        """The batches of an epoch."""
        self._epoch = number
        self._state.open_epoch()
        if isinstance(self._objective, BeforeEpoch):
            self._objective.before_epoch(number, self._looks.encode)
        return self._first if number == 0 else self._objective.epoch(self._generator)

    def _train_on(self, rows: torch.Tensor) -> None:
        import torch

        self._pace.begin(len(rows))
        loss = self._objective.loss(self._model.vectors, rows)
        self._pace.forward(len(rows))
        check_finite(loss)
        self._optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._model.trainable(), 1.0)
        rate = self._optimizer.param_groups[0]["lr"]
        self._optimizer.step()
        self._schedule.step()
        self._companion.after_step()
        self._step += 1
        self._pace.end(self._step, len(rows), rate)
        self._context.report.point("loss", self._step, float(loss.detach()))
        self._context.report.steps(self._step, self._total)

    def _look(self) -> None:
        if self._step not in self._due or self._looked == self._step:
            return
        seen = self._looks.take(self._step, self._step / self._per_epoch, wide=self._step in self._wide)
        better = self._best is None or seen.scores.choice > self._best.scores.choice
        if self._best is None or self._keep_last or better:
            self._best = seen
        self._worse = 0 if better else self._worse + 1
        self._looked = self._step

    def _save(self, base: Look) -> None:
        """Write a checkpoint of the steps done so far."""
        if self._context.checkpoints is None:
            return
        tensors, facts = self._state.capture()
        best = self._best
        if best is not None:
            tensors.update(numbered_tensors("best", best.weights))
            facts["best"] = _facts_of(best)
        facts.update(
            signature=self._signature,
            epoch=self._epoch,
            looked=self._looked,
            worse=self._worse,
            base=_facts_of(base),
            monitor=self._context.monitor.state(),
        )
        self._context.checkpoints.save(self._step, tensors, facts)

    def _take_up(self, saved: Checkpoint) -> None:
        self._state.restore(saved)
        self._step, self._looked = saved.facts["step"], saved.facts["looked"]
        self._worse = saved.facts["worse"]
        if "best" in saved.facts:
            self._best = _look_of(saved.facts["best"], listed_tensors(saved.tensors, "best"))
        self._look()  # Stop may have come between a step and its look


def _facts_of(look: Look) -> dict[str, Any]:
    """A look without its weights, as JSON."""
    reading = asdict(look.reading) if look.reading else None
    facts = {"epoch": look.epoch, "alpha": look.alpha, "watched": look.watched, "reading": reading}
    return {"scores": asdict(look.scores), **facts}


def _look_of(facts: dict[str, Any], weights: list[torch.Tensor]) -> Look:
    reading = Reading(**facts["reading"]) if facts["reading"] else None
    scores = DevScores(**facts["scores"])
    return Look(scores, facts["epoch"], facts["alpha"], weights, facts["watched"], reading)


def optimizer_of(
    model: SplitModel, companion: Companion, parameters: dict[str, Any], total: int
) -> tuple[Any, Any]:
    """AdamW over what trains, and its schedule of ``total`` steps: warm for a tenth, then down to 0."""
    import torch

    rate = float(parameters["learning_rate"]) or _default_rate(model, str(parameters["layers"]))
    groups = model.groups(rate)
    if companion.partners():
        groups.append({"params": companion.partners(), "lr": rate})
    if companion.companions():
        groups.append({"params": companion.companions(), "lr": COMPANION_RATE})
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    warm = max(1, int(0.1 * total))

    def factor(step: int) -> float:
        return min(1.0, (step + 1) / warm) * max(0.0, 1.0 - step / total)

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def _default_rate(model: SplitModel, layers: str) -> float:
    if layers == "whole" and isinstance(model, LayerSplit) and model.depth <= SHALLOW:
        return SHALLOW_RATE
    return DEFAULT_RATES[layers]


def estimated_seconds(work: Workload, parameters: dict[str, Any], texts: int) -> float:
    """Seconds for ``texts`` trained texts an epoch: a trained layer costs about three forward passes."""
    depth = work.layers or 2
    trained = depth if (count := layer_count(parameters["layers"])) < 0 else min(depth, count)
    epochs = epoch_count(parameters, work.pairs)
    passes = 4.5 * texts * epochs * trained / depth  # forward, backward, optimiser
    looks = (work.terms * 0.4 * epochs) * trained / depth
    return 4.0 + (passes + looks) / work.terms_per_second
