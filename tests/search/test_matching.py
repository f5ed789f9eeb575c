"""Matching a list against a dictionary: known terms match themselves, doubtful ones are said to be so."""

from dataclasses import replace

import numpy as np
import pytest

from workbench.errors import BadParameter, TooLittleData
from workbench.evaluation.split import distinct_terms, make_split, part_of
from workbench.normalise import term_key
from workbench.search.matching import Matcher
from workbench.types import Pair

CONCEPTS = 300


@pytest.fixture(scope="module")
def world():
    """Concepts with a direction each; synonyms lie around it, some of them far off."""
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(CONCEPTS, 24))
    vectors, pairs, held = {}, [], []
    for number, centre in enumerate(centres):
        names = [f"term {number} {letter}" for letter in "abcd"]
        for place, name in enumerate(names):
            vectors[name] = centre + rng.normal(size=24) * (0.3 if place == 0 else rng.uniform(0.3, 1.4))
        pairs += [Pair(names[0], names[1]), Pair(names[0], names[2])]
        held.append((names[3], names[0]))
    return vectors, pairs, held


def of(words, vectors):
    return np.array([vectors[word] for word in words])


@pytest.fixture(scope="module")
def matcher(world):
    vectors, pairs, _ = world
    terms = list(distinct_terms(pairs).values())
    return Matcher(pairs, terms, of(terms, vectors), make_split(pairs, seed=1))


@pytest.mark.parametrize("precision", [0.7, 0.8, 0.9, 0.95])
def test_the_promised_precision_holds_for_terms_that_were_never_seen(world, matcher, precision):
    vectors, _, held = world
    threshold = matcher.threshold(precision)
    found = matcher.match([word for word, _ in held], of([word for word, _ in held], vectors), threshold)
    right = [match.standard == want for match, (_, want) in zip(found, held, strict=True) if match.accepted]
    assert len(right) > 30
    assert np.mean(right) >= precision - 0.02
    assert threshold.precision >= precision


def test_the_more_is_asked_for_the_less_is_accepted(matcher):
    coverage = [matcher.threshold(share).coverage for share in (0.5, 0.7, 0.9, 0.97)]
    assert coverage == sorted(coverage, reverse=True)
    assert coverage[0] > coverage[-1]


def test_what_no_dictionary_has_is_doubtful(world, matcher):
    rng = np.random.default_rng(9)
    strangers = [f"stranger {number}" for number in range(200)]
    found = matcher.match(strangers, rng.normal(size=(200, 24)), matcher.threshold(0.9))
    assert sum(match.accepted for match in found) < 10


def test_a_term_of_the_dictionary_matches_itself_however_it_is_written(world, matcher):
    vectors, _, _ = world
    term = "ＴＥＲＭ　7 b"
    (found,) = matcher.match([term], of(["term 7 b"], vectors), matcher.threshold(0.99))
    assert (found.standard, found.known, found.accepted) == ("term 7 a", True, True)
    (blank,) = matcher.match(["  "], np.zeros((1, 24)), matcher.threshold(0.9))
    assert (blank.standard, blank.accepted) == ("", False)
    assert matcher.match([], np.empty((0, 24)), matcher.threshold(0.9)) == []


def test_test_terms_are_not_learnt_from(world, matcher):
    vectors, pairs, _ = world
    split = make_split(pairs, seed=1)
    terms = list(distinct_terms(pairs).values())
    assert matcher.threshold(0.8).parts == ("dev",)
    synonyms = {term_key(pair.synonym) for pair in pairs}
    assert matcher.threshold(0.8).examples == sum(part_of(key, split) == "dev" for key in synonyms)
    only_test = replace(split, parts=dict.fromkeys(split.parts, "test"))
    with pytest.raises(TooLittleData):
        Matcher(pairs, terms, of(terms, vectors), only_test)


def test_a_model_that_knows_nothing_accepts_nothing(world):
    _, pairs, held = world
    terms = list(distinct_terms(pairs).values())
    rng = np.random.default_rng(2)
    matcher = Matcher(
        pairs, [f"{term}" for term in terms], rng.normal(size=(len(terms), 24)), make_split(pairs)
    )
    threshold = matcher.threshold(0.95)
    assert threshold.probability == float("inf")
    assert not any(
        match.accepted
        for match in matcher.match([w for w, _ in held], rng.normal(size=(CONCEPTS, 24)), threshold)
    )


def test_refusals(world, matcher):
    _, pairs, _ = world
    for value in (0.0, 1.0, float("nan")):
        with pytest.raises(BadParameter):
            matcher.threshold(value)
    with pytest.raises(ValueError, match="terms but"):
        Matcher(pairs, ["a"], np.zeros((2, 3)), make_split(pairs))
    with pytest.raises(TooLittleData):
        Matcher([], [], np.empty((0, 3)), make_split(pairs))
