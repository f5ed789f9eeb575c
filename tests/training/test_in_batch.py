"""Fine-tuning of the top layers learns what holds for unseen words, and its result is an ordinary model."""

import json

import numpy as np
import pytest

from workbench.errors import Stopped, TrainingProblem

FAST = {"epochs": 6, "learning_rate": 3e-3, "batch_size": 16}


@pytest.fixture(scope="session")
def tuned(train):
    """Each number of layers trained once."""
    known = {}

    def of(layers):
        if layers not in known:
            known[layers] = train("in_batch", {**FAST, "layers": layers})
        return known[layers]

    return of


def plainly(folder, texts):
    """As anybody would load it, with nothing of the workbench."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)


def ours(folder, texts):
    from workbench.models.encoder import TextEncoder
    from workbench.models.loading import load_model

    return TextEncoder(load_model(folder), precision="fp32").encode(texts)


def weights(folder):
    from safetensors.numpy import load_file

    return load_file(folder / "model.safetensors")


@pytest.mark.parametrize("layers", ["1", "2", "all", "whole"])
def test_it_learns_words_that_it_was_not_trained_on(tuned, layers):
    result = tuned(layers).result
    assert result.best.mrr10 > result.base.mrr10 + 15
    assert result.best.recall10 > result.base.recall10 + 30
    assert not result.stopped_early


@pytest.mark.parametrize("layers", ["1", "2", "all", "whole"])
def test_it_learns_the_words_that_it_was_trained_on(
    tuned, layers, tiny_model_folder, recall_on_training_pairs
):
    trained = tuned(layers)
    before = recall_on_training_pairs(ours(tiny_model_folder, trained.data.terms))
    after = recall_on_training_pairs(ours(trained.folder, trained.data.terms))
    assert after > before + 0.2


@pytest.mark.parametrize("layers", ["1", "2", "all", "whole"])
def test_the_saved_model_is_an_ordinary_one_and_gives_the_same_vectors(tuned, layers):
    trained = tuned(layers)
    terms = trained.data.terms
    np.testing.assert_allclose(plainly(trained.folder, terms), ours(trained.folder, terms), atol=1e-5)
    modules = json.loads((trained.folder / "modules.json").read_text())
    assert all(module["type"].startswith("sentence_transformers.") for module in modules)


@pytest.mark.parametrize("layers", ["1", "2", "all", "whole"])
def test_what_was_saved_is_what_was_measured(tuned, layers):
    """The development scores that chose the checkpoint are those of the saved model's own vectors."""
    from workbench.training.dataset import DevProbe

    trained = tuned(layers)
    probe = DevProbe(trained.data, max_queries=600, max_documents=3000)
    vectors = ours(trained.folder, [trained.data.terms[i] for i in probe.needed])
    assert probe.score(vectors).mrr10 == pytest.approx(trained.result.best.mrr10, abs=1e-6)


def test_only_the_layers_that_were_asked_for_have_changed(tuned, tiny_model_folder):
    before = weights(tiny_model_folder)
    for layers, frozen in (("1", ["layer.0", "embeddings"]), ("2", ["embeddings"]), ("all", ["embeddings"])):
        after = weights(tuned(layers).folder)
        assert after.keys() == before.keys()
        for name, value in before.items():
            if any(part in name for part in frozen):
                np.testing.assert_array_equal(after[name], value)
        changed = {name for name in before if not np.array_equal(after[name], before[name])}
        assert any("layer.1" in name for name in changed)
        assert any("layer.0" in name for name in changed) == (layers != "1")


def test_the_same_seed_gives_the_same_weights_and_another_one_others(train, tuned):
    first, again = tuned("1"), train("in_batch", {**FAST, "layers": "1"})
    assert again.result.best == first.result.best
    assert again.result.chosen == first.result.chosen
    assert (again.folder / "model.safetensors").read_bytes() == (
        first.folder / "model.safetensors"
    ).read_bytes()
    other = train("in_batch", {**FAST, "layers": "1"}, seed=1)
    assert (other.folder / "model.safetensors").read_bytes() != (
        first.folder / "model.safetensors"
    ).read_bytes()


def test_the_curve_begins_with_the_base_and_its_loss_falls(tuned):
    trained = tuned("2")
    scores = [(step, value) for series, step, value in trained.reporter.points if series == "dev_mrr@10"]
    assert scores[0] == (0, trained.result.base.mrr10)
    assert max(value for _, value in scores) <= trained.result.best.mrr10 + 1e-9
    losses = [value for series, _, value in trained.reporter.points if series == "loss"]
    assert np.mean(losses[-5:]) < np.mean(losses[:5])


