"""``doctor``: what a crash left is found, put right and said; nothing that may be somebody's work is lost."""

import json
import os
import shutil
import sqlite3
import time
from contextlib import closing

import pytest
from real_workers import settings_of

from workbench.localtext import LocalText
from workbench.models.catalogue import unpacking
from workbench.services import Services
from workbench.storage.artifacts import STAGING_PREFIX, staged_folder
from workbench.storage.snapshot import damages

LONG_AGO = time.time() - 3 * 24 * 3600
MESSAGE = LocalText("完成。", "Done.")


@pytest.fixture
def services(tmp_path):
    opened = Services(settings_of(tmp_path / "home"))
    yield opened
    opened.close()


@pytest.fixture
def a_run(services):
    """Makes rows of runs as they stand in the database; no process has to work for that."""

    def make(name, state):
        runs = services._workspace.runs
        info = services.dictionary("汽车")
        run = runs.create(
            name, dictionary=info.name, version_id=info.version_id, split_hash="0", base_model="use",
            recipe="instant", config={"stages": [{"stage": "instant_map", "parameters": {}}], "seed": 0},
        )  # fmt: skip
        if state != "queued":
            assert runs.claim_next().id == run.id
            runs.mark_running(run.id)
        if state not in ("queued", "running"):
            runs.finish(run.id, state, MESSAGE)
        return runs.get(run.id)

    return make


def model_in(folder, content=b"weights"):
    with staged_folder(folder) as out:
        (out / "model.safetensors").write_bytes(content)
    return folder


def age(path, at=LONG_AGO):
    for each in [*path.rglob("*"), path] if path.is_dir() else [path]:
        os.utime(each, (at, at))


def found(services, **more):
    """What is found, by path; every sentence is there in both languages and names what it is about."""
    findings = {finding.path: finding for finding in services.mending.mend(**more)}
    for finding in findings.values():
        zh, en = finding.text.get("zh"), finding.text.get("en")
        assert any("\u4e00" <= c <= "\u9fff" for c in zh)
        assert "{" not in zh + en
        assert not any("\u4e00" <= c <= "\u9fff" for c in en)
    return findings


