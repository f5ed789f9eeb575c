"""The map of a dictionary: its layout, what it is coloured by, its lines, one term on it, and as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.embedding_map import colours as colouring
from workbench.embedding_map.alignment import synonym_distance
from workbench.embedding_map.colours import Colours
from workbench.embedding_map.export import map_page
from workbench.embedding_map.kept import KeptLayouts, Placed
from workbench.embedding_map.layout import Before, MapLayout, Space, lay_out
from workbench.embedding_map.lines import Lines, lines_between
from workbench.embedding_map.members import members, synonym_places
from workbench.embedding_map.projection import check_method
from workbench.embedding_map.ranks import rank_of_one
from workbench.errors import BadParameter, InputError, NotFound
from workbench.evaluation.benchmarks import Subject
from workbench.localtext import LocalText
from workbench.locks import KeyedCache
from workbench.models.lexical import BASELINES
from workbench.normalise import term_key
from workbench.types import Hit, Part
from workbench.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Progress = Callable[[float, LocalText], None]
LAYOUTS_IN_MEMORY = 4
VECTORS_IN_MEMORY = 2  # 100,000 terms of 384 numbers are 150 MB
MOST_NEIGHBOURS = 200


@dataclass(frozen=True, slots=True)
class TermCard:
    """One term of a map. ``neighbours`` are those of the full space, not of the plane; ``rank`` is where the
    nearest of its true synonyms stands among all terms (1: it is the nearest of all), None without any."""

    term: str
    standard: str
    synonyms: tuple[str, ...]
    part: Part
    neighbours: tuple[Hit, ...]
    rank: int | None


class Maps:
    """Maps over one home folder. Layouts are kept on disk, the last ones in memory; vectors come from the
    library, which encodes nothing twice."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._kept = KeptLayouts(workspace.settings.cache_path / "maps")
        self._layouts: KeyedCache[tuple[str, ...], MapLayout] = KeyedCache(LAYOUTS_IN_MEMORY)
        self._vectors: KeyedCache[tuple[str, ...], NDArray[np.float32]] = KeyedCache(VECTORS_IN_MEMORY)

    def layout(
        self,
        dictionary: str,
        model: str,
        method: str = "umap",
        *,
        against: str | None = None,
        progress: Progress | None = None,
    ) -> MapLayout:
        """Every term in the plane, at most ``map_max_points``; with ``against`` (a base) before and after.

        Laid out once for each dictionary, model and method. After an edit of at most 5 % of the terms the
        others keep their places. ``progress`` may raise to stop.

        Raises:
            NotFound, BadParameter, TooLittleData: there is no such dictionary, model or method.
        """
        check_method(method)
        subject = self._subject(dictionary)
        key = (
            subject.info.version_id,
            method,
            *(self._fingerprint(m, progress) for m in (model, against) if m),
        )
        return self._layouts.get(key, lambda: self._lay_out(subject, model, method, against, progress))

    def colours(
        self,
        dictionary: str,
        model: str,
        by: str,
        *,
        layout: MapLayout,
        corpus: str | None = None,
        progress: Progress | None = None,
    ) -> Colours:
        """One value for each term of ``layout``. Ranks are kept; frequencies are counted in ``corpus``, or in
        all raw text that is stored.

        Raises:
            BadParameter: it cannot be coloured by this. InputError: there is no raw text to count in.
        """
        by = colouring.check_by(by)
        subject = self._subject_of(dictionary, layout)
        if by == "component":
            return colouring.by_component(layout, subject.split)
        if by == "frequency":
            texts, total = self._texts(corpus)
            return colouring.by_frequency(layout, texts, total, _told(progress, colouring.COUNTING))
        if by == "rank":
            return colouring.by_rank(self._ranks(subject, model, layout, progress))
        if by == "cluster":
            return colouring.by_cluster(layout, self._vectors_of(model, layout.terms, progress))
        simple = {"group": colouring.by_group, "part": colouring.by_part, "language": colouring.by_language}
        return simple[by](layout)

    def lines(self, dictionary: str, model: str, *, layout: MapLayout) -> Lines:
        """A line for each synonym pair on the map, the least alike first: what the model has not learnt."""
        subject = self._subject_of(dictionary, layout)
        places = synonym_places(subject.pairs, layout.terms)
        return lines_between(self._vectors_of(model, layout.terms), places)

    def term(self, dictionary: str, model: str, term: str, k: int = 10) -> TermCard:
        """One term: its group, and its true neighbours, nearest first.

        Raises:
            NotFound: the dictionary has no such term.
        """
        subject = self._subject(dictionary)
        terms = subject.terms
        place = {term_key(each): i for i, each in enumerate(terms)}
        own = place.get(term_key(term))
        if own is None:
            raise NotFound(
                LocalText("词典里没有「{term}」。", "The dictionary does not have “{term}”."),
                LocalText("它可能刚被删除或改名。", "It may just have been removed or renamed."),
                term=term,
            )
        vectors = self._vectors_of(model, terms)
        concept = subject.split.component_of[term_key(term)]
        synonyms = [
            i
            for key, i in place.items()
            if subject.split.component_of[key] == concept and subject.same_concept(term, terms[i])
        ]
        standard_of = _standards(subject)
        return TermCard(
            term=terms[own],
            standard=standard_of[term_key(term)],
            synonyms=_group_of(subject, standard_of[term_key(term)], terms[own]),
            part=subject.split.parts[concept],
            neighbours=_neighbours(subject, vectors, own, max(1, min(k, MOST_NEIGHBOURS)), standard_of),
            rank=rank_of_one(vectors, vectors[own], _places(synonyms), own),
        )

    def html(
        self,
        dictionary: str,
        model: str,
        method: str = "umap",
        *,
        against: str | None = None,
        by: str = "group",
        corpus: str | None = None,
        progress: Progress | None = None,
    ) -> bytes:
        """The map as one HTML file that can be opened anywhere, offline; see :func:`export.map_page`.

        It is coloured by ``by``, and by what costs nothing to choose. Raises: as :meth:`layout` and
        :meth:`colours`.
        """
        chosen = dict.fromkeys((colouring.check_by(by), *colouring.CHEAP))
        layout = self.layout(dictionary, model, method, against=against, progress=progress)
        colours = [
            self.colours(dictionary, model, each, layout=layout, corpus=corpus, progress=progress)
            for each in chosen
        ]
        return map_page(
            layout, colours, dictionary=dictionary, model=_shown(model), before=_shown(against or "")
        )

    # -- inside -------------------------------------------------------------------------------

    def _lay_out(
        self, subject: Subject, model: str, method: str, against: str | None, progress: Progress | None
    ) -> MapLayout:
        who = members(subject.pairs, subject.split, self._workspace.settings.map_max_points)

        def space(name: str) -> Space:
            lineage = "\n".join((subject.info.id, method, self._fingerprint(name)))
            return Space(lineage, lambda: self._vectors_of(name, who.terms, progress))

        placed = lay_out(
            who.terms,
            space(model),
            method,
            self._kept,
            before=space(against) if against else None,
            progress=progress,
        )
        return MapLayout(
            terms=who.terms,
            groups=who.groups,
            parts=who.parts,
            is_standard=who.is_standard,
            x=placed.columns[:, 0].copy(),
            y=placed.columns[:, 1].copy(),
            method=method,
            trustworthiness=_known(placed.trust[0]),
            left_out=who.left_out,
            version_id=subject.info.version_id,
            before=self._before(subject, model, against, placed) if against else None,
            updated=int(placed.added.sum()),
        )

    def _before(self, subject: Subject, model: str, against: str, placed: Placed) -> Before:
        import numpy as np

        pairs = synonym_places(subject.pairs, placed.terms)
        base = synonym_distance(self._vectors_of(against, placed.terms), pairs)
        after = synonym_distance(self._vectors_of(model, placed.terms), pairs)
        columns = placed.columns
        return Before(
            model=against,
            x=columns[:, 2].copy(),
            y=columns[:, 3].copy(),
            trustworthiness=_known(placed.trust[1]),
            synonym_distance_before=None if np.isnan(base) else base,
            synonym_distance_after=None if np.isnan(after) else after,
            moved=np.linalg.norm(columns[:, :2] - columns[:, 2:], axis=1).astype(np.float32),
        )

    def _ranks(
        self, subject: Subject, model: str, layout: MapLayout, progress: Progress | None
    ) -> NDArray[np.float32]:
        concepts = [subject.split.component_of[term_key(term)] for term in layout.terms]
        apart = [text for pair in subject.apart for text in (pair.standard, pair.synonym)]
        key = ("rank", self._fingerprint(model), *layout.terms, "\n", *concepts, "\n", *apart)
        known = self._kept.values(*key)
        if known is not None:
            return known
        vectors = self._vectors_of(model, layout.terms, progress)
        told = _told(progress, colouring.RANKING)
        ranks = colouring.rank_values(layout, vectors, subject.split, subject.apart, told)
        self._kept.keep_values(ranks, *key)
        return ranks

    def _vectors_of(
        self, model: str, terms: tuple[str, ...], progress: Progress | None = None
    ) -> NDArray[np.float32]:
        library = self._workspace.library
        key = (self._fingerprint(model), *terms)
        return self._vectors.get(key, lambda: library.vectors(model, terms, progress))

    def _texts(self, corpus: str | None) -> tuple[Iterator[str], int]:
        store = self._workspace.corpora
        infos = [store.get(corpus)] if corpus else store.all()
        if not infos:
            raise InputError(
                LocalText("还没有语料，数不出词频。", "There is no raw text to count the terms in."),
                LocalText("请先在数据页导入一份语料。", "Import some on the Data tab first."),
            )
        texts = (text for info in infos for text in store.texts(info.id))
        return texts, sum(info.texts for info in infos)

    def _fingerprint(self, model: str, progress: Progress | None = None) -> str:
        if model in BASELINES:
            raise BadParameter(
                LocalText("「{model}」没有词向量。", "“{model}” has no vectors."),
                LocalText("请选一个模型。", "Choose a model."),
                model=model,
            )
        return self._workspace.library.fingerprint(model, progress)

    def _subject(self, dictionary: str) -> Subject:
        return self._workspace.measurer.subject(self._workspace.dictionaries.get(dictionary))

    def _subject_of(self, dictionary: str, layout: MapLayout) -> Subject:
        """The dictionary in the version that a layout is of."""
        info = self._workspace.dictionaries.get(dictionary)
        if info.version_id != layout.version_id:
            info = self._workspace.dictionaries.version(layout.version_id)
        return self._workspace.measurer.subject(info)


