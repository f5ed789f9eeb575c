"""From a copy of each version (table ``pairs``) to lines with the versions they live in (``entries``)."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field

from sqlite_utils import Database

from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.storage.entries import Change, SetHash, Snapshot, write_change
from workbench.types import Entry

_SCHEMA = (
    # a version v sees the entries with born <= v and (died IS NULL or died > v)
    """CREATE TABLE entries (
        dictionary INTEGER NOT NULL, grp INTEGER NOT NULL, position INTEGER NOT NULL,
        born INTEGER NOT NULL, died INTEGER, standard TEXT NOT NULL, synonym TEXT NOT NULL,
        standard_key TEXT NOT NULL, synonym_key TEXT NOT NULL, row INTEGER NOT NULL,
        apart INTEGER NOT NULL DEFAULT 0, odd INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (dictionary, grp, position, born)) WITHOUT ROWID""",
    "CREATE INDEX entries_standard ON entries(dictionary, standard_key, died)",
    "CREATE INDEX entries_synonym ON entries(dictionary, synonym_key, died)",
    # so that the difference of two versions costs as much as it is large
    "CREATE INDEX entries_born ON entries(dictionary, born) WHERE born > 1",
    "CREATE INDEX entries_died ON entries(dictionary, died) WHERE died IS NOT NULL",
    "CREATE INDEX entries_odd ON entries(dictionary) WHERE odd = 1",
    "ALTER TABLE dictionaries ADD COLUMN number INTEGER",
    "UPDATE dictionaries SET number = rowid",
    "CREATE UNIQUE INDEX dictionaries_number ON dictionaries(number)",
    # node: where a version stands in the tree of contents (its own number, or that of the version that undo
    # or redo went to); parent: the node that was current when this one was made; content_of: the first
    # version with this content, so that the same number is the same content, line by line
    "ALTER TABLE versions ADD COLUMN kind TEXT NOT NULL DEFAULT 'import'",
    "ALTER TABLE versions ADD COLUMN title TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE versions ADD COLUMN author TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE versions ADD COLUMN node INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE versions ADD COLUMN parent INTEGER",
    "ALTER TABLE versions ADD COLUMN content_of INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE versions ADD COLUMN added INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE versions ADD COLUMN removed INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX versions_content ON versions(dictionary_id, content_of)",
    "CREATE INDEX versions_parent ON versions(dictionary_id, parent)",
)


def move_pairs_to_entries(db: Database) -> None:
    """Make the new table, carry every version over pair by pair and in its order, drop the old table."""
    for statement in _SCHEMA:
        db.execute(statement)
    connection: sqlite3.Connection = db.conn
    for dictionary_id, number in connection.execute("SELECT id, number FROM dictionaries").fetchall():
        carrier = _Carrier(connection, number)
        for version_id, version, source in connection.execute(
            "SELECT id, number, source FROM versions WHERE dictionary_id = ? ORDER BY number",
            (dictionary_id,),
        ).fetchall():
            carrier.carry(version_id, version, source)
    db.execute("DROP TABLE pairs")


@dataclass(slots=True)
class _Group:
    number: int
    next_position: int = 0
    positions: dict[tuple[str, str], int] = field(default_factory=dict)  # of the version carried last


class _Carrier:
    """Carries the versions of one dictionary, oldest first.

    A version's order is its groups' numbers, so a group keeps its number only as long as the numbers
    rise; behind the first one that does not, all are numbered anew. The same holds within a group.
    """

    def __init__(self, connection: sqlite3.Connection, dictionary: int) -> None:
        self._connection = connection
        self._dictionary = dictionary
        self._groups: dict[str, _Group] = {}
        self._last_group = 0
        self._last_version: int | None = None

    def carry(self, version_id: str, version: int, source: str) -> None:
        before = list(Snapshot(self._connection, self._dictionary, self._last_version or 0).stream())
        after, content = self._placed(version_id)
        change = Change(tuple(before), tuple(after)).net()
        write_change(self._connection, self._dictionary, version, change)
        title = LocalText("导入 {source}", "Import of {source}").format(source=source)
        self._connection.execute(
            """UPDATE versions SET content_hash = ?, title = ?, node = number, content_of = number,
            parent = ?, added = ?, removed = ? WHERE id = ?""",
            (
                content,
                json.dumps(title.as_json(), ensure_ascii=False),
                self._last_version,
                len(change.added),
                len(change.ended),
                version_id,
            ),
        )
        self._last_version = version

    def _placed(self, version_id: str) -> tuple[list[Entry], str]:
        by_group: dict[str, list[tuple[str, str, int]]] = {}
        for standard, synonym, row in self._connection.execute(
            "SELECT standard, synonym, row FROM pairs WHERE version_id = ? ORDER BY grp, position",
            (version_id,),
        ):
            by_group.setdefault(term_key(standard), []).append((standard, synonym, row))
        entries: list[Entry] = []
        content = SetHash()
        reached = 0
        for key, rows in by_group.items():
            group = self._groups.get(key)
            if group is None or group.number <= reached:
                self._last_group += 1
                group = self._groups[key] = _Group(self._last_group)
            reached = group.number
            places: dict[tuple[str, str], int] = {}
            last = -1
            for standard, synonym, row in rows:
                position = group.positions.get((standard, synonym), -1)
                if position <= last:
                    position = group.next_position
                group.next_position = max(group.next_position, position + 1)
                places[standard, synonym] = last = position
                entries.append(Entry(group.number, position, standard, synonym, row))
                content.add(standard, synonym)
            group.positions = places
        return entries, str(content)
