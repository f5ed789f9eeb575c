"""Long work of the page: started once, followed by everybody, its failure said in words."""

import threading
import time

from workbench.errors import Stopped, StorageProblem
from workbench.localtext import LocalText
from workbench.ui.background import Background


def wait_for(task, seconds=5.0):
    end = time.monotonic() + seconds
    while not task.done and time.monotonic() < end:
        time.sleep(0.01)
    assert task.done


def test_a_name_under_way_is_not_started_twice():
    background, gate, runs = Background(), threading.Event(), []

    def work(report):
        runs.append(1)
        report(0.5, LocalText("一半", "half"))
        gate.wait(5)

    first = background.start("map", work)
    second = background.start("map", work)
    assert first is second
    gate.set()
    wait_for(first)
    assert runs == [1]
    assert background.find("map").as_json() == {
        "fraction": 1.0,
        "words": {"zh": "一半", "en": "half"},
        "error": None,
        "done": True,
    }


def test_a_failure_is_kept_until_it_was_shown():
    background = Background()

    def work(report):
        raise StorageProblem(LocalText("磁盘已满。", "The disk is full."))

    task = background.start("measure", work)
    wait_for(task)
    assert task.as_json()["error"] == {"zh": "磁盘已满。", "en": "The disk is full."}
    background.forget("measure")
    assert background.find("measure") is None


def test_forgetting_leaves_what_is_under_way():
    background, gate = Background(), threading.Event()
    task = background.start("map", lambda report: gate.wait(5))
    background.forget("map")
    assert background.find("map") is task
    gate.set()
    wait_for(task)


def test_closing_stops_what_runs_and_never_begins_what_waits():
    background, gate, both, begun, ended = Background(), threading.Event(), threading.Barrier(3), [], []

    def work(report):
        both.wait(5)
        gate.wait(5)
        try:
            report(0.5, LocalText("一半", "half"))
        except Stopped:
            ended.append("stopped")
            raise
        ended.append("went on")

    tasks = [background.start(name, work) for name in "ab"]
    waiting = background.start("c", lambda report: begun.append("c"))
    both.wait(5)
    background.close()
    gate.set()
    late = background.start("d", lambda report: begun.append("d"))
    for task in (*tasks, waiting, late):
        wait_for(task)
        assert "clos" in task.as_json()["error"]["en"]
    assert begun == []
    assert ended == ["stopped", "stopped"]
