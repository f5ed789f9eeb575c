"""Large saves: few rows in each transaction, nothing seen before it is whole, others write meanwhile."""

import threading
from contextlib import contextmanager

import pytest

from workbench.errors import NameTaken, StorageProblem
from workbench.storage import slices, turns
from workbench.storage.corpora import CorpusStore
from workbench.storage.database import Database
from workbench.storage.dictionaries import DictionaryStore
from workbench.storage.pair_sets import PairSetStore
from workbench.storage.retrieval_sets import RetrievalSetStore
from workbench.storage.sweeping import leftovers, sweep_leftover
from workbench.storage.unfinished import unfinished
from workbench.types import LabelColumn, LabelledPair, Pair, RetrievalSet

ROWS = 40  # of a transaction, in these tests
BESIDE = 12  # rows that a last step may change besides: the set itself, its version, what keeps its turn
TABLES = ("entries", "entry_labels", "pair_set_rows", "corpus_texts", "retrieval_texts", "retrieval_answers")


@pytest.fixture(autouse=True)
def short_slices(monkeypatch):
    monkeypatch.setattr("workbench.storage.slices.ROWS", ROWS)
    monkeypatch.setattr("workbench.storage.sweeping.ROWS", ROWS)


@pytest.fixture
def database(tmp_path):
    opened = Database(tmp_path / "workbench.db")
    yield opened
    opened.close()


@pytest.fixture
def largest(database, monkeypatch):
    """The rows that the largest transaction changed since this list was last cleared."""
    changed, write = [0], database.write

    @contextmanager
    def counted():
        connection = database.connection.conn
        outermost, before = not connection.in_transaction, connection.total_changes
        with write() as db:
            yield db
        if outermost:
            changed.append(connection.total_changes - before)

    monkeypatch.setattr(database, "write", counted)
    return changed


@pytest.fixture
def between(monkeypatch):
    """Called before each slice, outside of every transaction."""
    probes, in_turn = [], slices.Slices._in_turn

    def probed(self, act):
        for probe in probes:
            probe()
        return in_turn(self, act)

    monkeypatch.setattr(slices.Slices, "_in_turn", probed)
    return probes


def some(count, mark=""):
    return [Pair(f"standard {n // 5}", f"word {mark}{n}", n) for n in range(count)]


def save(database, pairs, **more):
    more.setdefault("labels", [LabelColumn("kind", ("a", "b"), tuple(n % 2 for n in range(len(pairs))))])
    return DictionaryStore(database).save("d", pairs, language="en", source="a.csv", **more)


def save_pairs(database, count, **more):
    rows = (LabelledPair(f"a{n}", f"b{n}", 1.0, row=n) for n in range(count))
    return PairSetStore(database).save("s", rows, kind="labels", source="a.csv", **more)


def save_text(database, count, **more):
    texts = ((f"text {n}", n) for n in range(count))
    return CorpusStore(database).save("s", texts, unit="line", source="a.txt", **more)


def save_retrieval(database, count, **more):
    names = tuple(f"q{n}" for n in range(count))
    content = RetrievalSet(names, names, tuple((n,) for n in range(count)))
    return RetrievalSetStore(database).save("s", content, source="q.tsv", **more)


SETS = pytest.mark.parametrize(
    ("store", "save_set"),
    [(PairSetStore, save_pairs), (CorpusStore, save_text), (RetrievalSetStore, save_retrieval)],
)


def rows_left(database):
    return {table: database.connection[table].count for table in TABLES if database.connection[table].count}


def assert_bounded(largest, slices_at_least=5):
    assert max(largest) <= ROWS + BESIDE
    assert sum(count >= ROWS for count in largest) >= slices_at_least
    largest[:] = [0]


@SETS
def test_a_set_is_written_replaced_and_deleted_in_slices(database, largest, store, save_set):
    save_set(database, 250)
    assert_bounded(largest)
    save_set(database, 230, replace=True)
    assert_bounded(largest, 10)  # as many are deleted
    store(database).delete("s")
    assert_bounded(largest)
    assert not rows_left(database)
    assert not unfinished(database)


def test_a_dictionary_is_written_replaced_and_deleted_in_slices(database, largest):
    save(database, some(250))
    assert_bounded(largest, 12)  # lines and labels
    info = save(database, some(250, "x"), replace=True)
    assert_bounded(largest, 12)
    assert info.version == 2
    assert [pair.synonym for pair in DictionaryStore(database).pairs(info.version_id)][:2] == [
        "word x0",
        "word x1",
    ]
    DictionaryStore(database).delete("d")
    assert_bounded(largest, 12)
    assert not rows_left(database)
    assert not unfinished(database)


def test_long_texts_make_short_slices(database, largest, monkeypatch):
    monkeypatch.setattr("workbench.storage.slices.CHARACTERS", 1_000)
    CorpusStore(database).save("s", (("x" * 300, n) for n in range(40)), unit="line", source="a.txt")
    assert max(largest) <= 4 + BESIDE


