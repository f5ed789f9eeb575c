"""docs/extending.md is true: its blocks are put into a copy of the program, and do what the page says."""

import hashlib
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ensure_browser import FLAGS, find_browser

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "extending.md").read_text("utf-8")
NEW = re.compile(r"^\*\*`([^`]+)`\*\*\n\n```\w+\n(.*?)^```$", re.M | re.S)
CHANGED = re.compile(r"^```diff\n--- ([^\n]+)\n(.*?)^```$", re.M | re.S)


def new_files() -> dict[str, str]:
    """What the page says to write: path and content. The checksum is what ``sha256sum`` would say."""
    files = dict(NEW.findall(PAGE))
    vectors = files["harbour_vectors/vectors.txt"]
    checksum = hashlib.sha256(vectors.encode()).hexdigest()
    return {path: text.replace('"SHA256"', f'"{checksum}"') for path, text in files.items()}


def changed(source: str, hunk: str) -> str:
    """``source`` with a change of the page made where its lines stand, which must be one place."""
    lines = [(line[0], line[1:]) for line in hunk.splitlines(keepends=True)]
    before = "".join(text for sign, text in lines if sign in " -")
    after = "".join(text for sign, text in lines if sign in " +")
    assert source.count(before) == 1, f"not one place like this:\n{before}"
    return source.replace(before, after)


def commands(*words: str) -> list[list[str]]:
    """The arguments of the page's commands that begin so."""
    found = [shlex.split(line)[3:] for line in PAGE.splitlines() if line.startswith("python -m workbench ")]
    return [arguments for arguments in found if arguments[: len(words)] == list(words)]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The program with everything of the page added to it."""
    folder = tmp_path_factory.mktemp("extended")
    for name in ("workbench", "assets"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", folder)
    for path, text in new_files().items():
        assert not (ROOT / path).exists(), f"{path} is there already"
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    for path, hunk in CHANGED.findall(PAGE):
        (folder / path).write_text(changed((folder / path).read_text("utf-8"), hunk), "utf-8")
    return folder


@pytest.fixture(scope="module")
def workbench(copy):
    """``workbench(arguments)`` runs a command of the copy on a home of its own and gives what it printed."""
    environment = {**os.environ, "WORKBENCH_HOME": str(copy / "home"), "WORKBENCH_WARM_WORKER": "0"}

    def run(arguments):
        command = [sys.executable, "-m", "workbench", *arguments]
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_the_page_has_three_whole_examples():
    assert len(new_files()) == 7
    assert len(CHANGED.findall(PAGE)) == 4


def test_the_code_of_the_page_keeps_the_rules_of_the_house(copy):
    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", "--config", str(ROOT / "pyproject.toml")]
    own = [copy / path for path in new_files() if path.endswith(".py")]
    done = subprocess.run([*ruff, *own], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    done = subprocess.run(
        [*ruff[:3], "format", "--check", "--config", str(ROOT / "pyproject.toml"), *own],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_base_model_is_listed_and_encodes(copy, workbench):
    (listing,), (asking,) = commands("list", "models"), commands("similarity")
    assert "harbour" in workbench(listing)
    workbench(asking)
    from sentence_transformers import SentenceTransformer

    (folder,) = (copy / "home" / "models").glob("harbour-*")
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    wharf, pier, crane = model.encode(["wharf", "pier", "crane"])
    assert wharf.shape == (4,)
    assert wharf @ pier > 0.95 > wharf @ crane


def test_the_stage_trains_and_its_model_is_an_ordinary_one(copy, workbench, tiny_model_folder, tmp_path):
    from sentence_transformers import SentenceTransformer

    (training,), (export,) = commands("train"), commands("export", "model")
    training = [str(tiny_model_folder) if word == "minilm" else word for word in training]
    workbench(training)
    workbench([*export[:-1], str(tmp_path / "out")])
    terms = ["霸道", "普拉多", "automobile"]
    before, after = (
        SentenceTransformer(str(folder), device="cpu", local_files_only=True).encode(
            terms, normalize_embeddings=True
        )
        for folder in (tiny_model_folder, tmp_path / "out")
    )
    assert after.shape == before.shape
    assert np.allclose(np.linalg.norm(after, axis=1), 1, atol=1e-4)
    assert not np.allclose(after, before, atol=1e-3), "nothing was taken out"


@pytest.mark.browser
def test_the_tab_is_in_the_page(copy):
    from playwright.sync_api import sync_playwright

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (serving,) = commands("serve")
    assert serving[-2] == "--port"
    environment = {**os.environ, "WORKBENCH_HOME": str(copy / "home"), "WORKBENCH_WARM_WORKER": "0"}
    command = [sys.executable, "-m", "workbench", *serving[:-1], str(port)]
    with (
        subprocess.Popen(command, cwd=copy, env=environment, stdout=subprocess.PIPE, text=True) as server,
        sync_playwright() as playwright,
    ):
        try:
            assert str(port) in server.stdout.readline()
            browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
            page = browser.new_page(locale="en-GB")
            page.set_default_timeout(120_000)
            page.goto(f"http://127.0.0.1:{port}/")
            page.click("button[role=tab]:has-text('Parts')")
            page.wait_for_function(
                "/training: [1-9]/.test(document.querySelector('#parts-bars')?.innerText || '')"
            )
            assert "How a dictionary is divided" in page.locator("#parts-lead").inner_text()
            browser.close()
        finally:
            server.terminate()
