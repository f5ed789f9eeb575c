"""One of several processes that train a model together: ``python -m workbench.training.replica FOLDER``.

Started by the stage ``cross_device`` under torchrun. ``FOLDER`` holds the job: ``job.json``, the pairs as
tensors in ``pairs.safetensors``, and a checkpoint to go on from in ``saved.safetensors`` where the job names
one. Rank 0 tells each step, writes the trained weights after the steps that the job names, and all that its
loop needs to go on after the step in which somebody has put the file ``wanted`` there; who started it looks
at them, keeps them, decides, and ends it.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from workbench.errors import WorkbenchError
from workbench.training.checkpoints import Checkpoint, LoopState
from workbench.training.cutting import split_model
from workbench.training.dataset import TrainingSet
from workbench.training.distributed import average_gradients, end_with_parent, say, shared, write_whole
from workbench.training.layer_split import LayerSplit
from workbench.training.loop import check_finite, optimizer_of
from workbench.training.monitoring import Monitor
from workbench.training.objectives import Companion
from workbench.training.pace import Pace
from workbench.training.registry import Reporter
from workbench.training.stages.in_batch import InBatch
from workbench.training.trunk import SplitModel

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

JOB, PAIRS, SAVED, WANTED = "job.json", "pairs.safetensors", "saved.safetensors", "wanted"


@dataclass(frozen=True)
class Pairs:
    """What the objective needs of a TrainingSet; arrays as there."""

    anchors: NDArray[np.int64]
    positives: NDArray[np.int64]
    concepts: NDArray[np.int64]
    apart: NDArray[np.int64]


def main() -> int:
    """Train as the job says. A refusal is told in words."""
    end_with_parent()  # before anything that takes time
    import torch.distributed as dist

    folder = Path(sys.argv[1])
    job = json.loads((folder / JOB).read_text(encoding="utf-8"))
    cuda = _device() is not None
    dist.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo")
    first = dist.get_rank() == 0
    try:
        _train(folder, job, first)
    except WorkbenchError as error:
        if first:
            say({"problem": {"zh": error.text("zh"), "en": error.text("en")}})
        return 0
    finally:
        dist.destroy_process_group()
    if first:
        say({"done": True})
    return 0


def _train(folder: Path, job: dict[str, Any], first: bool) -> None:
    import torch

    parameters = job["parameters"]
    torch.manual_seed(job["seed"])
    model = split_model(Path(job["model"]), job["layers"])
    model.prepare(job["terms"], lambda done: say({"prepared": done}) if first else None)
    _move(model)
    objective = InBatch(cast(TrainingSet, _pairs(folder)), parameters)
    generator = torch.Generator().manual_seed(job["seed"])
    epochs = int(parameters["epochs"])
    batches = objective.epoch(generator)
    total, step = epochs * len(batches), 0
    optimizer, schedule = optimizer_of(model, Companion(), parameters, total)
    state = LoopState(model, optimizer, schedule, generator)
    saved = _saved(folder, job)
    begin = int(saved.facts["epoch"]) if saved else 0
    vectors = shared(model.vectors)
    pace = Pace(cast(Reporter, _Told(first)), Monitor(), total)
    model.train(True)
    for number in range(begin, epochs):
        taken_up = saved if number == begin else None
        if taken_up:
            state.reopen(taken_up)
        state.open_epoch()
        batches = batches if number == 0 else objective.epoch(generator)
        if taken_up:
            state.restore(taken_up)
            step = int(taken_up.facts["step"])
        for rows in batches[step - number * len(batches) :]:
            # dropout differs between processes, and is drawn again where the step is done again
            torch.manual_seed(_dropout_seed(job["seed"], step))
            pace.begin(len(rows))
            loss = objective.loss(vectors, rows)
            check_finite(loss)
            optimizer.zero_grad()
            loss.backward()
            average_gradients(model.trainable())
            torch.nn.utils.clip_grad_norm_(model.trainable(), 1.0)
            rate = optimizer.param_groups[0]["lr"]
            optimizer.step()
            schedule.step()
            step += 1
            pace.end(step, len(rows), rate)
            if first:
                told = {"step": step, "loss": float(loss.detach())}
                weights = _hand_over(folder, job, model, step)
                say({**told, "weights": weights, **_checkpoint(folder, state, step, number)})


def _dropout_seed(seed: int, step: int) -> int:
    """Another one for each step of each process."""
    import torch.distributed as dist

    return ((seed * 1_000_003 + step) * 64 + int(dist.get_rank())) % 2**63


def _checkpoint(folder: Path, state: LoopState, step: int, epoch: int) -> dict[str, Any]:
    """Where the state after ``step`` was written, with its facts; nothing where nobody wants it."""
    wanted = folder / WANTED
    if not wanted.exists():
        return {}
    wanted.unlink()
    name = f"state-{step:08d}.safetensors"
    tensors, facts = state.capture()
    write_whole(folder / name, {key: value.cpu().contiguous() for key, value in tensors.items()})
    return {"state": name, "facts": {**facts, "epoch": epoch}}


def _saved(folder: Path, job: dict[str, Any]) -> Checkpoint | None:
    from safetensors.torch import load_file

    return Checkpoint(load_file(folder / SAVED), job["saved"]) if job["saved"] else None


class _Told:
    """Takes the points of a curve and tells them."""

    def __init__(self, first: bool) -> None:
        self._first = first

    def point(self, series: str, step: int, value: float) -> None:
        if self._first:
            say({"point": [series, step, value]})


def _hand_over(folder: Path, job: dict[str, Any], model: SplitModel, step: int) -> str | None:
    """The name of the file with the weights after ``step``; None where nobody wants to look at them."""
    if step not in job["looks"]:
        return None
    name = f"step-{step:08d}.safetensors"
    weights = {f"{place:05d}": each.cpu().contiguous() for place, each in enumerate(model.snapshot())}
    write_whole(folder / name, weights)
    return name


def _pairs(folder: Path) -> Pairs:
    from safetensors.numpy import load_file

    return Pairs(**load_file(folder / PAIRS))


def _device() -> torch.device | None:
    """The graphics card of this process; None: there is none for it."""
    import torch

    number = int(os.environ.get("LOCAL_RANK", "0"))
    if torch.cuda.device_count() < int(os.environ.get("LOCAL_WORLD_SIZE", "1")):
        return None
    torch.cuda.set_device(number)
    return torch.device("cuda", number)


def _move(model: SplitModel) -> None:
    """Let the head compute on this process's graphics card; what goes in and comes out stays where it is."""
    device = _device()
    if device is None or not isinstance(model, LayerSplit):
        return
    model.model.to(device)
    inner = model.head

    def head(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return inner(hidden.to(device), mask.to(device)).cpu()

    model.head = head  # type: ignore[method-assign]  # on purpose, on this object


if __name__ == "__main__":
    sys.exit(main())
