"""Rows by a language model: the endpoint and its key, the form of a job, and the list of jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from workbench.errors import BadParameter
from workbench.generation.config import MOST_REQUESTS, GenerationConfig, ItemOrder
from workbench.generation.endpoint import EndpointConfig
from workbench.generation.filters import FilterSettings, Script
from workbench.generation.prompts import ALLOWED, LONGEST_TEMPLATE, NEEDED
from workbench.localtext import Language
from workbench.types import FINAL_STATES, GenerationJob, SuggestionKind
from workbench.ui import incoming, present_pairs
from workbench.ui.page import Page
from workbench.ui.text import text
from workbench.ui.whose import asking, check_may_end

PRESETS = (("Ollama", "http://127.0.0.1:11434/v1"), ("vLLM", "http://127.0.0.1:8000/v1"))
LONGEST_NAME = 200
LONGEST_KEY = 4_000
LONGEST_LIST = 2_000_000  # characters of terms or sentences that were pasted
MOST_LINES = 20_000
SHOWN_JOBS = 20
Function = Callable[[dict[str, Any]], dict[str, Any]]


def functions(page: Page) -> list[Function]:
    """What the form asks the server. No answer holds a key."""
    return [*_endpoint(page), *_jobs(page)]


def _endpoint(page: Page) -> list[Function]:
    generation = page.services.generation

    def read_prompts(_data: dict[str, Any]) -> dict[str, Any]:
        """The templates that come with the workbench, and the addresses of well-known servers."""
        return {
            "presets": [{"name": name, "address": address} for name, address in PRESETS],
            "templates": [
                {"kind": each.kind, "language": each.language, "system": each.system, "text": each.text}
                for each in generation.templates()
            ],
            "placeholders": {kind: list(names) for kind, names in ALLOWED.items()},
            "needed": {kind: list(names) for kind, names in NEEDED.items()},
        }

    def has_key(data: dict[str, Any]) -> dict[str, Any]:
        """Whether a key would be sent to an address."""
        return {"has": generation.has_key(_address(data))}

    def set_key(data: dict[str, Any]) -> dict[str, Any]:
        """Keep a key in memory, or forget it. The answer says only whether there is one."""
        address = _address(data)
        generation.set_key(address, incoming.words(data, "key", limit=LONGEST_KEY))
        return {"has": generation.has_key(address)}

    def list_models(data: dict[str, Any]) -> dict[str, Any]:
        """The models that an endpoint offers."""
        return {"models": generation.models(EndpointConfig(_address(data)))}

    def test_connection(data: dict[str, Any]) -> dict[str, Any]:
        """Ask for the models and, where one is chosen, for one word."""
        endpoint = _endpoint_config(data)
        if not endpoint.model:
            return {"models": generation.models(endpoint), "seconds": None, "sample": ""}
        report = generation.test_endpoint(endpoint)
        return {"models": list(report.models), "seconds": round(report.seconds, 2), "sample": report.sample}

    return [read_prompts, has_key, set_key, list_models, test_connection]


def _jobs(page: Page) -> list[Function]:
    generation = page.services.generation
    unanswered: dict[tuple[str, float | None], bool] = {}
    starters: dict[str, str] = {}  # of the jobs that were begun, or taken up again, since this server started

    def is_resumable(job: GenerationJob) -> bool:
        if job.state != "completed":
            return job.state in FINAL_STATES
        key = (job.id, job.finished_at)
        if key not in unanswered:
            unanswered[key] = bool(generation.failed_items(job.id))
        return unanswered[key]

    def as_json(job: GenerationJob) -> dict[str, Any]:
        return present_pairs.job_json(job, generation.filters(), resumable=is_resumable(job))

    def list_jobs(_data: dict[str, Any]) -> dict[str, Any]:
        """The newest jobs."""
        return {"jobs": [as_json(job) for job in generation.jobs(SHOWN_JOBS)]}

    def start_job(data: dict[str, Any]) -> dict[str, Any]:
        """Put a job into the queue."""
        config = _config(data)
        job = generation.start(config, incoming.words(data, "name", limit=LONGEST_NAME, default=""))
        starters[job.id] = asking()
        return {"job": as_json(job)}

    def job_act(data: dict[str, Any]) -> dict[str, Any]:
        """Cancel, continue or delete a job."""
        name = incoming.words(data, "id", limit=LONGEST_NAME)
        act = incoming.one_of(data, "act", ("cancel", "resume", "delete"))
        job = generation.job(name)
        if job.state not in FINAL_STATES and job.id in starters:
            check_may_end(starters[job.id])
        if act == "delete":
            generation.delete(name)
            return {"done": True}
        if act == "cancel":
            return {"job": as_json(generation.cancel(name))}
        job = generation.resume(name)
        starters[job.id] = asking()
        return {"job": as_json(job)}

    return [list_jobs, start_job, job_act]


# -- from what was sent to a configuration ------------------------------------------------------------


def _address(data: dict[str, Any]) -> str:
    return incoming.words(data, "address", limit=500)


def _endpoint_config(data: dict[str, Any]) -> EndpointConfig:
    return EndpointConfig(
        _address(data),
        incoming.words(data, "model", limit=LONGEST_NAME, default=""),
        temperature=incoming.real(data, "temperature", 0, 2, default=0.7),
        timeout=incoming.real(data, "timeout", 1, 3600, default=120.0),
    )


def _config(data: dict[str, Any]) -> GenerationConfig:
    kind: Any = incoming.one_of(data, "kind", get_args(SuggestionKind))
    language: Any = incoming.one_of(data, "language", get_args(Language))
    order: Any = incoming.one_of(data, "order", get_args(ItemOrder), default="fewest")
    endpoint = _endpoint_config(data)
    synonyms = kind == "synonym"
    return GenerationConfig(
        kind,
        endpoint,
        dictionary=incoming.words(data, "dictionary", limit=LONGEST_NAME) if synonyms else "",
        terms=_lines(data, "terms") if synonyms else (),
        corpus=incoming.words(data, "corpus", limit=LONGEST_NAME, default=""),
        texts=() if synonyms else _lines(data, "texts"),
        domain=incoming.words(data, "domain", limit=LONGEST_NAME, default=""),
        count=incoming.whole(data, "count", 1, 100),
        language=language,
        system=incoming.words(data, "system", limit=LONGEST_TEMPLATE),
        prompt=incoming.words(data, "prompt", limit=LONGEST_TEMPLATE),
        max_requests=incoming.whole(data, "cap", 1, MOST_REQUESTS),
        order=order,
        filters=_filters(data),
    )


def _filters(data: dict[str, Any]) -> FilterSettings:
    script: Any = incoming.one_of(data, "script", get_args(Script), default="same")
    return FilterSettings(
        near=incoming.real(data, "near", 0, 100, default=92.0),
        script=script,
        min_length=incoming.whole(data, "shortest", 0, 10_000, default=0),
        max_length=incoming.whole(data, "longest", 0, 10_000, default=0),
        round_trip=incoming.words(data, "judge", limit=LONGEST_NAME, default=""),
        max_rank=incoming.whole(data, "rank", 1, 10_000, default=20),
    )


def _lines(data: dict[str, Any], key: str) -> tuple[str, ...]:
    pasted = incoming.words(data, key, limit=LONGEST_LIST, default="")
    lines = tuple(line.strip() for line in pasted.splitlines() if line.strip())
    if len(lines) > MOST_LINES:
        raise BadParameter(text("generate.too_many_lines", n=MOST_LINES))
    return lines
