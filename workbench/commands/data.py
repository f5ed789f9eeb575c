"""What there is (``list``), what is odd about it (``check``), and taking it off the list (``delete``)."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.commands.answer import SHOWN, Answer, Parsers, problem_lines
from workbench.commands.imports import add_reading_options, read_dictionary
from workbench.commands.suggestions import queue
from workbench.documents import (
    benchmark_document,
    check_document,
    corpus_document,
    dictionary_document,
    generation_document,
    model_document,
    pair_set_document,
    run_document,
    suggestion_document,
)
from workbench.errors import BadParameter
from workbench.ingest.near_duplicates import SHORTEST, THRESHOLD
from workbench.localtext import Language, LocalText
from workbench.terminal import progress_line, table

if TYPE_CHECKING:
    from workbench.ingest.check import CheckReport
    from workbench.services import Services

Rows = list[dict[str, Any]]
# too wide for a table
LEFT_OUT = ("phase", "result", "total_steps", "dropped", "reason", "url", "created_at")
LISTS: dict[str, Callable[[Any, argparse.Namespace, Language], Rows]] = {
    "dictionaries": lambda services, _, __: [dictionary_document(i) for i in services.dictionaries()],
    "pairs": lambda services, _, __: [pair_set_document(info) for info in services.pair_sets.all()],
    "corpora": lambda services, _, __: [corpus_document(info) for info in services.corpora.all()],
    "benchmarks": lambda services, _, __: [benchmark_document(i) for i in services.retrieval_sets.all()],
    "models": lambda services, _, language: [model_document(m, language) for m in services.models()],
    "runs": lambda services, _, language: [run_document(run, language) for run in services.runs(1000)],
    "suggestions": lambda services, options, language: [
        suggestion_document(each, language) for each in queue(services, options.dictionary)
    ],
    "generations": lambda services, _, language: [
        generation_document(job, language) for job in services.generation.jobs(1000)
    ],
    "apart": lambda services, options, _: [
        {"first": pair.standard, "second": pair.synonym} for pair in services.editor.apart(options.dictionary)
    ],
}
DELETES: dict[str, Callable[[Any], Callable[[str], None]]] = {
    "dictionary": lambda services: services.delete_dictionary,
    "pairs": lambda services: services.pair_sets.delete,
    "corpus": lambda services: services.corpora.delete,
    "benchmark": lambda services: services.retrieval_sets.delete,
    "run": lambda services: services.delete_run,
    "generation": lambda services: services.generation.delete,
}


def add_commands(subcommands: Parsers) -> None:
    """The commands of this module."""
    one = subcommands.add_parser("list", help="what there is")
    one.add_argument("what", choices=tuple(LISTS))
    one.add_argument("--dictionary", help="whose suggestions, or whose pairs marked as not synonyms")
    one.set_defaults(run=list_things)

    one = subcommands.add_parser("check", help="what is odd about a dictionary, or a file before its import")
    one.add_argument("name", metavar="NAME|FILE")
    one.add_argument("--pairs", metavar="SET", help="labelled pairs to hold against it")
    one.add_argument("--threshold", type=float, default=THRESHOLD, help="50..100: how alike spellings are")
    one.add_argument("--shortest", type=int, default=SHORTEST, help="characters of terms that are compared")
    add_reading_options(one)
    one.set_defaults(run=check)

    one = subcommands.add_parser("delete", help="take something off its list")
    one.add_argument("kind", choices=tuple(DELETES))
    one.add_argument("name")
    one.set_defaults(run=delete)


def list_things(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Whatever there is of one kind."""
    if options.what == "apart" and not options.dictionary:
        raise BadParameter(
            LocalText("请用 --dictionary 说明是哪个词典。", "Name the dictionary by --dictionary.")
        )
    rows = LISTS[options.what](services, options, language)
    hidden = {*LEFT_OUT, "recipe"} if options.what == "pairs" else {*LEFT_OUT}
    shown = [{name: value for name, value in row.items() if name not in hidden} for row in rows]
    return rows, lambda: table(shown)


def delete(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Take one thing off its list."""
    return deleted(services, options.kind, options.name, language)


def deleted(services: Services, kind: str, name: str, language: Language) -> Answer:
    """Delete ``name`` of ``kind`` and say so."""
    DELETES[kind](services)(name)
    text = LocalText("已删除：{name}", "Deleted: {name}").format(name=name)
    return {"kind": kind, "name": name, "deleted": True}, lambda: text.get(language)


# -- check ------------------------------------------------------------------------------------------


def check(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Problems by kind and row, near duplicates and chains of a dictionary or of a file."""
    path = Path(options.name)
    how: dict[str, Any] = {
        "pair_set": options.pairs,
        "threshold": options.threshold,
        "shortest": options.shortest,
        "progress": None if options.json else progress_line(language),
    }
    stored = {info.name for info in services.dictionaries()}
    if options.name in stored or not path.is_file():
        report = services.importer.check(options.name, **how)
        info = services.dictionary(options.name)
        head = {"name": info.name, "version": info.version, "pairs": info.pairs, "standards": info.standards}
    else:
        preview = read_dictionary(services, options, path)
        report = services.importer.check_preview(preview, **how)
        report = _with_file(report, preview.problems, preview.problem_counts)
        head = {"file": str(path), "pairs": len(preview.pairs), "standards": preview.standards}
    document = {**head, **check_document(report, language)}
    return document, lambda: _check_text(document, report, language)


def _with_file(report: CheckReport, problems: Sequence[Any], counts: dict[str, int]) -> CheckReport:
    """The report with what the reader said of single rows, each kind of problem once."""
    from dataclasses import replace

    own = [each for each in report.problems if each.code not in counts]
    merged = sorted((*problems, *own), key=lambda each: each.row or 0)
    return replace(report, problems=tuple(merged), problem_counts={**report.problem_counts, **counts})


def _check_text(document: dict[str, Any], report: CheckReport, language: Language) -> str:
    title = document.get("name") or document["file"]
    lines = [f"{title}  {document['pairs']} pairs  {document['standards']} standard terms"]
    if not report.problem_counts:
        lines.append(LocalText("没有发现问题。", "Nothing odd was found.").get(language))
    lines += [f"  {count:6}  {code}" for code, count in sorted(report.problem_counts.items())]
    lines += problem_lines(report.problems, report.problem_counts, language)
    if report.chains.count:
        said = LocalText("{count} 条链，最大的：", "Chains of groups: {count}. The largest:")
        lines.append(said.format(count=report.chains.count).get(language))
        for chain in document["chains"]["largest"][: SHOWN // 4]:
            cuts = ", ".join(f"{first} – {second}" for first, second in chain["cuts"][:3])
            lines.append(f"  {chain['terms']} terms: {', '.join(chain['standards'][:6])}  [{cuts}]")
    return "\n".join(lines)
