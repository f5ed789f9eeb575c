"""Read the rows out of a language model's answer: strict JSON first, a numbered list next, else broken."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

AGREED_KEY = "items"
LONGEST_ANSWER = 200_000  # characters that are looked at
MOST_ROWS = 500
MOST_STARTS = 60  # brackets from which JSON is tried: each try may read to the end

Form = Literal["json", "list", "broken"]
# Each of these reads a text once: no two neighbouring parts can match the same characters.
_FENCE = re.compile(r"```[ \t]*(?:[\w-]+[ \t]*)?\r?\n(.*?)```", re.DOTALL)
_THOUGHT = re.compile(r"<(/?)(?:think|thinking|reasoning)>", re.IGNORECASE)
_LINE = re.compile(r"^[ \t]*(?:\d{1,3}[ \t]*[.)、．）:：]|[(（]\d{1,3}[)）]|[-*•·–])(.*)$", re.MULTILINE)
_BROKEN_OFF = re.compile(r"^[ \t]*[\[{]", re.MULTILINE)  # JSON that did not come to its end
_BRACKET = re.compile(r"[\[{]")
_QUOTES = ('""', "''", "“”", "‘’", "「」", "『』", "``")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Parsed:
    """The rows of an answer. ``form`` is "broken" where none of the agreed forms was found."""

    rows: tuple[str, ...]
    form: Form


def parse_rows(text: str) -> Parsed:
    """The rows of an answer; never raises, whatever the text.

    Accepted: a JSON array of strings, or an object whose ``items`` is one; bare, in a ``` fence, after
    a <think> block, or with text around it. An empty array is an answer (no rows). Else a list with
    numbers or dashes, one row a line.
    """
    rest = _without_thoughts(text[:LONGEST_ANSWER])
    nothing = False
    for candidate in _candidates(rest):
        rows = _rows_of(candidate)
        if rows:
            return Parsed(tuple(rows[:MOST_ROWS]), "json")
        nothing = nothing or rows is not None
    if not nothing and not _BROKEN_OFF.search(rest):
        listed = [_unquoted(found) for found in _LINE.findall(rest)]
        listed = [row for row in listed if row and _can_be_stored(row)]
        if listed:
            return Parsed(tuple(listed[:MOST_ROWS]), "list")
    return Parsed((), "json" if nothing else "broken")


def _without_thoughts(text: str) -> str:
    pieces: list[str] = []
    begin, inside = 0, False
    for mark in _THOUGHT.finditer(text):
        if not mark[1]:
            if not inside:
                pieces.append(text[begin : mark.start()])
            inside = True
            continue
        if not inside:  # some chat templates swallow the opening mark
            pieces.clear()
        begin, inside = mark.end(), False
    return " ".join(pieces if inside else [*pieces, text[begin:]])


def _candidates(text: str) -> Iterator[Any]:
    """Every JSON value that the text holds: whole, in fences, then from each bracket on."""
    for source in (text.strip(), *(found.strip() for found in _FENCE.findall(text))):
        try:
            yield json.loads(source)
        except (ValueError, RecursionError):
            continue
    position = 0
    for _ in range(MOST_STARTS):
        found = _BRACKET.search(text, position)
        if found is None:
            return
        try:
            value, position = _DECODER.raw_decode(text, found.start())
            yield value
        except (ValueError, RecursionError):
            position = found.start() + 1


def _rows_of(value: Any) -> list[str] | None:
    if isinstance(value, dict):
        value = value.get(AGREED_KEY)
    if not isinstance(value, list) or not all(isinstance(row, str) for row in value):
        return None
    return [row for row in value if row.strip() and _can_be_stored(row)]


def _can_be_stored(row: str) -> bool:
    """JSON may hold half a surrogate pair, which no file and no database takes."""
    return not any("\ud800" <= c <= "\udfff" for c in row)


def _unquoted(row: str) -> str:
    row = row.strip().rstrip(",，;；").strip()
    if row.startswith("**") and row.endswith("**") and len(row) > 4:
        row = row[2:-2].strip()
    for quotes in _QUOTES:
        if len(row) > 2 and row[0] == quotes[0] and row[-1] == quotes[1]:
            return row[1:-1].strip()
    return row
