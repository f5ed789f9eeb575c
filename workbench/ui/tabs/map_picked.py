"""What is done with terms that were circled on the map: a group, a mark, a suggestion, a file."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from workbench.errors import BadParameter, Conflict
from workbench.localtext import LocalText
from workbench.ui import incoming, present_map
from workbench.ui.page import Page
from workbench.ui.present import both
from workbench.ui.present_editor import result_json
from workbench.ui.text import text

MOST = 100_000  # terms
LARGEST_ID = 2**53
Function = Callable[[dict[str, Any]], dict[str, Any]]


def functions(page: Page) -> list[Function]:
    """What is changed, and the table."""
    picked, editor = page.services.picked, page.services.editor

    def group_options(data: dict[str, Any]) -> dict[str, Any]:
        """Which of the terms may be the standard term, and what would come with them."""
        return {"options": present_map.options_json(picked.options(_name(data), _terms(data)))}

    def make_group(data: dict[str, Any]) -> dict[str, Any]:
        """One group of all of them."""
        name = _name(data)

        def work() -> dict[str, Any]:
            done = picked.group(
                name,
                _terms(data),
                incoming.words(data, "standard"),
                based_on=_version(data),
                author=incoming.author(data),
            )
            return {**result_json(done.result, editor.status(name)), "steps": done.steps}

        return _unless_changed(work)

    def mark_terms_apart(data: dict[str, Any]) -> dict[str, Any]:
        """Each two of them are not synonyms."""
        name = _name(data)

        def work() -> dict[str, Any]:
            result = picked.apart(name, _terms(data), based_on=_version(data), author=incoming.author(data))
            return {**result_json(result, editor.status(name)), "steps": 1}

        return _unless_changed(work)

    def suggest_terms(data: dict[str, Any]) -> dict[str, Any]:
        """Into the queue."""
        return {"new": picked.suggest(_name(data), _terms(data))}

    def export_terms(data: dict[str, Any]) -> dict[str, Any]:
        """A table of them."""
        name = _name(data)
        table = picked.table(name, _terms(data))
        return {"name": f"{name}-terms.csv", "data": base64.b64encode(table).decode("ascii")}

    return [group_options, make_group, mark_terms_apart, suggest_terms, export_terms]


def _unless_changed(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer of an edit, or what somebody else did to the same groups."""
    try:
        return work()
    except Conflict as conflict:
        sentence = LocalText(conflict.message.get("zh"), conflict.message.get("en"))
        return {"conflict": {"message": both(sentence), "ids": [], "groups": []}}


def _name(data: dict[str, Any]) -> str:
    return incoming.words(data, "name", limit=200)


def _terms(data: dict[str, Any]) -> list[str]:
    values = data.get("terms")
    if not isinstance(values, list) or len(values) > MOST:
        raise BadParameter(text("error.bad_request"))
    return [incoming.words({"term": value}, "term") for value in values]


def _version(data: dict[str, Any]) -> int:
    return incoming.whole(data, "based_on", 0, LARGEST_ID)
