"""Every string of the page in both languages: for Gradio's own labels, for views and for messages."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import gradio as gr

from workbench.localtext import LocalText
from workbench.ui import wording

LOCALES = {"zh": "zh-CN", "en": "en"}  # ours -> the name under which Gradio keeps its own strings


def _written() -> dict[str, LocalText]:
    """``TEXTS`` of every module in ``wording/``, found by being there.

    Raises:
        ValueError: two modules have a text of the same key.
    """
    found: dict[str, LocalText] = {}
    for module in pkgutil.iter_modules(wording.__path__):
        part = getattr(importlib.import_module(f"{wording.__name__}.{module.name}"), "TEXTS", {})
        if twice := found.keys() & part.keys():
            raise ValueError(f"{module.name} has texts that another module has: {sorted(twice)}")
        found |= {key: LocalText(zh, en) for key, (zh, en) in part.items()}
    return found


TEXTS: dict[str, LocalText] = _written()


def text(key: str, **values: object) -> LocalText:
    """The text of ``key`` with its placeholders filled. Raises KeyError for an unknown key."""
    found = TEXTS[key]
    return found.format(**values) if values else found


class Labels:
    """Labels of Gradio's own components: each call gives an object that the browser translates.

    Besides the fixed texts it takes sentences that other parts of the workbench own (the titles of
    recipes, parameters and base models), so that a change of language needs no answer of the server.
    """

    def __init__(self) -> None:
        self._texts = dict(TEXTS)
        self._marker = gr.I18n()

    def __call__(self, key: str) -> object:
        """A label by the key of its text."""
        if key not in self._texts:
            raise KeyError(key)
        return self._marker(key)

    def of(self, key: str, sentence: LocalText) -> object:
        """A label for a sentence that is not among the page's own texts; ``key`` names it."""
        self._texts[key] = sentence
        return self._marker(key)

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def catalogue(self) -> gr.I18n:
        """Everything registered so far, in the form that ``launch(i18n=...)`` takes."""
        return gr.I18n(
            **{
                locale: {key: sentence.get(language) for key, sentence in self._texts.items()}
                for language, locale in LOCALES.items()
            }
        )


def for_views() -> dict[str, dict[str, str]]:
    """The texts as the page's own scripts want them: ``{"zh": {key: text}, "en": {...}}``."""
    return {language: dict(_pairs(language)) for language in LOCALES}


def _pairs(language: str) -> Iterator[tuple[str, str]]:
    for key, sentence in TEXTS.items():
        yield key, sentence.zh if language == "zh" else sentence.en
