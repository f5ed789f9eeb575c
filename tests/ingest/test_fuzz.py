"""Files that are broken in every way are read or refused in words, and no cell of them is changed."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.fuzz_readers import mutated, read_and_parse, run, valid_files
from workbench.errors import FileProblem
from workbench.ingest.readers import FORMATS

FILES = valid_files()
BAD = ("TRACEBACK", "HANG", "CHANGED CELL")


def test_every_valid_sample_is_read() -> None:
    formats = {read_and_parse(data, name, isolated=False).format for name, data in FILES.items()}
    assert formats == set(FORMATS) - {"groups"}


def test_hundreds_of_broken_and_whole_files_leave_no_traceback_and_change_no_cell() -> None:
    tally = run(700, seed=16, isolated_share=0.01)
    assert {name: tally.counts[name] for name in BAD} == dict.fromkeys(BAD, 0), tally.failures
    assert tally.counts["refused in words"] > 200
    assert tally.slowest < 5


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(FILES)), st.integers(0, 2**32), st.sampled_from([None, None, *FORMATS]))
def test_a_changed_file_of_any_format_is_read_or_refused(name: str, seed: int, format: str | None) -> None:
    data = mutated(FILES[name], random.Random(seed), list(FILES.values()))
    try:
        read_and_parse(data, name, format=format, isolated=False)
    except FileProblem as problem:
        for part in (problem.message, problem.hint):
            assert part is not None
            assert part.get("zh")
            assert part.get("en")
