"""Generation jobs from start to end over a real home and a real HTTP server."""

import json
import logging
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from generation.fake_endpoint import KEY, QUICK, Answer, chat, rows

from workbench.errors import BadParameter, InputError, NotFound
from workbench.generation.config import GenerationConfig
from workbench.generation.endpoint import EndpointConfig
from workbench.generation.filters import FilterSettings
from workbench.services.generation import Generation
from workbench.settings import Settings
from workbench.types import Pair
from workbench.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
PAIRS = [Pair("普拉多", "霸道"), Pair("混凝土", "砼"), Pair("混凝土", "商品砼"), Pair("心肌梗死", "心梗")]


@pytest.fixture
def workspace(tmp_path):
    opened = Workspace(Settings.from_env({}, home=tmp_path / "home"))
    opened.dictionaries.save("词典", PAIRS, language="zh", source="t.csv")
    yield opened
    opened.close()


@pytest.fixture
def generation(workspace):
    service = Generation(workspace, environment={}, backoff=QUICK)
    yield service
    service.close()


def config_for(fake, kind="synonym", *, filters=None, **more):
    more.setdefault("dictionary", "词典" if kind == "synonym" else "")
    endpoint = EndpointConfig(fake.url, "qwen2.5:7b", timeout=5.0)
    return GenerationConfig(kind, endpoint, filters=filters or FilterSettings(), **more)


def term_of(prompt):
    return next(pair.standard for pair in PAIRS if f"「{pair.standard}」" in prompt)


def own_word(prompt):
    return rows(f"{term_of(prompt)}的别名")


def run(generation, config, **more):
    return generation.wait(generation.start(config, **more).id, 10)


def queue(workspace, **where):
    return [(each.first, each.second) for each in workspace.suggestions.every(**where)]


# -- to the end ------------------------------------------------------------------------------------


def test_a_job_fills_the_queue_and_says_what_it_dropped(fake, generation, workspace):
    answers = {
        "普拉多": ["霸道", "兰德酷路泽普拉多", "砼", "无"],
        "混凝土": ["水泥混凝土", "商品砼", "concrete"],
        "心肌梗死": ["心肌梗塞", "普拉多"],
    }
    fake.always = lambda prompt: rows(*answers[term_of(prompt)])
    job = run(generation, config_for(fake, order="file", domain="汽车与建筑"))
    assert (job.state, job.progress, job.requests, job.made, job.kept) == ("completed", 1.0, 3, 9, 3)
    assert job.dropped == {"known": 2, "elsewhere": 2, "empty": 1, "script": 1}
    assert queue(workspace, state="waiting") == [
        ("普拉多", "兰德酷路泽普拉多"),
        ("混凝土", "水泥混凝土"),
        ("心肌梗死", "心肌梗塞"),
    ]
    (first, *_), _ = workspace.suggestions.page(sort="newest")
    assert (first.dictionary, first.source, first.score) == ("词典", f"generation:{job.id}", None)
    assert first.reason.get("zh") == "由 qwen2.5:7b 提出"
    assert "汽车与建筑" in fake.requests[0]["body"]["messages"][0]["content"]
    assert "9 条中有 3 条" in job.message.get("zh")
    assert [each.id for each in generation.jobs()] == [job.id]


def test_the_same_job_again_brings_nothing_twice_and_nothing_rejected(fake, generation, workspace):
    fake.always = own_word
    run(generation, config_for(fake))
    ids = [each.id for each in workspace.suggestions.every()]
    workspace.suggestions.decide(ids[:1], "rejected")
    workspace.suggestions.decide(ids[1:2], "accepted")
    job = run(generation, config_for(fake))
    assert job.kept == 0
    assert job.dropped == {"rejected": 1, "queue": 2}
    assert len(queue(workspace)) == 3
    assert job.name == "词典 同义词-2"


def test_terms_can_be_chosen_and_are_asked_for_with_their_synonyms(fake, generation):
    fake.always = own_word
    run(generation, config_for(fake, terms=("混凝土",), count=7))
    assert len(fake.prompts) == 1
    assert "已知的同义词：砼、商品砼。" in fake.prompts[0]
    assert "最多 7 个" in fake.prompts[0]
    fake.requests.clear()
    run(generation, config_for(fake, order="fewest", max_items=2))
    assert [term_of(prompt) for prompt in fake.prompts] == ["普拉多", "心肌梗死"]


