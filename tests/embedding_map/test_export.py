"""The map as one file: whatever the terms are, they are data in it and nothing else."""

import json
from html.parser import HTMLParser

import numpy as np
import pytest

from workbench.embedding_map.colours import by_group, by_language, by_part, by_rank
from workbench.embedding_map.export import as_text, map_page
from workbench.embedding_map.layout import Before, MapLayout

ODD = (
    "</script><img src=x onerror=alert(1)>",
    "<!--<script>",
    "]]>{{script}}{{data}}",
    "\"quoted\" 'single' \\ back",
    "👩‍🔬 эмодзи",
    "שלום עולם",
    "\u202eright to left\u202c",
    "a\u2028b\u2029c\x00d",
    "\ud83d",
    "长" * 500,
    "&lt;b&gt;",
    "plain",
)


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.scripts, self._script, self.title, self._title = [], [], None, "", False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._title = tag == "title"
        if tag == "script":
            self._script = (dict(attributes), [])

    def handle_data(self, data):
        if self._script is not None:
            self._script[1].append(data)
        if self._title:
            self.title += data

    def handle_endtag(self, tag):
        self._title = False
        if tag == "script":
            attributes, parts = self._script
            self.scripts.append((attributes, "".join(parts)))
            self._script = None


def layout(terms, before=False):
    count = len(terms)
    x, y = np.linspace(-1, 1, count, dtype=np.float32), np.linspace(1, -1, count, dtype=np.float32)
    other = Before("<b>base</b>", y, x, 0.8, 0.5, 0.25, np.abs(x - y)) if before else None
    return MapLayout(
        terms, terms, ("train",) * count, (True,) * count, x, y, "umap", 0.9, 3, "version", other, 0
    )


def page_of(terms=ODD, before=False, **more):
    made = layout(terms, before)
    ranks = np.arange(1, len(terms) + 1, dtype=np.float32)
    ranks[0] = np.nan
    colours = [by_group(made), by_rank(ranks), by_part(made), by_language(made)]
    return Page(map_page(made, colours, dictionary="a<b>&\"'", model="m</title>", **more).decode("utf-8"))


def test_no_term_becomes_markup_and_all_arrive():
    page, plain = page_of(), page_of(tuple(f"term{n}" for n in range(len(ODD))))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    assert "img" not in [tag for tag, _ in page.tags]
    assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on")]
    assert page.title == "a<b>&\"' · m</title>"
    (attributes, text), *code = page.scripts
    assert attributes["type"] == "application/json"
    data = json.loads(text)
    assert tuple(data["terms"]) == ODD
    assert data["dictionary"] == "a<b>&\"'"
    assert text.isascii()
    assert not set("<>&") & set(text)
    assert len(code) == 2
    assert [script for _, script in code] == [script for _, script in plain.scripts[1:]]


def test_it_asks_for_nothing():
    page = page_of()
    assert not [
        (tag, key)
        for tag, attributes in page.tags
        for key in attributes
        if key in ("src", "href", "action", "srcset")
    ]
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert "connect-src" not in policy  # falls back to default-src
    assert len(page.scripts[1][1]) > 1_000_000  # plotly.js itself


def test_what_is_drawn_is_in_the_file():
    page = page_of(before=True)
    data = json.loads(page.scripts[0][1])
    made = layout(ODD, True)
    assert data["x"] == pytest.approx(made.x.tolist(), abs=1e-4)
    assert data["before"]["x"] == pytest.approx(made.before.x.tolist(), abs=1e-4)
    assert (data["before"]["distance_before"], data["before"]["distance_after"]) == (0.5, 0.25)
    assert data["left_out"] == 3
    assert [colours["by"] for colours in data["colours"]] == ["group", "rank", "part", "language"]
    rank = data["colours"][1]
    assert rank["values"][:3] == [None, 2.0, 3.0]
    assert (rank["low"], rank["high"]) == (1.0, float(len(ODD)))
    for colours in data["colours"]:
        assert set(colours["legend"]) == {"zh", "en"}
        assert len(colours["values"]) == len(ODD)
    assert json.loads(page_of().scripts[0][1])["before"] is None


def test_infinity_never_reaches_the_file():
    with pytest.raises(ValueError):
        as_text({"x": float("nan")})
