"""SKOS thesauri (RDF/XML, Turtle, N-Triples, JSON-LD): preferred labels with all other labels.

After SKOS Reference, section 5 (labels) and appendix B (SKOS-XL). Nothing is fetched: an RDF/XML file
may declare short internal entities, as ontology editors write them, and no others; a JSON-LD file may
not name a context elsewhere.
"""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from workbench.errors import FileProblem
from workbench.ingest.problems import ProblemLog
from workbench.ingest.reading import STANDARD_FIRST, Reading
from workbench.localtext import LocalText

HEADING = ("standard", "synonym", "kind", "language")
_SKOS = "http://www.w3.org/2004/02/skos/core#"
_XL = "http://www.w3.org/2008/05/skos-xl#"
_OBO = "http://www.geneontology.org/formats/oboInOwl#"
_KINDS = {
    f"{_SKOS}prefLabel": "pref",
    f"{_SKOS}altLabel": "alt",
    f"{_SKOS}hiddenLabel": "hidden",
    f"{_XL}prefLabel": "pref",
    f"{_XL}altLabel": "alt",
    f"{_XL}hiddenLabel": "hidden",
    f"{_OBO}hasExactSynonym": "alt",
    "http://www.w3.org/2000/01/rdf-schema#label": "name",
    f"{_XL}literalForm": "form",
}
_MAX_LABELS = 5_000_000
_MAX_ENTITIES = 500
_MAX_ENTITY = 300

_RDF_XML = re.compile(r"<\s*(\w+:)?RDF\b|22-rdf-syntax-ns#")
_TURTLE = re.compile(r"(?im)^\s*(@prefix\s+[\w.\-]*:\s*<|@base\s*<|prefix\s+[\w.\-]*:\s*<[^>]*>\s*$)")
_TRIPLE = re.compile(r"(?m)^\s*(<[^<>\s]+>|_:\w+)\s+<[^<>\s]+>\s+(<[^<>\s]+>|_:\w+|\"[^\n]*)\s*\.\s*$")


def looks_like_skos(head: str) -> str | None:
    """The RDF syntax that a text starts in ("xml", "turtle", "nt", "json-ld"), or None."""
    start = head.lstrip("\ufeff \t\r\n")
    if start.startswith("<") and not _TRIPLE.match(start):
        return "xml" if _RDF_XML.search(start) else None
    if start[:1] in ("{", "["):
        return "json-ld" if re.search(r'"@(context|graph|id)"\s*:', start) else None
    if _TURTLE.search(start):
        return "turtle"
    return "nt" if _TRIPLE.match(start) else None


def read_skos(text: str, syntax: str, log: ProblemLog, language: str | None = None) -> Reading:
    """A row for each label that is not the standard one: standard, synonym, kind, language.

    ``kind`` is alt, hidden or translation (the preferred label in another language than ``language``,
    by default the most frequent one). Rows come in the order of the file, numbered by concept.

    Raises FileProblem where the text is no RDF, holds no label, or wants something from outside.
    """
    labels = _Labels()
    _parse(text, syntax, labels.add)
    rows = labels.rows(log, language)
    return Reading("skos", rows, heading=HEADING, choice=STANDARD_FIRST)


