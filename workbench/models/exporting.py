"""A model on its way out of the house: an ordinary folder, or one zip file."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path

from workbench.errors import InputError
from workbench.localtext import LocalText
from workbench.storage.artifacts import MANIFEST, staged_folder


def export_folder(source: Path, folder: Path) -> Path:
    """Copy the model in ``source`` to ``folder``, which must be new or empty.

    Raises:
        InputError: the folder holds something.
        StorageProblem: the disk is full.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            LocalText("文件夹「{folder}」不是空的。", "The folder “{folder}” is not empty."),
            LocalText("请给出一个新的文件夹。", "Name a new folder."),
            folder=folder,
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(
            LocalText("「{folder}」不能作为文件夹。", "“{folder}” cannot be a folder."),
            LocalText("请给出一个新的文件夹。", "Name a new folder."),
            folder=folder,
        ) from error
    if folder.exists():
        folder.rmdir()
    size = sum(path.stat().st_size for path in source.rglob("*") if path.is_file())
    with staged_folder(folder, needs_bytes=size // 2) as out:
        for path in sorted(source.rglob("*")):
            if path.is_file() and path.name != MANIFEST:
                target = out / path.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    return folder


def export_zip(source: Path, name: str) -> Path:
    """The model as one zip file (stored, since weights do not compress) in a new temporary folder."""
    safe = "".join(c if c.isalnum() or c in "-_" else "-" for c in name)[:60] or "model"
    # In the system's temporary folder: the page may hand out files from there, not from the home folder.
    target = Path(tempfile.mkdtemp(prefix="workbench-export-")) / f"{safe}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(source.rglob("*")):
            if path.is_file() and path.name != MANIFEST:
                archive.write(path, Path(safe) / path.relative_to(source))
    return target
