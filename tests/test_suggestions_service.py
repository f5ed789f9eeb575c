"""Deciding on suggestions: what a yes and a no do to dictionaries and pair sets, and how it is taken back."""

import csv
import io

import pytest

from workbench.editing.edits import AddSynonyms, MakeStandard, MarkApart
from workbench.errors import BadParameter, InputError, NotFound
from workbench.services.editing import Editor
from workbench.services.suggestions import Suggestions
from workbench.settings import Settings
from workbench.storage.suggestions import Proposal
from workbench.types import LabelledPair, Pair, Suggestion
from workbench.workspace import Workspace

PAIRS = [Pair("普拉多", "霸道"), Pair("混凝土", "砼"), Pair("心肌梗死", "心梗")]


@pytest.fixture
def workspace(tmp_path):
    opened = Workspace(Settings.from_env({}, home=tmp_path / "home"))
    opened.dictionaries.save("词典", PAIRS, language="zh", source="t.csv")
    yield opened
    opened.close()


@pytest.fixture
def editor(workspace):
    return Editor(workspace)


@pytest.fixture
def suggestions(workspace, editor):
    return Suggestions(workspace, editor)


def propose(workspace, *pairs, kind="synonym", dictionary="词典", label=1.0):
    id = workspace.dictionaries.get(dictionary).id if dictionary else ""
    workspace.suggestions.add(
        kind, [Proposal(*pair, label) for pair in pairs], source="generation:x", dictionary_id=id
    )
    found = {(each.first, each.second): each.id for each in workspace.suggestions.every(kind=kind)}
    return [found[pair] for pair in pairs]


def content(workspace):
    info = workspace.dictionaries.get("词典")
    return {(pair.standard, pair.synonym) for pair in workspace.dictionaries.pairs(info.version_id)}


def apart(editor):
    return {frozenset((pair.standard, pair.synonym)) for pair in editor.apart("词典")}


BEFORE = {(pair.standard, pair.synonym) for pair in PAIRS}


def test_a_yes_adds_the_synonym_as_a_step_with_the_author(workspace, editor, suggestions):
    ids = propose(workspace, ("普拉多", "陆巡普拉多"), ("混凝土", "水泥混凝土"))
    decision = suggestions.accept(ids[:1], author=" 王\t工")
    assert decision.ids == tuple(ids[:1])
    assert content(workspace) == BEFORE | {("普拉多", "陆巡普拉多")}
    (step,) = decision.steps
    assert (step.author, step.added, step.number) == ("王工", 1, 2)
    assert suggestions.get(ids[0]).author == "王工"
    assert suggestions.counts("词典") == {"waiting": 1, "accepted": 1, "rejected": 0, "later": 0}
    assert [each.id for each in suggestions.page("词典")[0]] == ids[1:]


def test_many_yes_are_one_step(workspace, editor, suggestions):
    ids = propose(
        workspace, ("普拉多", "陆巡普拉多"), ("混凝土", "水泥混凝土"), ("新词", "别名"), ("混凝土", "人造石")
    )
    decision = suggestions.accept(ids)
    assert len(decision.steps) == 1
    assert content(workspace) == BEFORE | {
        ("普拉多", "陆巡普拉多"), ("混凝土", "水泥混凝土"), ("新词", "别名"), ("混凝土", "人造石")
    }  # fmt: skip


def test_a_no_marks_the_pair_apart(workspace, editor, suggestions):
    ids = propose(workspace, ("普拉多", "轿车"), ("混凝土", "砂浆"))
    decision = suggestions.reject(ids)
    assert decision.state == "rejected"
    assert len(decision.steps) == 1  # however many: one step to undo
    assert content(workspace) == BEFORE
    assert apart(editor) == {frozenset(("普拉多", "轿车")), frozenset(("混凝土", "砂浆"))}
    assert propose(workspace, ("普拉多", "轿车")) == ids[:1]
    assert suggestions.counts()["rejected"] == 2


