"""Measuring for the leaderboard: one system after the other on each benchmark, whoever asked for them."""

from __future__ import annotations

import threading
import time
from typing import Any

from workbench.errors import Stopped
from workbench.evaluation.benchmarks import split_benchmark_id
from workbench.evaluation.measure import baseline_infos
from workbench.localtext import LocalText
from workbench.ui.background import Report
from workbench.ui.page import Page
from workbench.ui.text import text
from workbench.ui.whose import asking


class Measuring:
    """What is to be measured on each benchmark, in the order that it was asked for.

    What is asked for while another's systems are measured comes behind them, and one that fails does not keep
    the others from being measured. Progress is for everybody, a failure for who asked.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._lock = threading.Lock()
        self._wanted: dict[str, list[str]] = {}  # by benchmark, while it is worked off
        self._askers: dict[str, set[str]] = {}

    def ask(self, benchmark: str, systems: list[str]) -> None:
        """Measure ``systems``, but those that wait already."""
        while True:
            with self._lock:
                wanted = self._wanted.get(benchmark)
                if wanted is not None:
                    wanted += [each for each in systems if each not in wanted]
                    self._askers[benchmark].add(asking())
                    return
                task = self._page.background.find(_task(benchmark))
                if task is None or task.done:
                    self._wanted[benchmark] = list(systems)
                    self._askers[benchmark] = {asking()}
                    self._page.background.start(
                        _task(benchmark), lambda report: self._work_off(benchmark, report)
                    )
                    return
            time.sleep(0.01)  # the one before is just ending

    def state(self, benchmark: str) -> dict[str, Any] | None:
        """How far it is; an error once, to who asked."""
        task = self._page.background.find(_task(benchmark))
        if task is None or (task.error and asking() not in self._askers.get(benchmark, {asking()})):
            return None
        state = task.as_json()
        self._page.background.forget(_task(benchmark))
        return state

    def _work_off(self, benchmark: str, report: Report) -> None:
        wanted, place, failed = self._wanted[benchmark], 0, None
        try:
            while place < len(wanted):
                try:
                    self._measure(benchmark, wanted, place, report)
                except Stopped:
                    raise
                except Exception as error:
                    failed = failed or error
                place += 1
                with self._lock:
                    if place >= len(wanted):
                        del self._wanted[benchmark]
        finally:
            with self._lock:
                self._wanted.pop(benchmark, None)
        if failed:
            raise failed

    def _measure(self, benchmark: str, wanted: list[str], place: int, report: Report) -> None:
        services, evaluation = self._page.services, self._page.services.evaluation
        system, models = wanted[place], {model.id: model.title for model in services.models()}
        titles = {model.id: model.title for model in baseline_infos()} | models

        def step(fraction: float, phase: LocalText) -> None:
            words = text("board.measuring", model=titles.get(system, system), i=place + 1, n=len(wanted))
            report((place + fraction) / len(wanted), words.format(words=phase))

        step(0.0, text("board.waiting"))
        kind, name = split_benchmark_id(benchmark)
        if kind == "pairs":
            evaluation.pairs.evaluate(benchmark, system, step)
            return
        evaluation.evaluate(benchmark, system, _part(step, 0.0, 0.7))
        if system in models:
            dictionary = name if kind == "dictionary" else None
            services.retention(system, dictionary, _part(step, 0.7, 1.0))


def _part(report: Report, low: float, high: float) -> Report:
    """The part of a bar that one of several pieces of work moves."""
    return lambda fraction, words: report(low + (high - low) * fraction, words)


def _task(benchmark: str) -> str:
    return f"measure\n{benchmark}"
