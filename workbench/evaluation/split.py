"""Divides a dictionary into training, development and test parts by concept, never by pair."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from workbench.errors import TooLittleData
from workbench.localtext import LocalText
from workbench.normalise import digest, term_key
from workbench.types import Pair, Part, Split

TEST_SHARE = 0.2
DEV_SHARE = 0.1
HELD_OUT_SHARE = 0.1
HELD_OUT_LIMIT = 500
FEWEST_COMPONENTS = 3
# A chain of concepts this long and this large a share of all terms would be most of the test by itself.
CHAIN_TERMS = 20
CHAIN_SHARE = 0.05
_PRECEDENCE: tuple[Part, ...] = ("test", "dev", "train")


@dataclass(frozen=True, slots=True)
class ComponentReport:
    """A large component, for the expert to judge whether an ambiguous alias has chained concepts.

    ``bridges`` are the terms that join standard terms to each other: a synonym of several of them,
    or one that is a standard term itself. Cutting one of its pairs may split the component.
    """

    id: str
    terms: int
    pairs: int
    standards: tuple[str, ...]
    bridges: tuple[str, ...]


def connected_components(pairs: Iterable[Pair]) -> dict[str, str]:
    """The component of each term: ``{term key: smallest term key that it is connected to}``.

    The result does not depend on the order of the pairs.
    """
    return connected((term_key(pair.standard), term_key(pair.synonym)) for pair in pairs)


def connected(links: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What each linked text is connected to: ``{text: the smallest text of its component}``. Union-find."""
    parent: dict[str, str] = {}

    def find(key: str) -> str:
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for one, other in links:
        low, high = sorted((find(one), find(other)))
        parent[high] = low
    return {key: find(key) for key in parent}


class Apart:
    """Pairs of terms that the expert has marked as *not* synonyms, in either order, to be looked up."""

    def __init__(self, marked: Iterable[Pair]) -> None:
        self._keys = frozenset(
            key for pair in marked for key in _both_ways(term_key(pair.standard), term_key(pair.synonym))
        )

    def __call__(self, a_key: str, b_key: str) -> bool:
        """Whether two terms, given by their keys, are marked apart."""
        return (a_key, b_key) in self._keys

    def unmarked(self, pairs: Iterable[Pair]) -> list[Pair]:
        """``pairs`` without those whose two terms are marked apart: nothing is joined over one of these."""
        return [pair for pair in pairs if not self(term_key(pair.standard), term_key(pair.synonym))]


