"""The thirty cases that must hold, and which tests hold them, as the source says."""

import ast
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent

CASES = {
    1: "A worker is killed in the middle of training",
    2: "Killed while a checkpoint is saved",
    3: "Killed while the model is saved",
    4: "The server is killed and started again",
    5: "A process number that now belongs to another program",
    6: "The disk is full",
    7: "A worker wants more memory than it may have",
    8: "A double click; two people start at once",
    9: "Stop",
    10: "The page is closed in the middle of a run",
    11: "Eight processes write for two seconds",
    12: "Opened and closed fifty times",
    13: "A database of an earlier version",
    14: "The page while a model is trained",
    15: "Malformed files",
    16: "Encodings",
    17: "Numbers, dates and words for nothing",
    18: "Ragged rows, open quotes, headings twice",
    19: "Files that unpack to more than there is room for",
    20: "Uploads over the limit",
    21: "Paths that lead elsewhere",
    22: "Hostile names",
    23: "Terms that are scripts",
    24: "Terms that are formulas",
    25: "Code in a model",
    26: "Foreign hosts and origins",
    27: "A handler that fails with a path in its message",
    28: "Two people edit one pair",
    29: "Terms that are SQL",
    30: "The same seed twice; the two sides of a split",
}


def marked_tests():
    """Each test that is marked with cases: ``(file under tests/, function) -> numbers``."""
    found = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        source = path.read_text("utf-8")
        if "mark.case(" not in source:
            continue
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                numbers = [number for each in node.decorator_list for number in _numbers(each)]
                if numbers:
                    found[(path.relative_to(TESTS).as_posix(), node.name)] = numbers
    return found


def _numbers(decorator):
    if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.case":
        return [ast.literal_eval(each) for each in decorator.args]
    return []
