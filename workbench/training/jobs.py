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
from typing import Any

import psutil

from workbench.errors import NotFound
from workbench.localtext import LocalText
from workbench.settings import PACKAGE, Settings
from workbench.storage.artifacts import remove_staging
from workbench.storage.runs import RunStore
from workbench.training.causes import (
    ENDED,
    HUNG,
    INTERRUPTED,
    KILLED,
    STOPPED,
    STOPPED_KEPT,
    Memory,
    kills_for_memory,
    out_of_memory,
    smaller,
)
from workbench.training.run_folder import RunFolder
from workbench.training.worker import job_line
from workbench.types import Run, RunState

log = logging.getLogger("workbench.jobs")
POLL_SECONDS = 0.25


@dataclass
class _Worker:
    """A worker process that this supervisor started."""

    process: subprocess.Popen[str]
    run_id: str | None = None
    kills_before: int = 0  # by the kernel, for want of memory, before it was started

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
        self._beats: dict[str, tuple[float | None, float]] = {}  # run -> its heartbeat, and since when
        self._spawn_delay = 0.0
        self._spawn_after = 0.0

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
        elif self._wants_idle_worker():
            self._idle = self._spawn()

    def _wants_idle_worker(self) -> bool:
        late_enough = time.monotonic() >= self._spawn_after
        return self._settings.warm_worker and self._idle is None and late_enough and not self._runs.active()

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
        return _Worker(process, kills_before=kills_for_memory())

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
            if worker.run_id:
                self._stop_seen.pop(worker.run_id, None)
                self._beats.pop(worker.run_id, None)
                noted = self._runs.worker_of(worker.run_id)
                if noted and noted[0] == worker.process.pid:  # else it was resumed at once: not ours any more
                    self._clear_up(worker.run_id, *self._cause(worker))
        if self._idle and not self._idle.alive():
            self._idle = None
            # One that dies while it imports would be started again for ever: each time a little later.
            self._spawn_delay = min(300.0, 2 * self._spawn_delay + 1)
            self._spawn_after = time.monotonic() + self._spawn_delay

    def _clear_up(self, run_id: str, state: RunState, message: LocalText) -> None:
        """End a run whose worker is gone: say how it ended, and remove what was half written."""
        remove_staging(self._settings.runs_path / run_id)
        request = self._runs.stop_request(run_id)
        with contextlib.suppress(NotFound):
            folder = RunFolder(self._settings, self._runs.get(run_id))
            if request == "discard":
                folder.discard()
            kept = request == "keep" and folder.keep_what_there_is()
            if request is not None:
                state, message = "stopped", STOPPED_KEPT if kept else STOPPED
        self._runs.finish(run_id, state, message)

    def lost(self) -> list[Run]:
        """Runs that count as active and whose worker is gone."""
        return [run for run in self._runs.active() if self._is_lost(run)]

    def end_lost(self, run: Run) -> None:
        """Say of a run of :meth:`lost` that it was interrupted, and remove what was half written."""
        self._clear_up(run.id, "interrupted", INTERRUPTED)

    def _is_lost(self, run: Run) -> bool:
        if any(worker.run_id == run.id for worker in self._busy):
            return False
        noted = self._runs.worker_of(run.id)
        # a run that is just being handed over by another process has no worker noted yet
        return _process(*noted) is None if noted else self._runs.heartbeat_age(run.id) > 10

    def _watch(self, run: Run) -> None:
        if self._is_lost(run):
            self.end_lost(run)
            return
        noted = self._runs.worker_of(run.id)
        process = _process(*noted) if noted else None
        if process is None:
            return
        if run.state == "stopping":
            since = self._stop_seen.setdefault(run.id, time.monotonic())
            keep = self._runs.stop_request(run.id) == "keep"
            grace = self._settings.save_grace_seconds if keep else self._settings.stop_grace_seconds
            if time.monotonic() - since > grace:
                kill_group(process)
            return
        self._stop_seen.pop(run.id, None)
        self._watch_limits(run, process)

    def _watch_limits(self, run: Run, process: psutil.Process) -> None:
        """End a worker that hangs or takes more than it may."""
        settings, now = self._settings, time.monotonic()
        beat = self._runs.heartbeat(run.id)
        known, since = self._beats.get(run.id, (None, now))
        # by this process's own clock: the machine may have slept, or the wall clock have been set
        self._beats[run.id] = (beat, since if beat == known else now)
        if beat == known and now - since > settings.hang_seconds:
            kill_group(process)
            self._clear_up(run.id, "interrupted", HUNG.format(seconds=f"{settings.hang_seconds:g}"))
        elif settings.run_memory_bytes and (held := _memory_of(process)) > settings.run_memory_bytes:
            kill_group(process)
            memory = Memory.of(run.result, settings.run_memory_bytes, held)
            limit = settings.run_memory_bytes
            message = out_of_memory(self._stage_of(run.id), memory, limit=limit, held=held)
            self._clear_up(run.id, "failed", message)
        elif settings.run_seconds and run.started_at is not None:
            # the worker itself stops in time; this is for one that does not get to it
            late = time.time() - run.started_at - settings.run_seconds
            if late > settings.save_grace_seconds:
                self._runs.request_stop(run.id, keep=True)

    def _stage_of(self, run_id: str) -> dict[str, Any] | None:
        """The stage that a run was busy with."""
        with contextlib.suppress(NotFound):
            folder = RunFolder(self._settings, self._runs.get(run_id))
            if folder.next_stage() <= len(folder.stages):
                return folder.stages[folder.next_stage() - 1]
        return None

    def _cause(self, worker: _Worker) -> tuple[RunState, LocalText]:
        code = worker.process.returncode
        entry, memory = None, None
        if worker.run_id:
            entry = self._stage_of(worker.run_id)
            with contextlib.suppress(NotFound):
                memory = Memory.of(self._runs.get(worker.run_id).result, self._settings.run_memory_bytes)
        if code == -signal.SIGKILL and kills_for_memory() > worker.kills_before:
            return "failed", out_of_memory(entry, memory)
        if code == -signal.SIGKILL:
            return "interrupted", KILLED.format(advice=smaller(entry, memory))
        if code < 0:
            return "interrupted", INTERRUPTED
        return "failed", ENDED.format(code=code)

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


def _memory_of(process: psutil.Process) -> int:
    """Bytes of memory that a worker and all that it started hold."""
    total = 0
    with contextlib.suppress(psutil.Error):
        for member in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                total += member.memory_info().rss
    return total


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
