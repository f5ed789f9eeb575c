"""``import``, ``export``, ``list``, ``check`` and ``delete``, each with files as an expert has them."""

import json

import pytest

from workbench.ingest.export import ENDINGS

FIRST = "标准词,近似词\n混凝土,砼\n混凝土,商砼\n越野车,SUV\n水泥,洋灰\n"
SECOND = "标准词,近似词\n混凝土,砼\n混凝土,预拌混凝土\n越野车,suv\n吊车,SUV\n"


def names(cli, what):
    return [row["name"] for row in cli.ask("list", what)]


# -- a dictionary -----------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_happen_and_stores_nothing(cli, write):
    first, second = write("a.csv", FIRST), write("b.csv", SECOND)
    plan = cli.ask("import", "dictionary", first, "--name", "工地", "--dry-run")
    assert (plan["mode"], plan["added"], plan["added_groups"], plan["stored"]) == ("new", 4, 3, False)
    assert "工地" not in names(cli, "dictionaries")
    cli.ask("import", "dictionary", first, "--name", "工地")
    plan = cli.ask("import", "dictionary", second, "--name", "工地", "--merge", "--dry-run")
    counts = {name: plan[name] for name in ("added", "merged", "changed", "ignored", "removed", "refused")}
    assert counts == {"added": 1, "merged": 1, "changed": 1, "ignored": 1, "removed": 0, "refused": 0}
    assert plan["details"]["merged"] == [["混凝土", "预拌混凝土"]]
    assert plan["problems"]["ambiguous"] == len(plan["problem_list"]) == 2
    assert {each["row"] for each in plan["problem_list"]} == {5}
    replaced = cli.ask("import", "dictionary", second, "--name", "工地", "--replace", "--dry-run")
    assert replaced["removed"] == 2
    assert "stored" in cli.say("import", "dictionary", second, "--name", "工地", "--merge", "--dry-run")
    assert [step["number"] for step in cli.ask("history", "工地")] == [1]


def test_merging_and_the_same_file_again(cli, write):
    first, second = write("a.csv", FIRST), write("b.csv", SECOND)
    cli.ask("import", "dictionary", first, "--name", "工地")
    merged = cli.ask("import", "dictionary", second, "--name", "工地", "--merge", "--author", "王工")
    assert (merged["version"], merged["pairs"]) == (2, 6)
    assert (merged["plan"]["added"], merged["plan"]["merged"]) == (1, 1)
    assert cli.ask("history", "工地")[0]["author"] == "王工"
    for flag in ("--merge", "--replace"):
        again = cli.ask(
            "import", "dictionary", second if flag == "--merge" else first, "--name", "工地", flag
        )
        assert again["version"] == (2 if flag == "--merge" else 3)
    plan = cli.ask("import", "dictionary", first, "--name", "工地", "--merge", "--dry-run")
    assert plan["changes_nothing"]


def test_what_an_import_of_a_dictionary_refuses(cli, write, monkeypatch):
    first = write("a.csv", FIRST)
    cli.ask("import", "dictionary", first, "--name", "工地")
    assert "already" in cli.refused("import", "dictionary", first, "--name", "工地")
    assert "--merge" in cli.refused("import", "dictionary", first, "--name", "工地", "--dry-run")
    cli.refused("import", "dictionary", first, "--name", "没有", "--merge")
    cli.refused("import", "dictionary", first, "--merge", "--replace")
    cli.refused("import", "dictionary", first, "--format", "docx")
    cli.refused("import", "dictionary", write("empty.csv", ""))
    monkeypatch.setenv("WORKBENCH_LANGUAGE", "zh")
    assert "已经有" in cli.refused("import", "dictionary", first, "--name", "工地")


def test_how_a_file_is_read_can_be_said(cli, write):
    gbk = write("a.txt", "混凝土|砼\n越野车|SUV\n", "gb18030")
    found = cli.ask(
        "import", "dictionary", gbk, "--name", "a", "--delimiter", "|", "--encoding", "gb18030", "--no-header"
    )
    assert (found["pairs"], found["encoding"], found["delimiter"]) == (2, "gb18030", "|")
    lines = write("g.txt", "混凝土 砼 商砼\n".replace(" ", "、"))
    assert cli.ask("import", "dictionary", lines, "--name", "g", "--format", "groups")["pairs"] == 2
    obo = write(
        "x.obo",
        'format-version: 1.2\n\n[Term]\nid: A:1\nname: heart attack\nsynonym: "MI" EXACT []\n'
        'synonym: "cardiac event" RELATED []\n',
    )
    assert cli.ask("import", "dictionary", obo, "--name", "exact")["pairs"] == 1
    both = cli.ask("import", "dictionary", obo, "--name", "both", "--scope", "EXACT", "--scope", "RELATED")
    assert both["pairs"] == 2
    skos = write(
        "x.ttl",
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
        '<urn:1> a skos:Concept ; skos:prefLabel "concrete"@en , "混凝土"@zh ; skos:altLabel "砼"@zh .\n',
    )
    assert cli.ask("import", "dictionary", skos, "--name", "zh", "--language", "zh")["pairs"] == 2
    standards = [row[0] for row in cli.ask("check", skos, "--language", "en")["chains"]["largest"]]
    assert standards == []


