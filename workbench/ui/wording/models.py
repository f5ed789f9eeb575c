"""What the Models tab says."""

TEXTS: dict[str, tuple[str, str]] = {
    "models.title": ("您的模型", "Your models"),
    "models.lead": (
        "训练得到的模型可以导出为 zip：里面是标准的 sentence-transformers 文件夹，别的程序可以直接使用。",
        "A model that you trained can be exported as a zip: an ordinary sentence-transformers folder "
        "that other "
        "programs read as it is.",
    ),
    "models.tuned": ("训练所得", "Tuned models"),
    "models.base": ("基础模型", "Base models"),
    "models.none": ("还没有训练过的模型", "No tuned model yet"),
    "models.none_hint": ("训练完成后，模型会出现在这里。", "A model appears here when its training is done."),
    "models.default": ("默认", "default"),
    "models.ready": ("可用", "ready"),
    "models.unpack": ("首次使用时自动解包", "unpacked on first use"),
    "models.from": ("基于 {base}", "from {base}"),
    "models.dimension": ("{n} 维", "{n} dimensions"),
    "models.export": ("导出 zip", "Export as zip"),
    "models.exporting": ("正在打包……", "Packing …"),
    "models.not_tuned": (
        "只有训练所得的模型可以导出，而这个模型不在其中。请重新载入页面。",
        "Only tuned models can be exported, and this is none of them. Please reload the page.",
    ),
    "models.exported": ("“{name}”已打包，开始下载。", "“{name}” is packed; the download begins."),
    "models.try": ("试一试", "Try it out"),
    "models.train": ("用它训练", "Train from it"),
    "models.licence": ("许可证 {licence}", "licence {licence}"),
    "models.delete_title": ("删除模型“{name}”？", "Delete the model “{name}”?"),
}
