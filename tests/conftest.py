"""Fixtures that every test may use; nothing here needs a network, and nothing touches the user's home."""

import json
import os
from pathlib import Path

import pytest

pytest_plugins = ("case_report",)  # the cases of reliability and what their tests tell

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

TINY_CHARACTERS = (
    "abcdefghijklmnopqrstuvwxyz0123456789-/.,()+"
    "汽车越野轿丰田普拉多霸道混凝土砼钢筋商品预拌结构梁柱板墙发动机变速箱轮胎心肌梗死电视手冰水泥"
)


def build_tiny_model(folder: Path, *, seed: int = 7, layers: int = 2, dimension: int = 32) -> Path:
    """An ordinary sentence-transformers folder: a small BERT with random weights and a character vocabulary.

    Mean pooling, normalised, 64 tokens at most, no prompts. Same seed, same weights.
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel

    source = folder.with_name(folder.name + "-source")
    source.mkdir(parents=True)
    characters = list(dict.fromkeys(TINY_CHARACTERS))
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *(f"##{c}" for c in characters)]
    (source / "tokenizer.json").write_text(json.dumps(_wordpiece(tokens)), encoding="utf-8")
    special = {f"{n}_token": f"[{n.upper()}]" for n in ("pad", "unk", "cls", "sep", "mask")}
    tokenizer_config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 64, **special}
    (source / "tokenizer_config.json").write_text(json.dumps(tokenizer_config), encoding="utf-8")
    config = BertConfig(
        vocab_size=len(tokens),
        hidden_size=dimension,
        num_hidden_layers=layers,
        num_attention_heads=4,
        intermediate_size=2 * dimension,
        max_position_embeddings=64,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        bert = BertModel(config)
        for module in bert.modules():  # wider than the usual initialisation, or all vectors look alike
            if isinstance(module, torch.nn.Embedding | torch.nn.Linear):
                torch.nn.init.normal_(module.weight, std=0.2)
    bert.save_pretrained(source)
    transformer = Transformer(str(source), max_seq_length=64)
    model = SentenceTransformer(modules=[transformer, Pooling(dimension, "mean"), Normalize()], device="cpu")
    model.save_pretrained(str(folder))
    return folder


def _wordpiece(tokens: list[str]) -> dict:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordPiece({t: i for i, t in enumerate(tokens)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return json.loads(tokenizer.to_str())


@pytest.fixture(scope="session")
def tiny_model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole sentence-transformers model of 2 layers and 32 dimensions. Read only: copy it to change it."""
    return build_tiny_model(tmp_path_factory.mktemp("tiny") / "tiny-model")


@pytest.fixture(scope="session")
def busy_model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with 6 layers of 384 dimensions: training it keeps every core busy."""
    return build_tiny_model(tmp_path_factory.mktemp("busy") / "busy-model", layers=6, dimension=384)


@pytest.fixture(scope="session")
def bundled_settings(tmp_path_factory: pytest.TempPathFactory):
    """Settings whose home keeps the real bundled models for the session, once a test has unpacked them."""
    from workbench.settings import Settings

    return Settings.from_env({}, home=tmp_path_factory.mktemp("bundled-home"))


@pytest.fixture(scope="session")
def toy_pairs():
    """90 concepts of two synonyms each that follow a rule: the term's letters a to m among noise of n to z.

    To see past the noise is learnt on some concepts and holds for the others: training shows on unseen ones.
    """
    import random

    from workbench.types import Pair

    rng = random.Random(5)
    words: dict[str, None] = {}
    while len(words) < 90:
        words["".join(rng.sample("abcdefghijklm", 4))] = None
    pairs = []
    for word in words:
        for _ in range(2):
            noisy = "".join(letter + rng.choice("nopqrstuvwxyz") for letter in word)
            pairs.append(Pair(word, noisy, len(pairs) + 2))
    return pairs


@pytest.fixture(scope="session")
def toy_csv(toy_pairs) -> bytes:
    """The toy dictionary as a file."""
    lines = ["标准词,近似词", *(f"{pair.standard},{pair.synonym}" for pair in toy_pairs)]
    return "\n".join(lines).encode()


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory, tiny_model_folder: Path, toy_csv: bytes):
    """Services over a home with the dictionary "toy" and the finished run "tuned" of the tiny model.

    The run was carried out in this process, as a worker does it. For tests that add nothing lasting.
    """
    import torch

    from workbench.services import Services
    from workbench.settings import Settings
    from workbench.training.worker import run_job

    home = tmp_path_factory.mktemp("workshop")
    services = Services(Settings.from_env({}, home=home, warm_worker=False, threads=1))
    services.save_dictionary("toy", services.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    run = services.start_run(
        "toy", str(tiny_model_folder), "instant", name="tuned", parameters={"learning_rate": "0.01"}
    )
    threads = torch.get_num_threads()
    services._workspace.runs.claim_next()
    assert run_job(services.settings, run.id) == 0
    torch.set_num_threads(threads)
    yield services
    services.close()
