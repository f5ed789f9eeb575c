"""What the page and the command line can ask for, over a real home with a tiny model."""

import threading
import zipfile

import numpy as np
import pytest

from workbench.errors import (
    BadParameter,
    FileProblem,
    InputError,
    ModelProblem,
    NameTaken,
    NotFound,
    TrainingProblem,
    UnsafeModel,
    WorkbenchError,
)
from workbench.services import Services
from workbench.settings import Settings
from workbench.types import Pair


@pytest.fixture
def services(tmp_path):
    opened = Services(Settings.from_env({}, home=tmp_path / "home", warm_worker=False))
    yield opened
    opened.close()


@pytest.fixture
def toy(services, toy_csv):
    services.save_dictionary("toy", services.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    return services


# -- dictionaries -------------------------------------------------------------------------------


def test_the_first_start_brings_samples_and_later_ones_do_not_bring_them_back(services):
    names = [info.name for info in services.dictionaries()]
    assert set(names) == {"汽车", "建筑施工", "Consumer health"}
    assert all(info.sample and info.pairs > 100 for info in services.dictionaries())
    for name in names:
        services.delete_dictionary(name)
    again = Services(services.settings)
    assert again.dictionaries() == []
    again.close()


def test_every_sample_can_be_split_and_measured_without_a_model(services):
    for info in services.dictionaries():
        counts = services.split_counts(info.name)
        assert counts["train"] + counts["dev"] + counts["test"] == info.pairs
        assert min(counts.values()) > 0
        tfidf = services.evaluate("tfidf", info.name)[0]
        assert tfidf.view == "unseen"
        assert 0 < tfidf.metrics.recall[1] < 100


def test_a_file_becomes_a_dictionary_and_a_file_again(toy, toy_pairs):
    info = toy.dictionary("toy")
    assert (info.pairs, info.source, info.sample) == (180, "toy.csv", False)
    assert toy.dictionaries()[0] == info
    for format_ in ("csv", "tsv", "xlsx", "jsonl"):
        data = toy.export_dictionary("toy", format_)
        assert isinstance(data, bytes)
        if format_ != "jsonl":
            back = toy.preview_dictionary(data, f"toy.{format_}").pairs
            assert {(p.standard, p.synonym) for p in back} == {(p.standard, p.synonym) for p in toy_pairs}


def test_a_taken_name_and_a_new_version(toy, toy_csv):
    smaller = toy.preview_dictionary(b"\n".join(toy_csv.split(b"\n")[:100]), "toy.csv")
    with pytest.raises(NameTaken):
        toy.save_dictionary("toy", smaller, source="toy.csv")
    assert toy.save_dictionary("toy", smaller, source="toy.csv", replace=True).version == 2
    assert toy.unique_dictionary_name("toy") == "toy-2"
    assert toy.unique_dictionary_name("  ") == "dictionary"


@pytest.mark.parametrize("name", ["", "   ", "\n", "\0", "x" * 201])
def test_a_name_that_is_none_is_refused_in_words(services, toy_csv, name):
    preview = services.preview_dictionary(toy_csv, "toy.csv")
    with pytest.raises(BadParameter):
        services.save_dictionary(name, preview, source="toy.csv")


def test_a_path_as_name_or_file_is_only_a_name(services, toy_csv, tmp_path):
    preview = services.preview_dictionary(toy_csv, "../../etc/passwd.csv")
    info = services.save_dictionary("../../evil", preview, source="/etc/../secret/a.csv")
    assert (info.name, info.source) == ("../../evil", "a.csv")
    assert {path.name for path in tmp_path.iterdir()} == {"home"}


def test_a_file_without_a_pair_is_refused_in_words(services):
    for data in (b"", b"\0\0\0", "标准词,近似词\n".encode()):
        with pytest.raises(FileProblem) as caught:
            services.preview_dictionary(data, "a.csv")
        assert caught.value.text("zh") != caught.value.text("en")


def test_a_dictionary_in_use_cannot_be_deleted(toy, tiny_model_folder):
    run = toy.start_run("toy", str(tiny_model_folder), "instant")
    with pytest.raises(InputError) as caught:
        toy.delete_dictionary("toy")
    assert run.name in caught.value.text("zh")
    toy.stop_run(run.id)
    toy.delete_dictionary("toy")
    with pytest.raises(NotFound):
        toy.dictionary("toy")


def test_pages_of_groups_are_bounded(toy):
    assert len(toy.groups_page("toy", size=10_000)[0]) == 90
    assert len(toy.groups_page("toy", page=-3, size=0)[0]) == 1
    found, total = toy.groups_page("toy", search=toy.groups_page("toy", size=1)[0][0].standard)
    assert total == len(found) >= 1


# -- starting runs ------------------------------------------------------------------------------


def test_a_run_waits_in_the_queue_with_all_that_is_needed_to_repeat_it(toy, tiny_model_folder):
    run = toy.start_run("toy", str(tiny_model_folder), "finetune", parameters={"layers": "1"}, seed=7)
    assert (run.state, run.queue_place, run.name) == ("queued", 1, "toy-finetune")
    assert run.config["seed"] == 7
    assert run.config["stages"][0]["parameters"]["layers"] == "1"
    assert {"epochs", "batch_size"} <= run.config["stages"][0]["parameters"].keys()
    assert {"torch", "sentence-transformers"} <= run.config["versions"].keys()
    assert run.version_id == toy.dictionary("toy").version_id
    second = toy.start_run("toy", str(tiny_model_folder), "finetune")
    assert (second.name, second.queue_place) == ("toy-finetune-2", 2)
    assert [each.id for each in toy.runs()] == [second.id, run.id]


def test_many_who_start_at_once_without_a_name_all_get_a_run(toy, tiny_model_folder):
    others = [Services(toy.settings) for _ in range(4)]
    barrier, failures = threading.Barrier(8), []

    def start(services):
        barrier.wait()
        try:
            services.start_run("toy", str(tiny_model_folder), "instant")
        except WorkbenchError as error:
            failures.append(error)

    threads = [threading.Thread(target=start, args=(services,)) for services in [*others, *others]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in others:
        each.close()
    assert failures == []
    assert len({run.name for run in toy.runs()}) == 8
    assert sorted(run.queue_place for run in toy.runs()) == list(range(1, 9))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"dictionary": "没有"}, NotFound),
        ({"base": "no such model!"}, NotFound),
        ({"base": "/no/such/folder"}, NotFound),
        ({"base": "tfidf"}, BadParameter),
        ({"recipe": "magic"}, NotFound),
        ({"parameters": {"speed": 1}}, BadParameter),
        ({"parameters": {"epochs": 0}}, BadParameter),
        ({"parameters": {"epochs": "many"}}, BadParameter),
        ({"name": "e5-small"}, NameTaken),
        ({"name": "tfidf"}, NameTaken),
        ({"name": "x" * 300}, BadParameter),
        ({"seed": -1}, BadParameter),
        ({"seed": 2**80}, BadParameter),
    ],
)
def test_what_cannot_be_run_is_refused_before_it_is_queued(toy, tiny_model_folder, change, error):
    given = {"dictionary": "toy", "base": str(tiny_model_folder), "recipe": "instant", **change}
    with pytest.raises(error) as caught:
        toy.start_run(**given)
    assert caught.value.text("zh") != caught.value.text("en")
    assert "{" not in caught.value.text("zh")
    assert toy.runs() == []


