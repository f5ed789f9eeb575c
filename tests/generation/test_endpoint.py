"""The client of a language model's endpoint on its good and its bad days."""

import logging
import threading
import time
from dataclasses import replace
from email.utils import formatdate

import pytest
from generation.fake_endpoint import KEY, QUICK, Answer, chat, rows

from workbench.errors import BadParameter, Stopped
from workbench.generation import transport
from workbench.generation.address import base_address, is_this_machine
from workbench.generation.endpoint import Backoff, Endpoint, EndpointConfig
from workbench.generation.keys import HIDDEN, KeyRing
from workbench.generation.problems import EndpointBusy, EndpointProblem, EndpointRefused, RequestRefused
from workbench.generation.production import Allowance, CapReached


@pytest.fixture
def endpoint(config):
    return Endpoint(config, KEY, backoff=QUICK)


# -- the address --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("http://localhost:11434", "http://localhost:11434/v1"),
        ("localhost:11434", "http://localhost:11434/v1"),
        (" http://localhost:11434/v1/ ", "http://localhost:11434/v1"),
        ("https://api.example.com/v1/chat/completions", "https://api.example.com/v1"),
        ("https://api.example.com/api/v3", "https://api.example.com/api/v3"),
        ("https://api.example.com/compatible-mode//v1/models", "https://api.example.com/compatible-mode/v1"),
        ("https://api.example.com/v1beta/openai", "https://api.example.com/v1beta/openai"),
        ("https://openrouter.example/api", "https://openrouter.example/api/v1"),
        ("http://[::1]:8000", "http://[::1]:8000/v1"),
    ],
)
def test_an_address_is_understood_however_it_is_pasted(given, wanted):
    assert base_address(given) == wanted
    assert base_address(wanted) == wanted


@pytest.mark.parametrize(
    "given",
    ["", "ftp://host/v1", "file:///etc/passwd", "http://", "javascript:alert(1)", "http://a b/v1",
     "http://host:99999999", "http://host\n/v1"],
)  # fmt: skip
def test_what_is_no_address_is_refused_in_words(given):
    with pytest.raises(BadParameter, match="http"):
        base_address(given)


@pytest.mark.parametrize("given", [f"https://user:{KEY}@host/v1", f"https://host/v1?key={KEY}"])
def test_a_key_in_the_address_is_refused_and_not_repeated(given):
    with pytest.raises(BadParameter) as refusal:
        base_address(given)
    assert KEY not in refusal.value.text("zh") + refusal.value.text("en")


def test_own_machine():
    assert all(is_this_machine(f"http://{host}/v1") for host in ("localhost", "127.0.0.2:1", "[::1]:80"))
    assert not is_this_machine("https://api.example.com/v1")


# -- good days ----------------------------------------------------------------------------------


def test_a_prompt_is_asked_and_answered(fake, endpoint):
    fake.script = [rows("甲", "乙")]
    assert endpoint.ask("词？", system="只输出 JSON").text == '["甲", "乙"]'
    request = fake.requests[0]
    assert request["path"] == "/v1/chat/completions"
    assert request["key"] == f"Bearer {KEY}"
    assert request["body"] == {
        "model": "qwen2.5:7b",
        "messages": [{"role": "system", "content": "只输出 JSON"}, {"role": "user", "content": "词？"}],
        "stream": False,
        "max_tokens": 1024,
        "temperature": 0.7,
    }


def test_without_a_key_none_is_sent(fake, config):
    Endpoint(config, backoff=QUICK).ask("?")
    assert fake.requests[0]["key"] is None


def test_models_are_listed_as_openai_and_as_others_do(fake, endpoint):
    assert endpoint.models() == ["glm-4", "qwen2.5:7b"]
    fake.models = Answer(b'{"models": [{"name": "llama3"}]}')
    assert endpoint.models() == ["llama3"]
    fake.models = Answer(b'["a", "b"]')
    assert endpoint.models() == ["a", "b"]


def test_the_connection_is_tested_even_without_a_list_of_models(fake, endpoint):
    fake.script = [chat("OK"), chat(" OK\n")]
    report = endpoint.test()
    assert (report.models, report.sample) == (("glm-4", "qwen2.5:7b"), "OK")
    fake.models = Answer({"detail": "Not Found"}, status=404)
    assert endpoint.test().models == ()


