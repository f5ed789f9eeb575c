"""Choosers take what the page sends: who uses a value says whether there is such a thing."""

import pytest

from workbench.ui.components.choosers import LONGEST, dropdown


def refilled(chooser, choices):
    """The chooser as Gradio holds it for a session whose choices have changed."""
    return type(chooser)(**{**chooser.constructor_args, "choices": choices})


@pytest.mark.parametrize("choices", [[], [("b", "b")]])
def test_a_value_that_was_just_deleted_is_left_to_the_handler(choices):
    chooser = refilled(dropdown("label", "some-id", [("a", "a")]), choices)
    assert chooser.preprocess("a") == "a"


@pytest.mark.parametrize(
    ("sent", "taken"), [(None, None), (3, None), ("x" * (LONGEST + 1), None), (["a", 3], ["a"])]
)
def test_what_is_no_name_is_not_taken(sent, taken):
    assert dropdown("label", "some-id").preprocess(sent) == taken
