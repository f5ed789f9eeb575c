"""What the page and the command line are given: one object with everything that a button can do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from workbench.errors import BadParameter, InputError, NotFound
from workbench.evaluation.benchmarks import benchmark_id
from workbench.evaluation.measure import Board, Subject, baseline_infos
from workbench.evaluation.retention import RetentionFigures
from workbench.ingest.dictionary import DictionaryPreview
from workbench.ingest.export import ExportFormat, dictionary_bytes
from workbench.localtext import LocalText
from workbench.models.catalogue import remove_leftovers
from workbench.models.exporting import export_folder, export_zip
from workbench.models.word_vectors import is_vectors
from workbench.names import checked_name, tidy, unique
from workbench.search.explorer import Explorer
from workbench.services import lifecycle
from workbench.services.corpora import Corpora
from workbench.services.editing import Editor
from workbench.services.evaluation import Evaluations
from workbench.services.generation import Generation
from workbench.services.importing import Importer
from workbench.services.live import Live
from workbench.services.matching import Matching
from workbench.services.pair_maker import PairMaker
from workbench.services.pair_sets import PairSets
from workbench.services.proposing import Proposer
from workbench.services.recipes import Recipes
from workbench.services.retrieval_sets import RetrievalSets
from workbench.services.stage_scores import stage_scores
from workbench.services.suggestions import Suggestions
from workbench.services.word_vectors import WordVectors
from workbench.settings import ASSETS, Settings
from workbench.storage.artifacts import remove_staging
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
    Projection,
    Recipe,
    Run,
    Similarity,
    SynonymGroup,
)
from workbench.workspace import Workspace

ENOUGH_TO_CALIBRATE = 100  # pairs
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
        self._encoded: set[tuple[str, str]] = set()
        self._explorer = Explorer(self._workspace.library, self._workspace.evaluations)
        self.pair_sets = PairSets(self._workspace)
        self.corpora = Corpora(self._workspace)
        self.retrieval_sets = RetrievalSets(self._workspace)
        self.editor = Editor(self._workspace)
        self.importer = Importer(self._workspace, self.editor)
        self.live = Live(self._workspace)
        self.matching = Matching(self._workspace)
        self.proposer = Proposer(self._workspace, self.matching)
        self.pair_maker = PairMaker(self._workspace)
        self.suggestions = Suggestions(self._workspace, self.editor)
        self.recipes = Recipes(self._workspace)
        self.evaluation = Evaluations(self._workspace, self.models)
        self.generation = Generation(self._workspace)
        self.word_vectors = WordVectors(self._workspace)
        self._load_samples()

    def start(self) -> None:
        """Begin to work off the queue, with a worker kept warm."""
        self._supervisor.start()

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
        self._supervisor.close()
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
        """
        return self._workspace.dictionaries.save(
            checked_name(name),
            preview.pairs,
            language=preview.language,
            source=Path(source).name[:200],
            replace=replace,
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

    def export_model_zip(self, run: str) -> Path:
        """The model as one zip file (stored, since weights do not compress), for download."""
        return export_zip(self._workspace.library.folder(run), run)

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
    ) -> Run:
        """Put a run into the queue; the supervisor begins it when its turn comes.

        ``recipe`` is a name or a recipe. ``parameters`` alone go to every stage that knows them,
        ``in_batch.epochs`` or ``2.epochs`` to one. ``corpora`` and ``pair_sets`` are names of what it may
        learn from besides the dictionary. ``budget`` are seconds that it may take: see :meth:`plan_run`.

        Raises:
            NotFound, BadParameter, NameTaken, TrainingProblem: in words, before anything is started.
        """
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
        run = lifecycle.resume(self._workspace, self.run(run_id))
        self._supervisor.wake()
        return run

    def retry_run(self, run_id: str, *, name: str | None = None, **changes: Any) -> Run:
        """Start a new run like an earlier one; see :func:`workbench.services.lifecycle.retry` for changes."""
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
        return self._workspace.retention.measure(self._vector_model(model), terms, progress)

    # -- asking a model -------------------------------------------------------------------------

    def similarity(self, a: str, b: str, model: str, dictionary: str | None = None) -> Similarity:
        """How alike two terms are, calibrated on ``dictionary`` (the model's own, or the first that fits).

        Raises:
            InputError: a term is empty, or the model is a baseline.
        """
        subject = self._subject(dictionary or self.calibration_dictionary(model, a, b))
        return self._explorer.similarity(a, b, self._vector_model(model), subject)

    def calibration_dictionary(self, model: str, *terms: str) -> str:
        """The dictionary that a run was trained on; else the one that holds most of ``terms``."""
        own = self._workspace.library.dictionary_of(model)
        infos = self.dictionaries()
        if own in [info.name for info in infos]:
            return str(own)
        if not infos:
            raise NotFound(
                LocalText(
                    "没有词典可用来校准相似度。", "There is no dictionary to calibrate a similarity on."
                ),
                LocalText("请先导入一个。", "Import one first."),
            )
        texts = [term.strip() for term in terms]
        holds = self._workspace.dictionaries.holds
        # A handful of pairs calibrates nothing, whatever terms it holds.
        return max(infos, key=lambda i: (i.pairs >= ENOUGH_TO_CALIBRATE, holds(i.version_id, texts))).name

    def neighbours(self, term: str, model: str, dictionary: str, k: int = 10) -> list[Hit]:
        """The dictionary's terms nearest to ``term`` (any text), nearest first."""
        return self._explorer.neighbours(term, self._vector_model(model), self._subject(dictionary), k)

    def vectors_ready(self, model: str, dictionary: str) -> bool:
        """Whether a dictionary's terms are encoded by a model already."""
        subject, library = self._subject(dictionary), self._workspace.library
        if not library.is_here(self._vector_model(model)):
            return False
        key = (library.fingerprint(model), subject.info.version_id)
        if key not in self._encoded and library.missing(model, subject.terms) == 0:
            self._encoded.add(key)  # what is encoded stays so: looked up once
        return key in self._encoded

    # -- map ------------------------------------------------------------------------------------

    def projection(
        self, dictionary: str, model: str, method: str = "umap", progress: Progress | None = None
    ) -> Projection:
        """A 2-D layout of a dictionary's terms; laid out once for each model and content."""
        from workbench.embedding_map.layout import lay_out

        subject = self._subject(dictionary)
        library = self._workspace.library
        model = self._vector_model(model)
        return lay_out(
            subject.pairs,
            subject.split,
            lambda texts: library.vectors(model, texts, progress),
            method=method,
            limit=self.settings.map_max_points,
            cache=self.settings.cache_path / "maps",
            fingerprint=library.fingerprint(model, progress),
            progress=progress,
        )

    # -- this machine ---------------------------------------------------------------------------

    def doctor(self) -> dict[str, Any]:
        """What is installed, which models are there, what this machine can do, what was mended."""
        from workbench.diagnosis import diagnose

        mended = remove_leftovers(self.settings) + self._workspace.library.word_vectors.remove_leftovers()
        active = {run.id for run in self._workspace.runs.active()}
        for folder in self.settings.runs_path.glob("*"):
            if folder.name not in active:
                mended += remove_staging(folder)
        return diagnose(self.settings, self.models(), self.dictionaries(), self.runs(), mended)

    # -- inside ---------------------------------------------------------------------------------

    def _subject(self, dictionary: str) -> Subject:
        return self._workspace.measurer.subject(self.dictionary(dictionary))

    def _vector_model(self, model: str) -> str:
        if model in {info.id for info in self.baselines()}:
            raise BadParameter(
                LocalText("「{model}」没有词向量。", "“{model}” has no vectors."),
                LocalText("请选一个模型。", "Choose a model."),
                model=model,
            )
        return model

    def _load_samples(self) -> None:
        if self.settings.database_path.exists() and self._workspace.dictionaries.any_ever():
            return
        for name, file in SAMPLES:
            preview = self.preview_dictionary((ASSETS / "samples" / file).read_bytes(), file)
            self._workspace.dictionaries.save(
                name, preview.pairs, language=preview.language, source=file, sample=True, replace=True
            )
