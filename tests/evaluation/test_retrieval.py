import math
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import InputError
from workbench.evaluation.retrieval import (
    KS,
    TIE,
    Benchmark,
    build_benchmark,
    outcomes_of_scores,
    outcomes_of_vectors,
    summarise,
)
from workbench.evaluation.split import make_split, part_of, training_pairs
from workbench.normalise import term_key
from workbench.types import Pair, Split

PAIRS = [
    Pair("陆地巡洋舰", "普拉多"),
    Pair("霸道SUV", "普拉多"),
    Pair("霸道SUV", "陆地巡洋舰"),
    Pair("轿车", "小汽车"),
    Pair("轿车", "ＣＡＲ"),
    Pair("轿车", "car"),
    Pair("火车", "列车"),
]


def split_of(pairs, parts, held_out=()):
    """A split by hand: ``parts`` maps any term of a component to its part."""
    base = make_split(pairs)
    named = {base.component_of[term_key(term)]: part for term, part in parts.items()}
    return Split(0, {**base.parts, **named}, base.component_of, frozenset(held_out), "by hand")


def benchmark_of(relevant, documents, masked=None):
    q = len(relevant)
    return Benchmark(
        tuple(f"q{i}" for i in range(q)),
        tuple(f"c{i}" for i in range(q)),
        tuple(f"d{i}" for i in range(documents)),
        tuple(map(tuple, relevant)),
        tuple(map(tuple, masked or [()] * q)),
        "hash",
        "test",
        "unseen",
    )


def outcomes_for(scores, relevant, masked=None):
    scores = np.array(scores, float)
    benchmark = benchmark_of(relevant, scores.shape[1], masked)
    place = {query: i for i, query in enumerate(benchmark.queries)}
    return outcomes_of_scores(benchmark, lambda queries: scores[[place[q] for q in queries]])


def brute_force(scores, relevant, masked):
    """Rank by sorting, wrong documents before right ones of the same score."""
    order = sorted(
        (j for j in range(len(scores)) if j not in masked),
        key=lambda j: (-round(float(scores[j]), 7), j in relevant),
    )
    ranks = [place for place, j in enumerate(order, start=1) if j in relevant]
    dcg = sum(1 / math.log2(1 + r) for r in ranks if r <= 10)
    ideal = sum(1 / math.log2(1 + i) for i in range(1, min(len(ranks), 10) + 1))
    return {
        "recall": {k: sum(r <= k for r in ranks) / len(ranks) for k in KS},
        "hit": {k: float(ranks[0] <= k) for k in KS},
        "rr": 1 / ranks[0] if ranks[0] <= 10 else 0.0,
        "ndcg": dcg / ideal,
        "first": ranks[0],
    }


def assert_equals_brute_force(outcomes, score_rows, benchmark):
    for i, scores in enumerate(score_rows):
        expected = brute_force(scores, benchmark.relevant[i], benchmark.masked[i])
        for k in KS:
            assert outcomes.recall[k][i] == pytest.approx(expected["recall"][k], abs=1e-12)
            assert outcomes.hit[k][i] == expected["hit"][k]
        assert outcomes.reciprocal_rank[i] == pytest.approx(expected["rr"], abs=1e-12)
        assert outcomes.ndcg10[i] == pytest.approx(expected["ndcg"], abs=1e-12)
        assert outcomes.first_rank[i] == expected["first"]


# --- the benchmark -------------------------------------------------------------------------------


def test_queries_are_distinct_synonyms_and_the_corpus_is_every_standard_term():
    split = split_of(PAIRS, {"普拉多": "test", "轿车": "test", "火车": "train"})
    benchmark = build_benchmark(PAIRS, split)
    assert benchmark.corpus == ("火车", "轿车", "陆地巡洋舰", "霸道SUV")
    assert set(benchmark.queries) == {"普拉多", "陆地巡洋舰", "小汽车", "ＣＡＲ"}
    assert (benchmark.part, benchmark.view) == ("test", "unseen")


