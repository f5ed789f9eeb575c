"""What a run says of itself in a real browser: warnings at once, speed, time left, budget, exact record."""

import time

import pytest
from playwright.sync_api import expect
from ui.test_train_tab import begin, finish, look_at, page, queue, services  # noqa: F401  (fixtures)

from workbench.localtext import LocalText
from workbench.training.monitoring import Finding

pytestmark = pytest.mark.browser

TRAINING = LocalText("正在训练", "Training")


def tell(services, run, last, points, **facts):  # noqa: F811
    """What a worker writes while it trains: (series, step, value)."""
    now = time.time()
    rows = [(n + 1, series, step, value, now - 60 + step) for n, (series, step, value) in enumerate(points)]
    services._workspace.runs.report(
        run.id, phase=TRAINING, progress=last / 100, step=last, total_steps=100, points=rows, facts=facts
    )


def falling(retention=88.0):
    """A run that gets worse: development Recall@1 from 50 to 30, everyday words from 90 to ``retention``."""
    points = [("dev_recall@1", 0, 50.0), ("retention", 0, 90.0), ("random_cosine", 0, 0.3)]
    points += [("dev_recall@1", 20, 30.0), ("retention", 20, retention), ("random_cosine", 20, 0.4)]
    for step in range(1, 21):
        points += [("loss", step, 3.0 / step), ("learning_rate", step, 1e-4), ("speed", step, 123.4)]
    return points


def warning(kind="dev", *, still=True):
    return Finding(kind, 1, 20, 50.0, 30.0, 30.0, still).as_json()


def test_a_warning_is_in_the_page_while_the_run_goes_on(page, services):  # noqa: F811
    run = queue(services, "slipping", "finetune")
    begin(services, run)
    tell(services, run, 20, falling(), warnings=[warning(), warning("retention", still=False)])
    look_at(page, run)
    alarm = page.locator("#train-warnings[role=alert]")  # drawn anew while the run goes on
    expect(alarm).to_contain_text("50.0 % to 30.0 %")
    assert "everyday words" not in alarm.inner_text(), "what has recovered is not said now"
    assert alarm.bounding_box()["y"] < 500, "seen without scrolling"
    expect(page.locator(f"#train-runs tr[data-run='{run.id}'] [data-mark=warned]")).to_be_visible()
    page.evaluate("WB.emit('language')")
    alarm.evaluate("node => { node.seen = true; }")
    tell(services, run, 21, falling(), warnings=[warning()])
    page.wait_for_function("document.querySelector('#train-phase').innerText.includes('21')")
    assert alarm.evaluate("node => node.seen"), "put there anew, it would be read out again each second"
    tell(services, run, 22, [], warnings=[warning(still=False)])
    page.wait_for_selector("#train-warnings", state="detached")


def test_the_figures_that_count_stand_above_the_curves(page, services):  # noqa: F811
    run = queue(services, "sliding", "finetune")
    begin(services, run)
    tell(services, run, 20, falling())
    look_at(page, run)
    recall = page.wait_for_selector("#train-figures [data-figure=recall].bad")
    assert "30.0%" in recall.inner_text()
    assert "−20.0" in recall.inner_text()
    assert "123 examples/s" in page.inner_text("#train-figures [data-figure=speed]")
    assert page.inner_text("#train-figures [data-figure=retention]").startswith("General ability")
    tiles = page.locator("#train-figures > *").evaluate_all("all => all.map(t => t.getBoundingClientRect())")
    assert len({round(tile["width"]) for tile in tiles}) == 1, "tiles of one size"
    assert len({round(tile["top"]) for tile in tiles}) == 1, "in one row"
    tell(services, run, 24, [])
    page.wait_for_timeout(1200)
    tell(services, run, 30, [])
    page.wait_for_selector("#train-figures [data-figure=left]")
    assert "estimated" in page.inner_text("#train-phase")


def test_each_series_can_be_chosen(page, services):  # noqa: F811
    run = queue(services, "chosen", "finetune")
    begin(services, run)
    tell(services, run, 20, falling())
    look_at(page, run)
    for series in ("learning_rate", "speed", "random_cosine", "loss"):
        page.click(f".wb-series[data-series={series}]")
        page.wait_for_function(
            f"document.getElementById('train-plot-loss').data[0].meta.series === '{series}'"
        )
    page.click(".wb-series[data-series=retention]")
    page.wait_for_function(
        "document.getElementById('train-plot-quality').data.some((t) => t.meta.series === 'retention')"
    )


