"""Who may talk to the server: this page only, under the names it is served by, and nothing from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.ui.text import text

if TYPE_CHECKING:
    from workbench.ui.doorkeeper import Doorkeeper

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


def protection(
    host: str, doorkeeper: Doorkeeper | None = None, served_as: tuple[str, ...] = ()
) -> list[Middleware]:
    """The middleware for a server that is bound to ``host``, and shown by a proxy as ``served_as``."""
    names = LOCAL_NAMES | set(served_as) if is_local(host) or served_as else None
    return [Middleware(Guard, names=names, doorkeeper=doorkeeper)]


def names_of(served_as: str) -> tuple[str, ...]:
    """Host names with commas between, as they are compared."""
    return tuple(name.strip().lower() for name in served_as.split(",") if name.strip())


class Guard:
    """Refuses foreign hosts and origins (DNS rebinding), and forbids the page to load from outside.

    ``names`` are those it is served by; None: any. Whoever comes by one of them is then asked who it is
    by the ``doorkeeper``, where there is one.
    """

    def __init__(self, app: ASGIApp, names: frozenset[str] | None, doorkeeper: Doorkeeper | None) -> None:
        self._app = app
        self._names = names
        self._doorkeeper = doorkeeper

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
                own = message.get("headers", [])
                extra: list[Any] = [
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"same-origin"),
                ]
                if not any(name.lower() == b"content-security-policy" for name, _ in own):
                    extra.append((b"content-security-policy", POLICY.encode()))
                message["headers"] = [*own, *extra]
            await send(message)

        onwards: Send | None = with_policy
        if self._doorkeeper is not None:
            onwards = await self._doorkeeper.admit(scope, receive, with_policy)
        if onwards is not None:
            await self._app(scope, receive, onwards)

    def _allowed(self, headers: dict[str, str]) -> bool:
        host = headers.get("host", "")
        if self._names is not None and _name(f"//{host}") not in self._names:
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
