"""What the browser tests of the map share: a home with two runs, and how the map is looked at and touched."""

import csv
import io

from workbench.services import Services
from workbench.settings import Settings

DRAWN = "#map .wb-view[data-ready]"


def home_with_two_runs(home, tiny_model_folder, toy_csv):
    """Services over a home with the dictionary "toy" and the runs "first" (hardly trained) and "second"."""
    import torch

    from workbench.training.worker import run_job

    opened = Services(Settings.from_env({}, home=home, warm_worker=False, threads=1))
    opened.save_dictionary("toy", opened.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    for name, rate in (("first", "0.0001"), ("second", "0.01")):
        run = opened.start_run(
            "toy", str(tiny_model_folder), "instant", name=name, parameters={"learning_rate": rate}
        )
        threads = torch.get_num_threads()
        opened._workspace.runs.claim_next()
        assert run_job(opened.settings, run.id) == 0
        torch.set_num_threads(threads)
    return opened


def stored(services, name, groups):
    """A dictionary of these groups: standard term -> synonyms."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["standard", "synonym"])
    writer.writerows([standard, term] for standard, terms in groups.items() for term in terms)
    found = services.preview_dictionary(out.getvalue().encode(), "t.csv")
    return services.save_dictionary(name, found, source="t.csv").name


def thirty_groups(services, toy_pairs, name):
    """A dictionary of 30 groups of two synonyms each."""
    groups = {}
    for pair in toy_pairs[:60]:
        groups.setdefault(pair.standard, []).append(pair.synonym)
    return stored(services, name, groups)


def kept(services, name):
    """What is stored now."""
    return {g.standard: set(g.synonyms) for g in services.editor.page(name, size=500).groups}


def opened_map(browse, address, dictionary, model, *, wait=True):
    """The page on the map of a dictionary under a model; with ``wait``, laid out and drawn."""
    page = browse(f"{address}#map")
    page.wait_for_selector("#map-by")
    page.wait_for_function("document.querySelector('#map-dictionary input')?.value")
    page.evaluate("names => WB.use(names)", {"dictionary": dictionary, "model": model})
    page.wait_for_function(
        "of => document.querySelector('#map .wb-view').dataset.of?.startsWith(of)",
        arg=f"{dictionary}\n{model}\n",
    )
    if wait:
        page.wait_for_selector(f"#map-start, {DRAWN}")
        if page.locator("#map-start").count():
            page.click("#map-start")
        drawn(page)
    return page


def drawn(page):
    """The map is there."""
    page.wait_for_selector(DRAWN)
    page.wait_for_function("document.querySelector('#map-plot')?._fullLayout !== undefined")


def spot(page, term, side="after"):
    """Where a term is in the window."""
    return page.evaluate("([term, side]) => WB.map.spot(term, side)", [term, side])


def chosen(page, term):
    """The panel shows this term."""
    page.wait_for_function(
        "term => document.querySelector('#map .wb-view').dataset.chosen === term", arg=term
    )


def flown_to(page, term):
    """The term is chosen and stands in the middle of the map."""
    chosen(page, term)
    in_the_middle(page, term)


def in_the_middle(page, term):
    """The map has come to rest with this term in its middle."""
    page.wait_for_function(
        """term => {
          const box = document.getElementById('map-plot').getBoundingClientRect();
          const [x, y] = WB.map.spot(term);
          return Math.hypot(x - box.left - box.width / 2, y - box.top - box.height / 2) < 6;
        }""",
        arg=term,
    )


def search(page, term):
    """Find a term and go there."""
    page.fill("#map-search", term)
    page.press("#map-search", "Enter")


def circle(page):
    """Draw around the whole map."""
    box = page.locator("#map-plot").bounding_box()
    left, top = box["x"] + 3, box["y"] + 3
    right, bottom = box["x"] + box["width"] - 3, box["y"] + box["height"] - 3
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top + 5)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()


def keep_only(page, terms):
    """Take all but these out of what was picked."""
    page.wait_for_selector("#map-picked")
    page.click("#map-picked-all")
    pages = page.locator("#map-picked .wb-pager button")
    for term in terms:
        row = page.locator(f"#map-picked label[data-term='{term}'] input")
        while pages.count() and pages.first.is_enabled():
            pages.first.click()
        while not row.count():
            pages.last.click()
        row.check()
