"""Stages over labelled pairs and triplets learn what holds for unseen words, or refuse in words."""

import random
from itertools import pairwise

import numpy as np
import pytest

from workbench.errors import Stopped, TooLittleData
from workbench.training.common_parameters import INSTRUCTIONS
from workbench.training.labelled import LabelledTexts, drawn, held_out, spearman
from workbench.training.material import Material
from workbench.types import LabelledPair

PAIRED = ("cosent", "angle", "cosine", "mixture")
NAMES = (*PAIRED, "contrastive_triplet")
FAST = {"epochs": 4, "learning_rate": 3e-3, "batch_size": 16, "layers": "2"}
MORE = {"angle": {"epochs": 7}}


def word(rng):
    return "".join(rng.sample("abcdefghijklm", 4))


def noisy(text, rng):
    return "".join(letter + rng.choice("nopqrstuvwxyz") for letter in text)


@pytest.fixture(scope="session")
def material(toy_data):
    """Pairs and triplets of training terms with wrong ones, and pairs of texts that no other pair has."""
    rng = random.Random(3)
    terms, standards = toy_data.terms, sorted(set(toy_data.positives.tolist()))
    pairs, triplets = [], []
    for anchor, positive in zip(toy_data.anchors.tolist(), toy_data.positives.tolist(), strict=True):
        pairs.append(LabelledPair(terms[anchor], terms[positive], 1.0))
        for wrong in rng.sample([each for each in standards if each != positive], 2):
            pairs.append(LabelledPair(terms[anchor], terms[wrong], 0.0))
            triplets.append(LabelledPair(terms[anchor], terms[positive], 1.0, terms[wrong]))
    for number in range(60):
        one, other = word(rng), word(rng)
        alike = number % 2 == 0
        pairs.append(LabelledPair(noisy(one, rng), noisy(one if alike else other, rng), float(alike)))
    return Material(labelled=tuple(pairs), triplets=tuple(triplets))


@pytest.fixture(scope="session")
def trained(train, material):
    """Each stage carried out once."""
    known = {}

    def of(name, **more):
        key = (name, *more.items())
        if key not in known:
            known[key] = train(name, {**FAST, **MORE.get(name, {}), **more}, material=material)
        return known[key]

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


@pytest.mark.parametrize("name", NAMES)
def test_it_learns_words_that_it_was_not_trained_on(trained, name):
    result = trained(name).result
    assert result.best.mrr10 > result.base.mrr10 + 15
    assert result.best.recall10 > result.base.recall10 + 30


def test_the_hardest_triplets_of_a_batch_teach_too(trained):
    result = trained("contrastive_triplet", negatives="hardest", epochs=10, margin=0.4).result
    assert result.best.mrr10 > result.base.mrr10 + 10


@pytest.mark.parametrize("name", PAIRED)
def test_held_out_pairs_are_ordered_better_and_that_is_drawn_and_kept(trained, name):
    reporter, chosen = trained(name).reporter, trained(name).result.chosen
    drawn = {step: value for series, step, value in reporter.points if series == "dev_spearman"}
    looks = {step for series, step, _ in reporter.points if series == "dev_mrr@10"}
    assert drawn.keys() == looks
    assert chosen["dev_spearman"] > drawn[0] + 10
    if chosen["alpha"] == 1.0:
        assert chosen["dev_spearman"] in drawn.values()


@pytest.mark.parametrize("name", NAMES)
def test_the_saved_model_is_an_ordinary_one_and_gives_the_same_vectors(trained, name):
    trained = trained(name)
    terms = trained.data.terms
    np.testing.assert_allclose(plainly(trained.folder, terms), ours(trained.folder, terms), atol=1e-5)


