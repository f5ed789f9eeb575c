"""Two layouts in one frame; how near synonyms are on a model's own scale."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.embedding_map.alignment import aligned, in_one_frame, synonym_distance
from workbench.embedding_map.projection import unit


@settings(deadline=None, max_examples=40)
@given(
    st.floats(-3.1, 3.1),
    st.floats(0.2, 5),
    st.booleans(),
    st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
)
def test_a_turned_mirrored_scaled_copy_does_not_move(angle, scale, mirrored, shift):
    fixed = np.random.default_rng(1).uniform(-1, 1, (200, 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moving = scale * (fixed * ([-1, 1] if mirrored else [1, 1])) @ turn + shift
    assert np.abs(aligned(moving, fixed) - fixed).max() < 1e-4


def test_what_really_moves_is_seen():
    fixed = np.random.default_rng(1).uniform(-1, 1, (200, 2))
    moving = fixed.copy()
    moving[7] += [1.0, 0.5]
    apart = np.linalg.norm(aligned(-moving, fixed) - fixed, axis=1)
    assert apart.argmax() == 7
    assert apart[7] > 1
    assert np.delete(apart, 7).max() < 0.05


def test_layouts_with_nothing_in_common_keep_their_size():
    random = np.random.default_rng(3)
    fixed, moving = random.normal(size=(500, 2)), 7 * random.normal(size=(500, 2))
    assert np.std(aligned(moving, fixed)) == pytest.approx(np.std(fixed), rel=0.02)


@pytest.mark.parametrize("points", [np.empty((0, 2)), np.zeros((5, 2)), np.ones((1, 2))])
def test_nothing_to_align_is_no_error(points):
    assert np.isfinite(aligned(points, points)).all()
    assert all(np.isfinite(each).all() for each in in_one_frame(points, points))


def test_one_frame_holds_both_and_keeps_their_distance():
    one, other = np.array([[0, 0], [4, 0]], float), np.array([[0, 2], [6, 2]], float)
    a, b = in_one_frame(one, other)
    assert np.abs(np.concatenate((a, b))).max() == pytest.approx(1)
    scale = (a[1] - a[0])[0] / 4
    assert np.allclose(b - a, (other - one) * scale)


def test_synonym_distance_is_relative_to_the_model():
    random = np.random.default_rng(4)
    words = random.normal(size=(400, 24))
    near = unit(np.concatenate((words, words + 0.3 * random.normal(size=words.shape))))
    pairs = np.stack((np.arange(400), np.arange(400, 800)), axis=1)
    told = synonym_distance(near, pairs)
    cosine = (near[pairs[:, 0]] * near[pairs[:, 1]]).sum(axis=1)
    assert told == pytest.approx(1 - cosine.mean(), rel=0.03)  # random pairs are at distance 1 here
    squeezed = unit(near + 3 * np.eye(24)[0])  # all cosines come near 1
    assert synonym_distance(squeezed, pairs) == pytest.approx(told, rel=0.25)
    assert synonym_distance(near, random.integers(0, 800, (4000, 2))) == pytest.approx(1, abs=0.05)
    assert np.isnan(synonym_distance(near, pairs[:0]))
