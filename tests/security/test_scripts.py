"""Thirty terms that are scripts, in every place of the page that shows a term: nothing is ever executed."""

import pytest
from map_on_screen import DRAWN, chosen, spot
from playwright.sync_api import expect

from workbench.services import Services
from workbench.settings import Settings

pytestmark = pytest.mark.browser

SING = "window.__evil=1"
TERMS = (
    f"<script>{SING}</script>",
    f"</script><script>{SING}</script>",
    f"<img src=x onerror={SING}>",
    f"<ImG/sRc=x/oNeRrOr={SING}>",
    f'<img src="x"onerror="{SING}">',
    f'"><img src=x onerror={SING}>',
    f"'><img src=x onerror={SING}>",
    f"--><img src=x onerror={SING}>",
    f"]]><img src=x onerror={SING}>",
    f"</textarea><img src=x onerror={SING}>",
    f"</title><img src=x onerror={SING}>",
    f"</style><svg onload={SING}>",
    f"<svg onload={SING}>",
    f"<svg><script>{SING}</script></svg>",
    f"<svg><animate onbegin={SING} attributeName=x dur=1s>",
    f"<math><mtext></p><img src=x onerror={SING}>",
    f"<body onload={SING}>",
    f"<details open ontoggle={SING}>x",
    f"<input autofocus onfocus={SING}>",
    "<iframe srcdoc='<script>parent.__evil=1</script>'>",
    f"<object data='javascript:{SING}'>",
    f"<a href='javascript:{SING}'>click</a>",
    f"javascript:{SING}",
    f"&lt;img src=x onerror={SING}&gt;",
    f"&#60;img src=x onerror={SING}&#62;",
    f"\\u003cimg src=x onerror={SING}\\u003e",
    f"${{{SING}}}",
    f"{{{{constructor.constructor('{SING}')()}}}}",
    f"%{{customdata}}<b onmouseover={SING}>x</b>",
    f'[x](javascript:{SING}) ![x](x" onerror="{SING})',
)
NAME = f'evil "<img src=x onerror={SING}>'


@pytest.fixture(scope="module")
def services(tmp_path_factory, tiny_model_folder):
    """A home whose dictionary, run and file are called as its terms are."""
    home = tmp_path_factory.mktemp("scripts") / "home"
    opened = Services(Settings.from_env({}, home=home, warm_worker=False, threads=1))
    lines = ["standard\tsynonym", *(f"{term}\t{term} {number}" for number, term in enumerate(TERMS))]
    preview = opened.preview_dictionary("\n".join(lines).encode(), "t.tsv")
    assert preview.pairs[5].standard == TERMS[5]
    opened.save_dictionary(NAME, preview, source=f"{NAME}.tsv")
    opened.start_run(NAME, str(tiny_model_folder), "instant", name=NAME)
    opened.evaluation.evaluate(f"dictionary:{NAME}", str(tiny_model_folder))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def page(window, address):
    """One page through all tabs; afterwards nothing was executed, asked for, or shown by a script."""
    wrong = []
    with window(address) as page:
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.on(
            "request", lambda sent: wrong.append(sent.url) if sent.url.endswith(("/x", "/x%22")) else None
        )
        page.wait_for_selector("#header-state")
        yield page
        assert wrong == []


@pytest.fixture(autouse=True)
def nothing_is_executed(page):
    yield
    assert page.evaluate("window.__evil") is None
    assert (
        page.locator("img[src='x'], iframe[srcdoc], [onerror], [onload], [onbegin], [ontoggle]").count() == 0
    )
    assert page.locator("a[href^='javascript:'], object").count() == 0


@pytest.fixture
def model(tiny_model_folder):
    return str(tiny_model_folder)


def go(page, tab):
    page.click(f"#tab-{tab}-button")
    page.wait_for_selector(f"#tab-{tab} h2:visible")


@pytest.mark.case(23)
def test_in_the_preview_of_a_file_and_its_problems(page, tmp_path, tell):
    path = tmp_path / "t.tsv"
    lines = [
        "standard\tsynonym",
        *(f"{term}\t{term} 2" for term in TERMS),
        *(f"{term}\t{term}" for term in TERMS),
    ]
    path.write_text("\n".join([*lines, *(f"{term}\t" for term in TERMS)]), "utf-8")
    go(page, "data")
    page.set_input_files("#data-file input[type=file]", str(path))
    page.wait_for_selector("#data-sample tbody tr")
    assert TERMS[0] in page.inner_text("#data-sample")
    page.wait_for_selector("#data-problems li")
    assert any(term in page.inner_text("#data-problems") for term in TERMS)
    page.fill("#data-name input", TERMS[2])
    tell("the preview of a file, with a problem for each term", len(TERMS), "shown as text, nothing executed")


