"""The vectors of a model that is its base with a map behind it, taken from the base's: nothing is encoded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.storage.artifacts import manifest_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MODULES = "modules.json"
_KEY = "sentence_embedding"


def mapped_vectors(base: Path, folder: Path, vectors: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Unit vectors (n, e) of the model in ``folder`` from those of ``base`` (n, d) for the same texts.

    None where ``folder`` is not ``base`` with Dense and Normalize modules behind it (see
    :func:`workbench.models.adapter.append_dense`). Only folders of the workbench's own are looked at, whose
    files are known by their hashes.
    """
    added = _added_modules(base, folder)
    if not added:
        return None
    import torch
    from sentence_transformers.base.modules.dense import Dense

    moved = torch.from_numpy(vectors)
    with torch.inference_mode():
        for module in added:
            if module["type"].endswith(".Dense"):
                dense = Dense.load(str(folder), subfolder=module["path"], local_files_only=True).eval()
                moved = dense({_KEY: moved})[_KEY]
            else:
                moved = torch.nn.functional.normalize(moved, dim=1)
    result: NDArray[np.float32] = moved.numpy()
    return result


def _added_modules(base: Path, folder: Path) -> list[dict[str, Any]]:
    """The modules behind those of ``base``; none where anything else differs, or the last is no Normalize."""
    own, of_base = _hashes(folder), _hashes(base)
    if own is None or of_base is None or any(own.get(name) != value for name, value in of_base.items()):
        return []
    first, second = (json.loads((each / _MODULES).read_text("utf-8")) for each in (base, folder))
    added: list[dict[str, Any]] = second[len(first) :]
    kinds = [module["type"].rpartition(".")[2] for module in added]
    more = {name.partition("/")[0] for name in own.keys() - of_base.keys()}
    if second[: len(first)] != first or more - {module["path"] for module in added}:
        return []
    return added if kinds[-1:] == ["Normalize"] and set(kinds) <= {"Dense", "Normalize"} else []


def _hashes(folder: Path) -> dict[str, str] | None:
    """Hashes of a folder's files but for the list of modules, from its manifest; None where it has none."""
    manifest = manifest_of(folder)
    if manifest is None or _MODULES not in manifest["files"]:
        return None
    return {name: each["sha256"] for name, each in manifest["files"].items() if name != _MODULES}
