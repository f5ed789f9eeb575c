"""The fast encoder gives what the library gives, in order, whatever the input."""

import shutil

import numpy as np
import pytest

from workbench.errors import Stopped
from workbench.models.encoder import TextEncoder, batches_by_length
from workbench.models.loading import load_model

TERMS = [
    "越野车",
    "concrete",
    "a",
    "钢筋混凝土 C30",
    "SUV",
    "car",
    "汽车 轮胎",
    "丰田普拉多2024款",
    "x-ray",
    "心肌梗死",
    "",
    "砼",
    "precast concrete beam",
    "\ud800 lone",
    "预拌商品混凝土",
]


@pytest.fixture(scope="module")
def tiny(tiny_model_folder):
    return load_model(tiny_model_folder)


def plain(model, texts, **options):
    clean = [text.encode("utf-8", "replace").decode() for text in texts]
    return model.encode(clean, normalize_embeddings=True, show_progress_bar=False, **options)


def test_vectors_equal_the_librarys_own_in_float32(tiny):
    vectors = TextEncoder(tiny, precision="fp32").encode(TERMS)
    np.testing.assert_allclose(vectors, plain(tiny, TERMS), atol=2e-6)


def test_bf16_stays_close_to_float32(tiny):
    encoder = TextEncoder(tiny, precision="bf16")
    assert encoder.precision == "bf16"
    cosines = (encoder.encode(TERMS) * plain(tiny, TERMS)).sum(axis=1)
    assert cosines.min() >= 0.999
    assert encoder.model[0].model.dtype.is_floating_point
    assert str(encoder.model[0].model.dtype) == "torch.float32"


def test_the_exact_twin_of_a_bf16_encoder_computes_in_float32(tiny):
    encoder = TextEncoder(tiny, precision="bf16")
    assert encoder.exact.precision == "fp32"
    assert encoder.precision == "bf16"
    np.testing.assert_allclose(encoder.exact.encode(TERMS), plain(tiny, TERMS), atol=2e-6)