def test_paraphrases_and_questions_of_pasted_texts_and_of_a_corpus(fake, generation, workspace):
    sentence = "轮胎气压应在冷态时测量。"
    workspace.corpora.save(
        "手册", [(sentence, 1), ("短", 2), (sentence + "每月一次。", 3)], unit="line", source="x"
    )
    fake.script = [rows("测胎压要等轮胎凉下来。"), rows("胎压什么时候量？"), rows("多久查一次胎压呢？")]
    assert run(generation, config_for(fake, "sentence_pair", texts=(sentence,))).kept == 1
    assert run(generation, config_for(fake, "question", corpus="手册", order="file")).kept == 2
    assert queue(workspace, kind="sentence_pair") == [(sentence, "测胎压要等轮胎凉下来。")]
    assert queue(workspace, kind="question")[0] == ("胎压什么时候量？", sentence)


def test_an_edited_prompt_is_what_is_sent(fake, generation):
    run(generation, config_for(fake, prompt="「{term}」还叫什么？给 {count} 个", system="", language="zh"))
    assert fake.prompts[0] == "「普拉多」还叫什么？给 5 个"
    assert len(fake.requests[0]["body"]["messages"]) == 1


def test_the_way_back_is_checked_by_the_chosen_model(fake, generation, workspace, monkeypatch):
    def vectors(model, texts, progress=None):
        assert model == "judge"
        near = {"普拉多": 0, "霸道": 0, "陆巡": 0, "混凝土": 1, "砼": 1, "商品砼": 1, "轿车": 1}
        return np.eye(3, dtype=np.float32)[[near.get(text, 2) for text in texts]]

    monkeypatch.setattr(workspace.library, "vectors", vectors)
    monkeypatch.setattr(workspace.library, "check", lambda model: model)
    fake.always = lambda prompt: rows("陆巡", "轿车")
    filters = FilterSettings(round_trip="judge", max_rank=1)
    job = run(generation, config_for(fake, terms=("普拉多",), filters=filters))
    assert job.dropped == {"round_trip": 1}
    ((found,), _) = workspace.suggestions.page()
    assert (found.second, found.score) == ("陆巡", 1.0)
    assert "第 1" in found.reason.get("zh")


def test_a_model_that_is_not_there_is_said_before_anything_is_sent(fake, generation):
    job = run(generation, config_for(fake, filters=FilterSettings(round_trip="no-such-model")))
    assert (job.state, job.requests) == ("failed", 0)
    assert "no-such-model" in job.message.get("zh")
    assert fake.requests == []


def test_a_broken_answer_is_asked_for_once_more_and_a_list_is_counted(fake, generation):
    fake.script = [
        chat("我不知道"),
        rows("丰田霸道"),
        chat("1. 水泥砼\n2. 人造石"),
        chat("?"),
        chat(""),
        chat("?"),
    ]
    job = run(generation, config_for(fake, order="file"))
    assert (job.state, job.requests, job.kept) == ("completed", 5, 3)
    assert job.dropped == {"broken": 3}
    assert "JSON" in fake.prompts[1]
    assert fake.prompts[1].startswith(fake.prompts[0])
    assert "1 份回答是编号列表" in job.message.get("zh")


def test_no_sentence_holds_a_test_term_of_the_named_dictionary(fake, generation, workspace):
    letters = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉"
    pairs = [Pair(f"{a}标准词", f"{a}近似词") for a in letters]
    workspace.dictionaries.save("大词典", pairs, language="zh", source="t")
    split = workspace.measurer.subject(workspace.dictionaries.get("大词典")).split
    part_of = lambda text: split.parts[split.component_of[text]]
    train = [pair.standard for pair in pairs if part_of(pair.standard) == "train"]
    test = [pair.standard for pair in pairs if part_of(pair.standard) == "test"]
    texts = tuple(f"请问{term}在哪里可以买到？" for term in (test[0], train[0], test[1]))
    fake.always = lambda prompt: rows(f"何处出售{train[0]}", f"何处出售{test[2]}呢")
    job = run(generation, config_for(fake, "sentence_pair", texts=texts, dictionary="大词典"))
    assert (job.requests, job.kept, job.dropped) == (1, 1, {"test_term": 1})
    assert test[0] not in fake.prompts[0]
    assert run(generation, config_for(fake, "sentence_pair", texts=texts)).requests == 3


