"""The terms of a dictionary and what it says of them, kept up with edits without being read again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from workbench.normalise import term_key
from workbench.types import Entry, Pair

_Counts = dict[str, int]  # a text -> how many entries say so


class Vocabulary:
    """What one version of a dictionary knows: terms, their standard terms, who is whose synonym.

    Terms are the same when their ``term_key`` is; the raw form that came first is shown. A vocabulary never
    changes: :meth:`follow` makes the next one, at the cost of the change and a copy of four tables of
    pointers. Safe to read from any number of threads.
    """

    def __init__(self, pairs: Iterable[Pair] = (), apart: Iterable[Pair] = ()) -> None:
        self._raw: dict[str, _Counts] = {}
        self._links: dict[str, _Counts] = {}
        self._standards: dict[str, _Counts] = {}  # of what is a synonym: its standard terms as written
        self._own: dict[str, _Counts] = {}  # of what is a standard term: its raw forms
        self._apart: dict[frozenset[str], int] = {}
        for pair in pairs:
            self._count(pair.standard, pair.synonym, 1)
        for pair in apart:
            self._mark(pair.standard, pair.synonym, 1)

    def __len__(self) -> int:
        return len(self._raw)

    def __contains__(self, key: str) -> bool:
        return key in self._raw

    def terms(self) -> dict[str, str]:
        """Every term once: its key -> the raw form that came first."""
        return {key: next(iter(forms)) for key, forms in self._raw.items()}

    def raw(self, key: str) -> str | None:
        """A term by its key as it is written; None where the dictionary has none."""
        forms = self._raw.get(key)
        return next(iter(forms)) if forms else None

    def follow(self, ended: Sequence[Entry], added: Sequence[Entry]) -> Vocabulary:
        """The vocabulary after some entries are gone and others have come."""
        after = Vocabulary()
        after._raw, after._links = self._raw.copy(), self._links.copy()
        after._standards, after._own = self._standards.copy(), self._own.copy()
        after._apart = self._apart.copy()
        for table, keys in _touched(ended, added):
            own = getattr(after, table)
            for key in keys & own.keys():
                own[key] = own[key].copy()
        for entries, step in ((added, 1), (ended, -1)):  # in this order, or what only moved would be lost
            for entry in entries:
                change = after._mark if entry.apart else after._count
                change(entry.standard, entry.synonym, step)
        return after

    def standard_of(self, key: str) -> str | None:
        """The first standard term of a term, itself where it is one; None for a text that is not known."""
        found = self._own.get(key) or self._standards.get(key)
        return next(iter(found)) if found else None

    def is_standard(self, key: str) -> bool:
        """Whether a term, given by its key, is a standard term."""
        return key in self._own

    def marked_apart(self, a: str, b: str) -> bool:
        """Whether two terms, given by their keys, are marked as not synonyms."""
        return frozenset((a, b)) in self._apart

    def linked(self, key: str) -> list[str]:
        """The keys of the terms that a pair joins to a term, those that are marked apart left out."""
        return [other for other in self._links.get(key, ()) if not self.marked_apart(key, other)]

    def synonyms(self, key: str) -> set[str]:
        """The keys of all terms that the dictionary connects with one, which is not among them.

        Two terms that are marked apart are no synonyms, even where a third is one of both.
        """
        reached, waiting = {key}, [key]
        while waiting:
            fresh = [other for other in self.linked(waiting.pop()) if other not in reached]
            reached.update(fresh)
            waiting += fresh
        return {other for other in reached if other != key and not self.marked_apart(key, other)}

    def known(self, a: str, b: str) -> bool:
        """Whether two terms, given by their keys, are synonyms of each other."""
        return a != b and a in self._raw and b in self._raw and b in self.synonyms(a)

    # -- inside -------------------------------------------------------------------------------

    def _count(self, standard: str, synonym: str, step: int) -> None:
        one, other = term_key(standard), term_key(synonym)
        _add(self._raw, one, standard, step)
        _add(self._raw, other, synonym, step)
        _add(self._own, one, standard, step)
        _add(self._standards, other, standard, step)
        _add(self._links, one, other, step)
        if one != other:
            _add(self._links, other, one, step)

    def _mark(self, standard: str, synonym: str, step: int) -> None:
        pair = frozenset((term_key(standard), term_key(synonym)))
        count = self._apart.get(pair, 0) + step
        if count > 0:
            self._apart[pair] = count
        else:
            self._apart.pop(pair, None)


def _add(table: dict[str, _Counts], key: str, text: str, step: int) -> None:
    counts = table.setdefault(key, {})
    counts[text] = counts.get(text, 0) + step
    if counts[text] <= 0:
        del counts[text]
        if not counts:
            del table[key]


def _touched(ended: Sequence[Entry], added: Sequence[Entry]) -> list[tuple[str, set[str]]]:
    """Which entries of which tables a change writes to: these are copied first."""
    pairs = [entry for entry in (*ended, *added) if not entry.apart]
    standards = {term_key(entry.standard) for entry in pairs}
    synonyms = {term_key(entry.synonym) for entry in pairs}
    both = standards | synonyms
    return [("_raw", both), ("_links", both), ("_standards", synonyms), ("_own", standards)]