def test_a_taken_run_name_is_refused(toy, tiny_model_folder):
    toy.start_run("toy", str(tiny_model_folder), "instant", name="mine")
    with pytest.raises(NameTaken):
        toy.start_run("toy", str(tiny_model_folder), "instant", name="mine")


def test_a_base_with_pickled_weights_is_refused_before_it_is_queued(toy, tmp_path):
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "pytorch_model.bin").write_bytes(b"\x80\x04")
    (tmp_path / "evil" / "config.json").write_text("{}")
    with pytest.raises(UnsafeModel):
        toy.start_run("toy", str(tmp_path / "evil"), "instant")
    assert toy.runs() == []


def test_too_small_a_dictionary_is_refused_before_it_is_queued(services, tiny_model_folder):
    preview = services.preview_dictionary("标准词,近似词\n汽车,车\n轿车,小车\n".encode(), "a.csv")
    services.save_dictionary("small", preview, source="a.csv")
    with pytest.raises(TrainingProblem):
        services.start_run("small", str(tiny_model_folder), "instant")
    with pytest.raises(TrainingProblem):
        services.leaderboard("small")


def test_an_estimate_is_there_before_anything_was_measured(toy):
    for base in ("e5-small", "use", "somebody/unknown-model"):
        for name in ("instant", "finetune"):
            estimate = toy.estimate("toy", base, name)
            assert 0 < estimate.seconds < 3600
            assert (estimate.terms, estimate.measured_here) == (270, False)
            assert 100 < estimate.pairs < 140
            assert str(estimate.pairs) in estimate.note.get("zh")
    more = toy.estimate("toy", "e5-small", "finetune", {"epochs": 40})
    assert more.train_seconds > toy.estimate("toy", "e5-small", "finetune", {"epochs": 1}).train_seconds


