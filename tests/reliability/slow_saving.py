"""What a worker process of the reliability tests does: a run, slow at a chosen moment of saving itself."""

import itertools
import os
import time
from pathlib import Path

from workbench.settings import Settings
from workbench.training.worker import run_job

PLACES = ("in the tensors", "before the manifest", "before the rename")
LAST_PLACES = (*PLACES, "after the rename")


def train(home: str, run_id: str) -> None:
    """The run, as a worker does it, with a checkpoint at nearly every step."""
    os.environ["WORKBENCH_PRECISION"] = "fp32"
    run_job(Settings.from_env({}, home=home, threads=1, checkpoint_seconds=0.0), run_id)


def train_and_save_slowly(home: str, run_id: str, place: str, marker: str) -> None:
    """The run; its third checkpoint is never finished: ``marker`` appears when it is at ``place``."""
    import safetensors.torch as tensors

    from workbench.storage import artifacts
    from workbench.training import checkpoints

    checkpoints.MOST_OF_THE_TIME = 1e9  # one after every step
    saved, written = itertools.count(1), itertools.count(1)
    save, write = tensors.save_file, artifacts._write_synced

    def wait_to_be_killed() -> None:
        Path(marker).touch()
        time.sleep(600)

    def save_file(values, path):
        if "checkpoints" in str(path) and next(saved) == 3 and place == PLACES[0]:
            save(values, path)
            with Path(path).open("rb+") as handle:
                handle.truncate(1000)
            wait_to_be_killed()
        save(values, path)

    def write_synced(path, data):
        third = "checkpoints" in str(path) and next(written) == 3
        if third and place == PLACES[1]:
            wait_to_be_killed()
        write(path, data)
        if third:
            wait_to_be_killed()

    tensors.save_file, artifacts._write_synced = save_file, write_synced
    train(home, run_id)


def train_and_never_end_the_last_save(home: str, run_id: str, place: str, marker: str) -> None:
    """The run; the saving of its model is never finished: ``marker`` appears when it is at ``place``."""
    import safetensors.torch as tensors

    from workbench.storage import artifacts

    save, write, rename = tensors.save_file, artifacts._write_synced, Path.rename

    def wait_to_be_killed() -> None:
        Path(marker).touch()
        time.sleep(600)

    def save_file(values, path, *more, **named):
        save(values, path, *more, **named)
        if "checkpoints" not in str(path) and place == LAST_PLACES[0]:
            with Path(path).open("rb+") as handle:
                handle.truncate(1000)
            wait_to_be_killed()

    def write_synced(path, data):
        if "checkpoints" not in str(path) and run_id in str(path) and place == LAST_PLACES[1]:
            wait_to_be_killed()
        write(path, data)

    def renamed(path, target):
        last = Path(target).name == "model" and run_id in str(target)
        if last and place == LAST_PLACES[2]:
            wait_to_be_killed()
        found = rename(path, target)
        if last and place == LAST_PLACES[3]:
            wait_to_be_killed()
        return found

    tensors.save_file, artifacts._write_synced, Path.rename = save_file, write_synced, renamed
    train(home, run_id)
