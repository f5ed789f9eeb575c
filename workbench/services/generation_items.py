"""What a generation job asks for: its items, and what is known about each, so that nothing comes twice."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import accumulate, islice
from typing import TYPE_CHECKING

from workbench.errors import BadParameter, TrainingProblem
from workbench.generation.config import GenerationConfig
from workbench.generation.filters import Item
from workbench.generation.prompts import LONGEST_PASSAGE
from workbench.generation.round_trip import RoundTrip
from workbench.generation.transport import stopped
from workbench.localtext import LocalText
from workbench.normalise import spelling_key, term_key
from workbench.pairing.material import gather
from workbench.types import Pair, SuggestionState
from workbench.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_TEXTS = 200_000  # of a corpus that are looked at
MOST_ITEMS = 20_000  # of one job
MOST_CHARACTERS = 20_000_000  # of all its items: they are kept with it


def chosen_items(config: GenerationConfig, workspace: Workspace) -> list[str]:
    """The terms, sentences or passages of a job, in the order in which they are asked for.

    Raises:
        NotFound: dictionary or corpus. BadParameter: none is named where one is needed.
    """
    if config.kind == "synonym":
        items = _terms(config, workspace)
    else:
        items = list(dict.fromkeys(text.strip() for text in _texts(config, workspace)))
        is_clean = test_term_guard(config, workspace)
        items = [text for text in items if len(text) >= 4 and (is_clean is None or is_clean(text))]
        if config.order == "random":
            random.Random(config.seed).shuffle(items)
    items = items[: min(config.max_items or MOST_ITEMS, MOST_ITEMS)]
    total = list(accumulate(len(item) for item in items))
    return items[: bisect_right(total, MOST_CHARACTERS)]


def test_term_guard(config: GenerationConfig, workspace: Workspace) -> Callable[[str], bool] | None:
    """Whether a text holds no test term of the job's dictionary; None for jobs that need not care.

    Accepted sentences are trained on, so none may hold what the dictionary's benchmark asks for. Synonyms
    are only proposed: an accepted one falls into the part of the split that its concept is in.
    """
    if config.kind == "synonym" or not config.dictionary:
        return None
    try:
        subject = workspace.measurer.subject(workspace.dictionaries.get(config.dictionary))
    except TrainingProblem:  # too small to have a benchmark
        return None
    material = gather(subject.pairs, subject.split, ())
    return material.is_clean


def _terms(config: GenerationConfig, workspace: Workspace) -> list[str]:
    if not config.dictionary:
        raise BadParameter(
            LocalText("没有选词典。", "No dictionary is chosen."), LocalText("请选一个。", "Choose one.")
        )
    info = workspace.dictionaries.get(config.dictionary)
    sizes: dict[str, int] = defaultdict(int)
    written: dict[str, str] = {}
    for pair in workspace.dictionaries.pairs(info.version_id):
        key = term_key(pair.standard)
        written.setdefault(key, pair.standard)
        sizes[key] += 1
    wanted = {term_key(term) for term in config.terms}
    keys = [key for key in written if not wanted or key in wanted]
    if config.order == "fewest":
        keys.sort(key=lambda key: sizes[key])
    elif config.order == "random":
        random.Random(config.seed).shuffle(keys)
    return [written[key] for key in keys]


def _texts(config: GenerationConfig, workspace: Workspace) -> Iterable[str]:
    if config.texts:
        return config.texts
    if not config.corpus:
        raise BadParameter(
            LocalText("没有句子或语料。", "There are no sentences and no corpus."),
            LocalText("请选一份语料，或粘贴一些句子。", "Choose a corpus, or paste some sentences."),
        )
    info = workspace.corpora.get(config.corpus)
    return islice(workspace.corpora.texts(info.id), MOST_TEXTS)


class JobItems:
    """What is known of each item: synonyms, marks, the queue. Follows edits made while the job runs."""

    def __init__(self, config: GenerationConfig, workspace: Workspace) -> None:
        self._config = config
        self._workspace = workspace
        self._version = ""
        self._known: dict[str, list[str]] = {}
        self._apart: dict[str, list[str]] = {}
        self._keys: set[str] = set()
        info = workspace.dictionaries.get(config.dictionary) if config.dictionary else None
        self.dictionary_id = info.id if info else ""
        self._queue: dict[str, dict[SuggestionState, list[str]]] = defaultdict(lambda: defaultdict(list))
        for first, second, state in workspace.suggestions.texts(self.dictionary_id, config.kind):
            item, row = (second, first) if config.kind == "question" else (first, second)
            self._queue[term_key(item)][state].append(row)
        self._follow()

    def of(self, text: str) -> Item | None:
        """An item as it is now; None where its term is no longer in the dictionary."""
        self._follow()
        key = term_key(text)
        if self._config.kind == "synonym" and key not in self._known:
            return None
        queue = self._queue[key]
        waiting = (*queue["waiting"], *queue["later"], *queue["accepted"])
        return Item(
            text,
            known=tuple(self._known.get(key, ())),
            waiting=waiting,
            rejected=tuple(queue["rejected"]),
            apart=tuple(self._apart.get(key, ())),
        )

    def remember(self, text: str, rows: Sequence[str]) -> None:
        """Rows that have just gone into the queue."""
        self._queue[term_key(text)]["waiting"] += rows

    def keys(self) -> Collection[str]:
        """Spelling keys of every term of the dictionary (the set itself, which follows edits)."""
        return self._keys

    def queued(self) -> list[str]:
        """Every row that was ever proposed for this dictionary and kind."""
        return [row for states in self._queue.values() for rows in states.values() for row in rows]

    def _follow(self) -> None:
        if self._config.kind != "synonym":
            return
        dictionaries = self._workspace.dictionaries
        version = dictionaries.get(self._config.dictionary).version_id
        if version == self._version:
            return
        self._version = version
        pairs = dictionaries.pairs(version)
        self._known = _by_standard(pairs)
        self._apart = _both_ways(dictionaries.apart(version))
        self._keys.clear()
        self._keys.update(spelling_key(text) for pair in pairs for text in (pair.standard, pair.synonym))


def round_trip_of(
    config: GenerationConfig, workspace: Workspace, items: Sequence[str], cancelled: Callable[[], bool]
) -> RoundTrip | None:
    """The check by an embedding model, where the job has one; what it compares with is encoded here.

    Raises:
        NotFound, ModelProblem: the model cannot be used. Stopped: cancelled while it encoded.
    """
    model = config.filters.round_trip
    if not model:
        return None
    if config.kind == "synonym":
        info = workspace.dictionaries.get(config.dictionary)
        references = [
            (text, pair.standard)
            for pair in workspace.dictionaries.pairs(info.version_id)
            for text in (pair.standard, pair.synonym)
        ]
    else:
        references = [(text[:LONGEST_PASSAGE], text) for text in items]

    def look(fraction: float, words: LocalText) -> None:
        if cancelled():
            raise stopped()

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        return workspace.library.vectors(model, texts, look)

    check = RoundTrip(encode, list(dict.fromkeys(references)), keep=items)
    check.prepare()  # before the first request is paid for
    return check


def _by_standard(pairs: Iterable[Pair]) -> dict[str, list[str]]:
    known: dict[str, list[str]] = defaultdict(list)
    for pair in pairs:
        known[term_key(pair.standard)].append(pair.synonym)
    return dict(known)


def _both_ways(pairs: Iterable[Pair]) -> dict[str, list[str]]:
    apart: dict[str, list[str]] = defaultdict(list)
    for pair in pairs:
        apart[term_key(pair.standard)].append(pair.synonym)
        apart[term_key(pair.synonym)].append(pair.standard)
    return dict(apart)