@pytest.mark.parametrize("name", ["cosent", "contrastive_triplet", "mixture"])
def test_the_same_seed_gives_the_same_weights(train, material, name):
    few = {**FAST, "epochs": 1}
    one, two = (train(name, few, material=material) for _ in range(2))
    assert one.result.best == two.result.best
    assert (one.folder / "model.safetensors").read_bytes() == (two.folder / "model.safetensors").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_stop_keeps_what_there_is(train, material, new_reporter, name):
    stopped = train(name, {**FAST, "epochs": 1}, material=material, reporter=new_reporter(stop_at_step=2))
    assert stopped.result.stopped_early
    assert plainly(stopped.folder, ["abc"]).shape == (1, 32)
    with pytest.raises(Stopped):
        train(name, FAST, material=material, reporter=new_reporter(stop_at_phase="Loading the model"))


def same_pair_again(label):
    return tuple(LabelledPair("abcd", "anbncndn", label) for _ in range(40))


@pytest.mark.parametrize("name", PAIRED)
@pytest.mark.parametrize(
    "pairs",
    [
        (),
        tuple(LabelledPair(f"a{n}", f"b{n}", n % 2) for n in range(7)),
        tuple(LabelledPair(f"a{n}", f"b{n}", 1.0) for n in range(40)),
        same_pair_again(1.0),
        same_pair_again(0.0) + same_pair_again(1.0),
    ],
    ids=["none", "seven", "one label", "the same pair", "the same pair with two labels"],
)
def test_too_little_is_refused_in_words(train, name, pairs):
    with pytest.raises(TooLittleData) as caught:
        train(name, FAST, material=Material(labelled=pairs))
    assert "标注" in caught.value.text("zh")
    assert "label" in caught.value.text("en")


@pytest.mark.parametrize(
    "triplets",
    [
        (),
        tuple(LabelledPair(f"a{n}", f"b{n}", 1.0, f"c{n}") for n in range(7)),
        tuple(LabelledPair("a", "b", 1.0, "c") for _ in range(40)),
        tuple(LabelledPair(f"a{n}", f"b{n}", 1.0, f"B{n} ") for n in range(40)),
        tuple(LabelledPair(f"a{n}", f"b{n}", 1.0) for n in range(40)),
    ],
    ids=["none", "seven", "the same", "negative is the positive", "no negative"],
)
def test_too_few_triplets_are_refused_in_words(train, triplets):
    with pytest.raises(TooLittleData) as caught:
        train("contrastive_triplet", FAST, material=Material(triplets=triplets))
    assert "三元组" in caught.value.text("zh")
    assert "triplets" in caught.value.text("en")


def test_no_text_is_on_both_sides_and_nothing_is_lost_where_pairs_stand_alone():
    pairs = [LabelledPair(f"a{n}", f"b{n}", n % 2) for n in range(200)]
    train, held = held_out(pairs, seed=1)
    assert len(held) == 20
    assert len(train) == 180
    assert held_out(pairs, seed=1) == (train, held)
    assert held_out(pairs, seed=2) != (train, held)


def test_pairs_that_hang_together_are_cut_at_the_cost_of_a_tenth_at_most():
    pairs = [LabelledPair(f"a{a}", f"a{b}", a % 2) for a, b in pairwise(range(401))]
    train, held = held_out(pairs, seed=1)
    assert len(held) >= 8
    assert len(train) >= 0.9 * len(pairs)
    texts = [{text for pair in side for text in (pair.text1, pair.text2)} for side in (train, held)]
    assert not texts[0] & texts[1]


def test_texts_of_one_meaning_in_different_forms_count_as_the_same_text():
    pairs = [LabelledPair(f"a{n}" if n % 2 else f" A{n + 1}", f"b{n}", n % 2) for n in range(200)]
    train, held = held_out(pairs, seed=1)
    texts = [
        {text.strip().lower() for pair in side for text in (pair.text1, pair.text2)} for side in (train, held)
    ]
    assert held
    assert not texts[0] & texts[1]


@pytest.mark.parametrize("pairs", [[LabelledPair(f"a{n}", f"b{n}", n % 2) for n in range(60)], []])
def test_of_few_pairs_none_is_held_out(pairs):
    assert held_out(pairs, seed=1) == (pairs, [])


