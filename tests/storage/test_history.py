"""Versions as steps: imports as differences, an old database carried over, and any history read again."""

import random
import sqlite3

import pytest
import sqlite_utils
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.editing import edits
from workbench.errors import InputError, WorkbenchError
from workbench.normalise import term_key
from workbench.services.editing import Editor
from workbench.settings import Settings
from workbench.storage import migrations as schema
from workbench.storage.database import Database
from workbench.storage.dictionaries import DictionaryStore
from workbench.storage.entries import entry_digest
from workbench.storage.history import HistoryStore
from workbench.storage.migrations import m001_first_schema, migrations
from workbench.types import Pair
from workbench.workspace import Workspace

PAIRS = [Pair("A", "a1", 2), Pair("A", "a2", 3), Pair("B", "b1", 4), Pair("B", "b2", 5), Pair("C", "c1", 6)]


@pytest.fixture
def store(tmp_path):
    database = Database(tmp_path / "workbench.db")
    yield DictionaryStore(database)
    database.close()


def save(store, pairs, name="d", **more):
    return store.save(name, pairs, language="en", source="a.csv", replace=True, **more)


def history(store, info):
    return HistoryStore(store._database).steps(info, size=500)[0][::-1]


def recounted(store, version_id):
    """Hash and counts of a version from scratch: (hash, pairs, standards, terms)."""
    pairs = store.pairs(version_id)
    total = sum(entry_digest(pair.standard, pair.synonym) for pair in pairs)
    total += sum(entry_digest(pair.standard, pair.synonym, apart=True) for pair in store.apart(version_id))
    standards = {term_key(pair.standard) for pair in pairs}
    terms = standards | {term_key(pair.synonym) for pair in pairs}
    return f"{total % 2**128:032x}", len(pairs), len(standards), len(terms)


def stored(store, version_id):
    info = store.version(version_id)
    return HistoryStore(store._database).content_hash(version_id), info.pairs, info.standards, info.terms


# -- imports ----------------------------------------------------------------------------------------


def test_the_same_pairs_in_another_order_make_no_new_version(store):
    first = save(store, PAIRS)
    assert save(store, PAIRS[::-1]) == first
    assert save(store, PAIRS[:-1]).version == 2


def test_an_import_touches_only_what_is_different(store):
    first = save(store, PAIRS)
    new = [
        Pair("C", "c1", 2),
        Pair("ａ", "a1", 3),
        Pair("A", "a2", 4),
        Pair("A", "a3", 5),
        Pair("D", "d1", 6),
    ]
    second = save(store, new)
    assert store.pairs(first.version_id) == PAIRS
    # a1 is spelt anew in its place, a3 and D come to the end, B is gone, and C keeps even its row
    expected = [new[1], PAIRS[1], new[3], PAIRS[4], new[4]]
    assert store.pairs(second.version_id) == expected
    step = history(store, second)[-1]
    assert (step.kind, step.added, step.removed, step.content_of) == ("import", 3, 3, 2)
    assert step.title.get("en") == "Import of a.csv"
    assert stored(store, second.version_id) == recounted(store, second.version_id)
    third = save(store, PAIRS)
    assert set(store.pairs(third.version_id)) == {*PAIRS[:1], *PAIRS[1:]}
    assert stored(store, third.version_id)[0] == stored(store, first.version_id)[0]


def test_pairs_marked_apart_are_left_out_of_an_import(tmp_path):
    workspace = Workspace(Settings.from_env({}, home=tmp_path))
    store = workspace.dictionaries
    save(store, PAIRS)
    Editor(workspace).apply("d", edits.MarkApart("ａ1", "A"), based_on=1)
    assert store.refused("d", PAIRS) == PAIRS[:1]
    info = save(store, [*PAIRS, Pair("E", "e1")])
    assert store.pairs(info.version_id) == [*PAIRS[1:], Pair("E", "e1")]
    assert store.apart(info.version_id) == [Pair("ａ1", "A")]
    assert "1" in history(store, info)[-1].title.get("zh")
    assert stored(store, info.version_id) == recounted(store, info.version_id)
    with pytest.raises(InputError):
        save(store, PAIRS[:1])
    assert save(store, [*PAIRS, Pair("E", "e1")]) == info
    workspace.close()


def test_a_deleted_dictionary_leaves_no_line_behind(store):
    save(store, PAIRS, "other")
    save(store, PAIRS)
    save(store, PAIRS[:2])
    store.delete("d")
    kept = store._database.connection.execute("SELECT count(*) FROM entries").fetchone()[0]
    assert kept == len(PAIRS)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from("AaＡBC"), st.sampled_from(["x", "X", "y", "z", "B", "é"])), min_size=1
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_imports_one_over_another_are_each_kept_as_they_were(tmp_path_factory, files):
    database = Database(tmp_path_factory.mktemp("home") / "workbench.db")
    store = DictionaryStore(database)
    for rows in files:
        pairs = [Pair(a, b) for a, b in rows]
        info = save(store, pairs)
        assert sorted(map(str, store.pairs(info.version_id))) == sorted(map(str, pairs))
        assert stored(store, info.version_id) == recounted(store, info.version_id)
    database.close()


