"""Every ready recipe on real dictionaries, unseen concepts: docs/recipes.md is written by this.

Run: python -m benchmarks.recipe_table DATA --results FILE.json [--pairs 2500] [--cells 1] [--write]

DATA is a folder with ``edam_en.csv``, ``cedict_zh.csv``, ``wordnet_artifact_en.csv`` (columns ``standard``,
``synonym``), ``laws_corpus_zh_8k.txt`` and ``pairs_stsb_{train,test}_zh.csv`` (``text1``, ``text2``,
``label``). Larger dictionaries are cut to their first concepts in a seeded order until they have ``--pairs``
pairs. A cell is one recipe on one dictionary; each is stored when it is done, so the table can be made in
pieces: ``--cells 1`` does the next one that is missing. A cell that failed is tried again with ``--again``.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench import Services, Settings
from workbench.errors import WorkbenchError
from workbench.training.recipes import RECIPES
from workbench.training.registry import stage
from workbench.types import FINAL_STATES, Recipe, Run

PAGE = Path(__file__).parents[1] / "docs" / "recipes.md"
BEGIN, END = "<!-- the tables begin -->", "<!-- the tables end -->"
CORPUS, TEXTS = "laws_corpus_zh_8k.txt", 2000
TRAIN_PAIRS, TEST_PAIRS = "pairs_stsb_train_zh.csv", "pairs_stsb_test_zh.csv"


@dataclass(frozen=True)
class Subject:
    """A dictionary, the base model that it is tried with, and what else there is in its language."""

    name: str
    file: str
    base: str
    title: str
    material: frozenset[str]


SUBJECTS = (
    Subject("edam", "edam_en.csv", "minilm", "Bioinformatics, English", frozenset()),
    Subject("wordnet", "wordnet_artifact_en.csv", "minilm", "WordNet artefacts, English", frozenset()),
    Subject("cedict", "cedict_zh.csv", "e5-small", "General Chinese words", frozenset({"corpus", "labels"})),
)


def missing_data(recipe: Recipe, subject: Subject) -> set[str]:
    """Kinds of data that a recipe needs and that there are none of."""
    needed = {kind for each in recipe.stages for kind in stage(each.stage).needs}
    return needed - subject.material - {"dictionary"}


def cells(pairs: int) -> Iterator[tuple[str, Recipe, Subject]]:
    """Every cell that can be filled: its key, recipe and dictionary."""
    for recipe in RECIPES:
        for subject in SUBJECTS:
            if not missing_data(recipe, subject):
                yield f"{subject.name}/{recipe.name}/{pairs}", recipe, subject


def cut(path: Path, most: int) -> bytes:
    """The file with its first concepts in a seeded order, until there are ``most`` pairs."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.DictReader(handle)
        names = list(reader.fieldnames or ())
        if "standard" not in names:  # a sample: its two columns are called so in another language
            reader.fieldnames = ["standard", "synonym", *names[2:]]
        rows = [(row["standard"], row["synonym"]) for row in reader]
    if len(rows) > most:
        concepts: dict[str, list[tuple[str, str]]] = {}
        for row in rows:
            concepts.setdefault(row[0], []).append(row)
        order = list(concepts)
        random.Random(0).shuffle(order)
        rows = []
        for concept in order:
            if len(rows) >= most:
                break
            rows += concepts[concept]
    text = io.StringIO()
    csv.writer(text).writerows([("standard", "synonym"), *rows])
    return text.getvalue().encode()


