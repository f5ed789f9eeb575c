"""``import``: a dictionary, labelled pairs, raw text or a retrieval set from a file; or a look at it only."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from workbench.commands.answer import Answer, Parsers, column, columns, one_column, problem_lines, read_file
from workbench.documents import (
    benchmark_document,
    corpus_document,
    dictionary_document,
    pair_set_document,
    plan_document,
    problem_documents,
)
from workbench.errors import NameTaken
from workbench.ingest.kept_columns import kept_sentence
from workbench.ingest.table import FORMATS, ReadOptions
from workbench.localtext import Language, LocalText
from workbench.names import tidy
from workbench.types import Problem

if TYPE_CHECKING:
    from workbench.ingest.dictionary import DictionaryPreview
    from workbench.ingest.dry_run import ImportMode, ImportPlan
    from workbench.services import Services

NOT_STORED = LocalText("没有存入任何内容（试运行）。", "Nothing was stored (dry run).")
SCOPES = ("EXACT", "RELATED", "BROAD", "NARROW")


class _Preview(Protocol):
    @property
    def problems(self) -> tuple[Problem, ...]: ...
    @property
    def problem_counts(self) -> dict[str, int]: ...


def add_commands(subcommands: Parsers) -> None:
    """The commands of this module."""
    kinds = subcommands.add_parser("import", help="import a dictionary, pairs, a corpus or a benchmark")
    imports = kinds.add_subparsers(dest="kind", required=True)
    _add_dictionary(imports)
    _add_pairs(imports)
    _add_corpus(imports)
    _add_benchmark(imports)


def add_reading_options(one: argparse.ArgumentParser) -> None:
    """How a dictionary's file is read, where it is not recognised."""
    one.add_argument("--standard", metavar="COL", help="heading of the column of standard terms, or #1, #2 …")
    one.add_argument("--synonym", metavar="COL", action="append", help="column of synonyms; may be repeated")
    one.add_argument(
        "--split-cells", action="store_true", help="several synonyms in one cell: split at 、,;；|/"
    )
    one.add_argument("--encoding", help="e.g. gb18030; recognised where left out")
    one.add_argument(
        "--delimiter", metavar="D", help="what stands between columns; recognised where left out"
    )
    one.add_argument("--sheet", metavar="S", help="of a workbook; the first with content where left out")
    one.add_argument("--format", choices=FORMATS, help="recognised where left out")
    one.add_argument(
        "--scope", choices=SCOPES, action="append", help="of an OBO ontology's synonyms; may be repeated"
    )
    one.add_argument("--language", metavar="TAG", help="of a thesaurus's standard terms, e.g. zh")
    _add_header(one)


def _add_header(one: argparse.ArgumentParser, flag: str = "header", of: str = "the first row") -> None:
    one.add_argument(
        f"--{flag}",
        action=argparse.BooleanOptionalAction,
        default=None,
        help=f"{of} is a heading, or not; recognised where left out",
    )


def _add_name(one: argparse.ArgumentParser, replace: str, merge: str = "") -> None:
    one.add_argument("--name", help="the file's name where left out")
    either = one.add_mutually_exclusive_group()
    either.add_argument("--replace", action="store_true", help=replace)
    if merge:
        either.add_argument("--merge", action="store_true", help=merge)
    one.add_argument("--dry-run", action="store_true", help="say what would happen, and store nothing")


def _add_dictionary(imports: Parsers) -> None:
    one = imports.add_parser(
        "dictionary", help="CSV, TSV, XLSX, JSON, JSONL, Parquet, SKOS, OBO, Solr, Cilin, standard: synonyms"
    )
    one.add_argument("file")
    _add_name(one, "a new version of the dictionary of that name", "into the dictionary of that name")
    one.add_argument("--author", default="", help="for the history")
    add_reading_options(one)
    one.set_defaults(run=import_dictionary)


def _add_pairs(imports: Parsers) -> None:
    one = imports.add_parser("pairs", help="text1, text2 and a label or score; or triplets")
    one.add_argument("file")
    _add_name(one, "in place of the pair set of that name")
    one.add_argument("--text1", metavar="COL", help="column by heading, or #1, #2 …")
    one.add_argument("--text2", metavar="COL")
    one.add_argument("--label", metavar="COL", help="0 and 1, yes and no, or scores")
    one.add_argument("--negative", metavar="COL", help="of triplets")
    one.add_argument("--kind", dest="pair_kind", choices=("labels", "scores", "triplets"))
    one.add_argument(
        "--untrusted", action="store_true", help="labels of an outside model: not used until accepted"
    )
    one.add_argument("--encoding")
    one.add_argument("--delimiter", metavar="D")
    one.add_argument("--sheet", metavar="S")
    _add_header(one)
    one.set_defaults(run=import_pairs)


