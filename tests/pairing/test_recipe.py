"""A recipe is checked when it is made, and comes back from JSON as it was."""

import json
import re

import pytest

from workbench.errors import BadParameter
from workbench.pairing.recipe import PairRecipe


def test_a_recipe_comes_back_from_json():
    recipe = PairRecipe(
        positives="all",
        cap_per_concept=5,
        terms_alone=False,
        templates=("{}对比车型使用手册", "the {} manual"),
        corpus="论坛",
        positive_share=0.25,
        negatives={"mined": 3, "random": 1},
        limit=77,
        near_duplicate=90,
        seed=4,
    )
    stored = json.loads(json.dumps(recipe.as_json(), ensure_ascii=False))
    assert PairRecipe.from_json(stored) == recipe
    assert recipe.share_of("mined") == 0.75
    assert recipe.share_of("lexical") == 0


def test_what_is_left_out_takes_its_default():
    assert PairRecipe.from_json({}) == PairRecipe()
    assert PairRecipe.from_json({"negatives_per_positive": 3}).positive_share == 0.25
    assert PairRecipe(positive_share=0.25).negatives_per_positive == 3


def test_blank_and_repeated_templates_are_taken_out():
    assert PairRecipe(templates=("{}手册", "  ", "{}手册 ", "{}说明")).templates == ("{}手册", "{}说明")


@pytest.mark.parametrize(
    "given",
    [
        {"positives": "some"},
        {"positive_share": 0},
        {"positive_share": 1.2},
        {"positive_share": "half"},
        {"positive_share": float("nan")},
        {"cap_per_concept": -1},
        {"cap_per_concept": 1.5},
        {"limit": 0},
        {"limit": True},
        {"near_duplicate": 10},
        {"terms_alone": "yes"},
        {"terms_alone": False},
        {"corpus": 3},
        {"templates": "{}手册"},
        {"templates": ["没有空位"]},
        {"templates": ["{}和{}"]},
        {"templates": ["{}"]},
        {"templates": ["{}" + "长" * 600]},
        {"templates": [3]},
        {"templates": 3},
        {"templates": [f"{{}}{n}" for n in range(101)]},
        {"negatives": {"hard": 1}},
        {"negatives": {"random": -1}},
        {"negatives": {"random": float("inf")}},
        {"negatives": {"random": 0}},
        {"negatives": 3},
        {"negatives_per_positive": -1},
        {"unheard_of": 1},
        [],
        None,
    ],
)
def test_what_cannot_be_used_is_refused_in_words(given):
    with pytest.raises(BadParameter) as refusal:
        PairRecipe.from_json(given)
    for language in ("zh", "en"):
        text = refusal.value.text(language)
        assert len(text) > 8
        assert not re.search(r"\{\w+\}", text)


def test_no_kind_of_negatives_is_needed_where_none_are_asked_for():
    assert PairRecipe(positive_share=1, negatives={}).share_of("random") == 0
