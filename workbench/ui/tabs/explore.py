"""The Explore tab: are two terms synonyms, which terms are nearest, and how does a second model see it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import gradio as gr

from workbench.ui import incoming
from workbench.ui.components.choosers import dictionary_chooser, model_chooser
from workbench.ui.components.lead import lead
from workbench.ui.components.view import view
from workbench.ui.errors import sentence_for
from workbench.ui.page import Page
from workbench.ui.present import both, hit_json

NEIGHBOURS = 12
SUGGESTIONS = 10


def build(page: Page) -> None:
    """Dictionary and models on top, the two questions below."""
    labels = page.labels
    lead("explore")
    with gr.Row(elem_id="explore-desk"):
        dictionary = dictionary_chooser(page, "explore-dictionary")
        model = model_chooser(page, "explore-model", "model", "explore.model")
        second = model_chooser(page, "explore-second", "second_model", "explore.second")
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=400, elem_classes=["wb-panel"]):
            view("question", value={"key": "explore.pair"}, elem_id="explore-pair-head")
            with gr.Row():
                first = gr.Textbox(label=labels("explore.first"), max_length=500, elem_id="explore-first")
                other = gr.Textbox(label=labels("explore.other"), max_length=500, elem_id="explore-other")
            compare = gr.Button(labels("explore.compare"), variant="primary", elem_id="explore-compare")
            pair = view("pair", elem_id="explore-pair")
        with gr.Column(scale=7, min_width=480, elem_classes=["wb-panel"]):
            view("question", value={"key": "explore.near"}, elem_id="explore-near-head")
            with gr.Row(equal_height=True, elem_classes=["wb-ask"]):
                term = gr.Textbox(
                    placeholder=labels("explore.term"),
                    show_label=False,
                    container=False,
                    max_length=500,
                    scale=5,
                    elem_id="explore-term",
                )
                find = gr.Button(
                    labels("explore.find"), variant="primary", scale=1, min_width=90, elem_id="explore-find"
                )
            examples = view(
                "suggestions", functions=[_suggest(page)], events=["pick"], elem_id="explore-suggestions"
            )
            near = view("neighbours", events=["pick"], elem_id="explore-neighbours")
    _connect(page, dictionary, model, second, first, other, compare, pair, term, find, examples, near)


def _suggest(page: Page) -> Any:
    def read_suggestions(data: dict[str, Any]) -> dict[str, Any]:
        """Some terms of the dictionary to start from."""
        name = incoming.words(data, "dictionary", limit=200)
        info = page.services.dictionary(name)
        pages = max(1, info.standards // SUGGESTIONS)
        groups, _ = page.services.groups_page(name, page=random.randrange(pages), size=SUGGESTIONS)
        pairs = [[group.standard, group.synonyms[0]] for group in groups if group.synonyms]
        return {"pairs": [pair for pair in pairs if max(map(len, pair)) <= 40]}

    return read_suggestions


def _connect(
    page: Page,
    dictionary: Any,
    model: Any,
    second: Any,
    first: Any,
    other: Any,
    compare: Any,
    pair: Any,
    term: Any,
    find: Any,
    examples: Any,
    near: Any,
) -> None:
    services = page.services

    def columns(chosen: str | None, beside: str | None) -> list[str]:
        return [name for name in dict.fromkeys([chosen, beside]) if name]

    def titles(models: list[str]) -> dict[str, Any]:
        return {info.id: both(info.title) for info in services.models() if info.id in models}

    def waiting(models: list[str], name: str | None) -> bool:
        return bool(name) and not all(services.vectors_ready(each, name) for each in models)

    def answer_pair(
        name: str | None, chosen: str | None, beside: str | None, a: str, b: str
    ) -> Iterator[dict[str, Any]]:
        if not a.strip() or not b.strip():
            yield {"empty": True}
            return
        models = columns(chosen, beside)
        try:
            if waiting(models, name):
                yield {"preparing": True}
            answers = []
            for each in models:
                found = services.similarity(a, b, each, name or None)
                answers.append(
                    {
                        "model": each,
                        "cosine": found.cosine,
                        "probability": found.probability,
                        "percentile": found.percentile,
                        "known": found.known_synonyms,
                    }
                )
            yield {"a": a.strip(), "b": b.strip(), "answers": answers, "titles": titles(models)}
        except Exception as error:
            yield {"problem": sentence_for(error).as_json()}

    def answer_near(
        name: str | None, chosen: str | None, beside: str | None, word: str
    ) -> Iterator[dict[str, Any]]:
        if not word.strip() or not name:
            yield {"empty": True}
            return
        models = columns(chosen, beside)
        try:
            if waiting(models, name):
                yield {"preparing": True}
            found = {
                each: [hit_json(hit) for hit in services.neighbours(word, each, name, k=NEIGHBOURS)]
                for each in models
            }
            yield {"term": word.strip(), "models": models, "hits": found, "titles": titles(models)}
        except Exception as error:
            yield {"problem": sentence_for(error).as_json()}

    def picked(event: gr.EventData) -> Any:
        word = event._data.get("term") if isinstance(event._data, dict) else None
        return word[:500] if isinstance(word, str) else gr.skip()

    def picked_pair(event: gr.EventData) -> list[Any]:
        sent = event._data if isinstance(event._data, dict) else {}
        words = [sent.get("term"), sent.get("other")]
        if not all(isinstance(word, str) for word in words):
            return [gr.skip()] * 3
        return [words[0][:500], words[1][:500], words[0][:500]]

    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    ask_near = {"fn": answer_near, "inputs": [dictionary, model, second, term], "outputs": near}
    ask_pair = {"fn": answer_pair, "inputs": [dictionary, model, second, first, other], "outputs": pair}
    gr.on([find.click, term.submit], **ask_near, **quiet)
    gr.on([compare.click, first.submit, other.submit], **ask_pair, **quiet)
    examples.pick(picked_pair, None, [first, other, term], **quiet).then(**ask_near, **quiet).then(
        **ask_pair, **quiet
    )
    near.pick(picked, None, term, **quiet).then(**ask_near, **quiet)
    for chooser in (model, second):
        chooser.input(**ask_near, **quiet).then(**ask_pair, **quiet)
    dictionary.change(
        lambda name: [{"dictionary": name}, {"empty": True}], dictionary, [examples, near], **quiet
    )
