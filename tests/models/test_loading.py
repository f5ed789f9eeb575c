"""Models are loaded without a network, damage is a sentence, and the fingerprint follows the content."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from workbench.errors import ModelProblem
from workbench.models.loading import fingerprint, load_model
from workbench.storage.artifacts import staged_folder


@pytest.fixture
def folder(tiny_model_folder, tmp_path):
    target = tmp_path / "a-model"
    shutil.copytree(tiny_model_folder, target)
    return target


def test_a_model_is_loaded_for_evaluation_in_float32(folder):
    model = load_model(folder)
    assert not model.training
    assert {str(p.dtype) for p in model.parameters()} == {"torch.float32"}


def test_half_precision_checkpoints_become_float32(folder):
    from safetensors.torch import load_file, save_file

    halved = {name: tensor.half() for name, tensor in load_file(folder / "model.safetensors").items()}
    save_file(halved, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "dtype": "float16"}))
    assert {str(p.dtype) for p in load_model(folder).parameters()} == {"torch.float32"}


def test_truncated_weights_are_a_sentence_in_both_languages(folder):
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: len(data) // 2])
    with pytest.raises(ModelProblem) as caught:
        load_model(folder)
    assert "a-model" in caught.value.text("zh")
    assert "a-model" in caught.value.text("en")


def test_loading_asks_nothing_of_the_network_even_when_offline_mode_is_not_set(folder):
    program = (
        "import socket, sys, pathlib\n"
        "def refuse(*a, **k): raise SystemExit('asked the network')\n"
        "socket.getaddrinfo = refuse; socket.socket.connect = refuse\n"
        "from workbench.models.loading import load_model\n"
        "print(load_model(pathlib.Path(sys.argv[1])).encode(['car']).shape)\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")}
    result = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout.strip() == "(1, 32)"


def test_fingerprint_is_of_the_content_not_of_the_place(folder, tiny_model_folder):
    assert fingerprint(folder) == fingerprint(tiny_model_folder)
    (folder / "README.md").write_text("other words")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "notes.json").write_text("{}")
    assert fingerprint(folder) == fingerprint(tiny_model_folder)


def test_fingerprint_changes_with_one_weight(folder):
    from safetensors.torch import load_file, save_file

    before = fingerprint(folder)
    weights = load_file(folder / "model.safetensors")
    weights["encoder.layer.1.output.dense.bias"][3] += 1e-3
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert fingerprint(folder) != before


@pytest.mark.parametrize(
    "name", ["1_Pooling/config.json", "tokenizer.json", "config_sentence_transformers.json"]
)
def test_fingerprint_changes_with_a_setting(folder, name):
    before = fingerprint(folder)
    (folder / name).write_text((folder / name).read_text("utf-8") + " ", "utf-8")
    assert fingerprint(folder) != before


def test_fingerprint_is_the_same_with_a_manifest_and_sees_a_change_behind_its_back(
    tiny_model_folder, tmp_path
):
    final = tmp_path / "kept"
    with staged_folder(final) as staging:
        shutil.copytree(tiny_model_folder, staging, dirs_exist_ok=True)
    before = fingerprint(final)
    assert before == fingerprint(tiny_model_folder)
    weights = final / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1  # the same size: the manifest still looks whole
    weights.write_bytes(data)
    assert fingerprint(final) != before
