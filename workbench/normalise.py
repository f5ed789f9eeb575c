"""When two written forms count as the same term, and when only their spelling of it differs."""

from __future__ import annotations

import hashlib
import unicodedata


def term_key(text: str) -> str:
    """The form under which terms are compared: NFKC, case folded, white space collapsed.

    The raw form is kept for show; this one is for equality only.
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def spelling_key(text: str) -> str:
    """A looser form: letters and digits alone, so that ``X-ray`` and ``x ray`` agree."""
    return "".join(c for c in term_key(text) if c.isalnum())


def digest(*parts: str) -> str:
    """A short content hash (128 bits, hex) over texts; the boundary between parts counts."""
    h = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        h.update(len(data).to_bytes(8, "little"))
        h.update(data)
    return h.hexdigest()
