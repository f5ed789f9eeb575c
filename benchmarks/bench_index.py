"""Building and asking an index of 10,000, 100,000 and 1,000,000 vectors, beside faiss alone.

    python -m benchmarks.bench_index [--sizes 10000 100000 1000000] [--results FILE] [--handler]

Vectors are random ones around random centres, of unit length, 384 numbers each. Each size is written to
FILE when it is done, and is not measured again when FILE has it; the graph of the largest is kept beside
FILE, so that questions can be measured again without building. ``--handler`` measures what the page's
handler calls, on a dictionary of that many terms: a question, and an edit with the question after it.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import services
from workbench.editing.edits import AddGroup
from workbench.search import indexing
from workbench.search.graph import BUILD_WIDTH, LINKS, Graph, build_graph
from workbench.search.index import MOST_EXACT, VectorIndex
from workbench.types import Pair

SIZES = (10_000, 100_000, 1_000_000)
DIMENSION = 384
QUERIES = 300
EDITS = 15
K = 10
MODEL = "bench"


def clustered(count: int, seed: int = 0) -> np.ndarray:
    """Unit vectors (n, 384), about fifty around each of their centres."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(1).standard_normal((max(2, count // 50), DIMENSION), np.float32)
    rows = np.empty((count, DIMENSION), np.float32)
    for start in range(0, count, 20_000):
        stop = min(count, start + 20_000)
        block = centres[rng.integers(len(centres), size=stop - start)]
        block += 0.8 * rng.standard_normal(block.shape, np.float32)
        rows[start:stop] = block / np.linalg.norm(block, axis=1, keepdims=True)
    return rows


def times(action: Callable[[int], object], repeats: int) -> dict[str, float]:
    """p50 and p95 in milliseconds."""
    for number in range(min(10, repeats)):
        action(number)
    seconds = []
    for number in range(repeats):
        began = time.perf_counter()
        action(number)
        seconds.append(1000 * (time.perf_counter() - began))
    return {"p50": float(np.quantile(seconds, 0.5)), "p95": float(np.quantile(seconds, 0.95))}


def beside(
    one: Callable[[int], object], other: Callable[[int], object]
) -> tuple[dict[str, float], dict[str, float]]:
    """Two actions timed in turns, so that what disturbs the machine meets both."""
    for number in range(10):
        one(number)
        other(number)
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(QUERIES):
        # Who comes second finds the vectors of the first in the cache: they take turns at that too.
        order = (0, 1) if number % 2 else (1, 0)
        for which in order:
            began = time.perf_counter()
            (one, other)[which](number)
            seconds[which].append(1000 * (time.perf_counter() - began))
    first, second = (
        {"p50": float(np.quantile(part, 0.5)), "p95": float(np.quantile(part, 0.95))} for part in seconds
    )
    return first, second


def measured(count: int, kept: Path | None = None) -> dict[str, Any]:
    """One size: build and single questions, ours and faiss alone with the same settings."""
    import faiss

    rows = clustered(count)
    queries = clustered(count + QUERIES)[count:] if count < 200_000 else _between(rows)
    found: dict[str, Any] = {"vectors": count, "megabytes of vectors": rows.nbytes / 1e6}
    before = _resident()
    began = time.perf_counter()
    index = VectorIndex(rows)
    found["exact build s"] = time.perf_counter() - began
    if count <= MOST_EXACT:
        began = time.perf_counter()
        raw = faiss.IndexFlatIP(DIMENSION)
        raw.add(rows)
        found["exact faiss build s"] = time.perf_counter() - began
        found["exact faiss ms"], found["exact ms"] = beside(
            lambda i: raw.search(queries[i : i + 1], K), lambda i: index.search(queries[i], K)
        )
        del raw
    if count >= 100_000:
        graph = built(index.base, kept if count > MOST_EXACT else None)
        ours = index.with_graph(graph)
        del index
        found["graph build s"], found["recall"], found["width"] = graph.seconds, graph.recall, graph.width
        found["graph bytes a vector"] = _bytes(graph) / count
        if count <= MOST_EXACT:
            began = time.perf_counter()
            alone = faiss.IndexHNSWFlat(DIMENSION, LINKS, faiss.METRIC_INNER_PRODUCT)
            alone.hnsw.efConstruction = BUILD_WIDTH
            alone.add(rows)
            found["graph faiss build s"] = time.perf_counter() - began
            del alone
        raw = graph._index
        raw.hnsw.efSearch = graph.width
        found["graph faiss ms"], found["graph ms"] = beside(
            lambda i: raw.search(queries[i : i + 1], K), lambda i: ours.search(queries[i], K)
        )
        edited = ours.changed(queries[:100], removed=range(0, count, 20))
        found["graph after edits ms"] = times(lambda i: edited.search(queries[i], K), QUERIES)
        exact, near = ours.exact(queries, K)[1], ours.search(queries, K)[1]
        found["recall of these queries"] = float(
            np.mean([len(set(a) & set(b)) / K for a, b in zip(exact.tolist(), near.tolist(), strict=True)])
        )
    found["megabytes more at most"] = (_resident() - before) / 1e6
    return found


