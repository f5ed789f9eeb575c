"""The JSON documents that the command line prints: stable names, rates in percent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from workbench.localtext import Language, LocalText
from workbench.types import (
    Comparison,
    CorpusInfo,
    DictionaryInfo,
    Difference,
    GenerationJob,
    Group,
    LabelledPair,
    Metrics,
    ModelInfo,
    Pair,
    PairSetInfo,
    Problem,
    RetrievalSetInfo,
    Run,
    Step,
    Suggestion,
)

if TYPE_CHECKING:
    from workbench.evaluation.leaderboard import BoardRow
    from workbench.ingest.check import CheckReport
    from workbench.ingest.contradictions import Contradiction
    from workbench.ingest.dry_run import ImportPlan
    from workbench.pairing.making import MadePairs
    from workbench.services.suggestion_figures import Figures, Point, Share
    from workbench.services.suggestions import Decision


def metrics_document(model: str, dictionary: str, metrics: Metrics, seconds: float) -> dict[str, Any]:
    """One model measured on the test terms of one dictionary."""
    return {
        "model": model,
        "dictionary": dictionary,
        "split": "test",
        "queries": metrics.queries,
        "corpus": metrics.corpus,
        **{f"recall@{k}": round(metrics.recall[k], 4) for k in (1, 5, 10)},
        **{f"hit@{k}": round(metrics.hit[k], 4) for k in (1, 5, 10)},
        "mrr@10": round(metrics.mrr10, 4),
        "ndcg@10": round(metrics.ndcg10, 4),
        "recall@1_ci95": [round(bound, 4) for bound in metrics.recall1_ci95],
        "seconds": round(seconds, 3),
    }


def row_document(dictionary: str, row: BoardRow, language: Language) -> dict[str, Any]:
    """One row of the leaderboard: the metrics, the comparison with its base, the view "seen concepts"."""
    document = metrics_document(row.model, dictionary, row.metrics, row.seconds)
    document.update(kind=row.kind, base=row.base, verdict=row.verdict.get(language))
    for name, found in (("against_base", row.against_base), ("against_reference", row.against_reference)):
        if found is not None:
            document[name] = comparison_document(found)
    if row.seen is not None:
        document["seen_concepts"] = {f"recall@{k}": round(row.seen.recall[k], 4) for k in (1, 5, 10)}
    if row.retention is not None:
        document["retention"] = row.retention.as_json()
    return document


def comparison_document(found: Comparison) -> dict[str, Any]:
    """One system against another."""
    return {
        "difference": round(found.difference, 4),
        "ci95": [round(bound, 4) for bound in found.ci95],
        "p_value": found.p_value,
        "verdict": found.verdict,
    }


def short_row(document: dict[str, Any]) -> dict[str, Any]:
    """What of a row fits into a terminal."""
    wanted = ("model", "kind", "recall@1", "recall@5", "recall@10", "mrr@10", "recall@1_ci95", "verdict")
    return {name: document[name] for name in wanted}


def run_document(run: Run, language: Language) -> dict[str, Any]:
    """A run as it stands."""
    return {
        "id": run.id,
        "name": run.name,
        "dictionary": run.dictionary,
        "base": run.base_model,
        "recipe": run.recipe,
        "state": run.state,
        "phase": run.phase.get(language),
        "message": run.message.get(language) if run.message else None,
        "step": run.step,
        "total_steps": run.total_steps,
        "seconds": round((run.finished_at or time.time()) - run.started_at, 2) if run.started_at else None,
        "seed": run.config.get("seed"),
        "result": run.result,
    }


def model_document(model: ModelInfo, language: Language) -> dict[str, Any]:
    """A model that can be chosen."""
    return {
        "id": model.id,
        "title": model.title.get(language),
        "kind": model.kind,
        "base": model.base,
        "languages": list(model.languages),
        "size_bytes": model.size_bytes,
        "licence": model.licence,
        "ready": model.ready,
        "default": model.default,
    }


# -- dictionaries and their history -----------------------------------------------------------------


def dictionary_document(info: DictionaryInfo) -> dict[str, Any]:
    """A dictionary's newest version."""
    return {
        "name": info.name,
        "version": info.version,
        "pairs": info.pairs,
        "standards": info.standards,
        "terms": info.terms,
        "language": info.language,
        "sample": info.sample,
    }


def problem_documents(problems: Sequence[Problem], language: Language) -> list[dict[str, Any]]:
    """Problems in the order of their rows."""
    return [
        {
            "code": each.code,
            "severity": each.severity,
            "row": each.row,
            "column": each.column,
            "text": each.text.get(language),
        }
        for each in problems
    ]


