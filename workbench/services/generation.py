"""Data from a language model: test the endpoint, start jobs, watch them, cancel and continue them."""

from __future__ import annotations

import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from workbench.errors import BadParameter, InputError, Stopped, WorkbenchError
from workbench.generation.address import base_address
from workbench.generation.config import MOST_REQUESTS, GenerationConfig
from workbench.generation.endpoint import Backoff, ConnectionReport, Endpoint, EndpointConfig
from workbench.generation.filters import FILTERS, RowFilter
from workbench.generation.keys import KeyRing
from workbench.generation.production import Allowance, CapReached, Outcome, Producer
from workbench.generation.prompts import Template, templates, values_for
from workbench.localtext import LocalText
from workbench.names import checked_name, unique
from workbench.services.generation_items import JobItems, chosen_items, round_trip_of, test_term_guard
from workbench.storage.generations import INTERRUPTED, Tally
from workbench.storage.suggestions import Proposal
from workbench.types import FINAL_STATES, GenerationJob, SuggestionKind
from workbench.workspace import Workspace

log = logging.getLogger(__name__)
BEAT_SECONDS = 1.0
CLOSE_SECONDS = 3.0
KINDS: Mapping[SuggestionKind, LocalText] = {
    "synonym": LocalText("同义词", "synonyms"),
    "sentence_pair": LocalText("句子改写", "paraphrases"),
    "question": LocalText("问题", "questions"),
}
_alive_here: set[str] = set()  # the owners of this process


