"""The suggestions queue: say yes, no or later, and take it back; a yes reaches dictionary or pair set."""

from __future__ import annotations

import csv
import io
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_args

from workbench.editing.edits import Edit
from workbench.errors import BadParameter, InputError, NotFound
from workbench.ingest.export import escape_cell
from workbench.localtext import LocalText
from workbench.names import checked_name, tidy
from workbench.services.decided_edits import DecidedEdits
from workbench.services.editing import Editor
from workbench.services.suggestion_figures import Figures, figures_of
from workbench.storage.suggestions import OPEN, SuggestionSort, pair_key
from workbench.types import (
    LabelledPair,
    PairSetInfo,
    Step,
    Suggestion,
    SuggestionKind,
    SuggestionState,
)
from workbench.workspace import Workspace

LARGEST_PAGE = 500
LARGEST_DECISION = 20_000  # suggestions at once
_SET_MARK = "suggestions"  # in the recipe of pair sets that hold accepted suggestions


@dataclass(frozen=True, slots=True)
class Decision:
    """What a decision did. ``ids`` are those that changed: others had been decided on another page already.

    ``steps`` are the new steps of the dictionaries, ``pair_set`` is where sentences and questions went.
    """

    ids: tuple[int, ...]
    state: SuggestionState
    steps: tuple[Step, ...] = ()
    pair_set: PairSetInfo | None = None
    notes: tuple[LocalText, ...] = ()


@dataclass
class _Work:
    """Steps and notes gathered while a decision is carried out."""

    steps: list[Step] = field(default_factory=list)
    notes: list[LocalText] = field(default_factory=list)


