"""Listed terms are moved and no others; each technique computes what its paper says; models are ordinary."""

import json
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from workbench.errors import TooLittleData, TrainingProblem
from workbench.evaluation.retrieval import build_benchmark
from workbench.evaluation.split import make_split
from workbench.localtext import LocalText
from workbench.services import Services
from workbench.settings import Settings
from workbench.training.dataset import build_training_set
from workbench.training.postprocessing import Listed
from workbench.training.queueing import queue_run
from workbench.training.registry import stage
from workbench.training.stages.counter_fitting import counter_fitted
from workbench.training.stages.retrofitting import retrofitted
from workbench.training.stages.synonym_adjustment import adjusted
from workbench.training.worker import run_job
from workbench.types import Pair

STAGES = ("synonym_adjustment", "retrofitting", "counter_fitting")


@pytest.fixture(scope="session")
def apart(toy_data):
    """Pairs of training terms of different concepts, marked as not synonyms."""
    standards = np.unique(toy_data.positives)
    return np.sort(standards[:20].reshape(10, 2), axis=1)


@pytest.fixture(scope="session")
def processed(train, toy_data, apart):
    data = replace(toy_data, apart=apart)
    return {name: train(name, data=data) for name in STAGES}


@pytest.fixture(scope="session")
def base_vectors(toy_data, tiny_model_folder, fp32):
    return ours(tiny_model_folder, toy_data.terms)


def plainly(folder, texts):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)


def ours(folder, texts):
    from workbench.models.encoder import TextEncoder
    from workbench.models.loading import load_model

    return TextEncoder(load_model(folder), precision="fp32").encode(texts)


def listed_of(pairs, vectors, apart=()):
    pairs = np.array(pairs, np.int64).reshape(-1, 2)
    apart = np.array(apart, np.int64).reshape(-1, 2)
    return Listed(np.arange(len(vectors)), np.asarray(vectors, np.float32), pairs, apart)


def random_vectors(count, width=6, seed=4):
    vectors = np.random.default_rng(seed).normal(size=(count, width))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


# -- what the three share ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", STAGES)
def test_it_learns_the_listed_terms(processed, name, base_vectors, recall_on_training_pairs):
    before, after = (
        recall_on_training_pairs(base_vectors),
        recall_on_training_pairs(processed[name].result.vectors),
    )
    assert after > before + 0.3


@pytest.mark.parametrize("name", STAGES)
def test_unlisted_terms_keep_the_vectors_of_the_base(processed, name, base_vectors, toy_data):
    moved = ours(processed[name].folder, toy_data.terms)
    unlisted = np.setdiff1d(np.arange(len(toy_data.terms)), toy_data.training_terms)
    assert len(unlisted) > 50
    np.testing.assert_allclose(moved[unlisted], base_vectors[unlisted], atol=1e-6)


@pytest.mark.parametrize("name", STAGES)
def test_texts_outside_the_dictionary_keep_the_vectors_of_the_base(processed, name, tiny_model_folder):
    strangers = ["qqqzzz", "a much longer text of another kind", "越野车", "混凝土 4x4", "suv"]
    np.testing.assert_allclose(
        plainly(processed[name].folder, strangers), plainly(tiny_model_folder, strangers), atol=1e-6
    )


@pytest.mark.parametrize("name", STAGES)
def test_the_saved_model_is_an_ordinary_one_with_the_vectors_that_were_measured(processed, name, toy_data):
    run = processed[name]
    np.testing.assert_allclose(plainly(run.folder, toy_data.terms), run.result.vectors, atol=1e-4)
    np.testing.assert_allclose(ours(run.folder, toy_data.terms), run.result.vectors, atol=1e-4)
    modules = [each["type"] for each in json.loads((run.folder / "modules.json").read_text())]
    assert [module.rpartition(".")[2] for module in modules][-3:] == ["Dense", "Dense", "Normalize"]
    assert all(module.startswith("sentence_transformers.") for module in modules)
    assert not list(run.folder.rglob("*.py"))


