"""Makes training pairs from a dictionary, a corpus and templates, and keeps them as a pair set."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from workbench.errors import BadParameter, InputError
from workbench.evaluation.measure import Subject, baseline_infos
from workbench.localtext import LocalText
from workbench.names import checked_name, tidy
from workbench.pairing.making import MINING_FROM, MINING_SHARE, MadePairs, make_pairs
from workbench.pairing.negatives import Nearest
from workbench.pairing.recipe import PairRecipe
from workbench.pairing.remarks import BY_LIMIT
from workbench.storage.corpora import CorpusStore
from workbench.storage.pair_sets import PairSetStore
from workbench.types import PairSetInfo
from workbench.workspace import Workspace

if TYPE_CHECKING:
    from workbench.search.index import VectorIndex

Progress = Callable[[float, LocalText], None]
PREVIEWED_TEXTS = 20_000  # of a corpus: enough to show what comes of it, read in a second or two
SAVING = LocalText("正在保存 {count} 行", "Saving {count} {count|row|rows}")


class PairMaker:
    """Pairs from what is stored: a dictionary with its split and marks, a corpus, a model's vectors."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._corpora = CorpusStore(workspace.database)
        self._pair_sets = PairSetStore(workspace.database)

    def preview(
        self,
        dictionary: str,
        recipe: PairRecipe,
        model: str | None = None,
        corpus: str | None = None,
        limit: int = 200,
        progress: Progress | None = None,
    ) -> MadePairs:
        """About ``limit`` rows as :meth:`make` would make them; nothing is stored.

        Of a corpus only its first 20,000 texts are looked at. ``possible`` is the true number of positives
        for what was looked at.

        Raises:
            NotFound, BadParameter, TooLittleData: in words.
        """
        small = dataclasses.replace(self._complete(recipe, corpus), limit=min(limit, recipe.limit))
        made = self._made(self._subject(dictionary), small, model, progress, PREVIEWED_TEXTS)
        own = small.limit < recipe.limit  # then the limit that was reached is the preview's, not the recipe's
        said = [note for note in made.notes if not own or note.zh != BY_LIMIT.zh]
        notes = (*said, *self._on_preview(small))
        return MadePairs(made.rows[:limit], made.origins[:limit], made.contexts[:limit], made.possible, notes)

    def make(
        self,
        dictionary: str,
        recipe: PairRecipe,
        name: str,
        model: str | None = None,
        corpus: str | None = None,
        *,
        replace: bool = False,
        author: str = "",
        progress: Progress | None = None,
    ) -> PairSetInfo:
        """Make the pairs and store them under ``name`` with all that is needed to make them again.

        The labels are trusted: they come from the expert's own dictionary. ``progress`` may raise to stop;
        then nothing is stored.

        Raises:
            NotFound, BadParameter, TooLittleData, NameTaken: in words.
            InputError: no pair could be made.
        """
        name = checked_name(name)
        recipe = self._complete(recipe, corpus)
        subject = self._subject(dictionary)
        made = self._made(subject, recipe, model, progress, None)
        if not made.rows:
            raise InputError(
                LocalText("一对也没有做出来。", "Not a single pair could be made."),
                made.notes[0] if made.notes else None,
            )
        if progress:
            progress(1.0, SAVING.format(count=len(made.rows)))
        library = self._workspace.library
        mined = model if model and self._mines(recipe) else None
        return self._pair_sets.save(
            name,
            made.rows,
            kind="labels",
            source=subject.info.name,
            trusted=True,
            recipe={
                "maker": "dictionary",
                "recipe": recipe.as_json(),
                "dictionary": subject.info.name,
                "version": subject.info.version,
                "version_id": subject.info.version_id,
                "split": subject.split.hash,
                "model": mined,
                "fingerprint": library.fingerprint(mined) if mined else None,
                "counts": made.counts,
                "possible": made.possible,
                "notes": [note.as_json() for note in made.notes],
                **({"author": tidy(author)} if author else {}),
            },
            replace=replace,
        )

    # -- inside ---------------------------------------------------------------------------------

    def _made(
        self,
        subject: Subject,
        recipe: PairRecipe,
        model: str | None,
        progress: Progress | None,
        most_texts: int | None,
    ) -> MadePairs:
        texts: Iterator[str] = iter(())
        size = 0
        if recipe.corpus is not None:
            info = self._corpora.get(recipe.corpus)
            texts = itertools.islice(self._corpora.texts(info.id), most_texts)
            size = min(info.texts, most_texts or info.texts)
        return make_pairs(
            recipe,
            subject.pairs,
            subject.split,
            subject.apart,
            corpus_texts=texts,
            corpus_size=size,
            nearest=self._nearest(model, progress) if model and self._mines(recipe) else None,
            progress=progress,
        )

    def _nearest(self, model: str, progress: Progress | None) -> Nearest:
        """A search among a dictionary's terms by a model's vectors, which are encoded when first needed."""
        if model in {info.id for info in baseline_infos()}:
            raise BadParameter(
                LocalText("「{model}」没有词向量。", "“{model}” has no vectors."),
                LocalText("请选一个模型。", "Choose a model."),
                model=model,
            )
        library = self._workspace.library
        model = library.check(model)
        index: list[tuple[Sequence[str], VectorIndex]] = []

        def tell(share: float, text: LocalText) -> None:
            if progress:
                progress(MINING_FROM + share * MINING_SHARE, text)

        def nearest(queries: Sequence[str], terms: Sequence[str], k: int) -> list[list[int]]:
            from workbench.search.index import VectorIndex

            if not index or index[0][0] is not terms:
                index[:] = [(terms, VectorIndex(library.vectors(model, terms, tell)))]
            _, ids = index[0][1].search(library.vectors(model, queries), k)
            return [[int(place) for place in row] for row in ids]

        return nearest

    def _subject(self, dictionary: str) -> Subject:
        return self._workspace.measurer.subject(self._workspace.dictionaries.get(dictionary))

    def _on_preview(self, recipe: PairRecipe) -> Iterator[LocalText]:
        if recipe.corpus is not None and self._corpora.get(recipe.corpus).texts > PREVIEWED_TEXTS:
            yield LocalText(
                "预览只看了语料的前 {count} 段。",
                "The preview looked at the first {count} texts of the corpus.",
            ).format(count=PREVIEWED_TEXTS)

    @staticmethod
    def _complete(recipe: PairRecipe, corpus: str | None) -> PairRecipe:
        return dataclasses.replace(recipe, corpus=corpus) if corpus is not None else recipe

    @staticmethod
    def _mines(recipe: PairRecipe) -> bool:
        return recipe.positive_share < 1 and recipe.share_of("mined") > 0
