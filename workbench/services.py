"""What the page and the command line are given: one object with everything that a button can do."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from workbench.errors import BadParameter, InputError, NameTaken, NotFound
from workbench.evaluation.measure import Board, Subject, baseline_infos
from workbench.evaluation.split import distinct_terms
from workbench.ingest.choice import choose_columns
from workbench.ingest.dictionary import DictionaryPreview, parse_dictionary
from workbench.ingest.export import dictionary_bytes
from workbench.ingest.readers import read_table
from workbench.localtext import LocalText
from workbench.search.explorer import Explorer
from workbench.settings import ASSETS, Settings
from workbench.storage.artifacts import MANIFEST, remove_staging, staged_folder
from workbench.training.estimate import Estimate, estimate_run
from workbench.training.jobs import Supervisor
from workbench.training.recipes import RECIPES, recipe
from workbench.training.registry import StageSpec, stage, stages
from workbench.types import (
    ACTIVE_STATES,
    CurvePoint,
    DictionaryInfo,
    Evaluation,
    Hit,
    ModelInfo,
    Projection,
    Recipe,
    Run,
    Similarity,
    SynonymGroup,
)
from workbench.workspace import Workspace

KEEP_EXPORTS_SECONDS = 3600
LONGEST_NAME = 80
Progress = Callable[[float, LocalText], None]
ExportFormat = Literal["csv", "tsv", "xlsx", "jsonl"]
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
        self._explorer = Explorer(self._workspace.library, self._workspace.evaluations)
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
        table = read_table(
            data,
            filename,
            max_rows=self.settings.max_rows,
            max_bytes=self.settings.max_upload_bytes,
            encoding=encoding,
        )
        choice = choose_columns(table, standard=standard, synonyms=synonyms)
        return parse_dictionary(
            table, choice, split_cells=split_cells, max_term_length=self.settings.max_term_length
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
            _checked_name(name),
            preview.pairs,
            language=preview.language,
            source=Path(source).name[:200],
            replace=replace,
        )

    def unique_dictionary_name(self, wish: str) -> str:
        """``wish``, with a number behind it where it is taken."""
        return _unique(_tidy(wish) or "dictionary", {info.name for info in self.dictionaries()})

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

    # -- models ---------------------------------------------------------------------------------

    def models(self) -> list[ModelInfo]:
        """Base models, those from outside that were used, then tuned ones, newest first."""
        library = self._workspace.library
        return [*library.bases(), *library.outside(), *library.tuned()]

    def baselines(self) -> list[ModelInfo]:
        """The systems without a model: exact match, TF-IDF."""
        return baseline_infos()

    def recipes(self) -> list[Recipe]:
        """The ready recipes."""
        return list(RECIPES)

    def stages(self) -> list[StageSpec]:
        """Every registered stage."""
        return list(stages().values())

    def export_model(self, run: str, folder: Path) -> Path:
        """Write a tuned (or base) model into ``folder``, which must be new or empty.

        Raises:
            InputError: the folder holds something.
        """
        source = self._workspace.library.folder(run)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(
                LocalText("文件夹「{folder}」不是空的。", "The folder “{folder}” is not empty."),
                LocalText("请给出一个新的文件夹。", "Name a new folder."),
                folder=folder,
            )
        if folder.exists():
            folder.rmdir()
        size = sum(path.stat().st_size for path in source.rglob("*") if path.is_file())
        with staged_folder(folder, needs_bytes=size // 2) as out:
            for path in sorted(source.rglob("*")):
                if path.is_file() and path.name != MANIFEST:
                    target = out / path.relative_to(source)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, target)
        return folder

    def export_model_zip(self, run: str) -> Path:
        """The model as one zip file (stored, since weights do not compress), for download."""
        source = self._workspace.library.folder(run)
        safe = "".join(c if c.isalnum() or c in "-_" else "-" for c in run)[:60] or "model"
        exports = self.settings.cache_path / "exports"
        for old in exports.glob("*/*.zip"):
            if time.time() - old.stat().st_mtime > KEEP_EXPORTS_SECONDS:
                shutil.rmtree(old.parent, ignore_errors=True)
        exports.mkdir(parents=True, exist_ok=True)
        target = Path(tempfile.mkdtemp(dir=exports)) / f"{safe}.zip"
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for path in sorted(source.rglob("*")):
                if path.is_file() and path.name != MANIFEST:
                    archive.write(path, Path(safe) / path.relative_to(source))
        return target

    # -- training -------------------------------------------------------------------------------

    def estimate(
        self, dictionary: str, base: str, recipe_name: str, parameters: dict[str, Any] | None = None
    ) -> Estimate:
        """How long a run would take on this machine."""
        configs = self._stage_configs(recipe_name, parameters)
        return estimate_run(self._workspace, self._subject(dictionary), base, configs)

    def start_run(
        self,
        dictionary: str,
        base: str,
        recipe_name: str,
        *,
        name: str | None = None,
        parameters: dict[str, Any] | None = None,
        seed: int = 0,
    ) -> Run:
        """Put a run into the queue; the supervisor begins it when its turn comes.

        ``parameters`` belong to the recipe's stages (a stage takes those that it knows).

        Raises:
            NotFound, BadParameter, NameTaken, TrainingProblem: in words, before anything is started.
        """
        subject = self._subject(dictionary)
        if base in {info.id for info in self.baselines()}:
            raise BadParameter(
                LocalText("「{base}」是基线，不能训练。", "“{base}” is a baseline and cannot be trained."),
                base=base,
            )
        self._workspace.library.check(base)
        runs = self._workspace.runs
        wish = _checked_name(name) if name else _tidy(f"{dictionary}-{recipe_name}")
        reserved = {info.id for info in [*self.baselines(), *self._workspace.library.bases()]}
        if name and wish in reserved:
            raise NameTaken(
                LocalText("「{name}」是内置模型的名字。", "“{name}” is the name of a built-in model."),
                LocalText("请换一个。", "Choose another."),
                name=wish,
            )
        config = {
            "stages": self._stage_configs(recipe_name, parameters),
            "seed": _checked_seed(seed),
            "versions": _library_versions(),
        }
        while True:
            try:
                run = runs.create(
                    wish if name else _unique(wish, runs.names() | reserved),
                    dictionary=subject.info.name,
                    version_id=subject.info.version_id,
                    split_hash=subject.split.hash,
                    base_model=base,
                    recipe=recipe_name,
                    config=config,
                )
                break
            except NameTaken:
                if name:
                    raise  # else somebody took the free name in between: find another
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

    def curve(self, run_id: str, since: int = 0) -> list[CurvePoint]:
        """Points of a run's live curve that are newer than ``since``."""
        return self._workspace.runs.curve(run_id, since)

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
        run = self.run(run_id)
        if run.state in (*ACTIVE_STATES, "queued"):
            raise InputError(
                LocalText("「{name}」还没有结束。", "“{name}” has not ended yet."),
                LocalText("请先停止它。", "Stop it first."),
                name=run.name,
            )
        self._workspace.runs.delete(run.id)
        shutil.rmtree(self.settings.runs_path / run.id, ignore_errors=True)

    # -- evaluation -----------------------------------------------------------------------------

    def leaderboard(self, dictionary: str) -> Board:
        """What is measured on a dictionary, best first. Quick: computes nothing new but intervals."""
        return self._workspace.measurer.board(self.dictionary(dictionary), self.models())

    def evaluate(self, model: str, dictionary: str, progress: Progress | None = None) -> list[Evaluation]:
        """Measure a model or baseline on a dictionary's test terms and store it. May take a while."""
        return self._workspace.measurer.evaluate(model, self.dictionary(dictionary), progress)

    # -- asking a model -------------------------------------------------------------------------

    def similarity(self, a: str, b: str, model: str, dictionary: str | None = None) -> Similarity:
        """How alike two terms are, calibrated on ``dictionary`` (the model's own, or the first that fits).

        Raises:
            InputError: a term is empty, or the model is a baseline.
        """
        subject = self._subject(dictionary or self._calibration_dictionary(model, a, b))
        return self._explorer.similarity(a, b, self._vector_model(model), subject)

    def neighbours(self, term: str, model: str, dictionary: str, k: int = 10) -> list[Hit]:
        """The dictionary's terms nearest to ``term`` (any text), nearest first."""
        return self._explorer.neighbours(term, self._vector_model(model), self._subject(dictionary), k)

    def vectors_ready(self, model: str, dictionary: str) -> bool:
        """Whether a dictionary's terms are encoded by a model already."""
        terms = list(distinct_terms(self._subject(dictionary).pairs).values())
        return self._workspace.library.missing(self._vector_model(model), terms) == 0

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

        mended = remove_staging(self.settings.models_path)
        active = {run.id for run in self._workspace.runs.active()}
        for folder in self.settings.runs_path.glob("*"):
            if folder.name not in active:
                mended += remove_staging(folder)
        return diagnose(self.settings, self.models(), self.dictionaries(), self.runs(), mended)

    # -- inside ---------------------------------------------------------------------------------

    def _subject(self, dictionary: str) -> Subject:
        return self._workspace.measurer.subject(self.dictionary(dictionary))

    def _stage_configs(self, recipe_name: str, parameters: dict[str, Any] | None) -> list[dict[str, Any]]:
        chosen = recipe(recipe_name)
        given = dict(parameters or {})
        configs = []
        for entry in chosen.stages:
            spec = stage(entry.stage)
            mine = {p.name: given[p.name] for p in spec.parameters if p.name in given}
            configs.append({"stage": spec.name, "parameters": spec.checked({**entry.parameters, **mine})})
            given = {name: value for name, value in given.items() if name not in mine}
        if given:
            stage(chosen.stages[0].stage).checked(given)  # says which name is unknown
        return configs

    def _vector_model(self, model: str) -> str:
        if model in {info.id for info in self.baselines()}:
            raise BadParameter(
                LocalText("「{model}」没有词向量。", "“{model}” has no vectors."),
                LocalText("请选一个模型。", "Choose a model."),
                model=model,
            )
        return model

    def _calibration_dictionary(self, model: str, *terms: str) -> str:
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
        return max(infos, key=lambda info: self._workspace.dictionaries.holds(info.version_id, texts)).name

    def _load_samples(self) -> None:
        if self.settings.database_path.exists() and self._workspace.dictionaries.any_ever():
            return
        for name, file in SAMPLES:
            preview = self.preview_dictionary((ASSETS / "samples" / file).read_bytes(), file)
            self._workspace.dictionaries.save(
                name, preview.pairs, language=preview.language, source=file, sample=True, replace=True
            )


def _tidy(name: str) -> str:
    return " ".join("".join(c for c in name if c.isprintable()).split())[:LONGEST_NAME]


def _checked_name(name: str) -> str:
    tidy = _tidy(name)
    if not tidy or len(" ".join(name.split())) > LONGEST_NAME:
        raise BadParameter(
            LocalText(
                "名字不能为空，也不能超过 80 个字。", "A name cannot be empty or longer than 80 characters."
            ),
            LocalText("请改一个。", "Choose another."),
        )
    return tidy


def _checked_seed(seed: int) -> int:
    if not 0 <= seed < 2**63:
        raise BadParameter(
            LocalText("随机种子不能是 {seed}。", "The seed cannot be {seed}."),
            LocalText("请填 0 或正整数。", "It can be 0 or a positive whole number."),
            seed=seed,
        )
    return seed


def _unique(wish: str, taken: set[str]) -> str:
    number, name = 1, wish
    while name in taken:
        number += 1
        name = f"{wish}-{number}"
    return name


def _library_versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("torch", "sentence-transformers", "transformers", "numpy")}
