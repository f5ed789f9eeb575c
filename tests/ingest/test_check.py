"""A dictionary that is here is looked through for all that a file is looked through for, and more."""

from workbench.ingest.check import check_dictionary
from workbench.types import LabelledPair, Pair


def codes(*pairs, **options):
    rows = [Pair(one, other, row) for row, (one, other) in enumerate(pairs, 2)]
    return {(each.code, each.row) for each in check_dictionary(rows, **options).problems}


def test_what_is_wrong_with_single_pairs():
    assert codes(
        ("车", ""), ("轿车", "轿车"), ("货车", "卡车"), ("货车", "卡车"), ("客\u200b车", "大巴")
    ) == {
        ("one_character", 2), ("empty_cell", 2), ("self_pair", 3), ("duplicate", 5), ("control_character", 6),
    }  # fmt: skip


def test_what_ties_groups():
    assert codes(("货车", "运输车"), ("卡车", "运输车"), ("运载工具", "卡车")) == {
        ("ambiguous", 2), ("chain", 3),
    }  # fmt: skip


def test_suspicious_lengths():
    usual = [(f"标准词条{chr(0x4E00 + 17 * n)}", f"近似{chr(0x5E00 + 31 * n)}") for n in range(40)]
    found = codes(*usual, ("说明文字", "这是一段说明文字而不是一个词" * 3), ("电压", "220"), ("分隔", "——"))
    assert {("far_longer", 42), ("no_letters", 43), ("no_letters", 44)} <= found
    assert {code for code, row in found if row < 42} <= {"near_typo"}


def test_labels_that_say_the_opposite():
    labelled = [
        LabelledPair("商砼", "砼料", 0, row=2),
        LabelledPair("混凝土", "砼料", 1, row=3),
        LabelledPair("混凝土", "砂浆", 1, row=4),
        LabelledPair("混凝土", "灰浆", 1, row=5),
    ]
    pairs = [Pair("混凝土", "砼料", 2), Pair("混凝土", "商砼", 3), Pair("砂浆", "灰浆", 4)]
    report = check_dictionary(pairs, labelled=labelled, apart=[Pair("砂浆", "混凝土")])
    assert report.problem_counts == {"contradiction": 2, "other_concepts": 1}
    said = [each.text.get("en") for each in report.problems if each.code == "contradiction"]
    assert any("Row 2" in text and "“商砼”" in text for text in said)
    assert any("Row 4" in text and "not synonyms" in text for text in said)


def test_near_duplicates_come_with_advice_and_as_clusters():
    report = check_dictionary(
        [Pair("發動機", "引擎", 2), Pair("发动机", "马达", 3), Pair("carburetor", "carburettor", 4)]
    )
    texts = {each.code: each.text for each in report.problems}
    assert "合并" in texts["near_traditional"].get("zh")
    assert "delete it" in texts["near_typo"].get("en")
    assert [set(cluster.standards) for cluster in report.clusters] == [{"發動機", "发动机"}]
    assert report.cluster_count == 1


def test_chains_are_part_of_the_report():
    report = check_dictionary([Pair("A车", "乙车", 2), Pair("丙车", "乙车", 3)])
    assert report.chains.count == 1


def test_a_clean_dictionary_has_nothing_to_report():
    report = check_dictionary([Pair("混凝土", "砼料", 2), Pair("钢筋", "螺纹钢", 3)])
    assert (report.problems, report.problem_counts, report.clusters, report.chains.count) == ((), {}, (), 0)
