"""A table of texts as it was read from a file, and the limits on its size."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal, get_args

from workbench.errors import FileProblem
from workbench.ingest.encodings import EMPTY, EMPTY_HINT
from workbench.ingest.problems import ProblemLog
from workbench.localtext import LocalText
from workbench.settings import size_text, who_can_change
from workbench.types import Problem

MAX_COLUMNS = 1000
MAX_CELLS = 20_000_000
MAX_CHARACTERS = 1 << 29
_INTERNED = 200_000
_COUNTED = 1_000_000  # rows beyond the limit that are counted for the sentence

Format = Literal[
    "csv", "tsv", "xlsx", "json", "jsonl", "colon", "groups", "solr", "cilin", "parquet", "skos", "obo"
]
FORMATS: tuple[Format, ...] = get_args(Format)
# Only these are opened by spreadsheet programs, so only in these an apostrophe may hide a formula.
SPREADSHEETS = frozenset({"csv", "tsv", "xlsx"})
# Here a comma belongs to its term: the format itself keeps synonyms apart.
SEPARATING = frozenset({"skos", "obo", "solr"})
# A heading that begins so is that of a column to keep, whatever it is called and however its values repeat.
KEEP_MARKS = ("分类：", "label:")
FORMAT_NAMES: dict[str, LocalText] = {
    "csv": LocalText("CSV 表格", "CSV table"),
    "tsv": LocalText("TSV 表格", "TSV table"),
    "xlsx": LocalText("Excel 工作簿（XLSX）", "Excel workbook (XLSX)"),
    "json": LocalText("JSON", "JSON"),
    "jsonl": LocalText("JSON Lines（每行一个对象）", "JSON Lines (one object a line)"),
    "colon": LocalText("“标准词：近似词1，近似词2”", "“standard: synonym, synonym”"),
    "groups": LocalText("每行一组同义词，第一个是标准词", "one group a line, the standard term first"),
    "solr": LocalText("Solr / Elasticsearch 同义词文件", "Solr / Elasticsearch synonyms"),
    "cilin": LocalText("同义词词林", "Cilin thesaurus"),
    "parquet": LocalText("Parquet", "Parquet"),
    "skos": LocalText("SKOS 词表（RDF/XML、Turtle）", "SKOS thesaurus (RDF/XML, Turtle)"),
    "obo": LocalText("OBO 本体", "OBO ontology"),
}


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """Where the terms are. Columns count from 0.

    ``skip_rows`` rows stand above the heading (above the first row of terms where there is no heading).
    ``sure`` is false where the columns were guessed by position or looks and a person should check.
    """

    standard: int
    synonyms: tuple[int, ...]
    has_header: bool
    skip_rows: int = 0
    sure: bool = True


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What single formats can be asked for.

    ``scopes``: which synonyms of an OBO ontology to read, of EXACT, RELATED, BROAD, NARROW.
    ``language``: the language of a thesaurus whose preferred labels are the standard terms (``"zh"``);
    None: the most frequent one.
    """

    scopes: tuple[str, ...] = ("EXACT",)
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts as they stand in the file, a heading among them if there is one.

    ``rows`` may differ in length: ``width`` is the number of columns of a regular row, and a row that
    is longer or shorter has a problem ("long_row", "short_row"). ``row_numbers`` runs parallel to
    ``rows``: the 1-based line (sheet row, item of a list, concept) where each starts, 0 for a heading
    that the file itself does not write out. Rows without any cell are left out.

    ``heading`` is true where the first row is a heading for certain, None where that has to be guessed.
    ``choice`` is there where the format itself says which columns hold what.
    """

    rows: list[tuple[str, ...]]
    row_numbers: Sequence[int]
    width: int
    format: str  # one of FORMATS
    encoding: str | None = None  # by Python's name; None for a binary format
    delimiter: str | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    problem_counts: dict[str, int] = field(default_factory=dict)
    heading: bool | None = None
    choice: ColumnChoice | None = None


def collect(
    found: Iterable[tuple[int, Sequence[str]]], max_rows: int
) -> tuple[list[tuple[str, ...]], array[int]]:
    """Rows and their numbers; equal texts share one object, which halves the memory of a real dictionary.

    Raises FileProblem over ``max_rows`` and over the limits of this module.
    """
    rows: list[tuple[str, ...]] = []
    numbers = array("Q")
    seen: dict[str, str] = {}
    cells = characters = 0
    found = iter(found)
    for number, row in found:
        if len(rows) >= max_rows:
            raise _too_many_rows(len(rows) + 1 + sum(1 for _ in islice(found, _COUNTED)), max_rows)
        if len(row) > MAX_COLUMNS:
            raise too_wide(number, len(row))
        cells += len(row)
        characters += sum(map(len, row))
        if cells > MAX_CELLS or characters > MAX_CHARACTERS:
            raise FileProblem(_TOO_MANY_CELLS, WIDE_HINT, limit=f"{MAX_CELLS:,}")
        if len(seen) > _INTERNED:
            seen.clear()
        rows.append(tuple([seen.setdefault(cell, cell) for cell in row]))
        numbers.append(number)
    return rows, numbers


def build_table(
    rows: list[tuple[str, ...]],
    numbers: array[int],
    log: ProblemLog,
    *,
    format: str,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    sheets: tuple[str, ...] = (),
    heading: bool | None = None,
    choice: ColumnChoice | None = None,
) -> Table:
    """The table, once its rows are there. Raises FileProblem where none of them holds anything."""
    if not any(cell.strip() for row in rows[1 if heading else 0 :] for cell in row):
        raise FileProblem(EMPTY, EMPTY_HINT)
    width = len(rows[0]) if heading else _regular_width(rows)
    if format != "xlsx":
        _report_ragged(rows, numbers, width, log)
    return Table(
        rows,
        numbers,
        width,
        format,
        encoding,
        delimiter,
        sheet,
        sheets,
        log.problems(),
        dict(log.counts),
        heading,
        choice,
    )


def too_wide(row: int, count: int) -> FileProblem:
    """The refusal of a row with too many columns."""
    return FileProblem(_TOO_WIDE, WIDE_HINT, row=row, count=f"{count:,}", limit=f"{MAX_COLUMNS:,}")


def too_large(size: int, limit: int) -> FileProblem:
    """The refusal of a file over the upload limit; bytes."""
    return FileProblem(
        _TOO_LARGE, _or_change("max_upload_bytes"), size=size_text(size, limit), limit=size_text(limit)
    )


def _too_many_rows(count: int, limit: int) -> FileProblem:
    shown = f"{count:,}"
    if count - limit > _COUNTED:  # there may be more: nobody waits for a count of what is refused
        shown = f"≥ {shown}"
    return FileProblem(_TOO_MANY_ROWS, _or_change("max_rows"), count=shown, limit=f"{limit:,}")


def _or_change(field: str) -> LocalText:
    return SPLIT_FILE.then(who_can_change(field))


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


SPLIT_FILE = LocalText(
    "请拆分成几个较小的文件，分别上传。没有导入任何内容。",
    "Split it into smaller files and upload those. Nothing was imported.",
)
WIDE_HINT = LocalText(
    "请只保留标准词和近似词所在的列，再上传。没有导入任何内容。",
    "Keep only the columns with standard terms and synonyms, and upload again. Nothing was imported.",
)
_TOO_LARGE = LocalText("文件有 {size}，上限是 {limit}。", "The file has {size}; the limit is {limit}.")
_TOO_MANY_ROWS = LocalText(
    "文件有 {count} 行，上限是 {limit} 行。", "The file has {count} rows; the limit is {limit}."
)
_TOO_WIDE = LocalText(
    "第 {row} 行有 {count} 列，上限是 {limit} 列。", "Row {row} has {count} columns; the limit is {limit}."
)
_TOO_MANY_CELLS = LocalText(
    "文件的内容过多（单元格上限 {limit} 个）。",
    "The file holds too much (the limit is {limit} cells).",
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