def test_stop_in_the_middle_of_a_look_keeps_what_was_seen(train, new_reporter, monkeypatch):
    reporter = new_reporter()
    point = type(reporter).point

    def pressed(self, series, step, value):
        point(self, series, step, value)
        if series == "dev_recall@1" and step:
            self._stop()

    monkeypatch.setattr(type(reporter), "point", pressed)
    stopped = train("in_batch", {**FAST, "layers": "1"}, reporter=reporter)
    assert stopped.result.stopped_early
    drawn = [value for series, step, value in reporter.points if series == "dev_recall@1" and step]
    assert drawn == [stopped.result.best.recall1]
    assert stopped.result.chosen["epoch"] > 0


def test_stop_keeps_the_best_checkpoint_so_far(train, new_reporter):
    reporter = new_reporter(stop_at_step=30)
    stopped = train("in_batch", {**FAST, "layers": "2"}, reporter=reporter)
    assert stopped.result.stopped_early
    looked = {value for series, step, value in reporter.points if series == "dev_mrr@10" and step}
    assert stopped.result.best.mrr10 == max(looked)
    assert "Blending with the base model" not in reporter.phases
    assert plainly(stopped.folder, ["abc"]).shape == (1, 32)


def test_stop_before_the_first_look_keeps_the_base_and_not_something_unmeasured(
    train, new_reporter, tiny_model_folder
):
    reporter = new_reporter(stop_at_step=2)
    stopped = train("in_batch", {**FAST, "layers": "2"}, reporter=reporter)
    assert [step for series, step, _ in reporter.points if series == "dev_mrr@10"] == [0]
    assert stopped.result.best == stopped.result.base
    after = weights(stopped.folder)
    for name, value in weights(tiny_model_folder).items():
        np.testing.assert_array_equal(after[name], value)


@pytest.mark.parametrize("phase", ["Blending with the base model", "Saving the model"])
def test_stop_after_training_still_keeps_what_was_learnt(train, new_reporter, phase):
    stopped = train("in_batch", {**FAST, "layers": "1"}, reporter=new_reporter(stop_at_phase=phase))
    assert stopped.result.stopped_early
    assert stopped.result.best.mrr10 > stopped.result.base.mrr10 + 10
    assert (stopped.folder / "model.safetensors").exists()


def test_stop_before_training_leaves_nothing(train, new_reporter):
    with pytest.raises(Stopped):
        train("in_batch", reporter=new_reporter(stop_at_phase="Running the frozen layers once"))


def test_a_loss_that_is_no_number_is_said_in_words(train, monkeypatch):
    import torch

    import workbench.training.stages.in_batch as stage

    monkeypatch.setattr(
        stage, "in_batch_loss", lambda *_, **__: torch.tensor(float("nan"), requires_grad=True)
    )
    with pytest.raises(TrainingProblem) as caught:
        train("in_batch", FAST)
    assert "学习率" in caught.value.text("zh")
    assert "learning rate" in caught.value.text("en")


def test_a_tuned_model_can_be_tuned_again_and_a_map_put_upon_it(train, tuned):
    further = train("in_batch", {**FAST, "epochs": 1, "layers": "1"}, base=tuned("2").folder)
    assert further.result.base.mrr10 == pytest.approx(tuned("2").result.best.mrr10, abs=1e-6)
    mapped = train("instant_map", {"epochs": 2}, base=tuned("2").folder)
    np.testing.assert_allclose(plainly(mapped.folder, mapped.data.terms), mapped.result.vectors, atol=1e-5)


def test_the_layers_below_a_map_can_be_tuned(train, toy_data):
    """A base that ends in Dense and Normalize: gradients go through them, and the dense layer stays."""
    mapped = train("instant_map", {"epochs": 2})
    trained = train("in_batch", {**FAST, "layers": "1", "epochs": 2}, base=mapped.folder)
    dense = "3_Dense/model.safetensors"
    assert (trained.folder / dense).read_bytes() == (mapped.folder / dense).read_bytes()
    np.testing.assert_allclose(
        plainly(trained.folder, toy_data.terms), ours(trained.folder, toy_data.terms), atol=1e-5
    )


@pytest.mark.model
def test_the_convolutional_base_is_tuned_saved_and_loaded(train, toy_pairs, bundled_settings):
    from workbench.models.catalogue import prepare

    base = prepare("use", bundled_settings)
    trained = train(
        "in_batch", {"epochs": 2, "layers": "all", "learning_rate": 1e-3, "batch_size": 64}, base=base
    )
    assert trained.result.best.mrr10 > trained.result.base.mrr10
    before, after = ours(base, trained.data.terms), ours(trained.folder, trained.data.terms)
    assert np.abs(before - after).max() > 1e-3
    assert weights(trained.folder)["embedding.weight"].shape == weights(base)["embedding.weight"].shape
    np.testing.assert_array_equal(
        weights(trained.folder)["embedding.weight"], weights(base)["embedding.weight"]
    )
