"""Why a query may be missed: what it has in common with its answer, and what stands in the way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from workbench.evaluation.retrieval import Benchmark
from workbench.evaluation.twins import Twins
from workbench.localtext import LocalText
from workbench.models.words import han_characters, has_han, latin_words
from workbench.normalise import spelling_key, term_key

Cause = Literal["near_duplicate", "ambiguous", "cross_lingual", "abbreviation", "no_shared", "other"]
Script = Literal["zh", "en", "mixed"]
CAUSES: tuple[Cause, ...] = (
    "near_duplicate", "ambiguous", "cross_lingual", "abbreviation", "no_shared", "other",
)  # fmt: skip
_SHORTER = 0.7  # an abbreviation has at most this share of the letters
_PIECE = 3  # letters that two Latin words must share in a row
_FILLERS = frozenset(
    ("of", "the", "and", "in", "to", "for", "by", "on", "or", "an", "a", "at", "as", "is", "with")
)
_INITIAL = re.compile(r"[^\W\d_]+|\d+")


def causes_of(benchmark: Benchmark, twins: Twins) -> list[Cause]:
    """What stands in the way of each query, (q,): the first that holds, in the order of ``CAUSES``.

    "near_duplicate": an answer has a twin in the corpus that is no answer. "ambiguous": a dictionary's
    query has several right standard terms, or two queries of the same text have different answers.
    "cross_lingual": Chinese on one side alone. "abbreviation": one is made of the other's first letters,
    or of some of its characters in their order. "no_shared": :func:`share_characters` is false. Each is
    looked at with the answer that is most like the query.
    """
    twinned = set(twins.queries)
    unclear = _unclear(benchmark)
    found: list[Cause] = []
    for place, query in enumerate(benchmark.queries):
        answers = [benchmark.corpus[answer] for answer in benchmark.relevant[place]]
        if place in twinned:
            found.append("near_duplicate")
        elif place in unclear:
            found.append("ambiguous")
        else:
            found.append(_between(query, answers))
    return found


def _between(query: str, answers: Sequence[str]) -> Cause:
    if all(crosses_languages(query, answer) for answer in answers):
        return "cross_lingual"
    if any(is_abbreviation(query, answer) for answer in answers):
        return "abbreviation"
    if not any(share_characters(query, answer) for answer in answers):
        return "no_shared"
    return "other"


def _unclear(benchmark: Benchmark) -> set[int]:
    if benchmark.view != "all":
        return {place for place, answers in enumerate(benchmark.relevant) if len(answers) > 1}
    same: dict[str, list[int]] = {}
    for place, query in enumerate(benchmark.queries):
        same.setdefault(term_key(query), []).append(place)
    return {
        place
        for places in same.values()
        if len({benchmark.relevant[each] for each in places}) > 1
        for place in places
    }


def share_characters(first: str, second: str) -> bool:
    """Whether two texts share a Chinese character, a whole word, or three letters of a word in a row."""
    if han_characters(first) & han_characters(second):
        return True
    left, right = latin_words(first), latin_words(second)
    if set(left) & set(right):
        return True
    return bool(_pieces(left) & _pieces(right))


def crosses_languages(first: str, second: str) -> bool:
    """Whether one text is Chinese and the other holds no Chinese character."""
    return {script_of(first), script_of(second)} == {"zh", "en"}


def script_of(text: str) -> Script:
    """ "zh", "en" (no Chinese character), or "mixed" (Chinese and words of another script)."""
    if not has_han(text):
        return "en"
    letters = any(c.isalpha() for word in latin_words(text) for c in word)
    return "mixed" if letters else "zh"


def is_abbreviation(first: str, second: str) -> bool:
    """Whether the shorter text abbreviates the longer one: initials, or its characters in their order."""
    short, long = sorted((first, second), key=lambda text: len(spelling_key(text)))
    letters = spelling_key(short)
    full = spelling_key(long)
    if len(letters) < 2 or len(letters) > _SHORTER * len(full):
        return False
    key = term_key(long)
    ways = (
        _INITIAL.findall(key),
        [word for word in key.split() if word[0].isalnum()],
    )  # anti-lock: a l, or a
    initials = {"".join(w[0] for w in words if w not in left) for words in ways for left in ((), _FILLERS)}
    if letters in initials:
        return True
    # A piece cut out whole (混凝土 of 预拌混凝土) is a broader term and no abbreviation.
    return has_han(short) and letters not in full and _in_order(letters, full)


def _in_order(letters: str, full: str) -> bool:
    rest = iter(full)
    return all(letter in rest for letter in letters)


def _pieces(words: Sequence[str]) -> set[str]:
    return {word[i : i + _PIECE] for word in words for i in range(len(word) - _PIECE + 1)}


TITLES: dict[Cause, LocalText] = {
    "near_duplicate": LocalText("语料里有近乎相同的副本", "A near-duplicate of the answer in the corpus"),
    "ambiguous": LocalText("答案有歧义", "Ambiguous: several right answers"),
    "cross_lingual": LocalText("跨语言", "Across languages"),
    "abbreviation": LocalText("缩写", "Abbreviation"),
    "no_shared": LocalText("没有一个共同的字", "No character in common"),
    "other": LocalText("其他", "Other"),
}
