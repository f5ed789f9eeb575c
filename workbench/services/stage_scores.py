"""What a run's model was worth after each of its stages."""

from __future__ import annotations

from workbench.types import Metrics, Run
from workbench.workspace import Workspace


def stage_scores(workspace: Workspace, run: Run) -> list[Metrics | None]:
    """Unseen test concepts under the base and under the model of each stage of ``run``, in their order.

    None where that was not measured (yet). Computes nothing. Raises NotFound where the dictionary is gone.
    """
    info = workspace.dictionaries.version(run.version_id)
    found = workspace.evaluations.of_benchmarks([workspace.measurer.subject(info).unseen.hash])
    by_model = {each.model: each.metrics for each in found}
    count = len(run.config["stages"])
    names = [run.base_model, *(f"{run.name}#{number}" for number in range(1, count)), run.name]
    return [by_model.get(name) for name in names]
