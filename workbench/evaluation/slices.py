"""The same numbers for a part of the queries: where a system is good, and where it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from workbench.evaluation.causes import script_of, share_characters
from workbench.evaluation.retrieval import Benchmark
from workbench.evaluation.significance import bootstrap_ci
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.types import LABEL_VALUES, Evaluation

Dimension = Literal["overlap", "group_size", "language", "concept", "column"]
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class SliceScore:
    """Recall@1 of one system on one slice, in percent, with its 95 % interval over components."""

    recall1: float
    ci95: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the queries. ``scores`` maps each measured system to what it reaches there. ``column`` is
    the heading of a column of the imported file; empty for everything else."""

    dimension: Dimension
    value: str
    title: LocalText
    queries: int
    components: int
    scores: dict[str, SliceScore]
    column: str = ""


def slices_of(
    benchmark: Benchmark,
    evaluations: Mapping[str, Evaluation],
    *,
    group_sizes: Mapping[str, int] | None = None,
    columns: Mapping[str, str] | None = None,
    labels: Mapping[str, Mapping[str, str]] | None = None,
    seen: tuple[Benchmark, Mapping[str, Evaluation]] | None = None,
) -> list[Slice]:
    """Every slice that holds a query, by dimension.

    ``evaluations`` are the newest of each system on ``benchmark``. ``group_sizes`` maps a component to its
    number of terms (dictionaries); without it the size is the number of a query's answers. ``columns``
    maps a query's key to a value of the expert's own; ``labels`` does so for each column that was kept at
    import, by its heading (one in which no query has a value makes no slice). ``seen`` is the diagnostic
    benchmark with its evaluations: the slice of concepts that were trained on.
    """
    parts: list[tuple[Dimension, str, list[str]]] = [
        ("overlap", "", _overlap(benchmark)),
        ("group_size", "", _sizes(benchmark, group_sizes)),
        ("language", "", [script_of(query) for query in benchmark.queries]),
    ]
    keys = [term_key(query) for query in benchmark.queries]
    for heading, known in [("", columns or {}), *(labels or {}).items()]:
        values = [known.get(key, "") for key in keys]
        if any(values):
            parts.append(("column", heading, values))
    found = [
        _slice(dimension, value, [place for place, each in enumerate(values) if each == value],
               benchmark, evaluations, heading)
        for dimension, heading, values in parts
        for value in _in_order(dimension, values)
    ]  # fmt: skip
    if seen is not None and seen[0].queries:
        for value, (view, measured) in (("unseen", (benchmark, evaluations)), ("seen", seen)):
            found.append(_slice("concept", value, range(len(view.queries)), view, measured))
    return found


def _slice(
    dimension: Dimension,
    value: str,
    places: Sequence[int],
    benchmark: Benchmark,
    evaluations: Mapping[str, Evaluation],
    column: str = "",
) -> Slice:
    components = [benchmark.query_components[place] for place in places]
    scores = {}
    for model, evaluation in evaluations.items():
        if len(evaluation.recall1) == len(benchmark.queries):
            values = 100.0 * np.asarray(evaluation.recall1, np.float64)[list(places)]
            interval = bootstrap_ci(values, components, RESAMPLES)
            scores[model] = SliceScore(float(values.mean()), interval)
    title = TITLES.get((dimension, value), LocalText(value or "（空）", value or "(empty)"))
    if column:
        title = LocalText(f"{column}：{title.zh}", f"{column}: {title.en}")
    return Slice(dimension, value, title, len(places), len(set(components)), scores, column)


def _overlap(benchmark: Benchmark) -> list[str]:
    return [
        "shared" if any(share_characters(query, benchmark.corpus[answer]) for answer in answers) else "none"
        for query, answers in zip(benchmark.queries, benchmark.relevant, strict=True)
    ]


def _sizes(benchmark: Benchmark, group_sizes: Mapping[str, int] | None) -> list[str]:
    if group_sizes is None:
        sizes = [1 + len(answers) for answers in benchmark.relevant]
    else:
        sizes = [group_sizes.get(component, 2) for component in benchmark.query_components]
    return ["2" if size <= 2 else "3-5" if size <= 5 else "6+" for size in sizes]


def _in_order(dimension: Dimension, values: Sequence[str]) -> list[str]:
    if dimension == "column":
        most = [value for value, _ in Counter(value for value in values if value).most_common(LABEL_VALUES)]
        return most + [""] * ("" in values)
    return [value for name, value in TITLES if name == dimension and value in set(values)]


TITLES: dict[tuple[Dimension, str], LocalText] = {
    ("overlap", "shared"): LocalText("与答案有共同的字", "Shares characters with its answer"),
    ("overlap", "none"): LocalText("与答案没有一个共同的字", "No character in common with its answer"),
    ("group_size", "2"): LocalText("只有两个词的组", "Groups of two"),
    ("group_size", "3-5"): LocalText("三到五个词的组", "Groups of three to five"),
    ("group_size", "6+"): LocalText("六个词以上的组", "Groups of six and more"),
    ("language", "zh"): LocalText("中文", "Chinese"),
    ("language", "en"): LocalText("英文等", "English and other scripts"),
    ("language", "mixed"): LocalText("中英混写", "Mixed"),
    ("concept", "unseen"): LocalText("没见过的概念", "Unseen concepts"),
    ("concept", "seen"): LocalText("见过的概念（偏乐观）", "Seen concepts (flatters)"),
}
DIMENSIONS: dict[Dimension, LocalText] = {
    "overlap": LocalText("字面重合", "Overlap"),
    "group_size": LocalText("组的大小", "Group size"),
    "language": LocalText("语言", "Language"),
    "concept": LocalText("概念是否训练过", "Concept trained on or not"),
    "column": LocalText("自定义分组", "A column of your own"),
}
