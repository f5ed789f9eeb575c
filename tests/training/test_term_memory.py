"""A term's own vector switches its move on; no other does, and terms alike share one."""

import numpy as np
import pytest

from workbench.training.term_memory import REACH, SAME, TermMemory, separable


def nothing(_fraction):
    pass


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def vectors():
    return unit(np.random.default_rng(1).normal(size=(60, 24)))


def at_distance(vector, distance, seed=0):
    """A unit vector whose cosine to ``vector`` is ``1 - distance``."""
    other = np.random.default_rng(seed).normal(size=vector.shape)
    other -= (other @ vector) * vector
    other /= np.linalg.norm(other)
    cosine = 1 - distance
    return (cosine * vector + np.sqrt(1 - cosine**2) * other).astype(np.float32)


def memory_of(vectors, listed, moved, progress=nothing):
    units = separable(vectors, listed, progress)
    return TermMemory.of(units, vectors, listed, moved)


LISTED = np.arange(0, 60, 2)


def test_listed_terms_get_their_vector_and_the_others_keep_theirs(vectors):
    moved = unit(np.random.default_rng(2).normal(size=(30, 24)))
    told = []
    memory = memory_of(vectors, LISTED, moved, told.append)
    assert told[-1] == 1.0
    expected = vectors.copy()
    expected[LISTED] = moved
    np.testing.assert_allclose(memory.exact(vectors), expected, atol=1e-6)
    np.testing.assert_allclose(memory.applied(vectors), expected, atol=1e-4)
    np.testing.assert_array_equal(memory.exact(vectors)[1::2], vectors[1::2])


def test_a_term_encoded_a_little_otherwise_still_gets_its_whole_move(vectors):
    moved = unit(np.random.default_rng(2).normal(size=(30, 24)))
    memory = memory_of(vectors, LISTED, moved)
    noisy = np.stack([at_distance(vectors[i], REACH / 4) for i in LISTED])
    found = memory.applied(noisy)
    assert ((found * moved).sum(axis=1) > 1 - 2 * REACH).all()  # as far off as it came in, about
    beyond = np.stack([at_distance(vectors[i], 1.01 * REACH) for i in LISTED])
    np.testing.assert_allclose(memory.applied(beyond), beyond, atol=1e-6)


def test_terms_alike_share_a_unit_and_move_by_the_mean(vectors):
    vectors[2] = at_distance(vectors[0], SAME / 4)
    vectors[4] = vectors[0]
    moved = vectors[LISTED].copy()
    moved[0] = unit(np.random.default_rng(5).normal(size=(1, 24)))[0]
    units = separable(vectors, LISTED, nothing)
    assert len(units.keys) == 28
    assert len(set(units.unit_of[:3].tolist())) == 1
    memory = TermMemory.of(units, vectors, LISTED, moved)
    delta = (moved[0] - vectors[0]) / 3
    for row in (0, 2, 4):
        np.testing.assert_allclose(
            memory.exact(vectors)[row], unit((vectors[row] + delta)[None])[0], atol=1e-4
        )
    np.testing.assert_allclose(memory.applied(vectors), memory.exact(vectors), atol=1e-4)


def test_a_term_that_cannot_be_told_from_one_that_is_not_listed_is_left(vectors):
    vectors[1] = vectors[0]
    moved = unit(np.random.default_rng(2).normal(size=(30, 24)))
    units = separable(vectors, LISTED, nothing)
    assert 0 not in LISTED[units.members]
    assert len(units.members) == 29
    memory = TermMemory.of(units, vectors, LISTED, moved)
    for row in (0, 1):
        np.testing.assert_array_equal(memory.exact(vectors)[row], vectors[row])
    np.testing.assert_allclose(memory.applied(vectors[:2]), vectors[:2], atol=1e-6)


@pytest.mark.parametrize("distance", [0.002, 0.004, 0.01])
def test_the_reach_of_a_term_ends_before_the_nearest_other(vectors, distance):
    vectors[1] = at_distance(vectors[0], distance)  # not listed
    vectors[4] = at_distance(vectors[2], distance)  # listed
    moved = unit(np.random.default_rng(2).normal(size=(30, 24)))
    memory = memory_of(vectors, LISTED, moved)
    assert memory.units.reach[0] == pytest.approx(min(REACH, distance / 2), rel=1e-3)
    np.testing.assert_allclose(memory.applied(vectors), memory.exact(vectors), atol=1e-3)
    np.testing.assert_allclose(memory.applied(vectors)[1], vectors[1], atol=1e-6)


def test_where_all_terms_are_alike_none_has_a_unit():
    same = np.tile(unit(np.ones((1, 8))), (20, 1))
    assert not len(separable(same, np.arange(10), nothing).keys)


def test_a_chain_of_terms_alike_only_in_pairs_is_left(vectors):
    turned = at_distance(vectors[0], 1.0, seed=11)  # at a right angle
    angles = np.arccos(1 - 0.9 * SAME) * np.arange(10)
    vectors[:20:2] = np.cos(angles)[:, None] * vectors[0] + np.sin(angles)[:, None] * turned
    moved = unit(np.random.default_rng(2).normal(size=(30, 24)))
    units = separable(vectors, LISTED, nothing)
    np.testing.assert_array_equal(units.members, np.arange(10, 30))
    memory = TermMemory.of(units, vectors, LISTED, moved)
    np.testing.assert_allclose(memory.applied(vectors), memory.exact(vectors), atol=1e-4)
