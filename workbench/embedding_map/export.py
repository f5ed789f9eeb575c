"""The map as one HTML file that needs nothing else: no network, no server."""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.embedding_map.colours import Colours
from workbench.embedding_map.layout import MapLayout
from workbench.localtext import LocalText
from workbench.settings import ASSETS

_FOLDER = ASSETS / "export"
_GAP = re.compile(r"\{\{(title|style|data|plotly|script)\}\}")


def map_page(
    layout: MapLayout, colours: Sequence[Colours], *, dictionary: str, model: str, before: str = ""
) -> bytes:
    """A whole page with plotly.js, the points and what they are coloured by; ``colours[0]`` is shown first.

    Terms are in it as JSON in ASCII, without ``<``, ``>`` and ``&``, and its script makes text nodes of them:
    no term can be read as markup. Its own policy forbids every request.
    """
    gaps = {
        "title": html.escape(f"{dictionary} · {model}"),
        "style": (_FOLDER / "map.css").read_text("utf-8"),
        "script": (_FOLDER / "map.js").read_text("utf-8"),
        "plotly": _plotly().read_text("utf-8"),
        "data": as_text(document(layout, colours, dictionary=dictionary, model=model, before=before)),
    }
    page = _GAP.sub(lambda gap: gaps[gap[1]], (_FOLDER / "map.html").read_text("utf-8"))
    return page.encode("utf-8", "replace")


def document(
    layout: MapLayout, colours: Sequence[Colours], *, dictionary: str, model: str, before: str = ""
) -> dict[str, Any]:
    """What the page draws; groups by number, so that each name is there once. ``before`` names that model."""
    number: dict[str, int] = {}
    group = [number.setdefault(name, len(number)) for name in layout.groups]
    other = layout.before
    return {
        "dictionary": dictionary,
        "model": model,
        "method": layout.method,
        "terms": list(layout.terms),
        "groups": list(number),
        "group": group,
        "standard": [int(flag) for flag in layout.is_standard],
        "x": _rounded(layout.x),
        "y": _rounded(layout.y),
        "trust": layout.trustworthiness,
        "left_out": layout.left_out,
        "before": other
        and {
            "model": before or other.model,
            "x": _rounded(other.x),
            "y": _rounded(other.y),
            "trust": other.trustworthiness,
            "distance_before": other.synonym_distance_before,
            "distance_after": other.synonym_distance_after,
        },
        "colours": [_colours(each) for each in colours],
    }


def as_text(value: Any) -> str:
    """JSON that can stand in a script element: pure ASCII, and no character that begins or ends a tag."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _colours(colours: Colours) -> dict[str, Any]:
    return {
        "by": colours.by,
        "kind": colours.kind,
        "values": [None if math.isnan(value) else value for value in colours.values.tolist()],
        "names": [_words(name) for name in colours.names],
        "low": colours.low,
        "high": colours.high,
        "missing": _words(colours.missing),
        "legend": _words(colours.legend),
    }


def _words(text: LocalText | str | None) -> dict[str, str] | str | None:
    return text.as_json() if isinstance(text, LocalText) else text


def _rounded(values: npt.NDArray[np.float32]) -> list[float]:
    return [float(value) for value in np.round(values.astype(np.float64), 4)]


def _plotly() -> Path:
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:  # pragma: no cover - a broken installation
        raise ModuleNotFoundError("plotly")
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"
