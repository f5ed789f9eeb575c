"""Measuring: ``evaluate``, ``leaderboard``, ``errors``, ``slices``, ``note``, and two systems compared."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.commands.answer import Answer, Parsers, write_file
from workbench.commands.evaluation_documents import (
    board_document,
    evaluation_document,
    misses_document,
    pair_board_document,
    pair_document,
    slice_document,
    versus_document,
)
from workbench.documents import row_document, short_row
from workbench.errors import BadParameter, WorkbenchError
from workbench.localtext import Language, LocalText
from workbench.terminal import table

if TYPE_CHECKING:
    from workbench.evaluation.leaderboard import Order
    from workbench.evaluation.measure import Board
    from workbench.services import Services

SYSTEM = (
    "a run, a base model, a hub name, a folder; exact, bow, tfidf, bm25, bm25_chars; hybrid:MODEL+tfidf; "
    "rerank:MODEL+RUN"
)
BENCHMARK = "dictionary:NAME, retrieval:NAME or pairs:NAME; a bare name is a dictionary's"
FORMATS = ("csv", "md", "tex", "json")


def add_commands(subcommands: Parsers) -> None:
    """The commands of this module."""
    one = subcommands.add_parser(
        "evaluate", help="measure a system on a benchmark; kept, and read when known"
    )
    one.add_argument("--system", "--model", dest="system", required=True, help=SYSTEM)
    add_benchmark(one, required=True)
    one.add_argument("--again", action="store_true", help="compute it even where it is known")
    one.set_defaults(run=evaluate)

    one = subcommands.add_parser(
        "leaderboard", help="what is measured, best first; of all dictionaries if none"
    )
    add_benchmark(one)
    one.add_argument("--reference", metavar="SYSTEM", help="compare every row with this one")
    one.add_argument(
        "--stages", action="store_true", help="the stages of a run together, as in an ablation table"
    )
    one.add_argument("--format", choices=FORMATS, help="as text for elsewhere")
    one.add_argument("--columns", help="of md and tex: names with commas between")
    one.add_argument("--out", metavar="FILE", help="write it there")
    one.add_argument("--csv", metavar="FILE", help="the same as --format csv --out FILE")
    one.set_defaults(run=leaderboard)

    one = subcommands.add_parser("errors", help="the queries that one system finds and another does not")
    one.add_argument("first", metavar="A", help=SYSTEM)
    one.add_argument("second", metavar="B", nargs="?", help="left out: what A finds and misses")
    add_benchmark(one, required=True)
    one.add_argument("--side", action="append", help="only_a, only_b, neither, both; may be repeated")
    one.add_argument(
        "--cause",
        action="append",
        help="near_duplicate, ambiguous, cross_lingual, abbreviation, no_shared, other; may be repeated",
    )
    one.add_argument("--search", default="", help="in the query and its answers")
    one.add_argument("-k", type=int, default=1, help="found means among the first K")
    one.add_argument("--page", type=int, default=1)
    one.add_argument("--size", type=int, default=20)
    one.add_argument("--seen", action="store_true", help="the held-out synonyms of trained concepts")
    one.set_defaults(run=errors)

    one = subcommands.add_parser("slices", help="Recall@1 for parts of the queries")
    one.add_argument("systems", metavar="SYSTEM", nargs="*", help="all that are measured where left out")
    add_benchmark(one, required=True)
    one.set_defaults(run=slices)

    one = subcommands.add_parser("note", help="write a note on a model; read it where no text is given")
    one.add_argument("model")
    one.add_argument("text", nargs="?", help="an empty one takes it off")
    one.set_defaults(run=note)

    one = subcommands.add_parser("benchmarks", help="what can be measured on")
    one.set_defaults(run=benchmarks)


def add_benchmark(one: argparse.ArgumentParser, *, required: bool = False) -> None:
    """``--benchmark`` or ``--dictionary``."""
    which = one.add_mutually_exclusive_group(required=required)
    which.add_argument("--benchmark", metavar="ID", help=BENCHMARK)
    which.add_argument("--dictionary", metavar="NAME", help="the same as --benchmark dictionary:NAME")


def _benchmark(options: argparse.Namespace) -> str:
    return f"dictionary:{options.dictionary}" if options.dictionary else str(options.benchmark)


def evaluate(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Measure one system on one benchmark."""
    benchmark = _benchmark(options)
    if benchmark.startswith("pairs:"):
        report = services.evaluation.pairs.evaluate(benchmark, options.system, again=options.again)
        document = pair_document(options.system, benchmark, report)
        return document, lambda: table([_short_pairs(document)])
    found = services.evaluation.evaluate(benchmark, options.system, again=options.again)[0]
    document = evaluation_document(found, benchmark, language)

    def text() -> str:
        told = document.get("told")
        return "\n".join(filter(None, (table([_flat(document)]), told)))

    return document, text


