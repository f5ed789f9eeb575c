"""What is told of a base model: one spec in each ``bundled_*.py`` of this folder."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.localtext import LocalText

UNKNOWN_RATE = 300.0  # short terms a second, of a model of which nothing is known


@dataclass(frozen=True, slots=True)
class Bundle:
    """Where a Python package keeps a model, and what turns it into a model folder.

    ``module`` is the name under which the package is imported (it never is), ``folder`` lies inside it,
    ``files`` are (name, sha256) in that folder, ``converter`` is the module with
    ``convert(source, folder, step)``: ``__name__`` where the spec stands.
    """

    module: str
    folder: str
    files: tuple[tuple[str, str], ...]
    converter: str


@dataclass(frozen=True, slots=True)
class BaseModelSpec:
    """A base model to start from.

    ``dimension`` is the length of a vector, ``layers`` of its transformer (0: it is none), ``max_length`` in
    tokens; the prompts are put before a query, a passage to be found, and a term that is compared with terms;
    ``size_bytes`` is what it takes on disk once unpacked. ``package`` is the Python package that carries it.
    ``terms_per_second`` is how fast it encodes short terms on two cores, for estimates before anything was
    seen of this machine: deliberately modest.
    """

    id: str
    title: LocalText
    help: LocalText
    languages: tuple[str, ...]
    dimension: int
    layers: int
    max_length: int
    pooling: str
    prompt_query: str
    prompt_passage: str
    prompt_term: str
    size_bytes: int
    licence: str
    package: str | None
    default: bool = False
    terms_per_second: float = UNKNOWN_RATE
    bundle: Bundle | None = None
