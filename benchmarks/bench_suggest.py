"""How long a look for suggestions takes, and how much memory, on a made dictionary with made vectors.

``python -m benchmarks.bench_suggest [TERMS]`` (20,000 where left out): groups of four terms, vectors of 384
dimensions around a centre a group, without a model: encoding is measured elsewhere.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from workbench import LocalText, Services, Settings
from workbench.types import Pair

GROUP = 4
DIMENSION = 384


def main(terms: int) -> None:
    """Print one line of figures."""
    with tempfile.TemporaryDirectory() as home:
        services = Services(Settings.from_env({}, home=Path(home), warm_worker=False))
        groups = terms // GROUP
        pairs = [Pair(f"g{n} standard", f"g{n} {letter}") for n in range(groups) for letter in "abc"]
        services._workspace.dictionaries.save("made", pairs, language="en", source="made")
        centres = np.random.default_rng(0).normal(size=(groups, DIMENSION)).astype(np.float32)
        # every tenth group has a twin: something to be found
        centres[1::10] = centres[::10][: len(centres[1::10])] + 0.1
        noise = np.random.default_rng(1)

        def vectors(_model: str, texts: list[str], _progress: Any = None) -> Any:
            numbers = [int(text.split()[0][1:]) for text in texts]
            rows = centres[numbers]
            for start in range(0, len(rows), 4096):
                block = rows[start : start + 4096]
                block += 0.8 * noise.normal(size=block.shape).astype(np.float32)
            return rows

        library: Any = services._workspace.library
        library.vectors, library.fingerprint = vectors, lambda model, _progress=None: model
        services._workspace.measurer.subject(services.dictionary("made"))  # a page has it already
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        times: list[float] = []

        def progress(_fraction: float, _words: LocalText) -> None:
            times.append(time.perf_counter())

        began = time.perf_counter()
        done = services.proposer.propose("made", "m", most=50_000, progress=progress)
        spent = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        gaps = np.diff([began, *times, began + spent])
        page = _page_times(services)
        services.close()
    print(
        f"{terms} terms: {spent:.1f} s, {(peak - before) / 1024:.0f} MB more, "
        f"at most {gaps.max():.1f} s between two reports; {done.new}; a page of the queue {page:.0f} ms"
    )


def _page_times(services: Services) -> float:
    """Milliseconds of the slowest of the orders that the page asks for, with its counts."""
    slowest = 0.0
    for sort in ("score", "uncertainty", "mixed", "newest"):
        began = time.perf_counter()
        services.suggestions.page("made", sort=sort, size=40)
        services.suggestions.counts("made")
        slowest = max(slowest, 1000 * (time.perf_counter() - began))
    return slowest


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
