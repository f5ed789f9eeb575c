"""Every model by its id, base or tuned: where it lies, its fingerprint, its vectors (cached)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import ModelProblem, ModelUnavailable, NotFound
from workbench.localtext import LocalText
from workbench.locks import KeyedCache, KeyedLocks
from workbench.models.catalogue import (
    CATALOGUE,
    as_folder,
    check_name,
    default_spec,
    fallback_note,
    is_ready,
    prepare,
    spec_of,
)
from workbench.models.folder_format import RERANKER
from workbench.models.hub import folder_of as hub_folder
from workbench.models.word_vectors import VectorModels, is_vectors
from workbench.settings import Settings
from workbench.storage.artifacts import MANIFEST, manifest_of
from workbench.storage.embeddings import EmbeddingStore
from workbench.storage.rates import RateStore
from workbench.storage.runs import RunStore
from workbench.types import ModelInfo, Run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.models.encoder import Kind, TextEncoder
    from workbench.models.reranking import Reranker

Progress = Callable[[float, LocalText], None]
ENCODING = LocalText("正在编码 {count} 个词", "Encoding {count} terms")
MODELS_IN_MEMORY = 2
RERANKERS_IN_MEMORY = 1
FINGERPRINTS_IN_MEMORY = 64


class ModelLibrary:
    """Base models of the catalogue, hub names, local folders, and the results of runs."""

    def __init__(self, settings: Settings, runs: RunStore, rates: RateStore) -> None:
        self._settings = settings
        self._runs = runs
        self._rates = rates
        self.word_vectors = VectorModels(settings)
        self._store = EmbeddingStore(settings.cache_path / "vectors")
        self._encoders: KeyedCache[str, TextEncoder] = KeyedCache(MODELS_IN_MEMORY)
        self._rerankers: KeyedCache[Hashable, Reranker] = KeyedCache(RERANKERS_IN_MEMORY)
        self._fingerprints: KeyedCache[Hashable, str] = KeyedCache(FINGERPRINTS_IN_MEMORY)
        self._encoding = KeyedLocks()

    # -- what there is ------------------------------------------------------------------------

    def bases(self) -> list[ModelInfo]:
        """The base models of the catalogue, then imported word vectors."""
        default, fallback = default_spec().id, fallback_note()
        bundled = [
            ModelInfo(
                id=spec.id,
                title=spec.title,
                kind="base",
                base=None,
                languages=spec.languages,
                dimension=spec.dimension,
                size_bytes=spec.size_bytes,
                licence=spec.licence,
                ready=is_ready(spec, self._settings),
                default=spec.id == default,
                note=fallback if fallback and spec.id == default else spec.help,
            )
            for spec in CATALOGUE
        ]
        return [*bundled, *self.word_vectors.all()]

    def tuned(self) -> list[ModelInfo]:
        """Models that runs have left and that are whole on disk, newest first."""
        infos = []
        for run in self._runs.all():
            last = len(run.config.get("stages", ()))
            if run.state in ("completed", "stopped"):
                infos.append(
                    _tuned_info(run, run.name, None, self._run_folder(run), last if last > 1 else None)
                )
            for number in range(1, last):
                infos.append(
                    _tuned_info(
                        run, stage_id(run.name, number), number, self._run_folder(run, number), number
                    )
                )
        return [info for info in infos if info is not None]

    def outside(self) -> list[ModelInfo]:
        """Hub names and folders that runs have started from."""
        used = dict.fromkeys(run.base_model for run in self._runs.all())
        return [info for info in map(self.outside_info, used) if info is not None]

    def outside_info(self, model: str) -> ModelInfo | None:
        """What is known of a hub name or a folder; None where ``model`` is of the catalogue or was a run."""
        is_folder = Path(model).is_dir()
        known = {model, split_stage_id(model)[0]} & self._runs.names()
        if spec_of(model) is not None or is_vectors(model) or known or not (is_folder or "/" in model):
            return None
        name = Path(model).name if is_folder else model
        return ModelInfo(
            id=model,
            title=LocalText(name, name),
            kind="base",
            base=None,
            languages=(),
            dimension=None,
            size_bytes=None,
            licence=None,
            ready=is_folder or manifest_of(hub_folder(model, self._settings)) is not None,
        )

    def folder(self, model: str, progress: Progress | None = None) -> Path:
        """The folder of a model, unpacked first where it has to be.

        Raises:
            NotFound, ModelUnavailable, UnsafeModel: see :func:`workbench.models.catalogue.prepare`.
        """
        run, stage = self._run_and_stage(model)
        if run is None:
            return self.word_vectors.folder(model) if is_vectors(model) else self._prepare(model, progress)
        folder = self._run_folder(run, stage)
        if manifest_of(folder) is None:
            raise ModelProblem(
                LocalText("训练「{name}」没有留下模型。", "The run “{name}” left no model."),
                LocalText("请选另一个模型，或重新训练。", "Choose another model, or train again."),
                name=run.name,
            )
        return folder

    def check(self, model: str) -> str:
        """The name to keep for a model (a folder's whole path), if :meth:`folder` has a chance.

        Nothing is unpacked or fetched.

        Raises:
            NotFound, UnsafeModel, ModelProblem: as :meth:`folder` would.
        """
        if self._run(model) is not None or is_vectors(model):
            self.folder(model)
            return model
        check_name(model)
        folder = as_folder(model) if spec_of(model) is None else None
        return str(folder) if folder else model

    def is_here(self, model: str) -> bool:
        """Whether a model can be used without unpacking or fetching it first."""
        spec = spec_of(model)
        return spec is None or is_ready(spec, self._settings)

    def base_of(self, model: str) -> str | None:
        """The base model that a run started from; None for a base model."""
        run = self._run(model)
        return run.base_model if run else None

    def dictionary_of(self, model: str) -> str | None:
        """The dictionary that a run was trained on; None for a base model."""
        run = self._run(model)
        return run.dictionary if run else None

    def version_of(self, model: str) -> str | None:
        """The dictionary version that a run was trained on; None for a base model."""
        run = self._run(model)
        return run.version_id if run else None

    def fingerprint(self, model: str, progress: Progress | None = None) -> str:
        """The content hash of a model."""
        return self.fingerprint_of_folder(self.folder(model, progress))

    def fingerprint_of_folder(self, folder: Path) -> str:
        """The content hash of a model folder; computed again only when a file of it has changed."""
        from workbench.models.loading import fingerprint

        state = (folder, *self._files_state(folder))
        return self._fingerprints.get(state, lambda: fingerprint(folder))

    def _files_state(self, folder: Path) -> Iterator[Hashable]:
        """What changes when a model's files do. A folder of our own is written once, its manifest last."""
        manifest = folder / MANIFEST
        ours = folder.is_relative_to(self._settings.home) and manifest.exists()
        for path in [manifest] if ours else sorted(folder.rglob("*")):
            if path.is_file():
                status = path.stat()
                name = path.relative_to(folder).as_posix()
                yield name, status.st_ino, status.st_size, status.st_mtime_ns

    # -- vectors ------------------------------------------------------------------------------

    def vectors(
        self,
        model: str,
        texts: Sequence[str],
        progress: Progress | None = None,
        *,
        kind: Kind = "term",
        exact: bool = False,
    ) -> NDArray[np.float32]:
        """Unit vectors (n, d) of ``texts``: stored ones are read, the others encoded and stored."""
        folder = self.folder(model, progress)
        return self.vectors_of_folder(folder, texts, progress, rate_name=model, kind=kind, exact=exact)

    def vectors_of_folder(
        self,
        folder: Path,
        texts: Sequence[str],
        progress: Progress | None = None,
        *,
        rate_name: str = "",
        kind: Kind = "term",
        exact: bool = False,
    ) -> NDArray[np.float32]:
        """As :meth:`vectors`, for a model given by its folder. ``kind`` chooses the prompt.

        ``exact``: in full precision also where the processor is faster in bfloat16.

        ``progress`` may raise to stop; what was encoded until then stays stored.
        """
        fingerprint = self.fingerprint_of_folder(folder)
        kind = "term" if kind == "term" or _same_prompt(folder, kind) else kind
        mark = "" if kind == "term" else f"{kind}\0"  # the same text under another prompt is another text
        if exact and _rounds():
            mark += "exact\0"
            rate_name = ""
        total, before = len(texts), 0
        began = time.monotonic()

        def encode(chunk: Sequence[str]) -> NDArray[np.float32]:
            nonlocal before
            encoder = self.encoder_of_folder(folder)
            encoder = encoder.exact if exact else encoder

            def tell(done: int, _: int) -> None:
                if progress:
                    progress((before + done) / max(1, total), ENCODING.format(count=total))

            result = encoder.encode([text[len(mark) :] for text in chunk], kind=kind, progress=tell)
            before += len(chunk)
            return result

        with self._encoding.hold(fingerprint):  # who comes second finds the vectors there
            result = self._store.encode(fingerprint, [mark + text for text in texts], encode)
        if rate_name and before >= 500:
            self._rates.observe(f"encode:{rate_name}", before / (time.monotonic() - began))
        return result

    def missing(self, model: str, texts: Sequence[str]) -> int:
        """How many of ``texts`` are not encoded yet; all of them where the model is not unpacked."""
        spec = spec_of(model)
        if spec is not None and not is_ready(spec, self._settings):
            return len(texts)
        return self._store.count_missing(self.fingerprint(model), texts)

    def remember(self, folder: Path, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Store vectors that were computed elsewhere."""
        self._store.save(self.fingerprint_of_folder(folder), texts, vectors)

    def forget(self, folder: Path) -> None:
        """Remove the stored vectors of a model that is about to be deleted."""
        self._store.forget(self.fingerprint_of_folder(folder))

    def encoder_of_folder(self, folder: Path) -> TextEncoder:
        """A loaded model; the two last used stay in memory."""
        from workbench.models.encoder import TextEncoder
        from workbench.models.loading import load_model

        key = self.fingerprint_of_folder(folder)
        return self._encoders.get(key, lambda: TextEncoder(load_model(folder)))

    def reranker(self, model: str) -> Reranker | None:
        """The cross-encoder that a model brings with it, or None; the one last used stays in memory.

        Raises:
            NotFound, ModelProblem: see :meth:`folder`; or its settings cannot be read.
        """
        from workbench.models.reranking import Reranker

        folder = self.folder(model) / RERANKER
        if not folder.is_dir():
            return None
        key = (folder, *self._files_state(folder.parent))
        return self._rerankers.get(key, lambda: Reranker(folder))

    def same_vectors(self, model: str, other: str) -> bool:
        """Whether two models give the same vectors; not where one of them is none."""
        try:
            return self.fingerprint(model) == self.fingerprint(other)
        except (NotFound, ModelProblem):
            return False

    # -- inside -------------------------------------------------------------------------------

    def _prepare(self, model: str, progress: Progress | None) -> Path:
        try:
            return prepare(model, self._settings, progress)
        except ModelUnavailable as error:
            if "/" in model:
                raise
            # Hub names have an owner before a slash, nearly all: this one is more likely mistyped.
            raise NotFound(error.message, error.hint) from error

    def _run(self, model: str) -> Run | None:
        return self._run_and_stage(model)[0]

    def _run_and_stage(self, model: str) -> tuple[Run | None, int | None]:
        """The run that left a model, and the stage before its last one that did."""
        if spec_of(model) is not None:
            return None, None
        for name, stage in ((model, None), split_stage_id(model)):
            try:
                return self._runs.get(name), stage
            except NotFound:
                continue
        return None, None

    def _run_folder(self, run: Run, stage: int | None = None) -> Path:
        return self._settings.runs_path / run.id / ("model" if stage is None else f"stage-{stage}")


def _rounds() -> bool:
    """Whether an encoder may compute in bfloat16 on this machine."""
    from workbench.models.encoder import bf16_is_fast

    return bf16_is_fast()


def _same_prompt(folder: Path, kind: Kind) -> bool:
    """Whether a model puts the same before a query or passage as before a term."""
    from workbench.models.encoder import prompt_of

    try:
        config = json.loads((folder / "config_sentence_transformers.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False  # not known without loading it: encoded under a key of its own
    prompts = {name: text or "" for name, text in (config.get("prompts") or {}).items()}
    default = config.get("default_prompt_name")
    return prompt_of(prompts, default, kind) == prompt_of(prompts, default, "term")


def stage_id(run: str, stage: int) -> str:
    """The id of the model that a stage before the last one has left."""
    return f"{run}#{stage}"


def split_stage_id(model: str) -> tuple[str, int | None]:
    """The run's name and the stage in a :func:`stage_id`; any other id with None."""
    name, mark, number = model.rpartition("#")
    return (name, int(number)) if mark and name and number.isdecimal() else (model, None)


def _tuned_info(
    run: Run, model: str, number: int | None, folder: Path, stage: int | None
) -> ModelInfo | None:
    manifest = manifest_of(folder)
    if manifest is None:
        return None
    title, spec = LocalText(run.name, run.name), spec_of(run.base_model)
    if number is not None and "title" in manifest:
        of_stage = LocalText.from_json(manifest["title"])
        title = LocalText(
            f"{run.name} · {number} {of_stage.get('zh')}", f"{run.name} · {number} {of_stage.get('en')}"
        )
    return ModelInfo(
        id=model,
        title=title,
        kind="tuned",
        base=run.base_model,
        languages=spec.languages if spec else (),
        dimension=spec.dimension if spec else None,
        size_bytes=sum(entry["size"] for entry in manifest["files"].values()),
        licence=spec.licence if spec else None,
        ready=True,
        note=run.message if number is None else None,
        run=run.name,
        stage=stage,
    )
