"""What the expert sorts terms by: values in columns, each with the versions it lives in."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from workbench.normalise import term_key
from workbench.storage.writer import Writer
from workbench.types import LABEL_COLUMNS, LABEL_VALUES, NO_LABEL, LabelColumn, Pair

# Labels belong to the synonym's term_key, not to a group: a term in several groups has one in each column.
Values = dict[str, dict[str, str]]  # column -> key of a synonym -> value, columns in the order they came in
INSERT_LABEL = "INSERT INTO entry_labels (dictionary, place, key, value, born) VALUES (?, ?, ?, ?, ?)"
END_LABEL = """UPDATE entry_labels SET died = ?
    WHERE dictionary = ? AND place = ? AND key = ? AND died IS NULL"""
_LOOK_UP = "json_each(?) wanted CROSS JOIN entry_labels l ON l.key = wanted.value"


@dataclass(frozen=True, slots=True)
class Label:
    """A synonym's value in a column; ``key`` is its ``term_key``."""

    column: str
    key: str
    value: str


Row = tuple[int, int, str, str, int]
LabelSides = tuple[tuple[Label, ...], tuple[Label, ...]]  # those that end, and those that come


class LabelReader:
    """The labels of one version of one dictionary. They read the same whatever is written later."""

    def __init__(self, connection: sqlite3.Connection, dictionary: int, version: int) -> None:
        self._connection = connection
        self._dictionary = dictionary
        self._alive = (
            f"l.dictionary = {dictionary:d} AND l.born <= {version:d} "
            f"AND (l.died IS NULL OR l.died > {version:d})"
        )

    def columns(self) -> dict[str, int]:
        """The columns that hold a value, with their places, in the order they came in."""
        return dict(
            self._connection.execute(
                f"""SELECT name, place FROM label_columns c WHERE dictionary = ? AND EXISTS
                (SELECT 1 FROM entry_labels l WHERE {self._alive} AND l.place = c.place) ORDER BY place""",
                (self._dictionary,),
            )
        )

    def of(self, keys: Collection[str] | None = None, columns: Collection[str] | None = None) -> Values:
        """Each column with the values of those of ``keys`` that have one, or with all of its values."""
        wanted = None if keys is None else json.dumps(list(keys), ensure_ascii=False)
        found = {}
        for name, place in self.columns().items():
            if columns is None or name in columns:
                source, values = ("entry_labels l", ()) if wanted is None else (_LOOK_UP, (wanted,))
                query = f"SELECT l.key, l.value FROM {source} WHERE {self._alive} AND l.place = {place:d}"
                found[name] = dict(self._connection.execute(query, values))
        return found

    def counts(self) -> dict[str, dict[str, int]]:
        """For each column: its values with the number of terms that have them, most frequent first."""
        return {
            name: dict(
                self._connection.execute(
                    f"""SELECT l.value, count(*) FROM entry_labels l WHERE {self._alive} AND l.place = ?
                    GROUP BY l.value ORDER BY count(*) DESC, l.value""",
                    (place,),
                )
            )
            for name, place in self.columns().items()
        }

    def replaced(self, pairs: Sequence[Pair], columns: Sequence[LabelColumn]) -> LabelSides:
        """What makes the labels of a file take the place of all that there are."""
        ended: list[Label] = []
        added: list[Label] = []
        there = {column.name: column for column in columns[:LABEL_COLUMNS]}
        for name in {**self.columns(), **there}:
            old = self.of(columns=[name]).get(name, {})
            new = dict(_values(pairs, there[name])) if name in there else {}
            _compare(name, old, new, ended, added)
        return tuple(ended), tuple(added)

    def merged(self, pairs: Sequence[Pair], columns: Sequence[LabelColumn]) -> LabelSides:
        """What puts the labels of a file over those that there are; where both have one, the file's is taken.

        At most five columns are kept, those that are there first. A column that comes to more than forty
        values is of no use any more, and goes.
        """
        ended: list[Label] = []
        added: list[Label] = []
        names = set(self.columns())
        for column in columns:
            if column.name not in names and len(names) >= LABEL_COLUMNS:
                continue
            old = self.of(columns=[column.name]).get(column.name, {})
            new = {**old, **dict(_values(pairs, column))}
            few = len(set(new.values())) <= LABEL_VALUES
            _compare(column.name, old, new if few else {}, ended, added)
            names = names | {column.name} if few else names - {column.name}
        return tuple(ended), tuple(added)


def first_label_rows(
    connection: Writer, dictionary: int, pairs: Sequence[Pair], columns: Sequence[LabelColumn]
) -> Iterator[Row]:
    """The rows of the labels of a first import, parallel to its pairs."""
    for column in columns[:LABEL_COLUMNS]:
        place = _place(connection, dictionary, column.name)
        yield from ((dictionary, place, key, value, 1) for key, value in _values(pairs, column))


