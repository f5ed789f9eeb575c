"""A column matched on the Explore tab: jobs that go on when the page is reloaded, reports and files."""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from workbench.errors import InputError, NotFound, Stopped
from workbench.ingest.one_column import OneColumn
from workbench.localtext import LocalText
from workbench.services.matching import MatchReport
from workbench.ui import incoming, present_explore
from workbench.ui.background import Report
from workbench.ui.page import Page
from workbench.ui.present import both
from workbench.ui.tabs.explore_lists import MOST_PASTED, TOKEN, column_place, read_column
from workbench.ui.tabs.explore_questions import LONGEST_NAME, MIME
from workbench.ui.text import text
from workbench.ui.uploads import Uploads
from workbench.ui.whose import asking

KEPT = 6  # jobs with their reports, of each person
KEPT_IN_ALL = 24
PAGE_SIZE = 50
KINDS = ("all", "doubtful", "accepted", "known")
Function = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class Job:
    """A column that is held against a dictionary. ``order``: its rows, what is least certain first."""

    title: str
    dictionary: str
    model: str
    precision: int  # percent
    column: OneColumn | None = None
    report: MatchReport | None = None
    order: list[int] = field(default_factory=list)
    stopped: bool = False
    owner: str = ""


class Jobs:
    """The newest jobs of each person, by the names that the pages gave them. Nobody sees another's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: OrderedDict[tuple[str, str], Job] = OrderedDict()

    def add(self, name: str, job: Job) -> None:
        """Take a job in; the oldest that has ended makes room: one's own, or of all where many are kept."""
        with self._lock:
            self._jobs[job.owner, name] = job
            for owner, most in ((job.owner, KEPT), (None, KEPT_IN_ALL)):
                jobs = [(key, each) for key, each in self._jobs.items() if owner in (None, each.owner)]
                ended = [key for key, each in jobs if each.report is not None or each.stopped]
                for key in ended[: max(0, len(jobs) - most)]:
                    del self._jobs[key]

    def get(self, name: str) -> Job:
        """The job of that name, of who asks. Raises NotFound."""
        with self._lock:
            found = self._jobs.get((asking(), name))
        if found is None:
            raise NotFound(text("explore.match_gone"), text("explore.match_gone_hint"))
        return found


def functions(page: Page, uploads: Uploads) -> list[Function]:
    """What the form and the report ask the server."""
    jobs = Jobs()

    def match_start(data: dict[str, Any]) -> dict[str, Any]:
        """Begin to match a column; :func:`match_state` says how far it is."""
        name = incoming.words(data, "job", limit=40)
        token = incoming.words(data, "token", limit=TOKEN, default="")
        pasted = incoming.words(data, "text", limit=MOST_PASTED, default="")
        place = column_place(data)
        upload = uploads.get(token) if token else None
        if upload is None and not pasted.strip():
            raise InputError(text("explore.match_nothing"))
        job = Job(
            title=upload.name if upload else "",
            dictionary=page.services.dictionary(incoming.words(data, "dictionary", limit=LONGEST_NAME)).name,
            model=incoming.words(data, "model", limit=LONGEST_NAME),
            precision=incoming.whole(data, "precision", 50, 99),
            owner=asking(),
        )
        jobs.add(name, job)

        def read() -> OneColumn:
            return read_column(page, upload, place) if upload else pasted_column(page, pasted)

        page.background.start(_task(job.owner, name), lambda report: _match(page, job, read, report))
        return match_state({"job": name})

    def match_state(data: dict[str, Any]) -> dict[str, Any]:
        """How far a job is, and its report once it has ended."""
        name = incoming.words(data, "job", limit=40)
        job = jobs.get(name)
        if job.report is not None:
            return {"report": present_explore.report_json(page, job)}
        task = page.background.find(_task(job.owner, name))
        if task is None:
            raise NotFound(text("explore.match_gone"), text("explore.match_gone_hint"))
        return {"task": task.as_json(), "title": job.title, "precision": job.precision}

    def match_stop(data: dict[str, Any]) -> dict[str, Any]:
        """Leave off at the next report of progress."""
        jobs.get(incoming.words(data, "job", limit=40)).stopped = True
        return {"done": True}

    def match_rows(data: dict[str, Any]) -> dict[str, Any]:
        """One page of the rows of a report, what is least certain first."""
        job = jobs.get(incoming.words(data, "job", limit=40))
        kind = incoming.one_of(data, "kind", KINDS, default="all")
        number = incoming.whole(data, "page", 0, 10**7, default=0)
        return present_explore.rows_json(job, kind, number, PAGE_SIZE)

    def match_file(data: dict[str, Any]) -> dict[str, Any]:
        """The expert's table with the matches beside it."""
        job = jobs.get(incoming.words(data, "job", limit=40))
        kind: Any = incoming.one_of(data, "format", tuple(MIME))
        if job.report is None or job.column is None:
            raise NotFound(text("explore.match_gone"), text("explore.match_gone_hint"))
        content = page.services.matching.file(job.report, job.column, kind)
        stem = PurePath(job.title).stem or job.dictionary
        return {
            "mime": MIME[kind],
            "base64": base64.b64encode(content).decode(),
            "name": f"{stem}-{text('explore.match_suffix').en}.{kind}",
            "title": both(text("explore.match_suffix")),
        }

    return [match_start, match_state, match_stop, match_rows, match_file]


def pasted_column(page: Page, pasted: str) -> OneColumn:
    """A pasted block of a spreadsheet, or one term a line, of which nothing is taken for a separator."""
    if "\t" in pasted:
        return page.services.matching.read(pasted.encode("utf-8", "replace"), "pasted.tsv")
    lines = [line.strip() for line in pasted.splitlines()]
    rows = [(line,) for line in lines if line]
    return OneColumn(("text",), 0, False, rows, [n for n, line in enumerate(lines, 1) if line])


def _match(page: Page, job: Job, read: Callable[[], OneColumn], report: Report) -> None:
    def progress(fraction: float, words: LocalText) -> None:
        if job.stopped:
            raise Stopped(text("explore.match_stopped"))
        report(fraction, words)

    progress(0.0, text("explore.reading"))
    job.column = read()
    progress(0.0, text("explore.match_preparing"))
    found = page.services.matching.match(
        job.column.texts, job.dictionary, job.model, precision=job.precision / 100, progress=progress
    )
    job.order = present_explore.least_certain_first(found)
    job.report = found


def _task(owner: str, name: str) -> str:
    return f"explore-match\n{owner}\n{name}"
