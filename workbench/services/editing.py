"""Editing a dictionary: pages of groups, edits with undo, history, and what to say when two edit at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from workbench.editing.edits import Edit, MergePairs
from workbench.editing.planning import plan
from workbench.editing.texts import listed, short
from workbench.errors import BadParameter, Conflict, NotFound
from workbench.localtext import LocalText
from workbench.names import tidy
from workbench.normalise import term_key
from workbench.services.limits import Limits
from workbench.storage.entries import Change, Snapshot
from workbench.storage.groups import COMPONENT_TERMS, Component, GroupReader
from workbench.storage.history import HistoryStore, checked_number
from workbench.storage.turns import claimed, wait
from workbench.types import (
    DictionaryInfo,
    Difference,
    Entry,
    Group,
    GroupFilter,
    GroupSort,
    Pair,
    Step,
)
from workbench.workspace import Workspace

__all__ = ["Component", "EditResult", "Editor", "EditorStatus", "GroupPage"]

LARGEST_PAGE = 500
SHOWN_GROUPS = 500  # of an edit that touches more, the first are given back
_NOBODY = LocalText("另一位用户", "somebody else")
_LOOK_AGAIN = LocalText(
    "请看一看现在的内容，再决定是否仍要这样改。",
    "Look at how it is now; then do it all the same, or leave it.",
)


@dataclass(frozen=True, slots=True)
class GroupPage:
    """One page of groups; ``total`` counts all that were asked for; ``version`` is what was read."""

    groups: tuple[Group, ...]
    total: int
    version: int


@dataclass(frozen=True, slots=True)
class EditResult:
    """What an edit did. ``step`` is None where it changed nothing. ``groups`` are the touched groups as
    they are now (at most 500), ``gone`` the ids of those that are no longer there."""

    info: DictionaryInfo
    step: Step | None
    groups: tuple[Group, ...]
    gone: tuple[int, ...]
    notes: tuple[LocalText, ...]


@dataclass(frozen=True, slots=True)
class EditorStatus:
    """Where a dictionary stands, and the titles of the steps that undo would take back and redo do again."""

    version: int
    undo: LocalText | None
    redo: LocalText | None


class Editor:
    """Everything that the editor does. Each change is one transaction and one step of the history."""

    def __init__(self, workspace: Workspace) -> None:
        self._database = workspace.database
        self._dictionaries = workspace.dictionaries
        self._history = HistoryStore(workspace.database)
        self._max_term_length = workspace.settings.max_term_length
        self._limits = Limits(workspace.settings)

    # -- looking --------------------------------------------------------------------------------------

    def page(
        self,
        name: str,
        *,
        search: str = "",
        filter: GroupFilter = "all",
        sort: GroupSort = "file",
        page: int = 0,
        size: int = 50,
        ranks: Sequence[int] | None = None,
    ) -> GroupPage:
        """One page of groups. ``ranks`` are group ids, worst first, for the filter "weakest".

        Raises:
            NotFound: no such dictionary. BadParameter: no such filter or order.
        """
        if filter not in get_args(GroupFilter) or sort not in get_args(GroupSort):
            raise BadParameter(
                LocalText("没有这样的筛选或排序。", "There is no such filter or order."),
                LocalText("请刷新页面再试。", "Load the page again."),
            )
        info = self._dictionaries.get(name)
        found, total = self._reader(info).page(
            search=search,
            filter=filter,
            sort=sort,
            page=max(0, page),
            size=max(1, min(size, LARGEST_PAGE)),
            only=list(ranks or ()) if filter == "weakest" else None,
            known_total=info.standards,
        )
        return GroupPage(tuple(found), total, info.version)

    def group(self, name: str, id: int) -> Group:
        """One group. Raises NotFound."""
        found = self.groups(name, [id])
        if not found:
            raise NotFound(
                LocalText("词组 {id} 不存在。", "There is no group {id}."),
                LocalText(
                    "它可能已被删除或合并，请刷新页面。",
                    "It may have been deleted or merged: load the page again.",
                ),
                id=id,
            )
        return found[0]

    def groups(self, name: str, ids: Sequence[int]) -> tuple[Group, ...]:
        """Those of the groups that are there, in the order asked for."""
        return tuple(self._reader(self._dictionaries.get(name)).read(ids))

    def find(self, name: str, term: str) -> tuple[Group, ...]:
        """The groups that hold exactly this term, compared by ``term_key``."""
        info = self._dictionaries.get(name)
        return self.groups(name, sorted(self._history.snapshot(info).holding([term_key(term)])))

    def component(self, name: str, group: int, limit: int = COMPONENT_TERMS) -> Component:
        """The chain that a group is part of, for drawing; cut at ``limit`` terms. Raises NotFound."""
        self.group(name, group)
        return self._reader(self._dictionaries.get(name)).component(group, limit)

    def labels(self, name: str) -> dict[str, dict[str, int]]:
        """The columns kept with a dictionary: their values, each with the number of terms that have it."""
        return self._history.snapshot(self._dictionaries.get(name)).labels.counts()

    def apart(self, name: str) -> list[Pair]:
        """The pairs that are marked as not synonyms, oldest first."""
        return self._dictionaries.apart(self._dictionaries.get(name).version_id)

    # -- changing -------------------------------------------------------------------------------------

    def apply(
        self, name: str, edit: Edit, *, based_on: int, author: str = "", force: bool = False
    ) -> EditResult:
        """Carry out an edit as one step.

        ``based_on`` is the version that the expert saw. Later versions are no matter as long as the groups
        that the edit touches read the same now; ``force`` does it whatever they read.

        Raises:
            Conflict: a touched group was changed meanwhile; the sentence says by whom and how it reads.
            InputError, BadParameter, NotFound: it cannot be done, in words (too many terms is a reason).
                Nothing is written then.
        """
        self.let_imports_end(name)
        with self._database.write():
            info = self._dictionaries.get(name)
            self._check_base(info, based_on)
            if not force:
                self._refuse_conflict(info, edit.named_groups(), based_on)
            view = self._history.snapshot(info)
            planned = plan(edit, view, max_term_length=self._max_term_length)
            touched = planned.change.groups
            if not force:
                self._refuse_conflict(info, touched, based_on)
                self._refuse_label_conflict(info, planned.change, based_on)
            touched |= _holders(view, planned.change)
            step = self._history.append(info, planned.change, title=planned.title, author=tidy(author))
            self._limits.check_terms(name, self._dictionaries.get(name).terms, info.terms)
        return self._result(name, step, touched, planned.gone, planned.notes)

    def merge(self, name: str, edit: MergePairs, *, author: str = "") -> DictionaryInfo:
        """Merge an import as one step of any size: planned outside of a transaction, written in slices.

        Who wants to edit this dictionary waits until it is done; everything else goes on.

        Raises:
            InputError, BadParameter, NotFound: it cannot be done, in words. Nothing is written then.
            StorageProblem: another import into it goes on for long.
        """
        with claimed(self._database, lambda: self._dictionaries.get(name)) as (info, claim):
            planned = plan(edit, self._history.snapshot(info), max_term_length=self._max_term_length)
            self._history.append(
                info,
                planned.change,
                title=planned.title,
                author=tidy(author),
                claim=claim,
                allow=lambda terms: self._limits.check_terms(name, terms, info.terms),
            )
        return self._dictionaries.get(name)

    def let_imports_end(self, name: str) -> None:
        """Wait for an import into a dictionary. Raises StorageProblem: it goes on for long."""
        wait(self._database, self._dictionaries.get(name))

    def undo(self, name: str, *, based_on: int, author: str = "") -> EditResult:
        """Take the last step back, as a step of its own.

        Raises:
            Conflict: ``based_on`` is no longer the current version. InputError: there is nothing to undo.
        """
        return self._travel(name, based_on, lambda info: self._history.undo(info, tidy(author)))

    def redo(self, name: str, *, based_on: int, author: str = "") -> EditResult:
        """Do again what was undone last. Raises as :meth:`undo` does."""
        return self._travel(name, based_on, lambda info: self._history.redo(info, tidy(author)))

    def restore(self, name: str, number: int, *, based_on: int, author: str = "") -> EditResult:
        """Go back to the content of a version, as a step that can be undone.

        Raises:
            Conflict: ``based_on`` is no longer the current version. NotFound: no such version.
        """
        wanted = checked_number(number)
        return self._travel(name, based_on, lambda info: self._history.restore(info, wanted, tidy(author)))

    # -- history --------------------------------------------------------------------------------------

    def status(self, name: str) -> EditorStatus:
        """The current version, and what undo and redo would do."""
        info = self._dictionaries.get(name)
        undo, redo = self._history.undoable(info), self._history.redoable(info)
        return EditorStatus(info.version, undo.title if undo else None, redo.title if redo else None)

    def history(self, name: str, *, page: int = 0, size: int = 50) -> tuple[list[Step], int]:
        """One page of the steps, newest first, and how many there are."""
        info = self._dictionaries.get(name)
        return self._history.steps(info, page=max(0, page), size=max(1, min(size, LARGEST_PAGE)))

    def compare(self, name: str, a: int, b: int, limit: int = 500) -> Difference:
        """What version ``b`` has and ``a`` has not, and the reverse. Raises NotFound."""
        info = self._dictionaries.get(name)
        return self._history.compare(info, checked_number(a), checked_number(b), limit)

    # -- inside ---------------------------------------------------------------------------------------

    def _reader(self, info: DictionaryInfo) -> GroupReader:
        def changed_since_training() -> set[int] | None:
            trained = self._history.trained(info)
            return None if trained is None else self._history.changed_groups(info, trained)

        return GroupReader(self._history.snapshot(info), changed_since_training)

    def _travel(self, name: str, based_on: int, go: Callable[[DictionaryInfo], Step | None]) -> EditResult:
        self.let_imports_end(name)
        with self._database.write():
            info = self._dictionaries.get(name)
            self._check_base(info, based_on)
            if based_on != info.version:
                newer = self._history.step(info, info.version)
                raise Conflict(
                    LocalText(
                        "{who}在 {when} 做了新的一步：{title}。",
                        "There is a newer step by {who} ({when}): {title}.",
                    ),
                    _LOOK_AGAIN,
                    **_who_and_when(newer),
                )
            step = go(info)
            change = self._history.difference(info, based_on, step.number) if step is not None else Change()
            after = self._history.at(info, info.version + bool(step))
            touched = change.groups | _holders(after, change)
            now = after.entries(touched)
        return self._result(name, step, touched, tuple(sorted(touched - set(now))), ())

    def _result(
        self,
        name: str,
        step: Step | None,
        touched: Collection[int],
        gone: tuple[int, ...],
        notes: tuple[LocalText, ...],
    ) -> EditResult:
        info = self._dictionaries.get(name)
        groups = self._reader(info).read(sorted(touched)[:SHOWN_GROUPS])
        return EditResult(info, step, tuple(groups), gone, notes)

    def _check_base(self, info: DictionaryInfo, based_on: int) -> None:
        if checked_number(based_on) > info.version:
            self._history.step(info, based_on)

    def _refuse_conflict(self, info: DictionaryInfo, groups: Collection[int], based_on: int) -> None:
        if based_on == info.version or not groups:
            return
        then = self._history.at(info, based_on).entries(groups)
        now = self._history.snapshot(info).entries(groups)
        for group in sorted(groups):
            if then.get(group) != now.get(group):
                raise self._conflict(info, group, then.get(group) or now[group], now.get(group))

    def _refuse_label_conflict(self, info: DictionaryInfo, change: Change, based_on: int) -> None:
        """Where only labels are changed: refused if somebody has changed the same ones since."""
        if based_on == info.version or change.ended or change.added:
            return
        columns = {label.column for label in (*change.unlabelled, *change.labelled)}
        then = self._history.at(info, based_on).labels.of(change.label_keys, columns)
        view = self._history.snapshot(info)
        now = view.labels.of(change.label_keys, columns)
        for column in columns:
            old, new = then.get(column, {}), now.get(column, {})
            for key in sorted(key for key in change.label_keys if old.get(key) != new.get(key)):
                group, rows = next(iter(view.entries(view.with_synonym([key])[key]).items()))
                step = self._history.last_label_change(info, [key])
                raise self._conflict(info, group, rows, rows, step)

    def _conflict(
        self,
        info: DictionaryInfo,
        group: int,
        known: list[Entry],
        now: list[Entry] | None,
        step: Step | None = None,
    ) -> Conflict:
        step = step or self._history.last_change(info, group)
        values: dict[str, Any] = {**_who_and_when(step), "group": short(known[0].standard)}
        if not now:
            return Conflict(
                LocalText(
                    "词组「{group}」已不存在：{who}在 {when} 做了「{title}」。",
                    "The group “{group}” is no longer there: {who} did this at {when}: {title}.",
                ),
                _LOOK_AGAIN,
                **values,
            )
        return Conflict(
            LocalText(
                "词组「{group}」已被改动：{who}在 {when} 做了「{title}」。现在是「{standard}」：{terms}。",
                "The group “{group}” was changed: {who} did this at {when}: {title}. "
                "It now reads “{standard}”: {terms}.",
            ),
            _LOOK_AGAIN,
            **values,
            standard=short(now[0].standard),
            terms=listed([entry.synonym for entry in now]),
        )


def _holders(view: Snapshot, change: Change) -> set[int]:
    """The groups with synonyms whose labels are changed."""
    keys = change.label_keys
    return {group for groups in view.with_synonym(keys).values() for group in groups} if keys else set()


def _who_and_when(step: Step) -> dict[str, Any]:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(step.created_at))
    return {"who": step.author or _NOBODY, "when": when, "title": step.title}
