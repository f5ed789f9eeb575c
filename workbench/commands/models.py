"""``export model``: a model as an ordinary folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.commands.answer import Answer, Parsers
from workbench.localtext import Language

if TYPE_CHECKING:
    from workbench.services import Services


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
