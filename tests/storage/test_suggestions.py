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


def test_the_likeliest_and_the_least_certain_come_in_turn(store):
    for score in (0.99, 0.9, 0.8, 0.6, 0.52, 0.5, 0.1):
        add(store, (f"t{score}", "x", 1.0, score))
    scores = [each.score for each in store.page(sort="mixed")[0]]
    assert scores == [0.99, 0.5, 0.9, 0.52, 0.8, 0.6, 0.1]
    pages = [each.score for page in range(4) for each in store.page(sort="mixed", page=page, size=2)[0]]
    assert pages == scores


def test_what_a_model_looked_for_comes_back_and_is_chosen_by(store):
    store.add("synonym", [Proposal("a", "b", what="merges", details={"term": "ä"})], source="model:m")
    add(store, ("c", "d"))
    (found,) = store.page(what="merges")[0]
    assert (found.what, found.details) == ("merges", {"term": "ä"})
    assert [each.first for each in store.page(what="")[0]] == ["c"]
    assert store.counts(what="merges")["waiting"] == store.counts(what="")["waiting"] == 1


def test_only_what_a_model_proposed_and_nobody_decided_is_renewed_or_withdrawn(store):
    for source in ("model:a", "generation:g"):
        for state in ("waiting", "later", "rejected"):
            add(store, (source, state, 1.0, 0.2), source=source, dictionary_id="d")
            store.decide(ids(store, size=99)[-1:], state)
    rows = [Proposal(source, state, 1.0, 0.7) for source in ("model:a", "generation:g")
            for state in ("waiting", "later", "rejected")]  # fmt: skip
    assert store.add("synonym", rows, source="model:b", dictionary_id="d", renew=True) == 0
    changed = {(each.first, each.second) for each in store.every() if each.score == 0.7}
    assert changed == {("model:a", "waiting"), ("model:a", "later")}
    assert {each.source for each in store.every() if each.score == 0.7} == {"model:b"}
    assert [row[1:3] for row in store.open_of_models("d")] == [("model:a", "waiting"), ("model:a", "later")]
    every = [each.id for each in store.every()]
    assert store.withdraw(every) == 4
    assert [(each.first, each.second) for each in store.every()] == [
        ("model:a", "rejected"), ("generation:g", "rejected")
    ]  # fmt: skip


def test_refused_are_those_of_no_and_marks_of_yes(store):
    for label in (0.0, 1.0):
        for state in ("accepted", "rejected", "later"):
            add(store, (f"{label:g}", state, label), dictionary_id="d")
            store.decide(ids(store, size=99)[-1:], state)
    assert store.refused("d") == [("0", "accepted", 0.0), ("0", "rejected", 0.0), ("1", "rejected", 1.0)]
    assert store.refused("other") == []


def test_a_long_queue_is_answered_from_indices(store, tmp_path):
    """The orders that the page asks for walk an index: no queue is sorted for one page of it."""
    connection = store._database.connection.conn
    for order in ("score IS NULL, score DESC, id", "abs(coalesce(score, 0.5) - 0.5), id"):
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT id FROM suggestions WHERE state = 'waiting' AND dictionary_id = 'd' "
            f"ORDER BY {order} LIMIT 40"
        ).fetchall()
        assert not [row for row in plan if "TEMP B-TREE" in row[3]]
