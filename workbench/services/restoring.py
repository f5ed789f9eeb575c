"""Restoring a backup into a home folder that nobody uses.

The way of the data: the file's own list (``backup.json``) is read and held against what the ZIP holds; the
schema is held against what this program knows; room on the disk is asked for; every file is unpacked into
a staging folder beside the home, its size and sha256 compared on the way; there the database is examined,
migrated where it is older, and what was under way is ended. Only then is the home folder touched: an old
one is renamed (never deleted), the new one takes its place. Whatever fails before leaves all as it was.

Nothing of the file is trusted: members go by the list, names that lead out of the home are refused, and no
member may hold a byte more than the list says.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import time
import uuid
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from workbench.errors import FileProblem, InputError, StorageProblem
from workbench.localtext import LocalText
from workbench.services.backup import CONTENTS, DATABASE, FORMAT, KIND
from workbench.settings import Settings, size_text
from workbench.storage.artifacts import ensure_room, free_path, sync_folder
from workbench.storage.database import Database
from workbench.storage.snapshot import damages, known_schema, put_to_rest, refuse_in_use, schema_of

Progress = Callable[[float, LocalText], None]
PLACES = frozenset(("runs", "vectors", "models", "cache"))
LOGS = frozenset(("workbench.log", "worker.log"))  # a home with nothing else is as good as empty
LONGEST_LIST = 64 * 2**20  # bytes of backup.json
LARGEST_RATIO = 100  # times that a file may grow; a real one grows two to ten times
_BLOCK = 1 << 20
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# what the library raises for a ZIP that is damaged where it says what is in it
_DAMAGED_ZIP = (
    zipfile.BadZipFile,
    RuntimeError,
    EOFError,
    ValueError,
    OverflowError,
    struct.error,
    zlib.error,
)
_READING = LocalText("正在核对并解开 {file}", "Checking and unpacking {file}")
_DAMAGED_HINT = LocalText(
    "请用另一份备份，或把文件重新复制一次。什么都没有改动。",
    "Use another backup, or copy the file once more. Nothing was changed.",
)
_NO_BACKUP = LocalText("「{file}」不是本程序的备份。", "“{file}” is no backup of this program.")
_NO_BACKUP_HINT = LocalText(
    "请选择由 backup 命令或「备份」按钮写出的 ZIP 文件。什么都没有改动。",
    "Choose a ZIP file that the command backup, or the button, has written. Nothing was changed.",
)
_DAMAGED = LocalText("备份里的 {name} 已损坏：{why}。", "{name} in the backup is damaged: {why}.")
_CUT = LocalText("ZIP 不完整", "the ZIP is not whole")
_SIZE = LocalText("大小与清单不符", "its size is not that of the list")
_CONTENT = LocalText("内容与清单不符", "its content is not that of the list")


@dataclass(frozen=True)
class Restored:
    """What was restored: where, of when (seconds since the epoch), and where the old home is now."""

    home: Path
    created_at: float
    scope: str
    files: int
    size: int
    previous: Path | None
    migrated: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "home": str(self.home),
            "created_at": self.created_at,
            "scope": self.scope,
            "files": self.files,
            "size": self.size,
            "previous": str(self.previous) if self.previous else None,
            "migrated": list(self.migrated),
        }


def restore(
    file: Path, settings: Settings, *, replace: bool = False, progress: Progress | None = None
) -> Restored:
    """Make the home folder of ``settings`` what a backup holds.

    Raises:
        FileProblem: no backup, damaged, or made to do harm.
        Conflict: the home is in use.
        InputError: the home holds something and ``replace`` is false, or it cannot be renamed.
        StorageProblem: a newer program wrote the backup, the disk is full or refuses.
    """
    home = settings.home
    tell = progress or (lambda _share, _text: None)
    _check_home(home, replace)
    refuse_in_use(settings.database_path)  # and once more when it counts
    try:
        with zipfile.ZipFile(file) as archive:
            contents = _contents(archive, file)
            migrated = _check_schema(contents, file)
            files: dict[str, dict[str, Any]] = contents["files"]
            total = sum(entry["size"] for entry in files.values())
            around = home if os.path.ismount(home) else home.parent
            around.mkdir(parents=True, exist_ok=True)
            ensure_room(around, total + 64 * 2**20)
            staging = around / f".{home.name}.restoring-{uuid.uuid4().hex[:12]}"
            try:
                _unpack(archive, files, staging, total, tell)
                _bring_up_to_date(staging / DATABASE, contents)
                previous = _take_the_place(staging, settings)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except _DAMAGED_ZIP as error:
        raise FileProblem(_NO_BACKUP, _NO_BACKUP_HINT, file=file.name) from error
    except OSError as error:
        raise StorageProblem(
            LocalText("恢复没有完成：{why}。", "The backup was not restored: {why}."),
            LocalText(
                "请检查文件、磁盘空间和权限；主目录没有改动。",
                "Check the file, the room on the disk and the rights; the home folder is as it was.",
            ),
            why=error.strerror or str(error),
        ) from error
    tell(1.0, LocalText("恢复完成", "Restored"))
    return Restored(
        home, float(contents["created_at"]), str(contents["scope"]), len(files), total, previous, migrated
    )


# -- looking at the file --------------------------------------------------------------------------


def _contents(archive: zipfile.ZipFile, file: Path) -> dict[str, Any]:
    """The list of a backup, once it agrees with the ZIP's own directory. Raises FileProblem."""
    members = archive.infolist()
    sizes = {info.filename: info.file_size for info in members}
    plain = all(info.compress_type in _PACKINGS and not info.flag_bits & 1 for info in members)
    if not plain or len(sizes) != len(members) or CONTENTS not in sizes or sizes[CONTENTS] > LONGEST_LIST:
        raise FileProblem(_NO_BACKUP, _NO_BACKUP_HINT, file=file.name)
    try:
        contents = json.loads(_read_small(archive, CONTENTS))
        listed = {str(name): int(entry["size"]) for name, entry in contents["files"].items()}
        known = contents["kind"] == KIND and isinstance(contents["format"], int)
        whole = all(len(entry["sha256"]) == 64 for entry in contents["files"].values())
        float(contents["created_at"]), [str(name) for name in contents["schema"]], str(contents["scope"])
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
        raise FileProblem(_NO_BACKUP, _NO_BACKUP_HINT, file=file.name) from error
    if not known or not whole or DATABASE not in listed:
        raise FileProblem(_NO_BACKUP, _NO_BACKUP_HINT, file=file.name)
    if contents["format"] > FORMAT:
        raise _newer(file)
    for name in sizes.keys() | listed.keys():
        if name != CONTENTS:
            _check_name(name)
            if sizes.get(name) != listed.get(name):
                raise FileProblem(_DAMAGED, _DAMAGED_HINT, name=name, why=_SIZE)
    packed = sum(info.compress_size for info in members) + 2**16
    if sum(listed.values()) > LARGEST_RATIO * packed:
        raise FileProblem(
            LocalText(
                "「{file}」解开后会有 {size}，是压缩后的 {times} 倍以上，已拒绝。",
                "“{file}” would unpack to {size}, more than {times} times its size, and was refused.",
            ),
            _NO_BACKUP_HINT,
            file=file.name,
            size=size_text(sum(listed.values())),
            times=LARGEST_RATIO,
        )
    return dict(contents)


