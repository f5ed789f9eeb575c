"""The limits of this workbench: what is refused because of them, and what the page shows of this computer.

What a file may hold is refused where it is read (``ingest``), what a run may take where it is watched
(``training.jobs``, ``training.worker``); here is what concerns the whole: the terms of a dictionary and the
disk. Every refusal names the limit, the value that was met, and how the limit is changed
(``settings.LIMITS``).
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import InputError, StorageProblem
from workbench.localtext import LocalText
from workbench.services.slow_figure import SlowFigure
from workbench.settings import LIMITS, Settings, size_text, who_can_change
from workbench.storage.artifacts import bytes_under

KINDS = ("database", "runs", "models", "caches", "uploads", "other")
_FOLDERS = {"runs": "runs", "models": "models", "vectors": "models", "cache": "caches", "uploads": "uploads"}
_FREE_SOME = LocalText(
    "请删除不用的模型，或腾出磁盘空间；已有的数据没有改变。",
    "Delete models that are not needed, or free some disk; nothing was changed.",
)


@dataclass(frozen=True)
class Use:
    """What the home folder takes, in bytes by kind, and what is free on its disk."""

    kinds: dict[str, int]
    free: int
    total: int

    @property
    def all(self) -> int:
        """Everything in the home folder."""
        return sum(self.kinds.values())


class Limits:
    """The limits of one home folder."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kinds = SlowFigure(self._count)

    def check_disk(self) -> None:
        """Refuse to begin a run or an import where the disk, or the home folder's share of it, is used up.

        Raises:
            StorageProblem: it names the limit, what there is, and what to do.
        """
        least, most = self._settings.least_free_bytes, self._settings.max_home_bytes
        free = _disk(self._settings.home).free
        if free < least:
            raise StorageProblem(
                LocalText(
                    "磁盘只剩 {free}，开始之前至少要有 {limit}。",
                    "The disk has {free} left; {limit} must be free to begin.",
                ),
                _FREE_SOME.then(who_can_change("least_free_bytes")),
                free=size_text(free, least),
                limit=size_text(least),
            )
        if most and (used := self.use(fresh=True).all) > most:
            raise StorageProblem(
                LocalText(
                    "工作台的主目录已有 {used}，上限是 {limit}。",
                    "The workbench's home folder holds {used}; the limit is {limit}.",
                ),
                _FREE_SOME.then(who_can_change("max_home_bytes")),
                used=size_text(used, most),
                limit=size_text(most),
            )

    def check_terms(self, name: str, terms: int, before: int = 0) -> None:
        """Refuse a dictionary with more terms than there may be, unless it had more already.

        Raises:
            InputError: it names the limit, the count, and what to do.
        """
        most = self._settings.max_terms
        if terms > max(most, before):
            raise InputError(
                LocalText(
                    "词典「{name}」会有 {terms} 个词，上限是 {limit} 个。",
                    "The dictionary “{name}” would have {terms} terms; the limit is {limit}.",
                ),
                _DIVIDE.then(who_can_change("max_terms")),
                name=name,
                terms=f"{terms:,}",
                limit=f"{most:,}",
            )

    def use(self, *, fresh: bool = False) -> Use:
        """What is used and what is free now; what is used is of a while ago, unless it is to be ``fresh``.

        A home of 100,000 files takes seconds to count.
        """
        disk = _disk(self._settings.home)
        return Use(self._kinds.now() if fresh else self._kinds.get(), disk.free, disk.total)

    def _count(self) -> dict[str, int]:
        home = self._settings.home
        kinds = dict.fromkeys(KINDS, 0)
        for path in home.iterdir() if home.is_dir() else ():
            database = path.name.startswith(self._settings.database_path.name)
            kinds["database" if database else _FOLDERS.get(path.name, "other")] += bytes_under(path)
        return kinds

    def overview(self) -> dict[str, Any]:
        """This computer and its limits, JSON-ready; sizes in bytes."""
        import psutil

        use, memory = self.use(), psutil.virtual_memory()
        return {
            "home": str(self._settings.home),
            "disk": {"free": use.free, "total": use.total, "used": use.all, "kinds": use.kinds},
            "memory": {"free": memory.available, "total": memory.total},
            "cores": os.cpu_count() or 1,
            "limits": [
                {
                    "field": limit.field,
                    "title": limit.title.as_json(),
                    "value": getattr(self._settings, limit.field),
                    "unit": limit.unit,
                    "zero": limit.zero.as_json() if limit.zero else None,
                    "option": limit.option,
                    "variable": limit.variable,
                }
                for limit in LIMITS
            ],
        }


def _disk(home: Path) -> Any:
    while not home.exists():
        home = home.parent
    return shutil.disk_usage(home)


_DIVIDE = LocalText(
    "请分成几部词典。什么都没有改变。", "Divide it into several dictionaries. Nothing was changed."
)
