"""Each limit at its value (all is well) and one beyond it (a sentence: limit, what was met, what to do)."""

import io
import json
import os
import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from real_workers import settings_of

from workbench import cli
from workbench.editing.edits import AddGroup, DeleteGroups
from workbench.errors import BadParameter, FileProblem, InputError, StorageProblem
from workbench.services import Services, limits
from workbench.settings import LIMITS, Settings, parse_bytes, size_text
from workbench.training import jobs, worker

ROWS = b"standard,synonym\n" + b"".join(b"term %d,name %d\n" % (n, n) for n in range(9))


@pytest.fixture
def with_limits(tmp_path):
    opened = []

    def make(**values):
        services = Services(settings_of(tmp_path / f"home-{len(opened)}", **values))
        opened.append(services)
        return services

    yield make
    for services in opened:
        services.close()


def says(caught, *words, option):
    """The refusal names all of ``words`` in both languages, and how the limit is changed."""
    limit = next(each for each in LIMITS if each.option == option)
    for language in ("zh", "en"):
        text = caught.value.text(language)
        assert all(word in text for word in (*words, limit.option, limit.variable)), text
        assert "{" not in text


# -- what a file may hold ----------------------------------------------------------------------------


def test_upload_size(with_limits):
    services = with_limits(max_upload_bytes=len(ROWS))
    assert len(services.preview_dictionary(ROWS, "a.csv").pairs) == 9
    with pytest.raises(FileProblem) as caught:
        services.preview_dictionary(ROWS + b"\n", "a.csv")
    says(caught, f"{len(ROWS)} B", f"{len(ROWS) + 1} B", option="--max-upload")


@pytest.mark.parametrize("kind", ["pair_sets", "corpora"])
def test_upload_size_of_other_kinds(with_limits, kind):
    data = b"text1,text2,label\na,b,1\nc,d,0\n" if kind == "pair_sets" else b"one\ntwo\n"
    name = "a.csv" if kind == "pair_sets" else "a.txt"
    services = with_limits(max_upload_bytes=len(data))
    assert getattr(services, kind).preview(data, name)
    with pytest.raises(FileProblem) as caught:
        getattr(services, kind).preview(data + b"\n", name)
    says(caught, f"{len(data)} B", f"{len(data) + 1} B", option="--max-upload")


def test_upload_size_on_the_command_line(with_limits, tmp_path, capsys, monkeypatch):
    (tmp_path / "a.csv").write_bytes(ROWS)
    line = ["import", "dictionary", str(tmp_path / "a.csv"), "--home", str(tmp_path / "home"), "--dry-run"]
    monkeypatch.setenv("WORKBENCH_LANGUAGE", "en")
    monkeypatch.setenv("WORKBENCH_MAX_UPLOAD_BYTES", str(len(ROWS)))
    assert cli.main(line) == 0
    monkeypatch.setenv("WORKBENCH_MAX_UPLOAD_BYTES", str(len(ROWS) - 1))
    assert cli.main(line) == 2
    assert f"{len(ROWS)} B; the limit is {len(ROWS) - 1} B" in capsys.readouterr().err


@pytest.mark.parametrize(("format", "most"), [("csv", 10), ("xlsx", 10), ("json", 9)])  # with its heading
def test_rows(with_limits, format, most):
    rows = [["standard", "synonym"], *([f"term {n}", f"name {n}"] for n in range(9))]
    data = {
        "csv": lambda: ROWS,
        "json": lambda: json.dumps([dict(zip(rows[0], row, strict=True)) for row in rows[1:]]).encode(),
        "xlsx": lambda: _workbook(rows),
    }[format]()
    assert len(with_limits(max_rows=most).preview_dictionary(data, f"a.{format}").pairs) == 9
    with pytest.raises(FileProblem) as caught:
        with_limits(max_rows=most - 1).preview_dictionary(data, f"a.{format}")
    says(caught, str(most), str(most - 1), option="--max-rows")


def _workbook(rows):
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_length_of_a_term(with_limits):
    services = with_limits(max_term_length=10)
    data = f"standard,synonym\nword,{'a' * 10}\nword,{'b' * 11}\n".encode()
    preview = services.preview_dictionary(data, "a.csv")
    assert [pair.synonym for pair in preview.pairs] == ["a" * 10]
    (problem,) = [each for each in preview.problems if each.code == "too_long"]
    assert all(word in problem.text.get("en") for word in ("Row 3", "11", "10", "Write the term only"))
    for language in ("zh", "en"):
        text = problem.text.get(language)
        assert all(word in text for word in ("--max-term-length", "WORKBENCH_MAX_TERM_LENGTH")), text
    services.save_dictionary("words", preview, source="a.csv")
    services.editor.apply("words", AddGroup("c" * 10, ("d",)), based_on=1)
    with pytest.raises(InputError, match="has 11 characters; the limit is 10") as caught:
        services.editor.apply("words", AddGroup("e" * 11, ("f",)), based_on=2)
    says(caught, "11", "10", option="--max-term-length")


