"""Bytes of an uploaded file, of whatever format, as a table of texts, no cell of it changed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from workbench.errors import BadParameter, FileProblem
from workbench.ingest.delimited import excel_delimiter_line, records, sniff_delimiter, text_lines
from workbench.ingest.encodings import (
    EMPTY,
    EMPTY_HINT,
    Detected,
    chosen_encoding,
    detect_encoding,
    note_encoding,
    refuse_if_not_text,
)
from workbench.ingest.formats import binary_format, ending_of, known_scopes, rdf_syntax, text_format
from workbench.ingest.isolation import PARSE_MEMORY_BYTES, PARSE_SECONDS, read_isolated
from workbench.ingest.problems import ProblemLog
from workbench.ingest.structured import STRUCTURED, Request, read_structured
from workbench.ingest.table import (
    FORMATS,
    MAX_CELLS,
    MAX_COLUMNS,
    ReadOptions,
    Table,
    build_table,
    collect,
    too_large,
)
from workbench.ingest.term_lines import read_lines
from workbench.localtext import LocalText

__all__ = ["FORMATS", "MAX_CELLS", "MAX_COLUMNS", "ReadOptions", "Table", "read_table"]

_HEAD_BYTES = 1 << 18
_NO_OPTIONS = ReadOptions()


def read_table(
    data: bytes,
    filename: str,
    *,
    max_rows: int,
    max_bytes: int,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    format: str | None = None,
    options: ReadOptions = _NO_OPTIONS,
    memory_bytes: int = PARSE_MEMORY_BYTES,
    seconds: float = PARSE_SECONDS,
    isolated: bool = True,
) -> Table:
    """The table in ``data``. ``filename`` only gives hints by its ending; it is never opened.

    ``encoding``, ``delimiter``, ``sheet`` and ``format`` (one of ``FORMATS``) override what would be
    found out; "groups" (one group a line) is read on request only. All but plain text in lines is parsed
    in a child process with ``memory_bytes`` and ``seconds``, unless ``isolated`` is false.

    Raises FileProblem where the file is empty, over a limit, of a kind that cannot be read, or damaged;
    BadParameter for a format or an option that does not exist; nothing else, whatever the bytes.
    """
    _check(data, max_bytes, format, options)
    kind = binary_format(data)
    detected: Detected | None = None
    head = ""
    if kind is None:
        if format in ("xlsx", "parquet"):
            raise FileProblem(_NOT_SO, _OTHER_FORMAT, format=format)
        refuse_if_not_text(data)
        detected = chosen_encoding(data, encoding) if encoding else detect_encoding(data)
        head = data[detected.skip : detected.skip + _HEAD_BYTES].decode(detected.encoding, "replace")
        kind = format or text_format(head, filename, table_only=delimiter is not None)
    if kind in STRUCTURED:
        syntax = rdf_syntax(head, filename) if kind == "skos" else ""
        request = Request(kind, max_rows, detected, sheet, syntax, options)
        if isolated:
            return read_isolated(data, request, memory_bytes=memory_bytes, seconds=seconds)
        return read_structured(data, request)
    assert detected is not None
    log = ProblemLog()
    note_encoding(detected, log)
    if kind in ("csv", "tsv"):
        delimiter = delimiter or ("\t" if format == "tsv" else None)
        return _read_delimited(data, filename, detected, delimiter, log, max_rows)
    lines = text_lines(data, detected.encoding, detected.skip)
    return read_lines(kind, lines, log, delimiter).table(log, max_rows, encoding=detected.encoding)


def _check(data: bytes, max_bytes: int, format: str | None, options: ReadOptions) -> None:
    if format is not None and format not in FORMATS:
        raise BadParameter(_NO_FORMAT, _CHOOSE_FORMAT, format=format, names=", ".join(FORMATS))
    known_scopes(options.scopes)
    if len(data) > max_bytes:
        raise too_large(len(data), max_bytes)
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise FileProblem(EMPTY, EMPTY_HINT)


def _read_delimited(
    data: bytes, filename: str, detected: Detected, delimiter: str | None, log: ProblemLog, max_rows: int
) -> Table:
    lines = _without_extra_bom(text_lines(data, detected.encoding, detected.skip), log, detected.boms > 1)
    head = list(islice(lines, 400))
    first_row = 1
    if head and (asked := excel_delimiter_line(head[0])):
        head = head[1:]
        first_row = 2
        delimiter = delimiter or asked
    if not delimiter:
        delimiter = sniff_delimiter(head, "\t" if ending_of(filename) in (".tsv", ".tab") else ",")
    if delimiter == "，":
        log.add("fullwidth_comma", "warning", _FULLWIDTH)
    found = records(chain(head, lines), delimiter, log, first_row)
    rows, numbers = collect(found, max_rows)
    kind = "tsv" if delimiter == "\t" else "csv"
    return build_table(rows, numbers, log, format=kind, encoding=detected.encoding, delimiter=delimiter)


def _without_extra_bom(lines: Iterator[str], log: ProblemLog, already: bool) -> Iterator[str]:
    """The lines without byte order marks: joined files have them in the middle, some programs double them."""
    for number, line in enumerate(lines, 1):
        if number == 1 and already:
            log.add("extra_bom", "note", _BOM, number)
        if line.startswith("\ufeff"):
            if number > 1 or not already:
                log.add("extra_bom", "note", _BOM, number)
            yield line.lstrip("\ufeff")
        else:
            yield line


_NOT_SO = LocalText("这不是 {format} 文件。", "This is no {format} file.")
_OTHER_FORMAT = LocalText(
    "请选择正确的格式，或让程序自动识别。", "Choose the right format, or let it be recognised."
)
_NO_FORMAT = LocalText("不能读取“{format}”格式。", "There is no format “{format}” that can be read.")
_CHOOSE_FORMAT = LocalText("请选择其中之一：{names}。", "Choose one of {names}.")
_FULLWIDTH = LocalText(
    "文件用中文逗号（，）分隔，已按两列或多列读取。请检查预览。",
    "The file is separated by full-width commas (，); it was read with them. Check the preview.",
)
_BOM = LocalText(
    "第 {row} 行开头有多余的字节顺序标记（BOM），已忽略。",
    "Row {row} starts with a superfluous byte order mark (BOM), which was ignored.",
)