def leaderboard(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """What is measured, best first."""
    benchmark = _benchmark(options) if options.benchmark or options.dictionary else None
    if options.csv:
        options.format, options.out = "csv", options.csv
    if benchmark and benchmark.startswith("pairs:"):
        return _pair_leaderboard(services, benchmark, language)
    names = [benchmark] if benchmark else [f"dictionary:{info.name}" for info in services.dictionaries()]
    boards = _boards(services, names, options, language, skip=not benchmark)
    documents = [row_document(board.dictionary, row, language) for board in boards for row in board.rows]
    if options.format:
        text = _exported(boards, options, language)
        if options.out:
            write_file(Path(options.out), text.encode("utf-8-sig" if options.format == "csv" else "utf-8"))
        return documents, lambda: str(options.out or text.rstrip("\n"))
    return documents, lambda: _boards_text(boards, language, every=benchmark is None)


def _exported(boards: list[Board], options: argparse.Namespace, language: Language) -> str:
    from workbench.evaluation.board_export import export_board

    if options.format == "json":
        return json.dumps([board_document(board, language) for board in boards], ensure_ascii=False, indent=1)
    columns = [name.strip() for name in options.columns.split(",")] if options.columns else None
    return "\n".join(export_board(board.rows, options.format, language, columns) for board in boards)


def _boards_text(boards: list[Board], language: Language, *, every: bool) -> str:
    parts = []
    for board in boards:
        rows = [row_document(board.dictionary, row, language) for row in board.rows]
        if not rows and every:
            continue
        what = {"dictionary": "standard terms", "retrieval": "passages"}.get(board.kind, "documents")
        parts.append(f"{board.dictionary}  ({board.queries} queries, {board.corpus} {what})")
        parts.append(table([{**short_row(each), **_pinned(each)} for each in rows]))
        if board.power is not None and board.power.warning is not None and rows:
            parts.append(board.power.warning.get(language))
        parts += [note.get(language) for note in board.notes]
    return "\n".join(parts) or LocalText("还没有测量过。", "Nothing is measured yet.").get(language)


def _pinned(document: dict[str, Any]) -> dict[str, Any]:
    found = document.get("against_reference")
    return {"against_reference": found["verdict"]} if found else {}


def _boards(
    services: Services, names: list[str], options: argparse.Namespace, language: Language, *, skip: bool
) -> list[Board]:
    """Each benchmark's board; with ``skip`` one that can have none is named and left out."""
    boards = []
    for name in names:
        try:
            order: Order = "stages" if options.stages else "best"
            boards.append(services.evaluation.board(name, reference=options.reference, order=order))
        except WorkbenchError as error:
            if not skip:
                raise
            print(f"{name.partition(':')[2]}: {error.text(language)}", file=sys.stderr)
    return boards


def _pair_leaderboard(services: Services, benchmark: str, language: Language) -> Answer:
    board = services.evaluation.pairs.board(benchmark)
    document = pair_board_document(board, language)
    rows = [_short_pairs(each) for each in document["rows"]]
    return document, lambda: f"{board.name}  ({board.pairs} pairs, {board.positives} alike)\n{table(rows)}"


def compare_systems(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Two systems on the same queries."""
    if len(options.things) != 2:
        raise BadParameter(
            LocalText(
                "请给出两个系统：compare A B --benchmark 基准。",
                "Name two systems: compare A B --benchmark ID.",
            )
        )
    found = services.evaluation.compare(_benchmark(options), *options.things)
    document = versus_document(found, language)

    def text() -> str:
        rows = [
            {"system": each.model, **{f"recall@{k}": round(each.metrics.recall[k], 2) for k in (1, 5, 10)}}
            for each in (found.a, found.b)
        ]
        counts = {name: document[name] for name in ("only_a", "only_b", "both", "neither")}
        return "\n".join((table(rows), table([counts]), f"{found.a.model}: {found.sentence.get(language)}"))

    return document, text


def errors(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Queries that one system finds and another does not, a page at a time."""
    if options.page < 1 or options.size < 1:
        raise BadParameter(LocalText("--page 和 --size 至少是 1。", "--page and --size are at least 1."))
    found = services.evaluation.misses(
        _benchmark(options),
        options.first,
        options.second,
        sides=options.side or (),
        causes=options.cause or (),
        search=options.search,
        k=options.k,
        page=options.page - 1,
        size=options.size,
        view="seen" if options.seen else "headline",
    )
    document = misses_document(found, language)

    def text() -> str:
        counts = " · ".join(f"{name} {count}" for name, count in document["sides"].items())
        lines = [counts, table([_short_miss(each) for each in document["rows"]])]
        pages = -(-found.page.total // found.page.size)
        return "\n".join([*lines, f"{found.page.page + 1}/{max(1, pages)}  ({found.page.total})"])

    return document, text


def slices(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Recall@1 with its interval for parts of the queries."""
    found = services.evaluation.slices(_benchmark(options), options.systems)
    documents = [slice_document(each, language) for each in found]

    def text() -> str:
        rows = []
        for each in documents:
            scores = {model: score["recall@1"] for model, score in each["scores"].items()}
            rows.append({"slice": each["title"], "queries": each["queries"], **scores})
        return table(rows)

    return documents, text


def note(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    """Read or write the note on a model."""
    if options.text is not None:
        services.evaluation.set_note(options.model, options.text)
    text = services.evaluation.note(options.model)
    return {"model": options.model, "note": text}, lambda: text or "-"


def benchmarks(services: Services, _: argparse.Namespace, __: Language) -> Answer:
    """Every benchmark by its id."""
    rows = [
        {"id": each.id, "kind": each.kind, "queries": each.queries, "documents": each.documents}
        for each in services.evaluation.benchmarks()
    ]
    return rows, lambda: table(rows)


def _flat(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in ("told", "details")}


def _short_pairs(document: dict[str, Any]) -> dict[str, Any]:
    chosen = document["at_chosen"]
    return {
        "model": document["model"],
        "ap": round(document["average_precision"], 2),
        "roc_auc": round(document["roc_auc"], 2),
        "accuracy@0.5": round(document["at_half"]["accuracy"], 2),
        "threshold": round(chosen["threshold"], 4) if chosen else None,
        "accuracy": round(chosen["accuracy"], 2) if chosen else None,
        "f1 相似": round(chosen["labels"][1]["f1"], 2) if chosen else None,
    }


def _short_miss(document: dict[str, Any]) -> dict[str, Any]:
    row = {
        "query": document["query"],
        "answer": " / ".join(document["answers"]),
        "cause": document["cause"],
        "side": document["side"],
    }
    for side in ("a", "b"):
        if document[side]:
            top = document[side]["top"]
            row[f"{side}: rank"] = document[side]["rank"]
            row[f"{side}: first"] = top[0]["text"] if top else "-"
    return row
