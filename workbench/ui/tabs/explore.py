"""The Explore tab: two terms, the neighbours of one, a column normalised, and a matrix of many."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import gradio as gr

from workbench.evaluation.measure import baseline_infos
from workbench.search.similarity import PROBABILITY_MEANING
from workbench.ui import incoming
from workbench.ui.components.choosers import dictionary_chooser, model_chooser
from workbench.ui.components.file_field import file_field
from workbench.ui.components.lead import lead
from workbench.ui.components.view import view
from workbench.ui.page import Page, Question
from workbench.ui.present import both
from workbench.ui.tabs import explore_lists, explore_match, explore_questions, explore_words
from workbench.ui.tabs.explore_questions import Questions
from workbench.ui.uploads import Uploads

FILE_TYPES = [".csv", ".tsv", ".txt", ".xlsx", ".json", ".jsonl", ".parquet"]
EXAMPLES = 10
LONGEST_EXAMPLE = 40  # characters
GROUP_TERMS = 4  # of a group, in the examples of the matrix
LEXICAL = ("tfidf", "bm25_words", "bm25_chars")
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
Function = Callable[[dict[str, Any]], dict[str, Any]]


def build(page: Page) -> None:
    """Dictionary and model on top; the four questions are one view with a switch."""
    with gr.Row(elem_id="explore-desk"):
        with gr.Column(scale=6, min_width=380):
            lead("explore")
        dictionary = dictionary_chooser(page, "explore-dictionary", scale=2)
        model = model_chooser(page, "explore-model", "model", "explore.model", scale=2)
    uploads, questions = page.uploads, Questions(page)
    functions = [
        *_choices(page),
        *explore_questions.functions(page, questions),
        *explore_words.functions(page),
        *explore_lists.functions(page, questions, uploads),
        *explore_match.functions(page, uploads),
    ]
    parts = view("explore", functions=functions, elem_id="explore")
    _receive_files(page, uploads)
    question = Question(["dictionary", "model"], [dictionary, model], parts)
    page.when_shown.append(question)
    gr.on(
        [dictionary.change, model.change],
        question.handler,
        question.inputs,
        question.outputs,
        trigger_mode="always_last",
        **QUIET,
    )


def _receive_files(page: Page, uploads: Uploads) -> None:
    """An upload that is out of sight: the views' own fields for files hand theirs on to it."""
    file = file_field(show_label=False, file_types=FILE_TYPES, elem_id="explore-file")
    arrival = view("explore_file", elem_id="explore-file-arrival")

    def arrived(path: str | None) -> list[Any]:
        """A file came: the page is given a token for it, and the field is free for the next one."""
        if not path:
            return [gr.skip(), gr.skip()]
        upload = uploads.add(path)
        return [None, {"token": upload.token, "file": upload.name, "size": upload.size}]

    file.upload(arrived, file, [file, arrival], **QUIET)


def _choices(page: Page) -> list[Function]:
    services = page.services

    def read_choices(_data: dict[str, Any]) -> dict[str, Any]:
        """What the forms choose among, and where each dictionary stands."""
        return {
            "models": [
                {
                    "id": model.id,
                    "title": both(model.title),
                    "kind": model.kind,
                    "base": model.base,
                    "ready": model.ready,
                }
                for model in services.models()
            ],
            "lexical": [
                {"id": each.id, "title": both(each.title)} for each in baseline_infos() if each.id in LEXICAL
            ],
            "rerankers": services.exploring.rerankers(),
            "corpora": [{"name": info.name, "texts": info.texts} for info in services.corpora.all()],
            "versions": {info.name: info.version for info in services.dictionaries()},
            "file_types": FILE_TYPES,
            "most_bytes": services.settings.max_upload_bytes,
            "meaning": both(PROBABILITY_MEANING),
        }

    def read_examples(data: dict[str, Any]) -> dict[str, Any]:
        """Some groups of the dictionary to start from, short ones."""
        name = incoming.words(data, "dictionary", limit=200)
        pages = max(1, services.dictionary(name).standards // EXAMPLES)
        groups, _ = services.groups_page(name, page=random.randrange(pages), size=EXAMPLES)
        terms = [[group.standard, *group.synonyms][:GROUP_TERMS] for group in groups]
        return {
            "groups": [each for each in terms if len(each) > 1 and max(map(len, each)) <= LONGEST_EXAMPLE]
        }

    return [read_choices, read_examples]
