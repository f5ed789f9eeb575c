"""Backups: the home folder as one ZIP file, written while the workbench and its runs go on.

The way of the data:

1. *Pinning.* What is whole on disk (models of runs with their manifests, checkpoints of runs that can be
   resumed, imported and fetched models) is linked into ``home/.backup-<pid>-<id>/``. Artefacts never change
   once they are whole, so a link keeps what was there although the run goes on, or is deleted, meanwhile.
2. *Database.* It is copied there by SQLite's backup interface within one read transaction; in the copy,
   what is under way becomes ``interrupted``: its process will never work on the copy. Then what became
   whole since is pinned as well. So every row that says "complete" has its model.
3. *Writing.* Each file goes into ``.<name>.staging-<id>`` beside the target, its sha256 taken on the way.
   ``backup.json`` comes last: kind, format, time, scope, schema (names of migrations), and for each file
   its size and sha256. Flushed, then renamed: whoever sees the target sees all of it.

Members: ``workbench.db``, ``runs/<id>/…``, ``vectors/…``, ``models/…``, ``cache/…``, ``backup.json``. Not in
it: base models that come with a Python package (they are unpacked again), logs of the program, uploads,
passwords (the ``--auth-file``) and keys of language models, which are held in memory alone.

``services.restoring`` reads it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import psutil

from workbench.errors import BadParameter, InputError, StorageProblem
from workbench.localtext import LocalText
from workbench.models.catalogue import CATALOGUE
from workbench.services.slow_figure import SlowFigure
from workbench.settings import Settings
from workbench.storage.artifacts import (
    MANIFEST,
    STAGING_PREFIX,
    ensure_room,
    is_intact,
    link_or_copy,
    manifest_of,
    sync_folder,
)
from workbench.storage.runs import RESUMABLE, RunStore
from workbench.storage.snapshot import copy_database, known_schema, put_to_rest
from workbench.types import FINAL_STATES, Run

Progress = Callable[[float, LocalText], None]
Scope = Literal["everything", "without-models", "with-caches"]
KIND, FORMAT, CONTENTS = "synonym-workbench-backup", 1, "backup.json"
DATABASE = "workbench.db"
PIN_PREFIX = ".backup-"
_BLOCK = 1 << 20
_DENSE = frozenset((".db", ".json", ".txt", ".md", ".yaml"))  # of what is worth compressing
_COPYING = LocalText("正在复制数据库", "Copying the database")
_WRITING = LocalText("正在写入 {file}", "Writing {file}")


@dataclass(frozen=True)
class BackupInfo:
    """A backup that was written. Sizes in bytes; ``runs`` counts those that were under way."""

    file: Path
    scope: Scope
    size: int
    files: int
    unpacked: int
    runs: int
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "file": str(self.file),
            "scope": self.scope,
            "size": self.size,
            "files": self.files,
            "unpacked": self.unpacked,
            "runs_under_way": self.runs,
            "seconds": round(self.seconds, 2),
        }


class Backups:
    """Makes backups of one home folder that is open."""

    def __init__(self, settings: Settings, runs: RunStore) -> None:
        self._settings = settings
        self._runs = runs
        self._sizes = SlowFigure(self._count_sizes)

    def sizes(self) -> dict[str, int]:
        """About how many bytes a backup of each scope held a while ago, before it is packed."""
        return self._sizes.get()

    def _count_sizes(self) -> dict[str, int]:
        path = self._settings.database_path
        small = sum(each.stat().st_size for each in (path, Path(f"{path}-wal")) if each.exists())
        models = sum(
            _size(path) for path, _ in self._artefacts(lambda folder: manifest_of(folder) is not None)
        )
        caches = sum(_size(path) for path, _ in self._caches())
        return {
            "everything": small + models,
            "without-models": small,
            "with-caches": small + models + caches,
        }

    def write(
        self,
        file: Path,
        *,
        scope: Scope = "everything",
        replace: bool = False,
        progress: Progress | None = None,
    ) -> BackupInfo:
        """Write a backup to ``file``; ``replace`` an earlier one of that name, once the new one is whole.

        Raises:
            InputError: the file is there, or its folder is not.
            BadParameter: no such scope.
            StorageProblem: too little room, or the disk refuses. Nothing is left of it then.
        """
        if scope not in get_args(Scope):
            raise BadParameter(
                LocalText("没有「{scope}」这种备份。", "There is no backup of the kind “{scope}”."),
                LocalText("可选：{known}。", "There are: {known}."),
                scope=scope,
                known=", ".join(get_args(Scope)),
            )
        _check_target(file, replace)
        began = time.monotonic()
        needed = self._sizes.now()
        ensure_room(file.parent, needed[scope])
        ensure_room(self._settings.home, 2 * needed["without-models"])
        staging = file.with_name(f".{file.name}{STAGING_PREFIX}{uuid.uuid4().hex}")
        tell = progress or (lambda _share, _text: None)
        try:
            with self._pinned(scope, tell) as (pin, interrupted):
                files = _write_zip(staging, pin, scope, lambda share, text: tell(0.1 + 0.9 * share, text))
            staging.replace(file)
            sync_folder(file.parent)
        except OSError as error:
            raise StorageProblem(
                LocalText("备份没有写成：{why}。", "The backup was not written: {why}."),
                LocalText(
                    "请检查磁盘空间和文件夹权限，再试一次。", "Check the disk and the folder, and try again."
                ),
                why=error.strerror or str(error),
            ) from error
        finally:
            staging.unlink(missing_ok=True)
        tell(1.0, LocalText("备份完成", "The backup is done"))
        unpacked = sum(entry["size"] for entry in files.values())
        return BackupInfo(
            file, scope, file.stat().st_size, len(files), unpacked, interrupted, time.monotonic() - began
        )

    # -- what goes into it ------------------------------------------------------------------------

    @contextmanager
    def _pinned(self, scope: Scope, tell: Progress) -> Iterator[tuple[Path, int]]:
        """A folder with all that is to be written, as of one moment; and how many runs were under way."""
        me = psutil.Process()
        pin = self._settings.home / f"{PIN_PREFIX}{me.pid}-{me.create_time():.0f}-{uuid.uuid4().hex[:8]}"
        pin.mkdir()
        try:
            if scope != "without-models":
                self._link(pin)
            copy = pin / DATABASE
            copy_database(self._settings.database_path, copy, lambda share: tell(0.1 * share, _COPYING))
            interrupted = put_to_rest(copy)
            if scope != "without-models":
                self._link(pin)  # a run may have ended while the database was copied
            if scope == "with-caches":
                self._copy_caches(pin)
            yield pin, interrupted
        finally:
            shutil.rmtree(pin, ignore_errors=True)

    def _link(self, pin: Path) -> None:
        for source, name in self._artefacts(is_intact):
            target = pin / name
            try:
                if not target.exists():
                    link_or_copy(source, target)
            except FileNotFoundError:  # it was removed between the look and the link: not pinned, not listed
                continue
        for folder in list(pin.glob("*/**")):
            manifest = folder / MANIFEST
            if manifest.exists() and manifest_of(folder) is None:  # a part of it was gone already
                shutil.rmtree(folder)

    def _artefacts(self, usable: Callable[[Path], bool]) -> Iterator[tuple[Path, Path]]:
        """Every file that belongs to a whole artefact, and its name in the backup.

        Of the checkpoints of a stage that is the newest that is ``usable``.
        """
        home = self._settings.home
        for run in self._runs.all(1_000_000):
            folder = self._settings.runs_path / run.id
            for artefact in _whole_folders(folder, run, usable):
                yield from _files_of(artefact, home)
            if (folder / "log.txt").exists():
                yield folder / "log.txt", (folder / "log.txt").relative_to(home)
        bundled = {spec.id for spec in CATALOGUE if spec.bundle is not None}
        for parent in (home / "vectors", self._settings.models_path):
            for artefact in sorted(parent.glob("*")) if parent.is_dir() else ():
                manifest = manifest_of(artefact)
                if manifest is not None and manifest.get("model") not in bundled:
                    yield from _files_of(artefact, home)

    def _caches(self) -> Iterator[tuple[Path, Path]]:
        cache, home = self._settings.cache_path, self._settings.home
        for path in sorted(cache.glob("vectors/*.db")) + sorted(cache.glob("maps/*.npz")):
            if not path.name.endswith(".staging.npz"):
                yield path, path.relative_to(home)
        for folder in sorted(cache.glob("indexes/*")):
            if manifest_of(folder) is not None:
                yield from _files_of(folder, home)

    def _copy_caches(self, pin: Path) -> None:
        for source, name in self._caches():
            target = pin / name
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                if source.suffix == ".db":
                    copy_database(source, target)
                else:
                    link_or_copy(source, target)
            except (OSError, StorageProblem):  # it can be computed again
                target.unlink(missing_ok=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # it was removed meanwhile
        return 0


def _whole_folders(folder: Path, run: Run, usable: Callable[[Path], bool]) -> Iterator[Path]:
    for artefact in (folder / "model", *sorted(folder.glob("stage-*"))):
        if manifest_of(artefact) is not None:
            yield artefact
    if run.state in RESUMABLE or run.state not in FINAL_STATES:
        for stage in sorted(folder.glob("checkpoints/stage-*")):
            newest = next((each for each in sorted(stage.glob("step-*"), reverse=True) if usable(each)), None)
            if newest is not None:
                yield newest


def _files_of(artefact: Path, home: Path) -> Iterator[tuple[Path, Path]]:
    manifest = manifest_of(artefact)
    for name in (*manifest["files"], MANIFEST) if manifest else ():
        yield artefact / name, (artefact / name).relative_to(home)


def is_pin_of_the_living(folder: Path) -> bool:
    """Whether the process that made a pinning folder is still at work."""
    try:
        pid, started, _ = folder.name.removeprefix(PIN_PREFIX).split("-")
        return bool(abs(psutil.Process(int(pid)).create_time() - float(started)) < 2.0)
    except (ValueError, psutil.Error):
        return False


# -- the file -------------------------------------------------------------------------------------


def _check_target(file: Path, replace: bool) -> None:
    if file.is_dir() or (file.exists() and not replace):
        raise InputError(
            LocalText("「{file}」已经存在。", "“{file}” is there already."),
            LocalText(
                "请换一个名字；或用 --replace，新的备份写完整之后才取代旧的。",
                "Choose another name, or add --replace: the old one goes once the new one is whole.",
            ),
            file=file,
        )
    if not file.parent.is_dir():
        raise InputError(
            LocalText("没有文件夹「{folder}」。", "There is no folder “{folder}”."),
            LocalText("请先建立它，或换一个地方。", "Make it first, or name another place."),
            folder=file.parent,
        )
    for stale in file.parent.glob(f".{file.name}{STAGING_PREFIX}*"):  # of a backup that was cut off
        if time.time() - stale.stat().st_mtime > 3600:
            stale.unlink(missing_ok=True)


def _write_zip(staging: Path, pin: Path, scope: Scope, tell: Progress) -> dict[str, dict[str, Any]]:
    """Write everything under ``pin``; size and sha256 of each member."""
    paths = sorted(path for path in pin.rglob("*") if path.is_file())
    paths.sort(key=lambda path: path.name != DATABASE)
    total = sum(path.stat().st_size for path in paths) or 1
    files: dict[str, dict[str, Any]] = {}
    done = 0
    descriptor = os.open(staging, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "w+b") as raw:
        with zipfile.ZipFile(raw, "w", allowZip64=True) as archive:
            for path in paths:
                name = path.relative_to(pin).as_posix()
                words = _WRITING.format(file=name)
                tell(done / total, words)
                digest = hashlib.sha256()
                size = 0
                with path.open("rb") as source, archive.open(_member(name), "w", force_zip64=True) as target:
                    while block := source.read(_BLOCK):
                        target.write(block)
                        digest.update(block)
                        size += len(block)
                        tell(min(1.0, (done + size) / total), words)
                done += size
                files[name] = {"size": size, "sha256": digest.hexdigest()}
            archive.writestr(_member(CONTENTS), json.dumps(_contents(scope, files), indent=1))
        raw.flush()
        os.fsync(raw.fileno())
    return files


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, time.localtime()[:6])
    info.compress_type = zipfile.ZIP_DEFLATED if Path(name).suffix in _DENSE else zipfile.ZIP_STORED
    info.external_attr = 0o600 << 16
    return info


def _contents(scope: Scope, files: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "kind": KIND,
        "format": FORMAT,
        "created_at": time.time(),
        "scope": scope,
        "schema": known_schema(),
        "files": files,
    }
