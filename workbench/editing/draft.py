"""A working copy of the groups that an edit touches, from which the change of the dictionary follows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from workbench.editing import texts as say
from workbench.errors import InputError, NotFound
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.storage.entries import Change, Snapshot
from workbench.types import Entry

_NOTES = 20  # in detail; beyond that they are counted


class Draft:
    """Groups read from a version as they are needed, changed here, and compared with what they were.

    ``quiet`` is for whole files: what cannot go in is left out and counted instead of refused.
    """

    def __init__(self, view: Snapshot, *, quiet: bool = False) -> None:
        self.view = view
        self.quiet = quiet
        self.notes: list[LocalText] = []
        self._before: dict[int, list[Entry]] = {}
        self._now: dict[int, list[Entry]] = {}
        self._by_standard: dict[str, int | None] = {}
        self._fresh: set[int] = set()
        self._next_group = 0
        self._marks_added: list[Entry] = []
        self._marks_ended: list[Entry] = []
        self._apart: set[frozenset[str]] | None = None
        self._added_keys: dict[str, tuple[int, str]] = {}
        self._keys: dict[int, set[str]] = {}
        self._ends: dict[int, int] = {}
        self._counts = {"known": 0, "apart": 0, "self": 0}

    # -- reading ----------------------------------------------------------------------------------

    def load(self, numbers: Collection[int]) -> None:
        """Read groups at once that will be needed."""
        missing = [number for number in numbers if number not in self._now]
        found = self.view.entries(missing) if missing else {}
        for number in missing:
            self._before[number] = found.get(number, [])
            self._now[number] = list(self._before[number])

    def group(self, number: int) -> list[Entry]:
        """The entries of a group as they are in the draft.

        Raises:
            NotFound: it is not there.
        """
        self.load([number])
        if not self._now[number]:
            raise NotFound(say.NO_GROUP, say.LOAD_AGAIN, number=number)
        return self._now[number]

    def left_of(self, number: int) -> list[Entry]:
        """The entries of a group as they are in the draft; none where it is gone."""
        self.load([number])
        return self._now[number]

    def standard(self, number: int) -> str:
        """A group's standard term."""
        return self.group(number)[0].standard

    def know_standards(self, keys: Collection[str]) -> None:
        """Look up at once which of the keys are standard terms, and read their groups."""
        found = self.view.with_standard([key for key in keys if key not in self._by_standard])
        for key in keys:
            if key not in self._by_standard:
                self._by_standard[key] = min(found[key]) if key in found else None
        self.load([number for key in keys if (number := self._by_standard[key]) is not None])

    def with_standard(self, key: str) -> int | None:
        """The group whose standard term has this key, in the draft."""
        self.know_standards([key])
        number = self._by_standard[key]
        if number is None or not self._now[number]:
            return None
        return number if term_key(self._now[number][0].standard) == key else None

    def find(self, number: int, term: str) -> list[Entry]:
        """The entries of a group whose synonym is ``term``: as written, or else by its key.

        Raises:
            NotFound: there is none.
        """
        return self.find_all(number, [term])

    def find_all(self, number: int, terms: Iterable[str]) -> list[Entry]:
        """The entries of :meth:`find` for each of the terms, none twice. Reads the group once.

        Raises:
            NotFound: there is none for one of them.
        """
        rows = self.group(number)
        written: dict[str, list[Entry]] = {}
        by_key: dict[str, list[Entry]] = {}
        for entry in rows:
            written.setdefault(entry.synonym, []).append(entry)
            by_key.setdefault(term_key(entry.synonym), []).append(entry)
        found: dict[Entry, None] = {}
        for term in terms:
            entries = written.get(term) or by_key.get(term_key(term))
            if not entries:
                raise NotFound(
                    say.NO_TERM, say.LOAD_AGAIN, standard=say.short(rows[0].standard), term=say.short(term)
                )
            found.update(dict.fromkeys(entries))
        return list(found)

    def is_apart(self, first: str, second: str) -> bool:
        """Whether two terms are marked as not synonyms, in the draft."""
        if self._apart is None:
            self._apart = self.view.apart_keys()
        return frozenset((term_key(first), term_key(second))) in self._apart

    # -- changing ---------------------------------------------------------------------------------

    def new_group(self, standard: str) -> int:
        """The id of a group that is made; it is there once it has a synonym."""
        self._next_group = (self._next_group or self.view.next_group() - 1) + 1
        number = self._next_group
        self._before[number], self._now[number] = [], []
        key = term_key(standard)
        self.know_standards([key])
        self._by_standard[key] = number
        self._fresh.add(number)
        return number

    def add(self, number: int, standard: str, synonym: str, row: int = 0) -> bool:
        """Put a synonym at the end of a group. False where it is there already or may not be."""
        key = term_key(synonym)
        if key == term_key(standard):
            return self._left_out(
                "self", InputError(say.SELF_PAIR, say.TAKE_ANOTHER, term=say.short(synonym))
            )
        held = self._keys_of(number)
        if key in held:
            self._counts["known"] += 1
            if not self.quiet:
                self.note(say.KNOWN, term=say.short(synonym), standard=say.short(standard))
            return False
        if self.is_apart(standard, synonym):
            return self._left_out("apart", self._apart_error(standard, synonym))
        place = self._ends[number] = self._end_of(number) + 1
        self._now[number].append(Entry(number, place, standard, synonym, row))
        held.add(key)
        self._added_keys.setdefault(key, (number, synonym))
        return True

    def put(self, number: int, entries: Iterable[Entry]) -> None:
        """Replace a group's entries. Refused where a pair of them is new and marked apart."""
        kept = {(entry.standard, entry.synonym) for entry in self._before[number]}
        rows = list(entries)
        for entry in rows:
            if (entry.standard, entry.synonym) not in kept:
                if self.is_apart(entry.standard, entry.synonym):
                    raise self._apart_error(entry.standard, entry.synonym)
                self._added_keys.setdefault(term_key(entry.synonym), (number, entry.synonym))
        self._set(number, rows)

    def take(self, number: int, entries: Iterable[Entry]) -> None:
        """Take entries out of a group."""
        out = set(entries)
        self._set(number, [entry for entry in self.group(number) if entry not in out])

    def remove(self, number: int) -> None:
        """Take out a whole group."""
        self.group(number)
        self._set(number, [])

    def mark(self, first: str, second: str) -> None:
        """Store that two terms are not synonyms."""
        place = self.view.next_position(0) + len(self._marks_added)
        self._marks_added.append(Entry(0, place, first, second, 0, True))
        if self._apart is not None:
            self._apart.add(frozenset((term_key(first), term_key(second))))

    def unmark(self, first: str, second: str) -> None:
        """Take that mark away, in whichever order it was made."""
        wanted = {term_key(first), term_key(second)}
        for entry in self.view.apart():
            if {term_key(entry.standard), term_key(entry.synonym)} == wanted:
                self._marks_ended.append(entry)

    def note(self, text: LocalText, **values: object) -> None:
        """Something that the expert should know."""
        self.notes.append(text.format(**values))

    # -- what came of it ----------------------------------------------------------------------------

    def change(self) -> Change:
        """What has to be stored, where anything has."""
        ended, added = list(self._marks_ended), list(self._marks_added)
        for number, before in self._before.items():
            now = self._now[number]
            if now != before:
                old, new = set(before), set(now)
                ended += [entry for entry in before if entry not in new]
                added += [entry for entry in now if entry not in old]
        return Change(tuple(ended), tuple(added)).net()

    def gone(self) -> tuple[int, ...]:
        """The groups that were there and are no longer."""
        return tuple(sorted(n for n, before in self._before.items() if before and not self._now[n]))

    def added_pairs(self) -> tuple[int, int]:
        """How many pairs came in, and how many new groups."""
        pairs = sum(not entry.apart for entry in self.change().added)
        return pairs, sum(bool(self._now[number]) for number in self._fresh)

    def finish(self) -> None:
        """Note what was left out, and which of the new terms mean something else as well."""
        for name, text in (("known", say.KNOWN_COUNT), ("apart", say.APART_COUNT), ("self", say.SELF_COUNT)):
            if self.quiet and self._counts[name]:
                self.note(text, count=self._counts[name])
        shared = list(self._shared())
        for text in shared[:_NOTES]:
            self.notes.append(text)
        if len(shared) > _NOTES:
            self.note(say.MORE_SHARED, count=len(shared) - _NOTES)

    def _shared(self) -> Iterable[LocalText]:
        synonyms = self.view.with_synonym(self._added_keys)
        standards = self.view.with_standard(self._added_keys)
        self.load({number for found in (synonyms, standards) for each in found.values() for number in each})
        for key, (number, term) in self._added_keys.items():
            if key not in self._keys_of(number):
                continue
            for other in sorted(synonyms.get(key, set()) - {number}):
                if key in self._keys_of(other):
                    standard = self._now[other][0].standard
                    yield say.ALSO_SYNONYM.format(term=say.short(term), standard=say.short(standard))
            for other in sorted(standards.get(key, set()) - {number}):
                if self._now[other] and term_key(self._now[other][0].standard) == key:
                    yield say.ALSO_STANDARD.format(term=say.short(term))

    def _set(self, number: int, rows: list[Entry]) -> None:
        self._now[number] = rows
        self._keys.pop(number, None)

    def _keys_of(self, number: int) -> set[str]:
        if number not in self._keys:
            self._keys[number] = {term_key(entry.synonym) for entry in self._now[number]}
        return self._keys[number]

    def _end_of(self, number: int) -> int:
        if number not in self._ends:
            self._ends[number] = -1 if number in self._fresh else self.view.next_position(number) - 1
        return self._ends[number]

    def _left_out(self, reason: str, error: InputError) -> bool:
        if not self.quiet:
            raise error
        self._counts[reason] += 1
        return False

    def _apart_error(self, first: str, second: str) -> InputError:
        return InputError(say.APART, say.UNMARK_FIRST, first=say.short(first), second=say.short(second))


def renamed(entries: Iterable[Entry], standard: str) -> list[Entry]:
    """The same entries under another standard term."""
    return [replace(entry, standard=standard, row=0) for entry in entries]
