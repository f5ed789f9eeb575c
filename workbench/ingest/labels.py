"""What a cell says about two texts: alike or not in words, 0 or 1, or a score on one of two scales."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from workbench.types import PairSetKind


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_YES = _words(
    "是 对 真 相似 相同 一致 同义 近义 等价 匹配 相关 正 正例 正样本 是的 "
    "yes y true t similar same synonym synonyms match matched positive paraphrase duplicate equivalent"
)
_NO = _words(
    "否 不 不是 错 假 不相似 不相同 不同 不一致 不同义 非同义 不等价 不匹配 不相关 无关 负 负例 负样本 "
    "no n false f dissimilar different unrelated mismatch negative"
)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_RARE = 0.02  # a share of labels that is a slip, not a scale
TOP = 5.0  # of the longer scale


def read_label(cell: str) -> float | None:
    """The number that a cell gives (words: 1 or 0; ``80%``: 0.8); None where it is neither."""
    text = unicodedata.normalize("NFKC", cell).strip().lower()
    if text in ("1", "0"):
        return float(text)
    if text in _YES:
        return 1.0
    if text in _NO or text == "not similar":
        return 0.0
    percent = text.endswith("%")
    number = text[:-1].rstrip() if percent else text
    if not _NUMBER.fullmatch(number):
        return None
    return float(number) / 100 if percent else float(number)


@dataclass(frozen=True, slots=True)
class LabelScale:
    """How the labels of a column are meant: their kind, and what they are divided by."""

    kind: PairSetKind
    divisor: float = 1.0


def scale_of(values: Iterable[float], *, called_score: bool = False) -> LabelScale:
    """Labels (0 or 1), scores from 0 to 1, or scores from 0 to 5, by what most of the values are.

    A slip here and there (2 %, or one in four or more) does not change the scale: it is a problem of its
    row. ``called_score``: the heading says that these are scores, though all may be 0 or 1.
    """
    binary = between = above = total = 0
    for value in values:
        total += 1
        if value in (0.0, 1.0):
            binary += 1
        elif 0 < value < 1:
            between += 1
        elif 1 < value <= TOP:
            above += 1
    slips = max(_RARE * total, 1.0 if total >= 4 and not between else 0.0)
    if above > slips or (above and not binary and not between):
        return LabelScale("scores", TOP)
    if called_score or between > _RARE * total:
        return LabelScale("scores")
    return LabelScale("labels")


def in_scale(value: float, scale: LabelScale) -> float | None:
    """The label as it is stored, 0..1 (0 or 1 for "labels"); None where it is out of range."""
    if scale.kind == "labels":
        return value if value in (0.0, 1.0) else None
    if not 0 <= value <= scale.divisor:
        return None
    return value if scale.divisor == 1 else round(value / scale.divisor, 9)
