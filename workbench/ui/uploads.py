"""Uploaded files between arriving and being saved: read once, kept for a while, then deleted."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.errors import NotFound
from workbench.ui.text import text
from workbench.ui.whose import asking

KNOWN = 192  # uploads of all tabs that can still be read again, from their temporary files
KEPT = 6  # of these, the newest keep what was read: a million rows are several hundred megabytes
RESULTS = 12  # answers to the page kept for each upload


@dataclass
class Upload:
    """A file that was sent. ``token`` is all that a browser knows of where it lies; it is its owner's."""

    token: str
    path: Path
    size: int
    owner: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)
    _kept: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    _results: OrderedDict[Any, dict[str, Any]] = field(default_factory=OrderedDict)

    @property
    def name(self) -> str:
        """The file's name as it was called by who sent it."""
        return self.path.name

    def bytes(self) -> bytes:
        """What is in it. Raises NotFound once the temporary file is gone."""
        try:
            return self.path.read_bytes()
        except OSError:
            raise gone() from None

    def kept(self, slot: str, key: Any, make: Callable[[], Any]) -> Any:
        """What ``make`` gives, made once for each ``key``; a slot holds the newest only."""
        with self.lock:
            found = self._kept.get(slot)
            if found is None or found[0] != key:
                self._kept.pop(slot, None)  # the old one is let go before the new one is there
                self._kept[slot] = found = (key, make())
            return found[1]

    def result(self, key: Any) -> dict[str, Any] | None:
        """An answer that was given before."""
        return self._results.get(key)

    def remember(self, key: Any, result: dict[str, Any]) -> None:
        """Keep an answer; the oldest makes room."""
        self._results[key] = result
        while len(self._results) > RESULTS:
            self._results.popitem(last=False)

    def lighten(self) -> None:
        """Let go of what was read; it can be read again. Answers stay: somebody may be waiting for one."""
        self._kept = {}


class Uploads:
    """The uploads of this server, newest last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._uploads: OrderedDict[str, Upload] = OrderedDict()

    def add(self, path: str) -> Upload:
        """Take note of a file that Gradio received."""
        where = Path(path)
        try:
            upload = Upload(secrets.token_urlsafe(18), where, where.stat().st_size, asking())
        except OSError:  # somebody has just saved and dropped an equal file, which lay at the same place
            raise gone() from None
        with self._lock:
            self._uploads[upload.token] = upload
            while len(self._uploads) > KNOWN:
                self._uploads.popitem(last=False)  # its file is swept away after a day
            for older in list(self._uploads.values())[:-KEPT]:
                older.lighten()
        return upload

    def get(self, token: str) -> Upload:
        """The upload of that token, of who asks. Raises NotFound: it was long ago, or the server has started
        anew, or it is another's."""
        found = self.find(token)
        if found is None:
            raise gone()
        return found

    def find(self, token: str) -> Upload | None:
        """The upload of that token, if it is known and of who asks."""
        with self._lock:
            found = self._uploads.get(token)
            if found is None or found.owner != asking():
                return None
            self._uploads.move_to_end(token)
            return found

    def forget(self, token: str) -> None:
        """It was saved: its temporary file goes, and what was read of it."""
        with self._lock:
            found = self._uploads.pop(token, None)
            if found is not None:
                self._delete(found)
        if found is not None:
            found.lighten()

    def _delete(self, upload: Upload) -> None:
        """Delete the temporary file, unless another upload is the same: Gradio keeps equal files once."""
        if all(other.path != upload.path for other in self._uploads.values()):
            with contextlib.suppress(OSError):  # what cannot be deleted now is swept away after a day
                upload.path.unlink(missing_ok=True)
                upload.path.parent.rmdir()  # named after the content, which it holds alone


def gone() -> NotFound:
    """The sentence for a file that is not there any more."""
    return NotFound(text("import.gone"), text("import.gone_hint"))
