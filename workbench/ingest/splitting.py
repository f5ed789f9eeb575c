"""Cells that hold several synonyms, taken apart at ``、 , ; ； ， | ｜ / ／`` and line breaks."""

from __future__ import annotations

import re

_SEPARATOR = re.compile("[、,;；，|｜/／\r\n]")
# Between two digits a slash or comma belongs to a number: 1/2, 1,000.
_SPLIT = re.compile("[、;；，|｜\r\n]|(?<![0-9])[,/／]|[,/／](?![0-9])")
_OPENING = dict(zip("(（[［【《「『“〔", ")）]］】》」』”〕", strict=True))


def split_cell(cell: str) -> list[str]:
    """The synonyms in a cell, without outer white space or empty ones.

    Every separator splits, in the same way everywhere, with two exceptions: between two digits ``/`` and
    ``,`` stay (``1/2寸管``, ``1,000``), and within brackets nothing is split (``螺栓（M8、M10）``). So
    ``km/h`` is split: a unit cannot be told from ``ABS/ESP``. That is why it is done on request only.
    """
    if not _SEPARATOR.search(cell):
        text = cell.strip()
        return [text] if text else []
    masked = _without_bracketed(cell)
    parts: list[str] = []
    start = 0
    for match in _SPLIT.finditer(masked):
        parts.append(cell[start : match.start()].strip())
        start = match.end()
    parts.append(cell[start:].strip())
    return [part for part in parts if part]


def _without_bracketed(cell: str) -> str:
    """``cell`` with what stands in closed brackets blanked out, at the same length."""
    if not any(opening in cell for opening in _OPENING):
        return cell
    masked = list(cell)
    open_at: list[tuple[int, str]] = []
    for place, character in enumerate(cell):
        if character in _OPENING:
            open_at.append((place, _OPENING[character]))
        elif open_at and character == open_at[-1][1]:
            begin, _ = open_at.pop()
            if not open_at:
                masked[begin : place + 1] = "_" * (place + 1 - begin)
    return "".join(masked)
