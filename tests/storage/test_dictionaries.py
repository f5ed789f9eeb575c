"""Dictionaries: versions, names, pages of groups, and the frozen split that later versions inherit."""

from dataclasses import replace

import pytest

from workbench.errors import NameTaken, NotFound
from workbench.evaluation.split import make_split
from workbench.normalise import term_key
from workbench.storage.database import Database
from workbench.storage.dictionaries import DictionaryStore
from workbench.types import Pair

PAIRS = [
    Pair("越野车", "SUV", 2),
    Pair("越野车", "越野汽车", 3),
    Pair("轿车", "小轿车", 4),
    Pair("混凝土", "砼", 5),
    Pair("钢筋", "螺纹钢", 6),
]
HOSTILE = [
    "100%",
    "50%_off",
    "_",
    "%",
    "\\",
    "a\\b",
    "'; DROP TABLE pairs; --",
    '" OR 1=1 --',
    "Robert'); DELETE FROM dictionaries;--",
    "=HYPERLINK(1)",
    "<script>alert(1)</script>",
    "tab\tin\u00a0it",
    "𠮷野家 🚗",
]


@pytest.fixture
def store(tmp_path):
    database = Database(tmp_path / "workbench.db")
    yield DictionaryStore(database)
    database.close()


def save(store, name="车", pairs=PAIRS, **more):
    return store.save(name, pairs, language="zh", source="a.csv", **more)


def test_what_is_saved_comes_back_in_order_and_counted(store):
    info = save(store)
    assert (info.name, info.version, info.pairs, info.standards, info.terms) == ("车", 1, 5, 4, 9)
    assert store.pairs(info.version_id) == PAIRS
    assert store.get("车") == info
    assert not info.sample


def test_pairs_of_one_group_that_lie_apart_are_brought_together(store):
    pairs = [Pair("A", "a1", 2), Pair("B", "b1", 3), Pair("A", "a2", 4)]
    info = save(store, pairs=pairs)
    assert [pair.synonym for pair in store.pairs(info.version_id)] == ["a1", "a2", "b1"]


def test_a_taken_name_is_refused_and_changes_nothing(store):
    info = save(store)
    with pytest.raises(NameTaken) as caught:
        save(store, pairs=PAIRS[:2])
    assert "车" in caught.value.text("zh")
    assert store.pairs(store.get("车").version_id) == PAIRS
    assert store.get("车") == info


def test_replacing_makes_a_new_version_and_keeps_the_old_one(store):
    first = save(store)
    second = save(store, pairs=PAIRS[:3], replace=True)
    assert (second.id, second.version, second.pairs) == (first.id, 2, 3)
    assert store.pairs(first.version_id) == PAIRS
    assert store.owns(first.id, first.version_id)
    assert store.owns(first.id, second.version_id)
    assert [info.version for info in store.all()] == [2]


def test_the_same_content_makes_no_new_version(store):
    first = save(store)
    moved = [replace(pair, row=pair.row + 10) for pair in PAIRS]
    assert save(store, pairs=moved, replace=True) == first


def test_the_boundary_between_terms_counts_as_content(store):
    save(store, pairs=[Pair("ab", "c"), Pair("x", "y")])
    assert save(store, pairs=[Pair("a", "bc"), Pair("x", "y")], replace=True).version == 2


def test_a_deleted_dictionary_is_gone_with_its_terms_and_the_others_stay(store):
    other = save(store, "船", pairs=concepts(30))
    split = store.save_split(other.version_id, make_split(concepts(30)))
    first = save(store, pairs=concepts(30))
    info = save(store, pairs=PAIRS, replace=True)
    store.save_split(first.version_id, make_split(concepts(30)))
    store.delete("车")
    for version in (first.version_id, info.version_id):
        assert store.pairs(version) == []
        assert store.split(version) is None
    assert store.pairs(other.version_id) == concepts(30)
    assert store.split(other.version_id) == split
    store.delete("船")
    assert store.all() == []
    with pytest.raises(NotFound):
        store.get("车")
    assert store.any_ever()  # the samples do not come back


def test_a_name_can_be_used_again_after_deletion(store):
    old = save(store)
    store.delete("车")
    new = save(store, pairs=PAIRS[:2])
    assert new.id != old.id
    assert (new.version, new.pairs) == (1, 2)
    assert not store.owns(new.id, old.version_id)
    assert store.newest_split(new) is None
    with pytest.raises(NotFound):
        store.delete("没有")