def _read_small(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        return member.read(LONGEST_LIST + 1)


def _check_name(name: str) -> None:
    """Refuse a member that would lie anywhere but in a place of a home folder. Raises FileProblem."""
    path = PurePosixPath(name)
    plain = not set(name) & set('\\:\0<>|"?*') and name == str(path) and not path.is_absolute()
    inside = name == DATABASE or (len(path.parts) > 1 and path.parts[0] in PLACES)
    if not plain or not inside or ".." in path.parts:
        raise FileProblem(
            LocalText(
                "备份里有一个不该有的文件名：{name}。",
                "The backup holds a name that does not belong there: {name}.",
            ),
            LocalText(
                "这个文件可能被人改动过，请不要使用它。什么都没有改动。",
                "Somebody may have tampered with the file: do not use it. Nothing was changed.",
            ),
            name=name[:200].replace("\0", "?"),
        )


def _check_schema(contents: dict[str, Any], file: Path) -> tuple[str, ...]:
    """Which migrations an older backup still has to go through. Raises StorageProblem for a newer one."""
    known, written = known_schema(), set(contents["schema"])
    if written - set(known):
        raise _newer(file)
    return tuple(name for name in known if name not in written)


def _newer(file: Path) -> StorageProblem:
    return StorageProblem(
        LocalText(
            "备份「{file}」是由更新版本的程序写的。", "The backup “{file}” was written by a newer program."
        ),
        LocalText(
            "请先升级本程序，再恢复。什么都没有改动。",
            "Upgrade this program first, then restore. Nothing was changed.",
        ),
        file=file.name,
    )


# -- looking at the home --------------------------------------------------------------------------


def _check_home(home: Path, replace: bool) -> None:
    if home.exists() and not home.is_dir():
        raise InputError(
            LocalText("「{home}」不是文件夹。", "“{home}” is no folder."),
            LocalText("请用 --home 指定另一个。", "Name another with --home."),
            home=home,
        )
    if not replace and not _is_empty(home):
        raise InputError(
            LocalText("主目录 {home} 不是空的。", "The home folder {home} is not empty."),
            LocalText(
                "请用 --home 指定一个新文件夹；或加上 --replace：现在的会改名保留在旁边，不会删除。",
                "Name a new folder with --home; or add --replace: the present one is renamed and kept "
                "beside it, not deleted.",
            ),
            home=home,
        )


def _is_empty(home: Path) -> bool:
    return not home.exists() or all(path.name in LOGS for path in home.iterdir())


# -- unpacking ------------------------------------------------------------------------------------


def _unpack(
    archive: zipfile.ZipFile, files: dict[str, dict[str, Any]], staging: Path, total: int, tell: Progress
) -> None:
    done = 0
    staging.mkdir(mode=0o700)
    for name, entry in files.items():
        words = _READING.format(file=name)
        tell(0.95 * done / max(1, total), words)
        target = staging.joinpath(*PurePosixPath(name).parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        try:
            with archive.open(name) as member, target.open("xb") as out:
                while block := member.read(_BLOCK):
                    size += len(block)
                    if size > entry["size"]:
                        raise FileProblem(_DAMAGED, _DAMAGED_HINT, name=name, why=_SIZE)
                    out.write(block)
                    digest.update(block)
                    tell(0.95 * min(1.0, (done + size) / max(1, total)), words)
                out.flush()
                os.fsync(out.fileno())
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise FileProblem(_DAMAGED, _DAMAGED_HINT, name=name, why=_CUT) from error
        if size != entry["size"] or digest.hexdigest() != entry["sha256"]:
            raise FileProblem(_DAMAGED, _DAMAGED_HINT, name=name, why=_CONTENT)
        done += size


def _bring_up_to_date(database: Path, contents: dict[str, Any]) -> None:
    """Examine the unpacked database, migrate it, and end what was under way in it."""
    wrong = damages(database)
    if wrong or set(schema_of(database)) != set(contents["schema"]):
        why = wrong[0] if wrong else _CONTENT
        raise FileProblem(_DAMAGED, _DAMAGED_HINT, name=DATABASE, why=why)
    Database(database).close()  # migrates
    put_to_rest(database)


def _take_the_place(staging: Path, settings: Settings) -> Path | None:
    """Put the staging folder where the home is. What was there is renamed; its new path, if there was any."""
    home = settings.home
    refuse_in_use(settings.database_path)
    if staging.parent == home:  # a mount point can be neither renamed nor removed
        return _fill_mount(staging, home)
    if _is_empty(home):
        if home.exists():
            for path in home.iterdir():
                path.replace(staging / path.name)
            home.rmdir()
        staging.rename(home)
        sync_folder(home.parent)
        return None
    previous = _name_beside(home)
    home.rename(previous)
    try:
        staging.rename(home)
    except OSError:
        with suppress(OSError):
            previous.rename(home)
        raise
    sync_folder(home.parent)
    return previous


def _fill_mount(staging: Path, home: Path) -> Path | None:
    """As :func:`_take_the_place` where the home is a mount point: what it holds moves into a folder in it."""
    others = [path for path in home.iterdir() if path != staging and path.name not in LOGS]
    previous = None
    if others:
        previous = home / _name_beside(home).name
        previous.mkdir()
        for path in others:
            path.rename(previous / path.name)
    for path in sorted(staging.iterdir(), key=lambda path: path.name == DATABASE):  # the database last
        path.rename(home / path.name)
    sync_folder(home)
    return previous


def _name_beside(home: Path) -> Path:
    return free_path(home.with_name(f"{home.name}.before-restore-{time.strftime('%Y%m%d-%H%M%S')}"))
