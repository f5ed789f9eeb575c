"""Which right each question of a browser needs: one table, and the one place that insists on it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.context import LocalContext

from workbench.accounts import Accounts, Person, Right
from workbench.errors import BadParameter, WorkbenchError
from workbench.evaluation.systems import system_of
from workbench.ui.errors import answer, language_of
from workbench.ui.text import text

if TYPE_CHECKING:
    from workbench.services import Services

SCOPE_KEY = "workbench.person"  # where the guard notes in a request who asks

# By the element that a view is drawn in. Whatever is in none of the tables needs the most: "train".
VIEWS: dict[str, dict[Right, str]] = {
    "header": {"view": "get_status"},
    "first-steps": {"view": "read_steps"},
    "data-form": {
        "view": "read_choices",
        "edit": "look look_closer save_upload forget_upload",
    },
    "data-list": {
        "view": "list_data read_inside read_split export_data find_contradictions check_dictionary",
        "edit": "accept_pairs delete_data merge_alike cut_pair undo_edit",
    },
    "synonyms": {
        "view": "read_page read_groups read_status read_counts find_terms find_groups read_chain read_apart "
        "read_labels read_history compare_versions live_state",
        "edit": "apply_edit travel restore preview_paste live_request live_off",
    },
    "pairs": {
        "view": "read_choices preview_pairs make_state list_sets read_set export_set read_prompts list_jobs "
        "read_queue read_items read_loop",
        "edit": "make_set make_stop accept_set delete_set has_key set_key list_models test_connection "
        "start_job job_act decide start_find cancel_find",
        "train": "retrain",
    },
    "train-form": {
        "view": "read_desk read_estimate read_times export_recipe import_recipe compare_recipes",
        "train": "start_run save_recipe delete_recipe",
    },
    "train-run": {"view": "read_run read_curve read_log", "train": "stop_run resume_run delete_run"},
    "train-runs": {"view": "list_runs", "train": "delete_runs"},
    "board": {
        "view": "read_benchmarks read_board export_board read_change read_misses read_slices",
        "edit": "measure set_note set_symmetric judge take_back",
    },
    "explore": {
        "view": "read_choices read_examples ask_pair ask_near ask_matrix matrix_file look_table keep_list "
        "match_start match_state match_stop match_rows match_file",
        "edit": "say take_back",
    },
    "map-choices": {"view": "read_choices"},
    "map": {
        "view": "read_map read_colours read_lines read_term read_html group_options export_terms find_groups "
        "read_status",
        "edit": "make_group mark_terms_apart suggest_terms apply_edit travel",
    },
    "models-list": {"view": "list_models", "train": "delete_model"},
    "models-limits": {"view": "read_limits", "train": "backup_start backup_state"},
    "vectors-form": {"train": "import_vectors forget_vectors"},
}

# Gradio's own events, by element and name; what follows on another event has its name behind that one's.
EVENTS: dict[Right, str] = {
    "view": "page.load shell-refresh.click header.choose explore-file.upload map.again models-list.pack "
    "models-list.pack.success models-list.pack.failure "
    "synonyms-dictionary.change synonyms-dictionary.input pairs-dictionary.change pairs-dictionary.input "
    "train-dictionary.change train-dictionary.input train-base.change board-dictionary.change "
    "board-dictionary.input explore-dictionary.change explore-dictionary.input explore-model.change "
    "map-dictionary.change map-dictionary.input map-model.change map-method.change",
    "edit": "data-file.upload data-file.clear data-second-file.upload data-second-file.clear data-form.saved",
    "train": "vectors-file.upload vectors-file.clear vectors-form.taken "
    "models-limits.collect models-limits.collect.success models-limits.collect.failure",
}

# Where a question names a model. One that is not on the list is a folder of the server or is fetched from a
# hub, which is for trainers; what an endpoint calls its own language model is neither.
MODELS = ("model", "models", "system", "systems", "base", "against", "judge", "reference")
NO_MODEL_OF_OURS = {"pairs/start_job": "model", "pairs/test_connection": "model"}

_ORDER: tuple[Right, ...] = ("view", "edit", "train")
_RIGHT_OF: dict[str, Right] = {
    f"{element}/{name}": right
    for element, parts in VIEWS.items()
    for right, names in parts.items()
    for name in names.split()
} | {name: right for right, names in EVENTS.items() for name in names.split()}
_SIGNED_IN: ContextVar[Person | None] = ContextVar("signed_in", default=None)


@dataclass(frozen=True)
class House:
    """Who may be in, and what there is."""

    accounts: Accounts
    services: Services


_HOUSE: ContextVar[House | None] = ContextVar("house", default=None)


class Forbidden(WorkbenchError):
    """The role of who asks does not allow it."""


def declared(key: str) -> Right | None:
    """What ``element/function`` or ``element.event`` needs, where a table says so."""
    return _RIGHT_OF.get(key)


def signed_in() -> Person | None:
    """Who asks the question that is being answered; None where nobody has to sign in."""
    return _SIGNED_IN.get()


def building(house: House | None) -> Token[House | None]:
    """Until the answer is handed to :func:`built`, views are made for this house."""
    return _HOUSE.set(house)


def built(token: Token[House | None]) -> None:
    """The page is complete."""
    _HOUSE.reset(token)


def server_function(element: str, function: Callable[[dict[str, Any]], Any]) -> Callable[[Any], Any]:
    """A function that a view's script may ask, answered with an error in words and only to who may ask it."""
    house, key = _HOUSE.get(), f"{element}/{function.__name__}"
    if house is None:
        return answer(function)
    right = declared(key) or "train"

    @functools.wraps(function)
    def looked_at(data: dict[str, Any]) -> Any:
        if not _asking_may("train") and _names_outside_model(data, NO_MODEL_OF_OURS.get(key), house.services):
            raise _refusal("outside")
        return function(data)

    return answer(_held(looked_at, right, house.accounts))


