"""How many of the decided suggestions were accepted: over time, by source, by score; few say little."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import BadParameter, NotFound
from workbench.services.editing import Editor
from workbench.services.suggestion_figures import FEW, Share, figures_of
from workbench.services.suggestions import Suggestions
from workbench.settings import Settings
from workbench.storage.suggestions import Decided, Proposal
from workbench.types import Pair
from workbench.workspace import Workspace

DAY = 86_400.0


def decided(*accepted, source="model:a", what="merges", score=0.5, start=0.0, apart=1.0):
    return [Decided(start + apart * i, yes, source, what, score) for i, yes in enumerate(accepted)]


def test_windows_follow_one_another_and_the_last_may_be_short():
    found = figures_of(decided(*[True] * 50, *[False] * 50, *[True] * 10), 50)
    assert [(p.share.decided, p.share.accepted) for p in found.windows] == [(50, 50), (50, 0), (10, 10)]
    assert [(p.start, p.end) for p in found.windows] == [(0, 49), (50, 99), (100, 109)]
    assert [p.share.few for p in found.windows] == [False, False, True]
    assert (found.total.decided, found.total.accepted) == (110, 60)


def test_days_are_counted_by_themselves():
    noon = 1_700_000_000 // DAY * DAY + DAY / 2
    found = figures_of([*decided(True, False, start=noon), *decided(True, start=noon + 3 * DAY)], 50)
    assert [(p.share.decided, p.share.accepted) for p in found.days] == [(2, 1), (1, 1)]


def test_sources_kinds_and_scores_are_told_apart():
    found = figures_of(
        [
            *decided(True, True, False, source="model:a", what="merges", score=0.9),
            *decided(False, source="generation:x", what="", score=None),
            *decided(True, False, source="model:b", what="pairs", score=1.0),
            *decided(False, False, source="model:b", what="pairs", score=0.2),
        ],
        50,
    )
    assert {name: (s.accepted, s.decided) for name, s in found.sources.items()} == {
        "model:b": (1, 4), "model:a": (2, 3), "generation:x": (0, 1)
    }  # fmt: skip
    assert list(found.sources) == ["model:b", "model:a", "generation:x"]
    assert {name: s.decided for name, s in found.whats.items()} == {"pairs": 4, "merges": 3, "": 1}
    assert [(b.low, b.share.decided) for b in found.bands] == [(0, 0), (0.2, 2), (0.4, 0), (0.6, 0), (0.8, 5)]
    assert found.bands[4].share.expected == pytest.approx((3 * 0.9 + 2) / 5)
    assert (found.unscored.decided, found.unscored.expected) == (1, None)


def test_nothing_decided_says_nothing():
    found = figures_of([], 50)
    assert (found.total.precision, found.total.interval, found.total.few) == (None, (0.0, 1.0), True)
    assert (found.windows, found.days, found.sources) == ((), (), {})


@given(st.integers(1, 500), st.floats(0, 1))
def test_the_interval_holds_the_share_and_narrows_with_more_decisions(n, share):
    one = Share(n, round(n * share))
    low, high = one.interval
    assert 0 <= low <= one.precision <= high <= 1
    wide = Share(4 * n, 4 * one.accepted).interval
    assert wide[1] - wide[0] < high - low
    assert one.few == (n < FEW)


@pytest.fixture
def queue(tmp_path):
    workspace = Workspace(Settings.from_env({}, home=tmp_path / "home"))
    for name in ("d", "other"):
        workspace.dictionaries.save(name, [Pair("a", "b"), Pair("c", "e")], language="en", source="t.csv")
        rows = [Proposal("a", f"{name} {i}", 1.0, 0.7, what="pairs") for i in range(6)]
        id = workspace.dictionaries.get(name).id
        workspace.suggestions.add("synonym", rows, source="model:m", dictionary_id=id)
    yield Suggestions(workspace, Editor(workspace))
    workspace.close()


def test_only_what_stands_as_decided_counts(queue):
    ids = [each.id for each in queue.page("d")[0]]
    queue.accept(ids[:2])
    queue.reject(ids[2:4])
    queue.later(ids[4:5])
    queue.undo(ids[3:4])
    found = queue.figures("d")
    assert (found.total.decided, found.total.accepted) == (3, 2)
    assert queue.figures("other").total.decided == 0
    assert queue.figures().total.decided == 3
    assert len(queue.figures("d", window=2).windows) == 2
    with pytest.raises(NotFound):
        queue.figures("none")
    with pytest.raises(BadParameter):
        queue.figures("d", window=0)
