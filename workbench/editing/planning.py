"""From an edit and the dictionary as it is to what has to be stored: checked, named, with notes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workbench.editing import edits
from workbench.editing import texts as say
from workbench.editing.draft import Draft, renamed
from workbench.editing.labelling import Wishes, checked_label, with_labels
from workbench.errors import BadParameter, InputError, NotFound
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.settings import who_can_change
from workbench.storage.entries import Change, Snapshot
from workbench.types import Entry

_SPACES = re.compile("[\t\n\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029]+")
# Controls, halves of characters, and marks without a width that come along with copied text; joiners stay.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an edit comes to. Nothing is stored yet; ``change`` is empty where nothing would be."""

    change: Change
    title: LocalText
    notes: tuple[LocalText, ...]
    gone: tuple[int, ...]  # ids of groups that would be there no longer


def plan(edit: edits.Edit, view: Snapshot, *, max_term_length: int) -> Plan:
    """Check ``edit`` against a version and work out the change.

    Raises:
        InputError, BadParameter, NotFound: it cannot be done; the sentence says why and what to do.
    """
    planner = _Planner(view, max_term_length, quiet=isinstance(edit, edits.MergePairs | edits.Paste))
    title = planner.carry_out(edit)
    draft = planner.draft
    draft.finish()
    change = with_labels(draft.change(), planner.wishes, view)
    return Plan(change, title, tuple(draft.notes), draft.gone())


