"""Two who edit one dictionary at once: who is told what, and that nothing is lost."""

import threading

import pytest
from editing.desk import OFFROAD, PRADO

from workbench.editing.edits import (
    AddGroup,
    AddSynonyms,
    DeleteGroups,
    MergePairs,
    RenameTerm,
)
from workbench.errors import Conflict, NotFound
from workbench.types import Pair


@pytest.mark.case(28)
def test_the_later_of_two_edits_of_one_group_is_told_who_did_what(desk, tell):
    desk.do(RenameTerm(PRADO, "霸道", "丰田霸道"), author="李工")
    with pytest.raises(Conflict) as caught:
        desk.do(RenameTerm(PRADO, "霸道", "酷路泽"), based_on=1)
    for language in ("zh", "en"):
        text = caught.value.text(language)
        assert "李工" in text
        assert "普拉多" in text
        assert "丰田霸道" in text
    assert desk.version == 2
    with pytest.raises(Conflict):
        desk.do(AddSynonyms(PRADO, ("x",)), based_on=1)
    with pytest.raises(Conflict):  # it does not name the group, but touches it
        desk.do(MergePairs((Pair("普拉多", "x"),)), based_on=1)
    desk.do(AddSynonyms(PRADO, ("x",)), based_on=1, force=True)
    assert desk.groups()[PRADO] == ("普拉多", "丰田霸道", "Prado", "LC150", "x")
    tell(
        "two edit one group from the same version: rename, add, merge in",
        3,
        "the later is told who did what; what the earlier did stays",
    )


def test_edits_of_different_groups_do_not_conflict(desk):
    desk.do(RenameTerm(PRADO, "霸道", "a"))
    desk.do(RenameTerm(OFFROAD, "SUV", "b"), based_on=1)
    desk.do(AddGroup("c", ("d",)), based_on=1)
    assert [groups[1] for groups in desk.groups().values()] == ["a", "b", "砼", "d"]


def test_what_was_changed_and_changed_back_is_no_conflict(desk):
    desk.do(RenameTerm(PRADO, "霸道", "a"))
    desk.undo()
    desk.do(RenameTerm(PRADO, "霸道", "b"), based_on=1)
    assert desk.groups()[PRADO][1] == "b"


def test_a_group_that_somebody_deleted_is_a_conflict(desk):
    desk.do(DeleteGroups((PRADO,)))
    with pytest.raises(Conflict) as caught:
        desk.do(RenameTerm(PRADO, "霸道", "a"), based_on=1)
    assert "somebody else" in caught.value.text("en")
    assert "普拉多" in caught.value.text("zh")
    with pytest.raises(NotFound):
        desk.do(RenameTerm(PRADO, "霸道", "a"), based_on=1, force=True)


def test_undo_redo_and_going_back_want_the_version_that_was_seen(desk):
    desk.do(AddGroup("a", ("b",)), author="李工")
    editor = desk.editor
    for action in (editor.undo, editor.redo, lambda name, **more: editor.restore(name, 1, **more)):
        with pytest.raises(Conflict, match="李工"):
            action("车", based_on=1)
    assert desk.version == 2
    with pytest.raises(NotFound):
        desk.do(AddGroup("x", ("y",)), based_on=9)


@pytest.mark.case(28)
def test_two_threads_that_edit_at_once_lose_nothing(desk, tell):
    def work(name):
        for number in range(15):
            desk.do(AddGroup(f"{name} {number}", (f"{name}-{number}",)), based_on=1)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    groups = desk.groups()
    assert len(groups) == 33
    assert {rows[0] for rows in groups.values()} >= {f"{n} {k}" for n in "ab" for k in range(15)}
    assert desk.counts() == (36, 33, 69)
    steps, total = desk.editor.history("车")
    assert total == 31
    assert sorted(step.number for step in steps) == list(range(1, 32))
    tell("two threads that edit one dictionary at once", 30, "every edit is there, every step in the history")