def test_an_unknown_name_is_said_with_the_known_ones(store):
    save(store)
    with pytest.raises(NotFound) as caught:
        store.get("船")
    for language in ("zh", "en"):
        assert "船" in caught.value.text(language)
        assert "车" in caught.value.text(language)


def test_the_experts_own_come_before_the_samples(store):
    save(store, "样例", sample=True)
    save(store, "mine")
    assert [(info.name, info.sample) for info in store.all()] == [("mine", False), ("样例", True)]


def test_a_version_is_found_by_its_id_whatever_came_later(store):
    first = save(store)
    save(store, pairs=PAIRS[:3], replace=True)
    assert store.version(first.version_id) == first
    with pytest.raises(NotFound):
        store.version("nothing")


def test_the_terms_of_a_version_are_known(store):
    info = save(store)
    assert store.holds(info.version_id, ["SUV", "越野车", "船", "SUV"]) == 2
    assert store.holds(info.version_id, []) == 0
    assert store.holds("nothing", ["SUV"]) == 0


# -- pages of groups ----------------------------------------------------------------------------


def groups(store, info, search="", page=0, size=10):
    found, total = store.groups_page(info.version_id, search=search, page=page, size=size)
    return {group.standard: group.synonyms for group in found}, total


def test_pages_cut_the_groups_and_count_them_all(store):
    info = save(store)
    assert groups(store, info, size=3) == (
        {"越野车": ("SUV", "越野汽车"), "轿车": ("小轿车",), "混凝土": ("砼",)},
        4,
    )
    assert groups(store, info, page=1, size=3) == ({"钢筋": ("螺纹钢",)}, 4)
    assert groups(store, info, page=9, size=3) == ({}, 4)


def test_a_search_finds_any_term_of_a_group_and_shows_the_whole_group(store):
    info = save(store)
    assert groups(store, info, "suv") == ({"越野车": ("SUV", "越野汽车")}, 1)
    assert groups(store, info, "  车 ")[1] == 2
    assert groups(store, info, "没有") == ({}, 0)


@pytest.mark.case(29)
@pytest.mark.parametrize("term", HOSTILE)
def test_any_term_is_stored_and_found_to_the_letter(store, term, tell):
    pairs = [*PAIRS, *(Pair(f"std {number}", other) for number, other in enumerate(HOSTILE))]
    info = save(store, pairs=pairs)
    assert [pair.synonym for pair in store.pairs(info.version_id)][len(PAIRS) :] == HOSTILE
    found, total = groups(store, info, term)
    expected = {other for other in HOSTILE if term.lower() in other.lower()}
    assert {synonym for synonyms in found.values() for synonym in synonyms} == expected
    assert total == len(expected)
    assert len(store.all()) == 1
    tell("terms like SQL and its patterns, stored and searched", 1, "stored and found to the letter")


def test_a_hostile_name_is_only_a_name(store):
    for name in ("../../etc/passwd", "'; DROP TABLE versions; --", "字" * 200):
        assert save(store, name).name == name
        assert store.get(name).pairs == 5


# -- splits ---------------------------------------------------------------------------------------


def concepts(count, start=0):
    return [Pair(f"standard {n}", f"word {n} {k}") for n in range(start, start + count) for k in range(2)]


def test_a_split_is_stored_whole(store):
    info = save(store, pairs=concepts(30))
    split = make_split(concepts(30), seed=13)
    assert store.split(info.version_id) is None
    assert store.save_split(info.version_id, split) == split
    assert store.split(info.version_id) == split


def test_the_first_split_saved_stays(store):
    info = save(store, pairs=concepts(30))
    first, other = make_split(concepts(30), seed=1), make_split(concepts(30), seed=2)
    assert first.hash != other.hash
    store.save_split(info.version_id, first)
    assert store.save_split(info.version_id, other) == first
    assert store.split(info.version_id) == first


def test_the_next_version_inherits_what_was_decided(store):
    first = save(store, pairs=concepts(30))
    before = store.save_split(first.version_id, make_split(concepts(30), seed=13))
    grown = [*concepts(30), *concepts(40, start=100)]
    second = save(store, pairs=grown, replace=True)
    third = save(store, pairs=[*grown, Pair("x", "y")], replace=True)
    previous = store.newest_split(second)
    assert previous == before
    assert store.newest_split(third) == before  # the version between them was never split
    assert store.newest_split(first) is None
    after = store.save_split(second.version_id, make_split(grown, seed=13, previous=previous))
    for pair in concepts(30):
        key = term_key(pair.standard)
        assert after.parts[after.component_of[key]] == before.parts[before.component_of[key]]
