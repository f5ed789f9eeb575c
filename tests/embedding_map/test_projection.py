"""Layouts of vectors in the plane."""

import numpy as np
import pytest

from workbench.embedding_map.projection import METHODS, project, trustworthiness
from workbench.errors import BadParameter


def clusters(count: int = 12, each: int = 8) -> np.ndarray:
    random = np.random.default_rng(3)
    centres = random.normal(size=(count, 24))
    return np.repeat(centres, each, axis=0) + 0.15 * random.normal(size=(count * each, 24))


@pytest.mark.parametrize("method", METHODS)
def test_layout_is_repeatable_bounded_and_keeps_clusters_together(method):
    vectors = clusters()
    x, y = project(vectors, method, seed=5)
    again = project(vectors, method, seed=5)
    assert x.dtype == y.dtype == np.float32
    assert x.shape == y.shape == (96,)
    assert np.array_equal(x, again[0])
    assert np.array_equal(y, again[1])
    assert max(np.abs(x).max(), np.abs(y).max()) == pytest.approx(1.0, abs=1e-5)
    layout = np.stack([x, y], axis=1)
    assert trustworthiness(vectors, layout) > 0.75


def test_umap_brings_synonyms_nearer_than_others():
    x, y = project(clusters(), "umap")
    points = np.stack([x, y], axis=1).reshape(12, 8, 2)
    inside = np.linalg.norm(points - points.mean(axis=1, keepdims=True), axis=2).mean()
    between = np.linalg.norm(points.mean(axis=1) - points.mean(axis=(0, 1)), axis=1).mean()
    assert inside < between / 4


def test_length_of_a_vector_does_not_matter():
    vectors = clusters()
    stretched = vectors * np.linspace(0.5, 3.0, len(vectors))[:, None]
    assert np.allclose(project(vectors, "pca")[0], project(stretched, "pca")[0], atol=1e-4)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 9])
@pytest.mark.parametrize("method", METHODS)
def test_few_points_still_have_places(count, method):
    x, y = project(np.random.default_rng(0).normal(size=(count, 6)), method)
    assert x.shape == y.shape == (count,)
    assert np.isfinite(x).all()
    assert np.isfinite(y).all()


@pytest.mark.parametrize("method", METHODS)
def test_equal_vectors_do_not_break_it(method):
    x, y = project(np.ones((40, 4)), method)
    assert np.isfinite(x).all()
    assert np.isfinite(y).all()


def test_terms_of_one_vector_lie_beside_each_other_not_on_each_other():
    vectors = clusters(each=4)
    x, y = project(np.concatenate((vectors, vectors)), "umap")
    apart = np.hypot(x[:48] - x[48:], y[:48] - y[48:])
    assert apart.min() > 0
    assert np.median(apart) < 0.2


def test_trustworthiness_needs_enough_points():
    assert trustworthiness(np.eye(10), np.zeros((10, 2))) == -1.0


def test_random_layout_is_less_trustworthy():
    vectors = clusters()
    good = np.stack(project(vectors, "umap"), axis=1)
    bad = np.random.default_rng(1).normal(size=good.shape)
    assert trustworthiness(vectors, bad) < 0.65 < trustworthiness(vectors, good)


def test_unknown_method_is_refused_in_words():
    with pytest.raises(BadParameter) as refusal:
        project(np.eye(4), "map.png")
    assert "map.png" in refusal.value.text("zh")
    assert "umap" in refusal.value.text("en")
