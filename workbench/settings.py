"""Every limit and every path, in one frozen object that is read from the environment once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

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
    language: str = ""  # "zh" or "en"; empty: the browser's, or LANG in a terminal
    max_upload_bytes: int = 200 * 1024 * 1024
    max_rows: int = 2_000_000
    max_term_length: int = 500
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