# -- a finished run -------------------------------------------------------------------------------


def test_the_finished_run_tells_what_it_did(workshop, tiny_model_folder):
    run = workshop.run("tuned")
    assert run.state == "completed"
    assert run.message.get("zh") != run.message.get("en")
    assert run.result["dev"]["best"]["mrr@10"] > run.result["dev"]["base"]["mrr@10"]
    assert run.result["beats_base"] is True
    assert run.result["test"]["tuned"]["recall"]["10"] > run.result["test"]["base"]["recall"]["10"]
    assert run.result["seconds"].keys() >= {"prepare", "instant_map", "measure"}
    curve = workshop.curve(run.id)
    assert [point.seq for point in curve] == list(range(1, len(curve) + 1))
    assert {point.series for point in curve} >= {"loss", "dev_recall@1", "dev_mrr@10"}
    assert run.base_model == str(tiny_model_folder)


def test_the_tuned_model_is_listed_and_the_base_is_measured_beside_it(workshop, tiny_model_folder):
    (tuned,) = [model for model in workshop.models() if model.kind == "tuned"]
    assert (tuned.id, tuned.base, tuned.ready) == ("tuned", str(tiny_model_folder), True)
    board = workshop.leaderboard("toy")
    rows = {row.model: row for row in board.rows}
    assert rows.keys() >= {"tuned", "exact", "tfidf", str(tiny_model_folder)}
    assert rows["tuned"].metrics.recall[10] > rows[str(tiny_model_folder)].metrics.recall[10]
    assert rows["tuned"].against_base is not None
    assert rows[str(tiny_model_folder)].kind == "base"
    assert str(tiny_model_folder) in [model.id for model in workshop.models() if model.kind == "base"]
    assert board.queries == rows["tuned"].metrics.queries


def test_measuring_again_gives_the_same_numbers_and_encodes_nothing(workshop, monkeypatch):
    before = {row.model: row.metrics for row in workshop.leaderboard("toy").rows}

    def refuse(*_, **__):
        pytest.fail("it encoded again")

    monkeypatch.setattr("workbench.models.encoder.TextEncoder.encode", refuse)
    headline, *_ = workshop.evaluate("tuned", "toy")
    assert headline.metrics == before["tuned"]
    assert headline.part == "test"


