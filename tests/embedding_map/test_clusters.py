"""Islands of a map."""

import numpy as np

from workbench.embedding_map import clusters as module
from workbench.embedding_map.clusters import clusters, typical_terms


def islands(sizes=(60, 40, 30), seed=1):
    random = np.random.default_rng(seed)
    return np.concatenate([random.normal((3 * i, 0), 0.15, (size, 2)) for i, size in enumerate(sizes)])


def test_islands_are_found_and_numbered_from_the_largest():
    sizes = (30, 60, 40)
    labels = clusters(islands(sizes))
    assert labels.dtype == np.int32
    assert set(labels.tolist()) <= {-1, 0, 1, 2}
    own = [np.bincount(part[part >= 0]).argmax() for part in np.split(labels, np.cumsum(sizes)[:-1])]
    assert own == [2, 0, 1]
    assert (labels >= 0).mean() > 0.8


def test_a_sample_stands_for_many(monkeypatch):
    places = islands((600, 400, 300))
    whole = clusters(places)
    monkeypatch.setattr(module, "MOST", 500)
    sampled = clusters(places)
    assert len(sampled) == 1300
    assert sampled.max() == whole.max() == 2
    assert (sampled == whole).mean() > 0.85
    assert np.array_equal(sampled, clusters(places))


def test_few_points_are_no_island():
    assert clusters(np.zeros((9, 2))).tolist() == [-1] * 9
    assert clusters(np.zeros((0, 2))).shape == (0,)


def test_an_island_is_named_by_its_middle():
    vectors = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9], [0.8, 0.3]])
    labels = np.array([0, 0, 1, -1, 0])
    assert typical_terms(labels, vectors, ["a", "b", "c", "d", "e"])[1] == "c"
    assert len(typical_terms(labels, vectors, ["a", "b", "c", "d", "e"])) == 2
    assert typical_terms(np.full(5, -1), vectors, ["a"] * 5) == ()
