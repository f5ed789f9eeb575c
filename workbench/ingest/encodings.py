"""Which encoding the bytes of a text file are in, and whether they are text at all."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache

from workbench.errors import FileProblem
from workbench.ingest.problems import ProblemLog
from workbench.localtext import LocalText

# What a person may choose from by hand; the keys are names that Python knows.
ENCODINGS: dict[str, LocalText] = {
    "utf-8": LocalText("UTF-8", "UTF-8"),
    "gb18030": LocalText("GBK / GB18030（简体中文）", "GBK / GB18030 (simplified Chinese)"),
    "big5hkscs": LocalText("Big5（繁体中文）", "Big5 (traditional Chinese)"),
    "utf-16-le": LocalText("UTF-16 LE（“Unicode 文本”）", 'UTF-16 LE ("Unicode text")'),
    "utf-16-be": LocalText("UTF-16 BE", "UTF-16 BE"),
    "cp932": LocalText("Shift-JIS（日文）", "Shift-JIS (Japanese)"),
    "cp1252": LocalText("Windows-1252（西欧）", "Windows-1252 (Western European)"),
}

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_SAVE_AS = LocalText(
    "请在 Excel 或 WPS 中打开它，另存为 XLSX 或 CSV（UTF-8）后再上传。",
    "Open it in Excel or WPS, save it as XLSX or CSV (UTF-8), and upload that.",
)
_NUL = LocalText(
    "第 {row} 行含有文本文件中不应有的空字符（NUL），文件可能已损坏。",
    "Row {row} holds a NUL character, which no text file has: the file may be damaged.",
)
_WRONG_FILE = LocalText(
    "请选择含有标准词和近似词的文件：CSV、TSV、XLSX、JSON、TXT、Parquet、SKOS 或 OBO。",
    "Choose a file with standard terms and synonyms: CSV, TSV, XLSX, JSON, TXT, Parquet, SKOS or OBO.",
)
_UNSURE = LocalText(
    "文件编码不能完全确定，按 {encoding} 读取。请检查预览中的文字；如有乱码，请手动选择编码。",
    "The encoding is not certain; it was read as {encoding}. Check the text in the preview, "
    "and choose the encoding by hand if it is garbled.",
)
EMPTY = LocalText("这个文件是空的。", "This file is empty.")
EMPTY_HINT = LocalText(
    "请检查导出是否成功：文件需要至少一行标准词和近似词。",
    "Check that it was saved properly: it needs at least one row with a standard term and a synonym.",
)

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)

_PICTURE = LocalText("图片", "a picture")
_PROGRAM = LocalText("程序文件", "a program")
_MEDIA = LocalText("音频或视频文件", "a sound or video file")
_ARCHIVE = LocalText("压缩包", "a compressed archive")
_SIGNATURES: tuple[tuple[bytes, LocalText], ...] = (
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"GIF87a", _PICTURE),
    (b"GIF89a", _PICTURE),
    (b"II*\x00", _PICTURE),
    (b"MM\x00*", _PICTURE),
    (b"%PDF-", LocalText("PDF 文档", "a PDF document")),
    (b"{\\rtf", LocalText("RTF 文档", "an RTF document")),
    (b"\x1f\x8b", _ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", _ARCHIVE),
    (b"Rar!\x1a\x07", _ARCHIVE),
    (b"BZh", _ARCHIVE),
    (b"\xfd7zXZ\x00", _ARCHIVE),
    (b"SQLite format 3\x00", LocalText("数据库文件", "a database")),
    (b"\x7fELF", _PROGRAM),
    (b"MZ\x90\x00", _PROGRAM),
    (b"ID3", _MEDIA),
    (b"RIFF", _MEDIA),
)
_MARKUP = re.compile(rb"\s*<(!doctype\s+html|html|table|\?xml|svg|!--)", re.IGNORECASE)
_RDF = re.compile(rb"22-rdf-syntax-ns#|<\s*(\w+:)?RDF\b")
_CONTROLS = bytes(c for c in range(32) if c not in b"\t\n\r\x0b\x0c\x1a\x1b")
_HIGH = re.compile(rb"[\x80-\xff]")
_SAMPLE = 65_536


@dataclass(frozen=True, slots=True)
class Detected:
    """``encoding`` by Python's name; ``skip`` bytes of byte order mark; ``sure``: no need to ask a person."""

    encoding: str
    skip: int = 0
    sure: bool = True
    boms: int = 0


