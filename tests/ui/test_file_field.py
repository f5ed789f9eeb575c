"""A field for a file takes it and leaves nothing else on the disk."""

import pytest
from gradio.data_classes import FileData

from workbench.errors import InputError
from workbench.ui.components.file_field import file_field


@pytest.fixture
def field(tmp_path):
    made = file_field(label="label", file_types=[".csv"])
    made.GRADIO_CACHE = str(tmp_path)
    return made


def test_its_value_is_the_path_and_no_other_file_is_made(field, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b")
    assert field.preprocess(FileData(path=str(path))) == str(path)
    assert list(tmp_path.iterdir()) == [path]


def test_another_kind_of_file_is_refused(field, tmp_path):
    with pytest.raises(InputError):
        field.preprocess(FileData(path=str(tmp_path / "a.exe")))
