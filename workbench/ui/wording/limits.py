"""What the panel on this computer and its limits says, in the Models tab."""

TEXTS: dict[str, tuple[str, str]] = {
    "limits.title": ("这台电脑与上限", "This computer and its limits"),
    "limits.lead": (
        "工作台占了多少地方，一次能放进多少。上限由管理员更改。",
        "What the workbench takes, and how much goes in at a time. An administrator changes the limits.",
    ),
    "limits.disk": ("磁盘", "Disk"),
    "limits.disk_free": ("空闲 {free}，共 {total}", "{free} free of {total}"),
    "limits.used": ("工作台用了 {used}", "The workbench takes {used}"),
    "limits.memory": ("内存", "Memory"),
    "limits.memory_free": ("空闲 {free}，共 {total}", "{free} free of {total}"),
    "limits.cores": ("处理器核心", "Processor cores"),
    "limits.kind_database": ("词典与记录", "dictionaries and records"),
    "limits.kind_runs": ("训练所得的模型", "tuned models"),
    "limits.kind_models": ("基础模型与词向量", "base models, word vectors"),
    "limits.kind_caches": ("缓存（可重新算出）", "caches (computed again)"),
    "limits.kind_uploads": ("上传的临时文件", "temporary uploads"),
    "limits.kind_other": ("其他", "other"),
    "limits.limit": ("上限", "Limit"),
    "limits.value": ("现在", "Now"),
    "limits.how": ("怎样更改", "How to change it"),
    "limits.or": ("或", "or"),
    "limits.help": (
        "左边是启动服务器时的选项，例如 {example}；右边是环境变量。改后重新启动工作台。",
        "An option when the server is started, such as {example}, or a variable of its environment. It "
        "holds after a restart.",
    ),
    "limits.characters": ("{n} 个字符", "{n} characters"),
    "limits.backup": ("备份", "Backup"),
    "limits.backup_lead": (
        "一个 ZIP 文件，可用 restore 命令恢复。训练照常进行；密钥和密码不在其中。",
        "One ZIP file, which the command restore reads. Runs go on; keys and passwords are not in it.",
    ),
    "limits.backup_what": ("备份的内容", "What goes into it"),
    "limits.scope_everything": ("词典、记录和模型", "Dictionaries, records and models"),
    "limits.scope_without-models": ("只有词典和记录", "Dictionaries and records only"),
    "limits.scope_with-caches": ("全部，连同缓存", "Everything, caches too"),
    "limits.scope": ("{what}（约 {size}）", "{what} (about {size})"),
    "limits.back_up": ("下载备份", "Download a backup"),
    "limits.backing_up": ("正在备份……", "Backing up …"),
    "limits.backed_up": (
        "备份完成（{size}），开始下载。",
        "The backup is done ({size}); the download begins.",
    ),
    "limits.gone": (
        "这份备份已经不在了，请再做一次。",
        "This backup is not there any more. Make it once more.",
    ),
}
