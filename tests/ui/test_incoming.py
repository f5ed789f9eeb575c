"""Nothing that a browser sends is believed."""

import math

import pytest

from workbench.errors import BadParameter
from workbench.ui import incoming


@pytest.mark.parametrize("value", [None, 7, True, ["a"], {"a": 1}, "x" * 201, "a\x00b"])
def test_words_refuse_what_is_not_a_short_text(value):
    with pytest.raises(BadParameter):
        incoming.words({"name": value}, "name", limit=200)


@pytest.mark.parametrize("value", [None, "1", True, 1.5, -1, 11, math.nan, math.inf, [1], 10**400])
def test_whole_refuses_what_is_not_a_number_in_range(value):
    with pytest.raises(BadParameter):
        incoming.whole({"page": value}, "page", 0, 10)


@pytest.mark.parametrize("value", [None, "1", True, -0.1, 2.1, math.nan, math.inf, [1], 10**400])
def test_real_refuses_what_is_not_a_number_in_range(value):
    with pytest.raises(BadParameter):
        incoming.real({"temperature": value}, "temperature", 0, 2)


@pytest.mark.parametrize("value", [None, 0, 1, "true", []])
def test_flag_refuses_what_is_not_a_truth_value(value):
    with pytest.raises(BadParameter):
        incoming.flag({"keep": value}, "keep")


def test_what_is_right_passes():
    sent = {"name": "越野车", "page": 3.0, "keep": False, "method": "pca"}
    assert incoming.words(sent, "name") == "越野车"
    assert incoming.whole(sent, "page", 0, 10) == 3
    assert incoming.real(sent, "page", 0, 10) == 3.0
    assert incoming.flag(sent, "keep", default=True) is False
    assert incoming.one_of(sent, "method", ("umap", "pca")) == "pca"
    assert incoming.words({}, "name", default="") == ""
    with pytest.raises(BadParameter):
        incoming.one_of({"method": "../etc"}, "method", ("umap", "pca"))
