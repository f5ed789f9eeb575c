"""How soon the editor answers on a dictionary of 100,000 pairs, beside storing each version whole.

``python -m benchmarks.bench_editor`` prints p50 and p95 of each.
"""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.common import Row, services, table
from workbench.editing.edits import AddSynonyms, MergeGroups, RenameTerm
from workbench.services.editing import Editor
from workbench.types import Pair

PAIRS = 100_000
REPEATS = 60
NAME = "large"


def large_pairs() -> list[Pair]:
    """Groups of three; every 50th synonym is in two groups, every 70th is a standard term too."""
    pairs = []
    for number in range(PAIRS):
        group = number // 3
        synonym = f"近似说法{number}号 variant {number % 977}"
        if number % 50 == 0 and number:
            synonym = pairs[number - 10].synonym
        elif number % 70 == 0:
            synonym = f"标准术语{(group * 7) % (PAIRS // 3)}型"
        pairs.append(Pair(f"标准术语{group}型", synonym, number + 2))
    return pairs


def run() -> list[Row]:
    with services(warm_worker=False) as opened:
        pairs = large_pairs()
        opened._workspace.dictionaries.save(NAME, pairs, language="zh", source="large.csv")
        whole = copy_of_a_version(pairs)
        rows: list[Row] = []
        for what, seconds in measured(opened.editor):
            p50, p95 = quantile(seconds, 0.5), quantile(seconds, 0.95)
            writes = what.startswith(("edit", "undo", "redo", "restore"))
            rows.append(
                (
                    f"editor, {PAIRS:,} pairs: {what}, p50 / p95",
                    f"copy of the version {1000 * whole:.0f} ms" if writes else "",
                    f"{1000 * p50:.1f} / {1000 * p95:.1f} ms",
                    f"{whole / p50:.1f} × as fast" if writes else "",
                )
            )
        return rows


def measured(editor: Editor) -> list[tuple[str, list[float]]]:
    rng = random.Random(0)

    def version() -> int:
        return editor.status(NAME).version

    def group() -> int:
        return rng.randrange(1, PAIRS // 3)

    def rename() -> None:
        chosen = editor.group(NAME, group())
        edit = RenameTerm(chosen.id, chosen.synonyms[0], f"{chosen.synonyms[0]} 新")
        times["edit: rename"].append(timed(lambda: editor.apply(NAME, edit, based_on=version())))

    def each(name: str, action: Callable[[], object], repeats: int = REPEATS) -> None:
        times[name] = [timed(action) for _ in range(repeats)]

    times: dict[str, list[float]] = {"edit: rename": []}
    for _ in range(REPEATS):
        rename()
    each(
        "edit: add a synonym",
        lambda: editor.apply(NAME, AddSynonyms(group(), (f"新词{rng.random()}",)), based_on=version()),
    )
    each("edit: merge two groups", lambda: merge(editor, group(), version()))
    each("undo", lambda: editor.undo(NAME, based_on=version()))
    each("redo", lambda: editor.redo(NAME, based_on=version()))
    each("restore the first version, and back", lambda: restore_and_back(editor), 10)
    each("status", lambda: editor.status(NAME))
    each("first page", lambda: editor.page(NAME))
    each("any page", lambda: editor.page(NAME, page=rng.randrange(660)))
    each("search, few found", lambda: editor.page(NAME, search=f"说法{rng.randrange(PAIRS)}"))
    each("search, one letter", lambda: editor.page(NAME, search=rng.choice("型号近标VA1"), page=3))
    for name in ("ambiguous", "chained", "problems", "untrained"):
        each(f"filter {name}", lambda name=name: editor.page(NAME, filter=name))
    for name in ("name", "size", "recent"):
        each(f"sort {name}", lambda name=name: editor.page(NAME, sort=name, page=rng.randrange(500)))
    each("search, filter and sort", lambda: editor.page(NAME, search="说法1", filter="problems", sort="name"))
    each("history", lambda: editor.history(NAME))
    return list(times.items())


def merge(editor: Editor, into: int, version: int) -> None:
    other = into + 1
    if len(editor.groups(NAME, [into, other])) == 2:
        editor.apply(NAME, MergeGroups((other,), into), based_on=version)


def restore_and_back(editor: Editor) -> None:
    editor.restore(NAME, 1, based_on=editor.status(NAME).version)
    editor.undo(NAME, based_on=editor.status(NAME).version)


def copy_of_a_version(pairs: list[Pair]) -> float:
    """Seconds to store one version as a whole copy, without its hash and counts."""
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(Path(folder) / "copy.db")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute(
            "CREATE TABLE pairs (version INTEGER, grp INTEGER, position INTEGER, standard TEXT, synonym TEXT,"
            " row INTEGER, PRIMARY KEY (version, grp, position)) WITHOUT ROWID"
        )
        first = [(1, n // 3, n, p.standard, p.synonym, p.row) for n, p in enumerate(pairs)]
        db.executemany("INSERT INTO pairs VALUES (?,?,?,?,?,?)", first)
        db.commit()
        found = []
        for version in range(2, 7):
            began = time.perf_counter()
            db.execute(
                "INSERT INTO pairs SELECT ?, grp, position, standard, synonym, row FROM pairs"
                " WHERE version = ?",
                (version, version - 1),
            )
            db.commit()
            found.append(time.perf_counter() - began)
        db.close()
        return quantile(found, 0.5)


def timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


if __name__ == "__main__":
    print(table(run()))
