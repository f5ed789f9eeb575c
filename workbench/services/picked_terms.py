"""What is done with terms picked together: made a group, marked as not synonyms, suggested, saved."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from workbench.editing.edits import (
    AddGroup,
    DeleteTerms,
    Edit,
    MarkPairsApart,
    MergeGroups,
    MoveTerms,
    Several,
    SplitGroup,
)
from workbench.errors import InputError
from workbench.ingest.export import escape_cell
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.services.editing import Editor, EditResult
from workbench.storage.suggestions import Proposal
from workbench.types import Group, Pair
from workbench.workspace import Workspace

MOST_GROUPED = 200  # terms
MOST_APART = 40  # terms: each with each makes 780 pairs
MOST_SUGGESTED = 500  # terms
OPTIONS = 12
_REASON = LocalText("在地图上一起选中的。", "Picked together on the map.")


@dataclass(frozen=True, slots=True)
class GroupOption:
    """A picked term that may become the standard term; ``along`` are terms that come with the others' groups,
    ``known`` says that it is a standard term already."""

    standard: str
    known: bool
    along: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grouped:
    """What making a group did: the last edit's result, and how many steps of the history it took (1 or 2)."""

    result: EditResult
    steps: int


class PickedTerms:
    """Actions on a set of a dictionary's terms, whatever groups they stand in."""

    def __init__(self, workspace: Workspace, editor: Editor) -> None:
        self._workspace = workspace
        self._editor = editor

    def options(self, name: str, terms: Sequence[str]) -> list[GroupOption]:
        """Which of ``terms`` may be the standard term of a group of them: standard terms first, at most 12.

        Raises:
            InputError: fewer than two terms, or more than 200.
        """
        picked = _bounded(terms, MOST_GROUPED)
        groups = self._groups(name, picked)
        standards = {term_key(group.standard) for group in groups}
        first = sorted(picked, key=lambda key: key not in standards)[:OPTIONS]
        return [
            GroupOption(picked[key], key in standards, _along(groups, picked, _home(groups, key)))
            for key in first
        ]

    def group(
        self, name: str, terms: Sequence[str], standard: str, *, based_on: int, author: str = ""
    ) -> Grouped:
        """Make ``terms`` one group under ``standard``, which is one of them.

        Where ``standard`` is a standard term already, the others join its group in one step: single
        synonyms are moved, a group whose standard term or whose every synonym is picked is merged into it.
        Otherwise a group is made first, and what stands elsewhere joins it in a second step.

        Raises:
            InputError: fewer than two terms, more than 200, or ``standard`` is none of them; or the edit
                cannot be done. Conflict: a touched group was changed since ``based_on``.
        """
        picked = _bounded(terms, MOST_GROUPED)
        if term_key(standard) not in picked:
            raise InputError(
                LocalText("标准词要在选中的词里。", "The standard term has to be one of the picked terms."),
                LocalText("请从选中的词里选一个。", "Choose one of them."),
            )
        groups = self._groups(name, picked)
        home = _home(groups, term_key(standard))
        if home is not None:
            return Grouped(self._apply(name, _joining(groups, picked, home), based_on, author), 1)
        made = self._editor.apply(name, _founding(groups, picked, standard), based_on=based_on, author=author)
        groups = self._groups(name, picked)
        home = _home(groups, term_key(standard))
        rest = _joining(groups, picked, home) if home is not None else []
        if not rest:
            return Grouped(made, 1)
        return Grouped(self._apply(name, rest, made.info.version, author), 2)

    def apart(self, name: str, terms: Sequence[str], *, based_on: int, author: str = "") -> EditResult:
        """Mark each two of ``terms`` as not synonyms, in one step. Raises InputError above 40 terms."""
        picked = list(_bounded(terms, MOST_APART).values())
        pairs = tuple(Pair(first, second, 0) for first, second in combinations(picked, 2))
        return self._editor.apply(name, MarkPairsApart(pairs), based_on=based_on, author=author)

    def suggest(self, name: str, terms: Sequence[str]) -> int:
        """Put ``terms`` into the queue as proposed synonyms of one another; how many pairs were new.

        The first standard term among them, else the first term, is proposed with each of the others.
        Pairs that stand in the dictionary already, and those that were decided before, do not come.
        """
        picked = _bounded(terms, MOST_SUGGESTED)
        groups = self._groups(name, picked)
        standards = {term_key(group.standard) for group in groups}
        first = next((key for key in picked if key in standards), next(iter(picked)))
        known = {
            term_key(term) for group in groups if term_key(group.standard) == first for term in group.synonyms
        }
        rows = [
            Proposal(picked[first], term, 1.0, None, _REASON)
            for key, term in picked.items()
            if key != first and key not in known
        ]
        info = self._workspace.dictionaries.get(name)
        return self._workspace.suggestions.add("synonym", rows, source="map", dictionary_id=info.id)

    def table(self, name: str, terms: Sequence[str]) -> bytes:
        """The terms with their standard terms as CSV (UTF-8 with byte order mark); formulas are escaped."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(["term", "standard"])
        picked = {term_key(term): term for term in terms if term.strip()}
        homes: dict[str, list[str]] = {}
        for group in self._groups(name, picked):
            for term in (group.standard, *group.synonyms):
                homes.setdefault(term_key(term), []).append(group.standard)
        for key, term in picked.items():
            for standard in homes.get(key, [""]):
                writer.writerow([escape_cell(term), escape_cell(standard)])
        return out.getvalue().encode("utf-8-sig")

    # -- inside ---------------------------------------------------------------------------------

    def _groups(self, name: str, picked: dict[str, str]) -> list[Group]:
        """Every group that holds one of the terms, each once, in the order of the terms."""
        found = {group.id: group for term in picked.values() for group in self._editor.find(name, term)}
        return list(found.values())

    def _apply(self, name: str, edits: list[Edit], based_on: int, author: str) -> EditResult:
        if not edits:
            raise InputError(
                LocalText("这些词已经在同一组里。", "These terms are one group already."),
                LocalText("没有要改的。", "There is nothing to change."),
            )
        edit = edits[0] if len(edits) == 1 else Several(tuple(edits))
        return self._editor.apply(name, edit, based_on=based_on, author=author)


def _bounded(terms: Sequence[str], most: int) -> dict[str, str]:
    """The terms by their keys, each once. Raises InputError."""
    picked = {term_key(term): term for term in terms if term.strip()}
    if len(picked) < 2:
        raise InputError(
            LocalText("至少要选两个词。", "At least two terms have to be picked."),
            LocalText("请多选几个。", "Pick more."),
        )
    if len(picked) > most:
        raise InputError(
            LocalText("选了 {n} 个词，这样做最多 {most} 个。", "{n} terms are picked; this takes {most}."),
            LocalText("请取消勾选一些，或圈小一点。", "Take some out, or draw a smaller circle."),
            n=len(picked),
            most=most,
        )
    return picked


def _home(groups: Sequence[Group], key: str) -> Group | None:
    return next((group for group in groups if term_key(group.standard) == key), None)


def _picked_of(group: Group, picked: dict[str, str]) -> list[str]:
    return [term for term in group.synonyms if term_key(term) in picked]


def _merges(group: Group, picked: dict[str, str]) -> bool:
    """Whether a group joins as a whole: its standard term is picked, or nothing would be left of it."""
    return term_key(group.standard) in picked or len(_picked_of(group, picked)) == len(group.synonyms)


def _along(groups: Sequence[Group], picked: dict[str, str], home: Group | None) -> tuple[str, ...]:
    others = [group for group in groups if home is None or group.id != home.id]
    coming = [
        term for group in others if _merges(group, picked) for term in (group.standard, *group.synonyms)
    ]
    return tuple(dict.fromkeys(term for term in coming if term_key(term) not in picked))


def _founding(groups: Sequence[Group], picked: dict[str, str], standard: str) -> Edit:
    """The edit that makes the group: out of one where two of the terms stand together, else a new one."""
    key = term_key(standard)
    for group in groups:
        together = _picked_of(group, picked)
        if key in map(term_key, together) and 2 <= len(together) < len(group.synonyms):
            return SplitGroup(group.id, tuple(together), standard)
    return AddGroup(standard, tuple(term for other, term in picked.items() if other != key))


def _joining(groups: Sequence[Group], picked: dict[str, str], home: Group) -> list[Edit]:
    """What brings the picked terms of other groups into ``home``."""
    there = {term_key(term) for term in (home.standard, *home.synonyms)}
    whole = [group for group in groups if group.id != home.id and _merges(group, picked)]
    edits: list[Edit] = []
    for group in groups:
        if group.id == home.id or group in whole:
            continue
        mine = _picked_of(group, picked)
        fresh = tuple(term for term in mine if term_key(term) not in there)
        known = tuple(term for term in mine if term_key(term) in there)
        edits += [DeleteTerms(group.id, known)] if known else []
        edits += [MoveTerms(group.id, fresh, home.id)] if fresh else []
    if whole:
        edits.append(MergeGroups(tuple(group.id for group in whole), home.id))
    return edits
