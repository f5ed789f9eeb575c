"""Finds what a crash left in a home folder and puts it right, for ``doctor``, and for the server each hour.

The way of the data: each check looks at one place and gives ``_Step``s: what was found, how many bytes it
takes, and what is to be done about it. ``Mending.mend`` carries the steps out (or, on a dry run, does not)
and gives a ``Finding`` for each, a sentence in both languages. A step that fails is logged and said.

Removed is only what is half written (nobody can use it), what can be computed again, and what somebody has
deleted already, and only within this home: the system's folder for temporary files belongs to others as
well and is never looked into. What may be somebody's work is moved to ``home/found/``. What a living process
may be writing is left alone: a lock, a live worker or the time of its last change tells.
"""

from __future__ import annotations

import logging
import re
import shutil
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from workbench.errors import StorageProblem
from workbench.localtext import LocalText
from workbench.models.catalogue import unpacking
from workbench.models.exporting import EXPORT_PREFIX
from workbench.services.backup import PIN_PREFIX, is_pin_of_the_living
from workbench.settings import size_text
from workbench.storage.artifacts import STAGING_PREFIX, bytes_under, free_path, manifest_of, staging_under
from workbench.storage.snapshot import damages, is_whole
from workbench.storage.sweeping import leftovers, sweep_leftover
from workbench.training.jobs import Supervisor
from workbench.types import FINAL_STATES
from workbench.workspace import Workspace

