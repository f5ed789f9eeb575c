"""A run that gets worse says so at once, stops in time, and never leaves worse than it was given."""

import json

import numpy as np
import pytest
from training.conftest import Reporter, Working
from training.test_checkpoints import Cut, Cutting, Everywhere

from workbench.errors import BadParameter
from workbench.evaluation.retention import RetentionProbe
from workbench.training.budget import RESERVE, checked_seconds, fit_to_budget, parse_seconds
from workbench.training.causes import Memory, out_of_memory, smaller
from workbench.training.dataset import DevScores
from workbench.training.monitoring import Monitor, Reading, collapsed
from workbench.training.registry import StageContext, stage

RUINOUS = {"epochs": 3, "layers": "2", "batch_size": 16, "learning_rate": 1e-2, "temperature": 1.0}


@pytest.fixture
def told():
    return {}


@pytest.fixture
def monitor(told):
    def made(known=None):
        return Monitor(None, lambda name, value: told.__setitem__(name, json.loads(json.dumps(value))), known)

    return made


def kinds(told, *, still=True):
    return [each["kind"] for each in told.get("warnings", ()) if each["open"] == still]


def look(monitor, step, reading, queries=100):
    """A look that sees ``reading``."""
    monitor.read = lambda recall1, vectors: reading
    monitor.look(Reporter(), step, reading.recall1, queries, lambda: None)


# -- what is warned of --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (Reading(49.0, {"zh": 89.0}, 0.3), []),
        (Reading(48.0, {"zh": 90.0}, 0.3), ["dev"]),
        (Reading(60.0, {"zh": 88.6}, 0.3), ["retention"]),
        (Reading(60.0, {"zh": 90.0}, 0.51), ["collapse"]),
        (Reading(0.0, {"zh": 0.0}, 1.0), ["dev", "retention", "collapse"]),
        (Reading(48.0), ["dev"]),
    ],
)
def test_more_than_a_point_below_the_base_is_warned_of(monitor, told, now, expected):
    watch = monitor()
    look(watch, 0, Reading(50.0, {"zh": 90.0}, 0.3))
    assert "warnings" not in told
    look(watch, 7, now)
    assert kinds(told) == expected


def test_a_warning_says_from_where_to_where_in_both_languages(monitor, told):
    watch = monitor()
    look(watch, 0, Reading(50.0, {"zh": 90.0, "en": 80.0}, 0.3))
    look(watch, 7, Reading(31.4, {"zh": 70.0, "en": 80.0}, 0.3))
    dev, retention = told["warnings"]
    for language in ("zh", "en"):
        assert "50.0" in dev["text"][language]
        assert "31.4" in dev["text"][language]
        assert "85.0" in retention["text"][language]
        assert "75.0" in retention["text"][language]


def test_one_synonym_more_or_less_is_chance(monitor, told):
    watch = monitor()
    look(watch, 0, Reading(50.0), queries=20)
    look(watch, 7, Reading(45.0), queries=20)
    assert kinds(told) == []
    look(watch, 9, Reading(40.0), queries=20)
    assert kinds(told) == ["dev"]


def test_a_language_that_the_base_never_knew_cannot_be_forgotten(monitor, told):
    watch = monitor()
    look(watch, 0, Reading(50.0, {"zh": 12.0, "en": 90.0}))
    look(watch, 7, Reading(50.0, {"zh": 0.0, "en": 90.0}))
    assert kinds(told) == []


def test_what_has_recovered_is_still_told_but_not_as_if_it_were_so(monitor, told):
    watch = monitor()
    look(watch, 0, Reading(50.0))
    look(watch, 7, Reading(30.0))
    look(watch, 14, Reading(55.0))
    assert kinds(told) == []
    assert kinds(told, still=False) == ["dev"]
    assert "step 7" in told["warnings"][0]["text"]["en"]


