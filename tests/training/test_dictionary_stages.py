"""Stages that learn from the dictionary in other ways than plain in-batch negatives."""

from dataclasses import replace

import numpy as np
import pytest

from workbench.errors import Stopped, TooLittleData, TrainingProblem
from workbench.evaluation.split import make_split
from workbench.training.dataset import build_training_set
from workbench.training.registry import stage
from workbench.types import Pair

torch = pytest.importorskip("torch")

NAMES = ("hard_negatives", "multi_similarity", "guided", "big_batch", "lora")
FAST = {"epochs": 5, "learning_rate": 3e-3, "layers": "2", "batch_size": 16}
MORE = {"lora": {"learning_rate": 2e-2}, "big_batch": {"chunk_size": 16, "batch_size": 64, "epochs": 8}}


def fast(name, **more):
    return {**FAST, **MORE.get(name, {}), **more}


@pytest.fixture(scope="session")
def trained(train):
    """Each stage carried out once."""
    known = {}

    def of(name):
        if name not in known:
            known[name] = train(name, fast(name))
        return known[name]

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


@pytest.mark.parametrize("name", NAMES)
def test_it_learns_words_that_it_was_not_trained_on(trained, name):
    result = trained(name).result
    assert result.best.mrr10 > result.base.mrr10 + 15
    assert result.best.recall10 > result.base.recall10 + 30


