"""``edit``, ``history``, ``undo``, ``redo``, ``restore``, ``compare``: a dictionary changed step by step."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.commands.answer import Answer, Parsers
from workbench.commands.evaluation import add_benchmark, compare_systems
from workbench.commands.version_change import compare_versions
from workbench.documents import difference_document, edit_document, step_document
from workbench.editing.edits import (
    AddGroup,
    AddSynonyms,
    DeleteGroups,
    DeleteTerms,
    Edit,
    MakeStandard,
    MarkApart,
    MergeGroups,
    MoveTerms,
    RenameTerm,
    SetLabel,
    Several,
    SplitGroup,
    UnmarkApart,
)
from workbench.errors import BadParameter, Conflict, InputError, NotFound
from workbench.localtext import Language, LocalText
from workbench.normalise import term_key
from workbench.terminal import table
from workbench.types import Group

if TYPE_CHECKING:
    from workbench.services import Services
    from workbench.services.editing import EditResult

NOTHING = LocalText("没有变化。", "Nothing changed.")


def add_commands(subcommands: Parsers) -> None:
    """The commands of this module."""
    edit = subcommands.add_parser("edit", help="change a dictionary; every change can be undone")
    edit.add_argument("name")
    _add_edits(edit.add_subparsers(dest="edit", required=True, metavar="EDIT"))

    one = subcommands.add_parser("history", help="the steps of a dictionary, newest first")
    one.add_argument("name")
    one.add_argument("--limit", type=_count, default=50)
    one.set_defaults(run=history)

    for name, help_ in (("undo", "take the last step back"), ("redo", "do again what was undone")):
        one = subcommands.add_parser(name, help=help_)
        one.add_argument("name")
        one.add_argument("--steps", type=_count, default=1, metavar="N")
        add_who(one)
        one.set_defaults(run=travel)

    one = subcommands.add_parser(
        "compare",
        help="two versions of a dictionary (NAME A B), a model on both (NAME [A [B]] --model M), or two "
        "systems on a benchmark (A B --benchmark ID)",
    )
    one.add_argument("things", metavar="NAME A B | A B", nargs="+")
    one.add_argument("--model", metavar="M", help="why this model's score differs between the versions")
    add_benchmark(one)
    one.add_argument("--limit", type=_count, default=500, help="pairs of two versions that are listed")
    one.set_defaults(run=compare)


def add_who(one: argparse.ArgumentParser) -> None:
    """Who makes a step of a history, and what it was based on."""
    one.add_argument("--author", default="", help="for the history")
    one.add_argument(
        "--based-on", type=int, metavar="VERSION", help="refuse if somebody changed the same thing since"
    )


def _add_edits(edits: Parsers) -> None:
    def add(
        name: str, help_: str, make: _Make, *arguments: tuple[str, str | None]
    ) -> argparse.ArgumentParser:
        one = edits.add_parser(name, help=help_)
        for argument, number in arguments:
            one.add_argument(argument, metavar=argument.upper(), nargs=number)
        add_who(one)
        one.add_argument("--force", action="store_true", help="do it whatever was changed since")
        one.set_defaults(run=edit, make=make)
        if any(argument in ("term", "terms", "old") for argument, _ in arguments):
            one.add_argument("--group", metavar="TERM|#ID", help="which group is meant, by its standard term")
        return one

    add("add-group", "a new group", _add_group, ("standard", None), ("synonyms", "+"))
    add("add", "synonyms to the group of a term", _add_synonyms, ("term", None), ("synonyms", "+"))
    add("rename", "a term, in its group", _rename, ("old", None), ("new", None))
    add("delete", "terms; with a standard term goes its group", _delete, ("terms", "+"))
    one = add("move", "synonyms to another group", _move, ("terms", "+"))
    one.add_argument("--to", required=True, metavar="TERM|#ID")
    one = add("split", "synonyms off into a group of their own", _split, ("terms", "+"))
    one.add_argument("--standard", metavar="TERM", help="one of them; the first where left out")
    one = add("merge", "groups into one", _merge, ("terms", "+"))
    one.add_argument("--into", required=True, metavar="TERM|#ID")
    add("make-standard", "a synonym the standard term", _make_standard, ("term", None))
    one = add("label", "synonyms, in a column kept with the dictionary", _label, ("terms", "+"))
    one.add_argument("--column", required=True, metavar="NAME", help="one that is there, or a new one")
    one.add_argument("--value", default="", help="takes the label away where left out")
    add("apart", "two terms are not synonyms", _apart, ("first", None), ("second", None))
    add("unapart", "take that mark away", _unapart, ("first", None), ("second", None))


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError("a number from 1")
    return int(text)


# -- which group is meant ---------------------------------------------------------------------------


class _Finder:
    """Finds groups of one dictionary by their terms."""

    def __init__(self, services: Services, name: str, wish: str | None) -> None:
        self._editor = services.editor
        self._name = name
        self._wish = wish

    def by(self, wish: str) -> Group:
        """A group by "#id", by its standard term, or by a term that is in one group only."""
        if wish.startswith("#") and wish[1:].isdecimal():
            return self._editor.group(self._name, int(wish[1:]))
        found = self._holding(wish)
        key = term_key(wish)
        own = [group for group in found if term_key(group.standard) == key]
        return self._only(own or found, wish)

    def of(self, term: str, *, as_synonym: bool = False) -> Group:
        """The group that holds a term, as ``--group`` says where there are several."""
        found = self._holding(term)
        if as_synonym:
            key = term_key(term)
            found = [group for group in found if term_key(group.standard) != key] or found
        if self._wish is not None:
            meant = self.by(self._wish)
            if meant.id not in {group.id for group in found}:
                raise InputError(
                    LocalText(
                        "「{term}」不在「{standard}」这一组里。", "“{term}” is not in the group “{standard}”."
                    ),
                    LocalText("它在：{groups}。", "It is in: {groups}."),
                    term=term,
                    standard=meant.standard,
                    groups=_named(found),
                )
            return meant
        return self._only(found, term)

    def by_group(self, terms: Sequence[str], *, as_synonym: bool = False) -> dict[int, list[str]]:
        """The terms by their groups' ids."""
        groups: dict[int, list[str]] = defaultdict(list)
        for term in terms:
            groups[self.of(term, as_synonym=as_synonym).id].append(term)
        return groups

    def one_group(self, terms: Sequence[str]) -> int:
        """The one group that all of the terms are in as synonyms."""
        groups = self.by_group(terms, as_synonym=True)
        if len(groups) > 1:
            raise InputError(
                LocalText("这些词属于不同的组：{groups}。", "These terms are in different groups: {groups}."),
                LocalText("请分开做，或用 --group 指明。", "Do it one by one, or say --group."),
                groups=_named(self._editor.groups(self._name, list(groups))),
            )
        return next(iter(groups))

    def _holding(self, term: str) -> list[Group]:
        found = list(self._editor.find(self._name, term))
        if not found:
            raise NotFound(
                LocalText("「{name}」里没有「{term}」。", "“{name}” has no term “{term}”."),
                LocalText("请检查写法。", "Check how it is written."),
                name=self._name,
                term=term,
            )
        return found

    def _only(self, found: Sequence[Group], term: str) -> Group:
        if len(found) > 1:
            raise InputError(
                LocalText("「{term}」在几个组里：{groups}。", "“{term}” is in several groups: {groups}."),
                LocalText(
                    "请用 --group 说明是哪一组（标准词或 #编号）。",
                    "Say which by --group (its standard term, or #number).",
                ),
                term=term,
                groups=_named(found),
            )
        return found[0]


