"""What a set of training pairs is to be made of: checked, and kept with the set as JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from workbench.errors import BadParameter
from workbench.localtext import LocalText

Positives = Literal["standard_synonym", "all"]
NegativeKind = Literal["random", "lexical", "mined"]
NEGATIVE_KINDS: tuple[NegativeKind, ...] = ("random", "lexical", "mined")
GAP = "{}"
MOST_TEMPLATES = 100
LONGEST_TEMPLATE = 500
_CHOICES = LocalText("可选：{choices}。", "It can be {choices}.")
_RANGE = LocalText("请填 {low} 到 {high} 之间的数。", "Give a number from {low} to {high}.")


@dataclass(frozen=True)
class PairRecipe:
    """How pairs are made from a dictionary. Every value is checked when the recipe is made.

    ``positives``: each standard term with each of its synonyms, or ("all") every two terms of one group.
    ``cap_per_concept``: at most so many of these pairs from one concept; 0 for no cap.
    ``templates``: sentences with one ``{}`` for the term. ``terms_alone``: the bare terms as a pair.
    ``corpus``: the name of a corpus whose sentences are used; ``sentences_per_term`` at most of each term.
    ``positive_share``: positives in all rows, above 0 and up to 1. ``negatives``: the shares of the kinds
    of negatives among themselves; they need not add up to 1.
    ``limit``: rows at most. ``near_duplicate``: 50..100, how alike (rapidfuzz ratio) two texts must be to
    count as one; 100 drops only what is equal.

    Raises:
        BadParameter: a value that cannot be used, in words.
    """

    positives: Positives = "standard_synonym"
    cap_per_concept: int = 0
    terms_alone: bool = True
    templates: tuple[str, ...] = ()
    corpus: str | None = None
    sentences_per_term: int = 3
    positive_share: float = 0.5
    negatives: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType({"random": 0.5, "lexical": 0.5, "mined": 0.0})
    )
    limit: int = 50_000
    near_duplicate: int = 95
    seed: int = 0

    def __post_init__(self) -> None:
        if self.positives not in ("standard_synonym", "all"):
            raise _refused(_TITLES["positives"], self.positives, _CHOICES, choices="standard_synonym, all")
        _check_type("terms_alone", self.terms_alone, bool)
        for name, (low, high) in _RANGES.items():
            _check_range(name, getattr(self, name), low, high)
        if self.positive_share == 0:
            raise _refused(_TITLES["positive_share"], 0, _RANGE, low=0.01, high=1)
        object.__setattr__(self, "templates", _checked_templates(self.templates))
        object.__setattr__(self, "negatives", _checked_shares(self.negatives, self.positive_share))
        if self.corpus is not None:
            _check_type("corpus", self.corpus, str)
        if not (self.terms_alone or self.templates or self.corpus):
            raise BadParameter(
                LocalText(
                    "单独的词、模板、语料都没有选，没有什么可做成句对。",
                    "Neither bare terms nor templates nor a corpus is chosen: "
                    "there is nothing to make pairs of.",
                ),
                LocalText("请至少选一样。", "Choose at least one of them."),
            )

    @property
    def negatives_per_positive(self) -> float:
        """How many negatives are made for each positive."""
        return (1 - self.positive_share) / self.positive_share

    def share_of(self, kind: NegativeKind) -> float:
        """The share (0..1) of one kind among the negatives."""
        total = sum(self.negatives.values())
        return self.negatives.get(kind, 0.0) / total if total else 0.0

    def as_json(self) -> dict[str, Any]:
        """For storage with the set that was made."""
        values = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        return {**values, "templates": list(self.templates), "negatives": dict(self.negatives)}

    @classmethod
    def from_json(cls, data: Any) -> PairRecipe:
        """The inverse of :meth:`as_json`; what is left out takes its default.

        ``negatives_per_positive`` is understood in place of ``positive_share``.

        Raises:
            BadParameter: not an object, an unknown name, or a value that cannot be used.
        """
        if not isinstance(data, Mapping):
            raise BadParameter(
                LocalText("句对配方必须是一个 JSON 对象。", "The recipe for pairs must be a JSON object."),
                LocalText("例如 {example}。", "For example {example}."),
                example='{"positives": "all"}',
            )
        given = dict(data)
        if "negatives_per_positive" in given:
            ratio = given.pop("negatives_per_positive")
            _check_range("negatives_per_positive", ratio, 0, 99)
            given.setdefault("positive_share", 1 / (1 + ratio))
        known = [each.name for each in dataclasses.fields(cls)]
        for name in given:
            if name not in known:
                raise BadParameter(
                    LocalText(
                        "句对配方里没有「{name}」这一项。", "A recipe for pairs has nothing called “{name}”."
                    ),
                    LocalText("可用的：{names}。", "There are: {names}."),
                    name=name,
                    names=", ".join(known),
                )
        return cls(**given)


_TITLES = {
    "positives": LocalText("正例", "positives"),
    "cap_per_concept": LocalText("每个概念最多几对", "pairs of one concept at most"),
    "terms_alone": LocalText("单独的词", "bare terms"),
    "templates": LocalText("模板", "templates"),
    "corpus": LocalText("语料", "corpus"),
    "sentences_per_term": LocalText("每个词最多几句", "sentences for each term at most"),
    "positive_share": LocalText("正例占比", "share of positives"),
    "negatives_per_positive": LocalText("每个正例配几个负例", "negatives for each positive"),
    "negatives": LocalText("负例的种类", "kinds of negatives"),
    "limit": LocalText("最多行数", "rows at most"),
    "near_duplicate": LocalText("近似重复的阈值", "threshold of near duplicates"),
    "seed": LocalText("随机种子", "seed"),
}
_RANGES: dict[str, tuple[float, float]] = {
    "cap_per_concept": (0, 10_000),
    "sentences_per_term": (0, 1_000),
    "positive_share": (0, 1),
    "limit": (1, 2_000_000),
    "near_duplicate": (50, 100),
    "seed": (0, 2**31 - 1),
}


def _check_range(name: str, value: Any, low: float, high: float) -> None:
    whole = name not in ("positive_share", "negatives_per_positive")
    number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise _refused(_TITLES[name], value, _RANGE, low=low, high=high)


def _check_type(name: str, value: Any, kind: type) -> None:
    if not isinstance(value, kind):
        choices = "true, false" if kind is bool else "text"
        raise _refused(_TITLES[name], value, _CHOICES, choices=choices)


def _checked_templates(templates: Any) -> tuple[str, ...]:
    if not isinstance(templates, (list, tuple)) or not all(isinstance(each, str) for each in templates):
        raise _refused(_TITLES["templates"], templates, _CHOICES, choices='["{}…", …]')
    kept = tuple(dict.fromkeys(each.strip() for each in templates if each.strip()))
    for template in kept:
        if template.count(GAP) != 1 or template == GAP or len(template) > LONGEST_TEMPLATE:
            raise BadParameter(
                LocalText(
                    "模板「{template}」不能用：放词的位置 {gap} 要有且只有一个，旁边要有别的字。",
                    "The template “{template}” cannot be used: it needs {gap} exactly once, "
                    "where the term goes, and words around it.",
                ),
                LocalText("例如 {example}", "For example: {example}"),
                template=template[:80],
                gap=GAP,
                example="{}对比车型使用手册",
            )
    if len(kept) > MOST_TEMPLATES:
        raise _refused(_TITLES["templates"], len(kept), _RANGE, low=0, high=MOST_TEMPLATES)
    return kept


def _checked_shares(shares: Any, positive_share: float) -> Mapping[str, float]:
    choices = ", ".join(NEGATIVE_KINDS)
    if not isinstance(shares, Mapping) or not set(shares) <= set(NEGATIVE_KINDS):
        raise _refused(_TITLES["negatives"], shares, _CHOICES, choices=choices)
    for value in shares.values():
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or not 0 <= value <= 1e6:
            raise _refused(_TITLES["negatives"], value, _RANGE, low=0, high=1)
    if positive_share < 1 and not sum(shares.values()):
        raise BadParameter(
            LocalText(
                "要有负例，但哪一种负例都没有选。", "Negatives are asked for, but no kind of them is chosen."
            ),
            LocalText(
                "请选 {choices} 中的至少一种，或把正例占比设为 1。",
                "Choose at least one of {choices}, or set the share of positives to 1.",
            ),
            choices=choices,
        )
    return MappingProxyType({kind: float(shares.get(kind, 0.0)) for kind in NEGATIVE_KINDS})


def _refused(title: LocalText, value: Any, hint: LocalText, **values: Any) -> BadParameter:
    return BadParameter(
        LocalText("「{title}」不能是 {value}。", "“{title}” cannot be {value}."),
        hint,
        title=title,
        value=str(value)[:80],
        **values,
    )
