"""Long writes in slices: the write lock is held for some thousand rows at a time, and is free in between."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from workbench.storage.database import Database

ROWS = 5_000  # of one transaction
CHARACTERS = 1_000_000  # of one transaction: raw text has long rows
Check = Callable[[sqlite3.Connection], None]


class Slices:
    """Writes rows that nobody sees yet, a slice in a transaction.

    ``check`` is asked within each transaction whether they are still wanted. The next slice is prepared
    outside, and begins only when the lock has been free as long as it was held: whoever waits for it asks
    again every few milliseconds, another process at most every 100, and would else never find it free.
    """

    def __init__(self, database: Database, check: Check) -> None:
        self._database = database
        self._check = check
        self._rest_until = 0.0

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> None:
        """Carry out ``statement`` once for each of ``rows``; like a connection's."""
        for piece in _pieces(rows):
            self._in_turn(partial(_many, statement=statement, rows=piece))

    def execute(self, statement: str, arguments: Sequence[Any] = (), /) -> sqlite3.Cursor:
        """Carry out one statement; like a connection's."""
        if statement.lstrip().upper().startswith("SELECT"):
            found: sqlite3.Cursor = self._database.connection.conn.execute(statement, tuple(arguments))
            return found
        return self._in_turn(lambda connection: connection.execute(statement, tuple(arguments)))

    def repeat(self, statement: str, arguments: Sequence[Any]) -> None:
        """Carry out ``statement``, which changes at most ``ROWS`` rows, until it changes none."""
        while self.execute(statement, arguments).rowcount:
            pass

    def _in_turn(self, act: Callable[[sqlite3.Connection], sqlite3.Cursor]) -> sqlite3.Cursor:
        """One transaction, once the lock has been free for a while."""
        nested = self._database.connection.conn.in_transaction
        if not nested:
            time.sleep(max(0.0, self._rest_until - time.monotonic()))
        with self._database.write() as db:
            began = time.monotonic()
            self._check(db.conn)
            done = act(db.conn)
        ended = time.monotonic()
        self._rest_until = ended + (ended - began)
        return done


def _many(connection: sqlite3.Connection, *, statement: str, rows: list[Sequence[Any]]) -> sqlite3.Cursor:
    return connection.executemany(statement, rows)


def _pieces(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    piece: list[Sequence[Any]] = []
    characters = 0
    for row in rows:
        piece.append(row)
        characters += sum(len(cell) for cell in row if isinstance(cell, str))
        if len(piece) >= ROWS or characters >= CHARACTERS:
            yield piece
            piece, characters = [], 0
    if piece:
        yield piece
