"""A newcomer's first hour, timed: from ``git clone`` to a model of one's own, by the README alone.

    python -m benchmarks.first_hour                    # clones this checkout as it is committed
    python -m benchmarks.first_hour --installed        # the page alone, from this checkout and this Python

A home folder that is empty, nothing in the environment but what a login has, a real Chromium. Prints a table
in Markdown; ``--json FILE`` keeps the figures. Every step waits for what a person would wait to see.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
PATIENCE = 15 * 60  # seconds: an installation over a slow line
OWN_WORDS = """标准词,近似词
混凝土,砼
混凝土,水泥混凝土
脚手架,架子
脚手架,排栅
塔式起重机,塔吊
塔式起重机,塔机
抹灰,粉刷
抹灰,批荡
模板,模壳
钢筋,螺纹钢
挖掘机,挖机
挖掘机,钩机
防水卷材,卷材
瓷砖,釉面砖
腻子,批灰
给水管,上水管
排水管,下水管
配电箱,电箱
空气开关,空开
断路器,跳闸开关
推土机,铲车
安全帽,头盔
安全带,保险带
电焊机,焊机
手推车,斗车
水准仪,水平仪
全站仪,电子测距仪
监理,监理工程师
图纸,施工图
工期,施工期限
"""


class Clock:
    """The steps with their seconds, in their order; told as they happen."""

    def __init__(self, pictures: Path | None = None) -> None:
        self.steps: list[tuple[str, str, float]] = []
        self.pictures = pictures
        self.page: Any = None  # what is photographed after each step, where pictures are wanted

    @contextmanager
    def step(self, what: str, waits_for: str) -> Iterator[None]:
        """Time what happens inside."""
        began = time.monotonic()
        yield
        self.steps.append((what, waits_for, time.monotonic() - began))
        print(f"{self.steps[-1][2]:8.1f} s  {what}", file=sys.stderr, flush=True)
        if self.pictures and self.page:
            self.page.wait_for_timeout(700)
            self.page.screenshot(path=self.pictures / f"{len(self.steps):02}.png")

    def table(self) -> str:
        """As Markdown, with the minutes since the beginning."""
        lines, total = ["| step | waits for | seconds | since the start |", "|---|---|---|---|"], 0.0
        for what, waits_for, seconds in self.steps:
            total += seconds
            lines.append(
                f"| {what} | {waits_for} | {seconds:.1f} | {int(total) // 60}:{int(total) % 60:02d} |"
            )
        return "\n".join(lines)


def clean_environment(home: Path) -> dict[str, str]:
    """What a login shell has, and where pip finds its packages on this machine; nothing of this project."""
    kept = ("PATH", "LANG", "TERM", "TMPDIR", "http_proxy", "https_proxy", "SSL_CERT_FILE")
    own = {name: value for name, value in os.environ.items() if name in kept or name.startswith("PIP_")}
    return {**own, "HOME": str(home)}


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Started:
    """A server that was started by a command of the README, in a process group of its own."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        self.home = Path(environment["HOME"])
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.address = self._address()

    def _address(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            print(f"          | {line.rstrip()}", file=sys.stderr, flush=True)
            found = re.search(r"http://[\d.]+:\d+", line)
            if found:
                return found.group()
        log = self.home / ".synonym-workbench" / "workbench.log"
        said = log.read_text("utf-8")[-3000:] if log.exists() else ""
        raise SystemExit(f"{said}\nit ended without an address, with status {self.process.wait()}")

    def stop(self) -> None:
        """As Ctrl+C does."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(timeout=90)


def install(clock: Clock, source: str, folder: Path, environment: dict[str, str]) -> Started:
    """Clone and ``make run``, as the README says; again, to see how the second time is."""
    checkout = folder / "workbench"
    with clock.step("`git clone`", "the folder"):
        subprocess.run(["git", "clone", "--quiet", source, str(checkout)], check=True, env=environment)
    with clock.step("`make run`, the first time", "the address in the terminal"):
        first = Started(["make", "run"], checkout, environment)
    with clock.step("Ctrl+C", "the prompt"):
        first.stop()
    with clock.step("`make run`, the second time", "the address in the terminal"):
        return Started(["make", "run"], checkout, environment)


# -- in the page --------------------------------------------------------------------------------------------


def use_the_page(clock: Clock, page: Any, address: str, folder: Path) -> Path:
    """Everything that the README's "first five minutes" names; the zip of the model."""
    with clock.step("open the page", "the tab Data with its samples"):
        page.goto(address)
        page.wait_for_selector("#data-list tr[data-name]")
    with clock.step("look into a sample", "its groups"):
        page.click("#data-list tr[data-name='汽车']")
        page.wait_for_selector("#data-train")
    train(clock, page, "train on it (Instant)", lambda: page.click("#data-train"))
    with clock.step("Leaderboard", "the table with the verdict"):
        page.click("#train-to-board")
        page.wait_for_selector("#board tbody tr:has-text('instant')")
    with clock.step("Explore: are two terms synonyms", "the dial"):
        page.click("#tab-explore-button")
        page.wait_for_selector("#explore-suggestions button")
        page.click("#explore-suggestions button >> nth=0")
        page.wait_for_selector("#explore-pair [data-model]")
    with clock.step("Explore: neighbours of a term", "the lists"):
        page.click("#explore-part-near")
        page.fill("#explore-term input", "霸道SUV")
        page.click("#explore-find")
        page.wait_for_selector("#explore-neighbours .wb-hits li")
    lay_out(clock, page)
    return export(clock, page, folder)


def train(clock: Clock, page: Any, what: str, choose: Any, patience: int = PATIENCE) -> None:
    """To the Train tab with a dictionary chosen, press Train, wait for the verdict."""
    with clock.step(f"{what}: the form", "the estimate above the button"):
        choose()
        page.wait_for_selector("#train-estimate strong")
    with clock.step(what, "the verdict"):
        page.click("#train-start:not([disabled])")
        page.wait_for_selector("#train-phase")
        page.wait_for_selector("#train-verdict", timeout=patience * 1000)


def lay_out(clock: Clock, page: Any) -> None:
    """The map of the sample."""
    with clock.step("Map", "the points"):
        page.click("#tab-map-button")
        page.wait_for_selector("#map-start:visible, #map .js-plotly-plot")
        if page.locator("#map-start:visible").count():
            page.click("#map-start")
        page.wait_for_function(
            "[...document.querySelectorAll('#map .js-plotly-plot')].some(plot => plot.data?.length)"
        )


def export(clock: Clock, page: Any, folder: Path) -> Path:
    """The first tuned model as a zip."""
    with clock.step("Models: export", "the zip on the disk"):
        page.click("#tab-models-button")
        page.wait_for_selector("#models-list [data-act=export]")
        with page.expect_download() as download:
            page.click("#models-list [data-act=export] >> nth=0")
        download.value.save_as(folder / "model.zip")
    return folder / "model.zip"


def bring_own(clock: Clock, page: Any) -> None:
    """A dictionary of one's own: dropped, looked at, saved, trained on with Fine-tune."""
    with clock.step("Data: drop an own file", "the preview"):
        page.click("#tab-data-button")
        file = {"name": "我的词典.csv", "mimeType": "text/csv", "buffer": OWN_WORDS.encode("gb18030")}
        page.set_input_files("#data-file input[type=file]", file)
        page.wait_for_selector("#data-sample tbody tr")
    with clock.step("Data: save it", "it stands in the list"):
        page.click("#data-save")
        page.wait_for_selector("#data-list tr[data-name='我的词典']")

    def choose() -> None:
        if not page.locator("#data-inside h3:has-text('我的词典')").count():  # what was saved is open already
            page.click("#data-list tr[data-name='我的词典']")
        page.click("#data-train")
        page.wait_for_function("document.querySelector('#train-dictionary input').value.includes('我的词典')")
        page.click("[data-recipe=finetune]")

    train(clock, page, "train on it (Fine-tune)", choose)


def load_elsewhere(
    clock: Clock, python: str, archive: Path, folder: Path, environment: dict[str, str]
) -> None:
    """The zip in another program: plain sentence-transformers."""
    code = (
        "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])\n"
        "from pathlib import Path; from sentence_transformers import SentenceTransformer\n"
        "folder = next(Path(sys.argv[2]).rglob('modules.json')).parent\n"
        "print(SentenceTransformer(str(folder)).encode(['霸道', '普拉多']).shape)"
    )
    with clock.step("the zip in plain sentence-transformers", "vectors"):
        elsewhere = [python, "-c", code, str(archive), str(folder / "unpacked")]
        subprocess.run(elsewhere, check=True, env=environment, stdout=subprocess.DEVNULL, cwd=folder)


def newcomer(folder: Path, source: str, pictures: Path | None) -> Clock:
    """The whole of it, within an empty folder. ``source`` is cloned; empty: nothing is installed."""
    from ensure_browser import FLAGS, find_browser
    from playwright.sync_api import sync_playwright

    clock, home = Clock(pictures), folder / "home"
    home.mkdir()
    environment = {**clean_environment(home), "WORKBENCH_PORT": str(free_port())}
    if not source:
        python = sys.executable
        with clock.step("`python app.py`", "the address in the terminal"):
            server = Started([python, "app.py"], ROOT, environment)
    else:
        python = str(folder / "workbench" / ".venv" / "bin" / "python")
        server = install(clock, source, folder, environment)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 720}, locale="en-GB")
            page.set_default_timeout(PATIENCE * 1000)
            clock.page = page
            archive = use_the_page(clock, page, server.address, folder)
            bring_own(clock, page)
            clock.page = None
            browser.close()
    finally:
        server.stop()
    load_elsewhere(clock, python, archive, folder, environment)
    return clock