def test_the_zoom_stays_and_can_be_taken_back(page, services):  # noqa: F811
    run = queue(services, "zoomed", "finetune")
    begin(services, run)
    tell(services, run, 20, falling())
    look_at(page, run)
    page.wait_for_function("document.getElementById('train-plot-loss')?.data?.length")
    assert page.locator(".wb-zoom-out:visible").count() == 0
    page.evaluate("WB.Plotly.relayout('train-plot-loss', { 'xaxis.range': [5, 10] })")
    page.wait_for_selector(".wb-zoom-out:visible")
    now = time.time()
    services._workspace.runs.report(
        run.id, phase=TRAINING, progress=0.3, step=30, total_steps=100, points=[(900, "loss", 30, 0.1, now)]
    )
    page.wait_for_function("document.getElementById('train-plot-loss').data[0].x.at(-1) === 30")
    assert page.evaluate("document.getElementById('train-plot-loss').layout.xaxis.range") == [5, 10]
    page.click(".wb-zoom-out:visible")
    page.wait_for_selector(".wb-zoom-out:visible", state="detached")
    assert page.evaluate("document.getElementById('train-plot-loss').layout.xaxis.range[1]") > 20


def test_a_merge_is_points_and_a_stage_without_a_loop_says_so(page, services):  # noqa: F811
    run = services.start_run("toy", "e5-small", "hard_negatives", name="merged")
    begin(services, run)
    points = [("stage", 0, 1), ("dev_recall@1", 0, 50.0), ("dev_recall@1", 10, 55.0)]
    points += [("stage", 10, 2), ("dev_recall@1", 10, 55.0), ("dev_recall@1", 20, 57.0)]
    points += [
        ("stage", 20, 3),
        *[("dev_recall@1", 20 + percent, 50 + percent / 12) for percent in (0, 50, 100)],
    ]
    tell(services, run, 20, points)
    look_at(page, run)
    page.wait_for_function("document.getElementById('train-plot-quality')?.data?.some((t) => t.meta.points)")
    found = page.evaluate(
        "document.getElementById('train-plot-quality').data.map((t) => [Boolean(t.meta.points), t.mode, t.x])"
    )
    assert found[0] == [False, "lines+markers", [0, 10, 10, 20]]
    assert found[1][:2] == [True, "markers"]
    assert page.evaluate("document.getElementById('train-plot-quality').data[1].customdata") == [
        "0 % of the trained model",
        "50 % of the trained model",
        "100 % of the trained model",
    ]
    expect(page.locator("#train-run")).to_contain_text("no steps of training")


def test_the_estimate_stands_beside_what_it_took(page, services):  # noqa: F811
    run = queue(services, "timed")
    assert run.config["estimate"]["seconds"] > 0
    begin(services, run)
    finish(services, run, 40.0, 45.0, "better")
    look_at(page, run)
    said = page.inner_text("#train-took")
    assert "estimated" in said
    assert "took" in said


def test_a_run_that_kept_its_base_says_how_much_worse_it_had_become(page, services):  # noqa: F811
    run = queue(services, "ruined", "finetune")
    begin(services, run)
    scores = {"recall@1": 42.6, "recall@10": 70.0, "mrr@10": 50.0}
    chosen = {"epoch": 0, "alpha": 0.0, "tried": {**scores, "recall@1": 32.4, "mrr@10": 40.0}}
    result = {
        "dev": {"base": scores, "best": scores},
        "test": {
            "base": {"recall": {"1": 40.0}},
            "tuned": {"recall": {"1": 40.0}},
            "difference": {"verdict": "tied", "ci95": [0.0, 0.0]},
        },
        "chosen": [chosen],
        "beats_base": False,
    }
    services._workspace.runs.finish(run.id, "completed", LocalText("结束", "Done"), result)
    look_at(page, run)
    verdict = page.wait_for_selector("#train-verdict.fell[role=alert]")
    assert "Training made it worse" in verdict.inner_text()
    assert "10.2" in verdict.inner_text()
    row = page.locator(f"#train-runs tr[data-run='{run.id}']")
    expect(row).to_contain_text("base kept")


def test_a_time_budget_is_fitted_before_the_start(page, services, monkeypatch):  # noqa: F811
    page.click("[data-recipe=finetune]")
    page.select_option("#train-budget", "3600")
    page.wait_for_selector("#train-plan >> text=stays as it is")
    services._workspace.rates.observe("factor:e5-small:in_batch", 40.0)
    page.select_option("#train-budget", "60")
    page.wait_for_selector("#train-plan .wb-chip")
    page.click("#train-start")
    page.wait_for_selector("#train-run-name:has-text('toy-finetune')")
    config = services.runs()[0].config
    assert config["budget"] == 60
    changed = {each["parameter"]: each["after"] for each in config["fitted"]}
    assert changed
    for name, value in changed.items():
        assert config["stages"][0]["parameters"][name] == value


def test_the_exact_record_is_behind_a_fold(page, services):  # noqa: F811
    run = queue(services, "recorded")
    begin(services, run)
    finish(services, run, 40.0, 45.0, "better")
    look_at(page, run)
    page.click("#train-record summary")
    said = page.inner_text("#train-record .wb-record")
    for value in (run.split_hash, run.version_id, "sentence-transformers", run.config["machine"]["python"]):
        assert value in said
    page.wait_for_timeout(1500)
    assert page.get_attribute("#train-record", "open") is not None, "a look at the run leaves it open"
