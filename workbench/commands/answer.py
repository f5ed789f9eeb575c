"""What every command gives back, and the files and columns that its options name."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from workbench.errors import BadParameter, InputError
from workbench.ingest.table import too_large
from workbench.localtext import Language, LocalText
from workbench.types import Problem

Answer = tuple[Any, Callable[[], str]]  # the JSON document, and the same for people
Parsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # where commands are added
SHOWN = 20  # lines of a list in a terminal; a document has all of them


def column(name: str) -> str | int:
    """A column by its heading, or ``#2`` for the second."""
    if name.startswith("#") and name[1:].isdecimal() and int(name[1:]) > 0:
        return int(name[1:]) - 1
    return name


def one_column(name: str | None) -> str | int | None:
    """A column that may be left out."""
    return None if name is None else column(name)


def columns(names: Sequence[str] | None) -> list[str | int] | None:
    """Several columns that may be left out."""
    return [column(name) for name in names] if names else None


def problem_lines(
    problems: Sequence[Problem], counts: Mapping[str, int], language: Language, most: int = SHOWN
) -> list[str]:
    """The first problems by row, and how many more there are."""
    lines = [f"  {f'{each.row}: ' if each.row else ''}{each.text.get(language)}" for each in problems[:most]]
    rest = sum(counts.values()) - len(lines)
    return [*lines, f"  … {rest} more"] if rest > 0 else lines


def write_file(path: Path, data: bytes) -> None:
    """Write a whole file. Raises InputError in words where that cannot be."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InputError(
            LocalText("写不了文件「{file}」：{why}。", "The file “{file}” cannot be written: {why}."),
            LocalText("请检查路径和磁盘空间。", "Check the path and the room on the disk."),
            file=path,
            why=error.strerror or error,
        ) from error


def read_file(path: Path, limit: int) -> bytes:
    """A whole file of at most ``limit`` bytes. Raises InputError in words."""
    try:
        if path.stat().st_size > limit:
            raise too_large(path.stat().st_size, limit)
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            LocalText("读不了文件「{file}」：{why}。", "The file “{file}” cannot be read: {why}."),
            LocalText("请检查路径。", "Check the path."),
            file=path,
            why=error.strerror or error,
        ) from error


def format_of(path: Path, wish: str | None, known: Sequence[str], endings: Mapping[str, str]) -> str:
    """The format that a file is to have: as asked for, or by its ending ("csv" where it has none).

    ``endings`` are those that are not the name of their format: ``{"ttl": "skos"}``.

    Raises:
        BadParameter: it is none of ``known``.
    """
    ending = path.suffix.lower().lstrip(".")
    chosen = wish or endings.get(ending, ending) or "csv"
    if chosen not in known:
        raise BadParameter(
            LocalText("不认识的格式「{format}」。", "Unknown format “{format}”."),
            LocalText("可用：{known}。", "There are: {known}."),
            format=chosen,
            known=", ".join(known),
        )
    return chosen
