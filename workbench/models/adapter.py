"""Maps on top of a model, saved as ordinary sentence-transformers modules: Dense and Normalize."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from workbench.models.folder_format import NORMALIZE, RERANKER, write_json
from workbench.storage.artifacts import MANIFEST, link_or_copy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Activation = Literal["none", "relu", "relu6"]
DENSE = "sentence_transformers.base.modules.dense.Dense"
# Classes of torch.nn: the library imports no others from a folder without trust in its code.
_ACTIVATIONS: dict[Activation, str] = {
    "none": "torch.nn.modules.linear.Identity",
    "relu": "torch.nn.modules.activation.ReLU",
    "relu6": "torch.nn.modules.activation.ReLU6",
}
_KEY = "sentence_embedding"


@dataclass(frozen=True)
class Layer:
    """``activation(W x + b)``: weight (out, in), bias (out,) or None."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32] | None = None
    activation: Activation = "none"


def append_dense(base: Path, out: Path, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
    """Write ``base`` with the map ``y = W x + b`` and a Normalize behind it into ``out``.

    ``weight`` is (d, d), ``bias`` (d,); x is the base's vector at unit length (a Normalize is put
    before the map where the base does not end with one).
    """
    append_layers(base, out, [[Layer(weight, bias)]])


def append_residual(
    base: Path,
    out: Path,
    inward: Layer,
    outward: NDArray[np.float32],
    *,
    before: Layer | None = None,
) -> None:
    """Write ``base`` with ``y = x + U act(W x + b)`` and a Normalize behind it into ``out``.

    ``inward`` is W (h, d), b (h,) and the activation, relu or relu6; ``outward`` U (d, h). x is the
    base's vector at unit length, or, with ``before``, the unit vector of what that layer gives for it.
    See :func:`residual_layers`.
    """
    append_layers(base, out, [*([[before]] if before else []), residual_layers(inward, outward)])


def residual_layers(inward: Layer, outward: NDArray[np.float32]) -> list[Layer]:
    """``y = x + U act(W x + b)`` as two layers: act([x; -x; W x + b]), then [I, -I, U].

    The library's modules follow one another, none goes round another; but relu(x) - relu(-x) is x, to
    the last digit. Vectors of unit length stay below the 6 at which relu6 ends.
    """
    import numpy as np

    assert inward.bias is not None
    dimension = inward.weight.shape[1]
    same = np.eye(dimension, dtype=np.float32)
    nothing = np.zeros(2 * dimension, np.float32)
    first = Layer(
        np.concatenate([same, -same, inward.weight]).astype(np.float32),
        np.concatenate([nothing, inward.bias]).astype(np.float32),
        inward.activation,
    )
    return [first, Layer(np.concatenate([same, -same, outward], axis=1).astype(np.float32))]


def append_layers(base: Path, out: Path, blocks: Sequence[Sequence[Layer]]) -> None:
    """Write ``base`` with blocks of layers upon its unit vectors into ``out``; a Normalize ends each."""
    copy_model(base, out)
    modules = json.loads((base / "modules.json").read_text("utf-8"))
    if not modules[-1]["type"].endswith("Normalize"):
        modules.append(_module(out, len(modules), "Normalize", NORMALIZE))
    for block in blocks:
        for layer in block:
            modules.append(_module(out, len(modules), "Dense", DENSE))
            _write_layer(out / modules[-1]["path"], layer)
        modules.append(_module(out, len(modules), "Normalize", NORMALIZE))
    (out / "modules.json").unlink()  # it may be shared with the base
    write_json(out / "modules.json", modules)


def copy_model(base: Path, out: Path, *, without: tuple[str, ...] = ()) -> None:
    """Give ``out`` every file of the model in ``base`` (its manifest, a reranker and ``without`` excepted).

    Files of the workbench's own artefacts, which never change, are shared where the file system can;
    those of somebody's own folder are copied.
    """
    give = link_or_copy if (base / MANIFEST).exists() else _copy
    for source in sorted(base.rglob("*")):
        name = source.relative_to(base).as_posix()
        left_out = name == MANIFEST or name in without or name.startswith((".", f"{RERANKER}/"))
        if source.is_file() and not left_out:
            give(source, out / name)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write_layer(folder: Path, layer: Layer) -> None:
    import torch
    from safetensors.torch import save_file

    out_features, in_features = layer.weight.shape
    write_json(
        folder / "config.json",
        {
            "in_features": int(in_features),
            "out_features": int(out_features),
            "bias": layer.bias is not None,
            "activation_function": _ACTIVATIONS[layer.activation],
            "module_input_name": _KEY,
            "module_output_name": _KEY,
        },
    )
    tensors = {"linear.weight": torch.from_numpy(layer.weight).contiguous().clone()}
    if layer.bias is not None:
        tensors["linear.bias"] = torch.from_numpy(layer.bias).contiguous().clone()
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def _module(out: Path, index: int, name: str, kind: str) -> dict[str, Any]:
    path = f"{index}_{name}"
    (out / path).mkdir(parents=True, exist_ok=True)
    if name == "Normalize":
        write_json(out / path / "config.json", {"module_input_name": _KEY, "module_output_name": _KEY})
    return {"idx": index, "name": str(index), "path": path, "type": kind}
