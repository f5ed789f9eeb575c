"""Folders that hide code, or lead out of themselves, are refused before anything of them is read."""

import json
import shutil

import pytest

from workbench.errors import ModelProblem, UnsafeModel
from workbench.models.loading import load_model
from workbench.models.safety import check_folder


@pytest.fixture
def folder(tiny_model_folder, tmp_path):
    target = tmp_path / "a-model"
    shutil.copytree(tiny_model_folder, target)
    return target


def edit(path, change):
    data = json.loads(path.read_text("utf-8"))
    change(data)
    path.write_text(json.dumps(data), "utf-8")


def refused(folder):
    with pytest.raises(UnsafeModel) as caught:
        check_folder(folder)
    with pytest.raises(UnsafeModel):
        load_model(folder)
    for language in ("zh", "en"):
        assert "a-model" in caught.value.text(language)
        assert "{" not in caught.value.text(language)
    return caught.value


def test_an_ordinary_folder_passes(folder):
    check_folder(folder)


@pytest.mark.case(25)
@pytest.mark.parametrize("name", ["pytorch_model.bin", "weights.pkl", "model.pt", "model.pth", "last.ckpt"])
def test_pickled_weights_without_safetensors_are_refused(folder, name, tell):
    (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(b"\x80\x04N.")
    assert name in refused(folder).text("en")
    tell("a folder with pickled weights (.bin, .pkl, .pt, .pth, .ckpt)", 1, "refused by name")


def test_pickled_weights_beside_safetensors_are_ignored(folder):
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04N.")
    (folder / "training_args.bin").write_bytes(b"\x80\x04N.")
    check_folder(folder)
    load_model(folder)


def test_pickled_weights_of_one_module_are_refused(folder):
    (folder / "3_Dense").mkdir()
    (folder / "3_Dense" / "pytorch_model.bin").write_bytes(b"\x80\x04N.")
    assert "3_Dense/pytorch_model.bin" in refused(folder).text("zh")


@pytest.mark.case(25)
def test_a_config_cannot_ask_for_the_pickled_file(folder, tell):
    canary = folder.parent / "canary"
    (folder / "pytorch_model.bin").write_bytes(_writes(canary))
    edit(
        folder / "sentence_bert_config.json",
        lambda config: config.update(model_kwargs={"use_safetensors": False}),
    )
    load_model(folder)
    assert not canary.exists()
    tell(
        "a configuration that asks for the pickled file beside the safe one",
        1,
        "the safe one is loaded; the file that the pickle would have written is absent",
    )


def test_no_safetensors_at_all_is_refused(folder):
    (folder / "model.safetensors").unlink()
    refused(folder)


def test_python_files_are_refused(folder):
    (folder / "modeling_custom.py").write_text("raise SystemExit")
    assert "modeling_custom.py" in refused(folder).text("en")


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_auto_map_is_refused(folder, name):
    edit(folder / name, lambda config: config.update(auto_map={"AutoModel": "modeling.Custom"}))
    assert "auto_map" in refused(folder).text("zh")


@pytest.mark.case(25)
@pytest.mark.parametrize(
    "kind",
    [
        "custom.Evil",
        "os.system",
        "sentence_transformers_evil.Transformer",
        "sentence_transformers..x",
        "",
        None,
    ],
)
def test_module_classes_from_elsewhere_are_refused(folder, kind, tell):
    edit(folder / "modules.json", lambda modules: modules[1].update(type=kind))
    refused(folder)
    tell("a modules.json that names a class of its own", 1, "refused")


@pytest.mark.parametrize("path", ["../other", "/etc", "1_Pooling/../../x", "..\\x", "C:\\x"])
def test_module_paths_that_leave_the_folder_are_refused(folder, path):
    edit(folder / "modules.json", lambda modules: modules[1].update(path=path))
    refused(folder)


def test_a_link_out_of_the_folder_is_refused(folder):
    outside = folder.parent / "outside.json"
    outside.write_text("{}")
    (folder / "extra.json").symlink_to(outside)
    assert "extra.json" in refused(folder).text("en")


def test_links_of_the_hubs_own_cache_are_followed(tiny_model_folder, tmp_path):
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / ("0" * 40)
    shutil.copytree(tiny_model_folder, snapshot)
    blobs.mkdir()
    (snapshot / "model.safetensors").rename(blobs / "abc")
    (snapshot / "model.safetensors").symlink_to("../../blobs/abc")
    check_folder(snapshot)
    assert load_model(snapshot).get_embedding_dimension() == 32


def test_an_empty_folder_holds_no_model(tmp_path):
    with pytest.raises(ModelProblem, match=r"config\.json"):
        check_folder(tmp_path)


@pytest.mark.parametrize("name", ["modules.json", "config.json"])
def test_a_damaged_config_is_a_sentence(folder, name):
    (folder / name).write_text("{oops")
    with pytest.raises(ModelProblem, match=name.replace(".", r"\.")):
        load_model(folder)


def _writes(path):
    import pickle

    class Canary:
        def __reduce__(self):
            return (open, (str(path), "w"))

    return pickle.dumps(Canary())
