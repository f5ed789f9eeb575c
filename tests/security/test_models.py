"""A model that brings code is refused at every door, and its code never runs."""

import json
import pickle
import shutil
import subprocess
import sys

import pytest

from workbench.errors import UnsafeModel, WorkbenchError
from workbench.services import Services
from workbench.settings import Settings


class Writes:
    """Pickles to something that makes a file when it is read again."""

    def __init__(self, canary):
        self.canary = str(canary)

    def __reduce__(self):
        return open, (self.canary, "w")


def module(canary):
    return f"open({str(canary)!r}, 'w').close()\nclass Evil: pass\nclass Custom: pass\n"


def custom_module(folder, canary):
    (folder / "evil.py").write_text(module(canary))
    modules = json.loads((folder / "modules.json").read_text())
    modules.append({"idx": 9, "name": "9", "path": "", "type": "evil.Evil"})
    (folder / "modules.json").write_text(json.dumps(modules))


def code_of_its_own(folder, canary):
    (folder / "modeling_custom.py").write_text(module(canary))
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModel": "modeling_custom.Custom", "AutoConfig": "modeling_custom.Custom"}
    (folder / "config.json").write_text(json.dumps(config))


def tokenizer_of_its_own(folder, canary):
    config = json.loads((folder / "tokenizer_config.json").read_text())
    config["auto_map"] = {"AutoTokenizer": ["tokenization_custom.Custom", None]}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    (folder / "tokenization_custom.py").write_text(module(canary))


def pickled_weights(folder, canary):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Writes(canary)))


def pickled_weights_of_a_module(folder, canary):
    dense = folder / "3_Dense"
    dense.mkdir()
    (dense / "pytorch_model.bin").write_bytes(pickle.dumps(Writes(canary)))


def module_outside(folder, canary):
    outside = folder.parent / "outside"
    shutil.copytree(folder, outside)
    pickled_weights(outside, canary)
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["path"] = "../outside"
    (folder / "modules.json").write_text(json.dumps(modules))


def link_outside(folder, canary):
    weights = folder.parent / "weights.bin"
    weights.write_bytes(pickle.dumps(Writes(canary)))
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(weights)


TRICKS = (
    custom_module,
    code_of_its_own,
    tokenizer_of_its_own,
    pickled_weights,
    pickled_weights_of_a_module,
    module_outside,
    link_outside,
)


@pytest.fixture(scope="module")
def services(tmp_path_factory, toy_csv):
    home = tmp_path_factory.mktemp("models") / "home"
    opened = Services(Settings.from_env({}, home=home, warm_worker=False, threads=1))
    opened.save_dictionary("toy", opened.preview_dictionary(toy_csv, "t.csv"), source="t.csv")
    yield opened
    opened.close()


@pytest.mark.case(25)
@pytest.mark.parametrize("trick", TRICKS)
def test_a_model_with_code_is_refused_at_every_door_and_its_canary_is_absent(
    services, tiny_model_folder, tmp_path, trick, tell
):
    folder, canary = tmp_path / "model", tmp_path / "canary"
    shutil.copytree(tiny_model_folder, folder)
    trick(folder, canary)
    name = str(folder)
    doors = (
        lambda: services.start_run("toy", name, "instant"),
        lambda: services.evaluate(name, "toy"),
        lambda: services.neighbours("abcd", name, "toy", 3),
        lambda: services.similarity("abcd", "bcda", name),
        lambda: services.fetch_model(name),
        lambda: services._workspace.library.vectors(name, ["abcd"]),
    )
    for number, door in enumerate(doors):
        with pytest.raises(WorkbenchError) as refusal:
            door()
        if number == 0:
            assert isinstance(refusal.value, UnsafeModel)
        assert refusal.value.text("zh")
    assert services.runs() == []
    assert not canary.exists()
    tell(
        "a module or tokenizer of its own, pickled weights, links and paths that lead out of the folder",
        len(doors),
        "refused at every door; the file that the code would have written is absent",
    )


@pytest.mark.case(25)
def test_the_canaries_would_have_sung(tiny_model_folder, tmp_path, tell):
    """Else the test above would show nothing."""
    sung = 0
    for number, source in enumerate(("pickle.loads(data)", "exec(data)")):
        canary = tmp_path / f"canary-{number}"
        data = module(canary).encode() if number else pickle.dumps(Writes(canary))
        script = f"import pickle, sys; data = sys.stdin.buffer.read(); {source}"
        subprocess.run([sys.executable, "-c", script], input=data, check=True)
        sung += canary.exists()
    assert sung == 2
    tell("the same code, let loose in a process of its own", 2, "the file is written")