def import_data(opened: Services, data: Path, subject: Subject, pairs: int) -> str:
    """The name of the dictionary; what else there is in its language is stored, too."""
    name = f"{subject.name} {pairs}"
    if all(info.name != name for info in opened.dictionaries()):
        preview = opened.preview_dictionary(cut(data / subject.file, pairs), subject.file)
        opened.save_dictionary(name, preview, source=subject.file)
    if "corpus" in subject.material and all(each.name != "corpus" for each in opened.corpora.all()):
        text = "\n".join((data / CORPUS).read_text("utf-8").split("\n")[:TEXTS])
        opened.corpora.save("corpus", opened.corpora.preview(text.encode(), CORPUS), source=CORPUS)
    if "labels" in subject.material and all(each.name != "labels" for each in opened.pair_sets.all()):
        for set_name, file in (("labels", TRAIN_PAIRS), ("sts", TEST_PAIRS)):
            pairs_preview = opened.pair_sets.preview((data / file).read_bytes(), file)
            opened.pair_sets.save(set_name, pairs_preview, source=file)
    return name


def fill(opened: Services, data: Path, recipe: Recipe, subject: Subject, pairs: int) -> dict[str, Any]:
    """What came out of one recipe on one dictionary."""
    dictionary = import_data(opened, data, subject, pairs)
    needs = {kind for each in recipe.stages for kind in stage(each.stage).needs}
    run = opened.start_run(
        dictionary,
        subject.base,
        recipe.name,
        corpora=["corpus"] if "corpus" in subject.material and _may_read(recipe) else [],
        pair_sets=["labels"] if "labels" in needs else [],
    )
    run = _ended(opened, run)
    found: dict[str, Any] = {"load": round(os.getloadavg()[0], 1), "state": run.state}
    if run.state != "completed":
        found["message"] = run.message.get("en") if run.message else ""
        return found
    found.update(run.result)
    if "labels" in subject.material:
        found["sts"] = {side: _sts(opened, model) for side, model in sides(subject, run)}
    return found


def sides(subject: Subject, run: Run) -> tuple[tuple[str, str], tuple[str, str]]:
    """Before and after."""
    return ("base", subject.base), ("tuned", run.name)


def _may_read(recipe: Recipe) -> bool:
    """Whether a stage reads raw text where there is some."""
    specs = [stage(each.stage) for each in recipe.stages]
    return any("corpus" in spec.needs or any(p.name == "sources" for p in spec.parameters) for spec in specs)


def _ended(opened: Services, run: Run) -> Run:
    while run.state not in FINAL_STATES:
        time.sleep(0.2)
        run = opened.run(run.id)
    return run


def _sts(opened: Services, model: str) -> dict[str, Any]:
    try:
        report = opened.evaluation.pairs.evaluate("pairs:sts", model)
    except WorkbenchError as error:
        return {"failed": error.text("en")}
    chosen = report.at_chosen
    found: dict[str, Any] = {"ap": report.average_precision, "auc": report.roc_auc, "pairs": report.pairs}
    if chosen is not None:
        found.update(accuracy=chosen.accuracy, accuracy_ci95=chosen.accuracy_ci95)
    return found


def tables(results: dict[str, Any], pairs: int) -> str:
    """One table for each dictionary, and one for the labelled pairs. Markdown."""
    parts = []
    for subject in SUBJECTS:
        mine = {
            recipe.name: results[key]
            for key, recipe, each in cells(pairs)
            if each == subject and results.get(key, {}).get("test")
        }
        if not mine:
            continue
        parts += [f"### {subject.title} (`{subject.file}`, {subject.base})", "", *_retrieval(mine), ""]
        for recipe in RECIPES:
            missing = missing_data(recipe, subject)
            if missing:
                parts += [f"`{recipe.name}` needs {', '.join(sorted(missing))}: none here.", ""]
        if any("sts" in cell for cell in mine.values()):
            parts += ["### Chinese STS-B, told alike or not", "", *_classification(mine), ""]
    return "\n".join(parts)


