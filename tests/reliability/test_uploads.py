"""What is promised of uploads: a result or a sentence, in bounded time and memory, and no cell changed."""

from __future__ import annotations

import codecs
import io
import json
import random
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from openpyxl import Workbook
from pyarrow import parquet

from benchmarks.fuzz_readers import mutated, random_file, read_and_parse, valid_files
from workbench.errors import FileProblem
from workbench.ingest.dictionary import parse_dictionary
from workbench.ingest.export import ENDINGS, EXPORT_FORMATS, dictionary_bytes
from workbench.ingest.readers import Table, read_table
from workbench.settings import ASSETS
from workbench.types import Pair

ROOT = Path(__file__).resolve().parents[2]
MEBIBYTE = 1 << 20


def read(data: bytes, name: str) -> Table:
    return read_table(data, name, max_rows=100_000, max_bytes=200 * MEBIBYTE)


# -- case 15 ------------------------------------------------------------------------------------------


@pytest.mark.case(15)
def test_two_hundred_malformed_files_give_a_table_or_a_sentence(tell: Callable[..., None]) -> None:
    files = valid_files()
    rng = random.Random(15)
    refusals: list[FileProblem] = []
    for number in range(200):
        name = rng.choice(list(files))
        broken = mutated(files[name], rng, list(files.values())) if number % 4 else random_file(rng)
        try:
            read_and_parse(broken, name, isolated=number % 10 == 0)
        except FileProblem as problem:
            refusals.append(problem)
    assert len(refusals) > 40
    for problem in refusals:
        assert problem.hint is not None
        assert "Traceback" not in problem.text("en") + problem.text("zh")
    tell(
        "malformed files: valid ones of every format cut, mixed and changed, and random bytes",
        200,
        f"{200 - len(refusals)} read, {len(refusals)} refused with a sentence and a hint, 0 tracebacks",
    )


# -- case 16 ------------------------------------------------------------------------------------------

JAPANESE = [
    ("自動車", "車"), ("病院", "ホスピタル"), ("机", "デスク"), ("電話", "テレフォン"),
    ("冷蔵庫", "れいぞうこ"), ("鉄筋コンクリート", "RC造"), ("足場", "仮設足場"), ("掃除機", "クリーナー"),
    ("手術", "オペ"), ("図書館", "ライブラリー"), ("飛行機", "航空機"), ("契約書", "約款"),
    ("株式会社", "カブシキ"), ("従業員", "スタッフ"), ("締め切り", "デッドライン"),
]  # fmt: skip
SIZES = (1, 2, 3, 5, 10, 50, 500)
EIGHT = {
    "UTF-8": ("utf-8", b""),
    "UTF-8 with a mark": ("utf-8", codecs.BOM_UTF8),
    "UTF-16 LE": ("utf-16-le", codecs.BOM_UTF16_LE),
    "UTF-16 BE": ("utf-16-be", codecs.BOM_UTF16_BE),
    "UTF-16 LE without a mark": ("utf-16-le", b""),
    "GBK": ("gbk", b""),
    "GB18030": ("gb18030", b""),
    "Big5": ("big5hkscs", b""),
    "Shift-JIS": ("cp932", b""),
}


def sample_pairs() -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for path in sorted((ASSETS / "samples").glob("*_zh.csv")):
        rows += [(row[0], row[1]) for row in read(path.read_bytes(), path.name).rows[1:]]
    return [row for row in rows if "," not in "".join(row)]


@pytest.mark.case(16)
@pytest.mark.parametrize("name", EIGHT)
def test_text_in_every_encoding_and_size_is_exact_or_the_preview_asks(
    name: str, tell: Callable[..., None]
) -> None:
    encoding, mark = EIGHT[name]
    if name == "Shift-JIS":
        source = JAPANESE
    elif name in ("Big5", "GB18030"):
        from opencc import OpenCC

        traditional = OpenCC("s2t").convert
        source = [(traditional(a), traditional(b)) for a, b in sample_pairs()]
    else:
        source = sample_pairs()
    rng = random.Random(name)
    tried = wrong = 0
    for size in SIZES:
        for _ in range(40 if size < 50 else 5):
            rows = [
                row for row in rng.sample(source, min(size, len(source))) if _fits("".join(row), encoding)
            ]
            if not rows:
                continue
            data = mark + "".join(f"{a},{b}\r\n" for a, b in rows).encode(encoding)
            table = read(data, "words.csv")
            tried += 1
            wrong += table.rows != rows and "encoding_unsure" not in table.problem_counts
    assert tried > 200
    assert wrong <= tried / 1000
    tell(
        "files of 1 to 500 lines in nine encodings, with and without a mark",
        tried,
        "{exact} of {tried} exact, or the preview asks",
        sums={"tried": tried, "exact": tried - wrong},
    )


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


