"""Word vectors: how fast a file is read in, its memory, how fast its model encodes and answers on one core.

Run: python -m benchmarks.word_vectors --words 200000 --dimension 300 [--pooling sif] [--binary]

The file is made up: words of jieba's dictionary, then pairs of them, with random vectors. The question is
what is nearest to a word among 100,000 of the file's own. A million words of 300 numbers make 2.8 GB of text.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from workbench.models.encoder import TextEncoder
from workbench.models.loading import load_model
from workbench.models.word_vectors import VectorModels
from workbench.services import Services
from workbench.settings import Settings


def made_up(count: int) -> list[str]:
    import jieba

    with jieba.Tokenizer().get_dict_file() as handle:
        rows = [line.decode().split(" ") for line in handle]
    known = [word for word, *_ in sorted(rows, key=lambda row: -int(row[1]))]
    words = dict.fromkeys(known[:count])
    rng = np.random.default_rng(0)
    while len(words) < count:
        one, other = rng.integers(len(known), size=2)
        words.setdefault(known[one] + known[other])
    return list(words)


def write(path: Path, words: list[str], dimension: int, *, binary: bool) -> None:
    rng = np.random.default_rng(1)
    with path.open("wb") as handle:
        handle.write(f"{len(words)} {dimension}\n".encode())
        for start in range(0, len(words), 1000):
            part = words[start : start + 1000]
            rows = rng.normal(size=(len(part), dimension)).astype(np.float32)
            for word, row in zip(part, rows, strict=True):
                if binary:
                    handle.write(word.encode() + b" " + row.tobytes() + b"\n")
                else:
                    handle.write(word.encode() + b" " + b" ".join(b"%.5f" % x for x in row) + b"\n")


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=200_000)
    parser.add_argument("--dimension", type=int, default=300)
    parser.add_argument("--pooling", default="sif")
    parser.add_argument("--binary", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "vectors.vec"
        words = made_up(given.words)
        write(path, words, given.dimension, binary=given.binary)
        print(
            f"{given.words} x {given.dimension}: {path.stat().st_size / 1e6:.0f} MB; before {peak():.2f} GiB"
        )
        store = VectorModels(Settings.from_env({}, home=Path(temporary) / "home"))
        began = time.process_time()
        made = store.read_in(path, "made up", pooling=given.pooling, most_words=given.words)
        print(f"read in: {time.process_time() - began:.1f} s of one core, peak {peak():.2f} GiB", flush=True)
        print(f"left out: {len(made.problems)} rows; {made.words:,} words kept", flush=True)
        measure_encoding(store.folder(made.id), words)
        measure_question(Path(temporary) / "home", made.id, words)


def measure_encoding(folder: Path, words: list[str]) -> None:
    import torch

    torch.set_num_threads(1)
    began = time.process_time()
    encoder = TextEncoder(load_model(folder))
    print(f"loaded: {time.process_time() - began:.1f} s, peak {peak():.2f} GiB")
    rng = np.random.default_rng(2)
    texts = ["".join(words[i] for i in rng.integers(100_000, size=2)) for _ in range(60_000)]
    encoder.encode(texts[:2000])
    began = time.process_time()  # what other programs take of the core does not count
    encoder.encode(texts)
    rate = len(texts) / (time.process_time() - began)
    print(f"{rate:,.0f} terms a second on one core ({np.mean([len(t) for t in texts]):.1f} characters each)")


def measure_question(home: Path, model: str, words: list[str]) -> None:
    """In the services' words: a list of the file's own words is looked in, the first question and others."""
    services = Services(Settings.from_env({}, home=home, warm_worker=False, threads=1))
    listed = services.exploring.keep_list(words[:100_000], "words")
    spent = []
    for word in words[500:521]:
        began = time.process_time()
        near = services.exploring.near(word, f"list:{listed}", [model], k=10)
        spent.append(time.process_time() - began)
        assert near.columns[0].hits, word
    print(
        f"first question among 100,000: {spent[0]:.1f} s, the next {np.median(spent[1:]):.3f} s "
        f"(median of 20); peak {peak():.2f} GiB"
    )
    services.close()


if __name__ == "__main__":
    main()
