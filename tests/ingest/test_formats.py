"""Dictionaries in whatever file people have them: JSON, lines of text, Parquet, thesauri, ontologies."""

from __future__ import annotations

import io
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from workbench.errors import BadParameter, FileProblem
from workbench.ingest.dictionary import DictionaryPreview, parse_dictionary
from workbench.ingest.readers import ReadOptions, Table, read_table

Found = list[tuple[str, str, int]]


def read(text: str | bytes, filename: str = "words.txt", **options: Any) -> Table:
    data = text.encode() if isinstance(text, str) else text
    limits: dict[str, Any] = {"max_rows": 10_000, "max_bytes": 10_000_000, "isolated": False}
    return read_table(data, filename, **{**limits, **options})


def preview(text: str | bytes, filename: str = "words.txt", **options: Any) -> DictionaryPreview:
    return parse_dictionary(read(text, filename, **options))


def pairs(text: str | bytes, filename: str = "words.txt", **options: Any) -> Found:
    return [(p.standard, p.synonym, p.row) for p in preview(text, filename, **options).pairs]


def refusal(text: str | bytes, filename: str, **options: Any) -> str:
    with pytest.raises(FileProblem) as caught:
        preview(text, filename, **options)
    assert caught.value.hint is not None
    assert any("\u4e00" <= c <= "\u9fff" for c in caught.value.text("zh"))
    return caught.value.text("en")


def codes(table: Table | DictionaryPreview) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.row) for problem in table.problems]


# -- JSON -------------------------------------------------------------------------------------------

GROUPS = [("a", "b", 1), ("a", "c", 1), ("d", "e", 2)]


@pytest.mark.parametrize(
    "text",
    [
        '[{"standard": "a", "synonyms": ["b", "c"]}, {"standard": "d", "synonyms": "e"}]',
        '[{"别名": ["b", "c"], "标准词": "a"}, {"别名": ["e"], "标准词": "d"}]',
        '{"a": ["b", "c"], "d": "e"}',
        '{"version": 2, "groups": [{"name": "a", "synonyms": ["b", "c"]}, {"name": "d", "synonyms": ["e"]}]}',
        '{"groups": [["a", "b", "c"], ["d", "e"]]}',
        '{"synonyms": {"a": ["b", "c"], "d": ["e"]}}',
        '{"name": "my terms", "version": 3, "data": {"a": ["b", "c"], "d": ["e"]}}',
        '[["a", "b", "c"], ["d", "e"]]',
        '{"count": 2, "synonyms_set": [{"id": "x", "synonyms": "b, c => a"}, {"synonyms": "d, e"}]}',
        '[["a", ["b", "c"]], ["d", ["e"]]]',
        '{"a": {"synonyms": ["b", "c"], "note": "x"}, "d": {"synonyms": ["e"], "note": "y"}}',
        '{"T1": {"name": "a", "alias": ["b", "c"]}, "T2": {"name": "d", "alias": ["e"]}}',
        '[{"term": "a", "aliases": [{"lang": "en", "value": "b"}, {"lang": "de", "value": "c"}]},'
        ' {"term": "d", "aliases": [{"lang": "fr", "value": "e"}]}]',
    ],
)
def test_json_of_every_shape_gives_its_pairs_numbered_by_item(text: str) -> None:
    assert pairs(text, "words.json") == GROUPS
    assert preview(text, "words.json").format == "json"
    assert pairs("\ufeff" + json.dumps(json.loads(text), indent=2), "words") == GROUPS


def test_json_lines_are_objects_or_arrays_numbered_by_line() -> None:
    text = (
        '{"standard": "a", "synonyms": ["b", "c"]}\n\n{"standard": "d", "synonym": "x", "synonyms": ["e"]}\n'
    )
    assert pairs(text, "words.jsonl") == [("a", "b", 1), ("a", "c", 1), ("d", "e", 3), ("d", "x", 3)]
    assert pairs('["a", "b"]\n["d", ["e", "f"]]\n') == [("a", "b", 1), ("d", "e", 2), ("d", "f", 2)]
    assert preview(text).format == "jsonl"
    assert pairs('["a", "b\u2028c"]\n["d", "e"]\n')[1] == ("d", "e", 2)
    long = json.dumps(["a", "b"]) + "\n"
    assert pairs(f'["x", ["y", "{"z" * 300_000}"]]\n' + long, "words.json")[0] == ("x", "y", 1)


