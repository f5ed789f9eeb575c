"""A model cut in two computes what it computes whole, and one that cannot be cut says so."""

import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import TrainingProblem
from workbench.training.common_parameters import WHOLE
from workbench.training.convolutional import ConvolutionalSplit
from workbench.training.cutting import split_model
from workbench.training.layer_split import LayerSplit
from workbench.training.lengths import TOKENS_PER_GROUP, groups_by_length

TEXTS = [
    "越野车",
    "SUV",
    "a",
    "",
    "混凝土 C30",
    "a much longer text, cut somewhere - abcdefghijklm " * 3,
    "SUV",
]


def unit_vectors(split, texts):
    import torch

    split.prepare(texts, lambda _: None)
    return split.all_vectors(torch.arange(len(texts))).numpy()


def whole(folder, texts):
    from workbench.models.loading import load_model

    return load_model(folder).encode(list(texts), normalize_embeddings=True, show_progress_bar=False)


@pytest.fixture(scope="session")
def build(tmp_path_factory, tiny_model_folder):
    """Makes a tiny model of another architecture, random weights, the tiny model's tokenizer."""

    def of(name, **more):
        import torch
        import transformers
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

        folder = tmp_path_factory.mktemp(name)
        source = folder / "source"
        source.mkdir()
        for file in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(tiny_model_folder / file, source / file)
        config = getattr(transformers, f"{name}Config")(
            vocab_size=300,
            hidden_size=32,
            num_hidden_layers=3,
            num_attention_heads=4,
            intermediate_size=64,
            max_position_embeddings=80,
            pad_token_id=0,
            **more,
        )
        with torch.random.fork_rng():
            torch.manual_seed(3)
            model = getattr(transformers, f"{name}Model")(config)
            for module in model.modules():
                if isinstance(module, torch.nn.Embedding | torch.nn.Linear):
                    torch.nn.init.normal_(module.weight, std=0.3)
        model.save_pretrained(source)
        modules = [Transformer(str(source), max_seq_length=64), Pooling(32, "mean")]
        SentenceTransformer(modules=modules, device="cpu").save_pretrained(str(folder / "model"))
        return folder / "model"

    return of


@pytest.mark.parametrize("layers", [1, 2, 10_000, WHOLE])
def test_the_parts_together_are_the_whole(tiny_model_folder, fp32, layers):
    split = split_model(tiny_model_folder, layers)
    assert isinstance(split, LayerSplit)
    np.testing.assert_allclose(unit_vectors(split, TEXTS), whole(tiny_model_folder, TEXTS), atol=1e-4)


def test_vectors_do_not_depend_on_the_company_of_a_batch(tiny_model_folder, fp32):
    import torch

    split = split_model(tiny_model_folder, 1)
    split.prepare(TEXTS, lambda _: None)
    split.train(False)
    with torch.inference_mode():
        alone = torch.cat([split.vectors(torch.tensor([row])) for row in range(len(TEXTS))])
        together = split.vectors(torch.tensor([5, 0, 3, 1, 2, 4, 6]))
    torch.testing.assert_close(together, alone[[5, 0, 3, 1, 2, 4, 6]], atol=1e-5, rtol=0)
    torch.testing.assert_close(alone[1], alone[6], atol=1e-6, rtol=0)


def test_a_default_prompt_is_part_of_the_text(tiny_model_folder, tmp_path, fp32):
    import json

    folder = tmp_path / "prompted"
    shutil.copytree(tiny_model_folder, folder)
    path = folder / "config_sentence_transformers.json"
    path.write_text(
        json.dumps({**json.loads(path.read_text()), "prompts": {"q": "abc: "}, "default_prompt_name": "q"})
    )
    split = split_model(folder, 1)
    found = unit_vectors(split, TEXTS)
    np.testing.assert_allclose(found, whole(folder, TEXTS), atol=1e-4)
    assert np.abs(found - whole(tiny_model_folder, TEXTS)).max() > 0.01


