"""How far a newcomer has come, read from what the home folder holds."""

from __future__ import annotations

from workbench.workspace import Workspace

STEPS = ("data", "synonyms", "train", "board", "try")


class FirstSteps:
    """The five steps of the main job, and which of them the home folder shows to be done."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def done(self) -> dict[str, bool]:
        """Each of ``STEPS`` and whether it is done, in their order.

        ``data``: there is a dictionary. ``synonyms``: one was changed, or a model was trained on one.
        ``train``: there is a tuned model. ``board``: one is measured beside something else. ``try``: a
        model was asked about terms, or a map was laid out.
        """
        dictionaries = self._workspace.dictionaries.all()
        tuned = {info.id for info in self._workspace.library.tuned()}
        boards = self._workspace.evaluations.measured_together()
        maps = self._workspace.settings.cache_path / "maps"
        return {
            "data": bool(dictionaries),
            "synonyms": bool(tuned) or any(info.version > 1 for info in dictionaries),
            "train": bool(tuned),
            "board": any(tuned & systems and len(systems) > 1 for systems in boards),
            "try": self._workspace.evaluations.has_calibrations() or any(maps.glob("*")),
        }
