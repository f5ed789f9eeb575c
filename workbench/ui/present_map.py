"""From the map's nouns to the JSON that its scripts draw: parallel lists, places as whole numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.types import Group
from workbench.ui.present import both, hit_json
from workbench.ui.present_editor import groups_json

if TYPE_CHECKING:
    from workbench.services.maps import Before, Colours, Lines, MapLayout, TermCard
    from workbench.services.picked_terms import GroupOption

STEPS = 10_000  # places of the plane from its middle to its edge: finer than a screen shows


def layout_json(layout: MapLayout, version: int) -> dict[str, Any]:
    """Terms with their places; groups by number, so that each name travels once."""
    names = list(dict.fromkeys(layout.groups))
    number = {name: place for place, name in enumerate(names)}
    return {
        "version": version,
        "steps": STEPS,
        "terms": list(layout.terms),
        "groups": names,
        "group": [number[name] for name in layout.groups],
        "standard": [int(flag) for flag in layout.is_standard],
        "x": _whole(layout.x),
        "y": _whole(layout.y),
        "trust": layout.trustworthiness,
        "left_out": layout.left_out,
        "updated": layout.updated,
        "before": None if layout.before is None else _before_json(layout.before),
    }


def _before_json(before: Before) -> dict[str, Any]:
    return {
        "model": before.model,
        "x": _whole(before.x),
        "y": _whole(before.y),
        "trust": before.trustworthiness,
        "distance": [before.synonym_distance_before, before.synonym_distance_after],
    }


def colours_json(colours: Colours) -> dict[str, Any]:
    """A value for each term: a category's number (below 0: none), or a number (``None``: none)."""
    if colours.kind == "categories":
        values: list[Any] = [int(value) for value in colours.values]
    else:
        values = [None if math.isnan(value) else round(float(value), 4) for value in colours.values]
    return {
        "by": colours.by,
        "kind": colours.kind,
        "values": values,
        "names": [both(name) if isinstance(name, LocalText) else name for name in colours.names],
        "low": colours.low,
        "high": colours.high,
        "missing": both(colours.missing),
        "legend": both(colours.legend),
    }


def lines_json(lines: Lines) -> dict[str, Any]:
    """Known pairs by the places of their terms, the least alike first; cosines in thousandths."""
    return {
        "a": [int(place) for place in lines.a],
        "b": [int(place) for place in lines.b],
        "similarity": [round(1000 * float(value)) for value in lines.similarity],
    }


def card_json(
    card: TermCard, groups: Sequence[Group], version: int, status: dict[str, Any]
) -> dict[str, Any]:
    """A term with its true neighbours, and the groups that hold it as the editor has them."""
    return {
        "term": card.term,
        "standard": card.standard,
        "part": card.part,
        "rank": card.rank,
        "neighbours": [hit_json(hit) for hit in card.neighbours],
        "groups": groups_json(groups),
        "version": version,
        "status": status,
    }


def options_json(options: Sequence[GroupOption]) -> list[dict[str, Any]]:
    """The terms that may become the standard term."""
    return [{"standard": each.standard, "known": each.known, "along": list(each.along)} for each in options]


def _whole(values: Any) -> list[int]:
    found: list[int] = (values * STEPS).round().astype(int).tolist()
    return found
