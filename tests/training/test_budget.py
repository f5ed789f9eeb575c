"""A worker process whose time budget runs out, because the estimate was too low, and one whose does not."""

import multiprocessing
import time
from datetime import datetime

import psutil
import pytest
from real_workers import SHORT, TUNING, settings_of, tuned, wait, wait_for_end
from training.late_worker import carry_out

from workbench.services import Services
from workbench.training import budget
from workbench.training.estimate import factor_name

ENDLESS = {"epochs": 100, "batch_size": 8, "layers": "2", "learning_rate": 0.003, "patience": 0}
BUDGET = 600  # seconds; how soon they are over is up to the worker's clock


@pytest.fixture
def services(home, tiny_model_folder):
    """They believe that training costs nothing here."""
    services = Services(settings_of(home))
    rates, base = services._workspace.rates, str(tiny_model_folder)
    rates.observe(f"encode:{base}", 1e6)
    rates.observe(factor_name(base, "in_batch"), 1e-3)
    yield services
    services.close()


@pytest.fixture
def carried_out(services, tiny_model_folder):
    """A run with a budget, done by a process of its own; see ``late_worker``."""

    def go(parameters, **late):
        wish = {"parameters": parameters, "budget": BUDGET, "name": "mine"}
        run = services.start_run("toy", str(tiny_model_folder), TUNING, **wish)
        assert run.config["fitted"] == [], "by the estimate all of it fits"
        assert services._workspace.runs.claim_next().id == run.id
        arguments = (str(services.settings.home), run.id)
        worker = multiprocessing.get_context("spawn").Process(target=carry_out, args=arguments, kwargs=late)
        worker.start()
        worker.join(300)
        assert worker.exitcode == 0
        return services.run(run.id)

    return go


def test_a_budget_that_runs_over_stops_the_run_in_words_and_keeps_its_best(services, carried_out):
    began = time.time()
    ended = carried_out(ENDLESS, looks=4)
    assert ended.state == "stopped", ended.message
    assert f"time budget of {BUDGET} s ran out" in ended.message.get("en")
    assert "best model so far was kept" in ended.message.get("en")
    assert f"时间预算 {BUDGET} 秒用完了" in ended.message.get("zh")
    assert "到此为止最好的模型" in ended.message.get("zh")
    assert time.time() - began < BUDGET / 2
    drawn = services.curve(ended.id)
    dev = [point.value for point in drawn if point.series == "dev_mrr@10"]
    assert len(dev) == 5, "not a look more is taken"
    assert ended.result["dev"]["best"]["mrr@10"] == pytest.approx(max(dev))
    assert max(dev) > dev[0]
    assert max(point.step for point in drawn) < ended.total_steps / 10
    assert tuned(services) == ["mine"]
    assert len(services.neighbours("abcd", "mine", "toy", 3)) == 3
    assert services.resume_run("mine").attempt == 2, "as it says"


def test_a_budget_that_is_over_before_anything_was_learnt_says_so(services, carried_out):
    ended = carried_out(ENDLESS, phase="Measuring the base model")
    assert ended.state == "stopped"
    assert f"time budget of {BUDGET} s ran out" in ended.message.get("en")
    assert "no model was kept" in ended.message.get("en")
    assert "没有留下模型" in ended.message.get("zh")
    assert tuned(services) == []


def test_a_budget_does_not_count_once_training_is_over(services, carried_out):
    ended = carried_out(SHORT, phase="Measuring on the test terms")
    assert ended.state == "completed", ended.message
    assert "budget" not in ended.message.get("en")
    assert ended.result["test"]["tuned"]


def test_a_budget_counts_from_when_the_worker_begins_by_its_own_clock(
    services, open_services, tiny_model_folder, monkeypatch
):
    """However long its process takes to start: here longer than the budget."""
    seconds = 3.0
    monkeypatch.setattr(budget, "LEAST_SECONDS", 1.0)
    open_services()  # its supervisor starts the worker
    wish = {"parameters": {**ENDLESS, "batch_size": 4}, "budget": seconds, "name": "mine"}
    run = services.start_run("toy", str(tiny_model_folder), TUNING, **wish)
    assert run.config["fitted"] == [], "by the estimate all of it fits"
    wait(lambda: services._workspace.runs.worker_of(run.id), 30, every=0.01)
    worker = psutil.Process(services._workspace.runs.worker_of(run.id)[0])
    worker.suspend()
    time.sleep(seconds + 1)
    worker.resume()
    ended = wait_for_end(services, run, 120)
    assert ended.state == "stopped", ended.message
    assert f"time budget of {seconds:g} s ran out" in ended.message.get("en")
    log = services.run_log_tail(run.id, 1000).splitlines()
    began = datetime.strptime(next(line for line in log if " phase: " in line)[:23], "%Y-%m-%d %H:%M:%S,%f")
    assert ended.finished_at - began.timestamp() > seconds - 0.5, "none of it went into the start"
    assert ended.finished_at - ended.started_at > 2 * seconds + 0.5
    looked = [point for point in services.curve(run.id) if point.series == "dev_mrr@10" and point.step]
    assert tuned(services) == (["mine"] if looked else []), "what it came to is up to the machine"
    assert ("best model so far was kept" in ended.message.get("en")) == bool(looked)