class Generation:
    """Generation jobs over one home folder: one at a time in this process, their state in the database.

    Keys are held in :attr:`keys` alone. ``backoff`` is for tests.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        environment: Mapping[str, str] | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self.keys = KeyRing(environment)
        self._workspace = workspace
        self._store = workspace.generations
        self._backoff = backoff or Backoff()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._stops: dict[str, threading.Event] = {}
        self._thread: threading.Thread | None = None
        self._owner = _new_owner()
        self._store.interrupt(_is_alive)

    # -- before a job ---------------------------------------------------------------------------

    def templates(self) -> list[Template]:
        """The prompt templates that come with the workbench."""
        return list(templates())

    def filters(self) -> Mapping[str, LocalText]:
        """What each entry of ``GenerationJob.dropped`` means."""
        return FILTERS

    def set_key(self, base_url: str, key: str) -> None:
        """Keep a key for an address until the workbench ends; "" forgets it. Raises BadParameter."""
        self.keys.put(base_address(base_url), key)

    def has_key(self, base_url: str) -> bool:
        """Whether a key would be sent to an address. The key itself is never given back."""
        return self.keys.has(base_address(base_url))

    def models(self, endpoint: EndpointConfig) -> list[str]:
        """The models that an endpoint offers. Raises EndpointProblem in words."""
        return self._quick(endpoint).models()

    def test_endpoint(self, endpoint: EndpointConfig) -> ConnectionReport:
        """Ask for the models and one word, without trying again. Raises EndpointProblem in words."""
        return self._quick(endpoint).test()

    # -- jobs -----------------------------------------------------------------------------------

    def start(self, config: GenerationConfig, name: str = "") -> GenerationJob:
        """Put a job into the queue and begin when its turn comes.

        Raises:
            NotFound: dictionary, corpus or embedding model. BadParameter, InputError: nothing to ask for.
        """
        if not config.endpoint.model:
            raise BadParameter(
                LocalText("没有选语言模型。", "No language model is chosen."),
                LocalText("请填写模型名称，或从列表里选。", "Enter its name, or choose it from the list."),
            )
        if config.filters.round_trip:
            self._workspace.library.check(config.filters.round_trip)
        items = chosen_items(config, self._workspace)
        if not items:
            raise InputError(
                LocalText("没有可以生成的词条或文字。", "There is nothing to ask for."),
                LocalText("请检查所选的词条、句子或语料。", "Check the chosen terms, sentences or corpus."),
            )
        wish = checked_name(name) if name.strip() else _default_name(config)
        taken = {job.name for job in self._store.all(10_000)}
        stored = replace(config, terms=(), texts=()).as_json()
        job = self._store.create(unique(wish, taken), stored, items, self._owner)
        self._wake()
        return job

    def jobs(self, limit: int = 50) -> list[GenerationJob]:
        """Jobs, newest first; those of a process that is gone are ``interrupted``."""
        self._store.interrupt(_is_alive)
        return self._store.all(limit)

    def job(self, id_or_name: str) -> GenerationJob:
        """One job. Raises NotFound."""
        return self._store.get(id_or_name)

    def failed_items(self, id_or_name: str) -> list[str]:
        """The items of a job that had no answer; continuing it asks for them again."""
        job = self._store.get(id_or_name)
        items = self._store.items(job.id)
        return [items[number] for number in self._store.tally(job.id).failed]

    def cancel(self, id_or_name: str) -> GenerationJob:
        """Stop a job; what it has made stays in the queue. Takes about a second."""
        job = self._store.request_stop(self._store.get(id_or_name).id)
        with self._lock:
            stop = self._stops.get(job.id)
        if stop:
            stop.set()
        return job

    def resume(self, id_or_name: str, *, max_requests: int | None = None) -> GenerationJob:
        """Continue a job that ended early: items that are done are not asked for again.

        ``max_requests`` is the new cap over the whole job, requests made so far included; without one, a
        job that has used up its cap gets as many again.

        Raises:
            InputError: it has not ended, or is done. BadParameter: a cap below what is used.
        """
        job = self._store.get(id_or_name)
        cap = int(job.config["max_requests"])
        if max_requests is None:
            max_requests = cap if job.requests < cap else job.requests + cap
        if not job.requests < max_requests <= MOST_REQUESTS:
            raise BadParameter(
                LocalText(
                    "已经用了 {used} 次请求，新的上限要更大（最多 {most}）。",
                    "{used} requests are used; the new cap must be higher (at most {most}).",
                ),
                LocalText("请改一下。", "Change it."),
                used=job.requests,
                most=MOST_REQUESTS,
            )
        job = self._store.requeue(job.id, {"max_requests": max_requests}, self._owner)
        self._wake()
        return job

    def delete(self, id_or_name: str) -> None:
        """Take an ended job off the list; its suggestions stay. Raises NotFound."""
        self._store.delete(self._store.get(id_or_name).id)

    def wait(self, id_or_name: str, timeout: float | None = None) -> GenerationJob:
        """Wait until a job has ended, ``timeout`` seconds at most; the job as it is then."""
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            job = self._store.get(id_or_name)
            if job.state in FINAL_STATES or (until is not None and time.monotonic() > until):
                return job
            time.sleep(0.05)

    def close(self) -> None:
        """End: a running job becomes ``interrupted`` and can be continued later. Keys are forgotten."""
        self._closing.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(CLOSE_SECONDS)
        _alive_here.discard(self._owner)
        self._store.interrupt(_is_alive)
        self.keys.forget_all()

    # -- the thread -----------------------------------------------------------------------------

    def _wake(self) -> None:
        with self._lock:
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(target=self._work, name="generation", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            with self._lock:
                job_id = None if self._closing.is_set() else self._store.claim_next(self._owner)
                if job_id is None:
                    self._thread = None
                    return
                stop = self._stops[job_id] = threading.Event()
            try:
                self._run(job_id, stop)
            finally:
                with self._lock:
                    self._stops.pop(job_id, None)

    def _run(self, job_id: str, stop: threading.Event) -> None:
        try:
            self._store.finish(job_id, "completed", self._produce(job_id, stop))
        except Stopped:
            if self._closing.is_set():
                self._store.finish(job_id, "interrupted", INTERRUPTED)
            else:
                words = LocalText("已停止；可以继续。", "Stopped; it can be continued.")
                self._store.finish(job_id, "stopped", words)
        except CapReached as end:
            self._store.finish(job_id, "stopped", _whole(end))
        except WorkbenchError as problem:
            self._store.finish(job_id, "failed", _whole(problem))
        except Exception:
            log.exception("generation job %s failed", job_id)
            words = LocalText(
                "任务意外中断，日志里有原因；可以继续。",
                "The job ended by an error, which the log explains; it can be continued.",
            )
            self._store.finish(job_id, "failed", words)

    def _produce(self, job_id: str, stop: threading.Event) -> LocalText:
        config = GenerationConfig.from_json(self._store.get(job_id).config)
        tally, texts = self._store.tally(job_id), self._store.items(job_id)
        allowance = Allowance(config.max_requests, tally.requests)
        cancelled = self._cancel_check(job_id, stop)
        endpoint = Endpoint(
            config.endpoint,
            self.keys.of(config.endpoint.base_url),
            backoff=self._backoff,
            cancelled=cancelled,
            before_attempt=allowance.spend,
        )
        items = JobItems(config, self._workspace)
        row_filter = RowFilter(
            config.kind,
            config.filters,
            prompt=_bare_prompt(config.template),
            elsewhere=items.keys(),
            others=items.queued(),
            is_clean=test_term_guard(config, self._workspace),
            round_trip=round_trip_of(config, self._workspace, texts, cancelled),
        )
        producer = Producer(endpoint, config.template, row_filter, config.count, config.domain)
        dictionary_id = items.dictionary_id

        def took(number: int, outcome: Outcome) -> None:
            rows = [_proposal(config, texts[number], row.text, row.score, row.rank) for row in outcome.rows]
            source = f"generation:{job_id}"
            new = self._store_rows(config.kind, rows, source, dictionary_id)
            items.remember(texts[number], [row.text for row in outcome.rows])
            _count(tally, number, outcome, new)
            tally.requests = allowance.used
            self._store.report(job_id, tally, _progress(tally, len(texts), allowance))

        try:
            producer.all(tally.waiting(len(texts)), lambda number: items.of(texts[number]), took)
        finally:
            tally.requests = allowance.used
            self._store.report(job_id, tally, _progress(tally, len(texts), allowance))
        return _summary(tally)

    def _store_rows(
        self, kind: SuggestionKind, rows: Sequence[Proposal], source: str, dictionary_id: str
    ) -> int:
        return self._workspace.suggestions.add(kind, rows, source=source, dictionary_id=dictionary_id)

    def _cancel_check(self, job_id: str, stop: threading.Event) -> Callable[[], bool]:
        """Looks at this process's wish every time, and at the database (another page's wish) each second."""
        next_beat = 0.0

        def cancelled() -> bool:
            nonlocal next_beat
            if stop.is_set() or self._closing.is_set():
                return True
            if time.monotonic() >= next_beat:
                next_beat = time.monotonic() + BEAT_SECONDS
                if self._store.beat(job_id) != "running":
                    stop.set()
            return stop.is_set()

        return cancelled

    def _quick(self, config: EndpointConfig) -> Endpoint:
        return Endpoint(
            replace(config, timeout=min(config.timeout, 30.0)),
            self.keys.of(config.base_url),
            backoff=Backoff(retries=0),
            cancelled=self._closing.is_set,
        )


def _progress(tally: Tally, total: int, allowance: Allowance) -> float:
    """How near the end is: that of the items, or of the requests, whichever comes first."""
    return min(1.0, max((tally.done - len(tally.failed)) / total, allowance.used / allowance.most))


def _count(tally: Tally, number: int, outcome: Outcome, new: int) -> None:
    tally.done = max(tally.done, number + 1)
    tally.failed = [each for each in tally.failed if each != number]
    if outcome.failed is not None:
        tally.failed.append(number)
    tally.made += outcome.made
    tally.kept += new
    tally.lists += outcome.as_lists
    for name, dropped in (outcome.dropped + _missed(outcome, new)).items():
        tally.dropped[name] = tally.dropped.get(name, 0) + dropped


def _missed(outcome: Outcome, new: int) -> Any:
    """Rows that the queue had already (another job was quicker)."""
    counted = type(outcome.dropped)()
    counted["queue"] = len(outcome.rows) - new
    return counted


def _proposal(
    config: GenerationConfig, item: str, text: str, score: float | None, rank: int | None
) -> Proposal:
    first, second = (text, item) if config.kind == "question" else (item, text)
    if rank is None:
        reason = LocalText("由 {model} 提出", "Proposed by {model}").format(model=config.endpoint.model)
    else:
        reason = LocalText(
            "由 {model} 提出；按 {judge}，原词在最近的词中排第 {rank}",
            "Proposed by {model}; by {judge}, its own term is number {rank} of the nearest",
        ).format(model=config.endpoint.model, judge=config.filters.round_trip, rank=rank)
    return Proposal(first, second, 1.0, score, reason)


def _bare_prompt(template: Template) -> str:
    """The prompt with nothing filled in: what a model copies from it is no row."""
    values = dict.fromkeys(values_for(template.kind, "", count=0, domain="", language=template.language), "")
    return "\n".join(template.render(values))


def _default_name(config: GenerationConfig) -> str:
    subject = config.dictionary or config.corpus or config.endpoint.model
    return f"{subject} {KINDS[config.kind].get(config.language)}"[:70]


def _summary(tally: Tally) -> LocalText:
    text = LocalText(
        "完成：{made} 条中有 {kept} 条待您决定。", "Done: {kept} of {made} rows wait for your decision."
    ).format(made=tally.made, kept=tally.kept)
    if tally.failed:
        more = LocalText(
            "{failed} 项没有得到回答，可以继续。", "{failed} items had no answer; continue to ask again."
        )
        text = text.then(more.format(failed=len(tally.failed)))
    if tally.lists:
        more = LocalText(
            "{lists} 份回答是编号列表而不是 JSON。", "{lists} answers were numbered lists instead of JSON."
        )
        text = text.then(more.format(lists=tally.lists))
    return text


def _whole(problem: WorkbenchError) -> LocalText:
    return LocalText(problem.text("zh"), problem.text("en"))


def _new_owner() -> str:
    import psutil

    owner = f"{os.getpid()}:{psutil.Process().create_time():.2f}:{uuid.uuid4().hex[:8]}"
    _alive_here.add(owner)
    return owner


def _is_alive(owner: str) -> bool:
    """Whether the services that own a job are still there: pids are used again, so the start time counts."""
    import psutil

    try:
        pid, started, _ = owner.split(":")
        if int(pid) == os.getpid():
            return owner in _alive_here
        return bool(abs(psutil.Process(int(pid)).create_time() - float(started)) < 1.0)
    except (ValueError, psutil.Error):
        return False
