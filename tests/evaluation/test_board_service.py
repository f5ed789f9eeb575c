"""The board as the page and the command line are given it: cached, pinned, arranged, noted, exported."""

import json

import pytest

from workbench.errors import BadParameter, NotFound
from workbench.evaluation.board_export import COLUMNS, FORMATS, export_board
from workbench.evaluation.leaderboard import BoardRow, arrange
from workbench.evaluation.measure import Measurer
from workbench.localtext import LocalText
from workbench.models.lexical import BASELINES
from workbench.types import Metrics, RetrievalSet

TOY = "dictionary:toy"


@pytest.fixture(scope="module")
def measured(workshop):
    for system in BASELINES:
        workshop.evaluation.evaluate(TOY, system)
    workshop.evaluation.evaluate(TOY, "hybrid:tuned+tfidf")
    return workshop


def row_of(board, model):
    return next(row for row in board.rows if row.model == model)


def with_cross_encoder(measured, base, folder, depth, blend):
    """A copy of the run's model with a cross-encoder of random scores beside it."""
    import torch
    from sentence_transformers import CrossEncoder, SentenceTransformer
    from sentence_transformers.base.modules import Dense
    from sentence_transformers.sentence_transformer.modules import Pooling

    measured.export_model("tuned", folder)
    torch.manual_seed(3)
    inner = SentenceTransformer(str(base), device="cpu", local_files_only=True)[0]
    score = Dense(32, 1, activation_function=torch.nn.Identity(), module_output_name="scores")
    model = CrossEncoder(modules=[inner, Pooling(32, "mean"), score], device="cpu")
    model.save_pretrained(str(folder / "reranker"), create_model_card=False)
    (folder / "reranker" / "reranking.json").write_text(json.dumps({"depth": depth, "blend": blend}))
    return str(folder)


def test_a_model_with_a_cross_encoder_is_measured_with_it(measured, tiny_model_folder, tmp_path):
    ranks = lambda model: measured._workspace.measurer.toplists(
        measured.evaluation._case(TOY), model
    ).answer_rank.tolist()
    helped = with_cross_encoder(measured, tiny_model_folder, tmp_path / "helped", 10, 1.0)
    found = measured.evaluation.evaluate(TOY, helped)[0]
    assert found.details["reranking"] == {"depth": 10, "blend": 1.0}
    assert "the best 10" in found.details["told"]["en"]
    plain = ranks("tuned")
    assert all((a <= 10) == (b <= 10) for a, b in zip(ranks(helped), plain, strict=True))
    assert ranks(helped) != plain
    unused = with_cross_encoder(measured, tiny_model_folder, tmp_path / "unused", 10, 0.0)
    assert "not used" in measured.evaluation.evaluate(TOY, unused)[0].details["told"]["en"]
    assert ranks(unused) == plain
    chosen = measured.evaluation.evaluate(TOY, f"rerank:tuned+{helped}")[0]
    assert chosen.details["reranking"][0]["depth"] in (10, 20, 50)
    row = row_of(measured.evaluation.board(TOY), chosen.model)
    assert (row.kind, row.base) == ("hybrid", "tuned")


def test_what_was_measured_is_read_and_not_computed_again(measured, monkeypatch):
    before = measured.evaluation.evaluate(TOY, "tuned")
    monkeypatch.setattr(measured._workspace.measurer.systems, "measure", None)
    assert measured.evaluation.evaluate(TOY, "tuned") == before
    assert measured.evaluation.evaluate(TOY, "hybrid(tuned+tfidf)")[0].model == "hybrid(tuned+tfidf)"
    with pytest.raises(TypeError):
        measured.evaluation.evaluate(TOY, "tuned", again=True)


def test_the_same_weights_under_another_name_are_not_computed_again(measured, monkeypatch, tmp_path):
    copy = measured.export_model("tuned", tmp_path / "copy")
    monkeypatch.setattr(measured._workspace.measurer.systems, "measure", None)
    first = measured.evaluation.evaluate(TOY, str(copy))[0]
    assert first.metrics == measured.evaluation.evaluate(TOY, "tuned")[0].metrics
    assert measured.evaluation.misses(TOY, str(copy), "tuned").page.sides["only_a"] == 0


