"""From pair sets and jobs of a language model to the JSON that the page's scripts draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.generation.config import GenerationConfig
from workbench.localtext import LocalText
from workbench.pairing.making import MadePairs
from workbench.types import ACTIVE_STATES, GenerationJob, LabelledPair, PairSetInfo
from workbench.ui.present import both

DECIMALS = 4


def made_json(made: MadePairs) -> dict[str, Any]:
    """A preview: rows with label, origin and context, counts, and what is to be said about them."""
    return {
        "rows": [
            {**pair_json(row), "origin": origin, "context": context}
            for row, origin, context in zip(made.rows, made.origins, made.contexts, strict=True)
        ],
        "counts": made.counts,
        "possible": made.possible,
        "positives": made.positives,
        "notes": [both(note) for note in made.notes],
    }


def pair_json(pair: LabelledPair) -> dict[str, Any]:
    """One row of a pair set."""
    return {"a": pair.text1, "b": pair.text2, "label": round(pair.label, DECIMALS), "negative": pair.negative}


def set_json(info: PairSetInfo) -> dict[str, Any]:
    """A pair set for the list; of its recipe what says how it was made."""
    made = info.recipe if info.recipe.get("maker") == "dictionary" else {}
    recipe = made.get("recipe", {})
    return {
        "name": info.name,
        "kind": info.kind,
        "rows": info.rows,
        "positives": info.positives,
        "trusted": info.trusted,
        "source": info.source,
        "created": info.created_at,
        "author": info.recipe.get("author", ""),
        "reviewed": bool(info.recipe.get("suggestions")),
        "made": {
            "dictionary": made.get("dictionary", ""),
            "version": made.get("version", 0),
            "positives": recipe.get("positives", ""),
            "templates": len(recipe.get("templates", ())),
            "corpus": recipe.get("corpus") or "",
            "model": made.get("model") or "",
            "counts": made.get("counts", {}),
        }
        if made
        else None,
        "notes": made.get("notes", []),
    }


def job_json(job: GenerationJob, names: Mapping[str, LocalText], *, resumable: bool) -> dict[str, Any]:
    """A job of a language model; a key is no part of it."""
    config = GenerationConfig.from_json(job.config)
    return {
        "id": job.id,
        "name": job.name,
        "kind": config.kind,
        "model": config.endpoint.model,
        "address": config.endpoint.base_url,
        "state": job.state,
        "active": job.state in ACTIVE_STATES or job.state == "queued",
        "progress": job.progress,
        "requests": job.requests,
        "cap": config.max_requests,
        "made": job.made,
        "kept": job.kept,
        "dropped": [
            {"text": both(names.get(name)) or name, "n": count}
            for name, count in sorted(job.dropped.items(), key=lambda each: -each[1])
            if count
        ],
        "message": both(job.message),
        "created": job.created_at,
        "finished": job.finished_at,
        "resumable": resumable,
    }
