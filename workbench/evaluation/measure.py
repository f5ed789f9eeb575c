"""Measures systems on benchmarks, and keeps what was measured: nothing is computed twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import InputError
from workbench.evaluation.benchmarks import BenchmarkKind, Case
from workbench.evaluation.benchmarks import Subject as Subject  # noqa: PLC0414  # also known from here
from workbench.evaluation.leaderboard import (
    BoardRow,
    Known,
    build_board,
    compare_pairs,
    comparison_text,
    newest,
)
from workbench.evaluation.power import Power, power_of
from workbench.evaluation.retrieval import Benchmark, build_benchmark, summarise
from workbench.evaluation.split import Apart, make_split
from workbench.evaluation.systems import Measured, Systems, is_made, system_of
from workbench.evaluation.toplists import Toplists
from workbench.evaluation.twins import Twins, find_twins
from workbench.localtext import LocalText
from workbench.locks import KeyedCache
from workbench.models.lexical import BASELINES
from workbench.storage.dictionaries import DictionaryStore
from workbench.storage.evaluations import EvaluationStore
from workbench.types import DictionaryInfo, Evaluation, ModelInfo

if TYPE_CHECKING:
    from workbench.models.library import ModelLibrary

Progress = Callable[[float, LocalText], None]
DICTIONARIES_IN_MEMORY = 4
RERANKED_BY = LocalText("重排（{name}）", "reranked by {name}")
BOARDS_IN_MEMORY = 64
COMPARISONS_IN_MEMORY = 1024


@dataclass(frozen=True)
class Board:
    """The leaderboard of one benchmark, and which of the known systems are not on it yet.

    ``dictionary`` is the name of what it is measured on, whatever its kind; ``benchmark`` its id.
    ``components`` are the concepts (or groups of connected queries) that are tested. ``reference`` is the
    pinned row. ``notes`` are sentences on the benchmark itself; ``power`` says which differences it shows.
    """

    rows: tuple[BoardRow, ...]
    missing: tuple[str, ...]
    queries: int
    corpus: int
    dictionary: str
    benchmark: str = ""
    kind: BenchmarkKind = "dictionary"
    components: int = 0
    reference: str | None = None
    notes: tuple[LocalText, ...] = ()
    power: Power | None = None


class Measurer:
    """Evaluates by the protocol; every result is stored under the benchmark's content hash."""

    def __init__(
        self,
        dictionaries: DictionaryStore,
        evaluations: EvaluationStore,
        library: ModelLibrary,
        split_seed: int,
    ) -> None:
        self._dictionaries = dictionaries
        self._evaluations = evaluations
        self._library = library
        self._split_seed = split_seed
        self.systems = Systems(library)
        self._subjects: KeyedCache[str, Subject] = KeyedCache(DICTIONARIES_IN_MEMORY)
        self._boards: KeyedCache[Hashable, tuple[tuple[BoardRow, ...], Power]] = KeyedCache(BOARDS_IN_MEMORY)
        self._compared: Known = KeyedCache(COMPARISONS_IN_MEMORY)

    # -- dictionaries -------------------------------------------------------------------------

    def subject(self, info: DictionaryInfo) -> Subject:
        """The newest version of a dictionary, its split frozen on first use.

        A later version's split keeps what the version before decided, so that a test term stays one.

        Raises:
            TrainingProblem: too few concepts to divide.
        """
        return self._subjects.get(info.version_id, lambda: self._build(info))

    def _build(self, info: DictionaryInfo) -> Subject:
        apart = tuple(self._dictionaries.apart(info.version_id))
        pairs = tuple(Apart(apart).unmarked(self._dictionaries.pairs(info.version_id)))
        split = self._dictionaries.split(info.version_id)
        if split is None:
            previous = self._dictionaries.newest_split(info)
            split = make_split(pairs, seed=self._split_seed, previous=previous)
            split = self._dictionaries.save_split(info.version_id, split)
        unseen = build_benchmark(pairs, split, "test", "unseen")
        seen = build_benchmark(pairs, split, "train", "seen")
        return Subject(info, pairs, split, unseen, seen, apart)

    def evaluate(
        self, model: str, info: DictionaryInfo, progress: Progress | None = None, *, again: bool = False
    ) -> list[Evaluation]:
        """Measure a system on both test views of a dictionary; see :meth:`measure`."""
        return self.measure(self.subject(info).case, model, progress, again=again)

    def board(self, info: DictionaryInfo, models: list[ModelInfo], reference: str | None = None) -> Board:
        """What is measured on the newest version's benchmark; computes no vectors, so it is quick."""
        subject = self.subject(info)

        def belongs(model: ModelInfo) -> bool:
            version = self._library.version_of(model.id)
            return version is not None and self._dictionaries.owns(info.id, version)

        return self.board_of(subject.case, models, reference=reference, belongs=belongs)

    def measured(self, model: str, info: DictionaryInfo) -> bool:
        """Whether a system stands on a dictionary's board with its present weights."""
        fingerprint = self.systems.fingerprint(self.systems.named(model))
        found = self._evaluations.find(self.subject(info).unseen.hash, fingerprint)
        return any(each.model == model for each in found)

    # -- any benchmark ------------------------------------------------------------------------

    def measure(
        self, case: Case, model: str, progress: Progress | None = None, *, again: bool = False
    ) -> list[Evaluation]:
        """Measure a system on every view of a case and store it. The headline comes first.

        What was measured with the same weights on the same benchmark is read, not computed, unless
        ``again``.

        Raises:
            InputError: there is no test query at all.
            BadParameter, NotFound, ModelProblem: there is no such system, or it cannot be loaded.
        """
        if not case.headline.queries:
            raise InputError(
                LocalText("词典「{name}」分不出测试词。", "The dictionary “{name}” yields no test terms."),
                LocalText("请补充更多概念。", "Add more concepts."),
                name=case.name,
            )
        system = self.systems.named(model)
        fingerprint = self.systems.fingerprint(system, progress)
        if not again:
            known = [self._known(system.id, fingerprint, case, view) for view in case.views]
            if None not in known:
                return [each for each in known if each is not None]
        began = time.monotonic()
        measured = self.systems.measure(system, case, progress)
        seconds = time.monotonic() - began
        results = []
        for each in measured:
            result = _evaluation(system.id, fingerprint, case, each, seconds / len(measured))
            self._evaluations.save(case.owner, result, each.outcomes.top.to_bytes())
            results.append(result)
        self.twins(case)  # now, so that no board waits for it
        return results

    def _known(self, model: str, fingerprint: str, case: Case, view: Benchmark) -> Evaluation | None:
        """What was measured with these weights, also under another name: that is stored under this one."""
        found = self._evaluations.find(view.hash, fingerprint)
        own = [each for each in found if each.model == model]
        if own:
            return own[-1]
        if not found:
            return None
        same = replace(found[-1], model=model, dictionary=case.name, created_at=time.time())
        ranking = self._evaluations.ranking(found[-1].model, view.hash, fingerprint)
        self._evaluations.save(case.owner, same, ranking)
        return same

    def board_of(
        self,
        case: Case,
        models: Iterable[ModelInfo],
        *,
        reference: str | None = None,
        belongs: Callable[[ModelInfo], bool] = lambda _: False,
    ) -> Board:
        """The board of a case. ``belongs`` says of a tuned model whether it is missed where it lacks."""
        headline = case.headline
        seen_hash = case.views[1].hash if len(case.views) > 1 else None
        known = {model.id: model for model in [*baseline_infos(), *models]}
        stored = self._evaluations.of_benchmarks([view.hash for view in case.views])
        self._add_others(stored, known)
        stored = [each for each in stored if each.model in known and not self._stale(each, known)]
        rows, power = self._rows(headline, seen_hash, stored, known, reference)
        on_board = {row.model for row in rows}
        used = {self._library.base_of(row.model) for row in rows if row.kind == "tuned"}
        missing = [
            model.id
            for model in known.values()
            if model.id not in on_board
            and model.kind != "hybrid"
            and (model.kind == "baseline" or model.default or model.id in used or belongs(model))
        ]
        twins = self.twins(case).sentence if rows else None
        return Board(
            rows=rows,
            missing=tuple(missing),
            queries=len(headline.queries),
            corpus=len(headline.corpus),
            dictionary=case.name,
            benchmark=case.id,
            kind=case.kind,
            components=len(set(headline.query_components)),
            reference=reference if reference in on_board else None,
            notes=(*case.notes, *([twins] if twins else [])),
            power=power,
        )

    def toplists(
        self, case: Case, model: str, benchmark: Benchmark | None = None, progress: Progress | None = None
    ) -> Toplists:
        """What a system put first for each query; measured first where that is not known.

        Raises:
            BadParameter, NotFound, ModelProblem: there is no such system, or it cannot be loaded.
        """
        view = benchmark or case.headline
        system = self.systems.named(model)
        fingerprint = self.systems.fingerprint(system, progress)
        data = self._evaluations.ranking(system.id, view.hash, fingerprint)
        if data is None:
            self.measure(case, model, progress, again=True)
            data = self._evaluations.ranking(system.id, view.hash, fingerprint)
        if data is None:
            raise InputError(LocalText("这个基准里没有测试查询。", "This benchmark has no test query."))
        return Toplists.from_bytes(data)

    def twins(self, case: Case) -> Twins:
        """Near-duplicates of the right answers; looked for once and kept."""
        key = f"twins:{case.headline.hash}"
        stored = self._evaluations.options(key)
        if stored:
            return Twins.from_json(stored)
        twins = find_twins(case.headline)
        self._evaluations.save_options(key, twins.as_json())
        return twins

    # -- inside -------------------------------------------------------------------------------

    def _add_others(self, stored: list[Evaluation], known: dict[str, ModelInfo]) -> None:
        """Systems that were measured by a hub name or folder without a run, and those made of two."""
        for each in stored:
            if each.model in known or is_made(each.model):
                continue
            outside = self._library.outside_info(each.model)
            if outside:
                known[outside.id] = outside
        for each in stored:
            if each.model not in known and is_made(each.model):
                info = _made_info(each.model, known)
                if info:
                    known[info.id] = info

    def _stale(self, evaluation: Evaluation, known: Mapping[str, ModelInfo]) -> bool:
        """Whether a run of this name has left other weights since. Base models do not change."""
        info = known[evaluation.model]
        if info.kind != "tuned":
            return False
        return evaluation.fingerprint != self.systems.fingerprint(self.systems.named(evaluation.model))

    def _rows(
        self,
        headline: Benchmark,
        seen_hash: str | None,
        stored: list[Evaluation],
        known: Mapping[str, ModelInfo],
        reference: str | None,
    ) -> tuple[tuple[BoardRow, ...], Power]:
        """The board's rows; resampled again only when a measurement or a model came or went."""
        state = (tuple((each.model, each.created_at) for each in stored), tuple(sorted(known)), reference)

        def build() -> tuple[tuple[BoardRow, ...], Power]:
            rows = build_board(stored, known, headline, seen_hash=seen_hash, known=self._compared)
            by_model = newest(each for each in stored if each.benchmark_hash == headline.hash)
            pinned = _pinned(rows, by_model, headline, reference, self._compared)
            return tuple(pinned), _power(rows, by_model, headline)

        return self._boards.get((headline.hash, state), build)


