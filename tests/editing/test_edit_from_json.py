"""Edits as the page sends them: every kind comes through, and nothing else does."""

import pytest

from workbench.editing.edits import KINDS, MergePairs, MoveTerms, Paste, RenameTerm, Several, edit_from_json
from workbench.errors import BadParameter
from workbench.types import Pair

GOOD = [
    {"edit": "add_group", "standard": "a", "synonyms": ["b"]},
    {"edit": "add_synonyms", "group": 1, "synonyms": ["b", "c"]},
    {"edit": "rename", "group": 1, "old": "a", "new": "b"},
    {"edit": "delete_terms", "group": 1, "terms": ["a"]},
    {"edit": "delete_groups", "groups": [1, 2]},
    {"edit": "move", "group": 1, "terms": ["a"], "to": 2},
    {"edit": "split", "group": 1, "terms": ["a", "b"], "standard": "a"},
    {"edit": "merge", "groups": [1], "into": 2},
    {"edit": "make_standard", "group": 1, "term": "a"},
    {"edit": "mark_apart", "first": "a", "second": "b"},
    {"edit": "unmark_apart", "first": "a", "second": "b"},
    {"edit": "merge_pairs", "pairs": [["a", "b"], ["c", "d", 7]]},
    {"edit": "paste", "rows": [["a", "b"], ["c"]], "group": 3},
    {"edit": "mark_pairs_apart", "pairs": [["a", "b"], ["c", "d"]]},
    {"edit": "several", "edits": [{"edit": "move", "group": 1, "terms": ["a"], "to": 2}]},
    {"edit": "set_label", "group": 1, "terms": [], "column": "类别", "value": ""},
]


@pytest.mark.parametrize("data", GOOD, ids=[data["edit"] for data in GOOD])
def test_every_kind_of_edit_comes_through(data):
    edit = edit_from_json(data)
    assert edit.kind == data["edit"]
    for name, value in data.items():
        if name not in ("edit", "pairs", "rows", "edits"):
            assert getattr(edit, name) == (tuple(value) if isinstance(value, list) else value)


def test_all_kinds_are_tried():
    assert {data["edit"] for data in GOOD} == set(KINDS)


def test_pairs_rows_and_groups_are_read():
    assert edit_from_json(GOOD[2]) == RenameTerm(1, "a", "b")
    assert edit_from_json(GOOD[11]) == MergePairs((Pair("a", "b"), Pair("c", "d", 7)))
    assert edit_from_json(GOOD[12]) == Paste((("a", "b"), ("c",)), 3)
    assert edit_from_json({"edit": "paste", "rows": [["a"]]}).group is None
    assert edit_from_json(GOOD[14]) == Several((MoveTerms(1, ("a",), 2),))
    assert edit_from_json(GOOD[14]).named_groups() == {1, 2}
    assert edit_from_json(GOOD[5]).named_groups() == {1, 2}
    assert edit_from_json(GOOD[7]).named_groups() == {1, 2}


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {
            "edit": "merge_pairs",
            "pairs": [["a", "b"]],
            "labels": [{"name": "x", "values": ["y"], "codes": "A"}],
        },
        {"edit": "drop"},
        {"edit": ["rename"]},
        {"edit": "rename", "group": 1, "old": "a"},
        {"edit": "rename", "group": "1", "old": "a", "new": "b"},
        {"edit": "rename", "group": True, "old": "a", "new": "b"},
        {"edit": "rename", "group": 2**60, "old": "a", "new": "b"},
        {"edit": "rename", "group": 1, "old": "a", "new": None},
        {"edit": "rename", "group": 1, "old": "a", "new": "b", "force": True},
        {"edit": "delete_terms", "group": 1, "terms": "abc"},
        {"edit": "delete_groups", "groups": [1.5]},
        {"edit": "merge_pairs", "pairs": [["a"]]},
        {"edit": "merge_pairs", "pairs": [["a", "b", "c"]]},
        {"edit": "paste", "rows": ["ab"]},
    ],
)
def test_what_is_no_edit_is_refused_in_words(data):
    with pytest.raises(BadParameter) as caught:
        edit_from_json(data)
    assert caught.value.hint is not None
