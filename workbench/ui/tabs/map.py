"""The Map tab: a dictionary's terms in the plane, drawn by WebGL, coloured by group."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

import gradio as gr

from workbench.errors import NotFound
from workbench.types import Projection
from workbench.ui import incoming
from workbench.ui.background import Report
from workbench.ui.components.choosers import dictionary_chooser, model_chooser
from workbench.ui.components.lead import lead
from workbench.ui.components.view import view
from workbench.ui.page import Page, Question

METHODS = ("umap", "pca")
KEPT = 4  # layouts in memory: a point is about 60 bytes


class Layouts:
    """The layouts that were asked for last, as the browser takes them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def get(self, key: str) -> dict[str, Any] | None:
        """A kept layout."""
        with self._lock:
            return self._kept.get(key)

    def put(self, key: str, layout: dict[str, Any]) -> None:
        """Keep ``layout``; the oldest goes."""
        with self._lock:
            self._kept[key] = layout
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)


def build(page: Page) -> None:
    """Choosers on top, the map below."""
    labels = page.labels
    lead("map")
    with gr.Row(elem_id="map-desk"):
        dictionary = dictionary_chooser(page, "map-dictionary")
        model = model_chooser(page, "map-model")
        method = gr.Dropdown(
            [(str(labels(f"map.{name}")), name) for name in METHODS],
            value=METHODS[0],
            label=labels("map.method"),
            elem_id="map-method",
        )
    canvas = view("map", functions=[_read_map(page)], elem_id="map")
    question = Question(_chosen, [dictionary, model, method], canvas)
    page.when_shown.append(question)
    gr.on(
        [dictionary.change, model.change, method.change],
        question.handler,
        question.inputs,
        question.outputs,
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",
    )


def _chosen(dictionary: str | None, model: str | None, method: str | None) -> dict[str, Any]:
    return {"dictionary": dictionary, "model": model, "method": method}


def _read_map(page: Page) -> Any:
    services, background, layouts = page.services, page.background, Layouts()

    def read_map(data: dict[str, Any]) -> dict[str, Any]:
        """The points of a map, or how far its layout has come; what takes long is begun on request only."""
        dictionary = incoming.words(data, "dictionary", limit=200)
        model = incoming.words(data, "model", limit=500)
        method = incoming.one_of(data, "method", METHODS)
        try:
            identity = services.run(model).id
        except NotFound:
            identity = model
        key = "\n".join(("map", services.dictionary(dictionary).version_id, identity, method))
        ready = layouts.get(key)
        if ready is not None:
            return ready
        task = background.find(key)
        if task is not None and task.error is not None:
            background.forget(key)
            return {"task": task.as_json()}

        if task is None and not incoming.flag(data, "start") and not page.is_quick([model], dictionary):
            return {"wanted": True}

        def work(report: Report) -> None:
            layouts.put(key, _points(services.projection(dictionary, model, method, report)))

        return {"task": background.start(key, work).as_json()}

    return read_map


def _points(projection: Projection) -> dict[str, Any]:
    """Points as parallel lists; groups by number, so that each name travels once."""
    names = list(dict.fromkeys(projection.groups))
    number = {name: place for place, name in enumerate(names)}
    return {
        "terms": list(projection.terms),
        "groups": names,
        "group": [number[name] for name in projection.groups],
        "standard": [int(flag) for flag in projection.is_standard],
        "x": [round(float(value), 4) for value in projection.x],
        "y": [round(float(value), 4) for value in projection.y],
        "trust": projection.trustworthiness,
        "left_out": projection.left_out,
    }
