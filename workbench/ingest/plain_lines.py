"""Files of plain lines, one text or tab-separated texts each, read to the letter: no quotes, no guessing."""

from __future__ import annotations

from itertools import chain, islice

from workbench.errors import FileProblem
from workbench.ingest.delimited import text_lines
from workbench.ingest.encodings import EMPTY, EMPTY_HINT, chosen_encoding, detect_encoding, refuse_if_not_text
from workbench.ingest.formats import binary_format, ending_of
from workbench.ingest.problems import ProblemLog
from workbench.ingest.readers import read_table
from workbench.ingest.table import Table, build_table, collect

_LOOKED_AT = 2000
_MOST = 0.9
_STRUCTURED_ENDINGS = (".xlsx", ".xlsm", ".json", ".jsonl", ".ndjson", ".parquet")
_TERM_FORMATS = ("colon", "groups", "solr", "cilin", "skos", "obo")


def read_text_table(
    data: bytes,
    filename: str,
    *,
    max_rows: int,
    max_bytes: int,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    whole_lines: bool = False,
) -> Table:
    """A file of texts as a table: never taken for a file of terms, and commas in sentences stay.

    Lines with tabs are split at these and at nothing else, where nine in ten have one and no cell is in
    quotation marks. With ``whole_lines`` a file without tabs that has not the ending of a table is one
    column. Everything else is as :func:`~workbench.ingest.readers.read_table` has it.

    Raises FileProblem as that does.
    """
    options = {"max_rows": max_rows, "max_bytes": max_bytes, "encoding": encoding}
    ending = ending_of(filename)
    plain = not (delimiter or sheet or binary_format(data) or ending in _STRUCTURED_ENDINGS)
    if plain and len(data) <= max_bytes and data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        table = _lines_table(data, max_rows, encoding, whole_lines and ending != ".csv")
        if table is not None:
            return table
    if whole_lines and delimiter is None:
        delimiter = one_column_delimiter(data, filename, encoding)
    table = read_table(data, filename, delimiter=delimiter, sheet=sheet, **options)  # type: ignore[arg-type]  # passed on
    if table.format in _TERM_FORMATS:
        table = read_table(data, filename, delimiter=delimiter, format="csv", **options)  # type: ignore[arg-type]  # passed on
    if whole_lines and table.format in ("csv", "tsv") and is_running_text(table):
        return _lines_table(data, max_rows, encoding, True) or table
    return table


def one_column_delimiter(data: bytes, filename: str, encoding: str | None) -> str | None:
    """The delimiter by the ending of a file whose first line has none at all: what looks like one further
    down belongs to sentences. None where the first line has one, or the file is no text."""
    ending = ending_of(filename)
    if binary_format(data) or ending not in (".csv", ".tsv", ".tab"):
        return None
    detected = chosen_encoding(data, encoding) if encoding else detect_encoding(data)
    first = next((line for line in text_lines(data, detected.encoding, detected.skip) if line.strip()), "")
    if any(mark in first for mark in ",\t;|"):
        return None
    return "," if ending == ".csv" else "\t"


def is_running_text(table: Table) -> bool:
    """Whether the commas of a "table" are those of sentences: its rows differ in length throughout."""
    lengths = [len(row) for row in table.rows[:_LOOKED_AT]]
    return max(lengths.count(length) for length in set(lengths)) < 0.7 * len(lengths)


def _lines_table(data: bytes, max_rows: int, encoding: str | None, whole: bool) -> Table | None:
    refuse_if_not_text(data)
    detected = chosen_encoding(data, encoding) if encoding else detect_encoding(data)
    lines = text_lines(data, detected.encoding, detected.skip)
    head = list(islice(lines, _LOOKED_AT))
    filled = [line for line in head if line.strip()]
    if not filled:
        raise FileProblem(EMPTY, EMPTY_HINT)
    tabs = sum("\t" in line.strip("\r\n") for line in filled)
    quoted = any(cell.startswith('"') for line in filled for cell in line.split("\t"))
    split = tabs >= _MOST * len(filled) and not quoted
    if not split and not (whole and tabs <= (1 - _MOST) * len(filled)):
        return None
    cells = (
        (number, bare.split("\t") if split else [bare])
        for number, line in enumerate(chain(head, lines), 1)
        if (bare := line.rstrip("\r\n").lstrip("\ufeff")).strip()
    )
    rows, numbers = collect(cells, max_rows)
    log = ProblemLog()
    return build_table(rows, numbers, log, format="tsv", encoding=detected.encoding, delimiter="\t")
