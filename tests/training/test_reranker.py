"""The reranker learns what vectors do not show, is an ordinary CrossEncoder, and says when it is no use."""

import json
import random
from dataclasses import replace

import numpy as np
import pytest

from workbench.errors import Stopped, TrainingProblem
from workbench.evaluation.split import make_split
from workbench.models.reranking import RERANKER, Reranker
from workbench.training.dataset import build_training_set
from workbench.types import Pair

FAST = {"epochs": 12, "learning_rate": 4e-3, "layers": "2", "batch_size": 8, "negatives": 3}
MARKS = dict(zip("abcd", "nopq", strict=True))


def families():
    """Terms of a stem and a last letter; a synonym has the stem and the partner of that letter.

    To the untrained vectors the members of a family are equally near. Which letters are partners holds
    for all families.
    """
    rng = random.Random(3)
    stems: dict[str, None] = {}
    while len(stems) < 60:
        stems["".join(rng.sample("efghijklmrstuvwxyz", 5))] = None
    pairs = [(stem + mark, stem + partner) for stem in stems for mark, partner in MARKS.items()]
    return [Pair(standard, synonym, row + 2) for row, (standard, synonym) in enumerate(pairs)]


@pytest.fixture(scope="session")
def family_data():
    pairs = families()
    return build_training_set(pairs, make_split(pairs, seed=13))


@pytest.fixture(scope="session")
def rerank(train, family_data):
    """Runs the stage: ``rerank(parameters, ...)``."""
    return lambda parameters=None, **more: train(
        "reranker", {**FAST, **(parameters or {})}, **{"data": family_data, **more}
    )


@pytest.fixture(scope="session")
def reranked(rerank):
    """The stage carried out once."""
    return rerank(seed=2)


def plainly(folder, pairs):
    """As anybody would load it, with nothing of the workbench."""
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(str(folder), device="cpu", local_files_only=True)
    return model.predict(list(pairs), show_progress_bar=False)


def test_it_learns_for_unseen_families_what_the_vectors_do_not_show(reranked):
    result = reranked.result
    assert result.base.recall1 < 50
    assert result.best.recall1 > result.base.recall1 + 25
    assert result.best.mrr10 > result.base.mrr10 + 15
    assert result.chosen["blend"] > 0
    assert "Reranking helps" in result.chosen["told"]["en"]
    assert not result.stopped_early


def test_the_cross_encoder_is_an_ordinary_one_and_gives_the_same_scores(reranked):
    folder = reranked.folder / RERANKER
    dev = reranked.data.dev
    pairs = [(query, document) for query in dev.queries[:5] for document in dev.corpus[:9]]
    scores = plainly(folder, pairs)
    assert np.ptp(scores) > 0.2
    np.testing.assert_allclose(Reranker(folder).scores(pairs), scores, atol=0.02)
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} == {".json", ".safetensors"}
    modules = json.loads((folder / "modules.json").read_text())
    assert all(module["type"].startswith("sentence_transformers.") for module in modules)


def test_the_model_beside_it_is_the_one_that_it_started_from(reranked, tiny_model_folder):
    from workbench.models.loading import fingerprint

    names = {path.relative_to(tiny_model_folder) for path in tiny_model_folder.rglob("*") if path.is_file()}
    for name in names:
        assert (reranked.folder / name).read_bytes() == (tiny_model_folder / name).read_bytes()
    assert fingerprint(reranked.folder) == fingerprint(tiny_model_folder)


def test_what_was_measured_is_what_was_saved(reranked, tiny_model_folder):
    """The development scores are those of the saved model with its saved reranker, set as it says."""
    from workbench.evaluation.reranked import reranked_rows
    from workbench.evaluation.retrieval import outcomes_of_rows
    from workbench.models.encoder import TextEncoder
    from workbench.models.loading import load_model

    dev, result = reranked.data.dev, reranked.result
    vectors = TextEncoder(load_model(reranked.folder), precision="fp32").encode([*dev.queries, *dev.corpus])
    count = len(dev.queries)
    scores = vectors[:count].astype(float) @ vectors[count:].T.astype(float)
    reranker = Reranker(reranked.folder / RERANKER)
    assert (reranker.depth, reranker.blend) == (result.chosen["depth"], result.chosen["blend"])
    rows = reranked_rows(dev, lambda a, b: scores[a:b], reranker, reranker.depth, reranker.blend)
    outcomes = outcomes_of_rows(dev, rows)
    assert outcomes.reciprocal_rank.mean() * 100 == pytest.approx(result.best.mrr10, abs=0.5)
    first = outcomes_of_rows(dev, lambda a, b: scores[a:b])
    assert first.reciprocal_rank.mean() * 100 == pytest.approx(result.base.mrr10, abs=0.5)


def test_the_curve_begins_with_the_vectors_alone_and_its_loss_falls(reranked):
    points = reranked.reporter.points
    scores = [(step, value) for series, step, value in points if series == "dev_mrr@10"]
    assert scores[0] == (0, pytest.approx(reranked.result.base.mrr10))
    losses = [value for series, _, value in points if series == "loss"]
    assert losses[0] == pytest.approx(np.log(2) * weight(), rel=0.01)  # it begins by knowing nothing
    assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:10])


