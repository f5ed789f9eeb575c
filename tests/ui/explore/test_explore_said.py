"""What Explore answers is said to who hears the page: a sentence an answer, in both languages."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def said(page, words):
    expect(page.locator("#wb-aloud p")).to_have_text(words)


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_each_answer_is_said_in_a_sentence(visit, groups, locale):
    (a, b, *_), (other, *_) = groups[:2]
    en = locale == "en-GB"
    page = visit("pair", locale)
    assert page.locator("#wb-aloud").count() == 1, "there before its words: else they are not noticed"
    page.fill("#explore-first input", a)
    page.fill("#explore-other input", b)
    page.click("#explore-compare")
    share, by = (r"(> |< )?\d+%, [a-z]", r" \(.+\)") if en else (r"(> |< )?\d+%，[^a-z]", r"（.+）")
    told = rf"“{a}” and “{b}”: {share}" if en else rf"“{a}”和“{b}”：{share}"
    said(page, re.compile(rf"^{told}.+{by}$"))
    before = page.query_selector("#wb-aloud p")
    page.click("#explore-compare")
    page.wait_for_function("node => !node.isConnected", arg=before)  # asked again, it is said again
    said(page, re.compile(f"^{told}"))

    page.click("#explore-part-near")
    page.fill("#explore-term input", a)
    page.press("#explore-term input", "Enter")
    said(
        page,
        re.compile(
            rf"^10 neighbours of “{a}”: \S+, \S+, \S+ … \(.+\)$"
            if en
            else rf"^“{a}”的 10 个近邻：\S+ …（.+）$"
        ),
    )

    page.click("#explore-part-matrix")
    page.fill("#explore-matrix-terms", f"{a}\n{b}\n{other}")
    page.click("#explore-matrix-start")
    said(page, re.compile(r"^Matrix of 3 terms, \d+ known" if en else "^3 个词的相似矩阵"))
    page.focus("#explore-matrix-canvas")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    said(page, re.compile(r"^“.+” and “.+”: .*%$" if en else "^“.+”和“.+”：.*%$"))


def test_a_list_a_column_and_suggestions_are_said(visit, groups):
    page = visit("pair")
    page.click("#explore-others")
    said(page, re.compile(r"^Try a pair of the dictionary: \S+ ~ \S+, "))
    page.click("#explore-part-near")
    page.click("#explore-source [data-value=list]")
    page.click("#explore-list-way [data-value=paste]")
    page.fill("#explore-list-text", "\n".join(groups[0]))
    page.click("#explore-list-take")
    said(page, f"“Pasted list”: {len(groups[0])} rows")
    page.click("#explore-part-match")
    page.click("#explore-match-way [data-value=paste]")
    page.fill("#explore-match-text", "\n".join(groups[1]))
    page.click("#explore-match-start")
    page.wait_for_selector("#explore-match-sentence")
    said(page, page.inner_text("#explore-match-sentence").strip())