def write(table: str) -> None:
    """Put the table where the last one stands, with the day and how busy the machine was."""
    page = ROOT / "docs" / "first-hour.md"
    day, waiting = time.strftime("%Y-%m-%d"), round(os.getloadavg()[2])
    said = f"Taken on {day} with {os.cpu_count()} cores; {waiting} jobs were running or waiting on them."
    begin, end = "<!-- the table begins -->", "<!-- the table ends -->"
    before, _, rest = page.read_text("utf-8").partition(begin)
    after = rest.partition(end)[2]
    page.write_text(f"{before}{begin}\n\n{said}\n\n{table}\n\n{end}{after}", "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--installed", action="store_true", help="no clone and no installation")
    parser.add_argument("--source", default=str(ROOT), help="what is cloned; else this checkout")
    parser.add_argument("--write", action="store_true", help="put the table into docs/first-hour.md")
    parser.add_argument("--folder", type=Path, help="work in this new folder, and leave it there")
    parser.add_argument(
        "--pictures", type=Path, help="a folder for what the page looked like after each step"
    )
    parser.add_argument("--json", type=Path, help="keep the figures in this file")
    options = parser.parse_args()
    # A shell that starts this script in the background has made it, and all that it starts, deaf to Ctrl+C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if options.folder:
        options.folder.mkdir(parents=True)
        clock = newcomer(
            options.folder.resolve(), "" if options.installed else options.source, options.pictures
        )
    else:
        with tempfile.TemporaryDirectory(prefix="first-hour-") as folder:
            clock = newcomer(Path(folder), "" if options.installed else options.source, options.pictures)
    print(clock.table())
    if options.write:
        write(clock.table())
    if options.json:
        rows = [dict(zip(("step", "waits_for", "seconds"), step, strict=True)) for step in clock.steps]
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
