"""``pairs``: made from a dictionary, held against it, trusted, deleted."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from workbench.commands.answer import SHOWN, Answer, Parsers
from workbench.commands.data import deleted
from workbench.documents import contradiction_document, made_document, pair_set_document
from workbench.errors import BadParameter
from workbench.localtext import Language, LocalText
from workbench.pairing.recipe import NEGATIVE_KINDS, PairRecipe
from workbench.terminal import progress_line

if TYPE_CHECKING:
    from workbench.services import Services

DEFAULTS = PairRecipe()


def add_commands(subcommands: Parsers) -> None:
    """The commands of this module."""
    kinds = subcommands.add_parser("pairs", help="make, check, accept and delete sets of labelled pairs")
    pairs = kinds.add_subparsers(dest="kind", required=True)
    _add_make(pairs.add_parser("make", help="training pairs from a dictionary; never with a test term"))
    one = pairs.add_parser("check", help="pairs that say the opposite of a dictionary")
    one.add_argument("name", metavar="SET")
    one.add_argument("--dictionary", required=True)
    one.set_defaults(run=check)
    one = pairs.add_parser("accept", help="trust the labels of a set")
    one.add_argument("name", metavar="SET")
    one.set_defaults(run=accept)
    one = pairs.add_parser("delete", help="take a set off the list")
    one.add_argument("name", metavar="SET")
    one.set_defaults(run=delete)


def _add_make(one: argparse.ArgumentParser) -> None:
    one.add_argument("--dictionary", required=True)
    one.add_argument("--name", help="of the pair set; the dictionary's with “pairs” where left out")
    one.add_argument("--positives", default=DEFAULTS.positives, choices=("standard_synonym", "all"))
    one.add_argument("--cap", type=int, default=DEFAULTS.cap_per_concept, help="pairs of a concept; 0: all")
    one.add_argument(
        "--template", action="append", default=[], metavar="T", help="with {} for the term; may be repeated"
    )
    one.add_argument("--no-terms-alone", action="store_true", help="sentences only, no bare terms")
    one.add_argument("--corpus", help="whose sentences are used")
    one.add_argument(
        "--sentences", type=int, default=DEFAULTS.sentences_per_term, help="of each term at most"
    )
    one.add_argument("--positive-share", type=float, default=DEFAULTS.positive_share, metavar="SHARE")
    one.add_argument(
        "--negatives", default="", metavar="KIND=SHARE,…", help=f"shares of {', '.join(NEGATIVE_KINDS)}"
    )
    one.add_argument("--model", help="that finds the mined negatives")
    one.add_argument("--limit", type=int, default=DEFAULTS.limit, help="rows at most")
    one.add_argument("--near-duplicate", type=int, default=DEFAULTS.near_duplicate, help="50..100")
    one.add_argument("--seed", type=int, default=DEFAULTS.seed)
    either = one.add_mutually_exclusive_group()
    either.add_argument("--preview", action="store_true", help="show 200 rows, and store nothing")
    either.add_argument("--replace", action="store_true", help="in place of the pair set of that name")
    one.set_defaults(run=make)


def make(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Make pairs by the recipe that the options describe."""
    recipe = PairRecipe(
        positives=options.positives,
        cap_per_concept=options.cap,
        terms_alone=not options.no_terms_alone,
        templates=tuple(options.template),
        corpus=options.corpus,
        sentences_per_term=options.sentences,
        positive_share=options.positive_share,
        negatives=_shares(options.negatives),
        limit=options.limit,
        near_duplicate=options.near_duplicate,
        seed=options.seed,
    )
    progress = None if options.json else progress_line(language)
    if options.preview:
        made = services.pair_maker.preview(
            options.dictionary, recipe, options.model, options.corpus, progress=progress
        )
        document = made_document(made, language)
        return document, lambda: "\n".join(
            [f"{made.possible} positives possible", *(f"  {note}" for note in document["notes"])]
            + [f"  {pair.label:g}  {pair.text1}  |  {pair.text2}" for pair in made.rows[:SHOWN]]
        )
    info = services.pair_maker.make(
        options.dictionary,
        recipe,
        options.name or f"{options.dictionary} pairs",
        options.model,
        options.corpus,
        replace=options.replace,
        progress=progress,
    )
    notes = [LocalText.from_json(note).get(language) for note in info.recipe.get("notes", ())]
    document = {**pair_set_document(info), "counts": info.recipe.get("counts", {}), "notes": notes}
    line = f"{info.name}  {info.rows} rows  {info.positives} positives"
    return document, lambda: "\n".join([line, *(f"  {note}" for note in notes)])


def _shares(text: str) -> dict[str, float]:
    """``random=0.5,mined=0.5`` as shares; the recipe's own where nothing is given."""
    if not text.strip():
        return dict(DEFAULTS.negatives)
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        try:
            shares[name.strip()] = float(value)
        except ValueError:
            raise BadParameter(
                LocalText("看不懂「{part}」。", "“{part}” cannot be read."),
                LocalText("例如 {example}。", "For example {example}."),
                part=part.strip()[:80],
                example="random=0.5,lexical=0.25,mined=0.25",
            ) from None
    return shares


def check(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Where a set and a dictionary contradict each other."""
    found = services.pair_sets.check_against_dictionary(options.name, options.dictionary)
    rows = [contradiction_document(each, language) for each in found]
    document = {
        "name": options.name,
        "dictionary": options.dictionary,
        "count": len(rows),
        "contradictions": rows,
    }

    def text() -> str:
        fine = LocalText("没有矛盾。", "They do not contradict each other.")
        lines = [f"  {each['row']}: {each['text']}" for each in rows[: 5 * SHOWN]]
        rest = len(rows) - len(lines)
        return "\n".join(lines + ([f"  … {rest} more"] if rest else [])) or fine.get(language)

    return document, text


def accept(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    """Trust a set."""
    info = services.pair_sets.accept(options.name)
    return pair_set_document(info), lambda: f"{info.name}  {info.rows} rows  trusted"


def delete(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Delete a set."""
    return deleted(services, "pairs", options.name, language)