class _Labels:
    """The labels of a thesaurus as its triples go by; nothing else of it is kept."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._found: list[tuple[str, str, str | None, str, str]] = []
        self._forms: dict[str, tuple[str, str]] = {}

    def add(self, subject: Any, predicate: Any, value: Any) -> None:
        kind = _KINDS.get(str(predicate))
        if kind is None:
            return
        text = str(value) if _is_literal(value) else None
        tag = (getattr(value, "language", None) or "").lower()
        if kind == "form":
            if text is not None:
                self._forms.setdefault(str(subject), (text, tag))
            return
        concept = str(subject)
        self._numbers.setdefault(concept, len(self._numbers) + 1)
        self._found.append((concept, kind, text, tag, "" if text is not None else str(value)))
        if len(self._found) > _MAX_LABELS:
            raise FileProblem(_TOO_MANY, _SPLIT, limit=f"{_MAX_LABELS:,}")

    def rows(self, log: ProblemLog, language: str | None) -> Iterator[tuple[int, list[str]]]:
        labels = self._resolved()
        if not any(kind == "pref" for _, kind, _, _ in labels):
            labels = [(c, "pref" if kind == "name" else kind, text, tag) for c, kind, text, tag in labels]
        labels = [label for label in labels if label[1] != "name"]
        if not labels:
            raise FileProblem(_NO_LABEL, _NO_LABEL_HINT)
        order = _languages(labels, language)
        standards = _standards(labels, order)
        seen: set[tuple[str, str]] = set()
        for concept, kind, text, tag in labels:
            chosen = standards.get(concept)
            number = self._numbers[concept]
            if chosen is None:
                log.add("no_preferred", "error", _NO_PREFERRED, number, concept=concept[-80:], term=text[:40])
                continue
            standard, own_tag = chosen
            if text == standard or (concept, text) in seen:
                continue  # the same word in a second language says nothing new
            seen.add((concept, text))
            role = "translation" if kind == "pref" else kind
            if kind == "pref" and tag == own_tag:
                log.add("two_preferred", "warning", _TWO, number, standard=standard[:40], term=text[:40])
                role = "alt"
            yield number, [standard, text, role, tag]

    def _resolved(self) -> list[tuple[str, str, str, str]]:
        """Concept, kind, text, language; the labels of SKOS-XL are things of their own, with a form."""
        found: list[tuple[str, str, str, str]] = []
        for concept, kind, text, tag, node in self._found:
            label = self._forms.get(node) if text is None else (text, tag)
            if label is not None and label[0].strip():
                found.append((concept, kind, label[0].strip(), label[1]))
        return found


def _languages(labels: list[tuple[str, str, str, str]], wanted: str | None) -> list[str]:
    """Languages of the preferred labels: the one asked for (with its variants), then by frequency."""
    counts = Counter(tag for _, kind, _, tag in labels if kind == "pref")
    order = [tag for tag, _ in counts.most_common()]
    if wanted is not None:
        start = wanted.lower()
        order.sort(key=lambda tag: (tag != start, not tag.startswith(f"{start}-")))
    return order


def _standards(labels: list[tuple[str, str, str, str]], order: list[str]) -> dict[str, tuple[str, str]]:
    rank = {tag: place for place, tag in enumerate(order)}
    chosen: dict[str, tuple[str, str]] = {}
    for concept, kind, text, tag in labels:
        if kind == "pref" and (concept not in chosen or rank[tag] < rank[chosen[concept][1]]):
            chosen[concept] = (text, tag)
    return chosen


def _is_literal(value: Any) -> bool:
    from rdflib import Literal

    return isinstance(value, Literal)


def _parse(text: str, syntax: str, take: Any) -> None:
    import logging

    from rdflib import Graph
    from rdflib.plugins.stores.memory import SimpleMemory

    class Sieve(SimpleMemory):  # lets each triple go by and keeps none
        context_aware = True
        graph_aware = True

        def add(self, triple: Any, context: Any, quoted: bool = False) -> None:
            take(*triple)

        def add_graph(self, graph: Any) -> None:
            """Graphs are not told apart."""

    logging.getLogger("rdflib").setLevel(logging.CRITICAL)
    if syntax == "xml":
        text = re.sub(r"^(\s*<\?xml[^>]{0,200}?)\s+encoding\s*=\s*(\"[^\"]*\"|'[^']*')", r"\1", text)
    data = text.encode("utf-8", "replace")
    if syntax == "xml":
        _refuse_entities(data)
    elif syntax == "json-ld":
        _refuse_outside_context(text)
    try:
        Graph(store=Sieve()).parse(source=io.BytesIO(data), format=syntax, publicID="urn:workbench:file")
    except (FileProblem, MemoryError):
        raise
    except Exception as error:  # each of rdflib's parsers has errors of its own, and some raise bare ones
        raise FileProblem(_BROKEN, _BROKEN_HINT, line=_line_of(error)) from error


def _line_of(error: Exception) -> LocalText:
    number = getattr(error, "lines", None)  # rdflib's BadSyntax counts from 0
    if isinstance(number, int):
        return LocalText(f"（第 {number + 1} 行附近）", f" (near row {number + 1})")
    found = re.search(r"\bline (\d+)|^[^:]*:(\d+):\d+:", str(error)[:500])
    if not found:
        return LocalText("", "")
    row = found.group(1) or found.group(2)
    return LocalText(f"（第 {row} 行附近）", f" (near row {row})")


class _RootReached(Exception):
    """Control flow: the declarations are over."""


def _refuse_entities(data: bytes) -> None:
    """Raises FileProblem for entities from outside, and for those that could grow."""
    count = 0

    def declared(_name: str, parameter: Any, value: str | None, *_: Any) -> None:
        nonlocal count
        count += 1
        plain = value is not None and len(value) <= _MAX_ENTITY and "&" not in value and "%" not in value
        if parameter or not plain or count > _MAX_ENTITIES:
            raise FileProblem(_ENTITY, _BROKEN_HINT, line=LocalText("", ""))

    def root(*_: Any) -> None:
        raise _RootReached

    parser = expat.ParserCreate()
    parser.EntityDeclHandler = declared
    parser.StartElementHandler = root
    try:
        parser.Parse(data, True)
    except _RootReached:
        return
    except expat.ExpatError as error:
        raise FileProblem(_BROKEN, _BROKEN_HINT, line=_line_of(error)) from error


def _refuse_outside_context(text: str) -> None:
    def check(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for key, value in pairs:
            outside = key == "@import" or (
                key == "@context"
                and any(isinstance(part, str) for part in (value if isinstance(value, list) else [value]))
            )
            if outside:
                raise FileProblem(_CONTEXT, _CONTEXT_HINT)
        return dict(pairs)

    try:
        json.loads(text.lstrip("\ufeff"), object_pairs_hook=check, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise FileProblem(_BROKEN, _BROKEN_HINT, line=_line_of(error)) from error


_BROKEN = LocalText(
    "这个 RDF 文件有语法错误{line}，无法读取。", "This RDF file has an error in its syntax{line}."
)
_BROKEN_HINT = LocalText(
    "请改正后再上传，或用词表软件重新导出为 Turtle 或 RDF/XML。",
    "Correct it, or export it again from the thesaurus editor as Turtle or RDF/XML.",
)
_ENTITY = LocalText(
    "这个 XML 文件引用了外部内容或可无限展开的实体，为安全起见没有打开。",
    "This XML file has entities that come from outside or could grow without limit; "
    "to be safe it was not opened.",
)
_CONTEXT = LocalText(
    "这个 JSON-LD 文件引用了网络上的 @context，这里不联网，无法读取。",
    "This JSON-LD file refers to an @context on the network, from which nothing is fetched.",
)
_CONTEXT_HINT = LocalText(
    "请导出为 Turtle 或 RDF/XML，或把 @context 写进文件。",
    "Export it as Turtle or RDF/XML, or write the @context into the file.",
)
_NO_LABEL = LocalText(
    "这个 RDF 文件里没有 SKOS 标签（prefLabel、altLabel）。",
    "This RDF file holds no SKOS labels (prefLabel, altLabel).",
)
_NO_LABEL_HINT = LocalText(
    "请导出含有 skos:prefLabel 和 skos:altLabel 的词表。",
    "Export the thesaurus with skos:prefLabel and skos:altLabel.",
)
_TOO_MANY = LocalText("文件超过 {limit} 个标签。", "The file has more than {limit} labels.")
_SPLIT = LocalText(
    "请拆分成几个较小的文件，分别上传。没有导入任何内容。",
    "Split it into smaller files and upload those. Nothing was imported.",
)
_NO_PREFERRED = LocalText(
    "第 {row} 个概念（{concept}）没有首选标签，它的“{term}”已跳过。",
    "Concept {row} ({concept}) has no preferred label; its “{term}” was skipped.",
)
_TWO = LocalText(
    "第 {row} 个概念“{standard}”在同一语言里有第二个首选标签“{term}”，按近似词读取。",
    "Concept {row}, “{standard}”, has a second preferred label in the same language, “{term}”; "
    "it was read as a synonym.",
)
