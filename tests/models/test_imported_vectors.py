"""Word vectors of a file as a base model: on the page, in a run, on the command line."""

import pytest
from models.vector_file_data import as_text, vectors_for

from workbench.errors import BadParameter, InputError, NameTaken, NotFound
from workbench.services import Services
from workbench.settings import Settings


@pytest.fixture
def services(tmp_path):
    opened = Services(Settings.from_env({}, home=tmp_path / "home", warm_worker=False, threads=1))
    yield opened
    opened.close()


@pytest.fixture
def vec(write):
    """A file whose words are the letters of the toy dictionary."""
    letters = list("abcdefghijklmnopqrstuvwxyz")
    return write(as_text(letters, vectors_for(letters, 12)), "letters.vec")


def test_an_imported_file_is_a_base_model_everywhere(services, vec, toy_csv):
    made = services.word_vectors.read_in(vec, "letters", pooling="mean")
    assert (made.id, made.words, made.dimension) == ("vectors:letters", 26, 12)
    info = next(each for each in services.models() if each.id == made.id)
    assert (info.kind, info.ready, info.dimension) == ("base", True, 12)
    assert "letters.vec" in info.note.get("zh")
    services.save_dictionary("toy", services.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    assert len(services.evaluate(made.id, "toy")) == 2
    rows = [row.model for row in services.leaderboard("toy").rows]
    assert made.id in rows
    assert services.neighbours("abcd", made.id, "toy", 3)
    assert services.similarity("abcd", "dcba", made.id, "toy").cosine == pytest.approx(1, abs=1e-4)
    assert len(services.maps.layout("toy", made.id, "pca").terms) > 20
    estimate = services.estimate("toy", made.id, "finetune")
    assert estimate.prepare_seconds == 0
    run = services.start_run("toy", made.id, "instant", name="on-letters")
    with pytest.raises(InputError) as used:
        services.delete_model(made.id)
    assert "on-letters" in used.value.text("zh")
    services.stop_run(run.id, keep=False)
    services.delete_run(run.id)
    services.delete_model(made.id)
    assert made.id not in {each.id for each in services.models()}
    with pytest.raises(NotFound):
        services.delete_model(made.id)


def test_a_run_goes_on_from_word_vectors(services, vec, toy_csv):
    from workbench.training.worker import run_job

    services.word_vectors.read_in(vec, "letters")
    services.save_dictionary("toy", services.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    run = services.start_run(
        "toy", "vectors:letters", "finetune", name="tuned", parameters={"epochs": 2, "learning_rate": 3e-3}
    )
    services._workspace.runs.claim_next()
    assert run_job(services.settings, run.id) == 0
    done = services.run("tuned")
    assert done.state == "completed"
    assert done.result["dev"]["best"]["mrr@10"] >= done.result["dev"]["base"]["mrr@10"]
    tuned = next(each for each in services.models() if each.id == "tuned")
    assert (tuned.base, tuned.kind) == ("vectors:letters", "tuned")


def test_words_that_are_written_alike_are_counted(services, write):
    words = ["car", "ｃａｒ", "bus", "车站"]  # the second is the first in wide letters
    made = services.word_vectors.read_in(write(as_text(words, vectors_for(words, 4)), "wide.vec"), "wide")
    assert made.words == 3
    assert made.counts == {"written_alike": 1}
    said = made.problems[-1].text
    assert said.get("en").startswith("1 word is written like")
    assert said.get("zh").startswith("有 1 个词")


def test_names_are_checked_and_unique(services, vec):
    services.word_vectors.read_in(vec, "  my   letters ")
    for name, error in (("my letters", NameTaken), ("", BadParameter), ("x" * 200, BadParameter)):
        with pytest.raises(error):
            services.word_vectors.read_in(vec, name)
    assert services.word_vectors.name_for("letters.vec.gz") == "letters"
    assert services.word_vectors.name_for("my letters.txt") == "my letters-2"
    for wrong in ({"pooling": "max"}, {"most_words": 0}, {"most_words": 10**9}):
        with pytest.raises(BadParameter):
            services.word_vectors.read_in(vec, "other", **wrong)
    odd = services.word_vectors.read_in(vec, "../../etc/passwd 向量")
    assert services.models()[-1].id == odd.id or any(each.id == odd.id for each in services.models())
    folders = [each.name for each in (services.settings.home / "vectors").iterdir() if each.is_dir()]
    assert all(set(name) <= set("0123456789abcdef") for name in folders)


def test_the_command_line_imports_lists_and_deletes(tmp_path, vec, capsys):
    import json

    from workbench.cli import main

    home = ["--home", str(tmp_path / "cli"), "--json"]
    assert main([*home, "models", "import-vectors", str(vec), "--pooling", "mean", "--most-words", "20"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["id"], document["words"], document["more"]) == ("vectors:letters", 20, True)
    assert main([*home, "models", "list"]) == 0
    assert "vectors:letters" in {row["id"] for row in json.loads(capsys.readouterr().out)}
    assert main([*home, "models", "delete", "vectors:letters"]) == 0
    assert main([*home, "models", "delete", "vectors:letters"]) == 2
    assert main([*home, "models", "import-vectors", str(tmp_path / "missing.vec")]) == 2
