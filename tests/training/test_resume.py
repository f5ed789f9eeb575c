"""Runs that are taken up again, repeated with changes, and the models that their stages leave."""

import pytest
from training.conftest import TUNING, TWO

from workbench.errors import BadParameter, Conflict, InputError, NotFound
from workbench.training.worker import RunReporter
from workbench.types import Recipe, StageConfig


@pytest.fixture
def fail_in():
    """Lets a stage fail when it begins, until the patch that it gives is undone."""
    from workbench.training import execute

    patches = []
    real = execute._manifest

    def arrange(name):
        def manifest(run, number, entry):
            if entry["stage"] == name:
                raise ZeroDivisionError
            return real(run, number, entry)

        patches.append(pytest.MonkeyPatch())
        patches[-1].setattr(execute, "_manifest", manifest)
        return patches[-1]

    yield arrange
    for patch in patches:
        patch.undo()


def same_result(one, other):
    return all(one.result[part] == other.result[part] for part in ("dev", "test", "chosen"))


def without_times(services, run):
    """The curve without when it was drawn, and without how fast the machine was."""
    points = services.curve(run.id)
    return [(point.series, point.step, point.value if point.series != "speed" else None) for point in points]


def folder(services, run):
    return services.settings.runs_path / run.id


# -- stages as models of their own ---------------------------------------------------------------


def test_each_stage_stands_on_the_board_and_can_be_asked(services, start, carry_out, tiny_model_folder):
    run = carry_out(start(name="mine"))
    assert run.state == "completed", run.message
    rows = {row.model: row for row in services.leaderboard("toy").rows}
    assert rows.keys() >= {"mine", "mine#1", "exact"}
    assert (rows["mine#1"].run, rows["mine#1"].stage) == ("mine", 1)
    assert (rows["mine"].run, rows["mine"].stage) == ("mine", 2)
    assert rows["mine#1"].base == rows["mine"].base == str(tiny_model_folder)
    infos = {model.id: model for model in services.models()}
    assert infos["mine#1"].kind == "tuned"
    assert infos["mine#1"].title.get("en") == "mine · 1 Instant map"
    assert infos["mine#1"].title.get("zh") == "mine · 1 即时映射"
    assert services.neighbours("abcd", "mine#1", "toy", 3)
    assert services.similarity("abcd", "abdc", "mine#1").cosine <= 1.0001
    assert services.maps.layout("toy", "mine#1", method="pca").terms
    library = services._workspace.library
    assert library.fingerprint("mine#1") != library.fingerprint("mine")


def test_what_a_stage_did_not_change_is_stored_once(services, start, carry_out):
    recipe = Recipe(
        "maps", TWO.title, TWO.help, (StageConfig("in_batch", TUNING), StageConfig("instant_map"))
    )
    run = carry_out(start(recipe))
    one, two = (folder(services, run) / name / "model.safetensors" for name in ("stage-1", "model"))
    assert one.stat().st_ino == two.stat().st_ino


def test_a_deleted_run_takes_the_models_of_its_stages_along(services, start, carry_out):
    run = carry_out(start(name="mine"))
    carry_out(start("instant", name="mine#b"))
    services.delete_run("mine")
    assert not folder(services, run).exists()
    assert [model.id for model in services.models() if model.kind == "tuned"] == ["mine#b"]
    assert {row.model for row in services.leaderboard("toy").rows}.isdisjoint({"mine", "mine#1"})
    assert "mine#b" in {row.model for row in services.leaderboard("toy").rows}
    with pytest.raises(NotFound):
        services.neighbours("abcd", "mine#1", "toy", 3)


def test_a_stage_can_be_the_base_of_another_run_which_protects_it(services, start, carry_out):
    carry_out(start(name="mine"))
    run = services.start_run("toy", "mine#1", "instant", name="next")
    with pytest.raises(InputError, match="as its base"):
        services.delete_run("mine")
    assert carry_out(run).state == "completed"


def test_a_name_that_would_be_taken_for_a_stage_is_refused(start):
    with pytest.raises(BadParameter) as caught:
        start(name="mine#1")
    assert "#" in caught.value.text("zh")


# -- resuming -------------------------------------------------------------------------------------


def test_a_stage_that_is_done_is_not_repeated(services, start, carry_out, fail_in):
    whole = carry_out(start())
    run = start(name="mine")
    patch = fail_in("in_batch")
    failed = carry_out(run)
    assert failed.state == "failed"
    assert "mine#1" in {model.id for model in services.models()}
    before = (folder(services, run) / "stage-1" / "manifest.json").stat().st_mtime_ns
    patch.undo()
    resumed = services.resume_run("mine")
    assert (resumed.state, resumed.attempt, resumed.id, resumed.message) == ("queued", 2, run.id, None)
    fail_in("instant_map")
    ended = carry_out(run)
    assert ended.state == "completed", ended.message
    assert (folder(services, run) / "stage-1" / "manifest.json").stat().st_mtime_ns == before
    assert same_result(ended, whole)
    assert without_times(services, ended) == without_times(services, whole)


@pytest.mark.parametrize("step", [1, 9])
def test_stopped_in_its_last_stage_it_goes_on_where_it_was(services, start, carry_out, press_stop, step):
    whole = carry_out(start())
    press_stop(services, "in_batch", step, keep=True)
    run = carry_out(start(name="mine"))
    assert run.state == "stopped"
    assert "mine" in {model.id for model in services.models()}
    services.evaluate("mine", "toy")
    services.resume_run("mine")
    assert "mine" not in {row.model for row in services.leaderboard("toy").rows}
    ended = carry_out(run)
    assert ended.state == "completed", ended.message
    assert same_result(ended, whole)
    assert without_times(services, ended) == without_times(services, whole)
    assert "checkpoints" not in {path.name for path in folder(services, run).iterdir()}


