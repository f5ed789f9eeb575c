"""Says how sure a number is, and whether two models can be told apart: resampling over concepts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from workbench.types import Comparison

Floats = npt.NDArray[np.float64]

ALPHA = 0.05
_EXACT_COMPONENTS = 13  # 2 ** 13 sign patterns are fewer than the 10,000 that are drawn otherwise
_CELLS = 4_000_000  # counts held at once while resampling: 32 MB


def bootstrap_ci(
    values: Sequence[float] | Floats, components: Sequence[str], resamples: int = 5000, seed: int = 0
) -> tuple[float, float]:
    """The 95 % percentile interval of the mean of ``values``, resampled by component.

    ``values`` (q,) one for each query, in any unit (the interval is in the same); ``components``
    (q,) the component of each query. The queries of one component are drawn together, because they
    are not independent (cluster bootstrap; Efron and Tibshirani 1993, chapter 13). The mean of a
    resample is the ratio of its sum of values to its number of queries. Fewer than two components
    give an interval of no width: nothing can be resampled.
    """
    sums, counts = _by_component(values, components)
    # Components with the same sum and count are interchangeable: drawing how many of each kind are
    # in a resample has the same distribution as drawing components, at a fraction of the work.
    kinds, multiplicity = np.unique(np.column_stack((sums, counts)), axis=0, return_counts=True)
    rng = np.random.default_rng(seed)
    share = multiplicity / len(sums)
    block = max(1, _CELLS // len(kinds))
    means: list[Floats] = []
    for start in range(0, resamples, block):
        drawn = rng.multinomial(len(sums), share, size=min(block, resamples - start))
        means.append((drawn @ kinds[:, 0]) / (drawn @ kinds[:, 1]))
    low, high = np.percentile(np.concatenate(means), (2.5, 97.5))
    return float(low), float(high)


def sign_flip_p(
    differences: Sequence[float] | Floats, components: Sequence[str], permutations: int = 10000, seed: int = 0
) -> float:
    """The two-sided p value of a paired sign-flip permutation test at component level.

    ``differences`` (q,) one for each query. Under the hypothesis that the two models are alike, the
    sum of the differences of each component is as likely to have the other sign. All sign patterns
    are enumerated for up to 13 components that differ; otherwise ``permutations`` are drawn and
    p = (1 + at least as extreme) / (1 + drawn) (Phipson and Smyth 2010).
    """
    sums, _ = _by_component(differences, components)
    sizes = np.abs(sums[sums != 0])
    if not len(sizes):
        return 1.0
    observed = abs(float(sums.sum())) - 1e-9
    if len(sizes) <= _EXACT_COMPONENTS:
        patterns = np.arange(2 ** len(sizes))[:, None] >> np.arange(len(sizes)) & 1
        return float(np.mean(np.abs((1 - 2 * patterns) @ sizes) >= observed))
    kinds, multiplicity = np.unique(sizes, return_counts=True)
    rng = np.random.default_rng(seed)
    block = max(1, _CELLS // len(kinds))
    extreme = 0
    for start in range(0, permutations, block):
        # The signed count of m components of one size is 2 Binomial(m, 1/2) - m.
        shape = (min(block, permutations - start), len(kinds))
        signed = 2 * rng.binomial(multiplicity, 0.5, size=shape) - multiplicity
        extreme += int(np.count_nonzero(np.abs(signed @ kinds) >= observed))
    return (1 + extreme) / (1 + permutations)


def compare(
    a: Sequence[float] | Floats,
    b: Sequence[float] | Floats,
    components: Sequence[str],
    *,
    resamples: int = 5000,
    permutations: int = 10000,
    seed: int = 0,
) -> Comparison:
    """Model ``a`` against model ``b`` on the same queries.

    ``a`` and ``b`` (q,) hold 0..1 for each query (Recall@1), ``components`` (q,) the component of
    each. The difference a - b and its interval are in points. The verdict is "tied" unless
    p < 0.05 and the interval leaves out 0. Raises ``ValueError`` for unequal lengths.
    """
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if first.shape != second.shape:
        raise ValueError(f"{first.shape} and {second.shape}: not the same queries")
    points = 100.0 * (first - second)
    low, high = bootstrap_ci(points, components, resamples, seed)
    p = sign_flip_p(points, components, permutations, seed)
    difference = float(points.mean())
    return Comparison(difference, (low, high), p, _verdict(difference, (low, high), p))


def with_p_value(comparison: Comparison, p_value: float) -> Comparison:
    """The same comparison under a corrected p value, its verdict drawn anew."""
    verdict = _verdict(comparison.difference, comparison.ci95, p_value)
    return replace(comparison, p_value=p_value, verdict=verdict)


def holm(p_values: Sequence[float]) -> list[float]:
    """p values corrected for having made several comparisons (Holm 1979), in the given order."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    corrected = [0.0] * len(p_values)
    highest = 0.0
    for place, i in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - place) * p_values[i]))
        corrected[i] = highest
    return corrected


def _by_component(
    values: Sequence[float] | Floats, components: Sequence[str]
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Sum of the values and number of queries of each component, in the order of the components' ids."""
    array = np.asarray(values, np.float64)
    if array.shape != (len(components),) or not len(components):
        raise ValueError(f"{array.shape} values for {len(components)} queries")
    _, index = np.unique(np.asarray(components, dtype=object).astype(str), return_inverse=True)
    counts = np.bincount(index)
    # Rounded so that 1/3 + 2/3 and 1 are one kind of component.
    return np.round(np.bincount(index, weights=array), 9), counts


def _verdict(
    difference: float, interval: tuple[float, float], p_value: float
) -> Literal["better", "worse", "tied"]:
    if p_value >= ALPHA or interval[0] <= 0.0 <= interval[1]:
        return "tied"
    return "better" if difference > 0 else "worse"
