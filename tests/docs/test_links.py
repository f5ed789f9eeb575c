"""What documents point to is there: links, headings, pictures; every command of theirs is understood."""

import re
import shlex
from pathlib import Path

import pytest

from workbench.cli import _parser

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
EACH = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
FENCED = re.compile(r"^```.*?^```$", re.M | re.S)


def prose(document: Path) -> str:
    """A document without its blocks of code."""
    return FENCED.sub("", document.read_text("utf-8"))


def anchors(document: Path) -> set[str]:
    """The names under which parts of a document can be linked, as the usual viewers make them."""
    text = prose(document)
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings]
    return {*plain, *re.findall(r'<a id="([^"]+)">', text)}


@EACH
def test_links_headings_and_pictures_are_there(document):
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", prose(document)):
        if target.startswith(("http://", "https://")):
            continue
        found = (document.parent / target) if target else document
        assert found.exists(), target
        assert found.resolve().is_relative_to(ROOT), target
        if anchor and found.suffix == ".md":
            assert anchor in anchors(found), f"{target}#{anchor}"


@EACH
def test_every_command_is_understood(document):
    for line in document.read_text("utf-8").splitlines():
        if line.startswith("python -m workbench "):
            _parser().parse_args(shlex.split(line, comments=True)[3:])


def test_every_page_of_docs_is_linked_from_another():
    linked = {
        (document.parent / target).resolve()
        for document in DOCUMENTS
        for target in re.findall(r"\]\(([^)#\s]+\.md)", prose(document))
        if not target.startswith("http")
    }
    assert {path for path in DOCUMENTS if path.parent != ROOT} <= linked


def test_every_picture_is_shown_somewhere_and_small():
    shown = {
        (document.parent / target).resolve()
        for document in DOCUMENTS
        for target in re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", prose(document))
    }
    pictures = set((ROOT / "docs" / "images").iterdir())
    assert pictures <= shown
    for picture in pictures:
        assert picture.stat().st_size < 150_000, picture.name