def test_relevant_are_all_standard_terms_of_the_component_and_the_query_itself_is_masked():
    split = split_of(PAIRS, {"普拉多": "test", "轿车": "train", "火车": "train"})
    benchmark = build_benchmark(PAIRS, split)
    right = {
        query: {benchmark.corpus[j] for j in relevant}
        for query, relevant in zip(benchmark.queries, benchmark.relevant, strict=True)
    }
    hidden = {
        query: {benchmark.corpus[j] for j in masked}
        for query, masked in zip(benchmark.queries, benchmark.masked, strict=True)
    }
    assert right == {"普拉多": {"陆地巡洋舰", "霸道SUV"}, "陆地巡洋舰": {"霸道SUV"}}
    assert hidden == {"普拉多": set(), "陆地巡洋舰": {"陆地巡洋舰"}}


def test_a_query_with_nothing_else_to_find_is_dropped():
    pairs = [*PAIRS, Pair("电梯", "升降机"), Pair("电梯", "电梯 ")]
    split = split_of(pairs, {"普拉多": "train", "轿车": "train", "火车": "train", "电梯": "test"})
    assert build_benchmark(pairs, split).queries == ("升降机",)


def test_no_training_term_is_a_test_query():
    pairs = [Pair(f"s{c}", f"y{c} {s}") for c in range(60) for s in range(3)]
    split = make_split(pairs)
    trained = {term for pair in training_pairs(pairs, split) for term in (pair.standard, pair.synonym)}
    for part in ("dev", "test"):
        benchmark = build_benchmark(pairs, split, part)
        assert benchmark.queries
        assert all(part_of(query, split) == part for query in benchmark.queries)
        assert not trained & set(benchmark.queries)
        assert len(benchmark.corpus) == 60


def test_the_seen_view_asks_the_held_out_synonyms_of_the_train_part():
    pairs = [Pair(f"s{c}", f"y{c} {s}") for c in range(60) for s in range(3)]
    split = make_split(pairs)
    benchmark = build_benchmark(pairs, split, view="seen")
    assert set(benchmark.queries) == {synonym for _, synonym in split.held_out}
    assert (benchmark.part, benchmark.view) == ("train", "seen")
    assert not set(benchmark.queries) & {pair.synonym for pair in training_pairs(pairs, split)}


def test_the_hash_is_of_the_content_and_not_of_the_order():
    pairs = [Pair(f"s{c}", f"y{c} {s}") for c in range(30) for s in range(2)]
    split = make_split(pairs)
    shuffled = list(pairs)
    random.Random(0).shuffle(shuffled)
    assert build_benchmark(shuffled, split) == build_benchmark(pairs, split)
    hashes = {
        build_benchmark(pairs, split).hash,
        build_benchmark(pairs, split, "dev").hash,
        build_benchmark(pairs, split, view="seen").hash,
        build_benchmark([*pairs, Pair("one more", "word")], split).hash,
    }
    assert len(hashes) == 4


# --- ranks by hand -------------------------------------------------------------------------------


def test_one_relevant_document_by_hand():
    outcomes = outcomes_for([[0.1, 0.9, 0.5, 0.3], [0.9, 0.1, 0.2, 0.3]], [[2], [0]])
    assert outcomes.first_rank.tolist() == [2, 1]
    assert outcomes.recall[1].tolist() == outcomes.hit[1].tolist() == [0, 1]
    assert outcomes.recall[5].tolist() == [1, 1]
    assert outcomes.reciprocal_rank.tolist() == [0.5, 1.0]
    assert outcomes.ndcg10.tolist() == pytest.approx([1 / math.log2(3), 1.0])


def test_several_relevant_documents_by_hand():
    # Ranks 1, 3 and 12 of 12 documents.
    scores = [12.0 - i for i in range(12)]
    outcomes = outcomes_for([scores], [[0, 2, 11]])
    assert {k: float(outcomes.recall[k][0]) for k in KS} == pytest.approx({1: 1 / 3, 5: 2 / 3, 10: 2 / 3})
    assert {k: float(outcomes.hit[k][0]) for k in KS} == {1: 1, 5: 1, 10: 1}
    ideal = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert outcomes.ndcg10[0] == pytest.approx((1 + 1 / math.log2(4)) / ideal)


