"""From suggestions, their figures and waiting labels to the JSON that the page's scripts draw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from workbench.services.proposing import Proposed
from workbench.services.relearning import NewLabels
from workbench.services.suggestion_figures import Figures, Point, Share
from workbench.types import ACTIVE_STATES, Group, Run, Suggestion
from workbench.ui.present import both

SHOWN_SYNONYMS = 12  # of a group that a suggestion speaks of
DECIMALS = 4


def suggestion_json(
    found: Suggestion, source: str, first: Sequence[Group], second: Sequence[Group], home: Sequence[Group]
) -> dict[str, Any]:
    """A suggestion with the name of where it is from and, for a synonym, the groups of its two terms.

    ``home`` is the group that a misplaced term lies nearer to.
    """
    together = {group.id for group in first} & {group.id for group in second}
    return {
        "id": found.id,
        "kind": found.kind,
        "what": found.what,
        "details": found.details,
        "dictionary": found.dictionary,
        "first": found.first,
        "second": found.second,
        "label": found.label,
        "score": None if found.score is None else round(found.score, DECIMALS),
        "source": source,
        "reason": both(found.reason),
        "state": found.state,
        "author": found.author,
        "created": found.created_at,
        "decided": found.decided_at,
        "group": group_json(first[0]) if first else None,
        "other": group_json(second[0]) if second and not together else None,
        "home": group_json(home[0]) if home else None,
        "together": bool(together),
    }


def group_json(group: Group) -> dict[str, Any]:
    """A group with its first synonyms and how many more there are."""
    return {
        "standard": group.standard,
        "synonyms": list(group.synonyms[:SHOWN_SYNONYMS]),
        "more": max(0, len(group.synonyms) - SHOWN_SYNONYMS),
    }


def proposed_json(done: Proposed) -> dict[str, Any]:
    """What a look has brought."""
    return {
        "new": sum(done.new.values()),
        "found": sum(done.found.values()),
        "withdrawn": done.withdrawn,
        "kinds": dict(done.new),
    }


def share_json(share: Share) -> dict[str, Any]:
    """How many of the decided were accepted; shares 0..1."""
    low, high = share.interval
    return {
        "decided": share.decided,
        "accepted": share.accepted,
        "precision": share.precision,
        "low": low,
        "high": high,
        "expected": share.expected,
        "few": share.few,
    }


def figures_json(found: Figures, name: Callable[[str], str]) -> dict[str, Any]:
    """Precision in all, over time, by source, by what was looked for and by score."""

    def points(series: Sequence[Point]) -> list[dict[str, Any]]:
        return [{"start": p.start, "end": p.end, **share_json(p.share)} for p in series]

    return {
        "total": share_json(found.total),
        "window": found.window,
        "windows": points(found.windows),
        "days": points(found.days),
        "sources": [{"name": name(each), **share_json(share)} for each, share in found.sources.items()],
        "whats": [{"what": each, **share_json(share)} for each, share in found.whats.items()],
        "bands": [{"from": b.low, "to": b.high, **share_json(b.share)} for b in found.bands],
    }


def labels_json(known: NewLabels) -> dict[str, Any]:
    """How many labels wait, since which model, and the newest run."""
    return {
        "synonyms": known.synonyms,
        "marks": known.marks,
        "removed": known.removed,
        "new": known.new,
        "version": known.version,
        "trained": known.trained,
        "best": None if known.run is None else known.run.name,
        "latest": None if known.latest is None else _run_json(known.latest),
    }


def _run_json(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "name": run.name,
        "state": run.state,
        "busy": run.state in (*ACTIVE_STATES, "queued"),
        "fraction": run.step / run.total_steps if run.total_steps and run.step else None,
        "phase": both(run.phase),
    }
