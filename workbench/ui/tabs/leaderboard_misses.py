"""Behind the numbers of a board: the single queries, the slices, and what the expert says of a query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.editing.edits import AddSynonyms, MarkApart
from workbench.errors import BadParameter, NotFound
from workbench.evaluation.benchmarks import split_benchmark_id
from workbench.evaluation.causes import CAUSES
from workbench.evaluation.mistakes import SIDES
from workbench.evaluation.slices import DIMENSIONS
from workbench.normalise import term_key
from workbench.ui import incoming, present_board
from workbench.ui.page import Page
from workbench.ui.present import both
from workbench.ui.text import text

PAGE_SIZE = 25
LONGEST_ID = 600
MOST_SYSTEMS = 8
Function = Callable[[dict[str, Any]], dict[str, Any]]


def functions(page: Page) -> list[Function]:
    """What the misses and the slices ask the server."""
    evaluation, editor = page.services.evaluation, page.services.editor

    def read_misses(data: dict[str, Any]) -> dict[str, Any]:
        """One page of queries under one or two systems."""
        found = evaluation.misses(
            incoming.words(data, "benchmark", limit=LONGEST_ID),
            incoming.words(data, "a", limit=LONGEST_ID),
            incoming.words(data, "b", limit=LONGEST_ID, default="") or None,
            sides=_some(data, "sides", SIDES),
            causes=_some(data, "causes", CAUSES),
            search=incoming.words(data, "search", limit=200, default=""),
            k=incoming.whole(data, "k", 1, 10, default=1),
            page=incoming.whole(data, "page", 0, 10**7, default=0),
            size=PAGE_SIZE,
        )
        return {
            "rows": [present_board.mistake_json(row) for row in found.page.rows],
            "total": found.page.total,
            "page": found.page.page,
            "size": PAGE_SIZE,
            "sides": dict(found.page.sides),
            "causes": dict(found.page.causes),
            "cause_titles": {cause: both(title) for cause, title in found.cause_titles.items()},
            "notes": [both(note) for note in found.notes],
        }

    def read_slices(data: dict[str, Any]) -> dict[str, Any]:
        """Recall@1 of systems on parts of the queries."""
        systems = [system for system in data.get("systems", []) if isinstance(system, str)][:MOST_SYSTEMS]
        found = evaluation.slices(incoming.words(data, "benchmark", limit=LONGEST_ID), systems)
        return {
            "slices": [present_board.slice_json(each) for each in found],
            "dimensions": {name: both(title) for name, title in DIMENSIONS.items()},
        }

    def judge(data: dict[str, Any]) -> dict[str, Any]:
        """The expert on a miss: ``term`` is a standard term of ``query`` as well, or is none of it."""
        name = _dictionary(data)
        query = incoming.words(data, "query", limit=LONGEST_ID)
        term = incoming.words(data, "term", limit=LONGEST_ID)
        author = incoming.author(data)
        version = editor.status(name).version
        if incoming.one_of(data, "verdict", ("also", "wrong")) == "wrong":
            result = editor.apply(name, MarkApart(term, query), based_on=version, author=author)
        else:
            key = term_key(term)
            groups = [group for group in editor.find(name, term) if term_key(group.standard) == key]
            if not groups:
                raise NotFound(text("board.no_such_standard", term=term))
            edit = AddSynonyms(groups[0].id, (query,))
            result = editor.apply(name, edit, based_on=version, author=author)
        return {
            "version": result.info.version,
            "changed": result.step is not None,
            "notes": [both(note) for note in result.notes],
        }

    def take_back(data: dict[str, Any]) -> dict[str, Any]:
        """Undo the judgement that made ``version``, where nothing was edited since."""
        name = _dictionary(data)
        version = incoming.whole(data, "version", 1, 2**53)
        result = editor.undo(name, based_on=version, author=incoming.author(data))
        return {"version": result.info.version}

    return [read_misses, read_slices, judge, take_back]


def _dictionary(data: dict[str, Any]) -> str:
    kind, name = split_benchmark_id(incoming.words(data, "benchmark", limit=LONGEST_ID))
    if kind != "dictionary":
        raise BadParameter(text("error.bad_request"))
    return name


def _some(data: dict[str, Any], key: str, known: tuple[Any, ...]) -> tuple[Any, ...]:
    found = data.get(key, [])
    if not isinstance(found, list) or any(each not in known for each in found):
        raise BadParameter(text("error.bad_request"))
    return tuple(found)
