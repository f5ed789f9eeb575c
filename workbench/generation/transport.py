"""One HTTP exchange that ends: by its answer, its deadline, a size limit, or because somebody cancels."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workbench.errors import Stopped
from workbench.generation.address import is_this_machine
from workbench.generation.problems import answer_too_large, no_answer_in_time, not_reached
from workbench.localtext import LocalText

LARGEST_ANSWER = 4_000_000  # bytes
LOOK_SECONDS = 0.1  # how often a running exchange asks whether it is cancelled
CLOSE_SECONDS = 0.5  # that a cancelled exchange has to close its connection

_tls_lock = threading.Lock()
_tls: list[Any] = []  # the certificates, read once: that takes longer than a short request


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came back. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def exchange(
    method: str,
    url: str,
    headers: Mapping[str, str],
    content: bytes | None,
    *,
    timeout: float,
    cancelled: Callable[[], bool],
    limit: int = LARGEST_ANSWER,
) -> Exchange:
    """Send one request and read its whole answer within ``timeout`` seconds. Redirects are not followed.

    Raises:
        Stopped: ``cancelled()`` became true; the connection is closed.
        EndpointBusy: no connection, it broke off, or the time is over (also where bytes drip slowly).
        RequestRefused: the answer is larger than ``limit`` bytes.
    """
    # A loop of its own, not asyncio.run: that would wait for a name look-up that hangs.
    loop = asyncio.new_event_loop()
    try:
        sending = _send(method, url, dict(headers), content, timeout, limit)
        result = loop.run_until_complete(_watched(sending, timeout, cancelled))
        loop.run_until_complete(loop.shutdown_asyncgens())
        return result
    finally:
        loop.close()


async def _watched(sending: Any, timeout: float, cancelled: Callable[[], bool]) -> Exchange:
    loop = asyncio.get_running_loop()
    task: asyncio.Future[Exchange] = asyncio.ensure_future(sending)
    deadline = loop.time() + timeout
    while not task.done():
        stop, late = cancelled(), loop.time() >= deadline
        if stop or late:
            task.cancel()
            await asyncio.wait({task}, timeout=CLOSE_SECONDS)
            if stop:
                raise stopped()
            raise no_answer_in_time(timeout)
        await asyncio.wait({task}, timeout=min(LOOK_SECONDS, max(0.001, deadline - loop.time())))
    return task.result()


async def _send(
    method: str, url: str, headers: dict[str, str], content: bytes | None, timeout: float, limit: int
) -> Exchange:
    import httpx

    try:
        async with (
            httpx.AsyncClient(
                verify=_certificates(),
                timeout=timeout,
                follow_redirects=False,
                trust_env=not is_this_machine(url),
            ) as client,
            client.stream(method, url, headers=headers, content=content) as response,
        ):
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > limit:
                    raise answer_too_large(limit)
            found = {name.lower(): value for name, value in response.headers.items()}
            return Exchange(response.status_code, found, bytes(body))
    except httpx.TimeoutException:
        raise no_answer_in_time(timeout) from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        # The name of the error alone: its text may repeat a header, and with it the key.
        raise not_reached(url, _cause(error)) from None


def _cause(error: BaseException) -> str:
    root: BaseException = error
    while root.__cause__ is not None or root.__context__ is not None:
        root = root.__cause__ or root.__context__ or root
    if isinstance(root, OSError) and root.strerror:
        return root.strerror
    return type(error).__name__


def _certificates() -> Any:
    import httpx

    with _tls_lock:
        if not _tls:
            _tls.append(httpx.create_ssl_context())
        return _tls[0]


def stopped() -> Stopped:
    """Somebody pressed Stop, or the workbench is closing."""
    return Stopped(LocalText("已停止。", "Stopped."))
