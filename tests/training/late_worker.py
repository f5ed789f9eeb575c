"""A worker process of the tests of time budgets: a run whose clock jumps an hour at some moment."""

import os
import time

from workbench.settings import Settings
from workbench.training.worker import RunReporter, run_job


def carry_out(home: str, run_id: str, phase: str = "", looks: int = 0) -> None:
    """The run as a worker does it, on time until ``phase``, or until so many looks have been taken."""
    os.environ["WORKBENCH_PRECISION"] = "fp32"
    ahead, seen = [0.0], []
    now, begin, draw = time.monotonic, RunReporter.phase, RunReporter.point

    def begun(reporter, text, progress=0.0):
        if text.get("en") == phase:
            ahead[0] = 3600.0
        begin(reporter, text, progress)

    def drawn(reporter, series, step, value):
        if series == "dev_mrr@10" and step:
            seen.append(step)
        if series == "loss" and looks and len(seen) >= looks:
            ahead[0] = 3600.0
        draw(reporter, series, step, value)

    time.monotonic = lambda: now() + ahead[0]
    RunReporter.phase, RunReporter.point = begun, drawn
    run_job(Settings.from_env({}, home=home, threads=1), run_id)
