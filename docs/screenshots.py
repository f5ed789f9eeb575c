"""Makes the guide's pictures: ``python docs/screenshots.py`` opens every tab in Chromium, in both languages.

It trains the sample dictionaries in a home folder of its own first, so that the pictures show real results.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "ui")]

from ensure_browser import find_browser  # noqa: E402
from test_main_job import FLAGS, Server  # noqa: E402

from workbench.cli import main as workbench  # noqa: E402

TABS = ("data", "train", "board", "explore", "map", "models")
NAMES = {"board": "leaderboard"}
SHOWN = {
    "zh": ("zh-CN", "汽车", "霸道SUV", "丰田普拉多"),
    "en": ("en-GB", "Consumer health", "heart attack", "stroke"),
}


def train(home: Path) -> None:
    """One run of each recipe on each dictionary that is shown."""
    for _, dictionary, _, _ in SHOWN.values():
        for recipe in ("finetune", "instant"):
            workbench(
                ["--home", str(home), "--json", "train", "--dictionary", dictionary, "--recipe", recipe]
            )


def show(page: Any, tab: str, dictionary: str, first: str, other: str) -> None:
    """Bring a tab into the state that is worth a picture."""
    page.click(f"#tab-{tab}-button")
    page.wait_for_timeout(1500)
    if tab == "train":
        page.click(f"#train-runs >> text={dictionary}-instant")
    elif tab == "data":
        page.click(f"#data-list tr[data-name='{dictionary}']")
    elif tab == "explore":
        page.fill("#explore-first textarea, #explore-first input", first)
        page.fill("#explore-other textarea, #explore-other input", other)
        page.click("#explore-compare")
        page.wait_for_selector("#explore-pair [data-model]")
        page.fill("#explore-term textarea, #explore-term input", first)
        page.click("#explore-find")
        page.wait_for_selector("#explore-neighbours .wb-hits li")
    elif tab == "map":
        if page.locator("#map-start:visible").count():
            page.click("#map-start")
        page.wait_for_selector("#map .js-plotly-plot")
    page.wait_for_timeout(2500)


def main() -> None:
    """Write ``docs/images/<tab>-<language>.png``."""
    from playwright.sync_api import sync_playwright

    images = ROOT / "docs" / "images"
    images.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="workbench-pictures-") as folder:
        home = Path(folder) / "home"
        train(home)
        server = Server(home)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
                for language, (locale, dictionary, first, other) in SHOWN.items():
                    page = browser.new_page(viewport={"width": 1280, "height": 800}, locale=locale)
                    page.set_default_timeout(180_000)
                    page.goto(server.address)
                    page.wait_for_selector("#header-state")
                    page.click("#tab-train-button")
                    page.click("#train-dictionary input")
                    page.click(f"[role=option]:has-text('{dictionary}')")
                    for tab in TABS:
                        show(page, tab, dictionary, first, other)
                        page.screenshot(path=images / f"{NAMES.get(tab, tab)}-{language}.png")
                browser.close()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
