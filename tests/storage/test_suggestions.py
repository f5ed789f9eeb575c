"""The queue in the database: what was decided stays, and nothing comes twice."""

import pytest

from workbench.localtext import LocalText
from workbench.storage.database import Database
from workbench.storage.suggestions import Proposal, SuggestionStore, pair_key


@pytest.fixture
def store(tmp_path):
    database = Database(tmp_path / "workbench.db")
    yield SuggestionStore(database)
    database.close()


def add(store, *pairs, kind="synonym", source="generation:x", **more):
    return store.add(kind, [Proposal(*pair) for pair in pairs], source=source, **more)


def ids(store, **where):
    return [each.id for each in store.page(**where, sort="newest")[0]][::-1]


def test_rows_come_back_as_they_went_in(store):
    reason = LocalText("因为 {a}", "because {a}").format(a="{b}")
    store.add("synonym", [Proposal("车", "汽车", 1.0, 0.25, reason)], source="model:run-1")
    (found,), total = store.page()
    assert total == 1
    assert (found.first, found.second, found.label, found.score) == ("车", "汽车", 1.0, 0.25)
    assert (found.state, found.author, found.decided_at, found.dictionary) == ("waiting", "", None, "")
    assert found.reason.get("zh") == "因为 {b}"
    assert store.get([found.id, 99]) == [found]


@pytest.mark.parametrize("state", ["waiting", "accepted", "rejected", "later"])
def test_what_is_there_in_any_state_never_comes_again(store, state):
    assert add(store, ("车", "汽车")) == 1
    store.decide(ids(store), state)
    assert add(store, ("车", "汽车"), ("汽车", "车"), ("ＣＡＲ", "车"), ("车", "car ")) == 1
    assert sum(store.counts().values()) == 2
    assert add(store, ("车", "汽车"), kind="sentence_pair") == 1
    assert add(store, ("车", "汽车"), dictionary_id="d1") == 1


def test_pair_keys_do_not_know_an_order():
    assert pair_key("a", "B ") == pair_key("b", "Ａ")
    assert pair_key("ab", "c") != pair_key("a", "bc")


def test_pages_are_sorted_searched_and_counted(store):
    for first, score in (("a", 0.9), ("b%", None), ("c", 0.5), ("d", 0.1)):
        add(store, (first, f"{first}-x", 1.0, score))
    names = lambda **how: [each.first for each in store.page(**how)[0]]
    assert names(sort="score") == ["a", "c", "d", "b%"]
    assert names(sort="newest") == ["d", "c", "b%", "a"]
    assert names(sort="uncertainty") == ["b%", "c", "a", "d"]
    assert names(sort="score", page=1, size=3) == ["b%"]
    assert store.page(search="%")[1] == 1
    assert store.page(search="C-X")[1] == 1
    assert store.page(search="'; DROP TABLE suggestions; --")[1] == 0
    store.decide(ids(store)[:1], "accepted", "王")
    assert store.counts() == {"waiting": 3, "accepted": 1, "rejected": 0, "later": 0}
    assert store.counts(kind="question") == dict.fromkeys(("waiting", "accepted", "rejected", "later"), 0)
    assert names(state="accepted") == ["a"]
    assert len(names(state=None)) == 4
    assert [each.first for each in store.every(state="waiting")] == ["b%", "c", "d"]


def test_only_open_ones_are_decided_and_who_is_noted(store):
    add(store, *((f"t{n}", "x") for n in range(1200)))
    chosen = ids(store, size=2000)
    assert store.decide(chosen, "accepted", "王") == chosen
    assert store.decide(chosen[:3], "rejected", "李") == []
    (first,) = store.get(chosen[:1])
    assert (first.state, first.author) == ("accepted", "王")
    assert first.decided_at is not None
    assert store.decide(chosen[:3], "waiting", before=("accepted",)) == chosen[:3]
    (first,) = store.get(chosen[:1])
    assert (first.state, first.author, first.decided_at) == ("waiting", "", None)
