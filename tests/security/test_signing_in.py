"""The door of a shared workbench: signing in, starting the server, and which question needs which right."""

import pytest
from shared_accounts import CHEAP, PASSWORD
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from workbench.accounts import Accounts, AccountsProblem
from workbench.errors import InputError
from workbench.services import Services
from workbench.settings import Settings
from workbench.ui import rights
from workbench.ui.app import build_app, serve
from workbench.ui.doorkeeper import Doorkeeper
from workbench.ui.guard import protection
from workbench.ui.sessions import FREE_GUESSES

# -- the door -------------------------------------------------------------------------------------------


@pytest.fixture
def door(accounts):
    """A browser before a guarded server that says who asks; and what was called there."""
    called = []

    async def page(request):
        called.append(request.url.path)
        if request.url.path == "/gradio_api/upload":
            return JSONResponse([f"/tmp/gradio/{request.scope[rights.SCOPE_KEY].name}/a.csv"])
        return PlainTextResponse(request.scope[rights.SCOPE_KEY].name)

    app = Starlette(
        routes=[Route("/{path:path}", page, methods=["GET", "POST"])],
        middleware=protection("0.0.0.0", Doorkeeper(accounts, 7860)),
    )
    return lambda: TestClient(app, base_url="http://wb.office:7860", follow_redirects=False), called


def sign_in(browser, name, password=PASSWORD):
    return browser.post("/sign-in", data={"name": name, "password": password})


CLOSED = (
    "/",
    "/config",
    "/gradio_api/info",
    "/gradio_api/file=/tmp/x",
    "/gradio_api/file/tmp/x",
    "/gradio_api/queue/data?session_hash=x",
    "/gradio_api/heartbeat/x",
    "/gradio_api/upload_progress?upload_id=x",
    "/gradio_api/user",
    "/gradio_api/token",
    "/gradio_api/app_id",
    "/theme.css",
    "/static/x",
    "/assets/x",
    "/svelte/x",
    "/monitoring",
    "//config",
    "/./config",
    "/sign-in/../config",
    "/sign-inx",
)