def test_ties_count_against_the_model():
    outcomes = outcomes_for([[0.5, 0.5, 0.5, 0.1]], [[0]])
    assert outcomes.first_rank.tolist() == [3]
    assert outcomes.recall[1].tolist() == [0]


def test_a_tie_of_right_documents_with_each_other_costs_nothing():
    outcomes = outcomes_for([[0.5, 0.5, 0.1], [0.5, 0.5, 0.5]], [[0, 1], [0, 1]])
    assert outcomes.first_rank.tolist() == [1, 2]
    assert outcomes.recall[1].tolist() == [0.5, 0]
    assert outcomes.recall[5].tolist() == [1, 1]


def test_differences_below_the_precision_of_an_encoder_are_ties():
    outcomes = outcomes_for([[0.5 + TIE / 2, 0.5], [0.5 + TIE * 2, 0.5]], [[0], [0]])
    assert outcomes.first_rank.tolist() == [2, 1]


def test_a_masked_document_is_not_ranked():
    assert outcomes_for([[0.9, 0.5, 0.1]], [[1]], [[0]]).first_rank.tolist() == [1]
    assert outcomes_for([[0.9, 0.5, 0.1]], [[1]], [[]]).first_rank.tolist() == [2]


def test_a_model_that_gives_every_text_the_same_vector_finds_nothing():
    benchmark = benchmark_of([[i] for i in range(20)], 50)
    vector = np.random.default_rng(0).normal(size=33).astype(np.float32)
    same = np.tile(vector, (50, 1)) * np.linspace(0.5, 2, 50, dtype=np.float32)[:, None]
    outcomes = outcomes_of_vectors(benchmark, same[:20], same, block=7)
    assert outcomes.first_rank.tolist() == [50] * 20
    assert outcomes.recall[10].sum() == 0


def test_a_score_that_is_not_a_number_is_the_worst_for_the_model():
    nan = float("nan")
    outcomes = outcomes_for([[nan, 0.5, 0.1], [0.5, nan, 0.1]], [[0], [0]])
    assert outcomes.first_rank.tolist() == [3, 2]


def test_zero_vectors_are_no_nearer_than_others():
    benchmark = benchmark_of([[0]], 3)
    outcomes = outcomes_of_vectors(benchmark, np.array([[1.0, 0]]), np.array([[0.0, 0], [0, 1], [-1, 0]]))
    assert outcomes.first_rank.tolist() == [2]


# --- against brute force -------------------------------------------------------------------------


@st.composite
def score_tables(draw):
    n, q = draw(st.integers(2, 30)), draw(st.integers(1, 8))
    levels = draw(st.sampled_from([2, 5, 1000]))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    relevant, masked = [], []
    for _ in range(q):
        order = rng.permutation(n).tolist()
        size = int(rng.integers(1, n))
        relevant.append(sorted(order[:size]))
        masked.append(order[size : size + int(rng.integers(0, 2))])
    return rng.integers(0, levels, (q, n)) / levels, relevant, masked


@given(score_tables())
@settings(deadline=None, max_examples=150)
def test_scores_agree_with_brute_force(table):
    scores, relevant, masked = table
    outcomes = outcomes_for(scores, relevant, masked)
    assert_equals_brute_force(outcomes, scores, benchmark_of(relevant, scores.shape[1], masked))


