"""What Explore asks of models: two terms, neighbours, a matrix; what takes long shows its progress."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from workbench.errors import BadParameter, Stopped
from workbench.localtext import LocalText
from workbench.services.exploring import Filters, Source
from workbench.ui import incoming, present_explore
from workbench.ui.background import Report
from workbench.ui.page import Page
from workbench.ui.text import text
from workbench.ui.whose import asking

LONGEST_NAME = 500
LONGEST_TEXT = 4000  # more than is answered: who pastes too much is told so in words
MOST_MODELS = 12
MOST_SYSTEMS = 6
MOST_HITS = 100
MOST_PASTED = 400_000  # characters
PATIENCE = 0.8  # seconds in which an answer may still be given at once
KEPT = 64  # answers, each of one page and kind
MIME = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Answer = dict[str, Any]
Place = tuple[str, str, str]  # who asks, by which page, what kind of question
Function = Callable[[dict[str, Any]], Answer]


class Questions:
    """The question of each kind that each open page asked last; a newer one ends an older one."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._wanted: OrderedDict[Place, str] = OrderedDict()
        self._answers: dict[Place, Answer] = {}

    def ask(self, data: dict[str, Any], kind: str, wish: Any, work: Callable[[Report], Answer]) -> Answer:
        """``{"answer": …}``, or ``{"task": …}`` while it is being worked out: then the page asks again.

        ``wish`` is all that the answer depends on; the same wish again is answered from memory.
        """
        place = (asking(), incoming.words(data, "client", limit=40), kind)
        key = hashlib.sha256(json.dumps(wish, sort_keys=True).encode("utf-8", "replace")).hexdigest()
        self._want(place, key)
        if place in self._answers:
            return {"answer": self._answers[place]}
        queue, name = self._page.questions, "\n".join(("explore", *place, key))
        task = queue.start(name, lambda report: self._work(place, key, work, report))
        until = time.monotonic() + PATIENCE
        while not task.done and time.monotonic() < until:
            time.sleep(0.01)
        if task.done:
            queue.forget(name)
            if task.error is None and place in self._answers:
                return {"answer": self._answers[place]}
        return {"task": task.as_json()}

    def _want(self, place: Place, key: str) -> None:
        if self._wanted.get(place) != key:
            self._wanted[place] = key
            self._answers.pop(place, None)
        self._wanted.move_to_end(place)
        while len(self._wanted) > KEPT:
            self._answers.pop(self._wanted.popitem(last=False)[0], None)

    def _work(self, place: Place, key: str, work: Callable[[Report], Answer], report: Report) -> None:
        def progress(fraction: float, words: LocalText) -> None:
            if self._wanted.get(place) != key:
                raise Stopped(text("explore.outdated"))
            report(fraction, words)

        answer = work(progress)
        if self._wanted.get(place) == key:
            self._answers[place] = answer


def functions(page: Page, questions: Questions) -> list[Function]:
    """What the parts of the tab ask the server."""
    services, exploring = page.services, page.services.exploring

    def ask_pair(data: dict[str, Any]) -> Answer:
        """Two terms under several models, and why."""
        a, b = (incoming.words(data, key, limit=LONGEST_TEXT) for key in ("a", "b"))
        models = names(data, "models", most=MOST_MODELS)
        dictionary = incoming.words(data, "dictionary", limit=LONGEST_NAME)
        info = services.dictionary(dictionary)

        def work(report: Report) -> Answer:
            found = exploring.pair(a, b, models, dictionary, progress=report)
            answer = present_explore.pair_json(found)
            return answer | {
                "dictionary": info.name,
                "titles": present_explore.titles_json(page, models),
            }

        return questions.ask(data, "pair", [a, b, models, info.version_id], work)

    def ask_near(data: dict[str, Any]) -> Answer:
        """What is nearest to a text under several systems."""
        word = incoming.words(data, "text", limit=LONGEST_TEXT)
        source = incoming.words(data, "source", limit=LONGEST_NAME)
        systems = names(data, "systems", most=MOST_SYSTEMS)
        dictionary = incoming.words(data, "dictionary", limit=LONGEST_NAME)
        k = incoming.whole(data, "k", 1, MOST_HITS, default=10)
        filters = _filters(data)
        info = services.dictionary(dictionary)

        def work(report: Report) -> Answer:
            found = exploring.near(
                word, Source.parse(source), systems, dictionary, k=k, filters=filters, progress=report
            )
            answer = present_explore.near_json(found, services.editor.apart(dictionary))
            shown = [column["system"] for column in answer["columns"]]
            return answer | {
                "dictionary": info.name,
                "titles": present_explore.titles_json(page, shown),
            }

        wish = [word, source, systems, k, repr(filters), info.version_id]
        return questions.ask(data, "near", wish, work)

    def ask_matrix(data: dict[str, Any]) -> Answer:
        """Every one of some terms against every other."""
        terms, model, dictionary = _matrix(data)
        info = services.dictionary(dictionary)

        def work(report: Report) -> Answer:
            found = exploring.matrix(terms, model, dictionary, progress=report)
            return present_explore.matrix_json(found) | {"model": model}

        return questions.ask(data, "matrix", [terms, model, info.version_id], work)

    def matrix_file(data: dict[str, Any]) -> Answer:
        """A matrix as a file; its vectors are there already."""
        kind: Any = incoming.one_of(data, "format", tuple(MIME))
        values: Any = incoming.one_of(data, "values", ("probability", "cosine"), default="probability")
        content = exploring.matrix_file(exploring.matrix(*_matrix(data)), kind, values)
        return {"mime": MIME[kind], "base64": base64.b64encode(content).decode()}

    return [ask_pair, ask_near, ask_matrix, matrix_file]


def names(data: dict[str, Any], key: str, *, most: int) -> list[str]:
    """A list of at most ``most`` names, each once. Raises BadParameter."""
    values = data.get(key)
    if not isinstance(values, list) or not 0 < len(values) <= most:
        raise BadParameter(text("error.bad_request"))
    checked = [incoming.words({key: value}, key, limit=LONGEST_NAME) for value in values]
    return list(dict.fromkeys(checked))


def _filters(data: dict[str, Any]) -> Filters:
    group = incoming.words(data, "group", limit=LONGEST_NAME, default="").strip()
    known: Any = incoming.one_of(data, "known", ("all", "known", "unknown"), default="all")
    language: Any = incoming.one_of(data, "language", ("all", "zh", "en"), default="all")
    return Filters(known=known, language=language, group=group or None)


def _matrix(data: dict[str, Any]) -> tuple[list[str], str, str]:
    """Terms, one a line, each once; model; dictionary."""
    pasted = incoming.words(data, "terms", limit=MOST_PASTED)
    terms = list(dict.fromkeys(line.strip() for line in pasted.splitlines() if line.strip()))
    model = incoming.words(data, "model", limit=LONGEST_NAME)
    return terms, model, incoming.words(data, "dictionary", limit=LONGEST_NAME)