def test_the_reference_protocol_agrees_with_the_board(workshop, toy_pairs):
    """Recall@10 of the tuned model on the test terms, computed here in a few lines from plain vectors."""
    from sentence_transformers import SentenceTransformer

    subject = workshop._workspace.measurer.subject(workshop.dictionary("toy"))
    parts, component_of = subject.split.parts, subject.split.component_of
    tested = [pair for pair in toy_pairs if parts[component_of[pair.standard]] == "test"]
    standards = sorted({pair.standard for pair in toy_pairs})
    folder = workshop._workspace.library.folder("tuned")
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    queries = model.encode([pair.synonym for pair in tested], normalize_embeddings=True)
    scores = queries @ model.encode(standards, normalize_embeddings=True).T
    ranks = [
        int((row > row[standards.index(pair.standard)]).sum())
        for row, pair in zip(scores, tested, strict=True)
    ]
    board = {row.model: row.metrics for row in workshop.leaderboard("toy").rows}["tuned"]
    assert board.queries == len(tested)
    assert board.recall[10] == pytest.approx(100 * np.mean([rank < 10 for rank in ranks]), abs=6)  # bfloat16


def test_neighbours_find_the_standard_term_and_never_the_word_itself(workshop):
    pairs = workshop._workspace.dictionaries.pairs(workshop.dictionary("toy").version_id)
    hits = workshop.neighbours(pairs[0].standard, "tuned", "toy", k=20)
    assert len(hits) == 20
    assert pairs[0].standard not in [hit.term for hit in hits]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert any(hit.known_synonym and hit.standard == pairs[0].standard for hit in hits)
    assert len(workshop.neighbours("a word it never saw", "tuned", "toy", k=3)) == 3


def test_similarity_is_calibrated(workshop, toy_pairs):
    same = workshop.similarity(toy_pairs[0].standard, toy_pairs[0].synonym, "tuned")
    other = workshop.similarity(toy_pairs[0].standard, toy_pairs[-1].synonym, "tuned")
    assert same.known_synonyms
    assert not other.known_synonyms
    for found in (same, other):
        assert -1 <= found.cosine <= 1.0001
        assert 0 <= found.probability <= 1
        assert 0 <= found.percentile <= 100
    assert same.cosine > other.cosine
    assert same.probability > other.probability
    assert workshop.similarity("SUV", " suv ", "tuned").cosine == pytest.approx(1, abs=1e-3)


def test_the_cosine_is_that_of_the_exported_model(workshop, tmp_path):
    from sentence_transformers import SentenceTransformer

    folder = workshop.export_model("tuned", tmp_path / "out")
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    a, b = model.encode(["abcd", "anbocpdq"], normalize_embeddings=True)
    assert workshop.similarity("abcd", "anbocpdq", "tuned").cosine == pytest.approx(float(a @ b), abs=1e-5)


@pytest.mark.parametrize("term", ["", "   ", "x" * 2001])
def test_a_term_that_is_none_is_refused_in_words(workshop, term):
    with pytest.raises(InputError):
        workshop.neighbours(term, "tuned", "toy")
    with pytest.raises(InputError):
        workshop.similarity("a", term, "tuned")


def test_a_baseline_has_no_vectors(workshop):
    for ask in (
        lambda: workshop.neighbours("a", "tfidf", "toy"),
        lambda: workshop.similarity("a", "b", "exact"),
        lambda: workshop.vectors_ready("tfidf", "toy"),
        lambda: workshop.maps.layout("toy", "tfidf"),
    ):
        with pytest.raises(BadParameter):
            ask()


def test_vectors_are_ready_after_a_run_and_not_before(workshop):
    assert workshop.vectors_ready("tuned", "toy")
    assert not workshop.vectors_ready("tuned", "汽车")


def test_an_export_is_an_ordinary_folder_and_is_never_written_over(workshop, tmp_path):
    target = tmp_path / "out"
    target.mkdir()
    assert workshop.export_model("tuned", target) == target
    assert {"modules.json", "model.safetensors"} <= {path.name for path in target.iterdir()}
    with pytest.raises(InputError) as caught:
        workshop.export_model("tuned", target)
    assert "out" in caught.value.text("zh")
    (tmp_path / "file").write_text("a file")
    with pytest.raises(InputError):
        workshop.export_model("tuned", tmp_path / "file")
    with pytest.raises(WorkbenchError):
        workshop.export_model("tuned", tmp_path / "file" / "below")
    assert (tmp_path / "file").read_text() == "a file"


