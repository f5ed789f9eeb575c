"""Labels of terms in the editor: set, inherited, undone, compared, refused; each version keeps its own."""

import pytest
from editing.desk import CONCRETE, OFFROAD, PRADO, Desk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.editing.edits import (
    AddGroup,
    AddSynonyms,
    DeleteTerms,
    MakeStandard,
    MergeGroups,
    MergePairs,
    MoveTerms,
    Paste,
    RenameTerm,
    SetLabel,
    Several,
)
from workbench.errors import Conflict, InputError, NotFound
from workbench.types import LABEL_COLUMNS, LABEL_VALUES, NO_LABEL, LabelColumn, Pair

# 霸道 Prado LC150 | SUV 越野汽车 | 砼
KIND = LabelColumn("类别", ("车型", "车", "材料"), bytes((0, 0, NO_LABEL, 1, 0, 2)))
SOURCE = LabelColumn("来源", ("甲", "乙"), bytes((0, 1, 1, NO_LABEL, NO_LABEL, NO_LABEL)))
FIRST = {
    "类别": {"霸道": "车型", "prado": "车型", "suv": "车", "越野汽车": "车型", "砼": "材料"},
    "来源": {"霸道": "甲", "prado": "乙", "lc150": "乙"},
}


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path, labels=(KIND, SOURCE))
    yield made
    made.workspace.close()


def kind(desk, term):
    return desk.labels()["类别"].get(term)


def test_labels_of_chosen_synonyms_or_of_a_whole_group_are_set_and_taken_away(desk):
    assert desk.labels() == FIRST
    result = desk.do(SetLabel(PRADO, ("LC150",), "类别", " 车 型 "))
    assert result.step.title.get("zh") == "「LC150」的「类别」设为「车 型」"
    assert (result.step.added, result.step.removed, [group.id for group in result.groups]) == (0, 0, [PRADO])
    assert result.groups[0].labels["类别"] == {"霸道": "车型", "Prado": "车型", "LC150": "车 型"}
    desk.do(SetLabel(PRADO, (), "类别", "轿车"))
    assert {kind(desk, term) for term in ("霸道", "prado", "lc150")} == {"轿车"}
    title = desk.do(SetLabel(PRADO, (), "类别", "")).step.title
    assert title.get("en") == "“类别” of “普拉多” taken away"
    assert kind(desk, "霸道") is None
    assert desk.do(SetLabel(PRADO, (), "类别", "")).step is None
    desk.do(SetLabel(CONCRETE, (), "新的一列", "x"))
    assert list(desk.editor.labels("车").items()) == [
        ("类别", {"材料": 1, "车": 1, "车型": 1}),
        ("来源", {"乙": 2, "甲": 1}),
        ("新的一列", {"x": 1}),
    ]


def test_labels_go_back_and_forth_with_their_versions(desk):
    desk.do(SetLabel(OFFROAD, (), "类别", "越野"))
    desk.do(SetLabel(CONCRETE, ("砼",), "来源", "丙"))
    last = desk.labels()
    assert desk.undo().groups[0].labels["来源"] == {}
    assert kind(desk, "suv") == "越野"
    desk.undo()
    assert desk.labels() == FIRST
    desk.redo()
    desk.redo()
    assert desk.labels() == last
    desk.editor.restore("车", 1, based_on=desk.version)
    assert desk.labels() == FIRST
    desk.undo()
    assert desk.labels() == last
    store = desk.workspace.dictionaries
    numbers = {step.number: step.version_id for step in desk.editor.history("车")[0]}
    assert store.labels(store.version(numbers[1])) == FIRST
    assert store.labels(store.version(numbers[3])) == last


def test_two_versions_are_compared_by_their_labels_too(desk):
    desk.do(SetLabel(OFFROAD, (), "类别", "越野"))
    desk.do(AddSynonyms(CONCRETE, ("商砼",)))
    found = desk.editor.compare("车", 1, 3)
    told = [(each.column, each.term, each.before, each.after) for each in found.labels]
    assert sorted(told) == [
        ("类别", "SUV", "车", "越野"), ("类别", "商砼", "", "材料"), ("类别", "越野汽车", "车型", "越野"),
    ]  # fmt: skip
    assert (found.label_count, found.added_count) == (3, 1)
    assert desk.editor.compare("车", 3, 1).labels[0].after in ("车", "车型", "")
    assert desk.editor.compare("车", 1, 3, limit=1).label_count == 3
    assert len(desk.editor.compare("车", 1, 3, limit=1).labels) == 1


# -- what a new term inherits ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edit", "term", "inherited"),
    [
        (AddSynonyms(PRADO, ("丰田霸道",)), "丰田霸道", "车型"),  # LC150 has none: the others agree
        (AddSynonyms(OFFROAD, ("吉普",)), "吉普", None),  # they do not
        (AddGroup("水泥", ("洋灰",)), "洋灰", None),
        (AddGroup("普拉多", ("洋灰",)), "洋灰", "车型"),
        (Paste((("混凝土", "商砼"), ("水泥", "洋灰"))), "商砼", "材料"),
        (MergePairs((Pair("混凝土", "商砼"), Pair("越野车", "吉普"))), "商砼", "材料"),
        (RenameTerm(OFFROAD, "SUV", "运动型多用途车"), "运动型多用途车", "车"),  # a correction keeps its own
        (RenameTerm(OFFROAD, "越野车", "越野"), "越野", None),
        (MoveTerms(OFFROAD, ("SUV",), PRADO), "suv", "车"),
        (MakeStandard(PRADO, "LC150"), "普拉多", "车型"),
        (MergeGroups((CONCRETE,), PRADO), "混凝土", None),  # materials and cars do not agree
        (MergeGroups((PRADO,), CONCRETE), "霸道", "车型"),
        (AddSynonyms(CONCRETE, ("suv",)), "suv", "车"),  # it has one already
    ],
)
def test_a_new_synonym_takes_the_label_that_its_group_agrees_on(desk, edit, term, inherited):
    desk.do(edit)
    assert kind(desk, term) == inherited
    before = desk.version
    desk.undo()
    assert desk.labels() == FIRST
    desk.redo()
    assert (kind(desk, term), desk.version) == (inherited, before + 2)


