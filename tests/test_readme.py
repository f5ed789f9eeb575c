"""What the README tells a user is there: commands, limits, names. Links: ``tests/docs/test_links.py``."""

import re
import shlex
from pathlib import Path

import pytest

from workbench.cli import _parser
from workbench.generation.keys import ENVIRONMENT_KEY, ENVIRONMENT_URL
from workbench.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = (ROOT / "docs" / "commands.md").read_text("utf-8")


def test_every_command_that_there_is_stands_on_the_page_of_commands():
    told = {shlex.split(line)[3] for line in COMMANDS.splitlines() if line.startswith("python -m workbench ")}
    parser = _parser()
    known = next(action.choices for action in parser._actions if action.dest == "command")
    assert told == set(known)


def test_limits_and_variables_are_those_of_the_settings():
    settings = Settings.from_env({})
    assert settings.max_upload_bytes == 200 * 2**20
    assert "200 MB" in README
    assert f"{settings.max_rows:,}" in README
    assert f"{settings.map_max_points:,}" in README
    assert f"http://{settings.host}:{settings.port}" in README
    assert settings.home == Path("~/.synonym-workbench").expanduser()
    fields = {f"WORKBENCH_{name.upper()}" for name in Settings.__slots__}
    fields |= {"WORKBENCH_PRECISION", ENVIRONMENT_KEY, ENVIRONMENT_URL}
    fields |= {"WORKBENCH_TEST_SLOW"}  # of the browser tests alone
    fields |= {"WORKBENCH_AUTH"}  # gone; the changelog says so
    for document in DOCUMENTS:
        assert set(re.findall(r"WORKBENCH_[A-Z_]+", document.read_text("utf-8"))) <= fields, document.name
    data = (ROOT / "docs" / "data.md").read_text("utf-8")
    assert f"`WORKBENCH_PARSE_MEMORY_BYTES`, {settings.parse_memory_bytes >> 30} GiB" in data
    assert f"`WORKBENCH_PARSE_SECONDS`, {settings.parse_seconds:.0f} s" in data


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


# -- docs/data.md -------------------------------------------------------------------------------------

DATA = (ROOT / "docs" / "data.md").read_text("utf-8")
EXAMPLES = re.findall(r"^\*\*`([\w.]+)`\*\*:.*?^```\w*\n(.*?)^```", DATA, re.M | re.S)


def test_an_example_of_every_kind_of_format_is_there():
    assert {Path(name).suffix for name, _ in EXAMPLES} == {".csv", ".txt", ".json", ".jsonl", ".ttl", ".obo"}
    assert len(EXAMPLES) == 8


@pytest.mark.parametrize(("name", "text"), EXAMPLES, ids=lambda value: value[:9])
def test_every_example_of_a_format_is_read_without_a_problem(name, text):
    from workbench.ingest.dictionary import parse_dictionary
    from workbench.ingest.readers import read_table

    table = read_table(text.encode(), name, max_rows=1000, max_bytes=10**6, isolated=False)
    preview = parse_dictionary(table)
    assert preview.pairs
    assert preview.problem_counts == {}
    assert preview.pairs[0].standard in ("混凝土", "人", "myocardial infarction")


def test_the_problems_of_the_page_are_those_of_the_program():
    source = "".join(path.read_text("utf-8") for path in (ROOT / "workbench" / "ingest").glob("*.py"))
    codes = set(re.findall(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)*) \|", DATA, re.M))
    named = {code for cell in codes for code in re.findall(r"`([a-z_]+)`", cell)}
    plan = {"added", "merged", "changed", "ignored", "refused", "removed"}
    assert plan < named
    for code in named - plan - {"near_traditional", "near_punctuation", "near_typo"}:
        assert f'"{code}"' in source, code


def test_the_example_in_python_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    (code,) = re.findall(r"^```python\n(.*?)^```", DATA, re.M | re.S)
    exec(compile(code, "docs/data.md", "exec"), {})  # the block is meant to be copied and run
    said = capsys.readouterr().out.splitlines()
    assert "one_character" in said[1]
    assert said[3] == "['labels']"
    assert "'off'" in said[4] or said[4].endswith("off")
    assert (tmp_path / "labels.xlsx").stat().st_size > 1000
