"""The terms of a dictionary, each once and numbered: where it stands, and whose synonym it is."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.normalise import term_key
from workbench.types import Pair


class TermIndex:
    """Terms numbered by :func:`~workbench.normalise.term_key` in the order in which they appear.

    ``raws`` and ``rows`` give the spelling and the row in which a term appeared first; ``standards`` are
    the numbers of the standard terms; ``standards_of[n]`` the standard terms that ``n`` is a synonym of.
    ``ends`` are the numbers ``(standard, synonym)`` of each pair, a term with itself included, and
    ``pair_rows`` its row.
    """

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self.raws: list[str] = []
        self.keys: list[str] = []
        self.rows: list[int] = []
        self.ends: list[tuple[int, int]] = []
        self.pair_rows: list[int] = []
        self.standards: dict[int, None] = {}
        self.standards_of: dict[int, list[int]] = {}
        self._by_key: dict[str, int] = {}
        self._by_raw: dict[str, int] = {}
        for pair in pairs:
            one, other = self._add(pair.standard, pair.row), self._add(pair.synonym, pair.row)
            self.ends.append((one, other))
            self.pair_rows.append(pair.row)
            if one == other:
                continue
            self.standards[one] = None
            holders = self.standards_of.setdefault(other, [])
            if one not in holders:
                holders.append(one)

    def number(self, raw: str) -> int | None:
        """The number of a term however it is spelt; None for one that is not here."""
        known = self._by_raw.get(raw)
        return self._by_key.get(term_key(raw)) if known is None else known

    def groups(self, number: int) -> list[int]:
        """The standard terms of the groups that a term is in, its own group first."""
        holders = self.standards_of.get(number, [])
        return [number, *holders] if number in self.standards else holders

    def names(self, numbers: Iterable[int]) -> tuple[str, ...]:
        """The spelling of several terms."""
        return tuple(self.raws[number] for number in numbers)

    def _add(self, raw: str, row: int) -> int:
        known = self._by_raw.get(raw)
        if known is not None:
            return known
        key = term_key(raw)
        number = self._by_key.setdefault(key, len(self.raws))
        self._by_raw[raw] = number
        if number == len(self.raws):
            self.raws.append(raw)
            self.keys.append(key)
            self.rows.append(row)
        return number


def apart_keys(apart: Iterable[Pair]) -> set[tuple[str, str]]:
    """The keys of pairs that are marked as not synonyms, the smaller one first."""
    return {ordered(term_key(pair.standard), term_key(pair.synonym)) for pair in apart}


def ordered(one: str, other: str) -> tuple[str, str]:
    """Two keys, the smaller one first."""
    return (one, other) if one <= other else (other, one)
