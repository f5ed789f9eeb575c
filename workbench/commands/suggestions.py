"""``generate`` and ``suggestions``: rows from a language model, and the expert's yes or no to them."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from workbench.commands.answer import SHOWN, Answer, Parsers, read_file
from workbench.documents import (
    decision_document,
    figures_document,
    generation_document,
    share_row,
    suggestion_document,
    when,
)
from workbench.errors import BadParameter, InputError
from workbench.generation.config import GenerationConfig
from workbench.generation.endpoint import EndpointConfig
from workbench.generation.filters import FilterSettings
from workbench.generation.keys import ENVIRONMENT_KEY, ENVIRONMENT_URL
from workbench.localtext import Language, LocalText
from workbench.services.proposing import BY, WHAT
from workbench.storage.suggestions import SuggestionSort
from workbench.terminal import table
from workbench.types import FINAL_STATES, GenerationJob, Suggestion, SuggestionKind, SuggestionState

if TYPE_CHECKING:
    from workbench.services import Services

TASKS: dict[str, SuggestionKind] = {
    "synonyms": "synonym",
    "paraphrases": "sentence_pair",
    "questions": "question",
}
PAGE = 500
MOST = 20_000
MOST_ASKED = 100  # requests, where nothing is said
SORTS: dict[str, SuggestionSort] = {
    "probability": "score",
    "uncertainty": "uncertainty",
    "mixed": "mixed",
}
_NOTHING_DECIDED = LocalText("还没有决定过建议。", "No suggestion has been decided yet.")
DECISIONS = ("accept", "reject", "later", "undo")


def add_commands(subcommands: Parsers) -> None:
    """The commands of this module."""
    _add_generate(subcommands.add_parser("generate", help="ask a language model for rows; waits"))
    kinds = subcommands.add_parser("suggestions", help="what waits for a yes or no")
    decisions = kinds.add_subparsers(dest="decision", required=True)
    one = decisions.add_parser("list", help="the queue, the likeliest first")
    _add_choice(one, "waiting")
    one.add_argument("--search", default="")
    one.add_argument("--by", choices=BY, default="probability", help="the order: the likeliest first, ...")
    one.add_argument("--limit", type=int, default=50)
    one.set_defaults(run=list_suggestions)
    one = decisions.add_parser("stats", help="how many were accepted: over time, by source, by score")
    one.add_argument("--dictionary")
    one.add_argument("--window", type=int, default=50, help="decisions that make one point")
    one.set_defaults(run=show_figures)
    for name in DECISIONS:
        one = decisions.add_parser(name, help={"undo": "wait again"}.get(name, f"say {name}"))
        one.add_argument("ids", nargs="*", type=int, metavar="ID")
        one.add_argument("--all", action="store_true", help="all that the other options choose")
        _add_choice(one, "accepted" if name == "undo" else "waiting")
        one.add_argument("--author", default="")
        if name == "accept":
            one.add_argument("--pair-set", default="", metavar="SET", help="for sentences and questions")
        one.set_defaults(run=decide)


def _add_choice(one: argparse.ArgumentParser, state: str) -> None:
    one.add_argument("--dictionary")
    one.add_argument("--kind", choices=tuple(TASKS))
    one.add_argument("--what", choices=WHAT, help="what a model looked for")
    one.add_argument("--source", help="model:NAME, generation:JOB")
    one.add_argument("--state", choices=get_args(SuggestionState), default=state)


def _add_generate(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--url",
        "--endpoint",
        default=os.environ.get(ENVIRONMENT_URL, ""),
        help=f"of an OpenAI-compatible endpoint; {ENVIRONMENT_URL} where left out. The key is read from "
        f"{ENVIRONMENT_KEY} alone",
    )
    one.add_argument("--model", default="", help="as the endpoint calls it")
    one.add_argument("--task", choices=tuple(TASKS), default="synonyms")
    one.add_argument("--dictionary", default="", help="whose terms; for sentences: whose test terms to avoid")
    one.add_argument("--term", action="append", default=[], help="only these; may be repeated")
    one.add_argument("--corpus", default="", help="the sentences or passages")
    one.add_argument("--text", action="append", default=[], help="a sentence or passage; may be repeated")
    one.add_argument("--domain", default="", help="the field, for the prompt")
    one.add_argument("--language", choices=("zh", "en"), help="of the prompt")
    one.add_argument("--prompt", metavar="FILE", help="a prompt template of your own")
    one.add_argument("--count", type=int, default=5, help="rows asked for at once")
    one.add_argument(
        "--max-requests", type=int, help="the cap on cost, repeated ones included; 100 where left out"
    )
    one.add_argument("--max-items", type=int, default=0, help="terms or texts; 0: all")
    one.add_argument("--order", choices=("fewest", "file", "random"), default="fewest")
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--temperature", type=float, default=0.7)
    one.add_argument("--timeout", type=float, default=120.0, help="seconds for one answer")
    one.add_argument("--round-trip", default="", metavar="MODEL", help="check the rows by an embedding model")
    one.add_argument("--name", default="", help="of the job")
    either = one.add_mutually_exclusive_group()
    either.add_argument("--test", action="store_true", help="only test the connection")
    either.add_argument("--resume", metavar="JOB", help="continue a job that ended early")
    one.set_defaults(run=generate)


# -- generate ---------------------------------------------------------------------------------------


def generate(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Start a job, or continue one, wait for it, and say what came out. Ctrl-C stops it, keeping the rows."""
    if options.resume:
        job = services.generation.resume(options.resume, max_requests=options.max_requests)
        return _finished(services, job, options, language)
    if not options.url:
        raise BadParameter(
            LocalText("没有接口地址。", "There is no address of an endpoint."),
            LocalText("请用 --url，例如 {example}。", "Give one by --url, such as {example}."),
            example="http://localhost:11434/v1",
        )
    endpoint = EndpointConfig(
        options.url, options.model, temperature=options.temperature, timeout=options.timeout
    )
    if options.test:
        report = services.generation.test_endpoint(endpoint)
        document = {
            "url": endpoint.base_url,
            "models": list(report.models),
            "seconds": round(report.seconds, 2),
            "key": services.generation.has_key(endpoint.base_url),
        }
        return document, lambda: table([document])
    prompt = b"" if options.prompt is None else read_file(Path(options.prompt), 1_000_000)
    job = services.generation.start(
        GenerationConfig(
            kind=TASKS[options.task],
            endpoint=endpoint,
            dictionary=options.dictionary,
            terms=tuple(options.term),
            corpus=options.corpus,
            texts=tuple(options.text),
            domain=options.domain,
            count=options.count,
            language=options.language or language,
            prompt=prompt.decode("utf-8-sig", "replace"),
            max_requests=MOST_ASKED if options.max_requests is None else options.max_requests,
            max_items=options.max_items,
            order=options.order,
            seed=options.seed,
            filters=FilterSettings(round_trip=options.round_trip),
        ),
        options.name,
    )
    return _finished(services, job, options, language)


