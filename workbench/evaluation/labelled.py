"""A set of labelled pairs as a benchmark: which pairs choose a threshold, and which are reported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.errors import InputError
from workbench.evaluation.split import connected
from workbench.localtext import LocalText
from workbench.normalise import digest, term_key
from workbench.types import LabelledPair

DEV_SHARE = 0.2
FEWEST_OF_A_KIND = 5  # pairs of each label that the development part needs to choose a threshold
ALIKE = 0.5
SEED = 13


@dataclass(frozen=True, slots=True, eq=False)
class PairBenchmark:
    """Labelled pairs. Arrays are parallel, one entry a pair.

    ``labels`` are 1 for alike (a score of 0.5 and more). ``dev`` marks the pairs that a threshold is chosen
    on; pairs that are connected by a text they share are in one part. There may be no development pair.
    ``scored``: the labels of the set are degrees (0..1), kept in ``degrees``.
    """

    id: str
    name: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    degrees: npt.NDArray[np.float64]
    components: tuple[str, ...]
    dev: npt.NDArray[np.bool_]
    hash: str
    scored: bool


def pair_benchmark(benchmark: str, name: str, pairs: Iterable[LabelledPair]) -> PairBenchmark:
    """The benchmark of a pair set; a triplet counts as an alike pair and one that is not.

    A fifth of the pairs, by a seeded order of their components, is for choosing. A component that would make
    that part much larger stays out of it. Where it would not hold five pairs of each label there is none.

    Raises:
        InputError: all pairs have the same label.
    """
    rows = list(_flat(pairs))
    degrees = np.array([degree for _, _, degree in rows], np.float64)
    labels = (degrees >= ALIKE).astype(np.int64)
    if not 0 < int(labels.sum()) < len(labels):
        raise InputError(
            LocalText(
                "「{name}」里的句对全是同一个标签，没有可区分的。",
                "All pairs of “{name}” have the same label: there is nothing to tell apart.",
            ),
            LocalText("请换一个既有相似又有不相似的句对集。", "Take a set with pairs of both labels."),
            name=name,
        )
    first = tuple(one for one, _, _ in rows)
    second = tuple(other for _, other, _ in rows)
    components = _components(first, second)
    dev = _development(components, labels)
    content = digest(*first, "\0", *second, "\0", *(repr(float(each)) for each in degrees), str(SEED))
    scored = bool(np.any((degrees != 0) & (degrees != 1)))
    return PairBenchmark(benchmark, name, first, second, labels, degrees, components, dev, content, scored)


def _flat(pairs: Iterable[LabelledPair]) -> Iterable[tuple[str, str, float]]:
    for pair in pairs:
        yield pair.text1, pair.text2, float(pair.label)
        if pair.negative:
            yield pair.text1, pair.negative, 0.0


def _components(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    keys = [(term_key(one), term_key(other)) for one, other in zip(first, second, strict=True)]
    component_of = connected(keys)
    return tuple(component_of[one] for one, _ in keys)


def _development(components: tuple[str, ...], labels: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    sizes: dict[str, int] = {}
    for component in components:
        sizes[component] = sizes.get(component, 0) + 1
    wanted = DEV_SHARE * len(components)
    taken: set[str] = set()
    count = 0
    for component in sorted(sizes, key=lambda name: digest(str(SEED), name)):
        if count >= wanted:
            break
        if count + sizes[component] <= 1.5 * wanted:
            taken.add(component)
            count += sizes[component]
    dev = np.array([component in taken for component in components], bool)
    least = min(int(labels[dev].sum()), int((1 - labels[dev]).sum()))
    rest = min(int(labels[~dev].sum()), int((1 - labels[~dev]).sum()))
    return dev if least >= FEWEST_OF_A_KIND and rest > 0 else np.zeros(len(labels), bool)