@SETS
def test_nobody_sees_a_set_before_it_is_whole_and_others_write_meanwhile(database, between, store, save_set):
    other = Database(database.path)
    seen = []

    def probe():
        with other.write() as db:  # it would wait for thirty seconds
            db.conn.execute("INSERT OR REPLACE INTO rates (name, value) VALUES ('beside', 1)")
        seen.append(len(store(other).all()))

    between.append(probe)
    save_set(database, 250)
    other.close()
    assert len(seen) >= 6
    assert set(seen) == {0}
    assert len(store(database).all()) == 1


def test_nobody_sees_a_dictionary_before_it_is_whole(database, between):
    store, seen = DictionaryStore(database), []
    between.append(lambda: seen.append([info.version for info in store.all()]))
    first = save(database, some(100))
    assert len(seen) >= 5
    assert all(not each for each in seen)
    seen.clear()
    between.append(lambda: seen.append(store.pairs(first.version_id) == some(100)))
    between.append(lambda: seen.append(store.labels(first)["kind"]["word 1"] == "b"))
    save(database, some(100, "x"), replace=True)
    assert len(seen) >= 20
    assert all(each in ([1], True) for each in seen)


def test_what_cannot_be_read_to_its_end_leaves_nothing(database):
    def breaking():
        yield from ((f"text {n}", n) for n in range(130))
        raise OSError("the spool is gone")

    with pytest.raises(OSError, match="spool"):
        CorpusStore(database).save("s", breaking(), unit="line", source="a.txt")
    with pytest.raises(ZeroDivisionError):
        save(database, some(150), labels=_Breaking())
    assert not rows_left(database)
    assert not unfinished(database)
    assert database.connection["corpora"].count == 0 == database.connection["dictionaries"].count


class _Breaking(list):
    def __getitem__(self, key):
        return 1 / 0


def test_a_replacement_that_fails_leaves_the_version_before_it(database, monkeypatch):
    info = save(database, some(150))
    before = rows_left(database)
    monkeypatch.setattr("workbench.storage.history.add_version", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save(database, some(120, "x"), replace=True)
    assert rows_left(database) == before
    assert not unfinished(database)
    monkeypatch.undo()
    assert DictionaryStore(database).pairs(info.version_id) == some(150)
    assert database.connection.conn.execute("SELECT count(*) FROM entries WHERE died > 0").fetchone() == (0,)
    assert save(database, some(120, "x"), replace=True).version == 2


def test_of_two_new_dictionaries_of_one_name_the_second_is_refused_in_words(database, between):
    other = Database(database.path)

    def first():
        between.clear()
        save(other, some(60, "other"))

    between.append(first)
    with pytest.raises(NameTaken, match="already a dictionary"):
        save(database, some(60))
    other.close()
    assert len(DictionaryStore(database).all()) == 1
    assert not unfinished(database)
    assert rows_left(database) == {"entries": 60, "entry_labels": 60}


def test_a_second_import_into_a_dictionary_waits_for_the_first(database, between):
    save(database, some(60))
    started, go = threading.Event(), threading.Event()
    held = [True]

    def hold():
        if held.pop() if held else False:
            started.set()
            assert go.wait(20)

    between.append(hold)
    threads = [
        threading.Thread(target=save, args=(database, some(60, mark)), kwargs={"replace": True})
        for mark in "xy"
    ]
    threads[0].start()
    assert started.wait(20)
    threads[1].start()
    threads[1].join(0.3)
    assert threads[1].is_alive()
    assert DictionaryStore(database).get("d").version == 1
    go.set()
    for thread in threads:
        thread.join(20)
    info = DictionaryStore(database).get("d")
    assert info.version == 3
    assert DictionaryStore(database).pairs(info.version_id)[0].synonym == "word y0"


def test_who_has_waited_long_enough_is_told_so(database, between, monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE", 0.1)
    info, said = save(database, some(60)), []

    def ask():
        with pytest.raises(StorageProblem) as error:
            turns.wait(database, info)
        said.append(error.value.text("en"))

    between.append(ask)
    save(database, some(60, "x"), replace=True)
    assert set(said) == {"A file is being imported into “d”. Nothing was changed. Try again in a moment."}
    turns.wait(database, info)


def test_what_the_living_write_is_no_leftover_and_what_the_dead_left_is_swept(database, between):
    found = []
    between.append(lambda: found.append(len(leftovers(database))))
    save_text(database, 100)
    assert set(found) == {0}
    save(database, some(100))
    with database.write() as db:  # as it stands when the process is killed after some slices
        db.conn.execute("INSERT INTO unfinished VALUES ('gone', 'corpora', 0, '999999999:1.00:x', 0)")
        db.conn.execute("INSERT INTO corpora VALUES ('gone', '语料', 'line', 0, 0, '', '', 0, 1)")
        rows = [("gone", n, "x", n) for n in range(90)]
        db.conn.executemany("INSERT INTO corpus_texts VALUES (?, ?, ?, ?)", rows)
    left = leftovers(database)
    assert [each.name for each in left] == ["语料"]
    between.clear()
    sweep_leftover(database, left[0].row)
    sweep_leftover(database, left[0].row)  # somebody else was first
    assert not leftovers(database)
    assert rows_left(database)["corpus_texts"] == 100
    assert database.connection["corpora"].count == 1
