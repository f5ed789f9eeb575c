"""Merging with the base finds the best point between two models, and writes an ordinary one."""

import json
import shutil

import numpy as np
import pytest

from workbench.errors import TrainingProblem

torch = pytest.importorskip("torch")


@pytest.fixture(scope="session")
def overdone(train):
    """A model that was trained for long on few words: somewhere on the way there is a better one."""
    return train("in_batch", {"epochs": 4, "learning_rate": 3e-3, "batch_size": 16, "layers": "2"})


@pytest.fixture(scope="session")
def beyond(overdone, tiny_model_folder, tmp_path_factory):
    """The trained weights moved as far again from the base: half way back lies the trained model."""
    from safetensors.torch import load_file, save_file

    folder = tmp_path_factory.mktemp("beyond") / "model"
    shutil.copytree(overdone.folder, folder)
    base, tuned = (load_file(f / "model.safetensors") for f in (tiny_model_folder, overdone.folder))
    moved = {name: base[name] + 2.0 * (tuned[name] - base[name]) for name in base}
    save_file(moved, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.fixture(scope="session")
def merged(train, beyond, tiny_model_folder):
    return train("merge", base=beyond, began_with=tiny_model_folder)


def plainly(folder, texts):
    """As anybody would load it, with nothing of the workbench."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)


def ours(folder, texts):
    from workbench.models.encoder import TextEncoder
    from workbench.models.loading import load_model

    return TextEncoder(load_model(folder), precision="fp32").encode(texts)


def test_it_finds_the_better_model_between_the_two(merged, overdone):
    result = merged.result
    assert 0 < result.chosen["alpha"] < 1
    assert result.best.mrr10 > result.base.mrr10 + 5
    assert result.best.mrr10 >= overdone.result.best.mrr10 - 1e-6  # it is the point 0.5


def test_every_point_is_drawn_and_the_best_one_kept(merged):
    drawn = {step: value for series, step, value in merged.reporter.points if series == "dev_mrr@10"}
    assert list(drawn) == list(range(0, 101, 10))
    best = max(list(drawn.values())[1:])
    assert merged.result.best.mrr10 == best
    assert drawn[round(100 * merged.result.chosen["alpha"])] == best
    assert drawn[100] == merged.result.base.mrr10
    nearer = [value for step, value in drawn.items() if 0 < step < 100 * merged.result.chosen["alpha"]]
    assert all(value < best for value in nearer)


def test_the_weights_are_the_interpolation_and_the_model_an_ordinary_one(merged, beyond, tiny_model_folder):
    from safetensors.numpy import load_file

    from workbench.training.dataset import DevProbe

    alpha = merged.result.chosen["alpha"]
    base, tuned, got = (
        load_file(f / "model.safetensors") for f in (tiny_model_folder, beyond, merged.folder)
    )
    for name, value in got.items():
        np.testing.assert_allclose(value, base[name] + alpha * (tuned[name] - base[name]), atol=1e-5)
    terms = merged.data.terms
    vectors = ours(merged.folder, terms)
    np.testing.assert_allclose(plainly(merged.folder, terms), vectors, atol=1e-5)
    probe = DevProbe(merged.data, max_queries=600, max_documents=3000)
    assert probe.score(vectors[probe.needed]).mrr10 == pytest.approx(merged.result.best.mrr10, abs=1e-6)
    modules = json.loads((merged.folder / "modules.json").read_text())
    assert all(module["type"].startswith("sentence_transformers.") for module in modules)


def test_the_same_twice_is_the_same(train, merged, beyond, tiny_model_folder):
    again = train("merge", base=beyond, began_with=tiny_model_folder)
    assert again.result == merged.result
    name = "model.safetensors"
    assert (again.folder / name).read_bytes() == (merged.folder / name).read_bytes()


def test_stop_keeps_the_best_point_so_far(train, beyond, tiny_model_folder, new_reporter):
    stopped = train("merge", base=beyond, began_with=tiny_model_folder, reporter=new_reporter(stop_at_step=6))
    assert stopped.result.stopped_early
    seen = [value for series, step, value in stopped.reporter.points if series == "dev_mrr@10" and step]
    assert len(seen) == 6
    assert stopped.result.best.mrr10 == max([*seen, stopped.result.base.mrr10])
    assert plainly(stopped.folder, ["abc"]).shape == (1, 32)


def test_without_training_before_it_there_is_nothing_to_merge(train, tiny_model_folder):
    for began_with in (None, tiny_model_folder):
        with pytest.raises(TrainingProblem) as caught:
            train("merge", began_with=began_with)
        assert "没有训练" in caught.value.text("zh")
        assert "no training" in caught.value.text("en")


def test_a_model_of_another_structure_is_refused_in_words(train, tiny_model_folder):
    mapped = train("instant_map", {"epochs": 1})
    with pytest.raises(TrainingProblem) as caught:
        train("merge", base=mapped.folder, began_with=tiny_model_folder)
    assert "即时映射" in caught.value.text("zh")
    assert "instant map" in caught.value.text("en")


def test_a_map_can_be_merged_with_the_mapped_model_that_the_run_began_with(train):
    mapped = train("instant_map", {"epochs": 2})
    tuned = train("in_batch", {"epochs": 1, "batch_size": 16, "learning_rate": 1e-3}, base=mapped.folder)
    merged = train("merge", {"steps": 2}, base=tuned.folder, began_with=mapped.folder)
    dense = "3_Dense/model.safetensors"
    assert (merged.folder / dense).read_bytes() == (mapped.folder / dense).read_bytes()
