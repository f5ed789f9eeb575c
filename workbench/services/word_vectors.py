"""Files of word vectors: imported as base models, deleted when no run needs them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from workbench.errors import InputError, NameTaken
from workbench.localtext import LocalText
from workbench.models.library import split_stage_id
from workbench.models.vector_files import MOST_WORDS
from workbench.models.word_vectors import PREFIX, Imported
from workbench.names import LONGEST_NAME, checked_name, tidy, unique
from workbench.services.limits import Limits
from workbench.types import ModelInfo
from workbench.workspace import Workspace

Progress = Callable[[float, LocalText], None]
_ENDINGS = (".gz", ".bz2", ".txt", ".vec", ".bin")
_ROOM = LONGEST_NAME - 4  # characters: a number may be put behind the name


class WordVectors:
    """Imported word vectors of one home folder."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._store = workspace.library.word_vectors

    def all(self) -> list[ModelInfo]:
        """Every imported file as a base model, by name."""
        return self._store.all()

    def name_for(self, filename: str) -> str:
        """A free name for a file: ``sgns.merge.word`` for ``sgns.merge.word.bz2``."""
        path = Path(filename)
        while path.suffix.lower() in _ENDINGS:
            path = path.with_suffix("")
        taken = {info.id.removeprefix(PREFIX) for info in self.all()}
        return unique(tidy(path.name)[:_ROOM].strip() or "vectors", taken)

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
        """Make a file of word vectors a base model with the id ``vectors:<name>``.

        word2vec (text, binary), GloVe, fastText's .vec, Chinese Word Vectors; .gz and .bz2 of these. See
        :meth:`workbench.models.word_vectors.VectorModels.read_in` for ``pooling`` and ``most_words``.

        Raises:
            FileProblem, NameTaken, BadParameter, StorageProblem: in words.
        """
        Limits(self._workspace.settings).check_disk()
        name = checked_name(name)
        if f"{PREFIX}{name}" in self._workspace.runs.names():
            raise NameTaken(
                LocalText("已经有名为「{name}」的训练。", "There is a run called “{name}” already."),
                LocalText("请换一个名字。", "Choose another name."),
                name=f"{PREFIX}{name}",
            )
        return self._store.read_in(
            path, name, source=source, pooling=pooling, most_words=most_words, progress=progress
        )

    def delete(self, model: str) -> None:
        """Remove imported word vectors (by id or name) with everything that was measured with them.

        Raises:
            NotFound: there are none of that name.
            InputError: a run was started from them; it could be neither repeated nor compared any more.
        """
        model = model if model.startswith(PREFIX) else PREFIX + model
        folder = self._store.folder(model)
        used = [run for run in self._workspace.runs.all() if split_stage_id(run.base_model)[0] == model]
        if used:
            raise InputError(
                LocalText(
                    "训练「{run}」是以词向量「{name}」为基础的。",
                    "The run “{run}” was started from the word vectors “{name}”.",
                ),
                LocalText("请先删除那个训练。", "Delete that run first."),
                run=used[0].name,
                name=model.removeprefix(PREFIX),
            )
        self._workspace.library.forget(folder)
        self._store.delete(model)
        self._workspace.evaluations.forget(model)
