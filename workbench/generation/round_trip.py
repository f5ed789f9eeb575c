"""Does an embedding model find the way back: is a generated row nearer to its own term than to the others?"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from workbench.normalise import term_key

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Encode = Callable[[Sequence[str]], "NDArray[np.float32]"]
MOST_REFERENCES = 20_000


class RoundTrip:
    """Ranks a row's own item among all items by cosine, under the model behind ``encode``.

    ``encode`` gives unit vectors (n, d). ``references`` are (text, owner) pairs: a term with the
    standard term of its group, or a sentence or passage with itself. Of more than 20,000 a random
    sample (seed 0) is compared with; the owners of ``keep`` are always among them.
    """

    def __init__(
        self, encode: Encode, references: Sequence[tuple[str, str]], keep: Sequence[str] = ()
    ) -> None:
        kept = {term_key(owner) for owner in keep}
        own = [pair for pair in references if term_key(pair[1]) in kept]
        others = [pair for pair in references if term_key(pair[1]) not in kept]
        if len(references) > MOST_REFERENCES:
            others = random.Random(0).sample(others, min(len(others), max(0, MOST_REFERENCES - len(own))))
        self._encode = encode
        self._texts = [text for text, _ in (*own, *others)]
        owners = [term_key(owner) for _, owner in (*own, *others)]
        self._number = {owner: n for n, owner in enumerate(dict.fromkeys(owners))}
        self._owners = [self._number[owner] for owner in owners]
        self._vectors: NDArray[np.float32] | None = None

    def prepare(self) -> NDArray[np.float32]:
        """The references' vectors (n, d), encoded on the first call."""
        if self._vectors is None:
            self._vectors = self._encode(self._texts)
        return self._vectors

    def ranks(self, rows: Sequence[str], owner: str) -> list[int]:
        """For each row: 1 + the number of other owners with a text nearer to the row than all of ``owner``'s.

        An owner without a reference gives rank 1: there is nothing to compare with.
        """
        import numpy as np

        number = self._number.get(term_key(owner))
        if number is None or not rows:
            return [1] * len(rows)
        vectors = self.prepare()
        owners = np.asarray(self._owners)
        similar = self._encode(list(rows)) @ vectors.T
        nearest_own = similar[:, owners == number].max(axis=1)
        return [
            1 + len(np.unique(owners[row > own + 1e-6]))
            for row, own in zip(similar, nearest_own, strict=True)
        ]