def test_terms_of_a_dictionary(with_limits):
    services = with_limits(max_terms=18)
    preview = services.preview_dictionary(ROWS, "a.csv")
    assert services.save_dictionary("nine", preview, source="a.csv").terms == 18
    one_more = services.preview_dictionary(ROWS + b"term 1,other\n", "b.csv")
    for save in (
        lambda: services.save_dictionary("ten", one_more, source="b.csv"),
        lambda: services.importer.save(one_more, "ten", "new", "b.csv"),
        lambda: services.importer.save(one_more, "nine", "replace", "b.csv"),
        lambda: services.importer.save(one_more, "nine", "merge", "b.csv"),
        lambda: services.editor.apply("nine", AddGroup("term 1", ("other",)), based_on=1),
    ):
        with pytest.raises(InputError) as caught:
            save()
        if "term 1" not in caught.value.text("en"):  # else: it belongs to a group already
            says(caught, "19", "18", option="--max-terms")
    assert services.dictionary("nine").version == 1
    assert "ten" not in {info.name for info in services.dictionaries()}


def test_a_dictionary_that_was_larger_before_the_limit_can_still_be_edited(with_limits):
    services = with_limits(max_terms=18)
    services.save_dictionary("nine", services.preview_dictionary(ROWS, "a.csv"), source="a.csv")
    services.close()
    smaller = Services(replace(services.settings, max_terms=10))
    try:
        (group,) = smaller.editor.find("nine", "term 1")
        assert smaller.editor.apply("nine", DeleteGroups((group.id,)), based_on=1).info.terms == 16
        with pytest.raises(InputError) as caught:
            smaller.editor.apply("nine", AddGroup("new", ("newer",)), based_on=2)
        says(caught, "18", "10", option="--max-terms")
    finally:
        smaller.close()


# -- the disk ------------------------------------------------------------------------------------------


@pytest.fixture
def disk(monkeypatch):
    def has(free):
        usage = SimpleNamespace(free=free, total=10**12, used=0)
        monkeypatch.setattr(limits.shutil, "disk_usage", lambda _: usage)

    return has


def begin_everything(services):
    """Everything that is begun only where there is room."""
    preview = services.preview_dictionary(ROWS, "a.csv")
    pairs = services.pair_sets.preview(b"text1,text2,label\na,b,1\nc,d,0\n", "a.csv")
    corpus = services.corpora.preview(b"one\ntwo\n", "a.txt")
    return (
        lambda: services.save_dictionary("one", preview, source="a.csv"),
        lambda: services.importer.save(preview, "two", "new", "a.csv"),
        lambda: services.importer.save(preview, "one", "merge", "a.csv"),
        lambda: services.pair_sets.save("three", pairs, source="a.csv"),
        lambda: services.corpora.save("four", corpus, source="a.txt"),
        lambda: services.start_run("汽车", "use", "instant", name="run"),
        lambda: (services.stop_run("run"), services.resume_run("run")),
        lambda: services.retry_run("run", name="again"),
    )


def test_least_free_disk(with_limits, disk):
    services = with_limits(least_free_bytes=10**9)
    disk(10**9)
    for begin in begin_everything(services):
        begin()
    disk(10**9 - 1)
    before = (len(services.dictionaries()), len(services.runs()))
    for begin in begin_everything(services):
        with pytest.raises(StorageProblem) as caught:
            begin()
        says(caught, size_text(10**9), "999,999,999 B", option="--least-free")
    assert (len(services.dictionaries()), len(services.runs())) == before


def test_most_of_the_home_folder(with_limits, monkeypatch):
    services = with_limits(max_home_bytes=50_000_000)
    used = dict.fromkeys(limits.KINDS, 0)
    monkeypatch.setattr(limits.Limits, "use", lambda self, *, fresh: limits.Use(used, 10**12, 10**12))
    used["runs"] = 50_000_000
    services.limits.check_disk()
    used["database"] = 1
    with pytest.raises(StorageProblem) as caught:
        services.start_run("汽车", "use", "instant")
    says(caught, "50,000,001 B", size_text(50_000_000), option="--max-home")
    with_limits().limits.check_disk()  # no limit by default


def test_what_is_used_is_counted_by_kind(with_limits):
    services = with_limits()
    home = services.settings.home
    sizes = {"runs/x/model/a": 10, "models/b": 20, "vectors/c": 30, "cache/maps/d": 40, "uploads/e": 50}
    sizes |= {"workbench.log": 60, "found/f": 70}
    for name, size in sizes.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(bytes(size))
    os.link(home / "runs/x/model/a", home / "runs/x/a")  # files that stages share are on the disk once
    kinds = services.limits.use().kinds
    assert {name: kinds[name] for name in ("runs", "models", "caches", "uploads", "other")} == {
        "runs": 10, "models": 50, "caches": 40, "uploads": 50, "other": 130
    }  # fmt: skip
    assert kinds["database"] >= services.settings.database_path.stat().st_size