def test_later_is_no_decision(workspace, suggestions):
    ids = propose(workspace, ("普拉多", "陆巡普拉多"))
    assert suggestions.later(ids).ids == tuple(ids)
    assert suggestions.page(state="waiting")[1] == 0
    assert suggestions.accept(ids).ids == tuple(ids)
    assert suggestions.later(ids).ids == ()


def test_two_pages_cannot_decide_the_same_twice(workspace, editor, suggestions):
    ids = propose(workspace, ("普拉多", "陆巡普拉多"), ("混凝土", "水泥混凝土"))
    suggestions.accept(ids[:1])
    other = Suggestions(workspace, editor).reject(ids)
    assert other.ids == tuple(ids[1:])
    assert ("普拉多", "陆巡普拉多") in content(workspace)
    assert suggestions.accept([987654]).ids == ()


@pytest.mark.parametrize("many", [1, 3])
@pytest.mark.parametrize("yes", [True, False])
def test_undo_right_after_goes_back_to_what_was(workspace, editor, suggestions, many, yes):
    ids = propose(workspace, ("普拉多", "陆巡"), ("混凝土", "人造石"), ("心肌梗死", "心肌梗塞"))[:many]
    (suggestions.accept if yes else suggestions.reject)(ids)
    undone = suggestions.undo(ids)
    assert undone.ids == tuple(sorted(ids))
    assert len(undone.steps) == 1
    assert (content(workspace), apart(editor)) == (BEFORE, set())
    assert suggestions.counts()["waiting"] == 3
    assert suggestions.undo(ids).ids == ()
    suggestions.accept(ids)
    assert len(content(workspace)) == 3 + many


@pytest.mark.parametrize("restarted", [True, False])
def test_undo_after_other_edits_takes_out_these_alone(workspace, editor, suggestions, restarted):
    ids = propose(workspace, ("普拉多", "陆巡"), ("新词", "别名"), ("混凝土", "砂浆"))
    suggestions.accept(ids[:2])
    suggestions.reject(ids[2:])
    version = editor.status("词典").version
    group = editor.find("词典", "心梗")[0].id
    editor.apply("词典", AddSynonyms(group, ("心肌梗塞",)), based_on=version)
    editor.apply("词典", MarkApart("普拉多", "奔驰"), based_on=version + 1)
    if restarted:
        suggestions = Suggestions(workspace, editor)
    suggestions.undo(ids)
    assert content(workspace) == BEFORE | {("心肌梗死", "心肌梗塞")}
    assert apart(editor) == {frozenset(("普拉多", "奔驰"))}
    assert suggestions.counts()["waiting"] == 3


def test_what_is_marked_apart_is_not_accepted_and_a_note_says_so(workspace, editor, suggestions):
    ids = propose(workspace, ("普拉多", "轿车"), ("普拉多", "陆巡"))
    editor.apply("词典", MarkApart("轿车", "普拉多"), based_on=1)
    decision = suggestions.accept(ids)
    assert decision.ids == tuple(ids[1:])
    assert "1 条已标为不是近义词" in decision.notes[0].get("zh")
    assert content(workspace) == BEFORE | {("普拉多", "陆巡")}
    assert suggestions.get(ids[0]).state == "waiting"


def test_an_edit_that_fails_takes_the_decision_back(workspace, editor, suggestions):
    ids = propose(workspace, ("普拉多", "长" * 600))
    with pytest.raises(InputError):
        suggestions.accept(ids)
    assert suggestions.get(ids[0]).state == "waiting"
    assert (content(workspace), editor.status("词典").version) == (BEFORE, 1)


def test_a_yes_to_not_alike_is_a_mark(workspace, editor, suggestions):
    ids = propose(workspace, ("普拉多", "轿车"), label=0.0)
    suggestions.accept(ids)
    assert apart(editor) == {frozenset(("普拉多", "轿车"))}
    suggestions.undo(ids)
    suggestions.reject(ids)
    assert apart(editor) == set()


