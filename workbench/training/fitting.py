"""The loop of every fine-tuning stage: the base first, steps, looks at dev, the best kept, blended, saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
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
from workbench.training.dataset import DevProbe, DevScores
from workbench.training.registry import StageContext, StageResult, Workload
from workbench.training.trunk import SplitModel, split_model

if TYPE_CHECKING:
    import torch

Vectors = Callable[["torch.Tensor"], "torch.Tensor"]  # numbers of texts (n,) -> their vectors (n, d)
ALPHAS = (0.3, 0.5, 0.7)
DEFAULT_RATES = {"1": 2e-4, "2": 2e-4, "3": 1.5e-4, "4": 1e-4, "6": 1e-4, "all": 5e-5}
COMPANION_RATE = 1e-3  # what begins at random must learn faster than what is moved a little
EVALUATION_SHARE = 0.15  # of the training time may go into looking at the development synonyms


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


@runtime_checkable
class Watched(Protocol):
    """An objective that measures something of its own at each look at the development synonyms."""

    def watch(self, encode: Vectors) -> dict[str, float]:
        """Values by the names under which they are drawn and put into what was chosen."""


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


@dataclass
class _Best:
    scores: DevScores
    epoch: float
    alpha: float
    weights: list[torch.Tensor]
    watched: dict[str, float] = field(default_factory=dict)


def draw(context: StageContext, step: int, scores: DevScores) -> None:
    """Put development scores into the live curve."""
    context.report.point("dev_recall@1", step, scores.recall1)
    context.report.point("dev_recall@10", step, scores.recall10)
    context.report.point("dev_mrr@10", step, scores.mrr10)


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
    of the curve is the base itself. Where ``parameters`` have ``keep`` = "last", the last state is kept
    instead and nothing is blended: what prepares the next stage is not chosen by the development synonyms.
    Where they have ``max_length``, ``texts`` are cut to so many tokens. ``split`` loads the model and cuts
    it below its top layers.

    Raises:
        TrainingProblem: the architecture cannot be cut, or the loss is no longer a number.
    """
    import torch

    torch.manual_seed(context.seed)
    context.report.phase(LocalText("正在载入模型", "Loading the model"))
    layers = 10_000 if parameters["layers"] == "all" else int(parameters["layers"])
    model = split(context.model.folder, layers)
    context.report.phase(LocalText("正在计算冻结的各层", "Running the frozen layers once"))
    terms = context.data.terms
    longest = int(parameters.get("max_length", 0))
    model.prepare([*terms, *texts], context.report.progress, whole=len(terms), longest=longest)
    if isinstance(objective, Companion):
        objective.attach(model, context.seed)
    context.report.phase(LocalText("正在测量基础模型", "Measuring the base model"))
    probe = DevProbe(context.data, max_queries=600, max_documents=3000)
    signature = _signature(context, parameters, objective, texts)
    saved = context.checkpoints.newest(signature) if context.checkpoints else None
    if saved is None:
        base = _look(context, model, probe, objective, 0, 0.0)
    else:
        base = _Best(DevScores(**saved.facts["base"]), 0.0, 0.0, model.snapshot(), saved.facts["watched"])
    loop = _Loop(context, parameters, model, probe, objective, signature)
    best, stopped = loop.run(base, saved)
    stopped = stopped or context.stopped_at(LocalText("正在与基础模型调和", "Blending with the base model"))
    if not stopped and parameters.get("keep") != "last":
        best, stopped = _sweep(context, model, probe, base.weights, best, objective)
    model.restore(best.weights)
    stopped = context.stopped_at(LocalText("正在保存模型", "Saving the model")) or stopped
    model.save(context.out, context.model.folder)
    chosen = {"epoch": round(best.epoch, 2), "alpha": best.alpha, **best.watched}
    return StageResult(base.scores, best.scores, chosen, None, stopped_early=stopped)


