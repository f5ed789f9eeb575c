"""Layouts on disk: one file each, found again by what they are of, or as the one before an edit."""

from __future__ import annotations

import json
import logging
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.normalise import digest

log = logging.getLogger("workbench.maps")
VERSIONS_KEPT = 4  # of a dictionary, model and method: undo finds the map as it was
_DAMAGED = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile)
_FORMAT = "2"  # another one is another key


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Terms in the plane. ``columns`` (n, 2) are x and y, or (n, 4): x and y, then x and y of before.

    ``trust`` one number for each two columns, -1 where there are too few terms. ``added`` (n,) marks terms
    that were put between others after the layout, ``gone`` counts those that have left it since.
    """

    terms: tuple[str, ...]
    columns: npt.NDArray[np.float32]
    trust: tuple[float, ...]
    added: npt.NDArray[np.bool_]
    gone: int = 0


class KeptLayouts:
    """Layouts under ``folder``. A damaged or missing file costs a new layout, nothing more.

    A ``lineage`` is what stays the same through edits: dictionary, model, method, and the model before.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, lineage: str, terms: tuple[str, ...]) -> Placed | None:
        """The layout of exactly these terms."""
        found = self._read(self._path(lineage, terms))
        return found if found is not None and found.terms == terms else None

    def newest(self, lineage: str) -> Placed | None:
        """The layout that was kept last, of whatever terms."""
        for path in self._all(lineage):
            found = self._read(path)
            if found is not None:
                return found
        return None

    def keep(self, lineage: str, placed: Placed) -> None:
        """Write a layout; the oldest of its lineage goes. A disk that refuses is logged, no more."""
        terms = json.dumps(placed.terms, ensure_ascii=False).encode("utf-8", "surrogatepass")
        self.keep_arrays(
            self._path(lineage, placed.terms),
            terms=np.frombuffer(terms, np.uint8),
            columns=placed.columns,
            trust=np.array(placed.trust, np.float64),
            added=placed.added,
            gone=np.array(placed.gone),
        )
        for path in self._all(lineage)[VERSIONS_KEPT:]:
            path.unlink(missing_ok=True)

    def keep_arrays(self, path: Path, **arrays: npt.NDArray[Any]) -> None:
        """Write arrays so that the file is there whole or not at all."""
        staging = path.with_suffix(".staging.npz")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(staging, **arrays)  # type: ignore[arg-type]  # arrays by name
            staging.replace(path)
        except OSError:
            log.exception("a layout was not kept")
            staging.unlink(missing_ok=True)

    def values(self, *key: str) -> npt.NDArray[np.float32] | None:
        """Numbers that were kept under a key with :meth:`keep_values`."""
        try:
            with np.load(self._values_path(key), allow_pickle=False) as stored:
                return np.asarray(stored["values"], np.float32)
        except _DAMAGED:
            return None

    def keep_values(self, values: npt.NDArray[np.float32], *key: str) -> None:
        """Keep one number a term."""
        self.keep_arrays(self._values_path(key), values=values)

    def _path(self, lineage: str, terms: tuple[str, ...]) -> Path:
        return self._folder / f"{digest(_FORMAT, lineage)}-{digest(*terms)}.npz"

    def _values_path(self, key: tuple[str, ...]) -> Path:
        return self._folder / f"values-{digest(_FORMAT, *key)}.npz"

    def _all(self, lineage: str) -> list[Path]:
        found = [
            path
            for path in self._folder.glob(f"{digest(_FORMAT, lineage)}-*.npz")
            if not path.name.endswith(".staging.npz")
        ]
        return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)

    def _read(self, path: Path) -> Placed | None:
        if not path.exists():
            return None
        try:
            with np.load(path, allow_pickle=False) as stored:
                terms = tuple(json.loads(stored["terms"].tobytes().decode("utf-8", "surrogatepass")))
                placed = Placed(
                    terms,
                    np.asarray(stored["columns"], np.float32),
                    tuple(float(each) for each in stored["trust"]),
                    np.asarray(stored["added"], np.bool_),
                    int(stored["gone"]),
                )
        except _DAMAGED:
            log.warning("a kept layout is damaged and made again: %s", path.name)
            return None
        return placed if len(terms) == len(placed.columns) == len(placed.added) else None
