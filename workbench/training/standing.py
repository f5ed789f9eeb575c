"""How a stage stands: the best look so far, when it is time to end, what a checkpoint says of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.training.checkpoints import Checkpoint, listed_tensors, numbered_tensors
from workbench.training.looking import Look
from workbench.training.registry import StageContext
from workbench.training.trunk import SplitModel

if TYPE_CHECKING:
    import torch


class Standing:
    """The looks of one stage as they come.

    After ``patience`` looks without a better one it is time to end (0: never). ``last``: not the best look
    is kept but the last one, whatever it shows, and it is never time to end. ``signature`` says of what
    work the checkpoints are.
    """

    def __init__(
        self, context: StageContext, signature: str, *, patience: int = 0, last: bool = False
    ) -> None:
        self._context, self._signature = context, signature
        self._patience, self._last = 0 if last else patience, last
        self.best: Look | None = None
        self.looked = 0  # the last step that was looked at
        self._worse = 0  # looks since the best one

    def add(self, seen: Look, step: int) -> None:
        """The look after ``step``."""
        self._worse = 0 if self.keep(seen) else self._worse + 1
        self.looked = step

    def keep(self, seen: Look | None) -> bool:
        """Whether a look is the best so far; it is kept then, or where the last one is wanted."""
        if seen is None or not seen.alpha:  # nothing, or the base
            return False
        better = self.best is None or seen.scores.choice > self.best.scores.choice
        if better or self._last:
            self.best = seen
        return better

    @property
    def out_of_patience(self) -> bool:
        """Whether there were enough looks without a better one."""
        return bool(self._patience) and self._worse >= self._patience

    def save(self, step: int, tensors: dict[str, torch.Tensor], facts: dict[str, Any], base: Look) -> None:
        """Write a checkpoint of the steps done so far, where the stage keeps any.

        ``tensors`` and ``facts`` are of the training loop, :meth:`LoopState.capture` and its ``epoch``;
        what is known here goes with them.
        """
        if self._context.checkpoints is None:
            return
        if self.best is not None:
            tensors = {**tensors, **numbered_tensors("best", self.best.weights)}
            facts = {**facts, "best": self.best.facts()}
        known = {
            "signature": self._signature,
            "looked": self.looked,
            "worse": self._worse,
            "base": base.facts(),
            "monitor": self._context.monitor.state(),
        }
        self._context.checkpoints.save(step, tensors, {**facts, **known})

    def newest(self) -> Checkpoint | None:
        """The newest checkpoint of this work."""
        return self._context.checkpoints.newest(self._signature) if self._context.checkpoints else None

    def take_up(self, saved: Checkpoint, model: SplitModel) -> Look:
        """Back to how things stood at a checkpoint; the look at the base, which ``model`` still is."""
        self._context.monitor.restore(saved.facts["monitor"])
        self.looked, self._worse = saved.facts["looked"], saved.facts["worse"]
        if "best" in saved.facts:
            self.best = Look.of(saved.facts["best"], listed_tensors(saved.tensors, "best"))
        return Look.of(saved.facts["base"], model.snapshot())
