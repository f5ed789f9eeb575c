"""Files of word vectors as base models: read, kept as ordinary model folders, listed, deleted."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import BadParameter, NameTaken, NotFound
from workbench.localtext import LocalText
from workbench.models.static_model import (
    POOLINGS,
    Pooling,
    Segmentation,
    StaticTable,
    write_static_model,
    zipf,
)
from workbench.models.vector_files import LIMIT_WORDS, MOST_WORDS, VectorTable, read_vectors
from workbench.names import checked_name
from workbench.settings import Settings
from workbench.storage.artifacts import manifest_of, staged_folder
from workbench.types import ModelInfo, Problem

Progress = Callable[[float, LocalText], None]

PREFIX = "vectors:"
FEWEST_WORDS = 1
_READ_SHARE = 0.7  # of the time of an import
WRITING = LocalText("正在写出模型：{count} 个词", "Writing the model: {count} words")
_ALIKE = LocalText(
    "有 {n} 个词与前面更常用的词写法相同（只差大小写、全角半角或空格），用的是前面那个词的向量。",
    "{n} {n|word is|words are} written like an earlier, more frequent one but for case, width or spaces; "
    "the earlier one's vector is used.",
)
_CARD = """# {name}

Word vectors from the file `{source}` ({format}), as a static model: {words} words, {dimension} numbers each,
pooling {pooling}. A text's vector is the mean of the vectors of its words{sif}.
The licence is that of the file.
"""


@dataclass(frozen=True)
class Imported:
    """What came of a file: the model's id, what was read, what was left out."""

    id: str
    words: int
    dimension: int
    characters: int
    format: str
    more: bool  # whether the file has words beyond those that were read
    problems: tuple[Problem, ...]
    counts: dict[str, int]


