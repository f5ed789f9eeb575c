"""The worker process: imports its libraries, waits for one run on standard input, does it, and ends.

Started by the supervisor as ``python -m workbench.training.worker``. It writes to the database
itself, so that a run goes on when the server that started it is gone.
"""

from __future__ import annotations

import json
import logging
import math
import os
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import Stopped, StorageProblem, WorkbenchError
from workbench.localtext import LocalText
from workbench.settings import Settings, who_can_change
from workbench.training.causes import (
    BUDGET_IS_UP,
    STOPPED,
    STOPPED_KEPT,
    TIME_IS_UP,
    Memory,
    unexpected,
)
from workbench.training.run_folder import RunFolder

if TYPE_CHECKING:
    from workbench.storage.runs import RunStore

FLUSH_SECONDS = 0.25
MOST_FAILURES = 20  # writes in a row; each has waited for the lock already
log = logging.getLogger("workbench.worker")


class RunReporter:
    """Writes a run's phase, progress, heartbeat and curve to the database, a few times a second."""

    def __init__(
        self,
        runs: RunStore,
        run_id: str,
        *,
        seconds: float = 0.0,
        budget: float = 0.0,
        late_at: float = math.inf,
    ) -> None:
        """``late_at`` (seconds since the epoch): a stop from then on is the supervisor's, for time."""
        self._seconds, self._late_at = seconds, late_at
        self._runs = runs
        self._run_id = run_id
        self._seq = runs.last_seq(run_id)
        self._first = self._seq + 8  # the first points are written at once
        self._limits = {limit: time.monotonic() + limit for limit in (seconds, budget) if limit}
        self._budget = budget if budget != seconds else 0.0
        self._offset = 0  # steps of the stages before this one
        self._points: list[tuple[int, str, int, float, float]] = []
        self._told: dict[str, Any] = {}  # and not written yet
        self.facts: dict[str, Any] = {}
        self._phase = LocalText("正在启动", "Starting")
        self._progress = 0.0
        self._step = 0
        self._total = 0
        self._flushed = 0.0
        self._deaf = False
        self._failures = 0
        self.stop_request: str | None = None
        self.time_is_up = 0.0  # the limit that was reached, in seconds
        self.stage: dict[str, Any] | None = None  # the entry of the run's config that is being done

    @property
    def seq(self) -> int:
        """The newest point of the curve."""
        return self._seq

    def begin_stage(self, number: int, entry: dict[str, Any], before: int) -> None:
        """The next stage begins; its steps are drawn behind those of the stages before it.

        ``before`` is the newest point of the curve when those were whole.
        """
        self.flush()
        self.stage = entry
        self._step = self._total = 0
        self._offset = self._runs.last_step(self._run_id, before) if number > 1 else 0

    def mark(self) -> int | None:
        """Write everything, and give the newest point of the curve; None where all will be thrown away."""
        self.flush()
        return None if self.stop_request == "discard" else self._seq

    def rewind(self, seq: int) -> None:
        """Forget the curve after a point: that part is done again. Its numbers are not used again."""
        self.flush()
        self._runs.drop_curve_after(self._run_id, seq)

    def phase(self, text: LocalText, progress: float = 0.0) -> None:
        """Say what is being done now."""
        log.info("phase: %s", text.get("en"))
        self._phase, self._progress = text, progress
        self.flush()
        self._raise_if_stopped()

    def progress(self, fraction: float) -> None:
        """Say how much of the phase is done."""
        self._progress = fraction
        self._flush_if_due()

    def steps(self, step: int, total: int) -> None:
        """Say which training step this is."""
        self._step, self._total = step, total
        self._progress = step / max(1, total)
        self._flush_if_due()

    def point(self, series: str, step: int, value: float) -> None:
        """Add a value to the live curve; what is no number cannot be drawn."""
        if not math.isfinite(value):
            return
        self._seq += 1
        self._points.append((self._seq, series, self._offset + step, value, time.time()))
        self._flush_if_due(first=self._seq <= self._first)

    def tell(self, name: str, value: Any) -> None:
        """Keep a fact (JSON) with the run from now on, such as its warnings."""
        self.facts[name] = self._told[name] = value

    def end_budget(self) -> None:
        """The run's own time budget does not count any longer."""
        self._limits.pop(self._budget, None)

    def check_stop(self) -> None:
        """Raise Stopped when the expert pressed Stop."""
        self._flush_if_due()

    def flush(self) -> None:
        """Write now. A database that refuses is tried again with the next points; the run goes on."""
        self._flushed = time.monotonic()
        try:
            request = self._runs.report(
                self._run_id,
                phase=self._phase,
                progress=self._progress,
                step=self._step,
                total_steps=self._total,
                points=self._points,
                facts=self._told,
            )
        except StorageProblem as error:
            self._failures += 1
            log.warning("the database refused (%s), try %d", error, self._failures)
            if self._failures > MOST_FAILURES:
                raise
            return
        self._failures = 0
        self._points = []
        self._told = {}
        if request and not self.stop_request and time.time() > self._late_at:
            self.time_is_up = self._seconds  # a worker that was slow to start has not seen it itself
        self.stop_request = request or self.stop_request

    def _flush_if_due(self, first: bool = False) -> None:
        if first or time.monotonic() - self._flushed >= FLUSH_SECONDS:
            self.flush()
        self._raise_if_stopped()

    def _raise_if_stopped(self) -> None:
        reached = [limit for limit, until in self._limits.items() if time.monotonic() > until]
        if reached and not self.stop_request:
            self.stop_request, self.time_is_up = "keep", min(reached)
        if self.stop_request and not self._deaf:
            self._deaf = True  # said once: what is kept must still be saved
            raise Stopped(LocalText("已停止。", "Stopped."))


