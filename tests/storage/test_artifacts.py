"""A folder appears whole or not at all: exceptions, kill -9, a full disk, and what a crash leaves."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from workbench.errors import StorageProblem
from workbench.storage.artifacts import MANIFEST, link_or_copy, manifest_of, remove_staging, staged_folder

ROOT = Path(__file__).resolve().parents[2]
Usage = namedtuple("Usage", "total used free")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_whole_folder_appears_with_its_manifest(tmp_path):
    with staged_folder(tmp_path / "run" / "model", extra={"run": "车"}) as out:
        (out / "sub").mkdir()
        (out / "sub" / "weights.bin").write_bytes(b"x" * 1000)
        (out / "config.json").write_text("{}")
        assert not (tmp_path / "run" / "model").exists()
    manifest = manifest_of(tmp_path / "run" / "model")
    assert manifest["run"] == "车"
    assert {name: entry["size"] for name, entry in manifest["files"].items()} == {
        "sub/weights.bin": 1000,
        "config.json": 2,
    }
    assert names(tmp_path / "run") == ["model"]


def test_an_exception_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), staged_folder(tmp_path / "model") as out:  # noqa: PT012
        (out / "weights.bin").write_bytes(b"x")
        raise RuntimeError
    assert names(tmp_path) == []


def test_an_exception_leaves_the_earlier_one_as_it_was(tmp_path):
    with staged_folder(tmp_path / "model") as out:
        (out / "a").write_text("first")
    with pytest.raises(KeyboardInterrupt), staged_folder(tmp_path / "model") as out:  # noqa: PT012
        (out / "a").write_text("second")
        raise KeyboardInterrupt
    assert (tmp_path / "model" / "a").read_text() == "first"
    with staged_folder(tmp_path / "model") as out:
        (out / "b").write_text("third")
    assert names(tmp_path / "model") == ["b", MANIFEST]


def test_killed_in_the_middle_it_leaves_no_folder_and_the_rest_is_swept_up(tmp_path):
    script = """
import sys, time
from pathlib import Path
from workbench.storage.artifacts import staged_folder
with staged_folder(Path(sys.argv[1]) / "model") as out:
    (out / "weights.bin").write_bytes(b"x" * 1000)
    print("written", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "written\n"
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
    assert manifest_of(tmp_path / "model") is None
    assert not (tmp_path / "model").exists()
    left = names(tmp_path)
    assert len(left) == 1
    assert remove_staging(tmp_path) == left
    assert names(tmp_path) == []
    assert remove_staging(tmp_path / "nowhere") == []


def test_too_little_room_is_said_with_numbers_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 0, 50 * 2**20))
    with pytest.raises(StorageProblem) as caught, staged_folder(tmp_path / "model", needs_bytes=100 * 2**20):
        pytest.fail("it began to write")
    for language in ("zh", "en"):
        assert "300 MB" in caught.value.text(language)
        assert "50 MB" in caught.value.text(language)
    assert names(tmp_path) == []


def test_a_disk_that_fills_up_while_writing_is_said_in_words(tmp_path):
    with pytest.raises(StorageProblem) as caught, staged_folder(tmp_path / "model"):
        raise OSError(28, "No space left on device")
    assert "No space left on device" in caught.value.text("en")
    assert "腾出" in caught.value.text("zh")
    assert names(tmp_path) == []


def test_a_folder_that_misses_a_file_is_not_whole(tmp_path):
    with staged_folder(tmp_path / "model") as out:
        (out / "a").write_text("aaa")
        (out / "b").write_text("bbb")
    assert manifest_of(tmp_path / "model")
    (tmp_path / "model" / "a").write_text("cut")
    assert manifest_of(tmp_path / "model")  # same size: the hash is not asked each time
    (tmp_path / "model" / "a").write_text("c")
    assert manifest_of(tmp_path / "model") is None
    (tmp_path / "model" / "a").unlink()
    assert manifest_of(tmp_path / "model") is None


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"files": []}', '{"files": {"a": 1}}'])
def test_a_damaged_manifest_is_no_manifest(tmp_path, text):
    (tmp_path / MANIFEST).write_text(text)
    (tmp_path / "a").write_text("a")
    assert manifest_of(tmp_path) is None


def test_the_hash_in_the_manifest_is_that_of_the_content(tmp_path):
    with staged_folder(tmp_path / "model") as out:
        (out / "a").write_bytes(b"abc")
    entry = json.loads((tmp_path / "model" / MANIFEST).read_text())["files"]["a"]
    assert entry["sha256"] == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_read_only_files_can_be_taken_over(tmp_path):
    (tmp_path / "source").write_text("weights")
    (tmp_path / "source").chmod(0o444)
    with staged_folder(tmp_path / "model") as out:
        link_or_copy(tmp_path / "source", out / "deep" / "copy")
    assert (tmp_path / "model" / "deep" / "copy").read_text() == "weights"
    assert manifest_of(tmp_path / "model")


def test_where_files_cannot_be_shared_they_are_copied(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "source").write_text("weights")
    link_or_copy(tmp_path / "source", tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "weights"
    assert (tmp_path / "copy").stat().st_ino != (tmp_path / "source").stat().st_ino
