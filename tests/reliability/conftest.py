"""Fixtures of the reliability tests."""

import multiprocessing
import multiprocessing.forkserver

import pytest
from real_workers import home, open_services  # noqa: F401  (fixtures)
from ui.conftest import browse, chromium, free_port, until, window  # noqa: F401  (fixtures)


@pytest.fixture(scope="session")
def processes():
    """Starts processes that have their libraries at once: copies of one that has imported them."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["sentence_transformers", "transformers", "workbench.training.execute"])
    yield context.Process
    multiprocessing.forkserver._forkserver._stop()
