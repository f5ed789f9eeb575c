"""The terms of a dictionary that are nearest to a text, known synonyms marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.evaluation.split import Apart, connected_components
from workbench.normalise import term_key
from workbench.search.index import VectorIndex
from workbench.types import Hit, Pair


class Neighbourhood:
    """A dictionary's terms under one model, ready to be searched from any number of threads.

    ``terms`` (n,) raw and ``vectors`` (n, d) are parallel; of terms that are the same but for case,
    width and spaces the first is kept. ``apart`` are pairs marked as not synonyms. Raises ``ValueError``
    when terms and vectors are not of one number.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        terms: Sequence[str],
        vectors: npt.NDArray[Any],
        apart: Sequence[Pair] = (),
    ) -> None:
        if len(terms) != len(vectors):
            raise ValueError(f"{len(terms)} terms but {len(vectors)} vectors")
        places: dict[str, int] = {}
        for i, term in enumerate(terms):
            places.setdefault(term_key(term), i)
        self._keys = list(places)
        self._terms = [terms[i] for i in places.values()]
        rows = np.asarray(vectors)
        self._index = VectorIndex(rows if len(places) == len(rows) else rows[list(places.values())])
        self._marked = Apart(apart)
        self._component_of = connected_components(self._marked.unmarked(pairs))
        self._standard_of: dict[str, str] = {}
        for pair in pairs:
            self._standard_of.setdefault(term_key(pair.synonym), pair.standard)
        # A standard term is its own, even where it is also listed as a synonym of another.
        own: dict[str, str] = {}
        for pair in pairs:
            own.setdefault(term_key(pair.standard), pair.standard)
        self._standard_of.update(own)

    def __len__(self) -> int:
        return len(self._terms)

    def neighbours(self, text: str, vector: npt.NDArray[Any], k: int = 10) -> list[Hit]:
        """The ``k`` terms nearest to ``text``, whose vector (d,) is given, nearest first.

        The text itself is left out. A hit is a known synonym when it is in the same component of
        the dictionary; a text that the dictionary does not know has none. ``standard`` is the
        hit's first standard term, the hit itself where it is one.
        """
        key = term_key(text)
        scores, places = self._index.search(vector, max(0, k) + 1)
        hits = [
            Hit(
                term=self._terms[place],
                score=float(score),
                known_synonym=self.known_synonyms(key, self._keys[place]),
                standard=self._standard_of.get(self._keys[place], self._terms[place]),
            )
            for score, place in zip(scores[0].tolist(), places[0].tolist(), strict=True)
            if self._keys[place] != key
        ]
        return hits[: max(0, k)]

    def standard_of(self, term: str) -> str | None:
        """The first standard term of a term, itself where it is one; None for a text that is not known."""
        return self._standard_of.get(term_key(term))

    def known_synonyms(self, a: str, b: str) -> bool:
        """Whether the dictionary connects the two terms (a term is no synonym of itself).

        Two terms that are marked apart are none, even where a third is a synonym of both.
        """
        first, second = term_key(a), term_key(b)
        if self._marked(first, second):
            return False
        component = self._component_of.get(first)
        return first != second and component is not None and component == self._component_of.get(second)
