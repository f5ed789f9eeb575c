"""Word vectors from raw text learn what stands together, are ordinary models, and can be trained further."""

import random

import numpy as np
import pytest

from workbench.errors import Stopped, TooLittleData, TrainingProblem
from workbench.training.material import Material

SMALL = {"dimension": 24, "epochs": 12, "min_count": 1, "window": 2}
FAST = {"epochs": 6, "learning_rate": 3e-3, "batch_size": 16, "layers": "1"}


def sentences(toy_pairs, count=4):
    """Texts in which the terms of one concept stand among the same words, which tell what they mean."""
    rng = random.Random(3)
    around = {}
    for pair in toy_pairs:
        around.setdefault(pair.standard, [f"w{len(around)}{part}" for part in "abcd"])
    texts = []
    for pair in toy_pairs:
        for term in (pair.standard, pair.synonym):
            for _ in range(count):
                mates = around[pair.standard]
                rng.shuffle(mates)
                texts.append(" ".join([*mates[:2], term, *mates[2:]]))
    rng.shuffle(texts)
    return tuple(texts)


@pytest.fixture(scope="session")
def material(toy_pairs):
    return Material(corpus=sentences(toy_pairs))


@pytest.fixture(scope="session")
def learnt(train, material):
    """Each way of learning, once."""
    known = {}

    def of(**parameters):
        key = tuple(sorted(parameters.items()))
        if key not in known:
            known[key] = train("word_vectors", {**SMALL, **parameters}, material=material)
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

    return TextEncoder(load_model(folder)).encode(texts)


def table(folder):
    from safetensors.numpy import load_file

    return load_file(folder / "model.safetensors")["embedding.weight"]


@pytest.mark.parametrize("method", ["word2vec", "fasttext"])
@pytest.mark.parametrize("pooling", ["mean", "sif"])
def test_words_that_stand_in_the_same_places_become_alike(learnt, method, pooling):
    result = learnt(method=method, pooling=pooling).result
    assert result.best.mrr10 > result.base.mrr10 + 20
    assert result.best.recall10 > result.base.recall10 + 30
    assert not result.stopped_early


@pytest.mark.parametrize("method", ["word2vec", "fasttext"])
def test_the_model_is_an_ordinary_one_with_the_same_vectors_and_scores(learnt, method):
    from workbench.training.dataset import DevProbe

    trained = learnt(method=method, pooling="sif")
    terms = trained.data.terms
    np.testing.assert_allclose(plainly(trained.folder, terms), ours(trained.folder, terms), atol=1e-5)
    probe = DevProbe(trained.data, max_queries=600, max_documents=3000)
    vectors = plainly(trained.folder, [terms[number] for number in probe.needed])
    assert probe.score(vectors).mrr10 == pytest.approx(trained.result.best.mrr10, abs=1e-6)


def test_the_base_is_step_zero_and_each_epoch_is_looked_at(learnt, train, tiny_model_folder):
    trained = learnt(method="word2vec", pooling="sif")
    looks = [(step, value) for series, step, value in trained.reporter.points if series == "dev_mrr@10"]
    assert [step for step, _ in looks] == list(range(SMALL["epochs"] + 1))
    assert looks[0][1] == trained.result.base.mrr10
    assert max(value for _, value in looks[1:]) == trained.result.best.mrr10
    assert dict(looks)[trained.result.chosen["epoch"]] == trained.result.best.mrr10


@pytest.mark.parametrize("method", ["word2vec", "fasttext"])
def test_the_same_seed_gives_the_same_model_and_another_one_another(train, learnt, material, method):
    first = learnt(method=method, pooling="sif")
    again = train("word_vectors", {**SMALL, "method": method, "pooling": "sif"}, material=material)
    other = train("word_vectors", {**SMALL, "method": method, "pooling": "sif"}, material=material, seed=1)
    for name in ("model.safetensors", "tokenizer.json"):
        assert (first.folder / name).read_bytes() == (again.folder / name).read_bytes()
    assert not np.array_equal(table(first.folder), table(other.folder))


def test_a_model_that_is_worse_than_its_base_says_so(train, learnt, material):
    """The base is what the toy words were learnt from; one epoch of one word's room cannot beat it."""
    good = learnt(method="word2vec", pooling="sif")
    poor = train("word_vectors", {**SMALL, "dimension": 8, "epochs": 1}, base=good.folder, material=material)
    assert poor.result.best.choice < poor.result.base.choice == pytest.approx(good.result.best.choice)


def test_chinese_terms_of_the_dictionary_are_words(train, toy_data):
    """jieba would cut 预拌商品混凝土; a training term never is, and is found again in a text."""
    from dataclasses import replace

    from tokenizers import Tokenizer

    term = "预拌商品混凝土"
    first = int(toy_data.anchors[0])
    terms = tuple(term if number == first else each for number, each in enumerate(toy_data.terms))
    data = replace(toy_data, terms=terms)
    texts = tuple(f"工地 使用 {term} 浇筑 {a}{b}" for a in "梁柱板墙" for b in "一二三四五六七八九十甲乙丙丁")
    trained = train("word_vectors", SMALL, data=data, material=Material(corpus=texts))
    tokenizer = Tokenizer.from_file(str(trained.folder / "tokenizer.json"))
    assert tokenizer.encode(f"浇筑{term}", add_special_tokens=False).tokens == ["浇筑", term]


def test_without_enough_raw_text_it_is_refused_in_words(train):
    with pytest.raises(TooLittleData) as few:
        train("word_vectors", SMALL, material=Material(corpus=("abc def",) * 3))
    assert "16" in few.value.text("en")
    with pytest.raises(TooLittleData) as same:
        train("word_vectors", SMALL, material=Material(corpus=tuple(f"a b {n % 2}" for n in range(40))))
    assert "最少出现次数" in same.value.text("zh")
    assert "{" not in same.value.text("en")


