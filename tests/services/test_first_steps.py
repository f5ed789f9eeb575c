"""The first steps are done when the home folder shows it, and not before."""

from workbench.editing.edits import AddSynonyms
from workbench.services import Services
from workbench.services.first_steps import STEPS
from workbench.settings import Settings


def test_a_new_home_has_its_samples_and_nothing_else_done(tmp_path):
    services = Services(Settings.from_env({}, home=tmp_path / "home", warm_worker=False))
    assert services.first_steps.done() == {step: step == "data" for step in STEPS}
    name = services.dictionaries()[0].name
    group = services.editor.page(name, size=1).groups[0]
    edit = AddSynonyms(group.id, ("quite another",))
    services.editor.apply(name, edit, based_on=services.editor.status(name).version)
    assert services.first_steps.done() == {step: step in ("data", "synonyms") for step in STEPS}
    for info in services.dictionaries():
        services.delete_dictionary(info.name)
    assert not any(services.first_steps.done().values())
    services.close()


def test_a_trained_and_measured_model_is_to_be_tried(workshop):
    steps = workshop.first_steps.done()
    assert steps["train"]
    assert steps["board"]
    assert steps["synonyms"], "who has trained has terms that are good enough"
    workshop.similarity("abcd", "abce", "tuned", "toy")
    assert workshop.first_steps.done()["try"]
