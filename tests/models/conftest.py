"""Fixtures of the tests of models."""

import pytest


@pytest.fixture
def write(tmp_path):
    def to(data: bytes, name="vectors.vec"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return to
