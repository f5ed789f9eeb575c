"""No case of the thirty is without a test, and docs/reliability.md names every one of them."""

import re

import pytest
from reliability.cases import CASES, ROOT, marked_tests
from reliability.report import document, lines_of

PAGE = ROOT / "docs" / "reliability.md"


@pytest.mark.parametrize("number", CASES)
def test_each_case_is_held_by_a_test(number):
    assert any(number in numbers for numbers in marked_tests().values())


def test_no_test_holds_a_case_that_is_none():
    assert {number for numbers in marked_tests().values() for number in numbers} <= set(CASES)


def test_the_page_names_every_test_in_the_row_of_its_case():
    page = PAGE.read_text("utf-8")
    rows = {int(n): line for n, line in re.findall(r"^\| (\d+) (\|.*)$", page, re.M)}
    assert set(rows) == set(CASES)
    for (path, name), numbers in marked_tests().items():
        for number in numbers:
            assert f"[{name}](../tests/{path})" in rows[number], "make reliability writes the page anew"
    named = set(re.findall(r"\[(test_\w+)\]\(\.\./tests/([\w/.]+)\)", page))
    assert named == {(name, path) for path, name in marked_tests()}
    assert "does not hold" not in page


def test_the_page_tells_of_the_soak():
    page = PAGE.read_text("utf-8")
    soak = page[page.index("## Half an hour of use") :]
    assert "| promise | kept |" in soak
    assert "**no**" not in soak, "a promise was not kept"


def told(test, case, came_out="{n} s at most", outcome="passed", **figures):
    entry = {
        "case": case,
        "tried": "this",
        "times": 2,
        "came_out": came_out,
        "most": {},
        "sums": {},
        **figures,
    }
    return {"test": test, "cases": [case], "seconds": 1.5, "outcome": outcome, "told": [entry]}


def test_what_several_tests_tell_becomes_one_line():
    tests = [told("t::test_a[1]", 3, most={"n": 0.5}), told("t::test_a[2]", 3, most={"n": 2})]
    assert list(lines_of(3, tests)) == [("this", 4, "2 s at most")]
    tests.append(
        {"test": "t::test_the_name_tells", "cases": [3], "seconds": 0, "outcome": "passed", "told": []}
    )
    assert list(lines_of(3, tests))[1] == ("the name tells", 1, "holds")


def test_a_case_that_does_not_hold_is_said_in_its_row():
    tests = [told(f"tests/x/test_y.py::test_{n}", n, "fine") for n in CASES]
    tests[4] = told("tests/x/test_y.py::test_5", 5, "fine", "failed")
    page = document({"date": "today", "python": "3", "cores": 2, "tests": tests}, None)
    assert "1 failed" in page
    assert "**does not hold**: tests/x/test_y.py::test_5" in next(
        x for x in page.splitlines() if x.startswith("| 5 ")
    )
    assert page.count("does not hold") == 1
