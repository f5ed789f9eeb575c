"""Files on their way to a browser: each in a folder of its own, where Gradio hands out from, for a while."""

from __future__ import annotations

import atexit
import shutil
import threading
from pathlib import Path

from gradio.utils import get_upload_folder

from workbench.services.mending import SENT_SECONDS


def place() -> Path:
    """Where such folders are made: ``home/uploads`` under ``serve``, the only place of the home that is open.

    What a crash leaves there is removed by ``services.mending``.
    """
    return Path(get_upload_folder())


def drop_later(folder: Path) -> None:
    """Delete ``folder`` in a while, or when the server ends before that."""

    def drop() -> None:
        atexit.unregister(drop)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(drop)
    # Gradio hands out the file itself, and a slow download may be taken up again.
    cleaner = threading.Timer(SENT_SECONDS, drop)
    cleaner.daemon = True
    cleaner.start()
