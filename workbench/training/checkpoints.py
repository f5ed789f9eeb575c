"""Checkpoints of a stage that is under way: all that its loop needs to go on as if nothing had happened."""

from __future__ import annotations

import hashlib
import json
import logging
import random
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import StorageProblem
from workbench.storage.artifacts import is_intact, staged_folder
from workbench.training.trunk import SplitModel

if TYPE_CHECKING:
    import torch

log = logging.getLogger("workbench.checkpoints")
KEPT = 2  # the newest ones
MOST_OF_THE_TIME = 0.05  # may go into saving
_STATE, _TENSORS = "state.json", "tensors.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """What was saved: tensors by name, and facts that are JSON."""

    tensors: dict[str, torch.Tensor]
    facts: dict[str, Any]


class Checkpoints:
    """The checkpoints of one stage of one run: a folder each, whole or not there.

    The two newest of this work are kept. Those of other work, and those that are damaged, go when the next
    one is saved.

    ``mark`` writes the live curve and gives its newest point (None: nothing is to be saved any more);
    ``rewind`` takes the curve back to such a point, or to the stage's beginning (None).
    """

    def __init__(
        self,
        folder: Path,
        *,
        every: float,
        mark: Callable[[], int | None] = lambda: 0,
        rewind: Callable[[int | None], None] = lambda _: None,
    ) -> None:
        self._folder = folder
        self._every = every
        self._mark = mark
        self._rewind = rewind
        self._next = time.monotonic() + every
        self._ours: list[Path] = []  # of this work, in the order of their steps

    def due(self) -> bool:
        """Whether it is time to save; saving takes at most a twentieth of the time."""
        return time.monotonic() >= self._next

    def wanted(self) -> bool:
        """Whether anything is to be saved any more: not where the run is thrown away."""
        return self._mark() is not None

    def save(self, step: int, tensors: dict[str, torch.Tensor], facts: dict[str, Any]) -> None:
        """Write a checkpoint and remove old ones. A disk that refuses does not end the run."""
        from safetensors.torch import save_file

        curve = self._mark()
        if curve is None:
            return
        began, folder = time.monotonic(), self._folder / f"step-{step:09d}"
        try:
            with staged_folder(folder) as out:
                save_file({name: value.contiguous() for name, value in tensors.items()}, out / _TENSORS)
                (out / _STATE).write_text(json.dumps({**facts, "step": step, "curve": curve}), "utf-8")
        except StorageProblem as error:
            log.warning("no checkpoint at step %d: %s", step, error)
        else:
            self._ours = [*(each for each in self._ours if each != folder), folder][-KEPT:]
            for old in set(self._all()).difference(self._ours):
                shutil.rmtree(old, ignore_errors=True)
        spent = time.monotonic() - began
        self._next = time.monotonic() + max(self._every, spent / MOST_OF_THE_TIME)

    def newest(self, signature: str) -> Checkpoint | None:
        """The newest checkpoint that is whole and of the same work; the curve is taken back to it."""
        from safetensors.torch import load_file

        found = self._all()
        for folder in reversed(found):
            if not is_intact(folder):
                log.warning("the checkpoint %s is damaged", folder.name)
                continue
            facts = json.loads((folder / _STATE).read_text("utf-8"))
            if facts.get("signature") != signature:
                continue
            log.info("going on from %s", folder.name)
            self._rewind(int(facts["curve"]))
            self._ours = [folder]
            return Checkpoint(load_file(folder / _TENSORS), facts)
        if found:
            self._rewind(None)
        return None

    def empty(self) -> bool:
        """Whether there is none."""
        return not self._all()

    def clear(self) -> None:
        """Remove them: the stage is whole."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _all(self) -> list[Path]:
        return sorted(self._folder.glob("step-*"))