@pytest.mark.parametrize("name", STAGES)
def test_it_says_that_only_the_listed_terms_moved(processed, name, toy_data):
    chosen = processed[name].result.chosen
    assert chosen["listed"] + chosen["left"] == len(toy_data.training_terms)
    assert chosen["listed"] > 0.9 * len(toy_data.training_terms)
    told = LocalText.from_json(chosen["told"])
    for language, words in (("zh", "其他词的向量与原来一样"), ("en", "unseen terms gain nothing")):
        assert words in told.get(language)
        assert str(chosen["listed"]) in told.get(language)
    for language, words in (("zh", "其他词和没见过的词"), ("en", "unseen ones too, stay exactly")):
        assert words in stage(name).help.get(language)


@pytest.mark.parametrize("name", STAGES)
def test_the_development_synonyms_lose_next_to_nothing(processed, name):
    result = processed[name].result
    assert result.best.choice >= result.base.choice - 150 / 18
    assert result.chosen["alpha"] == 1
    first = next(point for point in processed[name].reporter.points if point[0] == "dev_mrr@10")
    assert first[1:] == (0, result.base.mrr10)


@pytest.mark.parametrize("name", STAGES)
def test_the_same_again_gives_the_same(train, processed, name, toy_data, apart):
    again = train(name, data=replace(toy_data, apart=apart))
    np.testing.assert_array_equal(again.result.vectors, processed[name].result.vectors)
    assert again.result.chosen == processed[name].result.chosen


def test_moves_that_bury_the_others_are_made_weaker_or_dropped(train, toy_data, monkeypatch):
    from workbench.training import postprocessing

    base = train("instant_map", {"learning_rate": 1e-2}).folder
    base_vectors = ours(base, toy_data.terms)
    queries = toy_data.indices(toy_data.dev.queries)

    def bury(listed):
        """Every listed term goes where a development synonym is: it takes the first place there."""
        yield base_vectors[queries[np.arange(len(listed.terms)) % len(queries)]], 0.0

    spec = stage("retrofitting")
    from workbench.training.stages import retrofitting

    monkeypatch.setattr(retrofitting, "retrofitted", lambda listed, hold, rounds: bury(listed))
    run = train(spec.name, {"rounds": 1}, base=base)
    worst = postprocessing.LEAST_SEEN / len(toy_data.dev.queries)
    assert run.result.best.choice >= run.result.base.choice - worst
    assert run.result.chosen["alpha"] < 1
    if not run.result.chosen["alpha"]:
        np.testing.assert_allclose(run.result.vectors, base_vectors, atol=1e-6)


def test_stop_keeps_the_rounds_so_far(train, new_reporter, toy_data):
    reporter = new_reporter(stop_at_step=2)
    stopped = train("synonym_adjustment", reporter=reporter)
    assert stopped.result.stopped_early
    assert stopped.result.chosen["epoch"] == 2
    np.testing.assert_allclose(plainly(stopped.folder, toy_data.terms), stopped.result.vectors, atol=1e-4)


def test_a_second_stage_upon_it_works(train, processed, toy_data):
    base = processed["retrofitting"].folder
    tuned = train("in_batch", {"epochs": 1, "learning_rate": 1e-4, "batch_size": 32}, base=base)
    assert tuned.result.base.mrr10 == pytest.approx(processed["retrofitting"].result.best.mrr10, abs=1)
    assert plainly(tuned.folder, toy_data.terms).shape == (len(toy_data.terms), 32)
    again = train("synonym_adjustment", base=base)
    np.testing.assert_allclose(plainly(again.folder, toy_data.terms), again.result.vectors, atol=1e-4)