@pytest.mark.parametrize("path", CLOSED)
def test_nothing_is_answered_without_signing_in(door, path):
    opened, called = door
    browser = opened()
    asked = browser.get(path)
    assert asked.status_code == 401
    assert set(asked.json()["error"]) == {"zh", "en"}
    page = browser.get(path, headers={"accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in")
    assert browser.post(path).status_code == 401
    assert called == []


def test_signing_in_lets_in_by_a_cookie_that_no_script_and_no_other_site_can_use(door):
    opened, called = door
    browser = opened()
    welcome = sign_in(browser, "李雷")
    assert (welcome.status_code, welcome.headers["location"]) == (303, "/")
    cookie = welcome.headers["set-cookie"].lower()
    assert cookie.startswith("workbench_session_7860=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie, "over plain http it would never come back"
    assert browser.get("/config").text == "李雷"
    secure = TestClient(browser.app, base_url="https://wb.office", follow_redirects=False)
    assert "secure" in sign_in(secure, "Tom").headers["set-cookie"].lower()

    assert browser.get("/sign-in").status_code == 303, "who is in is not asked again"
    assert browser.get("/sign-out").status_code == 303
    assert browser.get("/config").status_code == 200, "a link alone signs nobody out"
    left = browser.post("/sign-out")
    assert (left.status_code, left.headers["location"]) == (303, "/sign-in")
    assert browser.get("/config").status_code == 401
    browser.cookies.set("workbench_session_7860", cookie.split("=")[1].split(";")[0])
    assert browser.get("/config").status_code == 401, "the server has forgotten it too"
    assert called == ["/config", "/config"]


def test_who_is_removed_is_out_at_the_next_question(door, accounts):
    opened, _ = door
    browser = opened()
    sign_in(browser, "Erin")
    assert browser.get("/config").status_code == 200
    Accounts(accounts.path, CHEAP).remove("Erin")
    assert browser.get("/config").status_code == 401
    assert sign_in(browser, "Erin").status_code == 401


def test_a_wrong_password_and_an_unknown_name_are_told_the_same(door):
    opened, _ = door
    told = {name: sign_in(opened(), name, "wrong password") for name in ("Erin", "Noah")}
    assert {reply.status_code for reply in told.values()} == {401}
    first, second = (reply.text.replace(name, "?") for name, reply in told.items())
    assert first == second
    assert "set-cookie" not in told["Erin"].headers
    for name in ("Erin", "Noah"):
        for _ in range(FREE_GUESSES - 1):
            sign_in(opened(), name, "wrong password")
        slowed = sign_in(opened(), name)
        assert slowed.status_code == 429, "not even the right one, for a while"


def test_the_sign_in_page_speaks_both_languages_and_repeats_names_as_text(door):
    opened, _ = door
    assert 'lang="zh-CN"' in opened().get("/sign-in", headers={"accept-language": "zh-CN"}).text
    browser = opened()
    assert 'lang="en"' in browser.get("/sign-in", headers={"accept-language": "en"}).text
    chosen = browser.get("/sign-in?lang=zh", headers={"accept-language": "en"})
    assert "登录" in chosen.text
    assert 'action="/sign-in?lang=zh"' in chosen.text
    form = {"name": "Erin", "password": PASSWORD}
    assert browser.post("/sign-in?lang=zh", data=form).headers["location"] == "/?lang=zh"
    browser.post("/sign-out")
    nasty = '"><script>alert(1)</script>'
    page = sign_in(browser, nasty).text
    assert nasty not in page
    assert "{{" not in page
    policy = browser.get("/sign-in").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy
    assert "unsafe-eval" not in policy


def test_forms_of_any_kind_sign_nobody_in_by_mistake(door):
    opened, called = door
    for body in (b"", b"\xff\xfe=&&&", b"name=Erin", b"name=Erin&password=", b"x" * 100_000, b"[]"):
        reply = opened().post("/sign-in", content=body)
        assert reply.status_code in (401, 429), body[:20]
        assert "set-cookie" not in reply.headers
    foreign = opened().post(
        "/sign-in", data={"name": "Erin", "password": PASSWORD}, headers={"origin": "http://evil.example"}
    )
    assert foreign.status_code == 403
    assert called == []


def test_when_the_file_is_broken_nobody_signs_in_and_the_page_says_so(door, accounts):
    opened, _ = door
    browser = opened()
    sign_in(browser, "Tom")
    accounts.path.write_text("nonsense\n")
    assert browser.get("/config").status_code == 401
    reply = sign_in(browser, "Tom")
    assert reply.status_code == 503
    assert str(accounts.path) not in reply.text


def test_an_upload_is_handed_out_to_who_sent_it_only(door):
    opened, _ = door
    erin, tom = opened(), opened()
    sign_in(erin, "Erin")
    sign_in(tom, "Tom")
    path = erin.post("/gradio_api/upload").json()[0]
    for asked in (
        path,
        path.replace("Erin", "Erin/../Erin"),
        path.replace("/Erin", "//Erin"),
        "%2f" + path[1:],
    ):
        assert erin.get(f"/gradio_api/file={asked}").status_code == 200, asked
        assert tom.get(f"/gradio_api/file={asked}").status_code == 403, asked
    assert tom.get("/gradio_api/file=/what/the/server/shows.js").status_code == 200


# -- the start of the server ----------------------------------------------------------------------------


def served(tmp_path, **more):
    opened = Services(Settings.from_env({}, home=tmp_path / "home", warm_worker=False, threads=1, **more))
    try:
        serve(opened, host=more.get("host", "0.0.0.0"), port=1)
    finally:
        opened.close()


def test_other_computers_are_served_only_with_accounts(tmp_path):
    with pytest.raises(InputError) as refusal:
        served(tmp_path)
    for language in ("zh", "en"):
        assert "--auth-file" in refusal.value.text(language)
        assert "accounts add" in refusal.value.text(language)
    with pytest.raises(InputError, match="--auth-file"):
        served(tmp_path, host="127.0.0.1", served_as="workbench.example")


def test_a_file_without_people_or_without_use_is_refused_at_the_start(tmp_path):
    file = tmp_path / "people"
    with pytest.raises(AccountsProblem, match="accounts add"):
        served(tmp_path, auth_file=str(file))
    file.write_text("# nobody yet\n")
    file.chmod(0o600)
    with pytest.raises(AccountsProblem, match="nobody"):
        served(tmp_path, auth_file=str(file))
    file.write_text("nonsense\n")
    with pytest.raises(AccountsProblem, match="Line 1"):
        served(tmp_path, auth_file=str(file))


def test_a_proxy_names_the_hosts_that_it_serves():
    async def page(_request):
        return PlainTextResponse("ok")

    app = Starlette(routes=[Route("/", page)], middleware=protection("127.0.0.1", None, ("wb.example",)))
    for host, status in (("wb.example", 200), ("127.0.0.1:7860", 200), ("evil.example", 403)):
        assert TestClient(app, base_url=f"http://{host}").get("/").status_code == status, host


# -- rights ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The page without and with accounts."""
    folder = tmp_path_factory.mktemp("rights")
    services = Services(Settings.from_env({}, home=folder / "home", warm_worker=False, threads=1))
    people = Accounts(folder / "people", CHEAP)
    people.add("Tom", "trainer", PASSWORD)
    built = {"open": build_app(services), "closed": build_app(services, people)}
    yield built
    for each in built.values():
        each.page_work.close()
    services.close()


def server_functions(blocks):
    """Everything of a component that a browser can call, as Gradio finds it."""
    for block in blocks.blocks.values():
        for name in dir(block):
            function = getattr(block, name, None)
            if getattr(function, "_is_server_fn", False) is True:
                yield f"{block.elem_id}/{name}", function


def test_every_question_that_a_browser_can_ask_has_a_right(pages):
    asked = [key for key, _ in server_functions(pages["open"])]
    happening = [key for keys, _ in rights.events(pages["open"]) for key in keys]
    assert len(asked) > 80
    assert len(happening) > 25
    undeclared = [key for key in (*asked, *happening) if rights.declared(key) is None]
    assert undeclared == [], "say in workbench/ui/rights.py who may ask this"


def test_the_table_of_rights_names_nothing_that_is_not_there(pages):
    there = {key for key, _ in server_functions(pages["open"])}
    there |= {key for keys, _ in rights.events(pages["open"]) for key in keys}
    assert set(rights._RIGHT_OF) - there == set()


def test_whatever_is_called_past_the_server_is_refused(pages):
    """With accounts nothing answers a question of which it is not known who asks."""
    for key, function in server_functions(pages["closed"]):
        reply = function({})
        assert set(reply) == {"error"}, key
        assert "signed in" in reply["error"]["en"], key
    for keys, event in rights.events(pages["closed"]):
        with pytest.raises(Exception, match="signed in") as refusal:
            event.fn()
        assert type(refusal.value).__name__ == "Error", keys


def held_function(accounts, element, function, services=None):
    """A server function as it is on a page with these accounts."""
    token = rights.building(rights.House(accounts, services))
    try:
        return rights.server_function(element, function)
    finally:
        rights.built(token)


def test_a_handler_without_a_right_is_for_trainers_alone(accounts):
    def new_handler(_data):
        return {"done": True}

    held = held_function(accounts, "synonyms", new_handler)
    for name, allowed in (("李雷", False), ("Erin", False), ("Tom", True)):
        assert ("done" in asked_by(accounts.person(name), held)) == allowed, name


def asked_by(person, function, data=None):
    """The answer to a question that came with ``person`` noted by the guard."""
    from gradio.context import LocalContext
    from starlette.requests import Request

    token = LocalContext.request.set(Request({"type": "http", rights.SCOPE_KEY: person}))
    try:
        return function(data or {})
    finally:
        LocalContext.request.reset(token)


def test_a_question_that_waited_is_refused_once_the_account_is_gone(accounts):
    held = held_function(accounts, "header", whoever)
    erin = accounts.person("Erin")
    assert asked_by(erin, held) == {"name": "Erin"}
    assert rights.signed_in() is None, "it is forgotten with the answer"
    accounts.set_password("Erin", "another password")
    assert "error" in asked_by(erin, held)
    accounts.remove("Erin")
    assert "error" in asked_by(erin, held)


def whoever(_data):
    return {"name": rights.signed_in().name}


whoever.__name__ = "get_status"


def test_models_from_outside_are_for_trainers(accounts, pages):
    services = pages["open"].page_work.services

    def ask_near(_data):
        return {"done": True}

    def start_job(_data):
        return {"done": True}

    near = held_function(accounts, "explore", ask_near, services)
    job = held_function(accounts, "pairs", start_job, services)
    erin, tom = accounts.person("Erin"), accounts.person("Tom")
    listed = (
        {},
        {"model": ""},
        {"model": "e5-small"},
        {"systems": ["e5-small", "bm25", "hybrid(e5-small+tfidf)"]},
    )
    outside = (
        {"model": "/srv/models/secret"},
        {"base": "intfloat/e5-large"},
        {"against": "bert-base-uncased"},
        {"models": ["e5-small", "../x"]},
        {"systems": ["hybrid(/srv/x+tfidf)"]},
        {"systems": ["rerank(e5-small+/srv/x)"]},
        {"system": "dense:/srv/x"},
    )
    for data in listed:
        assert asked_by(erin, near, data) == {"done": True}, data
    for data in outside:
        assert "Trainer" in asked_by(erin, near, data)["error"]["en"], data
        assert asked_by(tom, near, data) == {"done": True}, data
    assert asked_by(erin, job, {"model": "qwen2.5:7b"}) == {"done": True}, (
        "an endpoint's own name for its model"
    )
    assert "error" in asked_by(erin, job, {"model": "qwen2.5:7b", "judge": "/srv/x"})