def hold_events(blocks: gr.Blocks, accounts: Accounts) -> None:
    """Let each of Gradio's own events be triggered by those only who may."""
    for keys, event in events(blocks):
        rights = [declared(key) or "train" for key in keys] or ["train"]
        event.fn = _spoken(_held(event.fn, max(rights, key=_ORDER.index), accounts))


def events(blocks: gr.Blocks) -> Iterator[tuple[list[str], Any]]:
    """Every event of the page that Python answers, under the names that the table knows it by."""
    for event in blocks.fns.values():
        if event.fn is not None:
            yield _names(blocks, event), event


def _names(blocks: gr.Blocks, event: Any) -> list[str]:
    found = []
    for number, name in event.targets:
        if number is None:  # it follows on another event
            before = blocks.fns[event.trigger_after] if event.trigger_after is not None else None
            found += [f"{each}.{name}" for each in (_names(blocks, before) if before else ["?"])]
        elif number == blocks._id:
            found.append(f"page.{name}")
        else:
            block = blocks.blocks[number]
            found.append(f"{block.elem_id or type(block).__name__}.{name}")
    return found


def _held(function: Callable[..., Any], right: Right, accounts: Accounts) -> Callable[..., Any]:
    """``function`` for those only who have ``right`` at this moment."""

    @functools.wraps(function)
    def held(*given: Any, **named: Any) -> Any:
        person = _asking(accounts)
        if person is None:
            raise Forbidden(text("accounts.ended"))
        token = _SIGNED_IN.set(person)
        try:
            if not person.may(right):
                raise _refusal(right)
            return function(*given, **named)
        finally:
            _SIGNED_IN.reset(token)

    return held


def _asking_may(right: Right) -> bool:
    person = signed_in()
    return person is not None and person.may(right)


def _refusal(what: str) -> Forbidden:
    person = signed_in()
    role = text(f"accounts.{person.role if person else 'viewer'}")
    return Forbidden(text(f"accounts.no_{what}", role=role), text("accounts.ask_role"))


def _names_outside_model(data: dict[str, Any], but: str | None, services: Services) -> bool:
    """Whether a question names a model that is on no list: a folder of the server, or one of a hub."""
    named: list[str] = []
    for field in MODELS:
        value = data.get(field) if field != but else None
        named += [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]
    parts = {part for each in named if each.strip() for part in _parts(each)}
    if not parts:
        return False
    runs = services.runs(10_000)
    known = {name for run in runs for name in (run.id, run.name)} | {model.id for model in services.models()}
    return not parts <= known


def _parts(system: str) -> list[str]:
    """The models that a system is made of."""
    try:
        found = system_of(system)
    except BadParameter:
        return [system]
    return [part for part in (found.model, found.reranker) if part]


def _asking(accounts: Accounts) -> Person | None:
    """Who sent the request, as the file of accounts says now: it may have waited in a queue."""
    asked: Any = LocalContext.request.get(None)
    scope = getattr(getattr(asked, "request", None) or asked, "scope", None) or {}
    noted = scope.get(SCOPE_KEY)
    person = accounts.person(noted.name) if noted is not None else None
    return person if person is not None and person.secret == noted.secret else None


def _spoken(function: Callable[..., Any]) -> Callable[..., Any]:
    """A refused event is said to the person in words."""

    @functools.wraps(function)
    def spoken(*given: Any, **named: Any) -> Any:
        try:
            return function(*given, **named)
        except Forbidden as error:
            asked: Any = LocalContext.request.get(None)
            raise gr.Error(error.text(language_of(asked)), duration=12, print_exception=False) from None

    return spoken