@pytest.mark.case(23)
def test_in_the_list_of_a_dictionary_and_its_search(page, tell):
    go(page, "data")
    row = page.locator("#data-list tr[data-name]").filter(has_text=NAME)
    row.click()
    page.wait_for_selector("#data-inside tbody tr")
    for term in TERMS:
        page.fill("#data-search", term)
        expect(page.locator("#data-groups tbody")).to_contain_text(term)
    tell("the list of a dictionary, each term searched for", len(TERMS), "shown as text, nothing executed")


@pytest.mark.case(23)
def test_in_the_editor_and_in_what_it_refuses(page, tell):
    page.evaluate("name => WB.editTerm('', name)", NAME)
    grid = page.locator("#synonyms-list")
    for term in TERMS:
        expect(grid).to_contain_text(term)
    for term in TERMS[:4]:
        page.fill("#synonyms-search", term)
        expect(page.locator("#synonyms-list mark").first).to_be_visible()
    page.fill("#synonyms-search", "")
    first = page.locator(".wb-syn-row[data-group] [data-at='0']").first
    mine = first.get_attribute("data-term")
    other = next(term for term in TERMS if term != mine)
    first.click()
    page.keyboard.insert_text(other)
    page.keyboard.press("Enter")
    expect(page.locator(".wb-syn-hint.bad")).to_contain_text(other[:30])  # cut short in a sentence
    page.keyboard.press("Escape")
    tell(
        "the editor: its rows, what a search marks, the term that a refusal names",
        len(TERMS),
        "shown as text, nothing executed",
    )


@pytest.mark.case(23)
def test_in_two_terms_and_their_neighbours(page, model, tell):
    go(page, "explore")
    page.evaluate("names => WB.use(names)", {"dictionary": NAME, "model": model})
    expect(page.locator("#explore-dictionary input")).to_have_value(NAME)
    page.click("#explore-part-pair")
    for a, b in zip(TERMS[:4], TERMS[4:8], strict=True):
        page.fill("#explore-first input", a)
        page.fill("#explore-other input", b)
        page.click("#explore-compare")
        expect(page.locator(".wb-explore-terms")).to_contain_text(b)
    page.wait_for_selector("#explore-pair:not(.wb-dim) #explore-why")
    page.click("#explore-part-near")
    for term in TERMS[:6]:
        page.fill("#explore-term input", term)
        page.click("#explore-find")
        expect(page.locator(".wb-explore-of bdi")).to_have_text(term)
        page.wait_for_selector("#explore-neighbours:not(.wb-dim) .wb-hits li")
    tell("two terms and why, and lists of neighbours", 10, "shown as text, nothing executed")


@pytest.mark.case(23)
def test_on_the_map_in_its_labels_and_in_its_search(page, model, tell):
    go(page, "map")
    page.evaluate("names => WB.use(names)", {"dictionary": NAME, "model": model})
    page.wait_for_function(
        "of => document.querySelector('#map .wb-view').dataset.of?.startsWith(of)", arg=f"{NAME}\n{model}\n"
    )
    page.wait_for_selector(f"#map-start, {DRAWN}")
    if page.locator("#map-start").count():
        page.click("#map-start")
    page.wait_for_selector(DRAWN)
    for number, term in enumerate(TERMS):
        page.fill("#map-search", term)
        page.press("#map-search", "Enter")
        chosen(page, term)
        if number % 6 == 0:
            page.mouse.move(*spot(page, term))
    expect(page.locator("#map")).to_contain_text(TERMS[-1])
    tell(
        "the map: each term searched for, chosen, some under the mouse",
        len(TERMS),
        "shown as text, nothing executed",
    )


@pytest.mark.case(23)
def test_in_names_of_dictionaries_runs_and_files(page, tell):
    go(page, "train")
    expect(page.locator("#train-runs")).to_contain_text(NAME)
    page.locator("#train-runs tr[data-run] strong").filter(has_text=NAME).first.click()
    expect(page.locator("#train-run-name")).to_contain_text(NAME)
    go(page, "board")
    page.wait_for_selector("#board-table tbody tr, #board-measure")
    go(page, "models")
    page.wait_for_selector("#models-list [data-model]")
    tell("the names of a dictionary, a run and a file, in all tabs", 3, "shown as text, nothing executed")
