"""What changed between two versions of a dictionary, for a model: other answers, or other questions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.errors import BadParameter, InputError
from workbench.evaluation.benchmarks import Subject
from workbench.evaluation.measure import Progress
from workbench.evaluation.retrieval import build_benchmark
from workbench.evaluation.significance import Floats
from workbench.evaluation.split import Apart, make_split
from workbench.evaluation.toplists import Toplists
from workbench.evaluation.version_change import (
    CUTS,
    VersionChange,
    VersionScores,
    change_between,
    recall_at,
)
from workbench.localtext import LocalText
from workbench.locks import KeyedCache
from workbench.storage.history import HistoryStore, checked_number
from workbench.types import DictionaryInfo, Split

if TYPE_CHECKING:
    from workbench.workspace import Workspace

CHANGES_IN_MEMORY = 16


class VersionChanges:
    """Compares versions of the dictionaries of one home folder under one model at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._measurer = workspace.measurer
        self._history = HistoryStore(workspace.database)
        self._known: KeyedCache[tuple[str, ...], VersionChange] = KeyedCache(CHANGES_IN_MEMORY)

    def versions(self, dictionary: str, after: int | None = None) -> tuple[int, int]:
        """The two versions that :meth:`compare` takes by itself.

        After: the current one. Before: the newest earlier one that systems were measured on with another
        benchmark, or else the previous one.

        Raises:
            NotFound: no such dictionary or version. InputError: there is no earlier version.
        """
        info = self._workspace.dictionaries.get(dictionary)
        last = info.version if after is None else self._history.step(info, checked_number(after)).number
        if last < 2:
            raise InputError(
                LocalText("第 {last} 版之前没有别的版本。", "There is no version before {last}."),
                LocalText("修改词典后再来比较。", "Edit the dictionary, then compare."),
                last=last,
            )
        now = self._subject(info, last).unseen.hash
        measured = self._workspace.evaluations.measured_versions(info.id)
        found = [number for number, benchmark in measured if number < last and benchmark != now]
        return (found[0] if found else last - 1), last

    def compare(
        self,
        dictionary: str,
        model: str,
        before_version: int | None = None,
        after_version: int | None = None,
        progress: Progress | None = None,
    ) -> VersionChange:
        """A system with its present weights on the unseen test terms of both versions.

        What is stored of either version is read; vectors that are known are not computed again. The current
        version is measured as for the board and stands on it from then on; nothing is stored of another.
        A version that was never used has no frozen split: it is divided as the nearest versions that have
        one, and this is not kept.

        Raises:
            NotFound, BadParameter, InputError, ModelProblem, TrainingProblem: in words.
        """
        info = self._workspace.dictionaries.get(dictionary)
        if before_version is None:
            before, after = self.versions(dictionary, after_version)
        else:
            before = self._history.step(info, checked_number(before_version)).number
            wanted = info.version if after_version is None else checked_number(after_version)
            after = self._history.step(info, wanted).number
        if before == after:
            raise BadParameter(
                LocalText("第 {n} 版不能和它自己比较。", "Version {n} cannot be compared with itself."),
                LocalText("请选两个不同的版本。", "Choose two versions."),
                n=before,
            )
        system = self._measurer.systems.named(model)
        key = (info.id, info.name, str(before), str(after), system.id)
        weights = self._measurer.systems.fingerprint(system, progress)
        return self._known.get((*key, weights), lambda: self._compare(info, model, before, after, progress))

    # -- inside -------------------------------------------------------------------------------

    def _compare(
        self, info: DictionaryInfo, model: str, before: int, after: int, progress: Progress | None
    ) -> VersionChange:
        second = self._subject(info, after)
        first = self._subject(info, before, second.split)
        scores = [
            self._scores(each, number, info.version == number, model, _half(progress, place))
            for place, (each, number) in enumerate(((first, before), (second, after)))
        ]
        return change_between(info.name, self._measurer.systems.named(model).id, *scores)

    def _scores(
        self, subject: Subject, number: int, current: bool, model: str, progress: Progress | None
    ) -> VersionScores:
        benchmark = subject.unseen
        if not benchmark.queries:
            raise InputError(
                LocalText("第 {n} 版没有可以测试的近似词。", "Version {n} has no synonym to test with."),
                LocalText("请选别的版本。", "Choose another version."),
                n=number,
            )
        if current:
            self._measurer.measure(subject.case, model, progress)
        stored = self._stored(benchmark.hash, model)
        if stored is not None:
            recall1, top = stored
            recall = {1: recall1, 10: recall_at(top, benchmark, 10)}
        else:
            case = replace(subject.case, views=(benchmark,))
            systems = self._measurer.systems
            outcomes = systems.measure(systems.named(model), case, progress)[0].outcomes
            recall, top = {k: outcomes.recall[k] for k in CUTS}, outcomes.top
        return VersionScores(number, benchmark, subject.split, recall, top)

    def _stored(self, benchmark: str, model: str) -> tuple[Floats, Toplists] | None:
        """Recall@1 of each query and the toplists, as measured before with these weights."""
        import numpy as np

        systems = self._measurer.systems
        fingerprint = systems.fingerprint(systems.named(model))
        for each in self._workspace.evaluations.find(benchmark, fingerprint):
            ranking = self._workspace.evaluations.ranking(each.model, benchmark, fingerprint)
            if ranking is not None:
                return np.asarray(each.recall1, np.float64), Toplists.from_bytes(ranking)
        return None

    def _subject(self, info: DictionaryInfo, number: int, like: Split | None = None) -> Subject:
        """A version with its frozen split, or divided as the versions that have one, and as ``like``."""
        current = self._measurer.subject(info)
        if number == info.version:
            return current
        stores = self._workspace.dictionaries
        version = stores.version(self._history.step(info, number).version_id)
        if stores.split(version.version_id) is not None:
            return self._measurer.subject(version)
        near = [stores.newest_split(version), like, current.split]
        apart = tuple(stores.apart(version.version_id))
        pairs = tuple(Apart(apart).unmarked(stores.pairs(version.version_id)))
        previous = _as_one([each for each in near if each is not None])
        split = make_split(pairs, seed=self._workspace.settings.split_seed, previous=previous)
        unseen = build_benchmark(pairs, split, "test", "unseen")
        seen = build_benchmark(pairs, split, "train", "seen")
        return Subject(version, pairs, split, unseen, seen, apart)


def _as_one(splits: list[Split]) -> Split | None:
    """What several splits say of their terms, the first one first: parts and held-out pairs."""
    if not splits:
        return None
    part_of = {
        key: each.parts[component]
        for each in reversed(splits)
        for key, component in each.component_of.items()
    }
    return Split(
        seed=splits[0].seed,
        parts={part: part for part in part_of.values()},
        component_of=dict(part_of),
        held_out=frozenset(pair for each in splits for pair in each.held_out),
        hash="",
    )


def _half(progress: Progress | None, place: int) -> Progress | None:
    if progress is None:
        return None
    return lambda fraction, words: progress((place + fraction) / 2, words)