def test_json_values_stay_as_they_are_written() -> None:
    text = '[{"text1": "007", "text2": "NA", "label": 1E5, "x": 0.50, "y": null, "z": true, "w": "null"}]'
    table = read(text, "pairs.json")
    assert table.rows[0] == ("text1", "text2", "label", "x", "y", "z", "w")
    assert table.rows[1] == ("007", "NA", "1E5", "0.50", "", "true", "null")
    assert (table.heading, list(table.row_numbers)) == (True, [0, 1])
    huge = "9" * 5000
    assert read(f'[{{"a": {huge}, "b": "x"}}]', "x.json").rows[1] == (huge, "x")


def test_a_broken_line_of_json_costs_that_line_alone() -> None:
    text = (
        '{"standard": "a", "synonym": "b"}\n{"standard": "x", \n"text"\n{"standard": "d", "synonym": "e"}\n'
    )
    found = preview(text, "words.jsonl")
    assert [(p.standard, p.synonym, p.row) for p in found.pairs] == [("a", "b", 1), ("d", "e", 4)]
    assert codes(found) == [("broken_line", 2), ("not_an_object", 3)]


def test_broken_json_is_refused_with_its_place() -> None:
    assert "Row 2, character 19" in refusal('[{"standard": "a"},\n {"standard": "b" "c"}]', "words.json")
    assert "nested" in refusal("[" * 100_000, "words.json")
    assert "neither" in refusal("12", "words.json")


def test_a_key_that_comes_twice_loses_nothing_and_is_said() -> None:
    found = preview('{"a": ["b"], "d": "e", "a": "c"}', "words.json")
    assert [(p.standard, p.synonym) for p in found.pairs] == [("a", "b"), ("a", "c"), ("d", "e")]
    assert "duplicate_key" in found.problem_counts


def test_half_a_character_is_reported_by_row() -> None:
    found = preview('[{"standard": "a", "synonym": "b\\ud83d"}]', "words.json")
    assert found.pairs[0].synonym == "b\ufffd"
    assert ("broken_character", 1) in codes(found)


def test_keys_that_say_nothing_are_a_heading_that_the_expert_checks() -> None:
    found = preview('[{"k": "a", "v": "b"}, {"k": "d", "v": "e"}]', "words.json")
    assert [(p.standard, p.synonym) for p in found.pairs] == [("a", "b"), ("d", "e")]
    assert found.columns == ("k", "v")
    assert not found.choice.sure


# -- lines of text ----------------------------------------------------------------------------------


def test_terms_after_a_colon_are_synonyms() -> None:
    text = "混凝土：砼、商砼（C30、C40）\n车: car, auto；vehicle\n泵:水泵|抽水机/水抽\tpump\n齿轮箱：变速箱\n"
    assert pairs(text) == [
        ("混凝土", "砼", 1), ("混凝土", "商砼（C30、C40）", 1), ("车", "car", 2), ("车", "auto", 2),
        ("车", "vehicle", 2), ("泵", "水泵", 3), ("泵", "抽水机", 3), ("泵", "水抽", 3), ("泵", "pump", 3),
        ("齿轮箱", "变速箱", 4),
    ]  # fmt: skip
    assert preview(text).format == "colon"


def test_a_line_without_a_colon_is_reported_by_row() -> None:
    found = preview("a: b\nc: d\n\ne: f\ng: h\nno more\n")
    assert codes(found) == [("no_colon", 6)]
    assert found.pairs[2].row == 4


