"""The other columns of a dictionary's file that are worth keeping: what the expert sorts terms by."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.ingest.cell_text import clean_text
from workbench.ingest.table import ColumnChoice
from workbench.localtext import LocalText
from workbench.types import (
    LABEL_COLUMNS,
    LABEL_LENGTH,
    LABEL_VALUES,
    NO_LABEL,
    LabelColumn,
)

_LOOKED_AT = 30  # unused columns, from the left: a table of a thousand costs no more than one of thirty


class ColumnKeeper:
    """Follows the unused columns with a heading while rows become pairs, and lets go of each that has too
    many values. With none left to follow a row costs nothing."""

    def __init__(self, columns: Sequence[str], choice: ColumnChoice, *, escaped: bool) -> None:
        used = {choice.standard, *choice.synonyms}
        unused = [place for place in range(len(columns)) if place not in used]
        self._columns = columns
        self._escaped = escaped
        self.open = [_Column(place) for place in unused[:_LOOKED_AT]] if choice.has_header else []

    def take(self, row: Sequence[str], pairs: int) -> None:
        """``row`` gave the newest pairs; there are ``pairs`` of them now."""
        full = False
        for column in self.open:
            new = pairs - len(column.codes)
            if new <= 0:
                continue
            cell = row[column.place] if column.place < len(row) else ""
            code = column.known.get(cell)
            if code is None:
                code = column.learn(cell, self._escaped)
                full = full or len(column.values) > LABEL_VALUES
            column.filled += code != NO_LABEL
            column.codes += bytes((code,)) * new
        if full:
            self.open = [column for column in self.open if len(column.values) <= LABEL_VALUES]

    def kept(self) -> tuple[LabelColumn, ...]:
        """The columns that are of use as slices: at most five, of 2 to 40 values, each in two rows or more
        on average (where hardly anything repeats, the column holds ids or remarks)."""
        found: dict[str, LabelColumn] = {}
        for column in self.open:
            name = clean_text(self._columns[column.place])[0][:LABEL_LENGTH].strip()
            if 2 <= len(column.values) <= column.filled / 2 and name not in found:
                found[name] = LabelColumn(name, tuple(column.values), bytes(column.codes))
        return tuple(found.values())[:LABEL_COLUMNS]


class _Column:
    def __init__(self, place: int) -> None:
        self.place = place
        self.known: dict[str, int] = {}  # a cell as it stands in the file -> the code of its value
        self.values: dict[str, int] = {}
        self.codes = bytearray()
        self.filled = 0

    def learn(self, cell: str, escaped: bool) -> int:
        value = clean_text(cell[: 10 * LABEL_LENGTH], escaped=escaped)[0][:LABEL_LENGTH].strip()
        code = self.values.setdefault(value, len(self.values)) if value else NO_LABEL
        self.known[cell] = code
        return code


def kept_sentence(kept: Sequence[LabelColumn]) -> LocalText | None:
    """Which columns are kept, for the expert; None where there are none."""
    if not kept:
        return None
    names = [column.name for column in kept]
    listed = LocalText("".join(f"「{name}」" for name in names), ", ".join(f"“{name}”" for name in names))
    return _KEPT.format(names=listed)


_KEPT = LocalText(
    "排行榜还可以按这些列分组看成绩，导入时会一并保留：{names}。",
    "Kept as well, so that the leaderboard can show scores by them: {names}.",
)