def pair_lists(pairs: Sequence[Pair]) -> list[list[str]]:
    """``[standard, synonym]`` each."""
    return [[pair.standard, pair.synonym] for pair in pairs]


def plan_document(plan: ImportPlan, language: Language) -> dict[str, Any]:
    """What an import would do: counts of pairs are whole, the lists under ``details`` hold 500 at most."""
    return {
        "mode": plan.mode,
        "summary": plan.summary.get(language),
        "changes_nothing": plan.changes_nothing,
        "added": plan.added_count,
        "added_groups": plan.added_groups,
        "merged": plan.merged_count,
        "changed": plan.changed_count,
        "ignored": plan.ignored_count,
        "removed": plan.removed_count,
        "refused": plan.refused_count,
        "pairs_after": plan.pairs_after,
        "details": {
            "added": [[group.standard, *group.synonyms] for group in plan.added],
            "merged": pair_lists(plan.merged),
            "changed": [[*pair_lists([each.before, each.after])] for each in plan.changed],
            "ignored": pair_lists(plan.ignored),
            "removed": pair_lists(plan.removed),
            "refused": pair_lists(plan.refused),
        },
    }


def check_document(report: CheckReport, language: Language) -> dict[str, Any]:
    """What is odd about a dictionary: ``problems`` counts by kind, ``details`` says each with its row."""
    return {
        "problems": dict(report.problem_counts),
        "details": problem_documents(report.problems, language),
        "near_duplicates": {
            "count": report.cluster_count,
            "clusters": [
                {
                    "terms": [each.term for each in cluster.terms],
                    "rows": [each.row for each in cluster.terms],
                    "standards": list(cluster.standards),
                    "kinds": list(cluster.kinds),
                    "similarity": round(cluster.similarity, 1),
                }
                for cluster in report.clusters
            ],
        },
        "chains": {
            "count": report.chains.count,
            "largest": [
                {
                    "standards": list(chain.standards),
                    "terms": chain.term_count,
                    "pairs": chain.edge_count,
                    "cuts": [[edge.first, edge.second] for edge in chain.edges if edge.separates],
                }
                for chain in report.chains.chains
            ],
        },
    }


def step_document(step: Step, language: Language) -> dict[str, Any]:
    """One version of a dictionary's history."""
    return {
        "number": step.number,
        "kind": step.kind,
        "title": step.title.get(language),
        "author": step.author,
        "created_at": when(step.created_at),
        "added": step.added,
        "removed": step.removed,
        "pairs": step.pairs,
        "content_of": step.content_of,
        "current": step.current,
    }


def edit_document(
    info: DictionaryInfo,
    steps: Sequence[Step],
    groups: Sequence[Group],
    gone: Sequence[int],
    notes: Sequence[LocalText],
    language: Language,
) -> dict[str, Any]:
    """What edits did: the new steps (none where nothing changed), and the touched groups as they are now."""
    return {
        "name": info.name,
        "version": info.version,
        "pairs": info.pairs,
        "standards": info.standards,
        "steps": [step_document(step, language) for step in steps],
        "groups": [group_document(group) for group in groups],
        "gone": list(gone),
        "notes": [note.get(language) for note in notes],
    }


def group_document(group: Group) -> dict[str, Any]:
    """A synonym group."""
    return {
        "id": group.id,
        "standard": group.standard,
        "synonyms": list(group.synonyms),
        "changed": group.changed,
        "flags": list(group.flags),
        "labels": {column: dict(values) for column, values in group.labels.items() if values},
    }


def difference_document(name: str, a: int, b: int, found: Difference) -> dict[str, Any]:
    """What version ``b`` has and ``a`` has not, and the reverse; counts are whole."""
    return {
        "name": name,
        "from": a,
        "to": b,
        "added": found.added_count,
        "removed": found.removed_count,
        "details": {
            "added": pair_lists(found.added),
            "removed": pair_lists(found.removed),
            "apart_added": pair_lists(found.apart_added),
            "apart_removed": pair_lists(found.apart_removed),
            "labels": [
                {"column": each.column, "term": each.term, "before": each.before, "after": each.after}
                for each in found.labels
            ],
        },
        "labels": found.label_count,
    }


# -- pair sets, corpora, retrieval sets -------------------------------------------------------------


def pair_set_document(info: PairSetInfo) -> dict[str, Any]:
    """A set of labelled pairs."""
    return {
        "name": info.name,
        "kind": info.kind,
        "rows": info.rows,
        "positives": info.positives,
        "trusted": info.trusted,
        "source": info.source,
        "recipe": info.recipe,
        "created_at": when(info.created_at),
    }