def test_the_zip_holds_a_model_that_loads(workshop, tmp_path):
    from sentence_transformers import SentenceTransformer

    archive = workshop.export_model_zip("tuned")
    assert archive.parents[1] == workshop.settings.uploads_path
    assert archive.parent.name.startswith("export-")
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        opened.extractall(tmp_path)
    model = SentenceTransformer(str(tmp_path / "tuned"), device="cpu", local_files_only=True)
    assert model.encode("abc").shape == (32,)


def test_an_unknown_model_or_run_is_said_in_words(workshop, tmp_path):
    for ask in (
        lambda: workshop.run("没有"),
        lambda: workshop.curve("没有") or workshop.run_log_tail("没有"),
        lambda: workshop.neighbours("a", "没有!", "toy"),
        lambda: workshop.evaluate("没有!", "toy"),
        lambda: workshop.evaluate("tuned", "没有"),
        lambda: workshop.export_model("没有!", tmp_path / "x"),
    ):
        with pytest.raises(NotFound) as caught:
            ask()
        assert "没有" in caught.value.text("en")


def test_doctor_tells_of_models_dictionaries_and_runs(workshop):
    document = workshop.doctor()
    assert document["runs"] == {"completed": 1}
    assert {"toy", "汽车"} <= {entry["name"] for entry in document["dictionaries"]}
    assert document["packages"]["torch"]
    assert "tuned" in [entry["id"] for entry in document["models"]]


def test_doctor_sweeps_up_what_a_crash_left(toy):
    left = toy.settings.runs_path / "deadbeef" / ".staging-abc"
    left.mkdir(parents=True)
    assert toy.doctor()["mended"] == ["deadbeef"]  # a run of that name never was
    assert not left.exists()
    assert toy.doctor()["mended"] == []


def test_a_run_that_left_no_model_is_not_listed_and_says_so(toy, tiny_model_folder, tmp_path):
    run = toy.start_run("toy", str(tiny_model_folder), "instant", name="cancelled")
    toy.stop_run("cancelled")
    assert toy.run(run.id).state == "stopped"
    assert [model for model in toy.models() if model.kind == "tuned"] == []
    for ask in (
        lambda: toy.export_model("cancelled", tmp_path / "x"),
        lambda: toy.start_run("toy", "cancelled", "instant"),
        lambda: toy.neighbours("a", "cancelled", "toy"),
    ):
        with pytest.raises(ModelProblem) as caught:
            ask()
        assert "cancelled" in caught.value.text("zh")


def test_a_queued_run_cannot_be_deleted_and_a_stopped_one_can(toy, tiny_model_folder):
    run = toy.start_run("toy", str(tiny_model_folder), "instant")
    with pytest.raises(InputError):
        toy.delete_run(run.id)
    toy.stop_run(run.id)
    toy.delete_run(run.id)
    assert toy.runs() == []
    with pytest.raises(NotFound):
        toy.run(run.id)


def test_a_damaged_tuned_model_is_not_listed(tmp_path, workshop):
    """What the list shows can be loaded: a folder that lost a file is left out."""
    folder = workshop._workspace.library.folder("tuned")
    weights = folder / "3_Dense" / "model.safetensors"
    moved = tmp_path / "weights"
    weights.rename(moved)
    try:
        assert "tuned" not in [model.id for model in workshop.models()]
    finally:
        moved.rename(weights)
    assert "tuned" in [model.id for model in workshop.models()]


def test_pairs_of_the_types_are_what_is_stored(toy):
    pairs = toy._workspace.dictionaries.pairs(toy.dictionary("toy").version_id)
    assert all(isinstance(pair, Pair) and pair.row >= 2 for pair in pairs)
