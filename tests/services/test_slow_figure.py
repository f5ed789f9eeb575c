"""A figure that takes long to count is given at once, from a while ago."""

import threading
import time

import pytest

from workbench.services import slow_figure
from workbench.services.slow_figure import SlowFigure


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(slow_figure.time, "monotonic", lambda: now[0])
    return now


def wait_for(condition):
    for _ in range(2000):
        if condition():
            return
        time.sleep(0.005)
    raise AssertionError("it never came")


def test_the_last_figure_is_given_while_the_next_is_counted(clock):
    go, counted = threading.Event(), []

    def count():
        if counted:
            assert go.wait(20)
        counted.append(threading.current_thread().name)
        return len(counted)

    figure = SlowFigure(count)
    assert (figure.get(), figure.get()) == (1, 1)
    clock[0] += slow_figure.LEAST + 1
    assert [figure.get() for _ in range(5)] == [1] * 5, "nobody waits, and it is counted once"
    go.set()
    wait_for(lambda: figure._last[0] == 2)
    assert figure.get() == 2
    assert counted[1:] == ["slow-figure"]


def test_what_takes_long_is_counted_seldom(clock):
    counts = []

    def count():
        clock[0] += 3.0
        counts.append(clock[0])
        return len(counts)

    figure = SlowFigure(count)
    figure.get()
    clock[0] += 3.0 * slow_figure.TIMES - 1
    figure.get()
    assert figure._counter is None
    clock[0] += 2
    figure.get()
    wait_for(lambda: len(counts) == 2)


def test_a_count_that_fails_leaves_the_last_figure(clock):
    answers = iter([7])
    figure = SlowFigure(lambda: next(answers))
    assert figure.get() == 7
    clock[0] += slow_figure.LEAST + 1
    assert figure.get() == 7
    figure._counter.join()
    assert figure.get() == 7
