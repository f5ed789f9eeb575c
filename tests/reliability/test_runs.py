"""Runs that are killed, hang, or want more than there is."""

import time

import pytest
from real_workers import (
    LONG,
    SHORT,
    TUNING,
    burden,
    settings_of,
    suspended,
    tuned,
    wait,
    wait_for_end,
    wait_for_training,
)
from reliability.slow_saving import (
    LAST_PLACES,
    PLACES,
    train,
    train_and_never_end_the_last_save,
    train_and_save_slowly,
)

from workbench.services import Services
from workbench.storage.artifacts import is_intact

pytestmark = pytest.mark.reliability
MIDDLE = {"epochs": 12, "batch_size": 4, "layers": "1", "learning_rate": 1e-3}


@pytest.fixture
def services(home):
    """Services whose supervisor does what it does only when it is told to."""
    opened = Services(settings_of(home))
    yield opened
    opened.close()


@pytest.fixture
def begin(services, processes, home):
    """Starts a process that carries out the run that is next in the queue."""
    started = []

    def go(run, target=train, *more):
        assert services._workspace.runs.claim_next().id == run.id
        process = processes(target=target, args=(str(home), run.id, *more))
        process.start()
        started.append(process)
        return process

    yield go
    for process in started:
        process.kill()
        process.join()


def kill(services, process):
    """kill -9, and what the supervisor makes of it."""
    process.kill()
    process.join()
    services._supervisor._tick()


def wait_for_step(services, run, step):
    wait(lambda: services.run(run.id).step >= step, 60, every=0.01)


def losses(services, run):
    return [point.step for point in services.curve(run.id) if point.series == "loss"]


def complete(services, run, process):
    process.join(120 * burden())
    services._supervisor._tick()
    ended = services.run(run.id)
    assert ended.state == "completed", ended.message
    return ended


@pytest.mark.case(1)
def test_killed_twenty_times_a_run_loses_nothing_and_ends_as_if_it_had_never_been(
    services, begin, tiny_model_folder, tell
):
    whole = services.start_run("toy", str(tiny_model_folder), TUNING, parameters=MIDDLE, name="whole")
    whole = complete(services, whole, begin(whole))
    rows = services.dictionary("toy").pairs
    run = services.start_run("toy", str(tiny_model_folder), TUNING, parameters=MIDDLE, name="victim")
    lost = 0
    for kills in range(1, 21):
        process = begin(run)
        wait_for_step(services, run, 10 * kills)
        assert services.run(run.id).step < whole.total_steps
        kill(services, process)
        ended = services.run(run.id)
        assert ended.state == "interrupted"
        assert {each.name for each in services.runs()} == {"whole", "victim"}
        lost += abs(services.dictionary("toy").pairs - rows)
        assert lost == 0
        assert tuned(services) == ["whole"]
        run = services.resume_run(run.id)
        assert (run.state, run.attempt) == ("queued", kills + 1)
    run = complete(services, run, begin(run))
    assert losses(services, run) == list(range(1, whole.total_steps + 1))  # none lost, none twice
    for part in ("dev", "test", "chosen"):
        assert run.result[part] == whole.result[part]
    library = services._workspace.library
    assert library.fingerprint("victim") == library.fingerprint("whole")
    assert not (services.settings.runs_path / run.id / "checkpoints").exists()
    tell(
        "kill -9 of a worker in the middle of training, then resume",
        kills,
        "{lost} rows lost, {resumed} resumed; in the end bit for bit the model of a run without kills",
        sums={"lost": lost, "resumed": run.attempt - 1},
    )


