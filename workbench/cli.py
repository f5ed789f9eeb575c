"""The command line: everything that the page can do, for scripts and for servers."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import BadParameter, InputError, WorkbenchError
from workbench.localtext import Language, LocalText
from workbench.settings import Settings
from workbench.types import FINAL_STATES, Metrics, Run

if TYPE_CHECKING:
    from workbench.evaluation.leaderboard import BoardRow
    from workbench.services import Services

Answer = tuple[Any, Callable[[], str]]  # the JSON document, and the same for people


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status: 0 done, 2 bad input, 1 a failure."""
    options = _parser().parse_args(arguments)
    os.environ.update(TOKENIZERS_PARALLELISM="false")
    settings = Settings.from_env(home=options.home)
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
    if options.json:
        print(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        print(text())
    failed = isinstance(document, dict) and document.get("state") in ("failed", "interrupted")
    return 1 if failed else 0


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


# -- commands ---------------------------------------------------------------------------------


def _serve(settings: Settings, options: argparse.Namespace) -> int:
    from workbench.services import Services
    from workbench.ui.app import serve

    services = Services(settings)
    try:
        serve(services, options.host or settings.host, options.port or settings.port)
    finally:
        services.close()
    return 0


def _import_dictionary(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    path = Path(options.file)
    preview = services.preview_dictionary(
        _read(path, services.settings.max_upload_bytes),
        path.name,
        standard=_column(options.standard) if options.standard else None,
        synonyms=[_column(name) for name in options.synonym] if options.synonym else None,
        split_cells=options.split_cells,
        encoding=options.encoding,
    )
    name = options.name or services.unique_dictionary_name(path.stem)
    info = services.save_dictionary(name, preview, source=path.name, replace=options.replace)
    document = {
        "name": info.name,
        "version": info.version,
        "pairs": info.pairs,
        "standards": info.standards,
        "terms": info.terms,
        "encoding": preview.encoding,
        "columns": list(preview.columns),
        "problems": preview.problem_counts,
    }

    def text() -> str:
        lines = [f"{info.name}  v{info.version}  {info.pairs} pairs  {info.standards} standard terms"]
        lines += [f"  {_where(p.row)}{p.text.get(language)}" for p in preview.problems[:20]]
        rest = sum(preview.problem_counts.values()) - min(20, len(preview.problems))
        return "\n".join(lines + ([f"  … {rest} more"] if rest > 0 else []))

    return document, text


def _export_dictionary(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    target = Path(options.file)
    format_ = target.suffix.lower().lstrip(".") or "csv"
    if format_ not in ("csv", "tsv", "xlsx", "jsonl"):
        raise BadParameter(
            LocalText("不认识的格式「{format}」。", "Unknown format “{format}”."),
            LocalText("可用：csv、tsv、xlsx、jsonl。", "There are: csv, tsv, xlsx, jsonl."),
            format=format_,
        )
    data = services.export_dictionary(options.name, format_)  # type: ignore[arg-type]
    target.write_bytes(data)
    return {"file": str(target), "bytes": len(data)}, lambda: f"{target}  {len(data)} bytes"


def _export_model(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    folder = services.export_model(options.run_name, Path(options.folder).expanduser().resolve())
    return {"folder": str(folder)}, lambda: str(folder)


def _list(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    rows: list[dict[str, Any]]
    if options.what == "dictionaries":
        rows = [
            {
                "name": info.name,
                "version": info.version,
                "pairs": info.pairs,
                "standards": info.standards,
                "terms": info.terms,
                "language": info.language,
                "sample": info.sample,
            }
            for info in services.dictionaries()
        ]
    elif options.what == "models":
        rows = [
            {
                "id": model.id,
                "title": model.title.get(language),
                "kind": model.kind,
                "base": model.base,
                "languages": list(model.languages),
                "size_bytes": model.size_bytes,
                "licence": model.licence,
                "ready": model.ready,
                "default": model.default,
            }
            for model in services.models()
        ]
    else:
        rows = [_run_document(run, language) for run in services.runs(1000)]
    return rows, lambda: _table(rows)


def _train(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    from workbench.models.catalogue import default_spec

    parameters = {"epochs": options.epochs} if options.epochs is not None else {}
    for assignment in options.set or ():
        name, _, value = assignment.partition("=")
        parameters[name.strip()] = value.strip()
    base = options.base or default_spec().id
    run = services.start_run(
        options.dictionary, base, options.recipe, name=options.name, parameters=parameters, seed=options.seed
    )
    services.start()
    run = _wait(services, run, language, quiet=options.json)
    return _run_document(run, language), lambda: _run_summary(run, language)


def _wait(services: Services, run: Run, language: Language, *, quiet: bool) -> Run:
    """Until the run has ended. Ctrl-C asks it to stop and keep the best; a second one discards."""
    shown = ""
    asked = 0
    while run.state not in FINAL_STATES:
        try:
            time.sleep(0.2)
            run = services.run(run.id)
            place = f" #{run.queue_place}" if run.queue_place else ""
            line = f"{run.phase.get(language)}{place} {run.progress:5.0%}"
            if run.total_steps:
                line += f"  {run.step}/{run.total_steps}"
            if not quiet and line != shown and sys.stderr.isatty():
                print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
            shown = line
        except KeyboardInterrupt:
            asked += 1
            run = services.stop_run(run.id, keep=asked == 1)
    if not quiet and shown and sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    return run


def _evaluate(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    evaluations = services.evaluate(options.model, options.dictionary)
    headline = next(each for each in evaluations if each.view == "unseen")
    document = _metrics_document(headline.model, headline.dictionary, headline.metrics, headline.seconds)
    return document, lambda: _table([document])


def _leaderboard(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    from workbench.evaluation.leaderboard import board_csv

    names = [options.dictionary] if options.dictionary else [info.name for info in services.dictionaries()]
    boards = [services.leaderboard(name) for name in names]
    if options.csv:
        texts = [board_csv(board.rows, language) for board in boards]
        Path(options.csv).write_text("\n".join(texts), encoding="utf-8-sig", newline="")
    documents = [_row_document(board.dictionary, row, language) for board in boards for row in board.rows]

    def text() -> str:
        parts = []
        for board in boards:
            rows = [_row_document(board.dictionary, row, language) for row in board.rows]
            if rows or options.dictionary:
                parts.append(f"{board.dictionary}  ({board.queries} queries, {board.corpus} standard terms)")
                parts.append(_table([_short(row) for row in rows]))
        return "\n".join(parts) or LocalText("还没有测量过。", "Nothing is measured yet.").get(language)

    return documents, text


def _similarity(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    found = services.similarity(options.first, options.second, options.model, options.dictionary)
    document = {
        "cosine": found.cosine,
        "probability": found.probability,
        "percentile": found.percentile,
        "known_synonyms": found.known_synonyms,
    }
    return document, lambda: _table([document])


def _neighbours(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    if options.k < 1:
        raise BadParameter(LocalText("-k 至少是 1。", "-k is at least 1."))
    hits = services.neighbours(options.term, options.model, options.dictionary, options.k)
    rows = [
        {"term": hit.term, "score": hit.score, "known_synonym": hit.known_synonym, "standard": hit.standard}
        for hit in hits
    ]
    return rows, lambda: _table(rows)


def _doctor(services: Services, _: argparse.Namespace, __: Language) -> Answer:
    document = services.doctor()
    return document, lambda: json.dumps(document, ensure_ascii=False, indent=2)


# -- documents ----------------------------------------------------------------------------------


def _metrics_document(model: str, dictionary: str, metrics: Metrics, seconds: float) -> dict[str, Any]:
    return {
        "model": model,
        "dictionary": dictionary,
        "split": "test",
        "queries": metrics.queries,
        "corpus": metrics.corpus,
        **{f"recall@{k}": round(metrics.recall[k], 4) for k in (1, 5, 10)},
        **{f"hit@{k}": round(metrics.hit[k], 4) for k in (1, 5, 10)},
        "mrr@10": round(metrics.mrr10, 4),
        "ndcg@10": round(metrics.ndcg10, 4),
        "recall@1_ci95": [round(bound, 4) for bound in metrics.recall1_ci95],
        "seconds": round(seconds, 3),
    }


def _row_document(dictionary: str, row: BoardRow, language: Language) -> dict[str, Any]:
    document = _metrics_document(row.model, dictionary, row.metrics, row.seconds)
    document.update(kind=row.kind, base=row.base, verdict=row.verdict.get(language))
    if row.against_base is not None:
        document["against_base"] = {
            "difference": round(row.against_base.difference, 4),
            "ci95": [round(bound, 4) for bound in row.against_base.ci95],
            "p_value": row.against_base.p_value,
            "verdict": row.against_base.verdict,
        }
    if row.seen is not None:
        document["seen_concepts"] = {f"recall@{k}": round(row.seen.recall[k], 4) for k in (1, 5, 10)}
    return document


def _short(document: dict[str, Any]) -> dict[str, Any]:
    wanted = ("model", "kind", "recall@1", "recall@5", "recall@10", "mrr@10", "recall@1_ci95", "verdict")
    return {name: document[name] for name in wanted}


def _run_document(run: Run, language: Language) -> dict[str, Any]:
    return {
        "id": run.id,
        "name": run.name,
        "dictionary": run.dictionary,
        "base": run.base_model,
        "recipe": run.recipe,
        "state": run.state,
        "phase": run.phase.get(language),
        "message": run.message.get(language) if run.message else None,
        "step": run.step,
        "total_steps": run.total_steps,
        "seconds": round((run.finished_at or time.time()) - run.started_at, 2) if run.started_at else None,
        "seed": run.config.get("seed"),
        "result": run.result,
    }


def _run_summary(run: Run, language: Language) -> str:
    lines = [f"{run.name}: {run.state}. {run.message.get(language) if run.message else ''}"]
    test = run.result.get("test")
    if test:
        rows = [
            {"model": name, **{f"recall@{k}": round(v, 2) for k, v in test[side]["recall"].items()}}
            for name, side in ((run.base_model, "base"), (run.name, "tuned"))
        ]
        lines.append(_table(rows))
    return "\n".join(lines)


def _table(rows: Sequence[dict[str, Any]]) -> str:
    """Columns lined up, wide (Chinese) characters counted as two."""
    if not rows:
        return "-"
    columns = list(rows[0])
    cells = [columns] + [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(_width(line[i]) for line in cells) for i in range(len(columns))]
    return "\n".join(
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in cells
    )


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1 else f"{value:.2f}"
    if isinstance(value, list):
        return (
            " – ".join(_cell(item) for item in value)
            if value and isinstance(value[0], float)
            else ",".join(map(str, value))
        )
    return "" if value is None else str(value)


def _width(text: str) -> int:
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _where(row: int | None) -> str:
    return f"{row}: " if row else ""


def _column(name: str) -> str | int:
    """A column by its heading, or ``#2`` for the second."""
    if name.startswith("#") and name[1:].isdigit():
        return int(name[1:]) - 1
    return name


def _read(path: Path, limit: int) -> bytes:
    try:
        if path.stat().st_size > limit:
            raise InputError(
                LocalText(
                    "文件太大：{size} MB，上限 {limit} MB。",
                    "The file is too large: {size} MB of at most {limit}.",
                ),
                LocalText("请拆成几个文件。", "Divide it into several."),
                size=path.stat().st_size // 2**20,
                limit=limit // 2**20,
            )
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            LocalText("读不了文件「{file}」：{why}。", "The file “{file}” cannot be read: {why}."),
            LocalText("请检查路径。", "Check the path."),
            file=path,
            why=error.strerror or error,
        ) from error


# -- the command line itself ----------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    from workbench.training.recipes import DEFAULT_RECIPE, RECIPES

    parser = argparse.ArgumentParser(
        prog="python -m workbench", description="Synonym Workbench 同义词向量工作台"
    )
    parser.add_argument("--home", help="where everything is kept (default ~/.synonym-workbench)")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="open the page")
    serve.add_argument("--host")
    serve.add_argument("--port", type=int)

    imports = commands.add_parser("import", help="import a dictionary").add_subparsers(
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
    one.set_defaults(run=_import_dictionary)

    exports = commands.add_parser("export", help="export a dictionary or a model").add_subparsers(
        dest="kind", required=True
    )
    one = exports.add_parser("dictionary", help="to .csv, .tsv, .xlsx or .jsonl")
    one.add_argument("name")
    one.add_argument("file")
    one.set_defaults(run=_export_dictionary)
    one = exports.add_parser("model", help="as an ordinary sentence-transformers folder")
    one.add_argument("run_name", metavar="RUN")
    one.add_argument("folder")
    one.set_defaults(run=_export_model)

    one = commands.add_parser("list", help="what there is")
    one.add_argument("what", choices=("dictionaries", "models", "runs"))
    one.set_defaults(run=_list)

    one = commands.add_parser("train", help="train a model and measure it; waits")
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
    one.set_defaults(run=_train)

    one = commands.add_parser("evaluate", help="measure a model or baseline on a dictionary's test terms")
    one.add_argument("--model", required=True, help="a run's name, a base model's id, or exact, tfidf")
    one.add_argument("--dictionary", required=True)
    one.set_defaults(run=_evaluate)

    one = commands.add_parser("leaderboard", help="what is measured, best first")
    one.add_argument("--dictionary")
    one.add_argument("--csv", metavar="FILE")
    one.set_defaults(run=_leaderboard)

    one = commands.add_parser("similarity", help="how alike two terms are")
    one.add_argument("first", metavar="TERM")
    one.add_argument("second", metavar="TERM")
    one.add_argument("--model", required=True)
    one.add_argument("--dictionary", help="what the probability is calibrated on")
    one.set_defaults(run=_similarity)

    one = commands.add_parser("neighbours", help="the nearest terms of a dictionary")
    one.add_argument("term", metavar="TERM")
    one.add_argument("--model", required=True)
    one.add_argument("--dictionary", required=True)
    one.add_argument("-k", type=int, default=10)
    one.set_defaults(run=_neighbours)

    one = commands.add_parser(
        "doctor", help="what is installed, which models are there, what this machine can do"
    )
    one.set_defaults(run=_doctor)
    for command in commands.choices.values():  # the flags are understood before and after the command
        _accept_globals(command)
    return parser


def _accept_globals(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--home", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                _accept_globals(child)
