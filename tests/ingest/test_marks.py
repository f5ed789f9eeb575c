"""Numbers, designations and opposites carry meaning; everything else may be a slip."""

import pytest

from workbench.ingest.marks import marks, numbers
from workbench.normalise import term_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("M8螺栓", "M10螺栓"),
        ("2.0T发动机", "1.5T发动机"),
        ("2.0T发动机", "20T发动机"),
        ("2.0T发动机", "2.0L发动机"),
        ("一期工程", "二期工程"),
        ("左前车门总成", "右前车门总成"),
        ("Ⅱ型糖尿病", "Ⅰ型糖尿病"),
        ("vitamin A deficiency", "vitamin B deficiency"),
        ("C++", "C#"),
        ("hyperthyroidism", "hypothyroidism"),
        ("left ventricle", "right ventricle"),
        ("DNA sequence", "RNA sequence"),
        ("不锈钢管", "锈钢管"),
        ("1/2寸管", "12寸管"),
    ],
)
def test_what_differs_in_meaning_has_other_marks(one, other):
    assert marks(term_key(one)) != marks(term_key(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("M8×10", "M8*10"),
        ("M8x10", "Ｍ８×１０"),
        ("A-4 纸", "A4纸"),
        ("1,000吨", "1000吨"),
        ("幽门螺旋杆菌", "幽门螺杆菌"),
        ("carburetor", "carburettor"),
        ("Parkinson's disease", "Parkinsons disease"),
    ],
)
def test_another_spelling_of_the_same_keeps_the_marks(one, other):
    assert marks(term_key(one)) == marks(term_key(other))


def test_numbers_are_only_numbers_and_symbols():
    assert numbers("c++ 2.0 一期") == "+\x1f+\x1f2.0"
    assert numbers("x-ray") == numbers("xray") == ""
