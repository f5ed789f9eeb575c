"""Foreign pages cannot talk to a local server."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from workbench.ui.guard import is_local, protection


def client(host: str = "127.0.0.1") -> tuple[TestClient, list[str]]:
    called: list[str] = []

    async def page(request):
        called.append(request.url.path)
        return PlainTextResponse("ok")

    app = Starlette(routes=[Route("/", page, methods=["GET", "POST"])], middleware=protection(host))
    return TestClient(app, base_url="http://127.0.0.1:7860"), called


@pytest.mark.case(26)
@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "", "["])
def test_a_foreign_host_is_refused_before_any_handler(host, tell):
    browser, called = client()
    assert browser.get("/", headers={"host": host}).status_code == 403
    assert called == []
    tell("a request for a foreign host", 1, "403, no handler called")


@pytest.mark.case(26)
@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1", "http://[", "http://[x]/"],
)
def test_a_foreign_origin_is_refused_before_any_handler(origin, tell):
    browser, called = client()
    assert browser.post("/", headers={"origin": origin}).status_code == 403
    assert called == []
    tell("a request from a foreign origin", 1, "403, no handler called")


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "[::1]:7860"])
def test_the_page_itself_is_let_in(host):
    browser, called = client()
    reply = browser.post("/", headers={"host": host, "origin": f"http://{host}"})
    assert reply.status_code == 200
    assert called == ["/"]
    assert "default-src 'self'" in reply.headers["content-security-policy"]


def test_an_open_server_takes_other_names_but_no_foreign_origin():
    browser, _ = client("0.0.0.0")
    assert browser.get("/", headers={"host": "workbench.office:7860"}).status_code == 200
    headers = {"host": "workbench.office:7860", "origin": "http://evil.example"}
    assert browser.post("/", headers=headers).status_code == 403


def test_only_names_of_this_computer_are_local():
    assert is_local("localhost")
    assert is_local("127.0.0.1")
    assert not is_local("0.0.0.0")
    assert not is_local("127.0.0.1.evil.example")