def _both_ways(a: str, b: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return (a, b), (b, a)


def distinct_terms(pairs: Sequence[Pair]) -> dict[str, str]:
    """Every term of a dictionary once: its key -> the raw form that came first, in a fixed order."""
    terms: dict[str, str] = {}
    for pair in pairs:
        terms.setdefault(term_key(pair.standard), pair.standard)
        terms.setdefault(term_key(pair.synonym), pair.synonym)
    return terms


def largest_components(pairs: Sequence[Pair], n: int = 10) -> list[ComponentReport]:
    """The ``n`` components with the most terms, largest first."""
    component_of = connected_components(pairs)
    sizes = Counter(component_of.values())
    chosen = sorted(sizes, key=lambda component: (-sizes[component], component))[:n]
    members: dict[str, list[Pair]] = {component: [] for component in chosen}
    for pair in pairs:
        component = component_of[term_key(pair.standard)]
        if component in members:
            members[component].append(pair)
    return [_report(component, sizes[component], members[component]) for component in chosen]


def _report(component: str, terms: int, pairs: Sequence[Pair]) -> ComponentReport:
    standards: dict[str, str] = {}
    synonyms: dict[str, str] = {}
    standards_of: dict[str, set[str]] = defaultdict(set)
    distinct: set[tuple[str, str]] = set()
    for pair in pairs:
        standard, synonym = term_key(pair.standard), term_key(pair.synonym)
        standards.setdefault(standard, pair.standard)
        synonyms.setdefault(synonym, pair.synonym)
        if standard != synonym:
            standards_of[synonym].add(standard)
            distinct.add((standard, synonym))
    bridges = [
        raw
        for key, raw in synonyms.items()
        if len(standards_of[key]) > 1 or (key in standards and standards_of[key])
    ]
    return ComponentReport(component, terms, len(distinct), tuple(standards.values()), tuple(bridges))


def make_split(pairs: Sequence[Pair], *, seed: int = 13, previous: Split | None = None) -> Split:
    """70 / 10 / 20 (train / dev / test) by component, stratified by the component's size.

    The result depends on the terms and the seed alone, not on the order of the pairs. Components
    are put in the order of their size (ties by a seeded hash) and test, then dev components are
    taken at even distances, so each size is represented in its proportion. A component of more
    than 20 terms that is more than 5 % of all terms is for training.

    With ``previous``, a component that holds a term of that split keeps that term's part (test
    before dev before train where components were joined), so a new version of a dictionary never
    trains on what was tested before; held-out pairs are kept where they still can be. Only where
    a part would be left empty is a component moved to it.

    Raises ``TooLittleData`` for fewer than three components.
    """
    component_of = connected_components(pairs)
    sizes = Counter(component_of.values())
    usable = [component for component, size in sizes.items() if size > 1]
    if len(usable) < FEWEST_COMPONENTS:
        raise _too_few(len(usable))
    parts: dict[str, Part] = dict.fromkeys(sizes, "train")
    kept = _kept_parts(component_of, previous)
    parts.update(kept)
    fresh = sorted(
        (component for component in usable if component not in kept),
        key=lambda component: (sizes[component], digest(str(seed), component)),
    )
    limit = max(CHAIN_TERMS, CHAIN_SHARE * len(component_of))
    already = Counter(kept[component] for component in usable if component in kept)
    parts.update(
        _assign([component for component in fresh if sizes[component] <= limit], len(usable), already, seed)
    )
    _fill_empty_parts(parts, usable, seed)
    held_out = _hold_out(pairs, component_of, parts, seed, previous)
    return Split(seed, parts, component_of, held_out, _split_hash(parts, component_of, held_out))


def training_pairs(pairs: Iterable[Pair], split: Split) -> list[Pair]:
    """The pairs that may be trained on: both terms in the train part, and not held out.

    A pair with a term that the split does not know is left out, and so is a term paired with itself.
    """
    chosen = []
    for pair in pairs:
        standard, synonym = term_key(pair.standard), term_key(pair.synonym)
        if standard == synonym or (standard, synonym) in split.held_out:
            continue
        if _part_of_key(standard, split) == "train" == _part_of_key(synonym, split):
            chosen.append(pair)
    return chosen


def part_of(term: str, split: Split) -> Part | None:
    """The part that a term (raw or key) belongs to; ``None`` for a term that the split does not know."""
    return _part_of_key(term_key(term), split)


def _part_of_key(key: str, split: Split) -> Part | None:
    component = split.component_of.get(key)
    return None if component is None else split.parts.get(component)


def _too_few(count: int) -> TooLittleData:
    return TooLittleData(
        LocalText(
            "词典里只有 {count} 个互不相连的概念，无法划分训练、验证和测试三部分（至少需要 {least} 个）。",
            "The dictionary holds only {count} separate concepts: too few to set some aside for training, "
            "checking and testing (at least {least} are needed).",
        ),
        LocalText(
            "请补充更多标准词及其近似词；如果某个多义的近似词把许多概念连在了一起，请删除那一行。",
            "Add more standard terms with their synonyms; if one ambiguous synonym joins many concepts, "
            "delete that line.",
        ),
        count=count,
        least=FEWEST_COMPONENTS,
    )


def _kept_parts(component_of: Mapping[str, str], previous: Split | None) -> dict[str, Part]:
    if previous is None:
        return {}
    seen: dict[str, set[Part]] = defaultdict(set)
    for key, component in component_of.items():
        part = _part_of_key(key, previous)
        if part is not None:
            seen[component].add(part)
    return {
        component: next(part for part in _PRECEDENCE if part in parts) for component, parts in seen.items()
    }


def _assign(fresh: Sequence[str], total: int, already: Mapping[Part, int], seed: int) -> dict[str, Part]:
    """Fill test and dev up to their share of ``total`` from ``fresh``, which is in the order of size."""
    rest = list(fresh)
    parts: dict[str, Part] = dict.fromkeys(rest, "train")
    shares: tuple[tuple[Part, float], ...] = (("test", TEST_SHARE), ("dev", DEV_SHARE))
    for part, share in shares:
        wanted = max(1, round(share * total)) - already.get(part, 0)
        count = min(max(wanted, 0), len(rest))
        start = int(digest(str(seed), part), 16) / 2**128
        taken = {rest[int((i + start) * len(rest) / count)] for i in range(count)}
        parts.update(dict.fromkeys(taken, part))
        rest = [component for component in rest if component not in taken]
    return parts


def _fill_empty_parts(parts: dict[str, Part], usable: Sequence[str], seed: int) -> None:
    for part in _PRECEDENCE:
        counts = Counter(parts[component] for component in usable)
        if counts[part]:
            continue
        donor = max(_PRECEDENCE[::-1], key=lambda other: counts[other])
        candidates = [component for component in usable if parts[component] == donor]
        parts[min(candidates, key=lambda component: digest(str(seed), component))] = part


def _hold_out(
    pairs: Iterable[Pair],
    component_of: Mapping[str, str],
    parts: Mapping[str, Part],
    seed: int,
    previous: Split | None,
) -> frozenset[tuple[str, str]]:
    """About a tenth of the train pairs whose synonym occurs nowhere else and whose standard term stays."""
    keys = {(term_key(pair.standard), term_key(pair.synonym)) for pair in pairs}
    train = [
        (standard, synonym)
        for standard, synonym in keys
        if standard != synonym and parts[component_of[standard]] == "train"
    ]
    occurrences = Counter(key for pair in train for key in pair)
    left = Counter(standard for standard, _ in train)
    before = previous.held_out if previous else frozenset()
    quota = min(HELD_OUT_LIMIT, round(HELD_OUT_SHARE * len(train)))
    chosen: set[tuple[str, str]] = set()
    for standard, synonym in sorted(train, key=lambda pair: (pair not in before, digest(str(seed), *pair))):
        if len(chosen) >= quota:
            break
        if occurrences[synonym] == 1 and left[standard] > 1:
            left[standard] -= 1
            chosen.add((standard, synonym))
    return frozenset(chosen)


def _split_hash(
    parts: Mapping[str, Part], component_of: Mapping[str, str], held_out: frozenset[tuple[str, str]]
) -> str:
    return digest(
        "parts",
        *(text for key in sorted(component_of) for text in (key, parts[component_of[key]])),
        "components",
        *(text for key in sorted(component_of) for text in (key, component_of[key])),
        "held out",
        *(text for pair in sorted(held_out) for text in pair),
    )
