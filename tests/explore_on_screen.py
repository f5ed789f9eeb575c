"""How the browser tests of Explore ask for terms and read what they find."""

from playwright.sync_api import expect

FILLED = "#explore-neighbours:not(.wb-dim) .wb-hits li"


def compare(page, a, b):
    page.fill("#explore-first input", a)
    page.fill("#explore-other input", b)
    page.click("#explore-compare")
    expect(page.locator(".wb-explore-terms")).to_contain_text(b)
    page.wait_for_selector("#explore-pair:not(.wb-dim) #explore-why")


def find(page, text):
    page.fill("#explore-term input", text)
    page.click("#explore-find")
    expect(page.locator(".wb-explore-of bdi")).to_have_text(text)
    page.wait_for_selector(FILLED)


def hits(page, column=0):
    return page.locator("#explore-neighbours [data-model]").nth(column).locator("li")


def terms_of(page, column=0):
    return [each.get_attribute("data-term") for each in hits(page, column).all()]


def start_match(page, text):
    page.click("#explore-match-way [data-value=paste]")
    page.fill("#explore-match-text", text)
    page.click("#explore-match-start")


def draw_matrix(page, terms):
    page.fill("#explore-matrix-terms", "\n".join(terms))
    page.click("#explore-matrix-start")
    page.wait_for_selector(f"#explore-matrix-canvas[data-drawn='{len(terms)}']")


def point(page, row, column):
    """Where a cell of the matrix is, within the canvas."""
    left, size = (
        float(page.get_attribute("#explore-matrix-canvas", f"data-{key}")) for key in ("left", "size")
    )
    return {"x": left + (column + 0.5) * size, "y": left + (row + 0.5) * size}