def test_result_is_float32_unit_and_in_order_of_the_input(tiny):
    encoder = TextEncoder(tiny)
    forward, backward = encoder.encode(TERMS), encoder.encode(TERMS[::-1])
    assert forward.dtype == np.float32
    assert forward.shape == (len(TERMS), encoder.dimension) == (len(TERMS), 32)
    np.testing.assert_allclose(np.linalg.norm(forward, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(forward, backward[::-1], atol=1e-6)


def test_no_texts_give_an_empty_array(tiny):
    assert TextEncoder(tiny).encode([]).shape == (0, 32)


def test_repeated_texts_get_the_very_same_vector(tiny):
    texts = ["car", "越野车", "car", "SUV", "car"]
    vectors = TextEncoder(tiny).encode(texts)
    assert np.array_equal(vectors[0], vectors[2])
    assert np.array_equal(vectors[0], vectors[4])
    assert not np.allclose(vectors[0], vectors[1], atol=1e-3)


def test_same_input_twice_gives_identical_bytes(tiny):
    encoder = TextEncoder(tiny)
    assert encoder.encode(TERMS).tobytes() == encoder.encode(TERMS).tobytes()


def test_a_text_beyond_the_limit_is_cut_as_the_library_cuts_it(tiny):
    texts = ["混凝土" * 400, "car " * 3000, "梁"]
    np.testing.assert_allclose(
        TextEncoder(tiny, precision="fp32").encode(texts), plain(tiny, texts), atol=2e-6
    )


def test_what_the_library_does_to_its_tokenizer_in_between_changes_nothing(tiny):
    encoder = TextEncoder(tiny, precision="fp32")
    before = encoder.encode(["car", "越野车轮胎"])
    tiny.encode(["a", "钢筋混凝土结构梁柱"])  # switches padding on in its tokenizer
    assert np.array_equal(encoder.encode(["car", "越野车轮胎"]), before)


def test_progress_reaches_the_number_of_texts_duplicates_included(tiny):
    seen = []
    TextEncoder(tiny).encode([*TERMS, "car", "car"], progress=lambda done, total: seen.append((done, total)))
    dones = [done for done, _ in seen]
    assert dones == sorted(dones)
    assert seen[-1] == (len(TERMS) + 2, len(TERMS) + 2)


def test_should_stop_ends_the_work_between_batches(tiny):
    batches = []
    with pytest.raises(Stopped) as caught:
        TextEncoder(tiny).encode(
            TERMS, progress=lambda done, total: batches.append(done), should_stop=lambda: len(batches) >= 1
        )
    assert len(batches) == 1
    assert caught.value.text("zh")


def test_prompts_are_those_of_the_kind(tiny_model_folder):
    model = load_model(tiny_model_folder)
    model.prompts = {"query": "car ", "passage": "beam "}
    model.default_prompt_name = "query"
    encoder = TextEncoder(model, precision="fp32")
    texts = ["混凝土", "砼"]
    np.testing.assert_allclose(encoder.encode(texts), plain(model, texts), atol=2e-6)
    np.testing.assert_allclose(
        encoder.encode(texts, kind="query"), plain(model, texts, prompt="car "), atol=2e-6
    )
    np.testing.assert_allclose(
        encoder.encode(texts, kind="passage"), plain(model, texts, prompt="beam "), atol=2e-6
    )


def test_modules_behind_the_pooling_are_applied(tiny_model_folder):
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules.dense import Dense
    from sentence_transformers.base.modules.normalize import Normalize

    base = load_model(tiny_model_folder)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        dense = Dense(32, 12, activation_function=torch.nn.Tanh())
    model = SentenceTransformer(modules=[*base, dense, Normalize()], device="cpu")
    encoder = TextEncoder(model, precision="fp32")
    assert encoder.dimension == 12
    np.testing.assert_allclose(encoder.encode(TERMS), plain(model, TERMS), atol=2e-6)


def test_a_model_without_a_fast_tokenizer_is_encoded_all_the_same(tiny_model_folder):
    model = load_model(tiny_model_folder)
    pooling = model[1]
    pooling.include_prompt = False  # the prompt's tokens have to be left out, which only the library can do
    np.testing.assert_allclose(
        TextEncoder(model).encode(TERMS[:5]), plain(model, TERMS[:5], prompt=""), atol=2e-6
    )


def test_a_model_in_training_stays_in_training(tiny_model_folder):
    model = load_model(tiny_model_folder)
    model.train()
    encoder = TextEncoder(model, precision="fp32")
    first = encoder.encode(["越野车"])
    assert model.training
    TextEncoder(model, precision="bf16").encode(["越野车"])
    assert model.training
    assert np.array_equal(first, encoder.encode(["越野车"]))  # no dropout


def test_batches_hold_every_row_once_and_keep_to_the_budget():
    rng = np.random.default_rng(3)
    lengths = [int(length) for length in rng.integers(0, 90, size=700)]
    batches = list(batches_by_length(lengths, tokens=256))
    assert sorted(row for batch in batches for row in batch) == list(range(700))
    for batch in batches:
        longest = lengths[batch[-1]]
        assert longest == max(lengths[row] for row in batch)
        assert len(batch) == 1 or len(batch) * longest <= 256
        assert min(lengths[row] for row in batch) > 0 or longest == 0


@pytest.mark.model
@pytest.mark.parametrize("model_id", ["e5-small", "minilm", "use"])
def test_real_models_keep_a_cosine_of_0_999_with_the_plain_encode(model_id, bundled_settings):
    from workbench.models.catalogue import prepare

    model = load_model(prepare(model_id, bundled_settings))
    words = [
        "越野车",
        "混凝土",
        "concrete",
        "myocardial infarction",
        "NF-κB",
        "钢筋",
        "SUV",
        "2024款",
        "（A）",
    ]
    texts = [f"{a} {b}" for a in words for b in words] + [f"{a}{b}" for a in words for b in words]
    cosines = (TextEncoder(model).encode(texts) * plain(model, texts)).sum(axis=1)
    assert cosines.min() >= 0.999


@pytest.mark.model
def test_e5_compares_term_with_term_under_its_query_prefix(bundled_settings):
    from workbench.models.catalogue import prepare

    model = load_model(prepare("e5-small", bundled_settings))
    encoder = TextEncoder(model, precision="fp32")
    for kind, prefix in (("term", "query: "), ("query", "query: "), ("passage", "passage: ")):
        np.testing.assert_allclose(
            encoder.encode(["越野车"], kind=kind), plain(model, ["越野车"], prompt=prefix), atol=2e-6
        )


def test_the_copy_in_bf16_does_not_follow_later_training(tiny_model_folder, tmp_path):
    import torch

    folder = tmp_path / "model"
    shutil.copytree(tiny_model_folder, folder)
    model = load_model(folder)
    encoder = TextEncoder(model, precision="bf16")
    before = encoder.encode(["car"])
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1)
    assert np.array_equal(encoder.encode(["car"]), before)
    assert not np.allclose(TextEncoder(model, precision="bf16").encode(["car"]), before, atol=1e-2)
