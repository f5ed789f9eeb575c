"""Word vectors on the Models tab in a real browser: a file comes in, is a model to choose, and goes again."""

import gzip

import pytest

pytestmark = pytest.mark.browser

WORDS = ["混凝土", "水泥", "越野车", "汽车", "钢筋", "car", "lorry", "road"]


def lines(words=WORDS, header=True) -> str:
    rows = [
        " ".join([word, *(f"{(7 * n + 3 * k) % 11 - 5:.1f}" for k in range(6))])
        for n, word in enumerate(words)
    ]
    return "\n".join([f"{len(rows)} 6", *rows] if header else rows) + "\n"


@pytest.fixture
def page(browse, address):
    page = browse(f"{address}#models")
    page.wait_for_selector("#models-list .wb-modelcard")
    return page


@pytest.fixture
def send(page, tmp_path):
    """Upload a file and wait for its form."""

    def upload(name: str, content: str | bytes) -> None:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        page.set_input_files("#vectors-file input[type=file]", str(path))
        page.wait_for_selector("#vectors-import")

    return upload


def card(page, name):
    return page.locator(f"#models-list [data-model='vectors:{name}']")


def test_a_file_becomes_a_model_that_can_be_chosen_and_deleted(page, send, services, until):
    send("my words.vec.gz", gzip.compress(lines().encode()))
    assert page.input_value("#vectors-name") == "my words"
    page.select_option("#vectors-pooling", "mean")
    page.click("#vectors-import")
    page.wait_for_selector("#vectors-done")
    assert "8 words of 6 numbers" in page.inner_text("#vectors-done")
    card(page, "my words").wait_for()
    assert "mean pooling" in card(page, "my words").inner_text()
    info = services.word_vectors.all()[0]
    assert (info.id, info.dimension) == ("vectors:my words", 6)
    card(page, "my words").locator("[data-act=try]").click()
    page.wait_for_function("document.querySelector('#explore-model input')?.value === 'my words'")
    page.click("#tab-models-button")
    card(page, "my words").locator("[data-act=delete]").click()
    page.locator("dialog button.danger").click()
    card(page, "my words").wait_for(state="detached")
    until(lambda: not services.word_vectors.all())


def test_what_is_wrong_is_said_and_can_be_put_right(page, send, services):
    send("report.txt", "This is a report about concrete.\nIt has no numbers.\n")
    page.click("#vectors-import")
    page.wait_for_selector("#vectors-problem")
    assert "no word vectors" in page.inner_text("#vectors-problem")
    page.click("#vectors-file button[aria-label='Clear']")
    page.wait_for_selector("#vectors-import", state="detached")
    send("broken.txt", lines(header=False) + "bad 1 2 x 4 5 6\nshort 1 2\n")
    page.fill("#vectors-name", "")
    page.click("#vectors-import")
    page.wait_for_selector("#vectors-problem")
    assert "name" in page.inner_text("#vectors-problem")
    page.fill("#vectors-name", "mended")
    page.click("#vectors-import")
    page.wait_for_selector("#vectors-problems")
    assert page.locator("#vectors-problems li").count() == 2
    assert "Row 9" in page.inner_text("#vectors-problems")
    services.word_vectors.delete("mended")