def note_encoding(detected: Detected, log: ProblemLog) -> None:
    """Ask the expert to look at the preview, where the encoding is not certain."""
    if not detected.sure:
        shown = ENCODINGS.get(detected.encoding, detected.encoding)
        log.add("encoding_unsure", "warning", _UNSURE, encoding=shown)


def refuse_if_not_text(data: bytes) -> None:
    """Raises FileProblem that names what ``data`` looks like, where that is certainly no table of text."""
    for magic, what in _SIGNATURES:
        if data.startswith(magic):
            raise _not_a_table(what)
    if data[4:8] == b"ftyp":
        raise _not_a_table(_MEDIA)
    body = data[3:2048] if data.startswith(codecs.BOM_UTF8) else data[:2048]
    if _MARKUP.match(body) and not _RDF.search(data[:_SAMPLE]):
        raise FileProblem(
            LocalText(
                "这是网页或 XML 文件，不是词表。", "This is a web page or an XML file, not a list of terms."
            ),
            _SAVE_AS,
        )


def detect_encoding(data: bytes) -> Detected:
    """The encoding of ``data``.

    In this order: byte order mark; the pattern of NUL bytes that UTF-16 leaves; strict UTF-8; then the
    legacy encoding under which most characters are everyday ones, GB18030 winning a close call.

    Raises FileProblem where the bytes are no text in any of them.
    """
    for bom, name in _BOMS:
        if data.startswith(bom):
            skip = len(bom)
            boms = 1
            while data.startswith(bom, skip):
                skip += len(bom)
                boms += 1
            return Detected(name, skip, boms=boms)
    if b"\x00" in data:
        return Detected(_utf16_without_bom(data))
    if _controls(data) > max(2, len(data) // 200):
        raise _not_a_table(LocalText("二进制文件", "a binary file"))
    if data.isascii() or _is_utf8(data):
        return Detected("utf-8")
    if _is_damaged_utf8(data):
        return Detected("utf-8", sure=False)
    return _legacy(_lines_with_high_bytes(data))


def chosen_encoding(data: bytes, name: str) -> Detected:
    """The encoding that a person chose, past its byte order mark.

    Raises FileProblem where it is none that can be chosen.
    """
    try:
        known = codecs.lookup(name).name
    except LookupError:
        known = ""
    allowed = {codecs.lookup(key).name: key for key in ENCODINGS}
    aliases = {
        "utf-8-sig": "utf-8",
        "gbk": "gb18030",
        "gb2312": "gb18030",
        "big5": "big5hkscs",
        "shift_jis": "cp932",
    }
    if known == "utf-16":
        known = "utf-16-be" if data.startswith(codecs.BOM_UTF16_BE) else "utf-16-le"
    known = aliases.get(known, allowed.get(known, ""))
    if not known:
        raise FileProblem(
            LocalText("不认识编码“{name}”。", "There is no encoding called “{name}”."),
            LocalText("请选择其中之一：{names}。", "Choose one of {names}."),
            name=name,
            names=", ".join(ENCODINGS),
        )
    skip = next((len(bom) for bom, owner in _BOMS if owner == known and data.startswith(bom)), 0)
    return Detected(known, skip)


def _not_a_table(what: LocalText) -> FileProblem:
    return FileProblem(
        LocalText("这看起来是{what}，不是表格。", "This looks like {what}, not a table."),
        _WRONG_FILE,
        what=what,
    )


def _controls(data: bytes) -> int:
    return len(data) - len(data.translate(None, _CONTROLS))


def _is_utf8(data: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    step = 1 << 20
    try:
        for start in range(0, len(data), step):
            decoder.decode(data[start : start + step], final=start + step >= len(data))
    except UnicodeDecodeError:
        return False
    return True


def _is_damaged_utf8(data: bytes) -> bool:
    """UTF-8 but for a few bytes: cut off in the middle of a character, or broken by another program."""
    sample = _lines_with_high_bytes(data)
    text = sample.decode("utf-8", "replace")
    good = sum(1 for c in text if c > "\x7f" and c != "\ufffd")
    bad = text.count("\ufffd")
    return good >= 4 and (bad <= good // 50 or (bad == 1 and text.endswith("\ufffd")))


def _utf16_without_bom(data: bytes) -> str:
    """ "utf-16-le" or "utf-16-be", by where the zero halves of line breaks, commas and letters are."""
    sample = data[: _SAMPLE & ~1]
    first, second = sample[0::2], sample[1::2]
    names = ["utf-16-le", "utf-16-be"]
    if first.count(0) > second.count(0):
        names.reverse()
    for name in names:
        try:
            text = sample.decode(name, "strict" if len(data) <= _SAMPLE else "ignore")
        except UnicodeDecodeError:
            continue
        odd = sum(1 for c in text if (c < " " and c not in "\t\r\n") or not _everyday(c))
        if "\x00" not in text and odd <= len(text) // 20:
            return name
    if _controls(data) <= max(3, len(data) // 200):
        raise FileProblem(_NUL, _SAVE_AS, row=data.count(b"\n", 0, data.index(0)) + 1)
    raise _not_a_table(LocalText("二进制文件", "a binary file"))


def _everyday(c: str) -> bool:
    """Whether a character is in a block that a Chinese or English dictionary has."""
    return c < "\u0600" or "\u2000" <= c < "\u2700" or "\u3000" <= c < "\ua000" or "\uff00" <= c < "\ufff0"


def _lines_with_high_bytes(data: bytes) -> bytes:
    """Up to 64 KiB of those lines that hold more than ASCII: the rest says nothing about the encoding."""
    found: list[bytes] = []
    room = _SAMPLE
    place = 0
    while room > 0 and (match := _HIGH.search(data, place)):
        begin = max(data.rfind(b"\n", place, match.start()), data.rfind(b"\r", place, match.start())) + 1
        begin = max(begin, place, match.start() - 4096)
        place = data.find(b"\n", match.end()) + 1 or len(data)
        found.append(data[begin : min(place, begin + room)])
        room -= len(found[-1])
    return b"".join(found)


def _legacy(sample: bytes) -> Detected:
    scores = {name: _likelihood(sample, name) for name in ("gb18030", "big5hkscs", "cp932", "cp1252")}
    if max(scores.values()) <= 0:
        raise FileProblem(
            LocalText("无法识别这个文件的文字编码。", "The text encoding of this file cannot be recognised."),
            _SAVE_AS,
        )
    scores["gb18030"] += 0.1
    best, second = sorted(scores, key=lambda name: -scores[name])[:2]
    return Detected(best, sure=scores[best] >= 0.8 and scores[best] - scores[second] > 0.15)


def _likelihood(sample: bytes, encoding: str) -> float:
    """Share of the characters beyond ASCII that are everyday in ``encoding``, 0..1; -1: not decodable."""
    text = sample.decode(encoding, "replace")
    high = [c for c in text if c > "\x7f"]
    if not high:
        return -1.0
    bad = high.count("\ufffd")
    # One broken character at the end is where the sample or the file was cut.
    if bad > 1 + len(high) // 100 or (bad == 1 and len(high) < 4):
        return -1.0
    if encoding == "cp1252":
        return _western(text, high)
    common = _common(encoding)
    score = sum(1.0 for c in high if c in common)
    if encoding == "gb18030":
        # Traditional Chinese in GBK: everyday characters that its first level does not list.
        traditional = _common("big5hkscs")
        score += sum(0.75 for c in high if c not in common and c in traditional)
    return score / len(high)


def _western(text: str, high: list[str]) -> float:
    """Accented letters stand alone among plain ones; the bytes of Chinese come in runs."""
    letters = sum(1 for c in high if c.isalpha() or c in "‘’“”–—…°®™€×±µ²³½¼")
    runs = len(re.findall(r"[^\x00-\x7f]{2,}", text))
    plain = sum(1 for c in text if c.isalpha() and c < "\x80")
    return max(0.0, letters / len(high) - 2 * runs / len(high)) if plain >= len(high) else 0.0


@lru_cache(maxsize=4)
def _common(encoding: str) -> frozenset[str]:
    """The everyday characters of a double-byte encoding, by its own layout (level 1 and punctuation)."""
    if encoding == "gb18030":
        leads, trails = [*range(0xA1, 0xA4), *range(0xB0, 0xD8)], range(0xA1, 0xFF)
    elif encoding == "big5hkscs":
        leads, trails = list(range(0xA1, 0xC7)), [*range(0x40, 0x7F), *range(0xA1, 0xFF)]  # type: ignore[assignment]  # list or range
    else:
        leads, trails = [0x81, 0x82, 0x83, *range(0x88, 0x99)], range(0x40, 0xFD)
    pairs = (bytes((lead, trail)).decode(encoding, "ignore") for lead in leads for trail in trails)
    return frozenset(c for c in pairs if len(c) == 1 and c > "\x7f")
