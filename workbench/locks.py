"""Slow work done once for each key: a lock a key, and a small memory of what was built under it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass
class _Lock:
    lock: threading.RLock = field(default_factory=threading.RLock)
    users: int = 0  # threads that hold it or wait for it


class KeyedLocks:
    """One re-entrant lock a key. A lock is kept only while somebody holds it or waits for it."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, _Lock] = {}
        self._guard = threading.Lock()

    def __len__(self) -> int:
        return len(self._locks)

    @contextmanager
    def hold(self, key: Hashable) -> Iterator[None]:
        """Hold the lock of ``key``."""
        with self._guard:
            entry = self._locks.setdefault(key, _Lock())
            entry.users += 1
        try:
            with entry.lock:
                yield
        finally:
            with self._guard:
                entry.users -= 1
                if not entry.users:
                    del self._locks[key]


class KeyedCache(Generic[K, V]):
    """What was built for the ``size`` keys that were asked for last, each built once.

    Safe for any number of threads. Who asks for a key while it is being built waits for that build; who asks
    for another key waits for nobody.
    """

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError(f"a cache of {size}")
        self._size = size
        self._values: OrderedDict[K, V] = OrderedDict()
        self._wanted: dict[K, object] = {}  # builds under way whose result is to be kept
        self._building = KeyedLocks()
        self._guard = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: K) -> bool:
        with self._guard:
            return key in self._values

    def get(self, key: K, build: Callable[[], V]) -> V:
        """The value of ``key``, built now where it is unknown. What ``build`` raises is passed on, not kept.

        A key that is forgotten while it is being built is given to who asked for it, and not kept.
        """
        known = self._known(key)
        if known:
            return known[0]
        with self._building.hold(key):
            known = self._known(key)
            if known:
                return known[0]
            ticket = object()
            with self._guard:
                self._wanted[key] = ticket
            try:
                value = build()
                self._keep(key, value, ticket)
            finally:
                with self._guard:
                    if self._wanted.get(key) is ticket:
                        del self._wanted[key]
            return value

    def forget(self, key: K) -> None:
        """Build ``key`` anew when it is next asked for."""
        with self._guard:
            self._values.pop(key, None)
            self._wanted.pop(key, None)

    def _known(self, key: K) -> tuple[V] | None:
        """The value in a tuple, since it may be None itself."""
        with self._guard:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return (self._values[key],)

    def _keep(self, key: K, value: V, ticket: object) -> None:
        with self._guard:
            if self._wanted.get(key) is not ticket:
                return
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._size:
                self._values.popitem(last=False)
