"""A tab that is opened before the choosers have been filled knows what they say once they are."""

import threading

import pytest

from workbench.ui import app

pytestmark = pytest.mark.browser
READY = {"explore": "#explore-parts", "pairs": ".wb-pairs-head"}
# What the page sends while `held` is a promise leaves when that is kept: later than all that comes after it.
HELD = """(() => {
  const asked = window.fetch;
  window.fetch = async (...given) => {
    if (window.held && String(given[0]?.url || given[0]).includes('/queue/join')) await window.held;
    return asked(...given);
  };
})()"""
HOLD = "() => { window.held = new Promise((done) => { window.release = done; }); }"


@pytest.mark.parametrize("tab", READY)
def test_a_tab_opened_while_the_server_is_still_busy(browse, address, monkeypatch, tab):
    filling = threading.Event()
    updates = app.updates

    def slow(*given):
        filling.wait(30)
        return updates(*given)

    monkeypatch.setattr(app, "updates", slow)
    page = browse(address, script=HELD)
    page.wait_for_selector(f"#tab-{tab}-button")
    page.evaluate(HOLD)
    page.click(f"#tab-{tab}-button")
    page.wait_for_selector(f"#{tab}-dictionary input")
    page.evaluate("window.held = null")  # what was sent at the click alone is late
    filling.set()
    page.wait_for_function(f"document.querySelector('#{tab}-dictionary input').value")
    page.wait_for_selector(READY[tab])
    page.evaluate("window.release()")
    page.wait_for_timeout(700)  # an answer to what was late would be here by now
    assert page.is_visible(READY[tab])
