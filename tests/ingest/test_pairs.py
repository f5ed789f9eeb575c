"""Labelled pairs: columns by name or looks, kinds and scales, every problem by its row."""

import pytest

from workbench.errors import FileProblem
from workbench.ingest.pairs import choose_pair_columns, parse_pairs
from workbench.ingest.plain_lines import read_text_table


def table(text, filename="pairs.csv", **options):
    data = text if isinstance(text, bytes) else text.encode()
    return read_text_table(data, filename, max_rows=10_000, max_bytes=10**7, **options)


def parse(text, filename="pairs.csv", choice=None, **options):
    return parse_pairs(table(text, filename), choice, **options)


def rows(preview):
    return [(p.text1, p.text2, p.label) for p in preview.pairs]


def problems(preview, code):
    return [problem.row for problem in preview.problems if problem.code == code]


@pytest.mark.parametrize(
    "heading",
    [
        "text1,text2,label",
        "sentence1,sentence2,label",
        "句子1,句子2,标签",
        "文本一,文本二,是否相似",
        "question1,question2,is_duplicate",
        "query,doc,label",
        "原句,改写,标注",
        "Text_A,Text_B,Label",
    ],
)
def test_headings_in_both_languages_name_the_columns(heading):
    preview = parse(f"{heading}\n甲车,乙车,1\n甲车,丙车,0\n")
    assert rows(preview) == [("甲车", "乙车", 1.0), ("甲车", "丙车", 0.0)]
    assert (preview.kind, preview.positives, preview.rows) == ("labels", 1, 2)
    assert preview.choice.has_header
    assert preview.choice.sure


def test_columns_may_stand_in_any_order_with_others_between():
    preview = parse("id,label,sentence1,split,sentence2\n1,1,甲,train,乙\n2,0,丙,train,丁\n")
    assert rows(preview) == [("甲", "乙", 1.0), ("丙", "丁", 0.0)]


def test_without_a_heading_the_last_column_of_labels_is_found_and_no_row_is_lost():
    preview = parse("1,今天天气,天气今天,1\n2,哈哈哈,呵呵,0\n3,哈哈,呵呵呵,1\n")
    assert rows(preview) == [("今天天气", "天气今天", 1.0), ("哈哈哈", "呵呵", 0.0), ("哈哈", "呵呵呵", 1.0)]
    assert preview.problem_counts["no_heading"] == 1


def test_a_heading_of_unknown_names_is_seen_above_labels():
    preview = parse("左文,右文,对不对\n甲,乙,1\n丙,丁,0\n")
    assert len(preview.pairs) == 2


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16", "big5"])
def test_words_for_yes_and_no_are_labels_in_any_encoding(encoding):
    text = "句子1\t句子2\t標籤\n汽車保養很重要\t保養汽車\t是\n今天天氣很好\t今天天氣不好\t否\n"
    preview = parse(text.replace("標籤", "label").encode(encoding), "a.txt")
    assert [pair.label for pair in preview.pairs] == [1.0, 0.0]


@pytest.mark.parametrize(
    "words", [("相似", "不相似"), ("true", "False"), ("Yes", "no"), ("1.0", "0.0"), ("１", "０")]
)
def test_other_ways_to_write_a_label(words):
    preview = parse(f"text1,text2,label\na,b,{words[0]}\nc,d,{words[1]}\n")
    assert [pair.label for pair in preview.pairs] == [1.0, 0.0]
    assert preview.kind == "labels"


def test_scores_to_one_stay_and_scores_to_five_are_scaled_and_said_to_be():
    assert rows(parse("text1,text2,score\na,b,0.25\nc,d,1\n")) == [("a", "b", 0.25), ("c", "d", 1.0)]
    five = parse("text1,text2,score\na,b,5\nc,d,3.4\ne,f,0\n")
    assert [pair.label for pair in five.pairs] == [1.0, 0.68, 0.0]
    assert (five.kind, five.divisor, five.problem_counts["scaled"]) == ("scores", 5.0, 1)


def test_the_kind_can_be_overridden():
    text = "text1,text2,label\na,b,1\nc,d,0\n"
    assert parse(text, kind="scores").kind == "scores"
    assert parse("text1,text2,score\na,b,1\nc,d,0\n").kind == "scores"
    labels = parse("text1,text2,score\na,b,1\nc,d,0.5\n", kind="labels")
    assert (labels.kind, problems(labels, "out_of_range")) == ("labels", [3])


@pytest.mark.parametrize("heading", ["anchor,positive,negative", "query,pos,neg", "锚点,正例,负例"])
def test_triplets(heading):
    preview = parse(f"{heading}\n车,汽车,火车\n车,轿车,车\n车,汽车,火车\n车,车,马\n")
    assert preview.kind == "triplets"
    assert [(p.text1, p.text2, p.negative, p.label) for p in preview.pairs] == [("车", "汽车", "火车", 1.0)]
    assert (problems(preview, "self_contradiction"), problems(preview, "duplicate")) == ([3], [4])
    assert problems(preview, "self_pair") == [5]


