"""The editor through its public door: every kind of edit, undo and redo, conflicts, notes and refusals."""

import threading

import pytest

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
from workbench.services.editing import Editor
from workbench.settings import Settings
from workbench.types import Entry, Pair
from workbench.workspace import Workspace

PAIRS = [
    Pair("普拉多", "霸道", 2),
    Pair("普拉多", "Prado", 3),
    Pair("普拉多", "LC150", 4),
    Pair("越野车", "SUV", 5),
    Pair("越野车", "越野汽车", 6),
    Pair("混凝土", "砼", 7),
]
PRADO, OFFROAD, CONCRETE = 1, 2, 3
HOSTILE = [
    "'; DROP TABLE entries; --",
    '" OR 1=1 --',
    "Robert'); DELETE FROM versions;--",
    "100%",
    "_",
    "\\",
    "{0} {term} {title}",
    "👨‍👩‍👧 🚗",
    "<script>alert(1)</script>",
    "=1+1",
]


class Desk:
    """An editor with one dictionary, "车", that looks before each edit."""

    def __init__(self, home, pairs=PAIRS):
        self.workspace = Workspace(Settings.from_env({}, home=home))
        self.editor = Editor(self.workspace)
        self.workspace.dictionaries.save("车", pairs, language="zh", source="车.csv")

    @property
    def version(self):
        return self.workspace.dictionaries.get("车").version

    def do(self, edit, **more):
        return self.editor.apply("车", edit, **{"based_on": self.version, **more})

    def undo(self):
        return self.editor.undo("车", based_on=self.version)

    def redo(self):
        return self.editor.redo("车", based_on=self.version)

    def groups(self):
        page = self.editor.page("车", size=500)
        assert len(page.groups) == page.total
        return {group.id: (group.standard, *group.synonyms) for group in page.groups}

    def pairs(self):
        return self.workspace.dictionaries.pairs(self.workspace.dictionaries.get("车").version_id)

    def counts(self):
        info = self.workspace.dictionaries.get("车")
        return info.pairs, info.standards, info.terms


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.workspace.close()


def said(result, language="en"):
    return " ".join(note.get(language) for note in result.notes)


# -- each kind of edit ----------------------------------------------------------------------------


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


# -- refusals --------------------------------------------------------------------------------------


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


# -- undo, redo, going back ----------------------------------------------------------------------------


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


# -- two at once ----------------------------------------------------------------------------------------


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


# -- looking ------------------------------------------------------------------------------------------


def test_pages_are_searched_filtered_and_sorted(desk):
    desk.do(AddGroup("B车", ("砼", "SUV", "x", "普拉多")))
    ids = lambda **more: [group.id for group in desk.editor.page("车", **more).groups]
    assert ids() == [1, 2, 3, 4]
    assert ids(search="ｓｕｖ") == [2, 4]
    assert ids(search="车", sort="name") == [4, 2]
    assert ids(filter="ambiguous") == [2, 3, 4]
    assert ids(filter="chained") == [1, 4]
    assert ids(filter="problems", search="混凝土") == [3]
    assert ids(filter="untrained") == [1, 2, 3, 4]
    assert ids(filter="weakest", ranks=[3, 99, 1]) == [3, 1]
    assert ids(filter="weakest", ranks=[3, 1], search="霸道") == [1]
    assert ids(filter="weakest") == []
    assert ids(sort="size") == [4, 1, 2, 3]
    assert ids(sort="recent") == [4, 1, 2, 3]
    assert ids(sort="name")[0] == 4
    page = desk.editor.page("车", page=1, size=3)
    assert ([group.id for group in page.groups], page.total, page.version) == ([4], 4, 2)
    with pytest.raises(BadParameter):
        desk.editor.page("车", filter="1; DROP TABLE entries")


def test_chinese_terms_are_sorted_by_pinyin(tmp_path):
    made = Desk(tmp_path, [Pair(name, f"{name}2") for name in ("中文", "阿姨", "北京", "Zoo")])
    assert [group.standard for group in made.editor.page("车", sort="name").groups] == [
        "Zoo",
        "阿姨",
        "北京",
        "中文",
    ]
    made.workspace.close()


def test_groups_and_their_terms_carry_flags(desk):
    desk.do(AddGroup("B车", ("砼", "普拉多", "y" * 101)))
    prado, offroad, concrete, new = desk.editor.page("车").groups
    assert prado.flags == ("chained", "untrained")
    assert (offroad.flags, offroad.marks) == (("untrained",), {})
    assert concrete.marks == {"砼": ("ambiguous",)}
    assert new.marks == {"砼": ("ambiguous",), "普拉多": ("chained",), "y" * 101: ("long",)}
    assert (prado.changed, new.changed) == (1, 2)
    assert [group.id for group in desk.editor.page("车", filter="problems").groups] == [1, 3, 4]


def test_a_group_is_found_by_id_and_by_term(desk):
    assert desk.editor.group("车", PRADO).synonyms == ("霸道", "Prado", "LC150")
    assert [group.id for group in desk.editor.find("车", " ＰＲＡＤＯ ")] == [PRADO]
    assert desk.editor.find("车", "Prad") == ()
    assert [group.id for group in desk.editor.groups("车", [3, 77, 1])] == [3, 1]
    with pytest.raises(NotFound):
        desk.editor.group("车", 77)


def test_the_chain_of_a_group_is_drawn_whole_or_cut(desk):
    desk.do(AddGroup("B车", ("普拉多", "砼")))
    chain = desk.editor.component("车", PRADO)
    assert set(chain.groups) == {PRADO, CONCRETE, 4}
    assert set(chain.bridges) == {"普拉多", "砼"}
    assert set(chain.terms) == {"普拉多", "霸道", "Prado", "LC150", "B车", "砼", "混凝土"}
    assert len(chain.edges) == 6
    assert desk.editor.component("车", OFFROAD).bridges == ()
    cut = desk.editor.component("车", PRADO, limit=5)
    assert len(cut.terms) == 5
    assert {term for edge in cut.edges for term in (edge.standard, edge.synonym)} <= set(cut.terms)
    with pytest.raises(NotFound):
        desk.editor.component("车", 77)


def test_groups_changed_since_the_newest_training_are_untrained(desk):
    def run(name, state):
        info = desk.workspace.dictionaries.get("车")
        made = desk.workspace.runs.create(
            name,
            dictionary="车",
            version_id=info.version_id,
            split_hash="",
            base_model="",
            recipe="",
            config={},
        )
        with desk.workspace.database.write() as db:
            db["runs"].update(
                db.conn.execute("SELECT number FROM runs WHERE id = ?", (made.id,)).fetchone()[0],
                {"state": state},
            )

    untrained = lambda: [group.id for group in desk.editor.page("车", filter="untrained").groups]
    assert untrained() == [1, 2, 3]
    run("one", "completed")
    assert untrained() == []
    desk.do(DeleteTerms(PRADO, ("LC150",)))
    desk.do(RenameTerm(OFFROAD, "SUV", "suv"))
    run("two", "failed")
    assert untrained() == [1, 2]
    assert desk.editor.group("车", PRADO).flags == ("untrained",)
    assert desk.editor.group("车", CONCRETE).flags == ()
    desk.undo()
    assert untrained() == [1]  # the other reads again as it was trained


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
