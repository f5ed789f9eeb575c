"""Commands about the list of models: what there is, word vectors from a file, deletion."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.commands.answer import Answer, Parsers, problem_lines
from workbench.localtext import Language, LocalText
from workbench.models.static_model import POOLINGS
from workbench.models.vector_files import MOST_WORDS
from workbench.terminal import table

if TYPE_CHECKING:
    from workbench.services import Services

_READ = LocalText(
    "{id}：{words} 个词，每个 {dimension} 个数（{format}）",
    "{id}: {words} words of {dimension} numbers each ({format})",
)
_MORE = LocalText(
    "文件里还有更多的词，没有读入（--most-words 可以调大）。",
    "The file has more words, which were not read (--most-words sets how many are).",
)


def add_commands(subcommands: Parsers) -> None:
    """The commands of this module."""
    kinds = subcommands.add_parser("models", help="models: list, word vectors from a file, delete")
    models = kinds.add_subparsers(dest="kind", required=True)
    models.add_parser("list", help="base models, then tuned ones").set_defaults(run=list_models)
    one = models.add_parser(
        "import-vectors", help="word2vec, GloVe, fastText .vec (.gz, .bz2) as a base model"
    )
    one.add_argument("file")
    one.add_argument("--name", help="by default the file's")
    one.add_argument(
        "--pooling", choices=POOLINGS, default=POOLINGS[0], help="how words make a text (default %(default)s)"
    )
    one.add_argument("--most-words", type=int, default=MOST_WORDS, metavar="N", help="default %(default)s")
    one.set_defaults(run=import_vectors)
    one = models.add_parser("delete", help="imported word vectors, or a run with its models")
    one.add_argument("model", metavar="MODEL")
    one.set_defaults(run=delete_model)


def list_models(services: Services, _: argparse.Namespace, language: Language) -> Answer:
    """Every model that can be chosen."""
    rows: list[dict[str, Any]] = [
        {
            "id": model.id,
            "title": model.title.get(language),
            "kind": model.kind,
            "base": model.base,
            "dimension": model.dimension,
            "size": model.size_bytes,
            "ready": model.ready,
        }
        for model in services.models()
    ]
    return rows, lambda: table(rows)


def import_vectors(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Make a file of word vectors a base model."""
    path = Path(options.file).expanduser()
    name = options.name or services.word_vectors.name_for(path.name)
    shown = -1

    def tell(share: float, words: LocalText) -> None:
        nonlocal shown
        if sys.stderr.isatty() and int(100 * share) > shown:
            shown = int(100 * share)
            print(f"\r{shown:3d} %  {words.get(language)}   ", end="", file=sys.stderr, flush=True)

    found = services.word_vectors.read_in(
        path, name, pooling=options.pooling, most_words=options.most_words, progress=tell
    )
    if shown >= 0:
        print(file=sys.stderr)
    document = {
        **{key: value for key, value in asdict(found).items() if key != "problems"},
        "problems": [{"row": each.row, "code": each.code, **each.text.as_json()} for each in found.problems],
    }

    def text() -> str:
        lines = [_READ.format(**{**asdict(found), "words": f"{found.words:,}"}).get(language)]
        if found.more:
            lines.append(_MORE.get(language))
        return "\n".join([*lines, *problem_lines(found.problems, found.counts, language)])

    return document, text


def delete_model(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    """Remove imported word vectors, or a run and its models."""
    services.delete_model(options.model)
    return {"deleted": options.model}, lambda: str(options.model)
