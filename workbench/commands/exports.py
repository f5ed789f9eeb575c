"""``export``: what is stored as files, harmless in a spreadsheet program, that read back the same."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from workbench.commands import models
from workbench.commands.answer import Answer, Parsers, format_of, write_file
from workbench.ingest.export import ENDINGS, EXPORT_FORMATS
from workbench.ingest.kept_columns import left_out_sentence
from workbench.ingest.spreadsheets import RowsFormat
from workbench.localtext import Language
from workbench.types import SuggestionState

if TYPE_CHECKING:
    from workbench.services import Services

ROWS_FORMATS: tuple[str, ...] = get_args(RowsFormat)
DICTIONARY_ENDINGS = {ending.lstrip("."): name for name, ending in ENDINGS.items()}


def add_commands(subcommands: Parsers) -> None:
    """The commands of this module, and ``export model``."""
    kinds = subcommands.add_parser(
        "export", help="export a dictionary, pairs, a corpus, a benchmark, a model"
    )
    exports = kinds.add_subparsers(dest="kind", required=True)
    one = exports.add_parser(
        "dictionary", help=f"to {', '.join(ENDINGS.values())}, as the ending says or --format"
    )
    one.add_argument("name")
    one.add_argument("file")
    one.add_argument("--format", choices=EXPORT_FORMATS, help="by the file's ending where left out")
    one.set_defaults(run=export_dictionary)
    models.add_export(exports)
    one = exports.add_parser("pairs", help="to .csv, .tsv, .xlsx or .jsonl")
    one.add_argument("name")
    one.add_argument("file")
    one.add_argument("--format", choices=ROWS_FORMATS)
    one.set_defaults(run=export_pairs)
    one = exports.add_parser("corpus", help="to .txt, .csv, .tsv, .xlsx or .jsonl")
    one.add_argument("name")
    one.add_argument("file")
    one.add_argument("--format", choices=("txt", *ROWS_FORMATS))
    one.set_defaults(run=export_corpus)
    one = exports.add_parser("benchmark", help="to .csv, .tsv, .xlsx or .jsonl")
    one.add_argument("name")
    one.add_argument("file", help="for the queries, a row for each answer")
    one.add_argument("--corpus", metavar="FILE", help="for the passages")
    one.add_argument("--format", choices=ROWS_FORMATS)
    one.set_defaults(run=export_benchmark)
    one = exports.add_parser("suggestions", help="the queue to .csv")
    one.add_argument("file")
    one.add_argument("--dictionary")
    one.add_argument("--state", choices=get_args(SuggestionState))
    one.set_defaults(run=export_suggestions)


def export_dictionary(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Write a dictionary to a file; the format follows its ending."""
    target = Path(options.file)
    format_: Any = format_of(target, options.format, EXPORT_FORMATS, DICTIONARY_ENDINGS)
    document, text = _written(target, services.export_dictionary(options.name, format_))
    left_out = services.left_out_of_export(options.name, format_)
    note = left_out_sentence(left_out)
    return {**document, "left_out_columns": list(left_out)}, lambda: "\n".join(
        [text(), *([note.get(language)] if note else [])]
    )


def export_pairs(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    """Write a set of labelled pairs."""
    target = Path(options.file)
    format_ = format_of(target, options.format, ROWS_FORMATS, {})
    return _written(target, services.pair_sets.export(options.name, format_))  # type: ignore[arg-type]  # a choice


def export_corpus(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    """Write a corpus, a text in each line or row."""
    target = Path(options.file)
    format_ = format_of(target, options.format, ("txt", *ROWS_FORMATS), {})
    return _written(target, services.corpora.export(options.name, format_))  # type: ignore[arg-type]  # a choice


def export_benchmark(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    """Write a retrieval set's queries with their answers, and its passages where a file is named."""
    wanted: list[tuple[Path, Any]] = [(Path(options.file), "queries")]
    if options.corpus:
        wanted.append((Path(options.corpus), "passages"))
    files = []
    for target, part in wanted:
        format_: Any = format_of(target, options.format, ROWS_FORMATS, {})
        files.append((target, services.retrieval_sets.export(options.name, format_, part)))
    for target, data in files:
        write_file(target, data)
    document: dict[str, Any] = {"file": str(files[0][0]), "bytes": len(files[0][1])}
    if options.corpus:
        document["corpus"] = {"file": str(files[1][0]), "bytes": len(files[1][1])}
    return document, lambda: "\n".join(f"{target}  {len(data)} bytes" for target, data in files)


def export_suggestions(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    """Write the suggestions queue as CSV."""
    target = Path(options.file)
    format_of(target, None, ("csv",), {})
    return _written(target, services.suggestions.export(options.dictionary, state=options.state))


def _written(target: Path, data: bytes) -> Answer:
    write_file(target, data)
    return {"file": str(target), "bytes": len(data)}, lambda: f"{target}  {len(data)} bytes"