log = logging.getLogger("workbench.mending")
STALE_SECONDS = 600.0  # nothing that is being written rests so long
UPLOAD_SECONDS = 24 * 3600.0  # as long as the page keeps an upload
SENT_SECONDS = 3600.0  # as long as the page keeps what it hands out
SWEEP_SECONDS = 3600.0
_OURS = ("log.txt", "model", "checkpoints", "config.json")  # in the folder of a run, and "stage-…"
_Lock = Callable[[], AbstractContextManager[object]]
_UPLOADED = re.compile(r"[0-9a-f]{32,}")  # Gradio's name for the folder of a file
_SENT = re.compile(rf"(backup-|{EXPORT_PREFIX})[\w-]+")  # ours, for what a browser is given
Kind = Literal["removed", "cleared", "moved", "marked", "said"]
LOST_MODEL = LocalText(
    "它的模型不在磁盘上了。「继续」会重新训练它。",
    "Its model is no longer on the disk. Resuming it trains it anew.",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found. ``freed`` in bytes; ``path`` within the home; ``done`` is false for what was
    only said, on a dry run or because it cannot be mended."""

    kind: Kind
    text: LocalText
    path: str = ""
    freed: int = 0
    done: bool = True

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "kind": self.kind,
            "text": self.text.as_json(),
            "path": self.path,
            "freed": self.freed,
            "done": self.done,
        }


@dataclass(frozen=True)
class _Step:
    kind: Kind
    found: LocalText
    path: Path
    act: Callable[[], object] | None = None
    freed: int = 0
    to: LocalText | str = ""


class Mending:
    """Puts one home folder right."""

    def __init__(self, workspace: Workspace, supervisor: Supervisor) -> None:
        self._workspace = workspace
        self._supervisor = supervisor
        self._settings = workspace.settings
        self._home = workspace.settings.home
        self._over = threading.Event()
        self._sweeping: threading.Thread | None = None

    def start(self, every: float = SWEEP_SECONDS) -> None:
        """Put right what a crash left, now and each hour until :meth:`close`; a server may run for months."""
        self.mend(thorough=False)
        if self._sweeping is None:
            self._sweeping = threading.Thread(target=self._sweep, args=(every,), name="sweep", daemon=True)
            self._sweeping.start()

    def close(self) -> None:
        """Sweep no more."""
        self._over.set()
        if self._sweeping is not None:
            self._sweeping.join()

    def _sweep(self, every: float) -> None:
        while not self._over.wait(every):
            try:
                self.mend(thorough=False)
            except Exception:  # the next hour is another chance
                log.exception("the sweep was cut short")

    def mend(self, *, dry_run: bool = False, thorough: bool = True) -> list[Finding]:
        """Everything that was found, and what was done about it; on a ``dry_run`` nothing is.

        Without ``thorough`` only what is plainly half written or out of date goes: so much is done at each
        start of the server (and its supervisor ends the runs that have lost their worker).
        """
        checks = [self._half_written, self._cut_off, self._temporary]
        if thorough:
            checks = [self._lost_runs, self._half_written, self._cut_off, self._orphans, self._models_gone]
            checks += [self._temporary, self._caches, self._database]
        findings = []
        for check in checks:
            for step in list(check()):
                findings.append(self._carry_out(step, dry_run))
                log.info("doctor: %s", findings[-1].text.get("en"))
        return findings

    def _carry_out(self, step: _Step, dry_run: bool) -> Finding:
        done = step.act is not None and not dry_run
        outcome = _OUTCOMES[step.kind][0 if done else 1]
        if done:
            try:
                assert step.act is not None
                step.act()
            except OSError as error:
                log.exception("could not be mended: %s", step.path)
                done, outcome = False, _REFUSED.format(why=error.strerror or error)
            except StorageProblem as error:
                log.exception("could not be mended: %s", step.path)
                done, outcome = False, error.message
        text = step.found.then(outcome.format(size=size_text(step.freed), to=step.to))
        return Finding(step.kind, text, self._name(step.path), step.freed if done else 0, done)

    def _name(self, path: Path) -> str:
        return path.relative_to(self._home).as_posix() if path.is_relative_to(self._home) else path.name

    def _removal(self, found: LocalText, path: Path, lock: _Lock = nullcontext) -> _Step:
        def remove() -> None:
            with lock():
                if path.is_dir():
                    with suppress(FileNotFoundError):  # another process was first
                        shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)

        return _Step("removed", found.format(name=self._name(path)), path, remove, bytes_under(path))

    # -- runs -------------------------------------------------------------------------------------

    def _lost_runs(self) -> Iterator[_Step]:
        for run in self._supervisor.lost():
            found = LocalText(
                "训练「{name}」标为进行中，但它的进程已不在。",
                "The run “{name}” counts as going on, but its process is gone.",
            ).format(name=run.name)
            path = self._settings.runs_path / run.id
            yield _Step("marked", found, path, partial(self._supervisor.end_lost, run), to=_INTERRUPTED)

    def _half_written(self) -> Iterator[_Step]:
        """Staging folders of whoever is not at work any more."""
        from filelock import Timeout

        folders = _folders(self._settings.runs_path)
        ended = {run.id for run in self._workspace.runs.all(1_000_000) if run.state in FINAL_STATES}
        for folder in folders:
            if folder.name in ended:
                yield from (self._removal(_HALF, path) for path in staging_under(folder))
        vectors = self._workspace.library.word_vectors
        locks: tuple[tuple[Path, _Lock], ...] = (
            (self._settings.models_path, lambda: unpacking(self._settings, 0)),
            (self._home / "vectors", lambda: vectors.alone(0)),
        )
        for parent, lock in locks:
            if not staging_under(parent):
                continue
            try:
                with lock():
                    found = staging_under(parent)
            except Timeout:  # somebody is writing there
                continue
            yield from (self._removal(_HALF, path, lock) for path in found)
        yield from (self._removal(_PINNED, pin) for pin in _stale_pins(self._home))

    def _cut_off(self) -> Iterator[_Step]:
        """Rows of imports whose process is gone, and of what it was deleting: nobody has seen them."""
        database = self._workspace.database
        for left in leftovers(database):
            act = partial(sweep_leftover, database, left.row)
            yield _Step("cleared", _CUT_OFF.format(name=left.name), self._settings.database_path, act)

    def _orphans(self) -> Iterator[_Step]:
        """Folders of runs without a row: those of deleted runs go, a whole model is moved to ``found/``."""
        folders = _folders(self._settings.runs_path)
        known = self._workspace.runs.known()  # read after the folders: a run has its row before its folder
        for folder in folders:
            if folder.name in known:
                if not known[folder.name]:
                    yield self._removal(_DELETED, folder)
                continue
            parts = [path.name for path in folder.iterdir()]
            foreign = [name for name in parts if name not in _OURS and not name.startswith(("stage-", "."))]
            models = [path for path in (folder / "model", *folder.glob("stage-*")) if manifest_of(path)]
            if models or foreign:
                target = free_path(self._home / "found" / folder.name)
                words = _WHOLE_ORPHAN if models else _FOREIGN
                yield _Step(
                    "moved",
                    words.format(name=self._name(folder)),
                    folder,
                    partial(_move, folder, target),
                    to=self._name(target),
                )
            else:
                yield self._removal(_ORPHAN, folder)

    def _models_gone(self) -> Iterator[_Step]:
        for run in self._workspace.runs.all(1_000_000):
            folder = self._settings.runs_path / run.id / "model"
            if run.state == "completed" and manifest_of(folder) is None:
                found = LocalText(
                    "训练「{name}」已完成，但它的模型不在磁盘上或不完整。",
                    "The run “{name}” is complete, but its model is not on the disk, or not whole.",
                ).format(name=run.name)
                yield _Step(
                    "marked",
                    found,
                    folder,
                    partial(self._workspace.runs.lose_model, run.id, LOST_MODEL),
                    to=_FAILED,
                )

    # -- files for a while --------------------------------------------------------------------------

    def _temporary(self) -> Iterator[_Step]:
        """Files that nobody waits for any more; what a restore of this home, or a download, left."""
        for path in sorted(self._settings.uploads_path.glob("*")):
            if _UPLOADED.fullmatch(path.name) and _rests(path, UPLOAD_SECONDS):
                yield self._removal(_UPLOAD, path)
            elif _SENT.fullmatch(path.name) and not path.is_symlink() and _rests(path, SENT_SECONDS):
                yield self._removal(_SENT_FILE, path)
        for path in sorted(self._home.parent.glob(f".{self._home.name}.restoring-*")):
            if _rests(path, 3600.0):
                yield self._removal(_RESTORING, path)
        for path in sorted(self._settings.models_path.glob(".download-*")):
            whole = manifest_of(path.with_name(path.name.removeprefix(".download-"))) is not None
            if whole:
                yield self._removal(_DOWNLOADED, path)
            else:
                words = _DOWNLOAD.format(name=self._name(path), size=size_text(bytes_under(path)))
                yield _Step("said", words, path)

    # -- what can be computed again -------------------------------------------------------------------

    def _caches(self) -> Iterator[_Step]:
        cache = self._settings.cache_path
        for path in sorted(cache.glob("maps/*.npz")):
            if path.name.endswith(".staging.npz"):
                if _rests(path, STALE_SECONDS):
                    yield self._removal(_HALF, path)
            elif not _is_whole_zip(path):
                yield self._removal(_BROKEN, path)
        for folder in _folders(cache / "indexes"):
            if _rests(folder, STALE_SECONDS) and manifest_of(folder) is None:
                half = folder.name.startswith(STAGING_PREFIX)
                yield self._removal(_HALF if half else _BROKEN, folder)
        for path in sorted(cache.glob("vectors/*.db")):
            if not is_whole(path):
                yield from (
                    self._removal(_BROKEN, each)
                    for each in (path, Path(f"{path}-wal"), Path(f"{path}-shm"))
                    if each.exists()
                )

    def _database(self) -> Iterator[_Step]:
        for why in damages(self._settings.database_path):
            words = LocalText(
                "数据库已损坏（{why}）。请停止工作台，从最近的备份恢复：restore 文件 --replace。",
                "The database is damaged ({why}). Stop the workbench and restore the newest backup: "
                "restore FILE --replace.",
            ).format(why=why)
            yield _Step("said", words, self._settings.database_path)


def _folders(parent: Path) -> list[Path]:
    return sorted(path for path in parent.glob("*") if path.is_dir()) if parent.is_dir() else []


def _rests(path: Path, seconds: float) -> bool:
    """Whether nothing in it was changed for so long."""
    try:
        newest = max(each.lstat().st_mtime for each in [path, *(path.rglob("*") if path.is_dir() else ())])
    except OSError:
        return False
    return bool(time.time() - newest > seconds)


def _stale_pins(home: Path) -> list[Path]:
    return [pin for pin in sorted(home.glob(f"{PIN_PREFIX}*")) if not is_pin_of_the_living(pin)]


def _is_whole_zip(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except FileNotFoundError:  # the oldest goes when a new one comes
        return True
    except (OSError, zipfile.BadZipFile, EOFError, ValueError):
        return False


def _move(folder: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(target)


_OUTCOMES: dict[Kind, tuple[LocalText, LocalText]] = {
    "removed": (
        LocalText("已删除，腾出 {size}。", "Removed; {size} are free again."),
        LocalText("将会删除，腾出 {size}。", "It would be removed, for {size}."),
    ),
    "cleared": (
        LocalText("已清理，现有的数据没有改变。", "Cleared away; the data that was there is as it was."),
        LocalText("将会清理，现有的数据不会改变。", "It would be cleared away; no data would change."),
    ),
    "moved": (
        LocalText("已移到 {to}。", "Moved to {to}."),
        LocalText("将会移到 {to}。", "It would be moved to {to}."),
    ),
    "marked": (
        LocalText("已标为{to}。", "Marked as {to}."),
        LocalText("将会标为{to}。", "It would be marked as {to}."),
    ),
    "said": (LocalText("", ""), LocalText("", "")),
}
_REFUSED = LocalText("没能处理：{why}。", "That could not be put right: {why}.")
_INTERRUPTED = LocalText("「已中断」，可以继续", "interrupted; it can be resumed")
_FAILED = LocalText("「失败」，可以重新训练", "failed; it can be trained anew")
_HALF = LocalText("{name} 只写了一半。", "{name} is half written.")
_CUT_OFF = LocalText(
    "数据库里有「{name}」的一部分：导入或删除时中断了。",
    "The database holds a part of “{name}”: an import or a deletion was cut off.",
)
_PINNED = LocalText("{name} 是一次中断的备份留下的。", "{name} was left by a backup that was cut off.")
_RESTORING = LocalText("{name} 是一次中断的恢复留下的。", "{name} was left by a restore that was cut off.")
_DELETED = LocalText("{name} 属于一个已被删除的训练。", "{name} belongs to a run that somebody has deleted.")
_ORPHAN = LocalText(
    "{name} 不属于任何训练，里面没有完整的模型。", "{name} belongs to no run and holds no whole model."
)
_WHOLE_ORPHAN = LocalText(
    "{name} 不属于任何训练，但里面有完整的模型。", "{name} belongs to no run but holds a whole model."
)
_FOREIGN = LocalText(
    "{name} 不属于任何训练，里面有别的文件。", "{name} belongs to no run and holds files of somebody's."
)
_UPLOAD = LocalText("{name} 是一天以前上传的临时文件。", "{name} is an upload of more than a day ago.")
_SENT_FILE = LocalText(
    "{name} 是给浏览器下载的临时文件，已放了一个多小时。",
    "{name} was made for a browser to download, more than an hour ago.",
)
_DOWNLOADED = LocalText("{name} 是已下载完的模型剩下的。", "{name} is left of a download that is complete.")
_DOWNLOAD = LocalText(
    "{name} 是没有下载完的模型（{size}），下次会接着下载。",
    "{name} is a model that is not downloaded to its end ({size}); the next attempt goes on from it.",
)
_BROKEN = LocalText(
    "缓存 {name} 已损坏，可以重新算出。", "The cache {name} is damaged; it can be computed again."
)
