"""A graph finds nearly what an exact search finds, says how nearly, and is kept and followed like it."""

import threading
import time

import numpy as np
import pytest

from workbench.search import graph as graphs
from workbench.search.graph import LEAST_RECALL, Graph, build_graph
from workbench.search.index import VectorIndex, unit_rows
from workbench.search.indexing import GRAPHS_ON_DISK, Graphs, state_of
from workbench.search.neighbours import Neighbourhood
from workbench.search.vocabulary import Vocabulary


def clustered(count, dimension=24, seed=0, spread=0.35):
    """Vectors around 80 centres, which are the same for every seed."""
    centres = np.random.default_rng(99).normal(size=(80, dimension))
    rng = np.random.default_rng(seed)
    return unit_rows(
        centres[rng.integers(len(centres), size=count)] + spread * rng.normal(size=(count, dimension))
    )


@pytest.fixture(scope="module")
def rows():
    return clustered(4000)


@pytest.fixture(scope="module")
def graph(rows):
    return build_graph(rows)


def recall(index, queries, k=10):
    found, right = index.search(queries, k)[1], index.exact(queries, k)[1]
    return np.mean([len(set(a) & set(b)) / k for a, b in zip(found.tolist(), right.tolist(), strict=True)])


def test_ten_neighbours_are_found_as_surely_as_it_says(rows, graph):
    index = VectorIndex(rows).with_graph(graph)
    assert graph.recall >= LEAST_RECALL
    assert recall(index, clustered(300, seed=1)) >= LEAST_RECALL
    assert recall(index, np.random.default_rng(1).normal(size=(300, 24))) > 0.9  # far from every centre
    assert index.search(rows[7], 1)[1].tolist() == [[7]]


def test_a_graph_that_is_searched_too_narrowly_is_caught(rows, graph, monkeypatch):
    """The figure can be bad, and a build goes on to a wider search until it is good."""
    right = VectorIndex(rows).search(rows[:200], 10)[1]
    assert graphs.recall_of(graph._index, rows[:200], right, 1).mean() < LEAST_RECALL
    assert graphs.recall_of(graph._index, rows[:200], right, 200).mean() == pytest.approx(1, abs=0.002)
    monkeypatch.setattr(graphs, "WIDTHS", (1, 2, 64, 128))
    assert build_graph(rows).width >= 64


def test_what_comes_and_goes_is_found_without_building_again(rows, graph):
    index = VectorIndex(rows).with_graph(graph)
    query = clustered(1, seed=9)[0]
    nearest = index.search(query, 5)[1][0].tolist()
    later = index.changed(query[None, :], removed=nearest[:2])
    assert later.graph is graph
    assert later.search(query, 4)[1][0].tolist() == [4000, *nearest[2:5]]
    assert later.search(query, 4)[0][0] == pytest.approx(later.exact(query, 4)[0][0], abs=1e-5)
    again = later.changed(np.empty((0, 24)), removed=[4000])
    assert again.search(query, 3)[1][0].tolist() == nearest[2:5]
    assert recall(later, clustered(200, seed=3)) >= LEAST_RECALL


def test_after_many_removals_the_answer_is_still_right(rows, graph):
    rng = np.random.default_rng(4)
    for share in (0.19, 0.6):
        gone = rng.choice(4000, int(4000 * share), replace=False)
        index = VectorIndex(rows).with_graph(graph).changed(np.empty((0, 24)), removed=gone)
        assert index.worn == (share > 0.2)
        assert not set(index.search(rows[gone[:50]], 10)[1].ravel().tolist()) & set(gone.tolist())
        assert recall(index, clustered(200, seed=5)) >= LEAST_RECALL - 0.005


def test_very_many_neighbours_are_looked_for_exactly(rows, graph):
    index = VectorIndex(rows).with_graph(graph)
    query = clustered(1, seed=2)[0]
    assert index.search(query, 3999)[1].tolist() == index.exact(query, 3999)[1].tolist()


def test_a_graph_of_other_vectors_is_refused(graph):
    with pytest.raises(ValueError, match="4000"):
        VectorIndex(np.eye(24)).with_graph(graph)


def test_a_graph_is_the_same_when_it_is_read_again(rows, graph, tmp_path):
    path = tmp_path / "graph"
    graph.save(path)
    again = Graph.load(path, graph.width, graph.recall, graph.seconds)
    queries = clustered(20, seed=6)
    assert again.search(queries, 10)[1].tolist() == graph.search(queries, 10)[1].tolist()
    assert np.array_equal(again.rows(), rows)
    path.write_bytes(b"no graph")
    with pytest.raises(ValueError):
        Graph.load(path, 1, 1.0, 0.0)


# -- in the background ------------------------------------------------------------------------------


def hood_of(rows):
    return Neighbourhood.of(Vocabulary(), VectorIndex(rows), [f"t{i}" for i in range(len(rows))])


def test_a_build_goes_on_in_the_background_and_is_kept(rows, tmp_path):
    background = Graphs(tmp_path)
    key = ("print", "source")
    assert background.take(key) is None
    background.request(key, hood_of(rows[:1500]), 3)
    background.request(key, hood_of(rows[:1500]), 3)  # under way: nothing new
    background.wait(60)
    assert background.progress(key) == pytest.approx(1, abs=0.05)
    built = background.take(key)
    assert built.version == 3
    state = state_of(built.neighbourhood, None)
    assert (state.kind, state.size) == ("hnsw", 1500)
    assert state.recall >= LEAST_RECALL
    assert state.seconds > 0
    assert background.take(key) is None
    graph, marks = Graphs(tmp_path).load(key)
    assert len(graph) == len(marks) == 1500
    assert background.load(("other", "source")) is None


def test_only_the_last_few_are_kept_on_disk(rows, tmp_path):
    background = Graphs(tmp_path)
    keys = [("print", str(number)) for number in range(GRAPHS_ON_DISK + 2)]
    for key in keys:
        background.request(key, hood_of(rows[:200]), 1)
        background.wait(60)
        time.sleep(0.02)  # file times
    assert [background.load(key) is not None for key in keys] == [False, False, True, True, True]


def test_a_damaged_one_is_taken_away(rows, tmp_path):
    background, key = Graphs(tmp_path), ("print", "source")
    background.request(key, hood_of(rows[:200]), 1)
    background.wait(60)
    (file,) = tmp_path.glob("*/graph.faiss")
    file.write_bytes(bytes(file.stat().st_size))
    assert background.load(key) is None
    assert list(tmp_path.glob("*/graph.faiss")) == []


def test_closing_ends_a_build(rows, tmp_path, monkeypatch):
    background, begun = Graphs(tmp_path), threading.Event()

    def slow(_, told):
        for step in range(10_000):
            begun.set()
            told(step / 10_000)
            time.sleep(0.01)

    monkeypatch.setattr("workbench.search.indexing.build_graph", slow)
    background.request(("a", "b"), hood_of(rows[:100]), 1)
    assert begun.wait(10)
    background.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "index"]
    assert background.take(("a", "b")) is None
    background.request(("c", "d"), hood_of(rows[:100]), 1)
    assert background.progress(("c", "d")) is None


def test_a_graph_that_finds_too_little_is_not_used(rows, tmp_path, monkeypatch):
    monkeypatch.setattr(graphs, "WIDTHS", (1,))
    background = Graphs(tmp_path)
    background.request(("a", "b"), hood_of(rows), 1)
    background.wait(60)
    assert background.take(("a", "b")) is None
    assert background.progress(("a", "b")) is None
    assert background.load(("a", "b")) is None
