"""Memory that was freed goes back to the system.

The C library of Linux keeps what it was given: after models have come and gone in a server, half a gigabyte.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable

import psutil

EVERY = 10.0  # seconds between two looks
GROWN = 64 * 2**20  # bytes more than after the last time, from which on it is worth the while

_PRIMITIVES = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
_KEPT = "64"  # as fast as its own 1,024, which came to 270 MB more


def keep_few_kernels() -> None:
    """Let oneDNN, under torch, keep the code of fewer matrix shapes. Call it before torch is imported.

    It compiles code for each shape of batch that comes along, and texts come in hundreds of shapes.
    """
    os.environ.setdefault(_PRIMITIVES, _KEPT)


class MemoryReturn:
    """Looks at the process now and then, in a thread of its own, and gives back what it does not use."""

    def __init__(self, every: float = EVERY, grown: int = GROWN) -> None:
        self._every, self._grown = every, grown
        self._trim = _malloc_trim()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look; nothing happens where the C library is another."""
        if self._trim is not None and self._thread is None:
            self._thread = threading.Thread(target=self._look, name="memory-return", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _look(self) -> None:
        assert self._trim is not None
        process = psutil.Process()
        least = process.memory_info().rss
        while not self._over.wait(self._every):
            now = process.memory_info().rss
            if now - least > self._grown:
                self._trim(0)
                least = process.memory_info().rss
            least = min(least, now)


def _malloc_trim() -> Callable[[int], int] | None:
    try:
        found: Callable[[int], int] = ctypes.CDLL("libc.so.6").malloc_trim
        return found
    except (OSError, AttributeError):
        return None
