"""How small a difference can be and still be seen with the test queries that there are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.localtext import LocalText

Floats = npt.NDArray[np.float64]
DISCORDANT = 0.2  # share of concepts on which two systems differ, where nothing was measured yet
LARGE = 5.0  # points: a board that cannot show a difference of this size says so
_Z = 1.959964 + 0.841621  # two-sided 5 %, power 80 %


@dataclass(frozen=True, slots=True)
class Power:
    """``points`` of Recall@1 that two systems must differ by to be told apart, four times out of five.

    ``components`` are the concepts (or connected groups of queries) that are tested; ``needed`` is how
    many it takes to see a difference of five points. ``measured``: from differences on this board, not
    from the assumption that two systems differ on a fifth of the concepts. ``warning`` is there where
    ``points`` is more than five.
    """

    components: int
    points: float
    needed: int
    measured: bool

    @property
    def warning(self) -> LocalText | None:
        """The sentence for the board; None where there is nothing to warn of."""
        if self.points <= LARGE:
            return None
        return WARNING.format(
            count=self.components, points=f"{self.points:.0f}", needed=self.needed, wanted=f"{LARGE:.0f}"
        )


def power_of(components: Sequence[str], differences: Sequence[Floats] = ()) -> Power:
    """The power of a board.

    ``components`` (q,) of the queries; ``differences`` are (q,) differences of two systems in points, one
    array a comparison, of which the median standard error counts. The smallest difference is
    (z_0.975 + z_0.8) * SE, where SE is the cluster-robust standard error of the mean difference
    (sqrt(sum over components of (sum of a component's deviations)^2) / q): the normal approximation of
    the paired comparison (Card et al. 2020, "With little power comes great responsibility"; Connor 1987
    for proportions). Without differences SE is 100 * sqrt(0.2 / components). Not corrected for several
    comparisons: on a full board it takes more.
    """
    count = len(set(components))
    errors = [error for error in (standard_error(each, components) for each in differences) if error > 0]
    assumed = 100.0 * math.sqrt(DISCORDANT / max(1, count))
    error = float(np.median(errors)) if errors else assumed
    points = min(100.0, _Z * error)
    needed = math.ceil(count * (points / LARGE) ** 2) if count else 0
    return Power(count, points, needed, bool(errors))


def standard_error(differences: Floats, components: Sequence[str]) -> float:
    """The cluster-robust standard error of the mean of ``differences`` (q,), in their unit."""
    values = np.asarray(differences, np.float64)
    if not len(values):
        return 0.0
    _, index = np.unique(np.asarray(components, dtype=object).astype(str), return_inverse=True)
    sums = np.bincount(index, weights=values - values.mean())
    return float(np.sqrt((sums**2).sum()) / len(values))


WARNING = LocalText(
    "测试概念只有 {count} 个：相差不到约 {points} 个百分点的两个模型，这里分不出高下。"
    "要看清 {wanted} 个百分点的差别，大约需要 {needed} 个。",
    "Only {count} concepts are tested: two models that differ by less than about {points} points cannot be "
    "told apart here. To see a difference of {wanted} points takes about {needed}.",
)
