"""How many passes, at which rate: the whole model tuned once, twice, four times as long, on several splits.

Run: python -m benchmarks.passes DATA --home FOLDER [--only edam,cars] [--splits 13,14] [--seeds 2] [--plain]

DATA is a folder as for ``benchmarks.recipe_table``. One way of ``benchmarks.against_plain`` on one split says
little: the same seed in another order of work moves Recall@1 by a point. Here every figure is the mean over
seeds, of what the stage ``in_batch`` does without its looks and its blend: Recall@1 on the unseen concepts of
both parts, development and test (neither was used to choose anything), and seconds of training. ``--plain``
adds the plain script on the same pairs, once a split.
"""

from __future__ import annotations

import argparse
import csv
import io
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from benchmarks.against_plain import Case, cases
from benchmarks.recipe_table import cut
from benchmarks.training import EPOCHS
from workbench import Settings
from workbench.evaluation.retrieval import Benchmark, build_benchmark, outcomes_of_vectors
from workbench.evaluation.split import make_split, training_pairs
from workbench.models.catalogue import prepare
from workbench.models.encoder import TextEncoder
from workbench.models.loading import load_model
from workbench.training.common_parameters import WHOLE, usual_epochs
from workbench.training.cutting import split_model
from workbench.training.dataset import build_training_set
from workbench.training.loop import optimizer_of
from workbench.training.objectives import BeforeEpoch, Companion, Objective
from workbench.training.stages.in_batch import objective_of
from workbench.types import Pair

if TYPE_CHECKING:
    import torch

LONGER = (1, 2, 4)
PARAMETERS: dict[str, Any] = {
    "layers": "whole",
    "learning_rate": 0.0,
    "batch_size": 128,
    "temperature": 0.05,
    "alike": 0,
}
Floats = npt.NDArray[np.float32]
# Puts gradients into the trained parameters of the loss that the function gives.
Step = Callable[["list[torch.nn.Parameter]", "Callable[[], torch.Tensor]"], None]


def plainly(_: list[torch.nn.Parameter], loss: Callable[[], torch.Tensor]) -> None:
    """The gradient where the model is."""
    loss().backward()


