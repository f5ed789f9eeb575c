"""The map as a file, opened in a browser with nothing behind it."""

import numpy as np
import pytest

from workbench.embedding_map.colours import by_group, by_language, by_rank
from workbench.embedding_map.export import map_page
from workbench.embedding_map.layout import Before, MapLayout

pytestmark = pytest.mark.browser

ODD = (
    "</script><img src=x onerror=document.body.dataset.broken=1>",
    "<b onmouseover=document.body.dataset.broken=1>fett</b>",
    "\"quoted\" 'single' & \\ back",
    "👩‍🔬 эмодзи",
    "שלום עולם",
    "长" * 500,
    "丰田",
    "Toyota",
)
PLACES = (
    "[...document.getElementById('plot').data]"
    ".filter((each) => each.type === 'scattergl' && each.mode === 'markers').flatMap((each) => [...each.x])"
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    count = len(ODD)
    x, y = np.linspace(-1, 1, count, dtype=np.float32), np.linspace(1, -0.5, count, dtype=np.float32)
    before = Before("<i>base</i>", -x, y, 0.8, 0.5, 0.25, np.abs(2 * x))
    groups = (*ODD[:6], "丰田", "丰田")
    standard = (*[True] * 7, False)
    layout = MapLayout(ODD, groups, ("train",) * count, standard, x, y, "umap", 0.9, 0, "v", before)
    colours = [by_group(layout), by_rank(np.arange(1, count + 1, dtype=np.float32)), by_language(layout)]
    path = tmp_path_factory.mktemp("file") / "map.html"
    path.write_bytes(map_page(layout, colours, dictionary="<b>Wörter</b>", model="tuned"))
    return path.as_uri()


def test_it_draws_searches_and_moves_without_a_server(window, file):
    with window(file) as page:
        page.wait_for_function("document.body.dataset.ready === '1'")
        assert page.inner_text("#name") == "<b>Wörter</b> · <i>base</i> → tuned"
        assert "0.50 → 0.25" in page.inner_text("#told")
        after = sorted(page.evaluate(PLACES))
        assert len(after) == len(ODD)
        page.eval_on_selector(
            "#share", "(each) => { each.value = 0; each.dispatchEvent(new Event('input')); }"
        )
        page.wait_for_function(f"Math.abs(({PLACES})[0] - 1) < 0.01")
        page.click("#play")
        page.wait_for_function(
            f"Math.abs(({PLACES})[0] + 1) < 0.01 && document.getElementById('share').value === '1000'"
        )
        page.fill("#search", "TOYOTA")
        page.press("#search", "Enter")
        assert page.inner_text("#found") == "1"
        page.wait_for_function("document.getElementById('plot').layout.xaxis.range[0] > 0.5")
        page.select_option("#by", label="Language")
        page.wait_for_selector("#legend .key >> text=Chinese")
        page.click("#legend .key >> text=Chinese")
        page.click("#lines")
        page.click("#language")
        assert "近似词" in page.inner_text("#told")
        assert page.evaluate("document.documentElement.lang") == "zh"


def test_no_term_is_read_as_markup(window, file):
    with window(file, "zh-CN") as page:
        page.wait_for_function("document.body.dataset.ready === '1'")
        for term in ODD:
            page.fill("#search", term[:40])
            page.press("#search", "Enter")
            box = page.locator("#plot").bounding_box()
            page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            page.mouse.move(box["x"] + box["width"] / 2 + 1, box["y"] + box["height"] / 2)
        page.click("#home")
        assert page.evaluate("document.body.dataset.broken") is None
        assert page.locator("img").count() == 0
        assert page.locator("#card b").count() == 0


def test_a_point_says_what_it_is(window, file):
    with window(file) as page:
        page.wait_for_function("document.body.dataset.ready === '1'")
        page.fill("#search", ODD[0][:20])
        page.press("#search", "Enter")
        page.wait_for_function("document.getElementById('plot').layout.xaxis.range[1] < 0")
        box = page.locator("#plot").bounding_box()
        for step in range(-3, 4):
            page.mouse.move(box["x"] + box["width"] / 2 + step, box["y"] + box["height"] / 2)
        page.wait_for_selector("#card:not([hidden])")
        assert page.inner_text("#card strong") == ODD[0]
        assert "standard term" in page.inner_text("#card")
