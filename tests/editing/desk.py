"""An editor with one small dictionary, as the tests of editing use it."""

from workbench.services.editing import Editor
from workbench.settings import Settings
from workbench.types import Pair
from workbench.workspace import Workspace

PAIRS = [
    Pair("普拉多", "霸道", 2),
    Pair("普拉多", "Prado", 3),
    Pair("普拉多", "LC150", 4),
    Pair("越野车", "SUV", 5),
    Pair("越野车", "越野汽车", 6),
    Pair("混凝土", "砼", 7),
]
PRADO, OFFROAD, CONCRETE = 1, 2, 3
HOSTILE = [
    "'; DROP TABLE entries; --",
    '" OR 1=1 --',
    "Robert'); DELETE FROM versions;--",
    "100%",
    "_",
    "\\",
    "{0} {term} {title}",
    "👨‍👩‍👧 🚗",
    "<script>alert(1)</script>",
    "=1+1",
]


class Desk:
    """An editor with one dictionary, "车", that looks before each edit."""

    def __init__(self, home, pairs=PAIRS, labels=()):
        self.workspace = Workspace(Settings.from_env({}, home=home))
        self.editor = Editor(self.workspace)
        self.workspace.dictionaries.save("车", pairs, language="zh", source="车.csv", labels=labels)

    @property
    def version(self):
        return self.workspace.dictionaries.get("车").version

    def do(self, edit, **more):
        return self.editor.apply("车", edit, **{"based_on": self.version, **more})

    def undo(self):
        return self.editor.undo("车", based_on=self.version)

    def redo(self):
        return self.editor.redo("车", based_on=self.version)

    def groups(self):
        page = self.editor.page("车", size=500)
        assert len(page.groups) == page.total
        return {group.id: (group.standard, *group.synonyms) for group in page.groups}

    def pairs(self):
        return self.workspace.dictionaries.pairs(self.workspace.dictionaries.get("车").version_id)

    def labels(self):
        """Column -> synonym's key -> value, as the newest version has them."""
        return self.workspace.dictionaries.labels(self.workspace.dictionaries.get("车"))

    def counts(self):
        info = self.workspace.dictionaries.get("车")
        return info.pairs, info.standards, info.terms


def said(result, language="en"):
    return " ".join(note.get(language) for note in result.notes)