def _add_corpus(imports: Parsers) -> None:
    one = imports.add_parser("corpus", help="raw text by lines or paragraphs, or a column of a table")
    one.add_argument("file")
    _add_name(one, "in place of the corpus of that name")
    one.add_argument("--unit", choices=("line", "paragraph"))
    one.add_argument("--column", metavar="COL", help="of a table, by heading or as #1, #2 …")
    one.add_argument("--encoding")
    one.add_argument("--sheet", metavar="S")
    _add_header(one)
    one.set_defaults(run=import_corpus)


def _add_benchmark(imports: Parsers) -> None:
    one = imports.add_parser("benchmark", help="queries with their answers, and the passages to search")
    one.add_argument("--queries", metavar="FILE", required=True)
    one.add_argument("--corpus", metavar="FILE", help="the passages; all answers where left out")
    _add_name(one, "in place of the benchmark of that name")
    one.add_argument("--query", metavar="COL", help="column by heading, or #1, #2 …")
    one.add_argument("--answer", metavar="COL", action="append", help="may be repeated")
    one.add_argument("--passage", metavar="COL", help="of the corpus file")
    one.add_argument("--id", metavar="COL", help="of the corpus file, if the answers are ids")
    one.add_argument(
        "--missing", choices=("add", "ignore"), default="add", help="answers that are no passage"
    )
    one.add_argument("--encoding")
    one.add_argument("--corpus-encoding")
    _add_header(one, of="the first row of the queries")
    _add_header(one, "corpus-header", "the first row of the corpus")
    one.set_defaults(run=import_benchmark)


# -- a dictionary -----------------------------------------------------------------------------------


def read_dictionary(services: Services, options: argparse.Namespace, path: Path) -> DictionaryPreview:
    """A dictionary's file, read as the options of :func:`add_reading_options` say."""
    scopes = tuple(options.scope) if options.scope else ReadOptions().scopes
    return services.importer.read(
        read_file(path, services.settings.max_upload_bytes),
        path.name,
        standard=one_column(options.standard),
        synonyms=columns(options.synonym),
        has_header=options.header,
        split_cells=options.split_cells,
        encoding=options.encoding,
        delimiter=options.delimiter,
        sheet=options.sheet,
        format=options.format,
        options=ReadOptions(scopes, options.language),
    )


