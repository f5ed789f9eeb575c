"""From a table to pairs: which columns, which problems, which rows, and when it is a refusal."""

from __future__ import annotations

import contextlib
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import FileProblem
from workbench.ingest.choice import choose_columns
from workbench.ingest.dictionary import (
    ColumnChoice,
    DictionaryPreview,
    columns_of,
    guess_columns,
    parse_dictionary,
)
from workbench.ingest.readers import Table, read_table
from workbench.normalise import term_key


def table_of(text: str | bytes, filename: str = "words.csv") -> Table:
    data = text.encode() if isinstance(text, str) else text
    return read_table(data, filename, max_rows=100_000, max_bytes=10_000_000)


def preview(text: str | bytes, choice: ColumnChoice | None = None, **options: object) -> DictionaryPreview:
    return parse_dictionary(table_of(text), choice, **options)


def pairs(result: DictionaryPreview) -> list[tuple[str, str]]:
    return [(pair.standard, pair.synonym) for pair in result.pairs]


def where(result: DictionaryPreview, code: str) -> list[tuple[int | None, str | None]]:
    """Row and column of each problem of a kind; its sentences are whole in both languages."""
    found = [problem for problem in result.problems if problem.code == code]
    for problem in found:
        for text in (problem.text.get("zh"), problem.text.get("en")):
            assert text
            assert "{" not in text
        if problem.row is not None:
            assert str(problem.row) in problem.text.get("zh")
            assert str(problem.row) in problem.text.get("en")
    return [(problem.row, problem.column) for problem in found]


def refusal(text: str | bytes, choice: ColumnChoice | None = None, **options: object) -> FileProblem:
    with pytest.raises(FileProblem) as caught:
        preview(text, choice, **options)
    problem = caught.value
    assert problem.hint is not None
    for part in (problem.message, problem.hint):
        assert any("\u4e00" <= c <= "\u9fff" for c in part.get("zh"))
        assert any(c.isascii() and c.isalpha() for c in part.get("en"))
        assert "{" not in part.get("zh") + part.get("en")
    return problem


# -- columns --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "standard", "synonyms"),
    [
        ("标准词,近似词", 0, (1,)),
        ("近似词,标准词", 1, (0,)),
        ("standard,synonym", 0, (1,)),
        ("Synonym,Standard Term", 1, (0,)),
        ("term,alias", 0, (1,)),
        ("alias,term", 1, (0,)),
        ("术语,同义词", 0, (1,)),
        ("别名,名称", 1, (0,)),
        ("标准名称,俗称", 0, (1,)),
        ("preferred_label,alt_labels", 0, (1,)),
        ("skos:prefLabel,skos:altLabel", 0, (1,)),
        ("术语,标准术语", 1, (0,)),
        ("name,standard_name", 1, (0,)),
        ("标准词（正式）,近似词(口语)", 0, (1,)),
        ("標準詞,同義詞", 0, (1,)),
        ("標準語,同義語", 0, (1,)),
        ("标准词,近似词1,近似词2,近似词3", 0, (1, 2, 3)),
        ("concept_id,standard,synonym,lang", 1, (2,)),
        ("编号,近似词,备注,标准词", 3, (1,)),
        ("canonical,abbreviation,alias", 0, (1, 2)),
    ],
)
def test_headings_are_recognised(heading: str, standard: int, synonyms: tuple[int, ...]) -> None:
    width = heading.count(",") + 1
    rows = "".join(",".join(f"{name}{row}" for name in "甲乙丙丁"[:width]) + "\n" for row in range(3))
    choice = guess_columns(table_of(f"{heading}\n{rows}"))
    assert choice == ColumnChoice(standard, synonyms, has_header=True)


def test_without_a_heading_the_two_columns_are_taken_in_order() -> None:
    result = preview("混凝土,砼\n越野车,SUV\n")
    assert pairs(result) == [("混凝土", "砼"), ("越野车", "SUV")]
    assert result.choice == ColumnChoice(0, (1,), has_header=False)
    assert where(result, "no_heading") == [(1, None)]
    assert result.columns == ("A", "B")


def test_more_columns_without_names_are_guessed_and_the_expert_is_asked() -> None:
    result = preview("c01,混凝土,砼,zh\nc02,越野车,SUV,zh\nc03,轿车,房车,zh\n")
    assert pairs(result)[0] == ("混凝土", "砼")
    assert where(result, "columns_unsure") == [(None, None)]
    assert not result.choice.sure


def test_one_familiar_word_in_the_first_row_is_no_heading() -> None:
    assert pairs(preview("标准砖,九五砖\n名称,名字\n")) == [("标准砖", "九五砖"), ("名称", "名字")]


