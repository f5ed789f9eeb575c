"""Columns that the expert names, by heading or by number, instead of those that were recognised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from workbench.errors import FileProblem
from workbench.ingest.cell_text import column_place
from workbench.ingest.columns import ColumnChoice, columns_of, guess_columns
from workbench.ingest.table import Table
from workbench.localtext import LocalText

HEADING_ROWS = 10


def choose_columns(
    table: Table,
    *,
    standard: str | int | None = None,
    synonyms: Sequence[str | int] | None = None,
    has_header: bool | None = None,
) -> ColumnChoice:
    """The recognised columns, with those replaced that are given; numbers count from 0.

    A name is looked for as it is shown (:func:`~workbench.ingest.columns.columns_of`), in the heading
    that was recognised or else in the first ten rows, which makes that row the heading. ``has_header``
    says whether the first row is one, where that was taken wrongly.

    Raises:
        FileProblem: no column of that name or number, or the same column for both.
    """
    guess = guess_columns(table)
    if has_header is not None and has_header != guess.has_header:
        guess = replace(guess, has_header=has_header, skip_rows=0)
    if standard is None and not synonyms:
        return guess
    names = [name for name in [standard, *(synonyms or ())] if isinstance(name, str)]
    frame = _heading(table, names) if names and has_header is None else guess
    columns = columns_of(table, frame.has_header, frame.skip_rows)
    chosen = frame.standard if standard is None else column_place(standard, columns)
    if synonyms:
        others = tuple(column_place(name, columns) for name in synonyms)
    elif frame.sure and frame.synonyms and chosen not in frame.synonyms:
        others = frame.synonyms
    else:
        others = tuple(place for place in range(len(columns)) if place != chosen)[:1]
    if standard is None and chosen in others:
        chosen = next(place for place in range(len(columns)) if place not in others)
    if chosen in others:
        raise FileProblem(
            LocalText("标准词和近似词选了同一列「{name}」。", "“{name}” was chosen for both columns."),
            LocalText("请选两个不同的列。", "Choose two different ones."),
            name=columns[chosen],
        )
    return replace(frame, standard=chosen, synonyms=others, sure=True)


def _heading(table: Table, names: Sequence[str]) -> ColumnChoice:
    """The row of the first ten that holds all ``names``; what was recognised where none does."""
    for row in range(min(HEADING_ROWS, len(table.rows))):
        shown = columns_of(table, True, row)
        if all(name.strip() in shown for name in names):
            try:
                guess = guess_columns(table)
            except FileProblem:
                guess = None
            if guess is not None and guess.has_header and guess.skip_rows == row:
                return guess
            return ColumnChoice(0, (), True, row, False)
    return guess_columns(table)