class LoopState:
    """All that a training loop changes: weights, optimiser, schedule, random numbers, what it keeps in mind.

    ``remembering`` is the objective, with the names of those of its attributes that change while it
    trains: a ``random.Random``, a tensor (or None), a copy of the model.
    """

    def __init__(
        self,
        model: SplitModel,
        optimizer: Any,
        schedule: Any,
        generator: torch.Generator,
        remembering: tuple[object, Sequence[str]] = (None, ()),
        *,
        looks_back: bool = False,
    ) -> None:
        self._model, self._optimizer, self._schedule = model, optimizer, schedule
        self._generator = generator
        self._objective, self._names = remembering
        self._looks_back = looks_back  # an epoch begins with a look at the model as it is then
        self._opening: dict[str, torch.Tensor] = {}

    def open_epoch(self) -> None:
        """Note what the batches of the epoch that begins now will follow from."""
        import torch

        self._opening = {
            "opening.generator": self._generator.get_state(),
            "opening.random": torch.get_rng_state(),
        }
        if self._looks_back:
            weights = [parameter.detach().clone() for parameter in self._model.trainable()]
            self._opening.update(numbered_tensors("opening.weight", weights))

    def capture(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        """Copies of everything, as tensors and facts."""
        import torch

        tensors = {**self._opening, "random": torch.get_rng_state()}
        tensors.update(numbered_tensors("weight", self._parameters()))
        for number, state in self._optimizer.state_dict()["state"].items():
            tensors.update({f"optimizer.{number}.{name}": value for name, value in state.items()})
        facts: dict[str, Any] = {
            "schedule": {k: v for k, v in self._schedule.state_dict().items() if k != "lr_lambdas"},
            "memory": {},
        }
        for name in self._names:
            value = getattr(self._objective, name)
            if isinstance(value, random.Random):
                facts["memory"][name] = value.getstate()
            elif isinstance(value, SplitModel):
                tensors.update(numbered_tensors(f"memory.{name}", value.trainable()))
            elif value is not None:
                tensors[f"memory.{name}"] = value
        return {name: value.detach().clone() for name, value in tensors.items()}, facts

    def reopen(self, checkpoint: Checkpoint) -> None:
        """Back to how the checkpoint's epoch began, so that its batches come out the same."""
        import torch

        self._opening = {k: v for k, v in checkpoint.tensors.items() if k.startswith("opening.")}
        self._generator.set_state(self._opening["opening.generator"])
        torch.set_rng_state(self._opening["opening.random"])
        if self._looks_back:
            _put(self._model.trainable(), listed_tensors(checkpoint.tensors, "opening.weight"))

    def restore(self, checkpoint: Checkpoint) -> None:
        """Back to the checkpoint itself."""
        import torch

        _put(self._parameters(), listed_tensors(checkpoint.tensors, "weight"))
        state: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in checkpoint.tensors.items():
            if key.startswith("optimizer."):
                _, number, name = key.split(".")
                state.setdefault(int(number), {})[name] = value
        groups = self._optimizer.state_dict()["param_groups"]
        for group, rate in zip(groups, checkpoint.facts["schedule"]["_last_lr"], strict=True):
            group["lr"] = rate
        self._optimizer.load_state_dict({"state": state, "param_groups": groups})
        self._schedule.load_state_dict({**checkpoint.facts["schedule"], "lr_lambdas": [None] * len(groups)})
        for name in self._names:
            self._recall(name, checkpoint)
        torch.set_rng_state(checkpoint.tensors["random"])

    def _recall(self, name: str, checkpoint: Checkpoint) -> None:
        value = getattr(self._objective, name)
        if isinstance(value, random.Random):
            version, numbers, gauss = checkpoint.facts["memory"][name]
            value.setstate((version, tuple(numbers), gauss))
        elif isinstance(value, SplitModel):
            _put(value.trainable(), listed_tensors(checkpoint.tensors, f"memory.{name}"))
        else:
            setattr(self._objective, name, checkpoint.tensors.get(f"memory.{name}"))

    def _parameters(self) -> list[torch.nn.Parameter]:
        return [each for group in self._optimizer.param_groups for each in group["params"]]


def signature_of(*facts: Any, texts: Sequence[str] = ()) -> str:
    """A hash over what a checkpoint must agree with to be taken up."""
    digest = hashlib.blake2b(json.dumps(facts, sort_keys=True, default=str).encode(), digest_size=16)
    for text in texts:
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


def numbered_tensors(name: str, tensors: Sequence[torch.Tensor]) -> dict[str, torch.Tensor]:
    """A list of tensors under the names ``name.0``, ``name.1`` …"""
    return {f"{name}.{number}": tensor for number, tensor in enumerate(tensors)}


def listed_tensors(tensors: dict[str, torch.Tensor], name: str) -> list[torch.Tensor]:
    """The list that :func:`numbered_tensors` has named."""
    count = sum(key.startswith(f"{name}.") for key in tensors)
    return [tensors[f"{name}.{number}"] for number in range(count)]


def _put(parameters: Sequence[torch.Tensor], values: Sequence[torch.Tensor]) -> None:
    import torch

    with torch.no_grad():
        for parameter, value in zip(parameters, values, strict=True):
            parameter.copy_(value)
