"""The terms of a dictionary that are nearest to a text, known synonyms marked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.normalise import term_key
from workbench.search.index import VectorIndex
from workbench.search.vocabulary import Vocabulary
from workbench.types import Hit, Pair

Encode = Callable[[Sequence[str]], npt.NDArray[Any]]


class Neighbourhood:
    """A dictionary's terms under one model, ready to be searched from any number of threads.

    ``terms`` (n,) raw and ``vectors`` (n, d) are parallel; of terms that are the same but for case,
    width and spaces the first is kept. ``apart`` are pairs marked as not synonyms. Raises ``ValueError``
    when terms and vectors are not of one number. A neighbourhood never changes: :meth:`follow` makes that
    of the next version of the dictionary.
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
        rows = np.asarray(vectors)
        index = VectorIndex(rows if len(places) == len(rows) else rows[list(places.values())])
        self._set(Vocabulary(pairs, apart), index, list(places), [terms[i] for i in places.values()])

    @classmethod
    def of(cls, vocabulary: Vocabulary, index: VectorIndex, terms: Sequence[str]) -> Neighbourhood:
        """The neighbourhood of terms (n,), no two with one key, whose vectors are the places of an index."""
        if len(terms) != len(index.ids):
            raise ValueError(f"{len(terms)} terms but {len(index.ids)} vectors")
        return cls.__new__(cls)._set(vocabulary, index, [term_key(term) for term in terms], list(terms))

    def _set(
        self,
        vocabulary: Vocabulary,
        index: VectorIndex,
        keys: list[str],
        terms: list[str],
        place: dict[str, int] | None = None,
    ) -> Neighbourhood:
        self.vocabulary, self.index = vocabulary, index
        self._keys: list[str] = keys
        self._terms: list[str] = terms
        self._place: dict[str, int] = (
            {keys[at]: at for at in index.places().tolist()} if place is None else place
        )
        return self

    def __len__(self) -> int:
        return len(self._place)

    def __contains__(self, term: str) -> bool:
        return term_key(term) in self._place

    def holds(self, key: str) -> bool:
        """Whether a term of that key is there."""
        return key in self._place

    def term(self, key: str) -> str:
        """The term of a key that is there, as it is written."""
        return self._terms[self._place[key]]

    def neighbours(self, text: str, vector: npt.NDArray[Any], k: int = 10) -> list[Hit]:
        """The ``k`` terms nearest to ``text``, whose vector (d,) is given, nearest first.

        The text itself is left out. A hit is a known synonym when it is in the same component of
        the dictionary; a text that the dictionary does not know has none. ``standard`` is the
        hit's first standard term, the hit itself where it is one.
        """
        key = term_key(text)
        synonyms = self.vocabulary.synonyms(key)
        return [
            Hit(
                term=term,
                score=score,
                known_synonym=term_key(term) in synonyms,
                standard=self.vocabulary.standard_of(term_key(term)) or term,
            )
            for term, score in self.nearest(vector, k, without=key)
        ]

    def nearest(self, vector: npt.NDArray[Any], k: int, without: str = "") -> list[tuple[str, float]]:
        """The ``k`` terms nearest to a vector (d,) with their cosines, but for the one of that key."""
        scores, places = self.index.search(vector, max(0, k) + 1)
        found = [
            (self._terms[place], score)
            for place, score in zip(places[0].tolist(), scores[0].tolist(), strict=True)
            if self._keys[place] != without
        ]
        return found[: max(0, k)]

    def cosines(self, vector: npt.NDArray[Any], keys: Sequence[str]) -> list[float]:
        """The cosines of a vector (d,) with some terms, given by their keys, which must be there."""
        rows = self.index.rows([self._place[key] for key in keys])
        length = float(np.linalg.norm(vector)) or 1.0
        return [float(each) for each in rows @ (np.asarray(vector, np.float32) / np.float32(length))]

    def scores(self, vector: npt.NDArray[Any], keys: Sequence[str]) -> npt.NDArray[np.float64]:
        """As :meth:`cosines`, for very many terms at once."""
        places = np.fromiter((self._place[key] for key in keys), np.int64, len(keys))
        return self.index.cosines(vector)[places].astype(np.float64)

    def standard_of(self, term: str) -> str | None:
        """The first standard term of a term, itself where it is one; None for a text that is not known."""
        return self.vocabulary.standard_of(term_key(term))

    def known_synonyms(self, a: str, b: str) -> bool:
        """Whether the dictionary connects the two terms (a term is no synonym of itself).

        Two terms that are marked apart are none, even where a third is a synonym of both.
        """
        return self.vocabulary.known(term_key(a), term_key(b))

    # -- the next version -----------------------------------------------------------------------

    def follow(self, vocabulary: Vocabulary, touched: Iterable[str], encode: Encode) -> Neighbourhood:
        """The neighbourhood of a later vocabulary that differs in the terms of the keys ``touched`` alone.

        ``encode`` is asked for the vectors of new terms. Costs as much as the change is large, and a copy
        of two tables of pointers.
        """
        gone: list[int] = []
        fresh: dict[str, str] = {}
        for key in dict.fromkeys(touched):
            place, raw = self._place.get(key), vocabulary.raw(key)
            if place is not None and raw == self._terms[place]:
                continue
            if place is not None:
                gone.append(place)
            if raw is not None:
                fresh[key] = raw
        if not gone and not fresh:
            return Neighbourhood._sharing(self, vocabulary)
        added = encode(list(fresh.values())) if fresh else np.empty((0, self.index.dimension), np.float32)
        index = self.index.changed(added, removed=gone)
        keys, terms = [*self._keys, *fresh], [*self._terms, *fresh.values()]
        if index.worn and index.graph is None:
            places = index.places().tolist()
            keys, terms = [keys[at] for at in places], [terms[at] for at in places]
            return Neighbourhood.__new__(Neighbourhood)._set(vocabulary, index.compact(), keys, terms)
        now = self._place.copy()
        for at in gone:
            del now[self._keys[at]]
        now.update({key: len(self._keys) + number for number, key in enumerate(fresh)})
        return Neighbourhood.__new__(Neighbourhood)._set(vocabulary, index, keys, terms, now)

    def with_index(self, index: VectorIndex) -> Neighbourhood:
        """The same terms, found by another index over the same places."""
        return Neighbourhood.__new__(Neighbourhood)._set(
            self.vocabulary, index, self._keys, self._terms, self._place
        )

    def compact(self) -> Neighbourhood:
        """The same terms without the room of those that were removed, and without a graph."""
        places = self.index.places().tolist()
        keys, terms = [self._keys[place] for place in places], [self._terms[place] for place in places]
        return Neighbourhood.__new__(Neighbourhood)._set(self.vocabulary, self.index.compact(), keys, terms)

    def raw_terms(self) -> list[str]:
        """What stands at each place, removed ones too (n,)."""
        return self._terms

    @staticmethod
    def _sharing(other: Neighbourhood, vocabulary: Vocabulary) -> Neighbourhood:
        made = Neighbourhood.__new__(Neighbourhood)
        made.__dict__ = {**other.__dict__, "vocabulary": vocabulary}
        return made
