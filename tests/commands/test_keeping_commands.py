"""``backup``, ``restore``, ``doctor`` as they are typed."""

import json

import pytest

from workbench import cli


@pytest.fixture
def typed(capsys, monkeypatch, tmp_path):
    """Types a line; its status, what it printed, and what it said on the other stream."""
    monkeypatch.setenv("WORKBENCH_LANGUAGE", "en")

    def go(*line, home=tmp_path / "home"):
        status = cli.main([*map(str, line), "--home", str(home)])
        out, err = capsys.readouterr()
        return status, out, err

    return go


def test_there_and_back(typed, tmp_path):
    status, out, _ = typed("backup", tmp_path / "b.zip", "--json")
    document = json.loads(out)
    assert (status, document["scope"], document["runs_under_way"]) == (0, "everything", 0)
    assert document["size"] == (tmp_path / "b.zip").stat().st_size
    status, _, err = typed("backup", tmp_path / "b.zip")
    assert status == 2
    assert "there already" in err
    status, out, _ = typed("backup", tmp_path / "b.zip", "--without-models", "--replace")
    assert status == 0
    assert "Backed up to" in out

    status, _, err = typed("restore", tmp_path / "b.zip")
    assert status == 2
    assert "not empty" in err
    status, out, _ = typed("restore", tmp_path / "b.zip", "--replace")
    assert status == 0
    assert "home.before-restore-" in out
    status, out, _ = typed("restore", tmp_path / "b.zip", home=tmp_path / "other")
    assert (status, "before-restore" in out) == (0, False)
    status, out, _ = typed("list", "dictionaries", "--json", home=tmp_path / "other")
    assert "汽车" in {row["name"] for row in json.loads(out)}


def test_with_a_version_it_is_a_dictionary_that_is_restored(typed):
    status, out, err = typed("restore", "汽车", 1)
    assert (status, err) == (0, "")
    assert "汽车" in out
    status, _, err = typed("restore", "汽车")
    assert status == 2
    assert "no backup" in err
    assert "restore NAME VERSION" in err


def test_doctor_says_what_it_found_and_a_dry_run_what_it_would_do(typed, tmp_path):
    assert "All is well" in typed("doctor")[1]
    left = tmp_path / "home" / "runs" / "dead"
    left.mkdir(parents=True)
    (left / "log.txt").write_bytes(bytes(3000))
    status, out, _ = typed("doctor", "--dry-run")
    assert (status, left.exists()) == (0, True)
    assert "would be removed" in out
    status, out, _ = typed("doctor")
    assert (status, left.exists()) == (0, False)
    assert "Removed; 2.9 KB are free again" in out
