"""Documents that are a right answer but for a suffix or a tiny edit: they cap what a system can reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.evaluation.retrieval import Benchmark
from workbench.ingest.blocking import candidates
from workbench.ingest.marks import marks
from workbench.localtext import LocalText
from workbench.normalise import spelling_key, term_key

LIKENESS = 0.9  # rapidfuzz's ratio, 0..1
SHORTEST = 10  # letters; of shorter texts a tiny edit is another word
SUFFIX_SHARE = 0.15
SHORTEST_SUFFIX = 2
MOST_COMPARED = 30_000_000
_BATCH = 200_000


@dataclass(frozen=True, slots=True)
class Twins:
    """``of`` maps a right answer's place in the corpus to the places of its near-duplicates.

    ``queries`` (places) have an answer whose twin is not an answer too. ``ceiling`` is the Recall@1 in
    percent that a system reaches on average which is right about everything but cannot tell twins
    apart: the mean over queries of the best of (right ones among an answer and its twins / all of these)
    / R, where R is the number of the query's answers.
    """

    of: dict[int, tuple[int, ...]]
    queries: tuple[int, ...]
    ceiling: float
    total: int

    @property
    def sentence(self) -> LocalText | None:
        """What to tell the expert; None where there is nothing to tell."""
        if not self.queries:
            return None
        return FOUND.format(count=len(self.queries), total=self.total, ceiling=f"{self.ceiling:.1f}")

    def as_json(self) -> dict[str, Any]:
        """Everything, for storage."""
        return {
            "of": {str(place): list(twins) for place, twins in self.of.items()},
            "queries": list(self.queries),
            "ceiling": self.ceiling,
            "total": self.total,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Twins:
        """The inverse of :meth:`as_json`."""
        of = {int(place): tuple(twins) for place, twins in data["of"].items()}
        return cls(of, tuple(data["queries"]), float(data["ceiling"]), int(data["total"]))


def find_twins(benchmark: Benchmark) -> Twins:
    """Near-duplicates of the right answers among the documents of a benchmark.

    Two texts are twins when their letters and digits are the same; when one is the other with a suffix of
    at most 15 % of its letters (2 at least); or when rapidfuzz's ratio of their letters is 0.9 or more.
    The last two only for texts of ten letters and more. Among terms (not passages) two that differ in a
    number, a designation or an opposite (``ingest.marks``) are never twins: type I is not type II.
    """
    texts = benchmark.corpus
    answers = {place for relevant in benchmark.relevant for place in relevant}
    loose = benchmark.corpus_kind == "passage" or benchmark.view == "all"
    forms = [spelling_key(text) or term_key(text) for text in texts]
    found: dict[int, set[int]] = defaultdict(set)
    for one, other in _twin_pairs(texts, forms, loose=loose):
        if one in answers:
            found[one].add(other)
        if other in answers:
            found[other].add(one)
    of = {place: tuple(sorted(twins)) for place, twins in sorted(found.items())}
    queries, ceilings = [], []
    for place, relevant in enumerate(benchmark.relevant):
        right, masked = set(relevant), set(benchmark.masked[place])
        if any(set(of.get(answer, ())) - right - masked for answer in relevant):
            queries.append(place)
        ceilings.append(_ceiling(right, masked, of))
    mean = 100.0 * float(np.mean(ceilings)) if ceilings else 100.0
    return Twins(of, tuple(queries), mean, len(benchmark.queries))


def _ceiling(right: set[int], masked: set[int], of: dict[int, tuple[int, ...]]) -> float:
    best = 0.0
    for answer in right:
        alike = {answer, *of.get(answer, ())} - masked
        best = max(best, len(alike & right) / len(alike))
    return best / len(right)


def _twin_pairs(texts: Sequence[str], forms: Sequence[str], *, loose: bool) -> Iterable[tuple[int, int]]:
    """Pairs of places, some of them twice."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, form in enumerate(forms):
        places[form].append(place)
    for same in places.values():
        yield from ((one, other) for i, one in enumerate(same) for other in same[i + 1 :])
    kept = [form for form in places if len(form) >= SHORTEST]
    mark = {form: "" if loose else marks(term_key(texts[places[form][0]])) for form in kept}
    for first, second in {*_suffixed(kept), *_edited(kept, mark)}:
        if mark[first] == mark[second]:
            yield from ((one, other) for one in places[first] for other in places[second])


def _suffixed(forms: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Forms that begin with another form and are hardly longer. In sorted order they follow it closely."""
    ordered = sorted(forms)
    for place, form in enumerate(ordered):
        longest = len(form) + max(SHORTEST_SUFFIX, int(SUFFIX_SHARE * len(form)))
        for other in ordered[place + 1 : place + 50]:
            if not other.startswith(form):
                break
            if len(other) <= longest:
                yield form, other


def _edited(forms: Sequence[str], mark: dict[str, str]) -> Iterable[tuple[str, str]]:
    from rapidfuzz import fuzz, process

    ids: dict[str, int] = {}
    blocks = [ids.setdefault(mark[form], len(ids)) for form in forms]
    for _, one, other in candidates(forms, blocks, LIKENESS, budget=MOST_COMPARED):
        for begin in range(0, len(one), _BATCH):
            left, right = one[begin : begin + _BATCH].tolist(), other[begin : begin + _BATCH].tolist()
            ratios = process.cpdist(
                [forms[i] for i in left], [forms[i] for i in right],
                scorer=fuzz.ratio, score_cutoff=100 * LIKENESS, dtype=np.float32,
            )  # fmt: skip
            for place in np.flatnonzero(ratios).tolist():
                yield forms[left[place]], forms[right[place]]


FOUND = LocalText(
    "有 {count} 条查询（共 {total} 条）的正确答案在语料里有近乎相同的副本（只差一个后缀或一两个字）。"
    "分不清这些副本的系统，Recall@1 平均最多 {ceiling}%。",
    "{count} of {total} queries have a twin of their answer in the corpus (the same text but for a suffix or "
    "a tiny edit): for a system that cannot tell the twins apart, Recall@1 can be at most {ceiling} % on "
    "average.",
)
