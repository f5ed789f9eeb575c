import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import TrainingProblem
from workbench.evaluation.split import (
    Apart,
    connected_components,
    largest_components,
    make_split,
    part_of,
    training_pairs,
)
from workbench.normalise import term_key
from workbench.types import Pair


def pairs_of(*lines):
    return [Pair(*line.split("/"), row=i) for i, line in enumerate(lines, start=2)]


def stars(concepts, synonyms=2):
    return [Pair(f"standard {c}", f"synonym {c} {s}") for c in range(concepts) for s in range(synonyms)]


words = st.sampled_from([f"w{i}" for i in range(60)] + ["Ｗ1", "W2", " w3 "])
dictionaries = st.lists(st.builds(Pair, words, words), min_size=1, max_size=80)


def test_terms_that_are_connected_through_others_are_one_component():
    components = connected_components(pairs_of("陆地巡洋舰/普拉多", "霸道SUV/普拉多", "轿车/房车"))
    assert components == {
        "陆地巡洋舰": "普拉多",
        "普拉多": "普拉多",
        "霸道suv": "普拉多",
        "轿车": "房车",
        "房车": "房车",
    }


def test_terms_that_differ_in_width_case_or_space_alone_are_one_term():
    components = connected_components(pairs_of("ＳＵＶ/越野车", "suv /运动型 多用途车"))
    assert len(set(components.values())) == 1
    assert set(components) == {"suv", "越野车", "运动型 多用途车"}


@given(dictionaries)
@settings(deadline=None, max_examples=60)
def test_components_agree_with_repeated_relabelling(pairs):
    label = {term_key(term): term_key(term) for pair in pairs for term in (pair.standard, pair.synonym)}
    for _ in label:
        for pair in pairs:
            a, b = term_key(pair.standard), term_key(pair.synonym)
            label[a] = label[b] = min(label[a], label[b])
    assert connected_components(pairs) == label


def test_the_largest_component_is_reported_with_the_alias_that_chains_it():
    pairs = pairs_of("A/x", "A/alias", "B/ALIAS", "B/y", "C/z", "B/A")
    first, second = largest_components(pairs, 2)
    assert (first.id, first.terms, first.pairs) == ("a", 5, 5)
    assert first.standards == ("A", "B")
    assert first.bridges == ("alias", "A")
    assert (second.terms, second.bridges) == (2, ())
    assert largest_components(pairs, 1) == [first]


def test_no_component_is_on_both_sides_and_shares_are_seventy_ten_twenty():
    split = make_split(stars(200))
    assert Counter(split.parts.values()) == {"train": 140, "dev": 20, "test": 40}
    assert set(split.parts) == set(split.component_of.values())


@pytest.mark.case(30)
@given(dictionaries, st.randoms())
@settings(deadline=None, max_examples=60)
def test_a_split_never_divides_a_component_and_does_not_depend_on_the_order(pairs, rng):
    try:
        split = make_split(pairs)
    except TrainingProblem:
        return
    for pair in pairs:
        assert part_of(pair.standard, split) == part_of(pair.synonym, split) is not None
    assert {"train", "dev", "test"} <= set(split.parts.values())
    shuffled = list(pairs)
    rng.shuffle(shuffled)
    assert make_split(shuffled) == split


def test_each_size_of_component_is_in_each_part_in_its_proportion():
    pairs = [Pair(f"s{c}", f"y{c} {s}") for c in range(300) for s in range(1 + c % 3)]
    split = make_split(pairs)
    sizes = Counter(split.component_of.values())
    for size in (2, 3, 4):
        parts = Counter(split.parts[component] for component in sizes if sizes[component] == size)
        assert parts["test"] == pytest.approx(20, abs=1)
        assert parts["dev"] == pytest.approx(10, abs=1)


def test_the_seed_changes_the_split_and_the_hash():
    pairs = stars(50)
    assert make_split(pairs, seed=1) == make_split(pairs, seed=1)
    assert make_split(pairs, seed=1).hash != make_split(pairs, seed=2).hash
    assert make_split(pairs, seed=1).parts != make_split(pairs, seed=2).parts


def test_the_hash_follows_the_content_of_the_dictionary():
    assert make_split(stars(50)).hash != make_split([*stars(50), Pair("standard 1", "one more")]).hash


@pytest.mark.parametrize("concepts", range(3, 13))
def test_tiny_dictionaries_still_have_every_part(concepts):
    counts = Counter(make_split(stars(concepts, 1)).parts.values())
    assert min(counts["train"], counts["dev"], counts["test"]) >= 1
    assert counts["test"] <= concepts / 3


@pytest.mark.parametrize(
    "pairs", [[], stars(2), pairs_of("a/b", "a/c", "b/d"), pairs_of("a/A", "b/B", "c/d")]
)
def test_fewer_than_three_concepts_are_refused_with_a_sentence(pairs):
    with pytest.raises(TrainingProblem) as caught:
        make_split(pairs)
    count = {0: 0, 4: 2, 3: 1}[len(pairs)]
    assert f"only {count} separate concepts" in caught.value.text("en")
    assert f"{count} 个互不相连的概念" in caught.value.text("zh")
    assert "{" not in caught.value.text("zh") + caught.value.text("en")


def test_a_long_chain_of_concepts_is_for_training():
    chain = [Pair(f"c{i}", f"c{i + 1}") for i in range(100)]
    for seed in range(10):
        assert part_of("c50", make_split([*stars(20), *chain], seed=seed)) == "train"


def test_a_new_version_keeps_the_part_of_every_old_term():
    old = stars(40)
    before = make_split(old, seed=3)
    after = make_split(
        [*old[6:], *[Pair(f"new {i}", f"new synonym {i}") for i in range(30)]], seed=99, previous=before
    )
    for pair in old[6:]:
        assert part_of(pair.synonym, after) == part_of(pair.synonym, before)
    counts = Counter(after.parts.values())
    assert counts["test"] == pytest.approx(0.2 * len(after.parts), abs=1)


