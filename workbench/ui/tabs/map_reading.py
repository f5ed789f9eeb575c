"""What the map asks the server: a layout, colours, lines, the card of a term, and the map as a file."""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from workbench.errors import NotFound
from workbench.normalise import digest
from workbench.ui import incoming, present_map
from workbench.ui.background import Report
from workbench.ui.page import Page
from workbench.ui.present import model_json
from workbench.ui.present_editor import status_json

if TYPE_CHECKING:
    from workbench.services.maps import Colours, MapLayout

METHODS = ("umap", "tsne", "pca")
COLOURS = ("group", "component", "part", "language", "frequency", "rank", "cluster")
NEIGHBOURS = 10
KEPT_LAYOUTS = 4
KEPT_COLOURS = 8
Function = Callable[[dict[str, Any]], dict[str, Any]]
Thing = TypeVar("Thing")


class Newest(Generic[Thing]):
    """The things that were asked for last; the oldest goes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Thing] = OrderedDict()

    def get(self, key: str) -> Thing | None:
        """A kept thing."""
        with self._lock:
            return self._kept.get(key)

    def put(self, key: str, thing: Thing) -> None:
        """Keep ``thing``."""
        with self._lock:
            self._kept[key] = thing
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


class Asked:
    """Which map a browser means."""

    def __init__(self, page: Page, data: dict[str, Any]) -> None:
        services = page.services
        self.dictionary = incoming.words(data, "dictionary", limit=200)
        self.model = incoming.words(data, "model", limit=500)
        self.method: Any = incoming.one_of(data, "method", METHODS)
        self.against = incoming.words(data, "against", limit=500, default="") or None
        info = services.dictionary(self.dictionary)
        self.version = info.version
        names = [_identity(page, name) for name in (self.model, self.against or "")]
        self.key = "\n".join(("map", info.version_id, self.method, *names))

    @property
    def models(self) -> list[str]:
        """The models whose vectors it needs."""
        return [self.model, *([self.against] if self.against else [])]


def functions(page: Page) -> list[Function]:
    """What is read."""
    reading = Reading(page)
    return [
        reading.read_map,
        reading.read_colours,
        reading.read_lines,
        reading.read_term,
        reading.read_html,
    ]


def choices(page: Page) -> Function:
    """What the choosers beside the dropdowns offer."""

    def read_choices(data: dict[str, Any]) -> dict[str, Any]:
        """The models that a map may be compared with, and the corpora in which terms may be counted."""
        models = [model_json(model) for model in page.services.models()]
        return {
            "models": [{"id": model["id"], "title": model["title"]} for model in models],
            "corpora": [info.name for info in page.services.corpora.all()],
        }

    return read_choices


class Reading:
    """Layouts and colours are kept, since colours, lines and files are asked for by the same layout."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._maps = page.services.maps
        self._layouts: Newest[MapLayout] = Newest(KEPT_LAYOUTS)
        self._colours: Newest[Colours] = Newest(KEPT_COLOURS)
        self._files: Newest[bytes] = Newest(1)

    def read_map(self, data: dict[str, Any]) -> dict[str, Any]:
        """The points of a map, or how far its layout has come; what takes long is begun on request only."""
        asked = Asked(self._page, data)
        ready = self._layouts.get(asked.key)
        if ready is not None:
            if incoming.whole(data, "known", 0, 2**53, default=0) == asked.version:
                return {"same": True}
            return present_map.layout_json(ready, asked.version)
        begun = self._page.background.find(asked.key) is not None
        quick = begun or incoming.flag(data, "start") or self._page.is_quick(asked.models, asked.dictionary)
        if not quick:
            return {"wanted": True}
        return self._begin(asked.key, lambda report: self._lay_out(asked, report))

    def read_colours(self, data: dict[str, Any]) -> dict[str, Any]:
        """A colour for each term of a map, or how far it has come."""
        asked = Asked(self._page, data)
        by: Any = incoming.one_of(data, "by", COLOURS)
        corpus = incoming.words(data, "corpus", limit=200, default="") or None
        key = "\n".join((asked.key, "colours", by, corpus or ""))
        ready = self._colours.get(key)
        if ready is not None:
            return present_map.colours_json(ready)

        def work(report: Report) -> None:
            layout = self._layout(asked, report)
            found = self._maps.colours(
                asked.dictionary, asked.model, by, layout=layout, corpus=corpus, progress=report
            )
            self._colours.put(key, found)

        return self._begin(key, work)

    def read_lines(self, data: dict[str, Any]) -> dict[str, Any]:
        """The known pairs, the least alike first."""
        asked = Asked(self._page, data)
        lines = self._maps.lines(asked.dictionary, asked.model, layout=self._layout(asked))
        return present_map.lines_json(lines)

    def read_term(self, data: dict[str, Any]) -> dict[str, Any]:
        """A term's true neighbours, and its groups as they are now."""
        dictionary = incoming.words(data, "dictionary", limit=200)
        model, term = incoming.words(data, "model", limit=500), incoming.words(data, "term")
        editor = self._page.services.editor
        status = editor.status(dictionary)
        groups = editor.find(dictionary, term)
        card = self._maps.term(dictionary, model, term, NEIGHBOURS)
        return present_map.card_json(card, groups, status.version, status_json(status))

    def read_html(self, data: dict[str, Any]) -> dict[str, Any]:
        """The map as one HTML file, or how far it has come."""
        asked = Asked(self._page, data)
        by: Any = incoming.one_of(data, "by", COLOURS)
        key = "\n".join((asked.key, "html", by))
        ready = self._files.get(key)
        if ready is not None:
            return {"name": f"{asked.dictionary}-map.html", "data": base64.b64encode(ready).decode("ascii")}

        def work(report: Report) -> None:
            made = self._maps.html(
                asked.dictionary, asked.model, asked.method, against=asked.against, by=by, progress=report
            )
            self._files.put(key, made)

        return self._begin(key, work)

    # -- inside -----------------------------------------------------------------------------------

    def _lay_out(self, asked: Asked, report: Report | None = None) -> MapLayout:
        layout = self._maps.layout(
            asked.dictionary, asked.model, asked.method, against=asked.against, progress=report
        )
        self._layouts.put(asked.key, layout)
        return layout

    def _layout(self, asked: Asked, report: Report | None = None) -> MapLayout:
        """The kept layout; one that is no longer kept is read from the cache."""
        return self._layouts.get(asked.key) or self._lay_out(asked, report)

    def _begin(self, key: str, work: Callable[[Report], object]) -> dict[str, Any]:
        """Begin work under a name of its own, or say how far it is; an error is said once."""
        background = self._page.background
        task = background.find(key)
        if task is not None and task.error is not None:
            background.forget(key)
            return {"task": task.as_json()}
        if task is not None and task.done:
            background.forget(key)  # done, and its result no longer kept
        return {"task": background.start(key, work).as_json()}


def _identity(page: Page, model: str) -> str:
    """The run behind a name: a new run under the name of a deleted one is another model."""
    try:
        return page.services.run(model).id if model else ""
    except NotFound:
        return digest(model)
