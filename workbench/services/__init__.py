"""What the page and the command line are given: one object with everything that a button can do."""

from __future__ import annotations

import threading
from typing import Any

from workbench.ingest.readers import read_table
from workbench.memory import MemoryReturn
from workbench.services.backup import Backups
from workbench.services.corpora import Corpora
from workbench.services.dictionaries import Dictionaries
from workbench.services.editing import Editor
from workbench.services.evaluation import Evaluations
from workbench.services.exploring import Exploring
from workbench.services.first_steps import FirstSteps
from workbench.services.generation import Generation
from workbench.services.importing import Importer
from workbench.services.limits import Limits
from workbench.services.live import Live
from workbench.services.maps import Maps
from workbench.services.matching import Matching
from workbench.services.mending import Mending
from workbench.services.models import Models
from workbench.services.pair_maker import PairMaker
from workbench.services.pair_sets import PairSets
from workbench.services.picked_terms import PickedTerms
from workbench.services.proposing import Proposer
from workbench.services.recipes import Recipes
from workbench.services.relearning import Relearning
from workbench.services.retrieval_sets import RetrievalSets
from workbench.services.runs import Runs
from workbench.services.suggestions import Suggestions
from workbench.services.version_change import VersionChanges
from workbench.services.word_vectors import WordVectors
from workbench.settings import ASSETS, Settings
from workbench.training.jobs import Supervisor
from workbench.workspace import Workspace

SAMPLES = (
    ("汽车", "cars_zh.csv"),
    ("建筑施工", "construction_zh.csv"),
    ("Consumer health", "health_en.csv"),
)


class Services(Dictionaries, Models, Runs):
    """The workbench's capabilities over one home folder: its own methods, and parts with more of them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._workspace = Workspace(settings)
        self._supervisor = Supervisor(settings, self._workspace.runs)
        self._memory = MemoryReturn()
        self.exploring = Exploring(self._workspace, self.models)
        self.pair_sets = PairSets(self._workspace)
        self.corpora = Corpora(self._workspace)
        self.retrieval_sets = RetrievalSets(self._workspace)
        self.editor = Editor(self._workspace)
        self.importer = Importer(self._workspace, self.editor)
        self.picked = PickedTerms(self._workspace, self.editor)
        self.live = Live(self._workspace)
        self.maps = Maps(self._workspace)
        self.matching = Matching(self._workspace)
        self.proposer = Proposer(self._workspace, self.matching)
        self.pair_maker = PairMaker(self._workspace)
        self.suggestions = Suggestions(self._workspace, self.editor)
        self.relearning = Relearning(self._workspace, self.start_run, self.retry_run)
        self.recipes = Recipes(self._workspace)
        self.evaluation = Evaluations(self._workspace, self.models)
        self.version_change = VersionChanges(self._workspace)
        self.generation = Generation(self._workspace)
        self.word_vectors = WordVectors(self._workspace)
        self.limits = Limits(settings)
        self.backups = Backups(settings, self._workspace.runs)
        self.mending = Mending(self._workspace, self._supervisor)
        self.first_steps = FirstSteps(self._workspace)
        self._load_samples()

    def start(self) -> None:
        """Put right what a crash left, then work off the queue, with a worker kept warm."""
        self.mending.start()
        self._supervisor.start()
        self._memory.start()

    def preload(self, delay: float = 3.0) -> None:
        """Import the libraries that answers need, in the background, once the page is up."""

        def work() -> None:
            import faiss  # noqa: F401
            import sentence_transformers  # noqa: F401
            import sklearn.linear_model  # noqa: F401

        timer = threading.Timer(delay, work)
        timer.daemon = True
        timer.start()

    def close(self) -> None:
        """Stop watching runs (they go on) and close the database."""
        self.generation.close()
        self.live.close()
        self.exploring.close()
        self._supervisor.close()
        self._memory.close()
        self.mending.close()
        self._workspace.close()

    def doctor(self, *, dry_run: bool = False) -> dict[str, Any]:
        """What is installed, which models are there, what this machine can do; what was found and mended."""
        from workbench.diagnosis import diagnose

        findings = self.mending.mend(dry_run=dry_run)
        return diagnose(self.settings, self.models(), self.dictionaries(), self.runs(), findings)

    def _load_samples(self) -> None:
        if self.settings.database_path.exists() and self._workspace.dictionaries.any_ever():
            return
        for name, file in SAMPLES:
            data = (ASSETS / "samples" / file).read_bytes()  # our own: smaller limits are for other files
            preview = self.importer.parse(read_table(data, file, max_rows=10_000, max_bytes=2**20))
            self._workspace.dictionaries.save(
                name, preview.pairs, language=preview.language, source=file, sample=True, replace=True
            )
