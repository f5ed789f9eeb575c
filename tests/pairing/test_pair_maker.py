"""The service: from a stored dictionary, corpus and model to a stored pair set with its recipe."""

import pytest

from workbench.errors import BadParameter, InputError, NameTaken, NotFound, Stopped
from workbench.evaluation.split import part_of
from workbench.localtext import LocalText
from workbench.pairing.recipe import PairRecipe
from workbench.services import Services
from workbench.services.pair_maker import PairMaker
from workbench.settings import Settings
from workbench.storage.corpora import CorpusStore
from workbench.storage.pair_sets import PairSetStore

CAR_TEXTS = [
    "这辆普拉多中东版卖了。",
    "我想把奥迪换成桑塔纳，大家觉得呢？",
    "GK5 的极速是多少",
    "出租车和的士都不让停",
]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    services = Services(
        Settings.from_env({}, home=tmp_path_factory.mktemp("pairs"), warm_worker=False, threads=1)
    )
    texts = [(text, 0) for text in CAR_TEXTS]
    CorpusStore(services._workspace.database).save("论坛", texts, unit="line", source="forum.txt")
    yield services
    services.close()


@pytest.fixture
def maker(home) -> PairMaker:
    return home.pair_maker


def test_made_pairs_are_stored_with_all_that_is_needed_to_make_them_again(home, maker):
    recipe = PairRecipe(templates=("{}对比车型使用手册",), positive_share=0.4, seed=9)
    info = maker.make("汽车", recipe, "第一套", corpus="论坛")
    assert (info.kind, info.trusted, info.source) == ("labels", True, "汽车")
    assert info.positives / info.rows == pytest.approx(0.4, abs=0.02)
    kept = PairRecipe.from_json(info.recipe["recipe"])
    assert kept.corpus == "论坛"
    assert info.recipe["split"] == home._workspace.measurer.subject(home.dictionary("汽车")).split.hash
    store = PairSetStore(home._workspace.database)
    rows = list(store.pairs(info.id))
    assert len(rows) == info.rows > 1000
    again = maker.make("汽车", kept, "第二套")
    assert list(store.pairs(again.id)) == rows


def test_stored_pairs_hold_no_test_term(home, maker):
    info = maker.make("Consumer health", PairRecipe(positives="all"), "health")
    split = home._workspace.measurer.subject(home.dictionary("Consumer health")).split
    for row in PairSetStore(home._workspace.database).pairs(info.id):
        assert {part_of(row.text1, split), part_of(row.text2, split)} == {"train"}


def test_a_preview_is_small_stores_nothing_and_counts_truly(home, maker):
    before = len(PairSetStore(home._workspace.database).all())
    recipe = PairRecipe(templates=("{}手册",), positive_share=1)
    small = maker.preview("汽车", recipe, limit=20)
    whole = maker.preview("汽车", recipe, limit=100_000)
    assert len(small.rows) == 20
    assert small.possible == whole.possible > 800
    assert len(PairSetStore(home._workspace.database).all()) == before


def test_sentences_of_the_corpus_are_used(maker):
    made = maker.preview("汽车", PairRecipe(terms_alone=False, corpus="论坛"))
    assert made.counts["sentence"] == len(made.rows) > 0
    assert {row.text1 for row in made.rows} <= set(CAR_TEXTS)


def test_mined_negatives_by_a_real_model(home, maker, tiny_model_folder):
    said = []
    made = maker.preview(
        "汽车",
        PairRecipe(negatives={"mined": 1}),
        model=str(tiny_model_folder),
        limit=60,
        progress=lambda share, text: said.append((share, text)),
    )
    split = home._workspace.measurer.subject(home.dictionary("汽车")).split
    mined = [row for row, origin in zip(made.rows, made.origins, strict=True) if origin == "mined"]
    assert len(mined) == 30
    assert all(
        split.component_of[row.text1.casefold()] != split.component_of[row.text2.casefold()] for row in mined
    )
    shares = [share for share, _ in said]
    assert shares == sorted(shares)
    assert all(text.get("zh") and text.get("en") for _, text in said)


def test_the_model_that_mined_is_kept_with_the_set(home, maker, tiny_model_folder):
    recipe = PairRecipe(negatives={"mined": 1, "random": 1}, limit=100)
    info = maker.make("汽车", recipe, "mined", model=str(tiny_model_folder))
    assert info.recipe["model"] == str(tiny_model_folder)
    assert info.recipe["fingerprint"]
    assert (
        maker.make("汽车", PairRecipe(limit=10), "plain", model=str(tiny_model_folder)).recipe["model"]
        is None
    )


def test_what_cannot_be_done_is_said(maker):
    recipe = PairRecipe(limit=10)
    with pytest.raises(NotFound):
        maker.preview("没有这个词典", recipe)
    with pytest.raises(NotFound):
        maker.preview("汽车", recipe, corpus="没有这个语料")
    with pytest.raises(BadParameter):
        maker.preview("汽车", PairRecipe(negatives={"mined": 1}))
    with pytest.raises(BadParameter):
        maker.preview("汽车", PairRecipe(negatives={"mined": 1}), model="tfidf")
    with pytest.raises(BadParameter):
        maker.make("汽车", recipe, "  ")
    with pytest.raises(InputError, match="Not a single pair"):
        maker.make("Consumer health", PairRecipe(terms_alone=False, corpus="论坛"), "leer")
    maker.make("汽车", recipe, "taken")
    with pytest.raises(NameTaken):
        maker.make("汽车", PairRecipe(limit=11), "taken")


def test_stopping_leaves_nothing(home, maker):
    def stop(_share: float, text: LocalText) -> None:
        if "Saving" in text.get("en"):
            raise Stopped(text)

    with pytest.raises(Stopped):
        maker.make("汽车", PairRecipe(limit=10), "stopped", progress=stop)
    assert "stopped" not in {info.name for info in PairSetStore(home._workspace.database).all()}
