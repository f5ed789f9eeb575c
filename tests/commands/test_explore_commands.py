"""``similarity``, ``neighbours`` and ``matrix`` as a script calls them: stable documents, files, refusals."""

import csv
import io
import json

import pytest
from commands.conftest import CommandLine


@pytest.fixture
def line(workshop, capsys):
    return CommandLine(workshop.settings.home, capsys)


def test_a_row_for_every_hit_of_every_term_and_system(line, toy_pairs):
    rows = line.ask(
        *("neighbours", toy_pairs[0].synonym, "a word", "--model", "tuned", "--system", "tfidf"),
        *("--system", "hybrid:tuned+tfidf", "--in", "dictionary:toy", "--k", 3),
    )
    assert [row["query"] for row in rows[:3]] == [toy_pairs[0].synonym] * 3
    assert list(dict.fromkeys(row["system"] for row in rows)) == ["tuned", "tfidf", "hybrid(tuned+tfidf)"]
    assert {row["rank"] for row in rows} <= {1, 2, 3}
    assert {type(row["known_synonym"]) for row in rows} == {bool}
    assert all(0 <= row["probability"] <= 1 for row in rows if row["system"] == "tuned")
    assert all(row["probability"] is None for row in rows if row["system"] != "tuned")
    said = line.say(
        "neighbours", "abcd", "--model", "tuned", "--system", "hybrid:tuned+tfidf", "--dictionary", "toy"
    )
    assert "moved" in said
    assert "hybrid(tuned+tfidf): " in said


def test_one_term_and_model_is_what_it_always_was(line):
    said = line.say("neighbours", "abcd", "--model", "tuned", "--dictionary", "toy")
    assert "moved" not in said
    assert "query" not in said
    assert len(said.splitlines()) == 11


def test_filters_and_formats(line, toy_pairs, tmp_path):
    ask = ("neighbours", toy_pairs[0].standard, "--model", "tuned", "--dictionary", "toy", "-k", 5)
    known = {pair.synonym for pair in toy_pairs if pair.standard == toy_pairs[0].standard}
    assert {row["term"] for row in line.ask(*ask, "--known", "known")} == known
    assert not {row["term"] for row in line.ask(*ask, "--known", "unknown")} & known
    assert line.ask(*ask, "--language", "zh") == []
    group = toy_pairs[4].standard
    assert {row["standard"] for row in line.ask(*ask, "--group", group)} == {group}
    rows = line.ask(*ask)
    assert json.loads(line.say(*ask, "--format", "json")) == rows
    table = list(csv.DictReader(io.StringIO(line.say(*ask, "--format", "csv"))))
    assert [row["term"] for row in table] == [row["term"] for row in rows]
    line.say(*ask, "--out", tmp_path / "near.csv")
    assert (tmp_path / "near.csv").read_bytes().decode("utf-8-sig").count("\r\n") == 6


def test_a_file_is_looked_in(line, tmp_path):
    odd = ["<b>x</b>", 'say "so"', "👩‍🔧", "سيارة", "y" * 500]
    path = tmp_path / "terms.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["编号", "名称"], *([n, term] for n, term in enumerate(odd))])
    rows = line.ask("neighbours", "abcd", "--model", "tuned", "--in", path, "--column", "名称")
    assert {row["term"] for row in rows} == set(odd)
    assert {row["known_synonym"] for row in rows} == {False}
    assert {row["probability"] for row in rows} == {None}
    calibrated = line.ask(
        *("neighbours", "abcd", "--model", "tuned", "--in", path, "--column", "#2", "--dictionary", "toy")
    )
    assert all(0 <= row["probability"] <= 1 for row in calibrated)


def test_two_terms_under_all_models_or_one(line, toy_pairs, tiny_model_folder):
    pair = toy_pairs[0]
    one = line.ask("similarity", pair.standard, pair.synonym, "--model", "tuned")
    assert one["known_synonyms"] is True
    assert one["marked_apart"] is False
    assert one["dictionary"] == "toy"
    assert one["why"]["standards"] == [pair.standard, pair.standard]
    assert one["why"].keys() == {"shared", "overlap", "neighbours", "nearest_pair", "standards"}
    several = line.ask(
        *("similarity", pair.standard, pair.synonym, "--model", "tuned", "--model", tiny_model_folder),
        *("--dictionary", "toy"),
    )
    assert [each["model"] for each in several["answers"]] == ["tuned", str(tiny_model_folder)]
    assert several["answers"][0]["cosine"] == pytest.approx(one["cosine"], abs=1e-6)
    assert "most like the known pair" in line.say("similarity", "abcd", "dcba", "--dictionary", "toy")


def test_a_matrix_of_terms_or_of_a_file(line, tmp_path):
    terms = ["abcd", "dcba", "efgh", "<i>"]
    document = line.ask("matrix", *terms, "--model", "tuned", "--dictionary", "toy")
    assert sorted(document["terms"]) == sorted(terms)
    assert [len(row) for row in document["cosine"]] == [4] * 4
    assert len(document["merges"]) == 3
    assert len(document["cluster"]) == 4
    (tmp_path / "list.txt").write_text("\n".join(terms), encoding="utf-8")
    again = line.ask(*("matrix", tmp_path / "list.txt", "--model", "tuned", "--out", tmp_path / "m.csv"))
    assert again["cosine"] == document["cosine"]
    assert again["probability"] is None
    rows = list(csv.reader(io.StringIO((tmp_path / "m.csv").read_text(encoding="utf-8-sig"))))
    assert rows[0][1:] == again["terms"]
    line.say("matrix", *terms, "--model", "tuned", "--out", tmp_path / "m.xlsx")
    assert (tmp_path / "m.xlsx").read_bytes().startswith(b"PK")


@pytest.mark.parametrize(
    "arguments",
    [
        ["neighbours", "a", "--dictionary", "toy"],
        ["neighbours", "a", "--model", "tuned"],
        ["neighbours", "a", "--model", "tuned", "--in", "/no/such/file.csv"],
        ["neighbours", "a", "--model", "tuned", "--in", "corpus:没有"],
        ["neighbours", "a", "--model", "tuned", "--dictionary", "toy", "-k", "1001"],
        ["neighbours", "a", "--system", "hybrid:tuned+magic", "--dictionary", "toy"],
        ["neighbours", "a", "--model", "tuned", "--dictionary", "toy", "--known", "perhaps"],
        ["matrix", "a", "--model", "tuned"],
        ["matrix", "a", "b", "--model", "exact"],
        ["matrix", "a", "b", "--model", "tuned", "--values", "probability", "--out", "/tmp/never.csv"],
    ],
    ids=" ".join,
)
def test_refusals_are_sentences(line, arguments):
    line.refused(*arguments)


def test_the_reranker_of_a_run_that_has_none_is_refused_in_words(line):
    ask = ("neighbours", "abcd", "--model", "tuned", "--dictionary", "toy")
    status, out, err = line(*ask, "--rerank", "tuned")
    assert (status, out) == (1, "")
    assert "no reranker in “tuned”" in err
    assert "no model" in line.refused(*ask, "--system", "tfidf", "--rerank", "tuned")
