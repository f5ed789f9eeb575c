"""Says how many new labels wait for a dictionary's model, and trains it again on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workbench.models.catalogue import default_spec
from workbench.storage.history import HistoryStore
from workbench.types import DictionaryInfo, Run
from workbench.workspace import Workspace

INSTANT = "instant"
EVERY = 10_000_000  # lines of a difference: all of them


@dataclass(frozen=True, slots=True)
class NewLabels:
    """What a dictionary has gained since its best model was trained.

    ``run`` is the best completed run of the dictionary (by Recall@1 on its development terms), which was
    trained on version ``trained`` and would be repeated; without one, all labels are new and the instant
    recipe would be started. ``synonyms`` and ``marks`` (pairs marked as not synonyms) are new since then;
    ``removed`` counts synonyms and marks that are gone. ``latest`` is the newest run of the dictionary,
    in whatever state.
    """

    dictionary: str
    version: int
    run: Run | None
    trained: int | None
    synonyms: int
    marks: int
    removed: int
    latest: Run | None

    @property
    def new(self) -> int:
        """How many new labels wait."""
        return self.synonyms + self.marks


class Relearning:
    """The way from decisions to a better model, over one home folder."""

    def __init__(
        self, workspace: Workspace, start_run: Callable[..., Run], retry_run: Callable[..., Run]
    ) -> None:
        self._workspace = workspace
        self._history = HistoryStore(workspace.database)
        self._start_run, self._retry_run = start_run, retry_run

    def labels(self, dictionary: str) -> NewLabels:
        """How many new labels wait. Raises NotFound."""
        info = self._workspace.dictionaries.get(dictionary)
        runs = self._runs(info)
        latest = runs[0] if runs else None
        best = max((run for run in runs if run.state == "completed"), key=_goodness, default=None)
        if best is None:
            marks = len(self._workspace.dictionaries.apart(info.version_id))
            return NewLabels(info.name, info.version, None, None, info.pairs, marks, 0, latest)
        trained = self._workspace.dictionaries.version(best.version_id).version
        change = self._history.compare(info, trained, info.version, limit=EVERY)
        return NewLabels(
            info.name,
            info.version,
            best,
            trained,
            change.added_count,
            len(change.apart_added),
            change.removed_count + len(change.apart_removed),
            latest,
        )

    def start(self, dictionary: str, *, recipe: str = "", base: str = "", author: str = "") -> Run:
        """Train on the newest version: as the best run did, or ``recipe`` on ``base`` where they are given.

        Raises:
            NotFound, BadParameter, TrainingProblem, ModelProblem: in words, before anything is started.
        """
        known = self.labels(dictionary)
        if known.run is None or recipe or base:
            chosen = base or (known.run.base_model if known.run else default_spec().id)
            return self._start_run(dictionary, chosen, recipe or INSTANT, author=author)
        return self._retry_run(known.run.id, newest=True, author=author)

    def _runs(self, info: DictionaryInfo) -> list[Run]:
        """The runs on any version of a dictionary, newest first."""
        owns = self._workspace.dictionaries.owns
        return [run for run in self._workspace.runs.all() if owns(info.id, run.version_id)]


def _goodness(run: Run) -> tuple[float, float]:
    """Recall@1 on development terms, then the newer one."""
    best = run.result.get("dev", {}).get("best", {})
    return float(best.get("recall@1", 0.0)), run.created_at
