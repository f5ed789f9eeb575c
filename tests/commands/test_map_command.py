"""``map``: a dictionary drawn into a file."""


def test_a_map_is_written(cli, tmp_path, tiny_model_folder):
    out = tmp_path / "地图.html"
    asked = ("map", "--dictionary", "汽车", "--model", tiny_model_folder, "--method", "pca", "--out", out)
    document = cli.ask(*asked, "--by", "language")
    assert document["file"] == str(out)
    assert document["terms"] > 500
    assert document["synonym_distance_before"] is None
    text = out.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "\\u4e30\\u7530" in text  # 丰田
    said = cli.say(*asked, "--against", tiny_model_folder)
    assert "→" in said
    assert "{" not in said


def test_refusals(cli, tmp_path, tiny_model_folder):
    asked = ("map", "--dictionary", "汽车", "--model", tiny_model_folder, "--out", tmp_path / "a.html")
    cli.refused(*asked, "--by", "taste")
    cli.refused(*asked, "--method", "mds")
    cli.refused(*asked, "--method", "pca", "--by", "frequency")  # no raw text
    cli.refused(*asked, "--against", "tfidf")
    cli.refused("map", "--dictionary", "none", "--model", tiny_model_folder, "--out", tmp_path / "a.html")
    assert not (tmp_path / "a.html").exists()
    cli.refused(*asked[:-1], tmp_path / "none" / "a.html", "--method", "pca")