def everything(home):
    return {path.relative_to(home): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_a_home_that_is_well_is_left_as_it_is(services, a_run):
    run = a_run("good", "completed")
    model_in(services.settings.runs_path / run.id / "model")
    before = everything(services.settings.home / "runs")
    assert found(services) == {}
    assert everything(services.settings.home / "runs") == before
    assert services.run("good").state == "completed"


def test_what_is_half_written_is_removed_and_the_bytes_are_said(services, a_run):
    settings = services.settings
    run = a_run("stopped", "stopped")
    places = [
        settings.runs_path / run.id / f"{STAGING_PREFIX}a",
        settings.runs_path / run.id / "checkpoints" / "stage-1" / f"{STAGING_PREFIX}b",
        settings.models_path / f"{STAGING_PREFIX}c",
        settings.home / "vectors" / f"{STAGING_PREFIX}d",
    ]
    for place in places:
        place.mkdir(parents=True)
        (place / "part").write_bytes(bytes(200_000))
    findings = found(services)
    assert set(findings) == {place.relative_to(settings.home).as_posix() for place in places}
    assert all((each.kind, each.freed, each.done) == ("removed", 200_000, True) for each in findings.values())
    assert "195.3 KB" in next(iter(findings.values())).text.get("en")
    assert not any(place.exists() for place in places)
    assert found(services) == {}


def test_a_dry_run_says_the_same_and_changes_nothing(services, a_run):
    run = a_run("stopped", "stopped")
    place = services.settings.runs_path / run.id / f"{STAGING_PREFIX}a"
    place.mkdir(parents=True)
    orphan = model_in(services.settings.runs_path / "cafe" / "model")
    a_run("gone", "completed")
    findings = found(services, dry_run=True)
    assert len(findings) == 3
    assert all((each.done, each.freed) == (False, 0) for each in findings.values())
    assert all("would" in each.text.get("en") and "将会" in each.text.get("zh") for each in findings.values())
    assert place.exists()
    assert orphan.exists()
    assert services.run("gone").state == "completed"
    assert set(found(services)) == set(findings)


def test_what_is_being_written_is_left_alone(services, a_run):
    settings = services.settings
    active = a_run("active", "running")
    services._workspace.runs.attach_worker(active.id, os.getpid(), _started())
    own = settings.runs_path / active.id / f"{STAGING_PREFIX}a"
    unpacked = settings.models_path / f"{STAGING_PREFIX}b"
    layout = settings.cache_path / "maps" / "x.staging.npz"
    graph = settings.cache_path / "indexes" / f"{STAGING_PREFIX}c"
    for folder in (own, unpacked, layout.parent, graph):
        folder.mkdir(parents=True)
    layout.write_bytes(b"half")
    with unpacking(settings):
        assert found(services) == {}
    assert own.exists()
    assert unpacked.exists()
    assert layout.exists()
    assert graph.exists()
    assert services.run("active").state == "running"


def _started():
    import psutil

    return psutil.Process().create_time()


def test_an_orphan_that_is_a_whole_model_is_moved_and_never_removed(services):
    home = services.settings.home
    model_in(home / "runs" / "cafe" / "model", b"somebody's work")
    for _ in range(2):
        (home / "found" / "cafe").mkdir(parents=True, exist_ok=True)  # the name is taken already
    findings = found(services)
    assert [(each.kind, each.freed) for each in findings.values()] == [("moved", 0)]
    assert "found/cafe-2" in findings["runs/cafe"].text.get("zh")
    assert (home / "found" / "cafe-2" / "model" / "model.safetensors").read_bytes() == b"somebody's work"
    assert not (home / "runs" / "cafe").exists()


def test_a_folder_of_runs_with_files_of_somebodys_is_moved_too(services):
    home = services.settings.home
    (home / "runs" / "notes").mkdir(parents=True)
    (home / "runs" / "notes" / "thesis.docx").write_bytes(b"years")
    assert found(services)["runs/notes"].kind == "moved"
    assert (home / "found" / "notes" / "thesis.docx").read_bytes() == b"years"


def test_an_orphan_without_a_whole_model_is_removed(services):
    home = services.settings.home
    half = model_in(home / "runs" / "cafe" / "model")
    (half / "model.safetensors").unlink()
    (home / "runs" / "cafe" / "log.txt").write_text("a line")
    assert found(services)["runs/cafe"].kind == "removed"
    assert not (home / "runs" / "cafe").exists()


def test_what_is_left_of_a_deleted_run_is_removed(services, a_run):
    run = a_run("deleted", "completed")
    folder = model_in(services.settings.runs_path / run.id / "model").parent
    services._workspace.runs.delete(run.id)  # and the program died before it removed the folder
    assert found(services)[f"runs/{run.id}"].kind == "removed"
    assert not folder.exists()


@pytest.mark.parametrize("left", ["nothing", "half of it"])
def test_a_complete_run_whose_model_is_gone_is_marked_and_can_be_trained_anew(services, a_run, left):
    run = a_run("gone", "completed")
    if left == "half of it":
        folder = model_in(services.settings.runs_path / run.id / "model")
        (folder / "model.safetensors").write_bytes(b"w")
    finding = found(services)[f"runs/{run.id}/model"]
    assert (finding.kind, finding.done) == ("marked", True)
    marked = services.run("gone")
    assert marked.state == "failed"
    assert "no longer on the disk" in marked.message.get("en")
    assert services._workspace.runs.resume(run.id)
    assert found(services) == {}


def test_a_run_without_a_worker_is_interrupted(services, a_run):
    run = a_run("lost", "running")
    services._workspace.runs.attach_worker(run.id, 2**22 - 3, 1.0)  # a pid that died with an earlier boot
    finding = found(services)[f"runs/{run.id}"]
    assert (finding.kind, finding.done) == ("marked", True)
    assert services.run("lost").state == "interrupted"
    assert found(services) == {}


def test_caches_that_are_damaged_or_half_written_are_removed(services):
    cache = services.settings.cache_path
    import numpy as np

    for folder in ("maps", "indexes", "vectors"):
        (cache / folder).mkdir(parents=True, exist_ok=True)
    np.savez(cache / "maps" / "good.npz", a=np.zeros(3))
    (cache / "maps" / "bad.npz").write_bytes(b"PK no zip")
    (cache / "maps" / "x.staging.npz").write_bytes(b"half")
    model_in(cache / "indexes" / "good")
    (cache / "indexes" / "bad").mkdir()
    with closing(sqlite3.connect(cache / "vectors" / "good.db")) as db:
        db.execute("CREATE TABLE vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
    (cache / "vectors" / "bad.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 8000)
    age(cache)
    findings = found(services)
    assert set(findings) == {
        "cache/maps/bad.npz", "cache/maps/x.staging.npz", "cache/indexes/bad", "cache/vectors/bad.db"
    }  # fmt: skip
    assert {path.name for path in cache.glob("*/*")} == {"good.npz", "good", "good.db"}


def test_old_uploads_and_what_a_backup_or_restore_left_are_removed(services):
    settings = services.settings
    old = settings.uploads_path / ("a" * 64) / "old.csv"
    sent = settings.uploads_path / "backup-x_Y" / "b.zip"
    export = settings.uploads_path / "export-0a1b" / "tuned.zip"
    being_fetched = settings.uploads_path / "export-2c3d" / "tuned.zip"
    new = settings.uploads_path / ("b" * 64) / "new.csv"
    other = settings.uploads_path / "history" / "h"
    pin = settings.home / ".backup-4194301-1-abc"
    restoring = settings.home.parent / f".{settings.home.name}.restoring-abc"
    for path in (old, sent, export, being_fetched, new, other, pin / "x", restoring / "x"):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * 10)
    for path in (old.parent, other.parent, restoring):
        age(path)
    for path, minutes in ((sent.parent, 61), (export.parent, 61), (being_fetched.parent, 59)):
        age(path, time.time() - minutes * 60)
    findings = found(services)
    uploads = {f"uploads/{path.parent.name}" for path in (old, sent, export)}
    assert set(findings) == {*uploads, pin.name, restoring.name}
    assert all(path.exists() for path in (new, other, being_fetched))
    assert not any(path.exists() for path in (old.parent, sent.parent, export.parent, pin, restoring))


def test_a_server_that_runs_for_months_looks_each_hour(services):
    services.mending.start(every=0.02)
    left = services.settings.uploads_path / "export-9" / "m.zip"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"x")
    age(left.parent)
    deadline = time.monotonic() + 20
    while left.parent.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left.parent.exists()
    services.mending.close()
    again = left.parent.with_name("export-8")
    again.mkdir()
    age(again)
    time.sleep(0.2)
    assert again.exists()


def test_nothing_beside_the_home_is_touched(services, tmp_path, monkeypatch):
    """The system's temporary files belong to others as well."""
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    others = [
        tmp_path / "tmp" / "workbench-export-x",
        tmp_path / "tmp" / "gradio" / "y",
        tmp_path / ".other.restoring-z",
        tmp_path / "elsewhere" / "export-y",
    ]
    services.settings.uploads_path.mkdir(exist_ok=True)
    (services.settings.uploads_path / "export-link").symlink_to(others[-1].parent)
    for other in others:
        other.mkdir(parents=True)
        (other / "file").write_bytes(b"x")
        age(other)
    assert found(services) == {}
    assert all((other / "file").exists() for other in others)


def test_a_download_that_broke_off_is_kept_and_one_that_is_complete_is_not(services):
    models = services.settings.models_path
    for name in (".download-hub-a", ".download-hub-b"):
        (models / name).mkdir(parents=True)
        (models / name / "part").write_bytes(b"x" * 10)
    model_in(models / "hub-b")
    findings = found(services)
    assert (findings["models/.download-hub-a"].kind, findings["models/.download-hub-a"].done) == (
        "said",
        False,
    )
    assert findings["models/.download-hub-b"].kind == "removed"
    assert (models / ".download-hub-a" / "part").exists()


def test_a_damaged_database_is_said_with_what_to_do(services, tmp_path):
    copy = tmp_path / "copy.db"
    services.close()
    shutil.copyfile(services.settings.database_path, copy)
    assert damages(copy) == []
    with closing(sqlite3.connect(copy)) as db, db:
        db.execute("PRAGMA foreign_keys=OFF")
        db.execute("PRAGMA writable_schema=ON")
        db.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        db.execute("CREATE TABLE child (id INTEGER REFERENCES parent(id))")
        db.execute("INSERT INTO child VALUES (7)")
    assert damages(copy) == ["child 1 -> parent"]
    data = bytearray(copy.read_bytes())
    for page in range(4, len(data) // 4096, 3):
        data[page * 4096 : page * 4096 + 100] = b"\xff" * 100
    copy.write_bytes(bytes(data))
    assert damages(copy)


def test_doctor_says_that_the_database_is_damaged(services, monkeypatch):
    monkeypatch.setattr("workbench.services.mending.damages", lambda path: ["row 3 missing from index x"])
    finding = found(services)["workbench.db"]
    assert (finding.kind, finding.done) == ("said", False)
    assert "row 3 missing" in finding.text.get("en")
    assert "restore FILE --replace" in finding.text.get("en")


def test_one_thing_that_cannot_be_mended_does_not_keep_the_others(services, monkeypatch):
    for name in ("aaa", "bbb"):
        (services.settings.runs_path / name).mkdir(parents=True)
    remove = shutil.rmtree

    def refused(path, *given, **named):
        if str(path).endswith("aaa"):
            raise PermissionError(13, "Permission denied")
        remove(path, *given, **named)

    monkeypatch.setattr(shutil, "rmtree", refused)
    findings = found(services)
    assert (findings["runs/aaa"].done, findings["runs/bbb"].done) == (False, True)
    assert "Permission denied" in findings["runs/aaa"].text.get("en")


def test_the_start_of_the_server_sweeps_up_but_judges_no_model(services, a_run):
    run = a_run("gone", "completed")
    half = services.settings.models_path / f"{STAGING_PREFIX}c"
    half.mkdir(parents=True)
    orphan = model_in(services.settings.runs_path / "cafe" / "model")
    services.start()
    assert not half.exists()
    assert orphan.exists()
    assert services.run(run.id).state == "completed"


def test_the_document_of_doctor_holds_names_bytes_and_sentences(services):
    (services.settings.runs_path / "dead").mkdir(parents=True)
    (services.settings.runs_path / "dead" / "log.txt").write_bytes(b"x" * 1000)
    document = json.loads(json.dumps(services.doctor()))
    assert (document["mended"], document["freed"]) == (["dead"], 1000)
    assert set(document["findings"][0]) == {"kind", "text", "path", "freed", "done"}
    assert set(document["findings"][0]["text"]) == {"zh", "en"}
