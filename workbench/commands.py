"""What each command does: read the options, one call into the services, a document and its text."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.documents import metrics_document, row_document, run_document, short_row
from workbench.errors import BadParameter, InputError, WorkbenchError
from workbench.localtext import Language, LocalText
from workbench.terminal import table
from workbench.types import FINAL_STATES, Run

if TYPE_CHECKING:
    from workbench.evaluation.measure import Board
    from workbench.services import Services

Answer = tuple[Any, Callable[[], str]]  # the JSON document, and the same for people


def import_dictionary(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Import a file as a dictionary or a new version of one."""
    path = Path(options.file)
    preview = services.preview_dictionary(
        _read(path, services.settings.max_upload_bytes),
        path.name,
        standard=_column(options.standard) if options.standard else None,
        synonyms=[_column(name) for name in options.synonym] if options.synonym else None,
        split_cells=options.split_cells,
        encoding=options.encoding,
    )
    name = options.name or (path.stem if options.replace else services.unique_dictionary_name(path.stem))
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


def export_dictionary(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    """Write a dictionary to a file; the format follows its ending."""
    target = Path(options.file)
    format_ = target.suffix.lower().lstrip(".") or "csv"
    if format_ not in ("csv", "tsv", "xlsx", "jsonl"):
        raise BadParameter(
            LocalText("不认识的格式「{format}」。", "Unknown format “{format}”."),
            LocalText("可用：csv、tsv、xlsx、jsonl。", "There are: csv, tsv, xlsx, jsonl."),
            format=format_,
        )
    data = services.export_dictionary(options.name, format_)  # type: ignore[arg-type]
    _write(target, data)
    return {"file": str(target), "bytes": len(data)}, lambda: f"{target}  {len(data)} bytes"


def export_model(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    """Write a model as an ordinary folder."""
    folder = services.export_model(options.run_name, Path(options.folder).expanduser().resolve())
    return {"folder": str(folder)}, lambda: str(folder)


def list_things(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Dictionaries, models or runs."""
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
        rows = [run_document(run, language) for run in services.runs(1000)]
    left_out = ("phase", "result", "total_steps")  # too wide for a table
    shown = [{name: value for name, value in row.items() if name not in left_out} for row in rows]
    return rows, lambda: table(shown)


def train(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Queue a run, wait for it, and say what came out."""
    from workbench.models.catalogue import default_spec

    parameters = {"epochs": options.epochs} if options.epochs is not None else {}
    for assignment in options.set or ():
        name, _, value = assignment.partition("=")
        parameters[name.strip()] = value.strip()
    base = options.base or default_spec().id
    services.fetch_model(base)
    run = services.start_run(
        options.dictionary, base, options.recipe, name=options.name, parameters=parameters, seed=options.seed
    )
    services.start()
    run = _wait(services, run, language, quiet=options.json)
    return run_document(run, language), lambda: _run_summary(run, language)


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
                sys.stderr.write(f"\r\033[K{line}")
                sys.stderr.flush()
            shown = line
        except KeyboardInterrupt:
            asked += 1
            run = services.stop_run(run.id, keep=asked == 1)
    if not quiet and shown and sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    return run


def evaluate(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    """Measure one system on a dictionary's test terms."""
    evaluations = services.evaluate(options.model, options.dictionary)
    headline = next(each for each in evaluations if each.view == "unseen")
    document = metrics_document(headline.model, headline.dictionary, headline.metrics, headline.seconds)
    return document, lambda: table([document])


def leaderboard(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """What is measured, best first."""
    from workbench.evaluation.leaderboard import board_csv

    names = [options.dictionary] if options.dictionary else [info.name for info in services.dictionaries()]
    boards = _boards(services, names, language, skip=not options.dictionary)
    if options.csv:
        texts = [board_csv(board.rows, language) for board in boards]
        _write(Path(options.csv), "\n".join(texts).encode("utf-8-sig"))
    documents = [row_document(board.dictionary, row, language) for board in boards for row in board.rows]

    def text() -> str:
        parts = []
        for board in boards:
            rows = [row_document(board.dictionary, row, language) for row in board.rows]
            if rows or options.dictionary:
                parts.append(f"{board.dictionary}  ({board.queries} queries, {board.corpus} standard terms)")
                parts.append(table([short_row(row) for row in rows]))
        return "\n".join(parts) or LocalText("还没有测量过。", "Nothing is measured yet.").get(language)

    return documents, text


def _boards(services: Services, names: list[str], language: Language, *, skip: bool) -> list[Board]:
    """Each dictionary's board; with ``skip`` one that can have none is named and left out."""
    boards = []
    for name in names:
        try:
            boards.append(services.leaderboard(name))
        except WorkbenchError as error:
            if not skip:
                raise
            print(f"{name}: {error.text(language)}", file=sys.stderr)
    return boards


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


def _run_summary(run: Run, language: Language) -> str:
    lines = [f"{run.name}: {run.state}. {run.message.get(language) if run.message else ''}"]
    test = run.result.get("test")
    if test:
        rows = [
            {"model": name, **{f"recall@{k}": round(v, 2) for k, v in test[side]["recall"].items()}}
            for name, side in ((run.base_model, "base"), (run.name, "tuned"))
        ]
        lines.append(table(rows))
    return "\n".join(lines)


def _where(row: int | None) -> str:
    return f"{row}: " if row else ""


def _column(name: str) -> str | int:
    """A column by its heading, or ``#2`` for the second."""
    if name.startswith("#") and name[1:].isdecimal() and int(name[1:]) > 0:
        return int(name[1:]) - 1
    return name


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InputError(
            LocalText("写不了文件「{file}」：{why}。", "The file “{file}” cannot be written: {why}."),
            LocalText("请检查路径和磁盘空间。", "Check the path and the room on the disk."),
            file=path,
            why=error.strerror or error,
        ) from error


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