def _signature(
    context: StageContext, parameters: dict[str, Any], objective: Objective, texts: Sequence[str]
) -> str:
    """What must be the same for a checkpoint to be taken up: the model, the data, the settings, the seed."""
    data = context.data
    numbers = data.anchors.tolist(), data.positives.tolist(), data.apart.tolist()
    facts = context.model.fingerprint, parameters, context.seed, objective.examples, numbers
    return signature_of(*facts, texts=[*data.terms, *texts])


class _Loop:
    """The steps of one stage, from its beginning or from a checkpoint."""

    def __init__(
        self,
        context: StageContext,
        parameters: dict[str, Any],
        model: SplitModel,
        probe: DevProbe,
        objective: Objective,
        signature: str,
    ) -> None:
        import torch

        self._context, self._model, self._probe, self._objective = context, model, probe, objective
        self._signature = signature
        self._generator = torch.Generator().manual_seed(context.seed)
        self._epochs = int(parameters["epochs"])
        self._first = objective.epoch(self._generator)
        self._per_epoch = len(self._first)
        self._total = self._epochs * self._per_epoch
        self._companion = objective if isinstance(objective, Companion) else Companion()
        self._optimizer, self._schedule = _optimizer(model, self._companion, parameters, self._total)
        self._keep_last = parameters.get("keep") == "last"
        self._looks = _looks(objective.examples, self._per_epoch, len(probe.needed), self._total)
        self._state = LoopState(
            model,
            self._optimizer,
            self._schedule,
            self._generator,
            (objective, self._companion.keeps),
            looks_back=isinstance(objective, BeforeEpoch),
        )
        self._best: _Best | None = None
        self._epoch = self._step = 0
        self._looked = 0  # the last step that was looked at

    def run(self, base: _Best, saved: Checkpoint | None) -> tuple[_Best, bool]:
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

    def _run(self, base: _Best, saved: Checkpoint | None) -> None:
        begin = saved.facts["epoch"] if saved else 0
        for number in range(begin, self._epochs):
            if saved and number == begin:
                self._state.reopen(saved)
            batches = self._open(number)
            if saved and number == begin:
                self._take_up(saved)
            for rows in batches[self._step - number * self._per_epoch :]:
                self._train_on(rows)
                self._look()
                if self._context.checkpoints and self._context.checkpoints.due():
                    self._save(base)

    def _open(self, number: int) -> Sequence[torch.Tensor]:
        """The batches of an epoch."""
        self._epoch = number
        self._state.open_epoch()
        if isinstance(self._objective, BeforeEpoch):
            self._objective.before_epoch(number, _encode(self._context, self._model))
        return self._first if number == 0 else self._objective.epoch(self._generator)

    def _train_on(self, rows: torch.Tensor) -> None:
        import torch

        loss = self._objective.loss(self._model.vectors, rows)
        check_finite(loss)
        self._optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._model.trainable(), 1.0)
        self._optimizer.step()
        self._schedule.step()
        self._companion.after_step()
        self._step += 1
        self._context.report.point("loss", self._step, float(loss.detach()))
        self._context.report.steps(self._step, self._total)

    def _look(self) -> None:
        if self._step not in self._looks or self._looked == self._step:
            return
        epoch = self._step / self._per_epoch
        seen = _look(self._context, self._model, self._probe, self._objective, self._step, epoch)
        if self._best is None or self._keep_last or seen.scores.choice > self._best.scores.choice:
            self._best = seen
        self._looked = self._step

    def _save(self, base: _Best) -> None:
        """Write a checkpoint of the steps done so far."""
        if self._context.checkpoints is None:
            return
        tensors, facts = self._state.capture()
        best = self._best
        if best is not None:
            tensors.update(numbered_tensors("best", best.weights))
            facts["best"] = [asdict(best.scores), best.epoch, best.alpha, best.watched]
        facts.update(
            signature=self._signature,
            epoch=self._epoch,
            looked=self._looked,
            base=asdict(base.scores),
            watched=base.watched,
        )
        self._context.checkpoints.save(self._step, tensors, facts)

    def _take_up(self, saved: Checkpoint) -> None:
        self._state.restore(saved)
        self._step, self._looked = saved.facts["step"], saved.facts["looked"]
        if "best" in saved.facts:
            scores, epoch, alpha, watched = saved.facts["best"]
            weights = listed_tensors(saved.tensors, "best")
            self._best = _Best(DevScores(**scores), epoch, alpha, weights, watched)
        self._look()  # Stop may have come between a step and its look


