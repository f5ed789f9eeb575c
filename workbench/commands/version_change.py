"""``compare NAME [A [B]] --model M``: why a model's score differs between two versions of a dictionary."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from workbench.commands.answer import Answer
from workbench.errors import BadParameter
from workbench.localtext import Language, LocalText
from workbench.terminal import table

if TYPE_CHECKING:
    from workbench.evaluation.version_change import ChangedQuestion, VersionChange
    from workbench.services import Services

SHOWN = 10  # questions of each kind in the text; the document has them all


def compare_versions(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """A model on two versions; by itself the current one and where the board was last measured."""
    name, before, after = _named(options)
    found = services.version_change.compare(name, options.model, before, after)
    return change_document(found, language), lambda: _text(found, language)


def change_document(found: VersionChange, language: Language) -> dict[str, Any]:
    """What changed: rates in percent, parts of the difference in points; questions cut at 200 a kind."""
    return {
        "dictionary": found.dictionary,
        "model": found.model,
        "from": found.before,
        "to": found.after,
        "queries": {"before": found.queries[0], "after": found.queries[1], **found.counts},
        "answered_otherwise": found.answered,
        "corpus": dict(zip(("before", "after", "came", "went"), found.corpus, strict=True)),
        **{
            f"recall@{k}": {
                "before": shift.before,
                "after": shift.after,
                "difference": shift.after - shift.before,
                "same": shift.same,
                "regraded": shift.regraded,
                "came": shift.came,
                "went": shift.went,
                "common_before": shift.common_before,
                "common_after": shift.common_after,
            }
            for k, shift in found.shifts.items()
        },
        "sentence": found.sentence.get(language),
        "questions": {
            origin: [_question(each) for each in questions] for origin, questions in found.questions.items()
        },
    }


def _question(each: ChangedQuestion) -> dict[str, Any]:
    return {
        "query": each.query,
        "answers": list(each.answers),
        "answers_before": list(each.answers_before),
        "rank_before": each.before,
        "rank_after": each.after,
        "first_before": each.first_before or None,
        "first_after": each.first_after or None,
        "displaced": each.displaced,
        "reason": each.reason,
    }


def _text(found: VersionChange, language: Language) -> str:
    lines = [f"{found.dictionary}  v{found.before} → v{found.after}  {found.model}"]
    lines.append(table([{"": f"recall@{k}", **shift.rounded()} for k, shift in found.shifts.items()]))
    lines.append(found.sentence.get(language))
    for origin, questions in found.questions.items():
        if not questions:
            continue
        lines.append(f"{origin}:")
        rows = [
            {
                "query": each.query,
                "answer": " / ".join(each.answers or each.answers_before),
                "rank": f"{each.before or '-'} → {each.after or '-'}",
                "first": each.first_after or each.first_before or "-",
            }
            for each in questions[:SHOWN]
        ]
        lines.append(table(rows))
    return "\n".join(lines)


def _named(options: argparse.Namespace) -> tuple[str, int | None, int | None]:
    things = [options.dictionary, *options.things] if options.dictionary else options.things
    numbers = things[1:]
    if len(numbers) > 2 or not all(each.isdecimal() for each in numbers) or options.benchmark:
        raise BadParameter(
            LocalText(
                "一个模型在两个版本上：compare 词典 [版本 [版本]] --model 模型。",
                "A model on two versions: compare NAME [A [B]] --model M.",
            )
        )
    given = [int(each) for each in numbers]
    return things[0], given[0] if given else None, given[1] if len(given) > 1 else None