def test_a_term_deleted_meanwhile_is_passed_over(fake, generation, workspace):
    def answer(prompt):
        if len(fake.requests) == 1:
            workspace.dictionaries.save("词典", PAIRS[:1], language="zh", source="t", replace=True)
        return own_word(prompt)

    fake.always = answer
    job = run(generation, config_for(fake, order="file"))
    assert (job.state, job.requests, job.progress) == ("completed", 1, 1.0)


# -- bad days ----------------------------------------------------------------------------------------


def test_single_failures_are_passed_over_and_can_be_asked_again(fake, generation, workspace):
    fake.script = [Answer({"error": "content filter"}, status=400)]
    fake.always = own_word
    job = run(generation, config_for(fake, order="file"))
    assert (job.state, job.kept) == ("completed", 2)
    assert generation.failed_items(job.id) == ["普拉多"]
    assert "1 项没有得到回答" in job.message.get("zh")
    job = generation.wait(generation.resume(job.id).id, 10)
    assert (job.state, job.kept, job.requests) == ("completed", 3, 4)
    assert generation.failed_items(job.id) == []
    assert ("普拉多", "普拉多的别名") in queue(workspace)
    with pytest.raises(InputError, match="done"):
        generation.resume(job.id)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_ends_the_job_at_once_in_words(fake, generation, status):
    fake.script = [Answer({"error": {"message": "nope"}}, status=status)] * 9
    job = run(generation, config_for(fake))
    assert (job.state, job.requests) == ("failed", 1)
    assert "nope" in job.message.get("zh")
    assert "请检查" in job.message.get("zh")


def test_three_failures_in_a_row_end_the_job_which_can_be_continued(fake, generation):
    fake.script = [Answer(status=500)] * 9
    job = run(generation, config_for(fake))
    assert (job.state, job.requests) == ("failed", 9)
    fake.always = own_word
    job = generation.wait(generation.resume(job.id).id, 10)
    assert (job.state, job.kept, job.requests) == ("completed", 3, 12)


def test_an_error_of_our_own_is_said_and_logged(fake, generation, workspace, monkeypatch, caplog):
    def broken(*_, **__):
        raise ZeroDivisionError(f"at {KEY}")

    monkeypatch.setattr(workspace.suggestions, "add", broken)
    fake.always = own_word
    job = run(generation, config_for(fake))
    assert job.state == "failed"
    assert "日志" in job.message.get("zh")
    assert KEY not in job.message.get("zh") + job.message.get("en")
    assert "ZeroDivisionError" in caplog.text


def test_what_cannot_be_asked_is_refused_before_anything_is_sent(fake, generation):
    for wrong, kind in (
        ({"dictionary": "没有"}, NotFound),
        ({"dictionary": ""}, BadParameter),
        ({"terms": ("不在词典",)}, InputError),
    ):
        with pytest.raises(kind):
            generation.start(config_for(fake, **wrong))
    with pytest.raises(BadParameter, match="corpus"):
        generation.start(config_for(fake, "question"))
    with pytest.raises(BadParameter, match=r"\{tern\}"):
        config_for(fake, prompt="{tern} {term} {count}")
    with pytest.raises(BadParameter, match="cap on requests"):
        config_for(fake, max_requests=0)
    with pytest.raises(BadParameter, match="model"):
        generation.start(GenerationConfig("synonym", EndpointConfig(fake.url), dictionary="词典"))
    assert fake.requests == []
    assert generation.jobs() == []


# -- caps, cancelling, continuing --------------------------------------------------------------------


