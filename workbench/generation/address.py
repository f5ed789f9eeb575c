"""The address of an OpenAI-compatible endpoint, from whatever of it a person pasted."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from workbench.errors import BadParameter
from workbench.localtext import LocalText

_TAILS = ("/chat/completions", "/completions", "/models", "/embeddings")
_VERSION = re.compile(r"v\d+\w*", re.IGNORECASE)
EXAMPLE = "http://localhost:11434/v1"


def base_address(text: str) -> str:
    """The base URL without a slash at its end: ``http://localhost:11434`` -> ``http://localhost:11434/v1``.

    A path with a version in it (``/v1``, ``/api/v3``, ``/v1beta/openai``) stays as it is; another one
    gets ``/v1``. What belongs behind the base URL (``/chat/completions``) is cut off.

    Raises:
        BadParameter: not http(s), no host, or a key in the address (user:password@, ?key=).
    """
    wish = text.strip()
    if "://" not in wish and re.match(r"^[\w.\-]+(:\d+)?(/|$)", wish):
        wish = f"http://{wish}"
    try:
        parts = urlsplit(wish)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    strange = any(c.isspace() or not c.isprintable() for c in wish)
    if parts.scheme not in ("http", "https") or not host or strange:
        raise BadParameter(
            LocalText(
                "接口地址要以 http:// 或 https:// 开头。", "The address begins with http:// or https://."
            ),
            LocalText("例如 {example}。", "For example {example}."),
            example=EXAMPLE,
        )
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise BadParameter(
            LocalText(
                "接口地址里不要带用户名、密钥或 ? 后面的内容。",
                "The address holds no user, no key and nothing behind a question mark.",
            ),
            LocalText("密钥请填在密钥一栏。", "The key has a field of its own."),
        )
    path = re.sub(r"/{2,}", "/", parts.path).rstrip("/")
    for tail in _TAILS:
        path = path.removesuffix(tail)
    if not any(_VERSION.fullmatch(segment) for segment in path.split("/")):
        path += "/v1"
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{path}"


def is_this_machine(address: str) -> bool:
    """Whether an address is this computer's own: no proxy is asked for it."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
