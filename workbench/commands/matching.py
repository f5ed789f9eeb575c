"""``match``: a column of a table normalised against a dictionary."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.commands.answer import SHOWN, Answer, Parsers, format_of, one_column, read_file, write_file
from workbench.localtext import Language
from workbench.search.matching import UNKNOWN_SHARE
from workbench.terminal import progress_line, table

if TYPE_CHECKING:
    from workbench.services import Services

FORMATS = ("csv", "tsv", "xlsx", "jsonl")


def add_commands(subcommands: Parsers) -> None:
    """The commands of this module."""
    one = subcommands.add_parser("match", help="the standard term of each cell of a column, or none")
    one.add_argument("file", type=Path, metavar="FILE")
    one.add_argument("--dictionary", required=True)
    one.add_argument("--model", required=True)
    one.add_argument("--column", help="its heading, or #2 for the second; else the first that holds words")
    one.add_argument("--encoding")
    one.add_argument(
        "--precision", type=float, default=0.95, metavar="SHARE", help="of accepted matches that are right"
    )
    one.add_argument(
        "--unknown",
        type=float,
        default=UNKNOWN_SHARE,
        metavar="SHARE",
        help="of the terms that the dictionary is thought not to have",
    )
    one.add_argument("--out", type=Path, metavar="FILE", help="the table with the matches beside it")
    one.add_argument("--format", choices=FORMATS, help="by the ending of --out where left out")
    one.set_defaults(run=match)


def match(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Normalise a column against a dictionary."""
    data = read_file(options.file, services.settings.max_upload_bytes)
    chosen = one_column(options.column)
    column = services.matching.read(data, options.file.name, column=chosen, encoding=options.encoding)
    report = services.matching.match(
        column.texts,
        options.dictionary,
        options.model,
        precision=options.precision,
        unknown_share=options.unknown,
        progress=progress_line(language),
    )
    document = {
        "dictionary": report.dictionary,
        "model": report.model,
        "column": column.columns[column.place],
        "texts": len(report.matches),
        "known": report.known,
        "accepted": report.accepted,
        "doubtful": report.doubtful,
        "coverage": round(100 * report.coverage, 2),
        "wanted_precision": round(100 * report.threshold.wanted, 2),
        "seen_precision": round(100 * report.threshold.precision, 2),
        "examples": report.threshold.examples,
        "parts": list(report.threshold.parts),
    }
    if options.out:
        format = format_of(options.out, options.format, FORMATS, {"txt": "tsv"})
        write_file(options.out, services.matching.file(report, column, format))  # type: ignore[arg-type]  # a choice
        document["file"] = str(options.out)
    rows = [
        {
            "text": each.text,
            "standard": each.standard if each.accepted else "",
            "nearest": each.nearest,
            "probability": each.probability,
        }
        for each in report.matches
    ]
    if not options.out:
        document["matches"] = rows
    return document, lambda: f"{report.sentence.get(language)}\n\n{table(rows[:SHOWN])}"
