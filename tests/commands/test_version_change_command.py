"""``compare NAME [A [B]] --model M``: a stable document, a text, and what is refused."""


def test_a_model_on_two_versions(cli):
    cli.ask("edit", "汽车", "add", "自适应巡航", "智能跟车系统")
    found = cli.ask("compare", "汽车", "--model", "tfidf")
    assert (found["dictionary"], found["model"], found["from"], found["to"]) == ("汽车", "tfidf", 1, 2)
    assert set(found) == {
        "dictionary", "model", "from", "to", "queries", "answered_otherwise", "corpus", "recall@1",
        "recall@10", "sentence", "questions",
    }  # fmt: skip
    queries = found["queries"]
    assert queries["before"] == queries["same"] + queries["regraded"] + queries["went"]
    assert queries["after"] == queries["same"] + queries["regraded"] + queries["came"]
    for k in (1, 10):
        shift = found[f"recall@{k}"]
        parts = sum(shift[name] for name in ("same", "regraded", "came", "went"))
        assert abs(parts - shift["difference"]) < 1e-9
        assert abs(shift["after"] - shift["before"] - shift["difference"]) < 1e-9
    assert {name: len(rows) for name, rows in found["questions"].items()} == {
        "same": found["answered_otherwise"], **{name: queries[name] for name in ("regraded", "came", "went")}
    }  # fmt: skip
    assert cli.ask("compare", "汽车", 1, 2, "--model", "tfidf") == found
    back = cli.ask("compare", "汽车", 2, 1, "--model", "tfidf")
    assert back["recall@1"]["difference"] == -found["recall@1"]["difference"]
    said = cli.say("compare", "汽车", "--model", "tfidf")
    assert "v1 → v2" in said
    assert found["sentence"] in said


def test_what_is_refused(cli):
    assert "no version before" in cli.refused("compare", "汽车", "--model", "tfidf")
    assert "compare NAME" in cli.refused("compare", "汽车", "one", "--model", "tfidf")
    cli.ask("edit", "汽车", "add", "自适应巡航", "智能跟车系统")
    assert "itself" in cli.refused("compare", "汽车", 2, 2, "--model", "tfidf")
