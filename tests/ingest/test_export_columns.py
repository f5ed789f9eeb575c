"""Columns that were kept with a dictionary leave with it, and are the same columns when it comes back."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workbench.ingest.dictionary import parse_dictionary
from workbench.ingest.export import ENDINGS, EXPORT_FORMATS, WITHOUT_COLUMNS, ExportFormat, dictionary_bytes
from workbench.ingest.readers import read_table
from workbench.normalise import term_key
from workbench.types import LABEL_COLUMNS, NO_LABEL, Pair

CARRYING = [format for format in EXPORT_FORMATS if format not in WITHOUT_COLUMNS]
PAIRS = [Pair("混凝土", "砼"), Pair("混凝土", "商砼"), Pair("水泥", "洋灰"), Pair("轿车", "小轿车")]


def imported(data: bytes, filename: str) -> tuple[list[tuple[str, str]], dict[str, dict[str, str]]]:
    """The pairs of a file, and for each column that an import of it keeps: key of a synonym -> value."""
    table = read_table(data, filename, max_rows=10_000, max_bytes=10_000_000, isolated=False)
    preview = parse_dictionary(table)
    kept: dict[str, dict[str, str]] = {}
    for column in preview.labels:
        cells = zip(preview.pairs, column.codes, strict=True)
        kept[column.name] = {
            term_key(pair.synonym): column.values[code] for pair, code in cells if code != NO_LABEL
        }
    return [(pair.standard, pair.synonym) for pair in preview.pairs], kept


# Texts as an import leaves them: tidy, without invisible marks, a hundred characters at most.
TEXTS = (
    st.text("'=+-@\",;\t|_x0041 a类别\\#>:<{}[]()/、：.`%&^\U0001f600ع", min_size=1, max_size=8)
    .map(lambda text: " ".join(text.split()))
    .filter(bool)
)
NAMES = TEXTS | st.sampled_from(
    ["类别", "来源", "standard", "synonym", "Synonyms", "标准词", "近似词", "同义词", "名称", "备注", "id",
     "分类：类别", "分类：分类：类别", "label:x", "'分类：x", "=1+1", "text1", "C", "别名 2", "标准词 (A)"]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("format", CARRYING)
@given(
    st.dictionaries(
        NAMES, st.lists(TEXTS | st.just(""), min_size=4, max_size=4).filter(any), max_size=LABEL_COLUMNS
    )
)
@example({"同义词": ["设备", "设备", "材料", "材料"], "类别": ["设备", "", "", ""]})
@example({"标准词": ["a", "b", "c", "d"], "standard": ["a", "a", "a", "a"], "label:": ["x", "x", "y", "y"]})
def test_exported_columns_come_back_as_they_were(format: ExportFormat, columns: dict[str, list[str]]) -> None:
    labels = {
        name: {term_key(pair.synonym): value for pair, value in zip(PAIRS, values, strict=True) if value}
        for name, values in columns.items()
    }
    data = dictionary_bytes(PAIRS, format, labels=labels)
    pairs, kept = imported(data, f"words{ENDINGS[format]}")
    assert pairs == [(pair.standard, pair.synonym) for pair in PAIRS]
    assert list(kept.items()) == list(labels.items())


LABELS = {"类别": {"砼": "材料", "商砼": "材料", "洋灰": "=1+1", "小轿车": "=1+1"}}


def test_columns_stand_under_their_own_headings_and_are_harmless_in_a_spreadsheet() -> None:
    rows = list(csv.reader(io.StringIO(dictionary_bytes(PAIRS, "csv", labels=LABELS).decode("utf-8-sig"))))
    assert rows[0] == ["标准词", "近似词", "类别"]
    assert rows[1:3] == [["混凝土", "砼", "材料"], ["混凝土", "商砼", "材料"]]
    assert rows[4] == ["轿车", "小轿车", "'=1+1"]
    items = json.loads(dictionary_bytes(PAIRS, "json", labels=LABELS))
    assert items[0] == {"standard": "混凝土", "synonym": "砼", "类别": "材料"}


def test_a_heading_is_marked_only_where_an_import_would_take_its_column_for_something_else() -> None:
    labels = {"别名": LABELS["类别"], "来源": {"砼": "甲", "商砼": "乙"}}
    head = dictionary_bytes(PAIRS, "tsv", labels=labels).decode("utf-8-sig").splitlines()[0]
    assert head.split("\t") == ["标准词", "近似词", "分类：别名", "分类：来源"]


@pytest.mark.parametrize("format", EXPORT_FORMATS)
def test_a_dictionary_without_columns_is_written_as_ever(format: ExportFormat) -> None:
    plain = dictionary_bytes(PAIRS, format)
    nothing = {"类别": {}, "来源": {"not in it": "x"}}
    assert dictionary_bytes(PAIRS, format, labels=nothing) == plain
    if format in WITHOUT_COLUMNS:
        assert dictionary_bytes(PAIRS, format, labels=LABELS) == plain
