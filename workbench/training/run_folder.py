"""What a run has on disk: the model of each stage, the last one's under the name ``model``, checkpoints."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.settings import Settings
from workbench.storage.artifacts import link_or_copy, manifest_of, staged_folder
from workbench.training.checkpoints import Checkpoints
from workbench.training.dataset import DevScores
from workbench.training.registry import StageResult
from workbench.types import Run

_OUTCOME = "outcome"


@dataclass(frozen=True)
class Outcome:
    """What a stage has left besides its model: kept in the model's manifest."""

    result: StageResult
    encode_seconds: float
    train_seconds: float
    curve: int  # the newest point of the curve when it was whole

    def as_json(self) -> dict[str, Any]:
        """For the manifest."""
        result = self.result
        return {
            "base": result.base.as_json(),
            "best": result.best.as_json(),
            "chosen": result.chosen,
            "stopped_early": result.stopped_early,
            "encode_seconds": self.encode_seconds,
            "train_seconds": self.train_seconds,
            "curve": self.curve,
        }

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Outcome:
        """What :meth:`as_json` gave."""
        result = StageResult(
            DevScores.from_json(raw["base"]),
            DevScores.from_json(raw["best"]),
            raw["chosen"],
            stopped_early=raw["stopped_early"],
        )
        return cls(result, raw["encode_seconds"], raw["train_seconds"], raw["curve"])


class RunFolder:
    """The folder of one run. Stages count from 1."""

    def __init__(self, settings: Settings, run: Run) -> None:
        self.path = settings.runs_path / run.id
        self.stages: list[dict[str, Any]] = run.config["stages"]
        self._checkpoint_seconds = settings.checkpoint_seconds

    @property
    def model(self) -> Path:
        """The model that the run offers."""
        return self.path / "model"

    def stage(self, number: int) -> Path:
        """Where the model of a stage lies."""
        return self.model if number == len(self.stages) else self.path / f"stage-{number}"

    def outcome(self, number: int) -> Outcome | None:
        """What a stage that was carried out to its end has left; None where it has to be done (again)."""
        manifest = manifest_of(self.stage(number))
        if manifest is None or manifest.get("number") != number or _OUTCOME not in manifest:
            return None
        outcome = Outcome.from_json(manifest[_OUTCOME])
        return None if outcome.result.stopped_early else outcome

    def next_stage(self) -> int:
        """The first stage that has to be done; one more than there are where none has."""
        numbers = range(1, len(self.stages) + 1)
        return next((n for n in numbers if self.outcome(n) is None), len(self.stages) + 1)

    def checkpoints(self, number: int, **more: Any) -> Checkpoints:
        """Where a stage saves itself; see :class:`Checkpoints` for ``more``."""
        return Checkpoints(
            self.path / "checkpoints" / f"stage-{number}", every=self._checkpoint_seconds, **more
        )

    def tidy(self) -> None:
        """Remove the folder of the checkpoints where none is left."""
        with contextlib.suppress(OSError):
            (self.path / "checkpoints").rmdir()

    def adopt(self, number: int) -> None:
        """Offer the model of a stage before the last as the run's; its files are shared with it."""
        source_folder = self.stage(number)
        manifest = manifest_of(source_folder) or {}
        kept = {k: v for k, v in manifest.items() if k not in ("files", _OUTCOME, "number")}
        with staged_folder(self.model, extra={**kept, "adopted": number}) as out:
            for name in manifest["files"]:
                link_or_copy(source_folder / name, out / name)

    def offered(self) -> int:
        """The stage whose model the run offers, whole or not; 0: it offers none."""
        manifest = manifest_of(self.model) or {}
        return int(manifest.get("adopted") or manifest.get("number") or 0)

    def keep_what_there_is(self) -> bool:
        """After an end on the way: offer the newest whole stage where no later one is offered already."""
        whole = self.next_stage() - 1
        if self.offered() < whole:
            self.adopt(whole)
        return manifest_of(self.model) is not None

    def discard(self) -> None:
        """Remove every model and every checkpoint; the log stays."""
        for folder in [self.model, self.path / "checkpoints", *self.path.glob("stage-*")]:
            shutil.rmtree(folder, ignore_errors=True)