class VectorModels:
    """Imported word vectors of one home folder. Their ids are ``vectors:<name>``."""

    def __init__(self, settings: Settings) -> None:
        self._home = settings.home / "vectors"

    def read_in(
        self,
        path: Path,
        name: str,
        *,
        source: str = "",
        pooling: str = "sif",
        most_words: int = MOST_WORDS,
        progress: Progress | None = None,
    ) -> Imported:
        """Make a file of word vectors a base model, under a name that is free.

        ``pooling`` is how a text's vector is made of its words': their "mean", or "sif" (rare words count
        more, and what all words share is taken out). ``most_words``: so many are read at most.

        Raises:
            FileProblem: it is no file of word vectors; the sentence says why.
            NameTaken, BadParameter: the name, the pooling or the number.
            StorageProblem: the disk is full.
        """
        name = checked_name(name)
        way = _checked_pooling(pooling)
        if not FEWEST_WORDS <= most_words <= LIMIT_WORDS:
            raise BadParameter(
                LocalText("「最多读多少个词」不能是 {most}。", "The number of words cannot be {most}."),
                LocalText("请填 {least} – {limit}。", "It can be {least} – {limit}."),
                most=most_words,
                least=FEWEST_WORDS,
                limit=LIMIT_WORDS,
            )
        self.refuse_taken(name)
        tell = progress or (lambda share, text: None)
        found = read_vectors(
            path,
            name=source or path.name,
            most_words=most_words,
            progress=lambda share, text: tell(_READ_SHARE * share, text),
        )
        return self._write(name, found, source or path.name, way, tell)

    def _write(self, name: str, found: VectorTable, source: str, way: Pooling, tell: Progress) -> Imported:
        count, dimension = found.vectors.shape
        writing = WRITING.format(count=count)
        tell(_READ_SHARE, writing)
        segmentation = Segmentation(found.words, zipf(count))
        tell(0.85, writing)
        about = {
            "name": name,
            "source": source,
            "format": found.format,
            "words": len(segmentation.words),
            "dimension": dimension,
            "pooling": way,
            "created": time.time(),
        }
        weighted = (
            ", rare words counting more and what all words share taken out (SIF)" if way == "sif" else ""
        )
        with self.alone():
            self.refuse_taken(name)
            needs = 4 * dimension * len(segmentation) // 2  # three times this is asked for
            with staged_folder(self._folder(name), needs_bytes=needs, extra={"vectors": about}) as out:
                table = StaticTable(segmentation, found.vectors, way)
                write_static_model(out, table, _CARD.format(**about, sif=weighted))
        tell(1.0, writing)
        problems, counts = found.problems, found.counts
        if alike := count - len(segmentation.words):
            problems = (*problems, Problem("written_alike", "note", _ALIKE.format(n=alike)))
            counts = {**counts, "written_alike": alike}
        return Imported(
            PREFIX + name,
            len(segmentation.words),
            dimension,
            len(segmentation.characters),
            found.format,
            found.more,
            problems,
            counts,
        )

    def refuse_taken(self, name: str) -> None:
        """Raise NameTaken where word vectors of that name are there."""
        if manifest_of(self._folder(name)) is not None:
            raise NameTaken(
                LocalText(
                    "已经有名为「{name}」的词向量。", "There are word vectors called “{name}” already."
                ),
                LocalText("请换一个名字，或先删除那一个。", "Choose another name, or delete those first."),
                name=name,
            )

    def all(self) -> list[ModelInfo]:
        """Every imported file as a base model, by name."""
        folders = self._home.glob("*") if self._home.is_dir() else []
        infos = [info for info in map(self._info, folders) if info is not None]
        return sorted(infos, key=lambda info: info.id)

    def info(self, model: str) -> ModelInfo | None:
        """The model of that id, or None."""
        return self._info(self._folder(model.removeprefix(PREFIX))) if is_vectors(model) else None

    def folder(self, model: str) -> Path:
        """The folder of the model with that id.

        Raises:
            NotFound: there are no word vectors of that name.
        """
        folder = self._folder(model.removeprefix(PREFIX))
        if manifest_of(folder) is None:
            raise NotFound(
                LocalText("没有名为「{name}」的词向量。", "There are no word vectors called “{name}”."),
                LocalText("请先在「模型」页导入词向量文件。", "Import the file on the Models tab first."),
                name=model.removeprefix(PREFIX),
            )
        return folder

    def delete(self, model: str) -> None:
        """Remove a model's folder. Raises NotFound."""
        folder = self.folder(model)
        with self.alone():
            (folder / "manifest.json").unlink(missing_ok=True)  # from now on it is not whole, so not listed
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def alone(self, timeout: float = -1) -> Iterator[None]:
        """Within the block nobody else writes word vectors. Raises filelock.Timeout where somebody does."""
        from filelock import FileLock

        self._home.mkdir(parents=True, exist_ok=True)
        with FileLock(self._home / ".lock", timeout=timeout):
            yield

    def _folder(self, name: str) -> Path:
        # A name may hold what no folder's name can.
        return self._home / hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:20]

    def _info(self, folder: Path) -> ModelInfo | None:
        manifest = manifest_of(folder)
        about: dict[str, Any] | None = manifest.get("vectors") if manifest else None
        if manifest is None or about is None:
            return None
        note = LocalText(
            "词向量文件「{source}」：{words} 个词，{pooling}。",
            "Word vectors from “{source}”: {words} words, {pooling}.",
        ).format(
            source=about["source"], words=f"{about['words']:,}", pooling=_POOLING_NAMES[about["pooling"]]
        )
        return ModelInfo(
            id=PREFIX + about["name"],
            title=LocalText(about["name"], about["name"]),
            kind="base",
            base=None,
            languages=(),
            dimension=about["dimension"],
            size_bytes=sum(entry["size"] for entry in manifest["files"].values()),
            licence=None,
            ready=True,
            note=note,
        )


_POOLING_NAMES = {
    "mean": LocalText("取平均", "mean pooling"),
    "sif": LocalText("SIF 加权", "SIF weighting"),
}


def is_vectors(model: str) -> bool:
    """Whether an id is one of imported word vectors."""
    return model.startswith(PREFIX)


def _checked_pooling(pooling: str) -> Pooling:
    for known in POOLINGS:
        if known == pooling:
            return known
    raise BadParameter(
        LocalText("没有叫「{pooling}」的合成方式。", "There is no pooling called “{pooling}”."),
        LocalText("可用：{known}。", "There are: {known}."),
        pooling=pooling,
        known=", ".join(POOLINGS),
    )
