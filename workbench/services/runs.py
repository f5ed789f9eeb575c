"""Runs: estimated, planned, queued, stopped, taken up again, repeated, followed, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.names import checked_name
from workbench.services.lifecycle import delete, material_counts, plan, resume, retry
from workbench.services.parts import Part
from workbench.services.stage_scores import stage_scores
from workbench.training.budget import Plan
from workbench.training.estimate import Estimate, estimate_run
from workbench.training.queueing import queue_run, stage_configs
from workbench.training.thinning import thinned
from workbench.types import CurvePoint, Metrics, Recipe, Run


class Runs(Part):
    """What ``Services`` does with runs. The supervisor begins them when their turn comes."""

    def estimate(
        self,
        dictionary: str,
        base: str,
        recipe: str | Recipe,
        parameters: dict[str, Any] | None = None,
        *,
        corpora: Sequence[str] = (),
        pair_sets: Sequence[str] = (),
    ) -> Estimate:
        """How long a run would take on this machine; the arguments are those of :meth:`start_run`."""
        chosen = self.recipes.get(recipe) if isinstance(recipe, str) else recipe
        counts = material_counts(self._workspace, corpora, pair_sets)
        configs = stage_configs(chosen, parameters)
        return estimate_run(self._workspace, self._subject(dictionary), base, configs, **counts)

    def plan_run(
        self, dictionary: str, base: str, recipe: str | Recipe, *, budget: float, **wish: Any
    ) -> tuple[Plan, list[dict[str, Any]], Estimate]:
        """What a run would train within ``budget`` seconds: see :func:`workbench.services.lifecycle.plan`."""
        chosen = self.recipes.get(recipe) if isinstance(recipe, str) else recipe
        return plan(self._workspace, self._subject(dictionary), base, chosen, budget=budget, **wish)

    def start_run(
        self,
        dictionary: str,
        base: str,
        recipe: str | Recipe,
        *,
        name: str | None = None,
        parameters: dict[str, Any] | None = None,
        seed: int = 0,
        corpora: Sequence[str] = (),
        pair_sets: Sequence[str] = (),
        budget: float | None = None,
        author: str = "",
    ) -> Run:
        """Put a run into the queue; the supervisor begins it when its turn comes.

        ``recipe`` is a name or a recipe. ``parameters`` alone go to every stage that knows them,
        ``in_batch.epochs`` or ``2.epochs`` to one. ``corpora`` and ``pair_sets`` are names of what it may
        learn from besides the dictionary. ``budget`` are seconds that it may take: see :meth:`plan_run`.
        ``author`` is who starts it.

        Raises:
            NotFound, BadParameter, NameTaken, TrainingProblem: in words, before anything is started.
            StorageProblem: the disk, or the home folder's share of it, is used up.
        """
        self.limits.check_disk()
        run = queue_run(
            self._workspace,
            self._subject(dictionary),
            base,
            recipe,
            name=checked_name(name) if name else None,
            parameters=parameters,
            seed=seed,
            corpora=corpora,
            pair_sets=pair_sets,
            budget=budget,
            author=author,
        )
        self._supervisor.wake()
        return run

    def resume_run(self, run_id: str) -> Run:
        """Take up a run that was interrupted, stopped or has failed: the same run, one attempt more.

        Stages that are done are not repeated; one that was under way goes on from its newest checkpoint.

        Raises:
            Conflict: it goes on, waits, or is complete.
            NotFound: its base model or data is gone.
        """
        self.limits.check_disk()
        run = resume(self._workspace, self.run(run_id))
        self._supervisor.wake()
        return run

    def retry_run(self, run_id: str, *, name: str | None = None, **changes: Any) -> Run:
        """Start a new run like an earlier one; see :func:`workbench.services.lifecycle.retry` for changes."""
        self.limits.check_disk()
        name = checked_name(name) if name else None
        run = retry(self._workspace, self.run(run_id), name=name, **changes)
        self._supervisor.wake()
        return run

    def stop_run(self, run_id: str, *, keep: bool = True) -> Run:
        """Ask a run to stop, keeping the best model so far or nothing."""
        run = self._workspace.runs.request_stop(self.run(run_id).id, keep=keep)
        self._supervisor.wake()
        return run

    def run(self, id_or_name: str) -> Run:
        """One run. Raises NotFound."""
        return self._workspace.runs.get(id_or_name)

    def runs(self, limit: int = 50) -> list[Run]:
        """Runs, newest first."""
        return self._workspace.runs.all(limit)

    def curve(self, run_id: str, since: int = 0, *, most: int | None = None) -> list[CurvePoint]:
        """Points of a run's live curve that are newer than ``since``; ``most`` of each series, if given."""
        points = self._workspace.runs.curve(run_id, since)
        return points if most is None else thinned(points, most)

    def stage_scores(self, run_id: str) -> list[Metrics | None]:
        """Unseen test concepts under a run's base and under the model of each stage; None: not measured."""
        return stage_scores(self._workspace, self.run(run_id))

    def run_log_tail(self, run_id: str, lines: int = 40) -> str:
        """The last lines of a run's log."""
        path = self.settings.runs_path / self.run(run_id).id / "log.txt"
        if not path.exists():
            return ""
        with path.open("rb") as handle:
            handle.seek(max(0, path.stat().st_size - 64_000))
            return "\n".join(handle.read().decode("utf-8", "replace").splitlines()[-lines:])

    def delete_run(self, run_id: str) -> None:
        """Remove a finished run and its model. Refused (InputError) while it is active."""
        delete(self._workspace, self.run(run_id))
