"""Names that people give: tidied, checked, made unique."""

from __future__ import annotations

from workbench.errors import BadParameter
from workbench.localtext import LocalText

LONGEST_NAME = 80


def tidy(name: str) -> str:
    """One line of printable characters, cut at the longest name."""
    return " ".join("".join(c for c in name if c.isprintable()).split())[:LONGEST_NAME]


def checked_name(name: str) -> str:
    """A tidied name; raises BadParameter where it is empty or too long."""
    kept = tidy(name)
    if not kept or len(" ".join(name.split())) > LONGEST_NAME:
        raise BadParameter(
            LocalText(
                "名字不能为空，也不能超过 80 个字。", "A name cannot be empty or longer than 80 characters."
            ),
            LocalText("请改一个。", "Choose another."),
        )
    return kept


def unique(wish: str, taken: set[str]) -> str:
    """``wish``, with a number behind it where it is taken."""
    number, name = 1, wish
    while name in taken:
        number += 1
        name = f"{wish}-{number}"
    return name
