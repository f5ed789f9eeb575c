"""One home folder opened: database, stores, models, measuring. The page's services and a worker share it."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.evaluation.measure import Measurer
from workbench.evaluation.retaining import RetentionMeasurer
from workbench.evaluation.retention import RetentionFigures
from workbench.models.library import ModelLibrary
from workbench.settings import Settings
from workbench.storage.corpora import CorpusStore
from workbench.storage.database import Database
from workbench.storage.dictionaries import DictionaryStore
from workbench.storage.evaluations import EvaluationStore
from workbench.storage.generations import GenerationStore
from workbench.storage.pair_sets import PairSetStore
from workbench.storage.rates import RateStore
from workbench.storage.recipes import RecipeStore
from workbench.storage.retentions import RetentionStore
from workbench.storage.retrieval_sets import RetrievalSetStore
from workbench.storage.runs import RunStore
from workbench.storage.suggestions import SuggestionStore


class Workspace:
    """Everything below the services, wired to one home folder. Cheap to open.

    Raises:
        StorageProblem: the database cannot be opened.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings.database_path)
        self.dictionaries = DictionaryStore(self.database)
        self.pair_sets = PairSetStore(self.database)
        self.corpora = CorpusStore(self.database)
        self.retrieval_sets = RetrievalSetStore(self.database)
        self.suggestions = SuggestionStore(self.database)
        self.generations = GenerationStore(self.database)
        self.runs = RunStore(self.database)
        self.recipes = RecipeStore(self.database)
        self.evaluations = EvaluationStore(self.database)
        self.rates = RateStore(self.database)
        self.library = ModelLibrary(settings, self.runs, self.rates)
        self.retention = RetentionMeasurer(RetentionStore(self.database), self.library)
        self.measurer = Measurer(self.dictionaries, self.evaluations, self.library, settings.split_seed)

    def retention_of(self, models: Iterable[str], terms: Iterable[str] = ()) -> dict[str, RetentionFigures]:
        """What is stored of the retention of ``models``, by their ids; those not measured are left out."""
        return self.retention.stored(models, terms)

    def close(self) -> None:
        """Close the database."""
        self.database.close()
