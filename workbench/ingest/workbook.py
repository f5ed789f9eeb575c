"""XLSX workbooks: looked over before they are unpacked, then read row by row as seen on screen."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from workbench.errors import FileProblem
from workbench.ingest.encodings import OLE
from workbench.ingest.problems import ProblemLog
from workbench.ingest.sheet_xml import MAX_SHEET_COLUMNS, NumberStyles, SheetParser, read_shared_strings
from workbench.localtext import LocalText

MAX_UNPACKED_BYTES = 1 << 30
MAX_PART_BYTES = 64 << 20  # of parts that are read whole: styles, list of sheets
MAX_RATIO = 150  # of unpacked to packed; the XML of real sheets has 5 to 40
_RATIO_FROM_BYTES = 16 << 20
_MAX_ENTRIES = 5_000
_MAX_DIRECTORY_BYTES = 4 << 20
_COVER_ROWS = 50  # a sheet of one column and no more rows than this may be a cover
_MAX_MERGED_ROWS = 5_000_000  # ranges may overlap in a hostile file: the work is bounded

_SHARED_STRINGS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"

SAVE_AS = LocalText(
    "请在 Excel 或 WPS 中打开它，另存为 XLSX 或 CSV（UTF-8）后再上传。",
    "Open it in Excel or WPS, save it as XLSX or CSV (UTF-8), and upload that.",
)
DAMAGED = LocalText("这个 Excel 文件已损坏，无法读取。", "This Excel file is damaged and cannot be read.")
_KINDS: tuple[tuple[str, LocalText], ...] = (
    ("xl/workbook.bin", LocalText("XLSB 工作簿", "an XLSB workbook")),
    ("word/", LocalText("Word 文档", "a Word document")),
    ("ppt/", LocalText("PowerPoint 文稿", "a PowerPoint presentation")),
    ("Index/", LocalText("Apple Numbers 或 Pages 文件", "an Apple Numbers or Pages file")),
    ("content.xml", LocalText("OpenDocument 文件", "an OpenDocument file")),
)


@dataclass(slots=True)
class SheetReading:
    """A sheet that is about to be read: ``records`` yields row numbers with cells."""

    records: Iterator[tuple[int, list[str]]]
    sheet: str
    sheets: tuple[str, ...]
    merged: list[tuple[int, int, int]]  # column from 0, first and last row; complete once all rows are read


def is_workbook(data: bytes) -> bool:
    """Whether ``data`` is an XLSX workbook.

    Raises FileProblem for what is near to one and cannot be read: old ``.xls``, ``.numbers``, ``.ods``,
    password-protected files, Word documents, plain archives.
    """
    if data.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise FileProblem(
                LocalText("这个 Excel 文件有密码保护。", "This Excel file is protected by a password."),
                LocalText(
                    "请在 Excel 中取消密码，保存后再上传。",
                    "Remove the password in Excel, save, and upload again.",
                ),
            )
        raise FileProblem(
            LocalText(
                "这是旧版 Office 文件（.xls 或 .doc），不能直接读取。",
                "This is an old Office file (.xls or .doc), which cannot be read.",
            ),
            SAVE_AS,
        )
    if not data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return False
    if _directory_is_huge(data):
        raise FileProblem(DAMAGED, SAVE_AS)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, UnicodeDecodeError) as error:
        raise FileProblem(DAMAGED, SAVE_AS) from error
    if any(name.lstrip("/").lower() == "xl/workbook.xml" for name in names):
        return True
    what = next(
        (text for start, text in _KINDS if any(name.startswith(start) for name in names)),
        LocalText("压缩包", "a compressed archive"),
    )
    raise FileProblem(
        LocalText("这是{what}，不能直接读取。", "This is {what}, which cannot be read."), SAVE_AS, what=what
    )


def _directory_is_huge(data: bytes) -> bool:
    """Whether the end of the archive announces more parts than a workbook has: their list alone would
    fill the memory (PKWARE APPNOTE 4.3.16; a Zip64 archive has 0xFFFF parts here)."""
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - (1 << 16) - 22))
    if end < 0 or len(data) < end + 20:
        return False
    entries, size = struct.unpack_from("<HI", data, end + 10)
    return bool(entries > _MAX_ENTRIES or size > _MAX_DIRECTORY_BYTES)


def read_sheet(data: bytes, log: ProblemLog, *, max_columns: int, sheet: str | None = None) -> SheetReading:
    """The first visible sheet that has content and is no cover, or the one named ``sheet``.

    Numbers come as a person sees them (``1``, not ``1.0``; ``007`` under the format ``000``), dates in
    ISO form, text to the letter.

    Raises FileProblem where the workbook is damaged, too large when unpacked, or has no such sheet;
    ``records`` raises it too.
    """
    _look_over(data)
    book = _guarded(lambda: _open(data))
    every = list(book.worksheets)
    sheets = [s for s in every if s.sheet_state == "visible"] or every
    names = tuple(s.title for s in sheets)
    if sheet is not None:
        found = next((s for s in every if s.title == sheet), None)
        if found is None:
            raise FileProblem(_NO_SHEET, _CHOOSE_SHEET, sheet=sheet, names=", ".join(names))
    else:
        found = _guarded(lambda: _first_table(book, sheets))
        if found is None:
            raise FileProblem(_EMPTY_BOOK, _EMPTY_BOOK_HINT)
        if len(sheets) > 1:
            log.add("other_sheets", "note", _OTHER_SHEETS, sheet=found.title, count=len(sheets))
    strings = _guarded(lambda: _shared_strings(book))
    parser = _guarded(lambda: SheetParser(strings, NumberStyles(book), log, max_columns))
    return SheetReading(_records(book, found, parser), found.title, names, parser.merged)


def fill_merged(
    rows: list[tuple[str, ...]], numbers: array[int], merged: list[tuple[int, int, int]], log: ProblemLog
) -> None:
    """Give each cell of a vertically merged range the text of its top cell, as a person reads it."""
    place = {number: index for index, number in enumerate(numbers)} if merged else {}
    filled = 0
    budget = _MAX_MERGED_ROWS
    for column, first, last in merged:
        top = place.get(first)
        budget -= last - first
        if budget < 0:
            break
        if top is None or column >= len(rows[top]):
            continue
        text = rows[top][column]
        for number in range(first + 1, last + 1):
            index = place.get(number)
            if index is None or not text:
                continue
            row = list(rows[index]) + [""] * (column + 1 - len(rows[index]))
            if not row[column]:
                row[column] = text
                rows[index] = tuple(row)
                filled += 1
    if filled:
        log.add("merged_cells", "note", _FILLED, count=filled)


def _look_over(data: bytes) -> None:
    """Refuse by the directory of the archive alone: nothing is unpacked before its size is known."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            total = sum(entry.file_size for entry in entries)
            packed = sum(entry.compress_size for entry in entries)
            too_large = (
                len(entries) > _MAX_ENTRIES
                or total > MAX_UNPACKED_BYTES
                or (total > _RATIO_FROM_BYTES and total > MAX_RATIO * max(1, packed))
                or any(e.file_size > MAX_PART_BYTES for e in entries if not _is_streamed(e.filename))
            )
            declared = not too_large and any(_has_doctype(archive, e) for e in entries)
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise FileProblem(DAMAGED, SAVE_AS) from error
    except MemoryError:
        raise
    except Exception as error:  # zlib.error and its kin, by codec
        raise FileProblem(DAMAGED, SAVE_AS) from error
    if too_large:
        raise FileProblem(
            LocalText(
                "这个 Excel 文件解压后过大（{size} MB），为安全起见没有打开。",
                "Unpacked, this Excel file would be too large ({size} MB); to be safe it was not opened.",
            ),
            LocalText(
                "请把词表另存为 CSV（UTF-8），或拆成几个较小的文件。",
                "Save the list as CSV (UTF-8), or split it into smaller files.",
            ),
            size=round(total / 2**20),
        )
    if declared:
        raise FileProblem(DAMAGED, SAVE_AS)


