"""Hybrids: what is chosen where, and never a fusion that dev says is no better than one part alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter
from workbench.evaluation import fusion
from workbench.evaluation.benchmarks import Case
from workbench.evaluation.fusion import GRID, LEXICAL_ALONE, MODEL_ALONE, Variant, choose, folds
from workbench.evaluation.retrieval import Benchmark, outcomes_of_rows
from workbench.evaluation.second_stage import chosen_on_dev
from workbench.evaluation.systems import _cross_fitted, is_made, system_of

RNG = np.random.default_rng(0)


def benchmark(queries=40, documents=30, masked=None, seed=0):
    rng = np.random.default_rng(seed)
    return Benchmark(
        tuple(f"q{i}" for i in range(queries)),
        tuple(f"c{i // 2}" for i in range(queries)),
        tuple(f"d{i}" for i in range(documents)),
        tuple((int(d),) for d in rng.integers(0, documents, queries)),
        masked or ((),) * queries,
        f"h{seed}",
        "test",
        "all",
    )


def rows_of(scores):
    return lambda start, stop: scores[start:stop]


def scores_for(bench, right, noise=1.0, seed=0):
    """Scores under which the queries of ``right`` find their answer."""
    rng = np.random.default_rng(seed)
    scores = rng.random((len(bench.queries), len(bench.corpus))) * noise
    for q in right:
        scores[q, bench.relevant[q][0]] = 2.0
    return scores


def test_a_fusion_that_is_better_than_both_parts_is_chosen():
    bench = benchmark()
    model, lexical = scores_for(bench, range(20)), scores_for(bench, range(20, 40), seed=1)
    choice = choose(fusion.reciprocal_ranks(bench, rows_of(model), rows_of(lexical)))
    assert not choice.variant.alone
    assert choice.score > max(choice.model, choice.lexical)
    outcomes = fusion.fused_outcomes(bench, rows_of(model), rows_of(lexical), [choice.variant] * 40)
    assert 100 * outcomes.reciprocal_rank.mean() == pytest.approx(choice.score)


@given(
    st.lists(
        st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=4, max_size=4), min_size=21, max_size=21
    )
)
@settings(max_examples=200, deadline=None)
def test_a_fusion_is_never_chosen_where_one_part_alone_is_at_least_as_good(values):
    ranks = {variant: np.array(each) for variant, each in zip(GRID, values, strict=True)}
    choice = choose(ranks)
    best_part = max(ranks[MODEL_ALONE].mean(), ranks[LEXICAL_ALONE].mean())
    fusions = [ranks[variant].mean() for variant in GRID if not variant.alone]
    if best_part >= max(fusions) - 1e-12:
        assert choice.variant.alone
    else:
        assert not choice.variant.alone
    assert choice.score == pytest.approx(100 * max(best_part, *fusions))


def test_all_ties_go_to_the_model():
    ranks = {variant: np.array([0.5, 0.5]) for variant in GRID}
    assert choose(ranks).variant == MODEL_ALONE


def test_a_single_part_gives_its_own_numbers_exactly():
    bench = benchmark()
    model, lexical = scores_for(bench, range(15)), scores_for(bench, range(9), seed=1)
    for variant, alone in ((MODEL_ALONE, model), (LEXICAL_ALONE, lexical)):
        fused = fusion.fused_outcomes(bench, rows_of(model), rows_of(lexical), [variant] * 40)
        assert (fused.first_rank == outcomes_of_rows(bench, rows_of(alone)).first_rank).all()


def test_scores_are_scaled_by_row_and_masked_documents_set_no_scale():
    bench = benchmark(2, 4, masked=((3,), ()))
    model = np.array([[0.1, 0.3, 0.5, 99.0], [1.0, 1.0, 1.0, 1.0]])
    lexical = np.array([[0.0, 4.0, 2.0, 50.0], [0.0, 0.0, 3.0, 1.5]])
    ((_, _, fused),) = fusion._fused_blocks(bench, rows_of(model), rows_of(lexical))
    expected = 0.3 * np.array([0, 0.5, 1]) + 0.7 * np.array([0, 1, 0.5])
    assert fused(Variant("minmax", 0.3))[0][:3] == pytest.approx(expected)
    assert fused(Variant("minmax", 0.3))[1] == pytest.approx([0, 0, 0.7, 0.35])
    z = fused(Variant("zscore", 0.5))[1]
    row = lexical[1]
    assert z == pytest.approx(0.5 * (row - row.mean()) / row.std())


def test_reciprocal_ranks_are_those_of_the_formula():
    bench = benchmark(1, 4)
    model, lexical = np.array([[0.9, 0.5, 0.5, 0.1]]), np.array([[0.0, 3.0, 0.0, 1.0]])
    ((_, _, fused),) = fusion._fused_blocks(bench, rows_of(model), rows_of(lexical))
    expected = [1 / 61, 1 / 62 + 1 / 61, 1 / 62, 1 / 64 + 1 / 62]  # equal scores share a rank; 0 is no hit
    assert fused(Variant("rrf"))[0] == pytest.approx(expected)


@given(st.lists(st.integers(0, 12), min_size=2, max_size=60))
def test_folds_keep_components_whole_and_are_about_equal(ids):
    components = [f"c{i}" for i in ids]
    fold = folds(components)
    by_component = {}
    for component, number in zip(components, fold, strict=True):
        assert by_component.setdefault(component, number) == number
    largest = max(components.count(c) for c in set(components))
    assert abs(int((fold == 0).sum()) - int((fold == 1).sum())) <= largest


def test_every_query_of_a_retrieval_set_is_scored_as_the_other_half_chose():
    bench = benchmark()
    fold = folds(bench.query_components)
    first, second = np.flatnonzero(fold == 0), np.flatnonzero(fold == 1)
    # In the first half the model knows all, in the second the lexical system does.
    model, lexical = scores_for(bench, first, seed=2), scores_for(bench, second, seed=3)
    found = _cross_fitted(bench, rows_of(model), rows_of(lexical))
    on_second, on_first = found.details["fusion"]  # what serves the first half was chosen on the second
    assert (on_second["method"], on_first["method"]) == ("lexical", "model")
    assert on_second["lexical_mrr@10"] == pytest.approx(100)
    right = outcomes_of_rows(bench, rows_of(lexical)).first_rank[first]
    assert (found.outcomes.first_rank[first] == right).all()
    assert "say not to join" in found.details["told"]["en"]


class Fake:
    """A cross-encoder that knows the answers, or nothing."""

    def __init__(self, right):
        self.right, self.asked = right, 0

    def scores(self, pairs, progress=None):
        self.asked += len(pairs)
        return np.array([0.9 if pair in self.right else 0.1 for pair in pairs], np.float32)


@pytest.mark.parametrize("dev", [True, False])
def test_a_cross_encoder_is_set_on_dev_and_asked_for_no_pair_twice(dev):
    bench = benchmark()
    scores = scores_for(bench, range(4))
    right = {(q, bench.corpus[a[0]]) for q, a in zip(bench.queries, bench.relevant, strict=True)}
    scorer = Fake(right)
    case = Case("x", "retrieval", "x", "id", (bench,), bench if dev else None)
    ((outcomes, details),) = chosen_on_dev(case, lambda view: rows_of(scores), scorer)
    assert outcomes.hit[1].mean() > 0.9 > outcomes_of_rows(bench, rows_of(scores)).hit[1].mean()
    assert all(each["blend"] > 0 for each in details["reranking"])
    assert scorer.asked <= 40 * 30
    ((plain, details),) = chosen_on_dev(case, lambda view: rows_of(scores), Fake(set()))
    assert all(each["blend"] == 0 for each in details["reranking"])
    assert (plain.first_rank == outcomes_of_rows(bench, rows_of(scores)).first_rank).all()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dense:use", ("use", "model", "use", None, None)),
        ("my run#1", ("my run#1", "model", "my run#1", None, None)),
        ("bm25", ("bm25_words", "lexical", None, "bm25_words", None)),
        ("hybrid:a+b+bm25", ("hybrid(a+b+bm25_words)", "hybrid", "a+b", "bm25_words", None)),
        ("hybrid(use+tfidf)", ("hybrid(use+tfidf)", "hybrid", "use", "tfidf", None)),
        ("rerank:use+run", ("rerank(use+run)", "rerank", "use", None, "run")),
    ],
)
def test_a_system_is_read_from_its_id_or_the_command_line(text, expected):
    found = system_of(text)
    assert (found.id, found.kind, found.model, found.lexical, found.reranker) == expected
    assert system_of(found.id) == found
    assert is_made(found.id) == (found.kind in ("hybrid", "rerank"))


@pytest.mark.parametrize(
    "text", ["hybrid:use+nothing", "hybrid:tfidf", "rerank:use", "hybrid(", "", "dense:"]
)
def test_what_is_no_system_is_refused(text):
    with pytest.raises(BadParameter):
        system_of(text)
