"""What the page and the command line are given: one object with everything that a button can do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from workbench.errors import InputError
from workbench.evaluation.benchmarks import benchmark_id
from workbench.evaluation.measure import Board, Subject, baseline_infos
from workbench.evaluation.retention import RetentionFigures
from workbench.ingest.dictionary import DictionaryPreview
from workbench.ingest.export import ExportFormat, dictionary_bytes
from workbench.ingest.readers import read_table
from workbench.localtext import LocalText
from workbench.memory import MemoryReturn
from workbench.models.exporting import export_folder, export_zip
from workbench.models.word_vectors import is_vectors
from workbench.names import checked_name, tidy, unique
from workbench.services import lifecycle
from workbench.services.backup import Backups
from workbench.services.corpora import Corpora
from workbench.services.editing import Editor
from workbench.services.evaluation import Evaluations
from workbench.services.exploring import Exploring, vector_model
from workbench.services.first_steps import FirstSteps
from workbench.services.generation import Generation
from workbench.services.importing import Importer
from workbench.services.limits import Limits
from workbench.services.live import Live
from workbench.services.maps import Maps
from workbench.services.matching import Matching
from workbench.services.mending import Mending
from workbench.services.pair_maker import PairMaker
from workbench.services.pair_sets import PairSets
from workbench.services.picked_terms import PickedTerms
from workbench.services.proposing import Proposer
from workbench.services.recipes import Recipes
from workbench.services.relearning import Relearning
from workbench.services.retrieval_sets import RetrievalSets
from workbench.services.stage_scores import stage_scores
from workbench.services.suggestions import Suggestions
from workbench.services.version_change import VersionChanges
from workbench.services.word_vectors import WordVectors
from workbench.settings import ASSETS, Settings
from workbench.training.budget import Plan
from workbench.training.estimate import Estimate, estimate_run
from workbench.training.jobs import Supervisor
from workbench.training.queueing import queue_run, stage_configs
from workbench.training.registry import StageSpec, stages
from workbench.training.thinning import thinned
from workbench.types import (
    ACTIVE_STATES,
    CurvePoint,
    DictionaryInfo,
    Evaluation,
    Hit,
    Metrics,
    ModelInfo,
    Recipe,
    Run,
    Similarity,
    SynonymGroup,
)
from workbench.workspace import Workspace

Progress = Callable[[float, LocalText], None]
SAMPLES = (
    ("汽车", "cars_zh.csv"),
    ("建筑施工", "construction_zh.csv"),
    ("Consumer health", "health_en.csv"),
)


class Services:
    """The workbench's capabilities over one home folder."""

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

    # -- dictionaries ---------------------------------------------------------------------------

    def preview_dictionary(
        self,
        data: bytes,
        filename: str,
        *,
        standard: str | int | None = None,
        synonyms: Sequence[str | int] | None = None,
        split_cells: bool = False,
        encoding: str | None = None,
    ) -> DictionaryPreview:
        """Read a file without storing anything. Columns by name or number (0 = first), or recognised.

        Raises:
            FileProblem: nothing in it can be used; the sentence says why and what to do.
        """
        return self.importer.read(
            data,
            filename,
            standard=standard,
            synonyms=synonyms,
            split_cells=split_cells,
            encoding=encoding,
        )

    def save_dictionary(
        self, name: str, preview: DictionaryPreview, *, source: str, replace: bool = False
    ) -> DictionaryInfo:
        """Store a preview's pairs as a dictionary, or as a new version of one.

        Raises:
            NameTaken: the name exists and ``replace`` is false.
            BadParameter: the name is empty or too long.
            InputError, StorageProblem: more terms than may be; no room on the disk.
        """
        self.limits.check_disk()
        self.limits.check_terms(name, preview.terms)
        return self._workspace.dictionaries.save(
            checked_name(name),
            preview.pairs,
            language=preview.language,
            source=Path(source).name[:200],
            replace=replace,
            labels=preview.labels,
        )

    def unique_dictionary_name(self, wish: str) -> str:
        """``wish``, with a number behind it where it is taken."""
        return unique(tidy(wish) or "dictionary", {info.name for info in self.dictionaries()})

    def dictionaries(self) -> list[DictionaryInfo]:
        """Every dictionary, the expert's own first."""
        return self._workspace.dictionaries.all()

    def dictionary(self, name: str) -> DictionaryInfo:
        """One dictionary by name. Raises NotFound."""
        return self._workspace.dictionaries.get(name)

    def groups_page(
        self, name: str, *, search: str = "", page: int = 0, size: int = 100
    ) -> tuple[list[SynonymGroup], int]:
        """One page of synonym groups that contain ``search``, and how many there are in all."""
        info = self.dictionary(name)
        return self._workspace.dictionaries.groups_page(
            info.version_id, search=search, page=max(0, page), size=max(1, min(size, 500))
        )

    def split_counts(self, name: str) -> dict[str, int]:
        """Synonym pairs in each part of the frozen split, concepts, and the size of the largest one."""
        subject = self._subject(name)
        sizes: dict[str, int] = {}
        for component in subject.split.component_of.values():
            sizes[component] = sizes.get(component, 0) + 1
        return {**subject.part_counts(), "components": len(sizes), "largest": max(sizes.values(), default=0)}

    def export_dictionary(self, name: str, format: ExportFormat = "csv") -> bytes:
        """The newest version of a dictionary as a file's bytes."""
        pairs = self._workspace.dictionaries.pairs(self.dictionary(name).version_id)
        return dictionary_bytes(pairs, format)

    def delete_dictionary(self, name: str) -> None:
        """Take a dictionary off the list. Refused (InputError) while a run needs it."""
        busy = [
            r for r in self.runs(10_000) if r.dictionary == name and r.state in (*ACTIVE_STATES, "queued")
        ]
        if busy:
            raise InputError(
                LocalText("「{name}」正在被训练「{run}」使用。", "“{name}” is in use by the run “{run}”."),
                LocalText("等它结束，或先停止它。", "Wait until it ends, or stop it first."),
                name=name,
                run=busy[0].name,
            )
        self._workspace.dictionaries.delete(name)
        self.live.turn_off(name)

    # -- models ---------------------------------------------------------------------------------

    def models(self) -> list[ModelInfo]:
        """Base models, those from outside that were used, then tuned ones, newest first."""
        library = self._workspace.library
        return [*library.bases(), *library.outside(), *library.tuned()]

    def baselines(self) -> list[ModelInfo]:
        """The systems without a model: exact match, TF-IDF."""
        return baseline_infos()

    def fetch_model(self, model: str, progress: Progress | None = None) -> None:
        """Make sure that a model from outside (hub, folder) is here; the bundled ones unpack in the run.

        Raises:
            NotFound, ModelUnavailable, UnsafeModel: in words.
        """
        if model not in {info.id for info in self._workspace.library.bases()}:
            self._workspace.library.folder(model, progress)

    def delete_model(self, model: str) -> None:
        """Remove imported word vectors, or a run with all its models. Refused (InputError) while needed."""
        if is_vectors(model) and model not in self._workspace.runs.names():
            self.word_vectors.delete(model)
        else:
            self.delete_run(model)

    def stages(self) -> list[StageSpec]:
        """Every registered stage."""
        return list(stages().values())

    def export_model(self, run: str, folder: Path) -> Path:
        """Write a tuned (or base) model into ``folder``, which must be new or empty.

        Raises:
            InputError: the folder holds something.
        """
        return export_folder(self._workspace.library.folder(run), folder)

    def export_model_zip(self, run: str, within: Path | None = None) -> Path:
        """The model as one zip file in a new folder ``within`` (by default ``home/uploads``), for download.

        Who asked for it deletes the folder; what is left there is removed after an hour (``mending``).
        """
        within = within or self.settings.uploads_path
        return export_zip(self._workspace.library.folder(run), run, within)

    # -- training -------------------------------------------------------------------------------

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
        counts = lifecycle.material_counts(self._workspace, corpora, pair_sets)
        configs = stage_configs(chosen, parameters)
        return estimate_run(self._workspace, self._subject(dictionary), base, configs, **counts)

    def plan_run(
        self, dictionary: str, base: str, recipe: str | Recipe, *, budget: float, **wish: Any
    ) -> tuple[Plan, list[dict[str, Any]], Estimate]:
        """What a run would train within ``budget`` seconds: see :func:`workbench.services.lifecycle.plan`."""
        chosen = self.recipes.get(recipe) if isinstance(recipe, str) else recipe
        return lifecycle.plan(self._workspace, self._subject(dictionary), base, chosen, budget=budget, **wish)

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
        run = lifecycle.resume(self._workspace, self.run(run_id))
        self._supervisor.wake()
        return run

    def retry_run(self, run_id: str, *, name: str | None = None, **changes: Any) -> Run:
        """Start a new run like an earlier one; see :func:`workbench.services.lifecycle.retry` for changes."""
        self.limits.check_disk()
        name = checked_name(name) if name else None
        run = lifecycle.retry(self._workspace, self.run(run_id), name=name, **changes)
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
        lifecycle.delete(self._workspace, self.run(run_id))

    # -- evaluation -----------------------------------------------------------------------------

    def leaderboard(self, dictionary: str) -> Board:
        """What is measured on a dictionary, best first. Quick: computes nothing new but intervals."""
        return self.evaluation.board(benchmark_id("dictionary", dictionary))

    def evaluate(self, model: str, dictionary: str, progress: Progress | None = None) -> list[Evaluation]:
        """Measure a model or baseline on a dictionary's test terms and store it. May take a while."""
        return self._workspace.measurer.evaluate(model, self.dictionary(dictionary), progress)

    def retention(
        self, model: str, dictionary: str | None = None, progress: Progress | None = None
    ) -> RetentionFigures:
        """What a model still knows of everyday words, beside its base; measured where that is not stored.

        ``dictionary`` (its own where none is named) adds the overlap of neighbours among its terms.

        Raises:
            BadParameter: the model is a baseline.
            NotFound: there is no such model or dictionary.
        """
        own = self._workspace.library.dictionary_of(model)
        if dictionary is None and own in {info.name for info in self.dictionaries()}:
            dictionary = own
        terms = self._subject(dictionary).terms if dictionary else ()
        return self._workspace.retention.measure(vector_model(model), terms, progress)

    # -- asking a model -------------------------------------------------------------------------

    def similarity(self, a: str, b: str, model: str, dictionary: str | None = None) -> Similarity:
        """How alike two terms are, calibrated on ``dictionary`` (the model's own, or the first that fits).

        Raises:
            InputError: a term is empty, or the model is a baseline.
        """
        return self.exploring.similarity(a, b, model, dictionary)

    def calibration_dictionary(self, model: str, *terms: str) -> str:
        """The dictionary that a run was trained on; else the one that holds most of ``terms``."""
        return self.exploring.calibration_dictionary(model, *terms)

    def neighbours(self, term: str, model: str, dictionary: str, k: int = 10) -> list[Hit]:
        """The dictionary's terms nearest to ``term`` (any text), nearest first."""
        return self.exploring.neighbours(term, model, dictionary, k)

    def vectors_ready(self, model: str, dictionary: str) -> bool:
        """Whether a dictionary's terms are encoded by a model already, but for a handful."""
        return self.exploring.ready(model, dictionary)

    # -- this machine ---------------------------------------------------------------------------

    def doctor(self, *, dry_run: bool = False) -> dict[str, Any]:
        """What is installed, which models are there, what this machine can do; what was found and mended."""
        from workbench.diagnosis import diagnose

        findings = self.mending.mend(dry_run=dry_run)
        return diagnose(self.settings, self.models(), self.dictionaries(), self.runs(), findings)

    # -- inside ---------------------------------------------------------------------------------

    def _subject(self, dictionary: str) -> Subject:
        return self._workspace.measurer.subject(self.dictionary(dictionary))

    def _load_samples(self) -> None:
        if self.settings.database_path.exists() and self._workspace.dictionaries.any_ever():
            return
        for name, file in SAMPLES:
            data = (ASSETS / "samples" / file).read_bytes()  # our own: smaller limits are for other files
            preview = self.importer.parse(read_table(data, file, max_rows=10_000, max_bytes=2**20))
            self._workspace.dictionaries.save(
                name, preview.pairs, language=preview.language, source=file, sample=True, replace=True
            )
