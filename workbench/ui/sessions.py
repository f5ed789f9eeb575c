"""Who is signed in by which browser, and how often a name was guessed at; all of it in memory."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from workbench.accounts import Accounts, Person

IDLE = 12 * 3600.0  # seconds without a question after which a browser is signed out
LONGEST = 7 * 24 * 3600.0  # seconds after which it is signed out in any case
MOST_SESSIONS = 2_000
FREE_GUESSES = 5  # wrong passwords for a name before it has to wait
LONGEST_WAIT = 300.0  # seconds; doubles from one second on with each wrong password
FORGOTTEN_AFTER = 3600.0  # seconds after the last wrong password
MOST_NAMES = 10_000


@dataclass
class _Session:
    name: str
    secret: str  # of the person then: another password, or another account of that name, ends it
    began: float
    seen: float


class Sessions:
    """Browsers that are signed in, by what stands in their cookie."""

    def __init__(self, accounts: Accounts, clock: Callable[[], float] = time.monotonic) -> None:
        self._accounts = accounts
        self._clock = clock
        self._lock = threading.Lock()
        self._open: OrderedDict[str, _Session] = OrderedDict()

    def begin(self, person: Person) -> str:
        """Sign a browser in; the answer goes into its cookie."""
        token, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            self._open[token] = _Session(person.name, person.secret, now, now)
            while len(self._open) > MOST_SESSIONS:
                self._open.popitem(last=False)
        return token

    def person(self, token: str | None) -> Person | None:
        """Who asks, with the role of now; nobody once taken off the list, or given another password."""
        now = self._clock()
        with self._lock:
            found = self._open.get(token or "")
            if found is None:
                return None
            if now - found.seen > IDLE or now - found.began > LONGEST:
                del self._open[token or ""]
                return None
        person = self._accounts.person(found.name)
        if person is None or not secrets.compare_digest(person.secret, found.secret):
            return None
        found.seen = now
        return person

    def end(self, token: str | None) -> None:
        """Sign a browser out."""
        with self._lock:
            self._open.pop(token or "", None)


class Guesses:
    """Slows down who tries passwords: a name has to wait longer with each wrong one.

    It counts names, whether or not somebody has them, so that it tells nobody which names there are.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()  # how often, and the last time

    def take(self, name: str) -> float:
        """Take a guess, counted as wrong until :meth:`forgive`; seconds to wait where none is to be had."""
        now = self._clock()
        with self._lock:
            count, last = self._wrong.get(name, (0, now))
            if now - last > FORGOTTEN_AFTER:
                count = 0
            over = count - FREE_GUESSES
            wait = min(LONGEST_WAIT, 2.0 ** min(over, 20)) - (now - last) if over >= 0 else 0.0
            if wait > 0:
                return wait
            self._wrong[name] = (count + 1, now)
            self._wrong.move_to_end(name)
            while len(self._wrong) > MOST_NAMES:
                self._wrong.popitem(last=False)
        return 0.0

    def forgive(self, name: str) -> None:
        """The password was right."""
        with self._lock:
            self._wrong.pop(name, None)
