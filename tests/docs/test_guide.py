"""The guide follows the program: a chapter for each tab in both languages, generated pages, quoted words."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

from workbench.training.recipes import RECIPES
from workbench.ui.app import TABS
from workbench.ui.text import TEXTS

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guide"
CHAPTERS = {"board": "leaderboard"}  # tab -> chapter, where they differ
SECTIONS = {
    "en": ("## First", "## What the numbers mean", "## What can go wrong"),
    "zh": ("## 先做什么", "## 这些数字是什么意思", "## 可能出什么问题"),
}


def load_generator():
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATE = load_generator()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("tab", [name for name, _ in TABS])
def test_each_tab_has_a_chapter_with_a_picture_of_its_language(tab, language):
    text = (GUIDE / language / f"{CHAPTERS.get(tab, tab)}.md").read_text("utf-8")
    assert text.startswith(f"# {TEXTS[f'tab.{tab}'].get(language)}\n")
    for section in SECTIONS[language]:
        assert f"\n{section}\n" in text
    pictures = re.findall(r"images/([\w-]+)\.png", text)
    assert pictures
    assert all(name.endswith(f"-{language}") for name in pictures)


def test_both_languages_have_the_same_chapters_with_the_same_parts():
    en, zh = ({path.name for path in (GUIDE / language).iterdir()} for language in ("en", "zh"))
    assert en == zh
    for name in en:
        shapes = []
        for language in ("en", "zh"):
            lines = (GUIDE / language / name).read_text("utf-8").splitlines()
            shapes.append([line.split(" ")[0][:2] for line in lines if line.startswith(("#", "!"))])
        assert shapes[0] == shapes[1], name


@pytest.mark.parametrize("path", GENERATE.pages(), ids=lambda path: "/".join(path.parts[-2:]))
def test_generated_pages_are_what_the_program_says(path):
    assert path.read_text("utf-8") == GENERATE.pages()[path], "run: python docs/generate.py"


def test_every_ready_recipe_is_explained_and_chosen_from_the_table():
    assert list(GENERATE.PLAIN) == [recipe.name for recipe in RECIPES]
    for language in ("en", "zh"):
        page = GENERATE.recipes(language)
        assert set(re.findall(r"\]\(#(\w+)\)", page)) == {recipe.name for recipe in RECIPES}


def sentences() -> set[str]:
    """Every string of the program, with … for what is filled in."""
    found = {sentence.get(language) for sentence in TEXTS.values() for language in ("zh", "en")}
    for path in (ROOT / "workbench").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return {re.sub(r"\{\w+\}", "…", text) for text in found}


def test_what_the_program_is_said_to_say_it_says():
    known = sentences()
    quoted = {}
    for language in ("en", "zh"):
        text = (GUIDE / language / "troubleshooting.md").read_text("utf-8")
        quoted[language] = re.findall(r"^> (.+)$", text, re.M)
        assert len(re.findall(r"^## \d+\. ", text, re.M)) == 10
        assert [quote for quote in quoted[language] if quote not in known] == []
    assert len(quoted["en"]) == len(quoted["zh"]) >= 10
