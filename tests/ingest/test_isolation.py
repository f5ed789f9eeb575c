"""An upload is parsed in a process of its own: what that process may do, and what becomes of its end."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from workbench.errors import FileProblem
from workbench.ingest.export import ENDINGS, dictionary_bytes
from workbench.ingest.readers import ReadOptions, Table, read_table
from workbench.ingest.structured import STRUCTURED
from workbench.types import Pair

ROOT = Path(__file__).resolve().parents[2]
LIMITS: dict[str, Any] = {"max_rows": 100_000, "max_bytes": 50_000_000}
OBO = '[Term]\nid: X\nname: a {b}\nsynonym: "c" EXACT []\nsynonym: "d" NARROW []\nsynonym: e\n'


def book() -> bytes:
    made = Workbook()
    made.active.append(["标准词", "近似词"])
    made.active.append(["混凝土", "=1"])
    made.create_sheet("其他").append(["x"])
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def samples() -> list[tuple[str, bytes]]:
    pairs = [Pair("混凝土", "{brace}"), Pair("越野车\U0001f600", "a\u2028b")]
    files = [(f"w{ENDINGS[f]}", dictionary_bytes(pairs, f)) for f in ("json", "jsonl", "parquet", "skos")]
    return [*files, ("w.xlsx", book()), ("w.obo", OBO.encode())]


@pytest.mark.parametrize(("name", "data"), samples(), ids=[name for name, _ in samples()])
def test_the_other_process_says_the_same_as_this_one(name: str, data: bytes) -> None:
    options = ReadOptions(scopes=("EXACT", "NARROW"), language="zh")
    apart = read_table(data, name, options=options, **LIMITS)
    here = read_table(data, name, options=options, isolated=False, **LIMITS)
    assert described(apart) == described(here)
    assert apart.format in STRUCTURED


def described(table: Table) -> list[Any]:
    problems = [(p.code, p.severity, p.row, p.column, p.text.as_json()) for p in table.problems]
    names = ("rows", "width", "format", "encoding", "sheet", "sheets", "problem_counts", "heading", "choice")
    return [*(getattr(table, name) for name in names), list(table.row_numbers), problems]


def test_a_refusal_comes_back_in_both_languages() -> None:
    with pytest.raises(FileProblem) as caught:
        read_table(book(), "w.xlsx", sheet="没有{x}", **LIMITS)
    assert "没有{x}" in caught.value.text("zh")
    assert "has no sheet" in caught.value.text("en")


def test_a_file_that_takes_too_much_memory_is_refused_in_words() -> None:
    data = b'[{"a": "b", "c": [' + b"[]," * 3_000_000 + b"1]}]"
    with pytest.raises(FileProblem) as caught:
        read_table(data, "w.json", memory_bytes=160 << 20, **LIMITS)
    assert "160 MB" in caught.value.text("en")
    assert "内存" in caught.value.text("zh")


def test_a_file_that_takes_too_long_is_refused_in_words() -> None:
    data = dictionary_bytes([Pair(f"a{i}", f"b{i}") for i in range(20_000)], "skos")
    began = time.perf_counter()
    with pytest.raises(FileProblem) as caught:
        read_table(data, "w.ttl", seconds=0.2, **LIMITS)
    assert time.perf_counter() - began < 3
    assert "ended" in caught.value.text("en")


CHILD = """
import os, socket, sys
from workbench.ingest import isolation
{before}
isolation.limit_process(1 << 30, 60)
sys.addaudithook(isolation._refuse_outside)
tried = []
for name, action in {{
    "network": lambda: socket.create_connection(("127.0.0.1", 9), 1),
    "name": lambda: socket.getaddrinfo("localhost", 80),
    "program": lambda: os.system("true"),
}}.items():
    try:
        action()
    except PermissionError:
        tried.append(name)
print(tried)
"""


def test_the_process_may_use_no_network_and_start_no_program() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", CHILD.format(before="")], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "['network', 'name', 'program']"


def test_the_process_is_given_no_home_folder_and_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}
    real = subprocess.Popen

    def watching(*arguments: Any, **options: Any) -> Any:
        seen.update(options["env"])
        return real(*arguments, **options)

    monkeypatch.setenv("API_KEY", "secret")
    monkeypatch.setattr(subprocess, "Popen", watching)
    read_table(b'{"a": "b"}', "w.json", **LIMITS)
    assert not {"HOME", "API_KEY", "USER"} & set(seen)


def test_a_process_that_dies_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(FileProblem) as caught:
        read_table(b'{"a": "b"}', "w.json", **LIMITS)
    assert "unexpectedly" in caught.value.text("en")


def test_plain_text_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)
    for text in ("a,b\n", "a: b\nc: d\n", "a => b\n", "Aa01A01= 人 士\n"):
        assert read_table(text.encode(), "w.txt", **LIMITS).rows
