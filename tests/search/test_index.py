import numpy as np
import pytest

from workbench.errors import BadParameter
from workbench.search.index import VectorIndex

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
