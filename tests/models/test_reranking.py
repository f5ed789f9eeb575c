"""A cross-encoder beside a model: the same scores as plain CrossEncoder gives, and no part of the vectors."""

import json
import shutil

import numpy as np
import pytest

from workbench.errors import ModelProblem, UnsafeModel
from workbench.models.loading import fingerprint
from workbench.models.reranking import RERANKER, Reranker, write_settings

PAIRS = [
    ("汽车", "轿车"),
    ("abc", "abd efg"),
    ("abc", "abd efg"),
    ("abd efg", "abc"),
    ("", "x"),
    ("混凝土" * 40, "砼"),
    ("a" * 200, "b" * 200),
    ("\ud800a", "钢筋"),
]


def cross_encoder(base, folder, *, outputs=1, pooled=True):
    """A cross-encoder over the tiny model with random scores: modular, or one for sequence classification."""
    import torch
    from sentence_transformers import CrossEncoder, SentenceTransformer
    from sentence_transformers.base.modules import Dense
    from sentence_transformers.sentence_transformer.modules import Pooling

    torch.manual_seed(3)
    if pooled:
        inner = SentenceTransformer(str(base), device="cpu", local_files_only=True)[0]
        score = Dense(32, outputs, activation_function=torch.nn.Identity(), module_output_name="scores")
        model = CrossEncoder(modules=[inner, Pooling(32, "mean"), score], device="cpu")
    else:
        model = CrossEncoder(str(base), num_labels=outputs, device="cpu", local_files_only=True)
    model.save_pretrained(str(folder), create_model_card=False)
    return folder


@pytest.fixture(scope="module")
def plain_model(tmp_path_factory, tiny_model_folder):
    """The tiny model's transformer alone, as transformers would hold it."""
    folder = tmp_path_factory.mktemp("plain") / "bert"
    shutil.copytree(tiny_model_folder, folder)
    for name in ("modules.json", "config_sentence_transformers.json", "sentence_bert_config.json"):
        (folder / name).unlink(missing_ok=True)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tiny_model_folder):
    """A model with a reranker beside it."""
    folder = tmp_path_factory.mktemp("model") / "with"
    shutil.copytree(tiny_model_folder, folder)
    cross_encoder(tiny_model_folder, folder / RERANKER)
    write_settings(folder / RERANKER, 10, 0.25)
    return folder


def plainly(folder, pairs):
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(str(folder), device="cpu", local_files_only=True)
    clean = [tuple(text.encode("utf-8", "replace").decode() for text in pair) for pair in pairs]
    return model.predict(clean, batch_size=1, show_progress_bar=False)


@pytest.fixture
def no_bf16(monkeypatch):
    monkeypatch.setattr("workbench.models.reranking.bf16_is_fast", lambda: False)


@pytest.mark.parametrize("pooled", [True, False])
def test_the_scores_are_those_of_the_plain_library(pooled, no_bf16, tmp_path, tiny_model_folder, plain_model):
    folder = cross_encoder(tiny_model_folder if pooled else plain_model, tmp_path / "ce", pooled=pooled)
    scores = Reranker(folder).scores(PAIRS)
    np.testing.assert_allclose(scores, plainly(folder, PAIRS), atol=2e-6)
    assert scores.dtype == np.float32
    assert np.ptp(scores) > 0.01


def test_bfloat16_changes_next_to_nothing(folder, monkeypatch):
    exact = plainly(folder / RERANKER, PAIRS)
    monkeypatch.setattr("workbench.models.reranking.bf16_is_fast", lambda: True)
    np.testing.assert_allclose(Reranker(folder / RERANKER).scores(PAIRS), exact, atol=0.03)


def test_the_order_within_a_pair_counts_and_equal_pairs_score_alike(folder):
    scores = Reranker(folder / RERANKER).scores(PAIRS)
    assert scores[1] == scores[2]
    assert scores[1] != scores[3]


def test_no_pairs_no_scores(folder):
    assert Reranker(folder / RERANKER).scores([]).shape == (0,)


