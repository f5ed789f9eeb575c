"""Recipes and the stages that they are made of, from the command line: ``recipes``, ``stages``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.commands.answer import Answer, Parsers, read_file, write_file
from workbench.localtext import Language
from workbench.terminal import table
from workbench.types import Recipe

if TYPE_CHECKING:
    from workbench.services import Services
    from workbench.training.recipe_files import RecipeDifference
    from workbench.training.registry import StageSpec

LARGEST_FILE = 1_000_000  # bytes of a recipe


def add_commands(subcommands: Parsers) -> None:
    """The commands of this module."""
    _add_recipes(subcommands.add_parser("recipes", help="recipes").add_subparsers(dest="kind", required=True))

    kinds = subcommands.add_parser("stages", help="techniques").add_subparsers(dest="kind", required=True)
    one = kinds.add_parser("list", help="id, title, what data each needs, parameters")
    one.add_argument("--markdown", action="store_true", help="the table of the documentation")
    one.set_defaults(run=list_stages)


def _add_recipes(kinds: Parsers) -> None:
    kinds.add_parser("list", help="the ready ones and your own").set_defaults(run=list_recipes)
    one = kinds.add_parser("show", help="a recipe as YAML")
    one.add_argument("recipe", metavar="NAME|FILE")
    one.add_argument("--out", metavar="FILE", help="write it there")
    one.set_defaults(run=show_recipe)
    one = kinds.add_parser("save", help="a file as a recipe of your own")
    one.add_argument("file")
    one.add_argument("--name", help="another name than the file says")
    one.add_argument("--replace", action="store_true")
    one.set_defaults(run=save_recipe)
    one = kinds.add_parser("delete", help="a recipe of your own; runs keep what they were started with")
    one.add_argument("name")
    one.set_defaults(run=delete_recipe)
    one = kinds.add_parser("diff", help="what two recipes do not share")
    one.add_argument("first", metavar="NAME|FILE")
    one.add_argument("second", metavar="NAME|FILE")
    one.set_defaults(run=compare_recipes)


def list_recipes(services: Services, _: argparse.Namespace, language: Language) -> Answer:
    """The ready ones and the expert's own."""
    ready = {each.name for each in services.recipes.ready()}
    rows: list[dict[str, Any]] = [
        {
            "name": each.name,
            "title": each.title.get(language),
            "own": each.name not in ready,
            "stages": [entry.stage for entry in each.stages],
            "help": each.help.get(language),
        }
        for each in services.recipes.all()
    ]
    return rows, lambda: table([{**row, "stages": " + ".join(row["stages"])} for row in rows])


def show_recipe(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    """A recipe as YAML."""
    recipe = recipe_named(services, options.recipe)
    text = services.recipes.to_yaml(recipe)
    if options.out:
        write_file(Path(options.out), text.encode("utf-8"))
    return {"name": recipe.name, "yaml": text}, lambda: str(options.out or text.rstrip())


def save_recipe(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    """A file as a recipe of the expert's own."""
    recipe = _from_file(services, Path(options.file))
    if options.name:
        recipe = Recipe(options.name, recipe.title, recipe.help, recipe.stages)
    saved = services.recipes.save(recipe, replace=options.replace)
    return {"name": saved.name}, lambda: saved.name


def delete_recipe(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    """Delete a recipe of the expert's own."""
    services.recipes.delete(options.name)
    return {"deleted": options.name}, lambda: str(options.name)


def compare_recipes(services: Services, options: argparse.Namespace, _: Language) -> Answer:
    """What two recipes do not share."""
    first, second = recipe_named(services, options.first), recipe_named(services, options.second)
    rows = [difference_row(each) for each in services.recipes.difference(first, second)]
    return rows, lambda: table(rows) if rows else "="


def list_stages(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Every technique: id, title, what data it needs, parameters."""
    specs = services.stages()
    documents = [
        {
            "id": spec.name,
            "title": spec.title.get(language),
            "help": spec.help.get(language),
            "needs": list(spec.needs),
            "source": spec.source,
            "parameters": [
                {
                    "name": p.name,
                    "kind": p.kind,
                    "default": p.default,
                    "minimum": p.minimum,
                    "maximum": p.maximum,
                    "choices": list(p.choices),
                    "title": p.title.get(language),
                    "help": p.help.get(language),
                }
                for p in spec.parameters
            ],
        }
        for spec in specs
    ]
    if options.markdown:
        return documents, lambda: stages_markdown(specs)
    rows = [
        {
            "id": spec.name,
            "title": spec.title.get(language),
            "needs": " ".join(spec.needs),
            "parameters": " ".join(p.name for p in spec.parameters),
        }
        for spec in specs
    ]
    return documents, lambda: table(rows)


def stages_markdown(specs: list[StageSpec]) -> str:
    """The table of stages in ``docs/training.md``."""
    lines = ["| id | what it is for | needs | parameters (default) | source |", "|---|---|---|---|---|"]
    for spec in specs:
        parameters = ", ".join(f"`{p.name}` ({p.default})" for p in spec.parameters)
        cells: tuple[str, ...] = (
            f"`{spec.name}`",
            f"**{spec.title.get('en')}.** {spec.help.get('en')}",
            ", ".join(spec.needs),
        )
        lines.append("| " + " | ".join([*cells, parameters, spec.source]) + " |")
    return "\n".join(lines)


def recipe_named(services: Services, name: str) -> Recipe:
    """A recipe by its name, or the one in a file."""
    path = Path(name).expanduser()
    if path.suffix.lower() in (".yaml", ".yml") or path.is_file():
        return _from_file(services, path)
    return services.recipes.get(name)


def _from_file(services: Services, path: Path) -> Recipe:
    return services.recipes.from_yaml(read_file(path, LARGEST_FILE).decode("utf-8-sig", "replace"))


def difference_row(each: RecipeDifference) -> dict[str, Any]:
    """What two recipes do not share, as a row of a table."""
    return {
        "place": each.place,
        "stage": each.stage,
        "parameter": each.parameter,
        "first": each.first,
        "second": each.second,
    }
