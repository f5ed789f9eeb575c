"""Bytes of an uploaded CSV, TSV or XLSX file as a table of texts, no cell of it changed."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import PurePath

from workbench.errors import FileProblem
from workbench.ingest import workbook
from workbench.ingest.delimited import excel_delimiter_line, records, sniff_delimiter, text_lines
from workbench.ingest.encodings import (
    EMPTY,
    EMPTY_HINT,
    ENCODINGS,
    Detected,
    chosen_encoding,
    detect_encoding,
    refuse_if_not_text,
)
from workbench.ingest.problems import ProblemLog
from workbench.localtext import LocalText
from workbench.types import Problem

MAX_COLUMNS = 1000
MAX_CELLS = 20_000_000
_INTERNED = 200_000


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts as they stand in the file, a heading among them if there is one.

    ``rows`` may differ in length: ``width`` is the number of columns of a regular row, and a row that
    is longer or shorter has a problem ("long_row", "short_row"). ``row_numbers`` runs parallel to
    ``rows``: the 1-based line (sheet row) where each starts. Rows without any cell are left out.
    """

    rows: list[tuple[str, ...]]
    row_numbers: Sequence[int]
    width: int
    format: str  # "csv", "tsv" or "xlsx"
    encoding: str | None = None  # by Python's name; None for a workbook
    delimiter: str | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    problem_counts: dict[str, int] = field(default_factory=dict)


def read_table(
    data: bytes,
    filename: str,
    *,
    max_rows: int,
    max_bytes: int,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
) -> Table:
    """The table in ``data``. ``filename`` only gives hints by its ending; it is never opened.

    ``encoding``, ``delimiter`` and ``sheet`` override what would be found out.

    Raises FileProblem where the file is empty, over a limit, of another kind than CSV, TSV or XLSX, or
    damaged; nothing else is raised, whatever the bytes.
    """
    if len(data) > max_bytes:
        raise FileProblem(
            LocalText(
                "文件有 {size} MB，超过上限 {limit} MB。", "The file has {size} MB; the limit is {limit} MB."
            ),
            _SPLIT,
            size=round(len(data) / 2**20, 1),
            limit=round(max_bytes / 2**20, 1),
        )
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise FileProblem(EMPTY, EMPTY_HINT)
    log = ProblemLog()
    if workbook.is_workbook(data):
        read = workbook.read_sheet(data, log, max_columns=MAX_COLUMNS, sheet=sheet)
        rows, numbers = _collect(read.records, max_rows)
        workbook.fill_merged(rows, numbers, read.merged, log)
        return _table(rows, numbers, log, format="xlsx", sheet=read.sheet, sheets=read.sheets)
    refuse_if_not_text(data)
    detected = chosen_encoding(data, encoding) if encoding else detect_encoding(data)
    return _read_text(data, filename, detected, delimiter, log, max_rows)


def _read_text(
    data: bytes, filename: str, detected: Detected, delimiter: str | None, log: ProblemLog, max_rows: int
) -> Table:
    _note_encoding(detected, log)
    lines = _without_extra_bom(text_lines(data, detected.encoding, detected.skip), log, detected.boms > 1)
    head = list(islice(lines, 400))
    first_row = 1
    if head and (asked := excel_delimiter_line(head[0])):
        head = head[1:]
        first_row = 2
        delimiter = delimiter or asked
    if not delimiter:
        ending = PurePath(filename.replace("\x00", "")).suffix.lower()
        delimiter = sniff_delimiter(head, "\t" if ending in (".tsv", ".tab") else ",")
    if delimiter == "，":
        log.add("fullwidth_comma", "warning", _FULLWIDTH)
    found = records(chain(head, lines), delimiter, log, first_row)
    rows, numbers = _collect(found, max_rows)
    kind = "tsv" if delimiter == "\t" else "csv"
    return _table(rows, numbers, log, format=kind, encoding=detected.encoding, delimiter=delimiter)


def _collect(
    found: Iterable[tuple[int, Sequence[str]]], max_rows: int
) -> tuple[list[tuple[str, ...]], array[int]]:
    """Rows and their numbers; equal texts share one object, which halves the memory of a real dictionary."""
    rows: list[tuple[str, ...]] = []
    numbers = array("Q")
    seen: dict[str, str] = {}
    cells = 0
    for number, row in found:
        if len(rows) >= max_rows:
            raise FileProblem(_TOO_MANY_ROWS, _SPLIT, limit=f"{max_rows:,}")
        if len(row) > MAX_COLUMNS:
            raise FileProblem(
                _TOO_WIDE, _WIDE_HINT, row=number, count=f"{len(row):,}", limit=f"{MAX_COLUMNS:,}"
            )
        cells += len(row)
        if cells > MAX_CELLS:
            raise FileProblem(_TOO_MANY_CELLS, _WIDE_HINT, limit=f"{MAX_CELLS:,}")
        if len(seen) > _INTERNED:
            seen.clear()
        rows.append(tuple([seen.setdefault(cell, cell) for cell in row]))
        numbers.append(number)
    return rows, numbers


