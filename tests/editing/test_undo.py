"""Undo, redo, going back to a version, and what two versions differ in."""

import pytest
from editing.desk import CONCRETE, OFFROAD, PAIRS, PRADO

from workbench.editing.edits import (
    AddGroup,
    DeleteGroups,
    MarkApart,
    MoveTerms,
    RenameTerm,
)
from workbench.errors import BadParameter, InputError, NotFound
from workbench.types import Pair


def test_undo_and_redo_go_back_and_forth_and_the_history_only_grows(desk):
    seen = [desk.groups()]
    for edit in (RenameTerm(PRADO, "霸道", "a"), DeleteGroups((OFFROAD,)), AddGroup("b", ("c",))):
        desk.do(edit)
        seen.append(desk.groups())
    status = desk.editor.status("车")
    assert "“b”" in status.undo.get("en")
    assert status.redo is None
    for expected in reversed(seen[:-1]):
        assert desk.undo().step.kind == "undo"
        assert desk.groups() == expected
    assert desk.editor.status("车").undo is None
    with pytest.raises(InputError, match="first import"):
        desk.undo()
    assert "Rename" in desk.editor.status("车").redo.get("en")
    for expected in seen[1:]:
        assert desk.redo().step.kind == "redo"
        assert desk.groups() == expected
    with pytest.raises(InputError, match="nothing to redo"):
        desk.redo()
    steps, total = desk.editor.history("车")
    assert (total, [step.number for step in steps]) == (10, list(range(10, 0, -1)))
    assert [step.current for step in steps] == [True] + [False] * 9
    assert [step.content_of for step in steps] == [4, 3, 2, 1, 2, 3, 4, 3, 2, 1]
    assert steps[0].title.get("zh").startswith("重做：")


def test_an_edit_after_an_undo_makes_redo_go_the_new_way(desk):
    desk.do(AddGroup("a", ("b",)))
    desk.undo()
    desk.do(AddGroup("c", ("d",)))
    assert desk.editor.status("车").redo is None
    assert 5 in desk.groups()  # an id is never given twice
    desk.undo()
    assert "“c”" in desk.editor.status("车").redo.get("en")
    desk.editor.restore("车", 2, based_on=desk.version)
    assert desk.groups()[4] == ("a", "b")


def test_going_back_to_a_version_is_a_step_that_can_be_undone(desk):
    first = desk.groups()
    desk.do(DeleteGroups((PRADO,)))
    desk.do(RenameTerm(OFFROAD, "SUV", "x"))
    last = desk.groups()
    result = desk.editor.restore("车", 1, based_on=3, author="王")
    assert (desk.groups(), result.step.kind, result.step.content_of) == (first, "restore", 1)
    assert {group.id for group in result.groups} == {PRADO, OFFROAD}
    desk.undo()
    assert desk.groups() == last
    assert desk.editor.restore("车", 3, based_on=5).step is None  # it reads so already
    assert desk.redo().step.content_of == 1  # to the going back, which reads as the first version does
    assert desk.groups() == first
    assert desk.editor.restore("车", 5, based_on=6).step.content_of == 3
    assert desk.groups() == last
    with pytest.raises(NotFound):
        desk.editor.restore("车", 77, based_on=7)
    with pytest.raises(BadParameter):
        desk.editor.restore("车", "1", based_on=7)


def test_two_versions_are_compared(desk):
    desk.do(RenameTerm(PRADO, "霸道", "a"))
    desk.do(MoveTerms(OFFROAD, ("SUV",), CONCRETE))
    desk.do(MarkApart("x", "y"))
    there = desk.editor.compare("车", 1, 4)
    assert set(there.added) == {Pair("普拉多", "a"), Pair("混凝土", "SUV", 5)}
    assert set(there.removed) == {Pair("普拉多", "霸道", 2), Pair("越野车", "SUV", 5)}
    assert (there.added_count, there.removed_count) == (2, 2)
    assert there.apart_added == (Pair("x", "y"),)
    back = desk.editor.compare("车", 4, 1, limit=1)
    assert (len(back.added), back.added_count, back.apart_removed) == (1, 2, (Pair("x", "y"),))
    with pytest.raises(NotFound):
        desk.editor.compare("车", 1, 9)


def test_an_import_over_an_edited_dictionary_can_be_undone(desk):
    desk.do(RenameTerm(PRADO, "霸道", "丰田霸道"))
    edited = desk.pairs()
    desk.workspace.dictionaries.save("车", PAIRS[:4], language="zh", source="b.csv", replace=True)
    assert sorted(desk.pairs(), key=lambda pair: pair.row) == PAIRS[:4]
    desk.undo()
    assert desk.pairs() == edited
