"""Real worker processes: they are killed, stopped, left alone and found again."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from real_workers import (
    LONG,
    SHORT,
    TUNING,
    gone,
    settings_of,
    suspended,
    tuned,
    wait,
    wait_for_end,
    wait_for_training,
)

from workbench.services import Services
from workbench.types import FINAL_STATES

pytestmark = pytest.mark.reliability

ROOT = Path(__file__).resolve().parents[2]


def test_a_run_completes_in_a_worker_of_its_own(open_services, tiny_model_folder):
    services = open_services()
    run = services.start_run("toy", str(tiny_model_folder), "instant", parameters=SHORT, name="mine")
    process = None

    def running():
        nonlocal process
        noted = services._workspace.runs.worker_of(run.id)
        process = psutil.Process(noted[0]) if noted else None
        return process is not None

    wait(running, 10)
    assert process.pid != os.getpid()
    ended = wait_for_end(services, run)
    assert ended.state == "completed", services.run_log_tail(run.id)
    assert tuned(services) == ["mine"]
    assert services.neighbours("abcd", "mine", "toy", 3)
    assert [point.series for point in services.curve(run.id)[:2]] == ["stage", "dev_recall@1"]
    assert "phase: Training" in services.run_log_tail(run.id)
    wait(lambda: gone(process), 5)


@pytest.mark.parametrize("step", [1, 150])
def test_a_killed_worker_is_noticed_and_the_next_run_goes_on(open_services, tiny_model_folder, step):
    services = open_services()
    run = services.start_run("toy", str(tiny_model_folder), TUNING, parameters=LONG, name="victim")
    after = services.start_run("toy", str(tiny_model_folder), "instant", parameters=SHORT, name="after")
    worker = wait_for_training(services, run, step)
    points = services.curve(run.id)
    worker.kill()
    wait(lambda: services.run(run.id).state == "interrupted", 5)
    ended = services.run(run.id)
    assert "memory" in ended.message.get("en")
    assert "内存" in ended.message.get("zh")
    assert [point.seq for point in services.curve(run.id)][: len(points)] == [point.seq for point in points]
    assert wait_for_end(services, after).state == "completed"
    assert tuned(services) == ["after"]


@pytest.mark.case(8)
def test_two_who_start_at_once_get_one_run_and_one_place_in_the_queue(open_services, tiny_model_folder, tell):
    both = [open_services(), open_services()]
    barrier, runs = threading.Barrier(2), []

    def start(services):
        barrier.wait()
        runs.append(services.start_run("toy", str(tiny_model_folder), "instant", parameters=SHORT))

    threads = [threading.Thread(target=start, args=(services,)) for services in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = set()

    def watch():
        states = sorted(both[0].run(run.id).state for run in runs)
        seen.add(tuple(states))
        return all(state in FINAL_STATES for state in states)

    wait(watch, 120, every=0.01)
    assert {both[1].run(run.id).state for run in runs} == {"completed"}
    active = {"starting", "running", "stopping"}
    assert all(len(active.intersection(states)) < 2 for states in seen)
    assert any("queued" in states and active.intersection(states) for states in seen)
    assert len(tuned(both[0])) == 2
    tell(
        "two servers on one home start a run at the same moment",
        2,
        "never two active at once; the second waits in the queue, both complete",
    )


def test_a_queued_run_says_which_place_it_has(open_services, tiny_model_folder):
    services = open_services()
    first = services.start_run("toy", str(tiny_model_folder), TUNING, parameters=LONG)
    wait_for_training(services, first)
    waiting = [services.start_run("toy", str(tiny_model_folder), "instant") for _ in range(2)]
    assert [services.run(run.id).queue_place for run in waiting] == [1, 2]
    services.stop_run(waiting[0].id)
    assert services.run(waiting[0].id).state == "stopped"
    assert services.run(waiting[1].id).queue_place == 1


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.case(9)
def test_stop_ends_within_five_seconds_and_leaves_no_process(open_services, tiny_model_folder, keep, tell):
    services = open_services()
    run = services.start_run("toy", str(tiny_model_folder), TUNING, parameters=LONG, name="mine")
    worker = wait_for_training(services, run, step=60)
    children = worker.children(recursive=True)
    services.stop_run(run.id, keep=keep)
    taken = wait(lambda: services.run(run.id).state in FINAL_STATES, 5)
    assert services.run(run.id).state == "stopped"
    wait(lambda: all(gone(process) for process in [worker, *children]), 5)
    assert tuned(services) == (["mine"] if keep else [])
    if keep:
        assert services.neighbours("abcd", "mine", "toy", 3)
    tell(
        f"stop and {'keep the best' if keep else 'discard'}",
        1,
        "ended after {seconds} s at most, no process left, "
        + ("the model answers" if keep else "no model left"),
        most={"seconds": round(taken, 1)},
    )


@pytest.mark.parametrize("keep", [True, False])
def test_stop_ends_a_worker_that_does_not_answer(open_services, tiny_model_folder, keep):
    services = open_services(**{"save_grace_seconds" if keep else "stop_grace_seconds": 1.5})
    run = services.start_run("toy", str(tiny_model_folder), TUNING, parameters=LONG)
    worker = wait_for_training(services, run)
    worker.suspend()
    services.stop_run(run.id, keep=keep)
    wait(lambda: services.run(run.id).state == "stopped", 5)
    assert "no model" in services.run(run.id).message.get("en")
    assert gone(worker)


@pytest.mark.case(4)
def test_a_server_that_is_killed_and_started_again_finds_its_run(
    home, open_services, tiny_model_folder, tell
):
    script = """
