"""What an import would do to a dictionary, before anything of it is saved."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from workbench.ingest import check_texts as say
from workbench.ingest.dictionary import DictionaryPreview
from workbench.ingest.problems import ProblemLog
from workbench.ingest.term_index import TermIndex, apart_keys, ordered
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.types import Pair, Problem, SynonymGroup

ImportMode = Literal["new", "merge", "replace"]
SHOWN = 500
_COUNTED = ("added", "merged", "changed", "ignored", "removed", "refused")


@dataclass(frozen=True, slots=True)
class Respelling:
    """A pair that is there already, but spelt otherwise: in case, width or outer form."""

    before: Pair
    after: Pair


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do. Lists hold at most 500, the counts are whole and count pairs.

    Each pair of the file is in exactly one of ``added`` (in groups that are not there yet), ``merged``
    (new synonyms of standard terms that are there), ``changed`` (there already, spelt otherwise; the
    file's spelling is taken in mode "replace" alone), ``ignored`` (there already) and ``refused``
    (marked as not synonyms by the expert). ``removed`` are pairs that only the dictionary has, in mode
    "replace". ``problems`` are those that arise only where file and dictionary come together:
    "ambiguous", "chain", "apart_joined"; the file's own are in its preview. ``pairs_after`` is how many
    pairs the dictionary would have.
    """

    mode: ImportMode
    added: tuple[SynonymGroup, ...]
    merged: tuple[Pair, ...]
    changed: tuple[Respelling, ...]
    ignored: tuple[Pair, ...]
    removed: tuple[Pair, ...]
    refused: tuple[Pair, ...]
    added_groups: int
    added_count: int
    merged_count: int
    changed_count: int
    ignored_count: int
    removed_count: int
    refused_count: int
    pairs_after: int
    problems: tuple[Problem, ...]
    problem_counts: dict[str, int]
    summary: LocalText
    version: int = 0  # of the dictionary that it was compared with; 0 where there was none

    @property
    def changes_nothing(self) -> bool:
        """Whether the dictionary would be the same afterwards, as when a file is imported again."""
        takes_spelling = self.changed_count if self.mode == "replace" else 0
        return not (self.added_count or self.merged_count or self.removed_count or takes_spelling)


def plan_import(
    preview: DictionaryPreview, existing: Sequence[Pair], apart: Sequence[Pair], mode: ImportMode
) -> ImportPlan:
    """What saving ``preview`` would do to a dictionary with the pairs ``existing``.

    ``apart`` are the pairs that the expert marked as not synonyms; they are refused whichever of the
    two is the standard term. In mode "new" there is nothing to compare with, and it costs one look at
    each pair.
    """
    if mode == "new":
        return _all_new(preview)
    planner = _Planner(existing, apart, mode)
    for pair in preview.pairs:
        planner.take(pair)
    if mode == "replace":
        planner.find_removed()
    if apart:
        planner.report_joined(preview.pairs)
    return planner.plan()


def without_apart(pairs: Sequence[Pair], apart: Sequence[Pair]) -> list[Pair]:
    """``pairs`` but for those that are marked as not synonyms."""
    if not apart:
        return list(pairs)
    marked = apart_keys(apart)
    return [pair for pair in pairs if ordered(term_key(pair.standard), term_key(pair.synonym)) not in marked]


def _all_new(preview: DictionaryPreview) -> ImportPlan:
    shown: dict[str, list[str]] = {}
    for pair in preview.pairs:
        group = shown.get(pair.standard)
        if group is not None:
            group.append(pair.synonym)
        elif len(shown) < SHOWN:
            shown[pair.standard] = [pair.synonym]
    counts = Counter(added=len(preview.pairs), added_groups=preview.standards)
    return _plan("new", counts, [SynonymGroup(name, tuple(terms)) for name, terms in shown.items()])


