import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter
from workbench.search.index import VectorIndex, unit_rows

RNG = np.random.default_rng(0)


def test_the_nearest_are_those_of_the_whole_matrix_of_cosines():
    vectors, queries = RNG.normal(size=(500, 24)), RNG.normal(size=(20, 24)) * 7
    scores, ids = VectorIndex(vectors).search(queries, 10)
    cosines = (queries / np.linalg.norm(queries, axis=1, keepdims=True)) @ (
        vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    ).T
    assert np.array_equal(ids, np.argsort(-cosines, axis=1)[:, :10])
    assert scores == pytest.approx(np.sort(cosines, axis=1)[:, ::-1][:, :10], abs=1e-6)


def test_ids_are_given_back_and_one_query_may_be_a_plain_vector():
    index = VectorIndex(np.eye(3), ids=[70, 80, 90])
    scores, ids = index.search(np.array([0.1, 2.0, 0.5]), 2)
    assert ids.tolist() == [[80, 90]]
    assert scores.shape == (1, 2)
    assert len(index) == 3


def test_more_neighbours_than_vectors_are_all_of_them():
    assert VectorIndex(np.eye(3)).search(np.eye(3)[:2], 99)[1].shape == (2, 3)
    assert VectorIndex(np.eye(3)).search(np.eye(3), 0)[1].shape == (3, 0)
    assert VectorIndex(np.empty((0, 3))).search(np.eye(3), 5)[1].shape == (3, 0)


def test_the_callers_vectors_are_left_as_they_were():
    vectors = np.full((2, 2), 3.0, np.float32)
    VectorIndex(vectors).search(vectors, 1)
    assert (vectors == 3.0).all()


def test_vectors_of_another_model_are_refused_with_a_sentence():
    with pytest.raises(BadParameter) as caught:
        VectorIndex(np.eye(3)).search(np.eye(4), 1)
    assert "4 dimensions, the index 3" in caught.value.text("en")
    assert "4 维" in caught.value.text("zh")


@pytest.mark.parametrize(
    "vectors", [np.array([[np.nan, 1]]), np.array([[np.inf, 1]]), np.ones(3), np.empty((2, 0))]
)
def test_what_is_no_table_of_numbers_is_refused(vectors):
    with pytest.raises(ValueError, match="finite"):
        VectorIndex(vectors)
    with pytest.raises(ValueError, match="ids for"):
        VectorIndex(np.eye(2), ids=[1])


def test_few_queries_and_many_get_the_same_answer():
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(200, 16))
    vectors[50] = vectors[10]  # a tie
    index = VectorIndex(vectors, ids=range(1000, 1200))
    many_scores, many = index.search(vectors[:20], 7)
    for row in range(20):
        scores, found = index.search(vectors[row], 7)
        np.testing.assert_allclose(scores[0], many_scores[row], atol=1e-6)
        if row != 10:  # which of two equal ones comes first may differ
            assert found[0].tolist() == many[row].tolist()
    assert sorted(index.search(vectors[10], 200)[1][0].tolist()) == list(range(1000, 1200))


def brute_force(rows, alive, query, k):
    scores = np.where(alive, rows @ query, -np.inf)
    order = np.argsort(-scores, kind="stable")[: min(k, int(alive.sum()))]
    return order.tolist(), scores[order]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_sequence_of_additions_and_removals_finds_what_a_whole_look_finds(data):
    seed = data.draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    rows = unit_rows(rng.normal(size=(data.draw(st.integers(1, 30)), 8)))
    alive = np.ones(len(rows), bool)
    index = VectorIndex(rows)
    for _ in range(data.draw(st.integers(0, 6))):
        count = data.draw(st.integers(0, 5))
        gone = data.draw(st.lists(st.sampled_from(range(len(rows))), unique=True, max_size=6))
        fresh = rng.normal(size=(count, 8))
        index = index.changed(fresh, removed=gone)
        rows = np.concatenate((rows, unit_rows(fresh))) if count else rows
        alive = np.concatenate((alive, np.ones(count, bool)))
        alive[gone] = False
    assert len(index) == alive.sum()
    for index_now in (index, index.compact()):
        places = index_now.places()
        queries = unit_rows(rng.normal(size=(10, 8)))
        k = data.draw(st.integers(1, 12))
        many_scores, many = index_now.search(queries, k)
        for row, query in enumerate(queries):
            wanted, scores = brute_force(rows, alive, query, k)
            few_scores, few = index_now.search(query, k)
            for found_scores, found in ((many_scores[row], many[row]), (few_scores[0], few[0])):
                assert found_scores == pytest.approx(scores, abs=1e-5)
                # Compact, the places are those of what was left.
                was = found if index_now is index else np.flatnonzero(alive)[found]
                assert was.tolist() == wanted
        assert len(places) == len(index)


def test_what_was_made_from_an_index_leaves_it_as_it_was():
    index = VectorIndex(np.eye(4))
    later = index.changed(np.ones((1, 4)), removed=[0])
    assert index.search(np.ones(4), 9)[1].shape == (1, 4)
    assert later.search(np.ones(4), 9)[1].tolist() == [[4, 1, 2, 3]]
    assert later.rows([4, 1]) == pytest.approx(np.array([[0.5] * 4, [0, 1, 0, 0]]))
    assert index.changed(np.empty((0, 4)), removed=[0, 1, 2, 3]).search(np.ones(4), 3)[1].shape == (1, 0)


def test_an_index_says_when_it_is_worn_and_is_not_when_compact():
    index = VectorIndex(np.eye(10))
    assert not index.worn
    assert not index.changed(np.empty((0, 10)), removed=[1, 2]).worn
    worn = index.changed(np.empty((0, 10)), removed=[1, 2, 3])
    assert worn.worn
    assert not worn.compact().worn
    assert index.changed(np.ones((1001, 10))).worn
