"""Bytes in, a table or a sentence out: encodings, delimiters, quotes, ragged rows, workbooks, wrong files."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import zipfile
from datetime import date, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from workbench.errors import FileProblem
from workbench.ingest.readers import Table, read_table

PAIRS = [
    ("钢筋混凝土", "钢砼"),
    ("越野车", "SUV"),
    ("脚手架", "鹰架"),
    ("商品混凝土", "商砼"),
    ("丰田普拉多", "霸道"),
    ("发光二极管", "LED"),
]


def read(data: bytes, filename: str = "words.csv", **options: object) -> Table:
    limits: dict[str, object] = {"max_rows": 10_000, "max_bytes": 10_000_000, **options}
    return read_table(data, filename, **limits)


def refusal(data: bytes, filename: str = "words.csv", **options: object) -> FileProblem:
    """The refusal of ``data``; both of its parts are there in both languages, nothing left to fill in."""
    with pytest.raises(FileProblem) as caught:
        read(data, filename, **options)
    problem = caught.value
    assert problem.hint is not None
    for text in (problem.message, problem.hint):
        assert "{" not in text.get("zh") + text.get("en")
        assert any("\u4e00" <= c <= "\u9fff" for c in text.get("zh"))
        assert any(c.isascii() and c.isalpha() for c in text.get("en"))
    return problem


def as_text(pairs: list[tuple[str, str]], delimiter: str = ",") -> str:
    return "".join(f"{a}{delimiter}{b}\r\n" for a, b in [("标准词", "近似词"), *pairs])


def found(table: Table, code: str) -> list[int | None]:
    return [problem.row for problem in table.problems if problem.code == code]


def workbook(rows: list[list[object]], **more: list[list[object]]) -> bytes:
    book = Workbook()
    for place, (title, content) in enumerate({"Sheet": rows, **more}.items()):
        sheet = book.active if place == 0 else book.create_sheet(title)
        for row in content:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


# -- encodings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 6])
@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("gb18030", b""),
        ("gbk", b""),
    ],
)
def test_every_encoding_reads_to_the_letter(encoding: str, mark: bytes, size: int) -> None:
    table = read(mark + as_text(PAIRS[:size]).encode(encoding))
    assert table.rows[1:] == PAIRS[:size]
    assert table.encoding == ("gb18030" if encoding == "gbk" else encoding)
    assert table.problems == ()


@pytest.mark.parametrize("size", [1, 2, 4])
def test_big5_and_shift_jis_and_western_files_are_told_from_gbk(size: int) -> None:
    traditional = [("標準詞", "近似詞"), ("鋼筋混凝土", "鋼筋水泥"), ("腳手架", "鷹架"), ("電腦", "計算機")][
        :size
    ]
    japanese = [("自動車", "くるま"), ("病院", "ホスピタル"), ("机", "デスク"), ("電話", "テレフォン")][:size]
    western = [("café", "coffee house"), ("naïve", "simple"), ("señor", "mister"), ("Müller", "miller")][
        :size
    ]
    for encoding, pairs in (("big5", traditional), ("cp932", japanese), ("cp1252", western)):
        data = "".join(f"{a},{b}\n" for a, b in pairs).encode(encoding)
        assert read(data).rows == pairs, encoding


@pytest.mark.parametrize(
    "pair", [("龜裂", "開裂"), ("電腦", "計算機"), ("腳手架", "鷹架"), ("發動機", "引擎")]
)
def test_traditional_chinese_in_gbk_is_not_taken_for_big5(pair: tuple[str, str]) -> None:
    assert read(f"{pair[0]},{pair[1]}\n".encode("gbk")).rows == [pair]


def test_an_encoding_chosen_by_hand_wins() -> None:
    data = as_text(PAIRS).encode("gb18030")
    assert read(data, encoding="gbk").rows[1:] == PAIRS
    garbled = read(data, encoding="big5")
    assert garbled.encoding == "big5hkscs"
    assert garbled.rows[1:] != PAIRS


def test_an_unknown_encoding_is_refused_with_those_that_are_known() -> None:
    assert "gb18030" in refusal(b"a,b", encoding="klingon").hint.get("en")
    refusal(b"a,b", encoding="rot13")


def test_a_file_cut_off_inside_a_character_reads_and_says_which_row() -> None:
    table = read(as_text(PAIRS).encode()[:-3] + "管".encode()[:2])
    assert table.encoding == "utf-8"
    assert table.rows[1:6] == PAIRS[:5]
    assert found(table, "broken_character") == [7]


def test_broken_bytes_in_a_long_file_are_reported_by_row() -> None:
    lines = as_text(PAIRS * 40).encode().split(b"\r\n")
    lines[99] = "脚手架".encode() + b"\xff," + "鹰架".encode()
    table = read(b"\r\n".join(lines))
    assert found(table, "broken_character") == [100]
    assert table.rows[99] == ("脚手架\ufffd", "鹰架")


def test_a_doubled_or_stray_byte_order_mark_is_no_part_of_a_cell() -> None:
    body = as_text(PAIRS[:2]).encode()
    table = read(codecs.BOM_UTF8 * 2 + body + codecs.BOM_UTF8 + "泵,水泵\n".encode())
    assert table.rows == [("标准词", "近似词"), *PAIRS[:2], ("泵", "水泵")]
    assert found(table, "extra_bom") == [1, 4]


# -- delimiters, quotes, rows ---------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_recognised(delimiter: str) -> None:
    table = read(as_text(PAIRS, delimiter).encode())
    assert (table.delimiter, table.rows[1:]) == (delimiter, PAIRS)
    assert table.format == ("tsv" if delimiter == "\t" else "csv")


def test_full_width_commas_are_read_and_pointed_out() -> None:
    table = read(as_text(PAIRS, "，").encode())
    assert table.rows[1:] == PAIRS
    assert "fullwidth_comma" in {problem.code for problem in table.problems}


def test_a_tab_separates_where_commas_stand_in_the_terms() -> None:
    rows = [("螺栓, 六角", "六角螺栓, 8.8级"), ("螺母", "螺帽, 六角"), ("垫圈, 平", "平垫")]
    table = read(as_text(rows, "\t").encode(), "words.tsv")
    assert table.rows[1:] == rows


def test_several_synonyms_in_a_cell_do_not_pass_for_columns() -> None:
    table = read("标准词,近似词\n越野车,SUV;吉普\n轿车,房车;小车\n客车,大巴;巴士\n".encode())
    assert table.delimiter == ","
    assert table.rows[1] == ("越野车", "SUV;吉普")


def test_excels_own_delimiter_line_is_obeyed_and_counted() -> None:
    table = read("sep=;\n越野车;SUV, 4x4\n".encode())
    assert table.rows == [("越野车", "SUV, 4x4")]
    assert list(table.row_numbers) == [2]


def test_a_delimiter_chosen_by_hand_wins() -> None:
    assert read(b"a,b;c\n", delimiter=";").rows == [("a,b", "c")]


def test_cells_are_never_reinterpreted() -> None:
    cells = ["007", "1E5", "NA", "null", "TRUE", "1.0", "2024-01-02", "=1+1", " x ", "１２"]
    data = "".join(f"{cell},{cell}\n" for cell in cells).encode()
    assert read(data).rows == [(cell, cell) for cell in cells]


def test_rows_are_numbered_by_the_line_where_they_start() -> None:
    table = read(b'a,b\n"two\nlines",c\n\nd,e\r\nf,g\r')
    assert table.rows == [("a", "b"), ("two\nlines", "c"), ("d", "e"), ("f", "g")]
    assert list(table.row_numbers) == [1, 2, 5, 6]


def test_a_quote_left_open_costs_its_own_row_only() -> None:
    rows = [f"词{i},近{i}" for i in range(1000)]
    rows[499] = '"词499,近499'
    table = read("\n".join(["标准词,近似词", *rows]).encode())
    assert len(table.rows) == 1001
    assert table.rows[500] == ('"词499', "近499")
    assert table.rows[501] == ("词500", "近500")
    assert found(table, "unclosed_quote") == [501]


def test_a_quote_left_open_is_not_closed_by_an_inch_mark_far_below() -> None:
    rows = [f"词{i},近{i}" for i in range(100)]
    rows[9] = '"词9,近9'
    rows[60] = '管径5",五寸管'
    table = read("\n".join(rows).encode())
    assert len(table.rows) == 100
    assert found(table, "unclosed_quote") == [10]
    assert table.rows[60] == ('管径5"', "五寸管")


def test_a_quote_in_the_wrong_place_keeps_its_cell_and_is_reported() -> None:
    table = read('标准词,近似词\n"高强"混凝土,高强砼\n管,5" 管\n'.encode())
    assert table.rows[1:] == [('"高强"混凝土', "高强砼"), ("管", '5" 管')]
    assert found(table, "stray_quote") == [2]


def test_ragged_rows_are_reported_by_number_and_not_shifted() -> None:
    table = read("标准词,近似词\n混凝土,砼\n1,000吨级,千吨级\n孤词\n钢,铁,,\n".encode())
    assert found(table, "long_row") == [3]
    assert found(table, "short_row") == [4]
    assert table.rows[2] == ("1", "000吨级", "千吨级")
    assert table.width == 2


# -- limits and wrong files -----------------------------------------------------------------------


def test_too_many_rows_and_too_many_bytes_are_refused_in_words() -> None:
    data = as_text(PAIRS).encode()
    assert len(read(data, max_rows=7).rows) == 7
    assert "6" in refusal(data, max_rows=6).message.get("zh")
    refusal(data, max_bytes=len(data) - 1)
    refusal(b"," * 5000 + b"\n")


@pytest.mark.parametrize(
    "data", [b"", b" \n\r\n", b",,\n,,\n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"\n"]
)
def test_an_empty_file_is_called_empty(data: bytes) -> None:
    assert "空" in refusal(data).message.get("zh")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(200), "picture"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(50), "picture"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), ".xls"),
        (b"\xd0\xcf\x11\xe0" + b"\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"\x1f\x8b\x08\x00abc", "archive"),
        (b"<html><table><tr><td>a</td></tr></table>", "web page"),
        (bytes(range(256)) * 4, "binary"),
        (b"PK\x03\x04 and no more", "damaged"),
    ],
)
def test_other_kinds_of_file_are_named(data: bytes, word: str) -> None:
    assert word in refusal(data).text("en")


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ("word/document.xml", "Word"),
        ("Index/Document.iwa", "Numbers"),
        ("xl/workbook.bin", "XLSB"),
        ("content.xml", "OpenDocument"),
        ("words.csv", "archive"),
    ],
)
def test_other_kinds_of_archive_are_named(entry: str, word: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(entry, "x")
    assert word in refusal(stream.getvalue(), "words.xlsx").text("en")


def test_a_nul_in_a_text_is_named_by_row() -> None:
    assert "3" in refusal("标准词,近似词\n混凝土,砼\n越野\x00车,SUV\n".encode()).message.get("zh")


# -- workbooks ------------------------------------------------------------------------------------


def test_a_workbook_shows_what_a_person_sees() -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(
        ["007", "NA", 1, 1.0, 0.1 + 0.2, 1e15, True, date(2024, 5, 6), datetime(2024, 5, 6, 7, 8, 9)]
    )
    sheet.append([7, 0.25, 1234.5, -3, None, "=1+1", "a\nb", "１"])
    sheet["A2"].number_format = "000"
    sheet["B2"].number_format = "0%"
    sheet["C2"].number_format = "#,##0.00"
    sheet["F2"].data_type = "s"
    stream = io.BytesIO()
    book.save(stream)
    table = read(stream.getvalue(), "words.xlsx")
    assert table.rows == [
        ("007", "NA", "1", "1", "0.3", "1000000000000000", "TRUE", "2024-05-06", "2024-05-06 07:08:09"),
        ("007", "25%", "1,234.50", "-3", "", "=1+1", "a\nb", "１"),
    ]
    assert table.format == "xlsx"
    assert table.encoding is None


def test_the_first_sheet_with_content_is_read_or_the_one_asked_for() -> None:
    data = workbook([], 词表=[["标准词", "近似词"], ["泵", "水泵"]], 其他=[["a", "b"]])
    table = read(data, "words.xlsx")
    assert (table.sheet, table.rows[1], table.sheets) == ("词表", ("泵", "水泵"), ("Sheet", "词表", "其他"))
    assert read(data, "words.xlsx", sheet="其他").rows == [("a", "b")]
    assert "词表" in refusal(data, "words.xlsx", sheet="没有").text("en")
    refusal(workbook([]), "words.xlsx")


def test_a_cover_gives_way_to_the_table_behind_it() -> None:
    words = [["标准词", "近似词"], ["泵", "水泵"]]
    assert read(workbook([["某院术语对照"], ["2026年"]], 词表=words), "words.xlsx").sheet == "词表"
    assert read(workbook([["某院术语对照"]], 附注=[["x"]]), "words.xlsx").sheet == "Sheet"
    long = [[f"句子{number}"] for number in range(60)]
    assert read(workbook(long, 词表=words), "words.xlsx").sheet == "Sheet"


def test_blank_sheet_rows_keep_the_numbers_right() -> None:
    table = read(workbook([["标准词", "近似词"], [], [None, None], ["泵", "水泵"]]), "words.xlsx")
    assert list(table.row_numbers) == [1, 4]


def test_merged_cells_count_for_each_of_their_rows() -> None:
    book = Workbook()
    for row in [["标准词", "近似词"], ["越野车", "SUV"], [None, "吉普"], [None, "四驱车"], ["轿车", "房车"]]:
        book.active.append(row)
    book.active.merge_cells("A2:A4")
    stream = io.BytesIO()
    book.save(stream)
    table = read(stream.getvalue(), "words.xlsx")
    assert [row[0] for row in table.rows] == ["标准词", "越野车", "越野车", "越野车", "轿车"]
    assert "merged_cells" in {problem.code for problem in table.problems}


def test_a_formula_without_a_result_is_reported_by_row_and_column() -> None:
    table = read(workbook([["标准词", "近似词"], ["泵", '="水"&"泵"']]), "words.xlsx")
    problem = next(p for p in table.problems if p.code == "formula_without_value")
    assert (problem.row, problem.column) == (2, "B")


def _rezipped(data: bytes, changes: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {*old.namelist(), *changes}:
            new.writestr(name, changes.get(name) or old.read(name))
    return stream.getvalue()


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    small = workbook([["a", "b"]])
    bomb = _rezipped(small, {"xl/worksheets/sheet1.xml": b"<worksheet>" + b" " * 60_000_000})
    assert len(bomb) < 200_000
    assert "MB" in refusal(bomb, "words.xlsx").text("en")
    styles = _rezipped(small, {"xl/worksheets/sheet1.xml": b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet/>'})
    assert "damaged" in refusal(styles, "words.xlsx").text("en")


@pytest.mark.parametrize(
    "sheet",
    [
        b"<worksheet><sheetData><row r='99999999999'><c><v>1</v></c></row></sheetData></worksheet>",
        b"<worksheet><sheetData><row r='1'><c r='ZZZZ1'><v>1</v></c></row></sheetData></worksheet>",
        b"<worksheet><sheetData><row r='1'><c r='XFD1'><v>1</v></c></row></sheetData></worksheet>",
        b"<worksheet><sheetData><row r='1'><c t='s'><v>77</v></c></row></sheetData></worksheet>",
        b"<worksheet><sheetData><row",
        b"\x00\x01",
    ],
)
def test_a_damaged_sheet_is_a_sentence(sheet: bytes) -> None:
    refusal(_rezipped(workbook([["a", "b"]]), {"xl/worksheets/sheet1.xml": sheet}), "words.xlsx")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_workbook_with_flipped_bytes_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(_SMALL_BOOK)
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(4, len(whole)))
    _read_or_refused(bytes(whole[:cut]), "words.xlsx")


_SMALL_BOOK = workbook([["标准词", "近似词"], ["越野车", "SUV"], [1, 2.5]])


# -- whatever comes -------------------------------------------------------------------------------


def _read_or_refused(data: bytes, filename: str) -> None:
    table = None
    with contextlib.suppress(FileProblem):
        table = read(data, filename)
    if table is None:
        refusal(data, filename)
        return
    assert len(table.rows) == len(table.row_numbers) > 0
    assert all(isinstance(cell, str) for row in table.rows for cell in row)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.text(max_size=20))
@example(b"PK\x03\x04", "../../etc/passwd\x00.xlsx")
@example(b"PK\x05\x06" + bytes(18), "a.xlsx")
@example(b"\x81", "a")
@example(b"\xff\xfe\x00", "")
@example(b"\x84\x31\x95\x33\x84", "x.csv")
def test_arbitrary_bytes_and_names_are_read_or_refused(data: bytes, filename: str) -> None:
    _read_or_refused(data, filename)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["utf-8", "utf-16", "utf-16-le", "gb18030", "big5", "cp932"]))
def test_arbitrary_text_in_any_encoding_is_read_or_refused(text: str, encoding: str) -> None:
    _read_or_refused(text.encode(encoding, "ignore"), "words.csv")


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufeff\ufffd"), max_size=12)
QUOTING = st.one_of(CELLS, st.text('",;\t\n\r| ab词', max_size=8))


@settings(max_examples=300, deadline=None)
@given(
    st.integers(2, 4).flatmap(lambda width: st.lists(st.tuples(*[QUOTING] * width), min_size=1, max_size=8)),
    st.sampled_from([",", "\t", ";", "|"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_the_csv_module_wrote_reads_back_the_same(
    rows: list[tuple[str, ...]], delimiter: str, quoting: int
) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, quoting=quoting).writerows(rows)
    if not any(cell.strip() for row in rows for cell in row):
        return
    data = codecs.BOM_UTF8 + stream.getvalue().encode()
    table = read(data, delimiter=delimiter)
    assert table.rows == rows
    assert not {"unclosed_quote", "stray_quote", "long_row", "short_row"} & set(table.problem_counts)
