"""How soon a board of 20 models opens, how long exact search takes, and how soon lists of misses come.

``python -m benchmarks.bench_board``: the board of a dictionary with 1,000 test queries and 20 models of runs
(opened by a new process, again, and after one was measured anew); 1,000 queries over 100,000 passages with
vectors of 384 dimensions; misses and slices over the same.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.common import Row, services
from workbench import Services
from workbench.evaluation.benchmarks import Case, retrieval_case
from workbench.evaluation.causes import causes_of
from workbench.evaluation.mistakes import MistakeFilter, mistakes
from workbench.evaluation.retrieval import outcomes_of_rows, outcomes_of_vectors, summarise
from workbench.evaluation.twins import find_twins
from workbench.localtext import LocalText
from workbench.models.bm25 import Bm25
from workbench.models.words import character_pieces
from workbench.storage.artifacts import staged_folder
from workbench.types import Evaluation, Pair, RetrievalSet, View

MODELS = 20
CONCEPTS = 2_500
PASSAGES, QUERIES, DIMENSION = 100_000, 1_000, 384
NAME, BASE = "board", "e5-small"


def run() -> list[Row]:
    return [*boards(), *searches()]


def boards() -> list[Row]:
    with services(warm_worker=False) as opened:
        pairs = [Pair(f"标准术语{n}型", f"近似说法{n}号{k}") for n in range(CONCEPTS) for k in "ab"]
        opened._workspace.dictionaries.save(NAME, pairs, language="zh", source="board.csv")
        case = opened._workspace.measurer.subject(opened.dictionary(NAME)).case
        for number in range(MODELS):
            make_run(opened, case, number)
        another = Services(opened.settings)  # nothing in its memory yet
        first = seconds(lambda: another.evaluation.board(f"dictionary:{NAME}", reference="run-0"))
        again = seconds(lambda: another.evaluation.board(f"dictionary:{NAME}", reference="run-0"))
        store(another, case, "run-3", 5)
        changed = seconds(lambda: another.evaluation.board(f"dictionary:{NAME}", reference="run-0"))
        board = another.evaluation.board(f"dictionary:{NAME}", reference="run-0")
        slices = seconds(lambda: another.evaluation.slices(f"dictionary:{NAME}"))
        another.close()
        assert len(board.rows) == MODELS + 1
        what = f"board of {MODELS} models, {board.queries:,} queries"
        return [
            (f"{what}, first time in a process", "", f"{first:.2f} s", ""),
            (f"{what}, again", "", f"{1000 * again:.0f} ms", ""),
            (f"{what}, one model measured anew", "", f"{1000 * changed:.0f} ms", ""),
            (f"slices of {MODELS} models", "", f"{slices:.2f} s", ""),
        ]


def make_run(opened: Services, case: Case, number: int) -> None:
    """A run that has ended, with a model folder of its own and its measurements (made up)."""
    workspace = opened._workspace
    info = opened.dictionary(NAME)
    run_ = workspace.runs.create(
        f"run-{number}",
        dictionary=NAME,
        version_id=info.version_id,
        split_hash="",
        base_model=BASE,
        recipe="instant",
        config={"seed": 0, "stages": [{"stage": "instant_map", "parameters": {}}]},
    )
    with staged_folder(workspace.settings.runs_path / run_.id / "model", needs_bytes=1000) as out:
        (Path(out) / "model.safetensors").write_bytes(str(number).encode())
        (Path(out) / "config.json").write_text(json.dumps({"number": number}))
    workspace.runs.finish(run_.id, "completed", LocalText("", ""), {"seconds": {"train": 1.0}})
    if number == 0:
        store(opened, case, BASE, 999, fingerprint="base")
    store(opened, case, f"run-{number}", number)


def store(opened: Services, case: Case, model: str, seed: int, fingerprint: str = "") -> None:
    """Measurements under which the model answers each query or not, by chance."""
    rng = np.random.default_rng(seed)
    fingerprint = fingerprint or opened._workspace.library.fingerprint(model)
    for view in case.views:
        count = len(view.queries)
        scores = np.zeros((count, 1))
        nothing = replace(view, corpus=("a",), relevant=((0,),) * count, masked=((),) * count)
        outcomes = outcomes_of_rows(nothing, lambda start, stop, scores=scores: scores[start:stop])
        name: View = view.view
        opened._workspace.evaluations.save(
            case.owner,
            Evaluation(
                model, fingerprint, NAME, view.hash, name, view.part,
                summarise(outcomes, view.query_components, resamples=10), 1.0, time.time(),
                tuple((rng.random(count) < 0.4 + 0.01 * (seed % 20)).astype(float).tolist()), (0.0,) * count,
            ),
        )  # fmt: skip


def searches() -> list[Row]:
    rng = np.random.default_rng(0)
    letters = np.array(list("混凝土钢筋施工安全技术规范高处作业临时用电起重机械脚手架模板支撑基坑"))
    passages = ["".join(rng.choice(letters, 24)) for _ in range(PASSAGES)]
    answers = rng.choice(PASSAGES, QUERIES, replace=False)
    queries = [passages[place][:12] + str(number) for number, place in enumerate(answers)]
    content = RetrievalSet(tuple(queries), tuple(passages), tuple((int(place),) for place in answers))
    case = retrieval_case("large", "id", content)
    corpus = rng.normal(size=(PASSAGES, DIMENSION)).astype(np.float32)
    asked = corpus[answers] + 1.2 * rng.normal(size=(QUERIES, DIMENSION)).astype(np.float32)
    found = [outcomes_of_vectors(case.headline, asked, corpus)]
    exact = seconds(lambda: found.append(outcomes_of_vectors(case.headline, asked, corpus)))
    scorer = Bm25(character_pieces).fit(passages)
    lexical = seconds(
        lambda: found.append(
            outcomes_of_rows(case.headline, lambda start, stop: scorer(case.headline.queries[start:stop]))
        )
    )
    twins = seconds(lambda: find_twins(case.headline))
    causes = causes_of(case.headline, find_twins(case.headline))
    wanted = MistakeFilter(sides=("only_a", "only_b", "neither"))
    misses = seconds(lambda: mistakes(case.headline, causes, found[1].top, found[2].top, wanted, size=200))
    what = f"{QUERIES:,} queries, {PASSAGES:,} passages"
    return [
        (
            f"exact search with ranks and the ten best, {what}, {DIMENSION} dimensions",
            "",
            f"{exact:.1f} s",
            "",
        ),
        (f"BM25 over characters with ranks and the ten best, {what}", "", f"{lexical:.1f} s", ""),
        (f"near-duplicates of answers, {what} (once a set)", "", f"{twins:.1f} s", ""),
        (f"a page of 200 misses of two systems, {what}", "", f"{1000 * misses:.0f} ms", ""),
    ]


def seconds(action: Callable[[], object]) -> float:
    """Seconds that ``action`` takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


if __name__ == "__main__":
    from benchmarks.common import table

    print(table(run()))