# -- cases 17, 24 -------------------------------------------------------------------------------------

LITERAL = [
    "007",
    "1E5",
    "NA",
    "null",
    "TRUE",
    "2024-01-02",
    "1/2",
    "3.10",
    "nan",
    "None",
    "00:15",
    "0x1F",
    "=1+1",
]


@pytest.mark.case(17, 24)
@pytest.mark.parametrize("format", EXPORT_FORMATS)
def test_numbers_dates_and_words_for_nothing_stay_what_they_are(
    format: str, tell: Callable[..., None]
) -> None:
    pairs = [Pair(f"词{n}", text) for n, text in enumerate(LITERAL)]
    data = dictionary_bytes(pairs, format)
    found = parse_dictionary(read(data, f"words{ENDINGS[format]}")).pairs
    assert [(pair.standard, pair.synonym) for pair in found] == [(p.standard, p.synonym) for p in pairs]
    tell(
        f"{len(LITERAL)} terms such as 007, 1E5, NA, 2024-01-02, exported and imported again",
        1,
        "unchanged",
        case=17,
    )
    tell("the same, with a formula among them, in every format", 1, "unchanged", case=24)


# -- case 18 ------------------------------------------------------------------------------------------


@pytest.mark.case(18)
def test_ragged_rows_open_quotes_and_double_marks_are_reported_by_row_and_shift_nothing(
    tell: Callable[..., None],
) -> None:
    text = '标准词,近似词,近似词\n混凝土,砼,商砼\n车,汽车,轿车,SUV\n泵,"水泵,抽水机\n梁,大梁\n板,楼板,面板\n'
    found = parse_dictionary(read(codecs.BOM_UTF8 * 2 + text.encode(), "words.csv"))
    where = {(problem.code, problem.row) for problem in found.problems}
    expected = {
        ("extra_bom", 1),
        ("duplicate_heading", 1),
        ("long_row", 3),
        ("unclosed_quote", 4),
        ("short_row", 5),
    }
    assert expected <= where
    assert [(p.standard, p.synonym) for p in found.pairs] == [
        ("混凝土", "砼"), ("混凝土", "商砼"), ("泵", '"水泵'), ("泵", "抽水机"), ("梁", "大梁"),
        ("板", "楼板"), ("板", "面板"),
    ]  # fmt: skip
    tell(
        "ragged rows, an open quote, a heading twice, two byte order marks",
        len(expected),
        "each reported with its row; no cell has moved",
    )


# -- case 19 ------------------------------------------------------------------------------------------