def _shown(model: str) -> str:
    """A model's name for others: of a folder on this machine its last part only."""
    return Path(model).name if Path(model).is_absolute() else model


def _known(trust: float) -> float | None:
    return trust if trust >= 0 else None


def _told(progress: Progress | None, words: LocalText) -> Callable[[float], None] | None:
    return (lambda share: progress(share, words)) if progress else None


def _places(places: list[int]) -> NDArray[np.int64]:
    import numpy as np

    return np.array(places, np.int64)


def _standards(subject: Subject) -> dict[str, str]:
    """The standard term of each term's key: its own where it is one, else that of its first group."""
    found: dict[str, str] = {}
    for pair in subject.pairs:
        found.setdefault(term_key(pair.synonym), pair.standard)
    own: dict[str, str] = {}
    for pair in subject.pairs:
        own.setdefault(term_key(pair.standard), pair.standard)
    return {**found, **own}


def _group_of(subject: Subject, standard: str, but: str) -> tuple[str, ...]:
    """The terms of a group, the standard term first, without one."""
    key = term_key(standard)
    rest = (pair.synonym for pair in subject.pairs if term_key(pair.standard) == key)
    named = {term_key(term): term for term in (standard, *rest)}
    named.pop(term_key(but), None)
    return tuple(named.values())


def _neighbours(
    subject: Subject, vectors: NDArray[np.float32], own: int, k: int, standard_of: dict[str, str]
) -> tuple[Hit, ...]:
    import numpy as np

    scores = vectors @ vectors[own]
    scores[own] = -np.inf
    k = min(k, len(scores) - 1)
    nearest = np.argpartition(-scores, k - 1)[:k] if k else np.empty(0, np.int64)
    nearest = nearest[np.lexsort((nearest, -scores[nearest]))]
    term = subject.terms[own]
    return tuple(
        Hit(
            term=subject.terms[i],
            score=float(scores[i]),
            known_synonym=subject.same_concept(term, subject.terms[i]),
            standard=standard_of[term_key(subject.terms[i])],
        )
        for i in nearest.tolist()
    )
