"""Unsupervised stages and domain pre-training learn from raw text, and their results are ordinary models."""

import dataclasses
import random

import numpy as np
import pytest

from workbench.errors import TooLittleData, TrainingProblem
from workbench.training.material import Material

MEASURED = ("simcse", "esimcse", "contrastive_tension", "diffcse", "tsdae")  # by the development terms
GUESSING = ("mlm", "retromae", "promptbert")  # by their own guesses
STAGES = (*MEASURED, *GUESSING)
FAST = {
    **{name: {"epochs": 4, "learning_rate": 3e-3, "batch_size": 32, "layers": "1"} for name in MEASURED},
    **{
        name: {"epochs": 4, "learning_rate": 5e-3, "batch_size": 16, "layers": "1", "keep": "last"}
        for name in GUESSING
    },
    "tsdae": {"epochs": 10, "learning_rate": 5e-3, "batch_size": 16, "dropped": 0.4, "layers": "1"},
}


def words(count, least, most, partner):
    """Texts of letters a to m, each with a partner of n to z."""
    rng, texts = random.Random(11), {}
    while len(texts) < count:
        letters = rng.choices("abcdefghijklm", k=rng.randint(least, most))
        texts["".join(letter + partner(rng, letter) for letter in letters)] = None
    return Material(corpus=tuple(texts))


@pytest.fixture(scope="session")
def material_of():
    """What a stage reads: noisy words like the toy dictionary's, or such where a letter tells the next."""
    noisy = words(256, 4, 4, lambda rng, _: rng.choice("nopqrstuvwxyz"))
    regular = words(160, 2, 3, lambda _, letter: chr(ord(letter) + 13))
    return lambda name: regular if name in GUESSING else noisy


@pytest.fixture(scope="session")
def learnt(train, material_of):
    """Each stage trained once."""
    known = {}

    def of(name, **more):
        key = (name, *sorted(more.items()))
        if key not in known:
            known[key] = train(name, {**FAST[name], **more}, material=material_of(name))
        return known[key]

    return of