def test_what_is_over_is_told_as_it_was_at_its_worst(monitor, told):
    watch = monitor()
    look(watch, 0, Reading(50.0))
    look(watch, 7, Reading(10.0))
    look(watch, 14, Reading(40.0))
    assert "40.0" in told["warnings"][0]["text"]["en"]
    look(watch, 21, Reading(55.0))
    assert "(step 7)" in told["warnings"][0]["text"]["en"]
    assert "10.0" in told["warnings"][0]["text"]["en"]


def test_in_the_end_only_what_holds_for_the_kept_model_is_warned_of(monitor, told):
    watch = monitor()
    look(watch, 0, Reading(50.0, {"zh": 90.0}, 0.3))
    look(watch, 7, Reading(20.0, {"zh": 60.0}, 0.9))
    watch.settle(Reading(55.0, {"zh": 80.0}, 0.3), 100)
    assert kinds(told) == ["retention"]
    assert sorted(kinds(told, still=False)) == ["collapse", "dev"]
    assert told["watched"]["kept"]["retention"] == {"zh": 80.0}


def test_a_later_stage_is_compared_with_what_the_run_began_with(monitor, told):
    watch = monitor()
    look(watch, 0, Reading(50.0))
    watch.begin_stage(2)
    look(watch, 0, Reading(45.0))
    assert told["warnings"][0]["stage"] == 2
    again = monitor(told)
    again.begin_stage(3)
    look(again, 0, Reading(60.0))
    assert kinds(told) == []


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (0.1, 0.29, False),
        (0.1, 0.31, True),
        (0.83, 0.90, False),
        (0.83, 0.95, True),  # e5 begins high: there is no room for 0.2
        (0.83, 0.60, False),
    ],
)
def test_collapse_is_a_jump_or_no_room_left(before, now, expected):
    assert collapsed(before, now) is expected


# -- in a stage ---------------------------------------------------------------------------------------


@pytest.fixture
def probe(monkeypatch):
    made = RetentionProbe("zh", ("汽车", "水泥", "钢筋"), ("轿车", "混凝土", "结构"), ("synonym",) * 3)
    monkeypatch.setattr("workbench.training.monitoring.probes_for", lambda _: [made])


@pytest.fixture
def carry_out(tmp_path, toy_data, tiny_model_folder, fp32):
    def go(parameters, monitor, *, name="in_batch", checkpoints=None, reporter=None):
        out = tmp_path / f"out-{len(list(tmp_path.iterdir()))}"
        out.mkdir()
        context = StageContext(
            toy_data, Working(tiny_model_folder), out, reporter or Reporter(), 0,
            checkpoints=checkpoints, monitor=monitor,
        )  # fmt: skip
        spec = stage(name)
        return spec.run(context, spec.checked(parameters)), context

    return go


class Falling:
    """Development scores that fall from look to look, whatever the model does."""

    def __init__(self, monkeypatch, scores):
        left = iter([DevScores(score, score, score) for score in scores])
        monkeypatch.setattr("workbench.training.dataset.DevProbe.score", lambda *_: next(left))


def test_where_nothing_was_better_the_base_is_what_is_kept(
    carry_out, monitor, told, monkeypatch, tiny_model_folder
):
    """In-batch training that only gets worse: the base's own weights come out, and it is told."""
    Falling(monkeypatch, [50.0, *[40.0 - step for step in range(40)]])
    result, context = carry_out({**RUINOUS, "learning_rate": 1e-3}, monitor())
    assert result.best == result.base
    assert (result.chosen["epoch"], result.chosen["alpha"]) == (0, 0.0)
    assert result.chosen["tried"]["recall@1"] == 40.0
    before = Working(tiny_model_folder).vectors(("abc", "汽车"))
    np.testing.assert_array_equal(Working(context.out).vectors(("abc", "汽车")), before)
    assert kinds(told, still=False) == ["dev"]
    assert kinds(told) == []


def test_it_is_told_while_it_happens(carry_out, monitor, told, monkeypatch):
    Falling(monkeypatch, [50.0, *[40.0 - step for step in range(40)]])
    seen = []

    class Listening(Reporter):
        def steps(self, step, total):
            seen.append(kinds(told))

    carry_out({**RUINOUS, "learning_rate": 1e-3}, monitor(), reporter=Listening())
    assert seen[0] == []
    assert seen[-1] == ["dev"]


