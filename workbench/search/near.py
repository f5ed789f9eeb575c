"""What is nearest to a text by several systems side by side, and what each moves up and down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.search.sources import Filters, Relations, Source, TextLanguage, language_of

Found = list[tuple[str, float]]
Ranking = Callable[[int], Found]
"""The so many best texts of a system with their scores, best first; fewer where there are no more."""
Accepts = Callable[[str], bool]

MOST_HITS = 1000
MOVED_WITHIN = 50  # of the first column, or k where that is more
_FIRST_DEPTH = 64
_DEEPER = 8


@dataclass(frozen=True, slots=True)
class NearHit:
    """A text that is near to what was asked.

    ``score`` is the system's own: a cosine for a model. ``probability`` (0..1) that it is a synonym, for a
    model over terms, where a dictionary calibrates it. ``known``: the dictionary has the two as synonyms;
    ``standard`` is the hit's standard term there. ``rank`` counts from 1. ``moved`` is how many places
    it stands higher (+) or lower (-) than in the first column; None where it is not among the best there.
    """

    term: str
    score: float
    probability: float | None
    known: bool
    standard: str | None
    language: TextLanguage
    rank: int
    moved: int | None


@dataclass(frozen=True, slots=True)
class Column:
    """What one system found. ``told`` says in words how a system that is made of two joins them."""

    system: str
    hits: tuple[NearHit, ...]
    told: LocalText | None = None


@dataclass(frozen=True, slots=True)
class Near:
    """What is nearest to a text by each system, in the order in which they were asked for."""

    text: str
    source: Source
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A system that is asked: its id, how it ranks what is wanted, and what its scores mean."""

    system: str
    ranking: Ranking
    told: LocalText | None = None
    probability: Callable[[float], float] | None = None

    def calibrated(self, probability: Callable[[float], float] | None) -> Asked:
        """The same, with what its scores mean."""
        return replace(self, probability=probability)


def side_by_side(text: str, source: Source, asked: Sequence[Asked], relations: Relations, k: int) -> Near:
    """The ``k`` best of each system, each with its move against the first system."""
    depth = max(k, MOVED_WITHIN)
    before: dict[str, int] = {}
    columns = []
    for number, system in enumerate(asked):
        found = system.ranking(k if number else depth)
        if not number:
            before = {term_key(term): rank for rank, (term, _) in enumerate(found, 1)}
        hits = []
        for rank, (term, score) in enumerate(found[:k], 1):
            earlier = before.get(term_key(term))
            known, standard = relations(term)
            hits.append(
                NearHit(
                    term=term,
                    score=float(score),
                    probability=system.probability(score) if system.probability else None,
                    known=known,
                    standard=standard,
                    language=language_of(term),
                    rank=rank,
                    moved=None if earlier is None else earlier - rank,
                )
            )
        columns.append(Column(system.system, tuple(hits), system.told))
    return Near(text, source, tuple(columns))


def wanted(text: str, filters: Filters, relations: Relations) -> Accepts:
    """Whether a text is a hit at all: not the text itself, and let through by the filters."""
    key = term_key(text)

    def accepts(term: str) -> bool:
        if term_key(term) == key:
            return False
        return filters.nothing or filters.accepts(term, *relations(term))

    return accepts


def deepening(ranking: Ranking, accepts: Accepts, *, all_wanted: bool) -> Ranking:
    """A ranking of what is accepted alone: looked through deeper and deeper until there is enough."""

    def answer(k: int) -> Found:
        depth = k + 1 if all_wanted else max(_FIRST_DEPTH, 2 * k)
        while True:
            found = ranking(depth)
            kept = [each for each in found if accepts(each[0])]
            if len(kept) >= k or len(found) < depth:
                return kept[:k]
            depth *= _DEEPER

    return answer