@pytest.mark.case(2)
def test_killed_ten_times_while_it_saves_a_checkpoint_it_goes_on_from_the_newest_whole_one(
    services, begin, tiny_model_folder, tmp_path, tell
):
    run = services.start_run("toy", str(tiny_model_folder), TUNING, parameters=MIDDLE)
    folder = services.settings.runs_path / run.id / "checkpoints" / "stage-1"
    for number in range(10):
        before = services._workspace.runs.last_seq(run.id)
        marker = tmp_path / f"marker-{number}"
        process = begin(run, train_and_save_slowly, PLACES[number % 3], str(marker))
        reached = int(newest(folder)) if number else 0
        wait(marker.exists, 60, every=0.01)
        assert len(list(folder.glob(".staging-*"))) == 1
        kill(services, process)
        assert services.run(run.id).state == "interrupted"
        assert list(folder.glob(".staging-*")) == []
        assert all(is_intact(each) for each in folder.iterdir())
        fresh = [p.step for p in services.curve(run.id, before) if p.series == "loss"]
        assert fresh[0] == reached + 1
        assert int(newest(folder)) == reached + 2  # two whole ones, the third is cut off
        run = services.resume_run(run.id)
    assert complete(services, run, begin(run)).attempt == 11
    tell(
        f"kill -9 while a checkpoint is saved: {', '.join(PLACES)}",
        10,
        "each time resumed from the newest whole checkpoint; the one that was cut off was swept away",
    )


def newest(folder):
    return max(each.name for each in folder.glob("step-*")).removeprefix("step-")


@pytest.mark.case(3)
def test_killed_anywhere_in_its_last_save_it_leaves_no_model_that_does_not_load(
    services, begin, tiny_model_folder, tmp_path, tell
):
    once = {**MIDDLE, "epochs": 1}
    first = services.start_run("toy", str(tiny_model_folder), TUNING, parameters=once, name="earlier")
    complete(services, first, begin(first))
    run = services.start_run("toy", str(tiny_model_folder), TUNING, parameters=once, name="later")
    for number, place in enumerate(LAST_PLACES):
        marker = tmp_path / f"marker-{number}"
        process = begin(run, train_and_never_end_the_last_save, place, str(marker))
        wait(marker.exists, 60, every=0.01)
        kill(services, process)
        assert services.run(run.id).state == "interrupted"
        assert not list((services.settings.runs_path / run.id).glob(".staging-*"))
        listed = tuned(services)
        assert listed == ["earlier"]
        assert all(services.neighbours("abcd", model, "toy", 3) for model in listed)
        assert {row.model for row in services.leaderboard("toy").rows if row.kind == "tuned"} == {"earlier"}
        run = services.resume_run(run.id)
    complete(services, run, begin(run))
    assert all(services.neighbours("abcd", model, "toy", 3) for model in ("earlier", "later"))
    tell(
        f"kill -9 in the last save: {', '.join(LAST_PLACES)}",
        len(LAST_PLACES),
        "nothing listed that does not load, nothing half written left; resumed, the model is there",
    )


def test_a_run_that_is_killed_by_force_can_be_resumed_by_the_server(
    open_services, tiny_model_folder, monkeypatch
):
    monkeypatch.setenv("WORKBENCH_CHECKPOINT_SECONDS", "0.2")  # the worker reads it
    services = open_services()
    parameters = {**LONG, "epochs": 6}
    run = services.start_run("toy", str(tiny_model_folder), TUNING, parameters=parameters, name="mine")
    worker = wait_for_training(services, run, 60)
    wait((services.settings.runs_path / run.id / "checkpoints" / "stage-1").exists, 30)
    worker.kill()
    wait(lambda: services.run(run.id).state == "interrupted", 5)
    services.resume_run("mine")
    ended = wait_for_end(services, run)
    assert (ended.state, ended.attempt) == ("completed", 2), services.run_log_tail(run.id)
    assert losses(services, ended) == list(range(1, ended.total_steps + 1))
    assert "going on from step-" in services.run_log_tail(run.id, 200)


def test_a_worker_that_hangs_is_ended_and_its_run_can_be_resumed(home, open_services, tiny_model_folder):
    first = Services(settings_of(home))
    first.start()
    run = first.start_run("toy", str(tiny_model_folder), TUNING, parameters=LONG)
    worker = wait_for_training(first, run)
    first.close()
    with suspended(worker, home):
        services = open_services(hang_seconds=1.5)
        assert wait(lambda: services.run(run.id).state == "interrupted", 6) > 1
    assert "1.5 s" in services.run(run.id).message.get("en")
    assert "没有反应" in services.run(run.id).message.get("zh")
    assert services.resume_run(run.id).state in ("queued", "starting")


