"""The Explore tab: are two terms synonyms, which terms are nearest, and how does a second model see it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from workbench.ui import incoming
from workbench.ui.components.choosers import dictionary_chooser, model_chooser
from workbench.ui.components.lead import lead
from workbench.ui.components.view import view
from workbench.ui.errors import sentence_for
from workbench.ui.page import Page, Question
from workbench.ui.present import both, hit_json, similarity_json

NEIGHBOURS = 12
SUGGESTIONS = 10
LONGEST_EXAMPLE = 40  # characters
ONE_LINE: dict[str, Any] = {"max_length": 500, "lines": 1, "max_lines": 1}
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
LAST: dict[str, Any] = {"trigger_mode": "always_last"}  # a question while one is answered is not dropped
Answer = Callable[..., Iterator[dict[str, Any]]]


def build(page: Page) -> None:
    """Dictionary and models on top, the two questions below."""
    lead("explore")
    with gr.Row(elem_id="explore-desk"):
        dictionary = dictionary_chooser(page, "explore-dictionary")
        model = model_chooser(page, "explore-model", "model", "explore.model")
        second = model_chooser(page, "explore-second", "second_model", "explore.second")
    chosen = [dictionary, model, second]
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=400, elem_classes=["wb-panel"]):
            terms, ask_pair = _pair_question(page, chosen)
        with gr.Column(scale=7, min_width=480, elem_classes=["wb-panel"]):
            _near_question(page, chosen, terms, ask_pair)


def _pair_question(page: Page, chosen: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Two boxes, a button and a gauge; returns the boxes and how the question is asked."""
    labels = page.labels
    view("question", value={"key": "explore.pair"}, elem_id="explore-pair-head")
    with gr.Row():
        first = gr.Textbox(label=labels("explore.first"), elem_id="explore-first", **ONE_LINE)
        other = gr.Textbox(label=labels("explore.other"), elem_id="explore-other", **ONE_LINE)
    compare = gr.Button(labels("explore.compare"), variant="primary", elem_id="explore-compare")
    pair = view("pair", elem_id="explore-pair")
    ask = {"fn": _pair_answer(page), "inputs": [*chosen, first, other], "outputs": pair}
    asked = [compare.click, first.submit, other.submit, chosen[1].input, chosen[2].input]
    gr.on(asked, **ask, **QUIET, **LAST)
    return [first, other], ask


def _near_question(page: Page, chosen: list[Any], terms: list[Any], ask_pair: dict[str, Any]) -> None:
    """One box, examples to click, and the nearest terms under each model."""
    labels = page.labels
    view("question", value={"key": "explore.near"}, elem_id="explore-near-head")
    with gr.Row(equal_height=True):
        term = gr.Textbox(
            placeholder=labels("explore.term"),
            show_label=False,
            container=False,
            scale=5,
            elem_id="explore-term",
            **ONE_LINE,
        )
        find = gr.Button(
            labels("explore.find"), variant="primary", scale=1, min_width=90, elem_id="explore-find"
        )
    examples = view(
        "suggestions", functions=[_suggestions(page)], events=["pick"], elem_id="explore-suggestions"
    )
    near = view("neighbours", events=["pick"], elem_id="explore-neighbours")
    ask = {"fn": _near_answer(page), "inputs": [*chosen, term], "outputs": near}
    gr.on([find.click, term.submit, chosen[1].input, chosen[2].input], **ask, **QUIET, **LAST)
    near.pick(_picked, None, term, **QUIET).then(**ask, **QUIET)
    picked = examples.pick(_picked_pair, None, [*terms, term], **QUIET)
    picked.then(**ask, **QUIET)
    picked.then(**ask_pair, **QUIET)
    page.when_shown.append(Question(lambda name: {"dictionary": name}, chosen[0], examples))
    chosen[0].change(
        lambda name: [{"dictionary": name}, {"empty": True, "dictionary": name}],
        chosen[0],
        [examples, near],
        **QUIET,
    )


def _pair_answer(page: Page) -> Answer:
    services = page.services

    def answer(
        name: str | None, model: str | None, second: str | None, a: str | None, b: str | None
    ) -> Iterator[dict[str, Any]]:
        """How alike two terms are under one or two models; says so first where that takes a while."""
        a, b = (a or "").strip(), (b or "").strip()
        models = _columns(model, second)
        if not a or not b or not models:
            yield {"empty": True}
            return
        try:
            yield {"preparing": True} if not page.is_quick(models, name) else {"working": True}
            found = [similarity_json(each, services.similarity(a, b, each, name or None)) for each in models]
            yield {"a": a, "b": b, "answers": found, "titles": _titles(page, models)}
        except Exception as error:
            yield {"problem": sentence_for(error).as_json()}

    return answer


def _near_answer(page: Page) -> Answer:
    services = page.services

    def answer(
        name: str | None, model: str | None, second: str | None, word: str | None
    ) -> Iterator[dict[str, Any]]:
        """The terms nearest to a word under one or two models."""
        word = (word or "").strip()
        models = _columns(model, second)
        if not word or not name or not models:
            yield {"empty": True}
            return
        try:
            yield {"preparing": True} if not page.is_quick(models, name) else {"working": True}
            found = {
                each: [hit_json(hit) for hit in services.neighbours(word, each, name, k=NEIGHBOURS)]
                for each in models
            }
            yield {
                "term": word,
                "dictionary": name,
                "models": models,
                "hits": found,
                "titles": _titles(page, models),
            }
        except Exception as error:
            yield {"problem": sentence_for(error).as_json()}

    return answer


def _columns(model: str | None, second: str | None) -> list[str]:
    return [name for name in dict.fromkeys([model, second]) if name]


def _titles(page: Page, models: list[str]) -> dict[str, Any]:
    return {info.id: both(info.title) for info in page.services.models() if info.id in models}


def _suggestions(page: Page) -> Any:
    def read_suggestions(data: dict[str, Any]) -> dict[str, Any]:
        """Some terms of the dictionary to start from."""
        name = incoming.words(data, "dictionary", limit=200)
        pages = max(1, page.services.dictionary(name).standards // SUGGESTIONS)
        groups, _ = page.services.groups_page(name, page=random.randrange(pages), size=SUGGESTIONS)
        pairs = [[group.standard, group.synonyms[0]] for group in groups if group.synonyms]
        return {"pairs": [pair for pair in pairs if max(map(len, pair)) <= LONGEST_EXAMPLE]}

    return read_suggestions


def _picked(event: gr.EventData) -> Any:
    """The term that was clicked."""
    return _sent(event, "term") or gr.skip()


def _picked_pair(event: gr.EventData) -> list[Any]:
    """The example that was clicked, into all three boxes."""
    first, other = _sent(event, "term"), _sent(event, "other")
    return [first, other, first] if first and other else [gr.skip()] * 3


def _sent(event: gr.EventData, key: str) -> str | None:
    value = event._data.get(key) if isinstance(event._data, dict) else None
    return value[: ONE_LINE["max_length"]] if isinstance(value, str) else None