def test_two_kinds_of_synonym_without_a_standard_are_asked_about() -> None:
    result = preview("别名,简称\n越野车,SUV\n")
    assert result.choice == ColumnChoice(0, (1,), has_header=True, sure=False)


def test_two_columns_of_standard_terms_are_asked_about() -> None:
    result = preview("标准词,标准名称,近似词\n越野车,越野汽车,SUV\n")
    assert result.choice == ColumnChoice(0, (2,), has_header=True, sure=False)
    assert where(result, "columns_unsure")


def test_a_title_above_the_heading_is_skipped_and_said() -> None:
    result = preview("施工术语表,\n,\n标准词,近似词\n混凝土,砼\n")
    assert pairs(result) == [("混凝土", "砼")]
    assert result.choice.skip_rows == 2
    assert where(result, "rows_above_heading")


def test_every_column_of_synonyms_is_used() -> None:
    result = preview("标准词,近似词1,近似词2\n越野车,SUV,吉普\n轿车,,房车\n客车,大巴\n")
    assert pairs(result) == [("越野车", "SUV"), ("越野车", "吉普"), ("轿车", "房车"), ("客车", "大巴")]
    assert where(result, "empty_cell") == []
    assert where(result, "short_row") == [(4, None)]


def test_a_heading_that_comes_twice_is_reported_and_told_apart() -> None:
    result = preview("标准词,近似词,近似词\n越野车,SUV,吉普\n")
    assert result.columns == ("标准词", "近似词 (B)", "近似词 (C)")
    assert where(result, "duplicate_heading") == [(1, "近似词 (B)")]
    assert len(result.pairs) == 2


def test_columns_can_be_chosen_by_hand() -> None:
    table = table_of("x,y,z\n砼,混凝土,zh\nSUV,越野车,zh\n")
    assert columns_of(table, has_header=True) == ["x", "y", "z"]
    assert columns_of(table, has_header=False) == ["A", "B", "C"]
    by_name = choose_columns(table, standard="y", synonyms=["x"])
    by_number = choose_columns(table, standard=1, synonyms=[0], has_header=True)
    assert by_name == by_number == ColumnChoice(1, (0,), has_header=True)
    assert pairs(parse_dictionary(table, by_name)) == [("混凝土", "砼"), ("越野车", "SUV")]


def test_one_chosen_column_moves_the_other() -> None:
    table = table_of("标准词,近似词\n砼,混凝土\n")
    assert choose_columns(table, standard="近似词") == ColumnChoice(1, (0,), has_header=True)
    assert choose_columns(table, synonyms=["标准词"]) == ColumnChoice(1, (0,), has_header=True)
    assert choose_columns(table) == guess_columns(table)


def test_whether_the_first_row_is_a_heading_can_be_said_by_hand() -> None:
    table = table_of("甲,乙\n砼,混凝土\n")
    assert pairs(parse_dictionary(table)) == [("甲", "乙"), ("砼", "混凝土")]
    assert pairs(parse_dictionary(table, choose_columns(table, has_header=True))) == [("砼", "混凝土")]
    table = table_of("标准词,近似词\n砼,混凝土\n")
    kept = choose_columns(table, has_header=False)
    assert pairs(parse_dictionary(table, kept)) == [("标准词", "近似词"), ("砼", "混凝土")]


def test_a_column_that_is_not_there_is_refused_with_those_that_are() -> None:
    table = table_of("标准词,近似词\n砼,混凝土\n")
    with pytest.raises(FileProblem) as caught:
        choose_columns(table, standard="别的")
    assert "标准词" in caught.value.text("zh")
    with pytest.raises(FileProblem):
        choose_columns(table, standard=7)
    with pytest.raises(FileProblem):
        choose_columns(table, standard=0, synonyms=[0])
    for choice in (ColumnChoice(0, (), True), ColumnChoice(0, (0,), True), ColumnChoice(0, (9,), True)):
        refusal("标准词,近似词\n砼,混凝土\n", choice)


# -- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("标准词\n混凝土\n越野车\n", "one column"),
        ("混凝土\n", "one column"),
        ("混凝土,\n越野车,\n", "one column"),
        ("标准词,近似词\n", "None of 0 rows"),
        ("标准词,近似词\n混凝土,\n越野车,\n", "None of 2 rows"),
        ("标准词,近似词\n混凝土,混凝土\n", "None of 1 rows"),
        ("标准词,近似词\n1,2,3\n", "None of 1 rows"),
    ],
)
def test_a_file_without_a_pair_is_refused(text: str, word: str) -> None:
    assert word in refusal(text).message.get("en")