def _looks(examples: int, per_epoch: int, needed: int, total: int) -> set[int]:
    """The steps after which the development synonyms are looked at: one to four times in each epoch.

    Chosen by the work alone (a trained text costs about three times a looked-at one), never by the
    clock, so that the same seed keeps the same checkpoint.
    """
    often = max(1, min(4, int(EVALUATION_SHARE * 6 * examples / max(1, needed))))
    every = max(1, per_epoch // often)
    return {
        s for s in range(1, total + 1) if s == total or s % per_epoch == 0 or (s % per_epoch) % every == 0
    }


def _optimizer(
    model: SplitModel, companion: Companion, parameters: dict[str, Any], total: int
) -> tuple[Any, Any]:
    import torch

    rate = float(parameters["learning_rate"]) or DEFAULT_RATES[str(parameters["layers"])]
    groups: list[dict[str, Any]] = [{"params": [*model.trainable(), *companion.partners()], "lr": rate}]
    if companion.companions():
        groups.append({"params": companion.companions(), "lr": COMPANION_RATE})
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    warm = max(1, int(0.1 * total))

    def factor(step: int) -> float:
        return min(1.0, (step + 1) / warm) * max(0.0, 1.0 - step / total)

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def _sweep(
    context: StageContext,
    model: SplitModel,
    probe: DevProbe,
    base: list[torch.Tensor],
    best: _Best,
    objective: Objective,
) -> tuple[_Best, bool]:
    """Weights between base and tuned cost no training, only another look. And whether it was stopped."""
    tuned = best.weights
    try:
        for alpha in ALPHAS:
            blend = [b + alpha * (t - b) for b, t in zip(base, tuned, strict=True)]
            model.restore(blend)
            scores = _score(context, model, probe)
            if scores.choice > best.scores.choice:
                best = _Best(scores, best.epoch, alpha, blend, _watched(context, model, objective))
    except Stopped:
        return best, True
    return best, False


def _look(
    context: StageContext, model: SplitModel, probe: DevProbe, objective: Objective, step: int, epoch: float
) -> _Best:
    """The model as it is now with its development scores, which are drawn; step 0 is the base."""
    scores = _score(context, model, probe)
    draw(context, step, scores)
    watched = _watched(context, model, objective)
    for series, value in watched.items():
        context.report.point(series, step, value)
    return _Best(scores, epoch, 1.0 if step else 0.0, model.snapshot(), watched)


def _watched(context: StageContext, model: SplitModel, objective: Objective) -> dict[str, float]:
    return objective.watch(_encode(context, model)) if isinstance(objective, Watched) else {}


def _encode(context: StageContext, model: SplitModel) -> Vectors:
    """Unit vectors of many texts, which Stop may interrupt."""
    return lambda rows: model.all_vectors(rows, lambda _: context.report.check_stop())


def _score(context: StageContext, model: SplitModel, probe: DevProbe) -> DevScores:
    """A look at the development synonyms, which Stop may interrupt."""
    import torch

    return probe.score(_encode(context, model)(torch.from_numpy(probe.needed)).numpy())


def estimated_seconds(work: Workload, parameters: dict[str, Any], texts: int) -> float:
    """Seconds for ``texts`` trained texts an epoch: a trained layer costs about three forward passes."""
    depth = work.layers or 2
    trained = depth if parameters["layers"] == "all" else min(depth, int(parameters["layers"]))
    epochs = int(parameters["epochs"])
    passes = 4.5 * texts * epochs * trained / depth  # forward, backward, optimiser
    looks = (work.terms * 0.4 * epochs) * trained / depth
    return 4.0 + (passes + looks) / work.terms_per_second