def _book(parts: dict[str, bytes]) -> bytes:
    made = Workbook()
    made.active.append(["a", "b"])
    whole, stream = io.BytesIO(), io.BytesIO()
    made.save(whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {*old.namelist(), *parts}:
            new.writestr(name, parts.get(name) or old.read(name))
    return stream.getvalue()


def _many_entries() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(60_000):
            archive.writestr(f"xl/{number}", b"")
    return stream.getvalue()


def _huge_column() -> bytes:
    stream = io.BytesIO()
    schema = pa.schema([("a", pa.string())])
    with parquet.ParquetWriter(stream, schema) as writer:
        batch = pa.table({"a": pa.DictionaryArray.from_arrays([0] * 500_000, ["x" * 100]).cast(pa.string())})
        writer.write_table(batch)
    return stream.getvalue()


def _lying_size() -> bytes:
    """A sheet of 300 MB whose directory says that it has 300 bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(packer.compress(b" " * MEBIBYTE) for _ in range(300)) + packer.flush()
    data = bytearray(_book({"xl/worksheets/sheet1.xml": b"<worksheet>" + b" " * 289}))
    start = data.rfind(b"PK\x01\x02", 0, data.rfind(b"xl/worksheets/sheet1.xml"))
    offset, old = struct.unpack_from("<I", data, start + 42)[0], struct.unpack_from("<I", data, start + 20)[0]
    name_length, extra = struct.unpack_from("<HH", data, offset + 26)
    body = offset + 30 + name_length + extra
    grown = len(packed) - old
    struct.pack_into("<I", data, start + 20, len(packed))
    struct.pack_into("<I", data, offset + 18, len(packed))
    data[body : body + old] = packed
    at, end = 0, data.rfind(b"PK\x05\x06")
    directory = struct.unpack_from("<I", data, end + 16)[0] + grown
    struct.pack_into("<I", data, end + 16, directory)
    while (at := data.find(b"PK\x01\x02", max(at + 1, directory))) >= 0:
        place = struct.unpack_from("<I", data, at + 42)[0]
        if place > offset:
            struct.pack_into("<I", data, at + 42, place + grown)
    return bytes(data)


RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
LAUGHS = f'<!DOCTYPE rdf:RDF [<!ENTITY l0 "lol">{LAUGHS}]>'
SQUARE = f'<!DOCTYPE rdf:RDF [<!ENTITY a "{"a" * 100_000}">]><rdf:RDF {RDF}>{"&a;" * 10_000}</rdf:RDF>'
OUTSIDE = f'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><rdf:RDF {RDF}>&a;</rdf:RDF>'
SHEET = "xl/worksheets/sheet1.xml"
BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "sheet that unpacks to 100 MB": ("w.xlsx", lambda: _book({SHEET: b"<worksheet>" + b" " * 10**8})),
    "sheet whose size is a lie": ("w.xlsx", _lying_size),
    "styles that unpack to 70 MB": (
        "w.xlsx",
        lambda: _book({"xl/styles.xml": b"<a>" + b" " * 70 * MEBIBYTE}),
    ),
    "archive of 60,000 parts": ("w.xlsx", _many_entries),
    "sheet with entities": ("w.xlsx", lambda: _book({SHEET: f"{LAUGHS}<a>&l9;</a>".encode()})),
    "thesaurus with a billion laughs": ("w.rdf", f"{LAUGHS}<rdf:RDF {RDF}>&l9;</rdf:RDF>".encode),
    "thesaurus that grows by the square": ("w.rdf", SQUARE.encode),
    "thesaurus that asks for a file": ("w.rdf", OUTSIDE.encode),
    "JSON nested a million deep": ("w.json", lambda: b"[" * 1_000_000),
    "JSON lines nested deep": ("w.jsonl", lambda: (b'{"a":' * 100_000 + b"\n") * 3),
    "Parquet of 500,000 rows in 3 KB": ("w.parquet", _huge_column),
}


MEASURED = """
import resource, sys
from workbench.errors import FileProblem
from workbench.ingest.readers import read_table

def computed():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)

data = sys.stdin.buffer.read()
own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = computed()
try:
    read_table(data, sys.argv[1], max_rows=100_000, max_bytes=200 << 20)
    print("read", end=" ")
except FileProblem as problem:
    print("refused", end=" ")
taken = computed() - began
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - own
print(taken, grown, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def measured(name: str, data: bytes) -> tuple[str, float, int, int]:
    """What became of a file, seconds of computing, and KiB: growth of the reader, peak of the parser.

    Of computing, since a core that is shared shows more on the clock.
    """
    answer = subprocess.run(
        [sys.executable, "-c", MEASURED, name], cwd=ROOT, input=data, capture_output=True, check=True
    )
    outcome, seconds, grown, child = answer.stdout.decode().split()
    return outcome, float(seconds), int(grown), int(child)


@pytest.fixture(scope="module")
def harmless() -> dict[str, int]:
    """Peak memory in KiB of the process that parses a tiny file of each kind."""
    stream = io.BytesIO()
    parquet.write_table(pa.table({"a": ["x"], "b": ["y"]}), stream)
    tiny = {
        "w.xlsx": _book({}),
        "w.rdf": dictionary_bytes([Pair("a", "b")], "skos"),
        "w.json": json.dumps([{"a": "b"}]).encode(),
        "w.jsonl": b'["a", "b"]\n',
        "w.parquet": stream.getvalue(),
    }
    return {name: measured(name, data)[3] for name, data in tiny.items()}


@pytest.mark.case(19)
@pytest.mark.reliability
@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_is_refused_in_a_second_and_fifty_mebibytes(
    what: str, harmless: dict[str, int], tell: Callable[..., None]
) -> None:
    name, made = BOMBS[what]
    outcome, seconds, grown, child = measured(name, made())
    assert outcome == "refused"
    assert seconds < 1
    assert grown < 50 * 1024
    assert child - harmless[name] < 50 * 1024
    tell(
        "archives that grow, lie or have too many parts, XML entities, deep nesting, a huge column",
        1,
        "refused after {seconds} s of computing and {mebibytes} MiB at most",
        most={"seconds": round(seconds, 2), "mebibytes": round(max(grown, child - harmless[name]) / 1024)},
    )
