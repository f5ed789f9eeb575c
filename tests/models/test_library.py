"""A model's fingerprint is asked for often: it is computed once for each state of the folder's files."""

import os

import pytest

from workbench.models import loading
from workbench.models.library import ModelLibrary
from workbench.settings import Settings
from workbench.storage.artifacts import staged_folder
from workbench.storage.database import Database
from workbench.storage.rates import RateStore
from workbench.storage.runs import RunStore


@pytest.fixture
def library(tmp_path):
    settings = Settings.from_env({}, home=tmp_path / "home")
    database = Database(settings.database_path)
    yield ModelLibrary(settings, RunStore(database), RateStore(database))
    database.close()


@pytest.fixture
def computed(monkeypatch):
    """The folders whose fingerprint was computed."""
    folders, fingerprint = [], loading.fingerprint
    monkeypatch.setattr(loading, "fingerprint", lambda folder: folders.append(folder) or fingerprint(folder))
    return folders


def write(folder, **files):
    for name, text in files.items():
        path = folder / name / "config.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (1, 1))
    return folder


def test_a_foreign_folder_is_read_again_only_when_a_file_of_it_has_changed(library, computed, tmp_path):
    folder = write(tmp_path / "model", a="{}", b="[]")
    first = library.fingerprint_of_folder(folder)
    assert library.fingerprint_of_folder(folder) == first
    assert len(computed) == 1
    write(folder, b="[ ]")
    assert library.fingerprint_of_folder(folder) != first
    assert len(computed) == 2


def test_two_files_of_one_name_that_change_places_are_a_change(library, tmp_path):
    folder = write(tmp_path / "model", a="{}", b="[]")
    first = library.fingerprint_of_folder(folder)
    (folder / "a").rename(folder / "c")
    (folder / "b").rename(folder / "a")
    (folder / "c").rename(folder / "b")
    assert library.fingerprint_of_folder(folder) != first


def test_of_a_model_of_our_own_only_the_manifest_is_looked_at(library, computed, tmp_path, monkeypatch):
    final = tmp_path / "home" / "runs" / "x" / "model"
    with staged_folder(final) as out:
        write(out, a="{}", b="[]")
    first = library.fingerprint_of_folder(final)
    walked = []
    rglob = type(final).rglob
    monkeypatch.setattr(type(final), "rglob", lambda path, *rest: walked.append(path) or rglob(path, *rest))
    assert library.fingerprint_of_folder(final) == first
    assert (walked, len(computed)) == ([], 1)
    with staged_folder(final) as out:
        write(out, a="{}", b="[1]")
    assert library.fingerprint_of_folder(final) != first
