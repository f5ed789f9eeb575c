"""Fewer points of a curve: how many, in which order, and what must not get lost."""

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from workbench.training.thinning import thinned
from workbench.types import CurvePoint


def curve(values, series="loss", first=1):
    return [CurvePoint(first + i, series, i + 1, value, float(i)) for i, value in enumerate(values)]


def test_a_short_curve_is_left_as_it_is():
    points = curve([3.0, 2.0, 1.0])
    assert thinned(points, 3) == points


def test_a_long_one_keeps_its_ends_its_order_and_its_peak():
    rng = random.Random(3)
    values = [math.exp(-i / 4000) + 0.01 * rng.random() for i in range(20_000)]
    values[7_777] = 9.0
    found = thinned(curve(values), 500)
    assert len(found) == 500
    assert [point.seq for point in found] == sorted({point.seq for point in found})
    assert (found[0].step, found[-1].step) == (1, 20_000)
    assert max(point.value for point in found) == 9.0


def test_each_series_is_thinned_alone():
    long, short = curve([float(i % 7) for i in range(9_000)]), curve([50.0, 60.0], "dev_recall@1", 100_000)
    found = thinned([*long, *short], 300)
    assert sum(point.series == "loss" for point in found) == 300
    assert [point for point in found if point.series != "loss"] == short


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300), st.integers(3, 60))
def test_no_point_is_made_up_and_the_limit_holds(values, most):
    points = curve(values)
    found = thinned(points, most)
    assert len(found) == min(len(points), most)
    assert set(found) <= set(points)
