"""Terms of other concepts that a term is not to be confused with: any, close by letters, close by a model."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence

from workbench.normalise import spelling_key
from workbench.pairing.material import Material

Nearest = Callable[[Sequence[str], Sequence[str], int], Sequence[Sequence[int]]]
"""(queries, terms, k) to the places in ``terms`` of the k nearest of each query, nearest first."""

NEIGHBOURS = 32  # asked of the model; those of the query's own concept are taken out
KEPT = 8  # candidates of one term and kind
_CANDIDATES = 160  # terms that share letters and are compared in full
_TRIES = 30


class OtherConcepts:
    """Candidates for negatives: none of the anchor's component, none that may be a copy of it."""

    def __init__(self, material: Material, near_duplicate: int, rng: random.Random) -> None:
        self._material = material
        self._near_duplicate = near_duplicate
        self._rng = rng
        self._usable = material.terms[: material.usable]
        self._spellings = [spelling_key(key) for key in material.keys]
        self._postings: dict[str, list[int]] | None = None

    def random(self, anchor: int) -> int | None:
        """Any usable term of another concept; None where there is none to be found."""
        for _ in range(_TRIES):
            other = self._rng.randrange(self._material.usable)
            if self._differs(anchor, other):
                return other
        return None

    def lexical(self, anchor: int) -> list[int]:
        """The terms closest by letters (normalised indel similarity), closest first.

        Compared are those that share the anchor's rarest characters and pairs of characters.
        """
        from rapidfuzz import fuzz, process

        keys = self._material.keys
        candidates = self._sharing(anchor)
        ranked = process.extract(
            keys[anchor], [keys[n] for n in candidates], scorer=fuzz.ratio, limit=KEPT * 4
        )
        found = [candidates[place] for _, _, place in ranked]
        return [other for other in found if self._tells_apart(anchor, other)][:KEPT]

    def mined(self, anchors: Sequence[int], nearest: Nearest) -> dict[int, list[int]]:
        """For each anchor the terms of other concepts that a model puts nearest to it, nearest first."""
        terms = self._material.terms
        k = min(NEIGHBOURS, len(self._usable))
        if not k or not anchors:
            return {}
        found = nearest([terms[anchor] for anchor in anchors], self._usable, k)
        return {
            anchor: [int(other) for other in others if other >= 0 and self._tells_apart(anchor, int(other))][
                :KEPT
            ]
            for anchor, others in zip(anchors, found, strict=True)
        }

    def _differs(self, anchor: int, other: int) -> bool:
        components = self._material.components
        return components[anchor] != components[other] and self._spellings[anchor] != self._spellings[other]

    def _tells_apart(self, anchor: int, other: int) -> bool:
        """Whether two terms of different concepts are no mere misspelling of each other."""
        from rapidfuzz import fuzz

        if not self._differs(anchor, other):
            return False
        first, second = self._material.keys[anchor], self._material.keys[other]
        return digits(first) != digits(second) or fuzz.ratio(first, second) < self._near_duplicate

    def _sharing(self, anchor: int) -> list[int]:
        if self._postings is None:
            self._postings = defaultdict(list)
            for number, key in enumerate(self._material.keys[: self._material.usable]):
                for gram in _grams(key):
                    self._postings[gram].append(number)
        found: dict[int, None] = {}
        for gram in sorted(_grams(self._material.keys[anchor]), key=self._frequency):
            numbers = self._postings.get(gram, [])
            start = anchor * 2_654_435_761  # not always the first terms of the file
            for place in range(min(len(numbers), _CANDIDATES)):
                found[numbers[(start + place) % len(numbers)]] = None
            if len(found) >= _CANDIDATES:
                break
        return list(found)

    def _frequency(self, gram: str) -> tuple[int, str]:
        postings = self._postings or {}
        return len(postings.get(gram, ())), gram


def digits(key: str) -> str:
    """The digits of a term: 10kV and 35kV are never misspellings of each other."""
    return "".join(c for c in key if c.isdigit())


def representatives(material: Material, near_duplicate: int) -> list[int]:
    """For each term the first one of its concept that it is a near duplicate of; itself where there is none.

    Terms are compared only within a concept and with equal digits, each with at most 200 that come before
    it in the order of letters.
    """
    from rapidfuzz import fuzz, process

    result = list(range(len(material.terms)))
    if near_duplicate >= 100:
        return result
    blocks: dict[tuple[str, str], list[int]] = {}
    for number, key in enumerate(material.keys):
        blocks.setdefault((material.components[number], digits(key)), []).append(number)
    for block in blocks.values():
        first: list[int] = []
        for number in sorted(block, key=lambda n: material.keys[n]) if len(block) > 1 else ():
            recent = first[-200:]
            best = process.extractOne(
                material.keys[number],
                [material.keys[n] for n in recent],
                scorer=fuzz.ratio,
                score_cutoff=near_duplicate,
            )
            if best is None:
                first.append(number)
            else:
                result[number] = recent[best[2]]
    return result


def _grams(key: str) -> set[str]:
    letters = key.replace(" ", "")
    return {*letters, *(letters[i : i + 2] for i in range(len(letters) - 1))}
