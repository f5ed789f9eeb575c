"""``generate`` against a server on this machine, and ``suggestions``: the expert's yes and no."""

import pytest
from generation.fake_endpoint import KEY, Answer, FakeEndpoint, rows

FILE = "标准词,近似词\n混凝土,砼\n越野车,SUV\n水泥,洋灰\n"


@pytest.fixture
def fake():
    server = FakeEndpoint()
    yield server
    server.close()


@pytest.fixture
def site(cli, write):
    cli.ask("import", "dictionary", write("a.csv", FILE), "--name", "工地")
    return cli


@pytest.fixture
def asked(fake):
    def options(*more):
        return ["generate", "--url", fake.url, "--model", "qwen2.5:7b", *more]

    return options


def generate(site, fake, asked):
    fake.always = lambda prompt: rows("商品混凝土", "预拌混凝土")
    return site.ask(*asked("--dictionary", "工地", "--term", "混凝土", "--language", "zh", "--name", "job"))


def test_a_job_is_waited_for_and_its_rows_wait_in_the_queue(site, fake, asked, monkeypatch):
    monkeypatch.setenv("WORKBENCH_LLM_KEY", KEY)
    job = generate(site, fake, asked)
    assert (job["state"], job["requests"], job["made"], job["kept"]) == ("completed", 1, 2, 2)
    assert (job["name"], job["kind"], job["dictionary"]) == ("job", "synonym", "工地")
    assert fake.requests[-1]["key"] == f"Bearer {KEY}"
    assert KEY not in str(job)
    queue = site.ask("suggestions", "list", "--dictionary", "工地")
    assert {(row["first"], row["second"], row["state"]) for row in queue} == {
        ("混凝土", "商品混凝土", "waiting"),
        ("混凝土", "预拌混凝土", "waiting"),
    }
    assert [row["name"] for row in site.ask("list", "generations")] == ["job"]
    assert len(site.ask("list", "suggestions")) == 2
    files = [path for path in site.home.rglob("*") if path.is_file()]
    assert "workbench.db" in {path.name for path in files}
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def test_accept_reject_and_undo_by_id_and_all(site, fake, asked, tmp_path):
    generate(site, fake, asked)
    first, second = (row["id"] for row in site.ask("suggestions", "list"))
    yes = site.ask("suggestions", "accept", first, "--author", "王工")
    assert (yes["ids"], yes["steps"][0]["author"]) == ([first], "王工")
    assert site.ask("list", "dictionaries")[0]["pairs"] == 4
    no = site.ask("suggestions", "reject", "--all", "--dictionary", "工地")
    assert no["ids"] == [second]
    assert len(site.ask("list", "apart", "--dictionary", "工地")) == 1
    assert site.ask("suggestions", "list") == []
    assert len(site.ask("suggestions", "list", "--state", "rejected")) == 1
    site.ask("export", "suggestions", tmp_path / "queue.csv")
    assert (tmp_path / "queue.csv").read_text("utf-8-sig").count("\n") == 3
    assert site.ask("suggestions", "undo", second)["state"] == "waiting"
    assert site.ask("list", "apart", "--dictionary", "工地") == []
    assert "1 later" in site.say("suggestions", "later", second)
    assert str(second) in site.say("suggestions", "list", "--state", "later")
    assert "1 waiting" in site.say("suggestions", "undo", "--all")
    assert site.ask("list", "dictionaries")[0]["pairs"] == 3


def test_paraphrases_go_into_a_pair_set(site, fake, asked, write):
    fake.always = lambda prompt: rows("这款车每五千公里要做一次保养")
    prompt = write("prompt.txt", "换个说法：{sentence}，{count} 句，JSON")
    job = site.ask(*asked("--task", "paraphrases", "--text", "普拉多每五千公里保养一次", "--prompt", prompt))
    assert (job["kind"], job["kept"]) == ("sentence_pair", 1)
    assert "换个说法：普拉多" in fake.prompts[-1]
    assert "pair set" in site.refused("suggestions", "accept", "--all")
    yes = site.ask("suggestions", "accept", "--all", "--kind", "paraphrases", "--pair-set", "改写")
    assert (yes["pair_set"]["name"], yes["pair_set"]["rows"]) == ("改写", 1)


def test_the_cap_ends_a_job_that_can_be_continued(site, fake, asked):
    fake.always = lambda prompt: rows(f"别名{len(fake.requests)}号词")
    job = site.ask(*asked("--dictionary", "工地", "--max-requests", 2, "--name", "capped"))
    assert (job["state"], job["requests"]) == ("stopped", 2)
    job = site.ask("generate", "--resume", "capped")
    assert (job["state"], job["requests"]) == ("completed", 3)
    assert site.ask("delete", "generation", "capped")["deleted"]


def test_testing_the_connection(site, fake, asked, monkeypatch):
    fake.always = lambda prompt: rows("ok")
    found = site.ask(*asked("--test"))
    assert set(found["models"]) == {"qwen2.5:7b", "glm-4"}
    assert found["key"] is False
    monkeypatch.setenv("WORKBENCH_LLM_KEY", KEY)
    monkeypatch.setenv("WORKBENCH_LLM_URL", fake.url)
    assert site.ask("generate", "--model", "qwen2.5:7b", "--test")["key"] is True
    monkeypatch.setenv("WORKBENCH_LLM_URL", "http://elsewhere.example/v1")
    assert site.ask(*asked("--test"))["key"] is False  # the key is for that other address alone


def test_an_endpoint_that_says_no_is_a_failed_job(site, fake, asked, monkeypatch):
    monkeypatch.setenv("WORKBENCH_LLM_KEY", KEY)
    fake.always = lambda prompt: Answer({"error": {"message": f"bad key {KEY}"}}, status=401)
    status, out, err = site(*asked("--dictionary", "工地"))
    assert (status, out) == (1, "")
    assert "failed" in err
    assert KEY not in err
    status, out, err = site(*asked("--dictionary", "工地", "--json"))
    assert (status, err) == (1, "")
    assert '"state": "failed"' in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["generate", "--model", "m", "--dictionary", "工地"],
        ["generate", "--url", "ftp://x", "--model", "m", "--dictionary", "工地"],
        ["generate", "--url", "http://localhost:9/v1", "--dictionary", "工地"],
        ["generate", "--url", "http://localhost:9/v1", "--model", "m"],
        ["generate", "--url", "http://localhost:9/v1", "--model", "m", "--dictionary", "没有"],
        ["generate", "--url", "http://localhost:9/v1", "--model", "m", "--task", "poems"],
        [
            "generate",
            "--url",
            "http://localhost:9/v1",
            "--model",
            "m",
            "--dictionary",
            "工地",
            "--max-requests",
            "0",
        ],
        ["generate", "--resume", "没有"],
        ["suggestions", "accept"],
        ["suggestions", "accept", "1", "--all"],
        ["suggestions", "accept", "99"],
        ["suggestions", "list", "--dictionary", "没有"],
        ["suggestions", "list", "--limit", "0"],
        ["export", "suggestions", "/no/such/folder/queue.csv"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_cannot_be_asked_is_said(site, arguments, language, monkeypatch):
    monkeypatch.setenv("WORKBENCH_LANGUAGE", language)
    site.refused(*arguments)