def test_a_run_without_a_corpus_is_refused_before_it_starts():
    from workbench.training.material import check_sets
    from workbench.training.recipes import recipe
    from workbench.training.registry import stage

    needs = [need for entry in recipe("word_vectors").stages for need in stage(entry.stage).needs]
    with pytest.raises(TrainingProblem):
        check_sets(needs, [], [])
    check_sets(needs, ["laws"], [])


def test_stop_keeps_the_best_epoch_so_far_and_before_the_first_one_nothing(train, material, new_reporter):
    reporter = new_reporter(stop_at_step=2)
    stopped = train("word_vectors", SMALL, material=material, reporter=reporter)
    assert stopped.result.stopped_early
    assert stopped.result.chosen["epoch"] in (1, 2)
    assert plainly(stopped.folder, ["abc"]).shape == (1, SMALL["dimension"])
    early = new_reporter(stop_at_phase="Cutting the texts into words")
    with pytest.raises(Stopped):
        train("word_vectors", SMALL, material=material, reporter=early)


# -- a static model as the base of other stages ----------------------------------------------------


@pytest.fixture(scope="session")
def letters(tmp_path_factory, toy_pairs):
    """A static model that knows letters alone: random vectors, so that everything is still to be learnt."""
    from workbench.models.static_model import Segmentation, StaticTable, write_static_model, zipf

    folder = tmp_path_factory.mktemp("letters")
    words = list("abcdefghijklmnopqrstuvwxyz0123456789")
    vectors = np.random.default_rng(1).normal(size=(len(words), 24)).astype(np.float32)
    write_static_model(folder, StaticTable(Segmentation(words, zipf(len(words))), vectors, "mean"), "toy")
    return folder


@pytest.mark.parametrize("stage", ["in_batch", "multi_similarity", "hard_negatives", "big_batch"])
def test_the_table_learns_what_holds_for_unseen_words(train, letters, stage):
    trained = train(stage, {**FAST, "batch_size": 64 if stage == "big_batch" else 16}, base=letters)
    assert trained.result.best.mrr10 > trained.result.base.mrr10 + 5
    terms = trained.data.terms
    np.testing.assert_allclose(plainly(trained.folder, terms), ours(trained.folder, terms), atol=1e-5)
    changed = np.abs(table(trained.folder) - table(letters)).max(axis=1) > 1e-4
    assert changed[:26].all()  # letters occur
    assert not changed[26:36].any()  # digits do not: their rows are what they were


def test_tuning_a_table_repeats_with_its_seed_and_measures_what_it_saves(train, letters):
    from workbench.training.dataset import DevProbe

    first, again = (train("in_batch", FAST, base=letters) for _ in range(2))
    assert (first.folder / "model.safetensors").read_bytes() == (
        again.folder / "model.safetensors"
    ).read_bytes()
    probe = DevProbe(first.data, max_queries=600, max_documents=3000)
    vectors = ours(first.folder, [first.data.terms[number] for number in probe.needed])
    assert probe.score(vectors).mrr10 == pytest.approx(first.result.best.mrr10, abs=1e-6)


@pytest.mark.parametrize("stage", ["simcse", "contrastive_tension", "instant_map"])
def test_other_stages_run_on_a_static_model_and_leave_an_ordinary_one(train, letters, stage):
    trained = train(stage, {"epochs": 1}, base=letters)
    terms = trained.data.terms
    np.testing.assert_allclose(plainly(trained.folder, terms), ours(trained.folder, terms), atol=1e-5)
    assert trained.result.best.choice >= trained.result.base.choice


def test_a_map_can_be_put_on_it_and_the_words_below_tuned_and_merged(train, letters):
    mapped = train("instant_map", {"epochs": 2}, base=letters)
    tuned = train("in_batch", {**FAST, "epochs": 2}, base=mapped.folder)
    merged = train("merge", {"steps": 4}, base=tuned.folder, began_with=mapped.folder)
    terms = tuned.data.terms
    for folder in (tuned.folder, merged.folder):
        np.testing.assert_allclose(plainly(folder, terms), ours(folder, terms), atol=1e-5)


@pytest.mark.parametrize("stage", ["mlm", "retromae", "tsdae", "promptbert", "diffcse", "esimcse", "lora"])
def test_what_needs_a_transformer_is_refused_in_words(train, letters, material, stage):
    with pytest.raises(TrainingProblem) as caught:
        train(stage, {"epochs": 1}, base=letters, material=material)
    assert "Transformer" in caught.value.text("zh") or "层" in caught.value.text("zh")
    assert "layers" in caught.value.text("en") or "gap" in caught.value.text("en")
    assert "{" not in caught.value.text("zh")


def test_texts_without_a_known_piece_have_no_vector_and_break_nothing(letters):
    import torch

    from workbench.training.cutting import split_model

    model = split_model(letters, 2)
    model.prepare(["汽车", "", "  ", "abc"], lambda done: None)
    vectors = model.vectors(torch.arange(4)).detach().numpy()
    assert not vectors[:3].any()
    assert np.linalg.norm(vectors[3]) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("stage", ["synonym_adjustment", "retrofitting"])
def test_listed_terms_can_be_moved_on_a_static_model(train, learnt, stage):
    base = learnt(method="word2vec", pooling="sif").folder
    trained = train(stage, {}, base=base)
    terms = trained.data.terms
    after = plainly(trained.folder, terms)
    np.testing.assert_allclose(after, ours(trained.folder, terms), atol=1e-5)
    before = ours(base, terms)
    data = trained.data
    near = [(v[data.anchors] * v[data.positives]).sum(1).mean() for v in (before, after)]
    assert near[1] > near[0]
