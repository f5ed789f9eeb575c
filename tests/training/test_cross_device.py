"""Two processes train together as one would with the whole batch; none of them is left behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from real_workers import wait

from workbench.errors import TrainingProblem

pytestmark = pytest.mark.reliability

FAST = {"processes": 2, "epochs": 4, "learning_rate": 3e-3, "batch_size": 16, "layers": "1"}
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


def team():
    """The launcher and the processes that it started; other tests may have left a child of their own here."""
    children = psutil.Process().children(recursive=True)
    return [each for each in children if "workbench.training.replica" in command_of(each)]


def command_of(process):
    try:
        return process.cmdline()
    except psutil.Error:  # it has ended meanwhile
        return []


class Onlooker:
    """A reporter's ``point`` that does something to the processes at a step."""

    def __init__(self, reporter, step, act):
        self.members = []
        inner = reporter.point

        def point(series, at, value):
            inner(series, at, value)
            if series == "loss" and not self.members and at >= step:
                self.members = team()
                act(self.members)

        reporter.point = point


def replicas(members):
    return [each for each in members if "torch.distributed.run" not in command_of(each)]


def none_is_left(members):
    wait(lambda: not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in members), 15)


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
