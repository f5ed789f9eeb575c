"""Every command: one JSON document where it is asked for, a sentence and the right exit status where not."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.cli import _parser, main

ROOT = Path(__file__).resolve().parents[1]
METRICS = {
    "model",
    "dictionary",
    "split",
    "queries",
    "corpus",
    "recall@1",
    "recall@5",
    "recall@10",
    "mrr@10",
    "recall@1_ci95",
    "seconds",
}


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setenv("WORKBENCH_LANGUAGE", "en")
    monkeypatch.delenv("WORKBENCH_HOME", raising=False)


@pytest.fixture
def run(capsys):
    """Runs a command in a home: (exit status, standard output, standard error)."""

    def call(*arguments, home):
        capsys.readouterr()
        try:
            status = main(["--home", str(home), *map(str, arguments)])
        except SystemExit as error:  # argparse itself said no
            status = error.code
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return status, captured.out, captured.err

    return call


@pytest.fixture
def ask(run, workshop):
    """The JSON document of a command in the workshop's home."""

    def call(*arguments):
        status, out, _ = run("--json", *arguments, home=workshop.settings.home)
        assert status == 0
        return json.loads(out)  # fails for anything before or behind the one document

    return call


def test_every_command_explains_itself():
    parsers = [_parser()]
    for parser in parsers:
        assert "--json" in parser.format_help() or parser is not parsers[0]
        parser.format_help()  # a stray percent sign would fail here
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                parsers += action.choices.values()
                assert all(choice.help for choice in action._choices_actions)
    assert len(parsers) > 50


# -- asking a finished model ----------------------------------------------------------------------


def test_evaluate_gives_the_metrics(ask, workshop, tiny_model_folder):
    for model in ("tuned", "tfidf", "exact", str(tiny_model_folder)):
        document = ask("evaluate", "--model", model, "--dictionary", "toy")
        assert document.keys() >= METRICS
        assert (document["model"], document["dictionary"], document["split"]) == (model, "toy", "test")
        assert (document["queries"], document["corpus"]) == (36, 90)
        low, high = document["recall@1_ci95"]
        assert 0 <= low <= document["recall@1"] <= high <= 100
        assert document["recall@1"] <= document["recall@5"] <= document["recall@10"] <= 100
    rows = {row.model: row.metrics for row in workshop.leaderboard("toy").rows}
    assert document["recall@10"] == pytest.approx(rows[str(tiny_model_folder)].recall[10], abs=1e-4)


def test_the_leaderboard_is_a_list_best_first(ask):
    rows = ask("leaderboard", "--dictionary", "toy")
    assert all(row.keys() >= METRICS | {"verdict", "kind"} for row in rows)
    assert {row["model"] for row in rows} >= {"tuned", "tfidf", "exact"}
    assert [row["recall@1"] for row in rows] == sorted((row["recall@1"] for row in rows), reverse=True)
    tuned = next(row for row in rows if row["model"] == "tuned")
    assert tuned["against_base"].keys() == {"difference", "ci95", "p_value", "verdict"}
    assert [row for row in ask("leaderboard") if row["dictionary"] == "toy"] == rows


def test_the_leaderboard_as_csv(ask, tmp_path):
    ask("leaderboard", "--dictionary", "toy", "--csv", tmp_path / "board.csv")
    data = (tmp_path / "board.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")  # so that Excel reads the Chinese
    lines = data.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("rank,model")
    assert len(lines) == 1 + len(ask("leaderboard", "--dictionary", "toy"))


def test_neighbours_are_a_list(ask, toy_pairs):
    rows = ask("neighbours", toy_pairs[0].synonym, "--model", "tuned", "--dictionary", "toy", "-k", 7)
    assert len(rows) == 7
    assert all(row.keys() >= {"term", "score", "known_synonym"} for row in rows)
    assert all(isinstance(row["known_synonym"], bool) for row in rows)
    assert toy_pairs[0].synonym not in [row["term"] for row in rows]


