"""The Models tab: what there is to choose from, and tuned models to take away or delete."""

from __future__ import annotations

import itertools
from typing import Any

import gradio as gr

from workbench.errors import NotFound
from workbench.ui import incoming, outgoing
from workbench.ui.components.lead import lead
from workbench.ui.components.view import view
from workbench.ui.errors import notice
from workbench.ui.page import Page
from workbench.ui.present import model_json
from workbench.ui.tabs import limits, vectors
from workbench.ui.text import text


def build(page: Page) -> None:
    """The list, and the unseen button that hands a zip to the browser."""
    services = page.services
    lead("models")
    listed = view("models", functions=_functions(page), events=["pack"], elem_id="models-list")
    vectors.build(page)
    limits.build(page)
    download = gr.DownloadButton(visible="hidden", elem_id="models-download")

    answers = itertools.count()  # two answers are never alike: the page's script hears of changes only

    def failed() -> dict[str, Any]:
        return {"failed": next(answers)}

    def pack(event: gr.EventData, request: gr.Request) -> list[Any]:
        sent = event._data if isinstance(event._data, dict) else {}
        try:
            name = incoming.words(sent, "model", limit=500)
            if not any(model.id == name and model.kind == "tuned" for model in services.models()):
                raise NotFound(text("models.not_tuned"))
            path = services.export_model_zip(name, outgoing.place())
        except Exception as error:
            notice(error, request)
            return [gr.skip(), failed()]
        outgoing.drop_later(path.parent)
        return [gr.update(value=str(path)), {"packed": name, "answer": next(answers)}]

    packed = listed.pack(pack, None, [download, listed], show_progress="hidden", api_visibility="private")
    # The script presses the button when this has been said: by then the button has the new file.
    packed.success(
        lambda: {"ready": next(answers)}, None, listed, show_progress="hidden", api_visibility="private"
    )
    # Gradio may refuse to hand the file out after ``pack`` has returned; it shows why by itself.
    packed.failure(failed, None, listed, show_progress="hidden", api_visibility="private")


def _functions(page: Page) -> list[Any]:
    services = page.services

    def list_models(_data: dict[str, Any]) -> dict[str, Any]:
        return {"models": [model_json(model) for model in services.models()]}

    def delete_model(data: dict[str, Any]) -> dict[str, Any]:
        services.delete_model(incoming.words(data, "model", limit=500))
        return {"done": True}

    return [list_models, delete_model]
