"""Checks on what a browser sends: every value is of the expected type, size and range, or is refused."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from workbench.accounts import LONGEST_NAME
from workbench.errors import BadParameter
from workbench.ui.rights import signed_in
from workbench.ui.text import text

LONGEST = 2_000  # characters: above every name and term that the workbench accepts


def author(data: dict[str, Any]) -> str:
    """Who does it: whoever is signed in, whatever the page says; without accounts, as the page says.

    Raises BadParameter.
    """
    person = signed_in()
    return person.name if person else words(data, "author", limit=LONGEST_NAME, default="")


def words(data: dict[str, Any], key: str, *, limit: int = LONGEST, default: str | None = None) -> str:
    """A string of at most ``limit`` characters. Raises BadParameter."""
    value = data.get(key, default)
    if not isinstance(value, str) or len(value) > limit or "\x00" in value:
        raise BadParameter(text("error.bad_request"))
    return value


def whole(data: dict[str, Any], key: str, low: int, high: int, *, default: int | None = None) -> int:
    """An integer within ``low..high``. Raises BadParameter."""
    value = data.get(key, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadParameter(text("error.bad_request"))
    if not low <= value <= high or value != int(value):  # nothing compares with NaN
        raise BadParameter(text("error.bad_request"))
    return int(value)


def real(data: dict[str, Any], key: str, low: float, high: float, *, default: float | None = None) -> float:
    """A number within ``low..high``. Raises BadParameter."""
    value = data.get(key, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise BadParameter(text("error.bad_request"))  # nothing compares with NaN
    return float(value)


def flag(data: dict[str, Any], key: str, *, default: bool = False) -> bool:
    """True or false. Raises BadParameter."""
    value = data.get(key, default)
    if not isinstance(value, bool):
        raise BadParameter(text("error.bad_request"))
    return value


def one_of(data: dict[str, Any], key: str, choices: Collection[str], *, default: str | None = None) -> str:
    """One of ``choices``. Raises BadParameter."""
    value = words(data, key, default=default)
    if value not in choices:
        raise BadParameter(text("error.bad_request"))
    return value
