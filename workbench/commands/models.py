"""Commands about models: similarity, neighbours, export, doctor."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.commands.answer import Answer, Parsers
from workbench.errors import BadParameter
from workbench.localtext import Language, LocalText
from workbench.terminal import table

if TYPE_CHECKING:
    from workbench.services import Services


def add_commands(subcommands: Parsers) -> None:
    """The commands of this module."""
    one = subcommands.add_parser("similarity", help="how alike two terms are")
    one.add_argument("first", metavar="TERM")
    one.add_argument("second", metavar="TERM")
    one.add_argument("--model", required=True)
    one.add_argument("--dictionary", help="what the probability is calibrated on")
    one.set_defaults(run=similarity)

    one = subcommands.add_parser("neighbours", help="the nearest terms of a dictionary")
    one.add_argument("term", metavar="TERM")
    one.add_argument("--model", required=True)
    one.add_argument("--dictionary", required=True)
    one.add_argument("-k", type=int, default=10)
    one.set_defaults(run=neighbours)

    one = subcommands.add_parser(
        "doctor", help="what is installed, which models are there, what this machine can do"
    )
    one.set_defaults(run=doctor)


def add_export(exports: Parsers) -> None:
    """``export model``."""
    one = exports.add_parser("model", help="as an ordinary sentence-transformers folder")
    one.add_argument("run_name", metavar="RUN")
    one.add_argument("folder")
    one.set_defaults(run=export_model)


def export_model(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    """Write a model as an ordinary folder."""
    folder = services.export_model(options.run_name, Path(options.folder).expanduser().resolve())
    return {"folder": str(folder)}, lambda: str(folder)


def similarity(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    """How alike two terms are."""
    dictionary = options.dictionary or services.calibration_dictionary(
        options.model, options.first, options.second
    )
    found = services.similarity(options.first, options.second, options.model, dictionary)
    document = {
        "cosine": found.cosine,
        "probability": found.probability,
        "percentile": found.percentile,
        "known_synonyms": found.known_synonyms,
        "dictionary": dictionary,
    }
    return document, lambda: table([document])


def neighbours(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    """The nearest terms of a dictionary."""
    if options.k < 1:
        raise BadParameter(LocalText("-k 至少是 1。", "-k is at least 1."))
    hits = services.neighbours(options.term, options.model, options.dictionary, options.k)
    rows = [
        {"term": hit.term, "score": hit.score, "known_synonym": hit.known_synonym, "standard": hit.standard}
        for hit in hits
    ]
    return rows, lambda: table(rows)


def doctor(services: Services, _: argparse.Namespace, __: Language) -> Answer:
    """What is installed and what this machine can do."""
    document = services.doctor()
    return document, lambda: json.dumps(document, ensure_ascii=False, indent=2)
