"""Making pairs from a dictionary: the preview that follows the form, and the making of a set."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import BadParameter, Stopped
from workbench.localtext import LocalText
from workbench.names import checked_name
from workbench.pairing.recipe import PairRecipe
from workbench.ui import incoming, present_pairs
from workbench.ui.background import Report, Task
from workbench.ui.page import Page
from workbench.ui.text import text
from workbench.ui.whose import asking, check_may_end, refuse_another

PREVIEW_ROWS = 200
LONGEST_NAME = 200
LONGEST_RECIPE = 100_000  # characters as JSON: a hundred templates of the longest kind fit
KEPT_PREVIEWS = 32  # one for each page that is open
PATIENCE = 0.8  # seconds in which an answer may still be given at once
Function = Callable[[dict[str, Any]], dict[str, Any]]


def functions(page: Page) -> list[Function]:
    """What the form asks the server."""
    making = _Making(page)
    return [_Previews(page).preview_pairs, making.make_set, making.make_state, making.make_stop]


class _Previews:
    """The preview that each open page asked for last; a newer question ends an older one."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._wanted: OrderedDict[str, str] = OrderedDict()  # page -> what it asked for last
        self._made: dict[str, dict[str, Any]] = {}  # page -> the answer to that

    def preview_pairs(self, data: dict[str, Any]) -> dict[str, Any]:
        """Sample rows by the form, or how far they have come."""
        client = f"{asking()}\n{incoming.words(data, 'client', limit=40)}"
        wish = _wish(data)
        recipe = PairRecipe.from_json(wish["recipe"])  # refused here, before anything is begun
        key = self._ask_for(client, wish)
        if client in self._made:
            return {"preview": self._made[client]}
        background, name = self._page.background, f"pairs-preview\n{client}\n{key}"
        task = background.find(name)
        if task is None or (task.done and task.error is None):
            task = background.start(name, self._work(client, key, wish, recipe))
            _wait(task)
        if task.done:
            background.forget(name)
        if task.done and client in self._made:
            return {"preview": self._made[client]}
        return {"task": task.as_json()}

    def _ask_for(self, client: str, wish: dict[str, Any]) -> str:
        version = self._page.services.dictionary(wish["dictionary"]).version_id
        key = hashlib.sha256(json.dumps([version, wish], sort_keys=True).encode()).hexdigest()
        if self._wanted.get(client) != key:
            self._wanted[client] = key
            self._made.pop(client, None)
        self._wanted.move_to_end(client)
        while len(self._wanted) > KEPT_PREVIEWS:
            self._made.pop(self._wanted.popitem(last=False)[0], None)
        return key

    def _work(
        self, client: str, key: str, wish: dict[str, Any], recipe: PairRecipe
    ) -> Callable[[Report], None]:
        def work(report: Report) -> None:
            def progress(fraction: float, words: LocalText) -> None:
                if self._wanted.get(client) != key:
                    raise Stopped(text("pairs.outdated"))
                report(fraction, words)

            found = self._page.services.pair_maker.preview(
                wish["dictionary"], recipe, wish["model"], limit=PREVIEW_ROWS, progress=progress
            )
            if self._wanted.get(client) == key:
                self._made[client] = present_pairs.made_json(found)

        return work


@dataclass
class _Begun:
    """A set that is being made: by whom, of what, and whether it is to stop."""

    starter: str
    wish: str
    stop: threading.Event = field(default_factory=threading.Event)


class _Making:
    """The sets that are being made. Of one name there is one at a time."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._lock = threading.Lock()
        self._begun: dict[str, _Begun] = {}  # by the name of the set

    def make_set(self, data: dict[str, Any]) -> dict[str, Any]:
        """Begin to make a set; :func:`make_state` says how far it is."""
        wish = _wish(data)
        name = checked_name(incoming.words(data, "name", limit=LONGEST_NAME))
        replace = incoming.flag(data, "replace")
        PairRecipe.from_json(wish["recipe"])  # refused here, before anything is begun
        mine = _Begun(asking(), json.dumps([wish, replace], sort_keys=True))
        work = self._work(name, wish, replace, incoming.author(data), mine.stop)
        with self._lock:
            under_way, known = self._page.background.find(_task(name)), self._begun.get(name)
            if under_way is None or under_way.done or known is None:
                self._begun[name] = mine
            elif (known.starter, known.wish) != (mine.starter, mine.wish):
                refuse_another(known.starter)
            task = self._page.background.start(_task(name), work)
        _wait(task)
        return self._state(name)

    def make_state(self, data: dict[str, Any]) -> dict[str, Any]:
        """How far a set is, and the set once it is made."""
        return self._state(checked_name(incoming.words(data, "name", limit=LONGEST_NAME)))

    def make_stop(self, data: dict[str, Any]) -> dict[str, Any]:
        """Leave off; nothing is stored."""
        known = self._begun.get(checked_name(incoming.words(data, "name", limit=LONGEST_NAME)))
        if known is not None:
            check_may_end(known.starter)
            known.stop.set()
        return {"done": True}

    def _work(
        self, name: str, wish: dict[str, Any], replace: bool, author: str, stop: threading.Event
    ) -> Callable[[Report], None]:
        recipe = PairRecipe.from_json(wish["recipe"])

        def work(report: Report) -> None:
            def progress(fraction: float, words: LocalText) -> None:
                if stop.is_set():
                    raise Stopped(text("pairs.make_stopped"))
                report(fraction, words)

            self._page.services.pair_maker.make(
                wish["dictionary"],
                recipe,
                name,
                wish["model"],
                replace=replace,
                author=author,
                progress=progress,
            )

        return work

    def _state(self, name: str) -> dict[str, Any]:
        background, known = self._page.background, self._begun.get(name)
        task = background.find(_task(name))
        if task is None:
            raise BadParameter(text("pairs.make_gone"))
        if not task.done:
            return {"task": task.as_json()}
        if known is None or known.starter == asking():  # others hear of it as well, and do not take it away
            background.forget(_task(name))
        if task.error is not None:
            return {"task": task.as_json()}
        return {"set": present_pairs.set_json(self._page.services.pair_sets.get(name))}


def _task(name: str) -> str:
    return f"pairs-make\n{name}"


def _wish(data: dict[str, Any]) -> dict[str, Any]:
    """Dictionary, model and recipe as they were sent; the recipe checks its own values."""
    recipe = data.get("recipe")
    if not isinstance(recipe, dict) or len(json.dumps(recipe)) > LONGEST_RECIPE:
        raise BadParameter(text("error.bad_request"))
    model = incoming.words(data, "model", limit=LONGEST_NAME, default="")
    return {
        "dictionary": incoming.words(data, "dictionary", limit=LONGEST_NAME),
        "model": model or None,
        "recipe": recipe,
    }


def _wait(task: Task) -> None:
    until = time.monotonic() + PATIENCE
    while not task.done and time.monotonic() < until:
        time.sleep(0.02)
