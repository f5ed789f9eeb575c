import json

import numpy as np
import pytest

from workbench.errors import TrainingProblem
from workbench.evaluation.split import make_split, part_of
from workbench.search.similarity import PROBABILITY_MEANING, Calibrator
from workbench.types import Pair


def world(concepts=200, synonyms=3, spread=0.6, squeeze=0.0, seed=0):
    """A dictionary and vectors where synonyms lie near their concept; ``squeeze`` adds a common direction."""
    rng = np.random.default_rng(seed)
    pairs = [Pair(f"s{c}", f"y{c} {s}") for c in range(concepts) for s in range(synonyms)]
    vectors = {}
    for c in range(concepts):
        centre = rng.normal(size=16)
        for term in [f"s{c}", *(f"y{c} {s}" for s in range(synonyms))]:
            vectors[term] = (centre + spread * rng.normal(size=16) + squeeze * np.ones(16)).astype(np.float32)
    return pairs, vectors, make_split(pairs)


@pytest.fixture(scope="module")
def fitted():
    pairs, vectors, split = world()
    return Calibrator.fit(vectors, pairs, split)


def test_synonyms_are_likely_and_random_pairs_are_not(fitted):
    pairs, vectors, split = world()
    tested = [pair for pair in pairs if part_of(pair.standard, split) == "test"]
    near = [fitted.similarity(vectors[p.standard], vectors[p.synonym], True) for p in tested]
    far = [
        fitted.similarity(vectors[p.standard], vectors[q.synonym], False)
        for p, q in zip(tested, tested[9:], strict=False)
    ]
    assert np.mean([s.probability for s in near]) > 0.8
    assert np.mean([s.probability for s in far]) < 0.1
    assert np.mean([s.percentile for s in near]) > 99
    assert np.mean([s.percentile for s in far]) == pytest.approx(50, abs=8)
    assert near[0].known_synonyms is True
    assert far[0].known_synonyms is False


def test_probability_and_percentile_never_fall_as_the_cosine_grows(fitted):
    grid = np.linspace(-1, 1, 500)
    probabilities = [fitted.probability(c) for c in grid]
    percentiles = [fitted.percentile(c) for c in grid]
    assert fitted.slope > 0
    assert np.all(np.diff(probabilities) > 0)
    assert np.all(np.diff(percentiles) >= 0)
    assert (percentiles[0], percentiles[-1]) == (0, 100)
    assert 0 <= probabilities[0] < 0.01 < 0.95 < probabilities[-1] <= 1


def test_a_model_whose_cosines_all_lie_close_together_is_calibrated_as_well():
    pairs, vectors, split = world(squeeze=4.0)
    calibrator = Calibrator.fit(vectors, pairs, split)
    other = lambda term: vectors["s" + str((int(term[1:]) + 1) % 200)]
    near = [calibrator.similarity(vectors[p.standard], vectors[p.synonym], True) for p in pairs]
    far = [calibrator.similarity(vectors[p.standard], other(p.standard), False) for p in pairs]
    assert np.mean([s.cosine for s in far]) > 0.9
    assert np.mean([s.probability for s in near]) > 0.7
    assert np.mean([s.probability for s in far]) < 0.15


def test_the_probability_is_about_the_share_that_it_is_said_to_be():
    # On the test part: as many synonym pairs as others, these half random, half among the 50 nearest.
    pairs, vectors, split = world(concepts=900, synonyms=2, spread=0.5)
    calibrator = Calibrator.fit(vectors, pairs, split)
    rng = np.random.default_rng(7)
    concept = lambda term: term.split()[0][1:]
    terms = np.array(sorted(vectors))
    matrix = np.stack([vectors[term] / np.linalg.norm(vectors[term]) for term in terms])
    concepts = np.array([concept(term) for term in terms])
    near, far = [], []
    for pair in pairs:
        if part_of(pair.standard, split) == "test":
            query = vectors[pair.synonym] / np.linalg.norm(vectors[pair.synonym])
            near.append(query @ vectors[pair.standard] / np.linalg.norm(vectors[pair.standard]))
            others = np.sort((matrix @ query)[concepts != concept(pair.synonym)])
            far.append(rng.choice(others if len(far) % 2 else others[-50:]))
    promised = np.array([calibrator.probability(c) for c in near + far])
    true = np.array([1.0] * len(near) + [0.0] * len(far))
    assert len(near) == 360
    assert promised.mean() == pytest.approx(0.5, abs=0.05)
    for low, high in [(0.0, 0.2), (0.2, 0.8), (0.8, 1.0)]:
        band = (promised >= low) & (promised < high)
        assert band.sum() > 100
        assert true[band].mean() == pytest.approx(promised[band].mean(), abs=0.2)
    assert true[promised < 0.2].mean() < 0.1
    assert true[promised > 0.8].mean() > 0.9


