"""Mutated, random and valid files through every reader: tracebacks, hangs and changed cells are counted.

    python -m benchmarks.fuzz_readers --files 10000 [--seed 0] [--isolated 0.02]

Half are valid files of each format with bytes changed, a fifth random bytes and random text, the rest valid
files whose pairs must come back to the letter.
"""

from __future__ import annotations

import argparse
import random
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import FileProblem
from workbench.ingest.dictionary import parse_dictionary
from workbench.ingest.export import ENDINGS, EXPORT_FORMATS, dictionary_bytes
from workbench.ingest.readers import FORMATS, Table, read_table
from workbench.types import Pair

LIMIT_SECONDS = 5.0
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030")
_PAIRS = [
    Pair("混凝土", "砼"), Pair("混凝土", "concrete, ready-mixed"), Pair("越野车", "SUV"), Pair("007", "1E5"),
    Pair("NA", "null"), Pair("=1+1", "TRUE"), Pair("发动机", "引擎"), Pair("a\\b", 'in "quotes"'),
]  # fmt: skip
_TEXTS: dict[str, str] = {
    "colon.txt": "混凝土：砼、商砼\n越野车: SUV, 吉普；四驱车\nx:y|z\n",
    "solr.txt": "# rules\na, b => c\nd\\,x => e, f\ng, h, i\n",
    "cilin.txt": "Aa01A01= 人 士 人物 人士\nAa01A02# 人类 生人\nAa01A03@ 角色\nAa01A04= 甲 乙\n",
    "map.json": '{"混凝土": ["砼", "商砼"], "车": "car", "x": null}',
    "records.json": '{"groups": [{"name": "a", "aliases": [{"lang": "en", "value": "b"}], "n": 1.50}]}',
    "arrays.json": '[["a", "b", "c"], ["d", "e"]]',
    "lines.jsonl": '{"standard": "a", "synonyms": ["b", "c"]}\n["x", "y"]\n{"standard": "d"}\n',
    "terms.obo": (
        "format-version: 1.4\n\n[Term]\nid: X:1\nname: heart attack ! c\n"
        'synonym: "myocardial \\"infarction\\"" EXACT MED [PMID:1, "x"] {a="b"}\nsynonym: "MI" RELATED []\n'
        "\n[Term]\nid: X:2\nname: gone\nis_obsolete: true\n\n[Typedef]\nid: p\nname: p\n"
    ),
    "terms.rdf": (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE rdf:RDF [<!ENTITY s "urn:s">]>\n'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:skos="http://www.w3.org/2004/02/skos/core#"><skos:Concept rdf:about="&s;1">'
        '<skos:prefLabel xml:lang="zh">混凝土</skos:prefLabel><skos:altLabel>砼</skos:altLabel>'
        "</skos:Concept></rdf:RDF>"
    ),
    "terms.nt": (
        '<urn:a> <http://www.w3.org/2004/02/skos/core#prefLabel> "a"@en .\n'
        '<urn:a> <http://www.w3.org/2004/02/skos/core#altLabel> "b"@en .\n'
    ),
    "terms.jsonld": (
        '{"@context": {"skos": "http://www.w3.org/2004/02/skos/core#"}, "@graph": [{"@id": "urn:a", '
        '"skos:prefLabel": "a", "skos:altLabel": ["b", "c"]}]}'
    ),
    "semicolon.csv": '标准词;近似词;备注\n混凝土;砼;"a;b"\n越野车;SUV;x\n',
}
_TOKENS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"'", b",", b"\t", b"\n", b"\r\n", b"=>", b"\\", b"{", b"[",
    b"}", b"]", b":", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"&a;", b"<", b">", b"@prefix", b"PK\x03\x04",
    b"PAR1", b"\\ud800", b"NaN", b"1e999", b"\xed\xa0\x80", b"\xc3", b"[Term]", b"sep=;\n", b"#", b"\x1a",
    b"[[[[" * 500, b'"""', b"(", b"9" * 400,
)  # fmt: skip


