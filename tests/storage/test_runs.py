"""The life of a run in the database: the queue, who may claim, what ends it, and its curve."""

import threading

import pytest

from workbench.errors import NameTaken, NotFound
from workbench.localtext import LocalText
from workbench.storage.database import Database
from workbench.storage.runs import RunStore

DONE = LocalText("好了", "Done")


@pytest.fixture
def runs(tmp_path):
    database = Database(tmp_path / "workbench.db")
    yield RunStore(database)
    database.close()


def create(runs, name, **config):
    return runs.create(
        name,
        dictionary="车",
        version_id="v1",
        split_hash="h",
        base_model="tiny",
        recipe="instant",
        config={"seed": 3, "stages": [], **config},
    )


def report(runs, run, points=(), **more):
    values = {"phase": LocalText("训练", "Training"), "progress": 0.5, "step": 3, "total_steps": 10, **more}
    return runs.report(run.id, points=points, **values)


def test_a_new_run_waits_in_the_queue_with_its_place(runs):
    first, second = create(runs, "一"), create(runs, "二", note="café")
    assert (first.state, first.queue_place) == ("queued", 1)
    assert (second.state, second.queue_place) == ("queued", 2)
    assert second.config == {"seed": 3, "stages": [], "note": "café"}
    assert second.phase.get("zh") == "排队中"
    assert [run.name for run in runs.all()] == ["二", "一"]
    assert runs.get("一") == runs.get(first.id) == first


def test_a_taken_name_is_refused_even_after_deletion(runs):
    run = create(runs, "一")
    with pytest.raises(NameTaken):
        create(runs, "一")
    runs.finish(run.id, "completed", DONE)
    runs.delete(run.id)
    assert runs.all() == []
    with pytest.raises(NotFound):
        runs.get("一")
    with pytest.raises(NameTaken):
        create(runs, "一")
    assert runs.names() == {"一"}


def test_one_run_is_claimed_at_a_time_oldest_first(runs):
    first, second = create(runs, "一"), create(runs, "二")
    claimed = runs.claim_next()
    assert (claimed.id, claimed.state, claimed.queue_place) == (first.id, "starting", None)
    assert runs.claim_next() is None
    assert runs.get(second.id).queue_place == 1
    runs.finish(first.id, "completed", DONE)
    assert runs.claim_next().id == second.id
    runs.finish(second.id, "completed", DONE)
    assert runs.claim_next() is None


def test_of_many_that_claim_at_once_one_gets_it(runs):
    create(runs, "一")
    create(runs, "二")
    barrier, got = threading.Barrier(8), []

    def claim():
        barrier.wait()
        got.append(runs.claim_next())

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert sum(run is not None for run in got) == 1


def test_a_queued_run_is_cancelled_at_once(runs):
    run = create(runs, "一")
    stopped = runs.request_stop(run.id, keep=True)
    assert (stopped.state, stopped.queue_place) == ("stopped", None)
    assert stopped.message.get("en") == "Cancelled before it began."
    assert runs.claim_next() is None


@pytest.mark.parametrize(("keep", "request_"), [(True, "keep"), (False, "discard")])
def test_a_worker_learns_that_it_should_stop_when_it_reports(runs, keep, request_):
    run = create(runs, "一")
    runs.claim_next()
    assert runs.mark_running(run.id)
    assert report(runs, run) is None
    assert runs.request_stop(run.id, keep=keep).state == "stopping"
    assert report(runs, run) == request_
    assert runs.get(run.id).state == "stopping"


def test_a_run_that_was_stopped_while_it_started_does_not_run(runs):
    run = create(runs, "一")
    runs.claim_next()
    runs.request_stop(run.id, keep=True)
    assert not runs.mark_running(run.id)


def test_a_finished_run_stays_as_it_is(runs):
    run = create(runs, "一")
    runs.claim_next()
    assert runs.finish(run.id, "completed", DONE, {"beats_base": True})
    assert not runs.finish(run.id, "interrupted", LocalText("断", "Gone"), {"beats_base": False})
    assert not runs.mark_running(run.id)
    after = runs.request_stop(run.id, keep=False)
    assert (after.state, after.message.get("zh"), after.result) == ("completed", "好了", {"beats_base": True})
    assert after.finished_at >= after.started_at >= after.created_at


def test_a_finish_without_a_result_keeps_what_was_there(runs):
    run = create(runs, "一")
    runs.finish(run.id, "failed", DONE)
    assert runs.get(run.id).result == {}


def test_reports_show_where_a_run_is(runs):
    run = create(runs, "一")
    runs.claim_next()
    runs.mark_running(run.id)
    assert runs.heartbeat_age(run.id) < 5
    report(runs, run, progress=0.25, phase=LocalText("第 {n} 轮", "Epoch {n}").format(n=2))
    now = runs.get(run.id)
    assert (now.progress, now.step, now.total_steps) == (0.25, 3, 10)
    assert (now.phase.get("zh"), now.phase.get("en")) == ("第 2 轮", "Epoch 2")
    assert [active.id for active in runs.active()] == [run.id]


def test_a_report_to_a_run_that_does_not_exist_says_to_stop(runs):
    assert runs.report("nothing", phase=DONE, progress=0.0, step=0, total_steps=0) == "discard"


def test_the_curve_gives_only_what_is_newer(runs):
    run, other = create(runs, "一"), create(runs, "二")
    report(runs, run, [(1, "loss", 1, 2.5, 10.0), (2, "dev_recall@1", 1, 50.0, 10.5)])
    report(runs, run, [(3, "loss", 2, 2.0, 11.0)])
    report(runs, other, [(1, "loss", 1, 9.0, 10.0)])
    assert [(p.seq, p.series, p.step, p.value) for p in runs.curve(run.id)] == [
        (1, "loss", 1, 2.5),
        (2, "dev_recall@1", 1, 50.0),
        (3, "loss", 2, 2.0),
    ]
    assert [point.seq for point in runs.curve(run.id, since=2)] == [3]
    assert runs.curve(run.id, since=3) == []


def test_a_deleted_run_takes_its_curve_with_it(runs):
    run, other = create(runs, "一"), create(runs, "二")
    for each in (run, other):
        report(runs, each, [(1, "loss", 1, 2.5, 10.0)])
    runs.finish(run.id, "completed", DONE)
    runs.delete(run.id)
    assert runs.curve(run.id) == []
    assert len(runs.curve(other.id)) == 1


def test_the_worker_is_known_by_pid_and_start_time(runs):
    run = create(runs, "一")
    assert runs.worker_of(run.id) is None
    assert runs.heartbeat_age(run.id) == float("inf")
    runs.attach_worker(run.id, 4321, 1700000000.25)
    assert runs.worker_of(run.id) == (4321, 1700000000.25)
    assert runs.worker_of("nothing") is None


def test_an_unknown_run_is_said_in_words(runs):
    with pytest.raises(NotFound) as caught:
        runs.get("没有")
    assert "没有" in caught.value.text("en")
