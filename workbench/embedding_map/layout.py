"""The 2-D layout of a dictionary under a model, computed once and kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import BadParameter
from workbench.localtext import LocalText
from workbench.normalise import digest, term_key
from workbench.types import Pair, Part, Projection, Split

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

METHODS = ("umap", "pca")
LAYING_OUT = LocalText("正在计算二维布局", "Computing the layout")


def lay_out(
    pairs: Sequence[Pair],
    split: Split,
    encode: Callable[[Sequence[str]], NDArray[np.float32]],
    *,
    method: str,
    limit: int,
    cache: Path,
    fingerprint: str,
    progress: Callable[[float, LocalText], None] | None = None,
) -> Projection:
    """Place every term of a dictionary in the plane; at most ``limit``, in file order.

    The limit counts terms, so the last group may be cut; ``left_out`` says how many were not placed.

    The layout is kept under ``cache``, keyed by the model's fingerprint, the method and the terms.

    Raises:
        BadParameter: an unknown method.
    """
    import numpy as np

    from workbench.embedding_map.projection import project, trustworthiness

    if method not in METHODS:
        raise BadParameter(
            LocalText("没有叫「{method}」的布局方法。", "There is no layout called “{method}”."),
            LocalText("可用的：{methods}。", "There are: {methods}."),
            method=method,
            methods=", ".join(METHODS),
        )
    members, left_out = _members(pairs, limit)
    terms = [raw for raw, _, _ in members]
    path = cache / f"{digest(fingerprint, method, *terms)}.npz"
    if path.exists():
        with np.load(path, allow_pickle=False) as stored:
            xy, trust = stored["xy"], float(stored["trust"])
    else:
        vectors = encode(terms)
        if progress:
            progress(1.0, LAYING_OUT)
        xy = np.stack(project(vectors, method, seed=0), axis=1).astype(np.float32)
        trust = trustworthiness(vectors, xy)
        _keep(path, xy, trust)
    parts: list[Part] = [split.parts[split.component_of[term_key(raw)]] for raw in terms]
    return Projection(
        terms=tuple(terms),
        groups=tuple(group for _, group, _ in members),
        parts=tuple(parts),
        is_standard=tuple(standard for _, _, standard in members),
        x=xy[:, 0],
        y=xy[:, 1],
        method=method,
        trustworthiness=trust if trust >= 0 else None,
        left_out=left_out,
    )


def _members(pairs: Sequence[Pair], limit: int) -> tuple[list[tuple[str, str, bool]], int]:
    """(raw term, standard term of its first group, is it a standard term), each term once."""
    standards = {term_key(pair.standard) for pair in pairs}
    seen: dict[str, tuple[str, str, bool]] = {}
    for pair in pairs:
        for raw in (pair.standard, pair.synonym):
            key = term_key(raw)
            seen.setdefault(key, (raw, pair.standard, key in standards))
    members = list(seen.values())
    return members[:limit], max(0, len(members) - limit)


def _keep(path: Path, xy: NDArray[np.float32], trust: float) -> None:
    import numpy as np

    path.parent.mkdir(parents=True, exist_ok=True)
    staging = path.with_suffix(".staging.npz")
    np.savez(staging, xy=xy, trust=np.float64(trust))
    staging.replace(path)