def plainly(folder, texts):
    """As anybody would load it, with nothing of the workbench."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)


def weights(folder):
    from safetensors.numpy import load_file

    return load_file(folder / "model.safetensors")


def losses(trained):
    return [value for series, _, value in trained.reporter.points if series == "loss"]


@pytest.mark.parametrize("name", MEASURED)
def test_it_learns_what_tells_words_apart_without_any_label(learnt, name):
    result = learnt(name).result
    assert result.best.mrr10 > result.base.mrr10 + 4
    assert result.best.recall10 > result.base.recall10 + 3


@pytest.mark.parametrize("name", GUESSING)
def test_the_encoder_learns_and_not_only_what_is_thrown_away(learnt, name):
    """Against the same run whose encoder hardly moves: that one guesses worse in the end."""
    frozen, moved = losses(learnt(name, learning_rate=1e-7)), losses(learnt(name))
    assert np.mean(moved[:2]) == pytest.approx(np.mean(frozen[:2]), rel=0.05)
    assert np.mean(moved[-6:]) < 0.97 * np.mean(frozen[-6:])


@pytest.mark.parametrize("name", STAGES)
def test_the_saved_model_is_an_ordinary_one_and_what_was_measured(learnt, name):
    from workbench.training.dataset import DevProbe

    trained = learnt(name)
    probe = DevProbe(trained.data, max_queries=600, max_documents=3000)
    vectors = plainly(trained.folder, [trained.data.terms[i] for i in probe.needed])
    assert probe.score(vectors).mrr10 == pytest.approx(trained.result.best.mrr10, abs=1e-6)


@pytest.mark.parametrize("name", STAGES)
def test_only_the_top_layers_change_and_nothing_is_added(learnt, name, tiny_model_folder):
    before, after = weights(tiny_model_folder), weights(learnt(name).folder)
    assert before.keys() == after.keys()
    changed = {key for key in before if not np.array_equal(before[key], after[key])}
    assert changed
    assert all("layer.1." in key for key in changed)


@pytest.mark.parametrize("name", ["esimcse", "retromae"])
def test_the_same_seed_gives_the_same_model_and_another_one_another(
    train, learnt, material_of, new_reporter, name
):
    first, again = learnt(name), train(name, FAST[name], material=material_of(name))
    assert losses(again) == losses(first)
    assert again.result.best == first.result.best
    model = "model.safetensors"
    assert (again.folder / model).read_bytes() == (first.folder / model).read_bytes()
    reporter = new_reporter(stop_at_step=2)
    other = train(name, FAST[name], material=material_of(name), seed=1, reporter=reporter)
    assert losses(other) != losses(first)[:2]


@pytest.mark.parametrize("name", ["contrastive_tension", "esimcse", "promptbert"])  # the loop is the same
def test_stop_keeps_a_model_and_until_then_all_went_as_always(train, learnt, material_of, new_reporter, name):
    reporter = new_reporter(stop_at_step=12)
    stopped = train(name, FAST[name], material=material_of(name), reporter=reporter)
    assert stopped.result.stopped_early
    assert losses(stopped) == losses(learnt(name))[:12]
    assert plainly(stopped.folder, ["abc"]).shape == (1, 32)


@pytest.mark.parametrize("name", STAGES)
def test_too_few_different_texts_are_refused_in_words(train, name):
    for texts in (("ab",) * 40, tuple("abcdefghijklmno"), ("  ", "", "\t", *"abcdefgh")):
        with pytest.raises(TooLittleData) as caught:
            train(name, FAST[name], material=Material(corpus=texts))
        assert "文本太少" in caught.value.text("zh")
        assert "Too few texts" in caught.value.text("en")


@pytest.mark.parametrize("name", ["mlm", "retromae", "promptbert"])
def test_a_model_without_a_token_for_gaps_is_refused_in_words(train, material_of, unmasked, name):
    with pytest.raises(TrainingProblem) as caught:
        train(name, FAST[name], material=material_of(name), base=unmasked)
    assert "TSDAE" in caught.value.text("zh")
    assert "gap" in caught.value.text("en")


@pytest.fixture(scope="session")
def unmasked(tmp_path_factory, tiny_model_folder):
    """The tiny model with a tokenizer that knows no mask."""
    import json
    import shutil

    folder = tmp_path_factory.mktemp("unmasked") / "model"
    shutil.copytree(tiny_model_folder, folder)
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text())
    config.pop("mask_token")
    path.write_text(json.dumps(config))
    (folder / "special_tokens_map.json").unlink(missing_ok=True)
    return folder


@pytest.mark.parametrize("name", ["mlm"])
def test_pre_training_keeps_its_last_state_even_where_an_earlier_one_scored_better(learnt, name):
    result = learnt(name).result
    assert result.chosen["epoch"] == FAST[name]["epochs"]
    assert result.chosen["alpha"] == 1.0
    best = learnt(name, keep="best").result
    assert best.best.mrr10 >= result.best.mrr10
    looked = [
        value for series, step, value in learnt(name).reporter.points if series == "dev_mrr@10" and step
    ]
    assert result.best.mrr10 == looked[-1]


def test_the_stages_of_a_recipe_follow_one_another(train, learnt, material_of):
    """Pre-trained, then without labels, then with the dictionary: each begins where the last one ended."""
    grounded = learnt("mlm")
    material = material_of("simcse")
    further = train("simcse", {**FAST["simcse"], "epochs": 1}, base=grounded.folder, material=material)
    assert further.result.base.mrr10 == pytest.approx(grounded.result.best.mrr10, abs=1e-6)
    given = {"epochs": 6, "learning_rate": 3e-3, "batch_size": 16, "layers": "2"}
    tuned = train("in_batch", given, base=further.folder)
    assert tuned.result.base.mrr10 == pytest.approx(further.result.best.mrr10, abs=1e-6)
    assert tuned.result.best.mrr10 > grounded.result.base.mrr10 + 10


def test_without_a_corpus_the_training_terms_are_read_and_no_others(train, monkeypatch):
    import workbench.training.stages.simcse as module

    seen = {}
    actual = module.fit_top_layers

    def spy(context, parameters, objective, texts):
        seen["texts"] = texts
        return actual(context, parameters, objective, texts)

    monkeypatch.setattr(module, "fit_top_layers", spy)
    trained = train("simcse", {**FAST["simcse"], "epochs": 1})
    data = trained.data
    assert set(seen["texts"]) == {data.terms[i] for i in data.training_terms}
    assert not set(seen["texts"]) & set(data.dev.queries)
    assert trained.result.chosen["texts"] == len(data.training_terms)


def test_sources_choose_corpus_terms_or_both(material_of, toy_data):
    from pathlib import Path

    from workbench.training.registry import StageContext
    from workbench.training.unlabelled import raw_texts

    corpus = material_of("simcse").corpus
    context = StageContext(toy_data, None, Path(), None, 0, Material(corpus=corpus))
    terms = {toy_data.terms[i] for i in toy_data.training_terms}
    for sources, texts in {"corpus": {*corpus}, "terms": terms, "both": {*corpus} | terms}.items():
        given = {"sources": sources, "most_texts": 8000, "max_length": 64}
        assert set(raw_texts(context, given, cached=False).texts) == texts


def test_a_large_corpus_is_drawn_from_by_number_and_by_memory(toy_data, tiny_model_folder, monkeypatch):
    from pathlib import Path

    from workbench.training import unlabelled
    from workbench.training.registry import StageContext

    @dataclasses.dataclass
    class Model:
        folder: Path

    texts = tuple(f"text {number:05d}" for number in range(5000))
    context = StageContext(toy_data, Model(tiny_model_folder), Path(), None, 3, Material(corpus=texts))
    given = {"most_texts": 1000, "max_length": 64, "sources": "corpus"}
    drawn = unlabelled.raw_texts(context, given, cached=True)
    assert len(drawn.texts) == 1000
    assert drawn.left_out == 4000
    assert list(drawn.texts) == sorted(drawn.texts)
    assert drawn.texts == unlabelled.raw_texts(context, given, cached=True).texts
    assert drawn.texts[-1] > "text 04900"  # from everywhere, not the first ones
    # 32 wide, 4 bytes: room for 100 texts of 14 tokens
    monkeypatch.setattr(unlabelled, "CACHE_BYTES", 32 * 4 * 14 * 100)
    assert len(unlabelled.raw_texts(context, given, cached=True).texts) == 100
    assert len(unlabelled.raw_texts(context, given, cached=False).texts) == 1000


def test_long_texts_are_cut_and_dictionary_terms_are_not(tiny_model_folder, fp32):
    import torch

    from workbench.training.cutting import split_model

    long = "abcdefgh" * 5
    split = split_model(tiny_model_folder, 1)
    split.prepare([long, long], lambda _: None, whole=1, longest=12)
    assert split._lengths.tolist() == [42, 12]
    whole, shortened = split.all_vectors(torch.arange(2)).numpy()
    np.testing.assert_allclose(whole, plainly(tiny_model_folder, [long])[0], atol=1e-4)
    np.testing.assert_allclose(shortened, plainly(tiny_model_folder, [long[:10]])[0], atol=1e-4)


def test_chinese_words_are_one_unit(tiny_model_folder):
    from workbench.models.loading import load_model
    from workbench.training.words import WordUnits

    tokenizer = load_model(tiny_model_folder).tokenizer
    ids = tokenizer("汽车 abc 混凝土", add_special_tokens=False)["input_ids"]
    units = WordUnits(tokenizer).of(ids)
    assert sorted(position for unit in units for position in unit) == list(range(len(ids)))
    assert [[tokenizer.convert_ids_to_tokens(ids[p]) for p in unit] for unit in units] == [
        ["汽", "车"],
        ["a", "##b", "##c"],
        ["混", "凝", "土"],
    ]


def test_states_of_spoilt_texts_are_those_of_prepared_ones(tiny_model_folder, fp32):
    """Padded together or run one by one, at the usual positions or given ones: the same vectors."""
    import torch

    from workbench.training.cutting import split_model

    texts = ["abc", "越野车", "a much longer text abcdefghijklm"]
    split = split_model(tiny_model_folder, 1)
    split.train(False)
    ids = split.token_ids(texts)
    with torch.no_grad():
        plain = torch.nn.functional.normalize(split.pooled(*split.states(ids)), dim=1)
        placed = torch.nn.functional.normalize(
            split.pooled(*split.states(ids, [list(range(len(row))) for row in ids])), dim=1
        )
        moved = split.pooled(*split.states(ids, [list(range(5, 5 + len(row))) for row in ids]))
    np.testing.assert_allclose(plain.numpy(), plainly(tiny_model_folder, texts), atol=1e-4)
    np.testing.assert_allclose(placed.numpy(), plain.numpy(), atol=1e-5)
    assert np.abs(moved.numpy() - placed.numpy()).max() > 1e-3


def test_a_twin_has_weights_of_its_own(tiny_model_folder, fp32):
    import torch

    from workbench.training.cutting import split_model

    split = split_model(tiny_model_folder, 1)
    split.prepare(["abc", "xyz"], lambda _: None)
    twin, rows = split.twin(), torch.arange(2)
    before = split.all_vectors(rows)
    torch.testing.assert_close(twin.all_vectors(rows), before)
    with torch.no_grad():
        for parameter in twin.trainable():
            parameter.add_(0.5)
    torch.testing.assert_close(split.all_vectors(rows), before)
    assert (twin.all_vectors(rows) - before).abs().max() > 0.01


@pytest.mark.model
@pytest.mark.parametrize("name", ["simcse", "esimcse", "contrastive_tension", "tsdae"])
def test_the_convolutional_base_learns_from_raw_text_as_well(train, material_of, bundled_settings, name):
    from workbench.models.catalogue import prepare

    base = prepare("use", bundled_settings)
    trained = train(name, {"layers": "all", "epochs": 1}, base=base, material=material_of(name))
    moved = np.abs(plainly_own(trained.folder) - plainly_own(base)).max()
    assert 1e-4 < moved < 1
    curve = losses(trained)
    assert curve[-1] < curve[0]


def plainly_own(folder):
    from workbench.models.encoder import TextEncoder
    from workbench.models.loading import load_model

    return TextEncoder(load_model(folder), precision="fp32").encode(("abc", "混凝土"))


@pytest.mark.model
@pytest.mark.parametrize("name", ["mlm", "retromae", "diffcse", "promptbert"])
def test_stages_that_need_layers_refuse_the_convolutional_base_in_words(
    train, material_of, bundled_settings, name
):
    from workbench.models.catalogue import prepare

    base = prepare("use", bundled_settings)
    with pytest.raises(TrainingProblem) as caught:
        train(name, {"layers": "all"}, base=base, material=material_of(name))
    assert "TSDAE" in caught.value.text("zh")
    assert "TSDAE" in caught.value.text("en")
