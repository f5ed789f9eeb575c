"""A sentence in both languages of the workbench, with the values that belong in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


@dataclass(frozen=True, slots=True)
class LocalText:
    """A text that exists in Chinese and English; ``values`` fill its ``{placeholders}``.

    A value may itself be a ``LocalText``: it is rendered in the language that is asked for. A word that goes
    with a number is written ``{n} {n|row|rows}``: the first where the number reads as 1. The page's scripts
    understand the same (``WB.t``).
    """

    zh: str
    en: str
    values: dict[str, Any] = field(default_factory=dict)

    def format(self, **values: Any) -> LocalText:
        """The same text with (more of) its placeholders filled."""
        return LocalText(self.zh, self.en, {**self.values, **values})

    def then(self, other: LocalText) -> LocalText:
        """This sentence and another behind it, with a space between where the language has one."""
        return LocalText("{first}{second}", "{first} {second}", {"first": self, "second": other})

    def get(self, language: Language = "en") -> str:
        """The text in ``language``, placeholders filled. Never raises for a missing value."""
        template = self.zh if language == "zh" else self.en
        if not self.values:
            return template
        rendered = {
            name: value.get(language) if isinstance(value, LocalText) else value
            for name, value in self.values.items()
        }
        return template.format_map(_Lenient(rendered))

    def __str__(self) -> str:
        return self.get("en")

    def as_json(self) -> dict[str, str]:
        """Both renderings, for storage."""
        return {"zh": self.get("zh"), "en": self.get("en")}

    @classmethod
    def listing(cls, names: Iterable[object]) -> LocalText:
        """Names one after another, as each language does it."""
        texts = [str(name) for name in names]
        return cls("、".join(texts), ", ".join(texts))

    @classmethod
    def from_json(cls, data: dict[str, str]) -> LocalText:
        """The inverse of :meth:`as_json` (already rendered: braces in it are literal)."""
        return cls(data.get("zh", ""), data.get("en", ""))


class _Lenient(dict[str, Any]):
    """A format map that chooses between one and many, and leaves unknown placeholders as they are.

    A sentence is better than a KeyError.
    """

    def __missing__(self, key: str) -> str:
        name, *forms = key.split("|")
        if len(forms) == 2 and name in self:
            return forms[0] if str(self[name]) == "1" else forms[1]
        return "{" + key + "}"
