"""UMAP's descent, told epoch by epoch: it can be stopped, and lets the page's other threads run."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
_NEGATIVES = 5  # random points that push, for each neighbour that pulls (McInnes et al. 2018)
_TOLD_EVERY = 10  # epochs


def descend(
    start: Floats,
    graph: Any,
    *,
    epochs: int,
    a: float,
    b: float,
    seed: int,
    step: float = 1.0,
    hold: float = 0.0,
    progress: Callable[[float], None] | None = None,
) -> Floats:
    """Places (n, 2) that lower the cross entropy of a fuzzy graph (n, n), CSR and symmetric, from ``start``.

    Objective, sampling of edges and learning rate are those of UMAP (McInnes, Healy, Melville 2018, arXiv
    1802.03426, algorithm 5): both ends of an edge move, edge by edge. Random numbers are hashes of seed,
    epoch and edge, so the same input gives the same places. ``step`` is the learning rate at first; it falls
    to 0. ``hold`` pulls each point back to where it started by that share of the way, an epoch: without it a
    layout drifts though nothing has changed. ``progress`` is told the share (0..1) of epochs that are done,
    and may raise to stop.
    """
    home = np.array(start, np.float32, order="C")
    places = home.copy()
    weights = np.asarray(graph.data, np.float64)
    if not len(weights):
        return places
    heads, tails = np.asarray(graph.indptr, np.int64), np.asarray(graph.indices, np.int64)
    every = (weights.max() / weights).astype(np.float32)
    due = every.copy()
    epoch = _kernel()
    for number in range(epochs):
        alpha = np.float32(step * (1.0 - number / epochs))
        epoch(
            places,
            heads,
            tails,
            every,
            due,
            number,
            alpha,
            np.float32(a),
            np.float32(b),
            np.uint64(seed),
            home,
            np.float32(hold),
        )
        if progress and number % _TOLD_EVERY == _TOLD_EVERY - 1:
            progress((number + 1) / epochs)
    return places


@functools.cache
def _kernel() -> Callable[..., None]:
    """One epoch, compiled on first use (a second or two). On one thread, without the interpreter's lock."""
    import numba

    one, two, most, little = np.float32(1), np.float32(2), np.float32(4), np.float32(0.001)

    @numba.njit(fastmath=True)  # type: ignore[untyped-decorator]  # numba's
    def clipped(value: float) -> float:
        return min(most, max(-most, value))  # type: ignore[return-value]  # numba's, float32

    @numba.njit  # type: ignore[untyped-decorator]  # numba's
    def drawn(seed: int, epoch: int, edge: int, which: int, total: int) -> int:
        # SplitMix64 (Steele, Lea, Flood 2014) of a counter: no state to carry along.
        z = seed + np.uint64(epoch) * np.uint64(0x9E3779B97F4A7C15)
        z += (np.uint64(edge) * np.uint64(8) + np.uint64(which)) * np.uint64(0xD1B54A32D192ED03)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
        return int(((z >> np.uint64(32)) * np.uint64(total)) >> np.uint64(32))

    @numba.njit(fastmath=True, nogil=True)  # type: ignore[untyped-decorator]  # numba's
    def epoch(
        places: Floats,
        heads: npt.NDArray[np.int64],
        tails: npt.NDArray[np.int64],
        every: Floats,
        due: Floats,
        number: int,
        alpha: float,
        a: float,
        b: float,
        seed: int,
        home: Floats,
        hold: float,
    ) -> None:
        total = len(places)
        for i in range(total):
            x, y = places[i, 0], places[i, 1]
            for edge in range(heads[i], heads[i + 1]):
                if due[edge] > number:
                    continue
                due[edge] += every[edge]
                j = tails[edge]
                dx, dy = x - places[j, 0], y - places[j, 1]
                square = dx * dx + dy * dy
                if square > 0:
                    power = square**b
                    pull = -two * a * b * power / (square * (a * power + one))
                    along, across = alpha * clipped(pull * dx), alpha * clipped(pull * dy)
                    x += along
                    y += across
                    places[j, 0] -= along
                    places[j, 1] -= across
                for which in range(_NEGATIVES):
                    j = drawn(seed, number, edge, which, total)
                    if j == i:
                        continue
                    dx, dy = x - places[j, 0], y - places[j, 1]
                    square = dx * dx + dy * dy
                    if square > 0:
                        push = two * b / ((little + square) * (a * square**b + one))
                        x += alpha * clipped(push * dx)
                        y += alpha * clipped(push * dy)
            places[i, 0] = x + alpha * hold * (home[i, 0] - x)
            places[i, 1] = y + alpha * hold * (home[i, 1] - y)

    return epoch  # type: ignore[no-any-return]  # numba's
