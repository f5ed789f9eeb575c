"""``similarity``, ``neighbours`` and ``matrix``: what models know of terms."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from workbench.commands.answer import Answer, Parsers, format_of, one_column, read_file, write_file
from workbench.errors import BadParameter, InputError
from workbench.ingest.spreadsheets import rows_bytes
from workbench.localtext import Language, LocalText
from workbench.search.near import MOST_HITS, Near
from workbench.search.sources import Filters, Known, Source, Wanted
from workbench.search.why import Why
from workbench.terminal import progress_line, table

if TYPE_CHECKING:
    from workbench.search.explorer import PairView
    from workbench.search.matrix import Matrix
    from workbench.services import Services

HIT_COLUMNS = (
    *("query", "system", "rank", "moved"),
    *("term", "score", "probability", "known_synonym", "standard", "language"),
)
_FILES = ("csv", "tsv", "xlsx", "jsonl")


def add_commands(subcommands: Parsers) -> None:
    """The commands of this module."""
    one = subcommands.add_parser("similarity", help="how alike two terms are, under every model, and why")
    one.add_argument("first", metavar="TERM")
    one.add_argument("second", metavar="TERM")
    one.add_argument("--model", action="append", help="may be repeated; left out: every model that is ready")
    one.add_argument("--dictionary", help="what the probability is calibrated on")
    one.set_defaults(run=similarity)

    one = subcommands.add_parser("neighbours", help="what is nearest to a term, by one or several systems")
    one.add_argument("terms", metavar="TERM", nargs="+")
    one.add_argument("--model", action="append", default=[], help="may be repeated")
    one.add_argument(
        "--system",
        action="append",
        default=[],
        help="tfidf, bm25, hybrid:MODEL+tfidf, rerank:MODEL+RERANKER, ...; may be repeated",
    )
    one.add_argument("--rerank", metavar="RUN", help="a run whose reranker puts the models' best in order")
    one.add_argument("--in", dest="where", metavar="WHERE", help="dictionary:NAME, corpus:NAME or a FILE")
    one.add_argument("--column", help="of a FILE: its heading, or #2 for the second")
    one.add_argument("--dictionary", help="where to look, unless --in says so; else what is known")
    one.add_argument("-k", "--k", type=int, default=10)
    one.add_argument("--known", choices=get_args(Known), default="all")
    one.add_argument("--language", choices=get_args(Wanted), default="all")
    one.add_argument("--group", metavar="TEXT", help="that the standard term of a hit must hold")
    one.add_argument("--format", choices=("table", "csv", "json"), default="table")
    one.add_argument("--out", type=Path, metavar="FILE", help="csv, tsv, xlsx or jsonl")
    one.set_defaults(run=neighbours)

    one = subcommands.add_parser("matrix", help="2 to 200 terms against each other, clustered")
    one.add_argument("terms", metavar="FILE|TERM", nargs="+")
    one.add_argument("--model", required=True)
    one.add_argument("--dictionary", help="what the probability is calibrated on, and what is known")
    one.add_argument("--column", help="of a FILE: its heading, or #2 for the second")
    one.add_argument("--values", choices=("cosine", "probability"), default="cosine")
    one.add_argument("--out", type=Path, metavar="FILE", help="csv or xlsx")
    one.add_argument("--format", choices=("csv", "xlsx"), help="by the ending of --out where left out")
    one.set_defaults(run=matrix)


def similarity(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """How alike two terms are. One named model answers with one document, several with a list in it."""
    exploring, models = services.exploring, options.model
    dictionary = options.dictionary or services.calibration_dictionary(
        (models or exploring.ready_models() or [""])[0], options.first, options.second
    )
    found = exploring.pair(options.first, options.second, models, dictionary, progress_line(language))
    answers = [_answer(each) for each in found.answers]
    document: dict[str, Any] = {"dictionary": dictionary, **_pair_document(found)}
    if models and len(models) == 1:
        document = {**answers[0], **document}
    else:
        document["answers"] = answers
    return document, lambda: f"{table(answers)}\n\n{_why_lines(found.why, language)}"


def neighbours(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """What is nearest to each term: a row for each hit, the systems one after the other."""
    if not 1 <= options.k <= MOST_HITS:
        raise BadParameter(
            LocalText("-k 应在 1 到 {most} 之间。", "-k is from 1 to {most}."), most=f"{MOST_HITS:,}"
        )
    systems = [*map(_a_model, options.model), *options.system]
    if not systems:
        raise BadParameter(
            LocalText(
                "请用 --model 或 --system 说明用什么来找。", "Say with --model or --system what to ask."
            )
        )
    source = _source(services, options)
    filters = Filters(options.known, options.language, options.group)
    rows: list[dict[str, Any]] = []
    told: dict[str, str] = {}
    for term in options.terms:
        found = services.exploring.near(
            term,
            source,
            systems,
            options.dictionary,
            k=options.k,
            filters=filters,
            rerank=options.rerank,
            progress=progress_line(language),
        )
        rows += _hits(found)
        told.update({each.system: each.told.get(language) for each in found.columns if each.told})
    if options.out:
        format = format_of(options.out, None, _FILES, {"txt": "tsv"})
        write_file(options.out, _file(rows, format))
    return rows, lambda: _as_asked(rows, told, options)


def matrix(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Terms against each other, those that are alike beside each other."""
    terms = options.terms
    if len(terms) == 1 and Path(terms[0]).is_file():
        terms = _column_of(services, Path(terms[0]), options.column)
    found = services.exploring.matrix(terms, options.model, options.dictionary, progress_line(language))
    if options.out:
        format = format_of(options.out, options.format, ("csv", "xlsx"), {"txt": "csv"})
        write_file(options.out, services.exploring.matrix_file(found, format, options.values))  # type: ignore[arg-type]  # choices
    document = matrix_document(found)
    if options.out:
        document["file"] = str(options.out)
    return document, lambda: table(_clusters(found))


