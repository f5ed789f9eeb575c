"""What the live effect computes: the map of a dictionary version, and how neighbours changed since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import InputError
from workbench.evaluation.split import Apart, make_split
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.storage.history import HistoryStore
from workbench.training.dataset import TrainingSet, build_training_set
from workbench.types import DictionaryInfo, Hit, Pair, Split
from workbench.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.search.neighbours import Neighbourhood
    from workbench.training.live_map import LiveMap

Told = Callable[[str, float], None]
"""Told "preparing" or "training" and how much of it is done (0..1); raises to stop the work."""

NEIGHBOURS = 8
MOST_TERMS_IN_ALL = 100_000


@dataclass(frozen=True)
class Content:
    """One version of a dictionary."""

    info: DictionaryInfo
    pairs: list[Pair]
    apart: list[Pair]
    split: Split


@dataclass(frozen=True)
class Mapped:
    """The map of one version's content, ready to be asked for neighbours."""

    content: Content
    data: TrainingSet
    map: LiveMap
    hood: Neighbourhood

    @property
    def version(self) -> int:
        """The number of the version."""
        return self.content.info.version

    def held_out(self, term: str) -> bool:
        """Whether a term is of the dictionary, but in no pair that was trained on."""
        place = self.data.index_of.get(term_key(term))
        return place is not None and self.data.terms[place] not in self.map.trained


class LiveEffect:
    """Makes maps of versions and compares them. It stores nothing but the vectors of terms."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._history = HistoryStore(workspace.database)

    def before(self, info: DictionaryInfo) -> DictionaryInfo:
        """The version before the last step; the first has none before it and is given back."""
        if info.version == 1:
            return info
        return self._workspace.dictionaries.version(self._history.step(info, info.version - 1).version_id)

    def learn(self, info: DictionaryInfo, model: str, told: Told) -> Mapped:
        """The map of a version, learnt from nothing.

        Raises:
            TooLittleData, InputError: the dictionary is too small, or too large for this.
        """
        from workbench.training.live_map import learn

        content = self._content(info, None)
        data = build_training_set(content.pairs, content.split, content.apart)
        vectors = self._vectors(model, data.terms, told)
        told("training", 0.0)
        return _mapped(content, data, learn(data, vectors, lambda done: told("training", done)))

    def follow(
        self, info: DictionaryInfo, model: str, former: Mapped, terms: Sequence[str], told: Told
    ) -> Mapped:
        """The map of a version from that of another, after an edit of ``terms``. Raises as :meth:`learn`."""
        from workbench.training.live_map import follow

        content = self._content(info, former)
        data = build_training_set(content.pairs, content.split, content.apart)
        edited = [data.index_of[key] for key in map(term_key, terms) if key in data.index_of]
        told("training", 0.0)
        fitted = follow(
            former.map,
            data,
            lambda texts: self._vectors(model, texts, told),
            edited,
            lambda done: told("training", done),
        )
        return _mapped(content, data, fitted)

    def changes(
        self, terms: Sequence[str], model: str, before: Mapped, now: Mapped, told: Told
    ) -> list[dict[str, Any]]:
        """The neighbours of each term under both maps, nearest first, as JSON.

        ``same_group`` and ``standard`` of both lists are said by the content that holds now.
        """
        if not terms:
            return []
        base = self._vectors(model, terms, told)
        rows = []
        for term, earlier, later in zip(terms, before.map.move(base), now.map.move(base), strict=True):
            rows.append(
                {
                    "term": term,
                    "held_out": now.held_out(term),
                    "before": _hits(term, before.hood.neighbours(term, earlier, NEIGHBOURS), now.hood),
                    "after": _hits(term, now.hood.neighbours(term, later, NEIGHBOURS), now.hood),
                }
            )
        return rows

    def _content(self, info: DictionaryInfo, former: Mapped | None) -> Content:
        """A version with a split that is stored or only made: an edit freezes none."""
        _check_size(info)
        store = self._workspace.dictionaries
        apart = store.apart(info.version_id)
        pairs = Apart(apart).unmarked(store.pairs(info.version_id))
        split = store.split(info.version_id)
        if split is None:
            previous = store.newest_split(info) or (former.content.split if former else None)
            split = make_split(pairs, seed=self._workspace.settings.split_seed, previous=previous)
        return Content(info, pairs, apart, split)

    def _vectors(self, model: str, terms: Sequence[str], told: Told) -> NDArray[np.float32]:
        return self._workspace.library.vectors(model, terms, lambda done, _: told("preparing", done))


def _mapped(content: Content, data: TrainingSet, fitted: LiveMap) -> Mapped:
    from workbench.search.neighbours import Neighbourhood

    hood = Neighbourhood(content.pairs, data.terms, fitted.vectors(), content.apart)
    return Mapped(content, data, fitted, hood)


def _hits(term: str, hits: Sequence[Hit], now: Neighbourhood) -> list[dict[str, Any]]:
    return [
        {
            "term": hit.term,
            "score": round(hit.score, 4),
            "standard": now.standard_of(hit.term) or hit.standard,
            "same_group": now.known_synonyms(term, hit.term),
        }
        for hit in hits
    ]


def _check_size(info: DictionaryInfo) -> None:
    if info.terms > MOST_TERMS_IN_ALL:
        raise InputError(
            LocalText(
                "「{name}」有 {count} 个词，实时效果最多支持 {most} 个。",
                "“{name}” has {count} terms; the live effect goes up to {most}.",
            ),
            LocalText("请用「训练」看效果。", "Train on it to see the effect."),
            name=info.name,
            count=info.terms,
            most=MOST_TERMS_IN_ALL,
        )