def test_times_links_and_tables_are_not_taken_for_terms_with_colons() -> None:
    for text in (
        "12:30,a\n12:31,b\n",
        "http://a,b\nhttp://c,d\n",
        "a,b: c\nd,e: f\n",
        "a\tb: c\nd\te: f\n",
        "q: a\tb\nq: d\te\n",
    ):
        assert read(text).format in ("csv", "tsv")
    assert read("a: b, c\nd: e, f\n", "words.csv").format == "csv"


@pytest.mark.parametrize("text", ["a、b、c\nd、e\n", "a b c\nd e\n", "a, b,c\n\nd,e\n", "a\tb\tc\nd\te"])
def test_one_group_a_line_is_read_on_request(text: str) -> None:
    found = pairs(text, format="groups")
    assert [pair[:2] for pair in found] == [("a", "b"), ("a", "c"), ("d", "e")]
    assert ("single_term", 1) in codes(preview("x\na、b", format="groups"))
    assert pairs("a-b-c", format="groups", delimiter="-") == [("a", "b", 1), ("a", "c", 1)]


def test_solr_rules_lead_from_synonyms_to_standard_terms() -> None:
    text = "# note\na, b => c\nd\\,x => e, f\ng, h, i\n\\#k, y\\=>z => m\nn, o => o\n"
    assert pairs(text) == [
        ("c", "a", 2), ("c", "b", 2), ("e", "d,x", 3), ("f", "d,x", 3), ("g", "h", 4), ("g", "i", 4),
        ("m", "#k", 5), ("m", "y=>z", 5), ("o", "n", 6),
    ]  # fmt: skip
    assert pairs("a, b, c\n# x\nd, e", format="solr") == [("a", "b", 1), ("a", "c", 1), ("d", "e", 3)]


def test_solr_rules_that_say_nothing_are_reported_by_row() -> None:
    found = preview("a => b\n => c\nd =>\ne => f => g\nalone\n")
    assert codes(found) == [("half_rule", 2), ("half_rule", 3), ("two_arrows", 4), ("single_term", 5)]


def test_an_arrow_in_a_table_is_part_of_its_term() -> None:
    assert pairs("标准词,近似词\na => b,c\n", "words.csv") == [("a => b", "c", 2)]


def test_cilin_lines_give_synonyms_and_skip_the_merely_related() -> None:
    found = preview("Aa01A01= 人 士 人物\nAa01A02# 人类 生人\nAa01A03@ 角色\nAa01B01= 甲 乙\n".encode("gbk"))
    assert [(p.standard, p.synonym, p.row) for p in found.pairs] == [
        ("人", "士", 1), ("人", "人物", 1), ("甲", "乙", 4),
    ]  # fmt: skip
    assert codes(found) == [("related_only", 2), ("single_term", 3)]
    assert found.format == "cilin"


# -- Parquet ----------------------------------------------------------------------------------------


def as_parquet(**columns: Any) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(pa.table(columns), stream)
    return stream.getvalue()


def test_parquet_columns_come_as_a_person_sees_them() -> None:
    data = as_parquet(
        term=["007", "NA"],
        number=[1.0, 0.25],
        single=pa.array([0.1, None], pa.float32()),
        whole=[10**17, -3],
        flag=[True, None],
        day=[date(2024, 1, 2), None],
        moment=pa.array([datetime(2024, 1, 2), datetime(2024, 1, 2, 3, 4, 5)], pa.timestamp("ns")),
        exact=[Decimal("1.50"), Decimal("2.00")],
        kind=pa.array(["x", "x"]).dictionary_encode(),
        inner=[{"a": "1", "b": ["u", "v"]}, None],
    )
    assert read(data, "x.parquet").rows == [
        ("term", "number", "single", "whole", "flag", "day", "moment", "exact", "kind", "inner.a", "inner.b"),
        ("007", "1", "0.1", str(10**17), "true", "2024-01-02", "2024-01-02", "1.50", "x", "1", "u"),
        ("007", "1", "0.1", str(10**17), "true", "2024-01-02", "2024-01-02", "1.50", "x", "1", "v"),
        ("NA", "0.25", "", "-3", "", "", "2024-01-02 03:04:05", "2.00", "x", "", ""),
    ]


