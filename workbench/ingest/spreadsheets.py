"""Rows of any table as bytes of a CSV, TSV, XLSX or JSON Lines file, harmless in a spreadsheet program."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from typing import Literal

from workbench.errors import BadParameter, FileProblem
from workbench.localtext import LocalText

RowsFormat = Literal["csv", "tsv", "xlsx", "jsonl"]
_MAX_XLSX_ROWS = 1_048_576
_MAX_XLSX_CELL = 32_767
_WIDE_COLUMNS = 50

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


def rows_bytes(
    header: Sequence[str], rows: Iterable[Sequence[str | float | int | None]], format: RowsFormat
) -> bytes:
    """``rows`` below ``header`` as a file: ``csv`` and ``tsv`` (UTF-8 with byte order mark, for Excel),
    ``xlsx`` (texts only), ``jsonl`` (an object a row, its keys those of the header, numbers as numbers).

    Cells that a spreadsheet program would run as formulas are escaped (not in ``jsonl``, which none
    opens); a negative number is none.

    Raises BadParameter for another format, FileProblem for what an XLSX sheet cannot hold.
    """
    if format == "jsonl":
        lines = (json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False) for row in rows)
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
    if format not in ("csv", "tsv", "xlsx"):
        raise BadParameter(
            LocalText("不支持导出格式“{format}”。", "There is no export format “{format}”."),
            LocalText("请选择 csv、tsv、xlsx 或 jsonl。", "Choose csv, tsv, xlsx or jsonl."),
            format=format,
        )
    shown = ([_shown(cell) for cell in row] for row in rows)
    heading = [escape_cell(name) for name in header]
    if format == "xlsx":
        return _workbook(heading, shown)
    return _delimited(heading, shown, "," if format == "csv" else "\t")


def _shown(cell: str | float | int | None) -> str:
    if isinstance(cell, str):
        return escape_cell(cell)
    return "" if cell is None else str(cell)


def _delimited(heading: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str) -> bytes:
    stream = io.BytesIO()
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(heading)
    writer.writerows(rows)
    text.flush()
    return stream.getvalue()


def _workbook(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils import get_column_letter

    # All rows are checked before the sheet is begun: openpyxl leaves a temporary file behind otherwise.
    checked = [[_xml_text(cell) for cell in row] for row in (heading, *rows)]
    if len(checked) > _MAX_XLSX_ROWS:
        raise FileProblem(_MANY_ROWS, _USE_CSV, limit=f"{_MAX_XLSX_ROWS:,}")
    book = Workbook(write_only=True)
    sheet = book.create_sheet("dictionary")
    for column in range(1, min(len(heading), _WIDE_COLUMNS) + 1):
        sheet.column_dimensions[get_column_letter(column)].width = 32
    sheet.freeze_panes = "A2"

    def text_cell(text: str) -> WriteOnlyCell:
        cell = WriteOnlyCell(sheet)
        cell._value = text  # the setter would turn "=1" into a formula and "#N/A" into an error
        cell.data_type = "s"
        return cell

    for row in checked:
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
