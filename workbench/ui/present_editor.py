"""From the editor's nouns to the JSON that its scripts draw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from workbench.normalise import term_key
from workbench.types import Difference, Group, Pair, Step
from workbench.ui.present import both

if TYPE_CHECKING:
    from workbench.services.editing import Component, EditorStatus, EditResult


def group_json(group: Group) -> dict[str, Any]:
    """A group as the list draws it."""
    return {
        "id": group.id,
        "standard": group.standard,
        "synonyms": list(group.synonyms),
        "changed": group.changed,
        "flags": list(group.flags),
        "marks": {term: list(marks) for term, marks in group.marks.items()},
        "labels": group.labels,
    }


def groups_json(groups: Iterable[Group]) -> list[dict[str, Any]]:
    """Several groups, in their order."""
    return [group_json(group) for group in groups]


def step_json(step: Step) -> dict[str, Any]:
    """One step of the history."""
    return {
        "number": step.number,
        "kind": step.kind,
        "title": both(step.title),
        "author": step.author,
        "at": step.created_at,
        "added": step.added,
        "removed": step.removed,
        "pairs": step.pairs,
        "content_of": step.content_of,
        "current": step.current,
    }


def status_json(status: EditorStatus) -> dict[str, Any]:
    """What undo and redo would do."""
    return {"undo": both(status.undo), "redo": both(status.redo)}


def result_json(result: EditResult, status: EditorStatus) -> dict[str, Any]:
    """What an edit did, and where the dictionary stands now."""
    return {
        "version": result.info.version,
        "step": None if result.step is None else step_json(result.step),
        "groups": groups_json(result.groups),
        "gone": list(result.gone),
        "notes": [both(note) for note in result.notes],
        "status": status_json(status),
    }


def pairs_json(pairs: Sequence[Pair]) -> list[list[str]]:
    """Pairs as ``[standard, synonym]``."""
    return [[pair.standard, pair.synonym] for pair in pairs]


def difference_json(difference: Difference) -> dict[str, Any]:
    """Two versions side by side."""
    return {
        "added": pairs_json(difference.added),
        "removed": pairs_json(difference.removed),
        "added_count": difference.added_count,
        "removed_count": difference.removed_count,
        "apart_added": pairs_json(difference.apart_added),
        "apart_removed": pairs_json(difference.apart_removed),
        "labels": [[each.column, each.term, each.before, each.after] for each in difference.labels],
        "label_count": difference.label_count,
    }


def component_json(component: Component) -> dict[str, Any]:
    """A chain for drawing. ``keys`` name terms and ends of edges alike, however they are written."""
    return {
        "terms": list(component.terms),
        "keys": [term_key(term) for term in component.terms],
        "edges": [
            {"pair": [edge.standard, edge.synonym], "keys": [term_key(edge.standard), term_key(edge.synonym)]}
            for edge in component.edges
        ],
        "groups": list(component.groups),
        "bridges": list(component.bridges),
        "cut": component.cut,
    }
