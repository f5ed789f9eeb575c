"""What is drawn while a stage trains: retention, unrelated terms, learning rate, speed, a merge's sweep."""

import numpy as np
import pytest
from training.conftest import Reporter, Working

from workbench.evaluation.retention import RetentionProbe
from workbench.training.looking import EVALUATION_SHARE, PASSES, Looks
from workbench.training.monitoring import Monitor, fitting_looks, mean_cosine
from workbench.training.pace import MOST_POINTS, Pace
from workbench.training.registry import StageContext, stage

SHORT = {"epochs": 2, "layers": "1", "batch_size": 32, "learning_rate": 1e-3}


@pytest.fixture
def probes(monkeypatch):
    """Two languages of a few words each, instead of the real ones, which the tiny model cannot read."""
    made = {
        language: RetentionProbe(language, tuple(terms), tuple(related), ("synonym",) * len(terms))
        for language, terms, related in (
            ("zh", ["汽车", "水泥", "钢筋", "轮胎"], ["轿车", "混凝土", "结构", "变速箱"]),
            ("en", ["abc", "def", "ghi"], ["abd", "deg", "ghj"]),
        )
    }
    monkeypatch.setattr(
        "workbench.training.monitoring.probes_for",
        lambda languages: [probe for name, probe in made.items() if not languages or name in languages],
    )
    return made


@pytest.fixture
def carry_out(tmp_path, toy_data, tiny_model_folder, fp32):
    def go(name, parameters=None, monitor=None, *, base=None, began_with=None, reporter=None):
        out = tmp_path / name
        out.mkdir(exist_ok=True)
        monitor = monitor or Monitor(())
        context = StageContext(
            toy_data, Working(base or tiny_model_folder), out, reporter or Reporter(), 0,
            base_folder=began_with, monitor=monitor,
        )  # fmt: skip
        spec = stage(name)
        return spec.run(context, spec.checked(parameters or {})), context

    return go


def drawn(context, series):
    return [(step, value) for name, step, value in context.report.points if name == series]


def test_every_series_is_drawn_from_step_0_to_the_end(carry_out, probes):
    _, context = carry_out("in_batch", SHORT)
    last = max(step for step, _ in drawn(context, "loss"))
    for series in ("dev_recall@1", "retention", "retention_zh", "retention_en", "random_cosine"):
        steps = [step for step, _ in drawn(context, series)]
        assert steps[0] == 0
        assert steps[-1] == last
    languages = zip(drawn(context, "retention_zh"), drawn(context, "retention_en"), strict=True)
    means = [(zh + en) / 2 for (_, zh), (_, en) in languages]
    assert [value for _, value in drawn(context, "retention")] == pytest.approx(means)


def test_only_the_languages_that_the_base_speaks_are_probed(carry_out, probes):
    _, context = carry_out("in_batch", SHORT, Monitor(("zh", "ja")))
    assert drawn(context, "retention")
    assert not drawn(context, "retention_zh")
    assert set(context.monitor.texts) == set(probes["zh"].texts)


def test_retention_is_that_of_the_whole_model(carry_out, probes, tiny_model_folder):
    """The frozen layers' cached output gives the score that the model's own vectors have."""
    _, context = carry_out("in_batch", SHORT, Monitor(("zh",)))
    own = probes["zh"].score(Working(tiny_model_folder).vectors(probes["zh"].texts))
    assert drawn(context, "retention")[0] == (0, own)


def test_what_is_watched_changes_nothing_of_what_is_learnt(carry_out, probes, monkeypatch):
    watched, context = carry_out("in_batch", SHORT)
    weights = (context.out / "model.safetensors").read_bytes()
    plain, context = carry_out("in_batch", SHORT, Monitor())
    assert not drawn(context, "retention")
    assert (plain.best, plain.chosen) == (watched.best, watched.chosen)
    assert (context.out / "model.safetensors").read_bytes() == weights


def test_the_learning_rate_rises_and_falls_and_the_speed_is_of_examples(carry_out, toy_data, probes):
    _, context = carry_out("in_batch", {**SHORT, "epochs": 6})
    rates = [value for _, value in drawn(context, "learning_rate")]
    top = int(np.argmax(rates))
    assert max(rates) == pytest.approx(1e-3, rel=0.1)
    assert rates[:top] == sorted(rates[:top])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert all(value > 0 for _, value in drawn(context, "speed"))


def test_speed_leaves_looks_out_and_has_few_points(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("workbench.training.pace.time.perf_counter", lambda: now[0])
    reporter = Reporter()
    pace = Pace(reporter, Monitor(), 5000)
    for step in range(1, 5001):
        pace.begin(10)
        now[0] += 0.5
        pace.end(step, 10, 0.1)
        now[0] += 100  # a look, a checkpoint
    speeds = [value for name, _, value in reporter.points if name == "speed"]
    assert speeds == pytest.approx([20.0] * len(speeds))
    assert MOST_POINTS - 1 <= len(speeds) <= MOST_POINTS + 1


def test_looks_stay_within_their_share_of_the_work(toy_data, tiny_model_folder, probes, fp32):
    from workbench.training.cutting import split_model

    monitor = Monitor(())
    context = StageContext(toy_data, Working(tiny_model_folder), None, Reporter(), 0, monitor=monitor)
    model = split_model(tiny_model_folder, 1)
    looks = Looks(context, model, object(), 0)
    examples, per_epoch, epochs = 50_000, 800, 4
    narrow, wide = looks.plan(examples, per_epoch, epochs * per_epoch)
    assert wide <= narrow
    assert epochs * per_epoch in wide
    asked = len(narrow) * len(looks.probe.needed) + len(wide) * len(monitor.words(toy_data))
    assert asked <= EVALUATION_SHARE * PASSES * examples * epochs
    narrow, wide = looks.plan(10, 2, 8)
    assert len(wide) == 1, "what cannot be afforded is looked at once, at the end"


def test_wide_looks_are_spread_evenly_and_end_with_the_last():
    assert fitting_looks([2, 4, 6, 8, 10, 12], 3) == {12, 8, 4}
    assert fitting_looks([2, 4, 6], 100) == {2, 4, 6}
    assert fitting_looks([2, 4, 6], -5) == {6}


def test_the_mean_cosine_is_that_of_all_pairs():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(20, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = [vectors[i] @ vectors[j] for i in range(20) for j in range(20) if i != j]
    assert mean_cosine(vectors) == pytest.approx(np.mean(pairs), abs=1e-6)
    assert mean_cosine(vectors[:1]) is None


def test_the_instant_map_draws_all_of_it_too(carry_out, probes):
    result, context = carry_out("instant_map", {"epochs": 3, "learning_rate": 0.01})
    for series in ("dev_recall@1", "retention", "random_cosine"):
        assert drawn(context, series)[0][0] == 0
        assert len(drawn(context, series)) > 1
    assert drawn(context, "speed")
    assert result.best.mrr10 > result.base.mrr10


def test_a_merge_draws_its_sweep_as_points_by_percent(carry_out, train, tiny_model_folder, probes):
    tuned = train("in_batch", {"epochs": 6, "learning_rate": 3e-3, "batch_size": 16, "layers": "1"})
    monitor = Monitor(())
    _, context = carry_out("merge", {"steps": 4}, monitor, base=tuned.folder, began_with=tiny_model_folder)
    assert [step for step, _ in drawn(context, "dev_recall@1")] == [0, 25, 50, 75, 100]
    assert [step for step, _ in drawn(context, "retention")] == [0, 100], "the two ends alone"
    assert not drawn(context, "loss")
