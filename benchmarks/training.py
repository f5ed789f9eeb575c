"""Instant and Fine-tune against the plain script, on the same pairs, measured on the same unseen concepts."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.common import Row, import_wordnet, services
from workbench.services import Services
from workbench.types import FINAL_STATES, Run

EPOCHS = 4


def run() -> list[Row]:
    rows: list[Row] = []
    with services() as opened:
        opened.start()
        base = next(model.id for model in opened.models() if model.default)
        wordnet = import_wordnet(opened)
        instant = wait(opened, opened.start_run(wordnet, base, "instant"))
        seconds = instant.result["seconds"]
        rows.append(
            (
                f"Instant on {opened.estimate(wordnet, base, 'instant').pairs} pairs, terms encoded ({base})",
                f"base: Recall@1 {recall(instant, 'base')}",
                f"{seconds['instant_map']:.1f} s, Recall@1 {recall(instant, 'tuned')}",
                "",
            )
        )
        again = wait(opened, opened.start_run(wordnet, base, "instant", name="again"))
        rows.append(
            (
                "the same once more: time spent encoding",
                f"{seconds['encode']:.1f} s",
                f"{again.result['seconds']['encode']:.1f} s",
                "",
            )
        )
        for dictionary in ("Consumer health", "汽车"):
            rows.append(finetune(opened, dictionary, base))
    return rows


def finetune(opened: Services, dictionary: str, base: str) -> Row:
    tuned = wait(opened, opened.start_run(dictionary, base, "finetune"))
    spent = tuned.result["seconds"]
    ours = sum(spent[name] for name in ("in_batch", "instant_map", "encode"))
    folder = Path(opened.settings.home) / "plain"
    pairs = folder.with_suffix(".csv")
    workspace = opened._workspace
    subject = workspace.measurer.subject(opened.dictionary(dictionary))
    from workbench.evaluation.split import training_pairs

    with pairs.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(("anchor", "positive"))
        writer.writerows((p.synonym, p.standard) for p in training_pairs(subject.pairs, subject.split))
    source = workspace.library.folder(base)
    command = [
        sys.executable,
        "-m",
        "benchmarks.plain_finetune",
        str(source),
        str(pairs),
        str(folder),
        str(EPOCHS),
    ]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    plain = float(output.rsplit("seconds", 1)[1])
    train = opened.estimate(dictionary, base, "finetune").pairs
    measured = opened.evaluate(str(folder), dictionary)[0].metrics.recall[1]
    return (
        f"fine-tune {train} pairs, {EPOCHS} epochs ({dictionary})",
        f"{plain:.0f} s, Recall@1 {measured:.1f}",
        f"{ours:.0f} s, Recall@1 {recall(tuned, 'tuned')} (base {recall(tuned, 'base')})",
        f"{plain / ours:.1f} × as fast",
    )


def wait(opened: Services, run: Run) -> Run:
    while run.state not in FINAL_STATES:
        time.sleep(0.1)
        run = opened.run(run.id)
    if run.state != "completed":
        raise SystemExit(f"{run.name}: {run.state}: {run.message}\n{opened.run_log_tail(run.id)}")
    return run


def recall(run: Run, side: str) -> str:
    return f"{run.result['test'][side]['recall']['1']:.1f}"