def test_after_so_many_looks_without_a_better_one_it_ends(carry_out, monitor, monkeypatch):
    Falling(monkeypatch, [50.0, 60.0, *[40.0] * 60])
    result, context = carry_out({**RUINOUS, "epochs": 10, "patience": 3}, monitor())
    looks = [step for series, step, _ in context.report.points if series == "dev_recall@1"]
    assert len(looks) == 1 + 1 + 3, "the base, the best, and three more"
    assert result.best.recall1 == 60.0, "the best is kept"
    assert result.chosen["ended_at"] < 10
    assert not result.stopped_early


def test_patience_0_trains_to_the_end(carry_out, monitor, monkeypatch):
    Falling(monkeypatch, [50.0, 60.0, *[40.0] * 100])
    result, context = carry_out({**RUINOUS, "epochs": 12, "patience": 0}, monitor())
    looks = [step for series, step, _ in context.report.points if series == "dev_recall@1"]
    assert len(looks) > 12
    assert "ended_at" not in result.chosen


def test_early_stopping_does_not_cut_short_what_keeps_its_last_state(carry_out, monitor, monkeypatch):
    Falling(monkeypatch, [50.0, *[40.0] * 100])
    parameters = {"epochs": 4, "layers": "1", "patience": 1, "keep": "last", "sources": "terms"}
    result, _ = carry_out(parameters, monitor(), name="simcse")
    assert "ended_at" not in result.chosen
    assert result.best.recall1 == 40.0


def test_taken_up_from_a_checkpoint_it_warns_and_ends_as_if_never_interrupted(
    carry_out, tmp_path, told, monitor, probe
):
    parameters = {**RUINOUS, "epochs": 6, "patience": 3}
    whole, context = carry_out(parameters, monitor())
    weights = (context.out / "model.safetensors").read_bytes()
    expected = json.dumps(told["warnings"], sort_keys=True)
    watched = told["watched"]
    last = max(step for series, step, _ in context.report.points if series == "loss")
    told.clear()
    checkpoints = Everywhere(tmp_path / "checkpoints")
    with pytest.raises(Cut):
        carry_out(parameters, monitor(), checkpoints=checkpoints, reporter=Cutting(cut_at=max(2, last - 2)))
    result, again = carry_out(parameters, monitor(), checkpoints=checkpoints)
    assert (again.out / "model.safetensors").read_bytes() == weights
    assert (result.best, result.chosen) == (whole.best, whole.chosen)
    assert json.dumps(told["warnings"], sort_keys=True) == expected
    assert told["watched"] == watched


# -- a time budget ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("5m", 300), ("5 min", 300), ("1.5H", 5400)]
)
def test_budgets_are_read_as_people_write_them(text, seconds):
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5m", "5d", "3s", "0"])
def test_what_is_no_budget_is_refused_in_words(text):
    with pytest.raises(BadParameter) as caught:
        parse_seconds(text)
    assert caught.value.text("zh") != caught.value.text("en")
    with pytest.raises(BadParameter):
        checked_seconds(float("nan"))


def configs(layers="4", epochs=4):
    in_batch = stage("in_batch").checked({"layers": layers, "epochs": epochs})
    return [
        {"stage": "in_batch", "parameters": in_batch},
        {"stage": "merge", "parameters": stage("merge").checked({})},
    ]


def cost(candidate):
    """Ten seconds, and ten more for each layer and epoch."""
    entry = candidate[0]["parameters"]
    return 10.0 + 10 * int(entry["layers"]) * entry["epochs"]


def fitted(budget, **wished):
    plan = fit_to_budget(configs(**wished), budget, cost)
    entry = plan.configs[0]["parameters"]
    return plan, entry["layers"], entry["epochs"]


def test_a_recipe_that_fits_stays_as_it_is():
    plan, layers, epochs = fitted(170 / RESERVE)
    assert (plan.fits, layers, epochs) == (True, "4", 4)
    assert plan.changes(configs()) == []


