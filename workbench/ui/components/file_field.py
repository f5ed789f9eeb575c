"""A field that takes a file and gives its path, leaving nothing else behind."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.data_classes import FileData
from gradio_client import utils as client_utils

from workbench.errors import InputError
from workbench.ui.text import text


def file_field(**given: Any) -> gr.File:
    """``gr.File`` of these arguments. Gradio's own makes an empty temporary file each time it is read."""
    field = gr.File(**given)
    field._process_single_file = lambda file: _path_of(field, file)  # type: ignore[method-assign]  # Gradio's own is replaced
    return field


def _path_of(field: gr.File, file: FileData) -> str:
    if field.file_types and not client_utils.is_valid_file(file.path, field.file_types):
        raise InputError(text("error.bad_request"))
    return file.path
