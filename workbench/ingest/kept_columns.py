"""The other columns of a dictionary's file that are worth keeping: what the expert sorts terms by."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from workbench.ingest.cell_text import clean_text
from workbench.ingest.columns import role_of
from workbench.ingest.spreadsheets import unescape_cell
from workbench.ingest.table import KEEP_MARKS, ColumnChoice
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
    many values. With none left to follow a row costs nothing.

    A heading that begins with a mark (``分类：`` or ``label:``) says that its column is to be kept even
    where its values hardly repeat; the mark is no part of the name."""

    def __init__(self, columns: Sequence[str], choice: ColumnChoice, *, escaped: bool) -> None:
        used = {choice.standard, *choice.synonyms}
        unused = [place for place in range(len(columns)) if place not in used]
        self._escaped = escaped
        self.open: list[_Column] = []
        for place in unused[:_LOOKED_AT] if choice.has_header else ():
            name, marked = _name(columns[place], escaped)
            if name:
                self.open.append(_Column(place, name, marked))

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
        on average (where hardly anything repeats, the column holds ids or remarks), or marked."""
        found: dict[str, LabelColumn] = {}
        for column in self.open:
            if _repeats(len(column.values), column.filled) or (column.marked and column.values):
                found.setdefault(
                    column.name, LabelColumn(column.name, tuple(column.values), bytes(column.codes))
                )
        return tuple(found.values())[:LABEL_COLUMNS]


def headings(
    header: Collection[str], columns: Mapping[str, Sequence[str]], mark: str = KEEP_MARKS[0]
) -> list[str]:
    """A heading for each kept column beside those of ``header``, under which an import keeps it again.

    ``columns`` maps a name to the cells of the rows. The heading is the name itself, but for a name that
    an import would take for something else, and a column whose values hardly repeat: those are marked.
    """
    found = []
    for name, cells in columns.items():
        taken = name in header or _name(name, False) != (name, False)
        values = {cell for cell in cells if cell}
        plain = not taken and role_of(name) in (None, "other", "name")
        plain = plain and _repeats(len(values), sum(1 for cell in cells if cell))
        found.append(name if plain else mark + name)
    return found


def _repeats(values: int, filled: int) -> bool:
    return 2 <= values <= filled / 2


def _name(heading: str, escaped: bool) -> tuple[str, bool]:
    """What a heading calls its column, and whether it is marked as one to keep."""
    text = (unescape_cell(heading) if escaped else heading).strip()
    mark = next((mark for mark in KEEP_MARKS if text.startswith(mark)), "")
    return clean_text(text.removeprefix(mark))[0][:LABEL_LENGTH].strip(), bool(mark)


class _Column:
    def __init__(self, place: int, name: str, marked: bool) -> None:
        self.place = place
        self.name = name
        self.marked = marked
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
    return _KEPT.format(names=_listed([column.name for column in kept]))


def left_out_sentence(names: Sequence[str]) -> LocalText | None:
    """Which columns an exported file has no place for, and what to do; None where there are none."""
    return _LEFT_OUT.format(names=_listed(names)) if names else None


def _listed(names: Sequence[str]) -> LocalText:
    return LocalText("".join(f"「{name}」" for name in names), ", ".join(f"“{name}”" for name in names))


_LEFT_OUT = LocalText(
    "这种格式放不下分类列，文件里没有：{names}。要一并保留，请导出为 CSV、XLSX 或 JSON。",
    "This format has no place for columns of labels; not in the file: {names}. To keep them, export CSV, "
    "XLSX or JSON.",
)
_KEPT = LocalText(
    "排行榜还可以按这些列分组看成绩，导入时会一并保留：{names}。",
    "Kept as well, so that the leaderboard can show scores by them: {names}.",
)
