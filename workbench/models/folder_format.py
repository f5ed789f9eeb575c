"""The files that make a folder an ordinary sentence-transformers model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TRANSFORMER = "sentence_transformers.base.modules.transformer.Transformer"
POOLING = "sentence_transformers.sentence_transformer.modules.pooling.Pooling"
NORMALIZE = "sentence_transformers.base.modules.normalize.Normalize"
RERANKER = "reranker"  # the sub-folder of a model that holds its cross-encoder: no part of its vectors


def write_json(path: Path, data: Any) -> None:
    """Writes ``data`` as UTF-8 JSON, making the folder where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def write_transformer_layout(
    folder: Path,
    *,
    dimension: int,
    max_length: int,
    prompts: Mapping[str, str] | None = None,
    default_prompt: str | None = None,
) -> None:
    """Writes what goes with weights, config and tokenizer: mean pooling, vectors of unit length."""
    modules = [("", TRANSFORMER), ("1_Pooling", POOLING), ("2_Normalize", NORMALIZE)]
    write_modules(folder, modules, prompts=prompts, default_prompt=default_prompt)
    text = {"text": {"method": "forward", "method_output_name": "last_hidden_state"}}
    write_json(
        folder / "sentence_bert_config.json",
        {
            "transformer_task": "feature-extraction",
            "modality_config": text,
            "module_output_name": "token_embeddings",
        },
    )
    write_json(
        folder / "1_Pooling" / "config.json",
        {"embedding_dimension": dimension, "pooling_mode": "mean", "include_prompt": True},
    )
    key = "sentence_embedding"
    write_json(folder / "2_Normalize" / "config.json", {"module_input_name": key, "module_output_name": key})
    # The tokenizer's limit is the model's: sentence-transformers 6 reads it from here alone.
    set_tokenizer_limit(folder, max_length)


def write_modules(
    folder: Path,
    modules: list[tuple[str, str]],
    *,
    prompts: Mapping[str, str] | None = None,
    default_prompt: str | None = None,
) -> None:
    """Writes ``modules.json`` from (sub-folder, class) pairs, and the prompts of the model."""
    entries = [
        {"idx": index, "name": str(index), "path": path, "type": kind}
        for index, (path, kind) in enumerate(modules)
    ]
    write_json(folder / "modules.json", entries)
    write_json(
        folder / "config_sentence_transformers.json",
        {
            "model_type": "SentenceTransformer",
            "prompts": dict(prompts or {"query": "", "document": ""}),
            "default_prompt_name": default_prompt,
            "similarity_fn_name": "cosine",
        },
    )


def set_tokenizer_limit(folder: Path, max_length: int) -> None:
    """Writes the longest input, in tokens, into the folder's ``tokenizer_config.json``."""
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    write_json(path, {**config, "model_max_length": max_length})
