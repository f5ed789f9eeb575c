"""From a dictionary to indexed training data: no test term is trained on, and what is too little is said."""

import numpy as np
import pytest

from workbench.errors import TrainingProblem
from workbench.evaluation.split import make_split
from workbench.normalise import term_key
from workbench.training.dataset import DevProbe, build_training_set, distinct_terms
from workbench.types import Pair


def test_terms_are_distinct_by_key_and_keep_their_first_form():
    pairs = [Pair("SUV", "越野车"), Pair("suv", "越野 车"), Pair("ＳＵＶ", "越野  车")]
    assert list(distinct_terms(pairs).values()) == ["SUV", "越野车", "越野 车"]


def test_every_term_is_there_but_only_training_pairs_are_trained_on(toy_pairs, toy_split, toy_data):
    assert len(toy_data.terms) == len(distinct_terms(toy_pairs))
    trained = {
        (toy_data.terms[p], toy_data.terms[a])
        for p, a in zip(toy_data.positives, toy_data.anchors, strict=True)
    }
    given = {(pair.standard, pair.synonym) for pair in toy_pairs}
    assert trained < given
    for standard, synonym in trained:
        assert toy_split.parts[toy_split.component_of[term_key(standard)]] == "train"
        assert (term_key(standard), term_key(synonym)) not in toy_split.held_out
    never = {toy_data.terms[i] for i in range(len(toy_data.terms))} - {
        toy_data.terms[i] for i in toy_data.training_terms
    }
    tested = {
        pair.synonym
        for pair in toy_pairs
        if toy_split.parts[toy_split.component_of[term_key(pair.standard)]] != "train"
    }
    assert tested <= never


def test_concepts_number_the_components():
    chain = [Pair("A", "a1"), Pair("B", "a1"), Pair("B", "b1")]
    others = [Pair(f"S{n}", f"s{n} {k}") for n in range(12) for k in range(2)]
    pairs = [*chain, *others]
    split = make_split(pairs, seed=1)
    data = build_training_set(pairs, split)
    concept_of = {}
    for anchor, positive, concept in zip(data.anchors, data.positives, data.concepts, strict=True):
        for term in (data.terms[anchor], data.terms[positive]):
            concept_of.setdefault(term_key(term), set()).add(int(concept))
    assert all(len(concepts) == 1 for concepts in concept_of.values())
    joined = {split.component_of[key] for key in concept_of}
    assert len({next(iter(concepts)) for concepts in concept_of.values()}) == len(joined)


def test_too_few_pairs_are_refused_with_numbers():
    pairs = [Pair(f"standard {n}", f"synonym {n}") for n in range(6)]
    with pytest.raises(TrainingProblem) as caught:
        build_training_set(pairs, make_split(pairs))
    for language in ("zh", "en"):
        assert "8" in caught.value.text(language)
        assert "{" not in caught.value.text(language)


def test_one_trainable_concept_alone_is_refused():
    pairs = [Pair("one", f"word {n}") for n in range(30)] + [Pair("two", "b"), Pair("three", "c")]
    split = make_split(pairs)
    with pytest.raises(TrainingProblem) as caught:
        build_training_set(pairs, split)
    assert caught.value.text("zh") != caught.value.text("en")


def test_the_development_score_is_perfect_for_perfect_vectors_and_not_for_chance(toy_data):
    probe = DevProbe(toy_data)
    assert probe.queries == len(toy_data.dev.queries)
    component = {}
    for query, parts in zip(toy_data.dev.queries, toy_data.dev.relevant, strict=True):
        for document in parts:
            component[term_key(query)] = component[term_key(toy_data.dev.corpus[document])] = document
    rng = np.random.default_rng(0)
    directions = rng.standard_normal((len(toy_data.dev.corpus) + len(toy_data.terms), 64)).astype(np.float32)
    rows = [
        component.get(term_key(toy_data.terms[i]), len(toy_data.dev.corpus) + int(i)) for i in probe.needed
    ]
    perfect = probe.score(directions[rows])
    assert (perfect.recall1, perfect.recall10, perfect.mrr10, perfect.choice) == (100, 100, 100, 100)
    chance = probe.score(rng.standard_normal((len(probe.needed), 64)).astype(np.float32))
    assert chance.recall1 < 40
    assert perfect.as_json() == {"recall@1": 100, "recall@10": 100, "mrr@10": 100}


def test_a_sampled_probe_is_the_same_each_time_and_keeps_every_answer(toy_data):
    one, two = (DevProbe(toy_data, max_queries=5, max_documents=20, seed=3) for _ in range(2))
    assert one.queries == 5
    np.testing.assert_array_equal(one.needed, two.needed)
    other = DevProbe(toy_data, max_queries=5, max_documents=20, seed=4)
    assert not np.array_equal(one.needed, other.needed)
    assert len(one.needed) == 25
    identical = np.ones((25, 4), np.float32)  # every document as near as every other: ties count against
    assert one.score(identical).recall1 == 0
    keys = {term_key(toy_data.terms[i]) for i in one.needed}
    asked = [q for q, text in enumerate(toy_data.dev.queries) if term_key(text) in keys]
    assert len(asked) == 5
    for query in asked:
        assert {term_key(toy_data.dev.corpus[d]) for d in toy_data.dev.relevant[query]} <= keys


def marked_indices(data):
    return {tuple(sorted((data.terms[a], data.terms[b]))) for a, b in data.apart.tolist()}


def test_marked_terms_of_different_training_concepts_are_hard_negatives(toy_pairs, toy_split):
    plain = build_training_set(toy_pairs, toy_split)
    assert plain.apart.shape == (0, 2)
    trained = [plain.terms[i] for i in plain.positives]
    a, b = trained[0], next(term for term in trained if term != trained[0])
    twice = [Pair(a, b), Pair(b.upper(), a)]
    assert marked_indices(build_training_set(toy_pairs, toy_split, twice)) == {tuple(sorted((a, b)))}
    assert build_training_set(toy_pairs, toy_split, twice).apart.dtype == np.int64


def test_a_marked_term_that_is_tested_held_out_unknown_or_of_the_same_concept_is_no_hard_negative(
    toy_pairs, toy_split
):
    plain = build_training_set(toy_pairs, toy_split)
    trained = plain.terms[plain.positives[0]]
    part = lambda pair: toy_split.parts[toy_split.component_of[term_key(pair.standard)]]
    tested = [pair for pair in toy_pairs if part(pair) in ("test", "dev")]
    assert {part(pair) for pair in tested} == {"test", "dev"}
    held_out = [synonym for _, synonym in toy_split.held_out]
    assert held_out
    sibling = plain.terms[plain.anchors[0]]
    others = [
        *(term for pair in tested for term in (pair.standard, pair.synonym)),
        *held_out,
        sibling,
        trained,
        "unheard of",
    ]
    marks = [Pair(trained, other) for other in others] + [Pair(other, trained) for other in others]
    assert build_training_set(toy_pairs, toy_split, marks).apart.shape == (0, 2)
