"""A run that was stopped, taken up and stopped again: what was kept stays, what is discarded goes."""

import pytest
from training.conftest import TUNING, TWO

from workbench.training.run_folder import RunFolder
from workbench.training.worker import RunReporter
from workbench.types import Recipe, StageConfig

ONE = Recipe("one", TWO.title, TWO.help, (StageConfig("in_batch", TUNING),))
THREE = Recipe("three", TWO.title, TWO.help, (*TWO.stages, StageConfig("instant_map")))


@pytest.fixture
def press_stop_at(monkeypatch):
    """Presses Stop when a phase begins: of the stage with this number, 0 before the first."""

    def arrange(services, phase, *, keep, stage=0):
        begin, begin_stage = RunReporter.phase, RunReporter.begin_stage
        at, told = [0], []

        def stage_begins(self, number, entry, before):
            at[0] = number
            begin_stage(self, number, entry, before)

        def phase_begins(self, text, progress=0.0):
            if not told and at[0] == stage and text.get("en") == phase:
                told.append(services.stop_run(self._run_id, keep=keep))
            begin(self, text, progress)

        monkeypatch.setattr(RunReporter, "begin_stage", stage_begins)
        monkeypatch.setattr(RunReporter, "phase", phase_begins)

    return arrange


def tuned(services):
    return {model.id for model in services.models() if model.kind == "tuned"}


def contents(services, run):
    return {path.name for path in (services.settings.runs_path / run.id).iterdir()}


BEGINNINGS = [("Preparing the base model", 0), ("Loading the model", 1)]


@pytest.mark.parametrize(("phase", "stage"), BEGINNINGS)
def test_stopped_again_at_its_beginning_it_keeps_what_it_had(
    services, start, carry_out, press_stop, press_stop_at, phase, stage
):
    press_stop(services, "in_batch", 9, keep=True)
    first = carry_out(start(ONE, name="mine"))
    kept = services._workspace.library.fingerprint("mine")
    services.resume_run("mine")
    press_stop_at(services, phase, stage=stage, keep=True)
    again = carry_out(first)
    assert again.state == "stopped"
    assert "is kept" in again.message.get("en")
    assert "留下了" in again.message.get("zh")
    assert services._workspace.library.fingerprint("mine") == kept
    assert again.result["dev"] == first.result["dev"], "it is still of this model"
    assert "checkpoints" in contents(services, first), "it can be taken up once more"


@pytest.mark.parametrize(("phase", "stage"), BEGINNINGS)
def test_discarded_at_the_beginning_of_another_attempt_nothing_is_left(
    services, start, carry_out, press_stop, press_stop_at, phase, stage
):
    press_stop(services, "in_batch", 9, keep=True)
    run = carry_out(start(ONE, name="mine"))
    assert tuned(services) == {"mine"}
    services.resume_run("mine")
    press_stop_at(services, phase, stage=stage, keep=False)
    again = carry_out(run)
    assert again.state == "stopped"
    assert "no model" in again.message.get("en")
    assert tuned(services) == set()
    assert contents(services, run) == set()


def test_discarded_before_its_worker_is_ready_nothing_is_left(services, start, carry_out, press_stop):
    press_stop(services, "in_batch", 9, keep=True)
    run = carry_out(start(ONE, name="mine"))
    services.resume_run("mine")
    claim = services._workspace.runs.claim_next

    def claimed():
        taken = claim()
        services.stop_run(taken.id, keep=False)
        return taken

    services._workspace.runs.claim_next = claimed
    assert carry_out(run).state == "stopped"
    assert contents(services, run) == set()


@pytest.mark.parametrize("recipe", [TWO, THREE], ids=["last", "middle"])
def test_the_model_of_a_stage_under_way_does_not_give_way_to_that_of_the_stage_before(
    services, start, carry_out, press_stop, press_stop_at, recipe
):
    press_stop(services, "in_batch", 9, keep=True)
    run = carry_out(start(recipe, name="mine"))
    library = services._workspace.library
    kept = library.fingerprint("mine")
    assert kept != library.fingerprint("mine#1")
    services.resume_run("mine")
    press_stop_at(services, "Loading the model", stage=2, keep=True)
    assert carry_out(run).state == "stopped"
    assert library.fingerprint("mine") == kept


def test_a_stage_that_became_whole_meanwhile_is_offered_instead_of_the_one_before(
    services, start, carry_out, press_stop_at, monkeypatch
):
    """As the supervisor keeps it, whose worker has died."""
    run = start(THREE, name="mine")
    press_stop_at(services, "Loading the model", stage=2, keep=True)
    carry_out(run)
    library = services._workspace.library
    assert library.fingerprint("mine") == library.fingerprint("mine#1")
    services.resume_run("mine")
    begin = RunReporter.begin_stage

    def dies_in_the_third(self, number, entry, before):
        begin(self, number, entry, before)
        assert number < 3

    monkeypatch.setattr(RunReporter, "begin_stage", dies_in_the_third)
    assert carry_out(run).state == "failed"
    assert RunFolder(services.settings, run).keep_what_there_is()
    assert library.fingerprint("mine") == library.fingerprint("mine#2")