# -- documents --------------------------------------------------------------------------------------


def matrix_document(found: Matrix) -> dict[str, Any]:
    """A matrix with its clustering; ``merges`` are (one, other, distance, terms)."""
    return {
        "model": found.model,
        "terms": list(found.terms),
        "cluster": list(found.cluster),
        "cosine": [[round(float(value), 4) for value in row] for row in found.cosine],
        "probability": None
        if found.probability is None
        else [[round(float(value), 4) for value in row] for row in found.probability],
        "known_synonyms": found.known.tolist(),
        "merges": [[one, other, round(distance, 4), size] for one, other, distance, size in found.merges],
    }


def why_document(found: Why) -> dict[str, Any]:
    """Why two terms are alike."""
    pair = found.nearest_pair
    return {
        "shared": list(found.shared),
        "overlap": round(found.overlap, 4),
        "neighbours": [
            {"term": each.term, "score_a": round(each.score_a, 4), "score_b": round(each.score_b, 4)}
            for each in found.neighbours
        ],
        "nearest_pair": None
        if pair is None
        else {"standard": pair.standard, "synonym": pair.synonym, "score": round(pair.score, 4)},
        "standards": [found.group_a, found.group_b],
    }


def _pair_document(found: PairView) -> dict[str, Any]:
    return {
        "known_synonyms": found.known,
        "marked_apart": found.marked_apart,
        "why": why_document(found.why),
    }


def _answer(each: Any) -> dict[str, Any]:
    found = each.similarity
    return {
        "model": each.model,
        "cosine": found.cosine,
        "probability": found.probability,
        "percentile": found.percentile,
        "known_synonyms": found.known_synonyms,
    }


def _hits(found: Near) -> list[dict[str, Any]]:
    return [
        {
            "query": found.text,
            "system": column.system,
            "rank": hit.rank,
            "moved": hit.moved,
            "term": hit.term,
            "score": hit.score,
            "probability": hit.probability,
            "known_synonym": hit.known,
            "standard": hit.standard,
            "language": hit.language,
        }
        for column in found.columns
        for hit in column.hits
    ]


# -- inside -----------------------------------------------------------------------------------------


def _a_model(name: str) -> str:
    from workbench.services.exploring import vector_model

    return vector_model(name)


def _source(services: Services, options: argparse.Namespace) -> Source:
    where = options.where
    if where is None:
        if options.dictionary is None:
            raise BadParameter(
                LocalText(
                    "请用 --dictionary 或 --in 说明在哪里找。", "Say with --dictionary or --in where to look."
                )
            )
        return Source("dictionary", options.dictionary)
    source = Source.parse(where)
    path = Path(where)
    if source.kind in ("dictionary", "corpus") and where.startswith(f"{source.kind}:"):
        return source
    if not path.is_file():
        raise InputError(
            LocalText("没有叫「{where}」的文件。", "There is no file “{where}”."),
            LocalText(
                "写法：dictionary:名称、corpus:名称 或一个文件。",
                "Written as dictionary:NAME, corpus:NAME, or a file.",
            ),
            where=where,
        )
    texts = _column_of(services, path, options.column)
    return Source("list", services.exploring.keep_list(texts, path.name))


def _column_of(services: Services, path: Path, column: str | None) -> list[str]:
    data = read_file(path, services.settings.max_upload_bytes)
    return services.matching.read(data, path.name, column=one_column(column)).texts


def _as_asked(rows: list[dict[str, Any]], told: dict[str, str], options: argparse.Namespace) -> str:
    if options.format == "json":
        return json.dumps(rows, ensure_ascii=False, indent=1)
    if options.format == "csv":
        return _file(rows, "csv").decode("utf-8-sig").rstrip("\r\n")
    shown = [name for name in HIT_COLUMNS if name != "language"]
    for name in ("query", "system"):  # what is the same in every row is not worth its width
        if len({row[name] for row in rows}) < 2:
            shown.remove(name)
    if "system" not in shown:
        shown.remove("moved")
    lines = [table([{name: row[name] for name in shown} for row in rows])]
    return "\n".join([*lines, *(f"{system}: {text}" for system, text in told.items())])


def _file(rows: list[dict[str, Any]], format: Any) -> bytes:
    return rows_bytes(HIT_COLUMNS, ([row[name] for name in HIT_COLUMNS] for row in rows), format)


def _clusters(found: Matrix) -> list[dict[str, Any]]:
    rows = []
    for number in dict.fromkeys(found.cluster):
        places = [place for place, own in enumerate(found.cluster) if own == number]
        inside = [float(found.cosine[i, j]) for i in places for j in places if i < j]
        rows.append(
            {
                "cluster": number + 1,
                "terms": ", ".join(found.terms[place] for place in places),
                "mean cosine": sum(inside) / len(inside) if inside else None,
            }
        )
    return rows


def _why_lines(found: Why, language: Language) -> str:
    nothing = LocalText("无", "none").get(language)
    pair = found.nearest_pair
    shared, near = ", ".join(found.shared), ", ".join(each.term for each in found.neighbours)
    lines = [
        (LocalText("共有的字词", "in common"), shared or nothing),
        (LocalText("都离得近的词", "near to both"), near or nothing),
        (
            LocalText("最像的已知词对", "most like the known pair"),
            f"{pair.standard} – {pair.synonym} ({pair.score:.2f})" if pair else nothing,
        ),
        (LocalText("标准词", "standard terms"), f"{found.group_a or nothing} / {found.group_b or nothing}"),
    ]
    return "\n".join(f"{name.get(language)}: {text}" for name, text in lines)
