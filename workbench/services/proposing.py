"""Lets a model propose: synonyms from a corpus, groups that may be one, terms that may be misplaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal, get_args

from workbench.errors import BadParameter
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.search.discovery import FoundTerm, discover_terms
from workbench.search.matching import Elsewhere
from workbench.services.matching import Matching
from workbench.storage.suggestions import Proposal, pair_key
from workbench.types import DictionaryInfo
from workbench.workspace import Workspace

What = Literal["merges", "strays", "corpus"]
WHAT: tuple[What, ...] = get_args(What)
Progress = Callable[[float, LocalText], None]
MOST = 500  # of each kind at once: more than that nobody reads
UNLIKELY = 0.15  # a probability below which nobody is asked

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
_FOUND = LocalText(
    "语料里出现 {count} 次，与「{nearest}」最接近（余弦 {score}）。",
    "Stands {count} times in the corpus; nearest to “{nearest}” (cosine {score}).",
)


@dataclass(frozen=True, slots=True)
class Proposed:
    """How many suggestions of each kind were new, and how many were found (the others had come before)."""

    new: dict[What, int]
    found: dict[What, int]


class Proposer:
    """Puts what a model finds into the queue of suggestions."""

    def __init__(self, workspace: Workspace, matching: Matching) -> None:
        self._workspace = workspace
        self._matching = matching

    def propose(
        self,
        dictionary: str,
        model: str,
        what: Sequence[What] = ("merges", "strays"),
        *,
        corpora: Sequence[str] = (),
        most: int = MOST,
        progress: Progress | None = None,
    ) -> Proposed:
        """Look for suggestions under ``model``; at most ``most`` of each kind, the likeliest.

        ``merges``: two groups that may be one concept (accepting merges them). ``strays``: a synonym that
        may be in the wrong group (accepting marks the two as not synonyms). ``corpus``: terms of
        ``corpora`` that may be synonyms of a group. The score of each is the calibrated probability. Pairs
        that are marked as not synonyms, and those that were rejected before, do not come.

        Raises:
            BadParameter: an unknown kind, or ``corpus`` without a corpus.
            NotFound, TooLittleData: of dictionary, corpus or model.
        """
        self._check(what, corpora)
        info = self._workspace.dictionaries.get(dictionary)
        subject = self._workspace.measurer.subject(info)
        marked = {pair_key(pair.standard, pair.synonym) for pair in subject.apart}
        source = f"model:{model}"
        new: dict[What, int] = {}
        found: dict[What, int] = {}

        def put(kind: What, proposals: Iterator[Proposal]) -> None:
            free = (p for p in proposals if pair_key(p.first, p.second) not in marked)
            chosen = sorted(free, key=lambda p: -(p.score or 0.0))[:most]
            found[kind] = len(chosen)
            new[kind] = self._workspace.suggestions.add(
                "synonym", chosen, source=source, dictionary_id=info.id
            )

        if "merges" in what or "strays" in what:
            matcher = self._matching.matcher(subject, model, progress=progress)
            tell = (lambda fraction: progress(fraction, _LOOKING)) if progress else None
            elsewhere = matcher.elsewhere(tell)
            if "merges" in what:
                put("merges", _merges(elsewhere))
            if "strays" in what:
                put("strays", _strays(elsewhere))
        if "corpus" in what:
            put("corpus", self._from_corpora(info, model, corpora, progress))
        return Proposed(new, found)

    def _from_corpora(
        self, info: DictionaryInfo, model: str, corpora: Sequence[str], progress: Progress | None
    ) -> Iterator[Proposal]:
        subject = self._workspace.measurer.subject(info)
        store = self._workspace.corpora
        texts = list(chain.from_iterable(store.texts(store.get(name).id) for name in corpora))
        tell = (lambda fraction: progress(fraction, _DISCOVERING)) if progress else None
        terms = discover_terms(texts, subject.terms, progress=tell)
        report = self._matching.match([term.text for term in terms], info.name, model, progress=progress)
        for term, match in zip(terms, report.matches, strict=True):
            if match.standard and not match.known and match.probability >= UNLIKELY:
                yield Proposal(
                    match.standard,
                    term.text,
                    1.0,
                    match.probability,
                    _found(term, match.nearest, match.score),
                )

    @staticmethod
    def _check(what: Sequence[str], corpora: Sequence[str]) -> None:
        unknown = [each for each in what if each not in WHAT]
        if unknown or not what:
            raise BadParameter(
                LocalText("没有「{what}」这种建议。", "There are no suggestions of the kind “{what}”."),
                LocalText("可选：{known}。", "There are: {known}."),
                what=", ".join(unknown),
                known=", ".join(WHAT),
            )
        if "corpus" in what and not corpora:
            raise BadParameter(
                LocalText("没有选语料。", "No corpus is chosen."),
                LocalText("请先导入语料并选中它。", "Import one and choose it."),
            )


def _merges(elsewhere: Sequence[Elsewhere]) -> Iterator[Proposal]:
    """Each two groups once, by their likeliest pair of terms."""
    best: dict[frozenset[str], Elsewhere] = {}
    for each in elsewhere:
        groups = frozenset((term_key(each.standard), term_key(each.nearest_standard)))
        if each.probability >= UNLIKELY and (
            groups not in best or each.probability > best[groups].probability
        ):
            best[groups] = each
    for each in best.values():
        reason = _MERGE.format(term=each.term, nearest=each.nearest, score=f"{each.score:.2f}")
        yield Proposal(each.nearest_standard, each.standard, 1.0, each.probability, reason)


def _strays(elsewhere: Sequence[Elsewhere]) -> Iterator[Proposal]:
    """Synonyms that lie nearer to another group than to their own."""
    for each in elsewhere:
        synonym = term_key(each.term) != term_key(each.standard)
        if synonym and each.own > -1.0 and each.score > each.own and each.probability >= UNLIKELY:
            reason = _STRAY.format(
                term=each.term, nearest=each.nearest, score=f"{each.score:.2f}", own=f"{each.own:.2f}"
            )
            yield Proposal(each.standard, each.term, 0.0, each.probability, reason)


def _found(term: FoundTerm, nearest: str, score: float) -> LocalText:
    return _FOUND.format(count=term.count, nearest=nearest, score=f"{score:.2f}")
