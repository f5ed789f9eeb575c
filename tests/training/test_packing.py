"""Texts of many lengths as one run of tokens come to what they come to one by one."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.training.packing import Pack, rounded, run_layers, takes_packs

HEADS, WIDTH = 2, 8


def layers_of(name="Bert", seed=0, **more):
    import torch
    import transformers

    torch.manual_seed(seed)
    config = getattr(transformers, f"{name}Config")(
        vocab_size=10,
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=HEADS,
        intermediate_size=16,
        **more,
    )
    model = getattr(transformers, f"{name}Model")(config).eval()
    return list(model.encoder.layer)


@pytest.fixture(scope="module")
def layers():
    return layers_of()


def texts_of(lengths):
    import torch

    generator = torch.Generator().manual_seed(1)
    return [torch.randn(length, WIDTH, generator=generator) for length in lengths]


def packed(texts, sizes):
    """The texts as one run, and their pack."""
    import torch

    pack = Pack(torch.tensor([len(text) for text in texts]), sizes)
    padded = torch.nn.utils.rnn.pad_sequence(texts, batch_first=True)
    return padded[pack.texts, pack.steps], pack


def one_by_one(layers, text):
    states = text[None]
    for layer in layers:
        output = layer(states)
        states = output[0] if isinstance(output, tuple) else output
    return states[0]


@st.composite
def lengths_in_groups(draw):
    lengths = sorted(draw(st.lists(st.integers(1, 30), min_size=1, max_size=12)))
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(lengths) - 1)), max_size=4)) - {len(lengths)})
    edges = [0, *cuts, len(lengths)]
    return lengths, [end - begin for begin, end in itertools.pairwise(edges) if end > begin]


@settings(deadline=None)
@given(lengths_in_groups())
def test_together_texts_have_the_states_that_they_have_alone(layers, given_lengths):
    """However they are grouped; what is padded and what is filled up changes nothing."""
    import torch

    lengths, sizes = given_lengths
    texts = texts_of(lengths)
    states, pack = packed(texts, sizes)
    with torch.inference_mode():
        found = pack.split(run_layers(layers, states, pack, HEADS))
        rows = [row for part in found for row in part]
        assert len(rows) == len(texts)
        for row, text in zip(rows, texts, strict=True):
            torch.testing.assert_close(row[: len(text)], one_by_one(layers, text), atol=1e-4, rtol=1e-3)


@given(lengths_in_groups())
def test_each_token_stands_in_the_run_once(given_lengths):
    lengths, sizes = given_lengths
    _, pack = packed(texts_of(lengths), sizes)
    places = list(zip(pack.texts.tolist(), pack.steps.tolist(), strict=True))
    for part in (places[: len(places) - pack.rest],):
        assert len(part) == len(set(part))
        assert set(part) >= {(text, step) for text, length in enumerate(lengths) for step in range(length)}
    assert len(places) == rounded(len(places) - pack.rest)


def test_gradients_are_those_of_the_texts_alone(layers):
    import torch

    texts = texts_of([2, 5, 5, 9])
    weight = layers[0].attention.self.query.weight

    def gradient(loss):
        return torch.autograd.grad(loss, weight)[0]

    states, pack = packed(texts, [3, 1])
    found = pack.split(run_layers(layers, states, pack, HEADS))
    rows = [row for part in found for row in part]
    together = gradient(sum(row[: len(text)].pow(2).sum() for row, text in zip(rows, texts, strict=True)))
    alone = gradient(sum(one_by_one(layers, text).pow(2).sum() for text in texts))
    torch.testing.assert_close(together, alone, atol=1e-3, rtol=1e-3)


def test_while_training_it_drops_and_the_same_seed_drops_the_same():
    import torch

    layers = layers_of(seed=3)
    for layer in layers:
        layer.train(True)
    states, pack = packed(texts_of([3, 4]), [2])

    def once(seed):
        torch.manual_seed(seed)
        return run_layers(layers, states, pack, HEADS).detach()

    assert torch.equal(once(1), once(1))
    assert not torch.allclose(once(1), once(2))


@given(st.integers(1, 200_000))
def test_rows_are_rounded_up_by_an_eighth_at_most(tokens):
    assert tokens <= rounded(tokens) <= max(64, tokens * 9 / 8 + 1)
    assert rounded(rounded(tokens)) == rounded(tokens)


def test_batches_of_thousands_of_sizes_have_few_shapes():
    assert len({rounded(tokens) for tokens in range(1, 4097)}) < 60


@pytest.mark.parametrize("name", ["Bert", "Roberta", "XLMRoberta", "Electra"])
def test_it_takes_the_layers_that_are_berts(name):
    assert takes_packs(layers_of(name), HEADS)


@pytest.mark.parametrize(
    ("name", "more"),
    [("MPNet", {}), ("ConvBert", {"conv_kernel_size": 3})],
)
def test_layers_that_compute_something_else_are_left_to_themselves(name, more):
    assert not takes_packs(layers_of(name, **more), HEADS)


def test_layers_by_the_same_names_that_compute_something_else_are_found_out():
    layers = layers_of(seed=5)
    attention = layers[0].attention.self
    inner = attention.forward
    attention.forward = lambda *args, **named: (inner(*args, **named)[0] * 1.5, None)
    assert not takes_packs(layers, HEADS)


def test_to_be_asked_changes_neither_the_mode_nor_the_random_numbers(layers):
    import torch

    layer = layers_of(seed=6)[0].train(True)
    torch.manual_seed(4)
    before = torch.get_rng_state()
    assert takes_packs([layer], HEADS)
    assert layer.training
    assert torch.equal(torch.get_rng_state(), before)
