"""``match``: a file in, the same file with standard terms out."""

import csv


def test_a_column_is_matched_into_a_new_file(cli, tmp_path, tiny_model_folder):
    source = tmp_path / "清单.csv"
    source.write_text("编号,名称\n1,霸道\n2,zq/-\n", encoding="gb18030")
    out = tmp_path / "结果.xlsx"
    asked = ("match", source, "--dictionary", "汽车", "--model", tiny_model_folder, "--column", "名称")
    document = cli.ask(*asked, "--precision", "0.9", "--out", out)
    assert document["texts"] == 2
    assert document["known"] + document["accepted"] + document["doubtful"] == 2
    assert out.stat().st_size > 1000
    printed = cli.ask(*asked)
    assert [row["text"] for row in printed["matches"]] == ["霸道", "zq/-"]
    assert cli.say(*asked)
    csv_out = tmp_path / "结果.csv"
    cli.ask(*asked, "--out", csv_out)
    with csv_out.open(encoding="utf-8-sig", newline="") as handle:
        assert [row["编号"] for row in csv.DictReader(handle)] == ["1", "2"]


def test_refusals(cli, tmp_path, tiny_model_folder):
    source = tmp_path / "a.csv"
    source.write_text("名称\n霸道\n", encoding="utf-8")
    asked = ("match", source, "--dictionary", "汽车", "--model", tiny_model_folder)
    cli.refused(*asked, "--precision", "95")
    cli.refused(*asked, "--column", "#9")
    cli.refused("match", tmp_path / "none.csv", "--dictionary", "汽车", "--model", tiny_model_folder)