def test_progress_is_told_and_may_stop_it(folder):
    told = []
    Reranker(folder / RERANKER).scores(PAIRS, told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0

    def stop(share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Reranker(folder / RERANKER).scores(PAIRS, stop)


def test_what_was_chosen_lies_beside_the_weights(folder, tmp_path, tiny_model_folder):
    assert (Reranker(folder / RERANKER).depth, Reranker(folder / RERANKER).blend) == (10, 0.25)
    assert json.loads((folder / RERANKER / "reranking.json").read_text()) == {"depth": 10, "blend": 0.25}
    somebodys = Reranker(cross_encoder(tiny_model_folder, tmp_path / "ce"))
    assert (somebodys.depth, somebodys.blend) == (20, 1.0)


@pytest.mark.parametrize(
    "content", ["", "[]", '{"depth": 10}', '{"depth": 0, "blend": 1}', '{"depth": 9, "blend": 2}']
)
def test_damaged_settings_are_refused_in_words(tmp_path, content):
    (tmp_path / "reranking.json").write_text(content)
    with pytest.raises(ModelProblem) as caught:
        Reranker(tmp_path)
    assert "reranking.json" in caught.value.text("zh")
    assert caught.value.text("en")


def test_what_is_no_cross_encoder_is_refused_in_words(tmp_path, tiny_model_folder):
    with pytest.raises(ModelProblem):
        Reranker(tmp_path).scores([("a", "b")])
    two = cross_encoder(tiny_model_folder, tmp_path / "two", outputs=2)
    with pytest.raises(ModelProblem) as caught:
        Reranker(two).scores([("a", "b")])
    assert "num_labels" in caught.value.text("en")


def test_code_beside_the_weights_is_refused(tmp_path, tiny_model_folder):
    folder = cross_encoder(tiny_model_folder, tmp_path / "ce")
    (folder / "modeling.py").write_text("print()")
    with pytest.raises(UnsafeModel):
        Reranker(folder).scores([("a", "b")])


def test_a_reranker_changes_no_vector_and_so_no_fingerprint(folder, tiny_model_folder):
    from sentence_transformers import SentenceTransformer

    assert fingerprint(folder) == fingerprint(tiny_model_folder)
    (with_it, without) = (
        SentenceTransformer(str(each), device="cpu", local_files_only=True).encode(["汽车", "abc"])
        for each in (folder, tiny_model_folder)
    )
    np.testing.assert_array_equal(with_it, without)


def test_a_change_beside_the_reranker_does_change_the_fingerprint(folder, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    (other / RERANKER / "config.json").write_text("{}")
    assert fingerprint(other) == fingerprint(folder)
    (other / "config.json").write_text("{}")
    assert fingerprint(other) != fingerprint(folder)


def test_the_library_finds_the_reranker_of_a_model(folder, tiny_model_folder, workshop):
    library = workshop._workspace.library
    found = library.reranker(str(folder))
    assert (found.depth, found.blend) == (10, 0.25)
    assert library.reranker(str(folder)) is found
    assert library.reranker(str(tiny_model_folder)) is None


def test_a_model_leaves_the_house_with_its_reranker(folder, tmp_path, tiny_model_folder):
    import zipfile

    from workbench.models.exporting import export_folder, export_zip

    out = export_folder(folder, tmp_path / "out")
    np.testing.assert_array_equal(
        Reranker(out / RERANKER).scores(PAIRS), Reranker(folder / RERANKER).scores(PAIRS)
    )
    readme = (out / "README.md").read_text(encoding="utf-8")
    assert 'CrossEncoder("reranker")' in readme
    assert "前 10 个" in readme
    assert "25 %" in readme
    with zipfile.ZipFile(export_zip(folder, "m", tmp_path)) as archive:
        names = archive.namelist()
        assert len(names) == len(set(names))
        assert "m/reranker/reranking.json" in names
        assert archive.read("m/README.md").decode() == readme
    without = export_folder(tiny_model_folder, tmp_path / "without")
    assert "reranker" not in "".join(path.name for path in without.rglob("*"))


def test_a_model_without_a_reranker_is_not_given_one_of_random_weights(
    tiny_model_folder, plain_model, workshop
):
    from workbench.evaluation.systems import Systems, system_of

    for folder in (tiny_model_folder, plain_model):  # the library would add a score to either
        with pytest.raises(ModelProblem) as caught:
            Reranker(folder).scores([("a", "b")])
        assert "no reranker" in caught.value.text("en")
        assert "重排" in caught.value.text("zh")
    with pytest.raises(ModelProblem) as caught:
        Systems(workshop._workspace.library).reranker(system_of("rerank:tuned+tuned"))
    assert "“tuned”" in caught.value.text("en"), "as the expert called it"
