"""``edit`` by terms instead of ids, and the way back: history, undo, redo, restore, compare."""

import json

import pytest

FILE = "标准词,近似词\n混凝土,砼\n混凝土,商砼\n越野车,SUV\n越野车,吉普\n吊车,SUV\n水泥,洋灰\n"


@pytest.fixture
def site(cli, write):
    cli.ask("import", "dictionary", write("a.csv", FILE), "--name", "工地")
    return cli


def content(cli, name="工地"):
    """Standard term -> synonyms, from an export."""
    target = cli.home / "content.jsonl"
    cli.ask("export", "dictionary", name, target)
    groups = {}
    for line in target.read_text("utf-8").splitlines():
        row = json.loads(line)
        groups.setdefault(row["standard"], []).append(row["synonym"])
    return groups


BEFORE = {"混凝土": ["砼", "商砼"], "越野车": ["SUV", "吉普"], "吊车": ["SUV"], "水泥": ["洋灰"]}


@pytest.mark.parametrize(
    ("arguments", "changed"),
    [
        (["add-group", "脚手架", "脚手", "架子"], {"脚手架": ["脚手", "架子"]}),
        (["add", "砼", "预拌混凝土"], {"混凝土": ["砼", "商砼", "预拌混凝土"]}),
        (["add", "水泥", "红毛泥"], {"水泥": ["洋灰", "红毛泥"]}),
        (["rename", "商砼", "商品混凝土"], {"混凝土": ["砼", "商品混凝土"]}),
        (["rename", "SUV", "起重机", "--group", "吊车"], {"吊车": ["起重机"]}),
        (["delete", "商砼"], {"混凝土": ["砼"]}),
        (["delete", "商砼", "吉普"], {"混凝土": ["砼"], "越野车": ["SUV"]}),
        (["delete", "水泥"], {"水泥": None}),
        (["delete", "SUV", "--group", "吊车"], {"吊车": None}),
        (["move", "商砼", "--to", "水泥"], {"混凝土": ["砼"], "水泥": ["洋灰", "商砼"]}),
        (["merge", "水泥", "--into", "混凝土"], {"混凝土": ["砼", "商砼", "水泥", "洋灰"], "水泥": None}),
        (["make-standard", "砼"], {"混凝土": None, "砼": ["混凝土", "商砼"]}),
        (["apart", "混凝土", "砼"], {"混凝土": ["商砼"]}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_an_edit_does_what_it_says_and_is_undone(site, arguments, changed):
    found = site.ask("edit", "工地", *arguments, "--author", "王工")
    assert found["steps"]
    assert {step["author"] for step in found["steps"]} == {"王工"}
    after = {name: terms for name, terms in {**BEFORE, **changed}.items() if terms}
    assert content(site) == after
    site.ask("undo", "工地", "--steps", len(found["steps"]))
    assert content(site) == BEFORE
    redone = site.ask("redo", "工地", "--steps", len(found["steps"]))
    assert redone["version"] == 1 + 3 * len(found["steps"])
    assert content(site) == after


def test_splitting_makes_a_group_of_the_first_term_or_of_another(site):
    site.ask("edit", "工地", "add", "混凝土", "预拌混凝土")
    site.ask("edit", "工地", "split", "商砼", "预拌混凝土", "--standard", "预拌混凝土")
    assert content(site)["预拌混凝土"] == ["商砼"]
    site.ask("undo", "工地")
    found = site.ask("edit", "工地", "split", "商砼", "预拌混凝土")
    assert {group["standard"] for group in found["groups"]} == {"混凝土", "商砼"}


def test_a_term_of_several_groups_is_asked_about(site, monkeypatch):
    said = site.refused("edit", "工地", "delete", "SUV")
    assert "越野车 (#2), 吊车 (#3)" in said
    assert "--group" in said
    assert "is in" in site.refused("edit", "工地", "delete", "SUV", "--group", "水泥")
    by_number = site.ask("edit", "工地", "add", "SUV", "四驱车", "--group", "#2")
    assert by_number["groups"][0]["standard"] == "越野车"
    monkeypatch.setenv("WORKBENCH_LANGUAGE", "zh")
    assert "在几个组里" in site.refused("edit", "工地", "delete", "SUV")
    assert "没有" in site.refused("edit", "工地", "delete", "飞机")


def test_a_mark_is_kept_listed_respected_by_an_import_and_taken_away(site, write):
    site.ask("edit", "工地", "apart", "砼", "混凝土")
    assert site.ask("list", "apart", "--dictionary", "工地") == [{"first": "砼", "second": "混凝土"}]
    plan = site.ask("import", "dictionary", write("a.csv", FILE), "--name", "工地", "--merge", "--dry-run")
    assert (plan["refused"], plan["changes_nothing"]) == (1, True)
    site.ask("edit", "工地", "unapart", "混凝土", "砼")
    assert site.ask("list", "apart", "--dictionary", "工地") == []
    assert site.ask("compare", "工地", 1, 3)["removed"] == 1


def test_an_edit_of_several_groups_is_done_whole_or_not_at_all(site):
    moved = site.ask("edit", "工地", "move", "商砼", "吉普", "--to", "水泥")
    assert len(moved["steps"]) == 1
    assert content(site)["水泥"] == ["洋灰", "商砼", "吉普"]
    site.ask("undo", "工地")
    assert content(site) == BEFORE
    site.refused("edit", "工地", "move", "商砼", "洋灰", "--to", "越野车")  # the last synonym of its group
    assert content(site) == BEFORE


def test_what_changes_nothing_makes_no_step(site):
    found = site.ask("edit", "工地", "add", "混凝土", "砼")
    assert (found["steps"], found["version"]) == ([], 1)
    assert found["notes"]
    assert "Nothing changed" in site.say("edit", "工地", "add", "混凝土", "砼")


def test_history_compare_and_restore(site):
    site.ask("edit", "工地", "add", "混凝土", "预拌混凝土")
    site.ask("edit", "工地", "delete", "水泥")
    steps = site.ask("history", "工地")
    assert [(step["number"], step["kind"]) for step in steps] == [(3, "edit"), (2, "edit"), (1, "import")]
    assert [step["current"] for step in steps] == [True, False, False]
    assert len(site.ask("history", "工地", "--limit", 2)) == 2
    found = site.ask("compare", "工地", 1, 3)
    assert (found["added"], found["removed"]) == (1, 1)
    assert found["details"]["added"] == [["混凝土", "预拌混凝土"]]
    assert found["details"]["removed"] == [["水泥", "洋灰"]]
    assert "- 水泥 = 洋灰" in site.say("compare", "工地", 1, 3)
    assert site.ask("restore", "工地", 1)["steps"][0]["kind"] == "restore"
    assert content(site) == BEFORE
    assert "预拌混凝土" in site.say("history", "工地")


def test_undo_as_far_as_there_is(site):
    for term in ("一", "二", "三"):
        site.ask("edit", "工地", "add", "混凝土", term)
    found = site.ask("undo", "工地", "--steps", 100)
    assert len(found["steps"]) == 3
    assert content(site) == BEFORE
    assert "nothing to undo" in site.refused("undo", "工地")
    assert len(site.ask("redo", "工地", "--steps", 100)["steps"]) == 3
    site.refused("redo", "工地")
    site.refused("undo", "工地", "--steps", 0)


def test_a_script_is_told_of_a_conflict(site):
    site.ask("edit", "工地", "rename", "砼", "混凝", "--author", "李工")
    said = site.refused("edit", "工地", "add", "混凝土", "预拌", "--based-on", 1)
    assert "李工" in said
    assert "李工" in site.refused("undo", "工地", "--based-on", 1)
    site.ask("edit", "工地", "add", "水泥", "红毛泥", "--based-on", 1)  # another group: no conflict
    forced = site.ask("edit", "工地", "add", "混凝土", "预拌", "--based-on", 1, "--force")
    assert forced["version"] == 4


@pytest.mark.parametrize(
    "arguments",
    [
        ["edit", "没有", "add", "a", "b"],
        ["edit", "工地", "fly", "a"],
        ["edit", "工地", "add", "没有", "b"],
        ["edit", "工地", "add", "#99", "b"],
        ["edit", "工地", "rename", "砼", " "],
        ["edit", "工地", "move", "洋灰", "--to", "混凝土"],
        ["edit", "工地", "move", "砼"],
        ["edit", "工地", "split", "砼"],
        ["edit", "工地", "split", "砼", "洋灰"],
        ["edit", "工地", "add", "混凝土", "x", "--based-on", "0"],
        ["edit", "工地", "add", "混凝土", "x", "--based-on", "9"],
        ["history", "没有"],
        ["history", "工地", "--limit", "0"],
        ["undo", "没有"],
        ["restore", "工地", "99"],
        ["restore", "工地", "x"],
        ["compare", "工地", "1", "99"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_said_and_changes_nothing(site, arguments):
    site.refused(*arguments)
    assert content(site) == BEFORE
    assert len(site.ask("history", "工地")) == 1


LABELLED = """标准词,近似词,类别,来源
混凝土,砼,材料,甲
混凝土,商砼,材料,乙
吊车,汽车吊,设备,甲
吊车,塔吊,设备,乙
"""


def test_labels_are_set_shown_compared_and_exported(cli, write):
    cli.ask("import", "dictionary", write("b.csv", LABELLED), "--name", "分类")
    told = cli.ask("edit", "分类", "label", "汽车吊", "--column", "类别", "--value", "车辆")
    assert told["groups"][0]["labels"]["类别"] == {"汽车吊": "车辆", "塔吊": "设备"}
    cli.ask(
        "edit", "分类", "label", "混凝土", "汽车吊", "--column", "来源", "--value", "丙", "--author", "王工"
    )
    assert cli.ask("edit", "分类", "add", "混凝土", "预拌")["groups"][0]["labels"]["类别"]["预拌"] == "材料"
    code, text, _ = cli("edit", "分类", "label", "塔吊", "--column", "来源")
    assert code == 0
    assert "类别: 车辆 (汽车吊); 设备 (塔吊)" in text
    found = cli.ask("compare", "分类", "1", "5")
    assert found["labels"] == 7
    assert {"column": "来源", "term": "塔吊", "before": "乙", "after": ""} in found["details"]["labels"]
    code, text, _ = cli("compare", "分类", "1", "2")
    assert "汽车吊  类别: 设备 → 车辆" in text
    cli.ask("undo", "分类")
    for ending in ("csv", "xlsx", "json", "parquet"):
        target = cli.home / f"out.{ending}"
        assert cli.ask("export", "dictionary", "分类", target)["left_out_columns"] == []
        copy = cli.ask("import", "dictionary", target, "--name", ending)
        assert copy["kept_columns"] == ["类别", "来源"]
        group = cli.ask("edit", ending, "label", "砼", "--column", "类别", "--value", "x")["groups"][0]
        assert group["labels"] == {"类别": {"砼": "x", "商砼": "材料", "预拌": "材料"},
                                   "来源": {"砼": "丙", "商砼": "丙", "预拌": "丙"}}  # fmt: skip
    assert cli.ask("export", "dictionary", "分类", cli.home / "out.ttl")["left_out_columns"] == [
        "类别",
        "来源",
    ]
    code, text, _ = cli("export", "dictionary", "分类", cli.home / "out.ttl")
    assert "not in the file: “类别”, “来源”" in text
