"""Terms picked together: made one group wherever they stand, kept apart, suggested, saved as a table."""

import csv
import io

import pytest

from workbench.errors import Conflict, InputError
from workbench.services import Services
from workbench.settings import Settings

GROUPS = {
    "越野车": ("SUV", "四驱车", "越野"),
    "丰田普拉多": ("普拉多", "霸道"),
    "货车": ("卡车",),
    "轿车": ("小轿车", "三厢车"),
}


@pytest.fixture
def services(tmp_path):
    opened = Services(Settings.from_env({}, home=tmp_path / "home", warm_worker=False))
    rows = ["standard,synonym", *(f"{s},{t}" for s, terms in GROUPS.items() for t in terms)]
    opened.save_dictionary(
        "cars", opened.preview_dictionary("\n".join(rows).encode(), "c.csv"), source="c.csv"
    )
    yield opened
    opened.close()


def kept(services):
    return {g.standard: set(g.synonyms) for g in services.editor.page("cars", size=500).groups}


def group(services, terms, standard):
    version = services.editor.status("cars").version
    return services.picked.group("cars", terms, standard, based_on=version)


def test_terms_of_other_groups_join_a_standard_term_in_one_step(services):
    done = group(services, ["越野车", "霸道", "三厢车"], "越野车")
    assert done.steps == 1
    assert kept(services) == {
        "越野车": {"SUV", "四驱车", "越野", "霸道", "三厢车"},
        "丰田普拉多": {"普拉多"},
        "货车": {"卡车"},
        "轿车": {"小轿车"},
    }
    services.editor.undo("cars", based_on=done.result.info.version)
    assert kept(services) == {standard: set(terms) for standard, terms in GROUPS.items()}


def test_a_group_whose_standard_term_or_whole_is_picked_joins_with_all_that_it_has(services):
    options = {each.standard: each for each in services.picked.options("cars", ["卡车", "轿车", "越野车"])}
    assert options["越野车"].known
    assert set(options["越野车"].along) == {"货车", "小轿车", "三厢车"}
    group(services, ["卡车", "轿车", "越野车"], "越野车")
    assert kept(services)["越野车"] == {"SUV", "四驱车", "越野", "货车", "卡车", "轿车", "小轿车", "三厢车"}
    assert set(kept(services)) == {"越野车", "丰田普拉多"}


def test_synonyms_of_one_group_become_a_group_of_their_own(services):
    done = group(services, ["SUV", "四驱车"], "SUV")
    assert done.steps == 1
    assert kept(services)["SUV"] == {"四驱车"}
    assert kept(services)["越野车"] == {"越野"}


def test_synonyms_of_several_groups_become_a_group_and_leave_their_own(services):
    done = group(services, ["SUV", "霸道", "三厢车"], "霸道")
    now = kept(services)
    assert now["霸道"] == {"SUV", "三厢车"}
    assert now["越野车"] == {"四驱车", "越野"}
    assert now["丰田普拉多"] == {"普拉多"}
    version = done.result.info.version
    for _ in range(done.steps):
        version = services.editor.undo("cars", based_on=version).info.version
    assert kept(services) == {standard: set(terms) for standard, terms in GROUPS.items()}


def test_what_cannot_be_done_is_said_and_nothing_is_written(services):
    before = services.editor.status("cars").version
    for terms, standard in ((["SUV"], "SUV"), (["SUV", "霸道"], "货车"), (["越野车", "SUV"], "越野车")):
        with pytest.raises(InputError):
            group(services, terms, standard)
    with pytest.raises(InputError):
        services.picked.apart("cars", [f"t{n}" for n in range(41)], based_on=before)
    assert services.editor.status("cars").version == before


def test_who_saw_an_older_group_is_told(services):
    seen = services.editor.status("cars").version
    group(services, ["越野车", "霸道"], "越野车")
    with pytest.raises(Conflict):
        services.picked.group("cars", ["越野车", "三厢车"], "越野车", based_on=seen)


def test_each_two_are_marked_as_not_synonyms_in_one_step(services):
    seen = services.editor.status("cars").version
    result = services.picked.apart("cars", ["越野车", "SUV", "霸道"], based_on=seen)
    assert result.info.version == seen + 1
    assert {frozenset((pair.standard, pair.synonym)) for pair in services.editor.apart("cars")} == {
        frozenset(("越野车", "SUV")),
        frozenset(("越野车", "霸道")),
        frozenset(("SUV", "霸道")),
    }
    assert "SUV" not in kept(services)["越野车"]


def test_suggestions_wait_once_and_known_pairs_do_not(services):
    assert services.picked.suggest("cars", ["SUV", "越野车", "霸道", "三厢车"]) == 2
    waiting, total = services.suggestions.page("cars")
    assert total == 2
    assert {(each.first, each.second) for each in waiting} == {("越野车", "霸道"), ("越野车", "三厢车")}
    assert {each.source for each in waiting} == {"map"}
    assert services.picked.suggest("cars", ["SUV", "越野车", "霸道", "三厢车"]) == 0


def test_the_table_names_the_groups_and_escapes_formulas(services):
    rows = list(csv.reader(io.StringIO(services.picked.table("cars", ["SUV", "=1+1"]).decode("utf-8-sig"))))
    assert rows[:2] == [["term", "standard"], ["SUV", "越野车"]]
    assert rows[2][0] != "=1+1"
    assert rows[2][1] == ""
