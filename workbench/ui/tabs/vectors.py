"""Files of word vectors on the Models tab: a file comes in, and becomes a base model."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import gradio as gr

from workbench.models.static_model import POOLINGS
from workbench.models.vector_files import LIMIT_WORDS, MOST_WORDS
from workbench.names import LONGEST_NAME
from workbench.ui import incoming
from workbench.ui.components.file_field import file_field
from workbench.ui.components.view import view
from workbench.ui.page import Page
from workbench.ui.present import both, problem_json
from workbench.ui.uploads import Uploads

if TYPE_CHECKING:
    from workbench.models.word_vectors import Imported
    from workbench.ui.background import Report

QUIET: dict[str, Any] = {"api_visibility": "private"}
FILE_TYPES = [".vec", ".txt", ".bin", ".gz", ".bz2"]
ANSWER_WITHIN = 0.9  # seconds; what takes longer is asked for again and shows its progress
SHOWN = 200  # problems


def build(page: Page) -> None:
    """The upload with its form below; what was imported appears in the list of models."""
    uploads = page.uploads
    with gr.Column(elem_classes=["wb-panel"], elem_id="vectors-panel"):
        view("vectors_head", elem_id="vectors-head")
        file = file_field(
            label=page.labels("vectors.file"), file_types=FILE_TYPES, height=128, elem_id="vectors-file"
        )
        form = view("vectors", functions=_functions(page, uploads), events=["taken"], elem_id="vectors-form")

    def arrived(path: str | None) -> dict[str, Any] | None:
        """A file was chosen or taken away: the page is given a token for it, and a name."""
        if not path:
            return None
        upload = uploads.add(path)
        return {
            "token": upload.token,
            "file": upload.name,
            "size": upload.size,
            "name": page.services.word_vectors.name_for(upload.name),
            "most": MOST_WORDS,
            "limit": LIMIT_WORDS,
        }

    gr.on([file.upload, file.clear], arrived, file, form, show_progress="hidden", **QUIET)
    form.taken(lambda: [None, None], None, [file, form], show_progress="hidden", **QUIET)


def _functions(page: Page, uploads: Uploads) -> list[Any]:
    def import_vectors(data: dict[str, Any]) -> dict[str, Any]:
        """Make the file a model; where that takes long, how far it is. ``attempt`` tells clicks apart."""
        upload = uploads.get(incoming.words(data, "token", limit=60))
        name = incoming.words(data, "name", limit=LONGEST_NAME * 2)
        pooling = incoming.one_of(data, "pooling", POOLINGS)
        most = incoming.whole(data, "most", 1, LIMIT_WORDS)
        attempt = incoming.whole(data, "attempt", 0, 10**6)
        key = ("vectors", attempt, name, pooling, most)
        found = upload.result(key)
        if found is not None:
            return found

        def work(report: Report) -> None:
            made = page.services.word_vectors.read_in(
                upload.path, name, source=upload.name, pooling=pooling, most_words=most, progress=report
            )
            upload.remember(key, {"done": _imported_json(made)})

        task_name = f"vectors:{upload.token}:{attempt}"
        task = page.imports.find(task_name) or page.imports.start(task_name, work)
        deadline = time.monotonic() + ANSWER_WITHIN
        while not task.done and time.monotonic() < deadline:
            time.sleep(0.02)
        if task.done and task.error:
            page.imports.forget(task_name)
            return {"problem": both(task.error)}
        return upload.result(key) or {
            "working": {"fraction": task.fraction or None, "words": both(task.words)}
        }

    def forget_vectors(data: dict[str, Any]) -> dict[str, Any]:
        """The file was imported."""
        uploads.forget(incoming.words(data, "token", limit=60))
        return {"done": True}

    return [import_vectors, forget_vectors]


def _imported_json(made: Imported) -> dict[str, Any]:
    counts: dict[str, int] = {}
    severity_of = {problem.code: problem.severity for problem in made.problems}
    for code, count in made.counts.items():
        kind = severity_of.get(code, "warning")
        counts[kind] = counts.get(kind, 0) + count
    return {
        "id": made.id,
        "words": made.words,
        "dimension": made.dimension,
        "more": made.more,
        "problems": [problem_json(problem) for problem in made.problems[:SHOWN]],
        "counts": counts,
    }