def _named(groups: Sequence[Group]) -> str:
    return ", ".join(f"{group.standard} (#{group.id})" for group in groups[:20])


# -- the edits --------------------------------------------------------------------------------------

_Make = Callable[[_Finder, argparse.Namespace], list[Edit]]


def _add_group(_: _Finder, options: argparse.Namespace) -> list[Edit]:
    return [AddGroup(options.standard, tuple(options.synonyms))]


def _add_synonyms(find: _Finder, options: argparse.Namespace) -> list[Edit]:
    group = find.by(options.group or options.term)
    return [AddSynonyms(group.id, tuple(options.synonyms))]


def _rename(find: _Finder, options: argparse.Namespace) -> list[Edit]:
    return [RenameTerm(find.of(options.old).id, options.old, options.new)]


def _delete(find: _Finder, options: argparse.Namespace) -> list[Edit]:
    groups = find.by_group(options.terms)
    found = {id: find.by(f"#{id}") for id in groups}
    whole = tuple(
        id
        for id, terms in groups.items()
        if term_key(found[id].standard) in {term_key(term) for term in terms}
    )
    edits: list[Edit] = [DeleteGroups(whole)] if whole else []
    return edits + [DeleteTerms(id, tuple(terms)) for id, terms in groups.items() if id not in whole]


def _move(find: _Finder, options: argparse.Namespace) -> list[Edit]:
    target = find.by(options.to).id
    groups = find.by_group(options.terms, as_synonym=True)
    return [MoveTerms(id, tuple(terms), target) for id, terms in groups.items()]


def _split(find: _Finder, options: argparse.Namespace) -> list[Edit]:
    group = find.one_group(options.terms)
    return [SplitGroup(group, tuple(options.terms), options.standard or options.terms[0])]


def _merge(find: _Finder, options: argparse.Namespace) -> list[Edit]:
    into = find.by(options.into).id
    groups = tuple(dict.fromkeys((into, *(find.by(term).id for term in options.terms))))
    return [MergeGroups(groups, into)]


def _make_standard(find: _Finder, options: argparse.Namespace) -> list[Edit]:
    return [MakeStandard(find.of(options.term, as_synonym=True).id, options.term)]


def _label(find: _Finder, options: argparse.Namespace) -> list[Edit]:
    """A standard term stands for all synonyms of its group, any other term for itself."""
    edits: list[Edit] = []
    for group, terms in find.by_group(options.terms).items():
        standard = term_key(find.by(f"#{group}").standard)
        whole = any(term_key(term) == standard for term in terms)
        edits.append(SetLabel(group, () if whole else tuple(terms), options.column, options.value))
    return edits


