"""Memory that was freed is given back to the system, and the thread that does it ends."""

import os
import threading

import psutil
import pytest

from workbench.memory import MemoryReturn, _malloc_trim, keep_few_kernels

MANY = 400_000


@pytest.mark.skipif(_malloc_trim() is None, reason="only the C library of Linux keeps freed memory")
def test_what_was_freed_goes_back():
    process = psutil.Process()
    blocks = [bytes(1000) for _ in range(MANY)]  # too small to be returned one by one
    held = process.memory_info().rss
    kept = blocks[-1:]  # at the end of what was taken: the rest cannot shrink away by itself
    memory = MemoryReturn(every=0.02, grown=-(2**40))  # at each look
    memory.start()
    del blocks
    for _ in range(500):
        if held - process.memory_info().rss > 0.7 * 1000 * MANY:
            break
        threading.Event().wait(0.02)
    memory.close()
    assert held - process.memory_info().rss > 0.7 * 1000 * MANY
    assert kept
    assert not any(thread.name == "memory-return" for thread in threading.enumerate())


def test_closed_before_it_has_begun():
    MemoryReturn().close()


def test_few_kernels_are_kept_unless_somebody_wants_more(monkeypatch):
    name = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
    monkeypatch.setenv(name, "500")
    keep_few_kernels()
    assert os.environ[name] == "500"
    del os.environ[name]
    keep_few_kernels()
    assert 0 < int(os.environ[name]) < 500
