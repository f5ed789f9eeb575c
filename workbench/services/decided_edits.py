"""What a yes, a no, or taking it back means for a dictionary: the edits that follow from a decision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from workbench.editing.edits import (
    AddGroup,
    DeleteTerms,
    Edit,
    MarkApart,
    MarkPairsApart,
    MergeGroups,
    MergePairs,
    SplitGroup,
    UnmarkApart,
)
from workbench.normalise import term_key
from workbench.storage.entries import Snapshot
from workbench.storage.history import HistoryStore
from workbench.types import Entry, Pair, Suggestion
from workbench.workspace import Workspace


class DecidedEdits:
    """Edits of proposed synonyms (kind "synonym" alone); nothing is changed here."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._history = HistoryStore(workspace.database)

    def of_yes(self, name: str, group: list[Suggestion]) -> list[Edit]:
        """One edit for all synonyms, one for all marks ("these are not alike"), one for each merged group."""
        merges, rest = self._merges(name, self._at_home(name, group))
        return [*_edits_of_yes(rest), *merges]

    def of_no(self, group: Sequence[Suggestion]) -> list[Edit]:
        """A proposed synonym is marked as none; that two terms are *not* alike is merely not believed."""
        return _marks([each for each in group if each.label >= 0.5])

    def taken_back(self, name: str, group: list[Suggestion]) -> list[Edit]:
        """What takes decisions back one by one; what held before a decision was not its doing, and stays."""
        info = self._workspace.dictionaries.get(name)
        now = self._history.snapshot(info)
        marked = now.apart_keys()
        keys = {term_key(each.first) for each in group}
        homes = {**now.with_synonym(keys), **now.with_standard(keys)}  # the standard term goes before
        rows = now.entries(set[int]().union(*homes.values()))
        edits: list[Edit] = []
        terms: dict[int, list[str]] = defaultdict(list)
        for moment, decided in _by_moment(group).items():  # what was decided at once has one moment
            past = self._history.before(info, moment)
            wanted = (homes.get(term_key(each.first), set()) for each in decided)
            past_marks, past_rows = past.apart_keys(), past.entries(set[int]().union(*wanted))
            own_groups = past.with_standard({term_key(each.second) for each in decided})
            own_rows = past.entries(set[int]().union(*own_groups.values()))
            for each in decided:
                pair = frozenset((term_key(each.first), term_key(each.second)))
                if (each.state == "accepted") != (each.label >= 0.5):  # it had put a mark
                    if pair in marked and pair not in past_marks:
                        edits.append(UnmarkApart(each.first, each.second))
                        edits += [AddGroup(e.standard, (e.synonym,)) for e in _pairs_in(past, pair)]
                elif each.state == "accepted":
                    for number in homes.get(term_key(each.first), ()):
                        merged = own_groups.get(term_key(each.second), set()) - {number}
                        if merged and not merged & set(now.entries(merged)):
                            own = [entry.synonym for group_id in merged for entry in own_rows[group_id]]
                            edits += _split(rows[number], past_rows.get(number, []), each.second, own)
                            continue
                        known = _holding(past_rows.get(number, []), each.second)
                        terms[number] += [] if known else _holding(rows[number], each.second)
        return edits + [DeleteTerms(id, tuple(found)) for id, found in terms.items() if found]

    def _at_home(self, name: str, group: list[Suggestion]) -> list[Suggestion]:
        """With the standard terms of now: a term may have become a synonym since it was asked for."""
        now = self._history.snapshot(self._workspace.dictionaries.get(name))
        keys = {term_key(each.first) for each in group if each.label >= 0.5}
        homes = now.with_synonym(keys - now.with_standard(keys).keys())
        rows = now.entries(set[int]().union(*homes.values()))
        standards = {key: rows[min(each)][0].standard for key, each in homes.items() if len(each) == 1}
        moved = [
            replace(each, first=standards.get(term_key(each.first), each.first))
            if each.label >= 0.5
            else each
            for each in group
        ]
        return [each for each in moved if term_key(each.first) != term_key(each.second)]

    def _merges(self, name: str, group: list[Suggestion]) -> tuple[list[Edit], list[Suggestion]]:
        """Edits that make one group of two whose standard terms are said to be synonyms, and all others."""
        now = self._history.snapshot(self._workspace.dictionaries.get(name))
        alike = [each for each in group if each.label >= 0.5]
        standards = now.with_standard(
            {term_key(term) for each in alike for term in (each.first, each.second)}
        )
        into: dict[int, int] = {}  # a group -> the one that it becomes part of

        def root(number: int) -> int:
            while number in into:
                number = into[number]
            return number

        rest: list[Suggestion] = []
        for each in group:
            first, second = (standards.get(term_key(term), set()) for term in (each.first, each.second))
            if each.label < 0.5 or len(first) != 1 or len(second) != 1:
                rest.append(each)
            elif (target := root(min(first))) != (source := root(min(second))):
                into[source] = target
        merged: dict[int, list[int]] = defaultdict(list)
        for number in into:
            merged[root(number)].append(number)
        return [MergeGroups((number, *others), number) for number, others in merged.items()], rest


def _by_moment(group: Sequence[Suggestion]) -> dict[float, list[Suggestion]]:
    moments: dict[float, list[Suggestion]] = defaultdict(list)
    for each in group:
        moments[each.decided_at or 0.0].append(each)
    return moments


def _holding(rows: Sequence[Entry], term: str) -> list[str]:
    """How a group writes a synonym; nothing where it has not got it."""
    return [entry.synonym for entry in rows if term_key(entry.synonym) == term_key(term)]


def _split(now: Sequence[Entry], before: Sequence[Entry], standard: str, own: Sequence[str]) -> list[Edit]:
    """What gives a group its own terms back that was merged into another, which had ``before`` then."""
    wanted = {term_key(term) for term in (standard, *own)} - {term_key(entry.synonym) for entry in before}
    terms = tuple(entry.synonym for entry in now if term_key(entry.synonym) in wanted)
    if not now or term_key(standard) not in map(term_key, terms) or len(terms) < 2:
        return []
    return [SplitGroup(now[0].group, terms, standard)]


def _pairs_in(past: Snapshot, pair: frozenset[str]) -> list[Entry]:
    """The synonym pairs of two terms (keys) that a version held."""
    groups = set.intersection(*(past.holding([key]) for key in pair))
    entries = [entry for rows in past.entries(groups).values() for entry in rows]
    return [entry for entry in entries if {term_key(entry.standard), term_key(entry.synonym)} == pair]


def _marks(group: Sequence[Suggestion]) -> list[Edit]:
    """One edit for all marks."""
    if len(group) == 1:
        return [MarkApart(group[0].first, group[0].second)]
    return [MarkPairsApart(tuple(Pair(each.first, each.second, 0) for each in group))] if group else []


def _edits_of_yes(group: Sequence[Suggestion]) -> list[Edit]:
    """One edit for all synonyms; a yes to "these are not alike" is a mark."""
    alike = [each for each in group if each.label >= 0.5]
    edits = _marks([each for each in group if each.label < 0.5])
    if len({term_key(each.first) for each in alike}) == 1:
        edits.append(AddGroup(alike[0].first, tuple(each.second for each in alike)))
    elif alike:
        edits.append(MergePairs(tuple(Pair(each.first, each.second, 0) for each in alike)))
    return edits
