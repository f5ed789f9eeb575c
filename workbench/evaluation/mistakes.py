"""Which queries one system finds and another does not, what each put first, and why that may be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.evaluation.causes import Cause
from workbench.evaluation.retrieval import Benchmark
from workbench.evaluation.toplists import LENGTH, Toplists
from workbench.normalise import term_key

Side = Literal["only_a", "only_b", "neither", "both"]
SIDES: tuple[Side, ...] = ("only_a", "only_b", "neither", "both")
MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A document that a system put among its first ten. ``score`` is in the system's own unit."""

    place: int
    text: str
    score: float
    right: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What one system made of a query: its first ten, and where the best right answer stands.

    ``rank`` counts from 1, ties against the system. ``reached``: the system gave that answer a score at all.
    """

    top: tuple[Found, ...]
    rank: int
    answer: str
    score: float
    reached: bool


@dataclass(frozen=True, slots=True)
class Mistake:
    """One query under two systems. ``number`` is its place in the benchmark, ``answers`` all right ones."""

    number: int
    query: str
    answers: tuple[str, ...]
    cause: Cause
    side: Side
    a: Answer
    b: Answer | None
    component: str


@dataclass(frozen=True, slots=True)
class MistakePage:
    """A page of queries and the counts that the filters need.

    ``total`` rows fit the filters; ``sides`` counts every query of the benchmark, ``causes`` those of the
    chosen sides.
    """

    rows: tuple[Mistake, ...]
    total: int
    page: int
    size: int
    sides: dict[Side, int]
    causes: dict[Cause, int]


@dataclass(frozen=True, slots=True)
class MistakeFilter:
    """What to list. Empty tuples mean all; ``search`` is looked for in the query and its answers.

    Found means among the first ``k`` (1, 5 or 10).
    """

    sides: tuple[Side, ...] = ()
    causes: tuple[Cause, ...] = ()
    search: str = ""
    k: int = 1


def mistakes(
    benchmark: Benchmark,
    causes: Sequence[Cause],
    a: Toplists,
    b: Toplists | None,
    wanted: MistakeFilter = MistakeFilter(),
    *,
    page: int = 0,
    size: int = 50,
) -> MistakePage:
    """One page of the queries of a benchmark under system ``a`` and, where given, ``b``.

    Without ``b`` a query is on the side "only_a" (found) or "neither". The worst missed come first: in the
    order of the rank of the answer under the system that missed it.
    """
    size = max(1, min(size, MOST_ROWS))
    sides = _sides(a, b, wanted.k)
    of_side = [place for place in range(len(sides)) if not wanted.sides or sides[place] in wanted.sides]
    needle = term_key(wanted.search)
    chosen = [
        place
        for place in of_side
        if (not wanted.causes or causes[place] in wanted.causes) and _holds(benchmark, place, needle)
    ]
    chosen.sort(key=lambda place: (SIDES.index(sides[place]), -_rank(place, sides[place], a, b), place))
    page = max(0, min(page, (len(chosen) - 1) // size if chosen else 0))
    rows = tuple(
        Mistake(
            number=place,
            query=benchmark.queries[place],
            answers=tuple(benchmark.corpus[each] for each in benchmark.relevant[place]),
            cause=causes[place],
            side=sides[place],
            a=answer_of(benchmark, a, place),
            b=answer_of(benchmark, b, place) if b is not None else None,
            component=benchmark.query_components[place],
        )
        for place in chosen[page * size : (page + 1) * size]
    )
    counted = Counter(sides)
    by_cause = Counter(causes[place] for place in of_side)
    return MistakePage(rows, len(chosen), page, size, {side: counted[side] for side in SIDES}, dict(by_cause))


def answer_of(benchmark: Benchmark, top: Toplists, place: int) -> Answer:
    """What a system made of one query. Exactly 0 is no score: a lexical system found nothing shared."""
    right = set(benchmark.relevant[place])
    found = tuple(
        Found(int(document), benchmark.corpus[int(document)], float(score), int(document) in right)
        for document, score in zip(top.documents[place][:LENGTH], top.scores[place], strict=True)
        if document >= 0 and score != 0.0
    )
    score = float(top.answer_score[place])
    answer = benchmark.corpus[int(top.answer[place])]
    return Answer(found, int(top.answer_rank[place]), answer, score, score != 0.0)


def _sides(a: Toplists, b: Toplists | None, k: int) -> list[Side]:
    first = (a.answer_rank <= k).tolist()
    second = (b.answer_rank <= k).tolist() if b is not None else [False] * len(first)
    named: dict[tuple[bool, bool], Side] = {
        (True, False): "only_a", (False, True): "only_b", (False, False): "neither", (True, True): "both",
    }  # fmt: skip
    return [named[pair] for pair in zip(first, second, strict=True)]


def _rank(place: int, side: Side, a: Toplists, b: Toplists | None) -> int:
    under = b if side == "only_a" and b is not None else a
    return int(under.answer_rank[place])


def _holds(benchmark: Benchmark, place: int, needle: str) -> bool:
    if not needle:
        return True
    texts = [benchmark.queries[place], *(benchmark.corpus[each] for each in benchmark.relevant[place])]
    return any(needle in term_key(text) for text in texts)
