"""How results look in a terminal: columns lined up, Chinese characters as wide as they are."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from workbench.localtext import Language, LocalText


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Columns lined up, wide (Chinese) characters counted as two."""
    if not rows:
        return "-"
    columns = list(rows[0])
    cells = [columns] + [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(_width(line[i]) for line in cells) for i in range(len(columns))]
    return "\n".join(
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in cells
    )


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1 else f"{value:.2f}"
    if isinstance(value, list):
        return (
            " – ".join(_cell(item) for item in value)
            if value and isinstance(value[0], float)
            else ",".join(map(str, value))
        )
    return "" if value is None else str(value)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def progress_line(language: Language) -> Callable[[float, LocalText], None] | None:
    """One line on the terminal that says how far it is; nothing where there is no terminal."""
    if not sys.stderr.isatty():
        return None

    def show(share: float, text: LocalText) -> None:
        sys.stderr.write(f"\r\033[K{text.get(language)} {share:4.0%}")
        if share >= 1:
            sys.stderr.write("\r\033[K")
        sys.stderr.flush()

    return show
