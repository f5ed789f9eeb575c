"""The desk that the tests of editing work at."""

import pytest
from editing.desk import Desk


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.workspace.close()
