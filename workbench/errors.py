"""The errors that a person may meet: each has a sentence on what happened and one on what to do.

WorkbenchError                 anything that the workbench says no to; exit status 1
├── InputError                 what was given cannot be used; exit status 2
│   ├── FileProblem            an uploaded file: empty, unreadable, too large, no usable column
│   ├── NotFound               no dictionary, run or model of that name
│   ├── NameTaken              the name is in use
│   ├── Conflict               somebody else changed the same thing meanwhile
│   └── BadParameter           a value outside its range
├── ModelProblem               a base model cannot be loaded
│   ├── ModelUnavailable       it is not on this machine and no model hub can be reached
│   └── UnsafeModel            it holds code or pickled weights
├── TrainingProblem            a run cannot start or go on
│   ├── TooLittleData          the dictionary is too small to train or test on; exit status 2
│   └── Stopped                the expert pressed Stop (control flow inside the worker)
└── StorageProblem             the disk is full, the database is locked or newer than this program
"""

from __future__ import annotations

from typing import Any, ClassVar

from workbench.localtext import Language, LocalText


class WorkbenchError(Exception):
    """A refusal that is said to a person: ``message`` says what happened, ``hint`` what to do."""

    exit_status: ClassVar[int] = 1

    def __init__(self, message: LocalText, hint: LocalText | None = None, **values: Any) -> None:
        self.message = message.format(**values) if values else message
        self.hint = hint.format(**values) if hint and values else hint
        super().__init__(self.text("en"))

    def text(self, language: Language = "en") -> str:
        """Message and hint as one string in ``language``."""
        if self.hint is None:
            return self.message.get(language)
        gap = "" if language == "zh" else " "
        return f"{self.message.get(language)}{gap}{self.hint.get(language)}"


class InputError(WorkbenchError):
    """What was given cannot be used."""

    exit_status = 2


class FileProblem(InputError):
    """An uploaded file cannot be read, or holds nothing that can be used."""


class NotFound(InputError):
    """Nothing of that name exists."""


class NameTaken(InputError):
    """The name is already in use."""


class Conflict(InputError):
    """Somebody else changed the same thing since it was looked at; nothing was written."""


class BadParameter(InputError):
    """A value outside its range."""


class ModelProblem(WorkbenchError):
    """A base model cannot be loaded."""


class ModelUnavailable(ModelProblem):
    """The model is not on this machine and cannot be fetched."""


class UnsafeModel(ModelProblem):
    """The model holds code or pickled weights, which the workbench never runs."""


class TrainingProblem(WorkbenchError):
    """A run cannot start, or cannot go on."""


class TooLittleData(TrainingProblem):
    """The dictionary is too small to train or to test on."""

    exit_status = 2


class Stopped(TrainingProblem):
    """The expert pressed Stop; raised inside the worker to leave the training loop."""


class StorageProblem(WorkbenchError):
    """The database or the disk refuses."""
