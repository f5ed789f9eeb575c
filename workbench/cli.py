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

from workbench.commands import (
    accounts,
    data,
    editing,
    evaluation,
    exploring,
    exports,
    imports,
    keeping,
    maps,
    matching,
    pairs,
    proposing,
    recipes,
    suggestions,
    training,
    vectors,
)
from workbench.errors import WorkbenchError
from workbench.localtext import Language, LocalText
from workbench.memory import keep_few_kernels
from workbench.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status: 0 done, 2 bad input, 1 a failure."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a term that the terminal cannot show is no failure
    options = _parser().parse_args(arguments)
    os.environ.update(TOKENIZERS_PARALLELISM="false")
    keep_few_kernels()
    for library in ("sentence_transformers", "transformers", "faiss"):
        logging.getLogger(library).setLevel(logging.ERROR)  # the terminal is for our sentences
    keeping.set_limits(options)
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

    services = Services(settings) if getattr(options, "needs_home", True) else None
    try:
        document, text = options.run(services, options, language)
    finally:
        if services is not None:
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
        ).format(kind=type(error).__name__, log=log.handlers[0].baseFilename)  # type: ignore[attr-defined]  # a file's
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
    os.environ.setdefault("GRADIO_TEMP_DIR", str(settings.uploads_path))
    from workbench.services import Services
    from workbench.ui.app import serve

    services = Services(settings)
    try:
        serve(services, options.host or settings.host, options.port or settings.port, options.auth_file)
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

    serve = subcommands.add_parser("serve", help="open the page")
    serve.add_argument("--host")
    serve.add_argument("--port", type=_port)
    serve.add_argument("--auth-file", metavar="FILE", help="who may sign in: see `accounts add`")
    keeping.add_limits(serve)
    for topic in (
        imports,
        exports,
        data,
        editing,
        pairs,
        proposing,
        suggestions,
        keeping,
        evaluation,
        exploring,
        maps,
        matching,
        training,
        recipes,
        vectors,
        accounts,
    ):
        topic.add_commands(subcommands)
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
