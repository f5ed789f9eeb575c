"""The lines of a dictionary in the database, each with the versions it lives in; one version for reading."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from workbench.normalise import term_key
from workbench.storage.entry_labels import Label, LabelReader, write_labels
from workbench.storage.writer import Writer
from workbench.types import Entry, Pair

# grp, position, the two terms, their keys, row, apart, odd
Row = tuple[int, int, str, str, str, str, int, bool, bool]
LONG_TERM = 100  # characters: a term beyond that is a sentence, or cells run together
# What should not stand in a term: controls, and marks without a width but for joiners.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\ufeff]")
_HASH_BITS = 128
_INSERT = """INSERT INTO entries
    (dictionary, born, grp, position, standard, synonym, standard_key, synonym_key, row, apart, odd)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_END = "UPDATE entries SET died = ? WHERE dictionary = ? AND grp = ? AND position = ? AND died IS NULL"
_READ = "SELECT grp, position, standard, synonym, row, apart FROM entries"
# Read from the list: left to itself, SQLite may read the whole dictionary and look each group up in the list.
_READ_THOSE = _READ.replace("entries", "json_each(?) wanted CROSS JOIN entries ON grp = wanted.value")


def entry_digest(standard: str, synonym: str, apart: bool = False) -> int:
    """128 bits of one entry's content; the boundary between its terms counts, its place does not."""
    text = f"{int(apart)}{len(standard)}:{standard}{synonym}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "little")


class SetHash:
    """A hash of a set of entries that does not depend on their order and follows each change.

    The sum of the entries' digests modulo 2**128: MSet-Add-Hash of Clarke, Devadas, van Dijk, Gassend
    and Suh, "Incremental Multiset Hash Functions and Their Application to Memory Integrity Checking",
    ASIACRYPT 2003. It tells contents apart; it is no defence against made-up collisions.
    """

    def __init__(self, start: str = "0") -> None:
        self._sum = int(start, 16)

    def add(self, standard: str, synonym: str, apart: bool = False) -> None:
        """An entry more."""
        self._sum += entry_digest(standard, synonym, apart)

    def remove(self, standard: str, synonym: str, apart: bool = False) -> None:
        """An entry less."""
        self._sum -= entry_digest(standard, synonym, apart)

    def __str__(self) -> str:
        return f"{self._sum % (1 << _HASH_BITS):0{_HASH_BITS // 4}x}"


@dataclass(frozen=True, slots=True)
class Change:
    """What a new version takes out of the one before it, and what it puts in: lines, and labels of terms."""

    ended: tuple[Entry, ...] = ()
    added: tuple[Entry, ...] = ()
    unlabelled: tuple[Label, ...] = ()
    labelled: tuple[Label, ...] = ()

    def net(self) -> Change:
        """Without what is taken out and put in again as it was."""
        both = Counter(self.ended) & Counter(self.added)
        if not both:
            return self
        return replace(self, ended=_without(self.ended, both), added=_without(self.added, both))

    def __bool__(self) -> bool:
        return bool(self.ended or self.added or self.unlabelled or self.labelled)

    @property
    def label_keys(self) -> set[str]:
        """The keys of the terms whose labels it changes."""
        return {label.key for label in (*self.unlabelled, *self.labelled)}

    @property
    def groups(self) -> set[int]:
        """The synonym groups that it touches."""
        return {entry.group for entry in (*self.ended, *self.added) if not entry.apart}

    @property
    def keys(self) -> set[str]:
        """The keys of all terms in synonym pairs that it touches."""
        return {
            term_key(term)
            for entry in (*self.ended, *self.added)
            if not entry.apart
            for term in (entry.standard, entry.synonym)
        }


def _without(entries: Iterable[Entry], counts: Counter[Entry]) -> tuple[Entry, ...]:
    left = counts.copy()
    kept = []
    for entry in entries:
        if left[entry] > 0:
            left[entry] -= 1
        else:
            kept.append(entry)
    return tuple(kept)


def oddities(term: str) -> tuple[str, ...]:
    """What is odd about the form of a term: "long", "control"."""
    long, control = len(term) > LONG_TERM, _CONTROL.search(term)
    if not long and not control:
        return ()
    return (*(["long"] if long else []), *(["control"] if control else []))


def as_row(entry: Entry) -> Row:
    """An entry with its keys, as it is stored."""
    return (
        entry.group,
        entry.position,
        entry.standard,
        entry.synonym,
        term_key(entry.standard),
        term_key(entry.synonym),
        entry.row,
        entry.apart,
        bool(oddities(entry.standard) or oddities(entry.synonym)),
    )


def insert_rows(connection: Writer, dictionary: int, born: int, rows: Iterable[Row]) -> None:
    """Store entries that live from version ``born`` on."""
    connection.executemany(_INSERT, ((dictionary, born, *row) for row in rows))


