"""A lock for each key, so that slow work on one thing keeps nobody waiting who wants another."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class KeyedLocks:
    """One re-entrant lock a key, made when it is first asked for."""

    def __init__(self) -> None:
        self._locks: defaultdict[Hashable, threading.RLock] = defaultdict(threading.RLock)
        self._guard = threading.Lock()

    @contextmanager
    def hold(self, key: Hashable) -> Iterator[None]:
        """Hold the lock of ``key``."""
        with self._guard:
            lock = self._locks[key]
        with lock:
            yield
