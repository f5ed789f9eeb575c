"""What the tests of several processes that train together share."""

import itertools

import psutil
from real_workers import wait

from workbench.training.checkpoints import Checkpoints

FAST = {"processes": 2, "epochs": 4, "learning_rate": 3e-3, "batch_size": 16, "layers": "1"}


def team():
    """The launcher and the processes that it started; other tests may have left a child of their own here."""
    children = psutil.Process().children(recursive=True)
    return [each for each in children if "workbench.training.replica" in command_of(each)]


def command_of(process):
    try:
        return process.cmdline()
    except psutil.Error:  # it has ended meanwhile
        return []


class Onlooker:
    """A reporter's ``point`` that does something to the processes at a step."""

    def __init__(self, reporter, step, act):
        self.members = []
        inner = reporter.point

        def point(series, at, value):
            inner(series, at, value)
            if series == "loss" and not self.members and at >= step:
                self.members = team()
                act(self.members)

        reporter.point = point


class Noting(Checkpoints):
    """Saves as often as it may; knows where the curve was taken back to, and when a checkpoint came."""

    def __init__(self, folder, *, every=0.0, then=lambda steps: None):
        self.rewound, self.steps = [], []
        marks = itertools.count(1)
        super().__init__(folder, every=every, mark=lambda: next(marks), rewind=self.rewound.append)
        self._then = then

    def due(self):
        return self._every == 0

    def save(self, step, tensors, facts):
        super().save(step, tensors, facts)
        self.steps.append(step)
        self._then(self.steps)


def weights_of(trained):
    return (trained.folder / "model.safetensors").read_bytes()


def losses_of(reporter):
    return {step: value for series, step, value in reporter.points if series == "loss"}


def replicas(members):
    return [each for each in members if "torch.distributed.run" not in command_of(each)]


def none_is_left(members):
    wait(lambda: not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in members), 15)


def same_end(one, other):
    return weights_of(one) == weights_of(other) and all(
        getattr(one.result, part) == getattr(other.result, part) for part in ("base", "best", "chosen")
    )
