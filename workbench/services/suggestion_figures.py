"""How good suggestions were: the share of accepted ones among the decided, over time, by source, by score."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from workbench.storage.suggestions import Decided

BANDS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
FEW = 20  # decisions below which a share says little
DAYS = 60  # shown at most
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Share:
    """``accepted`` of ``decided`` suggestions. ``expected`` is the mean score (0..1) that the model gave."""

    decided: int
    accepted: int
    expected: float | None = None

    @property
    def precision(self) -> float | None:
        """0..1; None where nothing was decided."""
        return self.accepted / self.decided if self.decided else None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the precision lies with 95 % confidence (Wilson 1927), 0..1."""
        if not self.decided:
            return 0.0, 1.0
        share, n, z2 = self.accepted / self.decided, self.decided, _Z * _Z
        centre = (share + z2 / (2 * n)) / (1 + z2 / n)
        spread = _Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
        return max(0.0, min(share, centre - spread)), min(1.0, max(share, centre + spread))

    @property
    def few(self) -> bool:
        """Too few decisions to say much."""
        return self.decided < FEW


@dataclass(frozen=True, slots=True)
class Point:
    """A stretch of time: from the first decision to the last one (seconds since 1970), and its share."""

    start: float
    end: float
    share: Share


@dataclass(frozen=True, slots=True)
class Band:
    """Suggestions whose score was in ``low <= score < high`` (the last band has 1 as well)."""

    low: float
    high: float
    share: Share


@dataclass(frozen=True, slots=True)
class Figures:
    """Precision of suggestions that were decided. ``windows`` of ``window`` decisions each, the last one
    may be shorter; ``days`` by the calendar of this machine, only those with decisions, the newest 60.
    ``sources`` and ``whats`` with the most decisions first."""

    total: Share
    window: int
    windows: tuple[Point, ...]
    days: tuple[Point, ...]
    sources: dict[str, Share]
    whats: dict[str, Share]
    bands: tuple[Band, ...]
    unscored: Share


def figures_of(decided: Sequence[Decided], window: int) -> Figures:
    """Count decisions (the oldest first)."""
    days: dict[object, list[Decided]] = {}
    sources: dict[str, list[Decided]] = {}
    whats: dict[str, list[Decided]] = {}
    for each in decided:
        days.setdefault(datetime.fromtimestamp(each.at).date(), []).append(each)
        sources.setdefault(each.source, []).append(each)
        whats.setdefault(each.what, []).append(each)
    windows = [decided[start : start + window] for start in range(0, len(decided), window)]
    top = len(BANDS) - 2
    bands: list[list[Decided]] = [[] for _ in range(top + 1)]
    for each in decided:
        if each.score is not None:
            place = next((i for i in range(top) if each.score < BANDS[i + 1]), top)
            bands[place].append(each)
    return Figures(
        _share(decided),
        window,
        tuple(map(_point, windows)),
        tuple(map(_point, days.values()))[-DAYS:],
        _by_size(sources),
        _by_size(whats),
        tuple(Band(BANDS[i], BANDS[i + 1], _share(each)) for i, each in enumerate(bands)),
        _share([each for each in decided if each.score is None]),
    )


def _share(decided: Sequence[Decided]) -> Share:
    scores = [each.score for each in decided if each.score is not None]
    expected = sum(scores) / len(scores) if scores and len(scores) == len(decided) else None
    return Share(len(decided), sum(each.accepted for each in decided), expected)


def _point(decided: Sequence[Decided]) -> Point:
    return Point(decided[0].at, decided[-1].at, _share(decided))


def _by_size(groups: dict[str, list[Decided]]) -> dict[str, Share]:
    ordered: Iterable[tuple[str, list[Decided]]] = sorted(groups.items(), key=lambda each: -len(each[1]))
    return {name: _share(each) for name, each in ordered}
