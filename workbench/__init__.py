"""Synonym Workbench: teach a text-embedding model the words of your trade.

The Python API is the same object that the page and the command line use::

    from workbench import Services, Settings

    services = Services(Settings.from_env())
    run = services.start_run("汽车", "e5-small", "instant")

Its parts are ``importer`` and ``editor`` (dictionaries), ``pair_sets``, ``corpora``, ``retrieval_sets``,
``pair_maker``, ``generation``, ``suggestions`` and ``live``; ``docs/data.md`` has an example of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.localtext import LocalText
from workbench.settings import Settings

if TYPE_CHECKING:
    from workbench.services import Services

__all__ = ["LocalText", "Services", "Settings", "WorkbenchError", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """``Services`` is imported when it is first asked for: it brings the larger modules."""
    if name == "Services":
        from workbench.services import Services

        return Services
    raise AttributeError(name)
