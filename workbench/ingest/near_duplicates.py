"""Terms that look alike but are not the same: another script, other punctuation, a slip of the pen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import combinations
from typing import Literal

import numpy as np

from workbench.ingest import check_texts as say
from workbench.ingest.blocking import candidates
from workbench.ingest.marks import marks, numbers
from workbench.ingest.term_index import TermIndex, apart_keys, ordered
from workbench.localtext import LocalText
from workbench.types import Pair

Likeness = Literal["traditional", "punctuation", "typo"]
Progress = Callable[[float, LocalText], None]
THRESHOLD = 90.0
SHORTEST = 4
MOST = 200_000
_ALL_PAIRS = 12  # of a larger set of equal forms each term is named with the first one alone
_BATCH = 200_000
_HAN = re.compile("[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """Two terms that look alike.

    ``groups`` are the standard terms of the groups that each is in, its own first. ``similarity`` (0..100)
    is rapidfuzz's ratio of the simplified keys, 100 for the kinds "traditional" and "punctuation", whose
    compared forms are equal. ``same_group``: the two share a group.
    """

    first: str
    second: str
    first_row: int
    second_row: int
    first_groups: tuple[str, ...]
    second_groups: tuple[str, ...]
    kind: Likeness
    similarity: float
    same_group: bool


@dataclass(frozen=True, slots=True)
class ClusterTerm:
    """A term of a cluster, and the standard terms of its groups."""

    term: str
    row: int
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Terms of different groups that look alike, to be merged in one go.

    ``standards`` are the groups to merge, the one with the most synonyms first: it would take in the
    others. ``kinds`` and ``similarity`` (the least) say what ties them.
    """

    terms: tuple[ClusterTerm, ...]
    standards: tuple[str, ...]
    kinds: tuple[Likeness, ...]
    similarity: float


def near_duplicates(
    index: TermIndex,
    *,
    apart: Sequence[Pair] = (),
    threshold: float = THRESHOLD,
    shortest: int = SHORTEST,
    progress: Progress | None = None,
) -> tuple[NearDuplicate, ...]:
    """Terms that look alike: of different groups first, the most alike first; at most 200,000.

    Terms whose keys are equal (case, width, white space) are one term and no near duplicates. Alike are
    terms that are equal in simplified characters (OpenCC), those equal but for punctuation and spaces
    (with the same :func:`~workbench.ingest.marks.numbers`), and those of at least ``shortest`` characters
    whose simplified keys reach ``threshold`` (0..100) by rapidfuzz's ratio and that have the same
    :func:`~workbench.ingest.marks.marks`: a number, a designation or an opposite is never a slip. Terms
    marked as not synonyms (``apart``), or whose standard terms are, are left out.
    """
    if progress is not None:
        progress(0.0, say.READING)
    forms = simplified(index.keys)
    found: dict[tuple[int, int], tuple[Likeness, float]] = {}
    for one, other in _equal(forms):
        found[one, other] = ("traditional", 100.0)
    for one, other in _equal([_bare(form) for form in forms]):
        found.setdefault((one, other), ("punctuation", 100.0))
    for ends, score in _typos(forms, threshold, shortest, progress).items():
        found.setdefault(ends, ("typo", score))
    marked = apart_keys(apart)
    hits = [
        _hit(index, one, other, kind, score)
        for (one, other), (kind, score) in found.items()
        if not (marked and _is_apart(index, one, other, marked))
    ]
    hits.sort(key=lambda hit: (hit.same_group, -hit.similarity, hit.kind, hit.first, hit.second))
    return tuple(hits[:MOST])


def clusters(hits: Iterable[NearDuplicate], index: TermIndex) -> tuple[Cluster, ...]:
    """The ``hits`` between different groups as sets that hang together, largest first."""
    parent: dict[str, str] = {}

    def find(term: str) -> str:
        while parent.setdefault(term, term) != term:
            parent[term] = parent[parent[term]]
            term = parent[term]
        return term

    ties = [hit for hit in hits if not hit.same_group]
    for hit in ties:
        parent[find(hit.second)] = find(hit.first)
    members: dict[str, list[NearDuplicate]] = {}
    for hit in ties:
        members.setdefault(find(hit.first), []).append(hit)
    sizes = Counter(one for one, other in index.ends if one != other)
    found = [_cluster(each, index, sizes) for each in members.values()]
    return tuple(sorted(found, key=lambda cluster: (-len(cluster.terms), -cluster.similarity)))


