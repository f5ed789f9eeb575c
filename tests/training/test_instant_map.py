"""The instant map learns what holds for unseen words, and its result is an ordinary model."""

import json

import numpy as np
import pytest

PARAMETERS = {"learning_rate": 1e-2}


@pytest.fixture(scope="session")
def trained(train):
    return train("instant_map", PARAMETERS)


def plainly(folder, texts):
    """As anybody would load it, with nothing of the workbench."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)


def ours(folder, texts):
    from workbench.models.encoder import TextEncoder
    from workbench.models.loading import load_model

    return TextEncoder(load_model(folder), precision="fp32").encode(texts)


def test_it_learns_words_that_it_was_not_trained_on(trained):
    assert trained.result.best.mrr10 > trained.result.base.mrr10 + 15
    assert trained.result.best.recall10 > trained.result.base.recall10 + 30


def test_it_learns_the_words_that_it_was_trained_on(trained, tiny_model_folder, recall_on_training_pairs):
    before = recall_on_training_pairs(ours(tiny_model_folder, trained.data.terms))
    after = recall_on_training_pairs(trained.result.vectors)
    assert after > before + 0.3


def test_the_saved_model_is_an_ordinary_one_and_gives_the_same_vectors(trained):
    terms = trained.data.terms
    mine, plain = ours(trained.folder, terms), plainly(trained.folder, terms)
    np.testing.assert_allclose(plain, mine, atol=1e-5)
    np.testing.assert_allclose(trained.result.vectors, mine, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(trained.result.vectors, axis=1), 1, atol=1e-5)


def test_the_saved_model_names_only_modules_of_the_library(trained):
    modules = json.loads((trained.folder / "modules.json").read_text())
    assert all(module["type"].startswith("sentence_transformers.") for module in modules)
    assert [module["type"].rpartition(".")[2] for module in modules][-2:] == ["Dense", "Normalize"]
    assert not list(trained.folder.rglob("*.py"))


def test_the_base_is_not_changed(trained, tiny_model_folder):
    assert len(json.loads((tiny_model_folder / "modules.json").read_text())) == 3
    own = (trained.folder / "model.safetensors").stat().st_ino
    assert own != (tiny_model_folder / "model.safetensors").stat().st_ino  # somebody's folder is never shared


def test_a_map_can_be_put_upon_a_map(train, trained):
    second = train("instant_map", {**PARAMETERS, "epochs": 3}, base=trained.folder)
    terms = trained.data.terms
    np.testing.assert_allclose(plainly(second.folder, terms), second.result.vectors, atol=1e-5)
    assert second.result.base.mrr10 == pytest.approx(trained.result.best.mrr10, abs=3)
    assert second.result.best.mrr10 >= second.result.base.mrr10 - 10


def test_the_same_seed_gives_the_same_model_and_another_one_another(train, trained):
    again = train("instant_map", PARAMETERS)
    assert again.result.best == trained.result.best
    np.testing.assert_array_equal(again.result.vectors, trained.result.vectors)
    dense = "3_Dense/model.safetensors"
    assert (again.folder / dense).read_bytes() == (trained.folder / dense).read_bytes()
    other = train("instant_map", PARAMETERS, seed=1)
    assert not np.array_equal(other.result.vectors, trained.result.vectors)


def test_the_curve_begins_with_the_base_and_holds_the_best(trained):
    scores = [(step, value) for series, step, value in trained.reporter.points if series == "dev_mrr@10"]
    assert scores[0] == (0, trained.result.base.mrr10)
    assert max(value for _, value in scores[1:]) <= trained.result.best.mrr10 + 1e-9
    losses = [value for series, _, value in trained.reporter.points if series == "loss"]
    assert losses[-1] < losses[0]
    assert trained.reporter.phases[0] == "Encoding the terms"


def test_stop_keeps_the_best_so_far_as_a_whole_model(train, new_reporter):
    reporter = new_reporter(stop_at_step=4)
    stopped = train("instant_map", {**PARAMETERS, "batch_size": 64}, reporter=reporter)
    assert reporter.stopped
    assert stopped.result.stopped_early
    assert max(step for series, step, _ in reporter.points if series == "loss") == 4
    np.testing.assert_allclose(plainly(stopped.folder, stopped.data.terms), stopped.result.vectors, atol=1e-5)


def test_stop_before_training_leaves_nothing(train, new_reporter, tmp_path):
    from workbench.errors import Stopped

    with pytest.raises(Stopped):
        train("instant_map", reporter=new_reporter(stop_at_phase="Encoding the terms"))


def test_stop_while_saving_still_keeps_the_model(train, trained, new_reporter):
    stopped = train("instant_map", PARAMETERS, reporter=new_reporter(stop_at_phase="Saving the model"))
    assert stopped.result.stopped_early
    np.testing.assert_array_equal(stopped.result.vectors, trained.result.vectors)
    np.testing.assert_allclose(plainly(stopped.folder, stopped.data.terms), stopped.result.vectors, atol=1e-5)
