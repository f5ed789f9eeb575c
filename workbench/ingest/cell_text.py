"""The text in a cell as it is kept: without outer white space, line breaks and invisible characters."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.errors import FileProblem
from workbench.ingest.spreadsheets import unescape_cell
from workbench.localtext import LocalText

_SPACES = re.compile("[\t\n\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029]+")
# Controls and marks without a width that come along when text is copied from a page; joiners stay.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
)
_ODD = re.compile(f"{_SPACES.pattern}|{_INVISIBLE.pattern}")


def clean_text(raw: str, *, escaped: bool = False) -> tuple[str, bool]:
    """The text of a cell, and whether characters inside it had to be removed.

    ``escaped``: the cell is from a file in which an apostrophe guards formulas.
    """
    text = (unescape_cell(raw) if escaped else raw).strip()
    if not _ODD.search(text):
        return text, False
    return _INVISIBLE.sub("", _SPACES.sub(" ", text)).strip(), True


def column_place(wanted: str | int, columns: Sequence[str]) -> int:
    """The number of the column that a person named, or numbered from 0.

    Raises FileProblem, which lists the columns, where there is none.
    """
    if isinstance(wanted, str) and wanted.strip() in columns:
        return list(columns).index(wanted.strip())
    if isinstance(wanted, int) and 0 <= wanted < len(columns):
        return wanted
    raise FileProblem(
        LocalText("文件里没有「{wanted}」这一列。", "The file has no column “{wanted}”."),
        LocalText("可选的列：{columns}。", "It has: {columns}."),
        wanted=wanted if isinstance(wanted, str) else wanted + 1,
        columns=LocalText.listing(columns),
    )


def heading_row(
    rows: Sequence[Sequence[str]], names: Sequence[str | int | None], among: int = 10
) -> int | None:
    """The first of the top rows that holds every name a person gave; None without names or such a row."""
    wanted = [name.strip() for name in names if isinstance(name, str)]
    if not wanted:
        return None
    for index, row in enumerate(rows[:among]):
        cells = {cell.strip() for cell in row}
        if all(name in cells for name in wanted):
            return index
    return None
