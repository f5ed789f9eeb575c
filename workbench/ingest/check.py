"""All that an expert should know about a dictionary that can be read or is stored, found on demand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from workbench.ingest import check_texts as say
from workbench.ingest.chains import Chains, chains
from workbench.ingest.contradictions import ContradictionCode, contradictions
from workbench.ingest.near_duplicates import (
    SHORTEST,
    THRESHOLD,
    Cluster,
    NearDuplicate,
    Progress,
    clusters,
    near_duplicates,
)
from workbench.ingest.problems import ProblemLog
from workbench.ingest.term_index import TermIndex
from workbench.localtext import LocalText
from workbench.types import LabelledPair, Pair, Problem, Severity

MOST_CLUSTERS = 500
_FAR_TIMES = 3  # times the length that 19 of 20 terms stay within
_FAR_LEAST = 24
_LISTED = 5
_LABELS: dict[ContradictionCode, tuple[str, Severity]] = {
    "denied_synonyms": ("contradiction", "error"),
    "apart": ("contradiction", "error"),
    "other_concepts": ("other_concepts", "note"),
}
_ODD = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2064\ufeff]")


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What is odd about a dictionary. At most 1000 problems are in detail; ``problem_counts`` counts all.

    Codes: "empty_cell", "self_pair", "duplicate", "ambiguous", "chain", "control_character", "far_longer",
    "one_character", "no_letters", "contradiction" and "other_concepts" (of a pair set's labels),
    "near_traditional", "near_punctuation", "near_typo". At most 500 ``clusters`` are given, ``cluster_count``
    counts all; ``chains`` are the largest 20.
    """

    problems: tuple[Problem, ...]
    problem_counts: dict[str, int]
    clusters: tuple[Cluster, ...]
    cluster_count: int
    chains: Chains


def check_dictionary(
    pairs: Sequence[Pair],
    *,
    apart: Sequence[Pair] = (),
    labelled: Sequence[LabelledPair] = (),
    threshold: float = THRESHOLD,
    shortest: int = SHORTEST,
    progress: Progress | None = None,
) -> CheckReport:
    """Look through ``pairs`` for everything that :class:`CheckReport` names.

    ``apart`` are pairs marked as not synonyms: such terms are no near duplicates. ``labelled`` is a pair
    set to hold against the dictionary. ``threshold`` and ``shortest`` are those of
    :func:`~workbench.ingest.near_duplicates.near_duplicates`.
    """
    log = ProblemLog()
    index = TermIndex(pairs)
    _note_pairs(pairs, index, log)
    _note_terms(index, log)
    _note_lengths(index, log)
    marked = [(pair.standard, pair.synonym) for pair in apart]
    for found in contradictions(labelled, pairs, marked) if labelled else ():
        code, severity = _LABELS[found.code]
        # Its sentence names the row of the pair set, the problem points to that of the dictionary.
        log.add(code, severity, say.SAID, found.dictionary_row or None, said=found.text)
    hits = near_duplicates(index, apart=apart, threshold=threshold, shortest=shortest, progress=progress)
    for hit in hits:
        _note_alike(hit, log)
    together = clusters(hits, index)
    if progress is not None:
        progress(1.0, say.CHAINING)
    return CheckReport(
        problems=log.problems(),
        problem_counts=dict(log.counts),
        clusters=together[:MOST_CLUSTERS],
        cluster_count=len(together),
        chains=chains(index),
    )


def _note_pairs(pairs: Sequence[Pair], index: TermIndex, log: ProblemLog) -> None:
    row_of: dict[tuple[int, int], int] = {}
    for pair, ends in zip(pairs, index.ends, strict=True):
        row = pair.row or None
        if not pair.standard.strip() or not pair.synonym.strip():
            log.add("empty_cell", "warning", say.EMPTY, row, standard=pair.standard or pair.synonym)
        elif ends[0] == ends[1]:
            log.add("self_pair", "warning", say.SELF_PAIR, row, term=pair.synonym)
        elif ends in row_of:
            log.add(
                "duplicate", "warning", say.DUPLICATE, row,
                standard=pair.standard, term=pair.synonym, other=row_of[ends] or "-",
            )  # fmt: skip
        row_of.setdefault(ends, pair.row)


def _note_terms(index: TermIndex, log: ProblemLog) -> None:
    for number, raw in enumerate(index.raws):
        holders = index.standards_of.get(number, ())
        row = index.rows[number] or None
        if len(holders) > 1:
            named = LocalText.listing(index.names(islice(holders, _LISTED)))
            log.add("ambiguous", "warning", say.AMBIGUOUS, row, term=raw, count=len(holders), standards=named)
        if holders and number in index.standards:
            log.add("chain", "note", say.CHAIN, row, term=raw, standard=index.raws[holders[0]])
        if _ODD.search(raw):
            log.add("control_character", "warning", say.CONTROL, row, term=_ODD.sub(" ", raw)[:40])


def _note_lengths(index: TermIndex, log: ProblemLog) -> None:
    lengths = sorted(map(len, index.raws))
    if not lengths:
        return
    far = max(_FAR_LEAST, _FAR_TIMES * lengths[len(lengths) * 95 // 100])
    usual = lengths[len(lengths) // 2]
    for raw, row_number in zip(index.raws, index.rows, strict=True):
        row = row_number or None
        text = raw.strip()
        if len(text) > far:
            log.add(
                "far_longer", "warning", say.FAR_LONGER, row, start=text[:20], count=len(text), usual=usual
            )
        elif len(text) == 1 and text.isalpha():
            log.add("one_character", "note", say.ONE_CHARACTER, row, term=text)
        elif text and not any(character.isalpha() for character in text):
            log.add("no_letters", "warning", say.NO_LETTERS, row, term=text[:40])


def _note_alike(hit: NearDuplicate, log: ProblemLog) -> None:
    if hit.same_group:
        where, advice = say.SAME_GROUP, say.KEEP_OR_DROP
    else:
        where = say.OTHER_GROUP.format(one=hit.first_groups[0], other=hit.second_groups[0])
        advice = say.MERGE_OR_LEAVE
    log.add(
        f"near_{hit.kind}", "note", say.NEAR[hit.kind], max(hit.first_row, hit.second_row) or None,
        first=hit.first, second=hit.second, percent=round(hit.similarity), where=where, advice=advice,
    )  # fmt: skip
