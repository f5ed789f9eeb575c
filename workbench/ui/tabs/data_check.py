"""What the check of a saved dictionary asks the server: to look through it, to merge, to cut a chain."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from workbench.editing.edits import Edit, MarkApart, MergeGroups
from workbench.errors import InputError
from workbench.normalise import term_key
from workbench.ui import incoming
from workbench.ui.page import Page
from workbench.ui.present import both
from workbench.ui.present_data import check_json
from workbench.ui.text import text

if TYPE_CHECKING:
    from workbench.ui.background import Report

Function = Callable[[dict[str, Any]], dict[str, Any]]
LONGEST_NAME = 200
MOST_MERGED = 100
KEPT = 4  # reports; each is of one version of one dictionary


def functions(page: Page) -> list[Function]:
    """The check and the two edits that it proposes, with a way back."""
    return [_check(page), *_edits(page)]


def _name(data: dict[str, Any], key: str = "name", default: str | None = None) -> str:
    return incoming.words(data, key, limit=LONGEST_NAME, default=default)


def _check(page: Page) -> Function:
    services = page.services
    reports: OrderedDict[tuple[str, int, str], dict[str, Any]] = OrderedDict()

    def check_dictionary(data: dict[str, Any]) -> dict[str, Any]:
        """The report of the newest version, or how far the looking has come."""
        info, pair_set = services.dictionary(_name(data)), _name(data, "pair_set", "")
        key = (info.id, info.version, pair_set)
        found = reports.get(key)
        if found is not None:
            return {"check": found, "version": info.version}

        def work(report: Report) -> None:
            made = services.importer.check(info.name, pair_set=pair_set or None, progress=report)
            reports[key] = check_json(made)
            while len(reports) > KEPT:
                reports.popitem(last=False)

        name = f"check:{key}"
        task = page.imports.find(name)
        if task is None or (task.done and not task.error):
            task = page.imports.start(name, work)
        if task.error:
            page.imports.forget(name)
            return {"error": both(task.error)}
        return {"working": {"fraction": task.fraction or None, "words": both(task.words)}}

    return check_dictionary


def _edits(page: Page) -> list[Function]:
    editor = page.services.editor

    def apply(data: dict[str, Any], edit: Edit) -> dict[str, Any]:
        done = editor.apply(
            _name(data),
            edit,
            based_on=incoming.whole(data, "version", 1, 10**9),
            author=incoming.author(data),
        )
        return {"version": done.info.version, "title": both(done.step.title) if done.step else None}

    def merge_alike(data: dict[str, Any]) -> dict[str, Any]:
        """Groups of look-alikes, named by their standard terms, merged into the first of them."""
        standards = data.get("standards")
        if not isinstance(standards, list) or not 2 <= len(standards) <= MOST_MERGED:
            raise InputError(text("error.bad_request"))
        terms = [incoming.words({"t": term}, "t") for term in standards]
        groups = [_group_of(page, _name(data), term) for term in terms]
        return apply(data, MergeGroups(tuple(dict.fromkeys(groups[1:])), into=groups[0]))

    def cut_pair(data: dict[str, Any]) -> dict[str, Any]:
        """Two terms of a chain marked as not synonyms."""
        return apply(data, MarkApart(incoming.words(data, "first"), incoming.words(data, "second")))

    def undo_edit(data: dict[str, Any]) -> dict[str, Any]:
        """Take back the last step of the dictionary."""
        done = editor.undo(
            _name(data), based_on=incoming.whole(data, "version", 1, 10**9), author=incoming.author(data)
        )
        return {"version": done.info.version}

    return [merge_alike, cut_pair, undo_edit]


def _group_of(page: Page, name: str, standard: str) -> int:
    """The group of that standard term. Raises InputError where there is none any more."""
    found = page.services.editor.find(name, standard)
    own = [group.id for group in found if term_key(group.standard) == term_key(standard)]
    if not own:
        raise InputError(text("check.group_gone", term=standard), text("check.group_gone_hint"))
    return own[0]