def test_too_many_pairs_are_refused() -> None:
    table = table_of("a,b\nc,d\ne,f\n")
    assert len(parse_dictionary(table, max_pairs=3).pairs) == 3
    with pytest.raises(FileProblem):
        parse_dictionary(table, max_pairs=2)


# -- problems by row ------------------------------------------------------------------------------


def test_empty_cells_are_skipped_by_row_and_column() -> None:
    result = preview("标准词,近似词\n混凝土,砼\n,SUV\n轿车,\n,\n\n客车,大巴\n")
    assert pairs(result) == [("混凝土", "砼"), ("客车", "大巴")]
    assert where(result, "empty_cell") == [(3, "标准词"), (4, "近似词")]
    assert [pair.row for pair in result.pairs] == [2, 7]
    assert result.rows == 4


def test_a_term_as_its_own_synonym_is_skipped() -> None:
    result = preview("标准词,近似词\nSUV,ｓｕｖ\n越野车,SUV\n")
    assert where(result, "self_pair") == [(2, "近似词")]
    assert pairs(result) == [("越野车", "SUV")]
    assert (result.standards, result.terms) == (1, 2)


def test_a_pair_that_comes_again_is_skipped_and_names_the_first_row() -> None:
    result = preview("标准词,近似词\n越野车,SUV\n轿车,房车\n越野车, suv \n")
    assert where(result, "duplicate") == [(4, "近似词")]
    duplicate = next(p for p in result.problems if p.code == "duplicate")
    assert "2" in duplicate.text.get("zh")
    assert pairs(result) == [("越野车", "SUV"), ("轿车", "房车")]


def test_a_synonym_of_two_standard_terms_is_kept_and_both_are_named() -> None:
    result = preview("标准词,近似词\n越野车,大车\n客车,大车\n")
    assert where(result, "ambiguous") == [(3, "近似词")]
    for language in ("zh", "en"):
        text = next(p for p in result.problems if p.code == "ambiguous").text.get(language)
        assert "越野车" in text
        assert "客车" in text
    assert len(result.pairs) == 2


def test_a_standard_term_that_is_a_synonym_elsewhere_is_noted() -> None:
    result = preview("标准词,近似词\n车,汽车\n汽车,轿车\n")
    assert [problem.severity for problem in result.problems] == ["note"]
    assert where(result, "chain") == [(2, None)]
    assert len(result.pairs) == 2


def test_long_terms_are_skipped() -> None:
    result = preview(
        f"标准词,近似词\n混凝土,{'砼' * 11}\n{'车' * 11},SUV\n轿车,{'房' * 10}\n", max_term_length=10
    )
    assert where(result, "too_long") == [(2, "近似词"), (3, "标准词")]
    assert pairs(result) == [("轿车", "房" * 10)]


def test_a_whole_text_in_a_cell_is_not_taken_apart() -> None:
    result = preview(
        f"标准词,近似词\n混凝土,{'砼、' * 200}\n轿车,房车\n", max_term_length=10, split_cells=True
    )
    assert where(result, "too_long") == [(2, "近似词")]
    assert pairs(result) == [("轿车", "房车")]


def test_line_breaks_and_invisible_characters_leave_a_term() -> None:
    result = preview('标准词,近似词\n混\u200b凝土,"商品\n砼"\n越野车,S\x07UV\n轿车\ufeff,房车\n')
    assert pairs(result) == [("混凝土", "商品 砼"), ("越野车", "SUV"), ("轿车", "房车")]
    assert [row for row, _ in where(result, "control_character")] == [2, 2, 4, 5]


def test_rows_with_a_cell_too_many_are_not_shifted_in() -> None:
    result = preview("标准词,近似词\n混凝土,砼\n1,000吨级,千吨级\n轿车,房车\n")
    assert pairs(result) == [("混凝土", "砼"), ("轿车", "房车")]
    assert where(result, "long_row") == [(3, None)]


def test_spelling_is_kept_but_for_outer_space() -> None:
    cells = ["007", "1E5", "NA", "null", "TRUE", "ＡＢＣ", "nan", "None"]
    result = preview("标准词,近似词\n" + "".join(f" {cell} ,词{i}\n" for i, cell in enumerate(cells)))
    assert [pair.standard for pair in result.pairs] == cells