@pytest.mark.parametrize("name", ["Roberta", "XLMRoberta"])
def test_relatives_of_the_architecture_can_be_cut(build, fp32, name):
    folder = build(name, layer_norm_eps=1e-5)
    for layers in (1, 10_000, WHOLE):
        np.testing.assert_allclose(
            unit_vectors(split_model(folder, layers), TEXTS), whole(folder, TEXTS), atol=1e-4
        )


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("MPNet", {}),  # a bias by relative position goes into every layer: left out, it is wrong in silence
        ("Electra", {"embedding_size": 16}),  # a projection lies between table and layers
    ],
)
@pytest.mark.parametrize("layers", [1, 10_000, WHOLE])
def test_what_would_be_computed_wrongly_is_refused_in_words(build, name, more, layers):
    with pytest.raises(TrainingProblem) as caught:
        split_model(build(name, **more), layers)
    for language, wish in (("zh", "即时"), ("en", "Instant")):
        assert wish in caught.value.text(language)
        assert "{" not in caught.value.text(language)


def test_of_the_words_only_those_that_are_learnt_from_move(tiny_model_folder, tmp_path, fp32):
    import torch

    from workbench.models.loading import load_model

    split = split_model(tiny_model_folder, WHOLE)
    split.prepare(["SUV", "越野车", "zebra"], lambda _: None)
    split.learn_words([0, 1])
    learnt = {token for row in split.token_ids(["SUV", "越野车"]) for token in row}
    with torch.no_grad():
        for parameter in split.trainable():
            parameter.add_(0.01)
    split.save(tmp_path / "model", tiny_model_folder)
    before, after = (
        load_model(folder)[0].auto_model.embeddings.word_embeddings.weight.detach()
        for folder in (tiny_model_folder, tmp_path / "model")
    )
    moved = set(torch.nonzero((after - before).abs().amax(1) > 1e-6).flatten().tolist())
    assert moved == learnt
    found = split.all_vectors(torch.arange(3)).numpy()
    np.testing.assert_allclose(found, whole(tmp_path / "model", ["SUV", "越野车", "zebra"]), atol=1e-4)


def test_a_twin_of_the_whole_trains_by_itself(tiny_model_folder, fp32):
    import torch

    split = split_model(tiny_model_folder, WHOLE)
    before = unit_vectors(split, TEXTS)
    split.learn_words(range(len(TEXTS)))
    twin = split.twin()
    with torch.no_grad():
        for parameter in twin.trainable():
            parameter.add_(0.05)
    np.testing.assert_allclose(split.all_vectors(torch.arange(len(TEXTS))).numpy(), before, atol=1e-5)
    assert np.abs(twin.all_vectors(torch.arange(len(TEXTS))).numpy() - before).max() > 1e-3


def test_a_snapshot_put_back_is_what_it_was(tiny_model_folder, fp32):
    import torch

    split = split_model(tiny_model_folder, 1)
    before, kept = unit_vectors(split, TEXTS), split.snapshot()
    with torch.no_grad():
        for parameter in split.trainable():
            parameter.add_(torch.randn_like(parameter))
    rows = torch.arange(len(TEXTS))
    assert np.abs(split.all_vectors(rows).numpy() - before).max() > 0.01
    split.restore(kept)
    np.testing.assert_array_equal(split.all_vectors(rows).numpy(), before)


def test_bfloat16_stays_near(tiny_model_folder, monkeypatch):
    monkeypatch.setenv("WORKBENCH_PRECISION", "auto")
    found = unit_vectors(split_model(tiny_model_folder, 1), TEXTS)
    assert (found * whole(tiny_model_folder, TEXTS)).sum(1).min() > 0.995


