"""A cross-encoder over a first stage: what moves, what stays, and how depth and blend are chosen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.evaluation.reranked import BLENDS, DEPTHS, blended, choose, rerank, reranked_rows, shortlists
from workbench.evaluation.retrieval import Benchmark, outcomes_of_rows


class Judge:
    """Gives each pair the probability that a function of its texts says; counts what it was asked."""

    def __init__(self, probability):
        self.probability, self.asked = probability, []

    def scores(self, pairs, progress=None):
        self.asked += pairs
        if progress:
            progress(0.5)
            progress(1.0)
        return np.array([self.probability(a, b) for a, b in pairs], np.float32)


def benchmark(queries, corpus, relevant, masked=None):
    count = len(queries)
    return Benchmark(
        tuple(queries),
        tuple(queries),
        tuple(corpus),
        tuple(relevant),
        tuple(masked or [()] * count),
        "hash",
        "dev",
        "unseen",
    )


def letters(count=60, right_at=3):
    """Each query's answer stands at place ``right_at`` (from 0) of the first stage."""
    rng = np.random.default_rng(0)
    corpus = [f"d{i}" for i in range(count)]
    scores, relevant = np.zeros((20, count)), []
    for row in range(20):
        order = rng.permutation(count)
        scores[row, order] = np.linspace(0.9, 0.1, count)
        relevant.append((int(order[right_at]),))
    return benchmark([f"q{i}" for i in range(20)], corpus, relevant), scores


def knows(bench):
    right = {(bench.queries[i], bench.corpus[j]) for i, (j,) in enumerate(bench.relevant)}
    return Judge(lambda a, b: 0.95 if (a, b) in right else 0.05)


def order(scores):
    return np.argsort(-scores, axis=1, kind="stable")


def test_a_shortlist_holds_the_best_and_nothing_that_is_masked():
    scores = np.array([[0.1, 0.9, 0.5, 0.7], [0.4, 0.3, 0.2, 0.1]])
    np.testing.assert_array_equal(shortlists(scores, [(1,), ()], 2), [[3, 2], [0, 1]])
    np.testing.assert_array_equal(shortlists(scores, [(1, 2), (0, 1, 2, 3)], 9), [[3, 0, -1, -1], [-1] * 4])


def test_the_formula_word_for_word():
    """(1 - w) * first-stage score brought to 0..1 within the list + w * probability."""
    scores = np.array([[0.2, 0.8, 0.6, 0.1]])
    listed = shortlists(scores, [()], 3)
    final = blended(scores, listed, np.array([[0.1, 0.5, 0.9]]), 0.25)
    np.testing.assert_allclose(
        final[0, [1, 2, 0]],
        [0.75 * 1.0 + 0.25 * 0.1, 0.75 * (0.4 / 0.6) + 0.25 * 0.5, 0.75 * 0.0 + 0.25 * 0.9],
    )
    assert final[0, 3] < 0


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 6),
    st.integers(1, 30),
    st.sampled_from([1, 2, 10, 50]),
    st.sampled_from(BLENDS),
    st.integers(0, 10_000),
)
def test_what_is_below_the_depth_stays_below_and_in_its_order(queries, documents, depth, blend, seed):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(queries, documents))
    judge = Judge(lambda a, b: float(rng.random()))
    names = [f"d{i}" for i in range(documents)]
    final = rerank(scores, [f"q{i}" for i in range(queries)], names, [()] * queries, judge, depth, blend)
    assert np.isfinite(final).all()
    assert len(judge.asked) == queries * min(depth, documents)
    before, after = order(scores), order(final)
    np.testing.assert_array_equal(after[:, depth:], before[:, depth:])
    for row in range(queries):
        assert set(after[row, :depth]) == set(before[row, :depth])
    if blend == 0:
        np.testing.assert_array_equal(after, before)


def test_with_the_whole_weight_the_cross_encoder_alone_puts_the_list_in_order():
    scores = np.array([[0.9, 0.8, 0.7, 0.6]])
    judge = Judge(lambda a, b: {"d0": 0.1, "d1": 0.2, "d2": 0.9, "d3": 1.0}[b])
    final = rerank(scores, ["q"], ["d0", "d1", "d2", "d3"], [()], judge, 3, 1.0)
    np.testing.assert_array_equal(order(final)[0], [2, 1, 0, 3])


def test_scores_that_are_all_equal_leave_it_to_the_cross_encoder():
    judge = Judge(lambda a, b: {"d0": 0.1, "d1": 0.8, "d2": 0.3}[b])
    final = rerank(np.full((1, 3), 0.5), ["q"], ["d0", "d1", "d2"], [()], judge, 3, 0.25)
    np.testing.assert_array_equal(order(final)[0], [1, 2, 0])


