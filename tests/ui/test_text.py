"""Every string is there in both languages, and every string that is asked for exists."""

import re
import string

import pytest

from workbench.settings import ASSETS
from workbench.ui.assets import SCRIPTS, STYLES, head
from workbench.ui.text import TEXTS, Labels, for_views, text

CHINESE = re.compile("[\u4e00-\u9fff]")


def placeholders(template: str) -> set[str]:
    # A word in one of two forms goes with a number that is there: {n} {n|row|rows}.
    return {name.partition("|")[0] for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_both_languages_say_the_same_with_the_same_values(key):
    sentence = TEXTS[key]
    assert sentence.zh.strip()
    assert sentence.en.strip()
    assert placeholders(sentence.zh) == placeholders(sentence.en)
    if key not in ("product.other",) and not key.startswith("data.example"):
        assert not CHINESE.search(sentence.en)


@pytest.mark.parametrize("key", sorted(key for key in TEXTS if "|" in TEXTS[key].en))
def test_a_word_goes_with_its_number(key):
    forms = re.findall(r"\{(\w+)\|([^|{}]+)\|([^|{}]+)\}", TEXTS[key].en)
    assert TEXTS[key].en.count("|") == 2 * len(forms), "one bar too many, or too few"
    for name, one, many in forms:
        assert f"{{{name}}}" in TEXTS[key].en
        assert one != many
        said = (
            TEXTS[key].format(**dict.fromkeys(placeholders(TEXTS[key].en), "7"), **{}).format(**{name: "1"})
        )
        assert re.search(rf"\b{re.escape(one)}(?!\w)", said.get("en").split("1", 1)[1])
        assert re.search(rf"\b{re.escape(many)}(?!\w)", TEXTS[key].format(**{name: "2"}).get("en"))


def test_chinese_is_chinese():
    same = {key for key, sentence in TEXTS.items() if not CHINESE.search(sentence.zh)}
    allowed = {
        "product.other",
        "common.comma",
        "explore.told_answer",
        "explore.told_by",
        "common.semicolon",
        "header.working",
        "common.page",
        "data.example_2",
        "board.col_5",
        "board.col_10",
        "board.col_mrr",
        "board.col_ndcg",
        "board.col_hit1",
        "board.col_hit5",
        "board.col_hit10",
        "board.format_md",
        "pairboard.auc",
        "pairboard.f1_short",
        "curves.dev_mrr@10",
        "synonyms.and",
        "synonyms.quoted",
        "synonyms.other_did",
    }
    names = {key for key in same if re.fullmatch(r"term\.\w+", key)}  # of the glossary: BM25, MRR
    assert same - names <= allowed


def test_texts_that_scripts_ask_for_exist():
    for name in SCRIPTS:
        script = (ASSETS / "js" / name).read_text("utf-8")
        for key in re.findall(r"""\bt\(\s*"([\w.]+)"\s*[,)]""", script):
            assert key in TEXTS, f"{name} asks for {key}"
        for stem in re.findall(r"""\bt\(\s*"([\w.]+[._])" \+""", script):
            assert any(key.startswith(stem) for key in TEXTS), f"{name} asks for {stem}…"


def test_scripts_hold_no_words_of_their_own():
    for name in SCRIPTS:
        assert not CHINESE.search(
            (ASSETS / "js" / name).read_text("utf-8").replace('"中"', "").replace("、", "")
        )


def test_head_asks_for_nothing_from_outside():
    page = head("")
    assert not re.search(r"https?://(?!www\.w3\.org)", page)
    assert "@import" not in page
    assert "innerHTML" not in page
    assert page.count("</script>") == 1


def test_every_script_comes_after_the_one_that_it_adds_to():
    opened = {"views"}
    for name in SCRIPTS:
        for first, rest in re.findall(
            r"^WB\.(\w+)([.\w]*) = ", (ASSETS / "js" / name).read_text("utf-8"), re.M
        ):
            assert not rest or first in opened, f"{name} adds to WB.{first}, which is not there yet"
            opened.add(first)
    assert SCRIPTS[0] == "core.js"
    assert {"map", "pairs", "synonyms"} < opened


def test_all_files_of_the_page_are_used():
    assert {path.name for path in (ASSETS / "js").iterdir()} == set(SCRIPTS)
    assert {path.name for path in (ASSETS / "css").iterdir()} == set(STYLES)


def test_labels_are_translated_by_the_browser():
    labels = Labels()
    assert "tab.data" in str(labels("tab.data"))
    catalogue = labels.catalogue().translations_dict
    assert catalogue["zh-CN"]["tab.data"] == "资料"
    assert catalogue["en"]["tab.data"] == "Data"
    with pytest.raises(KeyError):
        labels("tab.nowhere")


def test_values_fill_both_languages():
    assert text("board.missing", n=2, names="a").get("zh").startswith("还有 2 项")
    assert for_views()["en"]["board.missing"].startswith("{n} not measured")
