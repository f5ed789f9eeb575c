"""What a file holds is guessed from its headings and its looks."""

import pytest

from workbench.ingest.kinds import guess_kind
from workbench.ingest.plain_lines import read_text_table
from workbench.ingest.readers import read_table

SENTENCES = (
    "施工现场应当设置围挡，并符合要求。\n起重机械,必须检验合格;方可使用，不得超载。\n"
    "脚手架应当验收。\n甲，乙，丙：都要戴安全帽。\n"
)


@pytest.mark.parametrize(
    ("text", "kind", "sure"),
    [
        ("标准词,近似词\n越野车,SUV\n", "dictionary", True),
        ("standard,synonym,score\n越野车,SUV,0.9\n轿车,小车,1\n", "dictionary", True),
        ("越野车,SUV\n轿车,小轿车\n混凝土,砼\n", "dictionary", False),
        ("text1,text2,label\n越野车怎么开,SUV怎么开,1\n", "pairs", True),
        ("句子1\t句子2\t得分\n今天好\t今日好\t4.5\n今天\t明天\t2\n", "pairs", True),
        ("anchor,positive,negative\n车,汽车,马\n", "pairs", True),
        ("标准词,近似词,标签\n越野车,SUV,1\n越野车,火车,0\n", "pairs", True),
        ("今天天气很好,今日天气不错,1\n他在下棋,她在唱歌,0\n甲在走路,甲在步行,1\n", "pairs", True),
        ("query\tanswer\n怎么换胎\t用千斤顶把车顶起来\n", "retrieval", True),
        (
            "怎么换胎？\t用千斤顶把车顶起来，然后拆下轮胎\n如何保养？\t每五千公里更换一次机油和滤芯\n",
            "retrieval",
            False,
        ),
        (
            "今天的天气非常好我们一起出去玩吧\t天气真不错大家都应该出门走走看看\n他正在公园里下棋不想回家吃晚饭了\t有人在公园下棋到很晚都没有回家吃饭\n",
            "pairs",
            False,
        ),
        ("text\n今天天气好\n明天也好\n", "corpus", True),
    ],
)
def test_tables(text, kind, sure):
    guess = guess_kind(read_table(text.encode(), "a.csv", max_rows=1000, max_bytes=10**6))
    assert (guess.kind, guess.sure) == (kind, sure)
    assert guess.reason.get("zh") != guess.reason.get("en")


@pytest.mark.parametrize("read", [read_table, read_text_table])
def test_sentences_are_raw_text_whatever_commas_they_hold(read):
    table = read(SENTENCES.encode(), "a.txt", max_rows=1000, max_bytes=10**6)
    assert guess_kind(table).kind == "corpus"


def test_formats_of_thesauri_are_dictionaries():
    data = "混凝土: 砼, 商品混凝土\n钢筋: 螺纹钢\n汽车: 轿车, 小车\n".encode()
    assert guess_kind(read_table(data, "a.txt", max_rows=1000, max_bytes=10**6)).kind == "dictionary"
