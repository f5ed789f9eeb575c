"""Cuts texts into the words and characters that lexical systems count."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable

from workbench.normalise import term_key

_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(rf"[{_HAN}]+|[^\W{_HAN}]+")
_HAN_RUN = re.compile(rf"[{_HAN}]+")


@functools.cache
def word_cutter() -> Callable[[str], Iterable[str]]:
    """What cuts a text into words by jieba's dictionary, without its model for unknown words.

    The dictionary is read from the package once a process (half a second): jieba's own cache would be
    a file in a folder that everybody may write to.
    """
    import jieba  # type: ignore[import-untyped]  # it has no types

    cutter = jieba.Tokenizer()
    cutter.FREQ, cutter.total = cutter.gen_pfdict(cutter.get_dict_file())
    cutter.initialized = True
    return lambda text: cutter.cut(text, HMM=False)


def words(text: str) -> list[str]:
    """The words of a text in order, case folded: Chinese ones by jieba, others where they are written apart.

    Punctuation is left out. A text of signs alone (``++``) is one word, so that it can be found at all.
    """
    found: list[str] = []
    key = term_key(text)
    for run in _RUNS.findall(key):
        found += word_cutter()(run) if _HAN_RUN.match(run) else [run]
    return found or ([key] if key else [])


def character_pieces(text: str) -> list[str]:
    """Single characters and pairs of neighbours, case folded, without white space and punctuation."""
    key = term_key(text)
    letters = "".join(c for c in key if c.isalnum()) or key.replace(" ", "")
    return [*letters, *(letters[i : i + 2] for i in range(len(letters) - 1))]


def has_han(text: str) -> bool:
    """Whether a text holds a Chinese character."""
    return _HAN_RUN.search(text) is not None


def han_characters(text: str) -> set[str]:
    """The Chinese characters of a text."""
    return {character for run in _HAN_RUN.findall(term_key(text)) for character in run}


def latin_words(text: str) -> list[str]:
    """The words of a text that are not Chinese, case folded."""
    return [run for run in _RUNS.findall(term_key(text)) if not _HAN_RUN.match(run)]
