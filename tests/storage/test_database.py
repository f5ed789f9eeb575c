"""The database under several processes, several threads, exceptions and a full disk."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from workbench.errors import StorageProblem
from workbench.storage.database import Database

ROOT = Path(__file__).resolve().parents[2]
WRITER = """
import sys, time
from pathlib import Path
from workbench.storage.database import Database
database = Database(Path(sys.argv[1]))
end, count = time.monotonic() + 2.0, 0
while time.monotonic() < end:
    with database.write() as db:
        held = db.conn.execute("SELECT value FROM rates WHERE name = 'n'").fetchone()
        db.conn.execute("INSERT OR REPLACE INTO rates VALUES ('n', ?)", ((held[0] if held else 0) + 1,))
    count += 1
print(count)
"""


@pytest.mark.case(11)
def test_eight_processes_open_a_new_file_and_write_for_two_seconds(tmp_path, tell):
    command = [sys.executable, "-c", WRITER, str(tmp_path / "new" / "workbench.db")]
    writers = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    answers = [writer.communicate(timeout=60) for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 8, [error[-500:] for _, error in answers]
    counts = [int(out) for out, _ in answers]
    assert min(counts) > 0
    total = Database(tmp_path / "new" / "workbench.db").connection.execute("SELECT value FROM rates")
    assert total.fetchone()[0] == sum(counts)  # read and write are one: not a single update was lost
    tell(
        "8 processes that write for 2 s into one new database",
        sum(counts),
        "no “database is locked”, not one update lost",
    )


@pytest.mark.case(13)
def test_opening_again_migrates_again_and_loses_nothing(tmp_path, tell):
    path = tmp_path / "workbench.db"
    first = Database(path)
    with first.write() as db:
        db["rates"].insert({"name": "kept", "value": 2.5})
    schema = first.connection.schema
    first.close()
    for _ in range(2):
        again = Database(path)
        assert list(again.connection["rates"].rows) == [{"name": "kept", "value": 2.5}]
        assert again.connection.schema == schema
        again.close()
    tell("a database opened again", 2, "the same schema, the same rows")


def test_an_exception_takes_back_the_whole_write(tmp_path):
    database = Database(tmp_path / "workbench.db")
    with pytest.raises(RuntimeError, match="in the middle"), database.write() as db:  # noqa: PT012
        db["rates"].insert({"name": "a", "value": 1.0})
        raise RuntimeError("in the middle")
    assert database.connection["rates"].count == 0
    with database.write() as db:  # and the lock is free again
        db["rates"].insert({"name": "b", "value": 1.0})
    assert database.connection["rates"].count == 1


def test_a_write_within_a_write_belongs_to_it(tmp_path):
    database = Database(tmp_path / "workbench.db")
    with pytest.raises(RuntimeError), database.write() as outer:  # noqa: PT012
        outer["rates"].insert({"name": "outer", "value": 1.0})
        with database.write() as inner:
            inner["rates"].insert({"name": "inner", "value": 1.0})
        raise RuntimeError
    assert database.connection["rates"].count == 0


def test_a_failed_inner_write_that_is_caught_leaves_the_outer_one(tmp_path):
    database = Database(tmp_path / "workbench.db")
    with database.write() as outer:
        outer["rates"].insert({"name": "outer", "value": 1.0})
        with pytest.raises(RuntimeError), database.write() as inner:  # noqa: PT012
            inner["rates"].insert({"name": "inner", "value": 1.0})
            raise RuntimeError
    assert [row["name"] for row in database.connection["rates"].rows] == ["outer"]


def test_threads_write_without_losing_an_update(tmp_path):
    database = Database(tmp_path / "workbench.db")

    def add() -> None:
        for _ in range(25):
            with database.write() as db:
                held = db.conn.execute("SELECT value FROM rates WHERE name = 'n'").fetchone()
                db.conn.execute(
                    "INSERT OR REPLACE INTO rates VALUES ('n', ?)", ((held[0] if held else 0) + 1,)
                )

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert next(database.connection["rates"].rows)["value"] == 150


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files as Linux shows them")
def test_threads_that_are_gone_leave_no_open_files(tmp_path):
    database = Database(tmp_path / "workbench.db")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(60):
        thread = threading.Thread(target=lambda: database.connection["rates"].count)
        thread.start()
        thread.join()
    assert len(list(Path("/proc/self/fd").iterdir())) - before < 12


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files as Linux shows them")
@pytest.mark.case(12)
def test_fifty_times_open_and_close_leave_nothing(tmp_path, tell):
    Database(tmp_path / "workbench.db").close()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(50):
        database = Database(tmp_path / "workbench.db")
        assert database.connection["rates"].count == 0
        database.close()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
    tell("the database opened and closed", 50, "no file left open")


@pytest.mark.case(6)
def test_a_full_disk_is_said_in_words_and_nothing_is_half_written(tmp_path, tell):
    database = Database(tmp_path / "workbench.db")
    pages = database.connection.execute("PRAGMA page_count").fetchone()[0]
    database.connection.execute(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(StorageProblem) as caught, database.write() as db:  # noqa: PT012
        for number in range(20_000):
            db.conn.execute("INSERT INTO rates VALUES (?, 1)", (f"{number:050}",))
    assert "full" in caught.value.text("en")
    assert "磁盘" in caught.value.text("zh")
    assert database.connection["rates"].count == 0
    tell(
        "the disk is full in the middle of a write of 20,000 rows",
        1,
        "a sentence in both languages, and not one of the rows is there",
    )


def test_a_unique_value_twice_stays_an_integrity_error(tmp_path):
    database = Database(tmp_path / "workbench.db")
    with pytest.raises(sqlite3.IntegrityError), database.write() as db:  # noqa: PT012
        db["rates"].insert({"name": "a", "value": 1.0})
        db["rates"].insert({"name": "a", "value": 2.0})
    assert database.connection["rates"].count == 0


def test_a_file_that_is_no_database_is_refused_in_words_and_left_alone(tmp_path):
    path = tmp_path / "workbench.db"
    path.write_bytes(b"not a database, but somebody's file " * 100)
    with pytest.raises(StorageProblem) as caught:
        Database(path)
    assert "workbench.db" in caught.value.text("zh")
    assert str(tmp_path) not in caught.value.text("en")
    assert path.read_bytes().startswith(b"not a database")


def test_a_home_that_is_a_file_is_refused_in_words(tmp_path):
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StorageProblem):
        Database(tmp_path / "home" / "workbench.db")


def test_a_database_of_a_newer_program_is_refused_in_words(tmp_path):
    path = tmp_path / "workbench.db"
    database = Database(path)
    with database.write() as db:
        db.conn.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
            "VALUES ('workbench', 'm999_later', '')"
        )
    database.close()
    with pytest.raises(StorageProblem) as caught:
        Database(path)
    assert "newer" in caught.value.text("en")
    assert "更新" in caught.value.text("zh")
