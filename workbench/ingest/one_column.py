"""One column of any table, its other columns kept: a list of terms to be looked up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from workbench.errors import FileProblem
from workbench.ingest.cell_text import column_place, heading_row
from workbench.ingest.columns import columns_of, role_of
from workbench.ingest.spreadsheets import unescape_cell
from workbench.ingest.table import Table
from workbench.localtext import LocalText

_LOOKED_AT = 1000
_NO_ROWS = LocalText("文件里只有表头，没有内容。", "The file has a heading and nothing below it.")
_ADD_ROWS = LocalText("请补上要查的词，一行一个。", "Add the terms to look up, one a row.")


@dataclass(frozen=True, slots=True)
class OneColumn:
    """A column of a table and all that stands beside it.

    ``columns`` are the names of all columns and ``place`` the chosen one's number. ``rows`` are the
    rows below the heading, unchanged, each as wide as ``columns``; ``row_numbers`` (parallel) are those of
    the file.
    """

    columns: tuple[str, ...]
    place: int
    has_header: bool
    rows: list[tuple[str, ...]]
    row_numbers: Sequence[int]

    @property
    def texts(self) -> list[str]:
        """The chosen column's cells (n,), white space at their ends taken off."""
        return [row[self.place].strip() for row in self.rows]


def one_column(table: Table, column: str | int | None = None, *, has_header: bool | None = None) -> OneColumn:
    """The column of that name or number (0 = first); by default the first that holds words in most rows.

    The first row is a heading where one of its cells is a usual name of a column, or ``has_header``.
    Cells that were kept from being formulas on an export read as they were before.

    Raises:
        FileProblem: there is no such column, or nothing below the heading.
    """
    named = heading_row(table.rows, [column])
    first = named or 0
    if has_header is None:
        known = bool(table.rows) and any(role_of(cell) is not None for cell in table.rows[0])
        has_header = named is not None or bool(table.heading) or known
    columns = columns_of(table, has_header, first)
    start = first + int(has_header)
    width = len(columns)
    rows = [_as_wide(row, width) for row in table.rows[start:]]
    if not rows:
        raise FileProblem(_NO_ROWS, _ADD_ROWS)
    place = _wordiest(rows, width) if column is None else column_place(column, columns)
    numbers = list(islice(table.row_numbers, start, None))
    return OneColumn(tuple(columns), place, has_header, rows, numbers)


def _as_wide(row: tuple[str, ...], width: int) -> tuple[str, ...]:
    cells = [unescape_cell(cell) for cell in row[:width]]
    return (*cells, *[""] * (width - len(cells)))


def _wordiest(rows: Sequence[tuple[str, ...]], width: int) -> int:
    """The column with most cells that hold a letter; the first of equals."""
    head = rows[:_LOOKED_AT]
    counts = [sum(any(map(str.isalpha, row[place])) for row in head) for place in range(width)]
    return max(range(width), key=counts.__getitem__)
