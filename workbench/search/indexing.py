"""Graphs over very many vectors: built in the background, kept on disk, taken up again."""

from __future__ import annotations

import json
import logging
import os
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from workbench.errors import Stopped, WorkbenchError
from workbench.localtext import LocalText
from workbench.normalise import digest
from workbench.search.graph import LEAST_RECALL, Graph, build_graph
from workbench.search.neighbours import Neighbourhood
from workbench.storage.artifacts import MANIFEST, manifest_of, remove_staging, staged_folder

log = logging.getLogger("workbench.indexes")
Key = tuple[str, str]  # a model's fingerprint, and what identifies the source
GRAPHS_ON_DISK = 3
GRAPH_FILE, TERMS_FILE = "graph.faiss", "terms.npy"
_LOWER_PRIORITY = 10


@dataclass(frozen=True, slots=True)
class IndexState:
    """How the terms of a source are searched under a model.

    "hnsw" is the graph, "exact" every vector. ``size`` is the number of vectors, ``building`` (0..1) how far
    a graph is that is being built meanwhile, ``recall`` (0..1) the graph's of its ten nearest against the
    exact ones, ``seconds`` what building it took.
    """

    kind: Literal["exact", "hnsw"]
    size: int
    building: float | None = None
    recall: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Built:
    """A neighbourhood with its graph, and the version of the source that it was built from."""

    neighbourhood: Neighbourhood
    version: int


@dataclass
class _Build:
    version: int
    progress: float = 0.0
    done: Built | None = None
    failed: bool = False


class Graphs:
    """Builds graphs one after the other in a background thread of low priority, and keeps three on disk.

    A graph whose recall is below 0.98 at the widest search is not used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._builds: dict[Key, _Build] = {}
        self._guard = threading.Lock()
        self._one = threading.Lock()  # a second build would only take the memory of the first
        self._closed = threading.Event()
        self._threads: list[threading.Thread] = []

    def request(self, key: Key, neighbourhood: Neighbourhood, version: int) -> None:
        """Build a graph over a neighbourhood, unless one is being built for that key. Returns at once."""
        with self._guard:
            if key in self._builds or self._closed.is_set():
                return
            build = self._builds[key] = _Build(version)
            thread = threading.Thread(
                target=self._work, args=(key, build, neighbourhood), name="index", daemon=True
            )
            self._threads.append(thread)
        thread.start()

    def take(self, key: Key) -> Built | None:
        """What has been built for a key, once."""
        with self._guard:
            build = self._builds.get(key)
            if build is None or build.done is None:
                return None
            del self._builds[key]
            return build.done

    def progress(self, key: Key) -> float | None:
        """How far the build for a key is (0..1); None where there is none."""
        with self._guard:
            build = self._builds.get(key)
            return None if build is None or build.failed else build.progress

    def wait(self, timeout: float) -> None:
        """Wait until what is being built is built."""
        for thread in list(self._threads):
            thread.join(timeout)

    def close(self) -> None:
        """Give up what is being built, at the next step."""
        self._closed.set()
        self.wait(10)

    # -- on disk ------------------------------------------------------------------------------

    def load(self, key: Key) -> tuple[Graph, npt.NDArray[np.uint8]] | None:
        """The graph that is kept for a key and the digests (n, 16) of its terms; None where there is none."""
        folder = self._path(key)
        manifest = manifest_of(folder)
        if manifest is None:
            return None
        try:
            graph = Graph.load(
                folder / GRAPH_FILE,
                int(manifest["width"]),
                float(manifest["recall"]),
                float(manifest["seconds"]),
            )
            marks = np.load(folder / TERMS_FILE, allow_pickle=False)
        except (ValueError, OSError, KeyError, TypeError, json.JSONDecodeError) as error:
            log.warning("a kept index is damaged and made again: %s", error)
            shutil.rmtree(folder, ignore_errors=True)
            return None
        if marks.shape != (len(graph), 16) or marks.dtype != np.uint8:
            shutil.rmtree(folder, ignore_errors=True)
            return None
        (folder / MANIFEST).touch()
        return graph, marks

    def _save(self, key: Key, graph: Graph, terms: Sequence[str]) -> None:
        extra = {"width": graph.width, "recall": graph.recall, "seconds": graph.seconds}
        try:
            remove_staging(self._folder)
            with staged_folder(self._path(key), needs_bytes=graph.rows().nbytes // 2, extra=extra) as folder:
                graph.save(folder / GRAPH_FILE)
                np.save(folder / TERMS_FILE, term_marks(terms), allow_pickle=False)
            kept = sorted(self._folder.glob(f"*/{MANIFEST}"), key=lambda path: path.stat().st_mtime)
            for old in kept[:-GRAPHS_ON_DISK]:
                shutil.rmtree(old.parent, ignore_errors=True)
        except (WorkbenchError, OSError, RuntimeError):  # it can be built again
            log.exception("an index was not kept")

    def _path(self, key: Key) -> Path:
        return self._folder / digest(*key)

    # -- the thread ---------------------------------------------------------------------------

    def _work(self, key: Key, build: _Build, neighbourhood: Neighbourhood) -> None:
        _give_way()

        def told(share: float) -> None:
            if self._closed.is_set():
                raise Stopped(LocalText("程序正在关闭。", "The program is closing."))
            build.progress = share

        try:
            with self._one:
                told(0.0)
                whole = neighbourhood.compact()
                graph = build_graph(whole.index.base, told)
                if graph.recall < LEAST_RECALL:
                    log.warning("an index of %s vectors finds too little: %s", len(graph), graph.recall)
                    build.failed = True
                    return
                built = Built(whole.with_index(whole.index.with_graph(graph)), build.version)
                self._save(key, graph, whole.raw_terms())
            build.done = built
        except Stopped:
            build.failed = True
        except Exception:
            log.exception("an index could not be built")
            build.failed = True


def term_marks(terms: Sequence[str]) -> npt.NDArray[np.uint8]:
    """(n, 16) digests by which terms are known again."""
    joined = b"".join(bytes.fromhex(digest(term)) for term in terms)
    return np.frombuffer(joined, np.uint8).reshape(-1, 16)


def state_of(neighbourhood: Neighbourhood, building: float | None) -> IndexState:
    """How a neighbourhood is searched."""
    state = IndexState("exact", len(neighbourhood), building)
    graph = neighbourhood.index.graph
    if graph is None:
        return state
    return replace(state, kind="hnsw", recall=graph.recall, seconds=graph.seconds)


def _give_way() -> None:
    """Lower the priority of this thread and of those that it starts, where the system can."""
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWER_PRIORITY)
    except (AttributeError, OSError):
        log.debug("an index is built at full priority")
