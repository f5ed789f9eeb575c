"""A column of an expert's file is matched, and the file comes back whole with the matches beside it."""

import csv
import io

import pytest

from workbench.errors import BadParameter, FileProblem, InputError, NotFound
from workbench.services.matching import ADDED


@pytest.fixture(scope="module")
def terms(opened):
    groups, _ = opened.groups_page("toy")
    return [(group.synonyms[0], group.standard) for group in groups[:6]]


def rows_of(data):
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_every_row_and_column_comes_back_with_its_match(opened, terms, tiny_model_folder):
    lines = ["编号,近似词,价格", *(f"{n:03},{synonym},1E5" for n, (synonym, _) in enumerate(terms))]
    column = opened.matching.read("\n".join(lines).encode("gb18030"), "清单.csv")
    assert column.columns[column.place] == "近似词"
    report = opened.matching.match(column.texts, "toy", str(tiny_model_folder), precision=0.9)
    assert report.known == len(terms) == len(report.matches)
    assert report.coverage == 1.0
    rows = rows_of(opened.matching.file(report, column))
    assert [row["编号"] for row in rows] == [f"{n:03}" for n in range(len(terms))]
    assert {row["价格"] for row in rows} == {"1E5"}
    assert [row["standard"] for row in rows] == [standard for _, standard in terms]
    assert {row["match"] for row in rows} == {"known"}


def test_what_is_doubtful_has_no_standard_term_but_says_what_was_nearest(opened, tiny_model_folder):
    report = opened.matching.match(["zq/-x", "", "9(+)"], "toy", str(tiny_model_folder), precision=0.99)
    assert (report.known, report.accepted, report.doubtful) == (0, 0, 3)
    column = opened.matching.read(b"=1+1,standard\nzq/-x,a\n,b\n9(+),c\n", "a.csv", column=0)
    assert column.rows[0][1] == "a"
    rows = rows_of(opened.matching.file(report, column))
    assert [row["match_standard"] for row in rows] == ["", "", ""]
    assert rows[0]["nearest"]
    assert not rows[1]["nearest"]
    assert set(ADDED) - {"standard"} < set(rows[0])
    for language in ("zh", "en"):
        assert "{" not in report.sentence.get(language)


def test_refusals_are_sentences(opened, tiny_model_folder):
    model = str(tiny_model_folder)
    with pytest.raises(BadParameter):
        opened.matching.match(["a"], "toy", model, precision=95)
    with pytest.raises(NotFound):
        opened.matching.match(["a"], "nowhere", model)
    with pytest.raises(InputError) as caught:
        opened.matching.match(["a", "b" * 2001], "toy", model)
    assert "2" in caught.value.message.get("zh")
    with pytest.raises(FileProblem):
        opened.matching.read("近似词\n".encode(), "a.csv")
    with pytest.raises(FileProblem) as missing:
        opened.matching.read("近似词,b\nc,d\n".encode(), "a.csv", column="词")
    assert "近似词" in str(missing.value.hint.get("zh"))