@pytest.mark.model
def test_the_convolutional_encoder_is_cut_above_its_table(bundled_settings, fp32):
    from workbench.models.catalogue import prepare

    folder = prepare("use", bundled_settings)
    split = split_model(folder, 1)
    assert isinstance(split, ConvolutionalSplit)
    np.testing.assert_allclose(unit_vectors(split, TEXTS), whole(folder, TEXTS), atol=1e-4)
    table = split.token_ids(["SUV"])[0]
    assert len(table) >= 1
    assert all(parameter.requires_grad for parameter in split.trainable())
    assert sum(parameter.numel() for parameter in split.trainable()) < 10_000_000


@pytest.mark.model
def test_the_bundled_english_model_is_cut_without_loss(bundled_settings, fp32):
    from workbench.models.catalogue import prepare

    folder = prepare("minilm", bundled_settings)
    for layers in (1, 2, 10_000):
        np.testing.assert_allclose(
            unit_vectors(split_model(folder, layers), TEXTS), whole(folder, TEXTS), atol=1e-4
        )


@given(st.lists(st.integers(1, 80), min_size=1, max_size=40))
def test_texts_are_cut_into_groups_at_the_least_cost(lengths):
    """No way to cut them where the length changes is cheaper, and every text is in one group."""
    lengths = sorted(lengths)
    sizes = groups_by_length(lengths)
    assert sum(sizes) == len(lengths)
    assert all(sizes)

    def cost(sizes):
        ends = np.cumsum(sizes)
        return sum(size * lengths[end - 1] + TOKENS_PER_GROUP for size, end in zip(sizes, ends, strict=True))

    places = [i for i in range(1, len(lengths)) if lengths[i] != lengths[i - 1]]
    for place in [0, *places[:12]]:
        for other in [0, *places[-12:]]:
            inner = sorted({place, other} - {0})
            assert cost(sizes) <= cost(np.diff([0, *inner, len(lengths)]).tolist())


def test_a_text_among_longer_ones_has_the_vector_that_it_has_alone(tiny_model_folder, fp32):
    import torch

    split = split_model(tiny_model_folder, 1)
    split.prepare(["a", "越野车 " * 30, "b", "SUV " * 20, "a"], lambda _: None)
    split.train(False)
    rows = torch.tensor([3, 0, 1, 4, 2])
    with torch.inference_mode():
        together = split.vectors(rows)
        alone = torch.cat([split.vectors(row[None]) for row in rows])
    np.testing.assert_allclose(together.numpy(), alone.numpy(), atol=1e-5)


def test_texts_that_can_wait_are_run_when_they_are_asked_for(tiny_model_folder, monkeypatch):
    import torch

    split = split_model(tiny_model_folder, 1)
    at_once = unit_vectors(split, TEXTS)
    seen = []
    trunk = split.trunk
    monkeypatch.setattr(split, "trunk", lambda ids: (seen.append(len(ids)), trunk(ids))[1])
    split.prepare(TEXTS, lambda _: None, later={1, 4, 5})
    assert sum(seen) == len(TEXTS) - 3
    np.testing.assert_allclose(split.all_vectors(torch.arange(len(TEXTS))).numpy(), at_once, atol=1e-6)
    assert sum(seen) == len(TEXTS)
    split.all_vectors(torch.arange(len(TEXTS)))
    assert sum(seen) == len(TEXTS)


def test_the_trunk_runs_only_over_what_a_stage_needs(train, toy_data, monkeypatch):
    """Test synonyms, which nobody looks at while training, are left out."""
    waiting = []
    prepare = LayerSplit.prepare

    def noted(self, *texts, later=(), **more):
        prepare(self, *texts, later=later, **more)
        waiting.append((set(later), self))

    monkeypatch.setattr(LayerSplit, "prepare", noted)
    train("in_batch", {"epochs": 1, "layers": "1"})
    [(later, split)] = waiting
    assert later
    assert later.isdisjoint(toy_data.training_terms.tolist())
    assert not split._ran[sorted(later)].any()