@pytest.mark.parametrize("format_", ENDINGS)
def test_a_dictionary_goes_out_and_comes_back_in_every_format(cli, write, tmp_path, format_):
    odd = '标准词,近似词\n混凝土,砼\n混凝土,\'=1+1\n"a, b",c => d\n越野车,@SUV\n越野车,"x""y"\n'
    before = cli.ask("import", "dictionary", write("a.csv", odd), "--name", "before")
    target = tmp_path / f"out{ENDINGS[format_]}"
    assert cli.ask("export", "dictionary", "before", target)["bytes"] == target.stat().st_size
    assert cli.ask("export", "dictionary", "before", tmp_path / "by-name", "--format", format_)
    assert (tmp_path / "by-name").stat().st_size > 30
    after = cli.ask("import", "dictionary", target, "--name", "after")
    assert (after["pairs"], after["standards"]) == (before["pairs"], before["standards"]) == (5, 3)
    again = cli.ask("import", "dictionary", target, "--name", "before", "--replace", "--dry-run")
    assert (again["changes_nothing"], again["ignored"], again["changed"]) == (True, 5, 0)


# -- the other kinds --------------------------------------------------------------------------------


def test_labelled_pairs(cli, write, tmp_path):
    file = write("p.csv", "text1,text2,label\n普拉多,霸道,1\n普拉多,汉兰达,0\n霸道,霸道,1\n")
    looked = cli.ask("import", "pairs", file, "--name", "p", "--dry-run")
    assert (looked["stored"], looked["rows"], looked["problems"]) == (False, 2, {"self_pair": 1})
    assert names(cli, "pairs") == []
    stored = cli.ask("import", "pairs", file, "--name", "p")
    assert (stored["kind"], stored["rows"], stored["positives"], stored["trusted"]) == ("labels", 2, 1, True)
    assert cli.ask("import", "pairs", file, "--name", "p")["rows"] == 2  # the same again is nothing
    other = write("q.tsv", "a\tb\tc\n1\t越野车\tSUV\n".replace("1", "0.8"))
    assert "already" in cli.refused("import", "pairs", other, "--name", "p", "--label", "#1", "--text1", "b")
    scores = cli.ask(
        "import", "pairs", other, "--name", "p", "--replace", "--label", "a", "--text1", "b", "--text2", "c",
        "--kind", "scores", "--header",
    )  # fmt: skip
    assert (scores["kind"], scores["rows"]) == ("scores", 1)
    triplets = write("t.csv", "anchor,positive,negative\n普拉多,霸道,汉兰达\n")
    assert cli.ask("import", "pairs", triplets, "--name", "t", "--kind", "triplets")["kind"] == "triplets"
    for format_ in ("csv", "tsv", "xlsx", "jsonl"):
        for name in ("p", "t"):
            cli.ask("export", "pairs", name, tmp_path / f"out.{format_}")
            back = cli.ask("import", "pairs", tmp_path / f"out.{format_}", "--name", "back", "--replace")
            before = next(row for row in cli.ask("list", "pairs") if row["name"] == name)
            assert (back["kind"], back["rows"]) == (before["kind"], before["rows"])
    cli.refused("export", "pairs", "p", tmp_path / "x.ttl")


def test_raw_text(cli, write, tmp_path):
    file = write("c.txt", "普拉多使用手册。\n\n混凝土要养护。\n普拉多使用手册。\n")
    stored = cli.ask("import", "corpus", file, "--name", "手册")
    assert (stored["texts"], stored["unit"], stored["problems"]) == (2, "line", {"duplicate": 1})
    table = write("c.csv", "id,text\n1,混凝土要养护七天以上。\n2,钢筋要除锈，才能绑扎。\n")
    assert cli.ask("import", "corpus", table, "--name", "表", "--column", "text")["texts"] == 2
    assert cli.ask("import", "corpus", file, "--name", "段", "--unit", "paragraph")["unit"] == "paragraph"
    for format_ in ("txt", "csv", "tsv", "xlsx", "jsonl"):
        cli.ask("export", "corpus", "手册", tmp_path / f"out.{format_}")
        assert cli.ask("import", "corpus", tmp_path / f"out.{format_}", "--name", format_)["texts"] == 2
    assert {row["name"] for row in cli.ask("list", "corpora")} >= {"手册", "表", "段", "xlsx"}
    assert "手册" in cli.say("import", "corpus", file, "--name", "手册")