def test_sentences_go_into_the_named_pair_set(workspace, suggestions):
    ids = propose(workspace, ("甲句子", "乙句子"), ("丙句子", "丁句子"), kind="sentence_pair", dictionary="")
    with pytest.raises(BadParameter, match="pair set"):
        suggestions.accept(ids)
    assert suggestions.counts()["waiting"] == 2
    info = suggestions.accept(ids[:1], pair_set="句对").pair_set
    assert (info.name, info.rows, info.positives, info.trusted, info.kind) == ("句对", 1, 1, True, "labels")
    question = propose(workspace, ("问题？", "一段文字"), kind="question", dictionary="")
    assert suggestions.accept([*ids[1:], *question], pair_set="句对").pair_set.rows == 3
    pairs = list(workspace.pair_sets.pairs(workspace.pair_sets.get("句对").id))
    assert [(pair.text1, pair.text2) for pair in pairs] == [
        ("甲句子", "乙句子"), ("丙句子", "丁句子"), ("问题？", "一段文字")
    ]  # fmt: skip
    suggestions.undo(ids[:1])
    assert workspace.pair_sets.get("句对").rows == 2


def test_a_set_that_is_there_keeps_its_rows_and_is_not_trusted_by_this(workspace, suggestions):
    workspace.pair_sets.save(
        "外来", [LabelledPair("a", "b", 0.4)], kind="scores", source="x", trusted=False, recipe={"r": 1}
    )
    workspace.pair_sets.save("三元", [LabelledPair("a", "b", 1, "c")], kind="triplets", source="x")
    ids = propose(workspace, ("甲句子", "乙句子"), kind="sentence_pair", dictionary="")
    with pytest.raises(BadParameter, match="triplets"):
        suggestions.accept(ids, pair_set="三元")
    info = suggestions.accept(ids, pair_set="外来").pair_set
    assert (info.rows, info.kind, info.trusted) == (2, "scores", False)
    assert info.recipe == {"r": 1, "suggestions": True}
    suggestions.undo(ids)
    assert [pair.text1 for pair in workspace.pair_sets.pairs(workspace.pair_sets.get("外来").id)] == ["a"]


def test_the_queue_is_exported_formula_safe(workspace, suggestions):
    propose(workspace, ("普拉多", "=1+1"), ("普拉多", 'a"b,c'))
    lines = list(csv.reader(io.StringIO(suggestions.export("词典").decode("utf-8-sig"))))
    assert lines[0][:3] == ["kind", "first", "second"]
    assert [line[2] for line in lines[1:]] == ["'=1+1", 'a"b,c']
    assert suggestions.export(state="accepted").decode("utf-8-sig").count("\n") == 1


def test_wrong_wishes_are_refused_in_words(workspace, suggestions):
    for wrong in ({"kind": "x"}, {"state": "x"}, {"sort": "x; DROP TABLE"}):
        with pytest.raises(BadParameter):
            suggestions.page(**wrong)
    with pytest.raises(NotFound):
        suggestions.page("没有")
    with pytest.raises(NotFound):
        suggestions.get(5)


def test_the_queue_of_a_deleted_dictionary_does_no_harm(workspace, suggestions):
    ids = propose(workspace, ("普拉多", "陆巡"), ("普拉多", "轿车"))
    workspace.dictionaries.delete("词典")
    workspace.dictionaries.save("词典", PAIRS, language="zh", source="another of that name")
    assert suggestions.page()[1] == sum(suggestions.counts().values()) == 0
    assert suggestions.accept(ids[:1]).steps == ()
    assert suggestions.reject(ids[1:]).steps == ()
    assert content(workspace) == BEFORE


def edit(editor, change):
    return editor.apply("词典", change, based_on=editor.status("词典").version)


