"""Import as the expert does it: read, look, save; and the check of what is here."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.editing.edits import AddSynonyms, MarkApart
from workbench.errors import BadParameter, Conflict, NameTaken, NotFound
from workbench.normalise import term_key
from workbench.services import Services
from workbench.settings import Settings


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    opened = Services(Settings.from_env({}, home=tmp_path_factory.mktemp("home"), warm_worker=False))
    yield opened
    opened.close()


def csv(*pairs):
    return "\n".join(["标准词,近似词", *(f"{one},{other}" for one, other in pairs)]).encode()


def read(services, *pairs):
    return services.importer.read(csv(*pairs), "d.csv")


def keys(services, name):
    pairs = services._workspace.dictionaries.pairs(services.dictionary(name).version_id)
    return {(term_key(pair.standard), term_key(pair.synonym)) for pair in pairs}


def test_a_new_dictionary_then_merge_then_replace(services):
    importer = services.importer
    first = read(services, ("混凝土", "砼"), ("钢筋", "螺纹钢"))
    assert importer.save(first, "工地", "new", "工地.csv").version == 1
    second = read(services, ("混凝土", "商砼"), ("水泥", "洋灰"))
    plan = importer.plan(second, "工地", "merge")
    info = importer.save(second, "工地", "merge", "more.csv", author="王工")
    assert (info.version, info.pairs) == (2, plan.pairs_after)
    assert services.editor.history("工地")[0][0].author == "王工"
    plan = importer.plan(second, "工地", "replace")
    assert plan.removed_count == 2
    info = importer.save(second, "工地", "replace", "more.csv")
    assert (info.version, info.pairs) == (3, 2)
    undone = services.editor.undo("工地", based_on=3)
    assert undone.info.pairs == 4


def test_what_was_edited_after_the_dry_run_is_not_replaced_unseen(services):
    importer = services.importer
    importer.save(read(services, ("阀门", "阀"), ("管道", "管子")), "管网", "new", "a.csv")
    file = read(services, ("阀门", "闸阀"))
    plan = importer.plan(file, "管网", "replace")
    assert plan.version == 1
    edited = services.editor.apply("管网", AddSynonyms(2, ("管路",)), based_on=1)
    with pytest.raises(Conflict):
        importer.save(file, "管网", "replace", "b.csv", based_on=plan.version)
    assert services.dictionary("管网") == edited.info
    plan = importer.plan(file, "管网", "replace")
    assert importer.save(file, "管网", "replace", "b.csv", based_on=plan.version).version == 3


def test_the_same_file_again_makes_no_version(services):
    file = read(services, ("电机", "马达"), ("电机", "电动机"))
    services.importer.save(file, "again", "new", "a.csv")
    for mode in ("merge", "replace"):
        assert services.importer.plan(file, "again", mode).changes_nothing
        assert services.importer.save(file, "again", mode, "a.csv").version == 1


def test_looking_stores_nothing(services):
    before = [info.version_id for info in services.dictionaries()]
    file = read(services, ("新词", "近词"))
    services.importer.plan(file, "汽车", "merge")
    services.importer.check("汽车")
    services.importer.check_preview(file)
    assert [info.version_id for info in services.dictionaries()] == before


def test_pairs_marked_apart_stay_out_in_every_mode(services):
    file = read(services, ("钢材", "铁丝"), ("钢材", "型钢"))
    services.importer.save(file, "apart", "new", "a.csv")
    services.editor.apply("apart", MarkApart("铁丝", "钢材"), based_on=1)
    for mode in ("merge", "replace"):
        plan = services.importer.plan(file, "apart", mode)
        assert plan.refused_count == 1
        assert plan.changes_nothing
        assert services.importer.save(file, "apart", mode, "a.csv").version == 2
        assert keys(services, "apart") == {("钢材", "型钢")}


def test_refusals_in_words(services):
    file = read(services, ("新词", "近词"))
    with pytest.raises(NameTaken):
        services.importer.save(file, "汽车", "new", "a.csv")
    for mode in ("merge", "replace"):
        with pytest.raises(NotFound):
            services.importer.plan(file, "没有这个词典", mode)
        with pytest.raises(NotFound):
            services.importer.save(file, "没有这个词典", mode, "a.csv")
    with pytest.raises(BadParameter):
        services.importer.plan(file, "汽车", "append")
    with pytest.raises(BadParameter):
        services.importer.check("汽车", threshold=0.9)
    with pytest.raises(NotFound):
        services.importer.check("没有这个词典")


def test_how_a_file_is_read_can_be_said(services):
    data = "甲|乙\n丙|丁".encode("gb18030")
    preview = services.importer.read(data, "d.txt", encoding="gb18030", delimiter="|", has_header=False)
    assert [(pair.standard, pair.synonym) for pair in preview.pairs] == [("甲", "乙"), ("丙", "丁")]


def test_a_check_reports_progress_and_finds_what_is_there(services):
    shares = []
    services.importer.save(read(services, ("發動機", "引擎"), ("发动机", "马达")), "check", "new", "c.csv")
    report = services.importer.check("check", progress=lambda share, text: shares.append(share))
    assert report.problem_counts == {"near_traditional": 1}
    assert shares[-1] == 1.0


terms = st.sampled_from(["甲词", "乙词", "丙词", "Ab", "ab", "cd"])
some = st.lists(
    st.tuples(terms, terms).filter(lambda ends: term_key(ends[0]) != term_key(ends[1])),
    min_size=1,
    max_size=7,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some, some)
def test_merging_is_the_union_and_merging_again_is_nothing(services, before, file):
    name = services.unique_dictionary_name("union")
    services.importer.save(read(services, *before), name, "new", "b.csv")
    here, preview = keys(services, name), read(services, *file)
    plan = services.importer.plan(preview, name, "merge")
    info = services.importer.save(preview, name, "merge", "f.csv")
    wanted = {(term_key(one), term_key(other)) for one, other in file}
    assert keys(services, name) == here | wanted
    assert info.pairs == plan.pairs_after
    assert plan.changes_nothing == (info.version == 1)
    assert services.importer.plan(preview, name, "merge").changes_nothing
    assert services.importer.save(preview, name, "merge", "f.csv").version == info.version