@given(score_tables(), st.integers(1, 40), st.booleans())
@settings(deadline=None, max_examples=100)
def test_vectors_in_blocks_agree_with_brute_force_in_one_piece(table, block, with_ties):
    scores, relevant, masked = table
    q, n = scores.shape
    rng = np.random.default_rng(q * 100 + n)
    draw = (lambda size: rng.integers(-1, 2, size)) if with_ties else rng.normal
    queries, documents = draw(size=(q, 4)), draw(size=(n, 4))
    benchmark = benchmark_of(relevant, n, masked)
    outcomes = outcomes_of_vectors(benchmark, queries.astype(np.float32), documents.astype(np.float32), block)
    unit = [v.astype(np.float32).astype(float) for v in (queries, documents)]
    unit = [v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-30) for v in unit]
    assert_equals_brute_force(outcomes, unit[0] @ unit[1].T, benchmark)


def test_many_queries_in_blocks_agree_with_one_matrix():
    rng = np.random.default_rng(8)
    queries, documents = rng.normal(size=(2500, 16)), rng.normal(size=(300, 16))
    benchmark = benchmark_of([rng.choice(300, rng.integers(1, 15), replace=False) for _ in range(2500)], 300)
    by_vectors = outcomes_of_vectors(benchmark, queries, documents, block=64)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    documents /= np.linalg.norm(documents, axis=1, keepdims=True)
    scores = queries @ documents.T
    asked = []

    def scorer(texts):
        start = sum(asked)
        asked.append(len(texts))
        return scores[start : start + len(texts)]

    by_scores = outcomes_of_scores(benchmark, scorer)
    assert len(asked) > 1
    assert np.array_equal(by_vectors.first_rank, by_scores.first_rank)
    assert np.array_equal(by_vectors.ndcg10, by_scores.ndcg10)


def test_vectors_or_scores_of_another_benchmark_are_refused():
    benchmark = benchmark_of([[0]], 3)
    with pytest.raises(ValueError, match="vectors for"):
        outcomes_of_vectors(benchmark, np.ones((1, 2)), np.ones((2, 2)))
    with pytest.raises(ValueError, match="scores of shape"):
        outcomes_of_scores(benchmark, lambda queries: np.ones((1, 2)))


def test_the_scorers_own_array_is_left_as_it_was():
    scores = np.array([[0.9, 0.5, 0.1]])
    outcomes_of_scores(benchmark_of([[1]], 3, [[0]]), lambda queries: scores)
    assert scores.tolist() == [[0.9, 0.5, 0.1]]


# --- the summary ---------------------------------------------------------------------------------


def test_the_summary_is_the_mean_over_queries_in_percent():
    outcomes = outcomes_for([[0.9, 0.5, 0.1], [0.9, 0.5, 0.1], [0.9, 0.5, 0.1]], [[0], [1], [0, 2]])
    metrics = summarise(outcomes, ["a", "b", "c"])
    assert (metrics.queries, metrics.corpus) == (3, 3)
    assert metrics.recall[1] == pytest.approx(100 * (1 + 0 + 0.5) / 3)
    assert metrics.hit[1] == pytest.approx(100 * 2 / 3)
    assert metrics.mrr10 == pytest.approx(100 * 2.5 / 3)
    assert metrics.recall1_ci95[0] <= metrics.recall[1] <= metrics.recall1_ci95[1]
    assert summarise(outcomes, ["a", "b", "c"]) == metrics


def test_five_right_of_five_are_not_certainty():
    right = outcomes_for([[0.9, 0.1]] * 5, [[0]] * 5)
    wrong = outcomes_for([[0.9, 0.1]] * 5, [[1]] * 5)
    names = list("abcde")
    assert summarise(right, names).recall1_ci95 == pytest.approx((100 * 0.025 ** (1 / 5), 100))
    assert summarise(wrong, names).recall1_ci95 == pytest.approx((0, 100 - 100 * 0.025 ** (1 / 5)))


def test_no_query_is_refused_with_a_sentence():
    empty = replace(benchmark_of([], 3))
    outcomes = outcomes_of_vectors(empty, np.empty((0, 4)), np.ones((3, 4)))
    with pytest.raises(InputError) as caught:
        summarise(outcomes, [])
    assert "no synonym" in caught.value.text("en")
    assert "近似词" in caught.value.text("zh")
