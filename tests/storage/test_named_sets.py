"""Pair sets, corpora and retrieval sets in the database: whole or not at all, paged, searched, deleted."""

import threading

import pytest

from workbench.errors import NameTaken, NotFound
from workbench.storage.corpora import CorpusStore
from workbench.storage.database import Database
from workbench.storage.pair_sets import PairSetStore
from workbench.storage.retrieval_sets import RetrievalSetStore
from workbench.types import LabelledPair, RetrievalSet

PAIRS = [
    LabelledPair("越野车", "SUV", 1.0, row=2),
    LabelledPair("越野车", "火车", 0.0, row=3),
    LabelledPair("100%", "50%_off", 0.25, row=4),
]
TRIPLETS = [LabelledPair("车", "汽车", 1.0, "马", 2)]
TEXTS = [("钢筋混凝土", 1), ("'; DROP TABLE corpora; --", 3), ("𠮷野家 🚗 100%", 4)]
SET = RetrievalSet(("换胎", "保养"), ("轮胎更换", "发动机保养", "无关"), ((0,), (0, 1)))


@pytest.fixture
def database(tmp_path):
    opened = Database(tmp_path / "workbench.db")
    yield opened
    opened.close()


def save(store, name="集", content=None, **more):
    """Save the usual content, or what is given, into any of the three stores."""
    if isinstance(store, PairSetStore):
        more.setdefault("kind", "labels")
        return store.save(name, PAIRS if content is None else content, source="a.csv", **more)
    if isinstance(store, CorpusStore):
        return store.save(name, TEXTS if content is None else content, unit="line", source="a.txt", **more)
    return store.save(name, SET if content is None else content, source="q.tsv", **more)


OTHER = {
    PairSetStore: PAIRS[:1],
    CorpusStore: TEXTS[:1],
    RetrievalSetStore: RetrievalSet(("q",), ("p",), ((0,),)),
}
each_store = pytest.mark.parametrize("kind", list(OTHER))


def rows_left(database):
    tables = ("pair_set_rows", "corpus_texts", "retrieval_texts", "retrieval_answers")
    return sum(database.connection[table].count for table in tables)


def test_pairs_come_back_as_they_went_in(database):
    store = PairSetStore(database)
    info = save(store, recipe={"seed": 3, "名": "模板"}, trusted=False)
    assert (info.rows, info.positives, info.kind, info.trusted) == (3, 1, "labels", False)
    assert info.recipe == {"seed": 3, "名": "模板"}
    assert list(store.pairs(info.id)) == PAIRS
    triplets = save(store, "三元组", TRIPLETS, kind="triplets")
    assert list(store.pairs(triplets.id)) == TRIPLETS
    assert store.all() == [triplets, info]


def test_texts_come_back_as_they_went_in_from_a_stream(database):
    store = CorpusStore(database)
    info = save(store, content=iter(TEXTS))
    assert (info.texts, info.characters, info.unit) == (3, sum(len(text) for text, _ in TEXTS), "line")
    assert list(store.texts(info.id)) == [text for text, _ in TEXTS]


def test_a_retrieval_set_comes_back_as_it_went_in(database):
    store = RetrievalSetStore(database)
    info = save(store, query_rows=(1, 2), passage_rows=(1, 2, 3))
    assert (info.queries, info.passages, info.answers) == (2, 3, 3)
    assert store.set(info.id) == SET


@each_store
def test_the_same_content_again_under_the_same_name_changes_nothing(database, kind):
    store = kind(database)
    first = save(store)
    before = rows_left(database)
    assert save(store) == first
    assert save(store, replace=True) == first
    assert rows_left(database) == before
    assert database.connection[store._sets._kind.table].count == 1


@each_store
def test_other_content_needs_another_name_or_replaces_the_old_wholly(database, kind):
    store = kind(database)
    first = save(store)
    before = rows_left(database)
    with pytest.raises(NameTaken) as caught:
        save(store, content=OTHER[kind])
    assert "集" in caught.value.text("zh")
    assert (store.get("集"), rows_left(database)) == (first, before)
    second = save(store, content=OTHER[kind], replace=True)
    assert store.all() == [second]
    assert second.id != first.id
    assert rows_left(database) < before


