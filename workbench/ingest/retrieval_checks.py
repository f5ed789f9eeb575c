"""What makes a retrieval set harder or easier than it looks: passages that are almost the same, and queries
that are passages."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.ingest import retrieval_texts as say
from workbench.ingest.problems import ProblemLog
from workbench.normalise import term_key
from workbench.types import RetrievalSet

_SHORTEST = 4  # characters that two near-identical passages share at least
_ALIKE = 0.8  # share of the longer passage
_LONG, _CONTINUED = 8, 0.6  # a passage of 8 characters that the other only goes on from: 60 % are enough
_NEIGHBOURS = 5  # passages before it in alphabetical order that each one is compared with


def near_identical(passages: Sequence[str]) -> list[list[int]]:
    """Groups of passages that are the same but for a suffix: near each other in alphabetical order, and the
    same from the start for 80 % of the longer one (60 % where it only goes on). O(n log n)."""
    keys = [term_key(text) for text in passages]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    groups: list[list[int]] = []
    group_of: dict[int, list[int]] = {}
    for rank, place in enumerate(order):
        near = (
            p for p in order[max(0, rank - _NEIGHBOURS) : rank] if _same_but_for_suffix(keys[p], keys[place])
        )
        twin = next(near, None)
        if twin is None:
            groups.append([])
        group_of[place] = groups[-1] if twin is None else group_of[twin]
        group_of[place].append(place)
    return sorted(sorted(group) for group in groups if len(group) > 1)


def _same_but_for_suffix(one: str, other: str) -> bool:
    if one == other:
        return True
    common = _common_start(one, other)
    shorter, longer = sorted((len(one), len(other)))
    if common == shorter >= _LONG and common >= _CONTINUED * longer:
        return True
    return common >= max(_SHORTEST, _ALIKE * longer)


def report_near_identical(content: RetrievalSet, rows: Sequence[int], log: ProblemLog) -> tuple[int, int]:
    """How many passages have a near twin, and how many queries that limits."""
    groups = near_identical(content.passages)
    group_of: dict[int, list[int]] = {}
    for group in groups:
        group_of.update(dict.fromkeys(group, group))
    limited = 0
    for found in content.answers:
        twins = {twin for answer in found for twin in group_of.get(answer, ())}
        limited += bool(twins - set(found))
    for group in groups:
        first, second = content.passages[group[0]], content.passages[group[1]]
        log.add(
            "near_identical", "note", say.NEAR_IDENTICAL, rows[group[1]] or None,
            first=first[:60], second=second[:60], count=len(group),
        )  # fmt: skip
    if limited:
        log.add("limited", "warning", say.LIMITED, count=limited, total=len(content.queries))
    return len(group_of), limited


def report_queries_among_passages(content: RetrievalSet, rows: Sequence[int], log: ProblemLog) -> None:
    """Tell of queries that are passages themselves: their own answer, or one that hides the answer."""
    places: dict[str, list[int]] = {}
    for place, text in enumerate(content.passages):
        places.setdefault(term_key(text), []).append(place)
    for text, row, found in zip(content.queries, rows, content.answers, strict=True):
        same = places.get(term_key(text))
        if not same:
            continue
        if set(same) & set(found):
            log.add("query_is_answer", "note", say.QUERY_IS_ANSWER, row, query=text[:40])
        else:
            log.add("query_is_passage", "warning", say.QUERY_IS_PASSAGE, row, query=text[:40])


def _common_start(one: str, other: str) -> int:
    """How many characters two texts share from their start."""
    for place, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return place
    return min(len(one), len(other))
