"""What two people do in the soak: one makes, edits, trains and deletes; the other asks and looks around."""

from __future__ import annotations

import csv
import io
import random
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.common import ASSETS

BASE = "minilm"  # the smallest base model that is here
SHARED = "shared"  # the dictionary that stays
KEPT = "kept"  # its tuned model
PATIENCE = 180_000  # milliseconds, for two who share two cores with a training
LONG = 900_000  # for a run, which gives way to everything else
SAMPLE = ASSETS / "samples" / "health_en.csv"


def sample_rows() -> list[list[str]]:
    """The rows of a sample dictionary, its heading first."""
    return list(csv.reader(io.StringIO(SAMPLE.read_text("utf-8-sig"))))


class Person(threading.Thread):
    """One browser with one page, which goes round after round through ``steps`` until ``over`` is set.

    The last round is finished: what was made in it is deleted too.
    """

    def __init__(
        self, address: str, browser: str, flags: list[str], folder: Path, over: threading.Event
    ) -> None:
        super().__init__(name=type(self).__name__)
        self.address, self.over = address, over
        self.done: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.slowest: dict[str, float] = {}
        self.rounds = 0
        self._browser, self._flags, self._folder = browser, flags, folder

    # -- a browser -------------------------------------------------------------------------------

    def run(self) -> None:
        from playwright.sync_api import sync_playwright

        try:
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(executable_path=self._browser, args=self._flags)
                self._context = chromium.new_context(
                    viewport={"width": 1280, "height": 800}, locale=self.locale, accept_downloads=True
                )
                self.page = self._opened()
                while not self.over.is_set():
                    self.rounds += 1
                    for step in self.steps():
                        self._try(step)
                chromium.close()
        except Exception:
            self.wrong.append(f"{self.name}: {traceback.format_exc()}")

    def _opened(self) -> Any:
        page = self._context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.wrong.append(f"{self.name}: script: {error}"))
        page.goto(self.address)
        page.wait_for_selector("#header-state")
        return page

    def _try(self, step: Callable[[], None]) -> None:
        name = step.__name__
        began = time.monotonic()
        try:
            step()
            self.done[name] += 1
            self.slowest[name] = max(self.slowest.get(name, 0.0), time.monotonic() - began)
        except Exception as error:
            notes = [note for note in self.page.locator(".wb-note.problem").all_inner_texts() if note]
            self.wrong.append(f"{self.name}: {name} (round {self.rounds}): {str(error)[:400]} {notes}")
            self.page.screenshot(path=str(self._folder / f"{self.name}-{len(self.wrong)}.png"))
            self._again()

    def _again(self) -> None:
        self.page.close()
        self.page = self._opened()

    def reload(self) -> None:
        """A new session each round: the earlier one must leave nothing on the server."""
        self._again()

    # -- ways that both go -----------------------------------------------------------------------

    def go(self, tab: str) -> None:
        self.page.click(f"#tab-{tab}-button")
        self.page.wait_for_selector(f"#tab-{tab} h2:visible")

    def use(self, **names: str) -> None:
        self.page.evaluate("names => WB.use(names)", names)

    def upload(self, name: str, rows: list[list[str]]) -> None:
        out = io.StringIO()
        csv.writer(out).writerows(rows)
        self.go("data")
        given = {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": out.getvalue().encode()}
        self.page.set_input_files("#data-file input[type=file]", given)
        self.page.wait_for_selector("#data-sample tbody tr")
        self.page.fill("#data-name input", name)
        self.page.click("#data-save:enabled")
        self.page.wait_for_selector(f"#data-list tr[data-name='{name}']")

    def train(self, dictionary: str, recipe: str, epochs: int | None = None) -> str:
        """Starts a run; its id."""
        page = self.page
        self.go("train")
        self.use(dictionary=dictionary, base=BASE)
        page.click(f"[data-recipe={recipe}]")
        if epochs is not None:
            if not page.locator("#recipe-stages").is_visible():
                page.click("#train-edit")
            field = "#recipe-stages [data-stage=in_batch] [data-parameter=epochs]"
            page.fill(field, str(epochs))
            page.press(field, "Enter")
        before = page.evaluate(
            "[...document.querySelectorAll('#train-runs [data-run]')].map(r => r.dataset.run)"
        )
        page.wait_for_selector("#train-estimate strong")
        page.click("#train-start:enabled")
        fresh = (
            "before => [...document.querySelectorAll('#train-runs [data-run]')]"
            ".map(r => r.dataset.run).find(id => !before.includes(id))"
        )
        run = page.wait_for_function(fresh, arg=before).json_value()
        page.wait_for_selector(f"#train-runs tr.on[data-run='{run}']")
        return str(run)

    def ended(self, run: str, state: str) -> None:
        row = f"#train-runs tr[data-run='{run}'] [data-state={state}]"
        self.page.wait_for_selector(row, timeout=LONG)

    def board(self, dictionary: str) -> None:
        page = self.page
        self.go("board")
        self.use(dictionary=dictionary)
        page.wait_for_selector("#board-table tbody tr, #board-measure:enabled")
        if not page.locator("#board-table tbody tr").count():
            page.click("#board-measure")
        page.wait_for_selector("#board-table tr[data-model='tfidf']")


class Maker(Person):
    """Imports, edits, undoes, trains, stops, measures, and deletes what was made."""

    locale = "en-GB"

    def steps(self) -> list[Callable[[], None]]:
        self.mine = f"soak {self.rounds}"
        self.runs: list[str] = []
        tuned = self.fine_tune_briefly if self.rounds % 2 else self.fine_tune_and_stop
        return [
            self.import_,
            self.edit_and_undo,
            self.train_instant,
            tuned,
            self.leaderboard,
            self.tidy,
            self.reload,
        ]

    def import_(self) -> None:
        head, *rows = sample_rows()
        chosen = random.Random(self.rounds).sample(rows, 250)
        self.upload(self.mine, [head, *chosen, [f"thing {self.rounds}", f"object {self.rounds}"]])

    def edit_and_undo(self) -> None:
        page = self.page
        page.evaluate("name => WB.editTerm('', name)", self.mine)
        page.wait_for_function(
            "name => document.querySelector('#synonyms-list')?.getAttribute('aria-label')?.includes(name)"
            " && document.querySelector('#synonyms-list .wb-syn-row[data-group]')",
            arg=self.mine,
        )
        for number in range(4):
            new = f"soaked {self.rounds} {number}"
            row = page.locator(".wb-syn-row[data-group]").nth(number)
            row.hover()
            row.locator(".wb-syn-add").click()
            page.keyboard.type(new)
            page.keyboard.press("Enter")
            page.wait_for_selector(f"[data-term='{new}']")
            page.keyboard.press("Escape")
            if number % 2:
                page.locator(f".wb-note:has-text('{new}') .wb-note-act").first.click()
                page.wait_for_selector(f"[data-term='{new}']", state="detached")

    def train_instant(self) -> None:
        run = self.train(self.mine, "instant")
        self.runs.append(run)
        self.ended(run, "completed")
        self.page.wait_for_selector("#train-verdict")

    def fine_tune_briefly(self) -> None:
        run = self.train(self.mine, "finetune", epochs=1)
        self.runs.append(run)
        self.ended(run, "completed")

    def fine_tune_and_stop(self) -> None:
        run = self.train(self.mine, "finetune", epochs=60)
        self.runs.append(run)
        self.page.wait_for_selector("#train-figures", timeout=LONG)
        self.page.click("#train-stop")
        self.page.click(f"dialog [data-choice={'true' if self.rounds % 4 else 'false'}]")
        self.ended(run, "stopped")

    def leaderboard(self) -> None:
        self.board(self.mine)

    def tidy(self) -> None:
        page = self.page
        self.go("train")
        for run in self.runs:
            page.check(f"#train-runs tr[data-run='{run}'] input")
        if self.runs:
            page.click("#train-runs-delete")
            page.click("dialog [data-choice=true]")
            page.wait_for_selector(f"#train-runs tr[data-run='{self.runs[-1]}']", state="detached")
        self.go("data")
        row = f"#data-list tr[data-name='{self.mine}']"
        if not page.locator(f"{row}.on").count():
            page.click(row)
        page.click("#data-delete")
        page.click("dialog [data-choice=true]")
        page.wait_for_selector(row, state="detached")


class Asker(Person):
    """Compares terms, asks for neighbours, looks at the board and the map of a dictionary that stays."""

    locale = "zh-CN"

    def steps(self) -> list[Callable[[], None]]:
        self.rng = random.Random(self.rounds)
        first = [self.prepare] if self.rounds == 1 else []
        rest = [self.two_terms, self.neighbours, self.leaderboard, self.look_at_the_map, self.reload]
        return [*first, *rest]

    def prepare(self) -> None:
        self.upload(SHARED, sample_rows())
        self.ended(self.train(SHARED, "instant"), "completed")
        self.tuned = self.page.locator("#train-runs tr.on strong").inner_text()

    def terms(self) -> list[str]:
        return [cell for row in sample_rows()[1:] for cell in row[:2]]

    def explore(self, part: str) -> None:
        self.go("explore")
        self.use(dictionary=SHARED, model=self.rng.choice([BASE, self.tuned]))
        self.page.click(f"#explore-part-{part}")

    def two_terms(self) -> None:
        page = self.page
        self.explore("pair")
        for _ in range(4):
            a, b = self.rng.sample(self.terms(), 2)
            page.fill("#explore-first input", a)
            page.fill("#explore-other input", b)
            page.click("#explore-compare")
            page.wait_for_selector(f".wb-explore-terms:has-text({_quoted(b)})")
            page.wait_for_selector("#explore-pair:not(.wb-dim) #explore-why")

    def neighbours(self) -> None:
        page = self.page
        self.explore("near")
        for number in range(6):
            text = self.rng.choice(self.terms()) + (f" {self.rng.random():.4f}" if number % 2 else "")
            page.fill("#explore-term input", text)
            page.click("#explore-find")
            page.wait_for_selector(f".wb-explore-of bdi:text-is({_quoted(text)})")
            page.wait_for_selector("#explore-neighbours:not(.wb-dim) .wb-hits li")

    def leaderboard(self) -> None:
        self.board(SHARED)

    def look_at_the_map(self) -> None:
        page = self.page
        self.go("map")
        model = self.rng.choice([BASE, self.tuned])
        self.use(dictionary=SHARED, model=model)
        page.wait_for_function(
            "of => document.querySelector('#map .wb-view').dataset.of?.startsWith(of)",
            arg=f"{SHARED}\n{model}\n",
        )
        page.wait_for_selector("#map-start, #map .wb-view[data-ready]")
        if page.locator("#map-start").count():
            page.click("#map-start")
        page.wait_for_selector("#map .wb-view[data-ready]")
        term = self.rng.choice(self.terms())
        page.fill("#map-search", term)
        page.press("#map-search", "Enter")
        page.wait_for_function(
            "term => document.querySelector('#map .wb-view').dataset.chosen === term", arg=term
        )
        box = page.locator("#map-plot").bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        for turn in (-300, -300, 400):
            page.mouse.wheel(0, turn)
            page.wait_for_timeout(300)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
