"""Artefacts on disk: a folder appears whole or not at all, and its manifest says what is in it."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench.errors import StorageProblem, WorkbenchError
from workbench.localtext import LocalText

MANIFEST = "manifest.json"
STAGING_PREFIX = ".staging-"
_DISK = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES))
_NATIVE = re.compile(r"\(os error (\d+)\)")  # how libraries that are not written in Python name an errno


@contextmanager
def staged_folder(
    final: Path, *, needs_bytes: int = 0, extra: dict[str, Any] | None = None
) -> Iterator[Path]:
    """A new folder to fill; renamed to ``final`` when the block ends well, removed when it does not.

    Files are flushed to disk, then ``manifest.json`` (sha256 and size of each, and ``extra``) is
    written last, then the folder is renamed: whoever sees ``final`` sees all of it.

    Raises:
        StorageProblem: less than three times ``needs_bytes`` is free, or the disk is full or cannot be
            written to. Whatever else goes wrong in the block is passed on as it is.
    """
    staging = final.parent / f"{STAGING_PREFIX}{uuid.uuid4().hex}"
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        ensure_room(final.parent, 3 * needs_bytes)
        staging.mkdir()
        yield staging
        files = {str(p.relative_to(staging).as_posix()): _fingerprint_file(p) for p in _files(staging)}
        manifest = {**(extra or {}), "files": files}
        _write_synced(staging / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1).encode())
        if final.exists():
            shutil.rmtree(final)
        staging.rename(final)
        sync_folder(final.parent)
    except Exception as error:
        code = _disk_error(error)
        if code is None:
            raise
        raise StorageProblem(
            LocalText("没能写入磁盘：{why}。", "Could not write to the disk: {why}."),
            LocalText(
                "请腾出空间后重试；已有的数据没有改变。",
                "Free some space and try again; nothing else was changed.",
            ),
            why=os.strerror(code),
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _disk_error(error: Exception) -> int | None:
    """The errno of an error that is the disk's fault; safetensors wraps its own in another class."""
    if isinstance(error, WorkbenchError):
        return None
    found = _NATIVE.search(str(error))
    code = error.errno if isinstance(error, OSError) else int(found.group(1)) if found else None
    return code if code in _DISK else None


def manifest_of(folder: Path) -> dict[str, Any] | None:
    """The manifest of a whole artefact, or None where it is missing or a listed file is."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
        whole = all(
            (folder / name).stat().st_size == entry["size"] for name, entry in manifest["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # whatever a damaged file may hold
        return None
    return manifest if whole else None


def is_intact(folder: Path) -> bool:
    """Whether every file that the manifest lists has the content that it had when it was written."""
    manifest = manifest_of(folder)
    return manifest is not None and all(
        _digest(folder / name) == entry["sha256"] for name, entry in manifest["files"].items()
    )


def staging_under(parent: Path) -> list[Path]:
    """What is being written anywhere under ``parent``, or was when its writer died."""
    return sorted(parent.rglob(f"{STAGING_PREFIX}*")) if parent.is_dir() else []


def remove_staging(parent: Path) -> list[str]:
    """Remove what a crash left half written anywhere under ``parent``; the names removed."""
    found = staging_under(parent)
    for path in found:
        shutil.rmtree(path, ignore_errors=True)
    return [path.name for path in found]


def ensure_room(folder: Path, needed: int) -> None:
    """Raise StorageProblem when the disk that holds ``folder`` has fewer than ``needed`` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageProblem(
            LocalText(
                "磁盘空间不够：需要 {need} MB，只剩 {free} MB。",
                "Not enough disk space: {need} MB are needed, {free} MB are free.",
            ),
            LocalText("请腾出空间后重试。", "Free some space and try again."),
            need=needed // 2**20,
            free=free // 2**20,
        )


def bytes_under(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; a file with several names counts once."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for each in [path, *(path.rglob("*") if path.is_dir() else ())]:
        try:
            state = each.lstat()
        except OSError:
            continue
        if not each.is_dir() and (state.st_dev, state.st_ino) not in seen:
            seen.add((state.st_dev, state.st_ino))
            total += state.st_size
    return total


def free_path(wanted: Path) -> Path:
    """``wanted``, with a number behind its name where that is taken."""
    found, number = wanted, 2
    while found.exists():
        found = wanted.with_name(f"{wanted.name}-{number}")
        number += 1
    return found


def link_or_copy(source: Path, target: Path) -> None:
    """Give ``target`` the content of ``source`` without using disk where the file system can share it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)


def _fingerprint_file(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with path.open(
        "rb+" if os.name == "nt" else "rb"
    ) as handle:  # only Windows must write to be able to flush
        while block := handle.read(1 << 20):
            digest.update(block)
        os.fsync(handle.fileno())
    return {"sha256": digest.hexdigest(), "size": path.stat().st_size}


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())


def sync_folder(folder: Path) -> None:
    """Flush what a folder lists: a rename in it survives a power cut."""
    if os.name != "posix":  # Windows cannot open a folder, and needs no such flush
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
