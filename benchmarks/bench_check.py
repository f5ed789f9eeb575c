"""Looking for near duplicates, against comparing every term with every other; the dry run of an import."""

from __future__ import annotations

import random
import time
from types import SimpleNamespace

from benchmarks.common import WORDNET, Row
from workbench.ingest.blocking import candidates
from workbench.ingest.check import check_dictionary
from workbench.ingest.dictionary import parse_dictionary
from workbench.ingest.dry_run import plan_import
from workbench.ingest.marks import marks
from workbench.ingest.near_duplicates import THRESHOLD, near_duplicates, simplified
from workbench.ingest.readers import read_table
from workbench.ingest.term_index import TermIndex
from workbench.types import Pair

TERMS = 100_000
SAMPLE = 1_000  # of the terms are compared with all others, to know what a full comparison finds and takes


def run() -> list[Row]:
    rows = []
    real = _wordnet()
    for what, pairs in (("WordNet", real), (f"{TERMS:,} English terms", _grown(real))):
        rows.append(_against_full(what, pairs))
        seconds = _seconds(lambda pairs=pairs: check_dictionary(pairs))
        rows.append((f"check of {len(pairs):,} pairs ({what})", "-", f"{seconds:.1f} s", "-"))
    parts = _parts()
    rows.append(_against_full(f"{TERMS:,} Chinese parts", parts))
    seconds = _seconds(lambda: check_dictionary(parts))
    rows.append((f"check of {len(parts):,} pairs (Chinese parts)", "-", f"{seconds:.1f} s", "-"))
    here, file = _numbered(0), SimpleNamespace(pairs=tuple(_numbered(TERMS // 2)), standards=TERMS // 4)
    for mode in ("new", "merge", "replace"):
        seconds = _seconds(lambda mode=mode: plan_import(file, here, here[:10], mode))
        rows.append((f"dry run, {TERMS:,} pairs on {TERMS:,}, {mode}", "-", f"{seconds:.2f} s", "-"))
    return rows


def _against_full(what: str, pairs: list[Pair]) -> Row:
    import numpy as np
    from rapidfuzz import fuzz, process

    index = TermIndex(pairs)
    ours = _seconds(lambda: near_duplicates(index))
    texts = [form for form in dict.fromkeys(simplified(index.keys)) if len(form) >= 4]
    groups: dict[str, int] = {}
    blocks = np.array([groups.setdefault(marks(text), len(groups)) for text in texts])
    chosen = random.Random(5).sample(range(len(texts)), min(SAMPLE, len(texts)))
    began = time.perf_counter()
    scores = process.cdist(
        [texts[place] for place in chosen], texts, scorer=fuzz.ratio, score_cutoff=THRESHOLD, dtype=np.float32
    )
    full = (time.perf_counter() - began) * len(texts) / len(chosen) / 2  # each pair once
    wanted = {
        (min(chosen[row], other), max(chosen[row], other))
        for row, other in zip(*(axis.tolist() for axis in np.nonzero(scores)), strict=True)
        if chosen[row] != other and blocks[chosen[row]] == blocks[other]
    }
    met = set()
    for _, one, other in candidates(texts, blocks.tolist(), THRESHOLD / 100):
        met.update(zip(one.tolist(), other.tolist(), strict=True))
    recall = len(met & wanted) / max(1, len(wanted))
    label = f"near duplicates of {len(index.raws):,} terms ({what}), recall {recall:.3f} of {len(wanted)}"
    return (label, f"{full:.1f} s (cdist)", f"{ours:.1f} s", f"{full / ours:.0f}x")


def _wordnet() -> list[Pair]:
    data = WORDNET.read_bytes()
    table = read_table(data, WORDNET.name, max_rows=1_000_000, max_bytes=len(data))
    return list(parse_dictionary(table).pairs)


def _grown(pairs: list[Pair]) -> list[Pair]:
    """Real terms, compounds of two of them, and slips of the pen in both."""
    rng = random.Random(3)
    real = list(dict.fromkeys(term for pair in pairs for term in (pair.standard, pair.synonym)))
    terms = dict.fromkeys(real)
    while len(terms) < TERMS:
        term = rng.choice(real) if rng.random() < 0.1 else f"{rng.choice(real)} {rng.choice(real)}"
        if rng.random() < 0.3:
            place = rng.randrange(len(term))
            term = term[:place] + rng.choice(["", rng.choice("aeioustrn")]) + term[place + 1 :]
        terms[term] = None
    return _paired(list(terms), rng)


def _parts() -> list[Pair]:
    """Names that are made alike throughout, as a parts list is: the hardest case for blocking."""
    makes = ["丰田", "大众", "本田", "奔驰", "宝马", "吉利", "长安", "奇瑞", "日产", "红旗"]
    places = ["发动机", "变速箱", "空调", "制动器", "转向机", "悬架", "车门", "座椅", "仪表板", "散热器"]
    uses = ["控制", "传动", "密封", "支撑", "冷却", "润滑", "连接", "固定", "调节", "检测"]
    kinds = ["总成", "组件", "支架", "垫片", "螺栓", "传感器", "模块", "单元", "管路", "接头"]
    origins = ["", "原厂", "副厂", "合资", "国产", "豪华", "标准", "运动", "商务", "舒适"]
    names = [
        origin + make + place + use + kind
        for origin in origins
        for make in makes
        for place in places
        for use in uses
        for kind in kinds
    ]
    rng = random.Random(4)
    rng.shuffle(names)
    return _paired(names, rng)


def _paired(terms: list[str], rng: random.Random) -> list[Pair]:
    """Groups of two synonyms; a few synonyms are in a second group."""
    pairs = [Pair(terms[n // 3 * 3], terms[n], n + 2) for n in range(len(terms)) if n % 3]
    extra = [Pair(terms[rng.randrange(len(terms)) // 3 * 3], rng.choice(terms)) for _ in range(200)]
    return pairs + [pair for pair in extra if pair.standard != pair.synonym]


def _numbered(start: int) -> list[Pair]:
    return [Pair(f"标准词{n // 4}号Term", f"近似 synonym{n}", n + 2) for n in range(start, start + TERMS)]


def _seconds(action) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


if __name__ == "__main__":
    from benchmarks.common import table

    print(table(run()))
