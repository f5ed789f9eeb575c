"""Whose a piece of work is: what is shared is followed by everybody, and ended by who began it only."""

from __future__ import annotations

from workbench.errors import Conflict
from workbench.ui.rights import Forbidden, signed_in
from workbench.ui.text import text


def asking() -> str:
    """The name of who asks; empty where nobody has to sign in, and everybody is one."""
    person = signed_in()
    return person.name if person else ""


def check_may_end(starter: str) -> None:
    """Refuse to end what somebody else has begun, but for trainers, who look after the machine.

    Raises:
        Forbidden: it names who began it.
    """
    person = signed_in()
    if person is not None and person.name != starter and not person.may("train"):
        raise Forbidden(text("accounts.of_another", who=starter), text("accounts.of_another_hint"))


def refuse_another(starter: str) -> None:
    """Refuse to begin what somebody is doing otherwise at the moment: it would be lost without a word.

    Raises:
        Conflict: it names who is at it.
    """
    person = signed_in()
    if person is not None and person.name != starter:
        raise Conflict(text("accounts.under_way", who=starter), text("accounts.under_way_hint"))
    raise Conflict(text("accounts.under_way_own"), text("accounts.under_way_hint"))
