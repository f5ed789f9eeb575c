"""Two processes train together as one would with the whole batch; none of them is left behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from real_workers import tuned as tuned_models
from real_workers import wait, wait_for_end, wait_for_training
from training.conftest import Reporter
from training.teams import FAST, Noting, Onlooker, losses_of, none_is_left, replicas, same_end, team

from workbench.errors import TrainingProblem
from workbench.localtext import LocalText
from workbench.training.checkpoints import Checkpoints
from workbench.types import Recipe, StageConfig

pytestmark = pytest.mark.reliability

STOP_SECONDS = 3  # about one of them until the worker has heard of it
TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def found(tmp_path_factory, tiny_model_folder):
    """What two processes come to, and what one does."""
    path = tmp_path_factory.mktemp("together") / "found.json"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "training.two_processes", str(tiny_model_folder), str(path)]
    environment = {**os.environ, "PYTHONPATH": f"{TESTS}:{TESTS.parent}", "WORKBENCH_PRECISION": "fp32"}
    subprocess.run(command, env=environment, check=True, timeout=300)
    return json.loads(path.read_text())


@pytest.fixture(scope="session")
def tuned(train):
    return train("cross_device", FAST)


def together(parameters):
    """A recipe of this stage alone."""
    stages = (StageConfig("cross_device", parameters),)
    return Recipe("two", LocalText("两个", "Two"), LocalText("", ""), stages)


@pytest.mark.parametrize("pairs", [12, 7, 2])  # even, uneven, fewer texts than would fill both shares twice
def test_loss_and_gradients_are_those_of_one_process_with_the_whole_batch(found, pairs):
    ours = found["batches"][str(pairs)]
    assert ours["losses"] == pytest.approx([ours["alone"]] * 2, abs=1e-5)
    np.testing.assert_allclose(ours["gradient"], ours["gradient_alone"], atol=1e-5)
    assert np.abs(ours["gradient_alone"]).max() > 1e-3


def test_the_loss_is_the_library_s_where_nothing_is_masked(found):
    """MultipleNegativesRankingLoss with gather_across_devices: the mean over its processes."""
    assert found["library"] == pytest.approx(found["one_way"], abs=1e-5)


def test_it_learns_and_saves_what_was_measured(tuned):
    from sentence_transformers import SentenceTransformer

    from workbench.training.dataset import DevProbe

    result = tuned.result
    assert result.best.mrr10 > result.base.mrr10 + 10
    assert result.chosen["processes"] == 2
    model = SentenceTransformer(str(tuned.folder), device="cpu", local_files_only=True)
    probe = DevProbe(tuned.data, max_queries=600, max_documents=3000)
    vectors = model.encode([tuned.data.terms[i] for i in probe.needed], normalize_embeddings=True)
    assert probe.score(vectors).mrr10 == pytest.approx(result.best.mrr10, abs=1e-6)
    losses = [(step, value) for series, step, value in tuned.reporter.points if series == "loss"]
    assert [step for step, _ in losses] == list(range(1, len(losses) + 1))
    assert np.mean([value for _, value in losses[-5:]]) < np.mean([value for _, value in losses[:5]])
    assert {"learning_rate", "speed"} <= {series for series, _, _ in tuned.reporter.points}
    none_is_left(replicas(team()))


def test_stop_keeps_the_best_and_ends_the_processes(train, new_reporter, tuned):
    losses = [value for series, _, value in tuned.reporter.points if series == "loss"]
    reporter = new_reporter(stop_at_step=len(losses) // 2)
    seen = Onlooker(reporter, 1, lambda members: None)
    stopped = train("cross_device", FAST, reporter=reporter)
    none_is_left(seen.members)
    assert stopped.result.stopped_early
    looked = {value for series, step, value in reporter.points if series == "dev_mrr@10" and step}
    assert stopped.result.best.mrr10 == max(looked)
    ours = [value for series, _, value in reporter.points if series == "loss"]
    assert ours == losses[: len(ours)], "the same seed, the same course"


class Gone(Exception):
    """The process that looks on is no more."""


def test_taken_up_after_stop_and_after_a_kill_it_ends_with_the_same_model(
    train, new_reporter, tuned, tmp_path
):
    def gone(steps):
        if len(steps) == 2:
            raise Gone

    def taken_up(**more):
        return Noting(tmp_path / "checkpoints", **more)

    whole, at = losses_of(tuned.reporter), len(losses_of(tuned.reporter)) // 4
    stopping = taken_up(every=1e9)
    stopped = train("cross_device", FAST, reporter=new_reporter(stop_at_step=at), checkpoints=stopping)
    assert stopped.result.stopped_early
    assert len(stopping.steps) == 1, "one is written at Stop"
    assert at <= stopping.steps[0] < len(whole)

    other = taken_up()
    waiting = {"reporter": new_reporter(stop_at_phase="Starting 2 processes"), "checkpoints": other}
    train("cross_device", {**FAST, "learning_rate": 2e-3}, **waiting)
    assert other.rewound == [None], "a checkpoint of other work is not taken up"

    cut, seen = taken_up(then=gone), new_reporter()
    with pytest.raises(Gone):
        train("cross_device", FAST, reporter=seen, checkpoints=cut)
    assert min(losses_of(seen)) == stopping.steps[0] + 1
    assert stopping.steps[0] < cut.steps[-1] < len(whole)
    last = taken_up(every=1e9)
    again = train("cross_device", FAST, checkpoints=last)
    assert last.rewound == [2], "the curve goes on behind the newest checkpoint"
    assert losses_of(again.reporter) == {step: whole[step] for step in whole if step > cut.steps[-1]}
    assert same_end(again, tuned)


def test_a_killed_worker_s_run_is_resumed_where_it_was(open_services, tiny_model_folder, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CHECKPOINT_SECONDS", "0.01")  # the worker reads it
    services = open_services()
    parameters = {**FAST, "epochs": 10, "patience": 0, "batch_size": 4, "learning_rate": 1e-4}
    run = services.start_run("toy", str(tiny_model_folder), together(parameters), name="mine")
    checkpoints = services.settings.runs_path / run.id / "checkpoints" / "stage-1"
    worker = wait_for_training(services, run)
    wait(lambda: any(checkpoints.glob("step-*")), 60)
    members = worker.children(recursive=True)
    assert len(replicas(members)) >= 2
    worker.kill()
    assert wait_for_end(services, run).state == "interrupted"
    none_is_left(members)
    kept = max(int(folder.name[5:]) for folder in checkpoints.glob("step-*"))
    assert services.resume_run("mine").attempt == 2
    ended = wait_for_end(services, run, 180)
    assert ended.state == "completed", ended.message
    log = (services.settings.runs_path / run.id / "log.txt").read_text()
    assert f"going on from step-{kept:09d}" in log
    drawn = [point.step for point in services.curve(run.id) if point.series == "loss"]
    assert drawn == list(range(1, ended.total_steps + 1)), "no step is missing, none is drawn twice"
    assert tuned_models(services) == ["mine"]
    assert not checkpoints.exists()


class InALook(Reporter):
    """Presses Stop in the middle of a look: while terms are encoded for it, or when it is being drawn."""

    def __init__(self, step, moment):
        super().__init__()
        self._step, self._moment, self._due, self.members = step, moment, False, []

    def steps(self, step, total):
        super().steps(step, total)
        self._due = step == self._step

    def check_stop(self):
        self._stop_at("encoded")

    def point(self, series, step, value):
        super().point(series, step, value)
        if series == "dev_recall@10":
            self._stop_at("drawn")

    def _stop_at(self, moment):
        if self._due and moment == self._moment and not self.stopped:
            self.members = team()
            self._stop()


def looks_of(reporter):
    return {step: value for series, step, value in reporter.points if series == "dev_mrr@10"}


@pytest.mark.parametrize("moment", ["encoded", "drawn"])
def test_stop_in_the_middle_of_a_look_loses_neither_it_nor_the_steps(train, tuned, tmp_path, moment):
    def checkpoints():
        return Noting(tmp_path / "checkpoints", every=1e9)

    whole = looks_of(tuned.reporter)
    at = sorted(whole)[2]
    reporter, saved = InALook(at, moment), checkpoints()
    stopped = train("cross_device", FAST, reporter=reporter, checkpoints=saved)
    assert reporter.stopped
    assert stopped.result.stopped_early
    none_is_left(reporter.members)
    seen = looks_of(reporter)
    assert max(seen) >= at, "the look that was cut off is taken after all"
    assert seen == {step: whole[step] for step in whole if step <= max(seen)}
    assert stopped.result.best.mrr10 == max(value for step, value in seen.items() if step)
    assert len(saved.steps) == 1
    assert at <= saved.steps[0] < max(whole)
    again = train("cross_device", FAST, checkpoints=checkpoints())
    assert min(losses_of(again.reporter)) == saved.steps[0] + 1
    assert same_end(again, tuned)


def test_stop_and_discard_in_the_middle_of_a_look_saves_nothing_more(train, tuned, tmp_path):
    at = sorted(looks_of(tuned.reporter))[2]
    reporter = InALook(at, "encoded")
    unwanted = Checkpoints(tmp_path / "checkpoints", every=1e9, mark=lambda: None)
    stopped = train("cross_device", FAST, reporter=reporter, checkpoints=unwanted)
    assert stopped.result.stopped_early
    assert max(losses_of(reporter)) == at, "not a step more is waited for"
    assert max(looks_of(reporter)) < at, "nor a look"
    assert not (tmp_path / "checkpoints").exists()
    none_is_left(reporter.members)


@pytest.mark.parametrize("phase", ["Starting 2 processes", "Training"])
def test_stop_and_discard_ends_all_processes_at_once(
    open_services, tiny_model_folder, monkeypatch, tmp_path, phase
):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))  # of the worker and all that it starts
    services = open_services(stop_grace_seconds=600)  # so that none of them is killed by the supervisor
    parameters = {**FAST, "epochs": 100, "patience": 0, "batch_size": 4, "learning_rate": 1e-4}
    run = services.start_run("toy", str(tiny_model_folder), together(parameters), name="mine")
    wait(lambda: services.run(run.id).phase.get("en") == phase, 120, every=0.02)
    worker = psutil.Process(services._workspace.runs.worker_of(run.id)[0])
    wait(lambda: worker.children(recursive=True), 30, every=0.02)
    members = [worker, *worker.children(recursive=True)]
    services.stop_run(run.id, keep=False)
    wait(lambda: services.run(run.id).state == "stopped", STOP_SECONDS)
    none_is_left(members)
    assert tuned_models(services) == []
    assert {path.name for path in (services.settings.runs_path / run.id).iterdir()} <= {"log.txt"}
    left = [path.name for path in temporary.iterdir()]
    assert not [name for name in left if name.startswith(("torchelastic", "workbench"))], left


@pytest.mark.parametrize("victim", ["replica", "launcher"])
def test_the_death_of_a_process_fails_the_run_in_words_and_leaves_none(train, new_reporter, victim):
    def kill(members):
        of_the_team = replicas(members)
        assert len(of_the_team) == 2
        (of_the_team[1] if victim == "replica" else of_the_team[0].parent()).kill()

    reporter = new_reporter()
    seen = Onlooker(reporter, 3, kill)
    with pytest.raises(TrainingProblem) as caught:
        train("cross_device", {**FAST, "epochs": 60, "patience": 0}, reporter=reporter)
    none_is_left(seen.members)
    assert "进程" in caught.value.text("zh")
    assert "One of the processes" in caught.value.text("en")


def test_without_several_cards_it_says_what_it_is_for(train):
    with pytest.raises(TrainingProblem) as caught:
        train("cross_device", {"processes": 0})
    assert "显卡" in caught.value.text("zh")
    assert "In-batch negatives" in caught.value.text("en")
