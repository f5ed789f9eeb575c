"""Where labelled pairs and a dictionary say opposite things."""

from workbench.ingest.contradictions import contradictions
from workbench.types import LabelledPair, Pair

SYNONYMS = [
    Pair("越野车", "SUV", 2),
    Pair("越野车", "吉普", 3),
    Pair("轿车", "小车", 4),
    Pair("汽车", "小车", 5),
]


def found(*pairs, apart=()):
    return [(c.code, c.row, c.dictionary_row) for c in contradictions(pairs, SYNONYMS, apart)]


def test_a_pair_that_denies_synonyms_is_told_with_both_rows():
    pairs = [
        LabelledPair("suv", "越野车", 0.0, row=10),
        LabelledPair("吉普", "SUV", 0.1, row=11),
        LabelledPair("小车", "汽车", 1.0, row=12),
        LabelledPair("SUV", "越野车", 0.5, row=13),
    ]
    assert found(*pairs) == [("denied_synonyms", 10, 2), ("denied_synonyms", 11, 2)]


def test_a_pair_that_joins_what_the_dictionary_parts_is_told():
    pairs = [LabelledPair("轿车", "越野车", 1.0, row=7), LabelledPair("轿车", "SUV", 0.0, row=8)]
    assert found(*pairs) == [("other_concepts", 7, 2)]
    assert found(LabelledPair("小车", "轿车", 1.0, row=9), apart=[("轿车", "小车")]) == [("apart", 9, 0)]
    assert found(LabelledPair("小车", "轿车", 0.0, row=9), apart=[("轿车", "小车")]) == []


def test_both_sides_of_a_triplet_are_looked_at_and_unknown_terms_say_nothing():
    assert found(LabelledPair("越野车", "SUV", 1.0, "吉普", row=3)) == [("denied_synonyms", 3, 3)]
    assert found(LabelledPair("越野车", "火车", 0.0, row=4), LabelledPair("a", "b", 1.0)) == []


def test_the_sentence_names_terms_and_rows_in_both_languages():
    [one] = contradictions([LabelledPair("SUV", "越野车", 0.0, row=10)], SYNONYMS)
    for language in ("zh", "en"):
        assert all(word in one.text.get(language) for word in ("SUV", "越野车", "10", "2"))