import sys, time
from pathlib import Path
from workbench.services import Services
from workbench.settings import Settings
services = Services(Settings.from_env({}, home=sys.argv[1], warm_worker=False, threads=1))
services.start()
parameters = {"in_batch.epochs": 30, "in_batch.batch_size": 4, "layers": "2"}
run = services.start_run("toy", sys.argv[2], "finetune", parameters=parameters)
print(run.id, flush=True)
time.sleep(600)
"""
    server = subprocess.Popen(
        [sys.executable, "-c", script, str(home), str(tiny_model_folder)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    run_id = server.stdout.readline().strip()
    reader = Services(settings_of(home))
    worker = wait_for_training(reader, reader.run(run_id), step=5)
    with suspended(worker, home):  # or it might have ended before it is looked for
        server.send_signal(signal.SIGKILL)
        server.wait(timeout=10)
        server.stdout.close()
        reader.close()
        assert not gone(worker)
        services = open_services()
        before = services.run(run_id)
        assert before.state == "running"
        time.sleep(1.5)
        assert services._workspace.runs.worker_of(run_id)[0] == worker.pid
        assert services.run(run_id).state == "running"
    ended = wait_for_end(services, before)
    assert ended.state == "completed", services.run_log_tail(run_id)
    assert ended.name in tuned(services)
    curve = [point.seq for point in services.curve(run_id)]
    assert curve == list(range(1, len(curve) + 1))  # the whole curve, the part before the kill included
    tell(
        "kill -9 of the server in the middle of a run, then a new one",
        1,
        "the worker lived on, was found again and completed; the whole curve is there",
    )


def test_services_that_close_in_the_middle_leave_the_run_to_the_next(open_services, home, tiny_model_folder):
    first = Services(settings_of(home))
    first.start()
    run = first.start_run(
        "toy", str(tiny_model_folder), TUNING, parameters={"epochs": 10, "layers": "2", "batch_size": 4}
    )
    with suspended(wait_for_training(first, run), home):
        first.close()
        services = open_services()
        assert services.run(run.id).state == "running"
    assert wait_for_end(services, run).state == "completed"


def running_row(services, base, pid, started):
    """A run that the database believes to be running in the process ``pid``."""
    run = services.start_run("toy", str(base), "instant")
    services._workspace.runs.claim_next()
    services._workspace.runs.attach_worker(run.id, pid, started)
    services._workspace.runs.mark_running(run.id)
    return run


@pytest.mark.parametrize("stop", [False, True])
@pytest.mark.case(5)
def test_a_pid_that_now_belongs_to_somebody_else_is_left_alone(
    home, open_services, tiny_model_folder, stop, tell
):
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as innocent:
        before = Services(settings_of(home))
        started = psutil.Process(innocent.pid).create_time()
        run = running_row(before, tiny_model_folder, innocent.pid, started - 3600)
        if stop:
            before.stop_run(run.id)
        before.close()
        services = open_services(stop_grace_seconds=0.5)
        expected = "stopped" if stop else "interrupted"
        wait(lambda: services.run(run.id).state == expected, 5)
        time.sleep(1.0)
        assert innocent.poll() is None
        innocent.kill()
    tell(
        "a run whose worker's pid is now that of another program, watched and stopped",
        1,
        "the other program lives, the run is interrupted or stopped",
    )


@pytest.mark.case(4)
def test_a_run_whose_process_is_gone_is_put_right_within_five_seconds(
    home, open_services, tiny_model_folder, tell
):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    started = psutil.Process(dead.pid).create_time()
    dead.wait()
    before = Services(settings_of(home))
    run = running_row(before, tiny_model_folder, dead.pid, started)
    before.close()
    services = open_services()
    taken = wait(lambda: services.run(run.id).state == "interrupted", 5)
    for language, word in (("zh", "中断"), ("en", "interrupted")):
        assert word in services.run(run.id).message.get(language)
    after = services.start_run("toy", str(tiny_model_folder), "instant", parameters=SHORT)
    assert wait_for_end(services, after).state == "completed"
    tell(
        "a server that starts on a run whose worker is gone",
        1,
        "interrupted, in words, after {seconds} s; the next run completes",
        most={"seconds": round(taken, 1)},
    )


@pytest.mark.case(3)
def test_killed_while_it_saves_it_leaves_nothing_that_is_listed(home, open_services, tiny_model_folder, tell):
    script = """