def main() -> int:
    """Wait for a job (one JSON line: ``run_id``, ``home``) and do it. Ends when the input ends."""
    os.environ.update(TOKENIZERS_PARALLELISM="false")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    if hasattr(os, "nice"):
        os.nice(10)  # the page goes first
    _warm_up()
    print("ready", flush=True)  # noqa: T201  (the supervisor reads it)
    line = sys.stdin.readline()
    if not line.strip():
        return 0
    job = json.loads(line)
    settings = Settings.from_env(home=Path(job["home"]))
    _log_to(settings.runs_path / job["run_id"] / "log.txt")
    return run_job(settings, job["run_id"])


def run_job(settings: Settings, run_id: str) -> int:
    """Do one run to its end, whatever the end is. Returns the exit status."""
    import psutil
    import torch

    from workbench.workspace import Workspace

    torch.set_num_threads(settings.worker_threads)
    _limit_memory(settings.run_memory_bytes)
    workspace = Workspace(settings)
    runs = workspace.runs
    me = psutil.Process()
    runs.attach_worker(run_id, me.pid, me.create_time())
    if not runs.mark_running(run_id):
        _kept(RunFolder(settings, runs.get(run_id)), runs.stop_request(run_id))
        runs.finish(run_id, "stopped", LocalText("开始之前已停止。", "Stopped before it began."))
        return 0
    run = runs.get(run_id)
    budget = float(run.config.get("budget") or 0.0)
    limit = settings.run_seconds
    late_at = (run.started_at or math.inf) + limit + settings.save_grace_seconds if limit else math.inf
    reporter = RunReporter(runs, run_id, seconds=limit, budget=budget, late_at=late_at)
    try:
        from workbench.training.execute import execute

        state, message, result = execute(workspace, run, reporter)
        reporter.flush()
        runs.finish(run_id, state, _with_reason(message, reporter, limit), result)
    except Stopped:
        kept = _kept(RunFolder(settings, run), reporter.stop_request)
        message = STOPPED_KEPT if kept else STOPPED
        runs.finish(run_id, "stopped", _with_reason(message, reporter, limit))
    except WorkbenchError as error:
        log.exception("the run ended with a refusal")
        runs.finish(run_id, "failed", LocalText(error.text("zh"), error.text("en")))
        return 1
    except BaseException as error:
        log.error("the run failed:\n%s", traceback.format_exc())
        memory = Memory.of(reporter.facts, settings.run_memory_bytes)
        message = unexpected(error, reporter.stage, memory, settings.run_memory_bytes)
        runs.finish(run_id, "failed", message)
        return 1
    finally:
        workspace.close()
    return 0


def _kept(folder: RunFolder, request: str | None) -> bool:
    """Whether a run that was stopped before it came to anything has a model, of an attempt before this one.

    Where nothing is to be kept, that goes as well.
    """
    if request == "discard":
        folder.discard()
        return False
    return folder.keep_what_there_is()


def _with_reason(message: LocalText, reporter: RunReporter, limit: float) -> LocalText:
    """``limit`` is the one that holds for every run here; another is the run's own budget."""
    if not reporter.time_is_up:
        return message
    words = TIME_IS_UP if reporter.time_is_up == limit else BUDGET_IS_UP
    said = words.format(seconds=f"{reporter.time_is_up:g}", end=message)
    return said.then(who_can_change("run_seconds")) if words is TIME_IS_UP else said


def _limit_memory(limit: int) -> None:
    """Let what is beyond ``limit`` bytes be refused, where the system can; the supervisor watches as well."""
    if not limit or sys.platform != "linux":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _warm_up() -> None:
    """Import what every run needs, and let the libraries build what they build on first use."""
    import sentence_transformers  # noqa: F401
    import sklearn.feature_extraction.text  # noqa: F401
    import torch

    from workbench.training.registry import stages

    stages()
    layer = torch.nn.Linear(8, 8)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=0.0)
    torch.nn.functional.cross_entropy(layer(torch.zeros(4, 8)), torch.arange(4)).backward()
    optimizer.step()


def _log_to(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)


def job_line(run_id: str, home: Path) -> str:
    """What the supervisor sends a waiting worker."""
    job: dict[str, Any] = {"run_id": run_id, "home": str(home)}
    return json.dumps(job) + "\n"


if __name__ == "__main__":
    sys.exit(main())