class _Planner:
    """Goes through the pairs of a file; terms that only the file has are numbered behind the others."""

    def __init__(self, existing: Sequence[Pair], apart: Sequence[Pair], mode: ImportMode) -> None:
        self._mode = mode
        self._existing = existing
        self._index = TermIndex(existing)
        self._pair_at: dict[tuple[int, int], int] = {}
        for place, ends in enumerate(self._index.ends):
            self._pair_at.setdefault(ends, place)
        self._new_keys: dict[str, int] = {}
        self._new_raws: dict[str, int] = {}
        self._marked = apart_keys(apart)
        self._apart = {
            (min(ends), max(ends))
            for ends in ((self._number(pair.standard), self._number(pair.synonym)) for pair in apart)
        }
        self._seen: set[tuple[int, int]] = set()
        self._groups: dict[int, tuple[str, list[str]]] = {}
        self._counts: Counter[str] = Counter()
        self._lists: dict[str, list[Any]] = defaultdict(list)
        self._log = ProblemLog()
        self._chained: set[int] = set()
        self._fresh: set[int] = set()  # standard terms of the groups that are added

    def take(self, pair: Pair) -> None:
        one, other = self._number(pair.standard), self._number(pair.synonym)
        if (min(one, other), max(one, other)) in self._apart:
            self._keep("refused", pair)
            return
        if one == other or (one, other) in self._seen:
            self._keep("ignored", pair)
            return
        self._seen.add((one, other))
        place = self._pair_at.get((one, other))
        if place is not None:
            before = self._existing[place]
            same = (before.standard, before.synonym) == (pair.standard, pair.synonym)
            self._keep("ignored" if same else "changed", pair if same else Respelling(before, pair))
            return
        if one in self._index.standards:
            self._keep("merged", pair)
        else:
            self._add_to_group(pair, one)
        if self._mode == "merge":
            self._report_ambiguity(pair, one, other)

    def find_removed(self) -> None:
        for ends, place in self._pair_at.items():
            if ends not in self._seen:
                self._keep("removed", self._existing[place])

    def report_joined(self, pairs: Sequence[Pair]) -> None:
        """Note two terms that are marked as not synonyms, but would be synonyms of one standard term."""
        before = self._existing if self._mode == "merge" else ()
        for first, second, standard, row in _joined(before, pairs, self._marked):
            self._log.add(
                "apart_joined", "warning", say.APART_JOINED, row,
                first=first, second=second, standard=standard,
            )  # fmt: skip

    def plan(self) -> ImportPlan:
        groups = [SynonymGroup(name, tuple(terms)) for name, terms in self._groups.values()]
        return _plan(self._mode, self._counts, groups, self._lists, len(self._pair_at), self._log)

    def _number(self, raw: str) -> int:
        known = self._new_raws.get(raw)
        if known is None:
            known = self._index.number(raw)
        if known is None:
            fresh = len(self._index.raws) + len(self._new_keys)
            known = self._new_raws[raw] = self._new_keys.setdefault(term_key(raw), fresh)
        return known

    def _keep(self, name: str, item: Pair | Respelling) -> None:
        self._counts[name] += 1
        if len(self._lists[name]) < SHOWN:
            self._lists[name].append(item)

    def _add_to_group(self, pair: Pair, one: int) -> None:
        self._counts["added"] += 1
        group = self._groups.get(one)
        if group is not None:
            group[1].append(pair.synonym)
        elif one not in self._fresh:
            self._fresh.add(one)
            self._counts["added_groups"] += 1
            if len(self._groups) < SHOWN:
                self._groups[one] = (pair.standard, [pair.synonym])

    def _report_ambiguity(self, pair: Pair, one: int, other: int) -> None:
        index = self._index
        holders = [number for number in index.standards_of.get(other, ()) if number != one]
        if holders:
            self._log.add(
                "ambiguous", "warning", say.NEW_AMBIGUOUS, pair.row,
                term=pair.synonym, first=index.raws[holders[0]], second=pair.standard,
            )  # fmt: skip
        if other in index.standards:
            self._report_chain(pair, pair.synonym, pair.standard)
        if one not in self._chained and one not in index.standards and one in index.standards_of:
            self._chained.add(one)
            self._report_chain(pair, pair.standard, index.raws[index.standards_of[one][0]])

    def _report_chain(self, pair: Pair, term: str, standard: str) -> None:
        self._log.add("chain", "note", say.NEW_CHAIN, pair.row, term=term, standard=standard)


def _joined(
    before: Sequence[Pair], pairs: Sequence[Pair], marked: set[tuple[str, str]]
) -> Iterable[tuple[str, str, str, int]]:
    """(one term, the other, standard term, row) of marked terms that only ``pairs`` would join."""
    holders: dict[str, dict[str, tuple[Pair, bool]]] = {key: {} for ends in marked for key in ends}
    for new, source in ((False, before), (True, pairs)):
        for pair in source:
            synonym = term_key(pair.synonym)
            if synonym in holders:
                standard = term_key(pair.standard)
                if ordered(standard, synonym) not in marked:
                    holders[synonym].setdefault(standard, (pair, new))
    for one, other in sorted(marked):
        for standard in sorted(holders[one].keys() & holders[other].keys()):
            (first, first_new), (second, second_new) = holders[one][standard], holders[other][standard]
            if first_new or second_new:
                row = first.row if first_new else second.row
                yield first.synonym, second.synonym, first.standard, row


def _plan(
    mode: ImportMode,
    counts: Counter[str],
    groups: Sequence[SynonymGroup],
    lists: Mapping[str, Sequence[Any]] = MappingProxyType({}),
    before: int = 0,
    log: ProblemLog | None = None,
) -> ImportPlan:
    log = log or ProblemLog()
    changes = counts["added"] + counts["merged"] + counts["removed"]
    changes += counts["changed"] if mode == "replace" else 0
    text = say.PLAN[mode] if changes else say.NOTHING_CHANGES
    whole = {f"{name}_count": counts[name] for name in _COUNTED}
    return ImportPlan(
        mode=mode,
        added=tuple(groups),
        merged=tuple(lists.get("merged", ())),
        changed=tuple(lists.get("changed", ())),
        ignored=tuple(lists.get("ignored", ())),
        removed=tuple(lists.get("removed", ())),
        refused=tuple(lists.get("refused", ())),
        added_groups=counts["added_groups"],
        added_count=counts["added"],
        merged_count=counts["merged"],
        changed_count=counts["changed"],
        ignored_count=counts["ignored"],
        removed_count=counts["removed"],
        refused_count=counts["refused"],
        pairs_after=before + counts["added"] + counts["merged"] - counts["removed"],
        problems=log.problems(),
        problem_counts=dict(log.counts),
        summary=text.format(groups=counts["added_groups"], **whole),
    )
