"""Prompts with placeholders, which an expert may rewrite."""

import pytest

from workbench.errors import BadParameter
from workbench.generation.parsing import parse_rows
from workbench.generation.prompts import NEEDED, Template, default_template, templates, values_for


def synonym(text, system=""):
    return Template("synonym", "zh", system, text)


def test_there_is_a_template_of_every_kind_in_both_languages():
    found = {(template.kind, template.language) for template in templates()}
    assert found == {(kind, language) for kind in NEEDED for language in ("zh", "en")}


@pytest.mark.parametrize("template", templates(), ids=lambda t: f"{t.kind}-{t.language}")
def test_the_templates_are_right_and_show_the_form_that_is_read(template):
    template.check()
    values = values_for(template.kind, "普拉多", count=4, domain="汽车", language=template.language)
    system, prompt = template.render(values)
    assert "普拉多" in prompt
    assert "4" in prompt
    assert "汽车" in system
    assert "{" not in system + prompt
    assert len(parse_rows(prompt).rows) == 2  # the example


def test_known_synonyms_are_listed_or_said_to_be_none():
    render = lambda known, language: default_template("synonym", language).render(
        values_for("synonym", "车", count=3, domain="", language=language, known=known)
    )
    assert "已知的同义词：汽车、轿车。" in render(("汽车", "轿车"), "zh")[1]
    assert "已知的同义词：无。" in render((), "zh")[1]
    assert "Known already: none." in render((), "en")[1]
    assert "通用" in render((), "zh")[0]


@pytest.mark.parametrize(
    ("text", "word"),
    [("{term} {count} {Term}", "{Term}"), ("{term} {count} {sentence}", "{sentence}"),
     ("{term} {count} {术语}", "{术语}"), ("{term} {count} {__class__}", "{__class__}")],
)  # fmt: skip
def test_an_unknown_placeholder_is_refused_in_words(text, word):
    for template in (synonym(text), synonym("{term} {count}", system=text.split()[-1])):
        with pytest.raises(BadParameter) as refusal:
            template.check()
        assert word in refusal.value.text("zh")
        assert "{synonyms}" in refusal.value.text("en")


@pytest.mark.parametrize(("kind", "needed"), NEEDED.items())
def test_a_missing_placeholder_is_refused_in_words(kind, needed):
    for name in needed:
        text = " ".join("{" + other + "}" for other in needed if other != name)
        with pytest.raises(BadParameter, match="{" + name + "}"):
            Template(kind, "en", "{" + name + "}", text).check()


def test_the_braces_of_an_example_and_blanks_in_a_placeholder_are_fine():
    template = synonym('{ term } {count} {"items": ["x"]} {} {0} %s').check()
    assert template.render({"term": "车", "count": "2"})[1] == '车 2 {"items": ["x"]} {} {0} %s'


def test_braces_in_a_term_are_only_braces():
    values = values_for("synonym", "{count}{x}", count=2, domain="{term}", language="zh")
    assert synonym("{term}|{domain}|{count}").render(values)[1] == "{count}{x}|{term}|2"


def test_a_template_too_long_is_refused():
    with pytest.raises(BadParameter, match="8000"):
        synonym("{term}{count}" + "长" * 8000).check()
