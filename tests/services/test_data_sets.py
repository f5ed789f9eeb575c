"""Pair sets, corpora and retrieval sets as a person has them: a file in, looked over, kept, and out again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, FileProblem, NotFound
from workbench.ingest.dictionary import parse_dictionary
from workbench.ingest.readers import read_table
from workbench.services.corpora import Corpora
from workbench.services.pair_sets import PairSets
from workbench.services.retrieval_sets import RetrievalSets
from workbench.settings import Settings
from workbench.types import LabelledPair
from workbench.workspace import Workspace

FORMATS = ("csv", "tsv", "xlsx", "jsonl")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    opened = Workspace(Settings.from_env({}, home=tmp_path_factory.mktemp("home")))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def pair_sets(workspace):
    return PairSets(workspace)


def plain(pairs):
    return [(p.text1, p.text2, p.label, p.negative) for p in pairs]


def test_a_file_of_pairs_is_kept_under_a_name_and_paged(pair_sets):
    preview = pair_sets.preview("句子1,句子2,标签\n甲车,乙车,是\n丙,丁,否\n".encode("gb18030"), "我的.csv")
    info = pair_sets.save("  人工 ", preview, source="/home/x/我的.csv")
    assert (info.name, info.rows, info.positives, info.source, info.trusted) == (
        "人工",
        2,
        1,
        "我的.csv",
        True,
    )
    assert pair_sets.get("人工") in pair_sets.all()
    page, total = pair_sets.page("人工", search="乙", page=-3, size=0)
    assert (plain(page), total) == ([("甲车", "乙车", 1.0, "")], 1)
    with pytest.raises(BadParameter):
        pair_sets.save(" ", preview, source="a")
    pair_sets.delete("人工")
    with pytest.raises(NotFound):
        list(pair_sets.pairs("人工"))


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("kind", "pairs"),
    [
        ("labels", [LabelledPair("=1+1", "'-x", 1.0), LabelledPair('"引号", 逗号', "分号；|", 0.0)]),
        (
            "scores",
            [LabelledPair("甲", "乙", 1.0), LabelledPair("丙", "丁", 0.0), LabelledPair("a", "007", 1 / 3)],
        ),
        ("scores", [LabelledPair("甲", "乙", 1.0), LabelledPair("丙", "丁", 0.0)]),
        ("triplets", [LabelledPair("锚", "正\\", 1.0, "@负"), LabelledPair("a b", "c", 1.0, "d")]),
    ],
)
def test_export_then_import_gives_the_same_pairs(workspace, pair_sets, format, kind, pairs):
    workspace.pair_sets.save("往返", pairs, kind=kind, source="", replace=True)
    preview = pair_sets.preview(pair_sets.export("往返", format), f"a.{format}")
    assert (plain(preview.pairs), preview.kind, preview.divisor) == (plain(pairs), kind, 1.0)


SIGNS = st.text(alphabet="甲乙丙a'\"=-+@,;|:：，#/\\ 0１.％é🚗", min_size=1, max_size=8).filter(
    lambda t: t.strip()
)
ROWS = st.lists(st.tuples(SIGNS, SIGNS, st.sampled_from([0, 1])), min_size=2, max_size=8)


@settings(max_examples=50, deadline=None)
@given(ROWS, st.sampled_from(["csv", "tsv", "jsonl"]))
def test_what_was_imported_once_survives_export_and_import(workspace, pair_sets, rows, format):
    text = "text1\ttext2\tlabel\n" + "".join(f"{a}\t{b}\t{label}\n" for a, b, label in rows)
    try:
        first = pair_sets.preview(text.encode(), "a.txt")
    except FileProblem:
        return  # every row is refused: nothing to export
    workspace.pair_sets.save("任意", first.pairs, kind=first.kind, source="", replace=True)
    again = pair_sets.preview(pair_sets.export("任意", format), f"a.{format}")
    assert plain(again.pairs) == plain(first.pairs)


def test_pairs_and_queries_are_compared_with_a_dictionary(workspace, pair_sets):
    table = read_table(
        "标准词,近似词\n越野车,SUV\n轿车,小轿车\n".encode(), "d.csv", max_rows=10, max_bytes=999
    )
    workspace.dictionaries.save("车", parse_dictionary(table).pairs, language="zh", source="")
    preview = pair_sets.preview("text1,text2,label\nSUV,越野车,0\n越野车,轿车,1\na,b,0\n".encode(), "a.csv")
    pair_sets.save("对照", preview, source="a.csv")
    found = pair_sets.check_against_dictionary("对照", "车")
    assert [(c.code, c.row) for c in found] == [("denied_synonyms", 2), ("other_concepts", 3)]
    sets = RetrievalSets(workspace)
    sets.save("检索", sets.preview("小轿车\t越野车\nSUV\t越野车\n".encode(), "q.txt"), source="q.txt")
    assert [c.text1 for c in sets.check_against_dictionary("检索", "车")] == ["小轿车"]
    with pytest.raises(NotFound):
        pair_sets.check_against_dictionary("对照", "没有")


@pytest.mark.parametrize("format", [*FORMATS, "txt"])
def test_export_then_import_gives_the_same_corpus(workspace, format):
    corpora = Corpora(workspace)
    lines = ["=1+1 算式", "逗号，,顿号、", '"引号"', "甲：乙，丙", "english text, with a comma"]
    preview = corpora.preview("\n".join(lines).encode(), "a.txt")
    info = corpora.save("语料", preview, source="a.txt")
    assert info == corpora.save("语料", preview, source="a.txt")
    again = corpora.preview(corpora.export("语料", format), f"a.{format}")
    assert [text for text, _ in again.texts] == list(corpora.texts("语料")) == lines
    assert corpora.page("语料", search="逗号")[1] == 1
    corpora.delete("语料")


@pytest.mark.parametrize("format", FORMATS)
def test_export_then_import_gives_the_same_retrieval_set(workspace, format):
    sets = RetrievalSets(workspace)
    corpus = "段落，一,x\n=段落二\n段落三：y\n".encode("utf-16")
    preview = sets.preview(
        "换胎\t段落，一,x\n保养\t=段落二\n换胎\t段落三：y\n".encode(), "q.txt", corpus, "c.txt"
    )
    info = sets.save("基准", preview, source="q.txt", replace=True)
    assert (info.queries, info.passages, info.answers) == (2, 3, 3)
    again = sets.preview(
        sets.export("基准", format), f"q.{format}", sets.export("基准", format, "passages"), f"c.{format}"
    )
    assert again.set == sets.set("基准") == preview.set
