"""Training from the command line: ``train``, ``runs``."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING, Any

from workbench.commands.answer import Answer, Parsers
from workbench.commands.recipes import difference_row, recipe_named
from workbench.commands.run_words import (
    duration_words,
    fitted_words,
    open_warnings,
    record_words,
    worse_words,
)
from workbench.documents import run_document
from workbench.errors import BadParameter
from workbench.localtext import Language, LocalText
from workbench.terminal import table
from workbench.types import FINAL_STATES, Recipe, Run, StageConfig

if TYPE_CHECKING:
    from workbench.services import Services


def add_commands(subcommands: Parsers) -> None:
    """The commands of this module."""
    from workbench.training.recipes import DEFAULT_RECIPE

    one = subcommands.add_parser("train", help="train a model and measure it; waits")
    one.add_argument("--dictionary")
    one.add_argument(
        "--base", help="a base model's id, a hub name or a folder; the default base where left out"
    )
    what = one.add_mutually_exclusive_group()
    what.add_argument("--recipe", metavar="NAME|FILE", help=f"a recipe or its file; {DEFAULT_RECIPE}")
    what.add_argument("--stage", action="append", help="a recipe of this stage alone; of several, in order")
    what.add_argument("--from", dest="like", metavar="RUN", help="as that run was, with its data of then")
    _add_changes(one)
    one.set_defaults(run=train)
    _add_runs(subcommands.add_parser("runs", help="training runs").add_subparsers(dest="kind", required=True))


def _add_changes(one: argparse.ArgumentParser) -> None:
    one.add_argument("--corpus", action="append", help="raw text to learn from; may be repeated")
    one.add_argument("--pairs", action="append", help="a pair set to learn from; may be repeated")
    one.add_argument("--name")
    one.add_argument("--epochs", type=int)
    one.add_argument("--seed", type=int)
    one.add_argument(
        "--budget",
        metavar="TIME",
        help="90s, 5m, 1h: layers and epochs are made to fit; when it is over, the best so far is kept",
    )
    one.add_argument(
        "--set",
        metavar="[STAGE.]PARAMETER=VALUE",
        action="append",
        help="a parameter of every stage that has it, of one by its name, or by its place: 2.epochs=3",
    )


def _add_runs(kinds: Parsers) -> None:
    kinds.add_parser("list", help="newest first").set_defaults(run=list_runs)
    one = kinds.add_parser("show", help="all that is known of a run")
    one.add_argument("run_name", metavar="RUN")
    one.add_argument("--log", type=int, default=0, metavar="LINES", help="and the last lines of its log")
    one.set_defaults(run=show_run)
    one = kinds.add_parser("stop", help="ask a run to stop and keep its best")
    one.add_argument("run_name", metavar="RUN")
    one.add_argument("--discard", action="store_true", help="keep nothing")
    one.set_defaults(run=stop_run)
    one = kinds.add_parser("resume", help="take up a run that was interrupted, stopped or failed; waits")
    one.add_argument("run_name", metavar="RUN")
    one.set_defaults(run=resume_run)
    one = kinds.add_parser("retry", help="a new run like an earlier one, with changes; waits")
    one.add_argument("run_name", metavar="RUN")
    one.add_argument("--base")
    one.add_argument("--newest", action="store_true", help="on the dictionary as it is now")
    _add_changes(one)
    one.set_defaults(run=retry_run)
    one = kinds.add_parser("delete", help="a run that has ended, with its models")
    one.add_argument("run_name", metavar="RUN")
    one.set_defaults(run=delete_run)
    one = kinds.add_parser("compare", help="results side by side, and what was set differently")
    one.add_argument("run_names", metavar="RUN", nargs="+")
    one.set_defaults(run=compare_runs)


# -- training -----------------------------------------------------------------------------------------


def train(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Queue a run, wait for it, and say what came out."""
    from workbench.models.catalogue import default_spec
    from workbench.training.recipes import DEFAULT_RECIPE

    if options.like:
        run = services.retry_run(options.like, base=options.base, **_changes(options))
        return _carried_out(services, run, options, language)
    if not options.dictionary:
        raise BadParameter(
            LocalText("请用 --dictionary 指定词典。", "Name the dictionary with --dictionary.")
        )
    base = options.base or default_spec().id
    services.fetch_model(base)
    recipe: str | Recipe = recipe_named(services, options.recipe or DEFAULT_RECIPE)
    if options.stage:
        title = " + ".join(options.stage)
        stages = tuple(StageConfig(name) for name in options.stage)
        recipe = Recipe("-".join(options.stage)[:60], LocalText(title, title), LocalText("", ""), stages)
    changes = {name: value for name, value in _changes(options).items() if value is not None}
    return _carried_out(
        services, services.start_run(options.dictionary, base, recipe, **changes), options, language
    )


def _changes(options: argparse.Namespace) -> dict[str, Any]:
    from workbench.training.budget import parse_seconds

    parameters: dict[str, Any] = {} if options.epochs is None else {"epochs": options.epochs}
    for assignment in options.set or ():
        name, _, value = assignment.partition("=")
        parameters[name.strip()] = value.strip()
    return {
        "name": options.name,
        "parameters": parameters or None,
        "seed": options.seed,
        "corpora": options.corpus,
        "pair_sets": options.pairs,
        "budget": parse_seconds(options.budget) if options.budget else None,
    }


def _carried_out(services: Services, run: Run, options: argparse.Namespace, language: Language) -> Answer:
    services.start()
    run = _wait(services, run, language, quiet=options.json)
    return run_document(run, language), lambda: _run_summary(run, language)


