"""What the browser is given besides Gradio's own files: styles, scripts, texts and the plotting library."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import gradio as gr

from workbench.settings import ASSETS
from workbench.ui.errors import LANGUAGE_COOKIE
from workbench.ui.text import LOCALES, for_views

ICON = ASSETS / "icons" / "workbench.svg"
STYLES = (
    "frame.css",
    "controls.css",
    "views.css",
    "train.css",
    "data.css",
    "synonyms.css",
    "pairs.css",
    "suggestions.css",
    "board.css",
    "explore.css",
    "map.css",
    "limits.css",
    "access.css",
)
FIRST = ("core.js", "language.js")  # all others stand on these


def _scripts() -> tuple[str, ...]:
    """Every script, found by being there; ``map.js`` before what adds to it (``map_edit.js``)."""
    names = sorted(path.name for path in (ASSETS / "js").glob("*.js"))
    return (*FIRST, *sorted((name for name in names if name not in FIRST), key=lambda name: "_" in name))


SCRIPTS = _scripts()


def allow_static_files() -> None:
    """Let the server hand out the plotting library and the icon, and nothing else from their folders."""
    gr.set_static_paths([_plotly(), ICON])


def head(language: str, *, signing_in: bool = False) -> str:
    """Styles and scripts for ``launch(head=...)``, written into the page: no request of their own.

    ``signing_in``: people have roles, so nothing is allowed until the page knows whose it is.

    Gradio's ``css=`` would prefix every selector; a style element is taken as it is.
    """
    styles = "\n".join((ASSETS / "css" / name).read_text("utf-8") for name in STYLES)
    scripts = "\n".join((ASSETS / "js" / name).read_text("utf-8") for name in SCRIPTS)
    boot = {
        "texts": for_views(),
        "language": language,
        "cookie": LANGUAGE_COOKIE,
        "signing_in": signing_in,
        "locales": LOCALES,
        "locale_module": _locale_module(),
        "plotly": f"gradio_api/file={_plotly()}",
    }
    start = json.dumps(boot, ensure_ascii=False).replace("<", "\\u003c")
    return f"<style>{styles}</style>\n<script>window.WB_BOOT={start};\n{scripts}</script>"


@cache
def _plotly() -> Path:
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:  # pragma: no cover - a broken installation
        raise ModuleNotFoundError("plotly")
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"


@cache
def _locale_module() -> str | None:
    """Gradio's own module that can change the language of its labels without a reload."""
    folder = Path(gr.__file__).parent / "templates" / "frontend" / "assets"
    for path in sorted(folder.glob("core-*.js")):
        if "as changeLocale" in path.read_text("utf-8"):
            return f"assets/{path.name}"
    return None
