"""Every kind of edit through the editor's public door: what it does to the groups, and what it says."""

import pytest
from editing.desk import CONCRETE, OFFROAD, PRADO, Desk, said

from workbench.editing.edits import (
    AddGroup,
    AddSynonyms,
    DeleteGroups,
    DeleteTerms,
    MakeStandard,
    MarkApart,
    MarkPairsApart,
    MergeGroups,
    MergePairs,
    MoveTerms,
    Paste,
    RenameTerm,
    Several,
    SplitGroup,
    UnmarkApart,
    edit_from_json,
)
from workbench.errors import BadParameter, Conflict, InputError, NotFound
from workbench.types import Entry, Pair


def test_a_group_is_added_at_the_end(desk):
    result = desk.do(AddGroup("钢筋", ("螺纹钢", " 钢条\n")), author="李")
    assert desk.groups()[4] == ("钢筋", "螺纹钢", "钢条")
    assert list(desk.groups()) == [1, 2, 3, 4]
    assert (result.step.kind, result.step.author, result.step.added, result.step.removed) == (
        "edit",
        "李",
        2,
        0,
    )
    assert [group.id for group in result.groups] == [4]
    assert (result.gone, result.info.version) == ((), 2)
    assert desk.counts() == (8, 4, 12)


def test_a_group_whose_standard_term_is_known_gets_the_synonyms(desk):
    result = desk.do(
        AddGroup("ｐｒａｄｏ".upper(), ("霸道",))
    )  # a synonym elsewhere, a new standard term here
    assert desk.groups()[4] == ("ＰＲＡＤＯ", "霸道")
    assert "普拉多" in said(result)
    result = desk.do(AddGroup("普拉多", ("陆巡150",)))
    assert desk.groups()[PRADO] == ("普拉多", "霸道", "Prado", "LC150", "陆巡150")
    assert "already" in said(result)
    assert "已经是标准词" in said(result, "zh")


def test_synonyms_are_added_and_known_ones_are_only_noted(desk):
    result = desk.do(AddSynonyms(PRADO, ("prado", "丰田霸道")))
    assert desk.groups()[PRADO] == ("普拉多", "霸道", "Prado", "LC150", "丰田霸道")
    assert "prado" in said(result)
    nothing = desk.do(AddSynonyms(PRADO, ("PRADO",)))
    assert nothing.step is None
    assert desk.version == 2


def test_a_term_that_means_something_else_too_is_allowed_and_noted(desk):
    result = desk.do(AddSynonyms(CONCRETE, ("SUV", "越野车")))
    assert "“SUV” is also a synonym of “越野车”" in said(result)
    assert "“越野车” is also a standard term" in said(result)
    assert "也是「越野车」的近似词" in said(result, "zh")


def test_renaming_a_synonym_keeps_its_place_and_other_groups(desk):
    desk.do(AddSynonyms(OFFROAD, ("霸道",)))
    result = desk.do(RenameTerm(PRADO, "霸道", "丰田霸道"))
    assert desk.groups()[PRADO] == ("普拉多", "丰田霸道", "Prado", "LC150")
    assert desk.groups()[OFFROAD] == ("越野车", "SUV", "越野汽车", "霸道")
    assert result.step.title.get("zh") == "重命名「霸道」为「丰田霸道」"
    assert result.step.title.get("en") == "Rename “霸道” to “丰田霸道”"


def test_renaming_the_standard_term_renames_it_in_every_pair(desk):
    desk.do(RenameTerm(PRADO, "普拉多", "丰田普拉多"))
    assert desk.groups()[PRADO] == ("丰田普拉多", "霸道", "Prado", "LC150")
    assert desk.counts() == (6, 3, 9)


def test_only_the_spelling_can_be_renamed(desk):
    desk.do(RenameTerm(PRADO, "Prado", "PRADO"))
    assert desk.groups()[PRADO] == ("普拉多", "霸道", "PRADO", "LC150")
    assert desk.counts() == (6, 3, 9)
    assert desk.do(RenameTerm(PRADO, "PRADO", "PRADO")).step is None


def test_deleting_the_last_synonym_or_the_standard_term_deletes_the_group(desk):
    desk.do(DeleteTerms(PRADO, ("Prado", "LC150")))
    assert desk.groups()[PRADO] == ("普拉多", "霸道")
    result = desk.do(DeleteTerms(CONCRETE, ("砼",)))
    assert result.gone == (CONCRETE,)
    assert "混凝土" in said(result)
    result = desk.do(DeleteTerms(OFFROAD, ("越野车", "SUV")))
    assert result.gone == (OFFROAD,)
    assert desk.groups() == {PRADO: ("普拉多", "霸道")}