def test_the_percentile_is_the_share_of_random_pairs_that_are_less_alike(fitted):
    _, vectors, _ = world()
    concept = lambda term: term.split()[0][1:]
    terms = sorted(vectors)
    rng = np.random.default_rng(99)
    picks = [(terms[i], terms[j]) for i, j in rng.integers(0, len(terms), (20000, 2))]
    unit = {t: v / np.linalg.norm(v) for t, v in vectors.items()}
    cosines = np.array([unit[a] @ unit[b] for a, b in picks if concept(a) != concept(b)])
    for c in (-0.3, 0.0, 0.2, 0.5):
        assert fitted.percentile(c) == pytest.approx(100 * np.mean(cosines < c), abs=1.5)


def test_the_dev_part_is_enough_or_train_helps_out(fitted):
    assert fitted.parts == ("dev",)
    assert fitted.positives == 60
    pairs, vectors, split = world(concepts=20, synonyms=2)
    small = Calibrator.fit(vectors, pairs, split)
    assert small.parts == ("dev", "train")
    assert small.positives == sum(part_of(pair.standard, split) != "test" for pair in pairs)


def test_test_terms_do_not_enter_the_probability():
    pairs, vectors, split = world()
    rng = np.random.default_rng(5)
    moved = {
        term: rng.normal(size=16).astype(np.float32) if part_of(term, split) == "test" else vector
        for term, vector in vectors.items()
    }
    one, other = Calibrator.fit(vectors, pairs, split), Calibrator.fit(moved, pairs, split)
    assert (one.slope, one.intercept) == (other.slope, other.intercept)
    assert one.quantiles != other.quantiles


def test_hard_pairs_make_the_calibration_stricter():
    # Families of 20 concepts that lie close together: to random pairs alone a sister looks like a synonym.
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(1)
    pairs, vectors = [], {}
    for family in range(30):
        centre = rng.normal(size=16)
        for c in range(20):
            concept = centre + 0.5 * rng.normal(size=16)
            pairs.append(Pair(f"s{family}-{c}", f"y{family}-{c}"))
            vectors |= {
                term: concept + 0.3 * rng.normal(size=16) for term in (pairs[-1].standard, pairs[-1].synonym)
            }
    calibrator = Calibrator.fit(vectors, pairs, make_split(pairs))
    cosine = lambda a, b: calibrator.similarity(vectors[a], vectors[b], False).cosine
    near = [cosine(p.standard, p.synonym) for p in pairs]
    strangers = [cosine(p.standard, pairs[(i + 300) % 600].synonym) for i, p in enumerate(pairs)]
    sisters = [cosine(p.standard, pairs[i - 1].synonym) for i, p in enumerate(pairs) if i % 20]
    lenient = LogisticRegression(C=100).fit(np.array(near + strangers)[:, None], [1] * 600 + [0] * 600)
    assert lenient.predict_proba(np.array(sisters)[:, None])[:, 1].mean() > 0.6
    assert np.mean([calibrator.probability(c) for c in sisters]) < 0.5
    assert np.mean([calibrator.probability(c) for c in near]) > 0.6


def test_where_hard_pairs_are_nearer_than_synonyms_random_ones_still_tell():
    pairs, vectors, split = world(concepts=1500, synonyms=2, spread=1.6)
    calibrator = Calibrator.fit(vectors, pairs, split)
    assert calibrator.slope > 0
    assert calibrator.probability(0.0) < 0.5 < calibrator.probability(0.6)


def test_a_model_that_knows_nothing_gets_an_even_chance_throughout():
    pairs, vectors, split = world()
    same = dict.fromkeys(vectors, np.ones(4))
    calibrator = Calibrator.fit(same, pairs, split)
    assert [calibrator.probability(c) for c in (-1, 0, 1)] == [0.5, 0.5, 0.5]
    assert calibrator.similarity(np.ones(4), np.ones(4), False).percentile in (0, 100)
    assert calibrator.percentile(0.5) == 0


def test_the_same_seed_gives_the_same_calibration_and_storage_keeps_it():
    pairs, vectors, split = world(concepts=60)
    first = Calibrator.fit(vectors, pairs, split, seed=1)
    shuffled = dict(sorted(vectors.items(), reverse=True))
    assert Calibrator.fit(shuffled, pairs[::-1], split, seed=1) == first
    assert Calibrator.fit(vectors, pairs, split, seed=2) != first
    assert Calibrator.from_json(json.loads(json.dumps(first.as_json()))) == first


def test_raw_forms_and_keys_of_terms_are_both_understood():
    pairs, vectors, split = world(concepts=60)
    shouted = {term.upper(): vector for term, vector in vectors.items()}
    assert Calibrator.fit(shouted, pairs, split) == Calibrator.fit(vectors, pairs, split)


def test_nothing_to_calibrate_on_is_refused_with_a_sentence():
    pairs, vectors, split = world(concepts=10)
    only_standards = {term: vector for term, vector in vectors.items() if " " not in term}
    for given in ({}, {"s1": vectors["s1"]}, only_standards, {"stranger": vectors["s1"]}):
        with pytest.raises(TrainingProblem) as caught:
            Calibrator.fit(given, pairs, split)
        assert "too few pairs" in caught.value.text("en")
        assert "词对" in caught.value.text("zh")


def test_what_the_probability_means_is_said_in_one_sentence_in_both_languages():
    assert PROBABILITY_MEANING.get("en").count(".") == 1
    assert PROBABILITY_MEANING.get("zh").count("。") == 1
