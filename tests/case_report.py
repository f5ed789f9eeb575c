"""The cases of reliability: a test is marked with those it holds and tells what it tried and what came out.

``pytest -m case --reliability-report FILE`` writes what all of them told into a JSON file; under xdist too,
since it travels in the reports of the tests. ``tests/reliability/report.py`` makes a document of it.
"""

import datetime
import json
import os
import platform
from pathlib import Path

import pytest

TOLD, HOLDS = "told", "holds"


def pytest_addoption(parser):
    parser.addoption(
        "--reliability-report", metavar="FILE", help="write what the tests of numbered cases told, as JSON"
    )


def pytest_configure(config):
    target = config.getoption("--reliability-report")
    if target and not hasattr(config, "workerinput"):  # not in a process of xdist: it reports to this one
        config.pluginmanager.register(CaseReport(Path(target)), "case-report")


def cases_of(item):
    return sorted({number for marker in item.iter_markers("case") for number in marker.args})


@pytest.fixture
def tell(request):
    """``tell(tried, times, came_out)``: what this test of a case tried, how often, and what came out.

    ``{names}`` in ``came_out`` stand for figures: those of ``most`` are the largest of all tests that tell
    the same, those of ``sums`` are added up over them. A test of several cases names the one it speaks of.
    """

    def say(tried, times, came_out, *, case=None, most=None, sums=None):
        held = cases_of(request.node)
        assert case in held or (case is None and len(held) == 1), "which case is it?"
        told = {"case": case or held[0], "tried": tried, "times": times, "came_out": came_out}
        request.node.user_properties.append((TOLD, {**told, "most": most or {}, "sums": sums or {}}))

    return say


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if held := cases_of(item):
        item.user_properties.append((HOLDS, held))


class CaseReport:
    """Gathers the reports of one session and writes them at its end."""

    def __init__(self, target):
        self._target = target
        self._tests = {}

    def pytest_runtest_logreport(self, report):
        properties = report.user_properties
        held = next((value for name, value in properties if name == HOLDS), None)
        if held is None:
            return
        test = self._tests.setdefault(report.nodeid, {"cases": held, "seconds": 0.0, "outcome": "passed"})
        test["seconds"] = round(test["seconds"] + report.duration, 2)
        test["told"] = [value for name, value in properties if name == TOLD]
        if report.outcome != "passed":
            test["outcome"] = report.outcome
        if report.when == "teardown":
            self._write()

    def _write(self):
        """After each test: a session that is cut short has told what it had."""
        tests = [{"test": name, **test} for name, test in sorted(self._tests.items())]
        document = {
            "date": datetime.date.today().isoformat(),
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "tests": tests,
        }
        self._target.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")
