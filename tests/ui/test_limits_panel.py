"""This computer and its limits, on the Models tab in a real browser; and a backup downloaded there."""

import json
import os
import zipfile

import pytest

from workbench.services import Services
from workbench.settings import LIMITS, Settings

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    home = tmp_path_factory.mktemp("limits") / "home"
    given = {"WORKBENCH_MAX_ROWS": "1234567", "WORKBENCH_RUN_SECONDS": "5400"}
    opened = Services(Settings.from_env(given, home=home, warm_worker=False, threads=1))
    yield opened
    opened.close()


@pytest.fixture(scope="module", autouse=True)
def uploads(services):
    """As ``serve`` does it: what the page hands out lies in the home folder."""
    before = os.environ.get("GRADIO_TEMP_DIR")
    os.environ["GRADIO_TEMP_DIR"] = str(services.settings.uploads_path)
    yield services.settings.uploads_path
    if before is None:
        del os.environ["GRADIO_TEMP_DIR"]
    else:
        os.environ["GRADIO_TEMP_DIR"] = before


@pytest.fixture
def page(browse, address):
    page = browse(f"{address}#models")
    page.wait_for_selector("#limits-table")
    return page


def row(page, field):
    return page.locator(f"#limits-table [data-limit={field}]").inner_text()


def test_every_limit_is_shown_with_how_it_is_changed(page, services):
    assert page.locator("#limits-table tbody tr").count() == len(LIMITS)
    for limit in LIMITS:
        assert limit.option in row(page, limit.field)
        assert limit.variable in row(page, limit.field)
        assert limit.title.get("en") in row(page, limit.field)
    assert "1,234,567" in row(page, "max_rows")
    assert "200 MB" in row(page, "max_upload_bytes")
    assert "500 characters" in row(page, "max_term_length")
    assert "1.5 h" in row(page, "run_seconds")
    assert "no limit" in row(page, "run_memory_bytes")
    assert page.locator("#limits-disk [data-kind=database] b").inner_text().endswith(("KB", "MB"))
    assert str(services.settings.home) not in page.content()


def test_it_is_said_in_chinese_too(browse, address):
    page = browse(f"{address}#models", "zh-CN")
    page.wait_for_selector("#limits-table")
    assert "一个文件的行数" in row(page, "max_rows")
    assert "不限" in row(page, "run_memory_bytes")
    assert "这台电脑与上限" in page.inner_text("#models-limits")


def test_a_backup_is_downloaded_as_often_as_it_is_asked_for(page, tmp_path):
    page.select_option("#limits-scope", "without-models")
    for attempt in range(2):
        with page.expect_download() as download:
            page.click("#limits-back-up")
        assert download.value.suggested_filename.startswith("synonym-workbench-")
        file = tmp_path / f"{attempt}.zip"
        download.value.save_as(file)
        with zipfile.ZipFile(file) as archive:
            assert archive.testzip() is None
            assert list(json.loads(archive.read("backup.json"))["files"]) == ["workbench.db"]
        page.wait_for_selector("#limits-back-up:enabled")


def test_what_goes_wrong_is_said_in_words(page, services, monkeypatch):
    from workbench.errors import StorageProblem
    from workbench.localtext import LocalText

    def full(*_given, **_named):
        raise StorageProblem(LocalText("磁盘满了。", "The disk is full."))

    monkeypatch.setattr(services.backups, "write", full)
    page.click("#limits-back-up")
    page.wait_for_selector(".wb-note:has-text('The disk is full.')")
    page.wait_for_selector("#limits-back-up:enabled")