import sys, time
from workbench.settings import Settings
from workbench.training.worker import run_job
import workbench.models.adapter as adapter
copy = adapter.copy_model
def half(base, out, **more):
    copy(base, out, **more)
    print("saving", flush=True)
    time.sleep(600)
adapter.copy_model = half
run_job(Settings.from_env({}, home=sys.argv[1], threads=1), sys.argv[2])
"""
    before = Services(settings_of(home))
    run = before.start_run("toy", str(tiny_model_folder), "instant", parameters=SHORT)
    before._workspace.runs.claim_next()
    before.close()
    with subprocess.Popen(
        [sys.executable, "-c", script, str(home), run.id], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout.readline() == "saving\n"
        worker.kill()
        worker.wait(timeout=10)
    services = open_services()
    wait(lambda: services.run(run.id).state == "interrupted", 5)
    assert tuned(services) == []
    assert [path.name for path in (home / "runs" / run.id).iterdir()] == services.doctor()["mended"]
    assert list((home / "runs" / run.id).iterdir()) == []
    tell("kill -9 while the model is copied", 1, "nothing is listed, nothing is left")


def test_a_warm_worker_takes_the_run_and_none_is_left_at_the_end(home, tiny_model_folder):
    services = Services(settings_of(home, warm_worker=True))
    before = {child.pid for child in psutil.Process().children()}
    services.start()

    def workers():
        return [child for child in psutil.Process().children() if child.pid not in before]

    wait(lambda: len(workers()) == 1, 10)
    warm = workers()[0]
    wait(lambda: "ready" in (home / "worker.log").read_text(), 60)
    run = services.start_run("toy", str(tiny_model_folder), "instant", parameters=SHORT)
    wait(lambda: services._workspace.runs.worker_of(run.id) is not None, 5)
    assert services._workspace.runs.worker_of(run.id)[0] == warm.pid
    assert wait_for_end(services, run).state == "completed"
    wait(lambda: len(workers()) == 1 and workers()[0].pid != warm.pid, 10)  # the next one is being warmed
    last = workers()[0]
    services.close()
    wait(lambda: gone(last), 5)


def test_a_worker_without_a_job_ends_when_its_server_is_gone(home):
    environment = dict(os.environ, PYTHONPATH=str(ROOT), WORKBENCH_HOME=str(home))
    worker = subprocess.Popen(
        [sys.executable, "-m", "workbench.training.worker"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True,
    )  # fmt: skip
    assert worker.stdout.readline() == "ready\n"
    worker.stdin.close()
    assert worker.wait(timeout=20) == 0
    worker.stdout.close()


def test_a_run_that_is_resumed_the_moment_it_stopped_goes_on(open_services, tiny_model_folder):
    """Its old worker may end only after the new attempt was queued: that is no failure of the new one."""
    services = open_services()
    run = services.start_run("toy", str(tiny_model_folder), TUNING, parameters=LONG, name="again")
    wait_for_training(services, run, 3)
    services.stop_run(run.id, keep=True)
    wait(lambda: services.run(run.id).state == "stopped", 40)
    services.resume_run(run.id)
    wait_for_training(services, run, 5)
    assert services.run(run.id).state == "running"
    services.stop_run(run.id, keep=False)
    assert wait_for_end(services, run).state == "stopped"