def corpus_document(info: CorpusInfo) -> dict[str, Any]:
    """A corpus."""
    return {
        "name": info.name,
        "unit": info.unit,
        "texts": info.texts,
        "characters": info.characters,
        "source": info.source,
        "created_at": when(info.created_at),
    }


def benchmark_document(info: RetrievalSetInfo) -> dict[str, Any]:
    """A retrieval set."""
    return {
        "name": info.name,
        "queries": info.queries,
        "passages": info.passages,
        "answers": info.answers,
        "source": info.source,
        "created_at": when(info.created_at),
    }


def labelled_document(pair: LabelledPair) -> dict[str, Any]:
    """One labelled pair."""
    document = {"text1": pair.text1, "text2": pair.text2, "label": pair.label}
    return {**document, "negative": pair.negative} if pair.negative else document


def made_document(made: MadePairs, language: Language) -> dict[str, Any]:
    """A preview of pairs made from a dictionary."""
    return {
        "possible": made.possible,
        "counts": made.counts,
        "notes": [note.get(language) for note in made.notes],
        "rows": [
            {**labelled_document(pair), "origin": origin, "context": context}
            for pair, origin, context in zip(made.rows, made.origins, made.contexts, strict=True)
        ],
    }


def contradiction_document(found: Contradiction, language: Language) -> dict[str, Any]:
    """A pair that says the opposite of a dictionary."""
    return {
        "code": found.code,
        "text1": found.text1,
        "text2": found.text2,
        "label": found.label,
        "row": found.row,
        "dictionary_row": found.dictionary_row,
        "text": found.text.get(language),
    }


# -- the suggestions queue and what fills it --------------------------------------------------------


def suggestion_document(each: Suggestion, language: Language) -> dict[str, Any]:
    """Something that waits for a yes or no."""
    return {
        "id": each.id,
        "kind": each.kind,
        "dictionary": each.dictionary,
        "first": each.first,
        "second": each.second,
        "label": each.label,
        "score": each.score,
        "state": each.state,
        "author": each.author,
        "source": each.source,
        "reason": each.reason.get(language) if each.reason else None,
        "what": each.what,
        "details": each.details,
    }


def share_row(share: Share) -> dict[str, Any]:
    """How many of the decided suggestions were accepted; rates in percent."""
    low, high = share.interval
    return {
        "decided": share.decided,
        "accepted": share.accepted,
        "precision": None if share.precision is None else round(100 * share.precision, 1),
        "ci95": [round(100 * low, 1), round(100 * high, 1)] if share.decided else None,
        "expected": None if share.expected is None else round(100 * share.expected, 1),
        "few": share.few,
    }


def figures_document(found: Figures) -> dict[str, Any]:
    """How good suggestions were: in all, over time, by source, by what was looked for, by score."""

    def points(series: Sequence[Point]) -> list[dict[str, Any]]:
        return [{"from": when(p.start), "until": when(p.end), **share_row(p.share)} for p in series]

    return {
        "total": share_row(found.total),
        "window": found.window,
        "windows": points(found.windows),
        "days": points(found.days),
        "sources": [{"source": name, **share_row(share)} for name, share in found.sources.items()],
        "what": [{"what": name, **share_row(share)} for name, share in found.whats.items()],
        "scores": [{"low": b.low, "high": b.high, **share_row(b.share)} for b in found.bands],
        "unscored": share_row(found.unscored),
    }


def decision_document(found: Decision, language: Language) -> dict[str, Any]:
    """What a decision did."""
    return {
        "state": found.state,
        "ids": list(found.ids),
        "steps": [step_document(step, language) for step in found.steps],
        "pair_set": pair_set_document(found.pair_set) if found.pair_set else None,
        "notes": [note.get(language) for note in found.notes],
    }


def generation_document(job: GenerationJob, language: Language) -> dict[str, Any]:
    """A job that asks a language model, as it stands."""
    return {
        "id": job.id,
        "name": job.name,
        "state": job.state,
        "kind": job.config.get("kind"),
        "dictionary": job.config.get("dictionary"),
        "corpus": job.config.get("corpus"),
        "model": job.config.get("endpoint", {}).get("model"),
        "url": job.config.get("endpoint", {}).get("base_url"),
        "requests": job.requests,
        "max_requests": job.config.get("max_requests"),
        "made": job.made,
        "kept": job.kept,
        "dropped": job.dropped,
        "message": job.message.get(language) if job.message else None,
        "created_at": when(job.created_at),
    }


def when(seconds: float) -> str:
    """A moment as ISO 8601 in the local time zone, to the second."""
    return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds")
