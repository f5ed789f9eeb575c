"""What a generation job is asked to do, checked before anything is sent; it is stored as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

from workbench.errors import BadParameter
from workbench.generation.endpoint import EndpointConfig
from workbench.generation.filters import FilterSettings
from workbench.generation.prompts import Template, default_template
from workbench.localtext import Language, LocalText
from workbench.types import SuggestionKind

ItemOrder = Literal["fewest", "file", "random"]
MOST_REQUESTS = 100_000


@dataclass(frozen=True, slots=True)
class GenerationConfig:
    """``dictionary`` gives the terms of "synonym" (all, or those in ``terms``); ``corpus`` or ``texts`` the
    sentences or passages of the others, which hold no test term of ``dictionary``, where one is named.
    ``order``: terms with the fewest synonyms first, as in the file, or at random (``seed``).
    ``max_items`` 0: all; the cap on requests ends a job too, and it can be continued. An empty ``prompt``
    is the template that comes with the workbench, in ``language``.

    Raises:
        BadParameter: a value outside its range, or a template that cannot be used.
    """

    kind: SuggestionKind
    endpoint: EndpointConfig
    dictionary: str = ""
    terms: tuple[str, ...] = ()
    corpus: str = ""
    texts: tuple[str, ...] = ()
    domain: str = ""
    count: int = 5
    language: Language = "zh"
    system: str | None = None
    prompt: str = ""
    max_requests: int = 100
    max_items: int = 0
    order: ItemOrder = "fewest"
    seed: int = 0
    filters: FilterSettings = field(default_factory=FilterSettings)

    def __post_init__(self) -> None:
        for value, allowed in (
            (self.kind, get_args(SuggestionKind)),
            (self.language, get_args(Language)),
            (self.order, get_args(ItemOrder)),
        ):
            if value not in allowed:
                raise BadParameter(
                    LocalText("没有「{value}」这个选项。", "There is no option “{value}”."),
                    LocalText("可选：{allowed}。", "Possible: {allowed}."),
                    value=value,
                    allowed=", ".join(allowed),
                )
        for name, number, low, high in (
            (LocalText("每次条数", "rows at once"), self.count, 1, 100),
            (LocalText("请求上限", "the cap on requests"), self.max_requests, 1, MOST_REQUESTS),
            (LocalText("词条上限", "the cap on items"), self.max_items, 0, MOST_REQUESTS),
        ):
            if not low <= number <= high:
                raise BadParameter(
                    LocalText(
                        "{name}应在 {low} 到 {high} 之间。",
                        "The value of {name} is between {low} and {high}.",
                    ),
                    LocalText("请改一下。", "Change it."),
                    name=name,
                    low=low,
                    high=high,
                )
        self.template.check()

    @property
    def template(self) -> Template:
        """The prompt template that is used."""
        default = default_template(self.kind, self.language)
        system = default.system if self.system is None else self.system
        return Template(self.kind, self.language, system, self.prompt.strip() or default.text)

    def as_json(self) -> dict[str, Any]:
        """For the database; holds no key, since there is none in it."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> GenerationConfig:
        """The inverse of :meth:`as_json`; unknown names are ignored."""
        known = {each.name for each in fields(cls)}
        values = {name: value for name, value in data.items() if name in known}
        values["endpoint"] = _built(EndpointConfig, data.get("endpoint", {}))
        values["filters"] = _built(FilterSettings, data.get("filters", {}))
        for name in ("terms", "texts"):
            values[name] = tuple(values.get(name, ()))
        return cls(**values)


def _built(kind: Any, data: Any) -> Any:
    if isinstance(data, kind):
        return data
    names = {each.name for each in fields(kind)}
    return kind(**{name: value for name, value in data.items() if name in names})
