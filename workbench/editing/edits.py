"""The kinds of edits of a synonym dictionary, and how they come in from a page or a command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from workbench.errors import BadParameter
from workbench.localtext import LocalText
from workbench.types import LabelColumn, Pair


@dataclass(frozen=True, slots=True)
class Edit:
    """A wish of the expert's. Terms are as typed; groups are addressed by ``Group.id``."""

    kind: ClassVar[str] = ""

    def named_groups(self) -> set[int]:
        """The groups that it names."""
        return set()


@dataclass(frozen=True, slots=True)
class _OfGroup(Edit):
    group: int

    def named_groups(self) -> set[int]:
        """The group."""
        return {self.group}


@dataclass(frozen=True, slots=True)
class AddGroup(Edit):
    """A new standard term with at least one synonym; where it is there already, it gets the synonyms."""

    kind: ClassVar[str] = "add_group"
    standard: str
    synonyms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AddSynonyms(_OfGroup):
    """More synonyms for a group."""

    kind: ClassVar[str] = "add_synonyms"
    synonyms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RenameTerm(_OfGroup):
    """Another spelling or word for the standard term or a synonym, in this group only."""

    kind: ClassVar[str] = "rename"
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class DeleteTerms(_OfGroup):
    """Synonyms taken out; with the last one, or the standard term, goes the group."""

    kind: ClassVar[str] = "delete_terms"
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeleteGroups(Edit):
    """Whole groups taken out."""

    kind: ClassVar[str] = "delete_groups"
    groups: tuple[int, ...]

    def named_groups(self) -> set[int]:
        """Those groups."""
        return set(self.groups)


@dataclass(frozen=True, slots=True)
class MoveTerms(_OfGroup):
    """Synonyms moved to another group; one has to stay."""

    kind: ClassVar[str] = "move"
    terms: tuple[str, ...]
    to: int

    def named_groups(self) -> set[int]:
        """Both groups."""
        return {self.group, self.to}


@dataclass(frozen=True, slots=True)
class SplitGroup(_OfGroup):
    """At least two synonyms made a group of their own, with one of them as its standard term."""

    kind: ClassVar[str] = "split"
    terms: tuple[str, ...]
    standard: str


@dataclass(frozen=True, slots=True)
class MergeGroups(Edit):
    """Groups joined into one; the other standard terms become synonyms of it."""

    kind: ClassVar[str] = "merge"
    groups: tuple[int, ...]
    into: int

    def named_groups(self) -> set[int]:
        """All of them."""
        return {*self.groups, self.into}


@dataclass(frozen=True, slots=True)
class MakeStandard(_OfGroup):
    """A synonym made the standard term; the former one takes its place."""

    kind: ClassVar[str] = "make_standard"
    term: str


@dataclass(frozen=True, slots=True)
class MarkApart(Edit):
    """ "These two are not synonyms": a pair between them goes, and never comes back by itself."""

    kind: ClassVar[str] = "mark_apart"
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class MarkPairsApart(Edit):
    """Many of these marks in one step: each pair's two terms are not synonyms."""

    kind: ClassVar[str] = "mark_pairs_apart"
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class UnmarkApart(Edit):
    """That mark taken away."""

    kind: ClassVar[str] = "unmark_apart"
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class MergePairs(Edit):
    """Pairs of a file: known standard terms get new synonyms; known pairs and those marked apart stay out."""

    kind: ClassVar[str] = "merge_pairs"
    pairs: tuple[Pair, ...]
    labels: tuple[LabelColumn, ...] = ()  # columns of the file, parallel to its pairs; not from a page


@dataclass(frozen=True, slots=True)
class SetLabel(_OfGroup):
    """A value in a column for synonyms of a group, all of them where none are named; "" takes it away."""

    kind: ClassVar[str] = "set_label"
    terms: tuple[str, ...]
    column: str
    value: str


@dataclass(frozen=True, slots=True)
class Paste(Edit):
    """A block of a spreadsheet: standard term and synonyms in each row, or one column for a group."""

    kind: ClassVar[str] = "paste"
    rows: tuple[tuple[str, ...], ...]
    group: int | None = None

    def named_groups(self) -> set[int]:
        """The group of a one-column block."""
        return set() if self.group is None else {self.group}


@dataclass(frozen=True, slots=True)
class Several(Edit):
    """What was chosen in several groups, deleted, moved or labelled as one step: all of it, or none."""

    kind: ClassVar[str] = "several"
    edits: tuple[Edit, ...]

    def named_groups(self) -> set[int]:
        """Those of its parts."""
        return set().union(*(each.named_groups() for each in self.edits))


PARTS: tuple[type[Edit], ...] = (DeleteTerms, DeleteGroups, MoveTerms, MergeGroups, SetLabel)

KINDS: dict[str, type[Edit]] = {
    each.kind: each
    for each in (
        AddGroup,
        AddSynonyms,
        RenameTerm,
        DeleteTerms,
        DeleteGroups,
        MoveTerms,
        SplitGroup,
        MergeGroups,
        MakeStandard,
        MarkApart,
        MarkPairsApart,
        UnmarkApart,
        MergePairs,
        SetLabel,
        Paste,
        Several,
    )
}


def edit_from_json(data: dict[str, Any]) -> Edit:
    """An edit as the page sends it: ``{"edit": "rename", "group": 5, "old": "..", "new": ".."}``.

    Pairs of ``merge_pairs`` and ``mark_pairs_apart`` are ``[standard, synonym]`` or
    ``[standard, synonym, row]``.

    Raises:
        BadParameter: no such edit, or a field is missing, unknown or of another kind.
    """
    made = KINDS.get(str(data.get("edit"))) if isinstance(data, dict) else None
    if made is None:
        raise _bad("edit")
    known = {field.name: field.type for field in fields(made)}
    given = {name: value for name, value in data.items() if name != "edit"}
    for name in given.keys() - known.keys():
        raise _bad(name)
    values: dict[str, Any] = {}
    for name, kind in known.items():
        if name not in given and kind in _OPTIONAL:
            continue
        try:
            values[name] = _READERS[str(kind)](given[name])
        except (KeyError, TypeError, ValueError) as error:
            raise _bad(name) from error
    return made(**values)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 1 << 53:
        raise TypeError
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise TypeError
    return list(value)


def _pair(value: Any) -> Pair:
    standard, synonym, *row = _list(value)
    return Pair(_text(standard), _text(synonym), _number(row[0]) if row else 0)


def _part(value: Any) -> Edit:
    if not isinstance(value, dict) or value.get("edit") not in {part.kind for part in PARTS}:
        raise TypeError
    return edit_from_json(value)


_OPTIONAL = ("int | None", "tuple[LabelColumn, ...]")
_READERS: dict[str, Callable[[Any], Any]] = {
    "str": _text,
    "int": _number,
    "int | None": lambda value: None if value is None else _number(value),
    "tuple[str, ...]": lambda value: tuple(map(_text, _list(value))),
    "tuple[int, ...]": lambda value: tuple(map(_number, _list(value))),
    "tuple[Pair, ...]": lambda value: tuple(map(_pair, _list(value))),
    "tuple[Edit, ...]": lambda value: tuple(map(_part, _list(value))),
    "tuple[tuple[str, ...], ...]": lambda value: tuple(tuple(map(_text, _list(row))) for row in _list(value)),
}


def _bad(name: str) -> BadParameter:
    return BadParameter(
        LocalText("编辑请求中的「{name}」不对。", "“{name}” of the edit is missing or wrong."),
        LocalText("请刷新页面再试。", "Load the page again."),
        name=name[:40],
    )
