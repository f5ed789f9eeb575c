"""Ask a language model item by item, keep what passes the filters, and stop by a cap, a wish, or bad days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from workbench.errors import WorkbenchError
from workbench.generation.endpoint import Endpoint, Reply
from workbench.generation.filters import Item, Row, RowFilter
from workbench.generation.parsing import Parsed, parse_rows
from workbench.generation.problems import EndpointBusy, RequestRefused
from workbench.generation.prompts import Template, values_for
from workbench.localtext import LocalText

FAILURES_IN_A_ROW = 3  # items without an answer, after which the endpoint is taken for dead
ONCE_MORE: dict[str, str] = {
    "zh": "\n\n注意：只输出一个 JSON 字符串数组，前后不要有任何文字。",
    "en": "\n\nMind: output one JSON array of strings and nothing else before or after it.",
}


class CapReached(WorkbenchError):
    """The job has made as many requests as it may."""


class Allowance:
    """Counts requests; raises :class:`CapReached` before the one that would be too many."""

    def __init__(self, most: int, used: int = 0) -> None:
        self.most = most
        self.used = used

    def spend(self) -> None:
        """Take one request."""
        if self.used >= self.most:
            raise CapReached(
                LocalText("已达到 {most} 次请求的上限。", "The cap of {most} requests is reached."),
                LocalText(
                    "想要更多，请提高上限后继续。", "To have more, raise the cap and continue the job."
                ),
                most=self.most,
            )
        self.used += 1


@dataclass
class Outcome:
    """What came of one item. ``failed``: no answer; it may be asked again when the job is continued."""

    rows: list[Row] = field(default_factory=list)
    made: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    as_lists: int = 0
    failed: LocalText | None = None


class Asks(Protocol):
    """What production needs of an endpoint."""

    def ask(self, prompt: str, *, system: str = "") -> Reply:
        """One answer."""


@dataclass
class Producer:
    """Makes the rows of one item after the other."""

    endpoint: Endpoint | Asks
    template: Template
    filter: RowFilter
    count: int
    domain: str = ""

    def one(self, item: Item) -> Outcome:
        """Ask for one item's rows; an answer that cannot be read is asked for once more.

        Raises:
            EndpointRefused, CapReached, Stopped: the job ends.
            EndpointBusy, RequestRefused: this item has no answer.
        """
        values = values_for(
            self.template.kind,
            item.text,
            count=self.count,
            domain=self.domain,
            language=self.template.language,
            known=item.known,
        )
        system, prompt = self.template.render(values)
        outcome = Outcome()
        parsed = self._ask(prompt, system, outcome)
        if parsed.form == "broken":
            parsed = self._ask(prompt + ONCE_MORE[self.template.language], system, outcome)
        outcome.as_lists = int(parsed.form == "list")
        rows = parsed.rows[: 3 * self.count]  # a model that runs away fills no queue
        outcome.made = len(rows)
        outcome.rows, dropped = self.filter(item, rows)
        outcome.dropped += dropped
        return outcome

    def _ask(self, prompt: str, system: str, outcome: Outcome) -> Parsed:
        parsed = parse_rows(self.endpoint.ask(prompt, system=system).text)
        outcome.dropped["broken"] += parsed.form == "broken"
        return parsed

    def all(
        self,
        items: Sequence[int],
        item_of: Callable[[int], Item | None],
        took: Callable[[int, Outcome], None],
    ) -> None:
        """Work through item numbers; ``took`` stores each outcome before the next item is asked for.

        ``item_of`` gives None for an item that is gone (its term was deleted meanwhile).

        Raises:
            EndpointBusy, RequestRefused: three items in a row had no answer.
            EndpointRefused, CapReached, Stopped: at once.
        """
        failures = 0
        for number in items:
            item = item_of(number)
            if item is None:
                took(number, Outcome())
                continue
            try:
                took(number, self.one(item))
                failures = 0
            except (EndpointBusy, RequestRefused) as problem:
                failures += 1
                took(number, Outcome(failed=problem.message))
                if failures >= FAILURES_IN_A_ROW:
                    raise
