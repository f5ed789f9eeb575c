"""The prompts that a language model is given: three kinds in two languages, which the expert may rewrite."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workbench.errors import BadParameter
from workbench.localtext import Language, LocalText
from workbench.types import SuggestionKind

LONGEST_TEMPLATE = 8000  # characters
LONGEST_PASSAGE = 4000
NEEDED: Mapping[SuggestionKind, tuple[str, ...]] = {
    "synonym": ("term", "count"),
    "sentence_pair": ("sentence", "count"),
    "question": ("passage", "count"),
}
ALLOWED: Mapping[SuggestionKind, tuple[str, ...]] = {
    "synonym": ("term", "synonyms", "domain", "count"),
    "sentence_pair": ("sentence", "domain", "count"),
    "question": ("passage", "domain", "count"),
}
# Anything like a name between braces counts, so that a slip such as {Term} or {术语} is noticed;
# the braces of a JSON example hold quotes and are left alone.
_PLACEHOLDER = re.compile(r"\{[ \t]*([^\W\d]\w*)[ \t]*\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt with placeholders. ``language`` is that of its wording, not of the answer."""

    kind: SuggestionKind
    language: Language
    system: str
    text: str

    def check(self) -> Template:
        """This template, if it can be used.

        Raises:
            BadParameter: a placeholder that it does not know, or a needed one that is missing.
        """
        used = set(placeholders(self.text)) | set(placeholders(self.system))
        needed, allowed = NEEDED[self.kind], ALLOWED[self.kind]
        shown = _braced(allowed)
        unknown = sorted(used - set(allowed))
        if unknown:
            raise BadParameter(
                LocalText("提示词里有不认识的 {names}。", "The prompt holds {names}, which is not known."),
                LocalText("可以用的是：{shown}。", "It may hold: {shown}."),
                names=_braced(unknown),
                shown=shown,
            )
        missing = [name for name in needed if name not in set(placeholders(self.text))]
        if missing:
            raise BadParameter(
                LocalText("提示词里缺少 {names}。", "The prompt lacks {names}."),
                LocalText(
                    "请写在要填入的位置；可以用的是：{shown}。",
                    "Put it where it belongs; known are: {shown}.",
                ),
                names=_braced(missing),
                shown=shown,
            )
        if len(self.text) + len(self.system) > LONGEST_TEMPLATE:
            raise BadParameter(
                LocalText("提示词超过 {limit} 个字。", "The prompt is longer than {limit} characters."),
                LocalText("请写短一些。", "Make it shorter."),
                limit=LONGEST_TEMPLATE,
            )
        return self

    def render(self, values: Mapping[str, str]) -> tuple[str, str]:
        """(system, prompt) with the values filled in, once: braces inside a value are only braces."""
        return filled(self.system, values), filled(self.text, values)


def placeholders(text: str) -> list[str]:
    """The names between braces, in order."""
    return _PLACEHOLDER.findall(text)


def filled(text: str, values: Mapping[str, str]) -> str:
    """``text`` with each placeholder replaced by its value, in one pass."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def values_for(
    kind: SuggestionKind,
    item: str,
    *,
    count: int,
    domain: str,
    language: Language,
    known: tuple[str, ...] = (),
) -> dict[str, str]:
    """What a template of ``kind`` is filled with for one item (a term, a sentence or a passage)."""
    nothing = "无" if language == "zh" else "none"
    general = "通用" if language == "zh" else "general"
    gap = "、" if language == "zh" else ", "
    name = {"synonym": "term", "sentence_pair": "sentence", "question": "passage"}[kind]
    values = {name: item[:LONGEST_PASSAGE], "count": str(count), "domain": domain.strip() or general}
    if kind == "synonym":
        values["synonyms"] = gap.join(known[:30]) or nothing
    return values


def default_template(kind: SuggestionKind, language: Language) -> Template:
    """The template that the page shows first."""
    system, text = _WORDING[kind, language]
    return Template(kind, language, system, text)


def templates() -> Iterator[Template]:
    """Every template that comes with the workbench."""
    for kind, language in _WORDING:
        yield default_template(kind, language)


def _braced(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join("{" + name + "}" for name in names)


_WORDING: dict[tuple[SuggestionKind, Language], tuple[str, str]] = {
    ("synonym", "zh"): (
        "你是{domain}领域的术语专家。只输出 JSON，不要解释。",
        """请列出「{term}」的同义词：业内人士会用来指同一事物的别称、简称、旧称、俗称、译名或其他写法。
已知的同义词：{synonyms}。不要重复它们，也不要「{term}」本身。
不要上位词、下位词、反义词，也不要只是相关的词。没有把握的不要写；宁缺毋滥，可以是空数组。
最多 {count} 个。只输出一个 JSON 字符串数组，例如 ["别称甲", "别称乙"]。""",
    ),
    ("synonym", "en"): (
        "You are a terminologist of the field: {domain}. Output JSON only, no explanations.",
        """List synonyms of “{term}”: other names, abbreviations, older or lay names, or spellings
that people of the field use for exactly the same thing.
Known already: {synonyms}. Do not repeat them, nor “{term}” itself.
No broader, narrower or merely related terms. Leave out what you are not sure of; an empty array is fine.
At most {count}. Output one JSON array of strings only, such as ["first name", "second name"].""",
    ),
    ("sentence_pair", "zh"): (
        "你在为{domain}领域的检索系统准备数据。只输出 JSON，不要解释。",
        """请把下面的句子改写成 {count} 句意思完全相同、用词和句式不同的句子。
不增加也不减少信息，数字、型号和单位保持不变。
句子：{sentence}
只输出一个 JSON 字符串数组，例如 ["改写一", "改写二"]。""",
    ),
    ("sentence_pair", "en"): (
        "You prepare data for a search system of the field: {domain}. Output JSON only, no explanations.",
        """Rewrite the sentence below in {count} ways that mean exactly the same in other words.
Add nothing and leave nothing out; keep numbers, model names and units.
Sentence: {sentence}
Output one JSON array of strings only, such as ["first way", "second way"].""",
    ),
    ("question", "zh"): (
        "你在为{domain}领域的检索系统准备数据。只输出 JSON，不要解释。",
        """请写出 {count} 个用户可能会问、并且下面这段文字能够回答的问题。
每个问题单独看也要明白，不要出现「本文」「上文」之类的说法，尽量不照抄原文的用词。
文字：{passage}
只输出一个 JSON 字符串数组，例如 ["问题一？", "问题二？"]。""",
    ),
    ("question", "en"): (
        "You prepare data for a search system of the field: {domain}. Output JSON only, no explanations.",
        """Write {count} questions that a user might ask and that the passage below answers.
Each must be clear on its own: no “this text” or “above”; prefer words other than the passage's.
Passage: {passage}
Output one JSON array of strings only, such as ["First question?", "Second question?"].""",
    ),
}
