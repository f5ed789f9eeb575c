"""Every registered stage describes itself, and its parameters are checked in words."""

import pytest

from workbench.errors import BadParameter, NotFound
from workbench.training.recipes import DEFAULT_RECIPE, RECIPES, recipe
from workbench.training.registry import Workload, stage, stages

NAMES = (
    *("instant_map", "in_batch", "hard_negatives", "multi_similarity", "guided", "big_batch", "lora"),
    "cross_device",
    *("cosent", "angle", "cosine", "contrastive_triplet", "mixture", "merge"),
    *("simcse", "esimcse", "contrastive_tension", "tsdae", "diffcse", "promptbert", "mlm", "retromae"),
    *("word_vectors", "reranker"),
    *("synonym_adjustment", "retrofitting", "counter_fitting"),
)


@pytest.mark.parametrize("name", NAMES)
def test_a_stage_says_what_it_is_in_both_languages(name):
    spec = stage(name)
    assert spec.name == name
    for text in (spec.title, spec.help, *(t for p in spec.parameters for t in (p.title, p.help))):
        assert text.zh
        assert text.en
        assert text.zh != text.en
    assert "arXiv" in spec.source


@pytest.mark.parametrize("name", NAMES)
def test_the_defaults_are_within_their_own_ranges(name):
    spec = stage(name)
    assert spec.checked({}) == {p.name: p.default for p in spec.parameters}


@pytest.mark.parametrize("name", NAMES)
def test_the_ends_of_a_range_are_in_it_and_what_is_beyond_is_not(name):
    spec = stage(name)
    for parameter in spec.parameters:
        if parameter.minimum is None:
            continue
        beyond = 1 if parameter.kind == "int" else 1e-6
        for good in (parameter.minimum, parameter.maximum):
            assert spec.checked({parameter.name: good})[parameter.name] == good
        for bad in (parameter.minimum - beyond, parameter.maximum + beyond):
            with pytest.raises(BadParameter) as caught:
                spec.checked({parameter.name: bad})
            for language in ("zh", "en"):
                assert parameter.title.get(language) in caught.value.text(language)
                assert "{" not in caught.value.text(language)


@pytest.mark.parametrize("value", ["abc", "", None, [], {}, "nan", float("nan"), float("inf"), "1e999", 2.5])
def test_what_is_no_whole_number_is_refused_in_words(value):
    with pytest.raises(BadParameter):
        stage("instant_map").checked({"epochs": value})


@pytest.mark.parametrize("value", ["abc", "nan", float("nan"), float("-inf"), None])
def test_what_is_no_number_is_refused_in_words(value):
    with pytest.raises(BadParameter):
        stage("in_batch").checked({"temperature": value})


def test_texts_of_numbers_are_taken_as_the_command_line_gives_them():
    checked = stage("in_batch").checked({"epochs": "3", "temperature": "0.1", "layers": 2})
    assert (checked["epochs"], checked["temperature"], checked["layers"]) == (3, 0.1, "2")


def test_a_choice_outside_the_list_is_refused_with_the_list():
    with pytest.raises(BadParameter) as caught:
        stage("in_batch").checked({"layers": "5"})
    assert "all" in caught.value.text("en")


def test_an_unknown_parameter_is_refused_with_the_known_ones():
    with pytest.raises(BadParameter) as caught:
        stage("instant_map").checked({"speed": 1})
    assert "temperature" in caught.value.text("en")
    assert "speed" in caught.value.text("zh")


def test_unknown_stages_and_recipes_are_said_with_the_known_ones():
    with pytest.raises(NotFound) as caught:
        stage("magic")
    assert "instant_map" in caught.value.text("en")
    with pytest.raises(NotFound) as caught:
        recipe("magic")
    assert "finetune" in caught.value.text("en")


def test_every_recipe_is_made_of_registered_stages_and_the_default_is_one_of_them():
    assert recipe(DEFAULT_RECIPE).name == DEFAULT_RECIPE
    for each in RECIPES:
        for entry in each.stages:
            assert stages()[entry.stage].checked(entry.parameters)


@pytest.mark.parametrize("name", NAMES)
def test_an_estimate_grows_with_the_work(name):
    spec = stage(name)
    repeats = any(parameter.name == "epochs" for parameter in spec.parameters)
    parameters = spec.checked({"epochs": 4} if repeats else {})
    small, large = (Workload(pairs, pairs, 12, 400.0) for pairs in (1_000, 100_000))
    assert 0 < spec.estimate(small, parameters) < spec.estimate(large, parameters)
    assert spec.estimate(large, parameters) <= spec.estimate(large, {**parameters, "epochs": 8})
