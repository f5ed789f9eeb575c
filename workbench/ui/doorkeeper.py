"""Asks who is there: the page to sign in, the cookie that remembers it, and nothing else without it."""

from __future__ import annotations

import logging
import unicodedata
from urllib.parse import parse_qs

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from workbench.accounts import Accounts, AccountsProblem, Person
from workbench.localtext import Language, LocalText
from workbench.ui.belongings import Belongings
from workbench.ui.errors import language_of
from workbench.ui.rights import SCOPE_KEY
from workbench.ui.sessions import Guesses, Sessions
from workbench.ui.signing_in import SIGN_IN, SIGN_IN_POLICY, SIGN_OUT, refusal, sign_in_page
from workbench.ui.text import text

log = logging.getLogger("workbench.ui")

COOKIE = "workbench_session"
# The last is asked by the server itself when it starts, and says nothing of what is in it.
OPEN_TO_ALL = frozenset({"/favicon.ico", "/robots.txt", "/gradio_api/startup-events"})
GRADIO_SIGN_IN = frozenset({"/login", "/logout"})
LARGEST_FORM = 8192  # bytes
AT_ONCE = 2  # passwords that are compared at the same time: each takes memory and a core


class Doorkeeper:
    """Lets in whoever signed in; ``port`` tells the cookies of two workbenches on one computer apart."""

    def __init__(self, accounts: Accounts, port: int) -> None:
        self._accounts = accounts
        self._sessions = Sessions(accounts)
        self._guesses = Guesses()
        self._belongings = Belongings()
        self._cookie = f"{COOKIE}_{port}"
        self._comparing: anyio.CapacityLimiter | None = None

    async def admit(self, scope: Scope, receive: Receive, send: Send) -> Send | None:
        """Where the answer goes if the request may go on, with who asks noted in it; else it is answered."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return None
        request = Request(scope, receive)
        path = str(scope["path"]).removeprefix(scope.get("root_path", "")).rstrip("/")
        person = self._sessions.person(request.cookies.get(self._cookie))
        if path in (SIGN_IN, SIGN_OUT) or path in GRADIO_SIGN_IN:
            answer = await self._at_the_door(request, path, person)
        elif person is not None and self._belongings.may_have(path, person):
            scope[SCOPE_KEY] = person
            return self._belongings.listening(scope, send, path, person)
        elif path in OPEN_TO_ALL:
            return send
        elif person is not None:
            answer = Response(refusal(text("accounts.not_yours")), 403, media_type="application/json")
        else:
            answer = self._stranger(request)
        answer.headers["cache-control"] = "no-store"
        await answer(scope, receive, send)
        return None

    # -- answers ----------------------------------------------------------------------------------

    async def _at_the_door(self, request: Request, path: str, person: Person | None) -> Response:
        root = request.scope.get("root_path", "")
        if path == SIGN_OUT and request.method == "POST":
            self._sessions.end(request.cookies.get(self._cookie))
            left = RedirectResponse(root + SIGN_IN, status_code=303)
            left.delete_cookie(self._cookie, path=root or "/")
            return left
        if path == SIGN_IN and request.method == "POST":
            return await self._sign_in(request, root)
        if path != SIGN_IN or person is not None:
            return RedirectResponse(root + "/", status_code=303)
        said = text("accounts.ended") if "ended" in request.query_params else None
        return self._page(request, said)

    async def _sign_in(self, request: Request, root: str) -> Response:
        name, password = await _form(request)
        wait = self._guesses.take(name)
        if wait > 0:
            return self._page(request, text("accounts.wait", n=int(wait) + 1), name, 429)
        try:
            person = await self._compare(name, password)
        except AccountsProblem as problem:
            log.error("%s", problem)
            return self._page(request, text("accounts.unusable"), name, 503)
        if person is None:
            log.warning("a wrong password was given from %s", request.client.host if request.client else "?")
            return self._page(request, text("accounts.wrong"), name, 401)
        self._guesses.forgive(name)
        wished = _wished(request)
        welcome = RedirectResponse(f"{root}/?lang={wished}" if wished else root + "/", status_code=303)
        welcome.set_cookie(
            self._cookie,
            self._sessions.begin(person),
            path=root or "/",
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return welcome

    async def _compare(self, name: str, password: str) -> Person | None:
        if self._comparing is None:  # it belongs to the event loop that first needs it
            self._comparing = anyio.CapacityLimiter(AT_ONCE)
        return await anyio.to_thread.run_sync(self._accounts.checked, name, password, limiter=self._comparing)

    def _stranger(self, request: Request) -> Response:
        wants_page = request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", "")
        root = request.scope.get("root_path", "")
        if wants_page:
            return RedirectResponse(root + SIGN_IN, status_code=303)
        return Response(refusal(text("accounts.ended")), status_code=401, media_type="application/json")

    def _page(
        self, request: Request, said: LocalText | None = None, name: str = "", status: int = 200
    ) -> Response:
        wished = _wished(request)
        language = wished or language_of(request)
        root = request.scope.get("root_path", "")
        page = HTMLResponse(sign_in_page(language, root, said, name, wished), status_code=status)
        page.headers["content-security-policy"] = SIGN_IN_POLICY
        return page


def _wished(request: Request) -> Language | None:
    """The language that was chosen on the page itself; it goes on to the page behind it."""
    wished = request.query_params.get("lang")
    return "zh" if wished == "zh" else "en" if wished == "en" else None


async def _form(request: Request) -> tuple[str, str]:
    """Name and password of a sent form; empty where it is none, or too long."""
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LARGEST_FORM:
            return "", ""
    sent = parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=10)
    name = unicodedata.normalize("NFC", sent.get("name", [""])[0]).strip()[:100]
    return name, sent.get("password", [""])[0]
