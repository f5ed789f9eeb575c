"""The page as it is built: cheap, complete, the same ids for ever, and following the registry."""

import json
import subprocess
import sys

import pytest

from workbench.errors import WorkbenchError
from workbench.localtext import LocalText
from workbench.services import Services
from workbench.settings import Settings
from workbench.types import Run
from workbench.ui.app import _terminal_language, build_app, launch_arguments
from workbench.ui.components.choosers import best_for, updates
from workbench.ui.page import Page
from workbench.ui.present import run_json, verdict_json
from workbench.ui.tabs import train_recipes

IDS = {
    "header", "tabs", "shell-refresh",
    "tab-data", "tab-synonyms", "tab-train", "tab-board", "tab-explore", "tab-map", "tab-models",
    "data-file", "data-second-file", "data-form", "data-preview", "data-list",
    "synonyms-dictionary", "synonyms",
    "train-dictionary", "train-base", "train-form", "train-editor", "train-run", "train-runs",
    "board-dictionary", "board",
    "explore-dictionary", "explore-model", "explore", "explore-file",
    "map-dictionary", "map-model", "map-method", "map",
    "models-list", "models-download",
}  # fmt: skip


@pytest.fixture
def services(tmp_path):
    opened = Services(Settings.from_env({}, home=tmp_path / "home", warm_worker=False))
    yield opened
    opened.close()


def test_the_ids_that_browsers_are_driven_by(services):
    found = {getattr(block, "elem_id", None) for block in build_app(services).blocks.values()}
    assert found >= IDS


def test_the_form_of_a_stage_follows_from_the_registry(services):
    desk = next(f for f in train_recipes.functions(Page(services)) if f.__name__ == "read_desk")({})
    drawn = {stage["name"]: stage["parameters"] for stage in desk["stages"]}
    for spec in services.stages():
        assert [each["name"] for each in drawn[spec.name]] == [each.name for each in spec.parameters]
    for recipe in desk["recipes"]:
        for stage in recipe["stages"]:
            assert set(stage["parameters"]) == {each["name"] for each in drawn[stage["stage"]]}
    assert json.loads(json.dumps(desk)) == desk


@pytest.mark.parametrize(
    "sent",
    [
        {"recipe": "instant", "stages": "x"},
        {"recipe": "instant", "stages": []},
        {"recipe": "instant", "stages": [{"stage": "nowhere", "parameters": {}}]},
        {"recipe": "instant", "stages": [{"stage": "instant_map", "parameters": {"epochs": -1}}]},
        {"recipe": "instant", "stages": [{"stage": "instant_map", "parameters": {"evil": 1}}]},
        {"recipe": "instant", "corpora": "x"},
        {"recipe": "instant", "corpora": [3]},
        {"recipe": "instant", "corpora": ["nowhere"]},
        {"recipe": "nowhere"},
    ],
)
def test_what_no_form_would_send_is_refused_before_anything_begins(services, sent):
    start = next(f for f in train_recipes.functions(Page(services)) if f.__name__ == "start_run")
    dictionary = services.dictionaries()[0].name
    with pytest.raises(WorkbenchError):
        start({"dictionary": dictionary, "base": "e5-small", **sent})
    assert services.runs() == []


