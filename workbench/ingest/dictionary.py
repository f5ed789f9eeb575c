"""A table as a synonym dictionary: its pairs, and every problem in it by row and column."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from workbench.errors import FileProblem
from workbench.ingest import dictionary_texts as say
from workbench.ingest.cell_text import clean_text
from workbench.ingest.columns import ColumnChoice, columns_of, guess_columns
from workbench.ingest.kept_columns import ColumnKeeper
from workbench.ingest.problems import ProblemLog
from workbench.ingest.splitting import split_cell
from workbench.ingest.table import SEPARATING, SPREADSHEETS, Table
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.settings import who_can_change
from workbench.types import LabelColumn, Pair, Problem, Severity

__all__ = [
    "ColumnChoice",
    "DictionaryPreview",
    "columns_of",
    "guess_columns",
    "parse_dictionary",
]

SAMPLE_ROWS = 20
_LONGEST_CELL = 20  # in longest terms: a cell beyond that is a text, not a list of synonyms
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


@dataclass(frozen=True, slots=True)
class DictionaryPreview:
    """What an upload would import, and all that is odd about it. Nothing is stored yet.

    ``problems`` holds at most 1000 in detail, by row; ``problem_counts`` counts all of them by code.
    ``rows`` counts the rows below the heading that hold anything, ``terms`` different terms (by
    :func:`~workbench.normalise.term_key`, standard terms included). ``multi_value_cells`` counts the
    synonym cells that look like several synonyms, whether or not they were split. ``labels`` are the other
    columns that are kept (:class:`~workbench.ingest.kept_columns.ColumnKeeper`), parallel to ``pairs``.
    """

    pairs: tuple[Pair, ...]
    problems: tuple[Problem, ...]
    problem_counts: dict[str, int]
    columns: tuple[str, ...]
    choice: ColumnChoice
    rows: int
    standards: int
    terms: int
    language: Literal["zh", "en", "mixed"]
    multi_value_cells: int
    split_cells: bool
    format: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    sheets: tuple[str, ...]
    sample_rows: tuple[tuple[str, ...], ...]
    sample_row_numbers: tuple[int, ...]
    labels: tuple[LabelColumn, ...] = ()


def parse_dictionary(
    table: Table,
    choice: ColumnChoice | None = None,
    *,
    split_cells: bool = False,
    max_term_length: int = 500,
    max_pairs: int = 2_000_000,
) -> DictionaryPreview:
    """The pairs of ``table`` with its problems.

    Skipped: empty cells ("empty_cell"), a term as its own synonym ("self_pair"), a pair that is there
    already ("duplicate"), terms over ``max_term_length`` characters ("too_long"), rows with more cells
    than columns ("long_row"). Kept and reported: a synonym of two standard terms ("ambiguous"), a
    standard term that is a synonym as well ("chain"), cells with control characters, which are removed
    ("control_character"), cells that look like several synonyms ("several_in_cell"; with
    ``split_cells`` they are split as :func:`~workbench.ingest.splitting.split_cell` says). Terms keep
    their spelling but for outer white space and are compared by ``term_key``.

    Without ``choice`` the columns are guessed; "columns_unsure" asks the expert to check them.

    Raises FileProblem where there is only one column, a chosen column does not exist, there are more
    than ``max_pairs`` pairs, or not a single one.
    """
    if choice is None:
        choice = guess_columns(table)
    columns = columns_of(table, choice.has_header, choice.skip_rows)
    _check_choice(choice, columns)
    log = ProblemLog()
    log.extend(table.problems, table.problem_counts)
    _note_choice(table, choice, columns, log)
    parser = _Parser(columns, choice, split_cells, max_term_length, max_pairs, log, table.format)
    keeper = ColumnKeeper(columns, choice, escaped=table.format in SPREADSHEETS)
    first = choice.skip_rows + int(choice.has_header)
    refuse_long = table.format != "xlsx"
    for row, number in zip(
        islice(table.rows, first, None), islice(table.row_numbers, first, None), strict=True
    ):
        if refuse_long and len(row) > len(columns) and any(cell.strip() for cell in row[len(columns) :]):
            parser.rows += 1
            continue  # which of its cells is which cannot be known
        parser.add_row(row, number)
        if keeper.open:
            keeper.take(row, len(parser.pairs))
    if not parser.pairs:
        raise FileProblem(say.NO_PAIR, _no_pair_hint(log), rows=parser.rows, **_names(choice, columns))
    parser.report_chains()
    return DictionaryPreview(
        pairs=tuple(parser.pairs),
        problems=log.problems(),
        problem_counts=dict(log.counts),
        columns=tuple(columns),
        choice=choice,
        rows=parser.rows,
        standards=parser.standards,
        terms=parser.terms(),
        language=parser.language(),
        multi_value_cells=parser.multi_value_cells,
        split_cells=split_cells,
        format=table.format,
        encoding=table.encoding,
        delimiter=table.delimiter,
        sheet=table.sheet,
        sheets=table.sheets,
        sample_rows=tuple(table.rows[:SAMPLE_ROWS]),
        sample_row_numbers=tuple(table.row_numbers[:SAMPLE_ROWS]),
        labels=keeper.kept(),
    )


class _Parser:
    """What has been seen so far. Terms are numbered by key, and what is known of each sits in arrays:
    a million rows must fit into a few hundred megabytes."""

    def __init__(
        self,
        columns: list[str],
        choice: ColumnChoice,
        split_cells: bool,
        max_term_length: int,
        max_pairs: int,
        log: ProblemLog,
        format: str,
    ) -> None:
        self.pairs: list[Pair] = []
        self.ids: dict[str, int] = {}
        self.rows = 0
        self.standards = 0
        self.multi_value_cells = 0
        self._columns = columns
        self._choice = choice
        self._split = split_cells
        self._max_length = max_term_length
        self._max_pairs = max_pairs
        self._log = log
        self._escaped = format in SPREADSHEETS
        self._separates = format in SEPARATING
        self._row_of_pair: dict[int, int] = {}
        self._first_pair = array("q")  # by term number: the first pair where it is the synonym, -1: none
        self._first_as_standard = array("q")  # by term number: the first pair where it is the standard
        self._last_standard = ("", -1)

    def add_row(self, row: tuple[str, ...], number: int) -> None:
        choice = self._choice
        width = len(row)
        raw = row[choice.standard] if choice.standard < width else ""
        cells = [(c, row[c]) for c in choice.synonyms if c < width and row[c] and not row[c].isspace()]
        blank = not raw or raw.isspace()
        if blank and not cells:
            if any(cell and not cell.isspace() for cell in row):
                self.rows += 1
                self._add("empty_cell", "warning", say.EMPTY_CELL, number, choice.standard)
            return
        self.rows += 1
        standard = "" if blank else self._term(raw, number, choice.standard)
        if not standard:
            if standard is not None:
                self._add("empty_cell", "warning", say.EMPTY_CELL, number, choice.standard)
            return
        if not cells:
            self._add("empty_cell", "warning", say.EMPTY_CELL, number, choice.synonyms[0])
        for column, cell in cells:
            self._add_cell(standard, cell, number, column)

    def _add_cell(self, standard: str, cell: str, row: int, column: int) -> None:
        if len(cell) > _LONGEST_CELL * self._max_length:
            self._refuse_long(cell, row, column)
            return
        parts = [cell] if self._separates and not self._split else split_cell(cell)
        if len(parts) > 1:
            self.multi_value_cells += 1
            if not self._split:
                self._add("several_in_cell", "note", say.SEVERAL, row, column, count=len(parts))
        if not parts or not self._split:
            parts = [cell]
        for part in parts:
            synonym = self._term(part, row, column)
            if synonym:
                self._add_pair(standard, synonym, row, column)
            elif synonym == "":
                self._add("empty_cell", "warning", say.EMPTY_CELL, row, column)

    def _term(self, raw: str, row: int, column: int) -> str | None:
        """The term in a cell: "" where nothing is left of it, None where it is refused (and reported)."""
        text, cleaned = clean_text(raw, escaped=self._escaped)
        if cleaned:
            self._add("control_character", "warning", say.CONTROL, row, column, term=text[:40])
        if len(text) > self._max_length:
            self._refuse_long(text, row, column)
            return None
        return text

    def _refuse_long(self, text: str, row: int, column: int) -> None:
        shown: dict[str, object] = {"start": text.strip()[:20], "count": len(text)}
        shown |= {"limit": self._max_length, "who": who_can_change("max_term_length")}
        self._add("too_long", "error", say.TOO_LONG, row, column, **shown)

    def _number(self, term: str) -> int:
        key = term_key(term)
        known = self.ids.get(key)
        if known is None:
            known = len(self.ids)
            # The cell's own string where it is its own key: half the keys cost no memory.
            self.ids[term if term == key else key] = known
            self._first_pair.append(-1)
            self._first_as_standard.append(-1)
        return known

    def _add_pair(self, standard: str, synonym: str, row: int, column: int) -> None:
        if self._last_standard[0] == standard:
            one = self._last_standard[1]
        else:
            one = self._number(standard)
            self._last_standard = (standard, one)
        other = self._number(synonym)
        if one == other:
            self._add("self_pair", "warning", say.SELF_PAIR, row, column, term=synonym)
            return
        key = one << 32 | other
        seen = self._row_of_pair.get(key)
        if seen is not None:
            self._add(
                "duplicate", "warning", say.DUPLICATE, row, column,
                standard=standard, term=synonym, other=seen,
            )  # fmt: skip
            return
        place = len(self.pairs)
        if place >= self._max_pairs:
            raise FileProblem(say.TOO_MANY_PAIRS, say.SPLIT_FILE, limit=f"{self._max_pairs:,}")
        self._row_of_pair[key] = row
        self.pairs.append(Pair(standard, synonym, row))
        if self._first_as_standard[one] < 0:
            self._first_as_standard[one] = place
            self.standards += 1
        earlier = self._first_pair[other]
        if earlier < 0:
            self._first_pair[other] = place
        else:
            self._add(
                "ambiguous", "warning", say.AMBIGUOUS, row, column,
                term=synonym, first=self.pairs[earlier].standard, second=standard,
                other=self.pairs[earlier].row,
            )  # fmt: skip

    def report_chains(self) -> None:
        """Note each standard term that is also a synonym of another one."""
        for leading, following in zip(self._first_as_standard, self._first_pair, strict=True):
            if leading >= 0 and following >= 0:
                pair = self.pairs[following]
                self._log.add(
                    "chain", "note", say.CHAIN, pair.row,
                    term=pair.synonym, standard=pair.standard, other=self.pairs[leading].row,
                )  # fmt: skip

    def terms(self) -> int:
        """How many different terms the pairs have."""
        both = zip(self._first_as_standard, self._first_pair, strict=True)
        return sum(1 for leading, following in both if leading >= 0 or following >= 0)

    def language(self) -> Literal["zh", "en", "mixed"]:
        """By the share of terms with a Chinese character, over an even sample of them."""
        step = len(self.ids) // 20_000 + 1
        sample = list(islice(self.ids, 0, None, step))
        share = sum(1 for key in sample if _HAN.search(key)) / len(sample)
        return "zh" if share >= 0.6 else "en" if share <= 0.05 else "mixed"

    def _add(
        self, code: str, severity: Severity, text: LocalText, row: int, column: int, **values: Any
    ) -> None:
        self._log.add(code, severity, text, row, self._columns[column], **values)


def _check_choice(choice: ColumnChoice, columns: list[str]) -> None:
    wanted = (choice.standard, *choice.synonyms)
    if len(columns) < 2:
        raise FileProblem(say.ONE_COLUMN, say.ONE_COLUMN_HINT)
    if (
        not choice.synonyms
        or any(not 0 <= column < len(columns) for column in wanted)
        or len(set(wanted)) < len(wanted)
    ):
        raise FileProblem(say.BAD_CHOICE, say.BAD_CHOICE_HINT, names=", ".join(columns[:30]))


def _names(choice: ColumnChoice, columns: list[str]) -> dict[str, str]:
    return {
        "standard": columns[choice.standard],
        "synonyms": ", ".join(columns[column] for column in choice.synonyms),
    }


def _note_choice(table: Table, choice: ColumnChoice, columns: list[str], log: ProblemLog) -> None:
    names = _names(choice, columns)
    first = table.row_numbers[min(choice.skip_rows, len(table.rows) - 1)]
    if not choice.sure:
        log.add("columns_unsure", "warning", say.COLUMNS_UNSURE.format(**names))
    if choice.skip_rows:
        log.add("rows_above_heading", "note", say.ROWS_ABOVE, count=choice.skip_rows, first=first)
    if not choice.has_header:
        log.add("no_heading", "note", say.NO_HEADING, first)
        return
    heading = [cell.strip() for cell in table.rows[choice.skip_rows]]
    repeated = sorted({name for name in heading if name and heading.count(name) > 1})
    for name in repeated[:20]:
        column = columns[heading.index(name)]
        log.add("duplicate_heading", "warning", say.DUPLICATE_HEADING, first, column, name=name)


def _no_pair_hint(log: ProblemLog) -> LocalText:
    counts = log.counts
    return say.NO_PAIR_HINT.format(
        empty=counts.get("empty_cell", 0),
        same=counts.get("self_pair", 0),
        long=counts.get("too_long", 0),
        ragged=counts.get("long_row", 0),
    )
