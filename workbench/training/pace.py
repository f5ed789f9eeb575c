"""How fast a training loop is, its learning rate, and the memory of its steps."""

from __future__ import annotations

import time

import psutil

from workbench.training.monitoring import Monitor
from workbench.training.registry import Reporter

MOST_POINTS = 200  # of each series: the speed is the mean over the steps between two
GROWTH = 1.02  # of the highest memory, below which nothing is told


class Pace:
    """Draws ``speed`` (examples a second, looks and checkpoints not counted) and ``learning_rate``.

    Where it draws follows from the number of steps alone. The memory (resident, bytes) is told to the
    run's monitor, so that advice on the batch size can be computed should memory run out.
    """

    def __init__(self, report: Reporter, monitor: Monitor, total: int) -> None:
        self._report, self._monitor = report, monitor
        self._every = max(1, total // MOST_POINTS)
        self._process = psutil.Process()
        self._spent, self._examples = 0.0, 0
        self._base = self._told = 0
        self._began = 0.0

    def begin(self, examples: int) -> None:
        """A step begins."""
        if not self._base:
            self._base = self._told = self._process.memory_info().rss
            self._monitor.memory(self._base, self._base, examples)
        self._began = time.perf_counter()

    def forward(self, examples: int) -> None:
        """The loss is there, and all that the backward pass needs is in memory."""
        held = self._process.memory_info().rss
        if held > GROWTH * self._told:
            self._told = held
            self._monitor.memory(self._base, held, examples)

    def end(self, step: int, examples: int, rate: float) -> None:
        """A step is done; ``rate`` is the learning rate that it had."""
        self._spent += time.perf_counter() - self._began
        self._examples += examples
        if step % self._every and step > 1:
            return
        if step > 1 or self._every == 1:  # the first step warms up: alone it would tell too little
            self._report.point("speed", step, self._examples / max(1e-9, self._spent))
        self._report.point("learning_rate", step, rate)
        self._spent, self._examples = 0.0, 0