def weight():
    """The mean weight of a pair: 2 of 5 count 1, 3 of 5 count 2/3."""
    return (2 + 3 * 2 / 3) / 5


def test_the_same_seed_gives_the_same_cross_encoder_and_another_one_another(rerank):
    first, again, other = (rerank({"epochs": 2}, seed=seed) for seed in (0, 0, 1))
    content = [(each.folder / RERANKER / "model.safetensors").read_bytes() for each in (first, again, other)]
    assert content[0] == content[1]
    assert content[0] != content[2]
    assert first.result.chosen == again.result.chosen


def test_only_the_layers_that_were_asked_for_have_changed(rerank, tiny_model_folder):
    from safetensors.numpy import load_file

    after = load_file(rerank({"epochs": 1, "layers": "1"}).folder / RERANKER / "model.safetensors")
    before = load_file(tiny_model_folder / "model.safetensors")
    changed = {name for name in before if not np.array_equal(after[name], before[name])}
    assert changed
    assert all("layer.1" in name for name in changed)


def test_a_reranker_that_is_of_no_use_is_not_used_and_that_is_said(rerank, tiny_model_folder):
    """Hardly trained: nothing is better than the vectors alone, and the result is theirs."""
    result = rerank({"epochs": 1, "learning_rate": 1e-7}).result
    assert result.chosen["blend"] == 0
    assert result.best == result.base
    assert "没有用" in result.chosen["told"]["zh"]


def test_stop_keeps_the_best_so_far(rerank, new_reporter):
    stopped = rerank(reporter=new_reporter(stop_at_step=40))
    assert stopped.result.stopped_early
    assert stopped.result.chosen["epoch"] > 0
    seen = [value for series, step, value in stopped.reporter.points if series == "dev_mrr@10" and step]
    assert stopped.result.best.mrr10 == max(seen)
    assert Reranker(stopped.folder / RERANKER).depth == 10
    assert np.isfinite(plainly(stopped.folder / RERANKER, [("abc", "abn")])).all()


def test_taken_up_from_a_checkpoint_it_ends_as_if_it_had_never_been_stopped(rerank, new_reporter, tmp_path):
    from workbench.training.checkpoints import Checkpoints

    whole = rerank({"epochs": 2})
    checkpoints = Checkpoints(tmp_path, every=1000.0)  # Stop saves, whenever it comes
    stopped = rerank({"epochs": 2}, checkpoints=checkpoints, reporter=new_reporter(stop_at_step=17))
    assert stopped.result.stopped_early
    resumed = rerank({"epochs": 2}, checkpoints=checkpoints)
    first = min(step for series, step, _ in resumed.reporter.points if series == "loss")
    assert first == 18
    weights = [(each.folder / RERANKER / "model.safetensors").read_bytes() for each in (whole, resumed)]
    assert weights[0] == weights[1]
    assert resumed.result == whole.result


@pytest.mark.parametrize("phase", ["Saving the model", "Choosing how far to rerank"])
def test_stop_after_training_still_keeps_what_was_learnt(rerank, new_reporter, phase):
    stopped = rerank({"epochs": 1}, reporter=new_reporter(stop_at_phase=phase))
    assert stopped.result.stopped_early
    assert stopped.result.chosen["epoch"] == 1
    assert (stopped.folder / RERANKER / "reranking.json").exists()


@pytest.mark.parametrize("phase", ["Looking for hard negatives", "Running the frozen layers once"])
def test_stop_before_training_leaves_nothing(rerank, new_reporter, phase):
    with pytest.raises(Stopped):
        rerank(reporter=new_reporter(stop_at_phase=phase))


def test_a_base_without_a_transformer_is_refused_in_words(rerank, tmp_path):
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    table = StaticEmbedding(tokenizer, embedding_weights=torch.ones(2, 4).numpy())
    SentenceTransformer(modules=[table], device="cpu").save_pretrained(str(tmp_path / "static"))
    with pytest.raises(TrainingProblem) as caught:
        rerank(base=tmp_path / "static")
    assert "BERT" in caught.value.text("zh")
    assert "reads two terms together" in caught.value.text("en")


@pytest.mark.model
def test_the_convolutional_base_is_refused_in_words(rerank, bundled_settings):
    from workbench.models.catalogue import prepare

    with pytest.raises(TrainingProblem) as caught:
        rerank(base=prepare("use", bundled_settings))
    assert "convolutional" in caught.value.text("en")


def test_a_loss_that_is_no_number_is_said_in_words(rerank, monkeypatch):
    import torch

    from workbench.training.cross_encoding import SameOrNot

    broken = torch.tensor(float("nan"), requires_grad=True)
    monkeypatch.setattr(SameOrNot, "loss", lambda *_: broken)
    with pytest.raises(TrainingProblem) as caught:
        rerank()
    assert "学习率" in caught.value.text("zh")


