"""What the benchmarks share: a temporary home, the terms, and a table."""

from __future__ import annotations

import contextlib
import io
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from workbench import Services, Settings
from workbench.settings import ASSETS

DATA = Path(__file__).parent / "data"
WORDNET = DATA / "wordnet_artifact_en.csv"
Row = tuple[str, str, str, str]  # what, the other, ours, ratio


@contextlib.contextmanager
def services(**settings: object) -> Iterator[Services]:
    """A workbench on a home folder of its own, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="workbench-bench-") as home:
        opened = Services(Settings.from_env(home=home, **settings))
        try:
            yield opened
        finally:
            opened.close()


def import_wordnet(opened: Services) -> str:
    """The larger real dictionary: 7,117 pairs, English, hard."""
    preview = opened.preview_dictionary(WORDNET.read_bytes(), WORDNET.name)
    return opened.save_dictionary("wordnet", preview, source=WORDNET.name).name


def sample_terms(opened: Services) -> list[str]:
    """Every distinct short term of the sample dictionaries, Chinese and English."""
    terms: dict[str, None] = {}
    for path in sorted((ASSETS / "samples").glob("*.csv")):
        for pair in opened.preview_dictionary(path.read_bytes(), path.name).pairs:
            terms.update({pair.standard: None, pair.synonym: None})
    return list(terms)


def timed(action: Callable[[], object]) -> float:
    """Seconds that ``action`` takes; what it prints is thrown away."""
    began = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        action()
    return time.perf_counter() - began


def table(rows: list[Row]) -> str:
    """Markdown."""
    head = ["| what | otherwise | Synonym Workbench | ratio |", "|---|---|---|---|"]
    return "\n".join(head + [f"| {' | '.join(row)} |" for row in rows])
