"""A table as labelled pairs of texts: their kind, and every problem in them by row and column."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from workbench.errors import FileProblem
from workbench.ingest import pairs_texts as say
from workbench.ingest.cell_text import clean_text
from workbench.ingest.columns import columns_of
from workbench.ingest.labels import TOP, LabelScale, in_scale, read_label, scale_of
from workbench.ingest.pair_columns import (
    PairColumns,
    choose_pair_columns,
    guess_pair_columns,
)
from workbench.ingest.problems import ProblemLog
from workbench.ingest.table import SPREADSHEETS, Table
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.types import LabelledPair, PairSetKind, Problem, Severity

__all__ = [
    "PairColumns",
    "PairsPreview",
    "choose_pair_columns",
    "guess_pair_columns",
    "parse_pairs",
]

SAMPLE_ROWS = 20
_FAR_APART = 0.5  # two scores of one pair that differ by this much contradict each other


@dataclass(frozen=True, slots=True)
class PairsPreview:
    """What an upload of pairs would import, and all that is odd about it. Nothing is stored yet.

    ``problems`` holds at most 1000 in detail, by row; ``problem_counts`` counts all of them by code.
    ``rows`` counts the rows below the heading that hold anything. ``divisor`` is what the labels in the
    file were divided by (5 for scores from 0 to 5). ``positives`` counts labels of 0.5 and above.
    """

    pairs: tuple[LabelledPair, ...]
    kind: PairSetKind
    divisor: float
    positives: int
    problems: tuple[Problem, ...]
    problem_counts: dict[str, int]
    columns: tuple[str, ...]
    choice: PairColumns
    rows: int
    format: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    sheets: tuple[str, ...]
    sample_rows: tuple[tuple[str, ...], ...]
    sample_row_numbers: tuple[int, ...]


def parse_pairs(
    table: Table,
    choice: PairColumns | None = None,
    *,
    kind: PairSetKind | None = None,
    max_text_length: int = 2000,
    max_pairs: int = 2_000_000,
) -> PairsPreview:
    """The labelled pairs of ``table`` with its problems.

    Skipped and reported: empty cells ("empty_cell"), a label that is neither a number nor a word for yes
    or no ("bad_label") or is off the scale ("out_of_range"), the same text twice ("self_pair"; labelled
    as unlike: "self_contradiction"), a pair that is there already, in either order ("duplicate"), pairs
    with contradictory labels, all of them ("contradiction"), texts over ``max_text_length`` characters
    ("too_long"), rows with more cells than columns ("long_row"). Kept: texts with control characters,
    which are removed ("control_character"). Scores from 0 to 5 become 0 to 1 ("scaled").

    ``kind`` overrides what the values look like. Without ``choice`` the columns are guessed.

    Raises FileProblem where there are no two columns of text, a chosen column does not exist, there are
    more than ``max_pairs`` pairs, or not a single one.
    """
    choice = choice or guess_pair_columns(table)
    columns = columns_of(table, choice.has_header, choice.skip_rows)
    _check_choice(choice, columns, kind)
    log = ProblemLog()
    log.extend(table.problems, table.problem_counts)
    scale = _scale(table, choice, kind)
    _note_choice(table, choice, columns, scale, log)
    parser = _Parser(columns, choice, scale, max_text_length, max_pairs, log)
    parser.escaped = table.format in SPREADSHEETS
    refuse_long = table.format != "xlsx"
    for row, number in _data_rows(table, choice):
        if refuse_long and len(row) > len(columns) and any(cell.strip() for cell in row[len(columns) :]):
            parser.rows += 1
            continue  # which of its cells is which cannot be known
        parser.add_row(row, number)
    pairs = parser.consistent_pairs()
    if not pairs:
        raise FileProblem(say.NO_PAIR, _no_pair_hint(log), rows=parser.rows, **_names(choice, columns))
    return PairsPreview(
        pairs=pairs,
        kind=scale.kind,
        divisor=scale.divisor,
        positives=sum(1 for pair in pairs if pair.label >= 0.5),
        problems=log.problems(),
        problem_counts=dict(log.counts),
        columns=tuple(columns),
        choice=choice,
        rows=parser.rows,
        format=table.format,
        encoding=table.encoding,
        delimiter=table.delimiter,
        sheet=table.sheet,
        sheets=table.sheets,
        sample_rows=tuple(table.rows[:SAMPLE_ROWS]),
        sample_row_numbers=tuple(table.row_numbers[:SAMPLE_ROWS]),
    )


class _Parser:
    """What has been seen so far: 128-bit hashes of pairs instead of their texts, for a million rows."""

    def __init__(
        self,
        columns: list[str],
        choice: PairColumns,
        scale: LabelScale,
        max_length: int,
        max_pairs: int,
        log: ProblemLog,
    ) -> None:
        self.pairs: list[LabelledPair] = []
        self.rows = 0
        self.escaped = False
        self._columns = columns
        self._choice = choice
        self._scale = scale
        self._max_length = max_length
        self._max_pairs = max_pairs
        self._log = log
        self._place_of: dict[bytes, int] = {}
        self._side_of: dict[
            bytes, int
        ] = {}  # row where a text is a positive of an anchor; negated: a negative
        self._dropped: set[int] = set()

    def add_row(self, row: tuple[str, ...], number: int) -> None:
        choice = self._choice
        places = [choice.text1, choice.text2]
        if choice.negative is not None:
            places.append(choice.negative)
        cells = [row[place] if place < len(row) else "" for place in places]
        label_cell = ""
        if choice.label is not None and choice.negative is None:
            label_cell = row[choice.label].strip() if choice.label < len(row) else ""
        if not any(cell.strip() for cell in row):
            return
        self.rows += 1
        texts = [self._text(cell, number, place) for cell, place in zip(cells, places, strict=True)]
        if any(text is None for text in texts):
            return
        label = self._label(label_cell, number)
        if label is None:
            return
        if len(self.pairs) >= self._max_pairs:
            raise FileProblem(say.TOO_MANY_PAIRS, say.SPLIT_FILE, limit=f"{self._max_pairs:,}")
        one, two, three = (str(text) for text in [*texts, ""][:3])
        if choice.negative is None:
            self._add_pair(one, two, label, number)
        else:
            self._add_triplet(one, two, three, number)

    def consistent_pairs(self) -> tuple[LabelledPair, ...]:
        """The pairs without those that contradict each other."""
        if not self._dropped:
            return tuple(self.pairs)
        return tuple(pair for place, pair in enumerate(self.pairs) if place not in self._dropped)

    def _text(self, cell: str, row: int, column: int) -> str | None:
        """The text of a cell; None where it is refused (and reported)."""
        text, changed = clean_text(cell, escaped=self.escaped)
        if not text:
            self._add("empty_cell", "warning", say.EMPTY_CELL, row, column)
            return None
        if len(text) > self._max_length:
            shown = {"start": text[:20], "count": len(text), "limit": self._max_length}
            self._add("too_long", "error", say.TOO_LONG, row, column, **shown)
            return None
        if changed:
            self._add("control_character", "warning", say.CONTROL, row, column, start=text[:40])
        return text

    def _label(self, cell: str, row: int) -> float | None:
        column = self._choice.label
        if column is None or self._choice.negative is not None:
            return 1.0
        if not cell:
            self._add("empty_cell", "warning", say.EMPTY_CELL, row, column)
            return None
        value = read_label(cell)
        if value is None:
            self._add("bad_label", "error", say.BAD_LABEL, row, column, label=cell[:20])
            return None
        label = in_scale(value, self._scale)
        if label is None:
            allowed = say.LABEL_RANGE if self._scale.kind == "labels" else say.SCORE_RANGE
            self._add(
                "out_of_range", "error", say.OUT_OF_RANGE, row, column,
                label=cell[:20], allowed=allowed.format(top=f"{self._scale.divisor:g}"),
            )  # fmt: skip
        return label

    def _add_pair(self, one: str, two: str, label: float, row: int) -> None:
        first, second = term_key(one), term_key(two)
        if first == second:
            self._report_self(one, label, row)
            return
        key = _hash(*sorted((first, second)))
        place = self._place_of.setdefault(key, len(self.pairs))
        if place == len(self.pairs):
            self.pairs.append(LabelledPair(one, two, label, row=row))
            return
        earlier = self.pairs[place]
        if abs(earlier.label - label) >= _FAR_APART:
            self._add(
                "contradiction", "error", say.CONTRADICTION, row, self._choice.label,
                text1=one[:40], text2=two[:40], other=earlier.row,
                first=f"{earlier.label:g}", second=f"{label:g}",
            )  # fmt: skip
            self._dropped.add(place)
            return
        text1, text2 = one[:40], two[:40]
        self._add(
            "duplicate", "warning", say.DUPLICATE, row, None, text1=text1, text2=text2, other=earlier.row
        )

    def _report_self(self, text: str, label: float, row: int) -> None:
        if label >= _FAR_APART:
            self._add("self_pair", "warning", say.SELF_PAIR, row, self._choice.text2, shown=text[:40])
        else:
            self._add(
                "self_contradiction", "error", say.SELF_CONTRADICTION, row, self._choice.text2,
                shown=text[:40], label=f"{label:g}",
            )  # fmt: skip

    def _add_triplet(self, anchor: str, positive: str, negative: str, row: int) -> None:
        one, two, three = term_key(anchor), term_key(positive), term_key(negative)
        if one == two:
            self._add("self_pair", "warning", say.SELF_PAIR, row, self._choice.text2, shown=positive[:40])
            return
        if three in (one, two):
            self._add(
                "self_contradiction", "error", say.TRIPLET_CONTRADICTION, row, self._choice.negative,
                shown=negative[:40],
            )  # fmt: skip
            return
        place = self._place_of.setdefault(_hash(one, two, three), len(self.pairs))
        if place != len(self.pairs):
            self._add(
                "duplicate", "warning", say.DUPLICATE, row, None,
                text1=anchor[:40], text2=positive[:40], other=self.pairs[place].row,
            )  # fmt: skip
            return
        self._note_sides(anchor, (positive, negative), (one, two, three), row)
        self.pairs.append(LabelledPair(anchor, positive, 1.0, negative, row))

    def _note_sides(self, anchor: str, texts: tuple[str, str], keys: tuple[str, str, str], row: int) -> None:
        """Tell of a text that is the positive of an anchor in one triplet and its negative in another."""
        for text, key, sign in ((texts[0], keys[1], 1), (texts[1], keys[2], -1)):
            earlier = self._side_of.setdefault(_hash(*sorted((keys[0], key))), sign * row)
            if earlier * sign < 0:
                self._add(
                    "contradiction", "error", say.SIDES, row, None,
                    text1=anchor[:40], text2=text[:40], other=abs(earlier),
                )  # fmt: skip

    def _add(
        self, code: str, severity: Severity, text: LocalText, row: int, column: int | None, **values: Any
    ) -> None:
        name = None if column is None else self._columns[column]
        self._log.add(code, severity, text, row, name, **values)


def _hash(*keys: str) -> bytes:
    return hashlib.blake2b("\x1f".join(keys).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _data_rows(table: Table, choice: PairColumns) -> Iterator[tuple[tuple[str, ...], int]]:
    first = choice.skip_rows + int(choice.has_header)
    return zip(islice(table.rows, first, None), islice(table.row_numbers, first, None), strict=True)


def _scale(table: Table, choice: PairColumns, kind: PairSetKind | None) -> LabelScale:
    if choice.negative is not None or kind == "triplets":
        return LabelScale("triplets")
    if choice.label is None:
        return LabelScale(kind or "labels")
    column = choice.label
    values = (
        value
        for row, _ in _data_rows(table, choice)
        if column < len(row) and (value := read_label(row[column])) is not None
    )
    if kind == "labels":
        return LabelScale("labels")
    return scale_of(values, called_score=choice.score or kind == "scores")


def _check_choice(choice: PairColumns, columns: list[str], kind: PairSetKind | None) -> None:
    wanted = [choice.text1, choice.text2, choice.label, choice.negative]
    used = [column for column in wanted if column is not None]
    if any(not 0 <= column < len(columns) for column in used) or len(set(used)) < len(used):
        raise FileProblem(say.BAD_CHOICE, say.BAD_CHOICE_HINT, names=LocalText.listing(columns[:30]))
    if kind == "triplets" and choice.negative is None:
        raise FileProblem(say.NO_NEGATIVE, say.BAD_CHOICE_HINT, names=LocalText.listing(columns[:30]))


def _names(choice: PairColumns, columns: list[str]) -> dict[str, str]:
    third = choice.negative if choice.negative is not None else choice.label
    return {
        "text1": columns[choice.text1],
        "text2": columns[choice.text2],
        "label": "-" if third is None else columns[third],
    }


def _note_choice(
    table: Table, choice: PairColumns, columns: list[str], scale: LabelScale, log: ProblemLog
) -> None:
    first = table.row_numbers[min(choice.skip_rows, len(table.rows) - 1)]
    if not choice.sure:
        log.add("columns_unsure", "warning", say.COLUMNS_UNSURE.format(**_names(choice, columns)))
    if choice.skip_rows:
        log.add("rows_above_heading", "note", say.ROWS_ABOVE, count=choice.skip_rows, first=first)
    if not choice.has_header:
        log.add("no_heading", "note", say.NO_HEADING, first)
    if choice.label is None and choice.negative is None:
        log.add("no_label", "warning", say.NO_LABEL)
    if scale.divisor == TOP:
        log.add("scaled", "note", say.SCALED, top=f"{TOP:g}")


def _no_pair_hint(log: ProblemLog) -> LocalText:
    counts = log.counts
    return say.NO_PAIR_HINT.format(
        empty=counts.get("empty_cell", 0),
        label=counts.get("bad_label", 0) + counts.get("out_of_range", 0),
        same=counts.get("self_pair", 0) + counts.get("self_contradiction", 0),
        long=counts.get("too_long", 0),
        ragged=counts.get("long_row", 0),
    )
