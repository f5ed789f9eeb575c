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
)
SCRIPTS = (
    "core.js",
    "language.js",
    "header.js",
    "findings.js",
    "import.js",
    "import_form.js",
    "import_preview.js",
    "import_kinds.js",
    "data_lists.js",
    "data_details.js",
    "curves.js",
    "recipes.js",
    "recipe_editor.js",
    "train.js",
    "runs.js",
    "board.js",
    "board_table.js",
    "board_change.js",
    "board_misses.js",
    "board_slices.js",
    "board_pairs.js",
    "explore.js",
    "explore_list.js",
    "explore_pair.js",
    "explore_near.js",
    "explore_match.js",
    "explore_matrix.js",
    "map.js",
    "map_choices.js",
    "map_colours.js",
    "map_draw.js",
    "map_labels.js",
    "map_camera.js",
    "map_select.js",
    "map_search.js",
    "map_lines.js",
    "map_compare.js",
    "map_edit.js",
    "map_panel.js",
    "map_saving.js",
    "models.js",
    "vectors.js",
    "synonyms.js",
    "synonyms_rows.js",
    "synonyms_edits.js",
    "synonyms_fields.js",
    "synonyms_keys.js",
    "synonyms_dialogs.js",
    "synonyms_paste.js",
    "synonyms_history.js",
    "synonyms_chain.js",
    "synonyms_live.js",
    "pairs.js",
    "pairs_make.js",
    "pair_sets.js",
    "pairs_generate.js",
    "suggestions.js",
    "suggestions_card.js",
    "suggestions_loop.js",
    "suggestions_figures.js",
)


def allow_static_files() -> None:
    """Let the server hand out the plotting library and the icon, and nothing else from their folders."""
    gr.set_static_paths([_plotly(), ICON])


def head(language: str) -> str:
    """Styles and scripts for ``launch(head=...)``, written into the page: no request of their own.

    Gradio's ``css=`` would prefix every selector; a style element is taken as it is.
    """
    styles = "\n".join((ASSETS / "css" / name).read_text("utf-8") for name in STYLES)
    scripts = "\n".join((ASSETS / "js" / name).read_text("utf-8") for name in SCRIPTS)
    boot = {
        "texts": for_views(),
        "language": language,
        "cookie": LANGUAGE_COOKIE,
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
