"""Fine-tune against the plain sentence-transformers script: time, and quality on the same unseen concepts.

Run: python -m benchmarks.against_plain DATA --results FILE.json [--only edam] [--pairs 2500] [--ways plain]

DATA is a folder as for ``benchmarks.recipe_table``. For each dictionary, on the same training pairs and from
the same base: the plain script (all layers, four epochs), the recipes ``finetune`` and ``finetune_long`` as
they are, and four epochs of the two top layers alone. ``--ways`` names others, or fewer: what was hoped to be
better given more time (hard negatives instead of the fine-tune or behind it, multi-similarity), and the
fine-tune with and without alike pairs together. Each is stored when it is done, so that the whole can be made
in pieces. Seconds are wall time, of training alone on both sides
(with what ours encodes); ``processor`` is what the process spent, user and system, imports included.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.phenotypes import FILE as PHENOTYPES
from benchmarks.recipe_table import SUBJECTS, cut
from benchmarks.training import EPOCHS, wait
from workbench import Services, Settings
from workbench.evaluation.significance import compare
from workbench.evaluation.split import training_pairs
from workbench.localtext import LocalText
from workbench.settings import ASSETS
from workbench.types import Evaluation, Recipe, Run, StageConfig

PLAIN = "plain"
WHOLE: dict[str, Any] = {"layers": "whole"}
WAYS: dict[str, tuple[StageConfig, ...]] = {
    PLAIN: (),
    "finetune": (StageConfig("in_batch"),),
    "thorough": (StageConfig("in_batch", {"thorough": True}),),
    "two layers": (StageConfig("in_batch", {"epochs": 4, "layers": "2", "batch_size": 64}),),
}
MORE: dict[str, tuple[StageConfig, ...]] = {
    "at random": (StageConfig("in_batch", {"alike": 1}),),
    "alike": (StageConfig("in_batch", {"alike": 4}),),
    "then hard negatives": (StageConfig("in_batch"), StageConfig("hard_negatives", {**WHOLE, "epochs": 1})),
    "hard negatives": (StageConfig("hard_negatives", {**WHOLE, "epochs": 2, "batch_size": 128}),),
    "multi-similarity": (StageConfig("multi_similarity", {**WHOLE, "epochs": 2}),),
}


@dataclass(frozen=True)
class Case:
    """A dictionary and the base model that is tuned."""

    name: str
    base: str
    file: Path


def cases(data: Path) -> list[Case]:
    """The larger dictionaries of DATA, and the samples that everybody has."""
    found = [Case(each.name, each.base, data / each.file) for each in SUBJECTS]
    samples = ASSETS / "samples"
    found.append(Case("cars", "e5-small", samples / "cars_zh.csv"))
    found.append(Case("construction", "e5-small", samples / "construction_zh.csv"))
    found.append(Case("health", "minilm", samples / "health_en.csv"))
    if (data / PHENOTYPES).exists():
        found.append(Case("phenotypes", "minilm", data / PHENOTYPES))
    return found


class Bench:
    """One home, in which all ways are measured on each dictionary."""

    def __init__(
        self, opened: Services, results: Path, pairs: int, ways: dict[str, tuple[StageConfig, ...]]
    ) -> None:
        self._opened, self._path, self._pairs, self._ways = opened, results, pairs, ways
        self.results: dict[str, Any] = json.loads(results.read_text()) if results.exists() else {}

    def measure(self, case: Case) -> None:
        """Whatever is missing for a dictionary."""
        dictionary = self.dictionary(case)
        for way, stages in self._ways.items():
            key = f"{case.name}/{self._pairs}/{way}"
            if key in self.results:
                continue
            if way == PLAIN:
                model, found = self._plain(case, dictionary)
            else:
                run = self.tuned(dictionary, case.base, stages)
                model, found = run.name, {"seconds": trained(run), "parts": run.result["seconds"]}
            scores = self.scores(model, dictionary)
            base = self.scores(case.base, dictionary)
            found.update(
                model=model,
                load=round(os.getloadavg()[0], 1),
                recall=scores.metrics.recall,
                base=base.metrics.recall,
                recall1=list(scores.recall1),
            )
            self.results[key] = found
            self._path.write_text(json.dumps(self.results))
            print(key, f"{found['seconds']:.1f} s", found["recall"], flush=True)

    def dictionary(self, case: Case) -> str:
        """The dictionary of a case, cut and stored."""
        name = f"{case.name} {self._pairs}"
        if all(info.name != name for info in self._opened.dictionaries()):
            preview = self._opened.preview_dictionary(cut(case.file, self._pairs), case.file.name)
            self._opened.save_dictionary(name, preview, source=case.file.name)
        return name

    def _plain(self, case: Case, dictionary: str) -> tuple[str, dict[str, Any]]:
        workspace = self._opened._workspace
        subject = workspace.measurer.subject(self._opened.dictionary(dictionary))
        folder = Path(self._opened.settings.home) / "plain" / dictionary.replace(" ", "-")
        folder.parent.mkdir(exist_ok=True)
        table = folder.with_suffix(".csv")
        with table.open("w", newline="", encoding="utf-8") as handle:
            writer = csv.writer(handle)
            writer.writerow(("anchor", "positive"))
            writer.writerows((p.synonym, p.standard) for p in training_pairs(subject.pairs, subject.split))
        source = workspace.library.folder(case.base)
        command = [sys.executable, "-m", "benchmarks.plain_finetune"]
        command += [str(source), str(table), str(folder), str(EPOCHS)]
        before = _processor()
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        seconds = float(output.rsplit("seconds", 1)[1])
        return str(folder), {"seconds": seconds, "processor": _processor() - before}

    def tuned(self, dictionary: str, base: str, stages: tuple[StageConfig, ...]) -> Run:
        """The run of these stages from a base, ended."""
        wait(self._opened, self._opened.start_run(dictionary, base, "instant"))  # all is unpacked, warm
        name = LocalText("试验", "trial")
        return wait(
            self._opened, self._opened.start_run(dictionary, base, Recipe("trial", name, name, stages))
        )

    def scores(self, model: str, dictionary: str) -> Evaluation:
        """On unseen concepts."""
        return self._opened.evaluate(model, dictionary)[0]

    def table(self, all_cases: list[Case]) -> str:
        """Markdown: one row a dictionary; seconds, Recall@1, and the difference to the plain script."""
        ways = list(self._ways)
        lines = ["| dictionary | base @1 | " + " | ".join(ways) + " |", "|---" * (2 + len(ways)) + "|"]
        for case in all_cases:
            found = {way: self.results.get(f"{case.name}/{self._pairs}/{way}") for way in ways}
            plain = found.get(PLAIN)
            if plain is not None:
                cells = [self._cell(case, found[way], plain) for way in ways]
                lines.append(
                    f"| {case.name} ({case.base}) | {_at1(plain['base']):.1f} | {' | '.join(cells)} |"
                )
        return "\n".join(lines)

    def _cell(self, case: Case, found: dict[str, Any] | None, plain: dict[str, Any]) -> str:
        if found is None:
            return ""
        said = f"{found['seconds']:.0f} s, {_at1(found['recall']):.1f}"
        if found is plain:
            return said
        times = plain["seconds"] / found["seconds"]
        return f"{said} ({self._difference(case, found, plain)}; {times:.1f} × as fast)"

    def _difference(self, case: Case, one: dict[str, Any], other: dict[str, Any]) -> str:
        subject = self._opened._workspace.measurer.subject(self._opened.dictionary(self.dictionary(case)))
        found = compare(one["recall1"], other["recall1"], subject.unseen.query_components)
        low, high = found.ci95
        return f"{found.difference:+.1f}, {low:+.1f} to {high:+.1f}"


def trained(run: Run) -> float:
    """Seconds of the stages and of what they had to encode."""
    spent: dict[str, float] = run.result["seconds"]
    return sum(value for name, value in spent.items() if name not in ("prepare", "measure"))


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _at1(recall: dict[Any, float]) -> float:
    return recall["1"] if "1" in recall else recall[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--only", default="", help="names of dictionaries, separated by commas")
    parser.add_argument("--pairs", type=int, default=2500)
    parser.add_argument("--ways", default=",".join(WAYS), help=f"of {', '.join({**WAYS, **MORE})}")
    asked = parser.parse_args()
    chosen = [case for case in cases(asked.data) if not asked.only or case.name in asked.only.split(",")]
    opened = Services(Settings.from_env(home=asked.results.with_suffix(".home")))
    try:
        opened.start()
        ways = {name: {**WAYS, **MORE}[name] for name in asked.ways.split(",")}
        bench = Bench(opened, asked.results, asked.pairs, ways)
        for case in chosen:
            bench.measure(case)
        print(bench.table(chosen))
    finally:
        opened.close()


if __name__ == "__main__":
    main()
