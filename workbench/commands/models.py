"""Commands about models: export, doctor."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.commands.answer import Answer, Parsers
from workbench.localtext import Language

if TYPE_CHECKING:
    from workbench.services import Services


def add_commands(subcommands: Parsers) -> None:
    """The commands of this module."""
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


def doctor(services: Services, _: argparse.Namespace, __: Language) -> Answer:
    """What is installed and what this machine can do."""
    document = services.doctor()
    return document, lambda: json.dumps(document, ensure_ascii=False, indent=2)
