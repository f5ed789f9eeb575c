"""``map``: a dictionary in the plane, as one HTML file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.commands.answer import Answer, Parsers, write_file
from workbench.embedding_map.colours import BY
from workbench.embedding_map.projection import METHODS
from workbench.localtext import Language, LocalText
from workbench.terminal import progress_line

if TYPE_CHECKING:
    from workbench.embedding_map.layout import MapLayout
    from workbench.services import Services

_DRAWN = LocalText("{file}：{terms} 个词（{method}）。", "{file}: {terms} terms ({method}).")
_TRUST = LocalText(
    "布局可信度 {trust}%：图上的近邻有多少也是词向量的近邻。",
    "Trustworthiness {trust} %: how far neighbours on the map are neighbours of the vectors.",
)
_LEFT_OUT = LocalText(
    "另有 {count} 个词超出上限，没有画出。", "{count} more terms are above the limit, not drawn."
)
_DISTANCE = LocalText(
    "近似词之间的平均距离（随机两词为 1）：{before} → {after}。",
    "Mean distance of synonyms (random terms: 1): {before} → {after}.",
)


def add_commands(subcommands: Parsers) -> None:
    """The commands of this module."""
    one = subcommands.add_parser(
        "map", help="a dictionary in the plane, as one HTML file that needs no network"
    )
    one.add_argument("--dictionary", required=True)
    one.add_argument("--model", required=True)
    one.add_argument("--against", metavar="MODEL", help="the model before: both in one frame, with a slider")
    one.add_argument("--method", choices=METHODS, default=METHODS[0], help="default %(default)s")
    one.add_argument(
        "--by", choices=BY, default=BY[0], help="what points are coloured by (default %(default)s)"
    )
    one.add_argument("--corpus", help="raw text to count terms in, for --by frequency; else all of it")
    one.add_argument("--out", type=Path, required=True, metavar="FILE")
    one.set_defaults(run=draw)


def draw(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Lay a dictionary out and write the file."""
    told = progress_line(language)
    chosen = (options.dictionary, options.model, options.method)
    layout = services.maps.layout(*chosen, against=options.against, progress=told)
    page = services.maps.html(
        *chosen, against=options.against, by=options.by, corpus=options.corpus, progress=told
    )
    write_file(options.out, page)
    document = _document(layout, options)
    return document, lambda: "\n".join(line.get(language) for line in _sentences(layout, document))


def _document(layout: MapLayout, options: argparse.Namespace) -> dict[str, Any]:
    before = layout.before
    return {
        "file": str(options.out),
        "dictionary": options.dictionary,
        "model": options.model,
        "method": layout.method,
        "terms": len(layout.terms),
        "left_out": layout.left_out,
        "updated": layout.updated,
        "trustworthiness": layout.trustworthiness,
        "against": options.against,
        "trustworthiness_before": before.trustworthiness if before else None,
        "synonym_distance_before": before.synonym_distance_before if before else None,
        "synonym_distance_after": before.synonym_distance_after if before else None,
    }


def _sentences(layout: MapLayout, document: dict[str, Any]) -> list[LocalText]:
    lines = [_DRAWN.format(**{**document, "terms": f"{document['terms']:,}"})]
    if layout.trustworthiness is not None:
        lines.append(_TRUST.format(trust=f"{100 * layout.trustworthiness:.0f}"))
    if layout.left_out:
        lines.append(_LEFT_OUT.format(count=f"{layout.left_out:,}"))
    before, after = document["synonym_distance_before"], document["synonym_distance_after"]
    if before is not None and after is not None:
        lines.append(_DISTANCE.format(before=f"{before:.2f}", after=f"{after:.2f}"))
    return lines
