"""What is installed, which models are there and what this machine can do, for ``doctor``."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from workbench.models.catalogue import CATALOGUE
from workbench.services.mending import Finding
from workbench.settings import Settings
from workbench.types import DictionaryInfo, ModelInfo, Run

PACKAGES = (
    "torch",
    "sentence-transformers",
    "transformers",
    "gradio",
    "plotly",
    "numba",
    "openTSNE",
    "faiss-cpu",
    "gensim",
    "pandas",
    "sqlite-utils",
    *(spec.package for spec in CATALOGUE if spec.package),
)


def diagnose(
    settings: Settings,
    models: Sequence[ModelInfo],
    dictionaries: Sequence[DictionaryInfo],
    runs: Sequence[Run],
    findings: Sequence[Finding],
) -> dict[str, Any]:
    """One JSON-ready document; sizes in bytes."""
    import psutil
    import torch

    from workbench.models.encoder import bf16_is_fast

    home = settings.home if settings.home.exists() else settings.home.parent
    return {
        "python": sys.version.split()[0],
        "system": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "machine": {
            "cores": os.cpu_count(),
            "memory": psutil.virtual_memory().total,
            "memory_free": psutil.virtual_memory().available,
            "disk_free": shutil.disk_usage(home).free,
            "bfloat16": bf16_is_fast(),
            "gpu": torch.cuda.is_available(),
        },
        "home": str(settings.home),
        "models": [
            {"id": model.id, "kind": model.kind, "ready": model.ready, "default": model.default}
            for model in models
        ],
        "dictionaries": [{"name": info.name, "pairs": info.pairs} for info in dictionaries],
        "runs": {state: sum(run.state == state for run in runs) for state in sorted({r.state for r in runs})},
        "mended": [finding.path.rpartition("/")[2] for finding in findings if finding.done],
        "freed": sum(finding.freed for finding in findings),
        "findings": [finding.as_json() for finding in findings],
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