def test_a_hybrid_stands_on_the_board_beside_its_parts(measured):
    board = measured.evaluation.board(TOY)
    row = row_of(board, "hybrid(tuned+tfidf)")
    assert (row.kind, row.base) == ("hybrid", "tuned")
    assert row.told is not None
    assert row.details["fusion"][0]["queries"] > 0
    assert row.against_base.verdict in ("better", "worse", "tied")
    assert "its model alone" in row.verdict.get("en")
    chosen = row.details["fusion"][0]
    if chosen["method"] == "model":
        assert row.metrics == row_of(board, "tuned").metrics


def test_every_row_is_compared_with_the_pinned_one(measured):
    board = measured.evaluation.board(TOY, reference="tfidf")
    assert board.reference == "tfidf"
    for row in board.rows:
        if row.model == "tfidf":
            assert row.against_reference is row.reference_verdict is None
        else:
            difference = row.metrics.recall[1] - row_of(board, "tfidf").metrics.recall[1]
            assert row.against_reference.difference == pytest.approx(difference, abs=1e-6)
            assert "Character n-gram TF-IDF" in row.reference_verdict.get("en")
    assert measured.evaluation.board(TOY, reference="nobody").reference is None


def test_a_run_brings_its_strategy_time_and_curve(measured):
    row = row_of(measured.evaluation.board(TOY), "tuned")
    assert row.strategy.get("zh") != row.strategy.get("en") != ""
    assert row.training_seconds > 0
    assert len(row.curve) >= 2
    assert all(0 <= value <= 100 for value in row.curve)
    assert row.size_bytes > 0


def test_the_board_warns_where_few_concepts_are_tested(measured):
    board = measured.evaluation.board(TOY)
    assert board.components == 18
    assert board.power.points > 5
    assert "18" in board.power.warning.get("en")


def test_a_note_stays_until_it_is_taken_off(measured):
    service = measured.evaluation
    service.set_note("tuned", "  给老板看的 | 模型 ")
    assert service.note("tuned") == "给老板看的 | 模型"
    assert row_of(service.board(TOY), "tuned").note == "给老板看的 | 模型"
    assert r"给老板看的 \| 模型" in service.export(TOY, "md", columns=["model", "note"])
    service.set_note("tuned", "")
    assert row_of(service.board(TOY), "tuned").note == ""
    with pytest.raises(BadParameter):
        service.set_note("tuned", "x" * 2001)


def test_run_and_board_give_one_verdict(measured):
    run = measured.run("tuned")
    board = row_of(measured.evaluation.board(TOY), "tuned")
    assert measured.evaluation.run_verdict(run) == board.against_base
    alone = run.result["test"]["difference"]["verdict"]
    assert (board.run_verdict is None) == (alone == board.against_base.verdict)


def test_where_the_run_alone_said_otherwise_the_board_says_why(measured, monkeypatch):
    from workbench.storage.runs import RunStore

    every = RunStore.all
    board = row_of(measured.evaluation.board(TOY), "tuned")
    other = "tied" if board.against_base.verdict != "tied" else "better"

    def all_runs(self, limit=1000):
        runs = every(self, limit)
        for run in runs:
            run.result.setdefault("test", {}).setdefault("difference", {})["verdict"] = other
        return runs

    monkeypatch.setattr(RunStore, "all", all_runs)
    said = row_of(measured.evaluation.board(TOY), "tuned").run_verdict
    assert f"“{other}”" in said.get("en")
    assert "Holm" in said.get("zh")


def test_a_run_of_the_same_name_with_other_weights_has_to_be_measured_again(measured, monkeypatch):
    systems = measured._workspace.measurer.systems
    real = systems.fingerprint
    monkeypatch.setattr(
        systems, "fingerprint", lambda system, progress=None: "new" if system.id == "tuned" else real(system)
    )
    board = measured.evaluation.board(TOY)
    assert "tuned" not in {row.model for row in board.rows}
    assert "tuned" in board.missing


