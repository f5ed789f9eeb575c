"""A memory of moved terms behind a model: its own vector switches a term's move on, and no other does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAME = 1.5e-3  # terms whose cosine is above 1 - SAME cannot be told apart: they share what they are moved by
REACH = 8e-3  # 1 - cosine at which a move ends, at most
# An encoder in bfloat16 and one in float32 give the same term a cosine of 0.998 at worst (e5-small, EDAM
# terms) and of 0.9998 in one case of a hundred: up to half of its reach a move is whole.
_WHOLE = 0.5
_ROWS_AT_ONCE = 256
_FULL = 6.0  # where relu6 ends


@dataclass(frozen=True)
class Units:
    """What switches moves on. Unit j is for the listed terms i with ``unit_of[i] == j``.

    ``keys`` (m, d) of unit length; ``reach`` (m,): 1 - cosine to the key at which the move has ended;
    ``members`` (k,) number the listed terms that have a unit (others are left where they are), ``unit_of``
    (k,) tells which.
    """

    keys: NDArray[np.float32]
    reach: NDArray[np.float32]
    members: NDArray[np.int64]
    unit_of: NDArray[np.int64]


def separable(
    vectors: NDArray[np.float32], listed: NDArray[np.int64], progress: Callable[[float], None]
) -> Units:
    """The units of the ``listed`` rows (n,) of unit vectors (N, d), so that no other row switches them on.

    Listed terms with nearly equal vectors share a unit. Those with the vector of a term that is not listed
    get none: it would be moved as well. Compares every listed row with all rows, a block at a time.
    """
    import numpy as np

    others = np.setdiff1d(np.arange(len(vectors)), listed)
    first, nearest, clash = _compare(vectors, listed, others, progress)
    roots = _roots(first)
    clashing = np.unique(roots[clash])
    groups, unit_of = np.unique(roots, return_inverse=True)
    sizes = np.bincount(unit_of, minlength=len(groups))
    keys = np.zeros((len(groups), vectors.shape[1]), np.float32)
    np.add.at(keys, unit_of, vectors[listed])
    keys /= np.maximum(np.linalg.norm(keys, axis=1, keepdims=True), 1e-9)
    spread = np.zeros(len(groups))
    np.maximum.at(spread, unit_of, 1 - np.einsum("ij,ij->i", keys[unit_of], vectors[listed]))
    gap = np.full(len(groups), 2.0)
    np.minimum.at(gap, unit_of, 1 - nearest)
    for group in np.flatnonzero(sizes > 1):  # few: the nearest of a shared key is not that of one member
        cosines = vectors @ keys[group]
        cosines[listed[unit_of == group]] = -1.0
        gap[group] = 1 - cosines.max(initial=-1.0)
    reach = np.minimum(REACH, gap / 2)
    good = (spread < _WHOLE * reach) & (gap > SAME / 2) & ~np.isin(groups, clashing)
    renumbered = np.cumsum(good) - 1
    members = np.flatnonzero(good[unit_of])
    return Units(
        keys[good], reach[good].astype(np.float32), members, renumbered[unit_of[members]].astype(np.int64)
    )


def _compare(
    vectors: NDArray[np.float32],
    listed: NDArray[np.int64],
    others: NDArray[np.int64],
    progress: Callable[[float], None],
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.bool_]]:
    """For each listed row (n,): the first listed one that is the same (itself, where none is), the cosine of
    the nearest row that is not the same, and whether one that is not listed is the same."""
    import numpy as np

    own, rest = vectors[listed], vectors[others]
    first = np.arange(len(listed))
    nearest = np.full(len(listed), -1.0, np.float32)
    clash = np.zeros(len(listed), bool)
    for start in range(0, len(listed), _ROWS_AT_ONCE):
        rows = slice(start, min(start + _ROWS_AT_ONCE, len(listed)))
        cosines = own[rows] @ own.T
        same = cosines >= 1 - SAME
        same[np.arange(len(same)), np.arange(rows.start, rows.stop)] = True
        first[rows] = same.argmax(axis=1)
        nearest[rows] = np.where(same, -1.0, cosines).max(axis=1)
        if len(rest):
            outside = (own[rows] @ rest.T).max(axis=1)
            clash[rows] = outside >= 1 - SAME
            nearest[rows] = np.maximum(nearest[rows], outside)
        progress(rows.stop / len(listed))
    return first, nearest, clash


def _roots(first: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each one's group: follow ``first`` (never a later one) to its end."""
    while (further := first[first]).tolist() != first.tolist():
        first = further
    return first


@dataclass(frozen=True)
class TermMemory:
    """``y = normalise(x + sum_j act_j(x) delta_j)`` of the base's unit vectors x.

    ``act_j`` is 1 for a cosine of x and key j above ``1 - reach_j / 2``, 0 below ``1 - reach_j``, and a
    straight line between. ``deltas`` (m, d).
    """

    units: Units
    listed: NDArray[np.int64]
    deltas: NDArray[np.float32]

    @classmethod
    def of(
        cls,
        units: Units,
        vectors: NDArray[np.float32],
        listed: NDArray[np.int64],
        moved: NDArray[np.float32],
    ) -> TermMemory:
        """``listed`` rows (n,) of ``vectors`` (N, d) become ``moved`` (n, d); shared units take the mean."""
        import numpy as np

        lengths = np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
        moves = (moved / lengths - vectors[listed])[units.members]
        deltas = np.zeros_like(units.keys)
        np.add.at(deltas, units.unit_of, moves)
        deltas /= np.bincount(units.unit_of, minlength=len(deltas))[:, None]
        return cls(units, listed, deltas.astype(np.float32))

    def scaled(self, strength: float) -> TermMemory:
        """With moves of another length."""
        import numpy as np

        return replace(self, deltas=self.deltas * np.float32(strength))

    def exact(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Unit vectors (N, d) of the terms that the memory was made for, of the base's ``vectors`` (N, d)."""
        out = vectors.copy()
        rows = self.listed[self.units.members]
        out[rows] = _unit(vectors[rows] + self.deltas[self.units.unit_of])
        return out

    def applied(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Unit vectors (k, d) of any texts, of the base's (k, d)."""
        import numpy as np

        out = vectors.copy()
        scale, bias = self._slopes()
        for start in range(0, len(vectors), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            active = np.clip(vectors[rows] @ (self.units.keys * scale[:, None]).T + bias, 0, _FULL) / _FULL
            out[rows] = _unit(vectors[rows] + active @ self.deltas)
        return out

    def save(self, base: Path, out: Path) -> None:
        """Write the model in ``base`` with this memory behind it into ``out``."""
        from workbench.models.adapter import Layer, append_residual

        scale, bias = self._slopes()
        inward = Layer(self.units.keys * scale[:, None], bias, "relu6")
        append_residual(base, out, inward, self.deltas.T / _FULL)

    def _slopes(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What each unit multiplies its cosine by and then adds (m,): 0 at its reach, 6 at half of it."""
        scale = _FULL / (_WHOLE * self.units.reach)
        return scale, -scale * (1 - self.units.reach)


def _unit(vectors: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float32] = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
    return unit
