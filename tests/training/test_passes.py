"""How often the data is seen where nobody says: more for little data, and more but gentler on request."""

import pytest

from workbench.training.common_parameters import THOROUGH, epoch_count, usual_epochs
from workbench.training.recipes import RECIPES
from workbench.training.registry import stage


@pytest.mark.parametrize(
    ("pairs", "passes"), [(0, 4), (1, 4), (400, 4), (800, 2), (1600, 1), (2500, 1), (100_000, 1)]
)
def test_little_data_is_seen_more_often(pairs, passes):
    assert usual_epochs(pairs) == passes
    assert epoch_count({"epochs": 0}, pairs) == passes
    assert epoch_count({"epochs": 0, "thorough": True}, pairs) == THOROUGH * passes


def test_epochs_that_somebody_asked_for_are_left_alone():
    assert epoch_count({"epochs": 3, "thorough": True}, 10) == 3


def steps_and_rate(trained):
    series = [(name, step, value) for name, step, value in trained.reporter.points]
    steps = max(step for name, step, _ in series if name == "loss")
    return steps, max(value for name, _, value in series if name == "learning_rate")


def test_more_passes_of_the_whole_model_go_in_smaller_steps(train):
    """As many again as usual, or more: the rate that is chosen falls; one that is given does not."""
    quick = {"patience": 0, "batch_size": 64}
    usual, thorough, asked = (
        steps_and_rate(train("in_batch", {**quick, **more}))
        for more in ({}, {"thorough": True}, {"thorough": True, "learning_rate": 1e-4})
    )
    assert thorough[0] == asked[0] == THOROUGH * usual[0]
    assert usual[1] / 4 < thorough[1] < usual[1] / 2
    assert asked[1] == pytest.approx(1e-4, rel=0.1)


def test_more_passes_of_the_top_layers_alone_keep_their_rate(train):
    quick = {"patience": 0, "batch_size": 64, "layers": "1"}
    usual, thorough = (steps_and_rate(train("in_batch", {**quick, "thorough": on})) for on in (False, True))
    assert thorough[0] == THOROUGH * usual[0]
    assert thorough[1] == pytest.approx(usual[1], rel=0.1)


def test_the_thorough_recipe_is_the_fine_tune_but_for_that():
    by_name = {recipe.name: recipe for recipe in RECIPES}
    (short,), (long,) = by_name["finetune"].stages, by_name["finetune_long"].stages
    spec = stage("in_batch")
    differences = {
        name
        for name, value in spec.checked(dict(long.parameters)).items()
        if spec.checked(dict(short.parameters))[name] != value
    }
    assert short.stage == long.stage == "in_batch"
    assert differences == {"thorough"}
