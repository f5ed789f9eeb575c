"""Fetches a model from the model hub, safetensors only, and only when a person names one."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from workbench.errors import ModelUnavailable
from workbench.localtext import LocalText
from workbench.models.safety import check_folder, check_names
from workbench.settings import Settings
from workbench.storage.artifacts import ensure_room, manifest_of, staged_folder

Progress = Callable[[float, LocalText], None]

WANTED = ("*.safetensors", "*.json", "*.txt", "*.model", "*.spm", "README.md")
UNWANTED = ("onnx/*", "openvino/*", "*/onnx/*")
_SECONDS = 10.0  # to answer the first question, before the hub counts as out of reach


def fetch(name: str, settings: Settings, tell: Progress) -> Path:
    """The folder of the hub's model ``name``; what was fetched once is not asked for again.

    Raises:
        ModelUnavailable: the hub cannot be reached, or has no such model.
        UnsafeModel: the model brings code, or has pickled weights alone.
    """
    from filelock import FileLock

    folder = folder_of(name, settings)
    if manifest_of(folder) is not None:
        return folder
    text = LocalText("正在下载模型 {name}", "Downloading the model {name}").format(name=name)
    tell(0.0, text)
    settings.models_path.mkdir(parents=True, exist_ok=True)
    partial = settings.models_path / f".download-{folder.name}"
    with FileLock(settings.models_path / f".{folder.name}.lock"):
        if manifest_of(folder) is not None:
            return folder
        _download(name, partial, tell, text)
        check_folder(partial)
        with FileLock(settings.models_path / ".unpack.lock"), staged_folder(folder) as staging:
            for source in sorted(partial.iterdir()):
                if not source.name.startswith("."):  # the hub client keeps its own notes in .cache
                    shutil.move(source, staging / source.name)
        shutil.rmtree(partial, ignore_errors=True)
    tell(1.0, text)
    return folder


def folder_of(name: str, settings: Settings) -> Path:
    """Where the model of that name is, or will be."""
    readable = re.sub(r"[^A-Za-z0-9.-]+", "--", name)
    return settings.models_path / f"hub-{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _download(name: str, partial: Path, tell: Progress, text: LocalText) -> None:
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import RepositoryNotFoundError
    from huggingface_hub.utils import filter_repo_objects

    try:
        files = HfApi().model_info(name, files_metadata=True, timeout=_SECONDS).siblings or []
    except RepositoryNotFoundError as error:  # a gated or private one answers in the same way
        raise ModelUnavailable(
            LocalText("模型网站上没有公开的模型「{name}」。", "The model hub has no public model “{name}”."),
            _offline_hint(),
            name=name,
        ) from error
    except Exception as error:  # no route, no name server, a proxy's page, offline mode: all the same here
        raise _unreachable(name) from error
    check_names(name, [file.rfilename for file in files])
    names = [file.rfilename for file in files]
    wanted = set(filter_repo_objects(names, allow_patterns=list(WANTED), ignore_patterns=list(UNWANTED)))
    partial.parent.mkdir(parents=True, exist_ok=True)
    ensure_room(partial.parent, 2 * sum(file.size or 0 for file in files if file.rfilename in wanted))
    tell(0.05, text)
    try:
        snapshot_download(
            name, local_dir=partial, allow_patterns=list(WANTED), ignore_patterns=list(UNWANTED)
        )
    except Exception as error:  # the connection broke; what has arrived is kept for the next attempt
        raise _unreachable(name) from error


def _unreachable(name: str) -> ModelUnavailable:
    return ModelUnavailable(
        LocalText(
            "模型「{name}」不在这台机器上，现在也连不上模型网站（离线）。",
            "The model “{name}” is not on this machine, and the model hub cannot be reached (offline).",
        ),
        _offline_hint(),
        name=name,
    )


def _offline_hint() -> LocalText:
    from workbench.models.catalogue import bundled_names

    return LocalText(
        "请检查模型名和网络；自带的模型 {bundled} 离线可用，也可以填写本机上模型文件夹的路径。",
        "Check the name and the network; the bundled models {bundled} work offline, and so does the path of "
        "a model folder on this machine.",
    ).format(bundled=bundled_names())
