"""The whole job by clicking, as a user does it: upload, train, reload, leaderboard, ask; then a restart."""

import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.model]

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "assets" / "samples" / "cars_zh.csv"
MINUTES = 60_000


class Server:
    """``python app.py`` on a home folder of its own."""

    def __init__(self, home, port):
        self.home = home
        self.port = port
        self.address = f"http://127.0.0.1:{self.port}/"
        self.start()

    def start(self):
        # A company's proxy, which knows nothing of this computer: the server must not ask for itself there.
        proxy = dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy"), "http://127.0.0.1:9")
        environment = {**os.environ, **proxy, "WORKBENCH_HOME": str(self.home)}
        command = [sys.executable, str(ROOT / "app.py"), "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(self.address, timeout=5) as answer:
                    answer.read()
                return
            except OSError:
                time.sleep(0.2)
        raise AssertionError("the page did not come up")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=90)


@pytest.fixture(scope="module")
def server(tmp_path_factory, free_port):
    server = Server(tmp_path_factory.mktemp("main-job") / "home", free_port())
    yield server
    server.stop()


@pytest.fixture(scope="module")
def page(window, server):
    with window(server.address, "zh-CN", height=800) as page:
        page.set_default_timeout(2 * MINUTES)
        page.wait_for_selector("#header-state")
        yield page


def choose(page, elem_id, text):
    page.click(f"#{elem_id} input")
    page.click(f"[role=option]:has-text('{text}')")


def test_upload_save_and_train(page, tmp_path):
    path = tmp_path / "我的车.csv"
    path.write_bytes(SAMPLE.read_text("utf-8").encode("gb18030"))
    page.click("#tab-data-button")
    page.set_input_files("#data-file input[type=file]", str(path))
    page.wait_for_selector("#data-sample tbody tr")
    page.click("#data-save")
    page.wait_for_selector("#data-list tr[data-name='我的车']")
    page.click("#tab-train-button")
    page.wait_for_selector("#train-estimate strong")
    choose(page, "train-dictionary", "我的车")
    page.wait_for_function("document.querySelector('#train-estimate').innerText.includes('对训练词对')")
    page.click("#train-start")
    page.wait_for_selector("#train-phase")


def test_a_reload_in_the_middle_finds_the_run(page):
    page.reload()
    page.click("#tab-train-button")
    page.wait_for_selector("#train-run-name:has-text('我的车')")
    page.wait_for_selector("#train-verdict", timeout=4 * MINUTES)
    assert "未经" not in page.locator("#train-verdict").inner_text()
    page.wait_for_function(  # the whole curve is there after a reload
        "[...document.querySelectorAll('#train-run .js-plotly-plot')].flatMap(plot => plot.data)"
        ".some(trace => trace.x?.length > 5)"
    )


def test_the_leaderboard_says_which_is_better(page):
    page.click("#train-to-board")
    page.wait_for_selector("#board tbody tr:has-text('我的车')")
    rows = page.locator("#board tbody tr").all_inner_texts()
    assert any("我的车" in row for row in rows)
    assert any("TF-IDF" in row for row in rows)
    assert any("e5" in row for row in rows)
    scores = [float(re.search(r"\d+\.\d", row).group()) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert "我的车" in rows[0], "the tuned model stands first"
    with page.expect_download() as download:
        page.click("#board-download summary")
        page.click("#board-csv")
    assert "我的车" in Path(download.value.path()).read_text("utf-8-sig")


def test_two_terms_and_nearest_neighbours(page):
    page.click("#tab-explore-button")
    choose(page, "explore-dictionary", "我的车")
    page.fill("#explore-first input", "霸道SUV")
    page.fill("#explore-other input", "丰田普拉多")
    page.click("#explore-compare")
    page.wait_for_selector("#explore-pair [data-model]")
    assert "%" in page.locator("#explore-pair").inner_text()
    page.click("#explore-part-near")
    page.fill("#explore-term input", "霸道SUV")
    page.click("#explore-find")
    page.wait_for_selector("#explore-neighbours .wb-hits li")
    assert page.locator("#explore-neighbours [data-model]").count() >= 1
    assert page.locator("#explore-neighbours li.known").count() >= 1


def test_the_map_is_drawn(page):
    page.click("#tab-map-button")
    page.wait_for_selector("#map-start, #map .js-plotly-plot", timeout=4 * MINUTES)
    if page.locator("#map-start").count():
        page.click("#map-start")
    page.wait_for_function(
        "[...document.querySelectorAll('#map .js-plotly-plot')]"
        ".some(plot => plot.data.reduce((n, trace) => n + trace.x.length, 0) > 900)",
        timeout=4 * MINUTES,
    )


def test_a_restarted_server_and_a_second_browser_find_everything(server, page, browse):
    server.stop()
    server.start()
    second = browse(server.address + "#train")
    second.set_default_timeout(2 * MINUTES)
    second.wait_for_selector("#train-run-name:has-text('我的车')")
    second.wait_for_selector("#train-verdict")
    second.wait_for_selector("#train-runs:has-text('我的车')")