def learnt_from(data, folder, **more):
    """The pairs that the stage learns from: (rows of pairs of terms, marked pairs)."""
    from workbench.training.cross_encoding import pair_texts
    from workbench.training.registry import StageContext, stage

    class Vectors:
        def __init__(self):
            self.folder = folder

        def vectors(self, texts):
            found = np.random.default_rng(0).normal(size=(len(texts), 8)).astype(np.float32)
            return found / np.linalg.norm(found, axis=1, keepdims=True)

    parameters = stage("reranker").checked(more)
    pairs = pair_texts(StageContext(data, Vectors(), folder, None, 0), parameters)
    named = [tuple(text.split("\0")) for text in pairs.texts]
    return (
        [[named[number] for number in row] for row in each.tolist()] for each in (pairs.rows, pairs.apart)
    )


def concepts_of(data):
    numbers = {}
    for side in (data.anchors, data.positives):
        numbers.update(zip((data.terms[i] for i in side), data.concepts.tolist(), strict=True))
    return numbers


def test_it_learns_from_training_pairs_in_both_orders_and_from_terms_of_other_concepts(
    toy_data, tiny_model_folder
):
    concept = concepts_of(toy_data)
    rows, apart = learnt_from(toy_data, tiny_model_folder, negatives=3)
    assert apart == []
    assert len(rows) == len(toy_data.anchors)
    standards = {toy_data.terms[i] for i in toy_data.positives}
    swapped = 0
    for (anchor, positive), back, *wrong in rows:
        assert back == (positive, anchor)
        assert concept[anchor] == concept[positive]
        assert len(wrong) == 3
        for first, second in wrong:
            assert concept[first] != concept[second]
            assert anchor in (first, second)
            assert standards & {first, second}
            swapped += second == anchor
    assert 0.3 < swapped / (3 * len(rows)) < 0.7


def test_no_development_or_test_term_is_in_what_it_learns_from(toy_data, toy_split, tiny_model_folder):
    from workbench.normalise import term_key

    rows, _ = learnt_from(toy_data, tiny_model_folder)
    used = {term_key(term) for row in rows for pair in row for term in pair}
    assert {toy_split.parts[toy_split.component_of[term]] for term in used} == {"train"}
    assert not used & {synonym for _, synonym in toy_split.held_out}


def test_marked_pairs_are_sure_negatives_in_both_orders(toy_data, tiny_model_folder):
    pairs = np.stack([toy_data.anchors[:3], toy_data.anchors[-3:]], 1)
    _, apart = learnt_from(replace(toy_data, apart=pairs), tiny_model_folder)
    names = [(toy_data.terms[a], toy_data.terms[b]) for a, b in pairs]
    assert apart == [[(a, b), (b, a)] for a, b in names]


def test_a_marked_pair_scores_lower_for_being_marked(rerank, family_data):
    """The least likely of all to be told apart: a synonym and the standard term of its own family."""
    marked = np.stack([family_data.anchors[:6], family_data.positives[6:12]], 1)
    marked = marked[family_data.concepts[:6] != family_data.concepts[6:12]]
    pairs = [(family_data.terms[a], family_data.terms[b]) for a, b in marked]
    without, with_it = (
        np.mean(
            [
                Reranker(rerank({"epochs": 3}, data=data, seed=seed).folder / RERANKER).scores(pairs)
                for seed in range(3)
            ]
        )  # on so little data one seed proves nothing
        for data in (family_data, replace(family_data, apart=marked))
    )
    assert with_it < without - 0.03


def test_two_concepts_are_enough_to_draw_negatives_from(toy_data, tiny_model_folder):
    few = np.isin(toy_data.concepts, [0, 1])
    two = replace(
        toy_data,
        anchors=toy_data.anchors[few],
        positives=toy_data.positives[few],
        concepts=toy_data.concepts[few],
    )
    concept = concepts_of(two)
    rows, _ = learnt_from(two, tiny_model_folder, negatives=5)
    assert all(concept[a] != concept[b] for row in rows for a, b in row[2:])


def test_of_many_pairs_so_many_are_drawn_as_were_asked_for(toy_data, tiny_model_folder):
    rows, _ = learnt_from(toy_data, tiny_model_folder, most_pairs=20)
    assert len(rows) == 20


def test_what_comes_after_it_starts_without_its_reranker(reranked, train, family_data):
    """Another stage changes the vectors: a cross-encoder chosen for the old ones is not carried along."""
    after = train("instant_map", {"epochs": 1}, base=reranked.folder, data=family_data)
    assert not (after.folder / RERANKER).exists()
    again = train("reranker", {**FAST, "epochs": 1}, base=reranked.folder, data=family_data)
    content = [(each.folder / RERANKER / "model.safetensors").read_bytes() for each in (again, reranked)]
    assert content[0] != content[1]


def test_a_model_with_a_reranker_can_be_merged_with_its_base(train, reranked, family_data, tiny_model_folder):
    tuned = train("in_batch", {"epochs": 1, "layers": "1"}, base=reranked.folder, data=family_data)
    merged = train("merge", {"steps": 2}, base=tuned.folder, began_with=reranked.folder, data=family_data)
    assert not (merged.folder / RERANKER).exists()