def test_similarity_is_a_document(ask, toy_pairs):
    document = ask("similarity", toy_pairs[0].standard, toy_pairs[0].synonym, "--model", "tuned")
    assert document.keys() >= {"cosine", "probability", "percentile"}
    assert 0 <= document["probability"] <= 1
    assert 0 <= document["percentile"] <= 100


def test_lists(ask, tiny_model_folder):
    assert {"toy", "汽车"} <= {row["name"] for row in ask("list", "dictionaries")}
    models = {row["id"]: row for row in ask("list", "models")}
    assert {"e5-small", "use", "minilm", "tuned"} <= models.keys()
    assert sum(row["default"] for row in models.values()) == 1
    (only,) = ask("list", "runs")
    assert (only["name"], only["state"], only["base"]) == ("tuned", "completed", str(tiny_model_folder))


def test_doctor(ask):
    document = ask("doctor")
    assert document["machine"]["cores"] >= 1
    assert document["runs"] == {"completed": 1}


def test_export_of_the_model_loads_anywhere(ask, run, workshop, tmp_path):
    from sentence_transformers import SentenceTransformer

    folder = tmp_path / "new" / "model"
    assert ask("export", "model", "tuned", folder) == {"folder": str(folder)}
    assert SentenceTransformer(str(folder), device="cpu", local_files_only=True).encode("a").shape == (32,)
    status, out, err = run("export", "model", "tuned", folder, home=workshop.settings.home)
    assert (status, out) == (2, "")
    assert "not empty" in err