def test_the_labels_of_a_merged_file_come_before_what_would_be_inherited(desk):
    pairs = (Pair("混凝土", "商砼"), Pair("混凝土", "拌和料"), Pair("混凝土", "砼"))
    desk.do(MergePairs(pairs, (LabelColumn("类别", ("半成品", "成品"), bytes((0, NO_LABEL, 1))),)))
    assert {term: kind(desk, term) for term in ("商砼", "拌和料", "砼")} == {
        "商砼": "半成品", "拌和料": "成品", "砼": "成品",
    }  # fmt: skip
    desk.undo()
    assert desk.labels() == FIRST


def test_a_term_that_is_deleted_and_put_back_has_its_label_again(desk):
    desk.do(DeleteTerms(OFFROAD, ("SUV",)))
    desk.do(AddSynonyms(OFFROAD, ("SUV",)))
    assert kind(desk, "suv") == "车"


# -- refusals, and two at once ------------------------------------------------------------------------


def test_what_is_more_than_can_be_kept_is_refused_and_changes_nothing(desk):
    for number in range(LABEL_COLUMNS - 2):
        desk.do(SetLabel(CONCRETE, (), f"列{number}", "x"))
    terms = tuple(f"词{number}" for number in range(LABEL_VALUES + 1))
    desk.do(AddGroup("许多", terms))
    group = desk.editor.find("车", "许多")[0].id
    for number in range(LABEL_VALUES - 1):
        desk.do(SetLabel(group, (terms[number],), "列0", f"值{number}"))
    before, version = desk.labels(), desk.version
    for edit, words in (
        (SetLabel(CONCRETE, (), "第六列", "x"), "At most 5 columns"),
        (SetLabel(group, (terms[-1],), "列0", "再来一个"), "at most 40 different values"),
        (SetLabel(group, (terms[-1],), "列0", "长" * 101), "has 101 characters"),
        (SetLabel(group, (terms[-1],), "  ", "x"), "No column is named"),
    ):
        with pytest.raises(InputError, match=words):
            desk.do(edit)
    with pytest.raises(NotFound):
        desk.do(SetLabel(CONCRETE, ("霸道",), "类别", "x"))
    assert (desk.labels(), desk.version) == (before, version)
    desk.do(SetLabel(group, (terms[-1],), "列0", "值3"))
    desk.do(SetLabel(CONCRETE, (), "第六列", ""))


def test_the_later_of_two_who_label_one_term_is_told_and_others_are_not(desk):
    seen = desk.version
    desk.do(SetLabel(OFFROAD, ("SUV",), "类别", "越野"), author="王工")
    with pytest.raises(Conflict, match="王工") as conflict:
        desk.do(SetLabel(OFFROAD, (), "类别", "车"), based_on=seen)
    assert "「SUV」的「类别」设为「越野」" in conflict.value.message.get("zh")
    desk.do(SetLabel(OFFROAD, ("越野汽车",), "类别", "车"), based_on=seen)
    desk.do(SetLabel(OFFROAD, ("SUV",), "来源", "甲"), based_on=seen)
    desk.do(AddSynonyms(OFFROAD, ("吉普",)), based_on=seen)
    desk.do(SetLabel(OFFROAD, ("SUV",), "类别", "车"), based_on=seen, force=True)
    assert kind(desk, "suv") == "车"


def test_terms_of_several_groups_are_labelled_in_one_step(desk):
    edit = Several((SetLabel(PRADO, ("LC150",), "类别", "车"), SetLabel(CONCRETE, (), "类别", "")))
    assert desk.do(edit).step.title.get("zh") == "设置「LC150」、「混凝土」的分类"
    assert (kind(desk, "lc150"), kind(desk, "砼")) == ("车", None)
    desk.undo()
    assert desk.labels() == FIRST


# -- any sequence of steps ----------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(st.sampled_from(["set", "add", "undo", "redo", "back", "import"]), st.integers(0, 5)),
    max_size=12,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_every_version_reads_as_it_did_when_it_was_new(tmp_path_factory, steps):
    desk = Desk(tmp_path_factory.mktemp("steps"), labels=(KIND, SOURCE))
    store = desk.workspace.dictionaries
    known = {1: desk.labels()}
    for act, number in steps:
        group = (PRADO, OFFROAD, CONCRETE)[number % 3]
        try:
            if act == "set":
                desk.do(SetLabel(group, (), ("类别", "来源")[number % 2], ("", "x", "y")[number // 2]))
            elif act == "add":
                desk.do(AddSynonyms(group, (f"新词{number}",)))
            elif act == "back":
                desk.editor.restore("车", 1 + number % desk.version, based_on=desk.version)
            elif act == "import":
                codes = bytes((number + place) % 2 for place in range(len(desk.pairs())))
                column = LabelColumn(("类别", "站点")[number % 2], ("p", "q"), codes)
                store.save("车", desk.pairs(), language="zh", source="b", replace=True, labels=[column])
            else:
                desk.undo() if act == "undo" else desk.redo()
        except InputError:
            pass  # nothing to undo, or to do again
        known[desk.version] = desk.labels()
    for step in desk.editor.history("车", size=100)[0]:
        assert store.labels(store.version(step.version_id)) == known[step.number]
        assert known[step.number] == known[step.content_of]
    desk.workspace.close()
