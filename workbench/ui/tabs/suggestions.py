"""The queue of suggestions: a page of it, and what the expert decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from workbench.errors import BadParameter, NotFound
from workbench.normalise import term_key
from workbench.storage.suggestions import SuggestionSort
from workbench.types import Group, Suggestion, SuggestionKind, SuggestionState
from workbench.ui import incoming, present_pairs
from workbench.ui.page import Page
from workbench.ui.present import both
from workbench.ui.text import text

PAGE_SIZE = 40
SOURCES = 50  # to choose among
LONGEST_NAME = 200
LONGEST_AUTHOR = 60
LARGEST_ID = 2**53
Function = Callable[[dict[str, Any]], dict[str, Any]]


def functions(page: Page) -> list[Function]:
    """What the queue asks the server."""
    queue = page.services.suggestions

    def read_queue(data: dict[str, Any]) -> dict[str, Any]:
        """One page of the queue with the groups that its synonyms would join, and the counts."""
        scope = _scope(data)
        kind: Any = incoming.one_of(data, "kind", ("", *get_args(SuggestionKind)), default="") or None
        state: Any = incoming.one_of(data, "state", get_args(SuggestionState), default="waiting")
        sort: Any = incoming.one_of(data, "sort", get_args(SuggestionSort), default="score")
        source = incoming.words(data, "source", limit=LONGEST_NAME, default="") or None
        found, total = queue.page(
            scope,
            kind=kind,
            state=state,
            source=source,
            search=incoming.words(data, "search", limit=LONGEST_NAME, default=""),
            sort=sort,
            page=incoming.whole(data, "page", 0, 10**7, default=0),
            size=PAGE_SIZE,
        )
        return {
            "items": _items(page, found),
            "total": total,
            "size": PAGE_SIZE,
            "counts": queue.counts(scope, kind=kind, source=source),
            "sources": [{"id": each, "name": _source_name(page, each)} for each in queue.sources()[:SOURCES]],
        }

    def decide(data: dict[str, Any]) -> dict[str, Any]:
        """Accept, reject, put off or take back."""
        ids = _ids(data)
        act = incoming.one_of(data, "act", ("accept", "reject", "later", "undo"))
        author = incoming.words(data, "author", limit=LONGEST_AUTHOR, default="")
        if act == "accept":
            pair_set = incoming.words(data, "pair_set", limit=LONGEST_NAME, default="")
            done = queue.accept(ids, author=author, pair_set=pair_set)
        elif act == "reject":
            done = queue.reject(ids, author=author)
        elif act == "later":
            done = queue.later(ids, author=author)
        else:
            done = queue.undo(ids, author=author)
        return {
            "ids": list(done.ids),
            "state": done.state,
            "steps": [both(step.title) for step in done.steps],
            "notes": [both(note) for note in done.notes],
            "pair_set": None if done.pair_set is None else done.pair_set.name,
        }

    return [read_queue, decide]


def _scope(data: dict[str, Any]) -> str | None:
    """A dictionary by its name, or all of them."""
    return incoming.words(data, "dictionary", limit=LONGEST_NAME, default="") or None


def _ids(data: dict[str, Any]) -> list[int]:
    values = data.get("ids")
    if not isinstance(values, list) or not 0 < len(values) <= PAGE_SIZE:
        raise BadParameter(text("error.bad_request"))
    return [incoming.whole({"id": value}, "id", 0, LARGEST_ID) for value in values]


def _items(page: Page, found: list[Suggestion]) -> list[dict[str, Any]]:
    sources: dict[str, str] = {}
    groups: dict[tuple[str, str], Group | None] = {}
    items = []
    for each in found:
        if each.source not in sources:
            sources[each.source] = _source_name(page, each.source)
        place = (each.dictionary, term_key(each.first))
        if place not in groups:
            groups[place] = _group(page, each)
        items.append(present_pairs.suggestion_json(each, sources[each.source], groups[place]))
    return items


def _group(page: Page, found: Suggestion) -> Group | None:
    """The group that a proposed synonym would join."""
    if found.kind != "synonym" or not found.dictionary:
        return None
    key = term_key(found.first)
    there = page.services.editor.find(found.dictionary, found.first)
    return next((group for group in there if term_key(group.standard) == key), None)


def _source_name(page: Page, source: str) -> str:
    """The name of the job or run behind ``generation:<id>`` or ``model:<name>``."""
    kind, _, rest = source.partition(":")
    if kind != "generation":
        return rest or source
    try:
        return page.services.generation.job(rest).name
    except NotFound:
        return ""
