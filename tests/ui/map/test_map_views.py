"""Ways to look at the map in a browser: colours, lines, before and after, and as a file."""

import pytest
from map_on_screen import chosen, drawn, in_the_middle, spot
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_colours_have_a_legend_that_isolates(visit, services):
    page = visit()
    page.select_option("#map-by", "part")
    page.wait_for_selector("#map-legend [data-class='2']")
    assert page.locator("#map-legend [data-class]").count() == 3
    test = page.locator("#map-legend [data-class='2']")
    n = int(test.locator("small").inner_text())
    layout = services.maps.layout("toy", "second")
    assert n == sum(part == "test" for part in layout.parts)
    test.click()
    sizes = "document.getElementById('map-plot').data.map(t => [t.x.length, t.marker.opacity])"
    page.wait_for_function(f"{sizes}.length === 2")
    shown = {round(opacity, 2): count for count, opacity in page.evaluate(sizes)}
    assert shown == {0.16: 270 - n, 0.82: n}
    page.select_option("#map-by", "rank")
    page.wait_for_selector("#map-legend .wb-atlas-ramp")
    page.reload()
    page.wait_for_selector("#map-by")
    assert page.input_value("#map-by") == "rank"


@pytest.mark.parametrize("by", ["component", "language", "cluster", "frequency"])
def test_every_colour_is_there_or_says_what_it_needs(visit, by):
    page = visit()
    option = page.locator(f"#map-by option[value={by}]")
    if by == "frequency":
        expect(option).to_be_disabled()
        expect(option).to_contain_text("corpus")
        return
    page.select_option("#map-by", by)
    page.wait_for_function(
        "document.getElementById('map-plot').data.length > 0"
        " && !document.querySelector('#map-legend .wb-bar')"
    )
    assert page.evaluate(
        "document.getElementById('map-plot').data.every(t => typeof t.marker.color === 'string')"
    )
    assert page.locator(".wb-note.problem").count() == 0


def test_terms_are_coloured_by_how_often_raw_text_has_them(visit, services):
    layout = services.maps.layout("toy", "second")
    seen, rare = layout.terms[0], layout.terms[1]
    text = "\n".join([*[f"One saw {seen} again, number {n}." for n in range(12)], f"And {rare} once."])
    services.corpora.save("diary", services.corpora.preview(text.encode(), "diary.txt"), source="diary.txt")
    page = visit()
    page.select_option("#map-by", "frequency")
    page.wait_for_selector("#map-legend .wb-atlas-ramp")
    expect(page.locator("#map-legend")).to_contain_text("12")
    counts = services.maps.colours("toy", "second", "frequency", layout=layout).values
    assert [counts[0], counts[1]] == [12, 1]
    assert sum(counts) == 13


def test_lines_and_the_list_of_what_is_not_learnt(visit, services, toy_pairs):
    page = visit()
    page.click("#map-lines")
    page.wait_for_selector("#map-unlearnt li button")
    layout = services.maps.layout("toy", "second")
    lines = services.maps.lines("toy", "second", layout=layout)
    first = page.locator("#map-unlearnt li").first
    expect(first).to_contain_text(layout.terms[lines.a[0]])
    expect(first).to_contain_text(layout.terms[lines.b[0]])
    drawn_lines = "document.getElementById('map-plot').data.filter(t => t.mode === 'lines')"
    page.wait_for_function(f"{drawn_lines}.length === 5")
    ends = page.evaluate(f"{drawn_lines}.reduce((n, t) => n + t.x.length / 3, 0)")
    assert ends == len(lines.a) == len(toy_pairs)
    first.locator("button").click()
    in_the_middle(page, layout.terms[lines.a[0]])
    page.click("#map-lines")
    page.wait_for_function(f"{drawn_lines}.length === 0")


def test_before_and_after_side_by_side_are_linked(visit, services, toy_pairs):
    page = visit()
    page.select_option("#map-against", "first")
    page.wait_for_selector("#map-plot-before .gl-canvas", state="attached")
    drawn(page)
    expect(page.locator("#map-numbers")).to_contain_text("%")
    before = services.maps.layout("toy", "second", against="first").before
    expect(page.locator("#map-numbers")).to_contain_text(
        f"{before.synonym_distance_before * 100:.0f}% as far apart"
    )
    term = toy_pairs[30].synonym
    x, y = spot(page, term, "before")
    page.mouse.move(x, y, steps=2)
    page.mouse.wheel(0, -400)
    page.wait_for_function(
        """() => {
          const [before, after] = ['map-plot-before', 'map-plot'].map(
            (id) => document.getElementById(id)._fullLayout.xaxis.range.map((v) => Number(v.toFixed(4))));
          return String(before) === String(after) && after[1] - after[0] < 2.05;
        }"""
    )
    page.mouse.click(*spot(page, term, "before"))
    chosen(page, term)


def test_the_way_from_before_to_after(visit, services):
    page = visit()
    page.select_option("#map-against", "first")
    page.click("#map-compare-way")
    page.wait_for_selector("#map-share")
    layout = services.maps.layout("toy", "second", against="first")
    places = "document.getElementById('map-plot').data.flatMap(t => [...t.x]).sort((a, b) => a - b)[0]"
    page.wait_for_function("document.getElementById('map-plot').data?.length > 0")
    assert page.evaluate(places) == pytest.approx(float(layout.x.min()), abs=2e-4)
    page.evaluate(
        "const s = document.getElementById('map-share'); s.value = 0; s.dispatchEvent(new Event('input'))"
    )
    page.wait_for_selector("#map .wb-view[data-share='0.00']")
    assert page.evaluate(places) == pytest.approx(float(layout.before.x.min()), abs=2e-4)
    page.click("#map-play")
    page.wait_for_selector("#map .wb-view[data-share='1.00']")
    assert page.evaluate(places) == pytest.approx(float(layout.x.min()), abs=2e-4)


def test_the_map_leaves_as_picture_drawing_and_page(visit, toy_pairs):
    page = visit()
    found = {}
    for kind in ("png", "svg", "html"):
        if page.locator("#map-save[open]").count() == 0:
            page.click("#map-save summary")
        with page.expect_download() as download:
            page.click(f"#map-save-{kind}")
        assert download.value.suggested_filename == f"toy-map.{kind}"
        found[kind] = download.value.path().read_bytes()
    assert found["png"][:4] == b"\x89PNG"
    assert len(found["png"]) > 20_000
    assert found["svg"].lstrip().startswith(b"<svg")
    assert b"Content-Security-Policy" in found["html"][:400]
    assert toy_pairs[0].synonym.encode() in found["html"]
