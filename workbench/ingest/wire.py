"""A table or a refusal as lines of JSON: all that the process which parses an upload may say."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from typing import Any

from workbench.errors import FileProblem
from workbench.ingest.table import ColumnChoice, Table, collect
from workbench.localtext import LocalText
from workbench.types import Problem

_BATCH = 1000


def table_lines(table: Table) -> Iterator[bytes]:
    """What is known of ``table``, then its rows in batches, then how many there were."""
    about: dict[str, Any] = {
        field.name: getattr(table, field.name)
        for field in fields(Table)
        if field.name not in ("rows", "row_numbers", "problems", "choice")
    }
    about["problems"] = [
        [p.code, p.severity, p.text.get("zh"), p.text.get("en"), p.row, p.column] for p in table.problems
    ]
    about["choice"] = None if table.choice is None else asdict(table.choice)
    yield _line({"table": about})
    for start in range(0, len(table.rows), _BATCH):
        rows = table.rows[start : start + _BATCH]
        numbers = table.row_numbers[start : start + _BATCH]
        yield _line([[number, *row] for number, row in zip(numbers, rows, strict=True)])
    yield _line({"end": len(table.rows)})


def refusal_line(problem: FileProblem) -> bytes:
    """A refusal with its hint, in both languages."""
    hint = problem.hint
    return _line(
        {
            "refused": _both(problem.message),
            "hint": None if hint is None else _both(hint),
        }
    )


def read_answer(lines: Iterable[bytes], max_rows: int) -> Table | None:
    """The table that the lines tell of; None where they break off or say nothing that is known.

    Raises FileProblem where that is what they tell.
    """
    source = iter(lines)
    try:
        first = json.loads(next(source, b"null"))
        if isinstance(first, dict) and "refused" in first:
            hint = first["hint"]
            raise FileProblem(LocalText(*first["refused"]), None if hint is None else LocalText(*hint))
        if not isinstance(first, dict) or "table" not in first:
            return None
        rows, numbers = collect(_rows(source), max_rows)
        return _table(first["table"], rows, numbers)
    except (ValueError, TypeError, KeyError, IndexError):
        return None


def _table(about: dict[str, Any], rows: list[tuple[str, ...]], numbers: array[int]) -> Table:
    problems = tuple(
        Problem(code, severity, LocalText(zh, en), row, column)
        for code, severity, zh, en, row, column in about.pop("problems")
    )
    choice = about.pop("choice")
    if choice is not None:
        choice = ColumnChoice(**{**choice, "synonyms": tuple(choice["synonyms"])})
    about["sheets"] = tuple(about["sheets"])
    return Table(rows=rows, row_numbers=numbers, problems=problems, choice=choice, **about)


def _rows(lines: Iterator[bytes]) -> Iterator[tuple[int, list[str]]]:
    """Raises ValueError where the end is missing."""
    count = 0
    for line in lines:
        batch = json.loads(line)
        if isinstance(batch, dict):
            if batch.get("end") == count:
                return
            break
        for number, *cells in batch:
            count += 1
            yield number, cells
    raise ValueError("no end")


def _both(text: LocalText) -> list[str]:
    return [text.get("zh"), text.get("en")]


def _line(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