def test_groups_are_deleted_in_bulk(desk):
    result = desk.do(DeleteGroups((PRADO, CONCRETE)))
    assert result.gone == (PRADO, CONCRETE)
    assert list(desk.groups()) == [OFFROAD]
    assert (result.step.added, result.step.removed) == (0, 4)


def test_even_every_group_can_be_deleted_and_comes_back(desk):
    before = desk.groups()
    desk.do(DeleteGroups(tuple(before)))
    assert (desk.groups(), desk.counts()) == ({}, (0, 0, 0))
    desk.undo()
    assert desk.groups() == before


def test_terms_move_to_another_group(desk):
    result = desk.do(MoveTerms(PRADO, ("LC150", "Prado"), OFFROAD))
    assert desk.groups()[PRADO] == ("普拉多", "霸道")
    assert desk.groups()[OFFROAD] == ("越野车", "SUV", "越野汽车", "LC150", "Prado")
    assert {group.id for group in result.groups} == {PRADO, OFFROAD}
    with pytest.raises(InputError, match="merge"):
        desk.do(MoveTerms(PRADO, ("霸道",), OFFROAD))


def test_thousands_of_terms_of_one_group_are_taken_out_in_a_moment(tmp_path, monkeypatch):
    many = [f"近似词{number}" for number in range(4_000)]
    desk = Desk(tmp_path / "large", [Pair("总", term, 0) for term in many])
    compared = 0

    def counted(self, other):
        nonlocal compared
        compared += 1
        return self.position == other.position and self.synonym == other.synonym

    monkeypatch.setattr(Entry, "__eq__", counted)
    desk.do(DeleteTerms(1, tuple(many[2_000:])))
    assert desk.editor.group("车", 1).synonyms == tuple(many[:2_000])
    assert compared < 100_000  # each term with each other would be millions
    desk.workspace.close()


def test_a_group_is_split(desk):
    desk.do(SplitGroup(PRADO, ("Prado", "LC150"), "Prado"))
    assert desk.groups()[PRADO] == ("普拉多", "霸道")
    assert desk.groups()[4] == ("Prado", "LC150")


def test_groups_are_merged(desk):
    result = desk.do(MergeGroups((PRADO, CONCRETE), OFFROAD))
    assert desk.groups() == {
        OFFROAD: ("越野车", "SUV", "越野汽车", "普拉多", "霸道", "Prado", "LC150", "混凝土", "砼")
    }
    assert result.gone == (PRADO, CONCRETE)


def test_another_term_is_made_the_standard_one(desk):
    desk.do(MakeStandard(PRADO, "Prado"))
    assert desk.groups()[PRADO] == ("Prado", "霸道", "普拉多", "LC150")
    assert desk.counts() == (6, 3, 9)


def test_marking_apart_takes_the_pair_out_and_keeps_it_out(desk):
    result = desk.do(MarkApart("砼", "混凝土"))
    assert result.gone == (CONCRETE,)
    assert desk.editor.apart("车") == [Pair("砼", "混凝土")]
    for edit in (AddGroup("混凝土", ("砼",)), AddGroup("砼", ("混凝土",))):
        with pytest.raises(InputError, match="not synonyms"):
            desk.do(edit)
    assert desk.do(MarkApart("混凝土", "砼")).step is None
    desk.do(UnmarkApart("混凝土", "砼"))
    assert desk.editor.apart("车") == []
    desk.do(AddGroup("混凝土", ("砼",)))
    with pytest.raises(NotFound):
        desk.do(UnmarkApart("混凝土", "砼"))


def test_many_pairs_are_marked_apart_in_one_step(desk):
    marks = (
        Pair("普拉多", "霸道"), Pair("Prado", "普拉多"), Pair("普拉多", "LC150"), Pair("SUV", "砼"),
        Pair("砼", "SUV"),
    )  # fmt: skip
    result = desk.do(MarkPairsApart(marks))
    assert desk.version == 2
    assert result.gone == (PRADO,)
    assert {(pair.standard, pair.synonym) for pair in desk.editor.apart("车")} == {
        ("普拉多", "霸道"), ("Prado", "普拉多"), ("普拉多", "LC150"), ("SUV", "砼")
    }  # fmt: skip
    desk.undo()
    assert desk.editor.apart("车") == []
    assert desk.editor.group("车", PRADO).synonyms == ("霸道", "Prado", "LC150")
    with pytest.raises(InputError):
        desk.do(MarkPairsApart(()))


