"""Lets a model propose: groups that may be one, terms that may be misplaced, pairs, synonyms of a corpus."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from heapq import nlargest
from itertools import chain
from typing import Any, Literal, get_args

from workbench.errors import BadParameter
from workbench.evaluation.measure import Subject
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.search.discovery import discover_terms
from workbench.search.matching import Elsewhere, Matcher
from workbench.services.matching import Matching
from workbench.storage.suggestions import Proposal, pair_key
from workbench.types import DictionaryInfo
from workbench.workspace import Workspace

What = Literal["merges", "strays", "pairs", "corpus"]
WHAT: tuple[What, ...] = get_args(What)
USUAL: tuple[What, ...] = ("merges", "strays", "pairs")
By = Literal["probability", "uncertainty", "mixed"]
BY: tuple[By, ...] = get_args(By)
Progress = Callable[[float, LocalText], None]
MOST = 500  # of each kind at once: more than that nobody reads
UNLIKELY = 0.15  # a probability below which nobody is asked
WHOLE = 0.5  # the share of a group's terms that lie next to another group, from which on the two may be one
SEVERAL = 2  # terms of the larger one that they must lie next to
SHARED = 2  # characters in a row that two terms must have in common to be worth a word

_LOOKING = LocalText("正在比较各组", "Comparing the groups")
_DISCOVERING = LocalText("正在语料里找词", "Finding terms in the corpus")
_MERGE = LocalText(
    "「{term}」与「{nearest}」很接近（余弦 {score}），却在两个组里。",
    "“{term}” and “{nearest}” are close (cosine {score}) but stand in two groups.",
)
_STRAY = LocalText(
    "「{term}」离「{nearest}」（{score}）比离本组的词（{own}）近：可能放错了组。",
    "“{term}” is nearer to “{nearest}” ({score}) than to its own group ({own}): it may be in the wrong one.",
)
_PAIR = LocalText(
    "「{term}」与「{nearest}」很接近（余弦 {score}），词典里没有这一对。",
    "“{term}” is close to “{nearest}” (cosine {score}); the dictionary does not have the pair.",
)
_LOOSE = LocalText(
    "「{term}」不在任何组里，与「{nearest}」最接近（余弦 {score}）。",
    "“{term}” stands in no group; nearest to “{nearest}” (cosine {score}).",
)
_FOUND = LocalText(
    "语料里出现 {count} 次，与「{nearest}」最接近（余弦 {score}）。",
    "Stands {count} times in the corpus; nearest to “{nearest}” (cosine {score}).",
)


@dataclass(frozen=True, slots=True)
class Proposed:
    """How many suggestions of each kind were new, and how many were found (the others had come before).

    ``withdrawn``: how many of those that still waited no longer hold, and were taken out.
    """

    new: dict[What, int]
    found: dict[What, int]
    withdrawn: int = 0


class Proposer:
    """Puts what a model finds into the queue of suggestions."""

    def __init__(self, workspace: Workspace, matching: Matching) -> None:
        self._workspace = workspace
        self._matching = matching

    @staticmethod
    def check(what: Sequence[str], corpora: Sequence[str] = (), by: str = "probability") -> None:
        """Refuse what nobody can look for. Raises BadParameter."""
        _check(what, corpora, by)

    def propose(
        self,
        dictionary: str,
        model: str,
        what: Sequence[What] = USUAL,
        *,
        corpora: Sequence[str] = (),
        most: int = MOST,
        by: By = "probability",
        progress: Progress | None = None,
    ) -> Proposed:
        """Look for suggestions under ``model``; at most ``most`` of each kind.

        ``merges``: two groups that may be one concept (accepting merges them). ``strays``: a synonym that
        may be in the wrong group (accepting marks the two as not synonyms). ``pairs``: a single term that
        lies next to a group that it does not belong to, terms of no group among them (accepting adds it).
        ``corpus``: terms of ``corpora`` that may be synonyms of a group. The score of each is the calibrated
        probability. Where there are more than ``most``, ``by`` says which are kept: the likeliest, those
        nearest to 0.5 (which teach a model most), or half of each.

        What was rejected, and what is marked as not synonyms, does not come: nor does anything that would
        make synonyms of such a pair, whatever their groups are called by now. What waits from an earlier
        look gets its new score. ``progress`` may raise :class:`workbench.errors.Stopped`: then nothing
        of the kind under way is put into the queue.

        Raises:
            BadParameter: an unknown kind or order, or ``corpus`` without a corpus.
            NotFound, TooLittleData: of dictionary, corpus or model.
        """
        self.check(what, corpora, by)
        info = self._workspace.dictionaries.get(dictionary)
        look = _Look(self._workspace, self._matching, info, model, progress)
        withdrawn = self._workspace.suggestions.withdraw(look.moot())
        new: dict[What, int] = {}
        found: dict[What, int] = {}
        for kind, proposals in look.proposals(what, corpora):
            chosen = _chosen(look.free(proposals), most, by)
            found[kind] = len(chosen)
            new[kind] = self._workspace.suggestions.add(
                "synonym", chosen, source=f"model:{model}", dictionary_id=info.id, renew=True
            )
        return Proposed(new, found, withdrawn)


class _Look:
    """One look at one dictionary under one model."""

    def __init__(
        self,
        workspace: Workspace,
        matching: Matching,
        info: DictionaryInfo,
        model: str,
        progress: Progress | None,
    ) -> None:
        self._workspace, self._matching = workspace, matching
        self._info, self._model, self._progress = info, model, progress
        self._subject: Subject = workspace.measurer.subject(info)
        refused = workspace.suggestions.refused(info.id)
        self._apart = [(pair.standard, pair.synonym) for pair in self._subject.apart]
        self._apart += [(a, b) for a, b, label in refused if label >= 0.5]
        self._at_home = {pair_key(a, b) for a, b, label in refused if label < 0.5}
        self._apart_keys = {pair_key(a, b) for a, b in self._apart}

    def proposals(
        self, what: Sequence[What], corpora: Sequence[str]
    ) -> Iterator[tuple[What, Iterable[Proposal]]]:
        """What is found, kind by kind; each is looked for when its turn comes."""
        if set(USUAL) & set(what):
            found = self._matcher().elsewhere(self._tell(_LOOKING))
            strays = list(self._strays(found)) if "strays" in what else []
            merges, pairs = _between(self._matcher().passing_over(found, self._apart))
            if "merges" in what:  # one question at a time: whether two groups are one comes first
                asked = {_groups_of(each.first, each.second) for each in merges}
                strays = [
                    each for each in strays if _groups_of(each.first, each.details["home"]) not in asked
                ]
                yield "merges", merges
            if "strays" in what:
                yield "strays", strays
            if "pairs" in what:
                gone = {term_key(each.second) for each in strays}
                yield "pairs", chain((p for p in pairs if term_key(p.second) not in gone), self._loose())
        if "corpus" in what:
            yield "corpus", self._from_corpora(corpora)

    def free(self, proposals: Iterable[Proposal]) -> Iterator[Proposal]:
        """Without pairs that are known not to be synonyms."""
        return (each for each in proposals if pair_key(each.first, each.second) not in self._apart_keys)

    def moot(self) -> list[int]:
        """Waiting suggestions of models that no longer hold: done by hand, refused elsewhere, terms gone."""
        known = self._groups()
        gone = []
        for id, first, second, label in self._workspace.suggestions.open_of_models(self._info.id):
            here = term_key(first) in known
            together = bool(known.get(term_key(first), set()) & known.get(term_key(second), set()))
            refused = label >= 0.5 and pair_key(first, second) in self._apart_keys
            if not here or refused or together == (label >= 0.5):
                gone.append(id)
        return gone

    def _groups(self) -> dict[str, set[str]]:
        """The groups of each term, by keys; a group goes by its standard term."""
        groups: dict[str, set[str]] = defaultdict(set)
        for pair in self._subject.pairs:
            standard = term_key(pair.standard)
            groups[standard].add(standard)
            groups[term_key(pair.synonym)].add(standard)
        return groups

    def _strays(self, elsewhere: Iterable[Elsewhere]) -> Iterator[Proposal]:
        """Synonyms that lie nearer to another group than to their own.

        Not those of which the expert has said that they are well where they are, or do not belong there,
        whatever the groups are called by now.
        """
        for each in elsewhere:
            synonym = term_key(each.term) != term_key(each.standard)
            if not synonym or not -1.0 < each.own < each.score or each.probability < UNLIKELY:
                continue
            well_here = self._said(self._at_home, each.standard, each.term)
            if not well_here and not self._said(self._apart_keys, each.nearest_standard, each.term):
                yield _proposal("strays", each.standard, each, _STRAY, label=0.0)

    def _said(self, keys: set[str], standard: str, term: str) -> bool:
        """Whether ``keys`` hold a term with any of a group."""
        if not keys:
            return False
        return any(pair_key(mate, term) in keys for mate in self._mates.get(term_key(standard), ()))

    @cached_property
    def _mates(self) -> dict[str, list[str]]:
        """The terms of each group by the key of its standard term."""
        mates: dict[str, list[str]] = defaultdict(list)
        for pair in self._subject.pairs:
            mates[term_key(pair.standard)] += [pair.standard, pair.synonym]
        return mates

    def _loose(self) -> Iterator[Proposal]:
        """Terms of the marks that no group has: put out of one, they may belong to another."""
        inside = {term_key(term) for term in self._subject.terms}
        loose: dict[str, str] = {}
        for pair in self._subject.apart:
            for term in (pair.standard, pair.synonym):
                if term_key(term) not in inside:
                    loose.setdefault(term_key(term), term)
        for each in self._strangers(list(loose.values())):
            yield _proposal("pairs", each.nearest_standard, each, _LOOSE)

    def _from_corpora(self, corpora: Sequence[str]) -> Iterator[Proposal]:
        store = self._workspace.corpora
        texts = list(chain.from_iterable(store.texts(store.get(name).id) for name in corpora))
        terms = discover_terms(texts, self._subject.terms, progress=self._tell(_DISCOVERING))
        counts = {term.text: term.count for term in terms}
        for each in self._strangers([term.text for term in terms]):
            yield _proposal("corpus", each.nearest_standard, each, _FOUND, count=counts[each.term])

    def _strangers(self, texts: list[str]) -> list[Elsewhere]:
        if not texts:
            return []
        vectors = self._workspace.library.vectors(self._model, texts, self._progress)
        found = self._matcher().strangers(texts, vectors, self._tell(_LOOKING), self._apart)
        return [each for each in found if each.probability >= UNLIKELY]

    def _matcher(self) -> Matcher:
        return self._matching.matcher(self._subject, self._model, progress=self._progress)

    def _tell(self, words: LocalText) -> Callable[[float], None] | None:
        progress = self._progress
        return (lambda fraction: progress(fraction, words)) if progress else None


def _check(what: Sequence[str], corpora: Sequence[str], by: str) -> None:
    unknown = [each for each in what if each not in WHAT]
    if unknown or not what or by not in BY:
        raise BadParameter(
            LocalText("没有「{what}」这种建议。", "There are no suggestions of the kind “{what}”."),
            LocalText("可选：{known}。", "There are: {known}."),
            what=", ".join(unknown) or by,
            known=", ".join(WHAT if unknown or not what else BY),
        )
    if "corpus" in what and not corpora:
        raise BadParameter(
            LocalText("没有选语料。", "No corpus is chosen."),
            LocalText("请先导入语料并选中它。", "Import one and choose it."),
        )


def _chosen(proposals: Iterable[Proposal], most: int, by: By) -> list[Proposal]:
    """The ``most`` likeliest, or those nearest to 0.5, or half of each."""
    every = list(proposals)
    sure = nlargest(most, every, key=lambda each: each.score or 0.0)
    unsure = nlargest(most, every, key=lambda each: -abs((each.score or 0.0) - 0.5))
    if by == "mixed":
        both = dict.fromkeys(id(each) for pair in zip(sure, unsure, strict=True) for each in pair)
        kept = set(list(both)[:most])
        return [each for each in every if id(each) in kept]
    return sure if by == "probability" else unsure


def _between(elsewhere: Sequence[Elsewhere]) -> tuple[list[Proposal], list[Proposal]]:
    """Groups that may be one, and single terms that may belong to another group; each two groups once.

    Two groups may be one where at least half of the smaller one's terms lie next to the other, and not all
    next to a single term of it: that is a term in the wrong place.
    """
    touching: dict[tuple[str, str], set[str]] = defaultdict(set)  # of the first group, next to the second
    terms: dict[str, Elsewhere] = {}
    sizes: dict[str, int] = Counter()
    best: dict[tuple[str, str], Elsewhere] = {}
    for each in elsewhere:
        own, other = term_key(each.standard), term_key(each.nearest_standard)
        term, nearest = term_key(each.term), term_key(each.nearest)
        terms[term] = each
        sizes[own] += 1
        if each.probability < UNLIKELY or own == other:
            continue
        touching[own, other].add(term)
        touching[other, own].add(nearest)
        groups = (min(own, other), max(own, other))
        if groups not in best or each.probability > best[groups].probability:
            best[groups] = each
    merges, pairs = [], []
    for (one, two), link in best.items():
        each = _joining(link, terms)
        small, large = sorted(((one, two), (two, one)), key=lambda sides: sizes[sides[0]])
        small_share = len(touching[small]) / max(1, sizes[small[0]])
        enough = len(touching[large]) >= min(SEVERAL, sizes[large[0]])
        if (small_share >= WHOLE and enough) or term_key(each.term) == term_key(each.standard):
            merges.append(_proposal("merges", each.nearest_standard, each, _MERGE, second=each.standard))
        else:
            pairs.append(_proposal("pairs", each.nearest_standard, each, _PAIR))
    return merges, pairs


def _joining(link: Elsewhere, terms: dict[str, Elsewhere]) -> Elsewhere:
    """A link seen from the one of its two terms that is less at home in its own group."""
    other = terms.get(term_key(link.nearest))
    if other is None or other.own >= link.own:
        return link
    return Elsewhere(
        link.nearest,
        link.nearest_standard,
        link.term,
        link.standard,
        link.score,
        other.own,
        link.probability,
    )


def _groups_of(one: str, two: str) -> frozenset[str]:
    return frozenset((term_key(one), term_key(two)))


def _proposal(
    what: What,
    first: str,
    each: Elsewhere,
    reason: LocalText,
    *,
    second: str = "",
    label: float = 1.0,
    count: int = 0,
) -> Proposal:
    words = reason.format(
        term=each.term,
        nearest=each.nearest,
        score=f"{each.score:.2f}",
        own=f"{each.own:.2f}",
        count=count,
    )
    details: dict[str, Any] = {
        "term": each.term,
        "nearest": each.nearest,
        "home": each.nearest_standard,
        "cosine": round(each.score, 4),
        "shared": shared_part(each.term, each.nearest),
    }
    details |= {"own": round(each.own, 4)} if each.own > -1.0 else {}
    details |= {"count": count} if count else {}
    return Proposal(first, second or each.term, label, each.probability, words, what, details)


def shared_part(a: str, b: str) -> str:
    """The longest run of characters that two terms have in common; empty below two."""
    left, right = term_key(a), term_key(b)
    found = SequenceMatcher(None, left, right, autojunk=False).find_longest_match()
    part = left[found.a : found.a + found.size].strip()
    return part if len(part) >= SHARED else ""
