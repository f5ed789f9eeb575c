"""What an import would do is said before it is done, and adds up."""

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.ingest.dictionary import parse_dictionary
from workbench.ingest.dry_run import plan_import, without_apart
from workbench.ingest.readers import read_table
from workbench.normalise import term_key
from workbench.types import Pair, SynonymGroup


def preview(*pairs):
    lines = ["标准词,近似词", *(f"{one},{other}" for one, other in pairs)]
    table = read_table("\n".join(lines).encode(), "d.csv", max_rows=1000, max_bytes=10**6)
    return parse_dictionary(table)


def as_pairs(*pairs):
    return [Pair(one, other, row) for row, (one, other) in enumerate(pairs, 2)]


def keys(pairs):
    return {(term_key(pair.standard), term_key(pair.synonym)) for pair in pairs}


HERE = as_pairs(("混凝土", "砼"), ("混凝土", "concrete"), ("钢筋", "螺纹钢"))


def test_each_pair_of_the_file_is_in_one_list():
    plan = plan_import(
        preview(
            ("混凝土", "砼"), ("混凝土", "Concrete"), ("混凝土", "商砼"), ("水泥", "洋灰"), ("钢筋", "铁丝")
        ),
        HERE,
        [Pair("铁丝", "钢筋")],
        "merge",
    )  # fmt: skip
    assert plan.ignored == (Pair("混凝土", "砼", 2),)
    assert [(each.before.synonym, each.after.synonym) for each in plan.changed] == [("concrete", "Concrete")]
    assert plan.merged == (Pair("混凝土", "商砼", 4),)
    assert plan.added == (SynonymGroup("水泥", ("洋灰",)),)
    assert plan.refused == (Pair("钢筋", "铁丝", 6),)
    assert plan.removed == ()
    assert plan.pairs_after == 5
    assert not plan.changes_nothing


def test_importing_the_same_file_again_changes_nothing_and_says_so():
    file = preview(("混凝土", "砼"), ("混凝土", "concrete"), ("钢筋", "螺纹钢"))
    for mode in ("merge", "replace"):
        plan = plan_import(file, HERE, [], mode)
        assert plan.changes_nothing
        assert plan.ignored_count == plan.pairs_after == 3
        assert plan.summary.get("en").startswith("Importing this changes nothing.")
        assert plan.summary.get("zh").startswith("导入不会改变任何内容")


def test_another_spelling_is_taken_by_replacing_alone():
    file = preview(("混凝土", "砼"), ("混凝土", "CONCRETE"), ("钢筋", "螺纹钢"))
    assert plan_import(file, HERE, [], "merge").changes_nothing
    assert not plan_import(file, HERE, [], "replace").changes_nothing


def test_replacing_names_what_would_go():
    plan = plan_import(preview(("混凝土", "砼"), ("水泥", "洋灰")), HERE, [], "replace")
    assert plan.removed == (HERE[1], HERE[2])
    assert (plan.removed_count, plan.pairs_after) == (2, 2)


def test_a_new_dictionary_is_compared_with_nothing():
    plan = plan_import(preview(("混凝土", "砼"), ("混凝土", "商砼")), HERE, [Pair("混凝土", "砼")], "new")
    assert plan.added == (SynonymGroup("混凝土", ("砼", "商砼")),)
    assert (plan.added_groups, plan.added_count, plan.pairs_after, plan.refused_count) == (1, 2, 2, 0)


def test_an_ambiguity_that_only_the_two_together_have_is_reported_with_its_row():
    plan = plan_import(preview(("钢材", "螺纹钢"), ("钢材", "型钢")), HERE, [], "merge")
    (problem,) = plan.problems
    assert (problem.code, problem.row) == ("ambiguous", 2)
    assert "钢筋" in problem.text.get("zh")
    assert plan_import(preview(("钢材", "螺纹钢")), HERE, [], "replace").problems == ()


def test_chains_with_what_is_here_are_reported_in_both_directions():
    plan = plan_import(preview(("建材", "混凝土"), ("砼", "混凝土浆")), HERE, [], "merge")
    assert [(problem.code, problem.row) for problem in plan.problems] == [("chain", 2), ("chain", 3)]


def test_terms_marked_apart_that_would_share_a_group_are_reported():
    apart = [Pair("砼", "商砼")]
    plan = plan_import(preview(("混凝土", "商砼")), HERE, apart, "merge")
    assert [problem.code for problem in plan.problems] == ["apart_joined"]
    assert plan_import(preview(("钢筋", "圆钢")), HERE, apart, "merge").problems == ()


def test_lists_are_cut_and_counts_are_whole():
    file = preview(*((f"词{n}", f"近{n}") for n in range(700)))
    for mode in ("new", "merge"):
        plan = plan_import(file, HERE, [], mode)
        assert (len(plan.added), plan.added_groups, plan.added_count) == (500, 700, 700)
    again = plan_import(file, file.pairs, [], "merge")
    assert (len(again.ignored), again.ignored_count) == (500, 700)


terms = st.sampled_from(["A", "a", "Ａ", "B", "b", "C", "D", "e"])
some = st.lists(
    st.tuples(terms, terms).filter(lambda ends: term_key(ends[0]) != term_key(ends[1])), max_size=9
)


@settings(max_examples=150, deadline=None)
@given(some.filter(bool), some, some)
def test_the_counts_are_those_of_sets(file, here, marked):
    read = preview(*file)
    existing = list({key: pair for pair in as_pairs(*here) for key in keys([pair])}.values())
    apart = as_pairs(*marked)
    existing = without_apart(existing, apart)
    wanted = keys(without_apart(read.pairs, apart))
    merge = plan_import(read, existing, apart, "merge")
    assert merge.pairs_after == len(keys(existing) | wanted)
    assert merge.added_count + merge.merged_count == len(wanted - keys(existing))
    assert merge.changes_nothing == (wanted <= keys(existing))
    replace = plan_import(read, existing, apart, "replace")
    assert replace.pairs_after == len(wanted)
    assert keys(replace.removed) == keys(existing) - wanted
    for plan in (merge, replace):
        parts = (plan.added_count, plan.merged_count, plan.changed_count, plan.ignored_count)
        assert sum(parts) + plan.refused_count == len(read.pairs)
