"""Where neighbours are looked for: a dictionary, a corpus, a list; and which of its texts are wanted."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from workbench.errors import BadParameter, InputError, NotFound
from workbench.localtext import LocalText
from workbench.models.words import has_han, latin_words
from workbench.normalise import digest, term_key

SourceKind = Literal["dictionary", "corpus", "list"]
TextLanguage = Literal["zh", "en", "mixed"]
Known = Literal["all", "known", "unknown"]
Wanted = Literal["all", "zh", "en"]
Kind = Literal["term", "query", "passage"]

LONGEST_TEXT = 2000
LONGEST_LIST = 100_000
LISTS_IN_MEMORY = 8


@dataclass(frozen=True, slots=True)
class Source:
    """A place to look in: ``dictionary:NAME``, ``corpus:NAME`` or ``list:ID``."""

    kind: SourceKind
    name: str

    @classmethod
    def parse(cls, text: str) -> Source:
        """The source that is written so; a name alone is a dictionary's.

        Raises:
            BadParameter: there is no name.
        """
        kind, mark, name = text.strip().partition(":")
        for known in get_args(SourceKind):
            if mark and kind == known and name.strip():
                return cls(known, name.strip())
        if not text.strip() or (kind in get_args(SourceKind) and mark):
            raise BadParameter(
                LocalText("请说明在哪里找。", "Say where to look."),
                LocalText(
                    "写法：dictionary:名称、corpus:名称 或一个列表。",
                    "Written as dictionary:NAME, corpus:NAME, or a list.",
                ),
            )
        return cls("dictionary", text.strip())

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which hits are wanted, asked before the best ``k`` are cut off.

    ``known``: only synonyms that the dictionary has, or only what is none. ``language``: "zh" is what
    holds a Chinese character, "en" what holds none. ``group`` is a piece of the standard term.
    """

    known: Known = "all"
    language: Wanted = "all"
    group: str | None = None

    def __post_init__(self) -> None:
        for name, value, choices in (
            ("known", self.known, get_args(Known)),
            ("language", self.language, get_args(Wanted)),
        ):
            if value not in choices:
                raise BadParameter(
                    LocalText(
                        "筛选条件「{name}」不能是「{value}」。", "The filter “{name}” cannot be “{value}”."
                    ),
                    LocalText("可用：{choices}。", "There are: {choices}."),
                    name=name,
                    value=value,
                    choices=", ".join(choices),
                )

    @property
    def nothing(self) -> bool:
        """Whether every text is wanted."""
        return self.known == "all" and self.language == "all" and not (self.group or "").strip()

    def accepts(self, text: str, known: bool, standard: str | None) -> bool:
        """Whether a text is wanted, of which the dictionary says ``known`` and ``standard``."""
        if self.known != "all" and known != (self.known == "known"):
            return False
        if self.language != "all" and has_han(text) != (self.language == "zh"):
            return False
        wanted = term_key(self.group or "")
        return not wanted or (standard is not None and wanted in term_key(standard))


def language_of(text: str) -> TextLanguage:
    """Chinese, without a Chinese character, or both scripts in one."""
    if not has_han(text):
        return "en"
    letters = any(word.isascii() and not word.isdigit() for word in latin_words(text))
    return "mixed" if letters else "zh"


class Shelf:
    """The texts of a source as they were at one moment, each once; ``state`` changes whenever they do.

    ``kind`` is how a model is told what they are.
    """

    def __init__(self, state: Hashable, texts: Iterable[str], kind: Kind = "term") -> None:
        distinct: dict[str, str] = {}
        for text in texts:
            distinct.setdefault(term_key(text), text)
        distinct.pop("", None)
        self.state, self.kind = state, kind
        self.keys, self.texts = list(distinct), list(distinct.values())

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def place(self) -> dict[str, int]:
        """Where the text of a key stands."""
        return {key: i for i, key in enumerate(self.keys)}


@dataclass(frozen=True, slots=True)
class KeptList:
    """A list that somebody pasted or uploaded."""

    id: str
    title: str
    texts: tuple[str, ...]


class Lists:
    """The last eight lists, in memory: they are somebody's clipboard and are not stored."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, KeptList] = OrderedDict()
        self._guard = threading.Lock()

    def keep(self, texts: Iterable[str], title: str = "") -> KeptList:
        """Keep the texts, blank ones left out; the same texts have the same id.

        Raises:
            InputError: there is none, they are too many, or one is longer than 2,000 characters.
        """
        kept: list[str] = []
        for row, text in enumerate(texts, 1):
            each = text.strip()
            if len(each) > LONGEST_TEXT:
                raise InputError(_LONG, _KEEP_UNDER, row=row, count=len(each), most=LONGEST_TEXT)
            if each:
                kept.append(each)
            if len(kept) > LONGEST_LIST:
                raise InputError(_MANY, _AS_CORPUS, most=f"{LONGEST_LIST:,}")
        if not kept:
            raise InputError(
                LocalText("列表里没有词语。", "The list holds no term."),
                LocalText("每行一个词。", "Put one term on each line."),
            )
        made = KeptList(digest(*kept)[:12], title.strip()[:200], tuple(kept))
        with self._guard:
            self._kept[made.id] = made
            self._kept.move_to_end(made.id)
            while len(self._kept) > LISTS_IN_MEMORY:
                self._kept.popitem(last=False)
        return made

    def get(self, list_id: str) -> KeptList:
        """One of them. Raises NotFound where it was given up."""
        with self._guard:
            found = self._kept.get(list_id)
            if found is not None:
                self._kept.move_to_end(list_id)
                return found
        raise NotFound(
            LocalText("这个列表已经不在了。", "This list is no longer kept."),
            LocalText("请重新粘贴或上传。", "Paste or upload it again."),
        )

    def all(self) -> list[KeptList]:
        """Those that are kept, the last used last."""
        with self._guard:
            return list(self._kept.values())


def checked_text(text: str) -> str:
    """A text that is asked about, without outer white space.

    Raises:
        InputError: it is empty or longer than 2,000 characters.
    """
    term = text.strip()
    if not term:
        raise InputError(LocalText("请输入词语。", "Enter a term."))
    if len(term) > LONGEST_TEXT:
        raise InputError(
            LocalText("文字太长（{count} 字）。", "The text is too long ({count} characters)."),
            LocalText("请不要超过 {most} 字。", "Keep it under {most}."),
            count=len(term),
            most=LONGEST_TEXT,
        )
    return term


Relations = Callable[[str], tuple[bool, str | None]]
"""What the dictionary says of a text: whether it is a known synonym, and its standard term."""

_LONG = LocalText("第 {row} 个词太长（{count} 字）。", "Term {row} is too long ({count} characters).")
_KEEP_UNDER = LocalText("请不要超过 {most} 字。", "Keep it under {most}.")
_MANY = LocalText("列表最多 {most} 个词。", "A list holds at most {most} terms.")
_AS_CORPUS = LocalText("请把它导入为语料。", "Import it as a corpus.")
