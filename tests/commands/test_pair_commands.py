"""``pairs make|check|accept|delete`` from a dictionary to a file."""

import pytest


@pytest.fixture
def toy(cli, write, toy_csv):
    cli.ask("import", "dictionary", write("toy.csv", toy_csv), "--name", "toy")
    return cli


def test_a_preview_shows_rows_and_stores_nothing(toy):
    shown = toy.ask("pairs", "make", "--dictionary", "toy", "--name", "p", "--preview", "--limit", 20)
    assert 0 < len(shown["rows"]) <= 20
    assert shown["possible"] > 20
    assert {row["label"] for row in shown["rows"]} == {0.0, 1.0}
    assert {row["origin"] for row in shown["rows"]} <= {"synonym", "random", "lexical", "mined", "apart"}
    assert toy.ask("list", "pairs") == []
    assert "possible" in toy.say("pairs", "make", "--dictionary", "toy", "--preview")


def test_pairs_are_made_as_asked_and_repeat_with_their_seed(toy, write, tmp_path):
    toy.ask("import", "corpus", write("c.txt", "没有一个词的句子。\n"), "--name", "c")
    options = [
        "--dictionary", "toy", "--positives", "all", "--cap", 2, "--template", "使用手册：{}", "--corpus",
        "c", "--sentences", 2,
        "--positive-share", 0.5, "--negatives", "random=0.5,lexical=0.5", "--limit", 60,
        "--seed", 3, "--near-duplicate", 100,
    ]  # fmt: skip
    made = toy.ask("pairs", "make", "--name", "one", *options)
    assert (made["rows"], made["positives"], made["trusted"]) == (60, 30, True)
    assert made["counts"]["random"] > 0 < made["counts"]["lexical"]
    assert made["recipe"]["recipe"]["seed"] == 3
    toy.ask("pairs", "make", "--name", "two", *options)
    for name in ("one", "two"):
        toy.ask("export", "pairs", name, tmp_path / f"{name}.csv")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert toy.ask("pairs", "make", "--name", "one", *options)["rows"] == 60  # the same again is nothing
    assert "already" in toy.refused("pairs", "make", "--name", "one", "--dictionary", "toy")
    assert toy.ask("pairs", "make", "--name", "one", "--dictionary", "toy", "--replace")["rows"] > 60
    assert "rows" in toy.say("pairs", "make", "--dictionary", "toy")
    assert {row["name"] for row in toy.ask("list", "pairs")} == {"one", "two", "toy pairs"}


def test_mined_negatives_come_from_a_model(toy, tiny_model_folder):
    made = toy.ask(
        "pairs", "make", "--dictionary", "toy", "--name", "mined", "--negatives", "mined=1", "--limit", 40,
        "--model", tiny_model_folder,
    )  # fmt: skip
    assert made["counts"]["mined"] > 0
    assert made["counts"]["random"] == made["counts"]["lexical"] == 0


def test_a_set_is_held_against_its_dictionary_accepted_and_deleted(toy, write, toy_pairs):
    pair = toy_pairs[0]
    text = f"text1,text2,label\n{pair.standard},{pair.synonym},0\n一个,别的,1\n"
    imported = toy.ask("import", "pairs", write("p.csv", text), "--name", "p", "--untrusted")
    assert imported["trusted"] is False
    found = toy.ask("pairs", "check", "p", "--dictionary", "toy")
    assert (found["count"], found["contradictions"][0]["row"]) == (1, 2)
    assert found["contradictions"][0]["code"] == "denied_synonyms"
    assert "2:" in toy.say("pairs", "check", "p", "--dictionary", "toy")
    assert toy.ask("pairs", "accept", "p")["trusted"] is True
    assert toy.ask("pairs", "delete", "p")["deleted"] is True
    for arguments in (["check", "p", "--dictionary", "toy"], ["accept", "p"], ["delete", "p"]):
        assert "no pair set" in toy.refused("pairs", *arguments)


@pytest.mark.parametrize(
    "options",
    [
        ["--dictionary", "没有"],
        ["--dictionary", "toy", "--negatives", "random"],
        ["--dictionary", "toy", "--negatives", "magic=1"],
        ["--dictionary", "toy", "--positive-share", "0"],
        ["--dictionary", "toy", "--template", "没有空位"],
        ["--dictionary", "toy", "--cap", "-1"],
        ["--dictionary", "toy", "--corpus", "没有"],
        ["--dictionary", "toy", "--negatives", "mined=1", "--model", "tfidf"],
        ["--dictionary", "toy", "--no-terms-alone"],
        ["--dictionary", "toy", "--preview", "--replace"],
        [],
    ],
    ids=" ".join,
)
def test_what_cannot_be_made_is_said(toy, options, monkeypatch):
    toy.refused("pairs", "make", "--name", "p", *options)
    monkeypatch.setenv("WORKBENCH_LANGUAGE", "zh")
    toy.refused("pairs", "make", "--name", "p", *options)
    assert toy.ask("list", "pairs") == []