def import_dictionary(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Import a file as a dictionary, a new version of one, or into one; or say what that would do."""
    path = Path(options.file)
    preview = read_dictionary(services, options, path)
    known = {info.name for info in services.dictionaries()}
    in_place = options.replace or options.merge
    name = options.name or (path.stem if in_place else services.unique_dictionary_name(path.stem))
    mode: ImportMode = "merge" if options.merge else "replace" if options.replace and name in known else "new"
    if options.dry_run:
        return _plan(services, preview, name, mode, language, taken=tidy(name) in known)
    plan = services.importer.plan(preview, name, mode) if mode == "merge" else None
    info = services.importer.save(preview, name, mode, path.name, options.author)
    document = _read_as(dictionary_document(info), preview)
    problems, counts = _with_plan(preview, plan)
    document["problems"] = counts
    if plan is not None:
        document["plan"] = plan_document(plan, language)

    def text() -> str:
        lines = [f"{info.name}  v{info.version}  {info.pairs} pairs  {info.standards} standard terms"]
        lines += [f"  {plan.summary.get(language)}"] if plan else []
        lines += _kept_lines(preview, language)
        return "\n".join(lines + problem_lines(problems, counts, language))

    return document, text


def _plan(
    services: Services,
    preview: DictionaryPreview,
    name: str,
    mode: ImportMode,
    language: Language,
    *,
    taken: bool,
) -> Answer:
    if mode == "new" and taken:
        raise NameTaken(
            LocalText("已经有一个叫「{name}」的词典。", "There is already a dictionary called “{name}”."),
            LocalText(
                "请换一个名字，或加 --merge（合并）或 --replace（替换）。",
                "Choose another name, or add --merge or --replace.",
            ),
            name=name,
        )
    plan = services.importer.plan(preview, name, mode)
    problems, counts = _with_plan(preview, plan)
    document = {
        "name": name,
        "stored": False,
        **plan_document(plan, language),
        **_read_as({}, preview),
        "rows": preview.rows,
        "problems": counts,
        "problem_list": problem_documents(problems, language),
    }

    def text() -> str:
        lines = [f"{name}: {plan.summary.get(language)}"]
        for sign, found in (("+", plan.merged), ("-", plan.removed), ("x", plan.refused)):
            lines += [f"  {sign} {pair.standard} = {pair.synonym}" for pair in found[:5]]
        lines += [f"  + {group.standard} = {', '.join(group.synonyms[:8])}" for group in plan.added[:5]]
        lines += [f"  ~ {each.before.synonym} → {each.after.synonym}" for each in plan.changed[:5]]
        lines += _kept_lines(preview, language)
        return "\n".join([*lines, *problem_lines(problems, counts, language), NOT_STORED.get(language)])

    return document, text


def _read_as(document: dict[str, Any], preview: DictionaryPreview) -> dict[str, Any]:
    return {
        **document,
        "format": preview.format,
        "encoding": preview.encoding,
        "delimiter": preview.delimiter,
        "sheet": preview.sheet,
        "columns": list(preview.columns),
        "kept_columns": [column.name for column in preview.labels],
    }


def _kept_lines(preview: DictionaryPreview, language: Language) -> list[str]:
    kept = kept_sentence(preview.labels)
    return [f"  {kept.get(language)}"] if kept else []


def _with_plan(
    preview: DictionaryPreview, plan: ImportPlan | None
) -> tuple[Sequence[Problem], dict[str, int]]:
    """The file's own problems, and those that arise where it meets the dictionary."""
    if plan is None:
        return preview.problems, dict(preview.problem_counts)
    problems = sorted((*preview.problems, *plan.problems), key=lambda each: each.row or 0)
    return problems, dict(Counter(preview.problem_counts) + Counter(plan.problem_counts))


# -- the other kinds --------------------------------------------------------------------------------


def import_pairs(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Import labelled pairs, scores or triplets."""
    path = Path(options.file)
    preview = services.pair_sets.preview(
        read_file(path, services.settings.max_upload_bytes),
        path.name,
        text1=one_column(options.text1),
        text2=one_column(options.text2),
        label=one_column(options.label),
        negative=one_column(options.negative),
        has_header=options.header,
        kind=options.pair_kind,
        encoding=options.encoding,
        delimiter=options.delimiter,
        sheet=options.sheet,
    )
    found: dict[str, Any] = {
        "name": options.name or path.stem,
        "kind": preview.kind,
        "rows": len(preview.pairs),
        "positives": preview.positives,
    }
    if not options.dry_run:
        info = services.pair_sets.save(
            found["name"],
            preview,
            source=path.name,
            replace=options.replace,
            trusted=not options.untrusted,
        )
        found = pair_set_document(info)
    found["columns"] = list(preview.columns)
    line = f"{found['name']}  {found['kind']}  {found['rows']} rows  {found['positives']} positives"
    return _answer(found, line, preview, options, language)


def import_corpus(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Import raw text."""
    path = Path(options.file)
    preview = services.corpora.preview(
        read_file(path, services.settings.max_upload_bytes),
        path.name,
        unit=options.unit,
        column=one_column(options.column),
        has_header=options.header,
        encoding=options.encoding,
        sheet=options.sheet,
    )
    found: dict[str, Any] = {
        "name": options.name or path.stem,
        "unit": preview.unit,
        "texts": preview.count,
        "characters": preview.characters,
    }
    if not options.dry_run:
        info = services.corpora.save(found["name"], preview, source=path.name, replace=options.replace)
        found = corpus_document(info)
    found["columns"] = list(preview.columns)
    line = f"{found['name']}  {found['texts']} texts ({found['unit']})  {found['characters']} characters"
    return _answer(found, line, preview, options, language)


def import_benchmark(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Import a retrieval set."""
    path, limit = Path(options.queries), services.settings.max_upload_bytes
    corpus = Path(options.corpus) if options.corpus else None
    preview = services.retrieval_sets.preview(
        read_file(path, limit),
        path.name,
        read_file(corpus, limit) if corpus else None,
        corpus.name if corpus else "",
        query=one_column(options.query),
        answers=[column(name) for name in options.answer] if options.answer else None,
        passage=one_column(options.passage),
        passage_id=one_column(options.id),
        queries_header=options.header,
        corpus_header=options.corpus_header,
        missing=options.missing,
        encoding=options.encoding,
        corpus_encoding=options.corpus_encoding,
    )
    found: dict[str, Any] = {
        "name": options.name or path.stem,
        "queries": len(preview.set.queries),
        "passages": len(preview.set.passages),
        "answers": sum(map(len, preview.set.answers)),
    }
    if not options.dry_run:
        source = path.name if corpus is None else f"{path.name} + {corpus.name}"
        info = services.retrieval_sets.save(found["name"], preview, source=source, replace=options.replace)
        found = benchmark_document(info)
    found |= {
        "answers_are": preview.answers_are,
        "near_identical": preview.near_identical,
        "limited": preview.limited,
    }
    counts = f"{found['queries']} queries  {found['passages']} passages  {found['answers']} answers"
    return _answer(found, f"{found['name']}  {counts}", preview, options, language)


def _answer(
    document: dict[str, Any], line: str, preview: _Preview, options: argparse.Namespace, language: Language
) -> Answer:
    """What the three have in common: problems by row, and whether anything was stored."""
    document["stored"] = not options.dry_run
    document["problems"] = dict(preview.problem_counts)
    document["problem_list"] = problem_documents(preview.problems, language)

    def text() -> str:
        lines = [line, *problem_lines(preview.problems, preview.problem_counts, language)]
        return "\n".join(lines + ([NOT_STORED.get(language)] if options.dry_run else []))

    return document, text