def _wait(services: Services, run: Run, language: Language, *, quiet: bool) -> Run:
    """Until the run has ended. Ctrl-C asks it to stop and keep the best; a second one discards."""
    shown = ""
    asked = 0
    warned: set[str] = set()
    while run.state not in FINAL_STATES:
        try:
            time.sleep(0.2)
            run = services.run(run.id)
            place = f" #{run.queue_place}" if run.queue_place else ""
            line = f"{run.phase.get(language)}{place} {run.progress:5.0%}"
            if run.total_steps:
                line += f"  {run.step}/{run.total_steps}"
            if not quiet and line != shown and sys.stderr.isatty():
                sys.stderr.write(f"\r\033[K{line}")
                sys.stderr.flush()
            shown = line
            for words in () if quiet else open_warnings(run, language):
                if words[:12] not in warned:  # said once; its figures change with each look
                    warned.add(words[:12])
                    sys.stderr.write(f"\r\033[K! {words}\n" if sys.stderr.isatty() else f"! {words}\n")
        except KeyboardInterrupt:
            asked += 1
            run = services.stop_run(run.id, keep=asked == 1)
    if not quiet and shown and sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    return run


def _run_summary(run: Run, language: Language) -> str:
    lines = [f"{run.name}: {run.state}. {run.message.get(language) if run.message else ''}"]
    worse = worse_words(run)
    if worse is not None:
        frame = "!" * 72
        lines = [frame, f"!! {worse.get(language)}", frame, *lines]
    lines += [f"! {words}" for words in open_warnings(run, language)]
    lines += [words for words in (duration_words(run, language), fitted_words(run, language)) if words]
    test = run.result.get("test")
    if test:
        rows = [
            {"model": name, **{f"recall@{k}": round(v, 2) for k, v in test[side]["recall"].items()}}
            for name, side in ((run.base_model, "base"), (run.name, "tuned"))
        ]
        lines.append(table(rows))
    return "\n".join(lines)


# -- runs ---------------------------------------------------------------------------------------------


def list_runs(services: Services, _: argparse.Namespace, language: Language) -> Answer:
    """Runs, newest first."""
    documents = [run_document(run, language) for run in services.runs(1000)]
    columns = ("name", "state", "dictionary", "base", "recipe", "seconds", "message")
    return documents, lambda: table([{name: each[name] for name in columns} for each in documents])


def show_run(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """All that is known of a run."""
    run = services.run(options.run_name)
    document = {
        **run_document(run, language),
        "attempt": run.attempt,
        "config": run.config,
        "version_id": run.version_id,
        "split_hash": run.split_hash,
    }
    log = services.run_log_tail(run.id, options.log) if options.log > 0 else ""
    if options.log > 0:
        document["log"] = log

    def text() -> str:
        stages = [
            {"#": number, "stage": entry["stage"], "parameters": _assigned(entry["parameters"])}
            for number, entry in enumerate(run.config["stages"], 1)
        ]
        data = [*run.config.get("corpora", ()), *run.config.get("pair_sets", ())]
        facts = f"{run.dictionary} · {run.base_model} · {run.recipe} · seed {run.config.get('seed')}"
        parts = [
            _run_summary(run, language),
            " + ".join([facts, *data]),
            table(stages),
            record_words(run),
            log,
        ]
        return "\n".join(part for part in parts if part)

    return document, text


def stop_run(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Ask a run to stop."""
    run = services.stop_run(options.run_name, keep=not options.discard)
    return run_document(run, language), lambda: f"{run.name}: {run.state}"


def resume_run(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Take up a run again, and wait for it."""
    return _carried_out(services, services.resume_run(options.run_name), options, language)


def retry_run(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """A new run like an earlier one, and wait for it."""
    run = services.retry_run(options.run_name, base=options.base, newest=options.newest, **_changes(options))
    return _carried_out(services, run, options, language)


def delete_run(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    """Delete a run and its models."""
    services.delete_run(options.run_name)
    return {"deleted": options.run_name}, lambda: options.run_name


def compare_runs(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Results side by side, and what was set differently from the first."""
    from workbench.services.lifecycle import recipe_of

    runs = [services.run(name) for name in options.run_names]
    rows = [_compared(run) for run in runs]
    differences = {
        run.name: [
            difference_row(each) for each in services.recipes.difference(recipe_of(runs[0]), recipe_of(run))
        ]
        for run in runs[1:]
    }

    def text() -> str:
        parts = [table(rows)]
        for name, found in differences.items():
            parts += [f"{runs[0].name} / {name}", table(found) if found else "="]
        return "\n".join(parts)

    return {"runs": [run_document(run, language) for run in runs], "differences": differences}, text


def _compared(run: Run) -> dict[str, Any]:
    test, dev = run.result.get("test", {}), run.result.get("dev", {})
    recall = {str(k): v for k, v in test.get("tuned", {}).get("recall", {}).items()}
    return {
        "run": run.name,
        "state": run.state,
        "base": run.base_model,
        "recipe": run.recipe,
        "seed": run.config.get("seed"),
        "dev recall@1": dev.get("best", {}).get("recall@1"),
        **{f"recall@{k}": recall.get(k) for k in ("1", "5", "10")},
        "difference": test.get("difference", {}).get("difference"),
        "warnings": " ".join(each["kind"] for each in run.result.get("warnings", ()) if each["open"]),
        "seconds": round(sum(run.result.get("seconds", {}).values()), 1),
    }


def _assigned(parameters: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in parameters.items())