@pytest.mark.parametrize("name", NAMES)
def test_the_saved_model_is_an_ordinary_one_and_gives_the_same_vectors(trained, name, tiny_model_folder):
    from workbench.training.dataset import DevProbe

    trained = trained(name)
    terms = trained.data.terms
    vectors = ours(trained.folder, terms)
    np.testing.assert_allclose(plainly(trained.folder, terms), vectors, atol=1e-5)
    assert weights(trained.folder).keys() == weights(tiny_model_folder).keys()
    probe = DevProbe(trained.data, max_queries=600, max_documents=3000)
    assert probe.score(vectors[probe.needed]).mrr10 == pytest.approx(trained.result.best.mrr10, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_weights(train, name):
    one, two = (train(name, fast(name, epochs=1)) for _ in range(2))
    assert one.result.best == two.result.best
    assert (one.folder / "model.safetensors").read_bytes() == (two.folder / "model.safetensors").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_stop_keeps_what_there_is(train, new_reporter, name, tiny_model_folder):
    stopped = train(name, fast(name), reporter=new_reporter(stop_at_step=1))
    assert stopped.result.stopped_early
    assert stopped.result.best == stopped.result.base
    for key, value in weights(tiny_model_folder).items():
        np.testing.assert_allclose(weights(stopped.folder)[key], value, atol=1e-6)
    with pytest.raises(Stopped):
        train(name, fast(name), reporter=new_reporter(stop_at_phase="Loading the model"))


def test_one_concept_or_too_few_pairs_are_refused_in_words():
    for pairs in (
        [Pair("a", f"b{n}", n) for n in range(30)],
        [Pair("a", "b", 1), Pair("c", "d", 2)],
        [Pair("a", "b", n) for n in range(30)],
    ):
        with pytest.raises(TooLittleData) as caught:
            build_training_set(pairs, make_split(pairs, seed=13))
        assert "概念" in caught.value.text("zh")


@pytest.mark.parametrize("name", NAMES)
def test_a_diverging_loss_is_said_in_words(train, name, monkeypatch):
    for module, loss in (
        ("in_batch", "in_batch_loss"),
        ("multi_similarity", "multi_similarity_loss"),
        ("guided", "guided_loss"),
    ):
        monkeypatch.setattr(
            f"workbench.training.stages.{module}.{loss}",
            lambda *_, **__: torch.tensor(float("nan"), requires_grad=True),
        )
    with pytest.raises(TrainingProblem) as caught:
        train(name, fast(name))
    assert "learning rate" in caught.value.text("en")


@pytest.fixture(scope="session")
def marked_data(toy_data):
    """The toy data with two pairs of training terms marked as not synonyms."""
    first = [int(np.flatnonzero(toy_data.concepts == concept)[0]) for concept in (0, 1, 2, 3)]
    a, b, c, d = (int(toy_data.anchors[pair]) for pair in first)
    return replace(toy_data, apart=np.array([[a, b], [c, d]], np.int64))


@pytest.fixture
def mined(marked_data, tiny_model_folder, fp32):
    """The objective of the hard negatives with what the untrained model mines."""
    from workbench.training.stages.hard_negatives import MinedNegatives

    vectors = torch.from_numpy(ours(tiny_model_folder, marked_data.terms))
    parameters = stage("hard_negatives").checked({"negatives": 3, "mine_every": 2})
    objective = MinedNegatives(marked_data, parameters)
    objective.before_epoch(0, lambda rows: vectors[rows])
    return objective, vectors


def test_mined_terms_are_training_terms_of_other_concepts_below_the_margin(mined, marked_data):
    objective, vectors = mined
    training = set(marked_data.training_terms.tolist())
    concept = {}
    for side in (marked_data.anchors, marked_data.positives):
        concept.update(zip(side.tolist(), marked_data.concepts.tolist(), strict=True))
    found = 0
    for pair, row in enumerate(objective.mined.tolist()):
        anchor, positive = int(marked_data.anchors[pair]), int(marked_data.positives[pair])
        limit = float(vectors[anchor] @ vectors[positive]) * 0.95
        cosines = [float(vectors[anchor] @ vectors[term]) for term in row if term >= 0]
        assert cosines == sorted(cosines, reverse=True)
        for term, cosine in zip(row, cosines, strict=False):
            found += 1
            assert term in training
            assert concept[term] != marked_data.concepts[pair]
            assert cosine <= limit + 1e-6
    assert found > len(marked_data.anchors)


def test_marked_terms_stay_in_beside_mined_ones_and_alone_weigh_more(mined, marked_data):
    objective, _ = mined
    rows = torch.arange(len(marked_data.anchors))
    hard = objective.hard_negatives(rows)
    marked_texts = set(hard.texts[hard.weighed].tolist())
    assert marked_texts == set(marked_data.apart.flatten().tolist())
    assert set(hard.texts[~hard.weighed].tolist()) == set(objective.mined[objective.mined >= 0].tolist())
    assert not hard.of_positives[:, ~hard.weighed].any()
    for texts in hard.of_anchors:
        own = hard.texts[texts].tolist()
        assert len(own) == len(set(own))  # a term that is marked and mined counts once


def test_without_a_near_wrong_term_the_marked_ones_are_left(marked_data):
    from workbench.training.stages.hard_negatives import MinedNegatives

    objective = MinedNegatives(marked_data, stage("hard_negatives").checked({}))
    hard = objective.hard_negatives(torch.arange(len(marked_data.anchors)))
    assert set(hard.texts.tolist()) == set(marked_data.apart.flatten().tolist())


def test_it_is_mined_again_after_as_many_epochs_as_was_asked_for(mined):
    objective, vectors = mined
    before = objective.mined.clone()
    other = torch.nn.functional.normalize(torch.randn(vectors.shape, generator=torch.Generator()), dim=1)
    objective.before_epoch(1, lambda rows: other[rows])
    assert torch.equal(objective.mined, before)
    objective.before_epoch(2, lambda rows: other[rows])
    assert not torch.equal(objective.mined, before)


def test_several_terms_of_a_concept_stand_in_one_batch(toy_data):
    from workbench.training.stages.multi_similarity import MultiSimilarity

    objective = MultiSimilarity(toy_data, stage("multi_similarity").checked({"batch_size": 8}))
    one, two = (objective.epoch(torch.Generator().manual_seed(seed)) for seed in (1, 2))
    assert not all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    for parts in (one, two):
        order = torch.cat(list(parts))
        assert sorted(order.tolist()) == list(range(len(toy_data.anchors)))
        concepts = toy_data.concepts[order.numpy()]
        assert np.count_nonzero(np.diff(concepts)) == len(set(concepts)) - 1


@pytest.fixture
def layer():
    """Ten texts, and a small network with dropout over them whose saved values are counted."""
    torch.manual_seed(0)
    texts = torch.randn(60, 8)
    network = torch.nn.Sequential(
        torch.nn.Linear(8, 64), torch.nn.Dropout(0.3), torch.nn.GELU(), torch.nn.Linear(64, 8)
    )
    return network, lambda rows: network(texts[rows])


def test_chunks_give_the_gradients_of_the_whole_batch(layer):
    from workbench.training.losses import in_batch_loss
    from workbench.training.stages.big_batch import in_chunks

    network, vectors = layer
    network.eval()
    gradients = []
    for way in (vectors, in_chunks(vectors, 7)):
        network.zero_grad()
        a, p = way(torch.arange(60)).chunk(2)
        in_batch_loss(a, p, torch.arange(30), 0.05).backward()
        gradients.append([parameter.grad.clone() for parameter in network.parameters()])
    for whole, chunked in zip(*gradients, strict=True):
        torch.testing.assert_close(chunked, whole, rtol=1e-4, atol=1e-6)


def test_a_chunk_is_computed_again_with_the_same_dropout(layer):
    from workbench.training.stages.big_batch import in_chunks

    network, vectors = layer
    network.train()
    torch.manual_seed(1)
    out = in_chunks(vectors, 20)(torch.arange(60))
    torch.randn(100)  # the generator has moved on before the second pass
    out.sum().backward()
    chunked = network[3].weight.grad.clone()
    network.zero_grad()
    torch.manual_seed(1)
    torch.cat([vectors(part) for part in torch.arange(60).split(20)]).sum().backward()
    torch.testing.assert_close(chunked, network[3].weight.grad)


def test_chunks_keep_nothing_of_the_layers_between(layer):
    from workbench.training.stages.big_batch import in_chunks

    vectors = layer[1]
    kept = []
    for way in (vectors, in_chunks(vectors, 10)):
        sizes = []
        with torch.autograd.graph.saved_tensors_hooks(
            lambda t, s=sizes: s.append(t.numel()) or t, lambda t: t
        ):
            way(torch.arange(60))
        kept.append(sum(sizes))
    assert kept[1] < kept[0] / 4


def test_low_rank_changes_have_the_rank_and_nothing_else_changes(train, tiny_model_folder):
    trained = train("lora", fast("lora", rank=2, layers="1"))
    before, after = weights(tiny_model_folder), weights(trained.folder)
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert changed
    for name in changed:
        assert "layer.1." in name
        assert name.endswith("weight")
        assert "LayerNorm" not in name
        values = np.linalg.svd(after[name] - before[name], compute_uv=False)
        assert values[0] > 1e-3
        assert values[2] < 1e-4 * values[0]
    assert any("attention" in name for name in changed)
    assert any("attention" not in name for name in changed)


def test_one_way_and_two_way_differ(train):
    one, two = (train("in_batch", fast("in_batch", epochs=1, two_way=way)) for way in (False, True))
    assert one.result.best != two.result.best


class Cut(Exception):
    """The process is gone."""


def test_what_was_mined_epochs_ago_is_still_known_after_an_interruption(
    marked_data, tiny_model_folder, tmp_path, new_reporter, fp32
):
    from training.conftest import Working

    from workbench.training.checkpoints import Checkpoints
    from workbench.training.registry import StageContext

    spec = stage("hard_negatives")
    parameters = spec.checked({**FAST, "epochs": 2, "mine_every": 2, "layers": "1"})

    def go(name, checkpoints, cut_at=None):
        reporter = new_reporter()
        begin = reporter.steps

        def steps(step, total):
            begin(step, total)
            if step == cut_at:
                raise Cut

        reporter.steps = steps
        out = tmp_path / name
        out.mkdir()
        context = StageContext(
            marked_data, Working(tiny_model_folder), out, reporter, 0, checkpoints=checkpoints
        )
        return spec.run(context, parameters)

    per_epoch = -(-len(marked_data.anchors) // 16)
    saved = Checkpoints(tmp_path / "saved", every=0.0)
    saved.due = lambda: True
    whole = go("whole", None)
    with pytest.raises(Cut):
        go("cut", saved, cut_at=per_epoch + 3)  # in the second epoch, which mines nothing
    assert not saved.empty()
    assert go("resumed", saved) == whole
    name = "model.safetensors"
    assert (tmp_path / "resumed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_the_guide_is_where_the_stage_or_the_run_began_or_a_named_model(
    toy_data, tiny_model_folder, tmp_path
):
    from workbench.training.registry import StageContext
    from workbench.training.stages.guided import guide_of

    start, opened = object(), []
    context = StageContext(toy_data, start, tmp_path, None, 0, open_model=opened.append)
    assert guide_of(context, "start") is start
    assert guide_of(context, "base") is start, "a run of one stage begins where that one does"
    guide_of(replace(context, base_folder=tiny_model_folder), "base")
    guide_of(context, "minilm")
    assert opened == [tiny_model_folder, "minilm"]
    assert {"start", "base", "e5-small", "minilm"} <= set(
        next(p.choices for p in stage("guided").parameters if p.name == "guide")
    )


def test_another_guide_gives_another_model(train, trained, tiny_model_folder):
    further = {**fast("guided", guide="base", epochs=1), "margin": 0.2}
    base = trained("in_batch").folder
    own, other = (train("guided", further, base=base, began_with=each) for each in (None, tiny_model_folder))
    assert not np.array_equal(ours(own.folder, ["abc"]), ours(other.folder, ["abc"]))
