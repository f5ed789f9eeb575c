"""The supervisor: a thread that owns a worker process for each run, keeps the queue and survives restarts."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import psutil

from workbench.localtext import LocalText
from workbench.settings import PACKAGE, Settings
from workbench.storage.runs import RunStore
from workbench.training.worker import job_line
from workbench.types import Run, RunState

log = logging.getLogger("workbench.jobs")
POLL_SECONDS = 0.25
INTERRUPTED = LocalText(
    "训练被中断（进程消失了）。可以重新开始。",
    "The run was interrupted (its process is gone). Start it again.",
)


@dataclass
class _Worker:
    """A worker process that this supervisor started."""

    process: subprocess.Popen[str]
    run_id: str | None = None

    def alive(self) -> bool:
        return self.process.poll() is None


class Supervisor:
    """Starts queued runs one at a time, watches their workers, and stops them when asked.

    The truth is in the database: a run that another process started (or this server before it was
    restarted) is watched by the pid and start time noted there. Any number of supervisors may work
    on one home folder; a run is claimed in one transaction.
    """

    def __init__(self, settings: Settings, runs: RunStore) -> None:
        self._settings = settings
        self._runs = runs
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._idle: _Worker | None = None
        self._busy: list[_Worker] = []
        self._stop_seen: dict[str, float] = {}

    def start(self) -> None:
        """Begin to watch; the first thing is to put right what a crash left."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name="supervisor", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Look at the queue now."""
        self._wake.set()

    def close(self) -> None:
        """Stop watching. Running workers go on: the next supervisor finds them."""
        self._closing.set()
        self._wake.set()
        if self._thread:
            self._thread.join(timeout=10)
            self._thread = None
        if self._idle:
            self._dismiss(self._idle)
            self._idle = None

    # -- inside ---------------------------------------------------------------------------------

    def _loop(self) -> None:
        while not self._closing.is_set():
            try:
                self._tick()
            except Exception:
                log.exception("the supervisor stumbled and goes on")
            self._wake.wait(POLL_SECONDS)
            self._wake.clear()

    def _tick(self) -> None:
        self._reap()
        for run in self._runs.active():
            self._watch(run)
        claimed = self._runs.claim_next()
        if claimed:
            self._hand_over(claimed)
        elif self._settings.warm_worker and self._idle is None and not self._runs.active():
            self._idle = self._spawn()

    def _spawn(self) -> _Worker:
        environment = dict(
            os.environ, PYTHONPATH=str(PACKAGE.parent), WORKBENCH_HOME=str(self._settings.home)
        )
        threads = str(self._settings.worker_threads)
        environment.update(OMP_NUM_THREADS=threads, MKL_NUM_THREADS=threads)
        self._settings.home.mkdir(parents=True, exist_ok=True)
        with (self._settings.home / "worker.log").open("ab") as log_file:
            process = subprocess.Popen(
                [sys.executable, "-m", "workbench.training.worker"],
                stdin=subprocess.PIPE,
                stdout=log_file,
                stderr=log_file,
                text=True,
                env=environment,
                start_new_session=True,
            )
        return _Worker(process)

    def _hand_over(self, run: Run) -> None:
        worker = self._idle if self._idle and self._idle.alive() else self._spawn()
        self._idle = None
        worker.run_id = run.id
        self._busy.append(worker)
        with contextlib.suppress(psutil.NoSuchProcess):
            self._runs.attach_worker(
                run.id, worker.process.pid, psutil.Process(worker.process.pid).create_time()
            )
        assert worker.process.stdin is not None
        try:
            worker.process.stdin.write(job_line(run.id, self._settings.home))
            worker.process.stdin.close()
        except OSError:
            log.warning("worker %s was gone before it got run %s", worker.process.pid, run.id)

    def _reap(self) -> None:
        """Workers of ours that ended: say so where they could not."""
        for worker in list(self._busy):
            if worker.alive():
                continue
            self._busy.remove(worker)
            code = worker.process.returncode
            if worker.run_id:
                self._stop_seen.pop(worker.run_id, None)
                self._runs.finish(worker.run_id, *_cause(code, self._stopped_by_us(worker.run_id)))
        if self._idle and not self._idle.alive():
            self._idle = None

    def _stopped_by_us(self, run_id: str) -> bool:
        return self._runs.get(run_id).state == "stopping"

    def _watch(self, run: Run) -> None:
        noted = self._runs.worker_of(run.id)
        ours = any(worker.run_id == run.id for worker in self._busy)
        process = _process(*noted) if noted else None
        if process is None and not ours:
            # a run that is just being handed over by another process has no worker noted yet
            if noted or self._runs.heartbeat_age(run.id) > 10:
                state: RunState = "stopped" if run.state == "stopping" else "interrupted"
                message = STOPPED if run.state == "stopping" else INTERRUPTED
                self._runs.finish(run.id, state, message)
            return
        if run.state == "stopping" and process is not None:
            since = self._stop_seen.setdefault(run.id, time.monotonic())
            keep = self._runs.stop_request(run.id) == "keep"
            grace = self._settings.save_grace_seconds if keep else self._settings.stop_grace_seconds
            if time.monotonic() - since > grace:
                kill_group(process)

    @staticmethod
    def _dismiss(worker: _Worker) -> None:
        """An idle worker ends when its input ends; one that is still importing is ended."""
        with contextlib.suppress(OSError):
            if worker.process.stdin:
                worker.process.stdin.close()
        worker.process.terminate()
        try:
            worker.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait(timeout=5)


STOPPED = LocalText("已停止，没有留下模型。", "Stopped; no model was kept.")


def _cause(code: int, stopping: bool) -> tuple[RunState, LocalText]:
    if stopping:
        return "stopped", STOPPED
    if code == -signal.SIGKILL:
        return "interrupted", LocalText(
            "训练进程被系统结束，多半是内存不够。请关掉别的程序，或把批大小调小。",
            "The run's process was killed, most likely for want of memory. "
            "Close other programs or use a smaller batch.",
        )
    if code < 0:
        return "interrupted", INTERRUPTED
    return "failed", LocalText(
        "训练进程意外退出（代码 {code}）。日志里有详细原因。",
        "The run's process ended unexpectedly (code {code}). The log has the details.",
    ).format(code=code)


def _process(pid: int, started: float) -> psutil.Process | None:
    """The live process with this pid *and* start time: pids are used again."""
    try:
        process = psutil.Process(pid)
        if abs(process.create_time() - started) < 1.0 and process.status() != psutil.STATUS_ZOMBIE:
            return process
    except psutil.Error:
        pass
    return None


def kill_group(process: psutil.Process) -> None:
    """End a worker and all that it started."""
    children = []
    with contextlib.suppress(psutil.Error):
        children = process.children(recursive=True)
    for member in [*children, process]:
        with contextlib.suppress(psutil.Error):
            member.kill()
