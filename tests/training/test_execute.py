"""One run from its place in the queue to its verdict, and what is left when it ends otherwise."""

import shutil
from collections import namedtuple

import pytest

from workbench.evaluation.retrieval import build_benchmark
from workbench.localtext import LocalText
from workbench.training.worker import RunReporter, run_job
from workbench.types import Recipe, StageConfig

Usage = namedtuple("Usage", "total used free")
FAST = {"learning_rate": 0.01, "epochs": 6}


@pytest.fixture
def carry_out(services, tiny_model_folder):
    """Queues a run and carries it out here, as a worker would: ``carry_out("instant", name=...)``."""

    def go(recipe="instant", parameters=FAST, before=lambda run: None, **more):
        run = services.start_run("toy", str(tiny_model_folder), recipe, parameters=parameters, **more)
        before(run)
        services._workspace.runs.claim_next()
        run_job(services.settings, run.id)
        return services.run(run.id)

    return go


@pytest.fixture
def press_stop(monkeypatch):
    """Presses Stop half way through training, at its first step, or when a phase begins."""

    def arrange(services, *, keep, phase=None, at_once=False):
        told = []

        def press(reporter):
            if not told:
                told.append(True)
                services.stop_run(reporter._run_id, keep=keep)
                reporter.flush()

        steps, begin = RunReporter.steps, RunReporter.phase

        def at_step(self, step, total):
            if phase is None and (at_once or 2 * step >= total):
                press(self)
            steps(self, step, total)

        def at_phase(self, text, progress=0.0):
            if text.get("en") == phase:
                press(self)
            begin(self, text, progress)

        monkeypatch.setattr(RunReporter, "steps", at_step)
        monkeypatch.setattr(RunReporter, "phase", at_phase)

    return arrange


def left(services, run):
    """Models that are on disk, whole or not; checkpoints stay for who wants to go on."""
    folders = (services.settings.runs_path / run.id).iterdir()
    return sorted(path.name for path in folders if path.name != "checkpoints")


def tuned(services):
    return [model.id for model in services.models() if model.kind == "tuned"]


@pytest.mark.parametrize(
    ("recipe", "parameters"),
    [("instant", FAST), ("finetune", {"layers": "1", "epochs": 2, "learning_rate": 3e-3, "batch_size": 16})],
)
def test_a_run_ends_with_a_model_and_a_verdict(services, carry_out, recipe, parameters):
    run = carry_out(recipe, parameters, name="mine")
    assert run.state == "completed", run.message
    assert left(services, run) == ["model"]
    assert "mine" in tuned(services)
    assert run.result["test"]["difference"]["verdict"] in ("better", "worse", "tied")
    assert run.progress == 1
    assert {row.model for row in services.leaderboard("toy").rows} >= {"mine", "exact", "tfidf"}
    assert services.neighbours("abcd", "mine", "toy", 3)


@pytest.mark.case(30)
def test_the_same_seed_gives_the_same_numbers(services, carry_out, tell):
    one, two = carry_out(seed=4), carry_out(seed=4)
    for part in ("dev", "test", "chosen", "beats_base"):
        assert one.result[part] == two.result[part]
    library = services._workspace.library
    assert library.fingerprint(one.name) == library.fingerprint(two.name)
    tell("a run with the same seed", 2, "the same Recall@K to the last digit, the same weights")


def test_a_run_trains_on_the_version_that_it_was_queued_with(services, carry_out, toy_csv, toy_pairs):
    old = services.dictionary("toy")

    def replace(_):
        shorter = services.preview_dictionary(b"\n".join(toy_csv.split(b"\n")[:60]), "toy.csv")
        services.save_dictionary("toy", shorter, source="toy.csv", replace=True)

    run = carry_out(before=replace)
    assert run.state == "completed"
    assert run.version_id == old.version_id
    split = services._workspace.dictionaries.split(old.version_id)
    benchmark = build_benchmark(services._workspace.dictionaries.pairs(old.version_id), split)
    measured = services._workspace.evaluations.of_benchmarks([benchmark.hash])
    assert run.name in {each.model for each in measured}
    assert run.name in services.leaderboard("toy").missing  # not measured on the new version's terms


@pytest.mark.parametrize("recipe", ["instant", "finetune"])
def test_stop_and_keep_before_anything_was_learnt_leaves_no_model(services, carry_out, press_stop, recipe):
    press_stop(services, keep=True, at_once=True)
    run = carry_out(recipe, {"epochs": 3, "batch_size": 16}, name="early")
    assert run.state == "stopped"
    assert left(services, run) == []
    assert "no model" in run.message.get("en")


@pytest.mark.parametrize("recipe", ["instant", "finetune"])
def test_stop_and_keep_leaves_a_model_that_loads(services, carry_out, press_stop, recipe):
    press_stop(services, keep=True)
    run = carry_out(recipe, {"epochs": 3, "batch_size": 16}, name="kept")
    assert run.state == "stopped"
    assert left(services, run) == ["model"]
    assert tuned(services) == ["kept"]
    assert "kept" in run.message.get("en")
    assert services.neighbours("abcd", "kept", "toy", 3)
    assert "kept" in services.leaderboard("toy").missing


@pytest.mark.parametrize("recipe", ["instant", "finetune"])
def test_stop_and_discard_leaves_nothing(services, carry_out, press_stop, recipe):
    press_stop(services, keep=False)
    run = carry_out(recipe, {"epochs": 3, "batch_size": 16})
    assert run.state == "stopped"
    assert left(services, run) == []
    assert tuned(services) == []
    assert "no model" in run.message.get("en")


