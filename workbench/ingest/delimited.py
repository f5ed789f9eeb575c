"""Text with delimiters (CSV, TSV and their kin) as rows of cells, none of them shifted or swallowed."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from itertools import islice

from workbench.errors import FileProblem
from workbench.ingest.problems import ProblemLog
from workbench.localtext import LocalText

DELIMITERS = (",", "\t", ";", "|", "，")
# A term never runs over more lines than this; a quote that does was left open.
MAX_LINES_OF_A_CELL = 200
MAX_LINE = 1_000_000  # characters
_SUSPICIOUS_LINES = 20
_SNIFFED_RECORDS = 200
_SNIFFED_CHARACTERS = 1 << 18
_EXCEL_HINT = re.compile(r"""["']?sep=(.)["']?""", re.IGNORECASE)

_LONG_LINE = LocalText(
    "第 {row} 行超过 {limit} 个字符，不像是词表。",
    "Row {row} has more than {limit} characters, which is no row of a list of terms.",
)
_LONG_LINE_HINT = LocalText(
    "请检查文件：每行应只有一个标准词和它的近似词。",
    "Check the file: a row should hold one standard term and its synonyms.",
)
_UNCLOSED = LocalText(
    "第 {row} 行有一个引号没有闭合，该行的引号按普通字符处理。请补上或删除这个引号。",
    "In row {row} a quotation mark is not closed; it was taken as an ordinary character. "
    "Close it or delete it.",
)
_STRAY = LocalText(
    "第 {row} 行的引号位置不对，该行的引号按普通字符处理。请删除它，或在单元格内写成两个引号。",
    "In row {row} a quotation mark is in the wrong place; it was taken as an ordinary character. "
    "Delete it, or write it twice inside a quoted cell.",
)
_BROKEN = LocalText(
    "第 {row} 行有无法识别的字符（显示为 �）。请检查文件编码，或修改这一行。",
    "Row {row} has characters that cannot be read (shown as �). "
    "Check the encoding of the file, or correct the row.",
)


def text_lines(data: bytes, encoding: str, skip: int = 0) -> Iterator[str]:
    """The lines of ``data`` with their ends, decoded piece by piece; the undecodable becomes U+FFFD."""
    stream = io.BytesIO(data)
    stream.seek(skip)
    return iter(io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline=""))


def records(
    lines: Iterable[str], delimiter: str, log: ProblemLog | None = None, first_row: int = 1
) -> Iterator[tuple[int, list[str]]]:
    """Row number and cells of each record: the row is the line where the record starts.

    The cells are those of :mod:`csv` in its strict mode. Where that mode refuses a line, or where a
    quotation mark opens a cell that never closes, that one line is split at its delimiters with the
    quotation marks left in, ``log`` is told, and the lines after it are read on their own.
    Empty lines give no record.

    Raises FileProblem at a line of more than ``MAX_LINE`` characters.
    """
    source = iter(lines)
    waiting: deque[str] = deque()
    row = first_row - 1
    while True:
        line = waiting.popleft() if waiting else next(source, None)
        if line is None:
            return
        row += 1
        start = row
        if len(line) > MAX_LINE:
            raise FileProblem(_LONG_LINE, _LONG_LINE_HINT, row=row, limit=f"{MAX_LINE:,}")
        if "\ufffd" in line and log is not None:
            log.add("broken_character", "error", _BROKEN, row)
        if '"' not in line:
            bare = line.rstrip("\r\n")
            if bare:
                yield start, bare.split(delimiter)
            continue
        taken: list[str] = []
        cells, problem = _quoted_record(line, source, waiting, taken, delimiter)
        if cells is None:
            waiting.extendleft(reversed(taken))
            cells = line.rstrip("\r\n").split(delimiter)
            if log is not None and problem is not None:
                code, text = problem
                log.add(code, "error", text, start)
        else:
            row += len(taken)
        yield start, cells


def _quoted_record(
    line: str, source: Iterator[str], waiting: deque[str], taken: list[str], delimiter: str
) -> tuple[list[str] | None, tuple[str, LocalText] | None]:
    """The cells of the record that starts with ``line``; the lines it needs beyond go to ``taken``."""

    def feed() -> Iterator[str]:
        yield line
        while len(taken) < MAX_LINES_OF_A_CELL:
            more = waiting.popleft() if waiting else next(source, None)
            if more is None:
                return
            taken.append(more)
            yield more

    try:
        cells = next(csv.reader(feed(), delimiter=delimiter, strict=True))
    except csv.Error as error:
        if taken or "end of data" in str(error):
            return None, ("unclosed_quote", _UNCLOSED)
        return None, ("stray_quote", _STRAY)
    inner = taken[:-1]
    if len(inner) >= _SUSPICIOUS_LINES and sum(delimiter in part for part in inner) >= 0.8 * len(inner):
        return None, ("unclosed_quote", _UNCLOSED)
    return cells, None


def excel_delimiter_line(line: str) -> str | None:
    """The delimiter that a first line such as ``sep=;`` (which Excel writes and obeys) asks for."""
    match = _EXCEL_HINT.fullmatch(line.strip("\r\n"))
    return match.group(1) if match else None


def sniff_delimiter(lines: Iterable[str], prefer: str = ",") -> str:
    """The delimiter under which the first records most consistently have two or more cells.

    A close call goes to ``prefer``, then to the tab, then in the order of ``DELIMITERS``.
    """
    sample: list[str] = []
    size = 0
    for line in lines:
        sample.append(line)
        size += len(line)
        if size > _SNIFFED_CHARACTERS or len(sample) >= 2 * _SNIFFED_RECORDS:
            break
    order = dict.fromkeys((prefer, "\t", *DELIMITERS))
    best, best_score = prefer, 0.0
    for delimiter in order:
        score = _consistency(sample, delimiter)
        if score > best_score + 0.1 or (score > 0 and best_score == 0.0):
            best, best_score = delimiter, score
    return best


def _consistency(sample: list[str], delimiter: str) -> float:
    """Share of the records that have the commonest number of cells, if that is two or more; else 0."""
    if not any(delimiter in line for line in sample):
        return 0.0
    widths = Counter(
        len(cells)
        for _, cells in islice(records(sample, delimiter), _SNIFFED_RECORDS)
        if any(cell.strip() for cell in cells)
    )
    wide = {width: count for width, count in widths.items() if width >= 2}
    if not wide:
        return 0.0
    several, total = sum(wide.values()), sum(widths.values())
    # Ragged rows count for half: a comma in many of the terms must not beat one tab in each row.
    return (max(wide.values()) + 0.5 * (several - max(wide.values()))) / total
