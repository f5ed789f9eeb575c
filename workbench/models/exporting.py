"""A model on its way out of the house: an ordinary folder, or one zip file."""

from __future__ import annotations

import shutil
import uuid
import zipfile
from pathlib import Path

from workbench.errors import InputError
from workbench.localtext import LocalText
from workbench.models.reranking import RERANKER, Reranker
from workbench.storage.artifacts import MANIFEST, ensure_room, staged_folder

EXPORT_PREFIX = "export-"
_README = "README.md"


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
    readme = _readme(source)
    with staged_folder(folder, needs_bytes=size // 2) as out:
        for path in sorted(source.rglob("*")):
            if path.is_file() and path.name != MANIFEST:
                target = out / path.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        if readme:
            (out / _README).write_text(readme, encoding="utf-8")
    return folder


def export_zip(source: Path, name: str, within: Path) -> Path:
    """The model as one zip file (stored: weights do not compress) in a new folder ``within/export-<id>``.

    Raises:
        StorageProblem: the disk is full. Nothing is left then.
    """
    safe = "".join(c if c.isalnum() or c in "-_" else "-" for c in name)[:60] or "model"
    within.mkdir(parents=True, exist_ok=True)
    ensure_room(within, sum(path.stat().st_size for path in source.rglob("*") if path.is_file()))
    target = within / f"{EXPORT_PREFIX}{uuid.uuid4().hex}" / f"{safe}.zip"
    target.parent.mkdir(mode=0o700)
    try:
        _pack(source, target)
    except BaseException:
        shutil.rmtree(target.parent, ignore_errors=True)
        raise
    return target


def _pack(source: Path, target: Path) -> None:
    safe = target.stem
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        readme = _readme(source)
        for path in sorted(source.rglob("*")):
            rewritten = readme is not None and path == source / _README
            if path.is_file() and path.name != MANIFEST and not rewritten:
                archive.write(path, Path(safe) / path.relative_to(source))
        if readme:
            archive.writestr(str(Path(safe) / _README), readme)


def _readme(source: Path) -> str | None:
    """What the model's README is to say where a cross-encoder lies beside the model; else None."""
    if not (source / RERANKER).is_dir():
        return None
    reranker = Reranker(source / RERANKER)
    own = source / _README
    before = own.read_text(encoding="utf-8").rstrip() + "\n\n" if own.exists() else ""
    return before + _ABOUT_RERANKER.format(
        folder=RERANKER, depth=reranker.depth, share=f"{100 * reranker.blend:.0f}"
    )


_ABOUT_RERANKER = """\
## {folder}/

A cross-encoder, trained from the same dictionary: `CrossEncoder("{folder}").predict([(term, found), ...])`
gives the probability that two terms mean the same. As chosen on development terms, it looks again at the best
{depth} that the embedding model finds and counts {share} % there (0 %: it did not help, leave it out).

同一部词典训练的重排模型：`CrossEncoder("{folder}").predict([(词, 找到的词), ...])` 给出两个词同义的概率。
按开发集选定：重看向量找到的前 {depth} 个，重排占 {share}%（0% 表示没有帮助，不要使用）。
"""