# -- any history -----------------------------------------------------------------------------------------

TERMS = ["A", "B", "C", "a1", "a2", "b1", "c1", "Ａ", "x", "y", "z w", "zw"]


def random_edit(rng, groups):
    """Any edit, sensible or not, on the groups that are there."""
    ids = [group.id for group in groups] or [1]
    group = rng.choice(groups) if groups else None
    inside = [group.standard, *group.synonyms] if group and rng.random() < 0.9 else TERMS
    some = lambda terms: tuple(rng.sample(list(terms), min(len(terms), rng.randint(1, 3))))
    number, terms = (group.id if group else 1), some(inside)
    return rng.choice(
        [
            lambda: edits.AddGroup(rng.choice(TERMS), some(TERMS)),
            lambda: edits.AddSynonyms(number, some(TERMS)),
            lambda: edits.RenameTerm(number, rng.choice(inside), rng.choice(TERMS)),
            lambda: edits.DeleteTerms(number, terms),
            lambda: edits.DeleteGroups(some(ids)),
            lambda: edits.MoveTerms(number, terms, rng.choice(ids)),
            lambda: edits.SplitGroup(number, terms, rng.choice(inside)),
            lambda: edits.MergeGroups(some(ids), rng.choice(ids)),
            lambda: edits.MakeStandard(number, rng.choice(inside)),
            lambda: edits.MarkApart(rng.choice(TERMS), rng.choice(TERMS)),
            lambda: edits.UnmarkApart(rng.choice(TERMS), rng.choice(TERMS)),
            lambda: edits.MergePairs(
                tuple(Pair(a, b) for a, b in zip(some(TERMS), some(TERMS), strict=False))
            ),
            lambda: edits.Paste((some(TERMS), some(TERMS)), None),
        ]
    )()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.integers(1, 14))
def test_any_history_can_be_undone_done_again_and_read_as_it_was(tmp_path_factory, seed, length):
    workspace = Workspace(Settings.from_env({}, home=tmp_path_factory.mktemp("home")))
    editor, store, rng = Editor(workspace), workspace.dictionaries, random.Random(seed)
    save(store, PAIRS)
    made = {}

    def look():
        info = store.get("d")
        pairs = store.pairs(info.version_id)
        content = (pairs, store.apart(info.version_id), stored(store, info.version_id))
        made[info.version_id] = content
        assert content[2] == recounted(store, info.version_id)
        page = editor.page("d", size=500)
        assert page.total == len(page.groups) == info.standards  # a standard term has one group
        assert [(g.standard, s) for g in page.groups for s in g.synonyms] == [
            (pair.standard, pair.synonym) for pair in pairs
        ]
        return content

    def go(move):
        return move("d", based_on=store.get("d").version)

    contents = [look()]
    for _ in range(length):
        edit = random_edit(rng, editor.page("d", size=500).groups)
        try:
            if editor.apply("d", edit, based_on=store.get("d").version).step is None:
                continue
        except WorkbenchError:
            assert look() == contents[-1]
            continue
        contents.append(look())
        if rng.random() < 0.3:  # there and back again on the way
            go(editor.undo)
            assert look() == contents[-2]
            go(editor.redo)
            assert look() == contents[-1]
    for expected in contents[-2::-1]:
        go(editor.undo)
        assert look() == expected
    assert editor.status("d").undo is None
    for expected in contents[1:]:
        go(editor.redo)
        assert look() == expected
    assert editor.status("d").redo is None
    editor.restore("d", 1, based_on=store.get("d").version)
    assert look() == contents[0]
    for version_id, (pairs, apart, counted) in made.items():
        assert (store.pairs(version_id), store.apart(version_id)) == (pairs, apart)
        assert stored(store, version_id) == counted
    workspace.close()


# -- an old database -----------------------------------------------------------------------------------

OLD = [
    ("越野车", "SUV", 2),
    ("越野车", "越野汽车", 3),
    ("砼", "混凝土", 4),
    ("钢筋", "'; DROP TABLE pairs; --", 5),
]
LATER = [  # a pair gone, one spelt otherwise, a group in front, the others in another order
    ("新", "x", 2),
    ("钢筋", "螺纹钢", 3),
    ("钢筋", "'; DROP TABLE pairs; --", 4),
    ("越野车", "越野汽车", 5),
    ("越野车", "suv", 6),
]
LAST = [*LATER, ("尾", "y", 9)]


