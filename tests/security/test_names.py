"""Names are only names: whatever a thing is called, it lies where the program puts it and stays a text."""

import re
import zipfile

import pytest

from workbench.errors import WorkbenchError
from workbench.localtext import LocalText
from workbench.services import Services
from workbench.settings import Settings
from workbench.training.worker import run_job
from workbench.types import Recipe, StageConfig

NAMES = (
    "../../../../tmp/evil",
    "..\\..\\evil",
    "/etc/cron.d/evil",
    "C:\\Windows\\evil",
    "evil\0.db",
    "evil\n[section]\nkey=1",
    "..",
    ".",
    "~/.ssh/authorized_keys",
    "$(touch evil)",
    "`touch evil`; touch evil | touch evil",
    "%2e%2e%2fevil",
    "con.txt:stream",
    "'; DROP TABLE runs; --",
    '" OR 1=1 --',
    "Robert'); DELETE FROM dictionaries;--",
    "-rf",
    "{0.__class__}{name}",
    "<script>window.__evil=1</script>",
    "同" * 200,
    "\u202egpj.exe",
    "👩‍🔧 café Ⅳ",
)
PAIRS = b"text1,text2,label\na b,c d,1\ne f,g h,0\n"
TEXTS = "一段话。\n另一段话。\n".encode()
ASKED = b"query,passage\nwhere is it,here it is\nwho is it,this one\n"
OURS = re.compile(r"[A-Za-z0-9._-]+")


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    opened = Services(
        Settings.from_env({}, home=tmp_path_factory.mktemp("names") / "home", warm_worker=False, threads=1)
    )
    yield opened
    opened.close()


def below(folder):
    return {path.relative_to(folder) for path in folder.rglob("*")}


def named(attempt):
    """The name that it was stored under; None where it was refused with a sentence in both languages."""
    try:
        return attempt().name
    except WorkbenchError as error:
        refusal = error
    assert refusal.text("zh")
    assert "Traceback" not in refusal.text("en")
    return None


@pytest.mark.case(22)
@pytest.mark.parametrize("name", NAMES)
def test_whatever_something_is_called_it_lies_under_an_id_of_our_own(
    services, name, tiny_model_folder, toy_csv, tell
):
    around = services.settings.home.parent
    before = below(around)
    dictionary = services.preview_dictionary(toy_csv, name)
    saved = named(lambda: services.save_dictionary(name, dictionary, source=name))
    sets = services.pair_sets, services.corpora, services.retrieval_sets
    for store, data in zip(sets, (PAIRS, TEXTS, ASKED), strict=True):
        kept = named(lambda: store.save(name, store.preview(data, f"{name}.csv"), source=name))  # noqa: B023
        assert kept is None or kept in {info.name for info in store.all()}
    recipe = Recipe(name, LocalText(name, name), LocalText("", ""), (StageConfig("instant_map"),))
    named(lambda: services.recipes.save(recipe))
    if saved:
        assert services.dictionary(saved).pairs == 180
        named(lambda: services.start_run(saved, str(tiny_model_folder), "instant", name=name))
    fresh = below(around) - before
    assert all(path.parts[0] == "home" for path in fresh), "nothing outside of the home"
    assert all(OURS.fullmatch(part) for path in fresh for part in path.parts), fresh
    assert not any("evil" in str(path) for path in fresh)
    tell(
        "paths, NUL, line breaks, shell and 200 characters as names of dictionaries, sets, recipes and runs",
        5,
        "kept as a name or refused with a sentence; what is written lies in the home under ids of our own",
    )


@pytest.mark.case(29)
def test_after_all_those_names_every_table_is_there_with_what_was_in_it(services, toy_csv, tell):
    samples = {info.name: info.pairs for info in services.dictionaries() if info.sample}
    assert len(samples) == 3
    injections = [name for name in NAMES if "--" in name]
    for name in injections:
        kept = f"{name} 2"
        preview = services.preview_dictionary(toy_csv, "a.csv")
        services.save_dictionary(kept, preview, source="a.csv")
        assert services.groups_page(kept, search=name)[1] == 0
        assert services.dictionary(kept).name == kept
        services.delete_dictionary(kept)
        assert kept not in {info.name for info in services.dictionaries()}
    for name, pairs in samples.items():
        assert services.dictionary(name).pairs == pairs
    check = services._workspace.database.connection.execute("PRAGMA integrity_check").fetchone()
    assert check == ("ok",)
    tell(
        "names and searches that are SQL, through every store", len(injections), "texts; every table is whole"
    )


@pytest.mark.case(22)
def test_a_run_of_any_name_is_exported_into_a_file_of_a_harmless_one(
    services, tiny_model_folder, toy_csv, tell
):
    name = "../..\\evil <b>'\"词"
    preview = services.preview_dictionary(toy_csv, "t.csv")
    services.save_dictionary("to train", preview, source="t.csv")
    for run in services.runs():
        services.stop_run(run.id)
    services.start_run("to train", str(tiny_model_folder), "instant", name=name)
    run = services._workspace.runs.claim_next()
    assert run_job(services.settings, run.id) == 0
    path = services.export_model_zip(run.name)
    try:
        assert re.fullmatch(r"[\w-]+\.zip", path.name)
        with zipfile.ZipFile(path) as archive:
            assert not any(".." in entry.split("/") or entry.startswith("/") for entry in archive.namelist())
    finally:
        path.unlink()
        path.parent.rmdir()
    tell(
        "a model with a path as its name, exported",
        1,
        "a harmless file name, no entry leads out of the archive",
    )
