"""``suggest``: what a model would add to a dictionary, merge in it or put out of it, into the queue."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from workbench.commands.answer import Answer, Parsers
from workbench.localtext import Language, LocalText
from workbench.services.proposing import BY, MOST, USUAL, WHAT, What
from workbench.terminal import progress_line

if TYPE_CHECKING:
    from workbench.services import Services

_SAID = LocalText(
    "放进建议队列：合并 {merges}，可能放错的 {strays}，词典没有的近义词对 {pairs}，语料里的新词 {corpus}"
    "（找到 {found}，其余以前见过；{withdrawn} 条不再成立，已撤下）。",
    "Put into the queue: {merges} merges, {strays} terms that may be misplaced, {pairs} pairs that the "
    "dictionary does not have, {corpus} new terms of the corpus ({found} were found; the others had come "
    "before; {withdrawn} that waited no longer hold and were taken out).",
)


def add_commands(subcommands: Parsers) -> None:
    """The commands of this module."""
    one = subcommands.add_parser("suggest", help="let a model propose synonyms, merges and misplaced terms")
    one.add_argument("--dictionary", required=True)
    one.add_argument("--model", required=True)
    one.add_argument(
        "--what",
        action="append",
        choices=WHAT,
        help="may be repeated; where left out: {}".format(", ".join(USUAL)),
    )
    one.add_argument("--corpus", action="append", default=[], help="whose terms are looked at; repeatable")
    one.add_argument(
        "--by", choices=BY, default="probability", help="which are kept where there are more than --most"
    )
    one.add_argument("--most", type=int, default=MOST, help="of each kind")
    one.set_defaults(run=suggest)


def suggest(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Fill the queue from a model."""
    what: list[What] = options.what or [*USUAL, *(["corpus"] if options.corpus else [])]
    done = services.proposer.propose(
        options.dictionary,
        options.model,
        what,
        corpora=options.corpus,
        most=max(1, options.most),
        by=options.by,
        progress=progress_line(language),
    )
    document = {"new": dict(done.new), "found": dict(done.found), "withdrawn": done.withdrawn}
    counts = {kind: done.new.get(kind, 0) for kind in WHAT}
    said = _SAID.format(**counts, found=sum(done.found.values()), withdrawn=done.withdrawn)
    return document, lambda: said.get(language)