def write_labels(
    connection: Writer,
    dictionary: int,
    version: int,
    ended: Iterable[Label],
    added: Iterable[Label],
) -> None:
    """Carry out a change of labels as part of version ``version``."""
    connection.executemany(END_LABEL, label_ends(connection, dictionary, version, ended))
    connection.executemany(INSERT_LABEL, label_rows(connection, dictionary, version, added))


def label_ends(
    connection: Writer, dictionary: int, version: int, labels: Iterable[Label]
) -> Iterator[tuple[int, int, int, str]]:
    """Rows for ``END_LABEL``."""
    place = _Places(connection, dictionary)
    return ((version, dictionary, place[label.column], label.key) for label in labels)


def label_rows(connection: Writer, dictionary: int, version: int, labels: Iterable[Label]) -> Iterator[Row]:
    """Rows for ``INSERT_LABEL``."""
    place = _Places(connection, dictionary)
    return ((dictionary, place[label.column], label.key, label.value, version) for label in labels)


def label_difference(connection: sqlite3.Connection, dictionary: int, before: int, after: int) -> LabelSides:
    """The labels that end and come between two versions. Costs as much as it is large."""
    low, high = min(before, after), max(before, after)

    def found(index: str, condition: str, *values: int) -> tuple[Label, ...]:
        rows = connection.execute(
            f"""SELECT c.name, l.key, l.value FROM entry_labels l INDEXED BY {index}
            CROSS JOIN label_columns c ON c.dictionary = l.dictionary AND c.place = l.place
            WHERE l.dictionary = ? AND {condition} ORDER BY l.place, l.key""",
            (dictionary, *values),
        )
        return tuple(Label(*row) for row in rows)

    # The partial indices hold what was changed after the first version; nothing else is looked at.
    born = found(
        "entry_labels_born",
        "l.born > 1 AND l.born > ? AND l.born <= ? AND (l.died IS NULL OR l.died > ?)",
        low, high, high,
    )  # fmt: skip
    died = found(
        "entry_labels_died",
        "l.died IS NOT NULL AND l.died > ? AND l.died <= ? AND l.born <= ?",
        low, high, low,
    )  # fmt: skip
    return (died, born) if before <= after else (born, died)


def last_label_change(connection: sqlite3.Connection, dictionary: int, keys: Collection[str]) -> int:
    """The newest version that changed a label of one of the keys; 0 where there is none."""
    row = connection.execute(
        f"""SELECT max(max(l.born), ifnull(max(l.died), 0)) FROM label_columns c CROSS JOIN {_LOOK_UP}
        AND l.dictionary = c.dictionary AND l.place = c.place WHERE c.dictionary = ?""",
        (json.dumps(list(keys), ensure_ascii=False), dictionary),
    ).fetchone()
    return int(row[0] or 0)


class _Places(dict[str, int]):
    """The places of columns by their names."""

    def __init__(self, connection: Writer, dictionary: int) -> None:
        super().__init__()
        self._column = (connection, dictionary)

    def __missing__(self, name: str) -> int:
        self[name] = _place(*self._column, name)
        return self[name]


def _place(connection: Writer, dictionary: int, name: str) -> int:
    """The place of a column; one that is new, or was there long ago, comes behind the others that are."""
    row = connection.execute(
        "SELECT place FROM label_columns WHERE dictionary = ? AND name = ?", (dictionary, name)
    ).fetchone()
    if row is not None:
        return int(row[0])
    place = connection.execute(
        "SELECT ifnull(max(place), -1) + 1 FROM label_columns WHERE dictionary = ?", (dictionary,)
    ).fetchone()[0]
    connection.execute(
        "INSERT INTO label_columns (dictionary, place, name) VALUES (?, ?, ?)", (dictionary, place, name)
    )
    return int(place)


def _compare(
    column: str, old: dict[str, str], new: dict[str, str], ended: list[Label], added: list[Label]
) -> None:
    ended += (Label(column, key, value) for key, value in old.items() if new.get(key) != value)
    added += (Label(column, key, value) for key, value in new.items() if old.get(key) != value)


def _values(pairs: Sequence[Pair], column: LabelColumn) -> Iterator[tuple[str, str]]:
    """A term in several groups has the label of its first row that has one."""
    seen: set[str] = set()
    for pair, code in zip(pairs, column.codes, strict=True):
        if code == NO_LABEL:
            continue
        key = term_key(pair.synonym)
        if key not in seen:
            seen.add(key)
            yield key, column.values[code]
