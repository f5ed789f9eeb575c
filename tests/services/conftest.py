"""Fixtures of the services' tests."""

import json

import pytest
from real_workers import home, open_services  # noqa: F401  (fixtures)

from workbench.services import Services
from workbench.settings import Settings


@pytest.fixture(scope="module")
def opened(tmp_path_factory, toy_csv):
    """Services whose dictionary may be edited."""
    folder = tmp_path_factory.mktemp("exploring")
    services = Services(Settings.from_env({}, home=folder, warm_worker=False, threads=1))
    services.save_dictionary("toy", services.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    yield services
    services.close()


@pytest.fixture
def edit(opened):
    """Carries an edit out on the newest version, and takes every one of them back in the end."""
    first = opened.dictionary("toy").version

    def carry_out(change):
        return opened.editor.apply("toy", change, based_on=opened.dictionary("toy").version)

    yield carry_out
    now = opened.dictionary("toy").version
    if now != first:
        opened.editor.restore("toy", first, based_on=now)


@pytest.fixture
def exploring(workshop):
    return workshop.exploring


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory, tiny_model_folder):
    """A cross-encoder of random scores."""
    import torch
    from sentence_transformers import CrossEncoder, SentenceTransformer
    from sentence_transformers.base.modules import Dense
    from sentence_transformers.sentence_transformer.modules import Pooling

    folder = tmp_path_factory.mktemp("cross") / "encoder"
    torch.manual_seed(3)
    inner = SentenceTransformer(str(tiny_model_folder), device="cpu", local_files_only=True)[0]
    score = Dense(32, 1, activation_function=torch.nn.Identity(), module_output_name="scores")
    model = CrossEncoder(modules=[inner, Pooling(32, "mean"), score], device="cpu")
    model.save_pretrained(str(folder), create_model_card=False)
    (folder / "reranking.json").write_text(json.dumps({"depth": 10, "blend": 0.5}))
    return folder
