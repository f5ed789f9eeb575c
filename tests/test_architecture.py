"""The rules of the house, read from the source: who may import whom, where SQL and heavy libraries may be."""

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "workbench"
FILES = sorted(PACKAGE.rglob("*.py"))

# A module may import from its own rank and from those below it.
RANKS = {
    **dict.fromkeys(("types", "errors", "settings", "localtext", "normalise", "names", "locks", "memory"), 0),
    "accounts": 0,
    "storage": 1,
    **dict.fromkeys(("evaluation", "models", "search", "embedding_map"), 2),
    **dict.fromkeys(("ingest", "editing", "pairing", "generation"), 2),
    "workspace": 3,
    "training": 4,
    **dict.fromkeys(("services", "diagnosis"), 5),
    **dict.fromkeys(("ui", "cli", "commands", "documents", "terminal", "__main__"), 6),
}
TERMINAL = {"cli", "commands", "documents", "terminal", "__main__"}
# They are modules of torch themselves, and others import them late.
TORCH_MODULES = {PACKAGE / "models" / "use_module.py", PACKAGE / "training" / "dropout.py"}
HEAVY = {
    "torch",
    "sentence_transformers",
    "transformers",
    "openTSNE",
    "numba",
    "sklearn",
    "faiss",
    "pandas",
    "gradio",
    "plotly",
    "rdflib",
    "pyarrow",
    "opencc",
    "ahocorasick",
    "rapidfuzz",
    "httpx",
    "jieba",
    "yaml",
}
SQL = re.compile(
    r"\bSELECT\s.+?\s(FROM|WHERE|LIMIT)\b|\bINSERT\s+(OR\s+\w+\s+)?INTO\b|\bUPDATE\s+\S+\s+SET\b"
    r"|\bDELETE\s+FROM\b|\b(CREATE|DROP|ALTER)\s+(UNIQUE\s+)?(TABLE|INDEX)\b|\bPRAGMA\s|\bBEGIN IMMEDIATE\b",
    re.DOTALL,
)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module: str) -> str | None:
    """The part of the package that a dotted name belongs to."""
    parts = module.split(".")
    return parts[1] if parts[0] == "workbench" and len(parts) > 1 else None


def imports(
    tree: ast.AST, *, only_at_once: bool = False, type_checking: bool = True
) -> list[tuple[str, int]]:
    """Every module that is imported, with its line; ``only_at_once``: not those inside functions."""
    found: list[tuple[str, int]] = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not used here"
            found.append((node.module, node.lineno))
            found += [(f"{node.module}.{alias.name}", node.lineno) for alias in node.names]
        elif not (
            (only_at_once and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))
            or (not type_checking and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        ):
            found += imports(node, only_at_once=only_at_once, type_checking=type_checking)
    return found


def texts(tree: ast.AST) -> list[tuple[str, int]]:
    """Every string of the code with its line, docstrings left out, f-strings with their gaps as ``x``."""
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            found.append((node.value, node.lineno))
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "x" for part in node.values]
            found.append(("".join(parts), node.lineno))
    return found


TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))


def test_every_part_has_its_place():
    parts = {room(module_name(path)) for path in FILES} - {None}
    assert parts <= set(RANKS)


@each_file
def test_dependencies_go_one_way(path):
    here = room(module_name(path))
    if here is None:
        return
    for module, line in imports(TREES[path]):
        there = room(module)
        if there in RANKS:
            assert RANKS[there] <= RANKS[here], f"{path.name}:{line}: {here} imports {module}"
            assert not (here == "ui" and there in TERMINAL), f"{path.name}:{line}: the page imports {module}"


def test_no_modules_import_each_other_in_a_circle():
    known = {module_name(path) for path in FILES}
    graph = {
        module_name(path): {
            module
            for module, _ in imports(tree, only_at_once=True, type_checking=False)
            if module in known and module != module_name(path)
        }
        for path, tree in TREES.items()
    }
    assert len(list(TopologicalSorter(graph).static_order())) == len(known)


@each_file
def test_only_the_page_imports_gradio(path):
    if room(module_name(path)) != "ui":
        assert not [line for module, line in imports(TREES[path]) if module.split(".")[0] == "gradio"]


@each_file
def test_only_the_storage_holds_sql(path):
    if room(module_name(path)) != "storage":
        found = [(text, line) for text, line in texts(TREES[path]) if SQL.search(text)]
        assert not found
        assert not [
            line for module, line in imports(TREES[path]) if module.split(".")[0].startswith("sqlite")
        ]


def test_the_search_for_sql_finds_it_where_it_is():
    path = PACKAGE / "storage" / "runs.py"
    assert sum(bool(SQL.search(text)) for text, _ in texts(TREES[path])) > 8


@each_file
def test_heavy_libraries_are_imported_where_they_are_used(path):
    if room(module_name(path)) == "ui" or path in TORCH_MODULES:
        return
    at_once = imports(TREES[path], only_at_once=True, type_checking=False)
    assert not [(module, line) for module, line in at_once if module.split(".")[0] in HEAVY]


def test_opening_the_services_and_the_command_line_loads_no_heavy_library():
    code = (
        "import sys, workbench.services, workbench.cli, workbench.training.execute, workbench.training.jobs;"
        # sqlite-utils looks for pandas, which brings pyarrow
        f"print(sorted({HEAVY - {'pandas', 'pyarrow'}!r} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert answer.stdout.strip() == "[]"


@each_file
def test_files_are_of_a_size_to_be_read_and_say_what_they_are_for(path):
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 500
    assert ast.get_docstring(TREES[path])
    assert path.stem not in ("utils", "helpers", "util", "misc", "common")


@each_file
def test_nothing_runs_foreign_code(path):
    names = {module.split(".")[0] for module, _ in imports(TREES[path])}
    assert not names & {"pickle", "cloudpickle", "joblib", "dill", "marshal", "shelve"}
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("eval", "exec"), node.lineno
        if isinstance(node, ast.keyword) and node.arg in ("trust_remote_code", "shell", "allow_pickle"):
            assert isinstance(node.value, ast.Constant)
            assert node.value.value is False
