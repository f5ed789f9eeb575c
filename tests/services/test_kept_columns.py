"""Columns of an imported file that become slices: kept, replaced, merged, forgotten."""

import csv
import io
import json

import pytest

from workbench.cli import main
from workbench.editing.edits import AddSynonyms, SetLabel
from workbench.errors import NameTaken
from workbench.ingest.kept_columns import kept_sentence
from workbench.services import Services
from workbench.settings import Settings

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def services(tmp_path):
    opened = Services(Settings.from_env({}, home=tmp_path / "home", warm_worker=False, threads=1))
    yield opened
    opened.close()


def file(heading, rows):
    out = io.StringIO()
    csv.writer(out).writerows([heading, *rows])
    return out.getvalue().encode()


def some(values, start=0):
    """Two rows for each value, of groups and synonyms of their own."""
    return [
        (f"term {i}", f"word {i}", value)
        for i, value in enumerate((v for v in values for _ in range(2)), start)
    ]


def read(services, rows, heading=("standard", "synonym", "category")):
    return services.importer.read(file(heading, rows), "words.csv")


def labels(services, name="d"):
    info = services.dictionary(name)
    pairs = services._workspace.dictionaries.pairs(info.version_id)
    return services._workspace.dictionaries.labels(info, {pair.synonym for pair in pairs})


def rows_in(services):
    connection = services._workspace.database.connection.conn
    return tuple(
        connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("label_columns", "entry_labels")
    )