def test_the_page_is_built_without_heavy_libraries(tmp_path):
    script = (
        "import sys\n"
        "from workbench.services import Services\n"
        "from workbench.settings import Settings\n"
        "from workbench.ui.app import build_app\n"
        f"services = Services(Settings.from_env({{}}, home={str(tmp_path / 'home')!r}, warm_worker=False))\n"
        "build_app(services)\n"
        "services.close()\n"
        "heavy = {'torch', 'sentence_transformers', 'transformers', 'umap', 'faiss'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_it_is_served_quietly_and_with_limits(services):
    given = launch_arguments(build_app(services), services, "127.0.0.1", 7999)
    assert given["max_file_size"] == services.settings.max_upload_bytes
    assert given["share"] is False
    assert given["show_error"] is False
    assert given["footer_links"] == []
    assert given["_frontend"] is False, "else a machine that is slow to answer cannot start it"


def test_no_component_keeps_state_for_each_session(services):
    assert not [block for block in build_app(services).blocks.values() if block.get_block_name() == "state"]


def test_choosers_keep_what_exists_and_begin_in_the_language_of_the_page(services):
    page = Page(services)
    build_app(services)
    import gradio as gr

    from workbench.ui.components.choosers import dictionary_chooser, model_chooser

    with gr.Blocks():
        dictionary_chooser(page, "a")
        model_chooser(page, "b")
        model_chooser(page, "c", "second_model")
    names = {info.language: info.name for info in services.dictionaries()}
    first = updates(page, [None, None, None], {}, "en")
    assert first[0]["value"] == names["en"]
    assert updates(page, [None, None, None], {}, "zh")[0]["value"] in {
        info.name for info in services.dictionaries() if info.language == "zh"
    }
    kept, gone, _ = updates(page, [names["en"], "gone", None], {}, "zh")
    assert "value" not in kept, "what is chosen there by now stays"
    assert gone["value"] == best_for(page, names["en"])["model"]
    assert updates(page, [None, None, None], {"dictionary": names["en"]}, "zh")[0]["value"] == names["en"]
    assert first[1]["value"] == best_for(page, names["en"])["model"]
    assert first[2]["value"] == ""


def run(state="completed", **result):
    return Run(
        "r1", "一次", "d", "v", "h", "e5-small", "instant", {}, state, LocalText("", ""), 1.0, 1, 1,
        0.0, 0.0, 1.0, None, result,
    )  # fmt: skip


DEV = {"base": {"recall@1": 30.0, "mrr@10": 40.0}, "best": {"recall@1": 33.0, "mrr@10": 42.0}}


def measured(verdict):
    return {
        "base": {"recall": {"1": 20.0}},
        "tuned": {"recall": {"1": 25.5}},
        "difference": {"verdict": verdict},
    }


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ({"dev": DEV, "test": measured("better"), "beats_base": True}, "better"),
        ({"dev": DEV, "test": measured("tied"), "beats_base": True}, "tied"),
        ({"dev": DEV, "test": measured("tied"), "beats_base": False}, "worse"),
        ({"dev": DEV, "test": measured("worse"), "beats_base": True}, "worse"),
        ({"dev": DEV, "beats_base": True}, "unmeasured"),
    ],
)
def test_the_verdict_follows_the_measurement(result, kind):
    assert verdict_json(run(**result))["kind"] == kind


def test_the_verdict_shows_test_figures_where_there_are_any():
    assert "25.5" in verdict_json(run(dev=DEV, test=measured("better"), beats_base=True))["numbers"]["zh"]
    assert "33.0" in verdict_json(run("stopped", dev=DEV, beats_base=True))["numbers"]["en"]


@pytest.mark.parametrize("state", ["queued", "running", "failed", "interrupted"])
def test_a_run_without_an_end_has_no_verdict(state):
    assert run_json(run(state, dev=DEV))["verdict"] is None


@pytest.mark.parametrize(
    ("chosen", "locale", "language"),
    [("", "zh_CN.UTF-8", "zh"), ("", "C", "en"), ("en", "zh_CN.UTF-8", "en"), ("zh", "C", "zh")],
)
def test_the_address_is_said_in_the_language_of_the_terminal(monkeypatch, chosen, locale, language):
    for name in ("LC_ALL", "LANG"):
        monkeypatch.delenv("LC_ALL", raising=False)
        monkeypatch.setenv(name, locale)
        assert _terminal_language(chosen) == language


def test_a_port_that_is_in_use_is_said_so(tmp_path, capsys):
    import socket

    from workbench.cli import main

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["--home", str(tmp_path), "serve", "--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert str(port) in said
    assert "Traceback" not in said
