"""Uploads are read once and kept for a while; what a browser sends of them is checked."""

import time

import pytest

from workbench.errors import BadParameter, NotFound
from workbench.services import Services
from workbench.settings import Settings
from workbench.ui import reading
from workbench.ui.page import Page
from workbench.ui.reading import How, guess, how_from, read
from workbench.ui.tabs import data_import
from workbench.ui.uploads import KEPT, KNOWN, Uploads

ENCODINGS = ("utf-8", "gb18030", "cp1252")
CONTENT = "标准词,近似词\n越野车,SUV\n轿车,小车\n"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    services = Services(
        Settings.from_env({}, home=tmp_path_factory.mktemp("uploads") / "home", warm_worker=False)
    )
    page = Page(services)
    yield page
    page.close()
    services.close()


@pytest.fixture
def uploads():
    return Uploads()


@pytest.fixture
def add(uploads, tmp_path):
    def put(name="a.csv", content=CONTENT):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return uploads.add(str(path))

    return put


def asked(page, uploads, question, **data):
    function = {each.__name__: each for each in data_import.functions(page, uploads)}[question]
    for _ in range(3000):  # a minute: only what hangs takes so long
        reply = function(data)
        if "working" not in reply:
            return reply
        time.sleep(0.02)
    raise AssertionError("no answer")


def test_a_file_is_read_once_for_preview_other_columns_and_saving(page, uploads, add, monkeypatch):
    times = []
    once = reading._table
    monkeypatch.setattr(reading, "_table", lambda *given: (times.append(1), once(*given))[1])
    token = add("once.csv", CONTENT).token
    first = asked(page, uploads, "look", token=token)
    assert first["preview"]["pairs"] == 2
    asked(page, uploads, "look", token=token, kind="dictionary", how={"standard": 1, "synonyms": [0]})
    asked(page, uploads, "look", token=token, kind="dictionary", how={"split": True})
    saved = asked(page, uploads, "save_upload", token=token, kind="dictionary", name="once", attempt=1)
    assert saved["saved"]["info"]["pairs"] == 2
    assert len(times) == 1


def test_a_refused_saving_can_be_tried_again_under_another_name(page, uploads, add):
    token = add().token
    asked(page, uploads, "save_upload", token=token, kind="dictionary", name="taken", attempt=1)
    refused = asked(page, uploads, "save_upload", token=token, kind="dictionary", name="taken", attempt=2)
    assert "taken" in refused["error"]["en"]
    again = asked(page, uploads, "save_upload", token=token, kind="dictionary", name="free", attempt=3)
    assert again["saved"]["info"]["name"] == "free"


def test_the_same_pair_set_again_changes_nothing(page, uploads, add):
    token = add("p.csv", "text1,text2,label\na b,c d,1\ne f,g h,0\n").token
    first = asked(page, uploads, "save_upload", token=token, kind="pairs", name="p", attempt=1)
    second = asked(
        page, uploads, "save_upload", token=token, kind="pairs", name="p", mode="replace", attempt=2
    )
    assert first["saved"]["changed"] is True
    assert second["saved"]["changed"] is False


def test_a_file_that_cannot_be_read_still_offers_its_columns(page, uploads, add):
    reply = asked(page, uploads, "look", token=add("e.csv", "标准词,近似词,其他\n船体,,船壳\n").token)
    assert reply["problem"]["zh"]
    assert reply["columns"] == ["标准词", "近似词", "其他"]
    assert "pairs" not in reply


def test_old_uploads_are_forgotten_and_heavy_ones_lightened(page, uploads, add):
    first = add()
    read(page.services, first, None, "dictionary", How())
    first.remember("asked", {"answer": 1})
    assert first._kept
    for _ in range(KEPT):
        add()
    assert not first._kept
    assert first.result("asked") == {"answer": 1}, "who has asked still waits for it"
    assert uploads.get(first.token) is first
    for _ in range(KNOWN):
        add()
    with pytest.raises(NotFound):
        uploads.get(first.token)
    assert first.path.exists(), "somebody may be reading it; it is swept away after a day"


def test_an_upload_that_is_used_stays_while_others_make_room(uploads, add):
    first, second = add("first.csv"), add("second.csv")
    for _ in range(KNOWN - 2):
        add()
    uploads.get(first.token)
    add()
    assert uploads.find(first.token) is first
    assert uploads.find(second.token) is None


def test_what_is_forgotten_leaves_no_file_behind(page, uploads, tmp_path):
    folder = tmp_path / "of-its-content"
    folder.mkdir()
    file = folder / "a.csv"
    file.write_text(CONTENT)
    mine, yours = uploads.add(str(file)), uploads.add(str(file))  # equal files lie at one place
    asked(page, uploads, "forget_upload", token=mine.token)
    assert yours.bytes() == CONTENT.encode()
    asked(page, uploads, "forget_upload", token=yours.token)
    assert list(tmp_path.iterdir()) == []


def test_a_temporary_file_that_is_gone_is_said(page, add):
    upload = add()
    upload.path.unlink()
    with pytest.raises(NotFound):
        read(page.services, upload, None, "dictionary", How())


def test_a_large_file_is_guessed_by_its_beginning(page, add, monkeypatch):
    monkeypatch.setattr(reading, "_LARGE", 1000)
    monkeypatch.setattr(reading, "HEAD", 600)
    rows = "".join(f"句子第{i}号在这里,另一个句子{i}在这里,{i % 2}\n" for i in range(200))
    found = guess(page.services, add("large.csv", "text1,text2,label\n" + rows), How())
    assert (found.kind, found.sure) == ("pairs", True)


def test_lines_that_end_like_sentences_are_raw_text(page, add):
    lines = "".join(f"第{i}条 混凝土浇筑后养护{i}天，并做好记录。\n" for i in range(30))
    assert guess(page.services, add("rules.txt", lines), How()).kind == "corpus"


@pytest.mark.parametrize(
    "sent",
    [
        {"standard": "0"},
        {"standard": -1},
        {"synonyms": [0, "x"]},
        {"synonyms": "01"},
        {"answers": [0] * 2000},
        {"encoding": "rot13"},
        {"delimiter": "ab"},
        {"format": "exe"},
        {"header": "yes"},
        {"sheet": "x" * 500},
        {"missing": "all"},
        {"split": 1},
    ],
)
def test_what_a_browser_sends_is_checked(sent):
    with pytest.raises(BadParameter):
        how_from(sent, ENCODINGS)


def test_choices_are_taken_as_they_were_sent():
    how = how_from(
        {
            "header": False,
            "encoding": "cp1252",
            "delimiter": ";",
            "synonyms": [2, 3],
            "scopes": ["RELATED", "x"],
        },
        ENCODINGS,
    )
    assert (how.header, how.encoding, how.delimiter, how.synonyms) == (False, "cp1252", ";", (2, 3))
    assert how.scopes == ("RELATED",)
