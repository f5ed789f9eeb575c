"""Whatever the bytes, a preview of pairs, raw text or a retrieval set is given or refused in words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import FileProblem
from workbench.ingest.kinds import guess_kind
from workbench.ingest.plain_lines import read_text_table
from workbench.services.corpora import Corpora
from workbench.services.pair_sets import PairSets
from workbench.services.retrieval_sets import RetrievalSets
from workbench.settings import Settings
from workbench.workspace import Workspace

CELLS = st.text(alphabet="车a1 05.,\t\n\"'|;[]{}:：，。?=\\\u200b\ufeff\x00é🚗是否", max_size=12)
LINES = st.lists(st.lists(CELLS, max_size=5), max_size=8)
HEADINGS = st.sampled_from(
    [
        "",
        "text1\ttext2\tlabel",
        "query\tanswer",
        "id,text",
        "anchor,positive,negative",
        "文本",
        "[",
        "a,b\n\nc",
    ]
)
FILES = st.one_of(
    st.binary(max_size=200),
    st.tuples(HEADINGS, LINES, st.sampled_from("\t,;"), st.sampled_from(["utf-8", "gb18030", "utf-16"])).map(
        lambda f: "\n".join([f[0], *(f[2].join(line) for line in f[1])]).encode(f[3])
    ),
)
NAMES = st.sampled_from(["a.csv", "a.tsv", "a.txt", "a"])


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    opened = Workspace(Settings.from_env({}, home=tmp_path_factory.mktemp("home")))
    yield opened
    opened.close()


def outcome(act):
    """What came of it: a preview, or the refusal in both languages."""
    try:
        return act()
    except FileProblem as problem:
        return problem.text("zh") and problem.text("en")


@settings(max_examples=300, deadline=None)
@given(FILES, FILES, NAMES, NAMES)
def test_any_bytes_are_read_or_refused_in_words(workspace, data, corpus, name, other):
    pairs, corpora, sets = PairSets(workspace), Corpora(workspace), RetrievalSets(workspace)
    for act in (
        lambda: pairs.preview(data, name),
        lambda: list(corpora.preview(data, name).texts),
        lambda: sets.preview(data, name),
        lambda: sets.preview(data, name, corpus, other),
        lambda: guess_kind(read_text_table(data, name, max_rows=100, max_bytes=10_000)),
    ):
        assert outcome(act)
