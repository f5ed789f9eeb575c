"""Homes with real worker processes, for the tests that kill, stop and leave them alone."""

import contextlib
import os
import sqlite3
import time

import psutil
import pytest

from workbench.localtext import LocalText
from workbench.services import Services
from workbench.settings import Settings
from workbench.types import FINAL_STATES, Recipe, StageConfig

# One stage: what is tested is how a run is carried out, and a second stage would only take time.
TUNING = Recipe("tuning", LocalText("精调", "Tuning"), LocalText("", ""), (StageConfig("in_batch"),))
SHORT = {"epochs": 3, "learning_rate": 0.01}
LONG = {"epochs": 100, "batch_size": 4, "layers": "2"}  # about half a minute, saved in no time


@pytest.fixture
def home(tmp_path, toy_csv):
    """A home with the toy dictionary."""
    services = Services(settings_of(tmp_path / "home"))
    services.save_dictionary("toy", services.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    services.close()
    return tmp_path / "home"


def settings_of(home, **more):
    return Settings.from_env({}, **{"home": home, "warm_worker": False, "threads": 1, **more})


@pytest.fixture
def open_services(home):
    """Opens services on the home, as many as are asked for; at the end none has a worker left."""
    opened = []

    def start(**more):
        services = Services(settings_of(home, **more))
        services.start()
        opened.append(services)
        return services

    yield start
    for services in opened:
        for run in services.runs():
            if run.state not in FINAL_STATES:
                services.stop_run(run.id, keep=False)
        for run in services.runs():
            wait_for_end(services, run, 20)
        services.close()


def burden():
    """How many times longer all takes here now: the load for each core, 1 on a machine of one's own."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def wait(ready, seconds, every=0.05):
    """Until ``ready()``; how long it took.

    Fails when it takes longer than ``seconds``, or so much longer on a machine with more to do.
    """
    began = time.monotonic()
    while not ready():
        assert time.monotonic() - began < seconds * burden(), f"not within {seconds} s"
        time.sleep(every)
    return time.monotonic() - began


def wait_for_end(services, run, seconds=90):
    wait(lambda: services.run(run.id).state in FINAL_STATES, seconds)
    return services.run(run.id)


def wait_for_training(services, run, step=1):
    wait(lambda: services.run(run.id).step >= step, 90)
    return psutil.Process(services._workspace.runs.worker_of(run.id)[0])


def tuned(services):
    return [model.id for model in services.models() if model.kind == "tuned"]


@contextlib.contextmanager
def suspended(process, home):
    """Within the block the worker ``process`` lives and does nothing; it is not caught while it writes."""
    process.suspend()
    while not is_writable(home):
        process.resume()
        time.sleep(0.01)
        process.suspend()
    try:
        yield
    finally:
        process.resume()


def is_writable(home):
    with contextlib.closing(sqlite3.connect(home / "workbench.db", timeout=0)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.rollback()
        return True


def gone(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