def test_stopped_before_the_second_stage_it_offers_the_first(services, start, carry_out, monkeypatch):
    begin = RunReporter.phase
    told = []

    def at_phase(self, text, progress=0.0):
        if not told and text.get("en") == "Loading the model":
            told.append(services.stop_run(self._run_id, keep=True))
        begin(self, text, progress)

    monkeypatch.setattr(RunReporter, "phase", at_phase)
    run = carry_out(start(name="mine"))
    assert run.state == "stopped"
    assert "kept" in run.message.get("en")
    library = services._workspace.library
    assert library.fingerprint("mine") == library.fingerprint("mine#1")
    services.resume_run("mine")
    assert carry_out(run).state == "completed"
    assert library.fingerprint("mine") != library.fingerprint("mine#1")


def test_what_was_discarded_begins_anew(services, start, carry_out, press_stop):
    whole = carry_out(start())
    press_stop(services, "in_batch", 9, keep=False)
    run = carry_out(start(name="mine"))
    assert run.state == "stopped"
    assert list(folder(services, run).iterdir()) == []
    assert "mine#1" not in {model.id for model in services.models()}
    services.resume_run("mine")
    ended = carry_out(run)
    assert same_result(ended, whole)
    assert without_times(services, ended) == without_times(services, whole)


def test_only_what_has_ended_without_a_result_can_be_resumed(services, start, carry_out):
    run = start("instant", name="mine")
    with pytest.raises(Conflict):
        services.resume_run("mine")  # it waits
    carry_out(run)
    with pytest.raises(Conflict) as caught:
        services.resume_run("mine")
    assert "mine" in caught.value.text("zh")
    assert services.run("mine").state == "completed"
    assert services.run("mine").attempt == 1


def test_a_resumed_run_waits_behind_those_that_wait(services, start):
    first, second = start("instant"), start("instant")
    services.stop_run(first.id)
    resumed = services.resume_run(first.id)
    assert (services.run(second.id).queue_place, resumed.queue_place) == (1, 2)
    assert services._workspace.runs.claim_next().id == second.id


# -- repeating --------------------------------------------------------------------------------------


def test_a_run_is_repeated_with_the_data_of_then_and_gives_the_same(services, start, carry_out, toy_csv):
    run = carry_out(start(name="mine", seed=5))
    shorter = services.preview_dictionary(b"\n".join(toy_csv.split(b"\n")[:90]), "toy.csv")
    services.save_dictionary("toy", shorter, source="toy.csv", replace=True)
    again = carry_out(services.retry_run("mine"))
    assert again.name != "mine"
    assert again.version_id == run.version_id
    here = ("machine", "estimate")
    assert {k: v for k, v in again.config.items() if k not in here} == {
        k: v for k, v in run.config.items() if k not in here
    }
    assert same_result(again, run)
    newest = services.retry_run("mine", newest=True)
    assert newest.version_id == services.dictionary("toy").version_id


def test_a_run_is_repeated_with_changes(services, start):
    start(name="mine", seed=5)
    other = services.retry_run("mine", name="other", parameters={"2.epochs": 3}, seed=6)
    assert other.name == "other"
    assert other.config["seed"] == 6
    assert other.config["stages"][1]["parameters"] == {
        **services.run("mine").config["stages"][1]["parameters"],
        "epochs": 3,
    }
    assert other.config["stages"][0] == services.run("mine").config["stages"][0]
    with pytest.raises(BadParameter):
        services.retry_run("mine", parameters={"2.nonsense": 1})


# -- parameters and data -----------------------------------------------------------------------------


def epochs(run):
    return [entry["parameters"].get("epochs") for entry in run.config["stages"]]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, [4, 2]),
        ({"epochs": 7}, [7, 7]),
        ({"in_batch.epochs": 7}, [4, 7]),
        ({"1.epochs": "7"}, [7, 2]),
        ({"epochs": 5, "in_batch.epochs": 6, "2.epochs": 7}, [5, 7]),
    ],
)
def test_a_parameter_goes_to_the_stages_that_its_address_names(start, parameters, expected):
    assert epochs(start(parameters=parameters)) == expected


@pytest.mark.parametrize("name", ["nonsense", "3.epochs", "simcse.epochs", "1.layers", ""])
def test_a_parameter_that_no_stage_takes_is_refused(start, name):
    with pytest.raises(BadParameter) as caught:
        start(parameters={name: 1})
    assert "2.epochs" in caught.value.text("en")


def test_a_run_keeps_its_whole_recipe_and_where_it_was_made(services, start):
    run = start()
    assert run.recipe == "two"
    assert run.config["recipe"] == {
        "name": "two",
        "title": {"zh": "两步", "en": "Two"},
        "help": {"zh": "", "en": ""},
    }
    assert run.config["machine"]["cores"] >= 1
    assert run.config["versions"]["torch"]


def test_several_corpora_and_pair_sets_go_into_a_run(services, start):
    for name in ("one", "two"):
        lines = "\n".join(f"{name} sentence number {n} about cars" for n in range(20))
        services.corpora.save(name, services.corpora.preview(lines.encode(), "texts.txt"), source="texts.txt")
    run = start("instant", corpora=["one", "two"])
    assert run.config["corpora"] == ["one", "two"]
    assert run.config["data"].keys() == {"one", "two"}
    few = services.estimate("toy", "e5-small", "instant")
    assert few.seconds > 0
    assert services.estimate("toy", "e5-small", TWO, corpora=["one"]).seconds > 0
    with pytest.raises(NotFound):
        start("instant", corpora=["three"])
