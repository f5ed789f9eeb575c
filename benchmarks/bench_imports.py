"""How long somebody else waits while a large file is saved: a one-row write beside it, again and again.

``python -m benchmarks.bench_imports [SCALE]``: 1 for 100,000 pairs of terms, 1,000,000 labelled pairs and
100 MB of text. One line a save: its seconds, and the longest wait of a thread of the same server and of
another process (a worker). The time that writing takes while nothing else goes on comes first.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.common import services
from workbench import Services
from workbench.storage.database import Database

EVERY = 0.01  # seconds between two writes
ROW = "INSERT OR REPLACE INTO rates (name, value) VALUES ('beside', ?)"


def watch(database: Database, begun: Callable[[], object], over: Callable[[], bool]) -> float:
    """The longest time that a one-row write took from when ``begun`` was told until ``over``."""
    longest = 0.0
    begun()
    while not over():
        began = time.monotonic()
        with database.write() as db:
            db.conn.execute(ROW, (began,))
        longest = max(longest, time.monotonic() - began)
        time.sleep(EVERY)
    return longest


def beside(database: Database, act: Callable[[], object]) -> tuple[float, float, float]:
    """Seconds of ``act``, and the longest wait beside it: of a thread of this server, of a process."""
    other = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bench_imports", "--watch", str(database.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdin
    assert other.stdout
    begun, done, waits = threading.Event(), threading.Event(), []
    thread = threading.Thread(target=lambda: waits.append(watch(database, begun.set, done.is_set)))
    thread.start()
    begun.wait()
    other.stdout.readline()
    began = time.monotonic()
    act()
    seconds = time.monotonic() - began
    done.set()
    thread.join()
    waits.append(float(other.communicate("over\n")[0]))
    return seconds, waits[0], waits[1]


def watch_from_outside(path: Path) -> None:
    """What the other process does."""
    told = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), told.set()), daemon=True).start()
    longest = watch(Database(path), lambda: print("ready", flush=True), told.is_set)
    print(longest)


def saves(scale: float) -> Iterator[tuple[str, Callable[[Services], Callable[[], object]]]]:
    """What is saved: made ready by the first call, saved by the second."""
    from workbench.ingest.corpus import parse_corpus
    from workbench.types import LabelledPair

    terms, labelled, megabytes = int(100_000 * scale), int(1_000_000 * scale), 100 * scale

    def table(mark: str) -> bytes:
        rows = (f"标准词{n // 4}号,同义词{mark}{n}\n" for n in range(terms))
        return ("标准词,同义词\n" + "".join(rows)).encode()

    def dictionary(mode: str, mark: str) -> Callable[[Services], Callable[[], object]]:
        def ready(opened: Services) -> Callable[[], object]:
            preview = opened.preview_dictionary(table(mark), "t.csv")
            return lambda: opened.importer.save(preview, "大词典", mode, "t.csv")

        return ready

    def pairs(opened: Services) -> Callable[[], object]:
        rows = [LabelledPair(f"第一句{n}", f"第二句{n}", float(n % 2), row=n) for n in range(labelled)]
        return lambda: opened._workspace.pair_sets.save("句对", rows, kind="labels", source="p.csv")

    def text(opened: Services) -> Callable[[], object]:
        line = "混凝土浇筑之前要检查模板和钢筋的位置，并且记录下来"
        lines = (f"{line}{n}\n" for n in range(int(megabytes * 1e6 / (len(line.encode()) + 8))))
        preview = parse_corpus("".join(lines).encode(), "t.txt", max_rows=10**8, max_bytes=10**9)
        return lambda: opened.corpora.save("语料", preview, source="t.txt")

    yield f"a new dictionary of {terms:,} pairs", dictionary("new", "甲")
    yield f"another file of {terms:,} pairs in its place", dictionary("replace", "乙")
    yield f"{terms:,} pairs merged into it", dictionary("merge", "丙")
    yield f"{labelled:,} labelled pairs", pairs
    yield f"{megabytes:.0f} MB of text", text


def main(scale: float) -> None:
    print("| saved | takes | longest wait, same server | longest wait, another process |")
    print("|---|---|---|---|")
    with services(max_rows=3_000_000) as opened:
        database = opened._workspace.database
        quiet = beside(database, lambda: time.sleep(3.0))
        print(f"| nothing | | {1000 * quiet[1]:.0f} ms | {1000 * quiet[2]:.0f} ms |")
        for name, ready in saves(scale):
            seconds, here, there = beside(database, ready(opened))
            print(f"| {name} | {seconds:.1f} s | {1000 * here:.0f} ms | {1000 * there:.0f} ms |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--watch"]:
        watch_from_outside(Path(sys.argv[2]))
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
