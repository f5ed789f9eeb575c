"""Every limit and every path, in one frozen object that is read from the environment once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from workbench.errors import BadParameter
from workbench.localtext import LocalText

PACKAGE = Path(__file__).resolve().parent
ASSETS = PACKAGE.parent / "assets"


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits and paths. Each field can be set by ``WORKBENCH_<FIELD>`` in the environment.

    Sizes are in bytes, times in seconds.
    """

    home: Path = Path("~/.synonym-workbench")
    host: str = "127.0.0.1"
    port: int = 7860
    auth_file: str = ""  # who may sign in; without it this computer only is served, and nobody is asked
    served_as: str = ""  # names, commas between, under which a reverse proxy shows the page to others
    language: str = ""  # "zh" or "en"; empty: the browser's, or LANG in a terminal
    max_upload_bytes: int = 200 * 1024 * 1024
    max_rows: int = 2_000_000
    max_terms: int = 2_000_000  # of one dictionary
    max_term_length: int = 500  # characters
    max_text_length: int = (
        2000  # characters of a sentence in a pair; longer corpus texts are cut into sentences
    )
    parse_memory_bytes: int = 3 * 1024**3  # of the process that parses an uploaded XLSX, JSON, RDF, ... file
    parse_seconds: float = 300.0  # after which it is ended
    threads: int = 0  # torch threads of a worker; 0: every core (workers run at low priority, the page first)
    warm_worker: bool = True  # keep an idle worker with its imports done
    stop_grace_seconds: float = 4.0
    hang_seconds: float = 600.0  # a worker that says nothing for so long is ended; its run can be resumed
    run_memory_bytes: int = 0  # of a worker; 0: no limit
    run_seconds: float = 0.0  # of a run, after which it stops and keeps its best; 0: no limit
    least_free_bytes: int = 512 * 1024 * 1024  # of disk; with less, no run and no import is begun
    max_home_bytes: int = 0  # of the home folder; with more, no run and no import is begun; 0: no limit
    checkpoint_seconds: float = 20.0  # between two checkpoints of a stage, at least
    save_grace_seconds: float = (
        30.0  # as stop_grace_seconds, for "stop and keep": a large model takes a while to save
    )
    map_max_points: int = 120_000
    split_seed: int = 13

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None, **overrides: object) -> Settings:
        """Settings from ``WORKBENCH_*`` variables; ``overrides`` win over both.

        Raises:
            BadParameter: a variable that should be a number is none.
        """
        env = os.environ if environment is None else environment
        values: dict[str, object] = {}
        for field in fields(cls):
            raw = env.get(f"WORKBENCH_{field.name.upper()}")
            if raw is not None and raw != "":
                values[field.name] = _parse(field.name, raw, field.default)
        values.update({name: value for name, value in overrides.items() if value is not None})
        if "home" in values:
            values["home"] = Path(str(values["home"]))
        settings = cls(**values)  # type: ignore[arg-type]  # parsed by the type of each default
        object.__setattr__(settings, "home", settings.home.expanduser().resolve())
        return settings

    @property
    def database_path(self) -> Path:
        """The one SQLite database."""
        return self.home / "workbench.db"

    @property
    def models_path(self) -> Path:
        """Unpacked base models, one folder each."""
        return self.home / "models"

    @property
    def runs_path(self) -> Path:
        """Artefacts of runs: ``<run id>/config.json, log.txt, model/``."""
        return self.home / "runs"

    @property
    def uploads_path(self) -> Path:
        """Files on their way in and out of the page; those of more than a day ago are removed."""
        return self.home / "uploads"

    @property
    def cache_path(self) -> Path:
        """What can be computed again: encoded terms, map layouts."""
        return self.home / "cache"

    @property
    def worker_threads(self) -> int:
        """Torch threads of a worker process."""
        return self.threads or max(1, os.cpu_count() or 1)


def _parse(name: str, raw: str, default: object) -> object:
    if isinstance(default, bool):
        return raw.strip().lower() not in ("0", "false", "no", "off")
    try:
        if name.endswith("_bytes"):
            return parse_bytes(raw)
        return type(default)(raw) if isinstance(default, int | float) else raw
    except ValueError as error:
        raise BadParameter(
            LocalText(
                "环境变量 {name} 应是数字，而不是「{raw}」。",
                "The variable {name} should be a number, not “{raw}”.",
            ),
            name=f"WORKBENCH_{name.upper()}",
            raw=raw,
        ) from error


def parse_bytes(raw: str) -> int:
    """A size in bytes: ``200MB``, ``1.5 GB``, ``4096``. Units are powers of 1024. Raises ValueError."""
    found = _SIZE.fullmatch(raw.strip())
    if found is None:
        raise ValueError(raw)
    return int(float(found[1]) * 1024 ** " KMGT".index((found[2] or " ").upper()))


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit that an administrator sets: the field of :class:`Settings`, and the option of ``serve``."""

    field: str
    option: str
    unit: Literal["bytes", "count", "characters", "seconds"]
    title: LocalText
    zero: LocalText | None = None  # what 0 means, where it is no limit

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"WORKBENCH_{self.field.upper()}"


_NONE = LocalText("不限", "no limit")
LIMITS: tuple[Limit, ...] = (
    Limit("max_upload_bytes", "--max-upload", "bytes", LocalText("一个文件的大小", "Size of a file")),
    Limit("max_rows", "--max-rows", "count", LocalText("一个文件的行数", "Rows of a file")),
    Limit("max_terms", "--max-terms", "count", LocalText("一部词典的词数", "Terms of a dictionary")),
    Limit(
        "max_term_length", "--max-term-length", "characters", LocalText("一个词的长度", "Length of a term")
    ),
    Limit("run_memory_bytes", "--run-memory", "bytes", LocalText("一次训练的内存", "Memory of a run"), _NONE),
    Limit("run_seconds", "--run-seconds", "seconds", LocalText("一次训练的时间", "Time of a run"), _NONE),
    Limit(
        "least_free_bytes",
        "--least-free",
        "bytes",
        LocalText("开始训练或导入时至少要空出的磁盘", "Disk that must be free to begin a run or an import"),
    ),
    Limit(
        "max_home_bytes", "--max-home", "bytes", LocalText("主目录的大小", "Size of the home folder"), _NONE
    ),
)
_WHO = LocalText(
    "管理员可以更改这个上限：启动时加 {option}，或设置环境变量 {variable}。",
    "The administrator can change this limit: start the server with {option}, or set {variable}.",
)


def who_can_change(field: str) -> LocalText:
    """The sentence that says how the limit ``field`` is changed."""
    limit = next(each for each in LIMITS if each.field == field)
    return _WHO.format(option=limit.option, variable=limit.variable)


def size_text(count: int, beside: int | None = None) -> str:
    """Bytes for a sentence: ``200 MB``; to the byte where it would read the same as ``beside``."""
    short = _short_size(count)
    return (
        f"{count:,} B" if beside is not None and count != beside and short == _short_size(beside) else short
    )


def _short_size(count: int) -> str:
    for unit, size in (("GB", 2**30), ("MB", 2**20), ("KB", 2**10)):
        if count >= size:
            return f"{count / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{count:,} B"
