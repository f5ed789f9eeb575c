"""From what an upload would import, and from what a check found, to the JSON that the page's scripts draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.ingest.kept_columns import kept_sentence
from workbench.normalise import term_key
from workbench.types import Pair, Problem, RetrievalSetInfo
from workbench.ui.present import both, problem_json

if TYPE_CHECKING:
    from workbench.ingest.chains import Chain
    from workbench.ingest.check import CheckReport
    from workbench.ingest.corpus import CorpusPreview
    from workbench.ingest.dictionary import DictionaryPreview
    from workbench.ingest.dry_run import ImportPlan
    from workbench.ingest.pairs import PairsPreview
    from workbench.ingest.retrieval_set import RetrievalPreview
    from workbench.types import CorpusInfo

SHOWN_PROBLEMS = 300
SHOWN_ROWS = 8
SHOWN_LIST = 200  # of what an import would do, of each sort
SHOWN_CLUSTERS = 200
LONGEST_CELL = 160
SEVERITIES = ("error", "warning", "note")
SCORE_BINS = 10


def short(cell: str) -> str:
    """A cell for a table that is there to be looked over."""
    return cell if len(cell) <= LONGEST_CELL else cell[: LONGEST_CELL - 1] + "…"


def problems_json(problems: Iterable[Problem], problem_counts: Mapping[str, int]) -> dict[str, Any]:
    """Problems, the gravest first, with how many there are of each severity."""
    listed = sorted(problems, key=lambda problem: SEVERITIES.index(problem.severity))
    severity = {problem.code: problem.severity for problem in listed}
    counts: Counter[str] = Counter()
    for code, count in problem_counts.items():
        counts[severity.get(code, "note")] += count
    return {"counts": dict(counts), "problems": [problem_json(each) for each in listed[:SHOWN_PROBLEMS]]}


def preview_json(kind: str, found: Any) -> dict[str, Any]:
    """What would be imported as ``kind``: how it was read, the columns, numbers, problems, a sample."""
    made = {
        "dictionary": _dictionary_json,
        "pairs": _pairs_json,
        "corpus": _corpus_json,
        "retrieval": _retrieval_json,
    }[kind](found)
    made["preview"] |= problems_json(found.problems, found.problem_counts)
    return made


def _read_json(found: DictionaryPreview | PairsPreview | CorpusPreview) -> dict[str, Any]:
    return {
        "format": found.format,
        "encoding": found.encoding,
        "delimiter": getattr(found, "delimiter", None),
        "sheet": found.sheet,
        "sheets": list(found.sheets),
    }


def _sample(rows: Sequence[Sequence[str]], numbers: Sequence[int], first: int) -> dict[str, Any]:
    chosen = slice(first, first + SHOWN_ROWS)
    return {
        "sample": [[short(cell) for cell in row] for row in rows[chosen]],
        "numbers": list(numbers[chosen]),
    }


def _dictionary_json(found: DictionaryPreview) -> dict[str, Any]:
    choice = found.choice
    kept = kept_sentence(found.labels)
    return {
        "read": _read_json(found),
        "columns": list(found.columns),
        "choice": {
            "header": choice.has_header,
            "standard": choice.standard,
            "synonyms": list(choice.synonyms),
        },
        "preview": {
            "pairs": len(found.pairs),
            "standards": found.standards,
            "terms": found.terms,
            "rows": found.rows,
            "several": 0 if found.split_cells else found.multi_value_cells,
            "kept": both(kept) if kept else None,
            **_sample(found.sample_rows, found.sample_row_numbers, choice.skip_rows + int(choice.has_header)),
        },
    }


def _pairs_json(found: PairsPreview) -> dict[str, Any]:
    choice = found.choice
    bins = [0] * SCORE_BINS
    if found.kind == "scores":
        for pair in found.pairs:
            bins[min(SCORE_BINS - 1, int(pair.label * SCORE_BINS))] += 1
    return {
        "read": _read_json(found),
        "columns": list(found.columns),
        "choice": {
            "header": choice.has_header,
            "text1": choice.text1,
            "text2": choice.text2,
            "label": choice.label,
            "negative": choice.negative,
        },
        "preview": {
            "kind": found.kind,
            "divisor": found.divisor,
            "pairs": len(found.pairs),
            "positives": found.positives,
            "bins": bins if found.kind == "scores" else None,
            "rows": found.rows,
            "sample": [
                {
                    "a": short(p.text1),
                    "b": short(p.text2),
                    "label": p.label,
                    "negative": short(p.negative),
                    "row": p.row,
                }
                for p in found.pairs[:SHOWN_ROWS]
            ],
        },
    }


def _corpus_json(found: CorpusPreview) -> dict[str, Any]:
    return {
        "read": _read_json(found),
        "columns": list(found.columns),
        "choice": {"header": found.has_header, "column": found.column, "unit": found.unit},
        "preview": {
            "texts": found.count,
            "characters": found.characters,
            "unit": found.unit,
            "duplicates": found.problem_counts.get("duplicate", 0),
            "sample": [short(text) for text in found.sample[:SHOWN_ROWS]],
        },
    }


def _retrieval_json(found: RetrievalPreview) -> dict[str, Any]:
    query, passage = found.query_choice, found.passage_choice
    return {
        "read": {"format": None, "encoding": None, "delimiter": None, "sheet": None, "sheets": []},
        "columns": list(found.query_columns),
        "second_columns": list(found.passage_columns),
        "choice": {
            "header": query.has_header,
            "query": query.query,
            "answers": list(query.answers),
            "passage": passage.text if passage else None,
            "passage_id": passage.id if passage else None,
            "second_header": passage.has_header if passage else None,
        },
        "preview": {
            "queries": len(found.set.queries),
            "passages": len(found.set.passages),
            "answers": sum(map(len, found.set.answers)),
            "missing": found.problem_counts.get("answer_missing", 0)
            + found.problem_counts.get("unknown_id", 0),
            "near": found.near_identical,
            "limited": found.limited,
            "second": passage is not None,
            "sample": [
                {"query": short(query), "answers": [short(answer) for answer in answers]}
                for query, answers in found.sample[:SHOWN_ROWS]
            ],
        },
    }


def plan_json(plan: ImportPlan, before: int) -> dict[str, Any]:
    """What an import would do to a dictionary of ``before`` pairs."""
    return {
        "mode": plan.mode,
        "version": plan.version,
        "nothing": plan.changes_nothing,
        "summary": both(plan.summary),
        "before": before,
        "after": plan.pairs_after,
        "groups": plan.added_groups,
        "counts": {
            "added": plan.added_count,
            "merged": plan.merged_count,
            "changed": plan.changed_count,
            "ignored": plan.ignored_count,
            "removed": plan.removed_count,
            "refused": plan.refused_count,
        },
        "lists": {
            "added": [[group.standard, "、".join(group.synonyms)] for group in plan.added[:SHOWN_LIST]],
            "merged": _terms(plan.merged),
            "changed": [
                [each.before.standard, each.before.synonym, each.after.standard, each.after.synonym]
                for each in plan.changed[:SHOWN_LIST]
            ],
            "ignored": _terms(plan.ignored),
            "removed": _terms(plan.removed),
            "refused": _terms(plan.refused),
        },
        "found": problems_json(plan.problems, plan.problem_counts),
    }


def _terms(pairs: Sequence[Pair]) -> list[list[str]]:
    return [[pair.standard, pair.synonym] for pair in pairs[:SHOWN_LIST]]


def check_json(report: CheckReport) -> dict[str, Any]:
    """What a check found: problems by row, look-alikes to merge, chains to draw."""
    return {
        "clusters": [
            {
                "terms": [{"term": each.term, "groups": list(each.groups)} for each in cluster.terms],
                "standards": list(cluster.standards),
                "kinds": list(cluster.kinds),
                "similarity": round(cluster.similarity),
            }
            for cluster in report.clusters[:SHOWN_CLUSTERS]
        ],
        "cluster_count": report.cluster_count,
        "chains": [chain_json(chain) for chain in report.chains.chains],
        "chain_count": report.chains.count,
        **problems_json(report.problems, report.problem_counts),
    }


def chain_json(chain: Chain) -> dict[str, Any]:
    """A chain in the form that the editor's drawing takes, with the pairs that tie concepts together."""
    standards = set(chain.standards)
    return {
        "terms": [each.term for each in chain.terms],
        "keys": [term_key(each.term) for each in chain.terms],
        "edges": [
            {"pair": list(pair), "keys": [term_key(term) for term in pair]}
            for edge in chain.edges
            for pair in [(edge.first, edge.second) if edge.first in standards else (edge.second, edge.first)]
        ],
        "bridges": _ties(chain),
        "standards": list(chain.standards),
        "standard_keys": [term_key(term) for term in chain.standards],
        "count": chain.term_count,
        "cut": chain.term_count > len(chain.terms),
    }


def _ties(chain: Chain) -> list[str]:
    """The synonyms that two or more standard terms share; none where these are synonyms of each other."""
    standards = set(chain.standards)
    beside: dict[str, set[str]] = {}
    for edge in chain.edges:
        beside.setdefault(edge.first, set()).add(edge.second)
        beside.setdefault(edge.second, set()).add(edge.first)
    return [term for term, near in beside.items() if len(near & standards) > 1 and term not in standards]


def corpus_json(info: CorpusInfo) -> dict[str, Any]:
    """A corpus for the list."""
    return {
        "name": info.name,
        "unit": info.unit,
        "texts": info.texts,
        "characters": info.characters,
        "source": info.source,
        "created": info.created_at,
    }


def retrieval_json(info: RetrievalSetInfo) -> dict[str, Any]:
    """A retrieval set for the list."""
    return {
        "name": info.name,
        "queries": info.queries,
        "passages": info.passages,
        "answers": info.answers,
        "source": info.source,
        "created": info.created_at,
    }
