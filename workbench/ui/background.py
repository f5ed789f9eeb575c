"""Work that takes longer than an answer may: done in threads, its progress there for every browser."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from workbench.errors import Stopped
from workbench.localtext import LocalText
from workbench.ui.errors import sentence_for
from workbench.ui.text import text

Report = Callable[[float, LocalText], None]


@dataclass
class Task:
    """One piece of work. ``fraction`` is 0..1; ``error`` says why it ended without a result."""

    fraction: float = 0.0
    words: LocalText | None = None
    error: LocalText | None = None
    done: bool = False

    def as_json(self) -> dict[str, Any]:
        """For the page."""
        return {
            "fraction": self.fraction,
            "words": self.words.as_json() if self.words else None,
            "error": self.error.as_json() if self.error else None,
            "done": self.done,
        }


class Background:
    """A queue of named tasks. A name that is under way is not started twice, whoever asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tasks: dict[str, Task] = {}
        self._waiting: list[tuple[Future[None], Task]] = []
        self._closing = threading.Event()
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="page-work")

    def start(self, name: str, work: Callable[[Report], object]) -> Task:
        """Start ``work`` under ``name``, or return the task of that name that has not ended."""
        with self._lock:
            running = self._tasks.get(name)
            if running is not None and not running.done:
                return running
            task = self._tasks[name] = Task()
            if self._closing.is_set():
                _give_up(task)
                return task
            self._waiting = [(future, other) for future, other in self._waiting if not future.done()]
            self._waiting.append((self._pool.submit(self._run, task, work), task))
        return task

    def close(self) -> None:
        """End: what waits is not begun, and what runs is stopped where it next reports its progress.

        Returns at once. Tasks that did not come to their end say so as their error.
        """
        with self._lock:
            self._closing.set()
            for future, task in self._waiting:
                if future.cancel():
                    _give_up(task)
            self._waiting.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def find(self, name: str) -> Task | None:
        """The newest task of that name, if there was one."""
        with self._lock:
            return self._tasks.get(name)

    def forget(self, name: str) -> None:
        """Drop a task that has ended, so that its error is shown once."""
        with self._lock:
            task = self._tasks.get(name)
            if task is not None and task.done:
                del self._tasks[name]

    def _run(self, task: Task, work: Callable[[Report], object]) -> None:
        def report(fraction: float, words: LocalText) -> None:
            if self._closing.is_set():
                raise Stopped(text("error.closing"))
            task.fraction, task.words = max(0.0, min(1.0, float(fraction))), words

        try:
            work(report)
            task.fraction = 1.0
        except Exception as error:
            task.error = sentence_for(error)
        finally:
            task.done = True


def _give_up(task: Task) -> None:
    task.error, task.done = text("error.closing"), True
