"""The loop of every fine-tuning stage: the base first, steps, looks at dev, the best kept, blended, saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from workbench.errors import Stopped, TrainingProblem
from workbench.localtext import LocalText
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
    """What an objective may want besides a loss; one that wants any of it inherits from this class."""

    def attach(self, model: SplitModel, seed: int) -> None:
        """The model is there and its trunk has run: take what is needed of it."""

    def companions(self) -> list[torch.nn.Parameter]:
        """Parameters that train with the model and are thrown away, at :data:`COMPANION_RATE`."""
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
    base = _look(context, model, probe, objective, 0, 0.0)
    best, stopped = _fit(context, parameters, model, probe, base, objective)
    stopped = stopped or context.stopped_at(LocalText("正在与基础模型调和", "Blending with the base model"))
    if not stopped and parameters.get("keep") != "last":
        best, stopped = _sweep(context, model, probe, base.weights, best, objective)
    model.restore(best.weights)
    stopped = context.stopped_at(LocalText("正在保存模型", "Saving the model")) or stopped
    model.save(context.out, context.model.folder)
    chosen = {"epoch": round(best.epoch, 2), "alpha": best.alpha, **best.watched}
    return StageResult(base.scores, best.scores, chosen, None, stopped_early=stopped)


def _fit(
    context: StageContext,
    parameters: dict[str, Any],
    model: SplitModel,
    probe: DevProbe,
    base: _Best,
    objective: Objective,
) -> tuple[_Best, bool]:
    """Train; the best checkpoint (``base`` when stopped before the first), and whether Stop was pressed."""
    import torch

    generator = torch.Generator().manual_seed(context.seed)
    epochs = int(parameters["epochs"])
    first = objective.epoch(generator)
    per_epoch = len(first)
    total = epochs * per_epoch
    companion = objective if isinstance(objective, Companion) else Companion()
    optimizer, schedule = _optimizer(model, companion.companions(), parameters, total)
    keep_last = parameters.get("keep") == "last"
    looks = _looks(objective.examples, per_epoch, len(probe.needed), total)
    best: _Best | None = None
    step = 0
    context.report.phase(LocalText("正在训练", "Training"))
    model.train(True)
    try:
        for number in range(epochs):
            if isinstance(objective, BeforeEpoch):
                objective.before_epoch(number, _encode(context, model))
            for rows in first if number == 0 else objective.epoch(generator):
                loss = objective.loss(model.vectors, rows)
                check_finite(loss)
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.trainable(), 1.0)
                optimizer.step()
                schedule.step()
                companion.after_step()
                step += 1
                context.report.point("loss", step, float(loss.detach()))
                context.report.steps(step, total)
                if step in looks:
                    seen = _look(context, model, probe, objective, step, step / per_epoch)
                    if best is None or keep_last or seen.scores.choice > best.scores.choice:
                        best = seen
    except Stopped:
        return best or base, True
    assert best is not None  # the last step is always looked at
    return best, False


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
    model: SplitModel, companions: list[torch.nn.Parameter], parameters: dict[str, Any], total: int
) -> tuple[Any, Any]:
    import torch

    rate = float(parameters["learning_rate"]) or DEFAULT_RATES[str(parameters["layers"])]
    groups = [{"params": model.trainable(), "lr": rate}, {"params": companions, "lr": COMPANION_RATE}]
    optimizer = torch.optim.AdamW([g for g in groups if g["params"]], weight_decay=0.01, fused=True)
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
