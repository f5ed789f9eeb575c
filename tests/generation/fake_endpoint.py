"""A real HTTP server on this machine that answers as OpenAI-compatible endpoints do, bad days included."""

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from workbench.generation.endpoint import Backoff

KEY = "sk-Test-0123456789abcdefSECRET"
QUICK = Backoff(retries=2, base=0.01, longest=0.05, patience=1.5)


@dataclass
class Answer:
    """One answer. ``hang``: seconds before it; ``drip``: seconds between its bytes; ``short``: bytes that are
    announced and never come; ``drop``: the connection is closed without a word."""

    body: bytes | str | dict = b""
    status: int = 200
    headers: dict = field(default_factory=dict)
    content_type: str = "application/json"
    hang: float = 0.0
    drip: float = 0.0
    short: int = 0
    drop: bool = False

    def data(self) -> bytes:
        if isinstance(self.body, dict):
            return json.dumps(self.body, ensure_ascii=False).encode()
        return self.body.encode() if isinstance(self.body, str) else self.body


def chat(content, finish="stop", **more) -> Answer:
    """A chat completion as vLLM and Ollama write it."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish}
    return Answer({"id": "x", "object": "chat.completion", "choices": [choice]}, **more)


def rows(*texts) -> Answer:
    return chat(json.dumps(texts, ensure_ascii=False))


class FakeEndpoint:
    """``script`` answers in order; when it is used up, ``always(prompt)`` does."""

    def __init__(self):
        self.script: list[Answer] = []
        self.always = lambda prompt: rows("默认")
        self.models = Answer({"object": "list", "data": [{"id": "qwen2.5:7b"}, {"id": "glm-4"}]})
        self.requests: list[dict] = []
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def prompts(self) -> list[str]:
        return [r["body"]["messages"][-1]["content"] for r in self.requests if r["body"]]

    def close(self):
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request) -> Answer:
        if request["path"].endswith("/models"):
            return self.models
        if self.script:
            return self.script.pop(0)
        return self.always(request["body"]["messages"][-1]["content"])

    def _handler(fake):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self._serve(None)

            def do_POST(self):
                self._serve(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def _serve(self, body):
                request = {
                    "path": self.path,
                    "body": body,
                    "key": self.headers.get("Authorization"),
                    "at": time.monotonic(),
                }
                fake.requests.append(request)
                answer = fake.answer(request)
                fake.closing.wait(answer.hang)
                self.close_connection = True
                if answer.drop:
                    return
                data = answer.data()
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.content_type)
                self.send_header("Content-Length", str(len(data) + answer.short))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if not answer.drip:
                    self.wfile.write(data)
                for byte in data if answer.drip else b"":
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    if fake.closing.wait(answer.drip):
                        return

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except (ConnectionError, TimeoutError):
                    self.close_connection = True

            def log_message(self, *_):
                pass

        return Handler
