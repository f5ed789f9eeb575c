"""The ready recipes: which stages, in which order, and when to use them."""

from __future__ import annotations

from workbench.errors import NotFound
from workbench.localtext import LocalText
from workbench.types import Recipe, StageConfig

RECIPES: tuple[Recipe, ...] = (
    Recipe(
        "instant",
        LocalText("即时", "Instant"),
        LocalText(
            "几秒钟就好。模型本身不变，只学一个作用在词向量上的变换。适合边改词典边看效果。",
            "Done in seconds. The model stays as it is; a map over its vectors is learnt. "
            "Use it while you work on the dictionary.",
        ),
        (StageConfig("instant_map"),),
    ),
    Recipe(
        "finetune",
        LocalText("精调", "Fine-tune"),
        LocalText(
            "几分钟。训练模型最上面的几层，得到一个可以交付使用的模型。",
            "Takes minutes. The model's top layers are trained: for a model that leaves the house.",
        ),
        (StageConfig("in_batch"),),
    ),
)

DEFAULT_RECIPE = "instant"


def recipe(name: str) -> Recipe:
    """The recipe called ``name``.

    Raises:
        NotFound: there is none.
    """
    for candidate in RECIPES:
        if candidate.name == name:
            return candidate
    raise NotFound(
        LocalText("没有叫「{name}」的训练方案。", "There is no recipe called “{name}”."),
        LocalText("可用的：{names}。", "There are: {names}."),
        name=name,
        names=", ".join(candidate.name for candidate in RECIPES),
    )