def write_change(connection: Writer, dictionary: int, version: int, change: Change) -> None:
    """Carry out ``change`` as version ``version``."""
    connection.executemany(
        _END, ((version, dictionary, entry.group, entry.position) for entry in change.ended)
    )
    insert_rows(connection, dictionary, version, map(as_row, change.added))
    if change.unlabelled or change.labelled:  # the table is younger than the first conversions of entries
        write_labels(connection, dictionary, version, change.unlabelled, change.labelled)


class Snapshot:
    """One version of one dictionary, for reading. It reads the same whatever is written later."""

    def __init__(self, connection: sqlite3.Connection, dictionary: int, version: int) -> None:
        self.connection = connection
        self.dictionary = dictionary
        self.version = version
        self.labels = LabelReader(connection, dictionary, version)

    def where(self, alias: str = "entries") -> str:
        """The condition for synonym pairs of this version. Made of numbers only."""
        # The plus keeps SQLite from reading all groups by their number where a better index is at hand.
        return f"{self._alive(alias)} AND +{alias}.grp > 0"

    def pairs(self) -> list[Pair]:
        """Every synonym pair, groups together, in order."""
        return [
            Pair(*row)
            for row in self.connection.execute(
                f"SELECT standard, synonym, row FROM entries WHERE {self.where()} ORDER BY grp, position"
            )
        ]

    def stream(self) -> Iterator[Entry]:
        """Every synonym pair with its place, one by one, in order."""
        for row in self.connection.execute(f"{_READ} WHERE {self.where()} ORDER BY grp, position"):
            yield _entry(row)

    def entries(self, groups: Collection[int]) -> dict[int, list[Entry]]:
        """The entries of some groups, each in order. Groups that are not there are left out."""
        found: dict[int, list[Entry]] = {}
        for row in self.connection.execute(
            f"{_READ_THOSE} WHERE {self.where()} ORDER BY grp, position", (json.dumps(sorted(groups)),)
        ):
            found.setdefault(row[0], []).append(_entry(row))
        return found

    def with_standard(self, keys: Collection[str]) -> dict[str, set[int]]:
        """Of those keys that are standard terms: the groups they are the standard term of."""
        return self._holders("standard_key", "entries_standard", keys)

    def with_synonym(self, keys: Collection[str]) -> dict[str, set[int]]:
        """Of those keys that are synonyms: the groups they are a synonym in."""
        return self._holders("synonym_key", "entries_synonym", keys)

    def holding(self, keys: Collection[str]) -> set[int]:
        """The groups that hold one of those keys, as standard term or as synonym."""
        found = (self.with_standard(keys), self.with_synonym(keys))
        return {group for each in found for groups in each.values() for group in groups}

    def counts_of(self, keys: Collection[str]) -> tuple[int, int]:
        """How many of those keys are standard terms, and how many are terms at all."""
        standards = set(self.with_standard(keys))
        return len(standards), len(standards | set(self.with_synonym(keys)))

    def texts(self, keys: Collection[str]) -> dict[str, str]:
        """How those of the keys that are synonyms are written."""
        rows = self.connection.execute(
            f"SELECT synonym_key, synonym FROM json_each(?) wanted CROSS JOIN entries "
            f"INDEXED BY entries_synonym ON synonym_key = wanted.value WHERE {self.where()}",
            (json.dumps(list(keys), ensure_ascii=False),),
        )
        return dict(rows.fetchall())

    def apart(self) -> list[Entry]:
        """The pairs that are marked as not synonyms, oldest first."""
        return [
            _entry(row)
            for row in self.connection.execute(f"{_READ} WHERE {self._alive()} AND grp = 0 ORDER BY position")
        ]

    def apart_keys(self) -> set[frozenset[str]]:
        """The same as sets of two keys: the order of two terms does not count."""
        return {frozenset((term_key(entry.standard), term_key(entry.synonym))) for entry in self.apart()}

    def next_group(self) -> int:
        """A group number that no version has used."""
        row = self.connection.execute(
            "SELECT max(grp) FROM entries WHERE dictionary = ?", (self.dictionary,)
        ).fetchone()
        return int(row[0] or 0) + 1

    def next_position(self, group: int) -> int:
        """A position at the end of a group that no version has used."""
        row = self.connection.execute(
            "SELECT max(position) FROM entries WHERE dictionary = ? AND grp = ?", (self.dictionary, group)
        ).fetchone()
        return 0 if row[0] is None else int(row[0]) + 1

    def _alive(self, alias: str = "entries") -> str:
        return (
            f"{alias}.dictionary = {self.dictionary:d} AND {alias}.born <= {self.version:d} "
            f"AND ({alias}.died IS NULL OR {alias}.died > {self.version:d})"
        )

    def _holders(self, column: str, index: str, keys: Collection[str]) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for key, group in self.connection.execute(
            f"SELECT {column}, grp FROM json_each(?) wanted CROSS JOIN entries INDEXED BY {index} "
            f"ON {column} = wanted.value WHERE {self.where()}",
            (json.dumps(list(keys), ensure_ascii=False),),
        ):
            found.setdefault(key, set()).add(group)
        return found


def _entry(row: tuple[int, int, str, str, int, int]) -> Entry:
    return Entry(row[0], row[1], row[2], row[3], row[4], bool(row[5]))
