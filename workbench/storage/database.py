"""One SQLite database: a connection for each thread, one writer at a time, every write all or nothing."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlite_utils

from workbench.errors import StorageProblem
from workbench.localtext import LocalText
from workbench.storage.migrations import migrations

BUSY_MILLISECONDS = 30_000


class Database:
    """The workbench's database file, safe for threads and for several processes.

    WAL lets readers go on while one process writes. A write begins with ``BEGIN IMMEDIATE``: a
    plain ``BEGIN`` asks for the write lock only at the first change, and then SQLite refuses at
    once instead of waiting.

    Raises:
        StorageProblem: the file cannot be opened, is no database, or the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._write_lock = threading.RLock()
        self._open_connections: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._list_lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with self.write() as db:
                migrations.apply(db)
                _refuse_newer(db, path)
        except (sqlite3.DatabaseError, OSError) as error:
            raise StorageProblem(
                LocalText("打不开数据库 {path}：{why}。", "The database {path} cannot be opened: {why}."),
                LocalText(
                    "请检查这个文件夹能否写入、磁盘是否有空间。",
                    "Check that the folder can be written to and that the disk has room.",
                ),
                path=path.name,
                why=str(error),
            ) from error

    @property
    def connection(self) -> sqlite_utils.Database:
        """This thread's connection, for reading."""
        db = getattr(self._local, "db", None)
        if db is None:
            raw = connect(self.path)
            # An acknowledged edit must survive a power cut as well, not only a crash of this program.
            raw.execute("PRAGMA synchronous=FULL")
            db = sqlite_utils.Database(raw)
            self._local.db = db
            with self._list_lock:
                self._close_those_of_dead_threads()
                self._open_connections.append((threading.current_thread(), raw))
        return db

    @contextmanager
    def write(self) -> Iterator[sqlite_utils.Database]:
        """A transaction that holds the write lock from its start; rolled back on any exception."""
        with self._write_lock:
            db = self.connection
            if db.conn.in_transaction:
                with db.atomic():
                    yield db
                return
            try:
                db.conn.execute("BEGIN IMMEDIATE")
                yield db
                db.conn.commit()
            except sqlite3.OperationalError as error:
                db.conn.rollback()
                raise _refused(error) from error
            except BaseException:
                db.conn.rollback()
                raise

    def close(self) -> None:
        """Close every thread's connection."""
        with self._list_lock:
            for _, connection in self._open_connections:
                connection.close()
            self._open_connections.clear()
        self._local = threading.local()

    def _close_those_of_dead_threads(self) -> None:
        """A server's threads come and go; each would leave three open files behind."""
        for thread, connection in self._open_connections:
            if not thread.is_alive():
                connection.close()
        self._open_connections = [entry for entry in self._open_connections if entry[0].is_alive()]


def connect(path: Path) -> sqlite3.Connection:
    """A connection that waits for other writers, in autocommit mode, usable from any thread."""
    raw = sqlite3.connect(
        path, timeout=BUSY_MILLISECONDS / 1000, isolation_level=None, check_same_thread=False
    )
    raw.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    _enable_wal(raw)
    raw.execute("PRAGMA synchronous=NORMAL")
    raw.execute("PRAGMA foreign_keys=ON")
    return raw


def _enable_wal(raw: sqlite3.Connection) -> None:
    """Switch to WAL; two processes that do so at once on a new file need more than one try."""
    for attempt in range(50):
        try:
            raw.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if attempt == 49:
                raise
            time.sleep(0.1)


def _refused(error: sqlite3.OperationalError) -> StorageProblem:
    return StorageProblem(
        LocalText("没有保存：{why}。", "Not saved: {why}."),
        LocalText(
            "请检查磁盘是否有空间、文件夹能否写入，再试一次。",
            "Check that the disk has room and that the folder can be written to, then try again.",
        ),
        why=str(error),
    )


def _refuse_newer(db: sqlite_utils.Database, path: Path) -> None:
    """A database that a later version has changed could be damaged by this one."""
    known = {migration.name for migration in migrations.pending(sqlite_utils.Database(memory=True))}
    if {migration.name for migration in migrations.applied(db)} - known:
        raise StorageProblem(
            LocalText(
                "数据库 {path} 是由更新版本的程序写的。",
                "The database {path} was written by a newer program.",
            ),
            LocalText(
                "请升级本程序，或用 --home 指定另一个文件夹。",
                "Upgrade this program, or name another folder with --home.",
            ),
            path=path.name,
        )
