"""Maps behind a model are ordinary modules of the library, and compute what they say."""

import json

import numpy as np
import pytest

from workbench.models.adapter import Layer, append_layers, append_residual, copy_model, residual_layers
from workbench.models.encoder import TextEncoder
from workbench.models.loading import load_model

TEXTS = ("abc", "越野车", "suv 4x4", "混凝土")


def plainly(folder, texts=TEXTS):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return model.encode(list(texts), show_progress_bar=False)


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def random():
    numbers = np.random.default_rng(3)
    return lambda *shape: numbers.normal(size=shape).astype(np.float32)


def through(layers, x):
    ends = {"none": lambda y: y, "relu": lambda y: y.clip(0), "relu6": lambda y: y.clip(0, 6)}
    for layer in layers:
        x = ends[layer.activation](x @ layer.weight.T + (0 if layer.bias is None else layer.bias))
    return x


@pytest.mark.parametrize("activation", ["relu", "relu6"])
def test_a_residual_block_adds_to_what_comes_in(random, activation):
    x = unit(random(50, 8))
    weight, bias, outward = random(5, 8), random(5), random(8, 5)
    inner = through([Layer(weight, bias, activation)], x)
    assert (inner > 0).any()
    assert (inner == 0).any()
    found = through(residual_layers(Layer(weight, bias, activation), outward), x)
    np.testing.assert_allclose(found, x + inner @ outward.T, atol=1e-5)


def test_a_block_that_adds_nothing_changes_no_bit(random, tiny_model_folder, tmp_path):
    append_residual(
        tiny_model_folder, tmp_path, Layer(random(3, 32), random(3), "relu"), np.zeros((32, 3), "f4")
    )
    before, after = plainly(tiny_model_folder), plainly(tmp_path)
    np.testing.assert_allclose(after, before, atol=1e-7)


@pytest.mark.parametrize("activation", ["relu", "relu6"])
def test_the_saved_block_is_what_plain_sentence_transformers_computes(
    random, activation, tiny_model_folder, tmp_path
):
    inward, outward = Layer(random(5, 32), random(5), activation), random(32, 5)
    before = Layer(random(32, 32), random(32))
    append_residual(tiny_model_folder, tmp_path, inward, outward, before=before)
    x = unit(through([before], plainly(tiny_model_folder)))
    expected = unit(x + through([inward], x) @ outward.T)
    np.testing.assert_allclose(plainly(tmp_path), expected, atol=1e-5)
    np.testing.assert_allclose(
        TextEncoder(load_model(tmp_path), precision="fp32").encode(TEXTS), expected, atol=1e-5
    )
    modules = [each["type"] for each in json.loads((tmp_path / "modules.json").read_text())]
    assert [name.rpartition(".")[2] for name in modules[3:]] == [
        *("Dense", "Normalize", "Dense", "Dense", "Normalize")
    ]
    assert all(name.startswith("sentence_transformers.") for name in modules)


def test_a_base_without_a_normalize_is_given_one_first(random, tiny_model_folder, tmp_path):
    bare, out = tmp_path / "bare", tmp_path / "out"
    copy_model(tiny_model_folder, bare)
    modules = json.loads((bare / "modules.json").read_text())
    (bare / "modules.json").write_text(json.dumps(modules[:-1]))
    weight = random(32, 32)
    append_layers(bare, out, [[Layer(weight)]])
    np.testing.assert_allclose(plainly(out), unit(unit(plainly(bare)) @ weight.T), atol=1e-5)


def test_a_map_wider_than_a_batch_may_be_is_taken_a_few_rows_at_a_time(
    random, tiny_model_folder, tmp_path, monkeypatch
):
    from workbench.models import encoder

    append_residual(tiny_model_folder, tmp_path, Layer(random(300, 32), random(300), "relu"), random(32, 300))
    model = load_model(tmp_path)
    words = [f"{a}{b}" for a in "abcdefgh" for b in "stuvwxyz"]
    whole = TextEncoder(model, precision="fp32").encode(words)
    seen = []
    wide = model[3].forward
    monkeypatch.setattr(
        model[3],
        "forward",
        lambda features: (seen.append(len(features["sentence_embedding"])), wide(features))[1],
    )
    monkeypatch.setattr(encoder, "_CELLS", 5 * 364)
    parts = TextEncoder(model, precision="fp32").encode(words)
    assert max(seen) <= 5
    assert sum(seen) == 64
    np.testing.assert_allclose(parts, whole, atol=1e-6)


def test_a_reranker_beside_a_model_is_not_copied_with_it(tiny_model_folder, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    copy_model(tiny_model_folder, first)
    (first / "reranker").mkdir()
    (first / "reranker" / "config.json").write_text("{}")
    copy_model(first, second)
    assert not (second / "reranker").exists()
    assert (second / "modules.json").exists()