def test_the_flags_are_understood_before_and_behind_the_command(capsys, workshop):
    home = str(workshop.settings.home)
    lines = [
        ["--home", home, "--json", "list", "runs"],
        ["list", "runs", "--home", home, "--json"],
        ["--json", "list", "--home", home, "runs"],
        ["list", "--json", "runs", "--home", home],
    ]
    answers = []
    for line in lines:
        assert main(line) == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert all(answer == answers[0] for answer in answers)
    assert main(["export", "dictionary", "没有", "x.csv", "--home", home, "--json"]) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "dictionaries"],
        ["list", "models"],
        ["list", "runs"],
        ["leaderboard"],
        ["leaderboard", "--dictionary", "toy"],
        ["evaluate", "--model", "exact", "--dictionary", "toy"],
        ["neighbours", "abcd", "--model", "tuned", "--dictionary", "toy"],
        ["similarity", "abcd", "dcba", "--model", "tuned", "--dictionary", "toy"],
        ["doctor"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_answer_has_a_form_for_people(run, workshop, monkeypatch, arguments, language):
    monkeypatch.setenv("WORKBENCH_LANGUAGE", language)
    status, out, err = run(*arguments, home=workshop.settings.home)
    assert (status, err) == (0, "")
    assert out.strip()


# -- dictionaries ---------------------------------------------------------------------------------


def test_a_dictionary_goes_in_and_comes_out(run, tmp_path, toy_csv):
    (tmp_path / "toy.csv").write_bytes(toy_csv)
    status, out, _ = run("import", "dictionary", tmp_path / "toy.csv", "--json", home=tmp_path / "home")
    document = json.loads(out)
    assert status == 0
    assert (document["name"], document["version"], document["pairs"], document["standards"]) == (
        "toy",
        1,
        180,
        90,
    )
    assert document["encoding"] == "utf-8"
    for ending in ("csv", "tsv", "xlsx", "jsonl"):
        target = tmp_path / f"out.{ending}"
        assert run("export", "dictionary", "toy", target, home=tmp_path / "home")[0] == 0
        assert target.stat().st_size > 100
    status, out, _ = run(
        "import",
        "dictionary",
        tmp_path / "out.xlsx",
        "--name",
        "toy",
        "--replace",
        "--json",
        home=tmp_path / "home",
    )
    assert json.loads(out)["version"] == 1  # the same pairs: no new version


def test_columns_are_chosen_by_heading_or_number(run, tmp_path):
    (tmp_path / "a.csv").write_text("id,alias,name\n1,SUV,越野车\n2,砼,混凝土\n", encoding="utf-8")
    for standard, synonym in (("name", "alias"), ("#3", "#2")):
        status, out, err = run(
            "import", "dictionary", tmp_path / "a.csv", "--standard", standard, "--synonym", synonym,
            "--json", home=tmp_path / standard.strip("#"),
        )  # fmt: skip
        assert status == 0, err
        assert json.loads(out)["pairs"] == 2
    for wrong in ("nothing", "#9", "#0"):
        status, out, err = run(
            "import", "dictionary", tmp_path / "a.csv", "--standard", wrong, home=tmp_path / "home"
        )
        assert (status, out) == (2, "")
        assert len(err.strip()) > 10


def test_problems_of_a_file_are_said_by_row(run, tmp_path):
    (tmp_path / "a.csv").write_text("标准词,近似词\n越野车,SUV\n轿车,\n混凝土,砼\n", encoding="utf-8")
    status, out, _ = run("import", "dictionary", tmp_path / "a.csv", home=tmp_path / "home")
    assert status == 0
    assert "\n  3: " in out


# -- what is refused --------------------------------------------------------------------------------

UNKNOWN = [
    ["evaluate", "--model", "没有!", "--dictionary", "toy"],
    ["evaluate", "--model", "tuned", "--dictionary", "没有"],
    ["neighbours", "a", "--model", "没有!", "--dictionary", "toy"],
    ["neighbours", "a", "--model", "tuned", "--dictionary", "没有"],
    ["neighbours", "a", "--model", "tfidf", "--dictionary", "toy"],
    ["neighbours", "a", "--model", "tuned", "--dictionary", "toy", "-k", "0"],
    ["neighbours", " ", "--model", "tuned", "--dictionary", "toy"],
    ["similarity", "a", "b", "--model", "没有!"],
    ["similarity", "", "b", "--model", "tuned"],
    ["similarity", "a", "b", "--model", "tuned", "--dictionary", "没有"],
    ["leaderboard", "--dictionary", "没有"],
    ["leaderboard", "--csv", "/no/such/folder/board.csv"],
    ["export", "model", "没有!", "FOLDER/never-written"],
    ["export", "dictionary", "没有", "FOLDER/never-written.csv"],
    ["export", "dictionary", "toy", "FOLDER/never-written.docx"],
    ["export", "dictionary", "toy", "/no/such/folder/toy.csv"],
    ["import", "dictionary", "/no/such/file.csv"],
    ["import", "dictionary", "FOLDER"],
    ["train", "--dictionary", "没有"],
    ["train", "--dictionary", "toy", "--base", "没有 !"],
    ["train", "--dictionary", "toy", "--base", "use", "--epochs", "0"],
    ["train", "--dictionary", "toy", "--base", "use", "--set", "speed=3"],
    ["train", "--dictionary", "toy", "--base", "use", "--set", "temperature"],
    ["train", "--dictionary", "toy", "--base", "use", "--seed", "-1"],
    ["train", "--dictionary", "toy", "--base", "use", "--name", "tuned"],
    ["train", "--dictionary", "toy", "--base", "use", "--recipe", "magic"],
    ["list", "nothing"],
    ["magic"],
    [],
]


@pytest.mark.parametrize("arguments", UNKNOWN, ids=" ".join)
def test_what_cannot_be_done_is_said_and_the_exit_status_is_two(run, workshop, arguments, tmp_path):
    arguments = [argument.replace("FOLDER", str(tmp_path)) for argument in arguments]
    status, out, err = run("--json", *arguments, home=workshop.settings.home)
    assert status == 2
    assert out == ""
    assert len(err.strip()) > 5
    assert "Error(" not in err
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_that_was_queued(workshop):
    assert [run.name for run in workshop.runs()] == ["tuned"]


def test_a_sentence_comes_in_the_language_that_was_chosen(run, workshop, monkeypatch):
    monkeypatch.setenv("WORKBENCH_LANGUAGE", "zh")
    assert "没有叫" in run("leaderboard", "--dictionary", "x", home=workshop.settings.home)[2]
    monkeypatch.delenv("WORKBENCH_LANGUAGE")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "没有叫" in run("leaderboard", "--dictionary", "x", home=workshop.settings.home)[2]
    monkeypatch.setenv("LC_ALL", "C")
    assert "There is no" in run("leaderboard", "--dictionary", "x", home=workshop.settings.home)[2]


def test_a_home_that_cannot_be_is_said_in_words(run, tmp_path):
    (tmp_path / "file").write_text("a file")
    status, out, err = run("list", "runs", home=tmp_path / "file")
    assert status == 1
    assert out == ""
    assert "workbench.db" in err


def test_something_unforeseen_is_a_sentence_and_goes_to_the_log(run, workshop, monkeypatch):
    from workbench.services import Services

    def fail(*_):
        raise ZeroDivisionError("the secret is in /home/somebody")

    monkeypatch.setattr(Services, "dictionaries", fail)
    status, out, err = run("list", "dictionaries", home=workshop.settings.home)
    assert (status, out) == (1, "")
    assert "ZeroDivisionError" in err
    assert "secret" not in err


def test_as_a_program_it_prints_utf8_and_exits(workshop, tmp_path):
    environment = dict(os.environ, LC_ALL="C", PYTHONIOENCODING="", WORKBENCH_LANGUAGE="")
    environment.pop("PYTHONUTF8", None)
    command = [
        sys.executable,
        "-m",
        "workbench",
        "--home",
        str(workshop.settings.home),
        "list",
        "dictionaries",
    ]
    answer = subprocess.run(
        [*command, "--json"], cwd=ROOT, env=environment, capture_output=True, timeout=60, check=False
    )
    assert answer.returncode == 0, answer.stderr.decode()
    assert "汽车" in [row["name"] for row in json.loads(answer.stdout.decode("utf-8"))]
    environment["PYTHONIOENCODING"] = "ascii"
    for flags in (["--json"], []):
        answer = subprocess.run(
            [*command, *flags], cwd=ROOT, env=environment, capture_output=True, timeout=60, check=False
        )
        assert answer.returncode == 0, answer.stderr.decode()
    wrong = subprocess.run(
        [*command[:-2], "magic"], cwd=ROOT, env=environment, capture_output=True, timeout=60, check=False
    )
    assert wrong.returncode == 2
    assert b"Traceback" not in wrong.stderr


@pytest.mark.reliability
def test_train_waits_and_gives_the_finished_run(tmp_path, toy_csv, tiny_model_folder):
    (tmp_path / "toy.csv").write_bytes(toy_csv)
    environment = dict(os.environ, WORKBENCH_HOME=str(tmp_path / "home"), WORKBENCH_LANGUAGE="en")

    def call(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "workbench", *map(str, arguments)],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip

    assert call("import", "dictionary", tmp_path / "toy.csv").returncode == 0
    answer = call(
        "train", "--dictionary", "toy", "--base", tiny_model_folder, "--epochs", 5, "--name", "mine",
        "--set", "learning_rate=0.01", "--seed", 3, "--json",
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    document = json.loads(answer.stdout)
    assert (document["name"], document["state"], document["seed"]) == ("mine", "completed", 3)
    assert document["result"]["test"].keys() == {"base", "tuned", "difference"}
    assert [
        row["model"] for row in json.loads(call("leaderboard", "--json", "--dictionary", "toy").stdout)
    ].count("mine") == 1
    taken = call("train", "--dictionary", "toy", "--base", tiny_model_folder, "--name", "mine")
    assert (taken.returncode, taken.stdout) == (2, "")
    broken = call("train", "--dictionary", "toy", "--base", "nobody/nothing", "--json")
    assert broken.returncode == 1
    assert broken.stdout == ""
    assert "nobody/nothing" in broken.stderr
    assert "Traceback" not in broken.stderr
    runs = json.loads(call("list", "runs", "--json").stdout)
    assert [run["name"] for run in runs] == ["mine"]  # refused before anything was queued
