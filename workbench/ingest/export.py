"""A dictionary as bytes of a CSV, TSV, XLSX or JSON Lines file that reads back the same."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import Literal

from workbench.errors import BadParameter, FileProblem
from workbench.localtext import LocalText
from workbench.types import Pair

ExportFormat = Literal["csv", "tsv", "xlsx", "jsonl"]
HEADER = ("标准词", "近似词")
_MAX_XLSX_ROWS = 1_048_576
_MAX_XLSX_CELL = 32_767

# What a spreadsheet program takes for a formula, full-width signs included (OWASP: CSV injection), and
# the same with apostrophes before it: so that taking one apostrophe away always undoes putting one there.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_ESCAPED = re.compile("'+[=+\\-@\t\r\n＝＋－＠]")
_XML_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_XML_ILLEGAL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")


def escape_cell(text: str) -> str:
    """``text`` with an apostrophe before it where a spreadsheet program would run it as a formula."""
    return "'" + text if _FORMULA.match(text) else text


def unescape_cell(text: str) -> str:
    """The exact inverse of :func:`escape_cell`."""
    return text[1:] if _ESCAPED.match(text) else text


def dictionary_bytes(pairs: Iterable[Pair], format: ExportFormat, header: tuple[str, str] = HEADER) -> bytes:
    """The pairs as a file: ``csv`` and ``tsv`` (UTF-8 with byte order mark, for Excel), ``xlsx``, ``jsonl``.

    Cells that a spreadsheet program would run as formulas are escaped (not in ``jsonl``, which none
    opens); importing the file undoes it.

    Raises BadParameter for another format, FileProblem for what an XLSX sheet cannot hold.
    """
    if format == "csv":
        return _delimited(pairs, header, ",")
    if format == "tsv":
        return _delimited(pairs, header, "\t")
    if format == "xlsx":
        return _workbook(pairs, header)
    if format == "jsonl":
        lines = (
            json.dumps({"standard": pair.standard, "synonym": pair.synonym}, ensure_ascii=False)
            for pair in pairs
        )
        return "".join(f"{line}\n" for line in lines).encode("utf-8")
    raise BadParameter(
        LocalText("不支持导出格式“{format}”。", "There is no export format “{format}”."),
        LocalText("请选择 csv、tsv、xlsx 或 jsonl。", "Choose csv, tsv, xlsx or jsonl."),
        format=format,
    )


def _rows(pairs: Iterable[Pair], header: tuple[str, str]) -> Iterator[tuple[str, str]]:
    yield escape_cell(header[0]), escape_cell(header[1])
    for pair in pairs:
        yield escape_cell(pair.standard), escape_cell(pair.synonym)


def _delimited(pairs: Iterable[Pair], header: tuple[str, str], delimiter: str) -> bytes:
    stream = io.BytesIO()
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(_rows(pairs, header))
    text.flush()
    return stream.getvalue()


def _workbook(pairs: Iterable[Pair], header: tuple[str, str]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    # All rows are checked before the sheet is begun: openpyxl leaves a temporary file behind otherwise.
    rows = [(_xml_text(first), _xml_text(second)) for first, second in _rows(pairs, header)]
    if len(rows) > _MAX_XLSX_ROWS:
        raise FileProblem(_MANY_ROWS, _USE_CSV, limit=f"{_MAX_XLSX_ROWS:,}")
    book = Workbook(write_only=True)
    sheet = book.create_sheet("dictionary")
    sheet.column_dimensions["A"].width = sheet.column_dimensions["B"].width = 32
    sheet.freeze_panes = "A2"

    def text_cell(text: str) -> WriteOnlyCell:
        cell = WriteOnlyCell(sheet)
        cell._value = text  # the setter would turn "=1" into a formula and "#N/A" into an error
        cell.data_type = "s"
        return cell

    for row in rows:
        sheet.append([text_cell(text) for text in row])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _xml_text(text: str) -> str:
    """``text`` with what XML cannot hold, and what would be read as such, in the form ``_x000D_``."""
    written = _XML_ILLEGAL.sub(lambda m: f"_x{ord(m.group()):04X}_", _XML_ESCAPE.sub("_x005F_", text))
    if len(written) > _MAX_XLSX_CELL:
        raise FileProblem(_LONG_CELL, _USE_CSV, start=text[:30])
    return written


_MANY_ROWS = LocalText("Excel 工作表最多 {limit} 行。", "An Excel sheet holds at most {limit} rows.")
_LONG_CELL = LocalText(
    "以“{start}”开头的词语对 Excel 单元格来说太长。",
    "The term that starts with “{start}” is too long for an Excel cell.",
)
_USE_CSV = LocalText("请改为导出 CSV。", "Export CSV instead.")