def simplified(keys: Sequence[str]) -> list[str]:
    """Each key in simplified Chinese characters (OpenCC's t2s, by phrases)."""
    import opencc

    convert = opencc.OpenCC("t2s").convert
    result = list(keys)
    places = [place for place, key in enumerate(keys) if not key.isascii() and _HAN.search(key)]
    # One call for all of them is many times faster; a key holds no line break.
    joined = "\n".join(keys[place] for place in places).encode("utf-8", "replace").decode()
    for place, form in zip(places, convert(joined).split("\n"), strict=bool(places)):
        result[place] = form
    return result


def _equal(forms: Sequence[str]) -> Iterable[tuple[int, int]]:
    """Pairs of places with the same form; empty forms are like nothing."""
    places: dict[str, list[int]] = {}
    for place, form in enumerate(forms):
        if form:
            places.setdefault(form, []).append(place)
    for same in places.values():
        if len(same) <= _ALL_PAIRS:
            yield from combinations(same, 2)
        else:
            yield from ((same[0], other) for other in same[1:])


def _bare(form: str) -> str:
    """Letters and digits alone, with the numbers and symbols that punctuation is part of."""
    letters = form if form.isalnum() else "".join(filter(str.isalnum, form))
    return f"{letters}\0{numbers(form)}" if letters else ""


def _typos(
    forms: Sequence[str], threshold: float, shortest: int, progress: Progress | None
) -> dict[tuple[int, int], float]:
    """The ratio of each two places whose forms are almost equal, the best 200,000."""
    from rapidfuzz import fuzz, process

    first_with = {form: place for place, form in reversed(list(enumerate(forms))) if len(form) >= shortest}
    texts = list(first_with)
    ids: dict[str, int] = {}
    blocks = [ids.setdefault(marks(text), len(ids)) for text in texts]
    scores: dict[tuple[int, int], float] = {}
    for share, one, other in candidates(texts, blocks, threshold / 100):
        for begin in range(0, len(one), _BATCH):
            left, right = one[begin : begin + _BATCH].tolist(), other[begin : begin + _BATCH].tolist()
            ratios = process.cpdist(
                [texts[i] for i in left], [texts[i] for i in right],
                scorer=fuzz.ratio, score_cutoff=threshold, dtype=np.float32,
            )  # fmt: skip
            for place in np.flatnonzero(ratios).tolist():
                scores[left[place], right[place]] = float(ratios[place])
        if progress is not None:
            progress(0.1 + 0.9 * share, say.COMPARING)
        if len(scores) > 2 * MOST:  # the terms are made alike throughout: nobody looks at more of them
            break
    places = list(first_with.values())
    best = nsmallest(MOST, scores.items(), key=lambda item: -item[1])
    return {_in_order(places[one], places[other]): score for (one, other), score in best}


def _in_order(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)


def _hit(index: TermIndex, one: int, other: int, kind: Likeness, score: float) -> NearDuplicate:
    first, second = index.groups(one), index.groups(other)
    return NearDuplicate(
        first=index.raws[one],
        second=index.raws[other],
        first_row=index.rows[one],
        second_row=index.rows[other],
        first_groups=index.names(first),
        second_groups=index.names(second),
        kind=kind,
        similarity=round(score, 1),
        same_group=not set(first).isdisjoint(second),
    )


def _is_apart(index: TermIndex, one: int, other: int, marked: set[tuple[str, str]]) -> bool:
    firsts, seconds = {one, *index.groups(one)}, {other, *index.groups(other)}
    return any(ordered(index.keys[a], index.keys[b]) in marked for a in firsts for b in seconds)


def _cluster(hits: Sequence[NearDuplicate], index: TermIndex, sizes: Counter[int]) -> Cluster:
    terms: dict[str, ClusterTerm] = {}
    for hit in hits:
        terms.setdefault(hit.first, ClusterTerm(hit.first, hit.first_row, hit.first_groups))
        terms.setdefault(hit.second, ClusterTerm(hit.second, hit.second_row, hit.second_groups))
    standards = dict.fromkeys(name for term in terms.values() for name in term.groups)
    in_order = sorted(standards, key=lambda name: -sizes[index.number(name) or 0])
    kinds = sorted({hit.kind for hit in hits})
    return Cluster(tuple(terms.values()), tuple(in_order), tuple(kinds), min(hit.similarity for hit in hits))
