"""The Data tab: a file comes in on the left and is looked over on the right; what is saved stands below."""

from __future__ import annotations

from typing import Any

import gradio as gr

from workbench.ui.components.file_field import file_field
from workbench.ui.components.lead import lead
from workbench.ui.components.view import view
from workbench.ui.page import Page
from workbench.ui.present_data import short
from workbench.ui.tabs import data_check, data_import, data_lists
from workbench.ui.uploads import Uploads

QUIET: dict[str, Any] = {"api_visibility": "private"}
FILE_TYPES = [
    *(".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm", ".json", ".jsonl", ".ndjson", ".parquet"),
    *(".rdf", ".ttl", ".owl", ".xml", ".nt", ".n3", ".skos", ".jsonld", ".obo", ".dic", ".syn", ".md"),
]


def build(page: Page) -> None:
    """Upload and how it is read on the left, what would happen on the right, saved data below."""
    uploads = page.uploads
    lead("data")
    with gr.Row(equal_height=False, elem_id="data-desk"):
        with gr.Column(scale=5, min_width=380, elem_classes=["wb-panel"]):
            file = _upload(page, "data.file", "data-file", 132)
            with gr.Column(elem_id="data-second"):
                view("import_second", elem_id="data-second-head")
                second = _upload(page, "import.second_file", "data-second-file", 132)
            form = view(
                "importing",
                functions=data_import.functions(page, uploads),
                events=["saved"],
                elem_id="data-form",
            )
        with gr.Column(scale=8, min_width=480):
            view("preview", elem_id="data-preview")
    view(
        "data_lists",
        functions=[*data_lists.functions(page), *data_check.functions(page)],
        elem_id="data-list",
    )
    gr.on(
        [file.upload, file.clear, second.upload, second.clear],
        _arrived(uploads),
        [file, second, form],
        form,
        show_progress="hidden",
        **QUIET,
    )
    form.saved(lambda: [None, None, None], None, [file, second, form], show_progress="hidden", **QUIET)


def _upload(page: Page, label: str, elem_id: str, height: int) -> gr.File:
    return file_field(label=page.labels(label), file_types=FILE_TYPES, height=height, elem_id=elem_id)


def _arrived(uploads: Uploads) -> Any:
    def arrived(path: str | None, second: str | None, shown: Any) -> Any:
        """Files were chosen or taken away: the page is given a token for each."""
        shown = shown if isinstance(shown, dict) else {}
        if not path:
            return None
        return {
            "file": _taken(uploads, path, shown.get("file")),
            "second": _taken(uploads, second, shown.get("second")),
        }

    return arrived


def _taken(uploads: Uploads, path: str | None, before: Any) -> dict[str, Any] | None:
    """A file as the page knows it; the one that was there before keeps its token."""
    if not path:
        return None
    token = before.get("token") if isinstance(before, dict) else None
    known = uploads.find(token) if isinstance(token, str) else None
    upload = known if known is not None and str(known.path) == path else uploads.add(path)
    return {"token": upload.token, "name": short(upload.name), "size": upload.size}
