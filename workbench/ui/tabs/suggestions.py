"""The queue of suggestions: a page of it, and what the expert decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from workbench.errors import BadParameter
from workbench.normalise import term_key
from workbench.services.proposing import WHAT
from workbench.storage.suggestions import SuggestionSort
from workbench.types import Group, Suggestion, SuggestionKind, SuggestionState
from workbench.ui import incoming, present_suggestions
from workbench.ui.page import Page
from workbench.ui.present import both
from workbench.ui.tabs import suggestions_loop
from workbench.ui.tabs.suggestions_loop import source_name
from workbench.ui.text import text

PAGE_SIZE = 40
SOURCES = 50  # to choose among
LONGEST_NAME = 200
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
        what = incoming.one_of(data, "what", ("", "generated", *WHAT), default="")
        wanted = {"": None, "generated": ""}.get(what, what)
        found, total = queue.page(
            scope,
            kind=kind,
            state=state,
            source=source,
            what=wanted,
            search=incoming.words(data, "search", limit=LONGEST_NAME, default=""),
            sort=sort,
            page=incoming.whole(data, "page", 0, 10**7, default=0),
            size=PAGE_SIZE,
        )
        return {
            "items": _items(page, found),
            "total": total,
            "size": PAGE_SIZE,
            "counts": queue.counts(scope, kind=kind, source=source, what=wanted),
            "sources": [{"id": each, "name": source_name(page, each)} for each in queue.sources()[:SOURCES]],
        }

    def read_items(data: dict[str, Any]) -> dict[str, Any]:
        """Some suggestions as they are now, with the groups that they speak of."""
        return {"items": _items(page, queue.some(_ids(data)))}

    def decide(data: dict[str, Any]) -> dict[str, Any]:
        """Accept, reject, put off or take back."""
        ids = _ids(data)
        act = incoming.one_of(data, "act", ("accept", "reject", "later", "undo"))
        author = incoming.author(data)
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

    return [read_queue, read_items, decide, *suggestions_loop.functions(page)]


def _scope(data: dict[str, Any]) -> str | None:
    """A dictionary by its name, or all of them."""
    return incoming.words(data, "dictionary", limit=LONGEST_NAME, default="") or None


def _ids(data: dict[str, Any]) -> list[int]:
    values = data.get("ids")
    if not isinstance(values, list) or not 0 < len(values) <= PAGE_SIZE:
        raise BadParameter(text("error.bad_request"))
    return [incoming.whole({"id": value}, "id", 0, LARGEST_ID) for value in values]


def _items(page: Page, found: list[Suggestion]) -> list[dict[str, Any]]:
    sources = {each.source: source_name(page, each.source) for each in found}
    groups: dict[tuple[str, str], list[Group]] = {}

    def of(dictionary: str, term: str) -> list[Group]:
        """The groups of a term, the one that is called by it first."""
        key = (dictionary, term_key(term))
        if key not in groups:
            there = page.services.editor.find(dictionary, term) if dictionary else ()
            groups[key] = sorted(there, key=lambda group: term_key(group.standard) != key[1])
        return groups[key]

    return [
        present_suggestions.suggestion_json(
            each,
            sources[each.source],
            of(each.dictionary, each.first) if each.kind == "synonym" else (),
            of(each.dictionary, each.second) if each.kind == "synonym" else (),
            of(each.dictionary, str(each.details.get("home", ""))) if each.what == "strays" else (),
        )
        for each in found
    ]
