"""What the expert says of two terms on the Explore tab: synonyms, not synonyms, and taking it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from workbench.editing.edits import AddGroup, AddSynonyms, Edit, MarkApart, MergeGroups, UnmarkApart
from workbench.normalise import term_key
from workbench.types import Group
from workbench.ui import incoming
from workbench.ui.page import Page
from workbench.ui.present import both

LONGEST_NAME = 200
LARGEST = 2**53
WORDS = ("synonyms", "merge", "add", "apart", "unmark")
Function = Callable[[dict[str, Any]], dict[str, Any]]


def functions(page: Page) -> list[Function]:
    """What the actions of the tab ask the server."""
    editor = page.services.editor

    def say(data: dict[str, Any]) -> dict[str, Any]:
        """One word of the expert's as one step of the dictionary.

        Where both terms have groups already, "synonyms" changes nothing and asks: merge them, or add
        the second term to the group of the first?
        """
        name = incoming.words(data, "dictionary", limit=LONGEST_NAME)
        a, b = (incoming.words(data, key).strip() for key in ("a", "b"))
        word = incoming.one_of(data, "word", WORDS)
        author = incoming.author(data)
        version = editor.status(name).version
        first, second = editor.find(name, a), editor.find(name, b)
        if word == "synonyms" and _apart_in_groups(first, second):
            return {"choose": [home(first, a).standard, home(second, b).standard]}
        result = editor.apply(name, _edit(word, a, b, first, second), based_on=version, author=author)
        return {
            "version": result.info.version,
            "title": both(result.step.title) if result.step else None,
            "notes": [both(note) for note in result.notes],
        }

    def take_back(data: dict[str, Any]) -> dict[str, Any]:
        """Undo the step that made ``version``, where nothing was changed since."""
        name = incoming.words(data, "dictionary", limit=LONGEST_NAME)
        version = incoming.whole(data, "version", 1, LARGEST)
        author = incoming.author(data)
        result = editor.undo(name, based_on=version, author=author)
        return {
            "version": result.info.version,
            "title": both(result.step.title) if result.step else None,
        }

    return [say, take_back]


def home(groups: Sequence[Group], term: str) -> Group:
    """The group whose standard term it is, else the first that holds it."""
    return next((group for group in groups if term_key(group.standard) == term_key(term)), groups[0])


def _apart_in_groups(first: Sequence[Group], second: Sequence[Group]) -> bool:
    """Whether both terms have groups, and none in common."""
    return bool(first and second) and not {group.id for group in first} & {group.id for group in second}


def _edit(word: str, a: str, b: str, first: Sequence[Group], second: Sequence[Group]) -> Edit:
    """The edit that a word about two terms means, given the groups that hold them."""
    if word == "apart":
        return MarkApart(a, b)
    if word == "unmark":
        return UnmarkApart(a, b)
    if word == "merge" and _apart_in_groups(first, second):
        into = home(first, a).id
        return MergeGroups((into, home(second, b).id), into)
    if first:
        return AddSynonyms(home(first, a).id, (b,))
    if second:
        return AddSynonyms(home(second, b).id, (a,))
    return AddGroup(a, (b,))
