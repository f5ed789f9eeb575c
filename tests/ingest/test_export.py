"""A dictionary written to a file and read again is the same dictionary, and harmless in a spreadsheet."""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Callable

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from workbench.errors import BadParameter, FileProblem
from workbench.ingest.dictionary import parse_dictionary
from workbench.ingest.export import ENDINGS, EXPORT_FORMATS, dictionary_bytes, escape_cell, unescape_cell
from workbench.ingest.readers import read_table
from workbench.ingest.spreadsheets import rows_bytes
from workbench.normalise import term_key
from workbench.types import Pair

FORMULAS = ["=1+1", "+86", "-COOH", "@SUM(A1)", '=HYPERLINK("http://x")', "'=quoted", "''-x", "＝１", "－5"]


def imported(data: bytes, filename: str) -> list[tuple[str, str]]:
    table = read_table(data, filename, max_rows=10_000, max_bytes=10_000_000, isolated=False)
    return [(pair.standard, pair.synonym) for pair in parse_dictionary(table).pairs]


@pytest.mark.case(24)
@pytest.mark.parametrize("format", ["csv", "tsv", "xlsx"])
def test_formulas_are_disarmed_and_come_back_as_they_were(format: str, tell: Callable[..., None]) -> None:
    pairs = [Pair(f"词{i}", text) for i, text in enumerate(FORMULAS)]
    pairs += [Pair(text, f"近{i}") for i, text in enumerate(FORMULAS)]
    data = dictionary_bytes(pairs, format)
    assert imported(data, f"words.{format}") == [(pair.standard, pair.synonym) for pair in pairs]
    table = read_table(data, f"words.{format}", max_rows=1000, max_bytes=10**6)
    assert not any(cell[:1] in "=+-@＝－\t\r" for row in table.rows for cell in row)
    tell(
        "terms that begin with = + - @ ' and their wide forms, exported as CSV, TSV and XLSX, and imported",
        2 * len(FORMULAS),
        "no cell begins as a formula, all come back as they were",
    )


def test_a_workbook_holds_texts_only() -> None:
    pairs = [Pair("词", text) for text in [*FORMULAS, "#N/A", "007", "1e5", "TRUE", "2024-01-02", "_x0041_"]]
    data = dictionary_bytes(pairs, "xlsx")
    sheet = load_workbook(io.BytesIO(data)).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    assert [b for _, b in imported(data, "words.xlsx")] == [pair.synonym for pair in pairs]


def test_csv_opens_in_excel_as_utf8() -> None:
    data = dictionary_bytes([Pair("混凝土", "砼")], "csv")
    assert data == codecs.BOM_UTF8 + "标准词,近似词\r\n混凝土,砼\r\n".encode()
    english = dictionary_bytes([Pair("concrete", "beton")], "tsv", header=("standard", "synonym"))
    assert english == codecs.BOM_UTF8 + b"standard\tsynonym\r\nconcrete\tbeton\r\n"


def test_json_lines_hold_the_terms_as_they_are() -> None:
    data = dictionary_bytes([Pair("混凝土", "=砼"), Pair("a\nb", "c")], "jsonl")
    assert [json.loads(line) for line in data.decode().splitlines()] == [
        {"standard": "混凝土", "synonym": "=砼"},
        {"standard": "a\nb", "synonym": "c"},
    ]


def test_what_a_format_cannot_hold_is_said() -> None:
    with pytest.raises(FileProblem):
        dictionary_bytes([Pair("a", "b" * 40_000)], "xlsx")
    with pytest.raises(BadParameter):
        dictionary_bytes([], "pdf")


@settings(max_examples=200, deadline=None)
@given(st.text("'=+-@\t\r ab＝", max_size=6) | st.text(max_size=10))
@example("'")
@example("''=")
@example("=")
def test_escaping_is_undone_exactly(text: str) -> None:
    assert unescape_cell(escape_cell(text)) == text
    assert escape_cell(text)[:1] not in ("=", "+", "-", "@", "\t", "\r")


# Terms as an import leaves them: no controls, no surrogates, no invisible marks, no outer white space.
PLAIN = st.characters(
    exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"], exclude_characters="\ufeff\ufffd\ufffe\uffff"
)
TERMS = (
    st.text(PLAIN, min_size=1, max_size=8) | st.text("'=+-@\",;\t|_x0041 a词", min_size=1, max_size=8)
).map(str.strip)


# What the syntax of one format or another gives a meaning to.
AWKWARD = st.text("'=+-@\",;\t|_x0041 a词\\#>:<{}[]()!/、：.`%&^\U0001f600ع\u200d", min_size=1, max_size=8)


@pytest.mark.case(24)
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("format", EXPORT_FORMATS)
@given(st.lists(st.tuples(TERMS | AWKWARD, TERMS | AWKWARD), min_size=1, max_size=6))
@example([("a", "'=b"), ("''@", "'")])
@example([("_x0041_", "A"), ("x_x000D_y", "_x005F_")])
@example([("a, b", 'in "quotes"'), ("=1+1", "x => y"), ("a, b", "\\"), ("#x", "y\\"), ("a, b", "\\,")])
@example([("词:词", "الع\U0001f600"), ("http://x", "@prefix"), ("[Term]", '{"a":'), ("=>", "<a>")])
def test_an_exported_dictionary_imports_identically(format: str, pairs: list[tuple[str, str]]) -> None:
    kept: dict[tuple[str, str], tuple[str, str]] = {}
    for standard, synonym in pairs:
        keys = (term_key(standard), term_key(synonym))
        terms = (standard.strip(), synonym.strip())
        if all(keys) and keys[0] != keys[1] and "\t" not in "".join(terms):
            kept.setdefault(keys, terms)
    assume(kept)
    data = dictionary_bytes([Pair(a, b) for a, b in kept.values()], format)
    assert imported(data, f"words{ENDINGS[format]}") == list(kept.values())


def test_a_thesaurus_names_each_concept_once_and_can_say_its_language() -> None:
    pairs = [Pair("混凝土", "砼"), Pair("车", "汽车"), Pair("混凝土", "石屎")]
    text = dictionary_bytes(pairs, "skos", language="zh").decode()
    assert text.count("skos:prefLabel") == 2
    assert '"石屎"@zh' in text
    with pytest.raises(BadParameter):
        dictionary_bytes(pairs, "skos", language='zh" .')


def test_solr_rules_lead_to_the_standard_term() -> None:
    pairs = [Pair("a,b", "x"), Pair("a,b", "y=>z"), Pair("c", "#d")]
    assert dictionary_bytes(pairs, "solr").decode() == "x, y\\=>z => a\\,b\n\\#d => c\n"


def test_rows_of_any_table_are_written_safely() -> None:
    header, rows = ("文本", "=分数"), [("=1+1", 0.5), ("a,b", -1), ("空", None)]
    assert rows_bytes(header, rows, "csv").decode("utf-8-sig") == (
        "文本,'=分数\r\n'=1+1,0.5\r\n\"a,b\",-1\r\n空,\r\n"
    )
    assert rows_bytes(header, rows, "tsv").decode("utf-8-sig").splitlines()[2] == "a,b\t-1"
    first = json.loads(rows_bytes(header, rows, "jsonl").splitlines()[0])
    assert first == {"文本": "=1+1", "=分数": 0.5}
    sheet = load_workbook(io.BytesIO(rows_bytes(header, rows, "xlsx"))).active
    assert [cell.value for cell in sheet[2]] == ["'=1+1", "0.5"]
    with pytest.raises(BadParameter):
        rows_bytes(header, rows, "pdf")
