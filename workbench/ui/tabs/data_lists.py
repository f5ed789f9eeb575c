"""What the lists of saved data ask the server: to look inside, search, export, accept, delete."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from workbench.ingest.kept_columns import left_out_sentence
from workbench.ui import incoming
from workbench.ui.page import Page
from workbench.ui.present import both, dictionary_json
from workbench.ui.present_data import corpus_json, retrieval_json
from workbench.ui.present_pairs import pair_json, set_json

Function = Callable[[dict[str, Any]], dict[str, Any]]
PAGE_SIZE = 25
LONGEST_NAME = 200
SHOWN_CONTRADICTIONS = 200
MIME = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "txt": "text/plain",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/jsonl",
    "json": "application/json",
    "skos": "text/turtle",
    "solr": "text/plain",
    "parquet": "application/vnd.apache.parquet",
}
ENDINGS = {"skos": ".ttl", "solr": ".synonyms.txt"}
FORMATS = {
    "dictionary": ("csv", "xlsx", "jsonl", "json", "skos", "solr", "tsv", "parquet"),
    "pairs": ("csv", "xlsx", "jsonl", "tsv"),
    "corpus": ("txt", "csv", "xlsx", "jsonl"),
    "retrieval": ("tsv", "csv", "xlsx", "jsonl"),
}
KINDS = tuple(FORMATS)


def functions(page: Page) -> list[Function]:
    """Everything that the four lists ask, but for the checks."""
    return [
        _list(page),
        _inside(page),
        _split(page),
        _export(page),
        _accept(page),
        _contradictions(page),
        _delete(page),
    ]


def _kind(data: dict[str, Any]) -> str:
    return incoming.one_of(data, "kind", KINDS, default="dictionary")


def _name(data: dict[str, Any], key: str = "name") -> str:
    return incoming.words(data, key, limit=LONGEST_NAME)


def _list(page: Page) -> Function:
    services = page.services

    def list_data(_data: dict[str, Any]) -> dict[str, Any]:
        """Everything that is saved, of all four kinds."""
        return {
            "dictionary": [dictionary_json(info) for info in services.dictionaries()],
            "pairs": [set_json(info) for info in services.pair_sets.all()],
            "corpus": [corpus_json(info) for info in services.corpora.all()],
            "retrieval": [retrieval_json(info) for info in services.retrieval_sets.all()],
        }

    return list_data


def _inside(page: Page) -> Function:
    services = page.services

    def groups(name: str, **asked: Any) -> tuple[list[Any], int]:
        found, total = services.groups_page(name, **asked)
        return [[group.standard, list(group.synonyms)] for group in found], total

    def pairs(name: str, **asked: Any) -> tuple[list[Any], int]:
        found, total = services.pair_sets.page(name, **asked)
        return [pair_json(pair) for pair in found], total

    def texts(name: str, **asked: Any) -> tuple[list[Any], int]:
        found, total = services.corpora.page(name, **asked)
        return [[row, text] for text, row in found], total

    def queries(name: str, **asked: Any) -> tuple[list[Any], int]:
        found, total = services.retrieval_sets.page(name, **asked)
        return [[query, list(answers)] for query, answers in found], total

    readers = {"dictionary": groups, "pairs": pairs, "corpus": texts, "retrieval": queries}

    def read_inside(data: dict[str, Any]) -> dict[str, Any]:
        """One page of what a name stands for."""
        rows, total = readers[_kind(data)](
            _name(data),
            search=incoming.words(data, "search", limit=LONGEST_NAME, default=""),
            page=incoming.whole(data, "page", 0, 10**7, default=0),
            size=PAGE_SIZE,
        )
        return {"rows": rows, "total": total, "size": PAGE_SIZE}

    return read_inside


def _split(page: Page) -> Function:
    def read_split(data: dict[str, Any]) -> dict[str, Any]:
        return {"counts": page.services.split_counts(_name(data))}

    return read_split


def _export(page: Page) -> Function:
    services = page.services

    def export_data(data: dict[str, Any]) -> dict[str, Any]:
        """Something saved as a file."""
        kind, name = _kind(data), _name(data)
        form: Any = incoming.one_of(data, "format", FORMATS[kind], default=FORMATS[kind][0])
        note = None
        if kind == "dictionary":
            content = services.export_dictionary(name, form)
            note = left_out_sentence(services.left_out_of_export(name, form))
        elif kind == "pairs":
            content = services.pair_sets.export(name, form)
        elif kind == "corpus":
            content = services.corpora.export(name, form)
        else:
            part: Any = incoming.one_of(data, "part", ("queries", "passages"), default="queries")
            content = services.retrieval_sets.export(name, form, part)
        return {
            "mime": MIME[form],
            "ending": ENDINGS.get(form, f".{form}"),
            "base64": base64.b64encode(content).decode("ascii"),
            "note": both(note),
        }

    return export_data


def _accept(page: Page) -> Function:
    def accept_pairs(data: dict[str, Any]) -> dict[str, Any]:
        """Trust labels that an outside model gave."""
        return {"set": set_json(page.services.pair_sets.accept(_name(data)))}

    return accept_pairs


def _contradictions(page: Page) -> Function:
    services = page.services

    def find_contradictions(data: dict[str, Any]) -> dict[str, Any]:
        """Where pairs or a retrieval set say the opposite of a dictionary."""
        store = services.pair_sets if _kind(data) == "pairs" else services.retrieval_sets
        found = store.check_against_dictionary(_name(data), _name(data, "dictionary"))
        return {
            "total": len(found),
            "found": [{"code": each.code, "text": both(each.text)} for each in found[:SHOWN_CONTRADICTIONS]],
        }

    return find_contradictions


def _delete(page: Page) -> Function:
    services = page.services

    def delete_data(data: dict[str, Any]) -> dict[str, Any]:
        """Delete something saved."""
        {
            "dictionary": services.delete_dictionary,
            "pairs": services.pair_sets.delete,
            "corpus": services.corpora.delete,
            "retrieval": services.retrieval_sets.delete,
        }[_kind(data)](_name(data))
        return {"done": True}

    return delete_data
