"""Parses an upload in a process of its own, with limits on its memory and time, and no network.

The parent writes one line of JSON (what to read it as) and the bytes; the child answers in the lines of
:mod:`workbench.ingest.wire`. Whatever happens to the child, the parent has a table or a sentence.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from workbench.errors import FileProblem
from workbench.ingest.encodings import Detected
from workbench.ingest.structured import Request, read_structured
from workbench.ingest.table import ReadOptions, Table
from workbench.ingest.wire import read_answer, refusal_line, table_lines
from workbench.localtext import LocalText

PARSE_MEMORY_BYTES = 3 << 30
PARSE_SECONDS = 300.0
_ROOT = Path(__file__).resolve().parents[2]
# Nothing else is handed on: no home folder, no keys, no proxies.
_KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")
_SINGLE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MALLOC_ARENA_MAX")
_OUT_OF_MEMORY = 3
_FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.startfile")


def read_isolated(
    data: bytes,
    request: Request,
    *,
    memory_bytes: int = PARSE_MEMORY_BYTES,
    seconds: float = PARSE_SECONDS,
) -> Table:
    """The table in ``data``, parsed by a child process that is ended after ``seconds``.

    Raises FileProblem for what the child refuses, and where it runs out of memory or time or dies.
    """
    child = _start()
    late = threading.Event()

    def end() -> None:
        late.set()
        child.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        _send(child, data, request, memory_bytes, seconds)
        table = read_answer(_lines(child.stdout), request.max_rows + 1)
    finally:
        timer.cancel()
        child.kill()
        if child.stdout is not None:
            child.stdout.close()
        status = child.wait()
    if table is not None:
        return table
    if late.is_set() or status == -_signal("SIGXCPU"):
        raise FileProblem(_TOO_SLOW, _SIMPLER, seconds=round(seconds))
    if status == _OUT_OF_MEMORY:
        raise FileProblem(_TOO_BIG, _SIMPLER, size=round(memory_bytes / 2**20))
    raise FileProblem(_DIED, _SIMPLER)


def _start() -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment.update(dict.fromkeys(_SINGLE, "1"))
    environment["ARROW_DEFAULT_MEMORY_POOL"] = "system"
    environment["PYTHONPATH"] = str(_ROOT)
    return subprocess.Popen(
        [sys.executable, "-s", "-B", "-X", "utf8", "-m", "workbench.ingest.isolation"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_ROOT,
        env=environment,
    )


def _send(
    child: subprocess.Popen[bytes], data: bytes, request: Request, memory_bytes: int, seconds: float
) -> None:
    order = {"request": asdict(request), "memory_bytes": memory_bytes, "seconds": seconds}
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError, OSError):  # the child ended early: its answer says why
        child.stdin.write(json.dumps(order).encode() + b"\n")
        child.stdin.write(data)
    with contextlib.suppress(BrokenPipeError, OSError):
        child.stdin.close()


def _lines(stream: IO[bytes] | None) -> Iterator[bytes]:
    """The lines of the answer as long as it can be read."""
    assert stream is not None
    with contextlib.suppress(OSError, ValueError):
        yield from stream


def _signal(name: str) -> int:
    import signal

    return int(getattr(signal, name, 0)) or 1 << 16


# -- the child ------------------------------------------------------------------------------------------


def main() -> int:
    """Read one request and its bytes from the standard input, answer on the standard output."""
    order = json.loads(sys.stdin.buffer.readline())
    limit_process(order["memory_bytes"], order["seconds"])
    sys.addaudithook(_refuse_outside)
    out = sys.stdout.buffer
    try:
        table = read_structured(sys.stdin.buffer.read(), _request(order["request"]))
        for line in table_lines(table):
            out.write(line)
    except FileProblem as problem:
        out.write(refusal_line(problem))
    except MemoryError:
        return _OUT_OF_MEMORY
    out.flush()
    return 0


def limit_process(memory_bytes: int, seconds: float) -> None:
    """Limit this process for good: address space, processor time, and no files written."""
    try:
        import resource
    except ImportError:  # Windows has no such limits; the parent's clock still holds
        return
    limits = (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, int(seconds) + 1),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    )
    for kind, limit in limits:
        with contextlib.suppress(ValueError, OSError):  # macOS refuses some
            _, hard = resource.getrlimit(kind)
            value = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(kind, (value, value))


def _refuse_outside(event: str, _: Any) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(event)


def _request(fields: dict[str, Any]) -> Request:
    options = fields.pop("options")
    detected = fields.pop("detected")
    return Request(
        **fields,
        detected=None if detected is None else Detected(**detected),
        options=ReadOptions(tuple(options["scopes"]), options["language"]),
    )


_TOO_SLOW = LocalText(
    "读取这个文件用了超过 {seconds} 秒，已中止。",
    "Reading this file took more than {seconds} s and was ended.",
)
_TOO_BIG = LocalText(
    "读取这个文件需要超过 {size} MB 内存，已中止。",
    "Reading this file takes more than {size} MB of memory and was ended.",
)
_DIED = LocalText(
    "读取这个文件的进程意外结束，文件可能已损坏。",
    "The process that read this file ended unexpectedly; the file may be damaged.",
)
_SIMPLER = LocalText(
    "请另存为 CSV（UTF-8），或拆成几个较小的文件。没有导入任何内容。",
    "Save it as CSV (UTF-8), or split it into smaller files. Nothing was imported.",
)

if __name__ == "__main__":
    sys.exit(main())