def _retrieval(mine: dict[str, Any]) -> list[str]:
    lines = [
        "| recipe | test @1 (95 % interval) | @5 | @10 | against base | dev @1 | seconds | general words |",
        "|---|---|---|---|---|---|---|---|",
    ]
    first = next(iter(mine.values()))
    dev = first["dev"]["base"]["recall@1"]
    lines.append(f"| *base* | {_recall(first['test']['base'])} | | {dev:.1f} | | |")
    for name, cell in mine.items():
        difference = cell["test"]["difference"]
        dev = cell["dev"]["best"]["recall@1"]
        lines.append(
            f"| `{name}` | {_recall(cell['test']['tuned'])} | {difference['difference']:+.1f} "
            f"({difference['verdict']}) | {dev:.1f} | {_seconds(cell):.0f} | {_retention(cell)} |"
        )
    return lines


def _recall(side: dict[str, Any]) -> str:
    low, high = side["recall@1_ci95"]
    at = side["recall"]
    one, five, ten = (at[str(k)] if str(k) in at else at[k] for k in (1, 5, 10))
    return f"{one:.1f} ({low:.1f} to {high:.1f}) | {five:.1f} | {ten:.1f}"


def _seconds(cell: dict[str, Any]) -> float:
    """Of the stages, with the encoding that they needed; not of unpacking and measuring."""
    spent: dict[str, float] = cell["seconds"]
    return sum(value for name, value in spent.items() if name not in ("prepare", "measure"))


def _retention(cell: dict[str, Any]) -> str:
    """Points gained or lost on the probe of general words, and neighbours shared with the base."""
    found = cell.get("retention") or {}
    points = [
        f"{language} {each['difference']:+.1f}"
        for language, each in found.items()
        if language != "overlap" and each.get("difference") is not None
    ]
    overlap = (found.get("overlap") or {}).get("dictionary")
    return ", ".join(points) + (f"; {overlap:.0f} % of neighbours kept" if overlap is not None else "")


def _classification(mine: dict[str, Any]) -> list[str]:
    rows = [("*base*", next(cell["sts"]["base"] for cell in mine.values() if "sts" in cell))]
    rows += [(f"`{name}`", cell["sts"]["tuned"]) for name, cell in mine.items() if "sts" in cell]
    lines = ["| recipe | average precision | ROC AUC | accuracy (95 % interval) |", "|---|---|---|---|"]
    for name, each in rows:
        if "failed" in each:
            lines.append(f"| {name} | {each['failed']} | | |")
            continue
        accuracy = ""
        if "accuracy" in each:
            low, high = each["accuracy_ci95"]
            accuracy = f"{each['accuracy']:.1f} ({low:.1f} to {high:.1f})"
        lines.append(f"| {name} | {each['ap']:.1f} | {each['auc']:.1f} | {accuracy} |")
    return lines


def write(text: str) -> None:
    """Put the tables into docs/recipes.md between its two marks; the rest of the page stays."""
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--home", type=Path, help="kept between calls (by default beside the results)")
    parser.add_argument("--pairs", type=int, default=2500)
    parser.add_argument("--cells", type=int, default=0, help="at most so many (0: all)")
    parser.add_argument("--only", default="", help="keys that contain this")
    parser.add_argument("--again", action="store_true", help="cells that failed are tried again")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/recipes.md")
    asked = parser.parse_args()
    results: dict[str, Any] = json.loads(asked.results.read_text()) if asked.results.exists() else {}
    todo = [
        (key, recipe, subject)
        for key, recipe, subject in cells(asked.pairs)
        if asked.only in key
        and (key not in results or (asked.again and results[key]["state"] != "completed"))
    ]
    todo = todo[: asked.cells] if asked.cells else todo
    if todo:
        with_home = asked.home or asked.results.with_suffix(".home")
        opened = Services(Settings.from_env(home=with_home))
        try:
            opened.start()
            for key, recipe, subject in todo:
                results[key] = fill(opened, asked.data, recipe, subject, asked.pairs)
                asked.results.write_text(json.dumps(results, indent=1, ensure_ascii=False))
                print(key, results[key]["state"], results[key].get("message", ""), flush=True)
        finally:
            opened.close()
    else:
        print("nothing is missing")
    text = tables(results, asked.pairs)
    print(text)
    if asked.write:
        write(text)


if __name__ == "__main__":
    main()
