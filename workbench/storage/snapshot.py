"""The database file as a whole: copied while others write, examined, asked whether anybody has it open."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import sqlite_utils

from workbench.errors import Conflict, StorageProblem
from workbench.localtext import LocalText
from workbench.storage.database import connect
from workbench.storage.migrations import migrations
from workbench.types import ACTIVE_STATES, FINAL_STATES

PAGES = 4096  # copied between two reports of progress
INTERRUPTED = LocalText(
    "备份时它正在进行；恢复后可以继续。", "It was under way when the backup was made; it can be resumed."
)
_MOST = 20  # damages named


def copy_database(source: Path, target: Path, progress: Callable[[float], None] | None = None) -> None:
    """Write ``source`` as it is at one moment into ``target``, one file, by SQLite's backup interface.

    Others may write meanwhile: the copy is made within one read transaction, so it neither waits for them
    nor begins anew. ``progress`` is told 0..1.

    Raises:
        StorageProblem: the disk is full, or the source is damaged.
    """

    def told(_: int, remaining: int, total: int) -> None:
        if progress:
            progress(1 - remaining / max(1, total))

    try:
        with closing(connect(source)) as reading, closing(sqlite3.connect(target)) as writing:
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on nothing changes
            reading.backup(writing, pages=PAGES, progress=told)
            reading.rollback()
            writing.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    except sqlite3.Error as error:
        raise StorageProblem(
            LocalText("数据库没能复制：{why}。", "The database could not be copied: {why}."),
            LocalText(
                "请检查磁盘空间；若数据库已损坏，请运行 doctor 查看。",
                "Check the room on the disk; where the database is damaged, doctor says so.",
            ),
            why=str(error),
        ) from error


def put_to_rest(path: Path) -> int:
    """End what is under way in a copy of the database: no process will ever work on it. How many runs."""
    final = ",".join(f"'{state}'" for state in FINAL_STATES)
    active = ",".join(f"'{state}'" for state in ACTIVE_STATES)
    said = json.dumps(INTERRUPTED.as_json(), ensure_ascii=False)
    with closing(sqlite3.connect(path)) as db, db:
        runs = db.execute(
            f"""UPDATE runs SET state = 'interrupted', message = ?, phase = ?, pid = NULL, pid_started = NULL,
                stop_request = NULL, finished_at = coalesce(heartbeat, started_at, created_at)
                WHERE state IN ({active})""",
            (said, said),
        ).rowcount
        db.execute(
            f"UPDATE generations SET state = 'interrupted', message = ? WHERE state NOT IN ({final})", (said,)
        )
    return runs


def schema_of(path: Path) -> list[str]:
    """The names of the migrations that a database has been through; none where it is not one of ours."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as raw:
            return [migration.name for migration in migrations.applied(sqlite_utils.Database(raw))]
    except sqlite3.Error:
        return []


def known_schema() -> list[str]:
    """The names of all migrations that this program has."""
    return [migration.name for migration in migrations.pending(sqlite_utils.Database(memory=True))]


def damages(path: Path) -> list[str]:
    """What SQLite finds wrong in a database, in its words: pages, indices, foreign keys; twenty at most."""
    try:
        with closing(connect(path)) as db:
            found = [str(row[0]) for row in db.execute(f"PRAGMA integrity_check({_MOST})")]
            found = [] if found == ["ok"] else found
            for table, row, parent, _ in db.execute("PRAGMA foreign_key_check").fetchmany(_MOST):
                found.append(f"{table} {row} -> {parent}")
            return found[:_MOST]
    except sqlite3.Error as error:
        return [str(error)]


def is_whole(path: Path) -> bool:
    """Whether a SQLite file that can be computed again can be read from end to end."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5)) as db:
            return [row[0] for row in db.execute("PRAGMA quick_check(1)")] == ["ok"]
    except sqlite3.OperationalError as error:
        return "locked" in str(error)  # somebody is busy with it
    except sqlite3.DatabaseError:
        return False


def refuse_in_use(path: Path) -> None:
    """Raise Conflict where a process has the database open: SQLite's own locks tell, and end with it."""
    if not path.exists():
        return
    with closing(sqlite3.connect(path, timeout=0.5, isolation_level=None)) as db:
        try:
            db.execute("PRAGMA locking_mode=EXCLUSIVE")
            db.execute("BEGIN EXCLUSIVE")
            db.rollback()
        except sqlite3.OperationalError as error:
            raise Conflict(
                LocalText(
                    "主目录 {home} 正在使用：工作台或一次训练还开着。",
                    "The home folder {home} is in use: the workbench, or a run, is still going on there.",
                ),
                LocalText(
                    "请先关闭它（停止服务器和训练），再重试。",
                    "Stop the server and its runs first, then try again.",
                ),
                home=path.parent,
            ) from error
        except sqlite3.DatabaseError:
            return  # damaged: nobody works with it, and a backup is to take its place