@pytest.mark.parametrize(
    ("seconds", "layers", "epochs"),
    [(130, "4", 3), (90, "4", 2), (50, "4", 1), (40, "3", 1), (30, "2", 1), (20, "1", 1)],
)
def test_epochs_go_before_layers_and_no_further_than_needed(seconds, layers, epochs):
    plan, *found = fitted(seconds / RESERVE)
    assert found == [layers, epochs]
    assert plan.fits
    assert plan.seconds == seconds


def test_what_does_not_fit_at_its_shortest_says_so():
    plan, layers, epochs = fitted(12)
    assert (plan.fits, layers, epochs) == (False, "1", 1)


def test_a_stage_that_trains_no_layers_keeps_its_epochs_beside_one_that_does():
    instant = {"stage": "instant_map", "parameters": stage("instant_map").checked({"epochs": 30})}
    plan = fit_to_budget([*configs(), instant], 1, cost)
    assert plan.configs[0]["parameters"]["epochs"] == 1
    assert plan.configs[2] == instant
    alone = fit_to_budget([instant], 1, lambda candidate: float(candidate[0]["parameters"]["epochs"]))
    assert alone.configs[0]["parameters"]["epochs"] == 1


def test_what_was_changed_is_told():
    plan, *_ = fitted(30 / RESERVE)
    assert [(c["place"], c["parameter"], c["before"], c["after"]) for c in plan.changes(configs())] == [
        (1, "epochs", 4, 1),
        (1, "layers", "4", "2"),
    ]


# -- memory -------------------------------------------------------------------------------------------

GIB = 2**30


@pytest.mark.parametrize(
    ("memory", "fits"),
    [
        (Memory(base=GIB, peak=GIB, batch=64, limit=2 * GIB), 32),  # nothing seen: it was at its limit
        (Memory(base=GIB, peak=5 * GIB, batch=64, limit=2 * GIB), 8),  # four times too much
        (Memory(base=GIB, peak=3 * GIB, batch=64, limit=2 * GIB), 16),
        (Memory(base=GIB, peak=2 * GIB, batch=8, limit=2 * GIB), 0),
        (Memory(base=3 * GIB, peak=3 * GIB, batch=64, limit=2 * GIB), 0),  # the model alone
    ],
)
def test_the_advised_batch_is_computed_from_what_was_seen(memory, fits):
    advised = memory.fitting(64)
    assert advised <= 32
    if fits:
        assert advised == fits
    each = max((memory.peak - memory.base) / memory.batch, (memory.limit - memory.base) / 64)
    assert memory.base + advised * each <= memory.limit or advised == 0


def test_the_sentence_names_the_batch_that_fits():
    entry = {"stage": "in_batch", "parameters": {"batch_size": 64}}
    memory = Memory(base=GIB, peak=3 * GIB, batch=64, limit=2 * GIB)
    assert "16 fits" in out_of_memory(entry, memory).get("en")
    assert "16 放得下" in out_of_memory(entry, memory).get("zh")
    assert "32 instead of 64" in smaller(entry).get("en"), "half, where nothing was seen: no promise"


def test_of_large_batches_the_part_that_is_in_memory_counts():
    entry = {"stage": "big_batch", "parameters": {"batch_size": 512, "chunk_size": 64}}
    assert "32 instead of 64" in smaller(entry).get("en")


def test_where_no_batch_is_small_enough_layers_are_advised():
    entry = {"stage": "in_batch", "parameters": {"batch_size": 64}}
    memory = Memory(base=3 * GIB, peak=3 * GIB, batch=64, limit=2 * GIB)
    assert "fewer layers" in out_of_memory(entry, memory).get("en")


def test_a_stage_tells_its_memory(carry_out, monitor, told):
    carry_out({**RUINOUS, "epochs": 1}, monitor())
    assert told["memory"]["peak"] >= told["memory"]["base"] > 10_000_000
    assert 1 <= told["memory"]["batch"] <= 16