def _finished(
    services: Services, job: GenerationJob, options: argparse.Namespace, language: Language
) -> Answer:
    talks = not options.json and sys.stderr.isatty()
    while job.state not in FINAL_STATES:
        try:
            time.sleep(0.05)
            job = services.generation.job(job.id)
            if talks:
                sys.stderr.write(f"\r\033[K{job.progress:4.0%}  {job.requests} requests  {job.kept} rows")
                sys.stderr.flush()
        except KeyboardInterrupt:
            job = services.generation.cancel(job.id)
    if talks:
        sys.stderr.write("\r\033[K")
    filters = services.generation.filters()
    dropped = {filters[name].get(language): count for name, count in job.dropped.items() if count}

    def text() -> str:
        lines = [f"{job.name}: {job.state}. {job.message.get(language) if job.message else ''}"]
        lines += [f"  {job.requests} requests  {job.made} rows  {job.kept} kept"]
        return "\n".join(lines + [f"  - {count} {name}" for name, count in dropped.items()])

    return generation_document(job, language), text


# -- the queue --------------------------------------------------------------------------------------


def list_suggestions(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """The queue."""
    if not 1 <= options.limit <= MOST:
        raise BadParameter(LocalText("--limit 从 1 到 20000。", "--limit is from 1 to 20000."))
    rows = [suggestion_document(each, language) for each in _chosen(services, options, options.limit)]
    wanted = ("id", "kind", "dictionary", "first", "second", "score", "state")
    return rows, lambda: table([{name: row[name] for name in wanted} for row in rows])


def show_figures(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """The precision of what was decided."""
    found = services.suggestions.figures(options.dictionary, window=options.window)
    document = figures_document(found)

    def text() -> str:
        if not found.total.decided:
            return _NOTHING_DECIDED.get(language)
        lines = []
        rows = [{"source": "all", **share_row(found.total)}]
        rows += [{"source": name or "-", **share_row(share)} for name, share in found.sources.items()]
        rows += [{"source": f"  {name}", **share_row(share)} for name, share in found.whats.items() if name]
        lines += [table(rows)]
        bands = [(f"{band.low:.1f}-{band.high:.1f}", band.share) for band in found.bands]
        lines += [table([{"score": name, **share_row(share)} for name, share in bands if share.decided])]
        points = [{"until": when(each.end), **share_row(each.share)} for each in found.windows]
        return "\n\n".join([*lines, table(points[-SHOWN:])])

    return document, text


def decide(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Accept, reject, put off or take back, by id or all."""
    if bool(options.ids) == options.all:
        raise InputError(
            LocalText("没有说是哪些建议。", "It is not said which suggestions are meant."),
            LocalText("请给出编号，或用 --all。", "Give their ids, or --all, not both."),
        )
    ids = options.ids or [each.id for each in _chosen(services, options)]
    for id in options.ids:
        services.suggestions.get(id)
    waiting = services.suggestions
    actions: dict[str, Callable[[], Any]] = {
        "accept": lambda: waiting.accept(ids, author=options.author, pair_set=options.pair_set),
        "reject": lambda: waiting.reject(ids, author=options.author),
        "later": lambda: waiting.later(ids, author=options.author),
        "undo": lambda: waiting.undo(ids, author=options.author),
    }
    found = actions[options.decision]()
    document = decision_document(found, language)

    def text() -> str:
        lines = [f"{len(found.ids)} {found.state}"]
        lines += [f"  {step.title.get(language)}" for step in found.steps]
        lines += [f"  {found.pair_set.name}: {found.pair_set.rows} rows"] if found.pair_set else []
        return "\n".join(lines + [f"  {note.get(language)}" for note in found.notes])

    return document, text


def queue(
    services: Services,
    dictionary: str | None,
    *,
    kind: SuggestionKind | None = None,
    state: SuggestionState = "waiting",
    source: str | None = None,
    what: str | None = None,
    search: str = "",
    sort: SuggestionSort = "score",
    most: int = MOST,
) -> list[Suggestion]:
    """The first ``most`` suggestions, by default the likeliest first."""
    found: list[Suggestion] = []
    while len(found) < most:
        page, total = services.suggestions.page(
            dictionary,
            kind=kind,
            state=state,
            source=source,
            what=what,
            search=search,
            sort=sort,
            page=len(found) // PAGE,
            size=PAGE,
        )
        found += page
        if not page or len(found) >= total:
            break
    return found[:most]


def _chosen(services: Services, options: argparse.Namespace, most: int = MOST) -> list[Suggestion]:
    return queue(
        services,
        options.dictionary,
        kind=TASKS[options.kind] if options.kind else None,
        state=options.state,
        source=options.source,
        what=options.what,
        search=getattr(options, "search", ""),
        sort=SORTS[getattr(options, "by", "probability")],
        most=most,
    )
