"""Fixtures of the security tests: those of the browser tests, and somebody who goes past the page."""

import http.client
import json

import httpx
import pytest
from shared_accounts import CHEAP, PASSWORD
from ui.conftest import address, browse, chromium, free_port, services, until, window  # noqa: F401  (fixtures)

from workbench.accounts import Accounts


@pytest.fixture
def accounts(tmp_path):
    """A file with one person of each role, each with the same password."""
    made = Accounts(tmp_path / "people", CHEAP)
    for name, role in (("李雷", "viewer"), ("Erin", "editor"), ("Tom", "trainer")):
        made.add(name, role, PASSWORD)
    return made


class Caller:
    """Sends the server what no page would send."""

    def __init__(self, url):
        self.url = url
        self.port = int(url.rstrip("/").rpartition(":")[2])
        self.config = httpx.get(f"{url}config", timeout=60).json()
        self._of = {each["props"].get("elem_id"): each["id"] for each in self.config["components"]}

    def raw(self, path, method="GET", headers=()):
        """One request with the path to the letter: nothing is tidied on the way."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest(method, path, skip_host=any(name == "Host" for name, _ in headers))
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    def ask(self, element, function, data=None, **more):
        """A question that a view asks the server."""
        sent = {
            "session_hash": "security",
            "component_id": self._of[element],
            "fn_name": function,
            "data": data or {},
        }
        return httpx.post(f"{self.url}gradio_api/component_server", json=sent, timeout=120, **more)

    def event(self, element, happening, data):
        """An event of an element, as the page reports it; all that the server says of it."""
        number = next(
            each["id"]
            for each in self.config["dependencies"]
            if [self._of[element], happening] in [list(target) for target in each["targets"]]
        )
        sent = {
            "data": data,
            "fn_index": number,
            "session_hash": "security",
            "event_data": None,
            "trigger_id": None,
        }
        joined = httpx.post(f"{self.url}gradio_api/queue/join", json=sent, timeout=60)
        if joined.status_code != 200:
            return [joined.text]
        said = []
        with httpx.stream(
            "GET", f"{self.url}gradio_api/queue/data", params={"session_hash": "security"}, timeout=60
        ) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    said.append(line[5:])
                    if json.loads(line[5:])["msg"] in ("process_completed", "close_stream"):
                        break
        return said

    def upload(self, content, name="a.csv"):
        """A file, as the page sends it."""
        return httpx.post(f"{self.url}gradio_api/upload", files={"files": (name, content)}, timeout=60)


@pytest.fixture(scope="module")
def caller(address):  # noqa: F811
    """Asks the server that shows the page over ``services``."""
    return Caller(address)
