"""Rows on their way from the reader of a format into a table, with what the format says of its columns."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from workbench.errors import FileProblem
from workbench.ingest.problems import ProblemLog
from workbench.ingest.table import FORMAT_NAMES, ColumnChoice, Table, build_table, collect
from workbench.localtext import LocalText

STANDARD_FIRST = ColumnChoice(0, (1,), has_header=True)
TERM_HEADING = ("standard", "synonym")


@dataclass(slots=True)
class Reading:
    """``rows`` yields item numbers with cells. ``heading`` may still grow while they are read: later
    columns are empty in the rows before. Without it, whether the first row is one has to be guessed."""

    format: str
    rows: Iterable[tuple[int, Sequence[str]]]
    heading: Iterable[str] | None = None
    choice: ColumnChoice | None = None

    def table(self, log: ProblemLog, max_rows: int, encoding: str | None = None) -> Table:
        """Everything read. Raises FileProblem over a limit, or where there is nothing."""
        rows, numbers = collect(_without_surrogates(self.rows, log), max_rows)
        if not any(cell.strip() for row in rows for cell in row):
            raise FileProblem(_NOTHING, _NOTHING_HINT, format=FORMAT_NAMES[self.format], hints=_found(log))
        if self.heading is not None:
            heading = tuple(self.heading)
            rows = [
                row if len(row) == len(heading) else row + ("",) * (len(heading) - len(row)) for row in rows
            ]
            rows.insert(0, tuple(cell.strip() for cell in heading))
            numbers = array("Q", [0]) + numbers
        return build_table(
            rows,
            numbers,
            log,
            format=self.format,
            encoding=encoding,
            heading=True if self.heading is not None else None,
            choice=self.choice,
        )


def _without_surrogates(
    rows: Iterable[tuple[int, Sequence[str]]], log: ProblemLog
) -> Iterator[tuple[int, Sequence[str]]]:
    """Half a character (a lone surrogate, which an escape can smuggle in) becomes U+FFFD, and is said."""
    for number, row in rows:
        if all(map(_is_whole, row)):
            yield number, row
            continue
        log.add("broken_character", "error", BROKEN_CHARACTER, number)
        yield number, [cell.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for cell in row]


def _is_whole(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _found(log: ProblemLog) -> LocalText:
    """The first sentence on what was left out, since that is why nothing is there."""
    first = next(iter(log.problems()), None)
    return LocalText("", "") if first is None else first.text


_NOTHING = LocalText(
    "在这个文件里没有找到标准词和近似词（按 {format} 读取）。{hints}",
    "No standard term with a synonym was found in this file (read as {format}). {hints}",
)
_NOTHING_HINT = LocalText(
    "请检查文件内容，或手动选择文件格式。", "Check what is in the file, or choose its format by hand."
)
BROKEN_CHARACTER = LocalText(
    "第 {row} 行有无法识别的字符（显示为 �）。请检查文件编码，或修改这一行。",
    "Row {row} has characters that cannot be read (shown as �). "
    "Check the encoding of the file, or correct the row.",
)
