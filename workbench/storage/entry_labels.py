"""What the expert sorts the terms of a dictionary by: values of other columns of the imported file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence

from workbench.normalise import term_key
from workbench.storage.database import Database
from workbench.types import LABEL_COLUMNS, LABEL_VALUES, NO_LABEL, LabelColumn, Pair


class LabelStore:
    """Labels of synonyms, by ``term_key``: they belong to the term, whichever version it stands in.

    Dictionaries are named by their number. What writes is called inside a transaction of the caller's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, dictionary: int, keys: Collection[str]) -> dict[str, dict[str, str]]:
        """For each kept column, in the order of the file: the values of those of ``keys`` that have one."""
        wanted = json.dumps(list(keys), ensure_ascii=False)
        found = {}
        for place, name in self._columns(dictionary):
            found[name] = dict(
                self._connection.execute(
                    """SELECT l.key, l.value FROM json_each(?) wanted CROSS JOIN entry_labels l
                    ON l.dictionary = ? AND l.place = ? AND l.key = wanted.value""",
                    (wanted, dictionary, place),
                )
            )
        return found

    def replace(self, dictionary: int, pairs: Sequence[Pair], columns: Sequence[LabelColumn]) -> None:
        """The labels of a file in place of all that there were. Without any, nothing is written."""
        self.delete(dictionary)
        self.merge(dictionary, pairs, columns)

    def merge(self, dictionary: int, pairs: Sequence[Pair], columns: Sequence[LabelColumn]) -> None:
        """The labels of a file over those that are there; where both have one, the file's is taken.

        At most five columns are kept, those that are there first. A column that comes to more than forty
        values is of no use any more, and goes.
        """
        places = {name: place for place, name in self._columns(dictionary)}
        for column in columns:
            place = places.get(column.name)
            if place is None:
                if len(places) >= LABEL_COLUMNS:
                    continue
                place = places[column.name] = max(places.values(), default=-1) + 1
                self._connection.execute(
                    "INSERT INTO label_columns (dictionary, place, name) VALUES (?, ?, ?)",
                    (dictionary, place, column.name),
                )
            self._connection.executemany(
                """INSERT INTO entry_labels (dictionary, place, key, value) VALUES (?, ?, ?, ?)
                ON CONFLICT (dictionary, place, key) DO UPDATE SET value = excluded.value""",
                _rows(dictionary, place, pairs, column),
            )
            count = self._connection.execute(
                "SELECT count(DISTINCT value) FROM entry_labels WHERE dictionary = ? AND place = ?",
                (dictionary, place),
            ).fetchone()[0]
            if count > LABEL_VALUES:
                self._drop(dictionary, place)
                del places[column.name]

    def delete(self, dictionary: int) -> None:
        """Forget every label of a dictionary."""
        for place, _ in self._columns(dictionary):
            self._drop(dictionary, place)

    def _drop(self, dictionary: int, place: int) -> None:
        for table in ("entry_labels", "label_columns"):
            self._connection.execute(
                f"DELETE FROM {table} WHERE dictionary = ? AND place = ?", (dictionary, place)
            )

    def _columns(self, dictionary: int) -> list[tuple[int, str]]:
        return self._connection.execute(
            "SELECT place, name FROM label_columns WHERE dictionary = ? ORDER BY place", (dictionary,)
        ).fetchall()

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = self._database.connection.conn
        return connection


def _rows(
    dictionary: int, place: int, pairs: Sequence[Pair], column: LabelColumn
) -> Iterator[tuple[int, int, str, str]]:
    """A term in several groups has the label of its first row that has one."""
    seen: set[str] = set()
    for pair, code in zip(pairs, column.codes, strict=True):
        if code == NO_LABEL:
            continue
        key = term_key(pair.synonym)
        if key not in seen:
            seen.add(key)
            yield dictionary, place, key, column.values[code]