def baseline_infos() -> list[ModelInfo]:
    """The baselines as rows of the board."""
    return [
        ModelInfo(
            id=name,
            title=baseline.title,
            kind="baseline",
            base=None,
            languages=(),
            dimension=None,
            size_bytes=None,
            licence=None,
            ready=True,
        )
        for name, baseline in BASELINES.items()
    ]


def _made_info(name: str, known: Mapping[str, ModelInfo]) -> ModelInfo | None:
    system = system_of(name)
    model = known.get(system.model or "")
    if model is None:
        return None
    if system.lexical is not None:
        second = BASELINES[system.lexical].title
    else:
        second = RERANKED_BY.format(name=system.reranker)
    title = LocalText(
        f"{model.title.get('zh')} + {second.get('zh')}", f"{model.title.get('en')} + {second.get('en')}"
    )
    return replace(
        model, id=system.id, title=title, kind="hybrid", base=model.id, default=False, run=None, stage=None
    )


def _pinned(
    rows: list[BoardRow],
    by_model: Mapping[str, Evaluation],
    headline: Benchmark,
    reference: str | None,
    known: Known,
) -> list[BoardRow]:
    """The rows with their comparison with the pinned one."""
    pinned = next((row for row in rows if row.model == reference), None)
    if pinned is None:
        return rows
    name = pinned.title or LocalText(pinned.model, pinned.model)
    found = compare_pairs(
        by_model, {row.model: pinned.model for row in rows if row is not pinned}, headline, known=known
    )
    return [
        replace(
            row, against_reference=found[row.model], reference_verdict=comparison_text(found[row.model], name)
        )
        if row.model in found
        else row
        for row in rows
    ]


def _power(rows: list[BoardRow], by_model: Mapping[str, Evaluation], headline: Benchmark) -> Power:
    differences = []
    for row in rows:
        other = by_model.get(row.base or "")
        if row.against_base is not None and other is not None:
            mine = np.asarray(by_model[row.model].recall1, np.float64)
            differences.append(100.0 * (mine - np.asarray(other.recall1, np.float64)))
    return power_of(headline.query_components, differences)


def _evaluation(model: str, fingerprint: str, case: Case, measured: Measured, seconds: float) -> Evaluation:
    benchmark, outcomes = measured.benchmark, measured.outcomes
    return Evaluation(
        model=model,
        fingerprint=fingerprint,
        dictionary=case.name,
        benchmark_hash=benchmark.hash,
        view=benchmark.view,
        part=benchmark.part,
        metrics=summarise(outcomes, benchmark.query_components),
        seconds=seconds,
        created_at=time.time(),
        recall1=tuple(outcomes.recall[1].tolist()),
        reciprocal_rank=tuple(outcomes.reciprocal_rank.tolist()),
        details=measured.details,
    )
