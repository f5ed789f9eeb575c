"""``kill -9`` in the middle of saving a file: nothing of it is seen, what was there is as it was, and what is
left in the database is swept by what sweeps the rest."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from real_workers import settings_of

from workbench.editing.edits import AddSynonyms
from workbench.services import Services
from workbench.storage.unfinished import unfinished

ROOT = Path(__file__).parents[2]
TABLES = ("entries", "entry_labels", "pair_set_rows", "corpus_texts")
# The import, by a process that is told to stand still before its fourth slice.
CHILD = """
import sys, time
sys.path[:0] = ["tests", "."]
from real_workers import settings_of
from workbench.services import Services
from workbench.storage import slices

home, what = sys.argv[1:]
services, count, in_turn = Services(settings_of(home)), [0], slices.Slices._in_turn
slices.ROWS = 30

def standing_still(self, act):
    count[0] += 1
    if count[0] == 4:
        print("half way", flush=True)
        time.sleep(600)
    return in_turn(self, act)

slices.Slices._in_turn = standing_still
lines = "".join(f"standard {n // 4},{what} {n},{n % 3}\\n" for n in range(200))
data = ("standard,synonym,category\\n" + lines).encode()
if what == "text":
    services.corpora.save("t", services.corpora.preview(data, "t.txt"), source="t.txt")
elif what == "pairs":
    rows = "text1\\ttext2\\tlabel\\n" + "".join(f"a{n}\\tb{n}\\t{n % 2}\\n" for n in range(200))
    preview = services.pair_sets.preview(rows.encode(), "p.tsv")
    services.pair_sets.save("p", preview, source="p.tsv")
elif what == "delete":
    services.delete_dictionary("d")
else:
    name = "n" if what == "new" else "d"
    services.importer.save(services.preview_dictionary(data, "d.csv"), name, what, "d.csv")
"""
LINES = "".join(f"standard {n // 4},word {n},{n % 2}\n" for n in range(200))


@pytest.fixture
def services(tmp_path):
    opened = Services(settings_of(tmp_path / "home"))
    preview = opened.preview_dictionary(f"standard,synonym,category\n{LINES}".encode(), "d.csv")
    opened.importer.save(preview, "d", "new", "d.csv")
    yield opened
    opened.close()


def rows_in(services):
    """Every line, as it stands in the database."""
    connection = services._workspace.database.connection
    return {table: sorted(map(repr, connection[table].rows)) for table in TABLES}


def state(services):
    """All that anybody can see."""
    words = [(info.name, info.version, info.pairs) for info in services.dictionaries()]
    known = [info.version_id for info in services.dictionaries() if info.name == "d"]
    pairs = services._workspace.dictionaries.pairs(known[0]) if known else []
    labels = services._workspace.dictionaries.labels(services.dictionary("d")) if known else {}
    sets = [info.name for info in (*services.pair_sets.all(), *services.corpora.all())]
    return words, pairs, labels, sets


def kill_half_way(services, what):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(services.settings.home), what],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout
    assert child.stdout.readline() == "half way\n"
    while_it_wrote = state(services), len(unfinished(services._workspace.database))
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    return while_it_wrote


@pytest.mark.parametrize("what", ["new", "replace", "merge", "pairs", "text"])
def test_of_an_import_that_was_killed_half_way_nothing_is_seen_and_doctor_sweeps_it(services, what):
    before, rows = state(services), rows_in(services)
    during, at_work = kill_half_way(services, what)
    assert during == state(services) == before
    assert at_work == 1
    assert rows_in(services) != rows

    said = services.mending.mend(dry_run=True, thorough=False)
    assert [(each.kind, each.done) for each in said] == [("cleared", False)]
    assert "The database holds a part of" in said[0].text.get("en")
    assert [each.done for each in services.mending.mend(thorough=False)] == [True]
    assert rows_in(services) == rows
    assert state(services) == before
    assert services.mending.mend(thorough=False) == []


def test_a_deletion_that_was_killed_half_way_is_a_deletion(services):
    rows = rows_in(services)
    kill_half_way(services, "delete")
    assert "d" not in [info.name for info in services.dictionaries()]
    assert [each.kind for each in services.mending.mend(thorough=False)] == ["cleared"]
    left = rows_in(services)
    assert len(left["entries"]) == len(rows["entries"]) - 200
    assert not left["entry_labels"]


def test_after_a_killed_import_the_next_edit_of_the_dictionary_clears_up_and_goes_through(services):
    before = state(services)[1]
    kill_half_way(services, "replace")
    group = services.editor.find("d", "word 0")[0]
    done = services.editor.apply("d", AddSynonyms(group.id, ("one more",)), based_on=1, author="李")
    assert done.info.version == 2
    assert not unfinished(services._workspace.database)
    now = services._workspace.dictionaries.pairs(done.info.version_id)
    assert {(pair.standard, pair.synonym) for pair in now} - {
        (pair.standard, pair.synonym) for pair in before
    } == {("standard 0", "one more")}
    assert services.editor.undo("d", based_on=2).info.version == 3
    assert services._workspace.dictionaries.pairs(services.dictionary("d").version_id) == before


def test_an_edit_of_the_dictionary_that_is_imported_into_waits_and_one_of_another_does_not(
    services, monkeypatch
):
    from workbench.storage import slices

    started, go, in_turn = threading.Event(), threading.Event(), slices.Slices._in_turn

    def held(self, act):
        started.set()
        assert go.wait(30)
        return in_turn(self, act)

    monkeypatch.setattr(slices.Slices, "_in_turn", held)
    preview = services.preview_dictionary(b"standard,synonym\nstandard 9,new word\n", "m.csv")
    importing = threading.Thread(
        target=services.importer.save, args=(preview, "d", "merge", "m.csv"), kwargs={"author": "王"}
    )
    importing.start()
    assert started.wait(30)

    other = services.editor.page("汽车").groups[0]
    services.editor.apply("汽车", AddSynonyms(other.id, ("不等的词",)), based_on=1)  # goes through at once
    group, done = services.editor.find("d", "word 0")[0], []
    edit = AddSynonyms(group.id, ("one more",))
    editing = threading.Thread(
        target=lambda: done.append(services.editor.apply("d", edit, based_on=1, author="李"))
    )
    editing.start()
    editing.join(0.3)
    assert not done
    assert services.dictionary("d").version == 1
    go.set()
    importing.join(30)
    editing.join(30)
    assert [step.author for step in services.editor.history("d")[0][:2]] == ["李", "王"]
    assert done[0].info.version == 3