def test_a_worker_that_reports_is_not_taken_for_one_that_hangs(home, open_services, tiny_model_folder):
    first = Services(settings_of(home))
    first.start()
    run = first.start_run("toy", str(tiny_model_folder), TUNING, parameters=LONG)
    wait_for_training(first, run)
    first.close()
    services = open_services(hang_seconds=2 * burden())
    step = services.run(run.id).step
    time.sleep(2.5 * burden())
    now = services.run(run.id)
    assert now.state == "running" or now.state == "completed"
    assert now.step > step


@pytest.mark.case(7)
def test_over_its_memory_limit_a_run_fails_in_words_while_the_page_answers(
    open_services, tiny_model_folder, tell
):
    services = open_services(run_memory_bytes=150 * 2**20)
    run = services.start_run("toy", str(tiny_model_folder), TUNING, parameters={"batch_size": 64})
    slowest = 0.0

    def ended():
        nonlocal slowest
        began = time.monotonic()
        state = services.run(run.id).state
        services.leaderboard("toy")
        slowest = max(slowest, time.monotonic() - began)
        return state == "failed"

    wait(ended, 60)
    message = services.run(run.id).message
    assert "Out of memory" in message.get("en")
    assert "32 instead of 64" in message.get("en")
    assert "内存不够" in message.get("zh")
    assert slowest < burden()
    tell(
        "a worker over its limit of memory, while the page asks for the run and the leaderboard",
        1,
        "failed: out of memory, with half the batch as the advice; the slowest answer took {slowest} s",
        most={"slowest": round(slowest, 2)},
    )


def test_within_its_limits_a_run_is_left_alone(open_services, tiny_model_folder):
    services = open_services(run_memory_bytes=6 * 2**30, run_seconds=300.0, hang_seconds=120.0)
    run = services.start_run("toy", str(tiny_model_folder), "instant", parameters=SHORT)
    ended = wait_for_end(services, run)
    assert ended.state == "completed"
    assert "limit" not in ended.message.get("en")


def test_over_its_time_limit_a_run_stops_and_keeps_its_best(
    home, open_services, tiny_model_folder, monkeypatch
):
    seconds = round(10 * burden())  # enough to begin and to have learnt something
    monkeypatch.setenv("WORKBENCH_RUN_SECONDS", str(seconds))  # the worker reads it as well
    services = open_services(run_seconds=float(seconds))
    endless = {**LONG, "patience": 0}  # else it may end before, with nothing left to learn
    run = services.start_run("toy", str(tiny_model_folder), TUNING, parameters=endless, name="mine")
    ended = wait_for_end(services, run, 4 * seconds)
    assert ended.state == "stopped", ended.message
    assert f"time limit of {seconds} s" in ended.message.get("en")
    assert "时间上限" in ended.message.get("zh")
    assert tuned(services) == ["mine"]
    assert ended.finished_at - ended.started_at < 5 * seconds


@pytest.mark.parametrize("error", ["errno", "native"])
@pytest.mark.case(6)
def test_a_disk_that_fills_up_in_the_last_save_is_said_and_all_else_stays(
    services, tiny_model_folder, monkeypatch, error, tell
):
    import safetensors.torch

    from workbench.training.worker import run_job

    def carry_out(name):
        run = services.start_run("toy", str(tiny_model_folder), TUNING, parameters={"epochs": 1}, name=name)
        services._workspace.runs.claim_next()
        run_job(services.settings, run.id)
        return services.run(run.id)

    carry_out("earlier")

    def full(*_, **__):
        if error == "errno":
            raise OSError(28, "No space left on device")
        raise RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)")

    with monkeypatch.context() as patch:
        patch.setattr(safetensors.torch, "save_file", full)
        failed = carry_out("later")
    assert failed.state == "failed"
    assert "No space left" in failed.message.get("en")
    assert "腾出空间" in failed.message.get("zh")
    assert tuned(services) == ["earlier"]
    assert services.neighbours("abcd", "earlier", "toy", 3)
    check = services._workspace.database.connection.execute("PRAGMA integrity_check").fetchone()
    assert check == ("ok",)
    run = services.resume_run("later")
    services._workspace.runs.claim_next()
    run_job(services.settings, run.id)
    assert services.run("later").state == "completed"
    tell(
        "the disk is full when the model is saved (as the system says it, as safetensors says it)",
        1,
        "a sentence in both languages; the database is whole, the earlier model answers, the run is resumed",
    )
