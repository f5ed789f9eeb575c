"""Where a set of labelled pairs and a synonym dictionary say opposite things of the same two terms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.types import LabelledPair, Pair

ContradictionCode = Literal["denied_synonyms", "apart", "other_concepts"]
_YES, _NO = 0.8, 0.2  # scores from which on a pair says "alike", and up to which "not alike"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """``row`` is of the pair's file; ``dictionary_row`` of the dictionary's (0 where there is none)."""

    code: ContradictionCode
    text1: str
    text2: str
    label: float
    row: int
    dictionary_row: int
    text: LocalText


class DictionarySays:
    """What a dictionary says of two terms: synonyms, marked apart, of different groups, or nothing."""

    def __init__(self, synonyms: Iterable[Pair], apart: Iterable[tuple[str, str]] = ()) -> None:
        self._groups: dict[str, dict[str, int]] = {}
        for pair in synonyms:
            group = term_key(pair.standard)
            self._groups.setdefault(group, {}).setdefault(group, pair.row)
            self._groups.setdefault(term_key(pair.synonym), {}).setdefault(group, pair.row)
        self._apart = {frozenset((term_key(a), term_key(b))) for a, b in apart}

    def contradicts(self, one: str, two: str, label: float) -> tuple[ContradictionCode, int] | None:
        """The contradiction of a label with the dictionary, and the dictionary's row of it."""
        first, second = term_key(one), term_key(two)
        groups, others = self._groups.get(first), self._groups.get(second)
        if first == second or not groups or not others:
            return None
        apart = frozenset((first, second)) in self._apart
        shared = groups.keys() & others.keys()
        if label <= _NO and shared and not apart:
            group = min(shared)
            return "denied_synonyms", others[group] if second != group else groups[group]
        if label >= _YES and apart:
            return "apart", 0
        if label >= _YES and not shared:
            return "other_concepts", min(others.values())
        return None


def contradictions(
    pairs: Iterable[LabelledPair], synonyms: Iterable[Pair], apart: Iterable[tuple[str, str]] = ()
) -> list[Contradiction]:
    """Pairs labelled 0 (score up to 0.2) that are synonyms in the dictionary ("denied_synonyms"), and pairs
    labelled 1 (from 0.8) that the dictionary marks as not synonyms ("apart") or has in different groups
    ("other_concepts"). Of a triplet both sides are looked at."""
    says = DictionarySays(synonyms, apart)
    found: list[Contradiction] = []
    for pair in pairs:
        sides = [(pair.text2, pair.label)]
        if pair.negative:
            sides.append((pair.negative, 0.0))
        for other, label in sides:
            answer = says.contradicts(pair.text1, other, label)
            if answer is None:
                continue
            code, row = answer
            text = _SENTENCES[code].format(
                row=pair.row, one=pair.text1[:40], two=other[:40], label=f"{label:g}", other=row
            )
            found.append(Contradiction(code, pair.text1, other, label, pair.row, row, text))
    return found


_SENTENCES: dict[ContradictionCode, LocalText] = {
    "denied_synonyms": LocalText(
        "第 {row} 行说“{one}”与“{two}”不相似（标签 {label}），词典第 {other} 行却说它们同义。"
        "请改正其中之一。",
        "Row {row} says that “{one}” and “{two}” are not alike (label {label}); the dictionary (row {other}) "
        "has them as synonyms. Correct one of the two.",
    ),
    "apart": LocalText(
        "第 {row} 行说“{one}”与“{two}”相似（标签 {label}），词典却标记它们不是近似词。请改正其中之一。",
        "Row {row} says that “{one}” and “{two}” are alike (label {label}); the dictionary marks them as not "
        "synonyms. Correct one of the two.",
    ),
    "other_concepts": LocalText(
        "第 {row} 行说“{one}”与“{two}”相似（标签 {label}），词典却把它们放在不同的组里。请确认。",
        "Row {row} says that “{one}” and “{two}” are alike (label {label}); the dictionary has them in "
        "different groups. Check this.",
    ),
}
