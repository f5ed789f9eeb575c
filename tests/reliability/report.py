"""Runs the tests of the cases and writes docs/reliability.md from what they tell: ``make reliability``.

``--from FILE ...`` takes what earlier runs told (``--reliability-report``) instead of running them again.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reliability.cases import CASES, ROOT, marked_tests

from benchmarks.soak import markdown

DOCUMENT = ROOT / "docs" / "reliability.md"
SOAK = ROOT / "benchmarks" / "data" / "soak.json"
NOT_RUN = "**not in this run**"
HEAD = """# What holds, and how it was tried

Thirty cases must hold: what is killed, full, too large, hostile or twice at once. Each has tests, run by
every `make test`. This page is written by `make reliability` from what those tests tell; nobody edits it.
What is promised to whom stands in [SECURITY.md](../SECURITY.md).

Last run: {date}, Python {python}, {cores} cores, `make reliability`: {tests} tests of {cases} cases
in {minutes}, {failed}.

| | case | what was tried | times | what came out | time | tests |
|---|---|---|---|---|---|---|
"""
SOAK_HEAD = """
## Half an hour of use

{figures}
"""


def function_of(test):
    """``tests/a/test_b.py::test_c[x]`` -> ``a/test_b.py``, ``test_c``."""
    path, _, name = test.partition("::")
    return path.removeprefix("tests/"), name.partition("[")[0]


def lines_of(case, tests):
    """What was told of a case, the same once: ``(tried, times, came out)``."""
    told = {}
    for test in tests:
        entries = [each for each in test.get("told", ()) if each["case"] == case]
        if not entries:  # told nothing: the name is the sentence
            name = function_of(test["test"])[1].removeprefix("test_").replace("_", " ")
            entries = [{"tried": name, "times": 1, "came_out": "holds", "most": {}, "sums": {}}]
        for each in entries:
            line = told.setdefault((each["tried"], each["came_out"]), {"times": 0, "most": {}, "sums": {}})
            line["times"] += each["times"]
            for name, value in each["most"].items():
                line["most"][name] = max(value, line["most"].get(name, value))
            for name, value in each["sums"].items():
                line["sums"][name] = line["sums"].get(name, 0) + value
    for (tried, came_out), line in told.items():
        figures = {**line["most"], **line["sums"]}
        yield tried, line["times"], came_out.format(**figures) if figures else came_out


def row(case, tests):
    """One row of the table: a line for each thing that was tried."""
    tried, times, came_out = zip(*lines_of(case, tests), strict=True)
    wrong = sorted({test["test"] for test in tests if test["outcome"] not in ("passed", NOT_RUN)})
    if wrong:
        came_out = (*came_out, "**does not hold**: " + ", ".join(wrong))
    names = sorted({function_of(test["test"]) for test in tests})
    seconds = sum(test["seconds"] for test in tests)
    cells = [
        str(case),
        CASES[case],
        "<br>".join(tried),
        "<br>".join(f"{n:,}" for n in times),
        "<br>".join(came_out),
        f"{seconds:.0f} s" if seconds >= 1 else f"{seconds:.1f} s",
        "<br>".join(f"[{name}](../tests/{path})" for path, name in names),
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def left_out(report):
    """The marked tests that are not in a report, as it would have them."""
    ran = {function_of(test["test"]) for test in report["tests"]}
    for (path, name), numbers in marked_tests().items():
        if (path, name) not in ran:
            sentence = name.removeprefix("test_").replace("_", " ")
            told = {"tried": sentence, "times": 0, "came_out": NOT_RUN, "most": {}, "sums": {}}
            yield {
                "test": f"tests/{path}::{name}",
                "cases": numbers,
                "seconds": 0.0,
                "outcome": NOT_RUN,
                "told": [{**told, "case": number} for number in numbers],
            }


def document(report, soak):
    """The whole page, of what the tests told and what the soak measured."""
    tests = [*report["tests"], *left_out(report)]
    held = {case: [test for test in tests if case in test["cases"]] for case in CASES}
    failed = [test["test"] for test in report["tests"] if test["outcome"] != "passed"]
    seconds = sum(test["seconds"] for test in report["tests"])
    head = HEAD.format(
        date=report["date"],
        python=report["python"],
        cores=report["cores"],
        tests=len(report["tests"]),
        cases=len(CASES),
        minutes=f"{seconds / 60:.0f} minutes",
        failed="none failed" if not failed else f"{len(failed)} failed",
    )
    body = "\n".join(row(case, tests) for case, tests in held.items())
    figures = markdown(soak) if soak else "Not measured yet: `python -m benchmarks.soak`."
    return head + body + "\n" + SOAK_HEAD.format(figures=figures)


def joined(reports):
    """What several runs told, as one; of a test that ran in more than one of them, the last."""
    tests = {test["test"]: test for report in reports for test in report["tests"]}
    return {**max(reports, key=lambda report: report["date"]), "tests": list(tests.values())}


def told_by_a_run():
    """Run the tests; what they told, and the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "told.json"
        command = [sys.executable, "-m", "pytest", "-n", "0", "-m", "case"]
        done = subprocess.run([*command, f"--reliability-report={target}"], cwd=ROOT, check=False)
        return json.loads(target.read_text("utf-8")), done.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="told", type=Path, nargs="+", help="what earlier runs have told")
    options = parser.parse_args()
    if options.told:
        report, status = joined([json.loads(path.read_text("utf-8")) for path in options.told]), 0
    else:
        report, status = told_by_a_run()
    soak = json.loads(SOAK.read_text("utf-8")) if SOAK.exists() else None
    DOCUMENT.write_text(document(report, soak), encoding="utf-8")
    sys.stdout.write(f"{DOCUMENT.relative_to(ROOT)}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
