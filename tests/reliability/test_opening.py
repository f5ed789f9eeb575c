"""The workbench is opened and closed again and again, and leaves nothing behind in its process."""

import gc
import threading

import psutil
import pytest
from real_workers import settings_of, wait

from workbench.services import Services
from workbench.workspace import Workspace

pytestmark = pytest.mark.reliability
TIMES = 50


@pytest.mark.case(12)
def test_fifty_times_opened_and_closed_it_leaves_no_files_threads_or_processes(home, toy_csv, tell):
    process = psutil.Process()
    files = threads = 0
    children = {child.pid for child in process.children(recursive=True)}
    for number in range(TIMES + 3):
        services = Services(settings_of(home))
        services.start()
        assert services.preview_dictionary(toy_csv, "t.csv").pairs
        assert services.dictionary("toy").pairs == 180
        services.close()
        if number == 2:  # what is loaded once has been loaded
            gc.collect()
            files, threads = process.num_fds(), threading.active_count()
    gc.collect()
    wait(lambda: threading.active_count() <= threads, 10)
    assert process.num_fds() <= files
    assert {child.pid for child in process.children(recursive=True)} <= children
    tell("the whole workbench opened, used and closed", TIMES, "no file, thread or process more than before")


@pytest.mark.case(12)
def test_what_a_thread_has_opened_is_closed_with_the_workspace(home, tell):
    process = psutil.Process()
    Workspace(settings_of(home)).close()
    before = process.num_fds()
    for _ in range(5):
        workspace = Workspace(settings_of(home))
        readers = [threading.Thread(target=workspace.dictionaries.all) for _ in range(10)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        workspace.close()
    gc.collect()
    assert process.num_fds() <= before
    tell("ten threads that read, then the workspace closed", 5, "no file left open")
