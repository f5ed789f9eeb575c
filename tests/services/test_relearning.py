"""How many new labels wait for a dictionary's model, and training again on them with one call."""

import pytest

from workbench.editing.edits import AddSynonyms, DeleteTerms, MarkApart
from workbench.errors import NotFound
from workbench.localtext import LocalText
from workbench.services import Services
from workbench.settings import Settings

DONE = LocalText("好了", "done")


@pytest.fixture
def services(tmp_path, toy_csv):
    opened = Services(Settings.from_env({}, home=tmp_path, warm_worker=False, threads=1))
    opened.save_dictionary("toy", opened.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    yield opened
    opened.close()


@pytest.fixture
def trained(services, tiny_model_folder):
    """Records a run as if it had been trained."""

    def run(name, recall, **more):
        started = services.start_run("toy", str(tiny_model_folder), "instant", name=name, **more)
        runs = services._workspace.runs
        runs.finish(started.id, "completed", DONE, {"dev": {"best": {"recall@1": recall}}})
        return started

    return run


def edit(services, change):
    services.editor.apply("toy", change, based_on=services.editor.status("toy").version)


def test_without_a_model_every_label_is_new(services, toy_pairs):
    edit(services, MarkApart(toy_pairs[0].standard, toy_pairs[5].standard))
    known = services.relearning.labels("toy")
    assert (known.run, known.trained, known.latest) == (None, None, None)
    assert (known.synonyms, known.marks, known.new) == (len(toy_pairs), 1, len(toy_pairs) + 1)
    with pytest.raises(NotFound):
        services.relearning.labels("none")


def test_labels_since_the_best_model_are_counted(services, trained, toy_pairs):
    trained("first", 40.0)
    assert services.relearning.labels("toy").new == 0
    group = services.editor.find("toy", toy_pairs[0].standard)[0]
    edit(services, AddSynonyms(group.id, ("new one", "new two")))
    edit(services, MarkApart(toy_pairs[0].standard, toy_pairs[5].standard))
    trained("worse", 30.0)
    known = services.relearning.labels("toy")
    assert (known.run.name, known.trained, known.version) == ("first", 1, 3)
    assert (known.synonyms, known.marks, known.removed) == (2, 1, 0)
    assert known.latest.name == "worse"
    edit(services, DeleteTerms(group.id, ("new one", toy_pairs[0].synonym)))
    known = services.relearning.labels("toy")
    assert (known.synonyms, known.marks, known.removed) == (1, 1, 1)
    trained("better", 50.0)
    known = services.relearning.labels("toy")
    assert (known.run.name, known.new) == ("better", 0)


def test_accepted_and_rejected_suggestions_are_new_labels(services, trained, toy_pairs):
    from workbench.storage.suggestions import Proposal

    trained("first", 40.0)
    rows = [Proposal(toy_pairs[0].standard, "yes please"), Proposal(toy_pairs[2].standard, "not at all")]
    id = services.dictionary("toy").id
    services._workspace.suggestions.add("synonym", rows, source="model:first", dictionary_id=id)
    yes, no = (each.id for each in services.suggestions.page("toy", sort="newest")[0][::-1])
    services.suggestions.accept([yes])
    services.suggestions.reject([no])
    known = services.relearning.labels("toy")
    assert (known.synonyms, known.marks, known.new) == (1, 1, 2)
    services.suggestions.undo([yes, no])
    assert services.relearning.labels("toy").new == 0


def test_training_again_is_as_the_best_run_was_on_the_newest_version(services, trained, toy_pairs):
    first = trained("first", 40.0, parameters={"learning_rate": "0.02"}, seed=3)
    edit(services, MarkApart(toy_pairs[0].standard, toy_pairs[5].standard))
    run = services.relearning.start("toy")
    assert (run.state, run.recipe, run.base_model) == ("queued", "instant", first.base_model)
    assert run.version_id == services.dictionary("toy").version_id != first.version_id
    assert run.config["seed"] == 3
    assert run.config["stages"] == services.run("first").config["stages"]
    assert services.relearning.labels("toy").latest.id == run.id
    assert services.relearning.labels("toy").new == 1


def test_the_first_model_is_an_instant_one(services, tiny_model_folder):
    run = services.relearning.start("toy", base=str(tiny_model_folder))
    assert (run.recipe, run.dictionary) == ("instant", "toy")


def test_runs_of_a_deleted_dictionary_of_the_same_name_do_not_count(services, trained, toy_csv):
    trained("first", 40.0)
    services.delete_dictionary("toy")
    services.save_dictionary("toy", services.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    assert services.relearning.labels("toy").run is None
