"""An affine map on top of a model, saved as ordinary sentence-transformers modules: Dense, Normalize."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.models.folder_format import NORMALIZE, write_json
from workbench.storage.artifacts import MANIFEST, link_or_copy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DENSE = "sentence_transformers.base.modules.dense.Dense"
_KEY = "sentence_embedding"


def append_dense(base: Path, out: Path, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
    """Write ``base`` with the map ``y = W x + b`` and a Normalize behind it into ``out``.

    ``weight`` is (d, d), ``bias`` (d,); x is the base's vector at unit length (a Normalize is put
    before the map where the base does not end with one).
    """
    import torch
    from safetensors.torch import save_file

    copy_model(base, out)
    modules = json.loads((base / "modules.json").read_text("utf-8"))
    if not modules[-1]["type"].endswith("Normalize"):
        modules.append(_module(out, len(modules), "Normalize", NORMALIZE))
    dense = _module(out, len(modules), "Dense", DENSE)
    modules.append(dense)
    modules.append(_module(out, len(modules), "Normalize", NORMALIZE))
    write_json(
        out / dense["path"] / "config.json",
        {
            "in_features": int(weight.shape[1]),
            "out_features": int(weight.shape[0]),
            "bias": True,
            "activation_function": "torch.nn.modules.linear.Identity",
            "module_input_name": _KEY,
            "module_output_name": _KEY,
        },
    )
    tensors = {
        "linear.weight": torch.from_numpy(weight).contiguous().clone(),
        "linear.bias": torch.from_numpy(bias).contiguous().clone(),
    }
    save_file(tensors, out / dense["path"] / "model.safetensors", metadata={"format": "pt"})
    (out / "modules.json").unlink()  # it may be shared with the base
    write_json(out / "modules.json", modules)


def copy_model(base: Path, out: Path, *, without: tuple[str, ...] = ()) -> None:
    """Give ``out`` every file of the model in ``base`` (its manifest and ``without`` excepted).

    Files of the workbench's own artefacts, which never change, are shared where the file system can;
    those of somebody's own folder are copied.
    """
    give = link_or_copy if (base / MANIFEST).exists() else _copy
    for source in sorted(base.rglob("*")):
        name = source.relative_to(base).as_posix()
        if source.is_file() and name != MANIFEST and name not in without and not name.startswith("."):
            give(source, out / name)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _module(out: Path, index: int, name: str, kind: str) -> dict[str, Any]:
    path = f"{index}_{name}"
    (out / path).mkdir(parents=True, exist_ok=True)
    if name == "Normalize":
        write_json(out / path / "config.json", {"module_input_name": _KEY, "module_output_name": _KEY})
    return {"idx": index, "name": str(index), "path": path, "type": kind}
