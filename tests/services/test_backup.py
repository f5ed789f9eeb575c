"""Backups: consistent while a run goes on, restored whole, and nothing of a bad file is ever let in."""

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from real_workers import LONG, TUNING, settings_of, wait_for_training

from workbench.errors import Conflict, FileProblem, InputError, StorageProblem
from workbench.services import Services
from workbench.services.backup import PIN_PREFIX, Backups
from workbench.services.restoring import restore
from workbench.storage import artifacts
from workbench.storage.snapshot import known_schema

SECRET = "sk-never-written-down-0123456789"


def files_under(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def contents(file: Path) -> dict:
    with zipfile.ZipFile(file) as archive:
        return json.loads(archive.read("backup.json"))


@pytest.fixture(scope="module")
def backed_up(workshop, tmp_path_factory):
    """A backup of a home with a dictionary, a tuned model and a key that was entered."""
    workshop.generation.set_key("http://127.0.0.1:9/v1", SECRET)
    file = tmp_path_factory.mktemp("backups") / "home.zip"
    told = []
    info = workshop.backups.write(file, progress=lambda share, text: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0
    return file, info


@pytest.fixture
def changed(backed_up, tmp_path):
    """Writes the backup anew with members changed: name -> bytes (None: left out), and its list as given."""

    def write(members=None, listed=None, *, seal=True) -> Path:
        target = tmp_path / "changed.zip"
        with zipfile.ZipFile(backed_up[0]) as source:
            data = {name: source.read(name) for name in source.namelist()}
        document = json.loads(data.pop("backup.json"))
        for name, content in (members or {}).items():
            data[name] = content
            if seal and content is not None:
                digest = hashlib.sha256(content).hexdigest()
                document["files"][name] = {"size": len(content), "sha256": digest}
        document.update(listed or {})
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in data.items():
                if content is not None:
                    archive.writestr(name, content)
            archive.writestr("backup.json", json.dumps(document))
        return target

    return write


# -- what it holds --------------------------------------------------------------------------------


def test_the_list_names_every_file_with_its_size_and_hash(backed_up, workshop):
    file, info = backed_up
    document = contents(file)
    assert (document["kind"], document["format"]) == ("synonym-workbench-backup", 1)
    assert document["schema"] == known_schema()
    with zipfile.ZipFile(file) as archive:
        assert set(archive.namelist()) == {*document["files"], "backup.json"}
        for name, entry in document["files"].items():
            data = archive.read(name)
            assert (len(data), hashlib.sha256(data).hexdigest()) == (entry["size"], entry["sha256"])
    run = workshop.run("tuned").id
    assert {"workbench.db", f"runs/{run}/model/manifest.json", f"runs/{run}/model/model.safetensors"} <= set(
        document["files"]
    )
    assert (info.files, info.runs, info.size) == (len(document["files"]), 0, file.stat().st_size)
    assert not list(workshop.settings.home.glob(f"{PIN_PREFIX}*"))
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_no_key_is_in_it(backed_up, workshop):
    assert workshop.generation.has_key("http://127.0.0.1:9/v1")
    with zipfile.ZipFile(backed_up[0]) as archive:
        assert not [name for name in archive.namelist() if SECRET.encode() in archive.read(name)]


def test_only_its_owner_may_read_it(backed_up):
    if os.name == "posix":
        assert backed_up[0].stat().st_mode & 0o077 == 0


def test_how_much_goes_into_it_can_be_chosen(workshop, tmp_path):
    workshop.vectors_ready("tuned", "toy")
    sizes = workshop.backups.sizes()
    small = workshop.backups.write(tmp_path / "small.zip", scope="without-models")
    large = workshop.backups.write(tmp_path / "large.zip", scope="with-caches")
    assert list(contents(small.file)["files"]) == ["workbench.db"]
    cached = {name for name in contents(large.file)["files"] if name.startswith("cache/vectors/")}
    assert cached
    assert sizes["without-models"] < sizes["everything"] < sizes["with-caches"]


def test_an_earlier_backup_is_replaced_only_on_request(workshop, tmp_path):
    file = tmp_path / "b.zip"
    file.write_bytes(b"of last year")
    with pytest.raises(InputError, match="is there already"):
        workshop.backups.write(file, scope="without-models")
    assert file.read_bytes() == b"of last year"
    workshop.backups.write(file, scope="without-models", replace=True)
    assert zipfile.is_zipfile(file)
    with pytest.raises(InputError, match="no folder"):
        workshop.backups.write(tmp_path / "nowhere" / "b.zip")


def test_a_disk_that_fills_up_leaves_the_earlier_backup_and_nothing_else(workshop, tmp_path, monkeypatch):
    file = tmp_path / "b.zip"
    file.write_bytes(b"of last year")

    def full(*_given, **_named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(StorageProblem, match="No space left"):
        workshop.backups.write(file, replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["b.zip"]
    assert file.read_bytes() == b"of last year"
    assert not list(workshop.settings.home.glob(f"{PIN_PREFIX}*"))


def test_room_is_asked_for_first(workshop, tmp_path, monkeypatch):
    usage = artifacts.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(artifacts.shutil, "disk_usage", lambda _: usage._replace(free=10_000))
    with pytest.raises(StorageProblem, match="disk space"):
        workshop.backups.write(tmp_path / "b.zip")
    assert list(tmp_path.iterdir()) == []


# -- while a run goes on ----------------------------------------------------------------------------


def test_a_backup_of_a_run_in_progress_is_restored_and_the_run_resumed(
    open_services,
    tiny_model_folder,
    tmp_path,
    monkeypatch,
):
    monkeypatch.setenv("WORKBENCH_CHECKPOINT_SECONDS", "0.2")  # the worker reads it
    services = open_services()
    run = services.start_run("toy", str(tiny_model_folder), TUNING, parameters=LONG, name="long")
    worker = wait_for_training(services, run, 20)
    info = services.backups.write(tmp_path / "b.zip")
    assert info.runs == 1
    step = services.run(run.id).step
    assert worker.is_running()
    assert services.run(run.id).state == "running"
    wait_for_training(services, run, step + 5)  # it goes on
    with pytest.raises(Conflict, match="in use"):
        restore(tmp_path / "b.zip", services.settings, replace=True)
    names = contents(tmp_path / "b.zip")["files"]
    assert any(name.startswith(f"runs/{run.id}/checkpoints/stage-1/step-") for name in names)
    assert not [name for name in names if ".staging-" in name]

    restored = restore(tmp_path / "b.zip", settings_of(tmp_path / "new"))
    other = Services(settings_of(restored.home))
    try:
        copy = other.run(run.id)
        assert (copy.state, copy.name) == ("interrupted", "long")
        assert "resumed" in copy.message.get("en")
        assert other._workspace.runs.worker_of(run.id) is None
        assert other.curve(run.id)
        assert other.resume_run(run.id).state == "queued"
    finally:
        other.close()
    assert services.run(run.id).state == "running"


# -- restoring --------------------------------------------------------------------------------------


def test_a_restored_home_is_what_was_backed_up(backed_up, workshop, tmp_path):
    settings = settings_of(tmp_path / "new")
    restored = restore(backed_up[0], settings)
    assert files_under(settings.home) == set(contents(backed_up[0])["files"])
    assert (restored.previous, restored.migrated) == (None, ())
    services = Services(settings)
    try:
        assert services.export_dictionary("toy") == workshop.export_dictionary("toy")
        assert [model.id for model in services.models() if model.kind == "tuned"] == ["tuned"]
        assert services.run("tuned").result == workshop.run("tuned").result
        assert services.neighbours("abcd", "tuned", "toy")
    finally:
        services.close()
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_home_that_holds_something_is_kept_beside_it(backed_up, tmp_path):
    settings = settings_of(tmp_path / "home")
    Services(settings).close()
    (settings.home / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        restore(backed_up[0], settings)
    restored = restore(backed_up[0], settings, replace=True)
    assert restored.previous.parent == settings.home.parent
    assert (restored.previous / "mine.txt").read_text() == "mine"
    assert {"汽车"} <= {info.name for info in _dictionaries(settings_of(restored.previous))}
    assert "toy" in {info.name for info in _dictionaries(settings)}


def _dictionaries(settings):
    services = Services(settings)
    try:
        return services.dictionaries()
    finally:
        services.close()


def test_a_home_with_nothing_but_logs_is_as_good_as_empty(backed_up, tmp_path):
    settings = settings_of(tmp_path / "home")
    settings.home.mkdir()
    (settings.home / "workbench.log").write_text("a line\n")
    assert restore(backed_up[0], settings).previous is None
    assert (settings.home / "workbench.log").read_text() == "a line\n"


def test_a_home_that_another_process_has_open_is_refused(backed_up, tmp_path):
    settings = settings_of(tmp_path / "home")
    code = (
        "import sys; from workbench.services import Services; from workbench.settings import Settings\n"
        "Services(Settings.from_env({}, home=sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(settings.home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert child.stdout.readline() == b"open\n"
        before = files_under(settings.home)
        with pytest.raises(Conflict, match="in use"):
            restore(backed_up[0], settings, replace=True)
        assert files_under(settings.home) == before
    finally:
        child.communicate()
    assert restore(backed_up[0], settings, replace=True).previous is not None


def refused(file, tmp_path, error, match):
    """Restoring fails in words, and nothing is written anywhere."""
    settings = settings_of(tmp_path / "house" / "home")
    with pytest.raises(error, match=match) as caught:
        restore(file, settings)
    assert not any("\u4e00" <= c <= "\u9fff" for c in caught.value.text("en"))
    assert any("\u4e00" <= c <= "\u9fff" for c in caught.value.text("zh"))
    assert not settings.home.exists()
    assert not settings.home.parent.exists() or not list(settings.home.parent.iterdir())
    assert not (tmp_path / "escaped.txt").exists()


@pytest.mark.parametrize(
    "name",
    [
        "../escaped.txt",
        "runs/../../escaped.txt",
        "{outside}/escaped.txt",
        "runs\\..\\..\\escaped.txt",
        "C:/escaped.txt",
        "workbench.log",
        "runs",
        "runs//x",
        "runs/./x",
        ".ssh/authorized_keys",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(changed, tmp_path, name):
    name = name.replace("{outside}", tmp_path.as_posix())
    refused(changed({name: b"evil"}), tmp_path, FileProblem, "does not belong")


def test_a_file_that_was_changed_is_refused(changed, tmp_path):
    with_other_bytes = changed({"workbench.db": b"x" * 100}, seal=False)
    refused(with_other_bytes, tmp_path, FileProblem, "its size")


def test_a_file_of_the_same_length_with_other_bytes_is_refused(backed_up, changed, tmp_path):
    with zipfile.ZipFile(backed_up[0]) as archive:
        name = next(name for name in archive.namelist() if name.endswith("model.safetensors"))
        data = bytearray(archive.read(name))
    data[-1] ^= 1
    refused(changed({name: bytes(data)}, seal=False), tmp_path, FileProblem, "its content")


def test_a_file_that_the_list_does_not_name_is_refused(changed, tmp_path):
    refused(changed({"runs/abc/extra.bin": b"x"}, seal=False), tmp_path, FileProblem, "damaged")


def test_a_backup_that_is_cut_off_is_refused(backed_up, tmp_path):
    data = backed_up[0].read_bytes()
    for end in (0, 10, len(data) // 2, len(data) - 1):
        file = tmp_path / f"cut-{end}.zip"
        file.write_bytes(data[:end])
        refused(file, tmp_path, FileProblem, "no backup")


def test_any_other_zip_is_refused(tmp_path):
    file = tmp_path / "other.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("hello.txt", "hello")
    refused(file, tmp_path, FileProblem, "no backup")


def test_a_bomb_is_refused_before_it_is_unpacked(changed, tmp_path):
    bomb = changed({"runs/abc/model/zeros.bin": bytes(80 * 2**20)})
    assert bomb.stat().st_size < 2 * 2**20
    refused(bomb, tmp_path, FileProblem, "times its size")


def test_a_member_that_holds_more_than_is_said_is_refused(changed, tmp_path):
    """The ZIP's own directory says so little as the list; the stream goes on."""
    file = changed({"runs/abc/log.txt": b"A" * 5000})
    data = file.read_bytes()
    document = contents(file)
    document["files"]["runs/abc/log.txt"]["size"] = 10
    with zipfile.ZipFile(file) as archive:
        info = archive.getinfo("runs/abc/log.txt")
    place = data.index(b"PK\x01\x02", data.rindex(b"runs/abc/log.txt") - 46)
    lied = bytearray(data)
    lied[place + 24 : place + 28] = (10).to_bytes(4, "little")  # its size, in the directory
    assert info.file_size == 5000
    file.write_bytes(bytes(lied))
    refused(file, tmp_path, FileProblem, "damaged")


def test_a_backup_of_a_newer_program_is_refused(changed, tmp_path):
    refused(
        changed(listed={"schema": [*known_schema(), "m999_later"]}), tmp_path, StorageProblem, "newer program"
    )
    refused(changed(listed={"format": 2}), tmp_path, StorageProblem, "newer program")


def test_a_backup_of_an_older_program_is_migrated(changed, backed_up, tmp_path):
    database = tmp_path / "old.db"
    with zipfile.ZipFile(backed_up[0]) as archive:
        database.write_bytes(archive.read("workbench.db"))
    with closing(sqlite3.connect(database)) as db, db:
        for table in ("retentions", "neighbour_overlaps"):
            db.execute(f"DROP TABLE {table}")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'm005_retention'")
    schema = [name for name in known_schema() if name != "m005_retention"]
    file = changed({"workbench.db": database.read_bytes()}, {"schema": schema})
    settings = settings_of(tmp_path / "new")
    assert restore(file, settings).migrated == ("m005_retention",)
    with closing(sqlite3.connect(settings.database_path)) as db:
        assert db.execute("SELECT count(*) FROM retentions").fetchone() == (0,)
    assert "toy" in {info.name for info in _dictionaries(settings)}


def test_a_damaged_database_is_refused(changed, backed_up, tmp_path):
    with zipfile.ZipFile(backed_up[0]) as archive:
        data = bytearray(archive.read("workbench.db"))
    for page in range(2, len(data) // 4096):
        data[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    refused(
        changed({"workbench.db": bytes(data)}), tmp_path, FileProblem, "workbench.db in the backup is damaged"
    )


def test_a_restore_that_fails_at_the_last_moment_puts_the_old_home_back(backed_up, tmp_path, monkeypatch):
    settings = settings_of(tmp_path / "home")
    Services(settings).close()
    rename = Path.rename

    def fails_for_the_new(self, target):
        if ".restoring-" in self.name:
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    before = files_under(settings.home)
    monkeypatch.setattr(Path, "rename", fails_for_the_new)
    with pytest.raises(StorageProblem, match="Permission denied"):
        restore(backed_up[0], settings, replace=True)
    assert files_under(settings.home) == before
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_a_deleted_run_that_was_pinned_is_still_whole(workshop, tmp_path, monkeypatch):
    """What is removed between the look at the disk and the copy of the database is in the backup."""
    backups = Backups(workshop.settings, workshop._workspace.runs)
    model = workshop.settings.runs_path / workshop.run("tuned").id / "model"
    aside = tmp_path / "aside"
    import workbench.services.backup as module

    copy = module.copy_database

    def while_it_goes(source, target, progress=None):
        model.rename(aside)
        copy(source, target, progress)

    monkeypatch.setattr(module, "copy_database", while_it_goes)
    try:
        info = backups.write(tmp_path / "b.zip")
    finally:
        aside.rename(model)
    assert any(name.endswith("model/model.safetensors") for name in contents(info.file)["files"])
