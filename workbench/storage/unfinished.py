"""What is being written in slices, by whom: unseen until it is whole, and swept when its process is gone."""

from __future__ import annotations

import os
import sqlite3
import time
import uuid
from dataclasses import dataclass

from workbench.errors import StorageProblem
from workbench.localtext import LocalText
from workbench.storage.database import Database

DICTIONARY = "dictionaries"
_ours: set[str] = set()  # owners at work in this process


@dataclass(frozen=True, slots=True)
class Unfinished:
    """One row: ``id`` of a set or dictionary in the table ``what``, and the ``version`` that is written."""

    id: str
    what: str
    version: int
    owner: str

    @property
    def abandoned(self) -> bool:
        """Whether who wrote it is gone: pids are used again, so the start time counts."""
        import psutil

        try:
            pid, started, _ = self.owner.split(":")
            if int(pid) == os.getpid():
                return self.owner not in _ours
            return bool(abs(psutil.Process(int(pid)).create_time() - float(started)) >= 1.0)
        except (ValueError, psutil.Error):
            return True


class Claim:
    """The right to write one set, or one version of a dictionary. Its methods are called in a transaction."""

    def __init__(self, what: str, id: str, version: int = 0) -> None:
        import psutil

        self.id, self.what, self.version = id, what, version
        self._owner = f"{os.getpid()}:{psutil.Process().create_time():.2f}:{uuid.uuid4().hex[:8]}"

    def begin(self, connection: sqlite3.Connection) -> None:
        """Note that it is being written."""
        connection.execute(
            "INSERT INTO unfinished (id, what, version, owner, created_at) VALUES (?, ?, ?, ?, ?)",
            (self.id, self.what, self.version, self._owner, time.time()),
        )
        _ours.add(self._owner)

    def check(self, connection: sqlite3.Connection) -> None:
        """Whether it is still ours.

        Raises:
            StorageProblem: it was swept: this process was thought to be gone.
        """
        if not self.is_held(connection):
            raise StorageProblem(
                LocalText(
                    "没有保存：写到一半时被当作中断的导入清理了。",
                    "Not saved: while it was written it was taken for an import that was cut off.",
                ),
                LocalText("已有的数据没有改变，请再试一次。", "Nothing was changed. Try again."),
            )

    def take_over(self, connection: sqlite3.Connection, owner: str) -> bool:
        """Become who sweeps what ``owner`` left; false where somebody else was first."""
        changed = connection.execute(
            "UPDATE unfinished SET owner = ? WHERE id = ? AND owner = ?", (self._owner, self.id, owner)
        ).rowcount
        if changed:
            _ours.add(self._owner)
        return bool(changed)

    def end(self, connection: sqlite3.Connection) -> None:
        """It is whole, or all of it is gone."""
        connection.execute("DELETE FROM unfinished WHERE id = ? AND owner = ?", (self.id, self._owner))

    def leave(self) -> None:
        """Nobody is at work on it any more; what is left of it may be swept."""
        _ours.discard(self._owner)

    def is_held(self, connection: sqlite3.Connection) -> bool:
        """Whether it is ours and not ended."""
        row = connection.execute("SELECT owner FROM unfinished WHERE id = ?", (self.id,)).fetchone()
        return row is not None and row[0] == self._owner


def unfinished(database: Database, id: str | None = None) -> list[Unfinished]:
    """Everything that is being written, or was left half written; or only what concerns ``id``."""
    rows = database.connection.conn.execute(
        "SELECT id, what, version, owner FROM unfinished WHERE ? IS NULL OR id = ? ORDER BY created_at",
        (id, id),
    )
    return [Unfinished(*row) for row in rows]
