"""The Train tab in a real browser: recipes are edited and carried about, runs compared, stopped, resumed."""

import time

import pytest
import yaml
from playwright.sync_api import expect

from workbench.localtext import LocalText

pytestmark = pytest.mark.browser

CORPUS = "\n".join(f"第 {n} 台发动机的变速箱在检修后恢复正常，运行平稳。" for n in range(40)).encode()
TRAINING = LocalText("正在训练", "Training")


@pytest.fixture(scope="module")
def services(services, toy_csv):
    services.save_dictionary("toy", services.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    services.corpora.save("检修记录", services.corpora.preview(CORPUS, "a.txt"), source="a.txt")
    return services


@pytest.fixture
def page(browse, address, services):
    for run in services.runs():  # each test begins with an empty list
        services._workspace.runs.finish(run.id, "stopped", LocalText("", ""))
        services.delete_run(run.id)
    page = browse(f"{address}#train")
    page.click("#train-dictionary input")
    page.click("[role=option]:has-text('toy')")
    page.wait_for_selector("#train-estimate strong")
    return page


def queue(services, name, recipe="instant"):
    return services.start_run("toy", "e5-small", recipe, name=name)


def begin(services, run):
    """Take a run out of the queue as a worker does."""
    store = services._workspace.runs
    assert store.claim_next().id == run.id
    assert store.mark_running(run.id)


def report(services, run, first, last, height=1.0):
    """Steps of a run, written as its worker does."""
    points, now = [], time.time()
    for step in range(first, last + 1):
        points.append((10 * step + 1, "loss", step, height * 5 / (step + 1) + 0.3 * (step % 2), now + step))
        if step % 5 == 0:
            points.append((10 * step + 2, "dev_recall@1", step, 30 + height * step / 5, now + step))
    services._workspace.runs.report(
        run.id, phase=TRAINING, progress=last / 100, step=last, total_steps=100, points=points
    )


def finish(services, run, before, after, verdict):
    """The end of a run, as it is measured."""
    result = {
        "dev": {"base": {"recall@1": before, "mrr@10": 50.0}, "best": {"recall@1": after, "mrr@10": 51.0}},
        "test": {
            "base": {"recall": {"1": before}, "mrr@10": 50.0},
            "tuned": {"recall": {"1": after}, "mrr@10": 50.0},
            "difference": {"verdict": verdict, "ci95": [-12.0, -3.0]},
        },
        "chosen": [{"epoch": 20, "alpha": 0.7}],
        "beats_base": verdict != "worse",
        "seconds": {},
    }
    services._workspace.runs.finish(run.id, "completed", LocalText("结束", "Done"), result)


def traces(page, plot, expression):
    return page.evaluate(f"document.getElementById('{plot}').data{expression}")


def look_at(page, run):
    """Choose a run in the list, which need not wait for its next look."""
    page.evaluate("WB.emit('runs')")
    page.click(f"#train-runs tr[data-run='{run.id}'] strong")


def set_number(page, selector, value):
    page.fill(selector, value)
    page.press(selector, "Enter")


def test_the_short_way_is_one_click(page, services):
    page.click("#train-start")
    page.wait_for_selector("#train-run-name:has-text('toy-instant')")
    run = services.runs()[0]
    assert (run.recipe, run.base_model, run.state) == ("instant", "e5-small", "queued")
    box = page.locator("#train-start").bounding_box()
    assert box["y"] + box["height"] <= 720
    foot = page.locator(".wb-train-foot").bounding_box()["y"]
    for recipe in ("instant", "finetune"):
        card = page.locator(f"[data-recipe={recipe}]").bounding_box()
        assert card["y"] + card["height"] <= foot, "what stays in sight must not lie over the recipes"


def test_a_recipe_is_edited_saved_and_used(page, services):
    page.click("[data-recipe=finetune]")
    page.click("#train-edit")
    page.wait_for_selector("#recipe-stages [data-stage=in_batch]")
    set_number(page, "#recipe-stages [data-stage=in_batch] [data-parameter=epochs]", "7")
    page.wait_for_selector("[data-recipe=finetune] [data-mark=changed]")
    assert page.locator("[data-default=epochs]").is_visible()
    page.click("#recipe-add")
    page.fill("#recipe-add-search", "merge")
    page.click("#recipe-add-menu [data-stage=merge]")
    page.wait_for_selector("#recipe-stages [data-place='1'][data-stage=merge]")
    page.click("#recipe-stages [data-place='1'] [data-act=up]")
    page.wait_for_selector("#recipe-stages [data-place='0'][data-stage=merge]")
    page.click("#recipe-stages [data-place='0'] [data-act=down]")
    page.wait_for_selector("#recipe-stages [data-place='1'][data-stage=merge]")
    assert page.locator("#recipe-path b").count() == 4, "the base, two stages, the new model"
    page.fill("#recipe-name", "工厂")
    page.fill("#recipe-help", "厂里的词典")
    page.click("#recipe-save")
    page.wait_for_selector("#train-more-ways [data-recipe='工厂'].on")
    saved = services.recipes.get("工厂")
    assert [entry.stage for entry in saved.stages] == ["in_batch", "merge"]
    assert saved.stages[0].parameters["epochs"] == 7
    page.click("#train-start")
    page.wait_for_selector("#train-run-name:has-text('toy-工厂')")
    used = [entry["stage"] for entry in services.runs()[0].config["stages"]]
    assert used == ["in_batch", "merge"]


def test_a_parameter_outside_its_range_is_not_taken_and_the_default_comes_back(page):
    page.click("#train-edit")
    field = "#recipe-stages [data-parameter=epochs]"
    before = page.input_value(field)
    set_number(page, field, "-3")
    assert page.locator(f"{field}.bad").count() == 1
    assert page.locator("[data-mark=changed]").count() == 0
    set_number(page, field, "11")
    page.click("[data-default=epochs]")
    page.wait_for_selector("[data-mark=changed]", state="detached")
    assert page.input_value(field) == before


def test_yaml_goes_out_and_comes_in_and_two_recipes_are_compared(page, tmp_path):
    page.click("#train-edit")
    with page.expect_download() as download:
        page.click("#recipe-export")
    document = yaml.safe_load(download.value.path().read_text("utf-8"))
    assert [entry["stage"] for entry in document["stages"]] == ["instant_map"]
    document["stages"][0]["parameters"]["epochs"] = 13
    page.click("#recipe-import")
    page.fill("#recipe-yaml", "stages: [")
    page.click("#recipe-import-use")
    page.wait_for_selector(".wb-note.problem")
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    page.set_input_files("#recipe-file", str(path))
    page.wait_for_selector("[data-mark=changed]")
    assert page.input_value("#recipe-stages [data-parameter=epochs]") == "13"
    page.select_option("#recipe-compare", "instant")
    page.wait_for_selector("#recipe-differences tbody tr")
    assert page.locator("#recipe-differences tbody tr").count() == 1
    assert "13" in page.locator("#recipe-differences tbody").inner_text()


def test_a_stage_that_reads_raw_text_asks_for_it_and_gets_it(page, services):
    page.click("#train-edit")
    page.click("#recipe-add")
    page.click("#recipe-add-menu [data-stage=mlm]")
    page.wait_for_selector("#train-material [data-kind=corpus] [data-set='检修记录']")
    assert page.is_checked("[data-set='检修记录'] input"), "the only corpus there is"
    page.click("#train-start")
    page.wait_for_selector("#train-run-name:has-text('toy-')")
    config = services.runs()[0].config
    assert config["corpora"] == ["检修记录"]
    assert [entry["stage"] for entry in config["stages"]] == ["instant_map", "mlm"]
    page.wait_for_selector("#train-runs tr:has-text('changed')")


def test_labelled_pairs_that_are_missing_are_said_with_the_way_to_them(page):
    page.click("[data-recipe=labelled]")
    page.wait_for_selector("#train-material [data-kind=labels] [data-way=pairs]")
    page.click("#train-start")
    page.wait_for_selector(".wb-note.problem")
    assert "labelled pairs" in page.locator(".wb-note.problem").inner_text()
    page.click("#train-material [data-way=pairs]")
    page.wait_for_selector("#pairs:visible")


def test_curves_lie_over_one_another_are_smoothed_and_keep_their_zoom(page, services):
    first = queue(services, "first")
    begin(services, first)
    report(services, first, 0, 20)
    finish(services, first, 30.0, 35.0, "better")
    second = queue(services, "second")
    begin(services, second)
    report(services, second, 0, 20, height=2.0)
    look_at(page, first)
    page.wait_for_selector("#train-verdict")
    look_at(page, second)
    page.wait_for_selector("#train-run-name:has-text('second')")
    for run in (first, second):
        page.check(f"#train-runs tr[data-run='{run.id}'] input")
    page.wait_for_selector("#train-curve-runs >> text=first")
    both = "document.getElementById('train-plot-loss').data.map(t => t.meta.run)"
    page.wait_for_function(f"new Set({both}).size === 2")
    lengths = "document.getElementById('train-plot-loss').data.map(t => t.x.length)"
    assert page.evaluate(lengths) == [21, 21], "each point once, though the first was looked at before"
    page.evaluate(
        "(() => { const s = document.getElementById('train-smoothing'); s.value = 0.8;"
        " s.dispatchEvent(new Event('input')); })()"
    )
    page.wait_for_function("document.getElementById('train-plot-loss').data.some(t => t.meta.raw)")
    rough = "Math.max(...{}.y.slice(9).map((v, i) => Math.abs(v - {}.y[i + 8])))"
    raw, smooth = (f"document.getElementById('train-plot-loss').data[{i}]" for i in (0, 1))
    assert page.evaluate(rough.format(smooth, smooth)) < page.evaluate(rough.format(raw, raw)) / 2
    page.check("#train-log-axis")
    page.wait_for_function("document.getElementById('train-plot-loss').layout.yaxis.type === 'log'")
    page.evaluate(
        "Plotly = WB.Plotly, Plotly.relayout('train-plot-loss', {'xaxis.range': [3, 9]}).then(() => 1)"
    )
    report(services, second, 21, 40, height=2.0)
    page.wait_for_function(
        "document.getElementById('train-plot-loss').data.some(t => t.x[t.x.length - 1] === 40)"
    )
    assert page.evaluate("document.getElementById('train-plot-loss').layout.xaxis.range") == [3, 9]
    page.click("#train-curve-tools [data-value=time]")
    page.wait_for_function("document.getElementById('train-plot-loss').layout.xaxis.range[0] !== 3")


def test_a_long_curve_comes_thinned(page, services):
    run = queue(services, "long")
    begin(services, run)
    now = time.time()
    points = [(n, "loss", n, 1.0 if n != 7_000 else 9.0, now) for n in range(1, 9_001)]
    services._workspace.runs.report(
        run.id, phase=TRAINING, progress=0.5, step=9000, total_steps=9000, points=points
    )
    look_at(page, run)
    page.wait_for_function("(document.getElementById('train-plot-loss')?.data || []).some(t => t.x.length)")
    assert traces(page, "train-plot-loss", "[0].x.length") <= 2000
    assert traces(page, "train-plot-loss", "[0].y.includes(9)") is True


def test_stop_keeps_or_discards_and_the_run_is_taken_up_again(page, services):
    run = queue(services, "halted")
    begin(services, run)
    report(services, run, 0, 30)
    look_at(page, run)
    page.click("#train-stop")
    page.click("dialog [data-choice=true]")
    page.wait_for_selector("#train-run [data-state=stopping]")
    assert services._workspace.runs.stop_request(run.id) == "keep"
    services._workspace.runs.finish(run.id, "stopped", LocalText("已停止。", "Stopped."))
    page.click("#train-resume")
    page.wait_for_selector("#train-run [data-state=queued]")
    again = services.run(run.id)
    assert (again.state, again.attempt) == ("queued", 2)


def test_a_run_that_came_out_worse_cannot_be_missed(page, services):
    run = queue(services, "spoilt")
    begin(services, run)
    report(services, run, 0, 10)
    finish(services, run, 42.6, 32.4, "worse")
    look_at(page, run)
    verdict = page.wait_for_selector("#train-verdict.fell[role=alert]")
    said = verdict.inner_text()
    assert "Worse than it went in" in said
    assert "10.2" in said
    box = verdict.bounding_box()
    assert box["y"] + box["height"] < 720, "seen without scrolling"
    expect(page.locator(f"#train-runs tr[data-run='{run.id}']")).to_contain_text("worse")
    assert "primary" not in page.get_attribute("#train-to-board", "class")


def test_retry_opens_the_form_as_the_run_had_it(page, services):
    run = services.start_run("toy", "e5-small", "finetune", name="tried", parameters={"epochs": 9}, seed=5)
    begin(services, run)
    services._workspace.runs.finish(run.id, "failed", LocalText("内存不够。", "Out of memory."))
    look_at(page, run)
    page.click("#train-retry")
    page.wait_for_selector("[data-recipe=finetune].on [data-mark=changed]")
    epochs = "#recipe-stages [data-stage=in_batch] [data-parameter=epochs]"
    assert page.input_value(epochs) == "9"
    set_number(page, epochs, "2")
    page.click("#train-start")
    page.wait_for_selector("#train-run-name:has-text('toy-finetune')")
    new = services.runs()[0]
    assert new.id != run.id
    assert (new.config["stages"][0]["parameters"]["epochs"], new.config["seed"]) == (2, 5)
    assert services.run(run.id).config["stages"][0]["parameters"]["epochs"] == 9


def test_a_start_right_after_retry_takes_what_the_run_had(page, services, toy_csv):
    other = services.preview_dictionary(toy_csv, "other.csv")
    services.save_dictionary("other", other, source="other.csv")
    run = services.start_run("other", "minilm", "instant", name="elsewhere")
    begin(services, run)
    services._workspace.runs.finish(run.id, "failed", LocalText("内存不够。", "Out of memory."))
    look_at(page, run)
    page.click("#train-retry")
    page.click("#train-start")
    page.wait_for_selector("#train-run-name:has-text('other-instant')")
    new = services.runs()[0]
    assert (new.dictionary, new.base_model) == ("other", "minilm")


def test_a_look_that_is_asked_for_is_not_answered_by_an_older_one(page):
    """Whoever has just changed something asks while the question before is still on its way."""
    seen = page.evaluate(
        """async () => {
          let n = 0;
          const seen = [];
          const poll = WB.poll(document.querySelector("#train-form"), 3600, async () => {
            const asked = n;
            await new Promise((go) => setTimeout(go, 100));
            seen.push(asked);
          });
          const first = poll.now();
          n = 1;
          await Promise.all([first, poll.now()]);
          return seen;
        }"""
    )
    assert seen == [0, 1]
