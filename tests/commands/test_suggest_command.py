"""``suggest`` fills the queue, ``suggestions`` lists it in an order, and says how good it was."""

import pytest

from workbench.services import Services
from workbench.settings import Settings
from workbench.storage.suggestions import Proposal


@pytest.fixture
def queue(cli):
    """Thirty suggestions of two sources for the dictionary 汽车; their ids."""
    services = Services(Settings.from_env({}, home=cli.home, warm_worker=False))
    id = services.dictionary("汽车").id
    store = services._workspace.suggestions
    for source, what in (("model:m", "pairs"), ("generation:g", "")):
        rows = [Proposal("普拉多", f"{what or 'g'}{n}", 1.0, n / 15, what=what) for n in range(15)]
        store.add("synonym", rows, source=source, dictionary_id=id)
    services.close()


def test_a_model_fills_the_queue(cli, tiny_model_folder):
    asked = ("suggest", "--dictionary", "汽车", "--model", tiny_model_folder, "--most", "5")
    done = cli.ask(*asked)
    assert set(done) == {"new", "found", "withdrawn"}
    assert set(done["new"]) == {"merges", "strays", "pairs"}
    assert all(done["new"][kind] <= 5 for kind in done["new"])
    assert sum(done["new"].values()) == len(cli.ask("suggestions", "list")) > 0
    assert "pairs" in cli.say(*asked, "--by", "uncertainty")
    cli.refused(*asked, "--by", "luck")
    cli.refused(*asked, "--what", "corpus")


def test_the_order_and_the_choice_are_as_asked(cli, queue):
    sure = cli.ask("suggestions", "list", "--what", "pairs")
    assert [row["second"] for row in sure[:2]] == ["pairs14", "pairs13"]
    unsure = cli.ask("suggestions", "list", "--what", "pairs", "--by", "uncertainty")
    assert {row["second"] for row in unsure[:2]} == {"pairs7", "pairs8"}
    mixed = cli.ask("suggestions", "list", "--source", "generation:g", "--by", "mixed")
    assert {row["second"] for row in mixed[:2]} == {"g14", "g7"}
    assert len(mixed) == 15
    assert {row["what"] for row in sure} == {"pairs"}


def test_figures_of_what_was_decided(cli, queue):
    assert "decided" in cli.say("suggestions", "stats")
    cli.ask("suggestions", "accept", "--all", "--what", "pairs")
    cli.ask("suggestions", "reject", "--all", "--source", "generation:g")
    found = cli.ask("suggestions", "stats", "--dictionary", "汽车", "--window", "10")
    assert (found["total"]["decided"], found["total"]["precision"]) == (30, 50.0)
    assert [(p["decided"], p["precision"]) for p in found["windows"]] == [(10, 100.0), (10, 50.0), (10, 0.0)]
    assert {row["source"]: row["precision"] for row in found["sources"]} == {
        "model:m": 100.0, "generation:g": 0.0
    }  # fmt: skip
    assert [row["decided"] for row in found["scores"]] == [6, 6, 6, 6, 6]
    assert found["sources"][0]["few"] is True
    assert "model:m" in cli.say("suggestions", "stats")
    cli.refused("suggestions", "stats", "--window", "0")
    cli.refused("suggestions", "stats", "--dictionary", "none")
