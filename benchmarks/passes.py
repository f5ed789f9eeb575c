"""How many passes, at which rate: the whole model tuned once, twice, four times as long, on several splits.

Run: python -m benchmarks.passes DATA --home FOLDER [--only edam,health] [--splits 13,14] [--seeds 2]

DATA is a folder as for ``benchmarks.recipe_table``. One way of ``benchmarks.against_plain`` on one split says
little: the same seed in another order of work moves Recall@1 by a point. Here every figure is the mean over
seeds, of what the stage ``in_batch`` does without its looks and its blend: Recall@1 on the unseen concepts of
both parts, development and test (neither was used to choose anything), and seconds of training.
"""

from __future__ import annotations

import argparse
import csv
import io
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.against_plain import Case, cases
from benchmarks.recipe_table import cut
from workbench import Settings
from workbench.evaluation.retrieval import Benchmark, build_benchmark, outcomes_of_vectors
from workbench.evaluation.split import make_split
from workbench.models.catalogue import prepare
from workbench.training.common_parameters import WHOLE, usual_epochs
from workbench.training.cutting import split_model
from workbench.training.dataset import build_training_set
from workbench.training.loop import optimizer_of
from workbench.training.objectives import Companion
from workbench.training.stages.in_batch import InBatch
from workbench.types import Pair

LONGER = (1, 2, 4)
PARAMETERS: dict[str, Any] = {"layers": "whole", "learning_rate": 0.0, "batch_size": 128, "temperature": 0.05}


@dataclass(frozen=True)
class Outcome:
    """Of one way on one split: the means over the seeds."""

    test: float
    dev: float
    seconds: float


def pairs_of(case: Case, most: int) -> list[Pair]:
    """The dictionary of a case, cut."""
    rows = csv.DictReader(io.StringIO(cut(case.file, most).decode("utf-8-sig")))
    return [Pair(row["standard"], row["synonym"]) for row in rows]


class Subject:
    """One dictionary in one split, and its base model ready to be tuned again and again."""

    def __init__(self, case: Case, folder: Path, split_seed: int, most: int) -> None:
        pairs = pairs_of(case, most)
        split = make_split(pairs, seed=split_seed)
        self.data = build_training_set(pairs, split)
        self._parts = [build_benchmark(pairs, split, part, "unseen") for part in ("test", "dev")]
        self._model = split_model(folder, WHOLE)
        self._model.prepare(self.data.terms, lambda _: None)
        self._model.learn_words(self.data.training_terms.tolist())
        self._base = self._model.snapshot()

    def tuned(self, longer: int, seeds: int) -> Outcome:
        """``longer``: how many times the usual passes."""
        found = [self._once(longer, seed) for seed in range(seeds)]
        return Outcome(*(float(mean) for mean in np.mean(found, axis=0)))

    def _once(self, longer: int, seed: int) -> tuple[float, float, float]:
        import torch

        model, objective = self._model, InBatch(self.data, PARAMETERS)
        torch.manual_seed(seed)
        model.restore(self._base)
        generator = torch.Generator().manual_seed(seed)
        epochs = longer * usual_epochs(objective.examples)
        batches = [objective.epoch(generator) for _ in range(epochs)]
        total = sum(len(each) for each in batches)
        optimizer, schedule = optimizer_of(model, Companion(), PARAMETERS, total, float(longer))
        model.train(True)
        began = time.perf_counter()
        for rows in (rows for epoch in batches for rows in epoch):
            optimizer.zero_grad()
            objective.loss(model.vectors, rows).backward()
            torch.nn.utils.clip_grad_norm_(model.trainable(), 1.0)
            optimizer.step()
            schedule.step()
        seconds = time.perf_counter() - began
        vectors = model.all_vectors(torch.arange(len(self.data.terms))).numpy()
        test, dev = (self._recall1(part, vectors) for part in self._parts)
        return test, dev, seconds

    def _recall1(self, part: Benchmark, vectors: npt.NDArray[np.float32]) -> float:
        rows = (self.data.indices(part.queries), self.data.indices(part.corpus))
        return 100 * float(outcomes_of_vectors(part, *(vectors[each] for each in rows)).recall[1].mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--only", default="", help="names of dictionaries, separated by commas")
    parser.add_argument("--splits", default="13,14", help="seeds of the split, separated by commas")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=2500)
    asked = parser.parse_args()
    settings = Settings.from_env(home=asked.home)
    print("| dictionary, split | " + " | ".join(f"{n} × the passes" for n in LONGER) + " |")
    print("|---" * (1 + len(LONGER)) + "|")
    all_found = []
    for case in cases(asked.data):
        if asked.only and case.name not in asked.only.split(","):
            continue
        folder = prepare(case.base, settings)
        for seed in (int(each) for each in asked.splits.split(",")):
            subject = Subject(case, folder, seed, asked.pairs)
            found = [subject.tuned(longer, asked.seeds) for longer in LONGER]
            all_found.append([(each.test, each.dev) for each in found])
            cells = [f"{each.test:.1f}, dev {each.dev:.1f} ({each.seconds:.0f} s)" for each in found]
            print(f"| {case.name}, {seed} | {' | '.join(cells)} |", flush=True)
    means = np.mean(all_found, axis=0)
    print("| *mean* | " + " | ".join(f"{test:.1f}, dev {dev:.1f}" for test, dev in means) + " |")


if __name__ == "__main__":
    main()
