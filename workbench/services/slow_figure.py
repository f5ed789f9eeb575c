"""A figure that takes a while to count: the last one is given at once, and counted anew behind the answer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger("workbench.figures")
LEAST = 20.0  # seconds that a count is good for
TIMES = 60.0  # or so many times as long as counting took: it never takes more than a sixtieth of the time
_T = TypeVar("_T")


class SlowFigure(Generic[_T]):
    """What ``count`` gives, from a while ago. Who asks first waits for it."""

    def __init__(self, count: Callable[[], _T]) -> None:
        self._count = count
        self._lock, self._counting = threading.Lock(), threading.Lock()
        self._last: tuple[_T, float] | None = None  # and until when it is good, by time.monotonic()
        self._counter: threading.Thread | None = None

    def get(self) -> _T:
        """The last figure; it is counted anew in a thread of its own where it is not good any more."""
        with self._lock:
            last = self._last
            idle = self._counter is None or not self._counter.is_alive()
            if last is not None and time.monotonic() > last[1] and idle:
                self._counter = threading.Thread(target=self._behind, name="slow-figure", daemon=True)
                self._counter.start()
        return last[0] if last is not None else self.now()

    def now(self) -> _T:
        """The figure, counted now."""
        with self._counting:  # one after the other, so that the last to begin has the last word
            began = time.monotonic()
            found = self._count()
            ended = time.monotonic()
            with self._lock:
                self._last = found, ended + max(LEAST, TIMES * (ended - began))
        return found

    def _behind(self) -> None:
        try:
            self.now()
        except Exception:  # the home may be closed meanwhile; the last figure stays
            log.exception("a figure was not counted anew")
