"""What a generated row must pass before it may wait for the expert; each filter counts what it took out."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from workbench.errors import BadParameter
from workbench.generation.parsing import parse_rows
from workbench.generation.round_trip import RoundTrip
from workbench.localtext import LocalText
from workbench.normalise import spelling_key, term_key
from workbench.types import SuggestionKind

Script = Literal["any", "same", "han", "latin"]
FILTERS: Mapping[str, LocalText] = {
    "broken": LocalText("读不出来的回答", "Answers that could not be read"),
    "empty": LocalText("空的，或只说没有", "Empty, or only says “none”"),
    "control": LocalText("含控制字符", "Control characters"),
    "length": LocalText("太短或太长", "Too short or too long"),
    "prompt_copy": LocalText("照抄提示词", "Copies of the prompt"),
    "script": LocalText("语言不对", "Other language"),
    "known": LocalText("词典里已有", "In the dictionary already"),
    "elsewhere": LocalText("属于别的词条", "Belongs to another group"),
    "apart": LocalText("已标为不是近义词", "Marked as not synonyms"),
    "rejected": LocalText("以前拒绝过", "Rejected before"),
    "queue": LocalText("已在待定或已接受", "In the queue already"),
    "repeat": LocalText("本次重复", "Came twice"),
    "near": LocalText("几乎相同", "Almost the same"),
    "test_term": LocalText("含测试词", "Holds a test term"),
    "round_trip": LocalText("模型认为更像别的词", "Nearer to other terms by the model"),
}
_NOTHING = {"无", "没有", "暂无", "none", "na", "null", "nil", "nosynonyms", "unknown", "不详", "未知"}
_DIGITS = re.compile(r"\d+")
_LENGTHS: Mapping[SuggestionKind, tuple[int, int]] = {
    "synonym": (1, 60),
    "sentence_pair": (4, 1000),
    "question": (4, 300),
}


@dataclass(frozen=True, slots=True)
class FilterSettings:
    """``near``: rapidfuzz ratio (0..100) from which two rows are the same, 0 turns it off. ``max_rank``: the
    row's own item must be among the nearest so many of the model ``round_trip`` ("" for none). Lengths in
    characters, 0 for the kind's own.

    Raises:
        BadParameter: a value outside its range.
    """

    near: float = 92.0
    script: Script = "same"
    min_length: int = 0
    max_length: int = 0
    round_trip: str = ""
    max_rank: int = 20

    def __post_init__(self) -> None:
        fine = (
            0 <= self.near <= 100
            and self.script in ("any", "same", "han", "latin")
            and 0 <= self.min_length <= 10_000
            and 0 <= self.max_length <= 10_000
            and (not self.max_length or self.min_length <= self.max_length)
            and 1 <= self.max_rank <= 10_000
        )
        if not fine:
            raise BadParameter(
                LocalText("过滤条件的数值不对。", "A value of the filters is out of its range."),
                LocalText(
                    "相似度 0–100；最短不超过最长；名次从 1 起。",
                    "Likeness 0–100; the shortest is not over the longest; ranks begin at 1.",
                ),
            )


@dataclass(frozen=True, slots=True)
class Item:
    """A term, sentence or passage that rows are made for, and what is there already.

    ``known``: the term's synonyms. ``waiting`` and ``rejected``: what the queue holds for this item.
    """

    text: str
    known: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A row that passed. ``score`` is 1 / rank of its own item by the embedding model, if one looked."""

    text: str
    score: float | None = None
    rank: int | None = None


