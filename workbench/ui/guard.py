"""Who may talk to the server: this page only, under the names it is served by, and nothing from outside."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.ui.text import text

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})
# Gradio evaluates templates and puts styles into elements; everything else comes from here alone.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' blob: data:; worker-src 'self' blob:; "
    "frame-ancestors 'self'; form-action 'self'; object-src 'none'; base-uri 'self'"
)


def is_local(host: str) -> bool:
    """Whether only this computer is served under ``host``."""
    return host in LOCAL_NAMES


def protection(host: str) -> list[Middleware]:
    """The middleware for a server that is bound to ``host``."""
    return [Middleware(Guard, local_only=is_local(host))]


class Guard:
    """Refuses foreign hosts and origins (DNS rebinding), and forbids the page to load from outside."""

    def __init__(self, app: ASGIApp, local_only: bool) -> None:
        self._app = app
        self._local_only = local_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 403 before any handler is called."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        if not self._allowed(headers):
            await PlainTextResponse(text("error.foreign").en, status_code=403)(scope, receive, send)
            return

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra: list[Any] = [
                    (b"content-security-policy", POLICY.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"same-origin"),
                ]
                message["headers"] = [*message.get("headers", []), *extra]
            await send(message)

        await self._app(scope, receive, with_policy)

    def _allowed(self, headers: dict[str, str]) -> bool:
        host = headers.get("host", "")
        if self._local_only and _name(f"//{host}") not in LOCAL_NAMES:
            return False
        origin = headers.get("origin")
        if origin is None:
            return True
        try:
            return urlsplit(origin).netloc.lower() == host.lower()
        except ValueError:
            return False


def _name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
