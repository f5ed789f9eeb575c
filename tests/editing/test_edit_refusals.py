"""What the editor refuses, in words and without a change; and that any term is kept to the letter."""

import pytest
from editing.desk import CONCRETE, HOSTILE, OFFROAD, PRADO, said

from workbench.editing.edits import (
    AddGroup,
    AddSynonyms,
    DeleteGroups,
    DeleteTerms,
    MakeStandard,
    MarkApart,
    MergeGroups,
    MoveTerms,
    Paste,
    RenameTerm,
    SplitGroup,
    UnmarkApart,
)
from workbench.errors import BadParameter, InputError, NotFound
from workbench.types import Pair


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (AddGroup("", ("a",)), InputError),
        (AddGroup("\u200b\x07", ("a",)), InputError),
        (AddGroup("a", ()), InputError),
        (AddGroup("a", ("Ａ",)), InputError),
        (AddGroup("a", ("b" * 501,)), InputError),
        (AddSynonyms(99, ("a",)), NotFound),
        (AddSynonyms(PRADO, ()), InputError),
        (AddSynonyms(PRADO, ("普拉多",)), InputError),
        (RenameTerm(PRADO, "没有", "a"), NotFound),
        (RenameTerm(PRADO, "霸道", "普拉多"), InputError),
        (RenameTerm(PRADO, "霸道", "prado"), InputError),
        (RenameTerm(PRADO, "普拉多", "prado"), InputError),
        (RenameTerm(PRADO, "普拉多", "越野车"), InputError),
        (RenameTerm(PRADO, "霸道", " "), InputError),
        (DeleteTerms(PRADO, ("没有",)), NotFound),
        (DeleteTerms(PRADO, ()), InputError),
        (DeleteGroups(()), InputError),
        (DeleteGroups((PRADO, 99)), NotFound),
        (MoveTerms(PRADO, ("霸道",), PRADO), BadParameter),
        (MoveTerms(PRADO, ("霸道",), 99), NotFound),
        (MoveTerms(PRADO, ("普拉多",), OFFROAD), InputError),
        (SplitGroup(PRADO, ("霸道",), "霸道"), InputError),
        (SplitGroup(PRADO, ("霸道", "Prado"), "LC150"), InputError),
        (SplitGroup(PRADO, ("霸道", "Prado", "LC150"), "霸道"), InputError),
        (SplitGroup(PRADO, ("普拉多", "Prado"), "Prado"), InputError),
        (MergeGroups((PRADO,), PRADO), InputError),
        (MergeGroups((PRADO, 99), OFFROAD), NotFound),
        (MakeStandard(PRADO, "没有"), NotFound),
        (MarkApart("a", "Ａ"), InputError),
        (UnmarkApart("a", "b"), NotFound),
        (Paste(()), InputError),
    ],
)
def test_what_cannot_be_done_is_refused_in_words_and_changes_nothing(desk, edit, error):
    before = (desk.groups(), desk.version)
    with pytest.raises(error) as caught:
        desk.do(edit)
    assert caught.value.hint is not None
    assert "{" not in caught.value.text("zh") + caught.value.text("en")
    assert (desk.groups(), desk.version) == before


def test_control_characters_are_removed_and_noted(desk):
    result = desk.do(AddSynonyms(CONCRETE, ("商\u200b品\x07砼",)))
    assert desk.groups()[CONCRETE] == ("混凝土", "砼", "商品砼")
    assert "商品砼" in said(result)


@pytest.mark.case(29)
@pytest.mark.parametrize("term", HOSTILE)
def test_any_term_is_kept_to_the_letter(desk, term, tell):
    desk.do(AddGroup(term, (f"{term}2", "x")))
    desk.do(RenameTerm(4, "x", f"x {term}"))
    assert desk.groups()[4] == (term, f"{term}2", f"x {term}")
    assert 4 in {group.id for group in desk.editor.page("车", search=term).groups}
    assert [group.id for group in desk.editor.find("车", term)] == [4]
    assert term in desk.editor.history("车")[0][0].title.get("en")
    desk.do(MarkApart(term, f"{term}2"))
    assert desk.editor.apart("车") == [Pair(term, f"{term}2")]
    desk.undo(), desk.undo(), desk.undo()
    assert len(desk.groups()) == 3
    tell(
        "terms like SQL, patterns, formats and tags: added, renamed, searched, undone",
        1,
        "kept to the letter",
    )