def test_details_stop_at_a_thousand_but_counts_do_not_and_no_kind_is_hidden() -> None:
    repeated = "越野车,SUV\n" * 3000
    result = preview(f"标准词,近似词\n越野车,SUV\n{repeated}客车,SUV\n轿车,\n")
    assert result.problem_counts["duplicate"] == 3000
    assert len(result.problems) == 1000
    assert where(result, "ambiguous") == [(3003, "近似词")]
    assert where(result, "empty_cell") == [(3004, "近似词")]
    rows = [problem.row or 0 for problem in result.problems]
    assert rows == sorted(rows)


def test_two_frequent_kinds_of_problem_share_the_room() -> None:
    result = preview("标准词,近似词\n越野车,SUV\n" + "越野车,SUV\n" * 1500 + "轿车,轿车\n" * 1500)
    kinds = [problem.code for problem in result.problems]
    assert kinds.count("duplicate") == kinds.count("self_pair") == 500


def test_memory_for_each_row_allows_a_million_in_a_gibibyte() -> None:
    rows = 40_000
    data = "标准词,近似词\n" + "".join(f"标准术语{i // 3}号,近似的说法{i}个\n" for i in range(rows))
    encoded = data.encode()
    tracemalloc.start()
    try:
        result = preview(encoded)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(result.pairs) == rows
    assert peak / rows < 800


# -- several synonyms in a cell -------------------------------------------------------------------


@pytest.mark.parametrize("separator", ["、", ",", ";", "；", "，", "|", "｜", "／", "/", "\n", "、 "])
def test_cells_are_split_on_request_only(separator: str) -> None:
    text = f'标准词,近似词\n越野车,"SUV{separator}吉普{separator}四驱车"\n'
    asked = preview(text, split_cells=True)
    assert pairs(asked) == [("越野车", "SUV"), ("越野车", "吉普"), ("越野车", "四驱车")]
    assert {pair.row for pair in asked.pairs} == {2}
    assert where(asked, "several_in_cell") == []
    kept = preview(text)
    assert len(kept.pairs) == 1
    assert where(kept, "several_in_cell") == [(2, "近似词")]
    assert kept.multi_value_cells == asked.multi_value_cells == 1


@pytest.mark.parametrize(
    ("cell", "parts"),
    [
        ("1/2寸管", ["1/2寸管"]),
        ("1,000吨、千吨", ["1,000吨", "千吨"]),
        ("螺栓（M8、M10）、螺钉", ["螺栓（M8、M10）", "螺钉"]),
        ("左（未闭合、右", ["左（未闭合", "右"]),
        ("、SUV、、吉普；", ["SUV", "吉普"]),
        ("ABS/ESP", ["ABS", "ESP"]),
        ("SUV、SUV", ["SUV"]),
    ],
)
def test_splitting_keeps_numbers_and_brackets_whole(cell: str, parts: list[str]) -> None:
    result = preview(f'标准词,近似词\n某物,"{cell}"\n', split_cells=True)
    assert [pair.synonym for pair in result.pairs] == parts


def test_standard_terms_are_never_split() -> None:
    result = preview("标准词;近似词\nA/B型;甲、乙\n", split_cells=True)
    assert pairs(result) == [("A/B型", "甲"), ("A/B型", "乙")]


# -- the whole ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("标准词,近似词\n混凝土,砼\n越野车,SUV\n", "zh"),
        ("standard,synonym\nconcrete,beton\ncar,automobile\n", "en"),
        ("standard,synonym\nconcrete,混凝土\ncar,汽车\nbus,coach\n", "mixed"),
    ],
)
def test_the_language_is_recognised(text: str, language: str) -> None:
    assert preview(text).language == language


def test_a_preview_tells_how_the_file_was_read() -> None:
    result = preview("标准词,近似词\n混凝土,砼\n".encode("gb18030"))
    assert (result.encoding, result.delimiter, result.format) == ("gb18030", ",", "csv")
    assert result.sample_rows == (("标准词", "近似词"), ("混凝土", "砼"))
    assert result.sample_row_numbers == (1, 2)
    assert not result.split_cells


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text("ab,;\t\n\"'=、/ 车", max_size=60).map(str.encode), st.booleans())
def test_whatever_is_uploaded_the_answer_is_pairs_or_a_sentence(data: bytes, split: bool) -> None:
    result = None
    with contextlib.suppress(FileProblem):
        result = preview(data, split_cells=split)
    if result is None:
        refusal(data, split_cells=split)
        return
    keys = [(term_key(a), term_key(b)) for a, b in pairs(result)]
    assert len(set(keys)) == len(keys) > 0
    assert all(a and b and a != b for a, b in keys)
    assert all(text == text.strip() for pair in pairs(result) for text in pair)