@dataclass(frozen=True)
class Outcome:
    """Recall@1 on the unseen concepts of both parts, in percent, and seconds of training."""

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
        self.name = f"{case.name}, {split_seed}"
        pairs = pairs_of(case, most)
        split = make_split(pairs, seed=split_seed)
        self.data = build_training_set(pairs, split)
        self.test, self.dev = (build_benchmark(pairs, split, part, "unseen") for part in ("test", "dev"))
        self._training = training_pairs(pairs, split)
        self._folder = folder
        self.model = split_model(folder, WHOLE)
        self.model.prepare(self.data.terms, lambda _: None)
        self.model.learn_words(self.data.training_terms.tolist())
        self._base = self.model.snapshot()

    def tuned(self, longer: int, seeds: int) -> Outcome:
        """The means over ``seeds`` of ``longer`` times the usual passes."""
        found = []
        for seed in range(seeds):
            seconds = self.tune(objective_of(self.data, PARAMETERS), seed, longer)
            found.append((*self.recall1(self.vectors()), seconds))
        return Outcome(*(float(mean) for mean in np.mean(found, axis=0)))

    def tune(self, objective: Objective, seed: int, longer: int = 1, step: Step = plainly) -> float:
        """Train from the base; how many seconds it took."""
        import torch

        torch.manual_seed(seed)
        self.model.restore(self._base)
        generator = torch.Generator().manual_seed(seed)
        epochs = longer * usual_epochs(objective.examples)
        total = epochs * len(objective.epoch(torch.Generator()))
        optimizer, schedule = optimizer_of(self.model, Companion(), PARAMETERS, total, float(longer))
        began = time.perf_counter()
        for rows in self._batches(objective, epochs, generator):
            optimizer.zero_grad()
            step(self.model.trainable(), lambda rows=rows: objective.loss(self.model.vectors, rows))
            torch.nn.utils.clip_grad_norm_(self.model.trainable(), 1.0)
            optimizer.step()
            schedule.step()
        return time.perf_counter() - began

    def _batches(
        self, objective: Objective, epochs: int, generator: torch.Generator
    ) -> Iterator[torch.Tensor]:
        for epoch in range(epochs):
            if isinstance(objective, BeforeEpoch):
                objective.before_epoch(epoch, self.model.all_vectors)
            self.model.train(True)
            yield from objective.epoch(generator)

    def restore(self) -> None:
        """Back to the base."""
        self.model.restore(self._base)

    def vectors(self) -> Floats:
        """Unit vectors of all terms, as the model is now."""
        import torch

        vectors: Floats = self.model.all_vectors(torch.arange(len(self.data.terms))).numpy()
        return vectors

    def recall1(self, vectors: Floats) -> tuple[float, float]:
        """Recall@1 of the test and the development part, in percent."""
        test, dev = (self.recall1_of(part, *self.sides(part, vectors)) for part in (self.test, self.dev))
        return test, dev

    def sides(self, part: Benchmark, vectors: Floats) -> tuple[Floats, Floats]:
        """Vectors of a part's queries, and of the standard terms that they are looked up among."""
        return vectors[self.data.indices(part.queries)], vectors[self.data.indices(part.corpus)]

    def recall1_of(self, part: Benchmark, queries: Floats, corpus: Floats) -> float:
        """Recall@1 of a part by the inner products of these vectors, in percent."""
        return 100 * float(outcomes_of_vectors(part, queries, corpus).recall[1].mean())

    def plain(self) -> Outcome:
        """The plain script on the same training pairs, from the same base."""
        folder = Path(tempfile.mkdtemp(prefix="workbench-"))
        try:
            table = folder / "pairs.csv"
            with table.open("w", newline="", encoding="utf-8") as handle:
                writer = csv.writer(handle)
                writer.writerow(("anchor", "positive"))
                writer.writerows((pair.synonym, pair.standard) for pair in self._training)
            command = [sys.executable, "-m", "benchmarks.plain_finetune"]
            command += [str(self._folder), str(table), str(folder / "model"), str(EPOCHS)]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            vectors = TextEncoder(load_model(folder / "model")).encode(self.data.terms)
            return Outcome(*self.recall1(vectors), float(said.rsplit("seconds", 1)[1]))
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def arguments(description: str | None) -> argparse.ArgumentParser:
    """What is asked for on the command line."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--only", default="", help="names of dictionaries, separated by commas")
    parser.add_argument("--splits", default="13,14", help="seeds of the split, separated by commas")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=2500)
    return parser


def subjects(asked: argparse.Namespace) -> Iterator[Subject]:
    """Every dictionary that is asked for in every split."""
    settings = Settings.from_env(home=asked.home)
    for case in cases(asked.data):
        if not asked.only or case.name in asked.only.split(","):
            folder = prepare(case.base, settings)
            for seed in asked.splits.split(","):
                yield Subject(case, folder, int(seed), asked.pairs)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--plain", action="store_true", help="the plain script as well")
    asked = parser.parse_args()
    heads = [*(["plain script"] if asked.plain else []), *(f"{n} × the passes" for n in LONGER)]
    print("| dictionary, split | base | " + " | ".join(heads) + " |")
    print("|---" * (2 + len(heads)) + "|")
    rows = []
    for subject in subjects(asked):
        subject.restore()
        found = [Outcome(*subject.recall1(subject.vectors()), 0.0)]
        if asked.plain:
            found.append(subject.plain())
        found += [subject.tuned(longer, asked.seeds) for longer in LONGER]
        rows.append([(each.test, each.dev) for each in found])
        cells = [f"{each.test:.1f}, dev {each.dev:.1f} ({each.seconds:.0f} s)" for each in found]
        print(f"| {subject.name} | {' | '.join(cells).replace(' (0 s)', '')} |", flush=True)
    means = np.mean(rows, axis=0)
    print("| *mean* | " + " | ".join(f"{test:.1f}, dev {dev:.1f}" for test, dev in means) + " |")


if __name__ == "__main__":
    main()
