"""The base models that come with the workbench, and how any model gets onto this machine."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import ModelProblem, ModelUnavailable, NotFound
from workbench.localtext import LocalText
from workbench.models.base_model import BaseModelSpec, Bundle
from workbench.settings import Settings

if TYPE_CHECKING:
    from filelock import FileLock

Progress = Callable[[float, LocalText], None]

_FORMAT = 1  # raise it when a conversion writes something else than before
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")


def _bundled() -> tuple[BaseModelSpec, ...]:
    """The spec of every ``bundled_*.py`` beside this file, by name: a base model is found by being there."""
    import workbench.models as package

    names = [found.name for found in pkgutil.iter_modules(package.__path__)]
    modules = [importlib.import_module(f"{package.__name__}.{n}") for n in names if n.startswith("bundled_")]
    return tuple(module.SPEC for module in modules)


CATALOGUE: tuple[BaseModelSpec, ...] = _bundled()


def spec_of(model_id: str) -> BaseModelSpec | None:
    """The spec of that id, or None."""
    return next((spec for spec in CATALOGUE if spec.id == model_id), None)


def default_spec() -> BaseModelSpec:
    """The model to start from: the bilingual one, or where its package does not exist, the fast one."""
    preferred = next(spec for spec in CATALOGUE if spec.default)
    if source_folder(preferred) is not None:
        return preferred
    return next(spec for spec in CATALOGUE if spec.id == "use")


def fallback_note() -> LocalText | None:
    """A sentence for the person when the default is not the one it should be; else None."""
    preferred, given = next(spec for spec in CATALOGUE if spec.default), default_spec()
    if given == preferred:
        return None
    return LocalText(
        "这台机器上没有「{missing}」（它的 {package} 包只有 Linux x86-64 版），改用「{given}」作为默认模型。",
        "“{missing}” does not exist on this machine (its package {package} is made for Linux x86-64 only); "
        "“{given}” is the default instead.",
    ).format(missing=preferred.title, package=preferred.package, given=given.title)


def source_folder(spec: BaseModelSpec) -> Path | None:
    """The folder of the installed package that holds the model's files, or None. Imports nothing of it."""
    if spec.bundle is None:
        return None
    found = importlib.util.find_spec(spec.bundle.module)
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / spec.bundle.folder
    return folder if all((folder / name).is_file() for name, _ in spec.bundle.files) else None


def folder_of(spec: BaseModelSpec, settings: Settings) -> Path:
    """Where the unpacked model is, or will be."""
    files = spec.bundle.files if spec.bundle else ()
    content = hashlib.sha256(repr((_FORMAT, files)).encode()).hexdigest()
    return settings.models_path / f"{spec.id}-{content[:12]}"


def is_ready(spec: BaseModelSpec, settings: Settings) -> bool:
    """Whether the model is unpacked and whole."""
    from workbench.storage.artifacts import manifest_of

    return manifest_of(folder_of(spec, settings)) is not None


def prepare(model: str, settings: Settings, progress: Progress | None = None) -> Path:
    """The folder of a model that can be loaded: unpacked, checked or fetched where that has to be done.

    ``model`` is an id of the catalogue, a local folder, or a name on the model hub. ``progress`` is told the
    share done, 0..1, and what is being done.

    Raises:
        ModelUnavailable: it is not on this machine and cannot be fetched.
        UnsafeModel: it holds code or only pickled weights.
        ModelProblem: its package's file is damaged, or the folder holds no model.
        NotFound: no model, and no name of one.
    """
    from workbench.models.hub import fetch

    tell = progress or (lambda share, text: None)
    check_name(model)
    spec = spec_of(model)
    if spec is not None:
        return _prepare_bundled(spec, settings, tell)
    return as_folder(model) or fetch(model.strip(), settings, tell)


def check_name(model: str) -> None:
    """Whether ``model`` is an id of the catalogue, a folder that may be loaded, or could be a hub's name.

    Raises:
        UnsafeModel, ModelProblem: see :func:`workbench.models.safety.check_folder`.
        NotFound: it is none of them.
    """
    from workbench.models.safety import check_folder

    if spec_of(model) is not None:
        return
    folder = as_folder(model)
    if folder is not None:
        check_folder(folder)
    elif not _HUB_NAME.fullmatch(model.strip()):
        raise NotFound(
            LocalText("没有名为「{model}」的模型或文件夹。", "There is no model or folder “{model}”."),
            LocalText(
                "自带的模型有 {bundled}；也可以填写模型文件夹的路径，或 BAAI/bge-m3 这样的模型名。",
                "The bundled models are {bundled}; a folder's path will do too, or a hub name such as "
                "BAAI/bge-m3.",
            ),
            model=model,
            bundled=bundled_names(),
        )


def bundled_names() -> str:
    """The ids of the models that work offline, for a sentence."""
    return ", ".join(f"“{spec.id}”" for spec in CATALOGUE if source_folder(spec) is not None)


def as_folder(model: str) -> Path | None:
    """The absolute path of an existing folder that ``model`` names, or None."""
    try:
        path = Path(model.strip()).expanduser()
        return path.resolve() if model.strip() and path.is_dir() else None
    except (OSError, ValueError, RuntimeError):  # a name that no path can have
        return None


def unpacking(settings: Settings, timeout: float = -1) -> FileLock:
    """The lock that whoever puts a model into ``models/`` holds; waits at most ``timeout`` seconds."""
    from filelock import FileLock

    settings.models_path.mkdir(parents=True, exist_ok=True)
    return FileLock(settings.models_path / ".unpack.lock", timeout=timeout)


def _prepare_bundled(spec: BaseModelSpec, settings: Settings, tell: Progress) -> Path:
    from workbench.storage.artifacts import remove_staging, staged_folder

    folder = folder_of(spec, settings)
    if is_ready(spec, settings):
        return folder
    source = source_folder(spec)
    if spec.bundle is None or source is None:
        raise ModelUnavailable(
            LocalText(
                "模型「{title}」由 Python 包 {package} 提供，这台机器上没有安装它。",
                "The model “{title}” comes with the Python package {package}, which is not on this machine.",
            ),
            LocalText("请改用 {bundled}。", "Use {bundled} instead."),
            title=spec.title,
            package=spec.package,
            bundled=bundled_names() or "-",
        )
    words = LocalText("正在解开模型「{title}」", "Unpacking the model “{title}”").format(title=spec.title)
    tell(0.0, words)
    with unpacking(settings):
        if is_ready(spec, settings):  # another process was first
            return folder
        remove_staging(settings.models_path)
        _verify(spec, spec.bundle, source)
        tell(0.1, words)
        converter = importlib.import_module(spec.bundle.converter)
        with staged_folder(folder, needs_bytes=spec.size_bytes, extra={"model": spec.id}) as staging:
            converter.convert(source, staging, lambda share: tell(0.1 + 0.8 * share, words))
    tell(1.0, words)
    return folder


def _verify(spec: BaseModelSpec, bundle: Bundle, source: Path) -> None:
    from workbench.models.loading import hash_file

    for name, expected in bundle.files:
        if hash_file(source / name) != expected:
            raise ModelProblem(
                LocalText(
                    "模型「{title}」的文件 {file} 已损坏或版本不同：校验和不符。",
                    "The file {file} of the model “{title}” is damaged or of another version: its checksum "
                    "differs.",
                ),
                LocalText(
                    "请重新安装 Python 包 {package}（pip install --force-reinstall -r requirements.txt）。",
                    "Install the Python package {package} again "
                    "(pip install --force-reinstall -r requirements.txt).",
                ),
                title=spec.title,
                file=name,
                package=spec.package,
            )