def test_a_column_of_the_file_becomes_slices_in_python_and_on_the_command_line(services, toy_pairs, capsys):
    rows = [
        (pair.standard, pair.synonym, "a" if pair.synonym < "f" else "b", EVIL if place % 3 else "")
        for place, pair in enumerate(toy_pairs)
    ]
    rows[0] = (*rows[0][:3], "🚗")
    rows[1] = (*rows[1][:3], "🚗")
    preview = read(services, rows, ("standard term", "synonym", "类别", "Source"))
    assert kept_sentence(preview.labels).get("en").endswith("“类别”, “Source”.")
    services.importer.save(preview, "d", "new", "words.csv")
    services.evaluation.evaluate("dictionary:d", "tfidf")
    plain = services.evaluation.slices("dictionary:d", ["tfidf"])
    found = [each for each in plain if each.column == "类别"]
    assert {each.title.get("zh") for each in found} == {"类别：a", "类别：b"}
    case = services.evaluation._case("dictionary:d").headline
    assert {each.value: each.queries for each in found} == {
        "a": sum(query < "f" for query in case.queries),
        "b": sum(query >= "f" for query in case.queries),
    }
    total = sum(each.queries * each.scores["tfidf"].recall1 for each in found) / len(case.queries)
    evaluation = services.evaluation.evaluate("dictionary:d", "tfidf")[0]
    assert total == pytest.approx(evaluation.metrics.recall[1])
    sources = [each for each in plain if each.column == "Source"]
    assert sum(each.queries for each in sources) == len(case.queries)
    assert (sources[-1].value, sources[-1].title.get("en")) == ("", "Source: (empty)")
    assert EVIL in {each.value for each in sources}
    services.close()
    home = str(services.settings.home)
    assert main(["slices", "tfidf", "--benchmark", "d", "--home", home, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {each["title"] for each in told if each["column"] == "类别"} == {"类别: a", "类别: b"}


def test_labels_belong_to_terms_and_outlive_edits(services):
    rows = some("xyxy")
    services.importer.save(read(services, rows), "d", "new", "a.csv")
    before = labels(services)
    assert before == {"category": {row[1]: row[2] for row in rows}}
    group = services.editor.find("d", "word 0")[0]
    services.editor.apply("d", AddSynonyms(group.id, ("added later",)), based_on=1)
    assert labels(services)["category"] == {**before["category"], "added later": "x"}
    services.editor.undo("d", based_on=2)
    assert labels(services) == before


def test_a_replacement_brings_its_own_columns_even_where_the_pairs_are_the_same(services):
    services.importer.save(read(services, some("xyxy")), "d", "new", "a.csv")
    info = services.importer.save(read(services, some("xyzx")), "d", "replace", "b.csv")
    assert (info.version, services.editor.history("d")[0][0].added) == (2, 0)
    assert services.importer.save(read(services, some("xyzx")), "d", "replace", "b.csv").version == 2
    assert labels(services)["category"]["word 4"] == "z"
    assert labels(services)["category"]["word 2"] == "y"
    services.editor.undo("d", based_on=2)
    assert labels(services)["category"]["word 4"] == "x"
    services.editor.redo("d", based_on=3)
    services.importer.save(
        read(services, some("pqpq"), ("standard", "synonym", "dept")), "d", "replace", "c.csv"
    )
    assert list(labels(services)) == ["dept"]
    services.importer.save(read(services, [row[:2] for row in some("pq")], ("standard", "synonym")),
                           "d", "replace", "d.csv")  # fmt: skip
    assert labels(services) == {}
    services.editor.restore("d", 1, based_on=services.dictionary("d").version)
    assert labels(services)["category"]["word 4"] == "x"


def test_a_merge_adds_and_corrects_labels_and_keeps_the_others(services):
    services.importer.save(read(services, some("xyxy")), "d", "new", "a.csv")
    more = [(one, other, value, "north" if i % 2 else "south") for i, (one, other, value) in
            enumerate(some("zzqq", start=6))]  # fmt: skip
    services.importer.save(
        read(services, more, ("standard", "synonym", "category", "site")), "d", "merge", "b.csv"
    )
    found = labels(services)
    assert list(found) == ["category", "site"]
    assert {key: found["category"][key] for key in ("word 0", "word 6", "word 13")} == {
        "word 0": "x", "word 6": "z", "word 13": "q",
    }  # fmt: skip
    assert "word 0" not in found["site"]
    services.importer.save(read(services, [(a, b) for a, b, _ in some("v")], ("standard", "synonym")),
                           "d", "merge", "c.csv")  # fmt: skip
    assert labels(services) == found


def test_a_merge_keeps_the_bounds(services):
    services.importer.save(read(services, some([f"v{i}" for i in range(30)])), "d", "new", "a.csv")
    assert list(labels(services)) == ["category"]
    heading = ("standard", "synonym", *"abcde")
    many = [(*row[:2], *row[2] * 5) for row in some("xyxy", start=500)]
    services.importer.save(read(services, many, heading), "d", "merge", "b.csv")
    assert list(labels(services)) == ["category", *"abcd"]
    others = some([f"w{i}" for i in range(11)], start=100)
    services.importer.save(read(services, others), "d", "merge", "c.csv")
    assert list(labels(services)) == [*"abcd"]


def test_what_is_refused_leaves_no_label(services):
    services.importer.save(read(services, some("xyxy")), "d", "new", "a.csv")
    before = rows_in(services)
    with pytest.raises(NameTaken):
        services.importer.save(read(services, some("pqpq")), "d", "new", "b.csv")
    assert rows_in(services) == before
    assert labels(services)["category"]["word 0"] == "x"


def test_a_merge_that_fails_takes_its_labels_with_it(services, monkeypatch):
    services.importer.save(read(services, some("xyxy")), "d", "new", "a.csv")
    monkeypatch.setattr("workbench.storage.history.add_version", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        services.importer.save(read(services, some("pqpq")), "d", "merge", "b.csv")
    assert labels(services)["category"]["word 0"] == "x"


def test_labels_go_with_their_dictionary_and_are_nobody_elses(services):
    services.importer.save(read(services, some("xyxy")), "d", "new", "a.csv")
    services.importer.save(read(services, some("pqpq")), "e", "new", "a.csv")
    services.delete_dictionary("d")
    assert rows_in(services) == (1, 8)
    services.importer.save(read(services, [(a, b) for a, b, _ in some("xyxy")], ("standard", "synonym")),
                           "d", "new", "a.csv")  # fmt: skip
    assert labels(services) == {}
    assert labels(services, "e")["category"]["word 0"] == "p"


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([f"{i}" for i in range(40)], True),
        ([f"{i}" for i in range(41)], False),
        (["one", "one"], False),
        (["", "one"], False),
        (["", "one", "two"], True),
        ([" ", "\u200b", ""], False),
    ],
)
def test_which_columns_are_kept(services, values, kept):
    assert bool(read(services, some(values)).labels) == kept


def test_ids_of_a_small_file_columns_without_a_heading_and_a_sixth_column_are_not_kept(services):
    rows = [(f"term {i}", f"word {i}", f"id {i}", *"xy"[i % 2] * 6) for i in range(20)]
    preview = read(services, rows, ("standard", "synonym", "n", *"abcdef"))
    assert [column.name for column in preview.labels] == [*"abcde"]
    bare = services.importer.read(
        file(rows[0], rows[1:]), "words.csv", standard=0, synonyms=[1], has_header=False
    )
    assert bare.labels == ()
    assert kept_sentence(bare.labels) is None


def test_odd_values_are_kept_as_they_are_read(services):
    long = "long " * 100
    rows = some([EVIL, "🚗", "'=1+1", long, "a\nb", "{braces}"])
    rows += [("混凝土", "砼", "🚗"), ("水泥", "砼", EVIL), ("水泥", "洋灰", "")]
    rows += [("duplicate", "duplicate", "x"), ("term 0", "word 0", "y")]
    preview = read(services, rows, ("standard", "synonym", f"{EVIL} {{x}}"))
    services.importer.save(preview, "d", "new", "a.csv")
    (name, found), *others = labels(services).items()
    assert others == []
    assert name == f"{EVIL} {{x}}"
    assert name in kept_sentence(preview.labels).get("zh")
    assert [found[f"word {i}"] for i in (0, 2, 4, 6, 8, 10)] == [
        EVIL, "🚗", "=1+1", long[:100].strip(), "a b", "{braces}",
    ]  # fmt: skip
    assert found["砼"] == "🚗"
    assert "洋灰" not in found


def test_the_command_says_which_columns_are_kept(tmp_path, capsys):
    path = tmp_path / "words.csv"
    path.write_bytes(file(("standard", "synonym", "category"), some("xyxy")))
    home = ["--home", str(tmp_path / "home")]
    assert main(["import", "dictionary", str(path), "--dry-run", *home]) == 0
    assert "by them: “category”." in capsys.readouterr().out
    assert main(["import", "dictionary", str(path), "--json", *home]) == 0
    assert json.loads(capsys.readouterr().out)["kept_columns"] == ["category"]


@pytest.mark.parametrize("format", ["csv", "xlsx", "jsonl", "json", "parquet"])
def test_an_exported_dictionary_gives_the_same_slices_elsewhere(services, toy_pairs, format):
    rows = [
        (
            pair.standard,
            pair.synonym,
            "a" if pair.synonym < "f" else "b",
            f"n{place % 7}" if place % 3 else "",
        )
        for place, pair in enumerate(toy_pairs)
    ]
    services.importer.save(read(services, rows, ("standard", "synonym", "类别", "来源")),
                           "d", "new", "words.csv")  # fmt: skip
    group = services.editor.find("d", rows[0][1])[0]
    services.editor.apply("d", SetLabel(group.id, (), "来源", "只此一处"), based_on=1)
    data = services.export_dictionary("d", format)
    services.importer.save(services.importer.read(data, f"d.{format}"), "e", "new", f"d.{format}")
    assert labels(services, "e") == labels(services, "d")

    def slices(name):
        services.evaluation.evaluate(f"dictionary:{name}", "tfidf")
        found = services.evaluation.slices(f"dictionary:{name}", ["tfidf"])
        return [(s.column, s.value, s.queries, s.scores["tfidf"].recall1) for s in found if s.column]

    assert slices("e") == slices("d") != []
    copy = services.importer.save(services.importer.read(data, f"d.{format}"), "d", "replace", "d")
    assert copy.version == 2  # nothing changed