def built(rows: np.ndarray, kept: Path | None) -> Graph:
    """A graph, taken from the file where it was kept."""
    about = kept.with_suffix(".json") if kept else None
    if kept and about and about.exists():
        return Graph.load(kept, **json.loads(about.read_text()))
    graph = build_graph(rows)
    if kept and about:
        graph.save(kept)
        told = {"width": graph.width, "recall": graph.recall, "seconds": graph.seconds}
        about.write_text(json.dumps(told))
    return graph


def handler(count: int, kept: Path | None = None) -> dict[str, Any]:
    """What the page's handler calls, on a dictionary of so many terms: p50 and p95 of a question.

    A graph over the same vectors that :func:`measured` has kept is taken instead of building one.
    """
    rows = clustered(count)
    if kept and kept.exists() and count > MOST_EXACT:
        indexing.build_graph = lambda whole, *_, **__: _same(built(whole, kept), whole)
    place = {f"term {number:07}": number for number in range(count)}
    spare = clustered(1000, seed=5)

    def vectors(_: str, texts: Sequence[str], *__: Any, **___: Any) -> np.ndarray:
        return np.stack([rows[place[t]] if t in place else spare[hash(t) % 1000] for t in texts])

    with services(warm_worker=False) as opened:
        library = opened._workspace.library
        library.vectors, library.fingerprint = vectors, lambda *_: MODEL
        names = list(place)
        pairs = [Pair(a, b, n) for n, (a, b) in enumerate(zip(names[::2], names[1::2], strict=True))]
        opened._workspace.dictionaries.save("large", pairs, language="en", source="large.csv")
        near = lambda text: opened.exploring.near(text, "dictionary:large", [MODEL], k=K)
        found: dict[str, Any] = {"terms": count}
        began = time.perf_counter()
        near(names[0])
        found["first question s"] = time.perf_counter() - began
        opened.exploring.wait_for_indexes(7200)
        near(names[0])
        found["index"] = opened.exploring.index_state(MODEL, "large").kind
        found["question ms"] = times(lambda i: near(names[(i * 7919) % count]), QUERIES)
        found["text of no term ms"] = times(lambda i: near(f"other {i}"), QUERIES)
        seconds: list[float] = []
        for number in range(EDITS):
            version = opened.dictionary("large").version
            opened.editor.apply("large", AddGroup(f"new {number}", (f"fresh {number}",)), based_on=version)
            began = time.perf_counter()
            hits = near(f"new {number}").columns[0].hits
            seconds.append(1000 * (time.perf_counter() - began))
            assert any(hit.known for hit in hits) or len(hits) == K
        found["question after an edit ms"] = {
            "p50": float(np.quantile(seconds, 0.5)),
            "p95": float(np.quantile(seconds, 0.95)),
        }
        return found


def main() -> None:
    """Measure what is not measured yet; print all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--results", type=Path)
    parser.add_argument("--handler", action="store_true")
    options = parser.parse_args()
    known: dict[str, Any] = {}
    if options.results and options.results.exists():
        known = json.loads(options.results.read_text())
    for size in options.sizes:
        name = f"{'handler' if options.handler else 'index'} {size}"
        if name not in known:
            kept = options.results.with_name(f"graph-{size}.faiss") if options.results else None
            known[name] = handler(size, kept) if options.handler else measured(size, kept)
            if options.results:
                options.results.write_text(json.dumps(known, indent=1))
        print(name, json.dumps(known[name]), flush=True)


def _same(graph: Graph, rows: np.ndarray) -> Graph:
    """The graph, if it is over these vectors."""
    if not np.allclose(graph.rows()[::997], rows[::997], atol=1e-6):
        raise SystemExit("the graph that was kept is over other vectors")
    return graph


def _between(rows: np.ndarray) -> np.ndarray:
    """Texts that are not there: near to a vector, a little on the way to another."""
    rng = np.random.default_rng(3)
    mixed = 2 * rows[rng.integers(len(rows), size=QUERIES)] + rows[rng.integers(len(rows), size=QUERIES)]
    return mixed / np.linalg.norm(mixed, axis=1, keepdims=True)


def _bytes(graph: Graph) -> int:
    hnsw = graph._index.hnsw
    return graph.rows().nbytes + 4 * hnsw.neighbors.size() + 8 * hnsw.offsets.size()


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
