"""Measures models and baselines on a dictionary's frozen split, and keeps what was measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from workbench.errors import InputError
from workbench.evaluation.leaderboard import BoardRow, build_board
from workbench.evaluation.retrieval import (
    Benchmark,
    Outcomes,
    build_benchmark,
    outcomes_of_scores,
    outcomes_of_vectors,
    summarise,
)
from workbench.evaluation.split import Apart, distinct_terms, make_split
from workbench.localtext import LocalText
from workbench.locks import KeyedCache
from workbench.models.lexical import BASELINES
from workbench.normalise import term_key
from workbench.storage.dictionaries import DictionaryStore
from workbench.storage.evaluations import EvaluationStore
from workbench.types import DictionaryInfo, Evaluation, ModelInfo, Pair, Split, View

if TYPE_CHECKING:
    from workbench.models.library import ModelLibrary

Progress = Callable[[float, LocalText], None]
DICTIONARIES_IN_MEMORY = 4
BOARDS_IN_MEMORY = 16
SEARCHING = LocalText("正在检索", "Searching")


@dataclass(frozen=True)
class Subject:
    """A dictionary version with its split and the two test views.

    ``apart`` are the pairs marked as not synonyms; ``pairs`` holds none of them.
    """

    info: DictionaryInfo
    pairs: tuple[Pair, ...]
    split: Split
    unseen: Benchmark
    seen: Benchmark
    apart: tuple[Pair, ...] = ()

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """Every term of the dictionary once, as first written."""
        return tuple(distinct_terms(self.pairs).values())

    def same_concept(self, a: str, b: str) -> bool:
        """Whether the dictionary connects two different terms that are not marked apart."""
        first, second = term_key(a), term_key(b)
        if self._marked(first, second):
            return False
        component = self.split.component_of.get(first)
        return first != second and component is not None and component == self.split.component_of.get(second)

    @cached_property
    def _marked(self) -> Apart:
        return Apart(self.apart)

    def part_counts(self) -> dict[str, int]:
        """Synonym pairs in each part of the split."""
        counts = {"train": 0, "dev": 0, "test": 0}
        for pair in self.pairs:
            counts[self.split.parts[self.split.component_of[term_key(pair.standard)]]] += 1
        return counts


@dataclass(frozen=True)
class Board:
    """The leaderboard of one dictionary, and which of the known systems are not on it yet."""

    rows: tuple[BoardRow, ...]
    missing: tuple[str, ...]
    queries: int
    corpus: int
    dictionary: str


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
        self._subjects: KeyedCache[str, Subject] = KeyedCache(DICTIONARIES_IN_MEMORY)
        self._boards: KeyedCache[Hashable, tuple[BoardRow, ...]] = KeyedCache(BOARDS_IN_MEMORY)

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
        self, model: str, info: DictionaryInfo, progress: Progress | None = None
    ) -> list[Evaluation]:
        """Measure a model or a baseline on both test views, and store it. The headline comes first.

        Raises:
            InputError: the split has no test synonym at all.
        """
        subject = self.subject(info)
        if not subject.unseen.queries:
            raise InputError(
                LocalText("词典「{name}」分不出测试词。", "The dictionary “{name}” yields no test terms."),
                LocalText("请补充更多概念。", "Add more concepts."),
                name=info.name,
            )
        fingerprint = self._fingerprint(model, progress)
        results = []
        for benchmark in (subject.unseen, subject.seen):
            if not benchmark.queries:
                continue
            began = time.monotonic()
            outcomes = self._outcomes(model, benchmark, progress)
            result = _evaluation(model, fingerprint, info, benchmark, outcomes, time.monotonic() - began)
            self._evaluations.save(info.id, result)
            results.append(result)
        return results

    def board(self, info: DictionaryInfo, models: list[ModelInfo]) -> Board:
        """What is measured on the newest version's benchmark; computes no vectors, so it is quick."""
        subject = self.subject(info)
        known = {model.id: model for model in [*baseline_infos(), *models]}
        stored = self._evaluations.of_benchmarks([subject.unseen.hash, subject.seen.hash])
        for each in stored:
            outside = None if each.model in known else self._library.outside_info(each.model)
            if outside:  # measured by its hub name or folder, without a run
                known[outside.id] = outside
        rows = self._rows(subject, stored, known)
        measured = {row.model for row in rows}
        used = {self._library.base_of(row.model) for row in rows}
        missing = [
            model.id
            for model in known.values()
            if model.id not in measured
            and (model.kind == "baseline" or model.default or model.id in used or self._belongs(model, info))
        ]
        return Board(rows, tuple(missing), len(subject.unseen.queries), len(subject.unseen.corpus), info.name)

    def _rows(
        self, subject: Subject, stored: list[Evaluation], known: dict[str, ModelInfo]
    ) -> tuple[BoardRow, ...]:
        """The board's rows; resampled again only when a measurement or a model came or went."""
        state = (tuple((each.model, each.created_at) for each in stored), tuple(sorted(known)))

        def build() -> tuple[BoardRow, ...]:
            return tuple(build_board(stored, known, subject.unseen, seen_hash=subject.seen.hash))

        return self._boards.get((subject.unseen.hash, state), build)

    def measured(self, model: str, info: DictionaryInfo) -> bool:
        """Whether a model stands on the board with its present weights."""
        fingerprint = self._fingerprint(model, None)
        stored = self._evaluations.of_benchmarks([self.subject(info).unseen.hash])
        return any(each.model == model and each.fingerprint == fingerprint for each in stored)

    def _belongs(self, model: ModelInfo, info: DictionaryInfo) -> bool:
        version = self._library.version_of(model.id)
        return version is not None and self._dictionaries.owns(info.id, version)

    def _fingerprint(self, model: str, progress: Progress | None) -> str:
        return model if model in BASELINES else self._library.fingerprint(model, progress)

    def _outcomes(self, model: str, benchmark: Benchmark, progress: Progress | None) -> Outcomes:
        if model in BASELINES:
            return outcomes_of_scores(benchmark, BASELINES[model].build().fit(benchmark.corpus))
        texts = [*benchmark.queries, *benchmark.corpus]
        vectors = self._library.vectors(model, texts, progress)
        if progress:
            progress(1.0, SEARCHING)
        count = len(benchmark.queries)
        return outcomes_of_vectors(benchmark, vectors[:count], vectors[count:])


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


def _evaluation(
    model: str,
    fingerprint: str,
    info: DictionaryInfo,
    benchmark: Benchmark,
    outcomes: Outcomes,
    seconds: float,
) -> Evaluation:
    view: View = benchmark.view
    return Evaluation(
        model=model,
        fingerprint=fingerprint,
        dictionary=info.name,
        benchmark_hash=benchmark.hash,
        view=view,
        part=benchmark.part,
        metrics=summarise(outcomes, benchmark.query_components),
        seconds=seconds,
        created_at=time.time(),
        recall1=tuple(outcomes.recall[1].tolist()),
        reciprocal_rank=tuple(outcomes.reciprocal_rank.tolist()),
    )
