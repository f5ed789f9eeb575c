"""What the README tells a user is there: commands, links, limits, names."""

import re
import shlex
from pathlib import Path

import pytest

from workbench.cli import _parser
from workbench.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "CHANGELOG.md"]


def commands():
    return [line for line in README.splitlines() if line.startswith("python -m workbench ")]


@pytest.mark.parametrize("line", commands())
def test_every_command_of_the_readme_is_understood(line):
    _parser().parse_args(shlex.split(line)[3:])


def test_every_command_that_there_is_stands_in_the_readme():
    told = {shlex.split(line)[3] for line in commands()}
    parser = _parser()
    known = next(action.choices for action in parser._actions if action.dest == "command")
    assert told == set(known)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_pictures_are_there(document):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text("utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (document.parent / target).exists(), target


def test_limits_and_variables_are_those_of_the_settings():
    settings = Settings.from_env({})
    assert settings.max_upload_bytes == 200 * 2**20
    assert "200 MB" in README
    assert f"{settings.max_rows:,}" in README
    assert f"{settings.map_max_points:,}" in README
    assert f"http://{settings.host}:{settings.port}" in README
    assert settings.home == Path("~/.synonym-workbench").expanduser()
    fields = {f"WORKBENCH_{name.upper()}" for name in Settings.__slots__} | {"WORKBENCH_AUTH"}
    assert set(re.findall(r"WORKBENCH_[A-Z_]+", README)) <= fields


def test_the_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in set(re.findall(r"`?make ([a-z]+)\b", README)) - {"it"}:
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_the_figures_are_those_of_the_benchmarks_page():
    page = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    assert re.search(r"e5-small \(bf16.*\| 4\.5 × as fast", page)
    assert re.search(r"Instant on 4,412 pairs.*5\.2 s", page)
    ratios = [float(x) for x in re.findall(r"fine-tune.*\| ([\d.]+) × as fast", page)]
    assert min(ratios) >= 6


def test_the_sample_dictionaries_have_what_is_promised():
    from workbench.ingest.dictionary import parse_dictionary
    from workbench.ingest.readers import read_table

    for path in sorted((ROOT / "assets" / "samples").glob("*.csv")):
        table = read_table(path.read_bytes(), path.name, max_rows=10_000, max_bytes=10**7)
        preview = parse_dictionary(table)
        assert preview.standards >= 250, path.name
        assert preview.problem_counts == {}, path.name