def test_a_masked_document_is_neither_asked_for_nor_in_the_way():
    """It is the query itself: the nearest of all. It takes no place of the list and sets no scale."""
    scores = np.array([[1.0, 0.6, 0.5, 0.4]])
    judge = Judge(lambda a, b: {"d1": 0.1, "d2": 0.9}[b])
    final = rerank(scores, ["q"], ["d0", "d1", "d2", "d3"], [(0,)], judge, 2, 0.5)
    assert judge.asked == [("q", "d1"), ("q", "d2")]
    np.testing.assert_allclose(final[0, [1, 2]], [0.5 * 1.0 + 0.05, 0.45])


def test_what_is_found_near_the_top_is_put_first():
    bench, scores = letters(right_at=3)
    rows = lambda a, b: scores[a:b]
    assert outcomes_of_rows(bench, rows).recall[1].mean() == 0
    over = reranked_rows(bench, rows, knows(bench), 10, 0.75)
    assert outcomes_of_rows(bench, over).recall[1].mean() == 1
    below = reranked_rows(bench, rows, knows(bench), 3, 0.75)
    assert outcomes_of_rows(bench, below).recall[1].mean() == 0


def test_without_any_weight_the_cross_encoder_is_not_even_asked():
    bench, scores = letters()
    judge = knows(bench)
    over = reranked_rows(bench, lambda a, b: scores[a:b], judge, 10, 0.0)
    np.testing.assert_array_equal(over(0, 5), scores[:5])
    assert judge.asked == []


@pytest.mark.parametrize("right_at", [4, 14, 33])
def test_the_list_is_as_long_as_it_has_to_be(right_at):
    bench, scores = letters(right_at=right_at)
    choice = choose(bench, lambda a, b: scores[a:b], knows(bench))
    assert choice.depth > right_at
    assert choice.blend < 1
    assert choice.helps
    assert choice.best.recall1 == 100
    assert choice.first.recall1 == 0
    assert choice.queries == 20
    assert str(choice.depth) in choice.words.get("en")
    assert "重排有用" in choice.words.get("zh")


@pytest.mark.parametrize(("helped", "helps"), [(1, False), (8, True)])
def test_a_gain_that_may_be_chance_is_none(helped, helps):
    """One query of twenty put right says nothing; eight do."""
    bench, scores = letters(right_at=1)
    right = {(bench.queries[i], bench.corpus[j]) for i, (j,) in enumerate(bench.relevant[:helped])}
    firsts = {(bench.queries[i], bench.corpus[j]) for i, j in enumerate(scores.argmax(1)) if i >= helped}
    judge = Judge(lambda a, b: 1.0 if (a, b) in right | firsts else 0.0)
    assert choose(bench, lambda a, b: scores[a:b], judge).helps == helps


def test_a_cross_encoder_that_knows_nothing_gets_no_weight_and_that_is_said():
    bench, scores = letters(right_at=0)
    noise = np.random.default_rng(1)
    choice = choose(bench, lambda a, b: scores[a:b], Judge(lambda a, b: float(noise.random())))
    assert choice.blend == 0
    assert not choice.helps
    assert choice.best == choice.first
    assert "does not help" in choice.words.get("en")
    assert "没有用" in choice.words.get("zh")


def test_on_a_tie_nothing_is_done():
    """As good as the first stage is not better: a cross-encoder costs time."""
    bench, scores = letters(right_at=0)
    choice = choose(bench, lambda a, b: scores[a:b], knows(bench))
    assert choice.best.recall1 == 100
    assert choice.blend == 0


def test_choosing_asks_for_each_pair_once_and_tells_how_far_it_is():
    bench, scores = letters()
    judge, told = knows(bench), []
    choose(bench, lambda a, b: scores[a:b], judge, told.append)
    assert len(judge.asked) == len(set(judge.asked)) == 20 * DEPTHS[-1]
    assert told[-1] == 1.0
    assert told == sorted(told)


def test_a_few_documents_are_enough():
    bench = benchmark(["q"], ["a", "b"], [(1,)])
    choice = choose(bench, lambda a, b: np.array([[0.9, 0.8]]), Judge(lambda a, b: float(b == "b")))
    assert choice.best.recall1 == 100


def test_without_queries_there_is_nothing_to_choose_on():
    with pytest.raises(ValueError, match="queries"):
        choose(benchmark([], ["a"], []), lambda a, b: np.zeros((0, 1)), Judge(lambda a, b: 0.5))
