"""What a look for the nearest concepts has found, what it must not find, and the features of a match."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Without:
    """What queries (q,) must not find: their own ``places``, their ``concepts``, and concepts ``apart``
    from theirs (codes, ascending)."""

    places: Ints
    concepts: Ints | None = None
    apart: Ints = field(default_factory=lambda: np.empty(0, np.int64))

    def of(self, rows: slice) -> Without:
        """The same for some of the queries."""
        return Without(self.places[rows], None if self.concepts is None else self.concepts[rows], self.apart)

    def allows(self, places: Ints, component: Ints) -> npt.NDArray[np.bool_]:
        """Which of the ``places`` (q, k) found may be taken; ``component`` (n,) of each place."""
        allowed = places != self.places[:, None]
        if self.concepts is not None:
            own, other = self.concepts[:, None], component[places]
            allowed &= own != other
            if len(self.apart):
                allowed &= ~np.isin(codes(own, other), self.apart)
        return np.asarray(allowed)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The nearest concept of each query and how far the next one is. All (q,); place -1: nothing there.

    ``spelling`` (q, 2): how alike query and nearest term are as written, and their words in any order, 0..1.
    """

    places: Ints
    scores: Floats
    margins: Floats
    spelling: Floats


def codes(left: Ints, right: Ints) -> Ints:
    """One number for two concepts in either order; there are far fewer than 2**31 of them."""
    return np.asarray((np.minimum(left, right) << 31) | np.maximum(left, right))


def nothing_found() -> Found:
    """For no queries at all."""
    return Found(np.empty(0, np.int64), np.empty(0), np.empty(0), np.empty((0, 2)))


def joined(parts: Sequence[Found]) -> Found:
    """Blocks of queries one after another."""
    names = ("places", "scores", "margins", "spelling")
    return Found(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def spelling_of(left: Sequence[str], right: Sequence[str]) -> Floats:
    """(q, 2) 0..1: how alike the keys of two lists are as written, and their words in any order."""
    from rapidfuzz import fuzz
    from rapidfuzz.process import cpdist

    plain = cpdist(left, right, scorer=fuzz.ratio, workers=1)
    words = cpdist(left, right, scorer=fuzz.token_set_ratio, workers=1)
    return np.column_stack((plain, words)).astype(np.float64) / 100.0


def features_of(found: Found) -> Floats:
    """(q, 4); more of any of them never makes a match less likely."""
    return np.column_stack((found.scores, found.margins, found.spelling))