def test_the_cap_on_requests_holds_and_can_be_raised(fake, generation):
    fake.always = own_word
    job = run(generation, config_for(fake, max_requests=2))
    assert (job.state, job.requests, job.kept) == ("stopped", 2, 2)
    assert "2 次请求的上限" in job.message.get("zh")
    with pytest.raises(BadParameter):
        generation.resume(job.id, max_requests=2)
    job = generation.wait(generation.resume(job.id, max_requests=9).id, 10)
    assert (job.state, job.requests, job.kept) == ("completed", 3, 3)
    assert len({term_of(prompt) for prompt in fake.prompts}) == len(fake.prompts) == 3


def test_cancelling_during_a_request_takes_a_second_and_keeps_what_came(fake, generation, workspace):
    fake.script = [rows("丰田霸道"), Answer(hang=30)]
    job = generation.start(config_for(fake, order="file"))
    while len(fake.requests) < 2:
        time.sleep(0.01)
    assert generation.job(job.id).state == "running"
    began = time.monotonic()
    assert generation.cancel(job.id).state == "stopping"
    job = generation.wait(job.id, 10)
    assert time.monotonic() - began < 1.3
    assert (job.state, job.kept, job.requests) == ("stopped", 1, 2)
    fake.always = own_word
    job = generation.wait(generation.resume(job.id).id, 10)
    assert (job.state, job.kept) == ("completed", 3)
    assert [term_of(prompt) for prompt in fake.prompts] == ["普拉多", "混凝土", "混凝土", "心肌梗死"]
    assert len(queue(workspace)) == 3


def test_another_process_can_cancel_a_job(fake, generation, workspace):
    fake.always = lambda prompt: Answer(hang=30)
    job = generation.start(config_for(fake))
    while not fake.requests:
        time.sleep(0.01)
    workspace.generations.request_stop(job.id)
    assert generation.wait(job.id, 5).state == "stopped"


def test_jobs_wait_for_each_other_and_a_waiting_one_is_cancelled_at_once(fake, generation):
    go = threading.Event()
    fake.always = lambda prompt: (go.wait(5), own_word(prompt))[1]
    first = generation.start(config_for(fake, terms=("普拉多",)), name="一")
    second = generation.start(config_for(fake, terms=("混凝土",)))
    third = generation.start(config_for(fake, terms=("心肌梗死",)))
    while not fake.requests:
        time.sleep(0.01)
    assert [generation.job(each.id).state for each in (first, second, third)] == [
        "running",
        "queued",
        "queued",
    ]
    assert generation.cancel(second.id).state == "stopped"
    with pytest.raises(InputError, match="not ended"):
        generation.resume("一")
    go.set()
    assert generation.wait(third.id, 10).state == "completed"
    assert generation.job("一").state == "completed"
    assert len(fake.requests) == 2


def test_closing_interrupts_a_job_and_it_goes_on_after_a_restart(fake, generation, workspace):
    fake.script = [rows("丰田霸道"), Answer(hang=30)]
    job = generation.start(config_for(fake, order="file"))
    waiting = generation.start(config_for(fake, terms=("混凝土",)))
    while len(fake.requests) < 2:
        time.sleep(0.01)
    began = time.monotonic()
    generation.close()
    assert time.monotonic() - began < 1.5
    fake.always = own_word
    again = Generation(workspace, environment={}, backoff=QUICK)
    assert [each.state for each in again.jobs()] == ["interrupted", "interrupted"]
    assert "继续" in again.job(job.id).message.get("zh")
    assert again.wait(again.resume(job.id).id, 10).kept == 3
    assert again.wait(again.resume(waiting.id).id, 10).state == "completed"
    assert [term_of(prompt) for prompt in fake.prompts[2:]] == ["混凝土", "心肌梗死", "混凝土"]
    again.close()