def test_misses_slices_and_two_systems_compared(measured):
    service = measured.evaluation
    versus = service.compare(TOY, "tuned", "tfidf")
    assert versus.only_a + versus.only_b + versus.both + versus.neither == 36
    assert versus.comparison.difference == pytest.approx(100 * (versus.only_a - versus.only_b) / 36, abs=1e-6)
    found = service.misses(TOY, "tuned", "tfidf", sides=["only_a"], size=5)
    assert found.page.total == versus.only_a
    assert all(row.a.rank == 1 < row.b.rank for row in found.page.rows)
    assert service.misses(TOY, "tuned", view="seen").page.total > 0
    slices = service.slices(TOY, ["tuned", "tfidf"])
    overlap = [each for each in slices if each.dimension == "overlap"]
    assert sum(each.queries for each in overlap) == 36
    total = sum(each.queries * each.scores["tuned"].recall1 for each in overlap) / 36
    assert total == pytest.approx(row_of(service.board(TOY), "tuned").metrics.recall[1])
    assert {each.value for each in slices if each.dimension == "concept"} == {"unseen", "seen"}


def test_lists_of_misses_are_found_again_where_they_were_not_stored(measured):
    with measured._workspace.database.write() as db:
        db.conn.execute("DELETE FROM rankings")
    assert measured.evaluation.misses(TOY, "tuned", "tfidf").page.sides["both"] >= 0


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: s.board("retrieval:没有"),
        lambda s: s.board("没有"),
        lambda s: s.pairs.board("pairs:没有"),
        lambda s: s.misses(TOY, "没有!"),
        lambda s: s.evaluate(TOY, "hybrid:没有!+tfidf"),
    ],
)
def test_what_is_not_there_is_said(measured, ask):
    with pytest.raises(NotFound) as caught:
        ask(measured.evaluation)
    assert caught.value.text("zh") != caught.value.text("en")


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: s.misses(TOY, "tuned", sides=["sideways"]),
        lambda s: s.misses(TOY, "tuned", causes=["witchcraft"]),
        lambda s: s.misses(TOY, "tuned", k=0),
        lambda s: s.board("pairs:x"),
        lambda s: s.pairs.board("toy"),
        lambda s: s.export(TOY, "md", columns=["nothing"]),
        lambda s: s.export(TOY, "docx"),
    ],
)
def test_what_makes_no_sense_is_refused(measured, ask):
    with pytest.raises(BadParameter) as caught:
        ask(measured.evaluation)
    assert caught.value.text("zh") != caught.value.text("en")


def test_benchmarks_of_every_kind_are_listed(measured):
    content = RetrievalSet(("汽车",), ("轿车", "钢筋"), ((0,),))
    measured._workspace.retrieval_sets.save("list-me", content, source="made")
    found = {each.id: each for each in measured.evaluation.benchmarks()}
    measured._workspace.retrieval_sets.delete("list-me")
    assert (found[TOY].kind, found[TOY].queries, found[TOY].documents) == ("dictionary", 180, 90)
    listed = found["retrieval:list-me"]
    assert (listed.kind, listed.name, listed.queries, listed.documents) == ("retrieval", "list-me", 1, 2)


# -- the order of an ablation table, and text for elsewhere ------------------------------------------


def made(model, recall, kind="tuned", base=None, run=None, stage=None, **more):
    metrics = Metrics(
        10, 20, dict.fromkeys((1, 5, 10), recall), dict.fromkeys((1, 5, 10), recall), 1.0, 2.0, (0.0, 9.0)
    )
    return BoardRow(model, kind, base, metrics, None, None, LocalText("句。", "A sentence."), 1.0, 0.0,
                    run=run, stage=stage, **more)  # fmt: skip


ROWS = [
    made("b", 60, base="e5", run="b"),
    made("a", 50, base="e5", run="a", stage=3),
    made("tfidf", 45, "baseline"),
    made("a#2", 44, base="e5", run="a", stage=2),
    made("hybrid(e5+tfidf)", 43, "hybrid", base="e5"),
    made("other", 42, "base"),
    made("e5", 40, "base"),
    made("a#1", 30, base="e5", run="a", stage=1),
]


def test_stages_of_a_run_stand_together_behind_their_base():
    assert [row.model for row in arrange(ROWS, "best")] == [row.model for row in ROWS]
    assert [row.model for row in arrange(ROWS, "stages")] == [
        "tfidf", "e5", "hybrid(e5+tfidf)", "b", "a#1", "a#2", "a", "other",
    ]  # fmt: skip


def test_every_format_holds_every_row():
    for format_ in FORMATS:
        for language in ("zh", "en"):
            text = export_board(ROWS, format_, language)
            assert text.endswith("\n")
            for row in ROWS:
                assert row.model.replace("#", r"\#" if format_ == "tex" else "#") in text
    names = [column.name for column in COLUMNS]
    assert len(names) == len(set(names))