@dataclass
class RowFilter:
    """The filters of one job; it remembers the job's rows. ``elsewhere``: spelling keys of every term of
    the dictionary. ``prompt``: the prompt with nothing filled in. ``others``: sentences and questions of
    the queue, whoever made them. ``is_clean``: whether a text holds no test term."""

    kind: SuggestionKind
    settings: FilterSettings
    prompt: str = ""
    elsewhere: Collection[str] = ()
    others: Sequence[str] = ()
    round_trip: RoundTrip | None = None
    is_clean: Callable[[str], bool] | None = None
    _rows: list[str] = field(default_factory=list)
    _examples: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        quoted = re.findall(r"[「“\"]([^「」“”\"]{1,80})[」”\"]", self.prompt)
        self._examples = {spelling_key(text) for text in (*parse_rows(self.prompt).rows, *quoted)} - {""}
        self._prompt_key = spelling_key(self.prompt)
        if self.kind != "synonym":
            self._rows = [term_key(text) for text in self.others]

    def __call__(self, item: Item, rows: Sequence[str]) -> tuple[list[Row], Counter[str]]:
        """The rows that passed, tidied, and how many each filter took out."""
        dropped: Counter[str] = Counter()
        passed: list[str] = []
        for raw in rows:
            text = " ".join(raw.split())
            reason = self._reason(item, raw, text, passed)
            if reason:
                dropped[reason] += 1
            else:
                passed.append(text)
        kept = self._nearest_to_their_own(item, passed, dropped)
        if self.kind != "synonym":
            self._rows += [term_key(row.text) for row in kept]
        return kept, dropped

    def _reason(self, item: Item, raw: str, text: str, passed: Sequence[str]) -> str | None:
        if _has_control(raw):
            return "control"
        key = spelling_key(text)
        if not key or key in _NOTHING:
            return "empty"
        shortest, longest = _LENGTHS[self.kind]
        shortest, longest = self.settings.min_length or shortest, self.settings.max_length or longest
        if not shortest <= len(text) <= longest or self._out_of_proportion(item, text):
            return "length"
        return self._unwanted(item, text, key) or self._duplicate(item, text, key, passed)

    def _unwanted(self, item: Item, text: str, key: str) -> str | None:
        if self._copies_prompt(item, key):
            return "prompt_copy"
        # A term with an English synonym may get another one; an abbreviation alone does not say so.
        own = [item.text, *(each for each in item.known if not _is_abbreviation(each))]
        if not any(_right_script(text, each, self.settings.script) for each in own):
            return "script"
        if self.is_clean is not None and not self.is_clean(text):
            return "test_term"
        return None

    def _out_of_proportion(self, item: Item, text: str) -> bool:
        """A paraphrase is about as long as its sentence."""
        if self.kind != "sentence_pair":
            return False
        return not len(item.text) / 4 <= len(text) <= 4 * len(item.text) + 10

    def _copies_prompt(self, item: Item, key: str) -> bool:
        if key in self._examples or (len(key) >= 8 and key in self._prompt_key):
            return True
        return self.kind == "question" and len(key) >= 8 and key in spelling_key(item.text)

    def _duplicate(self, item: Item, text: str, key: str, passed: Sequence[str]) -> str | None:
        own = (item.text, *item.known)
        for reason, texts in (
            ("known", own),
            ("apart", item.apart),
            ("rejected", item.rejected),
            ("queue", item.waiting),
            ("repeat", passed),
        ):
            if any(spelling_key(other) == key for other in texts):
                return reason
        if self.kind == "synonym" and key in self.elsewhere:
            return "elsewhere"
        if self.settings.near:
            if self._near(text, item.rejected):
                return "rejected"
            if self._near(text, (*own, *item.waiting, *passed)) or self._near_keys(text, self._rows):
                return "near"
        return None

    def _near(self, text: str, others: Sequence[str]) -> bool:
        return self._near_keys(text, [term_key(other) for other in others])

    def _near_keys(self, text: str, keys: Sequence[str]) -> bool:
        from rapidfuzz import fuzz, process

        key = term_key(text)
        found = process.extract(key, keys, scorer=fuzz.ratio, score_cutoff=self.settings.near, limit=5)
        # Two model numbers that differ in a digit are two things, however alike they are written.
        return any(_DIGITS.findall(other) == _DIGITS.findall(key) for other, _, _ in found)

    def _nearest_to_their_own(self, item: Item, rows: Sequence[str], dropped: Counter[str]) -> list[Row]:
        if self.round_trip is None or not rows:
            return [Row(text) for text in rows]
        kept = []
        for text, rank in zip(rows, self.round_trip.ranks(rows, item.text), strict=True):
            if rank > self.settings.max_rank:
                dropped["round_trip"] += 1
            else:
                kept.append(Row(text, 1 / rank, rank))
        return kept


def _has_control(text: str) -> bool:
    """Control characters, the replacement character, private use: marks of a broken answer."""
    return any(
        c == "\ufffd" or (c not in "\t\n\r" and unicodedata.category(c) in ("Cc", "Co", "Cs")) for c in text
    )


def script_shares(text: str) -> dict[str, float]:
    """Share of the letters of ``text`` that are "han", "latin" or "other"; empty without letters."""
    counts: Counter[str] = Counter()
    for c in text:
        if c.isalpha():
            name = unicodedata.name(c, "")
            counts["han" if name.startswith("CJK") else "latin" if "LATIN" in name else "other"] += 1
    total = sum(counts.values())
    return {script: number / total for script, number in counts.items()}


def _is_abbreviation(text: str) -> bool:
    return len(text) <= 10 and text == text.upper() and "latin" in script_shares(text)


def _right_script(text: str, model: str, wanted: Script) -> bool:
    shares, of_model = script_shares(text), script_shares(model)
    if wanted == "any" or not shares:
        return True
    if wanted == "same":
        if not of_model:
            return True
        target = "han" if of_model.get("han", 0) >= 0.2 else max(of_model, key=lambda s: of_model[s])
        if target == "han" and _is_abbreviation(text):  # SUV is a name of 越野车
            return True
    else:
        target = wanted
    return shares.get(target, 0) >= (0.2 if target == "han" else 0.7)
