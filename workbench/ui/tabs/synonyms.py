"""The Synonyms tab: the editor of a dictionary, with its history and the live effect beside the list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import gradio as gr

from workbench.editing.edits import edit_from_json
from workbench.errors import BadParameter, Conflict
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.types import Group, GroupFilter, GroupSort
from workbench.ui import incoming
from workbench.ui import present_editor as present
from workbench.ui.background import Report
from workbench.ui.components.choosers import best_for, dictionary_chooser
from workbench.ui.components.lead import lead
from workbench.ui.components.view import view
from workbench.ui.page import Page, Question
from workbench.ui.present import both
from workbench.ui.text import text
from workbench.ui.whose import asking

PAGE_SIZE = 50
HISTORY_SIZE = 30
FOUND_GROUPS = 12
NEWEST_STEPS = 5  # of other people, said when the page notices them
WEAKEST = 2_000  # synonyms
LONGEST_NAME = 200
LARGEST_ID = 2**53
PASTED_ROWS = 50_000
PASTED_CELLS = 500_000
LOOKED_AT = 300  # rows of a block that are compared with the dictionary for the preview
COUNTED: tuple[GroupFilter, ...] = ("problems", "ambiguous", "chained", "untrained")
Function = Callable[[dict[str, Any]], dict[str, Any]]


def build(page: Page) -> None:
    """Title and chooser on top, the editor below."""
    with gr.Row(elem_id="synonyms-desk"):
        with gr.Column(scale=7, min_width=420):
            lead("synonyms")
        with gr.Column(scale=3, min_width=240):
            dictionary = dictionary_chooser(page, "synonyms-dictionary")
    functions = [*reading(page), *_marks_and_labels(page), *changing(page), *_history(page), *_live(page)]
    editor = view("synonyms", functions=functions, elem_id="synonyms")
    question = Question(["dictionary"], [dictionary], editor)
    page.when_shown.append(question)
    dictionary.change(
        question.handler,
        question.inputs,
        question.outputs,
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",
    )


def _name(data: dict[str, Any]) -> str:
    return incoming.words(data, "name", limit=LONGEST_NAME)


def reading(page: Page) -> list[Function]:
    """What is asked about groups, terms and chains; the map asks some of it as well."""
    editor = page.services.editor

    def read_page(data: dict[str, Any]) -> dict[str, Any]:
        """One page of groups; for the weakest, how far their ranking has come."""
        name = _name(data)
        kind = incoming.one_of(data, "filter", get_args(GroupFilter), default="all")
        ranks = None
        if kind == "weakest":
            ranks = _weakest(page, name)
            if not isinstance(ranks, list):
                return {"task": ranks}
        found = editor.page(
            name,
            search=incoming.words(data, "search", limit=LONGEST_NAME, default=""),
            filter=kind,
            sort=incoming.one_of(data, "sort", get_args(GroupSort), default="file"),
            page=incoming.whole(data, "page", 0, 10**7, default=0),
            size=PAGE_SIZE,
            ranks=None if ranks is None else list(dict.fromkeys(group for group, _, _ in ranks)),
        )
        return {
            "groups": present.groups_json(found.groups),
            "total": found.total,
            "size": PAGE_SIZE,
            "version": found.version,
            "status": present.status_json(editor.status(name)),
            "weak": _ranks_of(found.groups, ranks),
            "model": _title(page, best_for(page, name)["model"]) if ranks is not None else None,
        }

    def read_groups(data: dict[str, Any]) -> dict[str, Any]:
        """The groups that are shown, as they are now, and who changed something since ``known``."""
        name, ids = _name(data), _ids(data, "ids")
        status = editor.status(name)
        return {
            "groups": present.groups_json(editor.groups(name, ids)),
            "version": status.version,
            "status": present.status_json(status),
            "steps": _steps_since(page, name, data),
        }

    def read_status(data: dict[str, Any]) -> dict[str, Any]:
        """Where the dictionary stands, and the steps since ``known``."""
        name = _name(data)
        status = editor.status(name)
        changed = status.version != data.get("known")
        return {"version": status.version, "steps": _steps_since(page, name, data) if changed else []}

    def read_counts(data: dict[str, Any]) -> dict[str, Any]:
        """How many groups each filter would show."""
        name = _name(data)
        counts: dict[str, Any] = {kind: editor.page(name, filter=kind, size=1).total for kind in COUNTED}
        weakest: dict[str, Any] = {"weakest": None} if best_for(page, name)["model"] else {}
        return {"all": page.services.dictionary(name).standards, **counts, **weakest}

    def find_terms(data: dict[str, Any]) -> dict[str, Any]:
        """The groups that hold exactly these terms."""
        name, terms = _name(data), _texts(data, "terms", most=8)
        found = [(term, editor.find(name, term)) for term in terms]
        return {
            "found": [
                {"term": term, "groups": [{"id": group.id, "standard": group.standard} for group in groups]}
                for term, groups in found
                if groups
            ]
        }

    def find_groups(data: dict[str, Any]) -> dict[str, Any]:
        """A few groups for a dialog: those that hold exactly what is searched for stand first."""
        name = _name(data)
        search = incoming.words(data, "search", limit=LONGEST_NAME, default="")
        if search.strip():
            first = sorted(
                editor.find(name, search), key=lambda group: term_key(group.standard) != term_key(search)
            )
        else:
            first = list(editor.groups(name, _ids(data, "first")))
        more = editor.page(name, search=search, size=FOUND_GROUPS).groups
        distinct = {group.id: group for group in (*first, *more)}
        return {"groups": present.groups_json(list(distinct.values())[:FOUND_GROUPS])}

    def read_chain(data: dict[str, Any]) -> dict[str, Any]:
        """The chain that a group is part of."""
        group = incoming.whole(data, "group", 0, LARGEST_ID)
        return present.component_json(editor.component(_name(data), group))

    return [
        read_page,
        read_groups,
        read_status,
        read_counts,
        find_terms,
        find_groups,
        read_chain,
    ]


def _marks_and_labels(page: Page) -> list[Function]:
    editor = page.services.editor

    def read_apart(data: dict[str, Any]) -> dict[str, Any]:
        """The pairs that are marked as not synonyms."""
        return {"pairs": present.pairs_json(editor.apart(_name(data)))}

    def read_labels(data: dict[str, Any]) -> dict[str, Any]:
        """The columns that terms are sorted by: the values of each, with the number of terms."""
        name = _name(data)
        version = editor.status(name).version
        columns = [[column, list(values.items())] for column, values in editor.labels(name).items()]
        return {"columns": columns, "version": version}

    return [read_apart, read_labels]


def changing(page: Page) -> list[Function]:
    """Edits, undo and redo, and going back to a version; the map makes the same ones."""
    editor = page.services.editor

    def apply_edit(data: dict[str, Any]) -> dict[str, Any]:
        """One edit. A conflict is answered with how the groups read now."""
        name, wish = _name(data), data.get("edit")
        if not isinstance(wish, dict):
            raise BadParameter(text("error.bad_request"))
        edit = edit_from_json(wish)
        if "rows" in wish:
            _check_block(wish["rows"])
        try:
            result = editor.apply(
                name,
                edit,
                based_on=_version(data),
                author=incoming.author(data),
                force=incoming.flag(data, "force"),
            )
        except Conflict as conflict:
            return _conflict(page, name, conflict, sorted(edit.named_groups()))
        return present.result_json(result, editor.status(name))

    def travel(data: dict[str, Any]) -> dict[str, Any]:
        """Undo or redo."""
        name = _name(data)
        go = {"undo": editor.undo, "redo": editor.redo}[incoming.one_of(data, "way", ("undo", "redo"))]
        try:
            result = go(name, based_on=_version(data), author=incoming.author(data))
        except Conflict as conflict:
            return _conflict(page, name, conflict, [])
        return present.result_json(result, editor.status(name))

    def restore(data: dict[str, Any]) -> dict[str, Any]:
        """Back to a version of the history."""
        name = _name(data)
        number = incoming.whole(data, "number", 1, LARGEST_ID)
        try:
            result = editor.restore(name, number, based_on=_version(data), author=incoming.author(data))
        except Conflict as conflict:
            return _conflict(page, name, conflict, [])
        return present.result_json(result, editor.status(name))

    def preview_paste(data: dict[str, Any]) -> dict[str, Any]:
        """What a block would add: rows with what is known, what is new, what stands elsewhere."""
        name, rows = _name(data), _check_block(data.get("rows"))
        looked = [_pasted_row(page, name, row) for row in rows[:LOOKED_AT]]
        return {
            "rows": looked,
            "looked": len(looked),
            "groups": len({term_key(row["standard"]) for row in looked if not row["there"]}),
            "terms": sum(len(row["synonyms"]) - len(row["known"]) for row in looked),
            "known": sum(len(row["known"]) for row in looked),
            "elsewhere": sum(len(row["elsewhere"]) for row in looked),
        }

    return [apply_edit, travel, restore, preview_paste]


def _history(page: Page) -> list[Function]:
    editor = page.services.editor

    def read_history(data: dict[str, Any]) -> dict[str, Any]:
        """A page of steps, newest first."""
        steps, total = editor.history(
            _name(data), page=incoming.whole(data, "page", 0, 10**6, default=0), size=HISTORY_SIZE
        )
        return {"steps": [present.step_json(step) for step in steps], "total": total}

    def compare_versions(data: dict[str, Any]) -> dict[str, Any]:
        """What one version has and another has not."""
        first, second = (incoming.whole(data, key, 1, LARGEST_ID) for key in ("a", "b"))
        return present.difference_json(editor.compare(_name(data), first, second))

    return [read_history, compare_versions]


def _live(page: Page) -> list[Function]:
    live = page.services.live
    watching: dict[str, set[str]] = {}  # by dictionary: who has it on

    def live_request(data: dict[str, Any]) -> dict[str, Any]:
        """Look at the neighbours of some terms again."""
        live.request(_name(data), _texts(data, "terms", most=8))
        watching.setdefault(_name(data), set()).add(asking())
        return {"done": True}

    def live_state(data: dict[str, Any]) -> dict[str, Any]:
        """How far it is, and what came out."""
        state = live.state(_name(data))
        titles = {model.id: both(model.title) for model in page.services.models()}
        return {**state, "title": titles.get(state["model"])}

    def live_off(data: dict[str, Any]) -> dict[str, Any]:
        """Stop, and forget what was prepared, unless somebody else has it on."""
        others = watching.get(_name(data), set())
        others.discard(asking())
        if not others:
            live.turn_off(_name(data))
        return {"done": True}

    return [live_request, live_state, live_off]


# -- the weakest ------------------------------------------------------------------------------------


def _weakest(page: Page, name: str) -> list[tuple[int, str, int]] | dict[str, Any]:
    """The ranking by the model that fits best, or the task that makes it."""
    model = best_for(page, name)["model"]
    if model is None:
        raise BadParameter(text("error.bad_request"))
    key = "\n".join(("weakest", page.services.dictionary(name).version_id, model))
    task = page.background.find(key)
    if task is not None and task.error is not None:
        page.background.forget(key)
        return task.as_json()
    if task is not None and task.done:
        return page.services.live.weakest(name, model, WEAKEST)

    def work(report: Report) -> None:
        page.services.live.weakest(name, model, WEAKEST, report)

    return page.background.start(key, work).as_json()


def _title(page: Page, model: str | None) -> dict[str, str] | None:
    return next((both(info.title) for info in page.services.models() if info.id == model), None)


def _ranks_of(
    groups: tuple[Group, ...], ranks: list[tuple[int, str, int]] | None
) -> dict[str, dict[str, int]]:
    """The ranks of the synonyms of some groups."""
    found: dict[str, dict[str, int]] = {str(group.id): {} for group in groups}
    for group, synonym, rank in ranks or ():
        if str(group) in found:
            found[str(group)][synonym] = rank
    return found if ranks else {}


# -- inside -----------------------------------------------------------------------------------------


def _steps_since(page: Page, name: str, data: dict[str, Any]) -> list[dict[str, Any]]:
    known = incoming.whole(data, "known", 0, LARGEST_ID)
    steps, _ = page.services.editor.history(name, size=NEWEST_STEPS)
    return [present.step_json(step) for step in steps if step.number > known]


def _conflict(page: Page, name: str, conflict: Conflict, ids: list[int]) -> dict[str, Any]:
    """What the other person did, and how the groups read now."""
    sentence = LocalText(conflict.message.get("zh"), conflict.message.get("en"))
    return {
        "conflict": {
            "message": both(sentence),
            "ids": ids,
            "groups": present.groups_json(page.services.editor.groups(name, ids)),
        }
    }


def _pasted_row(page: Page, name: str, row: list[str]) -> dict[str, Any]:
    editor = page.services.editor
    standard, synonyms = row[0], list(dict.fromkeys(cell for cell in row[1:] if cell.strip()))
    key = term_key(standard)
    own = next((group for group in editor.find(name, standard) if term_key(group.standard) == key), None)
    keys = {term_key(term) for term in own.synonyms} if own else set()
    known = [term for term in synonyms if term_key(term) in keys]
    fresh = [term for term in synonyms if term not in known]
    elsewhere = [
        term for term in fresh if any(group.id != (own and own.id) for group in editor.find(name, term))
    ]
    return {
        "standard": standard,
        "synonyms": synonyms,
        "there": own is not None,
        "known": known,
        "elsewhere": elsewhere,
    }


def _check_block(rows: Any) -> list[list[str]]:
    """Rows of cells within limits. Raises BadParameter."""
    if not isinstance(rows, list) or not all(isinstance(row, list) and row for row in rows):
        raise BadParameter(text("error.bad_request"))
    if len(rows) > PASTED_ROWS or sum(map(len, rows)) > PASTED_CELLS:
        raise BadParameter(text("synonyms.paste_too_large", n=PASTED_ROWS))
    if not all(isinstance(cell, str) for row in rows for cell in row):
        raise BadParameter(text("error.bad_request"))
    return rows


def _texts(data: dict[str, Any], key: str, *, most: int) -> list[str]:
    values = data.get(key)
    if not isinstance(values, list) or len(values) > most:
        raise BadParameter(text("error.bad_request"))
    return [incoming.words({key: value}, key) for value in values]


def _ids(data: dict[str, Any], key: str) -> list[int]:
    values = data.get(key)
    values = [] if values is None else values if isinstance(values, list) else [values]
    if len(values) > 10 * PAGE_SIZE:
        raise BadParameter(text("error.bad_request"))
    return [incoming.whole({key: value}, key, 0, LARGEST_ID) for value in values]


def _version(data: dict[str, Any]) -> int:
    return incoming.whole(data, "based_on", 0, LARGEST_ID)