def test_a_base_that_gives_all_terms_one_vector_is_refused(train, toy_pairs):
    unknown = [Pair(f"{chr(0x5000 + i)}", f"{chr(0x6000 + i)}", i + 2) for i in range(60)]
    data = build_training_set(unknown, make_split(unknown, seed=13))
    with pytest.raises(TrainingProblem) as caught:  # the tiny model has no token for any of them
        train("retrofitting", data=data)
    assert "基础模型" in caught.value.text("zh")
    assert "base model" in caught.value.text("en")


@pytest.mark.parametrize(
    "pairs",
    [
        [Pair("a", "b", 2), Pair("c", "d", 3), Pair("e", "f", 4), Pair("g", "h", 5)],
        [Pair(f"word{i}", f"word{i}", i + 2) for i in range(40)]
        + [Pair("a", "b"), Pair("c", "d"), Pair("e", "f")],
    ],
    ids=["too few pairs", "each term paired with itself"],
)
def test_too_little_data_is_refused_in_words(pairs):
    with pytest.raises(TooLittleData) as caught:
        build_training_set(pairs, make_split(pairs, seed=13))
    assert caught.value.text("zh") != caught.value.text("en")


def test_held_out_synonyms_and_other_parts_are_not_listed(toy_pairs, toy_split, toy_data, base_vectors):
    listed = Listed.of(toy_data, base_vectors)
    terms = {toy_data.terms[i] for i in listed.terms}
    for part, view in (("test", "unseen"), ("dev", "unseen"), ("train", "seen")):
        benchmark = build_benchmark(toy_pairs, toy_split, part, view)
        assert benchmark.queries
        assert not terms & set(benchmark.queries)


# -- a whole run ------------------------------------------------------------------------------------


