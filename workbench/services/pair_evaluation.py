"""Measuring on labelled pairs: thresholds, curves and calibration of each system, and the board of a set."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from workbench.errors import BadParameter
from workbench.evaluation.benchmarks import benchmark_id, split_benchmark_id
from workbench.evaluation.labelled import PairBenchmark, pair_benchmark
from workbench.evaluation.leaderboard import Kind
from workbench.evaluation.measure import Progress, baseline_infos
from workbench.evaluation.pair_report import PairReport, report_on
from workbench.localtext import LocalText
from workbench.locks import KeyedCache
from workbench.models.lexical import BASELINES
from workbench.storage.evaluations import NO_NOTE
from workbench.types import ModelInfo
from workbench.workspace import Workspace

SETS_IN_MEMORY = 4


@dataclass(frozen=True, slots=True)
class PairRow:
    """One system on labelled pairs."""

    model: str
    kind: Kind
    title: LocalText
    report: PairReport
    seconds: float
    created_at: float
    note: str


@dataclass(frozen=True, slots=True)
class PairBoard:
    """Every system that was measured on a pair set, best average precision first; ``missing`` are not yet.

    ``dev`` pairs choose the thresholds and are not reported with them.
    """

    benchmark: str
    name: str
    rows: tuple[PairRow, ...]
    missing: tuple[str, ...]
    pairs: int
    positives: int
    dev: int


class PairEvaluations:
    """Measuring on the pair sets of one home folder; ``models`` gives the models that there are."""

    def __init__(self, workspace: Workspace, models: Callable[[], list[ModelInfo]]) -> None:
        self._workspace = workspace
        self._models = models
        self._store = workspace.evaluations
        self._pairs: KeyedCache[str, PairBenchmark] = KeyedCache(SETS_IN_MEMORY)

    def board(self, benchmark: str) -> PairBoard:
        """Every system that was measured on a pair set.

        Raises:
            NotFound, BadParameter, InputError: no such set, not one of pairs, only one label in it.
        """
        pairs = self._pair_benchmark(benchmark)
        known = {model.id: model for model in [*baseline_infos(), *self._models()]}
        notes = self._store.notes()
        rows = []
        for each in self._store.on_pairs(pairs.hash):
            info = known.get(each["model"]) or self._workspace.library.outside_info(each["model"])
            if info is not None:
                report = PairReport.from_json(each["data"])
                note = notes.get(info.id, NO_NOTE).text
                rows.append(
                    PairRow(info.id, info.kind, info.title, report, each["seconds"], each["created_at"], note)
                )
        rows.sort(key=lambda row: (-row.report.average_precision, row.model))
        there = {row.model for row in rows}
        bounded = [name for name, baseline in BASELINES.items() if baseline.bounded]
        default = [model.id for model in known.values() if model.default]
        missing = tuple(name for name in [*bounded, *default] if name not in there)
        counts = len(pairs.labels), int(pairs.labels.sum()), int(pairs.dev.sum())
        return PairBoard(pairs.id, pairs.name, tuple(rows), missing, *counts)

    def evaluate(
        self, benchmark: str, system: str, progress: Progress | None = None, *, again: bool = False
    ) -> PairReport:
        """Measure a system on labelled pairs and store it; what was measured before is read.

        Raises:
            BadParameter: the system cannot score two texts (BM25, a hybrid).
        """
        pairs = self._pair_benchmark(benchmark)
        chosen = self._workspace.measurer.systems.named(system)
        fingerprint = self._workspace.measurer.systems.fingerprint(chosen, progress)
        if not again:
            for each in self._store.on_pairs(pairs.hash):
                if each["model"] == chosen.id and each["fingerprint"] == fingerprint:
                    return PairReport.from_json(each["data"])
        began = time.monotonic()
        scores = self._workspace.measurer.systems.similarities(
            chosen, list(pairs.first), list(pairs.second), progress
        )
        report = report_on(pairs, scores)
        self._store.save_pairs(chosen.id, pairs.hash, fingerprint, report.as_json(), time.monotonic() - began)
        return report

    def _pair_benchmark(self, benchmark: str) -> PairBenchmark:
        kind, name = split_benchmark_id(benchmark)
        if kind != "pairs":
            raise BadParameter(
                LocalText("「{name}」不是句对集。", "“{name}” is no set of labelled pairs."),
                LocalText("写法：pairs:名称。", "Written as pairs:NAME."),
                name=name,
            )
        info = self._workspace.pair_sets.get(name)
        stored = self._workspace.pair_sets
        return self._pairs.get(
            f"{info.id}\n{info.name}",
            lambda: pair_benchmark(benchmark_id("pairs", info.name), info.name, stored.pairs(info.id)),
        )
