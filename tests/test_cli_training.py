"""Recipes, runs and stages from the command line."""

import json

import pytest

from workbench.cli import main


@pytest.fixture
def home(tmp_path, monkeypatch, toy_csv, fp32_everywhere):
    monkeypatch.setenv("WORKBENCH_LANGUAGE", "en")
    monkeypatch.setenv("WORKBENCH_WARM_WORKER", "0")
    monkeypatch.setenv("WORKBENCH_THREADS", "1")
    monkeypatch.delenv("WORKBENCH_HOME", raising=False)
    (tmp_path / "toy.csv").write_bytes(toy_csv)
    return tmp_path / "home"


@pytest.fixture
def fp32_everywhere(monkeypatch):
    monkeypatch.setenv("WORKBENCH_PRECISION", "fp32")


@pytest.fixture
def call(home, capsys):
    """Runs a command: (exit status, the JSON document or None, standard error)."""

    def go(*arguments):
        capsys.readouterr()
        try:
            status = main(["--home", str(home), "--json", *map(str, arguments)])
        except SystemExit as error:
            status = error.code
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return status, json.loads(captured.out) if captured.out else None, captured.err

    return go


def test_stages_are_listed_with_what_they_need(call):
    status, stages, _ = call("stages", "list")
    assert status == 0
    found = {each["id"]: each for each in stages}
    assert found["in_batch"]["needs"] == ["dictionary"]
    assert {"name", "kind", "default", "minimum", "maximum"} <= found["in_batch"]["parameters"][0].keys()


def test_recipes_are_shown_saved_compared_and_deleted(call, tmp_path):
    file = tmp_path / "mine.yaml"
    assert call("recipes", "show", "finetune", "--out", file)[0] == 0
    text = file.read_text("utf-8").replace("epochs: 0", "epochs: 5")
    file.write_text(text, "utf-8")
    assert call("recipes", "save", file)[0] == 2  # a ready recipe is called so
    assert call("recipes", "save", file, "--name", "mine")[1] == {"name": "mine"}
    assert {"mine", "instant"} <= {each["name"] for each in call("recipes", "list")[1]}
    _, found, _ = call("recipes", "diff", "finetune", "mine")
    assert [(each["parameter"], each["first"], each["second"]) for each in found] == [("epochs", 0, 5)]
    assert call("recipes", "delete", "mine")[0] == 0
    status, document, error = call("recipes", "show", "mine")
    assert (status, document) == (2, None)
    assert "mine" in error


@pytest.mark.parametrize(
    "arguments",
    [
        ("train",),
        ("train", "--dictionary", "toy", "--recipe", "magic"),
        ("train", "--dictionary", "toy", "--recipe", "nowhere.yaml"),
        ("train", "--dictionary", "toy", "--stage", "magic"),
        ("train", "--dictionary", "toy", "--set", "nonsense=1"),
        ("train", "--from", "nothing"),
        ("train", "--recipe", "instant", "--stage", "in_batch"),
        ("runs", "show", "nothing"),
        ("runs", "resume", "nothing"),
        ("recipes", "diff", "instant", "magic"),
    ],
)
def test_what_cannot_be_done_is_said_with_status_2(call, tmp_path, arguments, tiny_model_folder):
    call("import", "dictionary", tmp_path / "toy.csv", "--name", "toy")
    base = ("--base", tiny_model_folder) if arguments[0] == "train" and "--from" not in arguments else ()
    status, document, error = call(*arguments, *base)
    assert (status, document) == (2, None)
    assert error.strip()


@pytest.mark.reliability
def test_a_run_of_two_stages_is_shown_repeated_compared_and_deleted(call, tmp_path, tiny_model_folder):
    call("import", "dictionary", tmp_path / "toy.csv", "--name", "toy")
    train = ("train", "--dictionary", "toy", "--base", tiny_model_folder, "--name", "mine")
    stages = ("--stage", "instant_map", "--stage", "in_batch")
    status, run, error = call(*train, *stages, "--set", "1.epochs=3", "--set", "in_batch.epochs=1")
    assert status == 0, error
    assert run["state"] == "completed"
    shown = call("runs", "show", "mine", "--log", 50)[1]
    assert [entry["parameters"]["epochs"] for entry in shown["config"]["stages"]] == [3, 1]
    assert "phase: Training" in shown["log"]
    models = {row["model"] for row in call("leaderboard", "--dictionary", "toy")[1]}
    assert {"mine", "mine#1"} <= models
    assert call("runs", "resume", "mine")[0] == 2
    again = call("train", "--from", "mine", "--name", "again")[1]
    assert again["result"]["test"] == run["result"]["test"]
    compared = call("runs", "compare", "mine", "again")[1]
    assert compared["differences"] == {"again": []}
    assert call("runs", "delete", "mine")[0] == 0
    assert [each["name"] for each in call("runs", "list")[1]] == ["again"]