@pytest.mark.parametrize("header", [True, False])
def test_a_benchmark(cli, write, tmp_path, header):
    queries = ["霸道保养多久一次\t普拉多每五千公里保养\t李工", "砼要养护几天\t混凝土养护七天\t王工"]
    passages = ["普拉多每五千公里保养", "混凝土养护七天", "钢筋要除锈"]
    q = write("q.tsv", "\n".join((["query\tanswer\twho"] if header else []) + queries))
    c = write("c.txt", "\n".join((["passage"] if header else []) + passages))
    stored = cli.ask("import", "benchmark", "--queries", q, "--corpus", c, "--name", "问答")
    assert (stored["queries"], stored["passages"], stored["answers"]) == (2, 3, 2)
    files = (tmp_path / "out.tsv", tmp_path / "out2.tsv")
    cli.ask("export", "benchmark", "问答", files[0], "--corpus", files[1])
    back = cli.ask("import", "benchmark", "--queries", files[0], "--corpus", files[1], "--name", "back")
    assert (back["queries"], back["passages"], back["answers"]) == (2, 3, 2)
    alone = cli.ask(
        "import", "benchmark", "--queries", q, "--name", "alone", "--query", "#1", "--answer", "#2",
        "--header" if header else "--no-header",
    )  # fmt: skip
    assert (alone["queries"], alone["passages"]) == (2, 2)
    looked = cli.ask("import", "benchmark", "--queries", q, "--name", "looked", "--dry-run")
    assert not looked["stored"]
    assert set(names(cli, "benchmarks")) == {"问答", "back", "alone"}
    assert "2 queries" in cli.say("import", "benchmark", "--queries", q, "--corpus", c, "--name", "问答")


# -- check and delete -------------------------------------------------------------------------------


def test_check_names_problems_by_kind_and_row(cli, write):
    text = "标准词,近似词\n混凝土,砼\n越野车,SUV\n吊车,SUV\n发动机总成,发动机總成\n轿车,\n"
    file = write("a.csv", text)
    cli.ask("import", "dictionary", file, "--name", "a")
    report = cli.ask("check", "a")
    assert report["problems"] == {"ambiguous": 1, "near_traditional": 1, "one_character": 1}
    assert {each["code"]: each["row"] for each in report["details"]}["ambiguous"] == 3
    assert report["chains"]["count"] == 1
    assert report["chains"]["largest"][0]["standards"] == ["越野车", "吊车"]
    of_file = cli.ask("check", file)
    assert of_file["problems"] == {**report["problems"], "empty_cell": 1}
    assert [each["row"] for each in of_file["details"]] == sorted(each["row"] for each in of_file["details"])
    pairs = write("p.csv", "text1,text2,label\n混凝土,砼,0\n")
    cli.ask("import", "pairs", pairs, "--name", "p")
    assert cli.ask("check", "a", "--pairs", "p")["problems"]["contradiction"] == 1
    assert "ambiguous" in cli.say("check", "a")
    assert "no dictionary" in cli.refused("check", "没有")
    cli.refused("check", "a", "--pairs", "没有")
    cli.refused("check", "a", "--threshold", "20")


def test_two_terms_that_look_alike_in_two_groups_are_a_cluster(cli, write):
    file = write("a.csv", "标准词,近似词\n发动机总成,引擎\n發動機總成,马达\n")
    clusters = cli.ask("check", file)["near_duplicates"]
    assert clusters["count"] == 1
    assert set(clusters["clusters"][0]["terms"]) == {"发动机总成", "發動機總成"}


def test_delete(cli, write):
    cli.ask("import", "dictionary", write("a.csv", FIRST), "--name", "a")
    cli.ask("import", "corpus", write("c.txt", "一句话。\n"), "--name", "c")
    for kind, name, what in (("dictionary", "a", "dictionaries"), ("corpus", "c", "corpora")):
        assert cli.ask("delete", kind, name)["deleted"]
        assert name not in names(cli, what)
        assert "There is no" in cli.refused("delete", kind, name)
    for kind in ("pairs", "benchmark", "run", "generation"):
        cli.refused("delete", kind, "没有")
    cli.refused("delete", "everything", "a")


def test_every_list_is_a_list_and_has_a_form_for_people(cli):
    for what in (
        "dictionaries",
        "pairs",
        "corpora",
        "benchmarks",
        "models",
        "runs",
        "suggestions",
        "generations",
    ):
        rows = cli.ask("list", what)
        assert isinstance(rows, list)
        assert json.dumps(rows)
        cli.say("list", what)
    cli.refused("list", "apart")
