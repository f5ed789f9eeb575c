"""From an exception to a sentence on the page: refusals in words, all else by an incident number."""

from __future__ import annotations

import functools
import html
import logging
import secrets
from collections.abc import Callable
from typing import Any

import gradio as gr

from workbench.errors import BadParameter, WorkbenchError
from workbench.localtext import Language, LocalText
from workbench.ui.text import text

log = logging.getLogger("workbench.ui")

LANGUAGE_COOKIE = "workbench_language"


def language_of(request: gr.Request | None) -> Language:
    """The language that the page is shown in: its cookie, else what the browser accepts."""
    if request is None:
        return "en"
    chosen = request.cookies.get(LANGUAGE_COOKIE) if hasattr(request, "cookies") else None
    if chosen in ("zh", "en"):
        return "zh" if chosen == "zh" else "en"
    accepted = str(request.headers.get("accept-language", "")).strip().lower()
    return "zh" if accepted.startswith("zh") else "en"


def sentence_for(error: Exception) -> LocalText:
    """What to tell a person about ``error``; the unexpected goes to the log under a number."""
    if isinstance(error, WorkbenchError):
        return LocalText("{text}", "{text}", {"text": LocalText(error.text("zh"), error.text("en"))})
    incident = secrets.token_hex(3).upper()
    log.error("incident %s", incident, exc_info=error)
    return text("error.unexpected", incident=incident)


def answer(function: Callable[..., Any]) -> Callable[[Any], Any]:
    """A server function of a view: takes one JSON object, gives one, and never raises.

    An error comes back as ``{"error": {"zh": ..., "en": ...}}``, which the page shows.
    """

    @functools.wraps(function)
    def guarded(data: Any = None) -> Any:
        try:
            if data is not None and not isinstance(data, dict):
                raise BadParameter(text("error.bad_request"))
            return function(data or {})
        except Exception as error:
            return {"error": sentence_for(error).as_json()}

    # functools.wraps would make inspect show the parameters of the inner function.
    del guarded.__wrapped__  # type: ignore[attr-defined]  # wraps has set it
    return guarded


def notice(error: Exception, request: gr.Request | None) -> None:
    """Show ``error`` as a passing note at the edge of the page."""
    language = language_of(request)
    sentence = sentence_for(error).get(language)
    gr.Warning(html.escape(sentence), duration=12, title=text("common.notice").get(language))
