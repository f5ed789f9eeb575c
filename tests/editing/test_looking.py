"""Pages of groups, their flags, chains, and which groups no model has learnt yet."""

import pytest
from editing.desk import CONCRETE, OFFROAD, PRADO, Desk

from workbench.editing.edits import (
    AddGroup,
    DeleteTerms,
    RenameTerm,
)
from workbench.errors import BadParameter, NotFound
from workbench.types import Pair


def test_pages_are_searched_filtered_and_sorted(desk):
    desk.do(AddGroup("B车", ("砼", "SUV", "x", "普拉多")))
    ids = lambda **more: [group.id for group in desk.editor.page("车", **more).groups]
    assert ids() == [1, 2, 3, 4]
    assert ids(search="ｓｕｖ") == [2, 4]
    assert ids(search="车", sort="name") == [4, 2]
    assert ids(filter="ambiguous") == [2, 3, 4]
    assert ids(filter="chained") == [1, 4]
    assert ids(filter="problems", search="混凝土") == [3]
    assert ids(filter="untrained") == [1, 2, 3, 4]
    assert ids(filter="weakest", ranks=[3, 99, 1]) == [3, 1]
    assert ids(filter="weakest", ranks=[3, 1], search="霸道") == [1]
    assert ids(filter="weakest") == []
    assert ids(sort="size") == [4, 1, 2, 3]
    assert ids(sort="recent") == [4, 1, 2, 3]
    assert ids(sort="name")[0] == 4
    page = desk.editor.page("车", page=1, size=3)
    assert ([group.id for group in page.groups], page.total, page.version) == ([4], 4, 2)
    with pytest.raises(BadParameter):
        desk.editor.page("车", filter="1; DROP TABLE entries")


def test_chinese_terms_are_sorted_by_pinyin(tmp_path):
    made = Desk(tmp_path, [Pair(name, f"{name}2") for name in ("中文", "阿姨", "北京", "Zoo")])
    assert [group.standard for group in made.editor.page("车", sort="name").groups] == [
        "Zoo",
        "阿姨",
        "北京",
        "中文",
    ]
    made.workspace.close()


def test_groups_and_their_terms_carry_flags(desk):
    desk.do(AddGroup("B车", ("砼", "普拉多", "y" * 101)))
    prado, offroad, concrete, new = desk.editor.page("车").groups
    assert prado.flags == ("chained", "untrained")
    assert (offroad.flags, offroad.marks) == (("untrained",), {})
    assert concrete.marks == {"砼": ("ambiguous",)}
    assert new.marks == {"砼": ("ambiguous",), "普拉多": ("chained",), "y" * 101: ("long",)}
    assert (prado.changed, new.changed) == (1, 2)
    assert [group.id for group in desk.editor.page("车", filter="problems").groups] == [1, 3, 4]


def test_a_group_is_found_by_id_and_by_term(desk):
    assert desk.editor.group("车", PRADO).synonyms == ("霸道", "Prado", "LC150")
    assert [group.id for group in desk.editor.find("车", " ＰＲＡＤＯ ")] == [PRADO]
    assert desk.editor.find("车", "Prad") == ()
    assert [group.id for group in desk.editor.groups("车", [3, 77, 1])] == [3, 1]
    with pytest.raises(NotFound):
        desk.editor.group("车", 77)


def test_the_chain_of_a_group_is_drawn_whole_or_cut(desk):
    desk.do(AddGroup("B车", ("普拉多", "砼")))
    chain = desk.editor.component("车", PRADO)
    assert set(chain.groups) == {PRADO, CONCRETE, 4}
    assert set(chain.bridges) == {"普拉多", "砼"}
    assert set(chain.terms) == {"普拉多", "霸道", "Prado", "LC150", "B车", "砼", "混凝土"}
    assert len(chain.edges) == 6
    assert desk.editor.component("车", OFFROAD).bridges == ()
    cut = desk.editor.component("车", PRADO, limit=5)
    assert len(cut.terms) == 5
    assert {term for edge in cut.edges for term in (edge.standard, edge.synonym)} <= set(cut.terms)
    with pytest.raises(NotFound):
        desk.editor.component("车", 77)


def test_groups_changed_since_the_newest_training_are_untrained(desk):
    def run(name, state):
        info = desk.workspace.dictionaries.get("车")
        made = desk.workspace.runs.create(
            name,
            dictionary="车",
            version_id=info.version_id,
            split_hash="",
            base_model="",
            recipe="",
            config={},
        )
        with desk.workspace.database.write() as db:
            db["runs"].update(
                db.conn.execute("SELECT number FROM runs WHERE id = ?", (made.id,)).fetchone()[0],
                {"state": state},
            )

    untrained = lambda: [group.id for group in desk.editor.page("车", filter="untrained").groups]
    assert untrained() == [1, 2, 3]
    run("one", "completed")
    assert untrained() == []
    desk.do(DeleteTerms(PRADO, ("LC150",)))
    desk.do(RenameTerm(OFFROAD, "SUV", "suv"))
    run("two", "failed")
    assert untrained() == [1, 2]
    assert desk.editor.group("车", PRADO).flags == ("untrained",)
    assert desk.editor.group("车", CONCRETE).flags == ()
    desk.undo()
    assert untrained() == [1]  # the other reads again as it was trained
