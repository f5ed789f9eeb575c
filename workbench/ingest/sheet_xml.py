"""The XML of an XLSX sheet as rows of the texts that a person sees in its cells.

Written on expat rather than on openpyxl's sheet reader: a third of its time, no row or column is made
up where the file only names a far cell, and merged cells are known (ECMA-376, part 1, 18.3).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import IO, Any
from xml.parsers import expat

from workbench.errors import FileProblem
from workbench.ingest.problems import ProblemLog
from workbench.localtext import LocalText

MAX_SHEET_COLUMNS = 16_384
MAX_SHEET_ROWS = 1_048_576
_MAX_MERGES = 500_000
_MAX_STRINGS = 5_000_000
_MAX_PIECES = 2_000  # of up to 8 KiB that expat gives the text of a cell in; Excel allows 32,767 characters
_CHUNK = 1 << 16
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MERGE = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})")
_FIXED = re.compile(r"(#,##)?(0+)(?:\.(0+))?(%?)(?:_\))?")


class NumberStyles:
    """How each cell style of a workbook shows a number."""

    def __init__(self, book: Any) -> None:
        from openpyxl.styles.numbers import BUILTIN_FORMATS
        from openpyxl.utils.datetime import from_excel

        self._from_excel = from_excel
        self._epoch = book.epoch
        self._dates = frozenset(book._date_formats)
        self._durations = frozenset(book._timedelta_formats)
        custom = list(book._number_formats)
        self._formats: dict[int, str] = {}
        for style, cell in enumerate(book._cell_styles):
            number = cell.numFmtId
            name = custom[number - 164] if 164 <= number < 164 + len(custom) else BUILTIN_FORMATS.get(number)
            if name and name != "General":
                self._formats[style] = name.split(";")[0]

    def shown(self, raw: str, style: int) -> str:
        """The text of the number ``raw`` under ``style``; ``raw`` itself where it is none."""
        if style == 0 and raw.isdigit() and len(raw) < 16:
            return raw
        try:
            number = Decimal(raw)
        except InvalidOperation:
            return raw
        if not number.is_finite() or abs(number.adjusted()) > 308:
            return raw
        if style in self._dates:
            return self._date(float(number), style) or _general(number)
        match = _FIXED.fullmatch(self._formats.get(style, ""))
        return _fixed(number, match) if match else _general(number)

    def _date(self, number: float, style: int) -> str | None:
        try:
            value = self._from_excel(number, self._epoch, timedelta=style in self._durations)
        except (OverflowError, ValueError):
            return None
        if isinstance(value, datetime):
            value = value.replace(microsecond=0)
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
        if isinstance(value, (time, timedelta)):
            return str(value).partition(".")[0]
        return None if value is None else str(value)


def _general(number: Decimal) -> str:
    """As the General format shows it, but with all 15 digits that a workbook keeps."""
    rounded = Decimal(f"{number:.14e}")
    if -6 <= rounded.adjusted() <= 20:
        text = f"{rounded:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{float(number):.15g}".upper()


def _fixed(number: Decimal, match: re.Match[str]) -> str:
    thousands, zeros, decimals, percent = match.groups()
    if percent:
        number *= 100
    places = len(decimals or "")
    shown = number.quantize(Decimal(1).scaleb(-places), context=_CONTEXT)
    width = len(zeros) + (places + 1 if places else 0)
    sign = "-" if shown < 0 else ""
    text = f"{abs(shown):{',' if thousands else ''}f}".rjust(width, "0")
    return sign + text + percent


def _context() -> Any:
    from decimal import ROUND_HALF_UP, Context

    return Context(prec=400, rounding=ROUND_HALF_UP)


_CONTEXT = _context()


def unescape(text: str) -> str:
    """Characters that XML cannot hold, written ``_x000D_`` (ECMA-376, part 1, 22.9.2.19)."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    code = int(match.group(1), 16)
    return match.group() if 0xD800 <= code <= 0xDFFF else chr(code)