def _apart(_: _Finder, options: argparse.Namespace) -> list[Edit]:
    return [MarkApart(options.first, options.second)]


def _unapart(_: _Finder, options: argparse.Namespace) -> list[Edit]:
    return [UnmarkApart(options.first, options.second)]


def edit(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Carry out one edit; terms in several groups are one step, all of them or none."""
    version = _base(services, options)
    edits = options.make(_Finder(services, options.name, getattr(options, "group", None)), options)
    wish = edits[0] if len(edits) == 1 else Several(tuple(edits))
    result = services.editor.apply(
        options.name, wish, based_on=version, author=options.author, force=options.force
    )
    return _answer([result], language)


def travel(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Undo or redo so many steps; as many as there are."""
    version = _base(services, options)
    go = services.editor.undo if options.command == "undo" else services.editor.redo
    results: list[EditResult] = []
    for _ in range(options.steps):
        try:
            results.append(go(options.name, based_on=version, author=options.author))
        except InputError as error:
            if not results or isinstance(error, Conflict):
                raise
            break  # there are no more; the document says how many there were
        version = results[-1].info.version
    return _answer(results, language)


def restore(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Go back to a version."""
    version = _base(services, options)
    result = services.editor.restore(options.name, options.version, based_on=version, author=options.author)
    return _answer([result], language)


def _base(services: Services, options: argparse.Namespace) -> int:
    now = services.editor.status(options.name).version
    if options.based_on is not None and options.based_on < 1:
        raise BadParameter(LocalText("版本从 1 起。", "Versions begin at 1."))
    return now if options.based_on is None else int(options.based_on)


def _answer(results: Sequence[EditResult], language: Language) -> Answer:
    """What one or several edits did, as one document."""
    last = results[-1]
    groups = {group.id: group for result in results for group in result.groups}
    gone = sorted({id for result in results for id in result.gone})
    kept = [group for id, group in groups.items() if id not in gone]
    notes = [note for result in results for note in result.notes]
    steps = [result.step for result in results if result.step is not None]
    document = edit_document(last.info, steps, kept, gone, notes, language)

    def text() -> str:
        info = last.info
        lines = [f"{info.name}  v{info.version}  {info.pairs} pairs  {info.standards} standard terms"]
        lines += [f"  {step.title.get(language)}" for step in steps] or [f"  {NOTHING.get(language)}"]
        lines += [f"  {note.get(language)}" for note in notes]
        for group in kept[:10]:
            lines.append(f"  #{group.id} {group.standard} = {', '.join(group.synonyms)}")
            lines += [f"    {column}: {_labels(values)}" for column, values in group.labels.items() if values]
        return "\n".join(lines)

    return document, text


def _labels(values: Mapping[str, str]) -> str:
    """Which synonyms have which value: "material (a, b); device (c)"."""
    terms: dict[str, list[str]] = defaultdict(list)
    for term, value in values.items():
        terms[value].append(term)
    return "; ".join(f"{value} ({', '.join(some)})" for value, some in terms.items())


# -- looking back -----------------------------------------------------------------------------------


def history(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """The newest steps."""
    steps: list[dict[str, Any]] = []
    while len(steps) < options.limit:
        page, total = services.editor.history(options.name, page=len(steps) // 500, size=500)
        steps += [step_document(step, language) for step in page]
        if not page or len(steps) >= total:
            break
    steps = steps[: options.limit]
    shown = [{name: value for name, value in step.items() if name != "content_of"} for step in steps]
    return steps, lambda: table(shown)


def compare(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """The difference of two versions, of a model on both, or of two systems on a benchmark."""
    if options.model:
        return compare_versions(services, options, language)
    if options.benchmark or options.dictionary:
        return compare_systems(services, options, language)
    name, a, b = _versions(options.things)
    found = services.editor.compare(name, a, b, options.limit)
    document = difference_document(name, a, b, found)

    def text() -> str:
        lines = [f"{name}  v{a} → v{b}  +{found.added_count} -{found.removed_count}"]
        for sign, pairs in (("+", found.added), ("-", found.removed)):
            lines += [f"  {sign} {pair.standard} = {pair.synonym}" for pair in pairs]
        for sign, pairs in (("+", found.apart_added), ("-", found.apart_removed)):
            lines += [f"  {sign} {pair.standard} ≠ {pair.synonym}" for pair in pairs]
        lines += [f"  {each.term}  {each.column}: {each.before} → {each.after}" for each in found.labels]
        return "\n".join(lines)

    return document, text


def _versions(things: Sequence[str]) -> tuple[str, int, int]:
    if len(things) == 3 and all(each.isdecimal() for each in things[1:]):
        return things[0], int(things[1]), int(things[2])
    raise BadParameter(
        LocalText(
            "比较两个版本：compare 词典 版本 版本；比较两个系统：compare A B --benchmark 基准。",
            "Two versions: compare NAME 1 2. Two systems: compare A B --benchmark ID.",
        )
    )