def test_taking_a_yes_back_leaves_what_the_expert_had_added_before(workspace, editor, suggestions):
    ids = propose(workspace, ("普拉多", "陆巡普拉多"))
    edit(editor, AddSynonyms(1, ("陆巡普拉多",)))
    assert suggestions.accept(ids).steps == ()
    edit(editor, AddSynonyms(2, ("别的",)))
    assert suggestions.undo(ids).ids == tuple(ids)
    assert ("普拉多", "陆巡普拉多") in content(workspace)


def test_taking_a_no_back_leaves_the_experts_own_mark(workspace, editor, suggestions):
    ids = propose(workspace, ("普拉多", "轿车"))
    edit(editor, MarkApart("普拉多", "轿车"))
    suggestions.reject(ids)
    edit(editor, AddSynonyms(2, ("别的",)))
    suggestions.undo(ids)
    assert apart(editor) == {frozenset(("普拉多", "轿车"))}


def test_taking_a_no_back_brings_back_the_pair_that_it_took_out(workspace, editor, suggestions):
    ids = propose(workspace, ("普拉多", "霸道"))
    suggestions.reject(ids)
    assert ("普拉多", "霸道") not in content(workspace)
    edit(editor, AddSynonyms(2, ("别的",)))
    suggestions.undo(ids)
    assert content(workspace) == BEFORE | {("混凝土", "别的")}
    assert apart(editor) == set()


def test_a_yes_goes_to_the_group_whose_standard_term_has_changed_meanwhile(workspace, editor, suggestions):
    ids = propose(workspace, ("普拉多", "陆巡普拉多"), ("普拉多", "霸道"))
    edit(editor, MakeStandard(1, "霸道"))
    suggestions.accept(ids)
    assert content(workspace) == BEFORE - {("普拉多", "霸道")} | {("霸道", "普拉多"), ("霸道", "陆巡普拉多")}
    edit(editor, AddSynonyms(2, ("别的",)))
    suggestions.undo(ids)
    assert content(workspace) == BEFORE - {("普拉多", "霸道")} | {("霸道", "普拉多"), ("混凝土", "别的")}


def test_thousands_of_sentences_are_sorted_out_in_one_pass(workspace, suggestions, monkeypatch):
    many = [(f"句子{number}甲", f"句子{number}乙") for number in range(2_000)]
    ids = propose(workspace, *many, kind="sentence_pair", dictionary="")
    compared = 0

    def counted(self, other):
        nonlocal compared
        compared += 1
        return self.id == other.id

    monkeypatch.setattr(Suggestion, "__eq__", counted)
    assert len(suggestions.accept(ids, pair_set="句对").ids) == len(ids)
    assert compared < 100_000  # each with each other would be millions


def test_two_standard_terms_that_are_synonyms_make_one_group(workspace, suggestions):
    ids = propose(workspace, ("普拉多", "混凝土"))
    suggestions.accept(ids)
    assert content(workspace) == {
        ("普拉多", "霸道"), ("普拉多", "混凝土"), ("普拉多", "砼"), ("心肌梗死", "心梗")
    }  # fmt: skip
    suggestions.undo(ids)
    assert content(workspace) == BEFORE


def test_groups_that_are_merged_in_a_chain_end_in_one(workspace, suggestions):
    ids = propose(workspace, ("普拉多", "混凝土"), ("混凝土", "心肌梗死"), ("心肌梗死", "普拉多"))
    suggestions.accept(ids)
    assert {standard for standard, _ in content(workspace)} == {"普拉多"}
    assert len(content(workspace)) == 5


def test_a_merge_is_taken_back_after_other_edits_too(workspace, editor, suggestions):
    ids = propose(workspace, ("普拉多", "混凝土"))
    suggestions.accept(ids)
    edit(editor, AddSynonyms(editor.find("词典", "普拉多")[0].id, ("陆巡普拉多",)))
    suggestions.undo(ids)
    assert content(workspace) == BEFORE | {("普拉多", "陆巡普拉多")}
