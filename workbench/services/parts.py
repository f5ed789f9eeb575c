"""What the parts of ``Services`` that have methods of its own share: each is a class that it is made of."""

from __future__ import annotations

from collections.abc import Callable

from workbench.evaluation.measure import Subject
from workbench.localtext import LocalText
from workbench.services.exploring import Exploring
from workbench.services.importing import Importer
from workbench.services.limits import Limits
from workbench.services.live import Live
from workbench.services.recipes import Recipes
from workbench.services.word_vectors import WordVectors
from workbench.settings import Settings
from workbench.training.jobs import Supervisor
from workbench.types import DictionaryInfo
from workbench.workspace import Workspace

Progress = Callable[[float, LocalText], None]


class Part:
    """Made ready by ``Services``, over one home folder."""

    settings: Settings
    importer: Importer
    exploring: Exploring
    live: Live
    recipes: Recipes
    word_vectors: WordVectors
    limits: Limits
    _workspace: Workspace
    _supervisor: Supervisor

    def dictionary(self, name: str) -> DictionaryInfo:
        """One dictionary by name. Raises NotFound."""
        return self._workspace.dictionaries.get(name)

    def _subject(self, dictionary: str) -> Subject:
        return self._workspace.measurer.subject(self.dictionary(dictionary))
