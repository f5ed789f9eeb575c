"""The graph under a UMAP layout, beside that of umap-learn; and the descent on it."""

import numpy as np
import pytest

from workbench.embedding_map import nearest
from workbench.embedding_map.descent import descend
from workbench.embedding_map.fuzzy import MIN_DISTANCE, curve, fuzzy_graph
from workbench.embedding_map.nearest import nearest_neighbours
from workbench.embedding_map.projection import project, trustworthiness, unit

K = 14


@pytest.fixture(scope="module")
def points():
    random = np.random.default_rng(2)
    made = np.repeat(random.normal(size=(30, 16)), 20, axis=0) + 0.4 * random.normal(size=(600, 16))
    return unit(made)


def test_neighbours_are_those_of_looking_at_every_pair(points):
    places, distances = nearest_neighbours(points, K)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert np.allclose(distances, np.sort(apart, axis=1)[:, :K], atol=1e-3)
    assert np.allclose(np.take_along_axis(apart, places, axis=1), distances, atol=1e-3)


def test_equal_points_are_each_others_neighbours_and_never_their_own():
    points = unit(np.repeat(np.eye(3), 20, axis=0))
    places, distances = nearest_neighbours(points, K)
    assert not (places == np.arange(60)[:, None]).any()
    assert (places // 20 == np.arange(60)[:, None] // 20).all()
    assert distances.max() < 1e-3


def test_many_points_are_looked_for_in_lists(points, monkeypatch):
    exact, _ = nearest_neighbours(points, K)
    monkeypatch.setattr(nearest, "EXACT", 100)
    found, distances = nearest_neighbours(points, K)
    again, _ = nearest_neighbours(points, K)
    assert np.array_equal(found, again)
    shared = np.mean([len(set(a) & set(b)) / K for a, b in zip(exact.tolist(), found.tolist(), strict=True)])
    assert shared > 0.95
    assert (np.diff(distances, axis=1) >= 0).all()


@pytest.mark.parametrize("doubled", [False, True])
def test_the_graph_is_umap_learns(points, doubled):
    umap = pytest.importorskip("umap.umap_", reason="umap-learn is needed for development only")
    if doubled:
        points = np.concatenate((points[:300], points[:300]))
    places, distances = nearest_neighbours(points, K)
    ours = fuzzy_graph(places, distances).toarray()
    own = np.arange(len(points))[:, None]
    theirs, _, _ = umap.fuzzy_simplicial_set(
        points,
        K + 1,
        np.random.RandomState(0),
        "euclidean",
        knn_indices=np.hstack((own, places)).astype(np.int32),
        knn_dists=np.hstack((np.zeros_like(own), distances)).astype(np.float32),
    )
    assert np.abs(ours - theirs.toarray()).max() < 1e-3
    assert np.allclose(ours, ours.T)
    assert np.allclose(curve(), umap.find_ab_params(1.0, MIN_DISTANCE), rtol=1e-6)


def test_the_layout_is_as_faithful_as_umap_learns(points):
    umap = pytest.importorskip("umap", reason="umap-learn is needed for development only")
    theirs = umap.UMAP(n_neighbors=K + 1, min_dist=MIN_DISTANCE, random_state=0, n_jobs=1).fit_transform(
        points
    )
    ours = np.stack(project(points, "umap", 0), axis=1)
    assert trustworthiness(points, ours) > trustworthiness(points, theirs) - 0.03


def test_a_descent_can_be_followed_and_stopped(points):
    graph = fuzzy_graph(*nearest_neighbours(points, K))
    a, b = curve()
    start = np.random.default_rng(0).normal(size=(600, 2)).astype(np.float32)
    shares = []
    descend(start, graph, epochs=50, a=a, b=b, seed=1, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0

    def stop(share):
        if share > 0.3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        descend(start, graph, epochs=50, a=a, b=b, seed=1, progress=stop)


def test_another_seed_is_another_layout(points):
    one, same, other = (project(points, "umap", seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.allclose(one, other, atol=0.01)


@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_a_layout_stays_near_where_it_starts(points, method):
    first = np.stack(project(points, method, 0), axis=1)
    mirrored = first * np.array([-1, 1], np.float32)
    again = np.stack(project(points, method, 0, start=mirrored), axis=1)

    def agreement(layout):
        return np.corrcoef(layout[:, 0], mirrored[:, 0])[0, 1]

    assert agreement(again) > 0.9
    assert agreement(first) == pytest.approx(-1)
    told = []
    project(points, method, 0, progress=lambda share, words: told.append((share, words.get("zh"))))
    assert len({share for share, _ in told}) > 5
    assert all(0 <= share <= 1 for share, _ in told)
    assert len({words for _, words in told}) == 2