@pytest.fixture
def services(tmp_path, toy_csv, fp32):
    opened = Services(Settings.from_env({}, home=tmp_path / "home", warm_worker=False, threads=1))
    opened.save_dictionary("toy", opened.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    yield opened
    opened.close()


def test_a_run_is_neither_praised_nor_blamed_for_unseen_terms(services, tiny_model_folder):
    subject = services._subject("toy")
    settings = {"name": "listed", "parameters": None, "seed": 0}
    run = queue_run(services._workspace, subject, str(tiny_model_folder), "vectors", **settings)
    services._workspace.runs.claim_next()
    run_job(services.settings, run.id)
    run = services.run(run.id)
    assert run.state == "completed", run.message
    assert run.result["beats_base"] is None
    assert run.result["test"]["difference"]["verdict"] == "tied"
    said = run.message.get("en")
    assert "unseen terms gain nothing" in said
    assert "not offered" not in said
    assert services.neighbours("abcd", "listed", "toy", 3)


# -- synonym adjustment -----------------------------------------------------------------------------


def test_adjustment_is_the_loop_over_the_pairs():
    vectors = random_vectors(7)
    pairs = [(1, 0), (2, 0), (3, 0), (4, 5), (0, 5), (6, 3), (1, 2)]
    expected = vectors.astype(np.float64)
    for _ in range(3):
        for one, other in pairs:
            difference = expected[one] - expected[other]
            expected[one] = expected[one] - 0.3 * difference
            expected[other] = expected[other] + 0.3 * difference
    *_, (found, loss) = adjusted(listed_of(pairs, vectors), 0.3, 3)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    distances = [np.square(expected[one] - expected[other]).sum() for one, other in pairs]
    assert loss == pytest.approx(np.mean(distances), abs=1e-5)


def test_half_of_the_way_puts_two_onto_their_middle():
    vectors = random_vectors(2)
    [(found, loss)] = adjusted(listed_of([(0, 1)], vectors), 0.5, 1)
    np.testing.assert_allclose(found, np.tile(vectors.mean(0), (2, 1)), atol=1e-6)
    assert loss == pytest.approx(0, abs=1e-9)


# -- retrofitting -----------------------------------------------------------------------------------


@pytest.mark.parametrize("hold", [0.2, 1.0, 5.0])
def test_retrofitting_comes_to_the_solution_of_its_equations(hold):
    vectors = random_vectors(8)
    pairs = [(1, 0), (2, 0), (3, 0), (4, 5), (6, 7), (7, 4), (0, 1)]
    edges = {(min(pair), max(pair)) for pair in pairs}  # listed twice, an edge counts once
    adjacent = np.zeros((8, 8))
    for one, other in edges:
        adjacent[one, other] = adjacent[other, one] = 1
    means = adjacent / adjacent.sum(axis=1, keepdims=True)
    expected = np.linalg.solve((1 + hold) * np.eye(8) - means, hold * vectors)
    *_, (found, moved) = retrofitted(listed_of(pairs, vectors), hold, 200)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert moved < 1e-8


# -- counter-fitting --------------------------------------------------------------------------------

COUNTER = {"rounds": 60, "learning_rate": 0.1, "margin": 1.0, "apart_weight": 1.0, "keep_weight": 0.0}


def cosine(vectors, pair):
    return float(vectors[pair[0]] @ vectors[pair[1]])


def test_counter_fitting_draws_synonyms_together_and_pushes_marked_pairs_apart():
    vectors = random_vectors(6)
    vectors[3] = vectors[0] + 0.2 * vectors[3]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    *_, (found, _) = counter_fitted(listed_of([(1, 0), (4, 5)], vectors, [(0, 3)]), COUNTER)
    assert cosine(vectors, (0, 3)) > 0.9
    assert cosine(found, (0, 3)) < 0.1
    assert cosine(found, (1, 0)) > 0.99 > cosine(vectors, (1, 0))
    np.testing.assert_allclose(found[2], vectors[2], atol=1e-6)  # in no pair
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_the_objective_falls_and_is_the_sum_of_the_paper():
    vectors = random_vectors(6)
    near = vectors[0] + 0.2 * vectors[2]
    vectors[2] = near / np.linalg.norm(near)  # a neighbour within 0.2 that is neither synonym nor marked
    listed = listed_of([(1, 0), (4, 5)], vectors, [(0, 3)])
    rounds = list(counter_fitted(listed, {**COUNTER, "keep_weight": 0.5, "apart_weight": 2.0}))
    losses = [loss for _, loss in rounds]
    assert losses[-1] < losses[0]
    distance = {pair: 1 - cosine(rounds[0][0], pair) for pair in ((1, 0), (4, 5), (0, 3))}
    expected = 2 * max(0, 1 - distance[0, 3]) + distance[1, 0] + distance[4, 5]
    near = [pair for pair in combinations(range(6), 2) if cosine(vectors, pair) >= 0.8 and pair != (0, 3)]
    assert (0, 2) in near
    after = rounds[0][0]
    expected += 0.5 * sum(max(0, cosine(vectors, pair) - cosine(after, pair)) for pair in near)
    assert losses[1] == pytest.approx(expected / 6, abs=1e-5)


def test_neighbours_are_kept_where_that_counts():
    vectors = random_vectors(4, seed=9)
    near = vectors[0] + 0.3 * vectors[2]
    vectors[2] = near / np.linalg.norm(near)
    listed = listed_of([(1, 0)], vectors)

    def left(weight):
        *_, (found, _) = counter_fitted(listed, {**COUNTER, "keep_weight": weight})
        return cosine(found, (0, 2))

    assert left(0.0) < cosine(vectors, (0, 2)) - 0.1
    assert left(1.0) > left(0.0) + 0.05


def test_marks_that_push_apart_reach_the_saved_model(processed, toy_data, apart, base_vectors, train):
    without = train("counter_fitting").result.vectors
    with_marks = processed["counter_fitting"].result.vectors
    mean = {
        name: float((v[apart[:, 0]] * v[apart[:, 1]]).sum(axis=1).mean())
        for name, v in (("with", with_marks), ("without", without))
    }
    assert mean["with"] < mean["without"] - 0.1
