"""A part of the page that the page's own script draws: an HTML node that is never replaced."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from workbench.ui.rights import server_function


def view(
    name: str,
    *,
    functions: Sequence[Callable[[dict[str, Any]], Any]] = (),
    events: Sequence[str] = (),
    value: dict[str, Any] | None = None,
    elem_id: str | None = None,
) -> gr.HTML:
    """The node of ``assets/js/<name>.js``.

    Its template never changes, so the node stays and with it zoom, scroll and WebGL context. Terms
    reach it as JSON and are written as text, never as HTML. ``functions`` are what its script may
    ask the server; each takes and gives one JSON object and answers an error in both languages; who
    may ask it stands in ``ui/rights.py``, under ``elem_id``.
    ``events`` are the names that the script may trigger and Python may listen to.
    """
    names = json.dumps(list(events))  # Gradio looks for the names of events in the script itself
    element = elem_id or f"view-{name}"
    context = f"{{element, props, trigger, server, watch, events: {names}}}"
    return gr.HTML(
        value=value,
        html_template='<div class="wb-view"></div>',
        js_on_load=f"WB.mount({json.dumps(name)}, {context});",
        apply_default_css=False,
        server_functions=[server_function(element, function) for function in functions] or None,
        elem_id=element,
        elem_classes=["wb-host"],
    )
