"""Objects with lists in them as rows of a table: a column for each key, a row for each value of a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.ingest.table import MAX_COLUMNS, too_wide

_MAX_DEPTH = 20
_VALUE_KEYS = (
    "term", "name", "label", "value", "text", "word", "synonym", "alias", "@value",
    "词", "词语", "名称", "术语", "近似词", "同义词", "别名",
)  # fmt: skip


class RecordTable:
    """Takes objects one by one; ``heading`` grows with the keys that come, in their order."""

    def __init__(self) -> None:
        self.heading: dict[str, int] = {}

    def rows(self, record: Mapping[str, Any], number: int) -> Iterator[tuple[int, list[str]]]:
        """The rows of one object: scalars stand in each of them, the values of lists one below another.

        Raises FileProblem where the keys are more than a table may have columns.
        """
        columns: dict[str, list[str]] = {}
        scalars: dict[str, str] = {}
        for name, value in _flat(record, "", 0):
            self.heading.setdefault(name, len(self.heading))
            if isinstance(value, list):
                columns.setdefault(name, []).extend(value)
            elif name in columns:
                columns[name].append(value)
            else:
                scalars[name] = value
        if len(self.heading) > MAX_COLUMNS:
            raise too_wide(number, len(self.heading))
        yield from _spread([scalars.get(name, columns.get(name, "")) for name in self.heading], number)


def spread_row(values: Sequence[Any], number: int) -> Iterator[tuple[int, list[str]]]:
    """The rows of a list of values, of which some may be lists."""
    cells: list[str | list[str]] = [
        [text for item in value for text in _texts(item, 1)] if isinstance(value, list) else shown(value)
        for value in values
    ]
    return _spread(cells, number)


def shown(value: Any) -> str:
    """A single value as its text: None is empty, an object (which no cell can be) its JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        import json

        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _spread(cells: Sequence[str | list[str]], number: int) -> Iterator[tuple[int, list[str]]]:
    height = max((len(cell) for cell in cells if isinstance(cell, list)), default=1)
    for place in range(max(1, height)):
        yield (
            number,
            [cell if isinstance(cell, str) else cell[place] if place < len(cell) else "" for cell in cells],
        )


def _flat(record: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, str | list[str]]]:
    """Column names with values: objects inside give ``outer.inner``, lists of objects columns of lists."""
    for key, value in record.items():
        name = prefix + key
        if isinstance(value, dict) and depth < _MAX_DEPTH:
            if value:
                yield from _flat(value, f"{name}.", depth + 1)
        elif isinstance(value, list):
            if any(isinstance(item, dict) for item in value) and depth < _MAX_DEPTH:
                yield from _flat_list(value, name)
            else:
                yield name, [text for item in value for text in _texts(item, depth)]
        else:
            yield name, shown(value)


def _flat_list(items: list[Any], name: str) -> Iterator[tuple[str, list[str]]]:
    """A list of objects: what each is called stands in the column of the list, the rest beside it."""
    columns: dict[str, list[str]] = {name: []}
    for place, item in enumerate(items):
        if isinstance(item, dict):
            chief = _chief_key(item)
            for key, value in item.items():
                column = columns.setdefault(name if key == chief else f"{name}.{key}", [])
                column += [""] * (place - len(column))
                column.append(shown(value))
        else:
            columns[name] += [""] * (place - len(columns[name]))
            columns[name].append(shown(item))
    yield from columns.items()


def _chief_key(item: Mapping[str, Any]) -> str | None:
    lower = {key.casefold(): key for key in item}
    known = next((lower[key] for key in _VALUE_KEYS if key in lower), None)
    return known or next((key for key, value in item.items() if isinstance(value, str)), None)


def _texts(item: Any, depth: int) -> Iterator[str]:
    if isinstance(item, list) and depth < _MAX_DEPTH:
        for inner in item:
            yield from _texts(inner, depth + 1)
    elif item is not None:
        yield shown(item)
