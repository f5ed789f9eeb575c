"""How long a million labelled pairs and a large corpus take from file to database, and the memory they need.

Run: python -m benchmarks.data_sets [--pairs 1000000] [--megabytes 100]
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
import tempfile
import time
from pathlib import Path

from workbench.services.corpora import Corpora
from workbench.services.pair_sets import PairSets
from workbench.settings import Settings
from workbench.workspace import Workspace

CHARACTERS = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能"


def write_pairs(path: Path, rows: int) -> None:
    rng = random.Random(1)
    with path.open("w", encoding="utf-8") as handle:
        handle.write("text1,text2,label\n")
        for number in range(rows):
            one, other = ("".join(rng.choices(CHARACTERS, k=12)) for _ in range(2))
            handle.write(f"{one}{number},{other},{number % 2}\n")


def write_corpus(path: Path, megabytes: int) -> None:
    rng = random.Random(1)
    written = 0
    with path.open("wb") as handle:
        while written < megabytes << 20:
            line = f"{''.join(rng.choices(CHARACTERS, k=rng.randint(8, 60)))}。\n".encode()
            written += handle.write(line)


def measure(kind: str, path: Path, home: Path) -> None:
    workspace = Workspace(Settings.from_env({}, home=home))
    start = time.perf_counter()
    service = PairSets(workspace) if kind == "pairs" else Corpora(workspace)
    preview = service.preview(path.read_bytes(), path.name)
    looked = time.perf_counter() - start
    info = service.save(kind, preview, source=path.name)
    saved = time.perf_counter() - start - looked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    service.page(kind, search="国我以")
    paged = time.perf_counter() - start
    rows = info.rows if kind == "pairs" else info.texts
    print(
        f"{kind}: {path.stat().st_size >> 20} MB, {rows:,} rows: preview {looked:.1f} s, save {saved:.1f} s, "
        f"peak {peak:.0f} MiB; a search {paged * 1000:.0f} ms"
    )
    workspace.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--megabytes", type=int, default=100)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_pairs(folder / "pairs.csv", asked.pairs)
        write_corpus(folder / "corpus.txt", asked.megabytes)
        for kind, file in (("pairs", "pairs.csv"), ("corpus", "corpus.txt")):
            process = multiprocessing.get_context("spawn").Process(
                target=measure, args=(kind, folder / file, folder / kind)
            )
            process.start()
            process.join()


if __name__ == "__main__":
    main()