def test_lists_in_parquet_are_several_synonyms() -> None:
    data = as_parquet(standard=["a", "d", "z"], synonyms=[["b", "c"], ["e"], []])
    assert pairs(data, "words.parquet") == GROUPS
    assert codes(preview(data, "words.parquet")) == [("empty_cell", 3)]


def test_a_parquet_file_that_is_too_long_or_damaged_is_refused() -> None:
    data = as_parquet(a=["x"] * 50, b=["y"] * 50)
    assert "50" in refusal(data, "x.parquet", max_rows=49)
    assert "damaged" in refusal(data[:-20], "x.parquet")
    assert "damaged" in refusal(b"PAR1" + bytes(40), "x.parquet")


# -- thesauri ---------------------------------------------------------------------------------------

TURTLE = """@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<urn:a> a skos:Concept ; skos:prefLabel "混凝土"@zh, "concrete"@en ; skos:definition "hard"@en ;
  skos:altLabel "砼"@zh, "beton"@en ; skos:hiddenLabel "concret"@en .
<urn:b> skos:prefLabel "车"@zh ; skos:altLabel "car, motor"@en .
<urn:c> skos:altLabel "orphan" .
"""


def test_a_thesaurus_gives_its_labels_with_kind_and_language() -> None:
    table = read(TURTLE, "words.ttl")
    assert table.rows == [
        ("standard", "synonym", "kind", "language"),
        ("混凝土", "concrete", "translation", "en"),
        ("混凝土", "砼", "alt", "zh"),
        ("混凝土", "beton", "alt", "en"),
        ("混凝土", "concret", "hidden", "en"),
        ("车", "car, motor", "alt", "en"),
    ]
    assert codes(table) == [("no_preferred", 3)]
    found = preview(TURTLE, "whatever")
    assert (found.format, len(found.pairs), found.multi_value_cells) == ("skos", 5, 0)


def test_the_language_of_the_standard_terms_can_be_chosen() -> None:
    table = read(TURTLE, "words.ttl", options=ReadOptions(language="en"))
    assert table.rows[1] == ("concrete", "混凝土", "translation", "zh")
    assert table.rows[5][0] == "车"  # has no English one


def test_rdf_xml_with_entities_of_an_editor_and_labels_as_things() -> None:
    text = """<?xml version="1.0" encoding="GBK"?>
<!DOCTYPE rdf:RDF [<!ENTITY skos "http://www.w3.org/2004/02/skos/core#">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
  xmlns:skos="http://www.w3.org/2004/02/skos/core#" xmlns:xl="http://www.w3.org/2008/05/skos-xl#">
<skos:Concept rdf:about="&skos;a"><skos:prefLabel xml:lang="zh">钢筋混凝土</skos:prefLabel>
<skos:altLabel> 钢砼 </skos:altLabel>
<xl:altLabel><xl:Label><xl:literalForm>RC</xl:literalForm></xl:Label></xl:altLabel></skos:Concept></rdf:RDF>"""
    for encoding in ("gbk", "utf-16"):
        assert pairs(text.encode(encoding), "words.rdf") == [
            ("钢筋混凝土", "钢砼", 1),
            ("钢筋混凝土", "RC", 1),
        ]


def test_n_triples_and_json_ld_are_read() -> None:
    label = "http://www.w3.org/2004/02/skos/core#"
    triples = f'<urn:a> <{label}prefLabel> "a"@en .\n<urn:a> <{label}altLabel> "b \\u00e9"@en .\n'
    assert pairs(triples, "x") == [("a", "b é", 1)]
    document = {"@context": {"s": label}, "@graph": [{"@id": "urn:a", "s:prefLabel": "a", "s:altLabel": "b"}]}
    assert pairs(json.dumps(document), "x.jsonld") == [("a", "b", 1)]


