"""Every recipe by its name: the ready ones, and those of the expert's own."""

from __future__ import annotations

from dataclasses import replace as with_changes

from workbench.errors import BadParameter, NameTaken, NotFound, WorkbenchError
from workbench.localtext import LocalText
from workbench.names import checked_name
from workbench.storage.recipes import RecipeStore
from workbench.training import recipes as ready_recipes
from workbench.training.recipe_files import recipe_from_yaml, recipe_to_yaml
from workbench.types import Recipe


class RecipeBook:
    """The ready recipes and the stored ones. A ready one is never changed or replaced."""

    def __init__(self, store: RecipeStore) -> None:
        self._store = store

    def own(self) -> list[Recipe]:
        """The expert's recipes. One whose stages this program does not know (any more) is left out."""
        found = []
        for _, document in self._store.all():
            try:
                found.append(recipe_from_yaml(document))
            except WorkbenchError:
                continue
        return found

    def get(self, name: str) -> Recipe:
        """The recipe called ``name``.

        Raises:
            NotFound: there is none.
            BadParameter: it was made with another version of the program and does not fit this one.
        """
        for candidate in ready_recipes.RECIPES:
            if candidate.name == name:
                return candidate
        document = self._store.find(name)
        if document is not None:
            return recipe_from_yaml(document)
        names = [*(each.name for each in ready_recipes.RECIPES), *(own for own, _ in self._store.all())]
        raise NotFound(
            LocalText("没有叫「{name}」的训练方案。", "There is no recipe called “{name}”."),
            LocalText("可用的：{names}。", "There are: {names}."),
            name=name,
            names=", ".join(names),
        )

    def save(self, recipe: Recipe, *, replace: bool = False) -> Recipe:
        """Store a recipe under its name; its stages and parameters are checked.

        Raises:
            NameTaken: a ready recipe is called so, or one of the expert's and ``replace`` is false.
            BadParameter, NotFound: a stage or a parameter is wrong.
        """
        recipe = with_changes(recipe, name=checked_name(recipe.name))
        if recipe.name in {ready.name for ready in ready_recipes.RECIPES}:
            raise NameTaken(
                LocalText("「{name}」是自带的训练方案。", "“{name}” is a ready recipe."),
                LocalText("请换一个名字保存。", "Save it under another name."),
                name=recipe.name,
            )
        document = recipe_to_yaml(recipe)
        checked = recipe_from_yaml(document)
        self._store.save(recipe.name, document, replace=replace)
        return checked

    def delete(self, name: str) -> None:
        """Delete a recipe of the expert's own. Runs keep what they were started with.

        Raises:
            NotFound: there is none.
            BadParameter: it is a ready one.
        """
        if name in {ready.name for ready in ready_recipes.RECIPES}:
            raise BadParameter(
                LocalText("自带的训练方案不能删除。", "A ready recipe cannot be deleted."),
                LocalText("只能删除自己保存的。", "Only your own can be."),
            )
        if not self._store.delete(name):
            self.get(name)  # says which there are
