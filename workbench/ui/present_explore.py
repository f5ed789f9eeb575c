"""From what a model says about terms to the JSON that the Explore tab draws."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import NotFound
from workbench.evaluation.measure import baseline_infos
from workbench.evaluation.systems import system_of
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.types import Pair
from workbench.ui.present import DECIMALS, both, similarity_json
from workbench.ui.text import text

if TYPE_CHECKING:
    from workbench.search.matching import Match
    from workbench.services.exploring import Matrix, Near, NearHit, PairView, Why
    from workbench.services.matching import MatchReport
    from workbench.ui.page import Page
    from workbench.ui.tabs.explore_match import Job

Marked = list[tuple[str, bool]]


def titles_json(page: Page, systems: Sequence[str]) -> dict[str, Any]:
    """What each system is called, in both languages."""
    known = {info.id: info.title for info in (*page.services.models(), *baseline_infos())}

    def title(system: str) -> LocalText:
        if system in known:
            return known[system]
        parts = system_of(system)
        model = known.get(str(parts.model), LocalText(str(parts.model), str(parts.model)))
        if parts.kind == "hybrid":
            return text("explore.title_hybrid", model=model, lexical=known[str(parts.lexical)])
        if parts.kind == "rerank":
            return text("explore.title_rerank", model=model, reranker=parts.reranker)
        return model

    return {system: both(title(system)) for system in systems}


def pair_json(view: PairView) -> dict[str, Any]:
    """Two terms under each model, and why."""
    return {
        "a": view.a,
        "b": view.b,
        "known": view.known,
        "apart": view.marked_apart,
        "answers": [similarity_json(each.model, each.similarity) for each in view.answers],
        "why": _why_json(view.a, view.b, view.why),
    }


def _why_json(a: str, b: str, why: Why) -> dict[str, Any]:
    nearest = why.nearest_pair
    return {
        "a": marked(a, why.shared),
        "b": marked(b, why.shared),
        "shared": list(why.shared),
        "overlap": round(why.overlap, DECIMALS),
        "neighbours": [
            {
                "term": each.term,
                "a": round(each.score_a, DECIMALS),
                "b": round(each.score_b, DECIMALS),
            }
            for each in why.neighbours
        ],
        "nearest": None
        if nearest is None
        else {
            "synonym": nearest.synonym,
            "standard": nearest.standard,
            "score": round(nearest.score, DECIMALS),
        },
        "group_a": why.group_a,
        "group_b": why.group_b,
    }


def marked(term: str, shared: Sequence[str]) -> Marked:
    """A term in pieces, those that are ``shared`` (in their compared form) marked."""
    compared: list[str] = []
    place: list[int] = []
    for i, character in enumerate(term):
        for each in unicodedata.normalize("NFKC", character).casefold():
            compared.append(" " if each.isspace() else each)
            place.append(i)
    line = "".join(compared)
    hit = [False] * len(term)
    for piece in shared:
        start = line.find(piece) if piece else -1
        while start >= 0:
            end = start + len(piece)
            if _whole(line, start, end):
                for i in place[start:end]:
                    hit[i] = True
            start = line.find(piece, start + 1)
    pieces: Marked = []
    for character, on in zip(term, hit, strict=True):
        if pieces and pieces[-1][1] == on:
            pieces[-1] = (pieces[-1][0] + character, on)
        else:
            pieces.append((character, on))
    return pieces


def _whole(line: str, start: int, end: int) -> bool:
    """Whether nothing of a Latin word is cut off at either end."""

    def latin(place: int) -> bool:
        return 0 <= place < len(line) and line[place].isascii() and line[place].isalnum()

    return not (latin(start) and latin(start - 1)) and not (latin(end - 1) and latin(end))


def near_json(found: Near, apart: Iterable[Pair]) -> dict[str, Any]:
    """Neighbours under each system; those that are marked as no synonyms of the text (``apart``) say so."""
    key = term_key(found.text)
    marks = [{term_key(pair.standard), term_key(pair.synonym)} for pair in apart]
    others = set[str]().union(*(mark - {key} for mark in marks if key in mark))
    return {
        "text": found.text,
        "columns": [
            {
                "system": column.system,
                "told": both(column.told),
                "hits": [_hit_json(hit, term_key(hit.term) in others) for hit in column.hits],
            }
            for column in found.columns
        ],
    }


def _hit_json(hit: NearHit, apart: bool) -> dict[str, Any]:
    return {
        "term": hit.term,
        "score": round(hit.score, DECIMALS),
        "p": None if hit.probability is None else round(hit.probability, DECIMALS),
        "known": hit.known,
        "apart": apart,
        "standard": hit.standard,
        "language": hit.language,
        "rank": hit.rank,
        "moved": hit.moved,
    }


def matrix_json(found: Matrix) -> dict[str, Any]:
    """A matrix by its upper half, row after row, in thousandths; ``known`` are places (i, j)."""
    n = len(found.terms)
    upper = np.triu_indices(n, 1)

    def thousandths(values: Any) -> list[int]:
        return np.rint(np.asarray(values, np.float64)[upper] * 1000).astype(int).tolist()

    known = np.argwhere(np.triu(np.asarray(found.known), 1))
    return {
        "terms": list(found.terms),
        "cosine": thousandths(found.cosine),
        "probability": thousandths(found.probability),
        "known": known.tolist(),
        "cluster": list(found.cluster),
    }


# -- a column matched ---------------------------------------------------------------------------------


def least_certain_first(report: MatchReport) -> list[int]:
    """The rows in the order in which they are worth a look: nearest to the threshold first, known ones last.

    Where nothing is accepted the likeliest come first.
    """
    edge = min(report.threshold.probability, 1.0)

    def doubt(row: int) -> tuple[bool, bool, float, int]:
        match = report.matches[row]
        return match.known, not match.nearest, abs(match.probability - edge), row

    return sorted(range(len(report.matches)), key=doubt)


def kind_of(match: Match) -> str:
    """known, accepted or doubtful."""
    return "known" if match.known else "accepted" if match.accepted else "doubtful"


def report_json(page: Page, job: Job) -> dict[str, Any]:
    """The numbers of a job that has ended."""
    report, column = job.report, job.column
    if report is None or column is None:
        raise NotFound(text("explore.match_gone"), text("explore.match_gone_hint"))
    threshold = report.threshold
    return {
        "title": job.title,
        "column": column.columns[column.place],
        "dictionary": report.dictionary,
        "model": report.model,
        "model_title": titles_json(page, [report.model])[report.model],
        "total": len(report.matches),
        "known": report.known,
        "accepted": report.accepted,
        "doubtful": report.doubtful,
        "coverage": round(100 * report.coverage, 1),
        "wanted": job.precision,
        "seen": round(100 * threshold.precision, 1),
        "reach": round(100 * threshold.coverage, 1),
        "examples": threshold.examples,
        "nothing": math.isinf(threshold.probability),
        "edge": None if math.isinf(threshold.probability) else round(threshold.probability, DECIMALS),
        "sentence": both(report.sentence),
    }


def rows_json(job: Job, kind: str, page: int, size: int) -> dict[str, Any]:
    """One page of the rows of a kind."""
    report, column = job.report, job.column
    if report is None or column is None:
        return {"rows": [], "total": 0, "page": 0, "size": size}
    rows = [row for row in job.order if kind == "all" or kind_of(report.matches[row]) == kind]
    page = min(page, max(0, (len(rows) - 1) // size))
    return {
        "rows": [
            _row_json(column.row_numbers[row], report.matches[row])
            for row in rows[page * size : (page + 1) * size]
        ],
        "total": len(rows),
        "page": page,
        "size": size,
    }


def _row_json(number: int, match: Match) -> dict[str, Any]:
    return {
        "row": number,
        "text": match.text,
        "standard": match.standard,
        "nearest": match.nearest,
        "score": round(match.score, DECIMALS),
        "p": round(match.probability, DECIMALS),
        "margin": round(match.margin, DECIMALS),
        "kind": kind_of(match),
    }
