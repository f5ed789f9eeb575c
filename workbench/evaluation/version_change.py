"""Divides the difference between a model's scores on two versions of a dictionary by where it comes from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from workbench.evaluation.retrieval import Benchmark
from workbench.evaluation.significance import Floats
from workbench.evaluation.toplists import Toplists
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.types import Split

Origin = Literal["same", "regraded", "came", "went"]
ORIGINS: tuple[Origin, ...] = ("same", "regraded", "came", "went")
Reason = Literal["new", "asked_now", "deleted", "not_asked"]
CUTS = (1, 10)
MOST_QUESTIONS = 200


@dataclass(frozen=True, slots=True, eq=False)
class VersionScores:
    """A model on the unseen test terms of one version. ``recall[K]`` (q,) 0..1, K in 1 and 10."""

    number: int
    benchmark: Benchmark
    split: Split
    recall: dict[int, Floats]
    top: Toplists


@dataclass(frozen=True, slots=True)
class Shift:
    """Recall@K before and after, in percent, and the parts of the difference in points.

    The parts add up to after - before: ``same`` from the same queries answered otherwise, ``regraded`` from
    the same queries with other right answers, ``came`` and ``went`` from queries that only one version asks.
    ``common_before`` and ``common_after`` are Recall@K of each on the same queries alone (None: none).
    """

    before: float
    after: float
    same: float
    regraded: float
    came: float
    went: float
    common_before: float | None
    common_after: float | None

    def rounded(self, digits: int = 1) -> dict[str, float]:
        """Before, after, difference and the four parts so rounded that they still add up, by largest
        remainder: what a page shows."""
        unit = 10**digits
        before, after = round(self.before * unit), round(self.after * unit)
        exact = [unit * getattr(self, origin) for origin in ORIGINS]
        # What rounding made of nothing is not taken for the smallest negative number.
        whole = [round(each) if abs(each - round(each)) < 1e-6 else math.floor(each) for each in exact]
        rest = [each - low for each, low in zip(exact, whole, strict=True)]
        left = after - before - sum(whole)
        for place in sorted(range(len(whole)), key=lambda i: -rest[i])[: max(0, left)]:
            whole[place] += 1
        parts: dict[str, float] = {origin: each / unit for origin, each in zip(ORIGINS, whole, strict=True)}
        return {
            "before": before / unit,
            "after": after / unit,
            "difference": (after - before) / unit,
            **parts,
        }


@dataclass(frozen=True, slots=True)
class ChangedQuestion:
    """A query with the rank of its best right answer and what stood first; None where it was not asked.

    ``displaced``: a standard term that the version before did not have stands first now and is wrong.
    ``reason`` says why a query came or went: its term is ``new`` or ``deleted``, or the term is in both
    versions and is only ``asked_now``, or ``not_asked`` any more.
    """

    query: str
    answers: tuple[str, ...]
    answers_before: tuple[str, ...]
    before: int | None
    after: int | None
    first_before: str
    first_after: str
    displaced: bool = False
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class VersionChange:
    """A model on two versions of a dictionary. ``counts`` are queries by origin; ``answered`` those of the
    same ones whose answer moved within, into or out of the first ten: these are ``questions["same"]``. Lists
    are cut at 200, the largest movements first. ``corpus`` counts the standard terms before, after, those
    that came, and those that went.
    """

    dictionary: str
    model: str
    before: int
    after: int
    queries: tuple[int, int]
    corpus: tuple[int, int, int, int]
    counts: dict[Origin, int]
    answered: int
    shifts: dict[int, Shift]
    questions: dict[Origin, tuple[ChangedQuestion, ...]]

    @property
    def sentence(self) -> LocalText:
        """What happened, in one sentence with numbers that add up."""
        return _sentence(self)


def change_between(dictionary: str, model: str, before: VersionScores, after: VersionScores) -> VersionChange:
    """Divide the difference of a model's Recall between two versions.

    Queries are the same by ``term_key``; a query is graded the same when its right standard terms are. With
    C the queries of both versions, and mean_v(S) the mean over S in version v, the difference is

        [mean_before(C) - mean_before(all)] + [mean_after(C) - mean_before(C)]
            + [mean_after(all) - mean_after(C)]

    : what the queries that went had done, the queries of both (divided into same and regraded ones, whose
    terms of the sum are apart), and what those that came do. Without a query in both, all of it is ``came``.
    """
    places = [
        {term_key(query): place for place, query in enumerate(each.benchmark.queries)}
        for each in (before, after)
    ]
    gold = [_gold(each.benchmark) for each in (before, after)]
    both = [(places[0][key], places[1][key]) for key in places[0] if key in places[1]]
    same = [(b, a) for b, a in both if gold[0][b] == gold[1][a]]
    regraded = [(b, a) for b, a in both if gold[0][b] != gold[1][a]]
    came = [place for key, place in places[1].items() if key not in places[0]]
    went = [place for key, place in places[0].items() if key not in places[1]]
    fresh = _keys(after.benchmark.corpus) - _keys(before.benchmark.corpus)
    lost = _keys(before.benchmark.corpus) - _keys(after.benchmark.corpus)
    moved = [(b, a) for b, a in same if _moved(before, after, b, a)]
    return VersionChange(
        dictionary=dictionary,
        model=model,
        before=before.number,
        after=after.number,
        queries=(len(places[0]), len(places[1])),
        corpus=(len(before.benchmark.corpus), len(after.benchmark.corpus), len(fresh), len(lost)),
        counts={"same": len(same), "regraded": len(regraded), "came": len(came), "went": len(went)},
        answered=len(moved),
        shifts={k: _shift(before.recall[k], after.recall[k], same, regraded) for k in CUTS},
        questions={
            "same": _listed(before, after, moved, fresh),
            "regraded": _listed(before, after, regraded, fresh),
            "came": _listed(before, after, [(None, place) for place in came], fresh),
            "went": _listed(before, after, [(place, None) for place in went], fresh),
        },
    )


def _moved(before: VersionScores, after: VersionScores, b: int, a: int) -> bool:
    """Whether the best right answer moved in, into or out of the first ten, or the recall is another.

    Further down nearly every rank moves when a standard term comes or goes, and that says nothing.
    """
    was, now = int(before.top.answer_rank[b]), int(after.top.answer_rank[a])
    if any(before.recall[k][b] != after.recall[k][a] for k in CUTS):
        return True
    return was != now and min(was, now) <= max(CUTS)


def _shift(
    before: Floats, after: Floats, same: Sequence[tuple[int, int]], regraded: Sequence[tuple[int, int]]
) -> Shift:
    all_before, all_after = _mean(before), _mean(after)
    both = [*same, *regraded]
    if not both:
        return Shift(all_before, all_after, 0.0, 0.0, all_after - all_before, 0.0, None, None)
    share = 100.0 / len(both)
    return Shift(
        before=all_before,
        after=all_after,
        same=share * math.fsum(after[a] - before[b] for b, a in same),
        regraded=share * math.fsum(after[a] - before[b] for b, a in regraded),
        came=all_after - _mean(after[[a for _, a in both]]),
        went=_mean(before[[b for b, _ in both]]) - all_before,
        common_before=_mean(before[[b for b, _ in same]]) if same else None,
        common_after=_mean(after[[a for _, a in same]]) if same else None,
    )


def _mean(values: Floats) -> float:
    # Added up in one order and exactly: the same queries give the same number in both versions.
    return 100.0 * math.fsum(values.tolist()) / len(values)


def _listed(
    before: VersionScores,
    after: VersionScores,
    pairs: Iterable[tuple[int | None, int | None]],
    fresh: set[str],
) -> tuple[ChangedQuestion, ...]:
    """The queries at ``pairs`` of places, those first whose reciprocal rank moved most, then by text."""

    def weight(pair: tuple[int | None, int | None]) -> tuple[float, str]:
        b, a = pair
        was = 0.0 if b is None else 1.0 / float(before.top.answer_rank[b])
        now = 0.0 if a is None else 1.0 / float(after.top.answer_rank[a])
        benchmark, place = (before.benchmark, b) if a is None else (after.benchmark, a)
        # What came or went: the ones that are missed first, since these pull the score down.
        size = abs(now - was) if a is not None and b is not None else 1.0 - max(was, now)
        return -size, benchmark.queries[place or 0]

    chosen = sorted(pairs, key=weight)[:MOST_QUESTIONS]
    return tuple(_question(before, after, b, a, fresh) for b, a in chosen)


def _question(
    before: VersionScores, after: VersionScores, b: int | None, a: int | None, fresh: set[str]
) -> ChangedQuestion:
    query = after.benchmark.queries[a] if a is not None else before.benchmark.queries[b or 0]
    first = _first(after, a)
    reason: Reason | None = None
    if b is None:
        reason = "asked_now" if term_key(query) in before.split.component_of else "new"
    elif a is None:
        reason = "not_asked" if term_key(query) in after.split.component_of else "deleted"
    right = _answers(after, a)
    return ChangedQuestion(
        query=query,
        answers=right,
        answers_before=_answers(before, b),
        before=None if b is None else int(before.top.answer_rank[b]),
        after=None if a is None else int(after.top.answer_rank[a]),
        first_before=_first(before, b),
        first_after=first,
        displaced=b is not None and first not in right and term_key(first) in fresh,
        reason=reason,
    )


def _answers(scores: VersionScores, place: int | None) -> tuple[str, ...]:
    if place is None:
        return ()
    return tuple(scores.benchmark.corpus[each] for each in scores.benchmark.relevant[place])


def _first(scores: VersionScores, place: int | None) -> str:
    """What stands first; empty where nothing does (a lexical system's score of exactly 0 is none)."""
    if place is None:
        return ""
    document, score = int(scores.top.documents[place][0]), float(scores.top.scores[place][0])
    return scores.benchmark.corpus[document] if document >= 0 and score != 0.0 else ""


def _gold(benchmark: Benchmark) -> list[frozenset[str]]:
    keys = [term_key(text) for text in benchmark.corpus]
    return [frozenset(keys[each] for each in relevant) for relevant in benchmark.relevant]


def _keys(texts: Iterable[str]) -> set[str]:
    return {term_key(text) for text in texts}


def recall_at(top: Toplists, benchmark: Benchmark, k: int) -> Floats:
    """(q,) 0..1: the share of right documents among the first ``k`` (at most 10) of stored toplists."""
    return np.array(
        [
            len(set(documents[:k]) & set(relevant)) / len(relevant)
            for documents, relevant in zip(top.documents.tolist(), benchmark.relevant, strict=True)
        ],
        np.float64,
    )


# -- in words -------------------------------------------------------------------------------------


def _sentence(change: VersionChange) -> LocalText:
    shift = change.shifts[1]
    shown = shift.rounded()
    counts = change.counts
    if not counts["same"] and not counts["regraded"]:
        return NOTHING_SHARED.format(before=_number(shown["before"]), after=_number(shown["after"]))
    if not (counts["regraded"] or counts["came"] or counts["went"] or change.answered):
        return NOTHING_CHANGED.format(n=counts["same"], after=_number(shown["after"]))
    parts = [
        PARTS[origin].format(n=counts[origin], points=_points(shown[origin]))
        for origin in ORIGINS
        if counts[origin]
    ]
    return WHOLE.format(
        before=_number(shown["before"]),
        after=_number(shown["after"]),
        points=_points(shown["difference"]),
        parts=LocalText(
            "，".join(each.get("zh") for each in parts), ", ".join(each.get("en") for each in parts)
        ),
        verdict=_verdict(shift),
    )


def _verdict(shift: Shift) -> LocalText:
    """Whether other questions or other answers to the same ones make up more of it."""
    answers, questions = abs(shift.same), abs(shift.came) + abs(shift.went) + abs(shift.regraded)
    if max(answers, questions) < 0.05:
        return LocalText("分数没有实质变化。", "The score stays as it was.")
    if answers >= 2 * questions:
        return LocalText(
            "主要是同样的题答得不同：标准词表变了。",
            "Mostly the same questions are answered otherwise: other standard terms are there to choose.",
        )
    if questions >= 2 * answers:
        return LocalText(
            "主要是题目变了，而不是模型答得不同。", "Mostly the questions are others, not the answers."
        )
    return LocalText("题目和回答都有变化。", "Both the questions and the answers changed.")


def _number(value: float) -> str:
    return f"{value:.1f}"


def _points(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−") if value else "±0.0"


WHOLE = LocalText(
    "Recall@1 从 {before} 变为 {after}（{points}）：{parts}。{verdict}",
    "Recall@1 went from {before} to {after} ({points}): {parts}. {verdict}",
)
NOTHING_CHANGED = LocalText(
    "{n} 道题都一样，回答也一样：Recall@1 仍是 {after}。",
    "The same questions ({n}), answered the same way: Recall@1 is still {after}.",
)
NOTHING_SHARED = LocalText(
    "两个版本没有一道相同的题，{before} 和 {after} 无法相比。",
    "The two versions have no question in common: {before} and {after} cannot be compared.",
)
PARTS: dict[Origin, LocalText] = {
    "same": LocalText("相同的 {n} 道题 {points}", "the same questions ({n}) {points}"),
    "regraded": LocalText(
        "答案改过的 {n} 道题 {points}", "questions with other right answers ({n}) {points}"
    ),
    "came": LocalText("新增的 {n} 道题 {points}", "questions that came ({n}) {points}"),
    "went": LocalText("去掉的 {n} 道题 {points}", "questions that went ({n}) {points}"),
}