def test_a_killed_process_leaves_a_job_that_goes_on(fake, workspace, tmp_path):
    fake.script = [rows("丰田霸道"), Answer(hang=30)]
    code = (
        "import json, sys; from pathlib import Path; from workbench.settings import Settings;"
        "from workbench.generation.config import GenerationConfig;"
        "from workbench.services.generation import Generation; from workbench.workspace import Workspace;"
        "home, config = sys.argv[1:];"
        "generation = Generation(Workspace(Settings.from_env({}, home=Path(home))), environment={});"
        "generation.wait(generation.start(GenerationConfig.from_json(json.loads(config))).id)"
    )
    config = json.dumps(config_for(fake, order="file").as_json())
    child = subprocess.Popen([sys.executable, "-c", code, str(workspace.settings.home), config], cwd=ROOT)
    until = time.monotonic() + 30
    while len(fake.requests) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    (job,) = workspace.generations.all()
    assert job.state == "running"
    child.send_signal(signal.SIGKILL)
    child.wait(10)
    fake.always = own_word
    service = Generation(workspace, environment={}, backoff=QUICK)
    assert (service.jobs()[0].state, service.jobs()[0].kept) == ("interrupted", 1)
    job = service.wait(service.resume(job.id).id, 10)
    assert (job.state, job.kept) == ("completed", 3)
    assert [term_of(prompt) for prompt in fake.prompts] == ["普拉多", "混凝土", "混凝土", "心肌梗死"]
    service.close()


@pytest.mark.parametrize("owner", ["", "999999999:1.00:dead", "1:1.00:reused-pid", "nonsense"])
def test_after_a_crash_a_running_job_is_interrupted_at_the_start(fake, workspace, owner):
    config = config_for(fake)
    job = workspace.generations.create("坏掉的", config.as_json(), ["普拉多"], owner)
    assert workspace.generations.claim_next(owner) == job.id
    service = Generation(workspace, environment={}, backoff=QUICK)
    assert service.job(job.id).state == "interrupted"
    fake.always = own_word
    assert service.wait(service.resume(job.id).id, 10).state == "completed"
    service.close()


def test_a_live_job_is_not_interrupted_by_who_else_opens_the_home(fake, generation, workspace):
    fake.always = lambda prompt: Answer(hang=30)
    job = generation.start(config_for(fake))
    while not fake.requests:
        time.sleep(0.01)
    other = Generation(workspace, environment={}, backoff=QUICK)
    assert other.jobs()[0].state == "running"
    other.close()
    assert generation.job(job.id).state == "running"


def test_an_ended_job_can_be_deleted_and_its_suggestions_stay(fake, generation, workspace):
    fake.always = own_word
    job = run(generation, config_for(fake))
    generation.delete(job.id)
    assert generation.jobs() == []
    assert len(queue(workspace)) == 3


# -- the key -----------------------------------------------------------------------------------------


def test_the_key_is_sent_and_is_nowhere_on_disk_in_logs_or_in_words(fake, generation, workspace, caplog):
    caplog.set_level(logging.DEBUG)
    generation.set_key(fake.url + "/v1/", KEY)
    assert generation.has_key(fake.url)
    echo = json.dumps([f"钥匙{KEY}", "正经别名"], ensure_ascii=False)
    fake.script = [Answer({"error": f"{KEY}?"}, status=500), chat(echo), Answer({"error": KEY}, status=401)]
    job = run(generation, config_for(fake, order="file"))
    assert job.state == "failed"
    assert generation.test_endpoint(EndpointConfig(fake.url, "m")).models
    assert {request["key"] for request in fake.requests} == {f"Bearer {KEY}"}
    assert KEY not in repr(job) + caplog.text
    workspace.database.connection.conn.execute("PRAGMA wal_checkpoint")
    files = [path for path in workspace.settings.home.rglob("*") if path.is_file()]
    assert any(path.name == "workbench.db" for path in files)
    assert not [path for path in files if KEY.encode() in path.read_bytes()]
    assert "正经别名".encode() in b"".join(path.read_bytes() for path in files)


def test_templates_models_and_config_for_the_page(fake, generation):
    assert len(generation.templates()) == 6
    assert generation.models(EndpointConfig(fake.url)) == ["glm-4", "qwen2.5:7b"]
    assert "near" in generation.filters()
    config = config_for(fake, terms=("a",), filters=FilterSettings(near=80))
    assert GenerationConfig.from_json(json.loads(json.dumps(config.as_json()))) == config
