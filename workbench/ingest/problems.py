"""A list of what is wrong with a file that stays short, however much is wrong."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from workbench.localtext import LocalText
from workbench.types import Problem, Severity

DETAIL_LIMIT = 1000


class ProblemLog:
    """Counts every problem, keeps the first ``limit`` of each kind in detail."""

    def __init__(self, limit: int = DETAIL_LIMIT) -> None:
        self.counts: dict[str, int] = defaultdict(int)
        self._limit = limit
        self._kept: dict[str, list[Problem]] = defaultdict(list)

    def add(
        self,
        code: str,
        severity: Severity,
        text: LocalText,
        row: int | None = None,
        column: str | None = None,
        **values: Any,
    ) -> None:
        """Note one problem; ``values`` fill the placeholders of ``text``, as ``row`` and ``column`` do."""
        self.counts[code] += 1
        kept = self._kept[code]
        if len(kept) < self._limit:
            filled = text.format(row=row, column=column, **values)
            kept.append(Problem(code, severity, filled, row, column))

    def extend(self, problems: tuple[Problem, ...], counts: dict[str, int]) -> None:
        """Take over what another log found."""
        for code, count in counts.items():
            self.counts[code] += count
        for problem in problems:
            self._kept[problem.code].append(problem)

    def problems(self) -> tuple[Problem, ...]:
        """At most ``limit`` problems by row: each kind keeps its share, so that none hides another."""
        room = self._limit
        chosen: list[Problem] = []
        kinds = sorted(self._kept.values(), key=len)
        for place, kept in enumerate(kinds):
            share = room // (len(kinds) - place)
            chosen += kept[:share]
            room -= min(share, len(kept))
        return tuple(sorted(chosen, key=lambda problem: problem.row or 0))