def test_no_more_pairs_are_taken_than_was_asked_for_or_than_memory_holds(
    toy_data, tiny_model_folder, monkeypatch
):
    from training.conftest import Working

    from workbench.training.registry import StageContext

    pairs = [LabelledPair(f"a{n}", f"b{n}", n % 2) for n in range(200)]
    parameters = {"most_pairs": 50, "max_length": 16}
    contexts = [StageContext(toy_data, Working(tiny_model_folder), None, None, seed) for seed in (0, 1)]
    some = [drawn(context, parameters, pairs) for context in contexts]
    assert [len(each) for each in some] == [50, 50]
    assert some[0] != some[1]
    assert some[0] == drawn(contexts[0], parameters, pairs)
    assert some[0] == sorted(some[0], key=pairs.index)
    # 10 pairs of two texts of at most 4 + 4 tokens, each of 32 numbers of 4 bytes
    monkeypatch.setattr("workbench.training.labelled.CACHE_BYTES", 10 * 2 * 8 * 32 * 4)
    assert 10 <= len(drawn(contexts[0], parameters, pairs)) < 15


def test_rank_correlation_is_that_of_the_ranks():
    assert spearman(np.array([0.1, 0.5, 0.9]), np.array([1.0, 10.0, 11.0])) == pytest.approx(100)
    assert spearman(np.array([0.9, 0.5, 0.1]), np.array([1.0, 10.0, 11.0])) == pytest.approx(-100)
    # ranks 1 2 3 4 against 1.5 1.5 3.5 3.5: covariance 1, deviations sqrt(1.25) and 1
    assert spearman(np.array([1.0, 2, 3, 4]), np.array([0.0, 0, 1, 1])) == pytest.approx(100 / 1.25**0.5)
    assert spearman(np.array([1.0, 1.0]), np.array([0.0, 1.0])) == 0.0


def test_an_instruction_stands_before_the_first_text_only():
    pairs = [LabelledPair("abc", "cba", 1.0), LabelledPair("cba", "abc", 0.5)]
    texts = LabelledTexts(pairs, INSTRUCTIONS["query"], 100)
    assert texts.texts == ["query: abc", "cba", "query: cba", "abc"]
    assert texts.pairs.tolist() == [[100, 101], [102, 103]]
    assert texts.labels.tolist() == [1.0, 0.5]


def test_an_instruction_changes_what_is_learnt(train, material, trained):
    few = {**FAST, "epochs": 1}
    with_words = train("cosent", {**few, "instruction": "query"}, material=material)
    without = train("cosent", few, material=material)
    assert with_words.result.best != without.result.best


@pytest.mark.parametrize(("share", "labelled"), [(0.0, 0.6), (0.25, 0.25), (0.9, 0.9)])
def test_a_mixture_has_the_share_of_labelled_batches_that_was_asked_for(
    toy_data, tiny_model_folder, material, share, labelled
):
    import torch
    from training.conftest import Working

    from workbench.training.registry import StageContext, stage
    from workbench.training.stages.mixture import Mixture

    context = StageContext(toy_data, Working(tiny_model_folder), None, None, 0, material)
    parameters = stage("mixture").checked({"labelled_share": share, "batch_size": 8})
    mixture = Mixture(context, parameters)
    count = len(toy_data.anchors)
    if not share:
        labelled = (mixture.examples - count) / mixture.examples
    generator = torch.Generator().manual_seed(0)
    for _ in range(2):
        kinds = []
        for rows in mixture.epoch(generator):
            of_pairs = rows >= count
            assert of_pairs.all() or not of_pairs.any()
            assert int(rows.max()) < mixture.examples
            kinds.append(bool(of_pairs[0]))
        assert np.mean(kinds) == pytest.approx(labelled, abs=0.05)
        halves = np.array_split(kinds, 2)
        assert np.mean(halves[0]) == pytest.approx(np.mean(halves[1]), abs=0.1)  # spread evenly
