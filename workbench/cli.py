"""The command line: everything that the page can do, for scripts and for servers."""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from typing import TextIO

from workbench import commands
from workbench.errors import WorkbenchError
from workbench.localtext import Language, LocalText
from workbench.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status: 0 done, 2 bad input, 1 a failure."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a term that the terminal cannot show is no failure
    options = _parser().parse_args(arguments)
    os.environ.update(TOKENIZERS_PARALLELISM="false")
    for library in ("sentence_transformers", "transformers", "faiss"):
        logging.getLogger(library).setLevel(logging.ERROR)  # the terminal is for our sentences
    try:
        settings = Settings.from_env(home=options.home)
    except WorkbenchError as error:
        print(error.text(_language(Settings())), file=sys.stderr)
        return error.exit_status
    language = _language(settings)
    log = _log_to_file(settings)
    if options.command == "serve":
        return _guarded(lambda: _serve(settings, options), language, log)
    return _guarded(lambda: _answer(settings, options, language), language, log)


def _answer(settings: Settings, options: argparse.Namespace, language: Language) -> int:
    from workbench.services import Services

    services = Services(settings)
    try:
        document, text = options.run(services, options, language)
    finally:
        services.close()
    failed = isinstance(document, dict) and document.get("state") in ("failed", "interrupted")
    if options.json:
        _write_utf8(sys.stdout)
        print(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        print(text(), file=sys.stderr if failed else sys.stdout)
    return 1 if failed else 0


def _write_utf8(stream: TextIO) -> None:
    """A document is UTF-8 wherever it goes; a terminal of another encoding would refuse some terms."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8")


def _guarded(action: Callable[[], int], language: Language, log: logging.Logger) -> int:
    try:
        return action()
    except WorkbenchError as error:
        print(error.text(language), file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:
        log.exception("unexpected")
        said = LocalText(
            "出了意料之外的错（{kind}）。详细情况在日志里：{log}",
            "Something unexpected went wrong ({kind}). The log has the details: {log}",
        ).format(kind=type(error).__name__, log=log.handlers[0].baseFilename)  # type: ignore[attr-defined]
        print(said.get(language), file=sys.stderr)
        return 1


def _log_to_file(settings: Settings) -> logging.Logger:
    log = logging.getLogger("workbench")
    log.setLevel(logging.INFO)
    log.propagate = False
    if not log.handlers:
        try:
            settings.home.mkdir(parents=True, exist_ok=True)
            handler: logging.Handler = logging.FileHandler(settings.home / "workbench.log", encoding="utf-8")
        except OSError:
            handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        log.addHandler(handler)
    return log


def _language(settings: Settings) -> Language:
    wish = settings.language or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "zh" if wish.lower().startswith("zh") else "en"


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def _serve(settings: Settings, options: argparse.Namespace) -> int:
    from workbench.services import Services
    from workbench.ui.app import serve

    services = Services(settings)
    try:
        serve(services, options.host or settings.host, options.port or settings.port)
    finally:
        services.close()
    return 0


# -- the command line itself ----------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m workbench", description="Synonym Workbench 同义词向量工作台"
    )
    parser.add_argument("--home", help="where everything is kept (default ~/.synonym-workbench)")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    subcommands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    _data_commands(subcommands)
    _model_commands(subcommands)
    for command in subcommands.choices.values():  # the flags are understood before and after the command
        _accept_globals(command)
    return parser


def _accept_globals(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--home", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                _accept_globals(child)


def _data_commands(subcommands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    serve = subcommands.add_parser("serve", help="open the page")
    serve.add_argument("--host")
    serve.add_argument("--port", type=_port)

    imports = subcommands.add_parser("import", help="import a dictionary").add_subparsers(
        dest="kind", required=True
    )
    one = imports.add_parser("dictionary", help="CSV, TSV or XLSX with standard terms and synonyms")
    one.add_argument("file")
    one.add_argument("--name")
    one.add_argument("--standard", metavar="COL", help="heading of the column of standard terms, or #1, #2 …")
    one.add_argument("--synonym", metavar="COL", action="append", help="column of synonyms; may be repeated")
    one.add_argument(
        "--split-cells", action="store_true", help="several synonyms in one cell: split at 、,;；|/"
    )
    one.add_argument("--encoding", help="e.g. gb18030; recognised where left out")
    one.add_argument("--replace", action="store_true", help="a new version of the dictionary of that name")
    one.set_defaults(run=commands.import_dictionary)

    exports = subcommands.add_parser("export", help="export a dictionary or a model").add_subparsers(
        dest="kind", required=True
    )
    one = exports.add_parser("dictionary", help="to .csv, .tsv, .xlsx or .jsonl")
    one.add_argument("name")
    one.add_argument("file")
    one.set_defaults(run=commands.export_dictionary)
    one = exports.add_parser("model", help="as an ordinary sentence-transformers folder")
    one.add_argument("run_name", metavar="RUN")
    one.add_argument("folder")
    one.set_defaults(run=commands.export_model)

    one = subcommands.add_parser("list", help="what there is")
    one.add_argument("what", choices=("dictionaries", "models", "runs"))
    one.set_defaults(run=commands.list_things)


def _model_commands(subcommands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from workbench.training.recipes import DEFAULT_RECIPE, RECIPES

    one = subcommands.add_parser("train", help="train a model and measure it; waits")
    one.add_argument("--dictionary", required=True)
    one.add_argument(
        "--base", help="a base model's id, a hub name or a folder; the default base where left out"
    )
    one.add_argument("--recipe", default=DEFAULT_RECIPE, choices=[recipe.name for recipe in RECIPES])
    one.add_argument("--name")
    one.add_argument("--epochs", type=int)
    one.add_argument("--seed", type=int, default=0)
    one.add_argument(
        "--set", metavar="PARAMETER=VALUE", action="append", help="any parameter of the recipe's stages"
    )
    one.set_defaults(run=commands.train)

    one = subcommands.add_parser("evaluate", help="measure a model or baseline on a dictionary's test terms")
    one.add_argument("--model", required=True, help="a run's name, a base model's id, or exact, tfidf")
    one.add_argument("--dictionary", required=True)
    one.set_defaults(run=commands.evaluate)

    one = subcommands.add_parser("leaderboard", help="what is measured, best first")
    one.add_argument("--dictionary")
    one.add_argument("--csv", metavar="FILE")
    one.set_defaults(run=commands.leaderboard)

    one = subcommands.add_parser("similarity", help="how alike two terms are")
    one.add_argument("first", metavar="TERM")
    one.add_argument("second", metavar="TERM")
    one.add_argument("--model", required=True)
    one.add_argument("--dictionary", help="what the probability is calibrated on")
    one.set_defaults(run=commands.similarity)

    one = subcommands.add_parser("neighbours", help="the nearest terms of a dictionary")
    one.add_argument("term", metavar="TERM")
    one.add_argument("--model", required=True)
    one.add_argument("--dictionary", required=True)
    one.add_argument("-k", type=int, default=10)
    one.set_defaults(run=commands.neighbours)

    one = subcommands.add_parser(
        "doctor", help="what is installed, which models are there, what this machine can do"
    )
    one.set_defaults(run=commands.doctor)