class Hang(BaseException):
    """A file took longer than the limit. No reader may catch it as a problem of the file."""


@dataclass
class Tally:
    """What became of the files, and how each failure can be made again."""

    counts: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    failures: list[str] = field(default_factory=list)


def valid_files() -> dict[str, bytes]:
    """A small file of each format, by its name."""
    files = {
        f"words.{format}{ENDINGS[format]}": dictionary_bytes(_PAIRS, format) for format in EXPORT_FORMATS
    }
    files.update({name: text.encode() for name, text in _TEXTS.items()})
    for encoding in ENCODINGS:
        files[f"{encoding}.csv"] = "标准词,近似词\r\n混凝土,砼\r\n越野车,SUV\r\n".encode(encoding)
    return files


def mutated(data: bytes, rng: random.Random, others: list[bytes]) -> bytes:
    """``data`` with one to six changes: bytes flipped, cut, doubled, put in, or a piece of another file."""
    found = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(found) + 1)
        span = rng.randint(1, max(1, len(found) // 4))
        what = rng.randrange(7)
        if what == 0 and place < len(found):
            found[place] = rng.randrange(256)
        elif what == 1:
            del found[place : place + span]
        elif what == 2:
            found[place:place] = found[place : place + span] * rng.randint(1, 8)
        elif what == 3:
            found[place:place] = rng.choice(_TOKENS)
        elif what == 4:
            other = rng.choice(others)
            start = rng.randrange(len(other) + 1)
            found[place:place] = other[start : start + span]
        elif what == 5:
            found = found[: max(1, place)]
        else:
            found[place:place] = rng.randbytes(rng.randint(1, 20))
        if not found:
            found = bytearray(rng.randbytes(8))
    return bytes(found)


def random_file(rng: random.Random) -> bytes:
    """Random bytes, or random text of the characters that readers look at."""
    if rng.random() < 0.4:
        return rng.randbytes(rng.randint(1, 400))
    characters = 'ab词语 \t\n\r,;:：、|"\\=>#@{}[]<>.\u3000\ufeff\U0001f600é1E5'
    text = "".join(rng.choices(characters, k=rng.randint(1, 300)))
    return text.encode(rng.choice(ENCODINGS))


def random_pairs(rng: random.Random) -> list[Pair]:
    """Pairs with terms as an import leaves them, no two of them alike."""
    characters = "ab词语砼混凝土,;:：、|\"\\=>#@{}[]<>.'&\U0001f600é1E5-_/()"
    found: dict[tuple[str, str], None] = {}
    for number in range(rng.randint(1, 12)):
        standard = f"{''.join(rng.choices(characters, k=rng.randint(0, 8)))}标{number // 2}"
        found[standard, f"{''.join(rng.choices(characters, k=rng.randint(0, 8)))}近{number}"] = None
    return [Pair(standard, synonym) for standard, synonym in found]


def check_cells(table: Table, data: bytes) -> bool:
    """Whether each cell of a table with delimiters stands in the file as it is (but for quotes)."""
    if table.format not in ("csv", "tsv") or table.encoding is None:
        return True
    text = data.decode(table.encoding, "replace").replace('"', "").replace("\ufeff", "")
    return all(cell.replace('"', "").replace("\ufeff", "") in text for row in table.rows for cell in row)


def read_and_parse(data: bytes, name: str, **options: Any) -> Table:
    """The table and, where there is one, its dictionary; FileProblem as the readers raise it."""
    table = read_table(data, name, max_rows=100_000, max_bytes=10_000_000, **options)
    assert len(table.rows) == len(table.row_numbers) > 0
    assert all(isinstance(cell, str) for row in table.rows for cell in row)
    parse_dictionary(table)
    return table


def run(files: int, seed: int = 0, isolated_share: float = 0.02) -> Tally:
    """Read ``files`` files; each is made from ``seed`` and its own number alone."""
    tally = Tally()
    valid = valid_files()
    names, contents = list(valid), list(valid.values())
    alarm = hasattr(signal, "setitimer")
    if alarm:
        signal.signal(signal.SIGALRM, _hang)
    for number in range(files):
        rng = random.Random(f"{seed}/{number}")
        isolated = rng.random() < isolated_share
        kind = rng.random()
        if kind < 0.3:
            _attempt(tally, number, lambda rng=rng, isolated=isolated: _round_trip(rng, isolated), alarm)
            continue
        name = rng.choice(names)
        data = mutated(valid[name], rng, contents) if kind < 0.8 else random_file(rng)
        if rng.random() < 0.2:
            name = rng.choice(["x", "x.txt", "x.csv", rng.choice(names)])
        options: dict[str, Any] = {"isolated": isolated}
        if rng.random() < 0.15:
            options["format"] = rng.choice(FORMATS)
        if rng.random() < 0.1:
            options["encoding"] = rng.choice(("utf-8", "gb18030", "big5", "utf-16", "cp932", "cp1252"))
        _attempt(tally, number, lambda data=data, name=name, o=options: _survives(data, name, o), alarm)
    return tally


def _survives(data: bytes, name: str, options: dict[str, Any]) -> str:
    table = read_and_parse(data, name, **options)
    return f"read {table.format}" if check_cells(table, data) else "CHANGED CELL"


def _round_trip(rng: random.Random, isolated: bool) -> str:
    pairs = random_pairs(rng)
    format = rng.choice(EXPORT_FORMATS)
    data = dictionary_bytes(pairs, format)
    if format in ("csv", "tsv"):
        data = data.decode("utf-8-sig").encode(rng.choice(("utf-8", "utf-8-sig", "utf-16", "gb18030")))
    table = read_table(data, f"words{ENDINGS[format]}", max_rows=1000, max_bytes=10**7, isolated=isolated)
    found = [(pair.standard, pair.synonym) for pair in parse_dictionary(table).pairs]
    if found == [(pair.standard, pair.synonym) for pair in pairs]:
        return f"valid {format}"
    return "asked" if "encoding_unsure" in table.problem_counts else "CHANGED CELL"


def _attempt(tally: Tally, number: int, action: Callable[[], str], alarm: bool) -> None:
    began = time.perf_counter()
    if alarm:
        signal.setitimer(signal.ITIMER_REAL, LIMIT_SECONDS)
    try:
        outcome = action()
    except FileProblem:
        outcome = "refused in words"
    except Hang:
        outcome = "HANG"
    except Exception:  # counting these is what this is for
        outcome = "TRACEBACK"
        tally.failures.append(f"file {number}: {traceback.format_exc(limit=-3)}")
    finally:
        if alarm:
            signal.setitimer(signal.ITIMER_REAL, 0)
    taken = time.perf_counter() - began
    if taken > LIMIT_SECONDS:
        outcome = "HANG"
    if outcome in ("HANG", "CHANGED CELL"):
        tally.failures.append(f"file {number}: {outcome}")
    tally.slowest = max(tally.slowest, taken)
    tally.counts[outcome] += 1


def _hang(*_: object) -> None:
    raise Hang


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--isolated", type=float, default=0.02, help="share that is read in a child process")
    asked = parser.parse_args()
    began = time.perf_counter()
    tally = run(asked.files, asked.seed, asked.isolated)
    for failure in tally.failures[:20]:
        print(failure)
    print("\n| outcome | files |\n|---|---|")
    for outcome, count in tally.counts.most_common():
        print(f"| {outcome} | {count:,} |")
    bad = {name: tally.counts[name] for name in ("TRACEBACK", "HANG", "CHANGED CELL")}
    print(
        f"\n{asked.files:,} files in {time.perf_counter() - began:.0f} s, "
        f"slowest {tally.slowest:.2f} s: {bad}"
    )


if __name__ == "__main__":
    main()
