"""What a run depends on besides its data and parameters: the packages, and the machine it was begun on."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from workbench.settings import Settings

PACKAGES = (
    "torch",
    "sentence-transformers",
    "transformers",
    "tokenizers",
    "safetensors",
    "numpy",
    "scikit-learn",
    "jieba",
    "gensim",
)


def library_versions() -> dict[str, str]:
    """The versions of the packages that decide what a run comes to; those that are installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def machine_facts(settings: Settings) -> dict[str, Any]:
    """System, processor, cores, memory (bytes), threads of a worker, precision: numbers depend on them."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "threads": settings.worker_threads,
        "memory": psutil.virtual_memory().total,
        "precision": os.environ.get("WORKBENCH_PRECISION", "auto"),
        "python": platform.python_version(),
    }


def _processor() -> str:
    """The name that the processor gives itself, where the system tells it."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor()