def _table(
    rows: list[tuple[str, ...]],
    numbers: array[int],
    log: ProblemLog,
    *,
    format: str,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    sheets: tuple[str, ...] = (),
) -> Table:
    if not any(cell.strip() for row in rows for cell in row):
        raise FileProblem(EMPTY, EMPTY_HINT)
    width = _regular_width(rows)
    if format != "xlsx":
        _report_ragged(rows, numbers, width, log)
    return Table(
        rows, numbers, width, format, encoding, delimiter, sheet, sheets, log.problems(), dict(log.counts)
    )


def _regular_width(rows: list[tuple[str, ...]]) -> int:
    """The commonest number of cells, blank ones at the end apart; the first row's if a fifth share it."""
    counts = Counter(map(len, rows))
    if len(counts) == 1:
        return len(rows[0])
    trimmed = Counter(map(_trimmed_length, rows))
    trimmed.pop(0, None)
    first = _trimmed_length(rows[0])
    if first >= 2 and counts[len(rows[0])] + trimmed[first] >= 0.2 * len(rows):
        return first
    return max(trimmed, key=lambda width: (trimmed[width], width))


def _trimmed_length(row: tuple[str, ...]) -> int:
    length = len(row)
    while length and not row[length - 1].strip():
        length -= 1
    return length


def _report_ragged(rows: list[tuple[str, ...]], numbers: array[int], width: int, log: ProblemLog) -> None:
    for row, number in zip(rows, numbers, strict=True):
        if len(row) == width:
            continue
        length = _trimmed_length(row)
        if length > width:
            log.add("long_row", "error", _LONG, number, count=length, width=width)
        elif len(row) < width and length:
            log.add("short_row", "warning", _SHORT, number, count=len(row), width=width)


def _note_encoding(detected: Detected, log: ProblemLog) -> None:
    if detected.sure:
        return
    log.add(
        "encoding_unsure", "warning", _UNSURE, encoding=ENCODINGS.get(detected.encoding, detected.encoding)
    )


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


_SPLIT = LocalText(
    "请拆分成几个较小的文件，分别上传。没有导入任何内容。",
    "Split it into smaller files and upload those. Nothing was imported.",
)
_TOO_MANY_ROWS = LocalText(
    "文件超过 {limit} 行的上限。", "The file has more than {limit} rows, which is the limit."
)
_TOO_WIDE = LocalText(
    "第 {row} 行有 {count} 列，上限是 {limit} 列。", "Row {row} has {count} columns; the limit is {limit}."
)
_TOO_MANY_CELLS = LocalText(
    "文件的单元格超过 {limit} 个。", "The file has more than {limit} cells, which is the limit."
)
_WIDE_HINT = LocalText(
    "请只保留标准词和近似词所在的列，再上传。没有导入任何内容。",
    "Keep only the columns with standard terms and synonyms, and upload again. Nothing was imported.",
)
_LONG = LocalText(
    "第 {row} 行有 {count} 个单元格，其他行有 {width} 个，该行未导入。请给含分隔符的词语加上英文双引号。",
    "Row {row} has {count} cells where the others have {width}, and was left out: perhaps a term holds the "
    "delimiter. Put that cell in double quotes.",
)
_SHORT = LocalText(
    "第 {row} 行只有 {count} 个单元格，其他行有 {width} 个。请补齐该行。",
    "Row {row} has only {count} of {width} cells. Fill in the missing ones.",
)
_FULLWIDTH = LocalText(
    "文件用中文逗号（，）分隔，已按两列或多列读取。请检查预览。",
    "The file is separated by full-width commas (，); it was read with them. Check the preview.",
)
_UNSURE = LocalText(
    "文件编码不能完全确定，按 {encoding} 读取。请检查预览中的文字；如有乱码，请手动选择编码。",
    "The encoding is not certain; it was read as {encoding}. Check the text in the preview, "
    "and choose the encoding by hand if it is garbled.",
)
_BOM = LocalText(
    "第 {row} 行开头有多余的字节顺序标记（BOM），已忽略。",
    "Row {row} starts with a superfluous byte order mark (BOM), which was ignored.",
)