def test_joined_components_are_test_before_dev_before_train():
    old = stars(40)
    before = make_split(old)
    one = {
        part: next(p.standard for p in old if part_of(p.standard, before) == part)
        for part in ("train", "dev", "test")
    }
    for first, second, expected in [
        ("train", "test", "test"),
        ("dev", "test", "test"),
        ("train", "dev", "dev"),
    ]:
        after = make_split([*old, Pair(one[first], one[second])], previous=before)
        assert part_of(one[first], after) == part_of(one[second], after) == expected


OLD = stars(30)
old_or_new = st.sampled_from(
    [*(p.synonym for p in OLD), *(p.standard for p in OLD), "new 1", "new 2", "new 3"]
)


@given(st.lists(st.builds(Pair, old_or_new, old_or_new), max_size=8), st.integers(0, 3))
@settings(deadline=None, max_examples=80)
def test_no_version_ever_trains_on_what_was_tested_before(more, seed):
    before = make_split(OLD, seed=seed)
    after = make_split([*OLD, *more], previous=before)
    tested = {key for key in before.component_of if part_of(key, before) == "test"}
    assert all(part_of(key, after) == "test" for key in tested)
    trained = {t for pair in training_pairs([*OLD, *more], after) for t in (pair.standard, pair.synonym)}
    assert len(trained) > 20
    assert not trained & tested


def test_where_every_test_concept_was_deleted_one_is_set_aside_again():
    old = stars(10)
    before = make_split(old)
    left = [pair for pair in old if part_of(pair.standard, before) == "train"]
    after = make_split(left, previous=before)
    assert set(after.parts.values()) == {"train", "dev", "test"}


def test_held_out_pairs_are_a_tenth_of_training_and_leave_their_concept_seen():
    pairs = stars(100, 3)
    split = make_split(pairs)
    in_train = [pair for pair in pairs if part_of(pair.standard, split) == "train"]
    assert len(split.held_out) == round(0.1 * len(in_train))
    remaining = training_pairs(pairs, split)
    assert len(remaining) == len(in_train) - len(split.held_out)
    trained_standards = {term_key(pair.standard) for pair in remaining}
    trained_terms = trained_standards | {term_key(pair.synonym) for pair in remaining}
    for standard, synonym in split.held_out:
        assert standard in trained_standards
        assert synonym not in trained_terms


@given(dictionaries)
@settings(deadline=None, max_examples=60)
def test_a_held_out_synonym_is_never_trained_on_and_its_concept_always(pairs):
    try:
        split = make_split(pairs)
    except TrainingProblem:
        return
    remaining = training_pairs(pairs, split)
    standards = {term_key(pair.standard) for pair in remaining}
    terms = standards | {term_key(pair.synonym) for pair in remaining}
    for standard, synonym in split.held_out:
        assert standard in standards
        assert synonym not in terms


def test_at_most_five_hundred_pairs_are_held_out_and_none_of_lone_pairs():
    assert len(make_split(stars(2500, 4)).held_out) == 500
    assert make_split(stars(100, 1)).held_out == frozenset()


def test_held_out_pairs_stay_held_out_in_a_new_version():
    pairs = stars(100, 3)
    before = make_split(pairs)
    more = [Pair(f"new {i}", f"n {i} {s}") for i in range(50) for s in range(3)]
    after = make_split([*pairs, *more], seed=99, previous=before)
    assert before.held_out < after.held_out


def test_training_pairs_are_of_the_train_part_and_known_to_the_split():
    pairs = stars(30)
    split = make_split(pairs)
    chosen = training_pairs(pairs, split)
    assert chosen == [
        p
        for p in pairs
        if part_of(p.standard, split) == "train" and (p.standard, p.synonym) not in split.held_out
    ]
    test_term = next(p.standard for p in pairs if part_of(p.standard, split) == "test")
    known = chosen[0].standard
    assert training_pairs([Pair(known, "stranger"), Pair(known, test_term), Pair(known, known)], split) == []
    raw = replace(chosen[0], standard=chosen[0].standard.upper())
    assert training_pairs([raw], split) == [raw]


def test_part_of_an_unknown_term_is_none():
    split = make_split(stars(5))
    assert part_of("never seen", split) is None
    assert part_of(" STANDARD  0", split) == part_of("standard 0", split) is not None


def test_the_order_of_a_large_dictionary_does_not_matter():
    pairs = [Pair(f"s{c}", f"y{c} {s}") for c in range(500) for s in range(1 + c % 4)]
    split = make_split(pairs)
    shuffled = list(pairs)
    random.Random(1).shuffle(shuffled)
    assert make_split(shuffled).hash == split.hash


def test_marked_terms_are_apart_in_either_order_and_however_they_are_written():
    apart = Apart([Pair("ＳＵＶ", "轿车")])
    assert apart("suv", "轿车")
    assert apart("轿车", "suv")
    assert not apart("suv", "房车")
    assert not apart("suv", "suv")


def test_nothing_is_joined_over_a_marked_pair():
    pairs = pairs_of("陆地巡洋舰/普拉多", "陆地巡洋舰/兰德酷路泽", "霸道SUV/普拉多")
    apart = Apart([Pair("普拉多", "陆地巡洋舰"), Pair("霸道SUV", "别的")])
    components = connected_components(apart.unmarked(pairs))
    assert components["普拉多"] == components["霸道suv"]
    assert components["陆地巡洋舰"] == components["兰德酷路泽"] != components["普拉多"]
    assert Apart([]).unmarked(pairs) == pairs
