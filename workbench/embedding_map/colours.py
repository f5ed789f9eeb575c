"""What the points of a map may be coloured by: one value a term, and what the values mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from workbench.embedding_map.clusters import clusters, typical_terms
from workbench.embedding_map.layout import MapLayout
from workbench.embedding_map.ranks import synonym_ranks
from workbench.errors import BadParameter
from workbench.evaluation.causes import script_of
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.types import Pair, Split

By = Literal["group", "component", "part", "language", "frequency", "rank", "cluster"]
BY: tuple[By, ...] = get_args(By)
CHEAP: tuple[By, ...] = ("group", "part", "language", "cluster")
_TOLD_EVERY = 2000  # texts

_PARTS = {
    "train": LocalText("训练", "Training"),
    "dev": LocalText("开发", "Development"),
    "test": LocalText("测试", "Test"),
}
_LANGUAGES = {
    "zh": LocalText("中文", "Chinese"),
    "en": LocalText("西文", "Latin script"),
    "mixed": LocalText("混合", "Mixed"),
}
_LEGENDS: dict[By, LocalText] = {
    "group": LocalText("近似词组", "Synonym group"),
    "component": LocalText("概念（互相连通的近似词）", "Concept (synonyms that are connected)"),
    "part": LocalText("划分", "Part of the split"),
    "language": LocalText("语言", "Language"),
    "frequency": LocalText("在语料中出现的次数", "Occurrences in the raw text"),
    "rank": LocalText("最近的近似词排在第几位", "Rank of the nearest synonym"),
    "cluster": LocalText("地图上的岛", "Islands of the map"),
}
_NO_SYNONYM = LocalText("没有别的近似词", "no other synonym")
_NO_ISLAND = LocalText("不属于任何岛", "on no island")
COUNTING = LocalText("正在语料里数词", "Counting the terms in the raw text")
RANKING = LocalText("正在比较每一对词", "Comparing every pair of terms")


@dataclass(frozen=True, slots=True, eq=False)
class Colours:
    """One value a term. ``categories``: ``values`` (n,) int32 are places in ``names``, -1 for none.
    ``scale``: float32 from ``low`` to ``high``, NaN for none. ``missing`` says what having none means."""

    by: By
    kind: Literal["categories", "scale"]
    values: Any
    names: tuple[LocalText | str, ...]
    low: float
    high: float
    missing: LocalText | None
    legend: LocalText


def check_by(by: str) -> By:
    """Raises BadParameter where points cannot be coloured by this."""
    for each in BY:
        if by == each:
            return each
    raise BadParameter(
        LocalText("地图不能按「{by}」着色。", "The map cannot be coloured by “{by}”."),
        LocalText("可用的：{all}。", "There are: {all}."),
        by=by,
        all=", ".join(BY),
    )


def by_group(layout: MapLayout) -> Colours:
    """By the first group of each term."""
    names, values = _numbered(layout.groups)
    return _categories("group", values, names)


def by_component(layout: MapLayout, split: Split) -> Colours:
    """By concept: what is connected by synonym pairs. Named by its first standard term."""
    concepts = concept_numbers(layout, split)
    names: dict[int, str] = {}
    for concept, group in zip(concepts.tolist(), layout.groups, strict=True):
        names.setdefault(concept, group)
    return _categories("component", concepts, tuple(names[i] for i in range(len(names))))


def by_part(layout: MapLayout) -> Colours:
    """By training, development and test."""
    order = list(_PARTS)
    values = np.array([order.index(part) for part in layout.parts], np.int32)
    return _categories("part", values, tuple(_PARTS.values()))


def by_language(layout: MapLayout) -> Colours:
    """By script: Chinese, none of it, or both."""
    order = list(_LANGUAGES)
    values = np.array([order.index(script_of(term)) for term in layout.terms], np.int32)
    return _categories("language", values, tuple(_LANGUAGES.values()))


def by_frequency(
    layout: MapLayout, texts: Iterable[str], total: int, progress: Callable[[float], None] | None = None
) -> Colours:
    """By how often a term occurs in ``texts`` (``total`` of them), of overlapping ones the longest."""
    from workbench.pairing.occurrences import TermFinder

    finder = TermFinder(layout.terms)
    counts = np.zeros(len(layout.terms), np.float32)
    for number, text in enumerate(texts):
        for found in finder.longest(text):
            counts[found.term] += 1
        if progress and number % _TOLD_EVERY == 0:
            progress(min(1.0, number / max(1, total)))
    return _scale("frequency", counts, 0.0, None)


def rank_values(
    layout: MapLayout,
    vectors: npt.NDArray[Any],
    split: Split,
    apart: Sequence[Pair],
    progress: Callable[[float], None] | None = None,
) -> npt.NDArray[np.float32]:
    """For :func:`by_rank`; takes a while."""
    place = {term_key(term): i for i, term in enumerate(layout.terms)}
    both = []
    for pair in apart:
        one, other = place.get(term_key(pair.standard)), place.get(term_key(pair.synonym))
        if one is not None and other is not None:
            both.append((one, other))
    return synonym_ranks(vectors, concept_numbers(layout, split), both, progress)


def by_rank(ranks: npt.NDArray[np.float32]) -> Colours:
    """By where the nearest synonym stands among all terms; 1 is best."""
    return _scale("rank", ranks, 1.0, _NO_SYNONYM)


def by_cluster(layout: MapLayout, vectors: npt.NDArray[Any]) -> Colours:
    """By islands of this layout."""
    labels = clusters(np.stack((layout.x, layout.y), axis=1))
    names = typical_terms(labels, vectors, layout.terms)
    return _categories("cluster", labels, names, _NO_ISLAND)


def concept_numbers(layout: MapLayout, split: Split) -> npt.NDArray[np.int32]:
    """The number (n,) of each term's component, in order of appearance."""
    return _numbered([split.component_of[term_key(term)] for term in layout.terms])[1]


def _numbered(names: Sequence[str]) -> tuple[tuple[str, ...], npt.NDArray[np.int32]]:
    number: dict[str, int] = {}
    values = np.array([number.setdefault(name, len(number)) for name in names], np.int32)
    return tuple(number), values


def _categories(
    by: By,
    values: npt.NDArray[np.int32],
    names: tuple[LocalText | str, ...],
    missing: LocalText | None = None,
) -> Colours:
    return Colours(by, "categories", values, names, 0.0, float(max(0, len(names) - 1)), missing, _LEGENDS[by])


def _scale(by: By, values: npt.NDArray[np.float32], low: float, missing: LocalText | None) -> Colours:
    high = float(np.nanmax(values)) if np.isfinite(values).any() else low
    return Colours(by, "scale", values, (), low, max(low, high), missing, _LEGENDS[by])