def old_database(path):
    """A database of the first schema, with two dictionaries, one of three versions, one deleted."""
    db = sqlite_utils.Database(path)
    migrations.ensure_migrations_table(db)
    m001_first_schema(db)
    migrations._record_applied(db, "m001_first_schema")
    for number, (dictionary, deleted) in enumerate((("d1", None), ("d2", 5.0), ("d3", None))):
        db["dictionaries"].insert(
            {"id": dictionary, "name": f"车{number}", "created_at": 1.0, "deleted_at": deleted}
        )
    versions = [
        ("v1", "d1", 1, OLD),
        ("v2", "d1", 2, LATER),
        ("v3", "d1", 3, LAST),
        ("g", "d2", 1, []),
        ("w", "d3", 1, OLD),
    ]
    for version_id, dictionary, number, rows in versions:
        db["versions"].insert(
            {
                "id": version_id,
                "dictionary_id": dictionary,
                "number": number,
                "pairs": len(rows),
                "standards": len({row[0] for row in rows}),
                "terms": len({term_key(term) for row in rows for term in row[:2]}),
                "language": "zh",
                "source": "车.csv",
                "content_hash": "old",
                "created_at": 1.0,
            }
        )
        groups = {}
        for position, (standard, synonym, row) in enumerate(rows):
            group = groups.setdefault(standard, len(groups))
            db.execute(
                "INSERT INTO pairs VALUES (?,?,?,?,?,?)",
                (version_id, group, position, standard, synonym, row),
            )
    db.conn.commit()
    db.close()


@pytest.mark.case(13)
def test_an_old_database_is_carried_over_without_loss_and_twice(tmp_path, tell):
    path = tmp_path / "workbench.db"
    old_database(path)
    for _ in range(2):
        database = Database(path)
        store = DictionaryStore(database)
        for version_id, rows in (("v1", OLD), ("v2", LATER), ("v3", LAST), ("w", OLD)):
            assert store.pairs(version_id) == [Pair(*row) for row in rows]
            assert stored(store, version_id) == recounted(store, version_id)
        assert "pairs" not in database.connection.table_names()
        assert sorted(info.name for info in store.all()) == ["车0", "车2"]
        steps = history(store, store.get("车0"))
        assert [(step.number, step.kind, step.content_of, step.added) for step in steps] == [
            (1, "import", 1, 4),
            (2, "import", 2, 5),
            (3, "import", 3, 1),
        ]
        assert steps[0].title.get("zh") == "导入 车.csv"
        database.close()
    tell(
        "a database of an earlier version, with four versions of two dictionaries, opened",
        2,
        "carried over once, every row of every version as it was",
    )


def test_a_carried_over_dictionary_can_be_edited_undone_and_imported_again(tmp_path):
    path = Settings.from_env({}, home=tmp_path).database_path
    old_database(path)
    workspace = Workspace(Settings.from_env({}, home=tmp_path))
    editor, store = Editor(workspace), workspace.dictionaries
    assert save(store, [Pair(*row) for row in LAST], "车0").version == 3
    group = editor.find("车0", "螺纹钢")[0]
    editor.apply("车0", edits.RenameTerm(group.id, "螺纹钢", "带肋钢筋"), based_on=3)
    for expected in (LAST, LATER, OLD):
        info = editor.undo("车0", based_on=store.get("车0").version).info
        assert store.pairs(info.version_id) == [Pair(*row) for row in expected]
        assert stored(store, info.version_id) == recounted(store, info.version_id)
    assert editor.status("车0").undo is None
    workspace.close()


def test_a_migration_that_fails_leaves_the_old_database_whole(tmp_path, monkeypatch):
    path = tmp_path / "workbench.db"
    old_database(path)

    def fail(*_):
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("workbench.storage.entries_migration.write_change", fail)
    with pytest.raises(WorkbenchError):
        Database(path)
    monkeypatch.undo()
    database = Database(path)
    assert DictionaryStore(database).pairs("v2") == [Pair(*row) for row in LATER]
    database.close()


def test_labels_of_an_earlier_version_of_the_program_are_in_every_version(tmp_path):
    path = Settings.from_env({}, home=tmp_path).database_path
    old_database(path)
    db = sqlite_utils.Database(path)
    for name in [each for each in migrations_until("m011_labels_as_changes") if each != "m001_first_schema"]:
        getattr(schema, name)(db)
        migrations._record_applied(db, name)
    db.execute("INSERT INTO label_columns SELECT number, 0, '类别' FROM dictionaries WHERE name = '车0'")
    db.execute(
        "INSERT INTO entry_labels SELECT number, 0, '螺纹钢', '材料' FROM dictionaries WHERE name = '车0'"
    )
    db.conn.commit()
    db.close()
    workspace = Workspace(Settings.from_env({}, home=tmp_path))
    store = workspace.dictionaries
    assert [store.labels(store.version(each)) for each in ("v1", "v3")] == [{"类别": {"螺纹钢": "材料"}}] * 2
    group = Editor(workspace).find("车0", "螺纹钢")[0]
    Editor(workspace).apply("车0", edits.SetLabel(group.id, (), "类别", "钢材"), based_on=3)
    Editor(workspace).undo("车0", based_on=4)
    assert store.labels(store.get("车0")) == {"类别": {"螺纹钢": "材料"}}
    workspace.close()


def migrations_until(last):
    """The names of the migrations before one."""
    names = [each.name for each in migrations._migrations]
    return names[: names.index(last)]
