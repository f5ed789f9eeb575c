"""Why two terms are alike: what they share in writing, near them, and in the dictionary."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.models.words import has_han
from workbench.normalise import term_key
from workbench.search.neighbours import Neighbourhood

MOST_UNITS = 500  # of a text that are compared
MOST_SHARED = 8
MOST_NEIGHBOURS = 5
REACH = 50  # neighbours of each term that may be shared
PAIR_REACH = 200  # neighbours of each term whose synonym pairs are looked at
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class SharedNeighbour:
    """A term of the dictionary that is near to both; the scores are cosines."""

    term: str
    score_a: float
    score_b: float


@dataclass(frozen=True, slots=True)
class KnownPair:
    """A synonym pair of the dictionary; ``score`` is the mean cosine of its ends with the two terms."""

    synonym: str
    standard: str
    score: float


@dataclass(frozen=True, slots=True)
class Why:
    """What speaks for two terms being synonyms.

    ``shared`` are the longest pieces that both hold (characters of Chinese, whole words of the rest),
    ``overlap`` (0..1) is the share of pairs of neighbouring characters that they have in common (Dice).
    ``neighbours`` are terms near to both, ``nearest_pair`` is the synonym pair that lies most like the two;
    both under the first model, of the dictionary, empty where there is none. ``group_a`` and
    ``group_b`` are the standard terms of each.
    """

    shared: tuple[str, ...]
    overlap: float
    neighbours: tuple[SharedNeighbour, ...] = ()
    nearest_pair: KnownPair | None = None
    group_a: str | None = None
    group_b: str | None = None


def why(
    a: str,
    b: str,
    neighbourhood: Neighbourhood | None = None,
    vectors: npt.NDArray[Any] | None = None,
) -> Why:
    """What speaks for it, with the vectors (2, d) of the two terms where there is a neighbourhood."""
    written = Why(shared_pieces(a, b), overlap(a, b))
    if neighbourhood is None or vectors is None:
        return written
    vocabulary = neighbourhood.vocabulary
    return Why(
        written.shared,
        written.overlap,
        shared_neighbours(a, b, neighbourhood, vectors),
        nearest_pair(a, b, neighbourhood, vectors),
        vocabulary.standard_of(term_key(a)),
        vocabulary.standard_of(term_key(b)),
    )


def shared_pieces(a: str, b: str) -> tuple[str, ...]:
    """The pieces that both texts hold and that no longer shared piece holds, longest first.

    Compared by ``term_key``. A piece is a run of Chinese characters and whole other words; signs alone
    are none.
    """
    first, second = _units(a), _units(b)
    found: dict[str, None] = {}
    lengths = [0] * (len(second) + 1)  # of the common run that ends at each unit of the second text
    for i, unit in enumerate(first):
        above, lengths = lengths, [0] * (len(second) + 1)
        for j, other in enumerate(second):
            if unit[0] != other[0]:
                continue
            # Where a space stands in one of them alone, the run begins anew.
            joins = above[j] and unit[1] == other[1]
            lengths[j + 1] = above[j] + 1 if joins else 1
            ends = i + 1 == len(first) or j + 1 == len(second) or first[i + 1] != second[j + 1]
            piece = _joined(first[i - lengths[j + 1] + 1 : i + 1])
            if ends and any(character.isalnum() for character in piece):
                found[piece] = None
    longest = sorted(found, key=lambda piece: (-len(piece), piece))
    kept: list[str] = []
    for piece in longest:
        if not any(_holds(other, piece) for other in kept):
            kept.append(piece)
    return tuple(kept[:MOST_SHARED])


def overlap(a: str, b: str) -> float:
    """The Dice coefficient of the character bigrams of two texts, 0..1; of characters where one has none."""
    first, second = (term_key(text).replace(" ", "") for text in (a, b))
    size = 2 if min(len(first), len(second)) > 1 else 1
    left, right = (
        Counter(text[i : i + size] for i in range(len(text) - size + 1)) for text in (first, second)
    )
    total = left.total() + right.total()
    return 2 * (left & right).total() / total if total else 0.0


def shared_neighbours(
    a: str, b: str, neighbourhood: Neighbourhood, vectors: npt.NDArray[Any]
) -> tuple[SharedNeighbour, ...]:
    """The terms among the 50 nearest of both, those first whose farther end is nearest."""
    own = {term_key(a), term_key(b)}
    near = [dict(neighbourhood.nearest(vector, REACH)) for vector in vectors]
    both = [
        SharedNeighbour(term, near[0][term], near[1][term])
        for term in near[0]
        if term in near[1] and term_key(term) not in own
    ]
    both.sort(key=lambda each: (-min(each.score_a, each.score_b), each.term))
    return tuple(both[:MOST_NEIGHBOURS])


def nearest_pair(a: str, b: str, neighbourhood: Neighbourhood, vectors: npt.NDArray[Any]) -> KnownPair | None:
    """The synonym pair that lies most like the two terms, either way round; not the two themselves.

    Pairs with an end among the 200 nearest of one of the two are looked at.
    """
    vocabulary, own = neighbourhood.vocabulary, {term_key(a), term_key(b)}
    pairs: dict[tuple[str, str], None] = {}
    for vector in vectors:
        for term, _ in neighbourhood.nearest(vector, PAIR_REACH):
            key = term_key(term)
            for other in vocabulary.linked(key):
                if key != other and {key, other} != own and other in neighbourhood:
                    pairs.setdefault((min(key, other), max(key, other)))
    if not pairs:
        return None
    keys = list(dict.fromkeys(key for pair in pairs for key in pair))
    place = {key: i for i, key in enumerate(keys)}
    ends = np.array([[place[one], place[other]] for one, other in pairs])
    cosines = np.array([neighbourhood.cosines(vector, keys) for vector in vectors])
    straight = cosines[0, ends[:, 0]] + cosines[1, ends[:, 1]]
    crossed = cosines[0, ends[:, 1]] + cosines[1, ends[:, 0]]
    scores = np.maximum(straight, crossed) / 2
    best = int(np.argmax(scores))
    one, other = list(pairs)[best]
    if vocabulary.is_standard(one) and not vocabulary.is_standard(other):
        one, other = other, one
    return KnownPair(vocabulary.raw(one) or one, vocabulary.raw(other) or other, float(scores[best]))


Unit = tuple[str, bool]  # a Chinese character, a word or a sign; whether a space stands before it


def _units(text: str) -> list[Unit]:
    key = term_key(text)
    units: list[Unit] = []
    place = 0
    while place < len(key) and len(units) < MOST_UNITS:
        spaced = key[place] == " "
        place += spaced
        word = _WORD.match(key, place)
        stop = place + 1
        if word and not has_han(key[place]):
            stop = next((i for i in range(place, word.end()) if has_han(key[i])), word.end())
        units.append((key[place:stop], bool(spaced)))
        place = stop
    return units


def _joined(units: Sequence[Unit]) -> str:
    return "".join(f"{' ' if spaced else ''}{text}" for text, spaced in units).strip()


def _holds(longer: str, piece: str) -> bool:
    """Whether a piece stands in a longer one at the borders of its units."""
    mine, other = [text for text, _ in _units(longer)], [text for text, _ in _units(piece)]
    return any(mine[i : i + len(other)] == other for i in range(len(mine) - len(other) + 1))
