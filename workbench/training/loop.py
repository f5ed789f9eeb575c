"""The steps of one stage, from its beginning or from a checkpoint: looks, patience, saving."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.errors import Stopped, TrainingProblem
from workbench.localtext import LocalText
from workbench.training.checkpoints import Checkpoint, LoopState
from workbench.training.common_parameters import epoch_count, usual_epochs
from workbench.training.layer_split import LayerSplit
from workbench.training.looking import Look
from workbench.training.objectives import BeforeEpoch, Companion, Looking, Objective
from workbench.training.pace import Pace
from workbench.training.registry import StageContext
from workbench.training.standing import Standing
from workbench.training.trunk import SplitModel

if TYPE_CHECKING:
    import torch

DEFAULT_RATES = {"1": 2e-4, "2": 2e-4, "3": 1.5e-4, "4": 1e-4, "6": 1e-4, "all": 5e-5, "whole": 1.5e-4}
SHALLOW_RATE, SHALLOW = 3e-4, 6  # the whole of a model of so few layers bears twice the rate
GENTLER = 0.8  # a whole model that is shown the same pairs n times as often learns at a rate / n ** 0.8
TRAINING = LocalText("正在训练", "Training")
MIXED_UP = LocalText("正在看哪些词还分不清", "Looking at which terms are still mixed up")
COMPANION_RATE = 1e-3  # what begins at random must learn faster than what is moved a little


def check_finite(loss: torch.Tensor) -> None:
    """Raise TrainingProblem where the loss is no longer a number."""
    if not bool(loss.isfinite()):
        raise TrainingProblem(
            LocalText("训练发散了：损失不再是数。", "Training diverged: the loss is no longer a number."),
            LocalText("请把学习率调小再试。", "Try again with a smaller learning rate."),
        )


class Loop:
    """The steps of one stage, from its beginning or from a checkpoint."""

    def __init__(
        self,
        context: StageContext,
        parameters: dict[str, Any],
        model: SplitModel,
        looks: Looking,
        objective: Objective,
        standing: Standing,
    ) -> None:
        import torch

        self._context, self._model, self._looks, self._objective = context, model, looks, objective
        self._standing = standing
        self._generator = torch.Generator().manual_seed(context.seed)
        self.epochs = epoch_count(parameters, objective.examples)
        self._first = objective.epoch(self._generator)
        self._per_epoch = len(self._first)
        self._total = self.epochs * self._per_epoch
        self._companion = objective if isinstance(objective, Companion) else Companion()
        longer = max(1.0, self.epochs / usual_epochs(objective.examples))
        self._optimizer, self._schedule = optimizer_of(
            model, self._companion, parameters, self._total, longer
        )
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
        self._epoch = self._step = 0
        self.ended_at: float | None = None  # the epoch, where patience ran out before the last

    def run(self, base: Look, saved: Checkpoint | None) -> tuple[Look, bool]:
        """Train; the best checkpoint (``base`` when stopped before the first), whether Stop was pressed."""
        try:
            self._context.report.phase(TRAINING)
            self._model.train(True)
            self._run(base, saved)
        except Stopped:
            if self._step:
                self._save(base)
            self._standing.keep(self._looks.undrawn)
            return self._standing.best or base, True
        assert self._standing.best is not None  # the last step is always looked at
        return self._standing.best, False

    def _run(self, base: Look, saved: Checkpoint | None) -> None:
        begin = saved.facts["epoch"] if saved else 0
        for number in range(begin, self.epochs):
            if saved and number == begin:
                self._state.reopen(saved)
            batches = self._open(number)
            if saved and number == begin:
                self._take_up(saved)
            for rows in batches[self._step - number * self._per_epoch :]:
                if self._standing.out_of_patience:
                    self.ended_at = self._step / self._per_epoch
                    return
                self._train_on(rows)
                self._look()
                if self._context.checkpoints and self._context.checkpoints.due():
                    self._save(base)

    def _open(self, number: int) -> Sequence[torch.Tensor]:
        """The batches of an epoch; of an objective that looks at the model first, by what it saw."""
        self._epoch = number
        self._state.open_epoch()
        if isinstance(self._objective, BeforeEpoch):
            self._context.report.phase(MIXED_UP, self._step / self._total)
            self._objective.before_epoch(number, self._looks.encode)
            self._context.report.phase(TRAINING, self._step / self._total)
            return self._objective.epoch(self._generator)
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
        if self._step not in self._due or self._standing.looked == self._step:
            return
        wide = self._step in self._wide
        self._standing.add(self._looks.take(self._step, self._step / self._per_epoch, wide=wide), self._step)

    def _save(self, base: Look) -> None:
        """Write a checkpoint of the steps done so far."""
        if self._context.checkpoints:
            tensors, facts = self._state.capture()
            self._standing.save(self._step, tensors, {**facts, "epoch": self._epoch}, base)

    def _take_up(self, saved: Checkpoint) -> None:
        self._state.restore(saved)
        self._step = saved.facts["step"]
        self._look()  # Stop may have come between a step and its look


def optimizer_of(
    model: SplitModel, companion: Companion, parameters: dict[str, Any], total: int, longer: float = 1.0
) -> tuple[Any, Any]:
    """AdamW over what trains, and its schedule of ``total`` steps: warm for a tenth, then down to 0.

    ``longer``: how many times as many passes as usual there are, for which a rate that is chosen is smaller.
    """
    import torch

    rate = float(parameters["learning_rate"]) or _default_rate(model, str(parameters["layers"]), longer)
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


def _default_rate(model: SplitModel, layers: str, longer: float) -> float:
    if layers != "whole":
        return DEFAULT_RATES[layers]
    shallow = isinstance(model, LayerSplit) and model.depth <= SHALLOW
    rate = SHALLOW_RATE if shallow else DEFAULT_RATES[layers]
    return rate / float(longer**GENTLER)
