"""What is refused before a model folder is loaded: pickled weights, code, and paths that lead out of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from workbench.errors import ModelProblem, UnsafeModel
from workbench.localtext import LocalText
from workbench.models.bundled_use import MODULE as USE_MODULE

PICKLED = frozenset(
    {".bin", ".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".npy", ".npz", ".msgpack"}
)
# Written by training loops beside the weights, and read by nobody.
_HARMLESS = frozenset({"training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state.pth"})
_CODE = frozenset({".py", ".pyc", ".pyd", ".so", ".dll", ".dylib"})
_LIBRARY_MODULE = re.compile(r"sentence_transformers(\.[A-Za-z_][A-Za-z0-9_]*)+")

_HINT = LocalText(
    "请使用 safetensors 格式、不含代码的模型，或选用自带的模型。",
    "Use a model in the safetensors format and without code of its own, or one of the bundled models.",
)


def check_folder(path: Path) -> None:
    """Returns when the model in ``path`` can be loaded without running anything that came with it.

    Raises:
        ModelProblem: there is no model in the folder.
        UnsafeModel: pickled weights without safetensors beside them, Python files, ``auto_map``, a module
            class that is not sentence-transformers' (or our own), or a path that leads out of the folder.
    """
    if not any((path / name).is_file() for name in ("modules.json", "config.json")):
        raise ModelProblem(
            LocalText(
                "文件夹「{name}」里没有模型：缺少 config.json。",
                "The folder “{name}” holds no model: config.json is missing.",
            ),
            LocalText(
                "请选择 sentence-transformers 或 transformers 的模型文件夹。",
                "Choose the folder of a sentence-transformers or transformers model.",
            ),
            name=path.name,
        )
    names = _files(path)
    check_names(path.name, names)
    for name in names:
        if name.endswith(("config.json", "modules.json")):
            _check_config(path.name, name, _read_json(path, name))


def check_names(model: str, names: Iterable[str]) -> None:
    """The part of :func:`check_folder` that file names alone decide (for a model that is not here yet).

    Raises:
        UnsafeModel: weights that are only pickled, or Python files.
    """
    files = [PurePosixPath(name) for name in names]
    with_safetensors = {file.parent for file in files if file.suffix == ".safetensors"}
    for file in files:
        if file.suffix.lower() in _CODE:
            raise _unsafe(
                LocalText(
                    "模型「{model}」带有程序文件 {file}。", "The model “{model}” brings program code: {file}."
                ),
                model=model,
                file=str(file),
            )
        pickled = file.suffix.lower() in PICKLED and file.name not in _HARMLESS
        if pickled and file.parent not in with_safetensors:
            raise _unsafe(
                LocalText(
                    "模型「{model}」的权重 {file} 是可以夹带代码的旧格式，旁边没有 safetensors 文件。",
                    "The weights {file} of the model “{model}” are in an old format that can hide code, and "
                    "there is no safetensors file beside them.",
                ),
                model=model,
                file=str(file),
            )
    if not with_safetensors:
        raise _unsafe(
            LocalText(
                "模型「{model}」里没有 safetensors 权重。", "The model “{model}” has no safetensors weights."
            ),
            model=model,
        )


def _files(path: Path) -> list[str]:
    root = path.resolve()
    allowed = [root]
    if root.parent.name == "snapshots":  # the hub's own cache: files are links into the blobs beside it
        allowed.append(root.parent.parent / "blobs")
    names = []
    for entry in sorted(root.rglob("*")):
        name = entry.relative_to(root).as_posix()
        target = entry.resolve()
        if not any(target.is_relative_to(place) for place in allowed):
            raise _unsafe(
                LocalText(
                    "模型「{model}」里的 {file} 指向文件夹之外。",
                    "{file} in the model “{model}” points out of its folder.",
                ),
                model=path.name,
                file=name,
            )
        if target.is_file():
            names.append(name)
    return names


def _read_json(path: Path, name: str) -> Any:
    try:
        return json.loads((path / name).read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise ModelProblem(
            LocalText("模型「{model}」的 {file} 无法读取。", "{file} of the model “{model}” cannot be read."),
            LocalText("请重新取得这个模型。", "Get the model again."),
            model=path.name,
            file=name,
        ) from error


def _check_config(model: str, name: str, config: Any) -> None:
    if isinstance(config, dict) and config.get("auto_map"):
        raise _unsafe(
            LocalText(
                "模型「{model}」要求运行自带的代码（{file} 里的 auto_map）。",
                "The model “{model}” wants to run code of its own (auto_map in {file}).",
            ),
            model=model,
            file=name,
        )
    if PurePosixPath(name).name == "modules.json" and isinstance(config, list):
        for module in config:
            _check_module(model, module if isinstance(module, dict) else {})


def _check_module(model: str, module: dict[str, Any]) -> None:
    kind, where = str(module.get("type", "")), str(module.get("path", ""))
    if kind != USE_MODULE and not _LIBRARY_MODULE.fullmatch(kind):
        raise _unsafe(
            LocalText(
                "模型「{model}」含有自定义模块 {kind}。",
                "The model “{model}” has a module of its own: {kind}.",
            ),
            model=model,
            kind=kind or "?",
        )
    place = PurePosixPath(where.replace("\\", "/"))
    if place.is_absolute() or ".." in place.parts or ":" in where:
        raise _unsafe(
            LocalText(
                "模型「{model}」的模块路径 {file} 指向文件夹之外。",
                "A module path of the model “{model}” points out of its folder: {file}.",
            ),
            model=model,
            file=where,
        )


def _unsafe(message: LocalText, **values: Any) -> UnsafeModel:
    return UnsafeModel(message, _HINT, **values)
