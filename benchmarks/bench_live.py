"""The live effect: from an edit to changed neighbours, on 5,000 terms, against an Instant run.

``python -m benchmarks.bench_live [FILE]``; without a file, on the largest sample.
"""

from __future__ import annotations

import random
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import mean, quantiles

from benchmarks.common import Row, services, table
from workbench.editing.edits import AddSynonyms, DeleteTerms, Edit, MarkApart
from workbench.services import Services
from workbench.settings import ASSETS
from workbench.types import FINAL_STATES, Pair

TERMS = 5000
EDITS = 20
NAME = "bench"


def run(file: Path = ASSETS / "samples" / "health_en.csv") -> list[Row]:
    with services() as opened:
        base = next(model.id for model in opened.models() if model.default)
        preview = opened.preview_dictionary(file.read_bytes(), file.name)
        kept, withheld = _cut(list(preview.pairs))
        info = opened.save_dictionary(NAME, replace(preview, pairs=tuple(kept)), source=file.name)
        began = time.perf_counter()
        opened.live.request(NAME, [kept[0].synonym], base)
        _until_ready(opened, info.version)
        first = time.perf_counter() - began
        _until_loaded(opened, base)
        seconds = sorted(_edit(opened, pair, number, kept) for number, pair in enumerate(withheld))
        full = _instant(opened, base)
    cuts = quantiles(seconds, n=20, method="inclusive")
    what = f"{info.terms} terms of {file.name}, {len(seconds)} edits ({base})"
    return [
        ("live effect switched on: base unpacked, all terms encoded, first map", "", f"{first:.1f} s", ""),
        (
            f"edit to changed neighbours, p50, {what}",
            f"Instant run {full:.1f} s",
            f"{cuts[9]:.2f} s",
            f"{full / cuts[9]:.1f} ×",
        ),
        ("the same, p95", f"Instant run {full:.1f} s", f"{cuts[18]:.2f} s", f"{full / cuts[18]:.1f} ×"),
        (
            "the same, mean",
            f"Instant run {full:.1f} s",
            f"{mean(seconds):.2f} s",
            f"{full / mean(seconds):.1f} ×",
        ),
    ]


def _cut(pairs: list[Pair]) -> tuple[list[Pair], list[Pair]]:
    """Pairs of about 5,000 terms, and as many as there are edits that are held back from them."""
    terms: set[str] = set()
    chosen = []
    for pair in pairs:
        if len(terms) >= TERMS:
            break
        terms |= {pair.standard, pair.synonym}
        chosen.append(pair)
    of: dict[str, list[Pair]] = {}
    for pair in chosen:
        of.setdefault(pair.standard, []).append(pair)
    spare = [group[-1] for group in of.values() if len(group) > 1]
    withheld = random.Random(1).sample(spare, min(EDITS, len(spare)))
    return [pair for pair in chosen if pair not in set(withheld)], withheld


def _edit(opened: Services, pair: Pair, number: int, kept: list[Pair]) -> float:
    """Seconds from one edit to its neighbours. Most add a synonym; some delete one or mark two apart."""
    group = opened.editor.find(NAME, pair.standard)[0]
    edit: Edit = AddSynonyms(group.id, (pair.synonym,))
    terms = [pair.synonym, pair.standard]
    if number % 7 == 5:
        edit, terms = DeleteTerms(group.id, (group.synonyms[0],)), [group.synonyms[0], pair.standard]
    if number % 7 == 6:
        other = kept[(number * 97) % len(kept)].standard
        edit, terms = MarkApart(pair.standard, other), [pair.standard, other]
    began = time.perf_counter()
    result = opened.editor.apply(NAME, edit, based_on=opened.dictionary(NAME).version)
    opened.live.request(NAME, terms)
    _until_ready(opened, result.info.version)
    return time.perf_counter() - began


def _until_ready(opened: Services, version: int) -> None:
    while True:
        state = opened.live.state(NAME)
        if state["state"] == "problem":
            raise SystemExit(state["message"]["en"])
        if state["state"] == "ready" and state["version"] == version:
            return
        time.sleep(0.01)


def _until_loaded(opened: Services, base: str) -> None:
    """The first new term is not to wait for the model to be loaded, as it does not in the page."""
    library = opened._workspace.library
    library.encoder_of_folder(library.folder(base))


def _instant(opened: Services, base: str) -> float:
    """Seconds from the click to a finished Instant run, terms encoded and the worker warm."""
    opened.start()
    for name in ("warm-up", "measured"):
        time.sleep(20)  # the next worker's imports are done
        began = time.perf_counter()
        run = opened.start_run(NAME, base, "instant", name=name)
        while opened.run(run.id).state not in FINAL_STATES:
            time.sleep(0.05)
        seconds = time.perf_counter() - began
    return seconds


if __name__ == "__main__":
    print(table(run(*map(Path, sys.argv[1:2]))))