@pytest.mark.parametrize(
    ("content", "text"),
    [([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "ab"), (None, ""), (5, ""), ([3], "")],
)
def test_content_may_come_in_parts_or_not_at_all(fake, endpoint, content, text):
    fake.script = [chat(content, finish="length")]
    reply = endpoint.ask("?")
    assert (reply.text, reply.cut) == (text, True)


@pytest.mark.parametrize(
    "body", [{"choices": []}, {"choices": None}, {}, {"choices": [None]}, {"choices": [{"message": "x"}]}]
)
def test_an_answer_without_choices_is_an_empty_reply(fake, endpoint, body):
    fake.script = [Answer(body)]
    assert endpoint.ask("?").text == ""
    assert len(fake.requests) == 1


def test_newer_models_that_refuse_max_tokens_and_temperature_are_asked_again_in_their_way(fake, endpoint):
    fake.script = [
        Answer({"error": {"message": "Unsupported: use 'max_completion_tokens'"}}, status=400),
        Answer({"error": {"message": "'temperature' does not support 0.7"}}, status=400),
        rows("甲"),
        rows("乙"),
    ]
    assert "甲" in endpoint.ask("?").text
    assert "乙" in endpoint.ask("?").text
    assert len(fake.requests) == 4
    assert "max_tokens" not in fake.requests[-1]["body"]
    assert "temperature" not in fake.requests[-1]["body"]


# -- bad days -----------------------------------------------------------------------------------


PASSING = {
    "500": Answer({"error": {"message": "CUDA out of memory"}}, status=500),
    "502 html": Answer("<html>Bad Gateway</html>", status=502, content_type="text/html"),
    "503": Answer("", status=503),
    "429": Answer({"error": "slow down"}, status=429),
    "broken json": Answer(b'{"choices": [{"mess'),
    "empty body": Answer(b""),
    "not utf-8": Answer(b"\xff\xfe\x00{"),
    "truncated body": replace(rows("甲"), short=500),
    "dropped": Answer(drop=True),
    "error with 200": Answer({"error": {"message": "overloaded", "code": 503}}),
    "nested too deeply": Answer(b"[" * 100_000),
}


@pytest.mark.parametrize("name", PASSING)
def test_what_may_pass_is_tried_again(fake, endpoint, name):
    fake.script = [PASSING[name], PASSING[name], rows("甲")]
    assert endpoint.ask("?").text == '["甲"]'
    assert len(fake.requests) == 3


@pytest.mark.parametrize("name", PASSING)
def test_what_does_not_pass_ends_in_a_sentence(fake, endpoint, name):
    fake.script = [PASSING[name]] * 9
    with pytest.raises(EndpointBusy) as problem:
        endpoint.ask("?")
    assert len(fake.requests) == 1 + QUICK.retries
    for language in ("zh", "en"):
        assert "Traceback" not in problem.value.text(language)
        assert "<html>" not in problem.value.text(language)


REFUSALS = [
    (401, EndpointRefused, "key"),
    (403, EndpointRefused, "permission|key"),
    (404, EndpointRefused, "address"),
    (400, RequestRefused, "model's name"),
    (422, RequestRefused, "model's name"),
]


@pytest.mark.parametrize(("status", "kind", "words"), REFUSALS)
def test_a_refusal_is_not_tried_again_and_says_what_to_check(fake, endpoint, status, kind, words):
    fake.script = [Answer({"error": {"message": f"No. Your key {KEY} is wrong"}}, status=status)]
    with pytest.raises(kind, match=words) as problem:
        endpoint.ask("?")
    assert len(fake.requests) == 1
    assert str(status) in problem.value.text("zh")
    assert f"Your key {HIDDEN} is wrong" in problem.value.text("zh")
    assert KEY not in problem.value.text("zh") + problem.value.text("en") + repr(problem.value)


@pytest.mark.parametrize(
    "body",
    [{"error": "model 'x' not found"}, {"detail": "model 'x' not found"},
     {"error": {"message": "model 'x' not found", "code": "nope"}}, {"message": "model 'x' not found"}],
)  # fmt: skip
def test_the_servers_own_words_are_shown_wherever_they_stand(fake, endpoint, body):
    fake.script = [Answer(body, status=404)]
    with pytest.raises(EndpointRefused, match="model 'x' not found"):
        endpoint.ask("?")


def test_a_used_up_quota_is_not_tried_again(fake, endpoint):
    fake.script = [Answer({"error": {"message": "You exceeded", "code": "insufficient_quota"}}, status=429)]
    with pytest.raises(EndpointRefused, match="quota"):
        endpoint.ask("?")
    assert len(fake.requests) == 1


def test_a_web_page_instead_of_an_answer_names_the_address(fake, endpoint):
    fake.script = [Answer("<!doctype html><title>nginx</title>", content_type="text/html")]
    with pytest.raises(EndpointRefused, match="web page"):
        endpoint.ask("?")
    assert len(fake.requests) == 1


def test_a_right_answer_of_the_wrong_content_type_is_taken(fake, endpoint):
    fake.script = [replace(rows("甲"), content_type="text/plain")]
    assert endpoint.ask("?").text == '["甲"]'


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(fake, endpoint, status):
    fake.script = [Answer(status=status, headers={"Location": f"http://127.0.0.1:9/v1?k={KEY}"})]
    with pytest.raises(EndpointRefused, match=r"127\.0\.0\.1:9") as problem:
        endpoint.ask("?")
    assert len(fake.requests) == 1
    assert KEY not in problem.value.text("zh")


def test_retry_after_is_honoured_in_seconds_and_as_a_date(fake, endpoint):
    fake.script = [Answer(status=429, headers={"Retry-After": "0.4"}), rows("甲")]
    endpoint.ask("?")
    assert fake.requests[1]["at"] - fake.requests[0]["at"] >= 0.39
    fake.script = [Answer(status=503, headers={"Retry-After": formatdate(time.time() - 5)}), rows("甲")]
    began = time.monotonic()
    endpoint.ask("?")
    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_server_that_asks_for_an_hour_is_left_alone(fake, endpoint, form):
    after = "3600" if form == "seconds" else formatdate(time.time() + 3600)
    fake.script = [Answer(status=429, headers={"Retry-After": after})]
    with pytest.raises(EndpointRefused, match=r"3[56]\d\d s"):
        endpoint.ask("?")
    assert len(fake.requests) == 1


@pytest.mark.parametrize("after", ["soon", "-3", "nan", "inf", ""])
def test_a_retry_after_without_sense_is_ignored(fake, endpoint, after):
    fake.script = [Answer(status=429, headers={"Retry-After": after}), rows("甲")]
    assert endpoint.ask("?").text == '["甲"]'


def test_waits_grow_are_bounded_and_differ():
    backoff = Backoff(base=1, longest=8)
    waits = [[backoff.wait(attempt, None) for _ in range(200)] for attempt in range(6)]
    for attempt, found in enumerate(waits):
        top = min(8, 2**attempt)
        assert top / 2 <= min(found) < max(found) <= top
    assert backoff.wait(0, 5.0) == 5.0


def test_a_server_that_says_nothing_times_out(fake, config):
    fake.script = [Answer(hang=5)]
    endpoint = Endpoint(replace(config, timeout=0.2), KEY, backoff=Backoff(retries=0))
    began = time.monotonic()
    with pytest.raises(EndpointBusy, match=r"0\.2 s"):
        endpoint.ask("?")
    assert time.monotonic() - began < 1.5


def test_a_slow_drip_ends_at_the_timeout_of_the_whole_answer(fake, config):
    fake.script = [replace(rows("甲" * 500), drip=0.02)]
    endpoint = Endpoint(replace(config, timeout=0.3), KEY, backoff=Backoff(retries=0))
    began = time.monotonic()
    with pytest.raises(EndpointBusy):
        endpoint.ask("?")
    assert time.monotonic() - began < 1.5


def test_a_huge_body_is_given_up(fake, endpoint):
    fake.script = [Answer(b" " * (transport.LARGEST_ANSWER + 2))]
    with pytest.raises(RequestRefused, match="4 MB"):
        endpoint.ask("?")
    assert len(fake.requests) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://no-such-host.invalid"])
def test_no_server_is_said_with_what_to_check(url):
    endpoint = Endpoint(EndpointConfig(url, "m", timeout=5), KEY, backoff=Backoff(retries=0))
    with pytest.raises(EndpointBusy, match="No connection to") as problem:
        endpoint.ask("?")
    assert "请检查地址" in problem.value.text("zh")


def test_it_works_where_a_proxy_is_set(fake, config, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert Endpoint(config, backoff=QUICK).ask("?").text == '["默认"]'


# -- limits and cancelling -----------------------------------------------------------------------


def test_every_attempt_counts_against_the_cap(fake, config):
    allowance = Allowance(2)
    endpoint = Endpoint(config, KEY, backoff=QUICK, before_attempt=allowance.spend)
    fake.script = [Answer(status=500)] * 5
    with pytest.raises(CapReached):
        endpoint.ask("?")
    assert len(fake.requests) == allowance.used == 2


@pytest.mark.parametrize("answer", [Answer(hang=20), replace(rows("甲" * 2000), drip=0.05)])
def test_cancelling_ends_a_running_request_within_a_second(fake, config, answer):
    fake.script = [answer]
    stop = threading.Event()
    endpoint = Endpoint(replace(config, timeout=60), KEY, cancelled=stop.is_set)
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        endpoint.ask("?")
    assert time.monotonic() - began < 1.3


def test_cancelling_ends_a_wait_between_requests(fake, config):
    fake.script = [Answer(status=503, headers={"Retry-After": "60"})]
    stop = threading.Event()
    endpoint = Endpoint(config, KEY, cancelled=stop.is_set)
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        endpoint.ask("?")
    assert time.monotonic() - began < 1.3


def test_values_out_of_range_are_refused(fake):
    for wrong in ({"temperature": 3}, {"max_tokens": 0}, {"timeout": 0}):
        with pytest.raises(BadParameter, match=next(iter(wrong))):
            EndpointConfig(fake.url, "m", **wrong)
    with pytest.raises(BadParameter, match="model"):
        Endpoint(EndpointConfig(fake.url)).ask("?")


# -- the key --------------------------------------------------------------------------------------


def test_a_key_belongs_to_one_address_and_shows_nowhere():
    ring = KeyRing({})
    ring.put("http://a/v1", KEY)
    assert ring.of("http://a/v1") == KEY
    assert not ring.has("http://b/v1")
    assert KEY not in repr(ring) + str(ring)
    ring.put("http://a/v1", "")
    assert not ring.has("http://a/v1")


def test_a_key_from_the_environment_goes_to_the_address_it_is_meant_for():
    assert KeyRing({"WORKBENCH_LLM_KEY": KEY}).of("http://any/v1") == KEY
    ring = KeyRing({"WORKBENCH_LLM_KEY": KEY, "WORKBENCH_LLM_URL": "https://api.example.com"})
    assert ring.of("https://api.example.com/v1") == KEY
    assert ring.of("https://other.example/v1") == ""
    assert KeyRing({"WORKBENCH_LLM_KEY": "钥匙"}).of("http://any/v1") == ""


@pytest.mark.parametrize("key", ["has blank", "line\nbreak", "钥匙", "nul\0"])
def test_a_key_that_no_header_can_carry_is_refused_without_repeating_it(key):
    with pytest.raises(BadParameter) as refusal:
        KeyRing({}).put("http://a/v1", key)
    assert key not in refusal.value.text("zh") + refusal.value.text("en")


def test_the_key_is_in_no_log_no_error_and_no_repr(fake, config, caplog):
    caplog.set_level(logging.DEBUG)
    endpoint = Endpoint(config, KEY, backoff=QUICK)
    texts = [repr(endpoint), repr(config)]
    for answer in (*PASSING.values(), Answer({"error": KEY}, status=401), chat(f'["{KEY}"]')):
        fake.script = [answer] * 3
        try:
            texts.append(endpoint.ask("?").text)
        except EndpointProblem as problem:
            cause = [repr(problem.__cause__), repr(problem.__context__)]
            texts += [problem.text("zh"), problem.text("en"), repr(problem), *cause]
    assert len(fake.requests) > 20
    assert all(request["key"] == f"Bearer {KEY}" for request in fake.requests)
    assert KEY not in "\n".join(texts) + caplog.text
