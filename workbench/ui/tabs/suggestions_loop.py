"""Around the queue: look for suggestions in the background, how good they were, train again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import BadParameter, NotFound, Stopped
from workbench.localtext import LocalText
from workbench.models.catalogue import default_spec
from workbench.services.proposing import BY, MOST, WHAT, What
from workbench.ui import incoming
from workbench.ui.page import Page
from workbench.ui.present_suggestions import figures_json, labels_json, proposed_json
from workbench.ui.text import text
from workbench.ui.whose import asking, check_may_end, refuse_another

LONGEST_NAME = 500
MOST_CORPORA = 50
LARGEST_MOST = 20_000
Function = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class _Look:
    """A look that was started: which model, whether it is to stop, what it brought."""

    model: str
    starter: str
    wish: tuple[Any, ...]  # all that it was asked for
    stop: threading.Event = field(default_factory=threading.Event)
    result: dict[str, Any] | None = None


def functions(page: Page) -> list[Function]:
    """What the strip above the queue asks the server."""
    services = page.services
    lock = threading.Lock()
    looks: dict[str, _Look] = {}  # by dictionary id: a page that is loaded again finds its look here

    def read_loop(data: dict[str, Any]) -> dict[str, Any]:
        """Looking, labels and figures of one dictionary."""
        info = services.dictionary(_dictionary(data))
        labels = services.relearning.labels(info.name)
        figures = services.suggestions.figures(info.name)
        return {
            "dictionary": info.name,
            "find": _find_json(page, looks.get(info.id), _task(info.id)),
            "labels": labels_json(labels),
            "figures": figures_json(figures, lambda source: source_name(page, source)),
            "model": labels.run.name if labels.run else default_spec().id,
        }

    def start_find(data: dict[str, Any]) -> dict[str, Any]:
        """Begin to look; a dictionary is looked at once at a time."""
        info = services.dictionary(_dictionary(data))
        model = incoming.words(data, "model", limit=LONGEST_NAME)
        what: list[What] = [each for each in WHAT if each in _names(data, "what")]
        corpora = _names(data, "corpora")
        by: Any = incoming.one_of(data, "by", BY, default="mixed")
        most = incoming.whole(data, "most", 1, LARGEST_MOST, default=MOST)
        services.proposer.check(what, corpora, by)
        look = _Look(model, asking(), (model, what, corpora, by, most))

        def work(report: Callable[[float, LocalText], None]) -> None:
            def progress(fraction: float, words: LocalText) -> None:
                if look.stop.is_set():
                    raise Stopped(text("review.find_stopped"))
                report(fraction, words)

            done = services.proposer.propose(
                info.name, model, what, corpora=corpora, by=by, most=most, progress=progress
            )
            look.result = proposed_json(done)

        with lock:
            under_way, known = page.background.find(_task(info.id)), looks.get(info.id)
            if under_way is None or under_way.done or known is None:
                looks[info.id] = look
                page.background.start(_task(info.id), work)
            elif known.wish != look.wish:
                refuse_another(known.starter)
        return {"find": _find_json(page, looks[info.id], _task(info.id))}

    def cancel_find(data: dict[str, Any]) -> dict[str, Any]:
        """Stop a look where it next reports its progress; what is in the queue already stays."""
        look = looks.get(services.dictionary(_dictionary(data)).id)
        if look is not None:
            check_may_end(look.starter)
            look.stop.set()
        return {"done": look is not None}

    def retrain(data: dict[str, Any]) -> dict[str, Any]:
        """Train on the newest version, as the best model was."""
        run = services.relearning.start(_dictionary(data), author=incoming.author(data))
        return {"id": run.id, "name": run.name}

    return [read_loop, start_find, cancel_find, retrain]


def source_name(page: Page, source: str) -> str:
    """The name of the job or run behind ``generation:<id>`` or ``model:<name>``."""
    kind, _, rest = source.partition(":")
    if kind != "generation":
        return rest or source
    try:
        return page.services.generation.job(rest).name
    except NotFound:
        return ""


def _task(dictionary_id: str) -> str:
    return f"suggest:{dictionary_id}"


def _find_json(page: Page, look: _Look | None, name: str) -> dict[str, Any] | None:
    task = page.background.find(name)
    if look is None or task is None:
        return None
    stopping = look.stop.is_set()
    return {
        **task.as_json(),
        "model": look.model,
        "starter": look.starter,
        "result": look.result,
        "stopping": stopping,
    }


def _dictionary(data: dict[str, Any]) -> str:
    return incoming.words(data, "dictionary", limit=LONGEST_NAME)


def _names(data: dict[str, Any], key: str) -> list[str]:
    values = data.get(key, [])
    if not isinstance(values, list) or len(values) > MOST_CORPORA:
        raise BadParameter(text("error.bad_request"))
    return [incoming.words({key: value}, key, limit=LONGEST_NAME) for value in values]
