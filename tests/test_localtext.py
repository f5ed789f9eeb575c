"""Whatever is said is said in Chinese and in English, and says the same things."""

import ast
import re
import string
from pathlib import Path

import pytest

from workbench.errors import InputError, WorkbenchError
from workbench.localtext import LANGUAGES, LocalText

PACKAGE = Path(__file__).resolve().parents[1] / "workbench"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def placeholders(text: str) -> set[str]:
    names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    return {name.partition("|")[0] for name in names}  # {n|row|rows}: which of the two, n says


def literal(node: ast.AST) -> tuple[str, str] | None:
    """The two texts of ``LocalText("…", "…")``, where both are written out."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "LocalText"):
        return None
    given = dict(zip(("zh", "en"), node.args, strict=False))
    given.update({word.arg: word.value for word in node.keywords})
    pair = given.get("zh"), given.get("en")
    if all(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in pair):
        return pair[0].value, pair[1].value
    return None


def found() -> list[tuple[str, str, str]]:
    """(place, zh, en) of every text in the source, those of the page's word lists included."""
    result = []
    for path in sorted(PACKAGE.rglob("*.py")):
        place = str(path.relative_to(PACKAGE))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            pair = literal(node)
            if pair:
                result.append((f"{place}:{node.lineno}", *pair))
            if isinstance(node, ast.Dict) and place.startswith("ui/wording"):
                for value in node.values:
                    words = [e.value for e in getattr(value, "elts", ()) if isinstance(e, ast.Constant)]
                    if len(words) == 2:
                        result.append((f"{place}:{value.lineno}", *words))
    return result


TEXTS = found()
each_text = pytest.mark.parametrize(("place", "zh", "en"), TEXTS, ids=[place for place, _, _ in TEXTS])


def test_the_texts_are_found():
    assert len(TEXTS) > 200
    assert any(place.startswith("ui/wording") for place, _, _ in TEXTS)
    assert any(place.startswith("storage/artifacts") for place, _, _ in TEXTS)


@each_text
def test_both_languages_are_there_and_hold_the_same_values(place, zh, en):
    assert bool(zh.strip()) == bool(en.strip()), place
    assert placeholders(zh) == placeholders(en), place
    if len(en.split()) > 2:  # more than a name or an example
        assert CHINESE.search(zh), place
        assert not CHINESE.search(re.sub(r"[“「（(].*?[”」）)]", "", en)), place


@each_text
def test_a_chinese_sentence_ends_as_one(place, zh, en):
    if re.search(r"[.!?]$", en) and len(en.split()) > 3:
        assert re.search(r"[。！？…）」}]$", zh), place


def calls_with_texts() -> list[tuple[str, set[str], set[str]]]:
    """(place, placeholders, values given) of every error made, or text filled, on the spot."""
    result = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or any(word.arg is None for word in node.keywords):
                continue
            if isinstance(node.func, ast.Attribute) and node.func.attr == "format":
                pairs = [literal(node.func.value)]
            elif isinstance(node.func, ast.Name) and node.func.id[0].isupper():
                pairs = [literal(argument) for argument in node.args]
            else:
                continue
            wanted = {name for pair in pairs if pair for name in placeholders(pair[1])}
            if any(pairs):
                given = {str(word.arg) for word in node.keywords}
                result.append((f"{path.relative_to(PACKAGE)}:{node.lineno}", wanted, given))
    return result


CALLS = calls_with_texts()


@pytest.mark.parametrize(("place", "wanted", "given"), CALLS, ids=[place for place, _, _ in CALLS])
def test_every_placeholder_of_a_sentence_is_filled_where_it_is_said(place, wanted, given):
    assert wanted <= given or not wanted, place


def test_values_are_put_in_in_both_languages():
    text = LocalText("{n} 个「{what}」", "{n} of “{what}”").format(n=2, what=LocalText("词", "terms"))
    assert text.get("zh") == "2 个「词」"
    assert text.get("en") == "2 of “terms”"
    assert str(text) == "2 of “terms”"
    assert text.as_json() == {language: text.get(language) for language in LANGUAGES}
    assert LocalText.from_json(text.as_json()).get("zh") == "2 个「词」"


def test_a_missing_value_is_left_standing_and_a_brace_in_a_value_is_only_a_brace():
    text = LocalText("{a} {b}", "{a} {b}").format(a="{b} {0} {a.__class__}")
    assert text.get("en") == "{b} {0} {a.__class__} {b}"
    stored = LocalText.from_json(LocalText("{term}", "{term}").format(term="{x}").as_json())
    assert stored.get("en") == "{x}"


def test_text_without_values_may_hold_braces():
    assert LocalText("一个 { 号", "a { brace").get("en") == "a { brace"


def test_an_error_says_what_happened_and_what_to_do_in_both_languages():
    error = InputError(
        LocalText("没有「{name}」。", "There is no “{name}”."), LocalText("请改名。", "Rename it."), name="车"
    )
    assert error.text("zh") == "没有「车」。请改名。"
    assert error.text("en") == str(error) == "There is no “车”. Rename it."
    assert (error.exit_status, WorkbenchError.exit_status) == (2, 1)


def test_one_sentence_behind_another_has_a_space_where_the_language_has_one():
    both = LocalText("剩 {n} 个。", "{n} left.").format(n=3).then(LocalText("请删除 {n}。", "Delete {n}."))
    assert both.get("zh") == "剩 3 个。请删除 {n}。"
    assert both.get("en") == "3 left. Delete {n}."


def test_a_word_goes_with_its_number():
    text = LocalText("{n} 行", "{n} {n|row|rows} of {other|x|y}")
    said = [text.format(n=n).get("en") for n in (0, 1, 2, "1", "1,001")]
    assert said == [f"{n} of {{other|x|y}}" for n in ("0 rows", "1 row", "2 rows", "1 row", "1,001 rows")]
    assert text.format(n=1).get("zh") == "1 行"
    assert text.format(n=LocalText("一", "1")).get("en").startswith("1 row ")