class Suggestions:
    """The queue over one home folder. A decision and what follows from it are one transaction."""

    def __init__(self, workspace: Workspace, editor: Editor) -> None:
        self._workspace = workspace
        self._store = workspace.suggestions
        self._editor = editor
        self._edits = DecidedEdits(workspace)
        # dictionary -> (ids, version before, version after) of the last decision, for a clean undo
        self._last: dict[str, tuple[frozenset[int], int, int]] = {}
        self._lock = threading.Lock()

    # -- looking --------------------------------------------------------------------------------

    def page(
        self,
        dictionary: str | None = None,
        *,
        kind: SuggestionKind | None = None,
        state: SuggestionState | None = "waiting",
        source: str | None = None,
        what: str | None = None,
        search: str = "",
        sort: SuggestionSort = "score",
        page: int = 0,
        size: int = 50,
    ) -> tuple[list[Suggestion], int]:
        """One page of the queue and how many match. ``dictionary``: a name, "" for none, ``None`` for all.

        ``what`` a model looked for ("merges", "strays", "pairs", "corpus"; "" for all other suggestions).
        ``sort``: the likeliest first, the least certain first, the two in turn ("mixed"), the newest first.

        Raises:
            NotFound: no such dictionary. BadParameter: no such kind, state or order.
        """
        _check(kind, get_args(SuggestionKind))
        _check(state, get_args(SuggestionState))
        _check(sort, get_args(SuggestionSort))
        return self._store.page(
            dictionary_id=self._dictionary_id(dictionary),
            kind=kind,
            state=state,
            source=source,
            what=what,
            search=search,
            sort=sort,
            page=max(0, page),
            size=max(1, min(size, LARGEST_PAGE)),
        )

    def counts(
        self,
        dictionary: str | None = None,
        *,
        kind: SuggestionKind | None = None,
        source: str | None = None,
        what: str | None = None,
    ) -> dict[SuggestionState, int]:
        """How many are in each state."""
        dictionary_id = self._dictionary_id(dictionary)
        return self._store.counts(dictionary_id=dictionary_id, kind=kind, source=source, what=what)

    def figures(self, dictionary: str | None = None, *, window: int = 50) -> Figures:
        """How many of the decided suggestions were accepted: over time, by source, by score.

        ``window``: so many decisions make one point of the series by decisions.

        Raises:
            NotFound: no such dictionary. BadParameter: the window holds no decision.
        """
        if window < 1:
            raise BadParameter(LocalText("至少 1 次决定一个点。", "A point needs a decision at least."))
        return figures_of(self._store.decided(dictionary_id=self._dictionary_id(dictionary)), window)

    def sources(self) -> list[str]:
        """Where the suggestions are from (``generation:<job id>``, ``model:<run>``), the newest first."""
        return self._store.sources()

    def get(self, id: int) -> Suggestion:
        """One suggestion. Raises NotFound."""
        found = self._store.get([id])
        if not found:
            raise NotFound(
                LocalText("这条建议不存在。", "There is no such suggestion."),
                LocalText("请刷新页面。", "Load the page again."),
            )
        return found[0]

    def some(self, ids: Sequence[int]) -> list[Suggestion]:
        """Suggestions by id, in that order; those that are not there (any more) are left out."""
        return self._store.get(self._bounded(ids))

    def export(
        self,
        dictionary: str | None = None,
        *,
        kind: SuggestionKind | None = None,
        state: SuggestionState | None = None,
    ) -> bytes:
        """The queue as CSV (UTF-8 with byte order mark, for Excel); formulas are escaped."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(
            ["kind", "first", "second", "label", "score", "state", "author", "source", "dictionary"]
        )
        found = self._store.every(dictionary_id=self._dictionary_id(dictionary), kind=kind, state=state)
        for each in found:
            score = "" if each.score is None else f"{each.score:.4f}"
            cells = [each.first, each.second, f"{each.label:g}", score, each.state, each.author, each.source]
            writer.writerow([each.kind, *(escape_cell(cell) for cell in (*cells, each.dictionary))])
        return out.getvalue().encode("utf-8-sig")

    # -- deciding -------------------------------------------------------------------------------

    def accept(self, ids: Sequence[int], *, author: str = "", pair_set: str = "") -> Decision:
        """Say yes. Synonyms go into their dictionary as one edit; sentences and questions into ``pair_set``.

        Where the proposed synonym is the standard term of another group, the two groups become one.

        The pair set is made where it is not there yet. Synonyms that the expert has marked as *not*
        synonyms meanwhile stay in the queue, and a note says so.

        Raises:
            BadParameter: sentences or questions without the name of a pair set, or it holds triplets.
        """
        work = _Work()
        self._let_imports_end(ids)
        with self._lock, self._workspace.database.write():
            chosen = [each for each in self._chosen(ids) if each.state in OPEN]
            chosen = self._not_apart(chosen, work)
            moved = set(self._store.decide([each.id for each in chosen], "accepted", tidy(author)))
            chosen = [each for each in chosen if each.id in moved]
            for name, group in _by_dictionary(chosen).items():
                self._edit(name, self._edits.of_yes(name, group), author, work, [each.id for each in group])
            info = self._collect([each for each in chosen if each.kind != "synonym"], pair_set)
        return Decision(tuple(sorted(moved)), "accepted", tuple(work.steps), info, tuple(work.notes))

    def reject(self, ids: Sequence[int], *, author: str = "") -> Decision:
        """Say no. It never comes again; a proposed synonym is marked as *not* a synonym (a hard negative)."""
        work = _Work()
        self._let_imports_end(ids)
        with self._lock, self._workspace.database.write():
            chosen = self._chosen(ids)
            moved = set(self._store.decide([each.id for each in chosen], "rejected", tidy(author)))
            chosen = [each for each in chosen if each.id in moved]
            for name, group in _by_dictionary(chosen).items():
                self._edit(name, self._edits.of_no(group), author, work, [each.id for each in group])
        return Decision(tuple(sorted(moved)), "rejected", tuple(work.steps), None, tuple(work.notes))

    def later(self, ids: Sequence[int], *, author: str = "") -> Decision:
        """Put off: out of the waiting ones, not decided."""
        moved = self._store.decide(self._bounded(ids), "later", tidy(author), before=("waiting",))
        return Decision(tuple(moved), "later")

    def undo(self, ids: Sequence[int], *, author: str = "") -> Decision:
        """Take decisions back: they wait again, and what they did to dictionaries and pair sets is undone.

        Where nothing was edited since, the dictionary goes back to what it was; else only the terms (or
        marks) of these suggestions are taken out.
        """
        work = _Work()
        self._let_imports_end(ids)
        with self._lock, self._workspace.database.write():
            chosen = [each for each in self._chosen(ids) if each.state != "waiting"]
            before: tuple[SuggestionState, ...] = ("accepted", "rejected", "later")
            moved = set(self._store.decide([each.id for each in chosen], "waiting", before=before))
            chosen = [each for each in chosen if each.id in moved]
            decided = [each for each in chosen if each.state in ("accepted", "rejected")]
            for name, group in _by_dictionary(decided).items():
                self._take_back(name, group, author, work)
            self._uncollect([each for each in decided if each.kind != "synonym" and each.state == "accepted"])
        return Decision(tuple(sorted(moved)), "waiting", tuple(work.steps), None, tuple(work.notes))

    # -- dictionaries ---------------------------------------------------------------------------

    def _let_imports_end(self, ids: Sequence[int]) -> None:
        """Before the transaction: an import into one of the dictionaries needs the write lock to end."""
        for name in _by_dictionary(self._chosen(ids)):
            self._editor.let_imports_end(name)

    def _edit(
        self, name: str, edits: Sequence[Edit], author: str, work: _Work, ids: Sequence[int] = ()
    ) -> None:
        """Apply edits; what one of them says against it takes the whole decision back."""
        before = version = self._editor.status(name).version
        for edit in edits:
            result = self._editor.apply(name, edit, based_on=version, author=author)
            version = result.info.version
            work.notes += result.notes
            if result.step is not None:
                work.steps.append(result.step)
        if ids:
            self._last[name] = (frozenset(ids), before, version)

    def _take_back(self, name: str, group: list[Suggestion], author: str, work: _Work) -> None:
        now = self._editor.status(name).version
        ids, before, after = self._last.pop(name, (frozenset(), 0, 0))
        if ids == {each.id for each in group} and now == after:
            if before != after:
                result = (
                    self._editor.undo(name, based_on=now, author=author)
                    if after == before + 1
                    else self._editor.restore(name, before, based_on=now, author=author)
                )
                work.steps += [result.step] if result.step else []
            return
        self._edit(name, self._edits.taken_back(name, group), author, work)

    def _not_apart(self, chosen: list[Suggestion], work: _Work) -> list[Suggestion]:
        kept: list[Suggestion] = []
        asked: list[Suggestion] = []
        for each in chosen:
            proposed = each.kind == "synonym" and each.dictionary and each.label >= 0.5
            (asked if proposed else kept).append(each)
        for name, group in _by_dictionary(asked).items():
            marked = {pair_key(pair.standard, pair.synonym) for pair in self._editor.apart(name)}
            free = [each for each in group if pair_key(each.first, each.second) not in marked]
            if len(free) < len(group):
                note = LocalText(
                    "{count} 条已标为不是近义词，没有接受；要接受请先取消标记。",
                    "{count} are marked as not synonyms and were not accepted; take the mark away first.",
                )
                work.notes.append(note.format(count=len(group) - len(free)))
            kept += free
        return kept

    # -- pair sets ------------------------------------------------------------------------------

    def _collect(self, chosen: list[Suggestion], name: str) -> PairSetInfo | None:
        if not chosen:
            return None
        if not name.strip():
            raise BadParameter(
                LocalText("没有说接受的句对放进哪个句对集。", "No pair set is named for what is accepted."),
                LocalText("请选一个，或写一个新名字。", "Choose one, or enter a new name."),
            )
        name = checked_name(name)
        known = next((info for info in self._workspace.pair_sets.all() if info.name == name), None)
        if known is not None and known.kind == "triplets":
            raise BadParameter(
                LocalText("「{name}」是三元组，放不进句对。", "“{name}” holds triplets and takes no pairs."),
                LocalText("请选另一个句对集。", "Choose another pair set."),
                name=name,
            )
        pairs = list(self._workspace.pair_sets.pairs(known.id)) if known else []
        there = {(pair.text1, pair.text2) for pair in pairs}
        pairs += [
            LabelledPair(each.first, each.second, each.label)
            for each in chosen
            if (each.first, each.second) not in there
        ]
        return self._workspace.pair_sets.save(
            name,
            pairs,
            kind=known.kind if known else "labels",
            source=known.source if known else "suggestions",
            trusted=known.trusted if known else True,
            recipe={**(known.recipe if known else {}), _SET_MARK: True},
            replace=True,
        )

    def _uncollect(self, chosen: list[Suggestion]) -> None:
        gone = {(each.first, each.second) for each in chosen}
        if not gone:
            return
        for info in self._workspace.pair_sets.all():
            if not info.recipe.get(_SET_MARK):
                continue
            pairs = list(self._workspace.pair_sets.pairs(info.id))
            left = [pair for pair in pairs if (pair.text1, pair.text2) not in gone]
            if len(left) < len(pairs):
                self._workspace.pair_sets.save(
                    info.name,
                    left,
                    kind=info.kind,
                    source=info.source,
                    trusted=info.trusted,
                    recipe=info.recipe,
                    replace=True,
                )

    # -- inside ---------------------------------------------------------------------------------

    def _dictionary_id(self, name: str | None) -> str | None:
        return self._workspace.dictionaries.get(name).id if name else name

    def _chosen(self, ids: Sequence[int]) -> list[Suggestion]:
        return self._store.get(self._bounded(ids))

    def _bounded(self, ids: Sequence[int]) -> list[int]:
        if len(ids) > LARGEST_DECISION:
            raise InputError(
                LocalText("一次最多处理 {most} 条。", "At most {most} can be decided at once."),
                LocalText("请分几次。", "Do it in parts."),
                most=LARGEST_DECISION,
            )
        return [int(id) for id in ids]


def _by_dictionary(chosen: Sequence[Suggestion]) -> dict[str, list[Suggestion]]:
    """Proposed synonyms by their dictionary; those of a deleted dictionary are left out."""
    groups: dict[str, list[Suggestion]] = defaultdict(list)
    for each in chosen:
        if each.kind == "synonym" and each.dictionary:
            groups[each.dictionary].append(each)
    return groups


def _check(value: object, allowed: Sequence[object]) -> None:
    if value is not None and value not in allowed:
        raise BadParameter(
            LocalText("没有「{value}」这个选项。", "There is no option “{value}”."),
            LocalText("可选：{allowed}。", "Possible: {allowed}."),
            value=str(value),
            allowed=", ".join(str(each) for each in allowed),
        )