@pytest.mark.parametrize(("keep", "files"), [(True, ["model"]), (False, [])])
def test_stop_while_it_is_measured(services, carry_out, press_stop, keep, files):
    press_stop(services, keep=keep, phase="Measuring on the test terms")
    run = carry_out()
    assert run.state == "stopped"
    assert left(services, run) == files


@pytest.mark.parametrize(("keep", "files"), [(True, ["model"]), (False, [])])
def test_stop_while_it_is_saved(services, carry_out, press_stop, keep, files):
    press_stop(services, keep=keep, phase="Saving the model")
    run = carry_out()
    assert run.state == "stopped"
    assert left(services, run) == files


def test_stop_before_it_begins(services, carry_out):
    run = carry_out(before=lambda run: services.stop_run(run.id))
    assert run.state == "stopped"
    assert not (services.settings.runs_path / run.id).exists()


def test_a_failure_that_nobody_foresaw_is_a_sentence_and_leaves_no_model(services, carry_out, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("the secret is in /home/somebody")

    monkeypatch.setattr("workbench.training.mapping.in_batch_loss", fail)
    run = carry_out()
    assert run.state == "failed"
    assert "ZeroDivisionError" in run.message.get("zh")
    assert "secret" not in run.message.get("en")
    assert left(services, run) == []
    assert tuned(services) == []


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_want_of_memory_is_said_as_such(carry_out, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr("workbench.training.mapping.in_batch_loss", fail)
    run = carry_out()
    assert run.state == "failed"
    assert "Out of memory" in run.message.get("en")
    assert "512 fits, 1024 did not" in run.message.get("en")
    assert "512" in run.message.get("zh")


def test_a_full_disk_is_said_and_the_earlier_model_stays(services, carry_out, monkeypatch):
    carry_out(name="earlier")
    with monkeypatch.context() as patch:

        def fill_up(_):
            patch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 1000))

        run = carry_out(name="later", before=fill_up)
    assert run.state == "failed"
    assert "disk" in run.message.get("en")
    assert "磁盘" in run.message.get("zh")
    assert tuned(services) == ["earlier"]
    assert services.neighbours("abcd", "earlier", "toy", 3)


def test_a_base_that_is_gone_is_said_in_words(services, carry_out, tiny_model_folder, tmp_path):
    shutil.copytree(tiny_model_folder, tmp_path / "base")
    run = services.start_run("toy", str(tmp_path / "base"), "instant")
    shutil.rmtree(tmp_path / "base")
    services._workspace.runs.claim_next()
    run_job(services.settings, run.id)
    ended = services.run(run.id)
    assert ended.state == "failed"
    assert str(tmp_path / "base") in ended.message.get("zh")


def test_a_result_can_be_the_base_of_the_next_run(services, carry_out):
    carry_out(name="first")
    run = services.start_run("toy", "first", "instant", name="second", parameters=FAST)
    services._workspace.runs.claim_next()
    run_job(services.settings, run.id)
    assert services.run("second").state == "completed"
    assert tuned(services) == ["second", "first"]
    rows = {row.model: row for row in services.leaderboard("toy").rows}
    assert rows["second"].base == "first"


TWO_STAGES = Recipe(
    "two",
    LocalText("两步", "Two"),
    LocalText("", ""),
    (StageConfig("instant_map", FAST), StageConfig("in_batch", {"epochs": 1, "layers": "1"})),
)


def test_stages_build_upon_each_other_and_leave_a_model_each(services, carry_out):
    run = carry_out(TWO_STAGES, {})
    assert run.state == "completed", run.message
    assert left(services, run) == ["model", "stage-1"]
    assert len(run.result["chosen"]) == 2
    assert run.result["seconds"].keys() >= {"instant_map", "in_batch"}
    assert services.neighbours("abcd", run.name, "toy", 3)


def test_stop_in_the_first_of_two_stages_keeps_what_it_has(services, carry_out, press_stop):
    press_stop(services, keep=True)
    run = carry_out(TWO_STAGES, {})
    assert run.state == "stopped"
    assert left(services, run) == ["model"]
    assert services.neighbours("abcd", run.name, "toy", 3)


def test_a_second_run_encodes_nothing_that_the_first_has_encoded(carry_out, monkeypatch):
    carry_out()
    asked = []
    from workbench.models.encoder import TextEncoder

    encode = TextEncoder.encode
    monkeypatch.setattr(
        TextEncoder, "encode", lambda self, texts, **more: asked.extend(texts) or encode(self, texts, **more)
    )
    run = carry_out()
    assert run.state == "completed"
    assert asked == []


def test_a_deleted_run_leaves_neither_model_nor_a_row_on_the_board(services, carry_out):
    run = carry_out(name="mine")
    carry_out(name="other")
    services.delete_run("mine")
    assert not (services.settings.runs_path / run.id).exists()
    assert tuned(services) == ["other"]
    assert "mine" not in {row.model for row in services.leaderboard("toy").rows}
    assert "mine" not in services.leaderboard("toy").missing


def test_a_new_dictionary_of_an_old_name_has_an_empty_board(services, carry_out, toy_csv):
    carry_out(name="mine")
    services.delete_dictionary("toy")
    services.save_dictionary("toy", services.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    board = services.leaderboard("toy")
    assert board.rows == ()
    assert "mine" not in board.missing  # it belongs to the dictionary that is gone
    assert services.similarity("abcd", "dcba", "mine").cosine <= 1.0001