@each_store
def test_deleting_frees_the_rows_and_the_name(database, kind):
    store = kind(database)
    save(store)
    store.delete("集")
    assert (store.all(), rows_left(database)) == ([], 0)
    again = save(store)
    assert store.get("集") == again


@each_store
def test_an_unknown_name_is_refused_with_the_names_there_are(database, kind):
    store = kind(database)
    with pytest.raises(NotFound):
        store.get("没有")
    save(store, "甲集")
    for act in (store.get, store.delete):
        with pytest.raises(NotFound) as caught:
            act("没有")
        assert "甲集" in caught.value.text("zh")
        assert "甲集" in caught.value.text("en")


@each_store
def test_a_save_that_breaks_off_leaves_nothing(database, kind):
    store = kind(database)

    def broken():
        yield (PAIRS if kind is PairSetStore else TEXTS)[0]
        raise RuntimeError("disk")

    content = RetrievalSet(("q",), ("p", None), ((0,),)) if kind is RetrievalSetStore else broken()
    with pytest.raises(Exception):  # noqa: B017  # the second passage is no text: SQLite's own error
        save(store, content=content)
    assert (store.all(), rows_left(database)) == ([], 0)
    assert database.connection[store._sets._kind.table].count == 0


def test_pages_and_searches_of_pairs(database):
    store = PairSetStore(database)
    info = save(store)
    assert store.page(info.id, page=1, size=2) == (PAIRS[2:], 3)
    assert store.page(info.id, search="越野", size=1) == (PAIRS[:1], 2)
    assert store.page(info.id, search="suv") == (PAIRS[:1], 1)
    assert store.page(info.id, search="0%_o") == (PAIRS[2:], 1)
    assert store.page(info.id, search="%") == (PAIRS[2:], 1)
    assert store.page(info.id, search="没有") == ([], 0)
    triplets = save(store, "三", TRIPLETS, kind="triplets")
    assert store.page(triplets.id, search="马") == (TRIPLETS, 1)


def test_pages_and_searches_of_texts(database):
    store = CorpusStore(database)
    info = save(store)
    assert store.page(info.id, page=1, size=2) == (TEXTS[2:], 3)
    assert store.page(info.id, search="drop table") == (TEXTS[1:2], 1)
    assert store.page(info.id, search="🚗") == (TEXTS[2:], 1)


def test_pages_and_searches_of_queries_and_their_answers(database):
    store = RetrievalSetStore(database)
    info = save(store)
    both = [("换胎", ("轮胎更换",)), ("保养", ("轮胎更换", "发动机保养"))]
    assert store.page(info.id) == (both, 2)
    assert store.page(info.id, page=1, size=1) == (both[1:], 2)
    assert store.page(info.id, search="换胎") == (both[:1], 1)
    assert store.page(info.id, search="发动机") == (both[1:], 1)
    assert store.page(info.id, search="无关") == ([], 0)


def test_accepting_makes_a_set_trusted_and_nothing_else(database):
    store = PairSetStore(database)
    before = save(store, trusted=False)
    other = save(store, "别的", PAIRS[:2], trusted=False)
    after = store.accept("集")
    assert (before.trusted, after.trusted, store.get("别的")) == (False, True, other)
    with pytest.raises(NotFound):
        store.accept("没有")


def test_a_long_set_is_read_in_pieces_without_loss(database):
    store = CorpusStore(database)
    texts = [(f"第{n}条", n) for n in range(12_345)]
    info = save(store, content=texts)
    assert list(store.texts(info.id)) == [text for text, _ in texts]


def test_two_at_once_under_one_name_give_one_set(database):
    store = PairSetStore(database)
    outcomes = []

    def attempt(content):
        try:
            outcomes.append(save(store, content=content).rows)
        except NameTaken:
            outcomes.append(None)

    threads = [threading.Thread(target=attempt, args=(PAIRS[:n],)) for n in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([rows for rows in outcomes if rows]) == 1
    assert outcomes.count(None) == 2
    assert len(store.all()) == 1
