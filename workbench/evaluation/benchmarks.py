"""What systems can be measured on: a dictionary's frozen split, or a retrieval set with its passages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from workbench.errors import InputError, NotFound
from workbench.evaluation.retrieval import Benchmark, Kind, benchmark_hash, build_benchmark
from workbench.evaluation.split import Apart, distinct_terms
from workbench.evaluation.twins import Twins, find_twins
from workbench.localtext import LocalText
from workbench.normalise import digest, term_key
from workbench.types import DictionaryInfo, Pair, RetrievalSet, Split

BenchmarkKind = Literal["dictionary", "retrieval", "pairs"]
KINDS: tuple[BenchmarkKind, ...] = ("dictionary", "retrieval", "pairs")
MOST_DEV_QUERIES = 600


@dataclass(frozen=True)
class Case:
    """One thing to measure on: the headline benchmark, what else is measured with it, and where to choose.

    ``id`` is ``<kind>:<name>``. ``views`` are benchmarks, the headline first. What a system chooses (a
    weight, a depth) it chooses on ``dev``; where there is none, by two-fold cross-fitting. ``owner`` is
    the id of the dictionary or set. ``notes`` say what the expert should know of it.
    """

    id: str
    kind: BenchmarkKind
    name: str
    owner: str
    views: tuple[Benchmark, ...]
    dev: Benchmark | None
    notes: tuple[LocalText, ...] = ()

    @property
    def headline(self) -> Benchmark:
        """The benchmark whose numbers count."""
        return self.views[0]

    @cached_property
    def twins(self) -> Twins:
        """Near-duplicates of right answers among the documents; looked for when first asked."""
        return find_twins(self.headline)


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

    @cached_property
    def case(self) -> Case:
        """The dictionary as something to measure on; there may be no test query at all."""
        dev = build_benchmark(self.pairs, self.split, "dev", "unseen")
        views = tuple(each for each in (self.unseen, self.seen) if each.queries)
        return Case(
            id=benchmark_id("dictionary", self.info.name),
            kind="dictionary",
            name=self.info.name,
            owner=self.info.id,
            views=views or (self.unseen,),
            dev=_some_queries(dev, MOST_DEV_QUERIES) if dev.queries else None,
        )


def retrieval_case(name: str, owner: str, content: RetrievalSet, *, symmetric: bool = False) -> Case:
    """A retrieval set as something to measure on.

    Queries without an answer are left out (and counted in a note). Queries that share an answer, or are
    the same text, are one component. Nothing is masked: a passage that is the query word for word is a
    passage like any other, unless it is an answer. ``symmetric``: query and passage are of one kind (two
    questions, two terms) and get the same prompt; otherwise a model's prompts for query and passage.

    Raises:
        InputError: no query has an answer.
    """
    kept = [place for place, answers in enumerate(content.answers) if answers]
    if not kept:
        raise InputError(
            LocalText("检索集「{name}」没有一条有答案的查询。", "No query of “{name}” has an answer."),
            LocalText("请补上答案再导入。", "Add the answers and import it again."),
            name=name,
        )
    queries = tuple(content.queries[place] for place in kept)
    relevant = tuple(content.answers[place] for place in kept)
    components = _components(queries, relevant)
    masked: tuple[tuple[int, ...], ...] = ((),) * len(kept)
    query_kind: Kind = "term" if symmetric else "query"
    corpus_kind: Kind = "term" if symmetric else "passage"
    content_hash = digest(
        benchmark_hash(queries, components, content.passages, relevant, masked), query_kind, corpus_kind
    )
    benchmark = Benchmark(
        queries, components, content.passages, relevant, masked, content_hash, "test", "all",
        query_kind, corpus_kind,
    )  # fmt: skip
    notes = []
    if len(kept) < len(content.queries):
        notes.append(NO_ANSWER.format(count=len(content.queries) - len(kept)))
    copies = _word_for_word(benchmark)
    if copies:
        notes.append(WORD_FOR_WORD.format(count=copies))
    return Case(benchmark_id("retrieval", name), "retrieval", name, owner, (benchmark,), None, tuple(notes))


def benchmark_id(kind: BenchmarkKind, name: str) -> str:
    """The id by which a benchmark is chosen."""
    return f"{kind}:{name}"


def split_benchmark_id(text: str) -> tuple[BenchmarkKind, str]:
    """Kind and name of a benchmark's id; a bare name is a dictionary's.

    Raises:
        NotFound: there is no name.
    """
    kind, mark, name = text.partition(":")
    for known in KINDS:
        if mark and kind == known and name:
            return known, name
    if not text.strip():
        raise NotFound(
            LocalText("请先选一个评测基准。", "Choose a benchmark first."),
            LocalText(
                "写法：dictionary:名称、retrieval:名称 或 pairs:名称。",
                "Written as dictionary:NAME, retrieval:NAME or pairs:NAME.",
            ),
        )
    return "dictionary", text


NO_ANSWER = LocalText(
    "有 {count} 条查询没有答案，没有计入。", "{count} queries have no answer and are left out."
)
WORD_FOR_WORD = LocalText(
    "有 {count} 条查询与语料中某个不是答案的段落一字不差；按规则照常参加排名。",
    "{count} queries stand word for word in the corpus as a passage that is not their answer; it is ranked "
    "like any other.",
)


def _components(queries: Sequence[str], relevant: Sequence[Sequence[int]]) -> tuple[str, ...]:
    """The component of each query, named by the smallest query that it is connected to."""
    parent = list(range(len(queries)))

    def find(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    first: dict[object, int] = {}
    for place, (query, answers) in enumerate(zip(queries, relevant, strict=True)):
        for thing in (term_key(query), *answers):
            low, high = sorted((find(first.setdefault(thing, place)), find(place)))
            parent[high] = low
    return tuple(f"q{find(place)}" for place in range(len(queries)))


def _word_for_word(benchmark: Benchmark) -> int:
    places: dict[str, set[int]] = {}
    for place, text in enumerate(benchmark.corpus):
        places.setdefault(term_key(text), set()).add(place)
    return sum(
        bool(places.get(term_key(query), set()) - set(answers))
        for query, answers in zip(benchmark.queries, benchmark.relevant, strict=True)
    )


def _some_queries(benchmark: Benchmark, most: int) -> Benchmark:
    """At most ``most`` queries, the same ones every time."""
    if len(benchmark.queries) <= most:
        return benchmark
    order = sorted(range(len(benchmark.queries)), key=lambda place: digest("dev", benchmark.queries[place]))
    return subset(benchmark, sorted(order[:most]))


def subset(benchmark: Benchmark, places: Sequence[int]) -> Benchmark:
    """The same benchmark with the queries at ``places`` alone."""
    return replace(
        benchmark,
        queries=tuple(benchmark.queries[place] for place in places),
        query_components=tuple(benchmark.query_components[place] for place in places),
        relevant=tuple(benchmark.relevant[place] for place in places),
        masked=tuple(benchmark.masked[place] for place in places),
        hash=digest(benchmark.hash, *map(str, places)),
    )
