"""The keys of endpoints: held in memory while the workbench runs, never written down, never shown."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping

from workbench.errors import BadParameter
from workbench.localtext import LocalText

ENVIRONMENT_KEY = "WORKBENCH_LLM_KEY"
ENVIRONMENT_URL = "WORKBENCH_LLM_URL"
HIDDEN = "•••"
SHORTEST_SECRET = (
    8  # below this it is a word such as "EMPTY" that local servers want, and taking it out harms
)


class KeyRing:
    """One key for each base URL (as :func:`workbench.generation.address.base_address` writes it).

    Where none was given, the variable ``WORKBENCH_LLM_KEY`` is used: for the address in
    ``WORKBENCH_LLM_URL`` alone where that is set, else for any address that the user enters.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment
        self._keys: dict[str, str] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<KeyRing of {len(self._keys)}>"

    def __reduce__(self) -> str:
        raise TypeError("keys are not written down")

    def put(self, address: str, key: str) -> None:
        """Keep a key for an address; an empty one forgets it.

        Raises:
            BadParameter: it holds a blank or a character that no key has. The key is not repeated.
        """
        key = key.strip()
        if not all("!" <= c <= "~" for c in key):
            raise BadParameter(
                LocalText("密钥里有空格或不是英文的字符。", "The key holds a blank or a foreign character."),
                LocalText("请重新复制一次。", "Copy it once more."),
            )
        with self._lock:
            if key:
                self._keys[address] = key
            else:
                self._keys.pop(address, None)

    def of(self, address: str) -> str:
        """The key for an address, "" where there is none."""
        with self._lock:
            own = self._keys.get(address)
        return own if own is not None else self._from_environment(address)

    def has(self, address: str) -> bool:
        """Whether a key would be sent to an address."""
        return bool(self.of(address))

    def forget_all(self) -> None:
        """Drop every key."""
        with self._lock:
            self._keys.clear()

    def _from_environment(self, address: str) -> str:
        from workbench.generation.address import base_address

        key = self._environment.get(ENVIRONMENT_KEY, "").strip()
        meant_for = self._environment.get(ENVIRONMENT_URL, "").strip()
        if not all("!" <= c <= "~" for c in key) or (meant_for and base_address(meant_for) != address):
            return ""
        return key


def without_key(text: str, key: str) -> str:
    """``text`` with the key taken out, wherever a server repeats it."""
    return text.replace(key, HIDDEN) if len(key) >= SHORTEST_SECRET else text
