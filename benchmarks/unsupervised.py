"""What raw text adds: recipes of unsupervised stages before in-batch negatives, on unseen concepts.

Run: python -m benchmarks.unsupervised DICTIONARY.csv CORPUS.txt --base e5-small --pairs 2500 \
    --recipe in_batch --recipe simcse+in_batch --recipe "mlm(keep=best)+in_batch"

The dictionary has the columns ``standard`` and ``synonym``; the corpus is one text a line. A stage's
parameters stand in brackets, separated by commas.
"""

from __future__ import annotations

import argparse
import csv
import re
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from workbench.evaluation.retrieval import build_benchmark, outcomes_of_vectors
from workbench.evaluation.split import make_split
from workbench.localtext import LocalText
from workbench.models.catalogue import prepare
from workbench.models.encoder import TextEncoder
from workbench.models.loading import load_model
from workbench.settings import Settings
from workbench.training.dataset import TrainingSet, build_training_set
from workbench.training.material import HiddenAnswers, Material
from workbench.training.registry import StageContext, stage
from workbench.types import Pair, Split


class Silent:
    """A reporter that keeps the last loss only."""

    loss = 0.0

    def phase(self, text: LocalText, progress: float = 0.0) -> None:
        """A phase began."""

    def progress(self, fraction: float) -> None:
        """How far it is."""

    def steps(self, step: int, total: int) -> None:
        """Which step it is."""

    def point(self, series: str, step: int, value: float) -> None:
        """Keep the loss."""
        self.loss = value if series == "loss" else self.loss

    def check_stop(self) -> None:
        """Nobody stops it."""


class Folder:
    """A model folder as a stage sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.fingerprint = folder, str(folder)

    def vectors(self, texts: tuple[str, ...]) -> np.ndarray:
        """Unit vectors (n, d)."""
        return TextEncoder(load_model(self.folder)).encode(texts)


def read_pairs(path: Path, most: int) -> list[Pair]:
    with path.open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    return [Pair(row["standard"], row["synonym"], number + 2) for number, row in enumerate(rows[:most])]


def measure(folder: Path, pairs: list[Pair], split: Split) -> str:
    benchmark = build_benchmark(pairs, split, "test", "unseen")
    encoder = TextEncoder(load_model(folder))
    found = outcomes_of_vectors(
        benchmark, encoder.encode(tuple(benchmark.queries)), encoder.encode(tuple(benchmark.corpus))
    )
    figures = " / ".join(f"{found.recall[k].mean() * 100:.1f}" for k in (1, 5, 10))
    return f"{figures}  MRR@10 {found.reciprocal_rank.mean() * 100:.1f}"


def steps_of(recipe: str) -> list[tuple[str, dict[str, str]]]:
    steps = []
    for part in recipe.split("+"):
        match = re.fullmatch(r"(\w+)(?:\((.*)\))?", part)
        if match is None:
            raise SystemExit(f"not a stage: {part}")
        name, inner = match.groups()
        steps.append((name, dict(each.split("=") for each in inner.split(",")) if inner else {}))
    return steps


def follow(
    recipe: str,
    base: Path,
    work: Path,
    pairs: list[Pair],
    split: Split,
    data: TrainingSet,
    material: Material,
    seed: int,
) -> None:
    folder = base
    for number, (name, given) in enumerate(steps_of(recipe)):
        spec = stage(name)
        out = work / f"{abs(hash(recipe))}-{seed}-{number}"
        out.mkdir()
        reporter = Silent()
        began = time.perf_counter()
        context = StageContext(data, Folder(folder), out, reporter, seed, material)
        result = spec.run(context, spec.checked(given))
        seconds = time.perf_counter() - began
        folder = out
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"{recipe} seed {seed} after {name}: {measure(folder, pairs, split)}; dev MRR@10 "
            f"{result.base.mrr10:.1f} -> {result.best.mrr10:.1f}; {seconds:.0f} s, peak {peak:.1f} GiB, "
            f"last loss {reporter.loss:.3f}; {result.chosen}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dictionary", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--base", default="e5-small")
    parser.add_argument("--pairs", type=int, default=2500)
    parser.add_argument("--recipe", action="append", default=[])
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        base = prepare(given.base, Settings.from_env({}, home=work / "home"))
        pairs = read_pairs(given.dictionary, given.pairs)
        split = make_split(pairs, seed=13)
        answers = HiddenAnswers(pairs, split)
        lines = dict.fromkeys(given.corpus.read_text(encoding="utf-8").split("\n"))
        corpus = tuple(line for line in lines if line.strip() and not answers.told_by(line))
        data = build_training_set(pairs, split)
        print(
            f"{given.dictionary.name}: {len(pairs)} pairs, {len(data.anchors)} of them train; "
            f"{len(corpus)} texts; {given.base}: {measure(base, pairs, split)}",
            flush=True,
        )
        for recipe in given.recipe:
            for seed in range(given.seeds):
                follow(recipe, base, work, pairs, split, data, Material(corpus=corpus), seed)


if __name__ == "__main__":
    main()