def test_a_large_home_is_not_counted_for_each_answer(with_limits, monkeypatch):
    services = with_limits()
    before = services.limits.overview()["disk"]
    counts = []
    monkeypatch.setattr(limits, "bytes_under", lambda path: counts.append(path) or 0)
    (services.settings.home / "found").mkdir()
    (services.settings.home / "found" / "f").write_bytes(bytes(500))
    assert services.limits.overview()["disk"]["kinds"] == before["kinds"]
    assert counts == []
    monkeypatch.undo()
    found = services.limits.use(fresh=True)
    assert found.kinds["other"] == before["kinds"]["other"] + 500
    assert services.limits.use().kinds == found.kinds


# -- a run ---------------------------------------------------------------------------------------------


@pytest.fixture
def watched(with_limits, monkeypatch):
    """A supervisor that watches a run whose worker is this process; nothing is killed."""

    def make(**values):
        services = with_limits(**values)
        run = services.start_run("汽车", "use", "instant")
        runs = services._workspace.runs
        runs.claim_next()
        import psutil

        runs.attach_worker(run.id, os.getpid(), psutil.Process().create_time())
        runs.mark_running(run.id)
        killed = []
        monkeypatch.setattr(jobs, "kill_group", killed.append)
        return services, runs.get(run.id), killed

    return make


def test_memory_of_a_run(watched, monkeypatch):
    services, run, killed = watched(run_memory_bytes=4 * 10**9)
    monkeypatch.setattr(jobs, "_memory_of", lambda _: 4 * 10**9)
    services._supervisor._watch(run)
    assert (services.run(run.id).state, killed) == ("running", [])
    monkeypatch.setattr(jobs, "_memory_of", lambda _: 4 * 10**9 + 1)
    services._supervisor._watch(run)
    ended = services.run(run.id)
    assert (ended.state, len(killed)) == ("failed", 1)
    for language in ("zh", "en"):
        text = ended.message.get(language)
        assert all(word in text for word in (size_text(4 * 10**9), "4,000,000,001 B", "--run-memory")), text


def test_time_of_a_run(watched, monkeypatch):
    services, run, _ = watched(run_seconds=100.0)
    now = [1000.0]
    monkeypatch.setattr(worker.time, "monotonic", lambda: now[0])
    reporter = worker.RunReporter(services._workspace.runs, run.id, seconds=100.0)
    now[0] = 1100.0
    reporter.check_stop()
    assert reporter.stop_request is None
    now[0] = 1100.001
    with pytest.raises(worker.Stopped):
        reporter.check_stop()
    assert (reporter.stop_request, reporter.time_is_up) == ("keep", 100.0)
    said = worker._with_reason(worker.STOPPED, reporter, services.settings.run_seconds)
    for language in ("zh", "en"):
        assert all(word in said.get(language) for word in ("100", "--run-seconds", "WORKBENCH_RUN_SECONDS"))
    assert "--run-seconds" not in worker._with_reason(worker.STOPPED, reporter, 0.0).get(
        "en"
    )  # its own budget


def test_a_stop_for_time_is_told_from_one_that_somebody_asked_for(watched, monkeypatch):
    """A worker that is slow to start is stopped by the supervisor, whose clock began before its own."""
    services, run, _ = watched(run_seconds=100.0)
    for now, reason in ((1130.0, 0.0), (1130.001, 100.0)):
        reporter = worker.RunReporter(services._workspace.runs, run.id, seconds=100.0, late_at=1130.0)
        services.stop_run(run.id)
        monkeypatch.setattr(worker.time, "time", lambda now=now: now)
        reporter.flush()
        assert (reporter.stop_request, reporter.time_is_up) == ("keep", reason)
        monkeypatch.undo()


# -- setting them ----------------------------------------------------------------------------------------


def test_every_limit_is_a_field_that_the_environment_and_serve_can_set(monkeypatch):
    for limit in LIMITS:
        given = "12345"
        found = getattr(Settings.from_env({limit.variable: given}), limit.field)
        assert found == 12345, limit
        options = cli._parser().parse_args(["serve", limit.option, given])
        monkeypatch.setenv(limit.variable, "of before")  # so that it is put back in the end
        cli.keeping.set_limits(options)
        assert os.environ[limit.variable] == given
        with pytest.raises(BadParameter, match=limit.variable):
            Settings.from_env({limit.variable: "much"})


@pytest.mark.parametrize(
    ("raw", "count"),
    [("0", 0), ("4096", 4096), ("200MB", 200 * 2**20), ("1.5 GB", 3 * 2**29), ("2g", 2**31), ("7KiB", 7168)],
)
def test_sizes_are_read_as_people_write_them(raw, count):
    assert parse_bytes(raw) == count


@pytest.mark.parametrize("raw", ["", "MB", "-1", "1e9", "3 PB", "1,000", "nan"])
def test_what_is_no_size_is_refused(raw):
    with pytest.raises(ValueError, match=f"^{re.escape(raw)}$"):
        parse_bytes(raw)


def test_sizes_are_told_to_the_byte_where_they_would_read_the_same():
    assert size_text(200 * 2**20) == "200 MB"
    assert size_text(200 * 2**20 + 1, 200 * 2**20) == "209,715,201 B"
    assert size_text(300 * 2**20, 200 * 2**20) == "300 MB"
