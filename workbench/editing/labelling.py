"""The labels that an edit changes: those that are set, those of a file, those that new terms inherit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from workbench.editing import texts as say
from workbench.errors import InputError
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.storage.entries import Change, Snapshot
from workbench.storage.entry_labels import Label, Values
from workbench.types import LABEL_COLUMNS, LABEL_LENGTH, LABEL_VALUES, Entry, LabelColumn, Pair


@dataclass(slots=True)
class Wishes:
    """The labels that an edit asks for: of a file, and term by term ("" takes one away)."""

    values: dict[str, dict[str, str]] = field(default_factory=dict)  # column -> key -> value
    file: tuple[Sequence[Pair], Sequence[LabelColumn]] = ((), ())

    def set(self, column: str, keys: Iterable[str], value: str) -> None:
        """Ask for a value of some terms."""
        self.values.setdefault(column, {}).update(dict.fromkeys(keys, value))


def with_labels(change: Change, wishes: Wishes, view: Snapshot) -> Change:
    """``change`` with the labels that go with it.

    What is asked for is taken. A term that is new as a synonym, and has no label in a column, gets one: that
    of the term whose place it takes, or else the one that all labelled synonyms of its group have. Where
    these do not agree it gets none.

    Raises:
        InputError: more columns, or more values in one, than are kept.
    """
    ended, added = (list(side) for side in view.labels.merged(*wishes.file))
    now = view.labels.columns()
    if not (now or added or wishes.values):
        return change
    _check_columns(wishes.values, {*now, *(label.column for label in added)})
    keys = {key for values in wishes.values.values() for key in values}
    asked = _Ledger(view, ended, added)
    asked.know({*keys, *_synonym_keys(change)})
    for column, values in wishes.values.items():
        for key, value in values.items():
            asked.put(column, key, value)
    _check_values(wishes.values, view, asked)
    _inherit(change, view, asked)
    unlabelled, labelled = asked.sides()
    return Change(change.ended, change.added, unlabelled, labelled)


class _Ledger:
    """Labels as they were and as they will be, for the terms that were asked about."""

    def __init__(self, view: Snapshot, ended: list[Label], added: list[Label]) -> None:
        self._view = view
        self._before: dict[tuple[str, str], str] = {(each.column, each.key): each.value for each in ended}
        self._now: dict[tuple[str, str], str] = dict.fromkeys(self._before, "")
        self._now |= {(each.column, each.key): each.value for each in added}
        self._known: set[str] = set()
        self.columns = list(dict.fromkeys([*view.labels.columns(), *(each.column for each in added)]))

    def know(self, keys: Collection[str]) -> None:
        """Read the labels of terms at once that will be asked about."""
        missing = [key for key in keys if key not in self._known]
        self._known.update(missing)
        for column, values in (self._view.labels.of(missing) if missing else {}).items():
            for key, value in values.items():
                self._before.setdefault((column, key), value)
                self._now.setdefault((column, key), value)

    def value(self, column: str, key: str) -> str:
        """What a term's label will be; "" where it has none."""
        return self._now.get((column, key), "")

    def put(self, column: str, key: str, value: str) -> None:
        """Give a term a label, or take it away."""
        self._now[column, key] = value

    def sides(self) -> tuple[tuple[Label, ...], tuple[Label, ...]]:
        """What ends, and what comes."""
        pairs = [(each, self._before.get(each, ""), value) for each, value in self._now.items()]
        ended = tuple(Label(*each, old) for each, old, new in pairs if old and old != new)
        return ended, tuple(Label(*each, new) for each, old, new in pairs if new and old != new)


def _inherit(change: Change, view: Snapshot, asked: _Ledger) -> None:
    fresh = {term_key(entry.synonym) for entry in change.added if not entry.apart}
    fresh -= set(view.with_synonym(fresh))
    if not fresh or not asked.columns:
        return
    groups = _groups_after(change, view, fresh)
    asked.know({term_key(entry.synonym) for rows in groups.values() for entry in rows})
    corrected = {
        (old.group, old.position, old.standard): term_key(old.synonym)
        for old in change.ended
        if not old.apart
    }
    for rows in groups.values():
        keys = [term_key(entry.synonym) for entry in rows]
        for column in asked.columns:
            values = {asked.value(column, key) for key in keys if key not in fresh} - {""}
            shared = next(iter(values)) if len(values) == 1 else ""
            for entry, key in zip(rows, keys, strict=True):
                if key in fresh and not asked.value(column, key):
                    former = corrected.get((entry.group, entry.position, entry.standard), "")
                    value = asked.value(column, former) or shared
                    if value:
                        asked.put(column, key, value)


def _groups_after(change: Change, view: Snapshot, fresh: Collection[str]) -> dict[int, list[Entry]]:
    """The groups that get one of the terms, as they will be."""
    numbers = {entry.group for entry in change.added if term_key(entry.synonym) in fresh and not entry.apart}
    ended = set(change.ended)
    groups = {
        number: [entry for entry in rows if entry not in ended]
        for number, rows in view.entries(numbers).items()
    }
    for entry in change.added:
        if entry.group in numbers:
            groups.setdefault(entry.group, []).append(entry)
    return groups


def _synonym_keys(change: Change) -> set[str]:
    return {term_key(entry.synonym) for entry in (*change.ended, *change.added) if not entry.apart}


def _check_columns(wishes: Mapping[str, Mapping[str, str]], there: set[str]) -> None:
    for column, values in wishes.items():
        if column in there or not any(values.values()):
            continue
        if len(there) >= LABEL_COLUMNS:
            raise InputError(
                say.COLUMNS_FULL,
                say.CHOOSE_COLUMN,
                limit=LABEL_COLUMNS,
                names=LocalText.listing(sorted(there)),
            )
        there.add(column)


def _check_values(wishes: Values, view: Snapshot, asked: _Ledger) -> None:
    counts = view.labels.counts() if wishes else {}
    for column, values in wishes.items():
        known = set(counts.get(column, {}))
        if len(known | set(values.values()) - {""}) > LABEL_VALUES and not set(values.values()) <= known | {
            ""
        }:
            raise InputError(say.VALUES_FULL, say.CHOOSE_VALUE, column=say.short(column), limit=LABEL_VALUES)
        if column not in asked.columns:
            asked.columns.append(column)


def checked_label(text: str, *, empty: bool) -> str:
    """A column's name, or a value, tidied. Raises InputError where it is too long or may not be empty."""
    tidied = " ".join(text.split())
    if not tidied and not empty:
        raise InputError(say.NO_COLUMN, say.CHOOSE_COLUMN_NAME)
    if len(tidied) > LABEL_LENGTH:
        raise InputError(
            say.LABEL_LONG, say.SHORTEN, term=say.short(tidied), length=len(tidied), limit=LABEL_LENGTH
        )
    return tidied