def _is_streamed(name: str) -> bool:
    """Sheets are read a row at a time, and media are never opened."""
    low = name.lower()
    return low.startswith(("xl/worksheets/", "xl/media/")) or low == "xl/sharedstrings.xml"


def _has_doctype(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """A document type is where entity bombs live; no spreadsheet program writes one."""
    if not entry.filename.lower().endswith((".xml", ".rels")):
        return False
    with archive.open(entry) as part:
        start = part.read(4096).replace(b"\x00", b"")
    return b"<!DOCTYPE" in start or b"<!ENTITY" in start


def _open(data: bytes) -> Any:
    """Sheet names, number formats and the open archive; the texts are left for later."""
    from openpyxl.reader.excel import ExcelReader

    class WithoutStrings(ExcelReader):  # type: ignore[misc]  # openpyxl has no types
        def read_strings(self) -> None:
            """Its table of texts takes ten times as long as the one here."""

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader = WithoutStrings(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        reader.read()
    part = reader.package.find(_SHARED_STRINGS_TYPE)
    reader.wb.shared_strings_part = part.PartName.lstrip("/") if part is not None else None
    return reader.wb


def _shared_strings(book: Any) -> list[str]:
    name = book.shared_strings_part
    if name is None or name not in book._archive.namelist():
        return []
    with book._archive.open(name) as part:
        return read_shared_strings(part)


def _guarded(action: Callable[[], Any]) -> Any:
    """``action()``, where whatever the workbook library trips over becomes a sentence."""
    try:
        return action()
    except (FileProblem, MemoryError):
        raise
    except Exception as error:  # damaged files make openpyxl, zipfile and expat raise what they like
        raise FileProblem(DAMAGED, SAVE_AS) from error


def _first_table(book: Any, sheets: list[Any]) -> Any | None:
    """The first sheet with content; a few notes in one column give way to a table on a later sheet."""
    first = None
    for sheet in sheets:
        filled, rows = _at_top(book, sheet)
        if filled > 1 or rows > _COVER_ROWS:
            return sheet if filled > 1 else first or sheet
        if filled:
            first = first or sheet
    return first


def _at_top(book: Any, sheet: Any) -> tuple[int, int]:
    """The most filled cells of a row, and the rows with any; reads no further than it has to."""
    probe = SheetParser(None, None, ProblemLog(), MAX_SHEET_COLUMNS)
    filled = rows = 0
    with book._archive.open(sheet._worksheet_path) as part:
        for _, row in probe.rows(part):
            found = sum(1 for cell in row if cell.strip())
            filled, rows = max(filled, found), rows + bool(found)
            if filled > 1 or rows > _COVER_ROWS:
                break
    return filled, rows


def _records(book: Any, sheet: Any, parser: SheetParser) -> Iterator[tuple[int, list[str]]]:
    with _guarded(lambda: book._archive.open(sheet._worksheet_path)) as part:
        rows = parser.rows(part)
        while (row := _guarded(lambda: next(rows, None))) is not None:
            yield row


_NO_SHEET = LocalText("工作簿里没有名为“{sheet}”的工作表。", "The workbook has no sheet called “{sheet}”.")
_CHOOSE_SHEET = LocalText("请选择其中之一：{names}。", "Choose one of: {names}.")
_EMPTY_BOOK = LocalText("这个工作簿是空的。", "This workbook is empty.")
_EMPTY_BOOK_HINT = LocalText(
    "请在工作表中填写标准词和近似词两列，保存后再上传。",
    "Fill in a column of standard terms and one of synonyms, save it, and upload again.",
)
_OTHER_SHEETS = LocalText(
    "工作簿有 {count} 个工作表，只读取了“{sheet}”。",
    "The workbook has {count} sheets; only “{sheet}” was read.",
)
_FILLED = LocalText(
    "有 {count} 个单元格属于合并的单元格，已填入合并区域的内容。",
    "{count} cells belong to merged cells and were given the text of the merged range.",
)
