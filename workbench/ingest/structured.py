"""Files of the formats that need a real parser: read here, in a process of their own where asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from workbench.errors import FileProblem
from workbench.ingest.delimited import text_lines
from workbench.ingest.encodings import Detected, note_encoding
from workbench.ingest.problems import ProblemLog
from workbench.ingest.reading import Reading
from workbench.ingest.table import MAX_COLUMNS, ReadOptions, Table, build_table, collect

STRUCTURED = frozenset({"xlsx", "parquet", "json", "jsonl", "skos", "obo"})


@dataclass(frozen=True, slots=True)
class Request:
    """What to read ``data`` as: all that the parsing process is told. ``syntax`` is that of RDF."""

    format: str
    max_rows: int
    detected: Detected | None = None
    sheet: str | None = None
    syntax: str = ""
    options: ReadOptions = field(default_factory=ReadOptions)


def read_structured(data: bytes, request: Request) -> Table:
    """The table in ``data``. Raises FileProblem where there is none; MemoryError may pass through."""
    log = ProblemLog()
    if request.format == "xlsx":
        return _read_workbook(data, request, log)
    if request.format == "parquet":
        from workbench.ingest.parquet import read_parquet

        return read_parquet(data, request.max_rows).table(log, request.max_rows)
    detected = request.detected or Detected("utf-8")
    note_encoding(detected, log)
    reading = _read_text(data, request, detected, log)
    return reading.table(log, request.max_rows, encoding=detected.encoding)


def _read_text(data: bytes, request: Request, detected: Detected, log: ProblemLog) -> Reading:
    if request.format in ("jsonl", "obo"):
        lines = text_lines(data, detected.encoding, detected.skip)
        if request.format == "obo":
            from workbench.ingest.obo import read_obo

            return read_obo(lines, log, request.options.scopes)
        from workbench.ingest.json_files import read_json_lines

        return read_json_lines(lines, log)
    text = data[detected.skip :].decode(detected.encoding, "replace")
    if request.format == "json":
        from workbench.ingest.json_files import read_json

        return read_json(text, log)
    from workbench.ingest.skos import read_skos

    return read_skos(text, request.syntax, log, request.options.language)


def _read_workbook(data: bytes, request: Request, log: ProblemLog) -> Table:
    from workbench.ingest import workbook

    if not workbook.is_workbook(data):
        raise FileProblem(workbook.DAMAGED, workbook.SAVE_AS)
    read = workbook.read_sheet(data, log, max_columns=MAX_COLUMNS, sheet=request.sheet)
    rows, numbers = collect(read.records, request.max_rows)
    workbook.fill_merged(rows, numbers, read.merged, log)
    return build_table(rows, numbers, log, format="xlsx", sheet=read.sheet, sheets=read.sheets)
