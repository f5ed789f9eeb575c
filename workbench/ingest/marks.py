"""The few characters in a term that carry its meaning by themselves: numbers, designations, opposites.

Two terms that differ in one of them (M8 and M10, 2.0T and 1.5T, 一期 and 二期, 左前门 and 右前门, type I and
type II, DNA and RNA, C and C++) are never each other's slip of the pen, however alike they look.
"""

from __future__ import annotations

import re

_NUMBER = r"\d+(?:[.,:/~×*x\-]\d+)*"
_SYMBOL = r"[+#%‰°±×÷<>=≤≥√*$€£¥♂♀→←↑↓]"
_NUMBERS = re.compile(f"{_NUMBER}|{_SYMBOL}")
_THOUSANDS = re.compile(r",(?=\d{3}(?!\d))")

_CODE = r"(?<![a-z])[a-z]{1,2}[-\s]?(?=\d)"  # the M of M8, the A of A-4
_UNIT = r"(?<=\d)[a-z]{1,3}(?![a-z])"  # the T of 2.0T
_LETTER = r"(?<![a-zα-ω'’])[a-zα-ω](?![a-zα-ω])"  # vitamin A, α wave
_ROMAN = r"(?<![a-z])[ivx]{2,4}(?![a-z])"
_FILLERS = "of|the|and|in|to|for|by|on|or|an|at|as|is|de|la|le"
_SHORT = rf"(?<![a-z])(?!(?:{_FILLERS})(?![a-z]))[a-z]{{2,3}}(?![a-z])"  # ABS, DNA
_HAN = (
    "[〇零一二两三四五六七八九十百千万亿半双单甲乙丙丁戊己庚辛壬癸"
    "左右上下前后內内外东南西北正反负阴阳大小高低长短粗细新旧公母雌雄男女进出开关加减升降增冷热干湿不非无未有]"
)
_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|first|second|third|fourth|fifth|sixth|seventh|"
    "eighth|ninth|tenth|left|right|upper|lower|front|rear|inner|outer|internal|external|interior|exterior|"
    "anterior|posterior|superior|inferior|medial|lateral|proximal|distal|dorsal|ventral|maternal|paternal|"
    "male|female|positive|negative|increased|decreased|increase|decrease|high|low|large|small|long|short|"
    "hot|cold|wet|dry|open|closed|old|new|major|minor|maximum|minimum|primary|secondary|tertiary|early|late|"
    "no|not|non|without|with|before|after|above|below|input|output|import|export|inbound|outbound"
)
_WORD = rf"(?<![a-z])(?:{_WORDS})(?![a-z])"
_PREFIXES = "hyper|hypo|intra|inter|pre|post|over|under|anti|un|in|im|non|macro|micro|mono|bi|tri"
_PREFIX = rf"(?<![a-z])(?:{_PREFIXES})(?=[a-z])"
_ALL = re.compile("|".join((_CODE, _NUMBER, _UNIT, _ROMAN, _WORD, _PREFIX, _SHORT, _LETTER, _HAN, _SYMBOL)))


def numbers(key: str) -> str:
    """The numbers and symbols of a term in their order; ``key`` is a term's key.

    What stands between two digits belongs to the number (1.5 is not 15, 1/2 not 12), but for the comma
    of thousands; ``×``, ``*`` and ``x`` between digits are one sign.
    """
    return "\x1f".join(_tidy(token) for token in _NUMBERS.findall(key)) if _NUMBERS.search(key) else ""


def marks(key: str) -> str:
    """All that :func:`numbers` gives, with designations, opposites and negations, in their order."""
    return "\x1f".join(_tidy(token) for token in _ALL.findall(key))


def _tidy(token: str) -> str:
    if token[0].isdigit():
        return _THOUSANDS.sub("", token).replace("×", "x").replace("*", "x")
    return token.rstrip("- ")