def test_two_synonyms_marked_apart_in_one_group_are_spoken_of(desk):
    result = desk.do(MarkApart("霸道", "Prado"))
    assert "普拉多" in said(result)
    assert desk.groups()[PRADO] == ("普拉多", "霸道", "Prado", "LC150")
    with pytest.raises(InputError, match="not synonyms"):
        desk.do(MakeStandard(PRADO, "Prado"))
    with pytest.raises(InputError, match="not synonyms"):
        desk.do(MakeStandard(PRADO, "霸道"))
    desk.do(MarkApart("LC150", "陆巡"))
    with pytest.raises(InputError, match="not synonyms"):
        desk.do(RenameTerm(PRADO, "普拉多", "陆巡"))


def test_pairs_of_a_file_are_merged_in(desk):
    desk.do(MarkApart("普拉多", "LC150"))
    pairs = [
        Pair("普拉多", "霸道", 2),
        Pair("普拉多", "LC150", 3),
        Pair("越野车", "吉普", 4),
        Pair("钢筋", "螺纹钢", 5),
        Pair("钢筋", "钢筋", 6),
    ]
    result = desk.do(MergePairs(tuple(pairs)))
    assert desk.groups()[OFFROAD] == ("越野车", "SUV", "越野汽车", "吉普")
    assert desk.groups()[4] == ("钢筋", "螺纹钢")
    assert "LC150" not in desk.groups()[PRADO]
    assert (result.step.added, result.step.removed) == (2, 0)
    assert "not synonyms, left out: 1" in said(result)
    assert "already, not added again: 1" in said(result)
    assert desk.do(MergePairs(tuple(pairs))).step is None


def test_a_block_of_a_spreadsheet_is_pasted(desk):
    desk.do(Paste((("越野车", "吉普", ""), ("钢筋", "螺纹钢", "钢条"), ("", "", ""))))
    assert desk.groups()[OFFROAD] == ("越野车", "SUV", "越野汽车", "吉普")
    assert desk.groups()[4] == ("钢筋", "螺纹钢", "钢条")
    desk.do(Paste((("陆巡",), ("Land Cruiser",)), PRADO))
    assert desk.groups()[PRADO][-2:] == ("陆巡", "Land Cruiser")
    with pytest.raises(InputError, match="Row 2, column 1"):
        desk.do(Paste((("a", "b"), ("", "c"))))
    with pytest.raises(InputError, match="Row 1, column 2"):
        desk.do(Paste((("a", "b" * 501),)))
    with pytest.raises(InputError):
        desk.do(Paste((("a",), ("b",))))


def test_what_is_chosen_in_several_groups_is_one_step(desk):
    before = desk.groups()
    moved = desk.do(Several((MoveTerms(PRADO, ("霸道",), CONCRETE), MergeGroups((OFFROAD,), CONCRETE))))
    assert desk.groups() == {
        PRADO: ("普拉多", "Prado", "LC150"),
        CONCRETE: ("混凝土", "砼", "霸道", "越野车", "SUV", "越野汽车"),
    }
    assert moved.step.title.get("zh") == "把「霸道」、「越野车」移到「混凝土」"
    assert moved.gone == (OFFROAD,)
    desk.undo()
    assert desk.groups() == before
    parts = [
        {"edit": "delete_terms", "group": PRADO, "terms": ["霸道"]},
        {"edit": "delete_groups", "groups": [OFFROAD, CONCRETE]},
    ]
    deleted = desk.do(edit_from_json({"edit": "several", "edits": parts}))
    assert desk.groups() == {PRADO: ("普拉多", "Prado", "LC150")}
    assert deleted.step.title.get("en") == "Delete “霸道”, “越野车”, “混凝土”"
    desk.undo()
    assert desk.groups() == before


def test_several_is_all_or_nothing(desk):
    version = desk.version
    wish = Several((DeleteTerms(PRADO, ("霸道",)), MoveTerms(CONCRETE, ("砼",), OFFROAD)))  # its last synonym
    with pytest.raises(InputError):
        desk.do(wish)
    with pytest.raises(InputError):
        desk.do(Several(()))
    with pytest.raises(BadParameter):
        desk.do(Several((MarkApart("a", "b"),)))
    for part in ({"edit": "several", "edits": []}, {"edit": "mark_apart", "first": "a", "second": "b"}, 5):
        with pytest.raises(BadParameter):
            edit_from_json({"edit": "several", "edits": [part]})
    assert desk.version == version


def test_several_is_refused_when_one_of_its_groups_was_changed(desk):
    seen = desk.version
    desk.do(AddSynonyms(CONCRETE, ("商砼",)))
    with pytest.raises(Conflict):
        desk.do(Several((DeleteTerms(PRADO, ("霸道",)), DeleteTerms(CONCRETE, ("砼",)))), based_on=seen)
    assert "霸道" in desk.groups()[PRADO]
