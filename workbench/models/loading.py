"""Loads a model folder safely, and tells models apart by what is in them."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import ModelProblem
from workbench.localtext import LocalText
from workbench.models.bundled_use import MODULE as USE_MODULE
from workbench.models.folder_format import RERANKER
from workbench.models.safety import check_folder
from workbench.storage.artifacts import MANIFEST, manifest_of

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_MODEL_FILES = frozenset({".safetensors", ".json", ".txt", ".model", ".spm", ".vocab"})


def load_model(folder: Path, *, device: str = "cpu") -> SentenceTransformer:
    """The model in ``folder``, in evaluation mode. Nothing is fetched, and no code of the model is run.

    Raises:
        UnsafeModel: see :func:`workbench.models.safety.check_folder`.
        ModelProblem: the folder holds no model, or a damaged one.
    """
    check_folder(folder)
    with no_progress_bars():
        try:
            model = _load_own(folder, device) if _is_own(folder) else _load_ordinary(folder, device)
        except Exception as error:  # a damaged file can fail in any of three libraries, each in its own way
            raise ModelProblem(
                LocalText("模型「{name}」无法载入：{why}", "The model “{name}” cannot be loaded: {why}"),
                LocalText(
                    "它的文件可能已损坏，或不是句向量模型；请重新取得，或换一个模型。",
                    "Its files may be damaged, or it is no embedding model; get it again, or choose another.",
                ),
                name=folder.name,
                why=_first_line(error),
            ) from error
    return model.eval()


def fingerprint(folder: Path) -> str:
    """A content hash (hex, 64 digits) of a model: weights, configuration, tokenizer, modules.

    It changes with any weight, and is the same for the same model in another place. A reranker beside the
    model changes no vector, so it does not count. The hashes of a manifest are believed for files that are
    not younger than it.
    """
    manifest = manifest_of(folder) or {}
    written = (folder / MANIFEST).stat().st_mtime_ns if manifest else 0
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*"), key=lambda p: p.relative_to(folder).as_posix()):
        name = path.relative_to(folder).as_posix()
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        beside = path.relative_to(folder).parts[0] == RERANKER
        if hidden or beside or name == MANIFEST or path.suffix not in _MODEL_FILES or not path.is_file():
            continue
        known = manifest.get("files", {}).get(name)
        status = path.stat()
        if known and known["size"] == status.st_size and status.st_mtime_ns <= written:
            content = str(known["sha256"])
        else:
            content = hash_file(path)
        digest.update(f"{name}\0{content}\n".encode())
    return digest.hexdigest()


def hash_file(path: Path) -> str:
    """sha256 of a file, hex."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _modules(folder: Path) -> list[dict[str, Any]]:
    path = folder / "modules.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def _is_own(folder: Path) -> bool:
    return any(module["type"] == USE_MODULE for module in _modules(folder))


def _load_ordinary(folder: Path, device: str) -> SentenceTransformer:
    import torch
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(
        str(folder),
        device=device,
        local_files_only=True,
        trust_remote_code=False,
        # Half-precision checkpoints are slow on a processor and lose small gradients.
        model_kwargs={"use_safetensors": True, "dtype": torch.float32},
    )


def _load_own(folder: Path, device: str) -> SentenceTransformer:
    """A model whose first module is ours, which sentence-transformers would not import by name."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules.dense import Dense
    from sentence_transformers.base.modules.normalize import Normalize

    from workbench.models.use_module import UniversalSentenceEncoder

    classes = {"UniversalSentenceEncoder": UniversalSentenceEncoder, "Dense": Dense, "Normalize": Normalize}
    modules: OrderedDict[str, Any] = OrderedDict()
    for entry in _modules(folder):
        module_class = classes[entry["type"].rpartition(".")[2]]
        modules[entry["name"]] = module_class.load(
            str(folder), subfolder=entry["path"], local_files_only=True
        )
    config = json.loads((folder / "config_sentence_transformers.json").read_text(encoding="utf-8"))
    return SentenceTransformer(
        modules=modules,
        device=device,
        prompts=config.get("prompts"),
        default_prompt_name=config.get("default_prompt_name"),
        similarity_fn_name=config.get("similarity_fn_name"),
        local_files_only=True,
    )


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__


@contextmanager
def no_progress_bars() -> Iterator[None]:
    """Nothing of the transformers library draws bars on the terminal meanwhile."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
