"""Recipes: the ready ones and the expert's own, as files, and what differs between two of them."""

from __future__ import annotations

from workbench.training import recipes as ready_recipes
from workbench.training.recipe_book import RecipeBook
from workbench.training.recipe_files import (
    RecipeDifference,
    recipe_differences,
    recipe_from_yaml,
    recipe_to_yaml,
)
from workbench.types import Recipe
from workbench.workspace import Workspace


class Recipes:
    """The recipes of one home folder."""

    def __init__(self, workspace: Workspace) -> None:
        self._book = RecipeBook(workspace.recipes)

    def ready(self) -> list[Recipe]:
        """Those that come with the program."""
        return list(ready_recipes.RECIPES)

    def own(self) -> list[Recipe]:
        """Those that the expert has saved, by name."""
        return self._book.own()

    def all(self) -> list[Recipe]:
        """The ready ones first."""
        return [*self.ready(), *self.own()]

    def get(self, name: str) -> Recipe:
        """The recipe called ``name``. Raises NotFound."""
        return self._book.get(name)

    def save(self, recipe: Recipe, *, replace: bool = False) -> Recipe:
        """Store a recipe of the expert's own, checked; it comes back with every parameter spelled out.

        Raises:
            NameTaken, BadParameter, NotFound: in words.
        """
        return self._book.save(recipe, replace=replace)

    def delete(self, name: str) -> None:
        """Delete one of the expert's own. Raises NotFound, or BadParameter for a ready one."""
        self._book.delete(name)

    def to_yaml(self, recipe: Recipe) -> str:
        """A recipe as a file."""
        return recipe_to_yaml(recipe)

    def from_yaml(self, text: str) -> Recipe:
        """The recipe in a file; nothing is stored. Raises BadParameter, NotFound."""
        return recipe_from_yaml(text)

    def difference(self, first: Recipe | str, second: Recipe | str) -> list[RecipeDifference]:
        """What two recipes (or recipes of these names) do not share, stage by stage."""
        one, other = (self.get(each) if isinstance(each, str) else each for each in (first, second))
        return recipe_differences(one, other)