def test_a_text_that_is_positive_and_negative_of_one_anchor_is_told():
    preview = parse("anchor,positive,negative\na,b,c\na,d,b\n")
    assert len(preview.pairs) == 2
    assert problems(preview, "contradiction") == [3]
    assert "row 2" in str(next(p.text for p in preview.problems if p.code == "contradiction"))


def test_every_problem_has_its_row_and_only_good_rows_are_kept():
    text = (
        "text1,text2,label\n"
        "a,b,1\n"  # 2
        ",c,1\n"
        "d,e,\n"  # 4
        "f,g,maybe\n"
        "h,i,7\n"  # 6
        "j,j,1\n"
        "k,Ｋ,0\n"  # 8: the same but for width and case
        "B,a,1\n"
        f"{'x' * 30},l,0\n"  # 10
        "m\u200bn,o,0\n"
        "p,q,0,r\n"  # 12
    )
    preview = parse(text, max_text_length=20)
    assert rows(preview) == [("a", "b", 1.0), ("mn", "o", 0.0)]
    assert problems(preview, "empty_cell") == [3, 4]
    assert problems(preview, "bad_label") == [5]
    assert problems(preview, "out_of_range") == [6]
    assert problems(preview, "self_pair") == [7]
    assert problems(preview, "self_contradiction") == [8]
    assert problems(preview, "duplicate") == [9]
    assert problems(preview, "too_long") == [10]
    assert problems(preview, "control_character") == [11]
    assert problems(preview, "long_row") == [12]
    assert preview.rows == 11


def test_contradictory_labels_are_left_out_on_both_sides_and_each_row_is_told():
    preview = parse("text1,text2,label\na,b,1\nb,a,0\na,b,1\nc,d,1\n")
    assert rows(preview) == [("c", "d", 1.0)]
    [problem] = [p for p in preview.problems if p.code == "contradiction"]
    assert (problem.row, problem.severity) == (3, "error")
    assert "2" in problem.text.get("zh")
    assert problems(preview, "duplicate") == [4]


def test_two_columns_alone_count_as_alike_and_it_is_said():
    preview = parse("query,doc\n怎么换轮胎,更换轮胎的方法\n")
    assert rows(preview) == [("怎么换轮胎", "更换轮胎的方法", 1.0)]
    assert preview.problem_counts["no_label"] == 1


def test_columns_by_name_and_by_number():
    text = "甲列,乙列,丙列,丁列\nx1,1,y1,z1\nx2,0,y2,z2\n"
    given = table(text)
    by_name = choose_pair_columns(given, text1="丁列", text2="丙列", label="乙列")
    assert rows(parse_pairs(given, by_name)) == [("z1", "y1", 1.0), ("z2", "y2", 0.0)]
    by_number = choose_pair_columns(given, text1=0, text2=2, label=1, has_header=True)
    assert rows(parse_pairs(given, by_number)) == [("x1", "y1", 1.0), ("x2", "y2", 0.0)]
    triplets = choose_pair_columns(given, text1=0, text2=2, negative=3, has_header=True)
    assert parse_pairs(given, triplets).kind == "triplets"


def test_a_column_that_is_not_there_or_is_taken_twice_is_refused_with_the_names():
    given = table("text1,text2,label\na,b,1\n")
    with pytest.raises(FileProblem) as caught:
        choose_pair_columns(given, text1="没有")
    assert "text1、text2、label" in caught.value.text("zh")
    with pytest.raises(FileProblem):
        choose_pair_columns(given, text1="text1", text2="text1")


def test_a_file_without_two_texts_or_without_a_usable_row_is_refused_in_both_languages():
    with pytest.raises(FileProblem) as caught:
        parse("label\n1\n0\n")
    assert "两列文本" in caught.value.text("zh")
    with pytest.raises(FileProblem) as caught:
        parse("text1,text2,label\na,a,1\nb,c,none\n")
    assert "2" in caught.value.text("en")


def test_commas_in_tabbed_sentences_stay_and_colons_do_not_make_it_a_list_of_terms():
    text = "标题：你好，世界\t你好：世界，大家\t1\n标题：再见，世界\t不，不见：了\t0\n"
    preview = parse(text, "pairs.txt")
    assert preview.pairs[0].text1 == "标题：你好，世界"
    assert [pair.label for pair in preview.pairs] == [1.0, 0.0]
    assert [pair.row for pair in preview.pairs] == [1, 2]


def test_a_slip_does_not_change_the_scale():
    lines = "".join(f"a{n},b{n},{n % 2}\n" for n in range(60))
    preview = parse(f"text1,text2,label\n{lines}c,d,3\n")
    assert (preview.kind, problems(preview, "out_of_range")) == ("labels", [62])


def test_too_many_pairs_are_refused():
    with pytest.raises(FileProblem):
        parse("text1,text2,label\na,b,1\nc,d,1\n", max_pairs=1)
