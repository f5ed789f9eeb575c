"""What pair sets, corpora and retrieval sets have in common: a name, a content hash, rows in other tables."""

from __future__ import annotations

import hashlib
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.errors import NameTaken, NotFound
from workbench.localtext import LocalText
from workbench.storage.database import Database
from workbench.storage.slices import Slices
from workbench.storage.sweeping import clear, sweeping
from workbench.storage.unfinished import Claim

CHUNK = 5_000  # rows read at once: no read stays open while the caller works


@dataclass(frozen=True, slots=True)
class SetKind:
    """One table of named sets; what they own is in ``sweeping.OWNED``."""

    table: str
    columns: str
    one: LocalText
    many: LocalText


Insert = Callable[[str, Iterable[Sequence[Any]]], None]  # a statement, and the rows to carry it out for


class ContentHash:
    """A running hash over rows of texts; where one text ends and the next begins counts."""

    def __init__(self, *start: str) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        self.add(*start)

    def add(self, *parts: str) -> None:
        """Take in one row."""
        for part in parts:
            data = part.encode("utf-8", "surrogatepass")
            self._hash.update(len(data).to_bytes(8, "little") + data)

    def hex(self) -> str:
        """The hash of all that was added."""
        return self._hash.hexdigest()


class NamedSets:
    """The rows of one table of named sets: found by name, written whole, deleted with what they own."""

    def __init__(self, database: Database, kind: SetKind) -> None:
        self._database = database
        self._kind = kind

    def find(self, name: str) -> dict[str, Any] | None:
        """The row called ``name`` with its id and content hash."""
        for row in self._database.connection.query(
            f"SELECT {self._kind.columns} FROM {self._kind.table} WHERE deleted_at IS NULL AND name = ?",
            [name],
        ):
            return dict(row)
        return None

    def get(self, name: str) -> dict[str, Any]:
        """The row called ``name``. Raises NotFound, which lists the names that there are."""
        found = self.find(name)
        if found is None:
            raise NotFound(
                LocalText("没有叫「{name}」的{one}。", "There is no {one} called “{name}”."),
                LocalText("现有的{many}：{names}。", "The {many} here: {names}."),
                name=name,
                names=", ".join(row["name"] for row in self.all()) or "-",
                one=self._kind.one,
                many=self._kind.many,
            )
        return found

    def all(self) -> list[dict[str, Any]]:
        """Every row, newest first."""
        return [
            dict(row)
            for row in self._database.connection.query(
                f"SELECT {self._kind.columns} FROM {self._kind.table} WHERE deleted_at IS NULL "
                "ORDER BY created_at DESC, name"
            )
        ]

    def write(
        self, name: str, fill: Callable[[Insert, str], tuple[dict[str, Any], str]], *, replace: bool
    ) -> None:
        """Store a set in slices, so that others can write meanwhile; it is listed once it is whole.

        ``fill`` inserts what it owns and gives its columns and hash. Nothing changes where the same content
        has this name already.

        Raises:
            NameTaken: the name has other content and ``replace`` is false.
        """
        claim = Claim(self._kind.table, uuid.uuid4().hex[:12])
        with self._database.write() as db:
            row = {"id": claim.id, "name": name, "created_at": time.time(), "deleted_at": time.time()}
            db[self._kind.table].insert({**dict.fromkeys(self._blank_columns(), ""), **row})
            claim.begin(db.conn)
        with sweeping(self._database, claim):
            columns, content = fill(Slices(self._database, claim.check).executemany, claim.id)
            old = self._publish(claim, name, columns, content, replace)
        if old:
            clear(self._database, old)

    def delete(self, name: str) -> None:
        """Delete a set with all that it owns; its name is free again. Raises NotFound."""
        with self._database.write() as db:
            old = self._unlist(db.conn, self.get(name)["id"])
        clear(self._database, old)

    def count(self, query: str, arguments: Sequence[Any]) -> int:
        """The number that a query gives."""
        return int(self._database.connection.conn.execute(query, tuple(arguments)).fetchone()[0])

    def rows(self, query: str, arguments: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Every row of a query."""
        return list(self._database.connection.conn.execute(query, tuple(arguments)))

    def page(
        self,
        columns: str,
        table: str,
        where: tuple[str, str],
        search: tuple[str, Sequence[str]],
        page: int,
        size: int,
    ) -> tuple[list[tuple[Any, ...]], int]:
        """One page of the rows that hold a text, and how many there are: a single scan, or none without one.

        ``where`` is the column that names the set, and its id; ``search`` the text and the columns to look
        in. Positions of a set run from 0 without gaps.
        """
        owner, set_id = where
        condition, arguments = containing(*search)
        if condition:
            every = self.rows(
                f"SELECT position FROM {table} WHERE {owner} = ?{condition} ORDER BY position",
                (set_id, *arguments),
            )
            total, wanted = len(every), [row[0] for row in every[page * size : (page + 1) * size]]
        else:
            total = self.count(f"SELECT count(*) FROM {table} WHERE {owner} = ?", (set_id,))
            wanted = list(range(page * size, min(total, (page + 1) * size)))
        marks = ",".join("?" * len(wanted))
        rows = self.rows(
            f"SELECT {columns} FROM {table} WHERE {owner} = ? AND position IN ({marks}) ORDER BY position",
            (set_id, *wanted),
        )
        return rows, total

    def stream(self, columns: str, table: str, where: str, arguments: Sequence[Any]) -> Iterator[Any]:
        """Rows in the order of ``position`` (the first of ``columns``), read a piece at a time."""
        last = -1
        while True:
            piece = self.rows(
                f"SELECT {columns} FROM {table} WHERE {where} AND position > ? ORDER BY position LIMIT ?",
                (*arguments, last, CHUNK),
            )
            yield from piece
            if len(piece) < CHUNK:
                return
            last = piece[-1][0]

    def _blank_columns(self) -> list[str]:
        """Columns that must hold something before the set is complete."""
        return [
            column.name
            for column in self._database.connection[self._kind.table].columns
            if column.notnull and column.default_value is None
        ]

    def _publish(
        self, claim: Claim, name: str, columns: dict[str, Any], content: str, replace: bool
    ) -> Claim | None:
        """List a set that is whole; the one that it takes the place of, to be swept.

        Where the same content has this name already, nothing is listed and ``claim`` does not end.
        """
        old = None
        with self._database.write() as db:
            claim.check(db.conn)
            known = self.find(name)
            if known and self._content_hash(known["id"]) == content:
                return None
            if known and not replace:
                raise self._taken(name)
            if known:
                old = self._unlist(db.conn, known["id"])
            db[self._kind.table].update(claim.id, {**columns, "content_hash": content, "deleted_at": None})
            claim.end(db.conn)
        return old

    def _unlist(self, connection: sqlite3.Connection, set_id: str) -> Claim:
        connection.execute(
            f"UPDATE {self._kind.table} SET deleted_at = ? WHERE id = ?", (time.time(), set_id)
        )
        claim = Claim(self._kind.table, set_id)
        claim.begin(connection)
        return claim

    def _content_hash(self, set_id: str) -> str:
        query = f"SELECT content_hash FROM {self._kind.table} WHERE id = ?"
        return str(self.rows(query, (set_id,))[0][0])

    def _taken(self, name: str) -> NameTaken:
        return NameTaken(
            LocalText(
                "已经有一个叫「{name}」的{one}，内容不同。",
                "There is already a {one} called “{name}” with other content.",
            ),
            LocalText("换一个名字，或先删除它。", "Choose another name, or delete that one first."),
            name=name,
            one=self._kind.one,
        )


def containing(search: str, columns: Iterable[str]) -> tuple[str, list[str]]:
    """A condition (" AND …", or nothing for a blank search) with its arguments: any column holds the text."""
    text = search.strip()
    if not text:
        return "", []
    pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    names = list(columns)
    condition = " OR ".join(f"{name} LIKE ? ESCAPE '\\'" for name in names)
    return f" AND ({condition})", [pattern] * len(names)
