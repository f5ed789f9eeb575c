"""What the browser tests share: a Chromium, a served home folder, watched pages, a slow server on request.

``WORKBENCH_TEST_SLOW=600`` holds back everything that the page sends and is answered, each at random by up
to 600 ms, and slows the browser's processor down four times: what is answered out of order shows itself.
"""

import contextlib
import os
import socket
import tempfile
import time

import pytest
from ensure_browser import FLAGS, find_browser

from workbench.services import Services
from workbench.settings import Settings
from workbench.ui.app import build_app, launch_arguments

SLOWEST = int(os.environ.get("WORKBENCH_TEST_SLOW") or 0)  # milliseconds; 0: as fast as it goes
PATIENCE = 30_000 * (4 if SLOWEST else 1)  # milliseconds: only a page that is broken takes so long
# What a script writes that took nothing for words.
NO_WORDS = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const inScript = ["SCRIPT", "STYLE", "TEMPLATE"].includes(node.parentElement?.tagName);
    if (!inScript && /^(null|undefined|NaN)$|\\[object /.test(node.textContent.trim())) {
      const at = node.parentElement;
      found.push(node.textContent.trim() + " in " + (at?.id || at?.className));
    }
  }
  return found;
}"""
HOLD_BACK = """(() => {
  const asked = window.fetch;
  const held = () => new Promise((done) => setTimeout(done, (50 + Math.random() * (SLOWEST - 50)) / 2));
  window.fetch = async (...given) => {
    if (!String(given[0]?.url || given[0]).includes('/gradio_api/')) return asked(...given);
    await held();
    try { return await asked(...given); } finally { await held(); }
  };
})()""".replace("SLOWEST", str(SLOWEST))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def free_port():
    """Gives the number of a port on which nobody listens."""
    return _free_port


@pytest.fixture(scope="session")
def until():
    """Waits until a condition holds that only the server knows; fails when it never does."""

    def wait(condition, seconds=PATIENCE / 1000):
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert condition()

    return wait


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    """Services over an empty home folder. A module that needs more in it overrides this and asks for it."""
    home = tmp_path_factory.mktemp("served") / "home"
    opened = Services(Settings.from_env({}, home=home, warm_worker=False, threads=1))
    yield opened
    opened.close()


@contextlib.contextmanager
def _served(services):
    blocks = build_app(services)
    blocks.queue(default_concurrency_limit=8)
    arguments = launch_arguments(blocks, services, "127.0.0.1", _free_port())
    _, url, _ = blocks.launch(**arguments, prevent_thread_lock=True)
    try:
        yield url
    finally:
        blocks.page_work.close()
        blocks.close(verbose=False)


@pytest.fixture(scope="module")
def address(services):
    """The page over ``services``."""
    with _served(services) as url:
        yield url


@pytest.fixture
def workshop_address(workshop, tmp_path, monkeypatch):
    """The page over a home that holds a tuned model and is not within the folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.delenv("GRADIO_TEMP_DIR", raising=False)
    with _served(workshop) as url:
        yield url


@pytest.fixture(scope="module")
def chromium():
    """A headless browser; of the module, since nothing else may use asyncio while it runs."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        yield browser
        browser.close()


def _watch(page, url: str, wrong: list[str]) -> None:
    own = (url.partition("#")[0], "data:", "blob:")

    def look(request):
        if not request.url.startswith(own):
            wrong.append(f"asked outside: {request.url}")

    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on("request", look)


@pytest.fixture(scope="module")
def window(chromium):
    """``with window(url) as page``: a page of its own; no script may fail there, and nobody else be asked.

    ``context``: a browser context to share, or by default a new one in the language ``locale``.
    ``script``: what runs before the page's own scripts at each load.
    """

    @contextlib.contextmanager
    def opened(url, locale="en-GB", *, context=None, script="", height=720):
        size = {"width": 1280, "height": height}
        wrong: list[str] = []
        own = context or chromium.new_context(viewport=size, locale=locale, accept_downloads=True)
        page = own.new_page()
        page.set_default_timeout(PATIENCE)
        _watch(page, url, wrong)
        if script:
            page.add_init_script(script)
        if SLOWEST:
            page.add_init_script(HOLD_BACK)
            own.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
        try:
            page.goto(url)
            yield page
            if not page.is_closed():
                wrong += [f"written on the page: {words}" for words in page.evaluate(NO_WORDS)]
        finally:
            (page if context else own).close()
        assert wrong == []

    return opened


@pytest.fixture
def browse(window):
    """``window`` for one test: ``browse(url)`` gives a page, closed and judged when the test ends."""
    with contextlib.ExitStack() as pages:
        yield lambda url, *given, **more: pages.enter_context(window(url, *given, **more))
