"""Models of the hub: fetched once, refused before the download where unsafe, a sentence when out of reach."""

import shutil
from types import SimpleNamespace

import httpx
import huggingface_hub
import pytest

from workbench.errors import ModelUnavailable, UnsafeModel
from workbench.models.catalogue import prepare
from workbench.models.loading import load_model
from workbench.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings.from_env({}, home=tmp_path / "home")


class Hub:
    """Stands for the hub: one model made of the files of ``source``."""

    def __init__(self, source, extra=()):
        self.source, self.extra, self.asked, self.fails = source, list(extra), 0, None

    def model_info(self, name, **_):
        self.asked += 1
        if self.fails:
            raise self.fails
        names = [p.relative_to(self.source).as_posix() for p in self.source.rglob("*") if p.is_file()]
        return SimpleNamespace(siblings=[SimpleNamespace(rfilename=n, size=10) for n in names + self.extra])

    def snapshot_download(self, name, *, local_dir, allow_patterns, ignore_patterns):
        shutil.copytree(self.source, local_dir, dirs_exist_ok=True)
        (local_dir / ".cache").mkdir()
        return str(local_dir)


@pytest.fixture
def hub(tiny_model_folder, monkeypatch):
    hub = Hub(tiny_model_folder)
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: hub)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", hub.snapshot_download)
    return hub


def test_a_model_is_fetched_once_and_then_found_without_asking(hub, settings):
    told = []
    folder = prepare("someone/tiny-model", settings, lambda share, text: told.append(share))
    assert told[0] == 0.0
    assert told[-1] == 1.0
    assert folder.parent == settings.models_path
    assert load_model(folder).get_embedding_dimension() == 32
    assert not (folder / ".cache").exists()
    hub.fails = httpx.ConnectError("no route")
    assert prepare("someone/tiny-model", settings) == folder
    assert hub.asked == 1


def test_names_that_differ_by_punctuation_have_different_folders(hub, settings):
    assert prepare("some/one_tiny", settings) != prepare("some/one-tiny", settings)


@pytest.mark.parametrize("extra", ["modeling_custom.py", "2_Dense/pytorch_model.bin"])
def test_an_unsafe_model_is_refused_before_anything_is_fetched(hub, settings, extra):
    hub.extra.append(extra)
    with pytest.raises(UnsafeModel):
        prepare("someone/tiny-model", settings)
    assert [p for p in settings.models_path.iterdir() if p.is_dir()] == []


@pytest.mark.parametrize("error", [httpx.ConnectError("x"), httpx.ReadTimeout("x"), OSError("x")])
def test_out_of_reach_is_a_sentence_that_names_what_works_offline(hub, settings, error):
    hub.fails = error
    with pytest.raises(ModelUnavailable) as caught:
        prepare("someone/tiny-model", settings)
    assert "离线" in caught.value.text("zh")
    assert "minilm" in caught.value.text("en")


def test_a_connection_that_breaks_midway_lists_nothing(hub, settings, monkeypatch):
    def broken(name, *, local_dir, **_):
        local_dir.mkdir()
        (local_dir / "config.json").write_text("{}")
        raise httpx.ReadError("gone")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", broken)
    with pytest.raises(ModelUnavailable):
        prepare("someone/tiny-model", settings)
    assert [p.name for p in settings.models_path.iterdir() if not p.name.startswith(".")] == []
