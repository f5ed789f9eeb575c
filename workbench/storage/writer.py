"""What functions that write rows ask of a connection: one within a transaction, or slices of several."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Protocol


class Writer(Protocol):
    """A connection within a transaction, or :class:`~workbench.storage.slices.Slices` of several."""

    def execute(self, statement: str, arguments: Sequence[Any] = (), /) -> sqlite3.Cursor:
        """Carry out one statement."""

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Carry out one statement for each of some rows."""
