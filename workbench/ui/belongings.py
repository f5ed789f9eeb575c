"""Whose each uploaded file is: nobody is handed one that only others have sent."""

from __future__ import annotations

import json
import posixpath
import threading
from collections import OrderedDict
from urllib.parse import unquote

from starlette.types import Message, Scope, Send

from workbench.accounts import Person

UPLOAD = "/gradio_api/upload"
HANDED_OUT = ("/gradio_api/file=", "/gradio_api/file/", "/file=")
MOST = 10_000  # uploads that are remembered
LONGEST_ANSWER = 2**20


class Belongings:
    """Notes what the server answers to an upload: the paths that it gave the files."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._senders: OrderedDict[str, set[str]] = OrderedDict()

    def note(self, path: str, person: Person) -> None:
        """Remember who sent a file; the same content has the same path, whoever sends it."""
        with self._lock:
            self._senders.setdefault(_plain(path), set()).add(person.name)
            while len(self._senders) > MOST:
                self._senders.popitem(last=False)

    def may_have(self, path: str, person: Person) -> bool:
        """Whether a request for ``path`` asks for nothing that only others have sent."""
        wanted = next((path[len(start) :] for start in HANDED_OUT if path.startswith(start)), None)
        if wanted is None:
            return True
        with self._lock:
            senders = self._senders.get(_plain(wanted))
        return senders is None or person.name in senders

    def listening(self, scope: Scope, send: Send, path: str, person: Person) -> Send:
        """``send``, with an ear for the answer to an upload."""
        if scope.get("method") != "POST" or path != UPLOAD:
            return send
        heard = bytearray()

        async def listened(message: Message) -> None:
            if message["type"] == "http.response.body" and len(heard) <= LONGEST_ANSWER:
                heard.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    for each in _paths(bytes(heard)):
                        self.note(each, person)
            await send(message)

        return listened


def _paths(answer: bytes) -> list[str]:
    try:
        found = json.loads(answer)
    except ValueError:
        return []
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _plain(path: str) -> str:
    """Without detours: ``a//b`` and ``a/x/../b`` are one path, written with or without percent signs."""
    return posixpath.normpath("/" + unquote(path).lstrip("/"))
