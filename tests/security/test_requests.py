"""What may be asked of the server by somebody who does not use the page."""

import logging

import pytest

from workbench.services import Services
from workbench.settings import ASSETS, Settings

LIMIT = 100_000
SECRET = "/srv/secret/place/terms.db"
OUTSIDE = (
    "/gradio_api/file=/etc/passwd",
    "/gradio_api/file=../../../../etc/passwd",
    "/gradio_api/file=%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/gradio_api/file=..%5c..%5c..%5cetc%5cpasswd",
    "/gradio_api/file/etc/passwd",
    "/gradio_api/file=/proc/self/environ",
    "/gradio_api/file=%00/etc/passwd",
    "/gradio_api/file=file:///etc/passwd",
    "/gradio_api/file=C:\\Windows\\win.ini",
    "/gradio_api/file=\\\\evil.example\\share",
    "/gradio_api/file=http://evil.example/",
    "/gradio_api/file=workbench.db",
    "/gradio_api/file=.git/config",
    "/gradio_api/file={home}/workbench.db",
    "/gradio_api/file={home}/workbench.log",
    "/gradio_api/file={home}/runs/../workbench.db",
    "/gradio_api/file={code}/settings.py",
    "/static/../../../../etc/passwd",
    "/static/..%2f..%2f..%2f..%2fetc/passwd",
    "/assets/../../../../etc/passwd",
    "/assets/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/svelte/../../../../etc/passwd",
    "/../../../../etc/passwd",
    "//etc/passwd",
    "/custom_component/0/client/../../../../etc/passwd",
    "/gradio_api/stream/../../../../etc/passwd",
    "/gradio_api/heartbeat/../../../../etc/passwd",
)


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    """Services that take uploads of a tenth of a megabyte, in a home that is not among temporary files."""
    home = tmp_path_factory.mktemp("requests") / "home"
    opened = Services(Settings.from_env({}, home=home, warm_worker=False, threads=1, max_upload_bytes=LIMIT))
    (home / "workbench.log").write_text("what happened")
    yield opened
    opened.close()


@pytest.mark.case(20)
def test_an_upload_over_the_limit_is_refused_with_413_and_nothing_of_it_is_kept(
    caller, tell, tmp_path_factory
):
    sizes = (0, 1, LIMIT - 1, LIMIT, LIMIT + 1, 2 * LIMIT, 20 * LIMIT)
    answers = {size: caller.upload(b"x" * size, f"of {size}.csv") for size in sizes}
    assert {size: reply.status_code for size, reply in answers.items()} == {
        size: 413 if size > LIMIT else 200 for size in sizes
    }
    for size, reply in answers.items():
        if size > LIMIT:
            assert "/" not in reply.text, "no path in the answer"
    tell(
        "uploads of 0 bytes to 20 times the limit, at the limit and one byte over it",
        len(sizes),
        "413 above it",
    )


@pytest.mark.case(21)
def test_no_path_leads_out_of_what_is_served(caller, services, tell):
    for path in OUTSIDE:
        asked = path.format(home=services.settings.home, code=ASSETS.parent / "workbench")
        for method in ("GET", "HEAD"):
            status, body = caller.raw(asked, method)
            assert status in (403, 404, 405), asked
            assert b"root:" not in body
            assert b"SQLite format" not in body
            assert b"what happened" not in body
    tell(
        "paths with .., encoded, absolute, of Windows, of the home folder, of the code",
        len(OUTSIDE),
        "403 or 404",
    )


@pytest.mark.case(21)
@pytest.mark.parametrize("path", ["/etc/passwd", "../../../../etc/passwd", "{home}/workbench.db"])
def test_a_file_that_was_never_uploaded_cannot_be_named_as_one(caller, services, path, tell):
    path = path.format(home=services.settings.home)
    given = {"path": path, "orig_name": "a.csv", "meta": {"_type": "gradio.FileData"}}
    said = caller.event("data-file", "upload", [given, None, None])
    assert not any("token" in line for line in said), said
    assert not any("root:" in line for line in said)
    tell("an upload that names a file of the server", 1, "refused")


@pytest.mark.case(26)
@pytest.mark.parametrize(
    "headers",
    [
        [("Host", "evil.example")],
        [("Host", "evil.example:7860"), ("Origin", "http://evil.example:7860")],
        [("Origin", "http://evil.example")],
        [("Origin", "null")],
        [("Host", "127.0.0.1.evil.example")],
    ],
)
def test_the_whole_page_is_closed_to_foreign_hosts_and_origins(caller, services, monkeypatch, headers, tell):
    called = []
    monkeypatch.setattr(services, "dictionaries", lambda *given: called.append(given))
    paths = ("/", "/config", "/gradio_api/info", "/theme.css", "/gradio_api/file=/etc/passwd")
    for path in paths:
        assert caller.raw(path, headers=headers)[0] == 403
    for path in ("/gradio_api/component_server", "/gradio_api/queue/join", "/gradio_api/upload"):
        status, body = caller.raw(path, "POST", [*headers, ("Content-Length", "0")])
        assert status == 403
        assert b"data" not in body
    assert called == []
    tell("pages, questions, events and uploads under a foreign host or origin", 8, "403, no handler called")


def fail(*_, **__):
    raise OSError(2, "No such file or directory", SECRET)


@pytest.mark.case(27)
def test_a_question_that_fails_with_a_path_is_answered_by_a_sentence_and_a_number(
    caller, services, monkeypatch, caplog, tell
):
    monkeypatch.setattr(services, "dictionaries", fail)
    with caplog.at_level(logging.ERROR, logger="workbench.ui"):
        reply = caller.ask("data-list", "list_data")
    said = reply.json()["error"]
    assert reply.status_code == 200
    assert SECRET not in reply.text
    assert "Traceback" not in reply.text
    [incident] = {record.args[0] for record in caplog.records}
    assert incident in said["zh"]
    assert incident in said["en"]
    assert SECRET in caplog.text
    tell(
        "a question of the page whose handler raises with a path",
        1,
        "a sentence and a number; the log has the rest",
    )


@pytest.mark.case(27)
def test_an_event_that_fails_with_a_path_says_nothing_of_it(caller, services, monkeypatch, tell):
    monkeypatch.setattr("workbench.ui.uploads.Uploads.add", fail)
    sent = caller.upload(b"a,b\n").json()[0]
    given = {"path": sent, "orig_name": "a.csv", "meta": {"_type": "gradio.FileData"}}
    said = caller.event("data-file", "upload", [given, None, None])
    assert any("process_completed" in line for line in said)
    assert not any("secret" in line or "Traceback" in line for line in said), said
    tell("an event of the page whose handler raises with a path", 1, "nothing of it reaches the page")
