"""What of a dictionary pairs may be made of: the terms of its training part, and nothing that tests it."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workbench.evaluation.split import training_pairs
from workbench.normalise import term_key
from workbench.pairing.occurrences import TermFinder
from workbench.pairing.recipe import PairRecipe
from workbench.types import Pair, Split

Numbers = tuple[int, int]  # two terms by their places in Material.terms


@dataclass(frozen=True)
class Material:
    """The terms that may be used, by number, and how they go together.

    The first ``usable`` of ``terms`` are of the training part; those behind them stand only in pairs that
    the expert marked as not synonyms, and in no synonym group. ``components`` are parallel to ``terms``.
    ``guard`` finds every term that no text may hold. ``lost`` counts, for each of those, the synonym pairs
    that had to be left out because it is within one of their terms.
    """

    terms: tuple[str, ...]
    keys: tuple[str, ...]
    components: tuple[str, ...]
    usable: int
    number_of: dict[str, int]
    synonyms: tuple[Numbers, ...]
    apart: tuple[Numbers, ...]
    apart_left_out: int
    guard: TermFinder
    lost: Counter[str]

    def is_clean(self, *texts: str) -> bool:
        """Whether no text holds a term of the test or development part."""
        return all(self.guard.anywhere(text) is None for text in texts)


def gather(pairs: Sequence[Pair], split: Split, apart: Iterable[Pair]) -> Material:
    """The usable terms of a dictionary. A term that the split does not know counts as a test term."""
    forbidden = _forbidden(pairs, split)
    guard = TermFinder(forbidden)
    marked = [(pair, term_key(pair.standard), term_key(pair.synonym)) for pair in apart]
    cut = {frozenset(keys) for _, *keys in marked}
    blocked: dict[str, int | None] = {}
    lost: Counter[str] = Counter()
    terms: dict[str, str] = {}
    synonyms: dict[Numbers, None] = {}
    number_of: dict[str, int] = {}
    for pair in training_pairs(pairs, split):
        keys = term_key(pair.standard), term_key(pair.synonym)
        if frozenset(keys) in cut:
            continue
        for key in keys:
            if key not in blocked:
                blocked[key] = guard.anywhere(key)
        hits = [number for number in map(blocked.__getitem__, keys) if number is not None]
        if hits:
            lost[forbidden[hits[0]]] += 1
            continue
        for key, raw in zip(keys, (pair.standard, pair.synonym), strict=True):
            number_of.setdefault(key, len(number_of))
            terms.setdefault(key, raw)
        synonyms.setdefault((number_of[keys[0]], number_of[keys[1]]))
    usable = len(terms)
    kept: dict[Numbers, None] = {}
    left_out = 0
    for pair, first, second in marked:
        if not all(_may_stand_apart(key, split, number_of, guard) for key in (first, second)):
            left_out += 1
        elif first != second:
            for key, raw in ((first, pair.standard), (second, pair.synonym)):
                number_of.setdefault(key, len(number_of))
                terms.setdefault(key, raw)
            kept.setdefault(_ordered((number_of[first], number_of[second])))
    return Material(
        terms=tuple(terms.values()),
        keys=tuple(terms),
        components=tuple(split.component_of.get(key, key) for key in terms),
        usable=usable,
        number_of=number_of,
        synonyms=tuple(synonyms),
        apart=tuple(kept),
        apart_left_out=left_out,
        guard=guard,
        lost=lost,
    )


def choose_positives(material: Material, recipe: PairRecipe, rng: random.Random) -> list[Numbers]:
    """The synonym pairs that the recipe asks for, at most ``recipe.limit`` of one concept.

    "all" pairs the terms of one group, a standard term with its synonyms. Two standard terms that an
    ambiguous synonym has joined are one component and still no synonyms of each other.
    """
    by_component: dict[str, list[Numbers]] = {}
    for pair in material.synonyms:
        by_component.setdefault(material.components[pair[0]], []).append(pair)
    most = min(recipe.cap_per_concept or recipe.limit, recipe.limit)
    cut = set(material.apart)
    chosen: list[Numbers] = []
    for pairs in by_component.values():
        found: dict[Numbers, Numbers] = {}
        for pair in pairs:
            found.setdefault(_ordered(pair), pair)
        if recipe.positives == "all":
            for pair in _within_groups(pairs, most, rng):
                if _ordered(pair) not in cut:
                    found.setdefault(_ordered(pair), pair)
        kept = list(found.values())
        chosen += kept if len(kept) <= most else rng.sample(kept, most)
    return chosen


def _within_groups(pairs: Sequence[Numbers], most: int, rng: random.Random) -> Iterable[Numbers]:
    groups: dict[int, dict[int, None]] = {}
    for standard, synonym in pairs:
        groups.setdefault(standard, {})[synonym] = None
    for synonyms in groups.values():
        members = list(synonyms)
        total = len(members) * (len(members) - 1) // 2
        if total <= most * 4:
            yield from itertools.combinations(members, 2)
        else:  # a group of thousands has millions of pairs: drawn, not listed
            for _ in range(most):
                first, second = rng.sample(members, 2)
                yield first, second


def _ordered(pair: Numbers) -> Numbers:
    return (pair[0], pair[1]) if pair[0] < pair[1] else (pair[1], pair[0])


def _forbidden(pairs: Iterable[Pair], split: Split) -> list[str]:
    keys = dict.fromkeys(key for pair in pairs for key in (term_key(pair.standard), term_key(pair.synonym)))
    keys.update(dict.fromkeys(split.component_of))
    component_of, parts = split.component_of, split.parts
    return [key for key in keys if parts.get(component_of.get(key, "")) != "train"]


def _may_stand_apart(key: str, split: Split, number_of: dict[str, int], guard: TermFinder) -> bool:
    """Usable, or of no synonym group at all. A held-out synonym is neither."""
    return bool(key) and (key in number_of or key not in split.component_of) and guard.anywhere(key) is None
