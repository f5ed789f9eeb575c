"""Long curves for a screen: fewer points of each series that look the same."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.types import CurvePoint

MOST_POINTS = 2000  # of one series: about as many as a screen has columns


def thinned(points: Sequence[CurvePoint], most: int = MOST_POINTS) -> list[CurvePoint]:
    """At most ``most`` points (3 or more) of each series, in their order.

    Largest triangle three buckets (Steinarsson 2013): the first and last point stay, and of each bucket
    between them the point that spans the largest triangle with its neighbours. So peaks stay, which an
    average would hide. A short series is left as it is.
    """
    series: dict[str, list[CurvePoint]] = {}
    for point in points:
        series.setdefault(point.series, []).append(point)
    if all(len(each) <= most for each in series.values()):
        return list(points)
    kept = [point for each in series.values() for point in _largest_triangles(each, max(3, most))]
    return sorted(kept, key=lambda point: point.seq)


def _largest_triangles(points: list[CurvePoint], most: int) -> list[CurvePoint]:
    import numpy as np

    if len(points) <= most:
        return points
    # By their order, not by step: the steps of a run begin anew with each stage.
    values = np.nan_to_num(np.array([point.value for point in points], dtype=np.float64))
    edges = np.linspace(1, len(points) - 1, most - 1).astype(int)
    chosen = [0]
    for bucket in range(most - 2):
        begin, end = edges[bucket], edges[bucket + 1]
        after = edges[bucket + 2] if bucket + 2 < len(edges) else len(points)
        next_x, next_y = (end + max(after, end + 1) - 1) / 2, values[end : max(after, end + 1)].mean()
        last = chosen[-1]
        places = np.arange(begin, end)
        areas = np.abs(
            (last - next_x) * (values[begin:end] - values[last]) - (last - places) * (next_y - values[last])
        )
        chosen.append(int(begin + areas.argmax()))
    return [points[place] for place in [*chosen, len(points) - 1]]