def test_a_table_for_a_paper_escapes_and_marks_the_best():
    rows = [made("a_b & 50% {x}", 60.0), made("c", 7.0)]
    text = export_board(rows, "tex", columns=["model", "recall@1"])
    assert r"a\_b \& 50\% \{x\} & \textbf{60.00} \\" in text
    assert r"c & 7.00 \\" in text
    assert text.count(r"\\") == 3
    assert export_board(rows, "md", columns=["model", "recall@1"]).splitlines()[1] == "|---|---:|"


def test_a_measurer_needs_no_services(workshop):
    assert isinstance(workshop._workspace.measurer, Measurer)


# -- the command line ---------------------------------------------------------------------------------


@pytest.fixture
def ask(measured, capsys):
    from workbench.cli import main

    def run(*arguments, json_=True, status=0):
        home = ["--home", str(measured.settings.home)]
        assert main([*map(str, arguments), *home, *(["--json"] if json_ else [])]) == status
        out = capsys.readouterr().out
        return json.loads(out) if json_ and status == 0 else out

    return run


def test_the_commands_of_measuring(ask, measured, tmp_path):
    content = RetrievalSet(("汽车", "钢"), ("轿车", "钢筋", "混凝土"), ((0,), (1,)))
    measured._workspace.retrieval_sets.save("commands", content, source="made", replace=True)
    found = ask("evaluate", "--system", "bm25_chars", "--benchmark", "retrieval:commands")
    assert (found["recall@1"], found["benchmark"]) == (100.0, "retrieval:commands")
    hybrid = ask("evaluate", "--system", "hybrid:tuned+bm25_chars", "--benchmark", "retrieval:commands")
    assert hybrid["model"] == "hybrid(tuned+bm25_chars)"
    assert hybrid["told"]
    rows = ask("leaderboard", "--benchmark", "retrieval:commands", "--reference", "bm25_chars")
    assert {row["model"] for row in rows} == {"bm25_chars", "hybrid(tuned+bm25_chars)"}
    compared = ask("compare", "tuned", "tfidf", "--benchmark", "toy")
    assert compared["only_a"] + compared["only_b"] + compared["both"] + compared["neither"] == 36
    errors = ask("errors", "tuned", "tfidf", "--benchmark", "toy", "--side", "only_a", "--size", 3)
    assert len(errors["rows"]) == min(3, errors["total"])
    assert ask("errors", "tuned", "--dictionary", "toy", "--page", 2, "--size", 5)["page"] == 2
    assert {each["dimension"] for each in ask("slices", "--benchmark", "toy")} >= {"overlap", "language"}
    assert ask("note", "tuned", "好")["note"] == "好"
    assert "retrieval:commands" in {each["id"] for each in ask("benchmarks")}
    for format_ in ("csv", "md", "tex"):
        ask("leaderboard", "--benchmark", "toy", "--format", format_, "--out", tmp_path / f"b.{format_}")
        assert "tuned" in (tmp_path / f"b.{format_}").read_text(encoding="utf-8-sig")
    board = json.loads(ask("leaderboard", "--benchmark", "toy", "--format", "json", json_=False))[0]
    assert (board["components"], board["queries"]) == (18, 36)
    assert board["warning"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["leaderboard", "--benchmark", "toy", "--reference", "tfidf", "--stages"],
        ["compare", "tuned", "tfidf", "--benchmark", "toy"],
        ["errors", "tuned", "tfidf", "--benchmark", "toy"],
        ["slices", "--benchmark", "toy", "tuned"],
        ["evaluate", "--system", "hybrid:tuned+tfidf", "--benchmark", "toy"],
        ["benchmarks"],
        ["note", "nobody"],
    ],
    ids=" ".join,
)
def test_every_answer_has_a_form_for_people(ask, arguments):
    assert ask(*arguments, json_=False).strip()


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "tuned", "--benchmark", "toy"],
        ["compare", "tuned", "tfidf"],
        ["errors", "tuned", "--benchmark", "toy", "--page", "0"],
        ["evaluate", "--system", "hybrid:tuned+nothing", "--benchmark", "toy"],
        ["leaderboard", "--benchmark", "pairs:没有"],
    ],
    ids=" ".join,
)
def test_a_command_that_makes_no_sense_is_refused(ask, arguments):
    ask(*arguments, status=2)
