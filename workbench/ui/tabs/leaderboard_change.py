"""Under a row of the board: what changed for a model between two versions of the dictionary."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from workbench.errors import BadParameter
from workbench.evaluation.benchmarks import split_benchmark_id
from workbench.ui import incoming
from workbench.ui.background import Report
from workbench.ui.page import Page
from workbench.ui.present import both
from workbench.ui.text import text

if TYPE_CHECKING:
    from workbench.evaluation.version_change import ChangedQuestion, VersionChange
    from workbench.types import Step

LONGEST_ID = 600
MOST_VERSIONS = 100
KEPT = 16  # results that wait to be fetched
PATIENCE = 0.8  # seconds: what takes longer shows its progress
Function = Callable[[dict[str, Any]], dict[str, Any]]


def functions(page: Page) -> list[Function]:
    """What the comparison of versions asks the server."""
    services, background = page.services, page.background
    results: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def read_change(data: dict[str, Any]) -> dict[str, Any]:
        """The comparison, or how far it has come; ``before`` and ``after`` 0 are chosen by the service."""
        kind, name = split_benchmark_id(incoming.words(data, "benchmark", limit=LONGEST_ID))
        if kind != "dictionary":
            raise BadParameter(text("error.bad_request"))
        model = incoming.words(data, "model", limit=LONGEST_ID)
        before = incoming.whole(data, "before", 0, 2**53, default=0) or None
        after = incoming.whole(data, "after", 0, 2**53, default=0) or None
        task_name = f"change\n{services.dictionary(name).version_id}\n{model}\n{before}\n{after}"

        def work(report: Report) -> None:
            report(0.0, text("change.working"))
            results[task_name] = _change(services.version_change.compare(name, model, before, after, report))
            while len(results) > KEPT:
                results.popitem(last=False)

        task = background.find(task_name)
        if task is None:
            results.pop(task_name, None)
            task = background.start(task_name, work)
        deadline = time.monotonic() + PATIENCE
        while not task.done and time.monotonic() < deadline:
            time.sleep(0.02)
        reply: dict[str, Any] = {"task": task.as_json(), "change": None, "versions": _versions(page, name)}
        if task.done:
            background.forget(task_name)
            reply["change"] = results.get(task_name)
        return reply

    return [read_change]


def _versions(page: Page, name: str) -> list[dict[str, Any]]:
    steps: list[Step] = page.services.editor.history(name, page=0, size=MOST_VERSIONS)[0]
    return [{"number": step.number, "title": both(step.title), "at": step.created_at} for step in steps]


def _change(found: VersionChange) -> dict[str, Any]:
    return {
        "before": found.before,
        "after": found.after,
        "sentence": both(found.sentence),
        "counts": dict(found.counts),
        "answered": found.answered,
        "corpus": list(found.corpus),
        "shifts": {str(k): shift.rounded() for k, shift in found.shifts.items()},
        "questions": {origin: [_question(each) for each in some] for origin, some in found.questions.items()},
    }


def _question(each: ChangedQuestion) -> dict[str, Any]:
    return {
        "query": each.query,
        "answers": list(each.answers or each.answers_before),
        "before": each.before,
        "after": each.after,
        "first_before": each.first_before,
        "first_after": each.first_after,
        "displaced": each.displaced,
        "reason": each.reason,
    }