def read_shared_strings(part: IO[bytes]) -> list[str]:
    """The table of texts that the cells of every sheet refer to by number.

    Raises FileProblem where it has more than five million; expat's and ValueError where it is damaged.
    """
    strings: list[str] = []
    texts: list[str] = []
    depth = {"t": 0, "rPh": 0}

    def start(name: str, _: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "si":
            texts.clear()
        elif local in depth:
            depth[local] += 1

    def end(name: str) -> None:
        local = name.rpartition(":")[2]
        if local == "si":
            strings.append(unescape("".join(texts)))
            if len(strings) > _MAX_STRINGS:
                raise FileProblem(_MANY_STRINGS, _TOO_WIDE_HINT, limit=f"{_MAX_STRINGS:,}")
        elif local in depth:
            depth[local] -= 1

    def characters(text: str) -> None:
        if depth["t"] and not depth["rPh"]:
            texts.append(text)
            if len(texts) > _MAX_PIECES:
                raise ValueError("shared string")

    parser = _new_parser(start, end, characters)
    while chunk := part.read(_CHUNK):
        parser.Parse(chunk, False)
    parser.Parse(b"", True)
    return strings


class SheetParser:
    """Turns the XML of one sheet into rows. ``merged`` fills up while the rows are read.

    Without ``strings`` and ``styles`` it only tells which cells hold anything.
    """

    def __init__(
        self, strings: list[str] | None, styles: NumberStyles | None, log: ProblemLog, max_columns: int
    ) -> None:
        self.merged: list[tuple[int, int, int]] = []
        self._log = log
        self._max_columns = max_columns
        self._done: list[tuple[int, list[str]]] = []
        self._row = 0
        self._cells: list[str] = []
        self._column = -1
        self._type = ""
        self._style = 0
        self._text: list[str] = []
        self._reading = False
        self._formula = False
        self._phonetic = False
        self._columns: dict[str, int] = {}
        self._showers: dict[str, Callable[[str], str]] = {
            "b": lambda raw: "TRUE" if raw.strip() == "1" else "FALSE",
            "e": self._error,
            "d": lambda raw: raw.strip().removesuffix("T00:00:00"),
        }
        if strings is not None and styles is not None:
            self._showers["s"] = lambda raw: strings[int(raw)]
            self._showers["n"] = lambda raw: styles.shown(raw.strip(), self._style)

    def rows(self, part: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
        """Number (from 1) and cells of each row that has any."""
        parser = _new_parser(self._start, self._end, self._characters)
        while chunk := part.read(_CHUNK):
            parser.Parse(chunk, False)
            yield from self._done
            self._done.clear()
        parser.Parse(b"", True)
        yield from self._done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2] if ":" in name else name
        if local == "c":
            self._start_cell(attributes)
        elif local in ("v", "t"):
            self._reading = not self._phonetic
        elif local == "row":
            self._row = int(float(attributes["r"])) if "r" in attributes else self._row + 1
            if not 1 <= self._row <= MAX_SHEET_ROWS:
                raise ValueError(self._row)
            self._cells = []
            self._column = -1
        elif local == "f":
            self._formula = True
        elif local == "rPh":
            self._phonetic = True
        elif local == "mergeCell":
            self._merge(attributes.get("ref", ""))

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference is None:
            self._column += 1
        else:
            letters = reference.rstrip("0123456789")
            column = self._columns.get(letters)
            self._column = self._column_of(letters) if column is None else column
        if self._column >= self._max_columns:
            raise FileProblem(_TOO_WIDE, _TOO_WIDE_HINT, row=self._row, limit=f"{self._max_columns:,}")
        self._type = attributes.get("t", "n")
        self._style = int(attributes.get("s") or 0)
        self._text.clear()
        self._formula = False

    def _column_of(self, letters: str) -> int:
        column = column_number(letters)
        self._columns[letters] = column
        return column

    def _characters(self, text: str) -> None:
        if self._reading:
            self._text.append(text)
            if len(self._text) > _MAX_PIECES:
                raise ValueError("text of a cell")

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2] if ":" in name else name
        if local in ("v", "t"):
            self._reading = False
        elif local == "c":
            value = self._value("".join(self._text))
            if value:
                missing = self._column - len(self._cells)
                if missing < 0:
                    self._cells[self._column] = value
                else:
                    self._cells.extend([""] * missing)
                    self._cells.append(value)
        elif local == "row":
            if self._cells:
                self._done.append((self._row, self._cells))
        elif local == "rPh":
            self._phonetic = False

    def _value(self, raw: str) -> str:
        if not raw:
            if self._formula and self._type != "str":
                self._log.add("formula_without_value", "warning", _NO_VALUE, self._row, self._letter())
            return ""
        shown = self._showers.get(self._type)
        return shown(raw) if shown else unescape(raw)

    def _error(self, raw: str) -> str:
        self._log.add("cell_error", "warning", _CELL_ERROR, self._row, self._letter(), value=raw[:40])
        return raw

    def _letter(self) -> str:
        return column_letters(self._column)

    def _merge(self, reference: str) -> None:
        match = _MERGE.fullmatch(reference)
        if match and len(self.merged) < _MAX_MERGES:
            first, last = int(match.group(2)), int(match.group(4))
            if first < last <= MAX_SHEET_ROWS:
                self.merged.append((column_number(match.group(1)), first, last))


def column_number(letters: str) -> int:
    """``A`` is 0, ``AA`` 26. Raises ValueError beyond the last column of a sheet."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    if not 1 <= number <= MAX_SHEET_COLUMNS or not letters.isalpha():
        raise ValueError(letters)
    return number - 1


def column_letters(number: int) -> str:
    """The name that a spreadsheet gives the column ``number``, counted from 0."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _new_parser(start: Any, end: Any, characters: Any) -> Any:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def _refuse_doctype(*_: Any) -> None:
    raise ValueError("document type")


_MANY_STRINGS = LocalText(
    "这个 Excel 文件有超过 {limit} 个不同的文本。", "This Excel file has more than {limit} different texts."
)
_TOO_WIDE = LocalText(
    "第 {row} 行有超过 {limit} 列的内容。", "Row {row} has content beyond column {limit}, which is the limit."
)
_TOO_WIDE_HINT = LocalText(
    "请只保留标准词和近似词所在的列，再上传。没有导入任何内容。",
    "Keep only the columns with standard terms and synonyms, and upload again. Nothing was imported.",
)
_NO_VALUE = LocalText(
    "第 {row} 行 {column} 列的公式没有保存结果，按空单元格读取。请在 Excel 中打开并保存后再上传。",
    "Row {row}, column {column}: the formula has no saved result and was read as empty. "
    "Open the file in Excel, save it, and upload it again.",
)
_CELL_ERROR = LocalText(
    "第 {row} 行 {column} 列是 Excel 错误值 {value}。请改正公式，或填写词语。",
    "Row {row}, column {column} holds the Excel error {value}. Correct the formula or write the term.",
)