class _Planner:
    def __init__(self, view: Snapshot, max_term_length: int, *, quiet: bool) -> None:
        self.draft = Draft(view, quiet=quiet)
        self.wishes = Wishes()
        self._limit = max_term_length

    def carry_out(self, edit: edits.Edit) -> LocalText:
        """Change the draft as ``edit`` says; the title of the step."""
        methods: dict[type[edits.Edit], Callable[[Any], LocalText]] = {
            edits.AddGroup: self.add_group,
            edits.AddSynonyms: self.add_synonyms,
            edits.RenameTerm: self.rename,
            edits.DeleteTerms: self.delete_terms,
            edits.DeleteGroups: self.delete_groups,
            edits.MoveTerms: self.move,
            edits.SplitGroup: self.split,
            edits.MergeGroups: self.merge,
            edits.MakeStandard: self.make_standard,
            edits.MarkApart: self.mark_apart,
            edits.MarkPairsApart: self.mark_pairs_apart,
            edits.UnmarkApart: self.unmark_apart,
            edits.MergePairs: self.merge_pairs,
            edits.SetLabel: self.set_label,
            edits.Paste: self.paste,
            edits.Several: self.several,
        }
        return methods[type(edit)](edit)

    # -- one method a kind of edit: changes the draft, returns the title ------------------------------

    def add_group(self, edit: edits.AddGroup) -> LocalText:
        standard, synonyms = self._term(edit.standard), self._terms(edit.synonyms)
        if not synonyms:
            raise InputError(say.NO_SYNONYMS, say.TYPE_ONE)
        number = self.draft.with_standard(term_key(standard))
        if number is None:
            number = self.draft.new_group(standard)
        else:
            standard = self.draft.standard(number)
            self.draft.note(say.ADDED_TO_EXISTING, standard=say.short(standard))
        for synonym in synonyms:
            self.draft.add(number, standard, synonym)
        return say.ADD_GROUP.format(standard=say.short(standard), terms=say.listed(synonyms))

    def add_synonyms(self, edit: edits.AddSynonyms) -> LocalText:
        standard, synonyms = self.draft.standard(edit.group), self._terms(edit.synonyms)
        if not synonyms:
            raise InputError(say.NOTHING_CHOSEN, say.TYPE_ONE)
        added = [synonym for synonym in synonyms if self.draft.add(edit.group, standard, synonym)]
        return say.ADD_SYNONYMS.format(standard=say.short(standard), terms=say.listed(added))

    def rename(self, edit: edits.RenameTerm) -> LocalText:
        rows = self.draft.group(edit.group)
        new = self._term(edit.new)
        title = say.RENAME.format(old=say.short(edit.old), new=say.short(new))
        synonyms = {term_key(entry.synonym) for entry in rows}
        standard = rows[0].standard
        if term_key(edit.old) == term_key(standard):
            if term_key(new) in synonyms:
                raise InputError(
                    say.IN_GROUP, say.DELETE_OR_PROMOTE, standard=say.short(standard), term=say.short(new)
                )
            self._free_standard(new, edit.group)
            self.draft.put(edit.group, renamed(rows, new) if new != standard else rows)
            return title
        out = self.draft.find(edit.group, edit.old)
        if term_key(new) == term_key(standard):
            raise InputError(say.SELF_PAIR, say.TAKE_ANOTHER, term=say.short(new))
        if term_key(new) in synonyms - {term_key(out[0].synonym)}:
            raise InputError(
                say.IN_GROUP, say.DELETE_OR_PROMOTE, standard=say.short(standard), term=say.short(new)
            )
        if new != out[0].synonym:
            changed = [replace(entry, synonym=new, row=0) if entry == out[0] else entry for entry in rows]
            self.draft.put(edit.group, changed)
        return title

    def delete_terms(self, edit: edits.DeleteTerms) -> LocalText:
        standard = self.draft.standard(edit.group)
        if not edit.terms:
            raise InputError(say.NOTHING_CHOSEN, say.CHOOSE)
        if term_key(standard) in map(term_key, edit.terms):
            self.draft.note(say.WITH_STANDARD, standard=say.short(standard))
            self.draft.remove(edit.group)
            return say.DELETE_GROUP.format(terms=say.listed([standard]))
        self._take_out(edit.group, self._found(edit.group, edit.terms))
        return say.DELETE_TERMS.format(standard=say.short(standard), terms=say.listed(edit.terms))

    def delete_groups(self, edit: edits.DeleteGroups) -> LocalText:
        numbers = tuple(dict.fromkeys(edit.groups))
        if not numbers:
            raise InputError(say.NO_GROUPS_CHOSEN, say.CHOOSE)
        self.draft.load(numbers)
        names = [self.draft.standard(number) for number in numbers]
        for number in numbers:
            self.draft.remove(number)
        title = say.DELETE_GROUP if len(names) == 1 else say.DELETE_GROUPS
        return title.format(terms=say.listed(names))

    def move(self, edit: edits.MoveTerms) -> LocalText:
        if edit.group == edit.to:
            raise BadParameter(say.SAME_GROUP, say.CHOOSE)
        standard, target = self.draft.standard(edit.group), self.draft.standard(edit.to)
        out = self._synonyms_only(edit.group, edit.terms)
        if len(out) == len(self.draft.group(edit.group)):
            raise InputError(say.LAST_ONES, say.LEAVE_ONE, standard=say.short(standard))
        self.draft.take(edit.group, out)
        for entry in out:
            if term_key(entry.synonym) == term_key(target):
                self.draft.note(say.ALSO_STANDARD, term=say.short(entry.synonym))
            else:
                self.draft.add(edit.to, target, entry.synonym, entry.row)
        return say.MOVE.format(
            terms=say.listed([entry.synonym for entry in out]),
            standard=say.short(standard),
            to=say.short(target),
        )

    def split(self, edit: edits.SplitGroup) -> LocalText:
        standard = self.draft.standard(edit.group)
        out = self._synonyms_only(edit.group, edit.terms)
        if len(out) < 2:
            raise InputError(say.SPLIT_TWO, say.CHOOSE)
        if len(out) == len(self.draft.group(edit.group)):
            raise InputError(say.LAST_ONES, say.LEAVE_ONE, standard=say.short(standard))
        chosen = [entry for entry in out if term_key(entry.synonym) == term_key(edit.standard)]
        if not chosen:
            raise InputError(say.SPLIT_STANDARD, say.CHOOSE)
        new = chosen[0].synonym
        self._free_standard(new, None)
        self.draft.take(edit.group, out)
        number = self.draft.new_group(new)
        for entry in out:
            if entry not in chosen:
                self.draft.add(number, new, entry.synonym, entry.row)
        return say.SPLIT.format(
            standard=say.short(standard), terms=say.listed([entry.synonym for entry in out])
        )

    def merge(self, edit: edits.MergeGroups) -> LocalText:
        others = [number for number in dict.fromkeys(edit.groups) if number != edit.into]
        if not others:
            raise InputError(say.NO_GROUPS_CHOSEN, say.CHOOSE)
        self.draft.load([*others, edit.into])
        into = self.draft.standard(edit.into)
        names = []
        for number in others:
            rows = list(self.draft.group(number))
            names.append(rows[0].standard)
            self.draft.remove(number)
            for term, row in [(rows[0].standard, 0), *((entry.synonym, entry.row) for entry in rows)]:
                if term_key(term) != term_key(into):
                    self.draft.add(edit.into, into, term, row)
        return say.MERGE.format(terms=say.listed(names), into=say.short(into))

    def make_standard(self, edit: edits.MakeStandard) -> LocalText:
        old = self.draft.standard(edit.group)
        if term_key(edit.term) == term_key(old):
            return say.MAKE_STANDARD.format(term=say.short(old), old=say.short(old))
        chosen = self.draft.find(edit.group, edit.term)[0]
        self._free_standard(chosen.synonym, edit.group)
        rows = [
            replace(entry, synonym=old) if entry == chosen else entry
            for entry in self.draft.group(edit.group)
        ]
        self.draft.put(edit.group, renamed(rows, chosen.synonym))
        return say.MAKE_STANDARD.format(term=say.short(chosen.synonym), old=say.short(old))

    def mark_apart(self, edit: edits.MarkApart) -> LocalText:
        first, second = self._term(edit.first), self._term(edit.second)
        self._mark(first, second)
        return say.MARK_APART.format(first=say.short(first), second=say.short(second))

    def mark_pairs_apart(self, edit: edits.MarkPairsApart) -> LocalText:
        if not edit.pairs:
            raise InputError(say.NOTHING_CHOSEN, say.CHOOSE)
        for pair in edit.pairs:
            self._mark(self._term(pair.standard), self._term(pair.synonym))
        return say.MARK_PAIRS_APART.format(count=len(edit.pairs))

    def unmark_apart(self, edit: edits.UnmarkApart) -> LocalText:
        values = {"first": say.short(edit.first), "second": say.short(edit.second)}
        if not self.draft.is_apart(edit.first, edit.second):
            raise NotFound(say.NOT_MARKED, say.LOAD_AGAIN, **values)
        self.draft.unmark(edit.first, edit.second)
        return say.UNMARK_APART.format(**values)

    def merge_pairs(self, edit: edits.MergePairs) -> LocalText:
        pairs = [(self._term(pair.standard), self._term(pair.synonym), pair.row) for pair in edit.pairs]
        self._add_pairs(pairs)
        self.wishes.file = (edit.pairs, edit.labels)
        return say.MERGE_PAIRS.format(count=self.draft.added_pairs()[0])

    def set_label(self, edit: edits.SetLabel) -> LocalText:
        column, value = checked_label(edit.column, empty=False), checked_label(edit.value, empty=True)
        rows = self._found(edit.group, edit.terms) if edit.terms else self.draft.group(edit.group)
        self.wishes.set(column, (term_key(entry.synonym) for entry in rows), value)
        named = [entry.synonym for entry in rows] if edit.terms else [self.draft.standard(edit.group)]
        title = say.SET_LABEL if value else say.CLEAR_LABEL
        return title.format(terms=say.listed(named), column=say.short(column), value=say.short(value))

    def paste(self, edit: edits.Paste) -> LocalText:
        rows = [(number, row) for number, row in enumerate(edit.rows, 1) if any(c.strip() for c in row)]
        if not rows:
            raise InputError(say.PASTE_NOTHING, say.PASTE_SHAPE)
        width = max(len(row) for _, row in rows)
        if width == 1 and edit.group is None:
            raise InputError(say.PASTE_NOTHING, say.PASTE_SHAPE)
        pairs = []
        for number, row in rows:
            if width == 1 and edit.group is not None:
                standard, cells = self.draft.standard(edit.group), [(1, row[0])]
            else:
                if not row[0].strip():
                    raise _at(number, 1, InputError(say.PASTE_STANDARD, say.PASTE_SHAPE))
                standard, cells = self._cell(row[0], number, 1), list(enumerate(row[1:], 2))
            pairs += [(standard, self._cell(cell, number, c), 0) for c, cell in cells if cell.strip()]
        if not pairs:
            raise InputError(say.PASTE_NOTHING, say.PASTE_SHAPE)
        self._add_pairs(pairs)
        return say.PASTE.format(count=self.draft.added_pairs()[0])

    def several(self, edit: edits.Several) -> LocalText:
        if not edit.edits:
            raise InputError(say.NOTHING_CHOSEN, say.CHOOSE)
        terms: dict[str, None] = {}
        targets: set[int] = set()
        for each in edit.edits:
            if not isinstance(each, edits.PARTS):
                raise BadParameter(say.ONLY_CHOSEN, say.CHOOSE)
            terms.update(dict.fromkeys(self._concerned(each)))
            self.carry_out(each)
            targets |= {each.to} if isinstance(each, edits.MoveTerms) else set()
            targets |= {each.into} if isinstance(each, edits.MergeGroups) else set()
        if all(isinstance(each, edits.SetLabel) for each in edit.edits):
            return say.SET_LABEL_SEVERAL.format(terms=say.listed(list(terms)))
        if not targets:
            return say.DELETE_SEVERAL.format(terms=say.listed(list(terms)))
        names = say.listed([self.draft.standard(number) for number in sorted(targets)])
        return say.MOVE_SEVERAL.format(terms=say.listed(list(terms)), to=names)

    # -- what they share ------------------------------------------------------------------------------

    def _add_pairs(self, pairs: Sequence[tuple[str, str, int]]) -> None:
        keys = [term_key(standard) for standard, _, _ in pairs]
        self.draft.know_standards(list(dict.fromkeys(keys)))
        made: dict[str, tuple[int, str]] = {}
        for key, (standard, synonym, row) in zip(keys, pairs, strict=True):
            if key not in made:
                number = self.draft.with_standard(key)
                if number is None:
                    made[key] = (self.draft.new_group(standard), standard)
                else:
                    made[key] = (number, self.draft.standard(number))
            self.draft.add(*made[key], synonym, row)

    def _term(self, text: str) -> str:
        """A term to be stored: white space tidied, invisible characters removed, length checked."""
        spaced = _SPACES.sub(" ", text).strip()
        term = _INVISIBLE.sub("", spaced).strip()
        if not term_key(term):
            raise InputError(say.EMPTY, say.TYPE_ONE)
        if len(term) > self._limit:
            hint = say.SHORTEN.then(who_can_change("max_term_length"))
            raise InputError(say.TOO_LONG, hint, term=say.short(term), length=len(term), limit=self._limit)
        if term != spaced:
            self.draft.note(say.CONTROLS, term=say.short(term))
        return term

    def _terms(self, texts: Iterable[str]) -> list[str]:
        return [self._term(text) for text in texts]

    def _cell(self, text: str, row: int, column: int) -> str:
        try:
            return self._term(text)
        except InputError as error:
            raise _at(row, column, error) from error

    def _concerned(self, edit: edits.Edit) -> list[str]:
        """The terms that a part of several edits is about: synonyms, or the standard terms of groups."""
        if isinstance(edit, edits.DeleteTerms | edits.MoveTerms):
            return list(edit.terms)
        if isinstance(edit, edits.SetLabel) and edit.terms:
            return list(edit.terms)
        into = edit.into if isinstance(edit, edits.MergeGroups) else None
        return [self.draft.standard(number) for number in sorted(edit.named_groups() - {into})]

    def _found(self, group: int, terms: Iterable[str]) -> list[Entry]:
        return self.draft.find_all(group, terms)

    def _synonyms_only(self, group: int, terms: Sequence[str]) -> list[Entry]:
        standard = self.draft.standard(group)
        if not terms:
            raise InputError(say.NOTHING_CHOSEN, say.CHOOSE)
        if term_key(standard) in map(term_key, terms):
            raise InputError(say.IS_STANDARD, say.MERGE_INSTEAD, term=say.short(standard))
        return self._found(group, terms)

    def _mark(self, first: str, second: str) -> None:
        one, other = term_key(first), term_key(second)
        if one == other:
            raise InputError(say.SAME_TERM, say.TAKE_ANOTHER)
        if self.draft.is_apart(first, second):
            self.draft.note(say.ALREADY_APART)
            return
        self.draft.mark(first, second)
        for number in sorted(self.draft.view.holding([one]) & self.draft.view.holding([other])):
            rows = self.draft.left_of(number)
            out = [
                entry for entry in rows if {term_key(entry.standard), term_key(entry.synonym)} == {one, other}
            ]
            if out:
                self._take_out(number, out)
            elif rows and term_key(rows[0].standard) not in (one, other):
                self.draft.note(say.STILL_TOGETHER, standard=say.short(rows[0].standard))

    def _take_out(self, group: int, entries: Sequence[Entry]) -> None:
        standard = self.draft.standard(group)
        if len(entries) == len(self.draft.group(group)):
            self.draft.note(say.GROUP_GONE, standard=say.short(standard))
        self.draft.take(group, entries)

    def _free_standard(self, term: str, group: int | None) -> None:
        holder = self.draft.with_standard(term_key(term))
        if holder is not None and holder != group:
            raise InputError(say.STANDARD_TAKEN, say.MERGE_INSTEAD, term=say.short(term))


def _at(row: int, column: int, error: InputError) -> InputError:
    return InputError(say.PASTE_CELL, error.hint, row=row, column=column, problem=error.message)
