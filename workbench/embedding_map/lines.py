"""The lines of a map: from each standard term to its synonyms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.embedding_map.members import Places, cosines


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Synonym pairs by their places in a layout; parallel arrays (m,), the least alike first."""

    a: Any  # int32, the standard term
    b: Any  # int32
    similarity: Any  # float32, the cosine in the full space


def lines_between(vectors: npt.NDArray[Any], places: Places) -> Lines:
    """Lines for ``places`` (m, 2) of terms whose unit vectors (n, d) are given."""
    similarity = cosines(vectors, places)
    order = np.argsort(similarity, kind="stable")
    return Lines(places[order, 0].copy(), places[order, 1].copy(), similarity[order])
