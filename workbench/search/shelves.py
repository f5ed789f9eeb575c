"""Dictionaries, corpora and lists as they are now, under any model: kept in memory and kept up with edits."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from workbench.localtext import LocalText
from workbench.locks import KeyedCache, KeyedLocks
from workbench.search import index as indexes
from workbench.search.graph import Graph
from workbench.search.index import VectorIndex
from workbench.search.indexing import Graphs, IndexState, Key, state_of, term_marks
from workbench.search.neighbours import Neighbourhood
from workbench.search.sources import Kind, Shelf
from workbench.search.vocabulary import Vocabulary
from workbench.storage.dictionaries import DictionaryStore
from workbench.storage.entries import Change
from workbench.storage.history import HistoryStore
from workbench.types import DictionaryInfo

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from workbench.models.library import ModelLibrary

Progress = Callable[[float, LocalText], None]
T = TypeVar("T", bound=Sized)

DICTIONARIES_IN_MEMORY = 4
NEIGHBOURHOODS_IN_MEMORY = 12  # several models side by side are asked again and again
VECTORS_IN_MEMORY = 2_000_000  # of all neighbourhoods; one is always kept
SHELVES_IN_MEMORY = 4
_LARGE_CHANGE = 0.2  # of the terms: what changed so much is read anew


@dataclass(frozen=True)
class _Versioned(Generic[T]):
    version: int
    value: T


class _Newest(Generic[T]):
    """The newest version of a few things, the last used kept: ``size`` of them, ``most`` by their lengths."""

    def __init__(self, size: int, most: int) -> None:
        self._size, self._most = size, most
        self._kept: OrderedDict[Hashable, _Versioned[T]] = OrderedDict()
        self._locks = KeyedLocks()
        self._guard = threading.Lock()

    def get(self, key: Hashable) -> _Versioned[T] | None:
        return self._kept.get(key)

    def make(self, key: Hashable, build: Callable[[_Versioned[T] | None], _Versioned[T]]) -> _Versioned[T]:
        """What ``build`` makes of the version that is kept; who asks for the same key waits."""
        with self._locks.hold(key):
            made = build(self._kept.get(key))
            with self._guard:
                self._kept[key] = made
                self._kept.move_to_end(key)
                while len(self._kept) > 1 and self._too_much():
                    self._kept.popitem(last=False)
            return made

    def _too_much(self) -> bool:
        return (
            len(self._kept) > self._size or sum(len(each.value) for each in self._kept.values()) > self._most
        )


class Shelves:
    """The vocabulary of dictionaries and the neighbourhoods of any source under any model.

    A dictionary's are derived from those of an earlier version by what was changed between. Nothing is
    written but graphs, under ``folder``.
    """

    def __init__(
        self, dictionaries: DictionaryStore, history: HistoryStore, library: ModelLibrary, folder: Path
    ) -> None:
        self._dictionaries = dictionaries
        self._history = history
        self._library = library
        self.graphs = Graphs(folder)
        self._vocabularies: _Newest[Vocabulary] = _Newest(DICTIONARIES_IN_MEMORY, VECTORS_IN_MEMORY)
        self._neighbourhoods: _Newest[Neighbourhood] = _Newest(NEIGHBOURHOODS_IN_MEMORY, VECTORS_IN_MEMORY)
        self._shelves: KeyedCache[Hashable, Shelf] = KeyedCache(SHELVES_IN_MEMORY)

    def close(self) -> None:
        """Stop building."""
        self.graphs.close()

    # -- dictionaries -------------------------------------------------------------------------

    def vocabulary(self, info: DictionaryInfo) -> Vocabulary:
        """What a dictionary knows in this version or a later one."""
        return self._vocabulary(info).value

    def shelf(self, info: DictionaryInfo) -> Shelf:
        """The terms of a dictionary, to be searched by their letters."""
        now = self._vocabulary(info)
        state = ("dictionary", info.id, now.version)
        return self._shelves.get(state, lambda: Shelf(state, now.value.terms().values()))

    def neighbourhood(
        self, model: str, info: DictionaryInfo, progress: Progress | None = None
    ) -> Neighbourhood:
        """A dictionary's terms under a model, in this version or a later one.

        Raises:
            NotFound, ModelProblem: there is no such model, or it cannot be loaded.
        """
        key = (self._library.fingerprint(model, progress), info.id)

        def encode(texts: Sequence[str]) -> npt.NDArray[np.float32]:
            return self._library.vectors(model, texts, progress)

        def build(kept: _Versioned[Neighbourhood] | None) -> _Versioned[Neighbourhood]:
            now = self._vocabulary(info)
            built = self.graphs.take(key)
            if built is not None:
                kept = _Versioned(built.version, built.neighbourhood)
            if kept is not None and kept.version >= now.version:
                return kept
            change = None if kept is None else self._change(info, kept.version, now)
            if kept is None or change is None:
                made = self._whole(key, now.value, encode)
            else:
                made = kept.value.follow(now.value, change.keys, encode)
            return _Versioned(now.version, made)

        found = self._neighbourhoods.make(key, build)
        self._graph_wanted(key, found)
        return found.value

    def ready(self, model: str, info: DictionaryInfo) -> bool:
        """Whether a dictionary's terms are encoded by a model, but for a handful."""
        if not self._library.is_here(model):
            return False
        kept = self._neighbourhoods.get((self._library.fingerprint(model), info.id))
        if kept is not None and kept.version <= info.version:
            change = self._history.difference(info, kept.version, info.version)
            if len(change.keys) <= _A_HANDFUL:
                return True
        return self._library.missing(model, list(self.vocabulary(info).terms().values())) == 0

    def changed_since(self, info: DictionaryInfo, version: int) -> int:
        """How many entries came or went since a version."""
        if version == info.version:
            return 0
        change = self._history.difference(info, version, info.version)
        return len(change.ended) + len(change.added)

    # -- anything else ------------------------------------------------------------------------

    def other_shelf(self, state: Hashable, texts: Callable[[], Iterable[str]], kind: Kind) -> Shelf:
        """The texts of a corpus or list that ``state`` identifies."""
        return self._shelves.get(state, lambda: Shelf(state, texts(), kind))

    def other_neighbourhood(
        self, model: str, source: str, shelf: Callable[[], Shelf], progress: Progress | None = None
    ) -> Neighbourhood:
        """The texts of a shelf under a model. ``source`` identifies them: they never change."""
        key = (self._library.fingerprint(model, progress), source)

        def build(kept: _Versioned[Neighbourhood] | None) -> _Versioned[Neighbourhood]:
            built = self.graphs.take(key)
            if built is not None:
                return _Versioned(0, built.neighbourhood)
            if kept is not None:
                return kept
            texts = shelf()

            def encode(fresh: Sequence[str]) -> npt.NDArray[np.float32]:
                return self._library.vectors(model, fresh, progress, kind=texts.kind)

            return _Versioned(0, self._whole(key, Vocabulary(), encode, texts))

        found = self._neighbourhoods.make(key, build)
        self._graph_wanted(key, found)
        return found.value

    def index_state(self, model: str, info: DictionaryInfo) -> IndexState:
        """How a dictionary's terms are searched under a model, once they have been."""
        key = (self._library.fingerprint(model), info.id)
        kept = self._neighbourhoods.get(key)
        if kept is None:
            return IndexState("exact", info.terms, self.graphs.progress(key))
        return state_of(kept.value, self.graphs.progress(key))

    # -- inside -------------------------------------------------------------------------------

    def _vocabulary(self, info: DictionaryInfo) -> _Versioned[Vocabulary]:
        def build(kept: _Versioned[Vocabulary] | None) -> _Versioned[Vocabulary]:
            if kept is not None and kept.version >= info.version:
                return kept
            if kept is not None:
                change = self._history.difference(info, kept.version, info.version)
                if len(change.keys) <= _LARGE_CHANGE * len(kept.value):
                    return _Versioned(info.version, kept.value.follow(change.ended, change.added))
            pairs = self._dictionaries.pairs(info.version_id)
            return _Versioned(info.version, Vocabulary(pairs, self._dictionaries.apart(info.version_id)))

        return self._vocabularies.make(info.id, build)

    def _change(self, info: DictionaryInfo, since: int, now: _Versioned[Vocabulary]) -> Change | None:
        """What came and went; None where it was so much that it is better read anew."""
        change = self._history.difference(info, since, now.version)
        return change if len(change.keys) <= _LARGE_CHANGE * max(1, len(now.value)) else None

    def _whole(
        self,
        key: Key,
        vocabulary: Vocabulary,
        encode: Callable[[Sequence[str]], npt.NDArray[np.float32]],
        shelf: Shelf | None = None,
    ) -> Neighbourhood:
        texts = shelf.texts if shelf is not None else list(vocabulary.terms().values())
        if len(texts) > indexes.MOST_EXACT:
            kept = self.graphs.load(key)
            if kept is not None:
                return _taken_up(vocabulary, texts, *kept, encode)
        return Neighbourhood.of(vocabulary, VectorIndex(encode(texts)), texts)

    def _graph_wanted(self, key: Key, found: _Versioned[Neighbourhood]) -> None:
        index = found.value.index
        if len(index) > indexes.MOST_EXACT and (index.graph is None or index.worn):
            self.graphs.request(key, found.value, found.version)


_A_HANDFUL = 50


def _taken_up(
    vocabulary: Vocabulary,
    texts: Sequence[str],
    graph: Graph,
    marks: npt.NDArray[np.uint8],
    encode: Callable[[Sequence[str]], npt.NDArray[np.float32]],
) -> Neighbourhood:
    """A neighbourhood over a kept graph: what is gone since is passed over, what came is added."""
    known = {mark.tobytes(): place for place, mark in enumerate(marks)}
    at_place = [""] * len(graph)
    fresh: list[str] = []
    for text, mark in zip(texts, term_marks(texts), strict=True):
        place = known.get(mark.tobytes())
        if place is None:
            fresh.append(text)
        else:
            at_place[place] = text
    gone = [place for place, text in enumerate(at_place) if not text]
    index = VectorIndex.over(graph).changed(encode(fresh) if fresh else graph.rows()[:0], removed=gone)
    return Neighbourhood.of(vocabulary, index, [*at_place, *fresh])