def test_an_ontology_without_preferred_labels_has_names_and_exact_synonyms() -> None:
    text = """@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix oio: <http://www.geneontology.org/formats/oboInOwl#> .
<urn:a> rdfs:label "heart attack" ; oio:hasExactSynonym "myocardial infarction" ."""
    assert pairs(text, "x.ttl") == [("heart attack", "myocardial infarction", 1)]


@pytest.mark.parametrize(
    ("text", "filename", "word"),
    [
        ('@prefix a: <urn:a> .\n<urn:a> a:b "open\n', "x.ttl", "row 2"),
        ("<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\n<a>", "x.rdf", "row 2"),
        ('@prefix a: <urn:a> .\n<urn:a> a:b "c" .', "x.ttl", "no SKOS labels"),
        ('{"@context": "https://example.org/c.json", "@graph": []}', "x.jsonld", "network"),
        ('{"@context": [{"@import": "file:///etc/passwd"}], "@graph": []}', "x.jsonld", "network"),
        ("<?xml version='1.0'?><feed/>", "x.xml", "web page or an XML"),
    ],
)
def test_a_thesaurus_that_cannot_be_read_is_refused(text: str, filename: str, word: str) -> None:
    assert word in refusal(text, filename)


# -- ontologies -------------------------------------------------------------------------------------

OBO = """format-version: 1.4

[Term]
id: X:1
name: heart attack {x="y"} ! the usual name
synonym: "myocardial \\"infarction\\", acute" EXACT MED [PMID:1, "x, y"] {a="b"} ! c
synonym: "MI" RELATED []
exact_synonym: "old form" []
synonym: unquoted EXACT []

[Term]
id: X:2
name: gone
is_obsolete: true
synonym: "x" EXACT []

[Typedef]
id: part_of
name: part of
synonym: "y" EXACT []
"""


def test_an_ontology_gives_its_exact_synonyms() -> None:
    found = preview(OBO, "terms.obo")
    assert [(p.standard, p.synonym, p.row) for p in found.pairs] == [
        ("heart attack", 'myocardial "infarction", acute', 6),
        ("heart attack", "old form", 8),
    ]
    assert codes(found) == [("other_scope", 7), ("no_quotes", 9), ("obsolete", 11)]
    assert found.format == "obo"


def test_other_scopes_of_an_ontology_are_read_on_request() -> None:
    table = read(OBO, "x", options=ReadOptions(scopes=("exact", "RELATED")))
    assert table.rows[2] == ("heart attack", "MI", "RELATED", "X:1")
    with pytest.raises(BadParameter):
        read(OBO, "x", options=ReadOptions(scopes=("SIMILAR",)))


def test_an_ontology_without_such_synonyms_says_why() -> None:
    text = 'format-version: 1.4\n[Term]\nid: X\nname: a\nsynonym: "b" BROAD []\n'
    assert "BROAD" in refusal(text, "x.obo")


# -- choosing -----------------------------------------------------------------------------------------


def test_a_format_chosen_by_hand_wins_and_an_unknown_one_is_refused() -> None:
    text = "a: b, c\nd: e, f\n"
    assert read(text, format="csv").rows[0] == ("a: b", " c")
    assert read("a\tb,c\nd\te,f", format="tsv").rows[0] == ("a", "b,c")
    with pytest.raises(BadParameter):
        read(text, format="pdf")
    assert "no xlsx" in refusal(text, "x.txt", format="xlsx")
    assert "JSON" in refusal(text, "x.txt", format="json")


def test_nothing_is_guessed_where_the_format_says_what_is_what() -> None:
    assert pairs("1: 2\n3: 4\nsynonym: standard\n") == [
        ("1", "2", 1),
        ("3", "4", 2),
        ("synonym", "standard", 3),
    ]


def test_an_apostrophe_hides_a_formula_in_spreadsheets_only() -> None:
    assert pairs("a,'=b\n", "x.csv") == [("a", "=b", 1)]
    assert pairs('["a", "\'=b"]\n', "x.jsonl") == [("a", "'=b", 1)]
    assert pairs("a: '=b\n") == [("a", "'=b", 1)]
