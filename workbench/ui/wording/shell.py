"""What the frame of the page says: header, tabs, units, and words that several tabs share."""

TEXTS: dict[str, tuple[str, str]] = {
    "product.name": ("同义词向量工作台", "Synonym Workbench"),
    "product.other": ("Synonym Workbench", "同义词向量工作台"),
    "tab.data": ("资料", "Data"),
    "tab.synonyms": ("词典编辑", "Synonyms"),
    "tab.pairs": ("词对", "Pairs"),
    "tab.train": ("训练", "Train"),
    "tab.board": ("排行榜", "Leaderboard"),
    "tab.explore": ("探索", "Explore"),
    "tab.map": ("地图", "Map"),
    "tab.models": ("模型", "Models"),
    "header.idle": ("空闲", "Idle"),
    "header.training": ("正在训练“{name}”，{percent}%", "“{name}” is training, {percent}%"),
    "header.working": ("“{name}”：{phase}", "“{name}”: {phase}"),
    "header.queued": ("，另有 {n} 个排队", ", {n} more in the queue"),
    "header.offline": ("与服务器的连接已断开，正在重试", "The server does not answer; trying again"),
    "header.language": ("语言", "Language"),
    "header.theme": ("切换深色与浅色", "Switch between light and dark"),
    "common.loading": ("正在读取……", "Loading …"),
    "common.working": ("请稍候……", "One moment …"),
    "common.notice": ("请注意", "Please note"),
    "common.comma": ("，", ", "),
    "common.semicolon": ("；", "; "),
    "common.close": ("关闭", "Close"),
    "common.what_is": ("“{name}”是什么", "What “{name}” is"),
    "common.cancel": ("取消", "Cancel"),
    "common.delete": ("删除", "Delete"),
    "common.previous": ("上一页", "Previous"),
    "common.next": ("下一页", "Next"),
    "common.page": ("第 {page} / {pages} 页，共 {total} 条", "Page {page} of {pages}, {total} in all"),
    "common.nothing_found": ("没有找到“{search}”。", "Nothing found for “{search}”."),
    "common.dictionary": ("词典", "Dictionary"),
    "common.model": ("模型", "Model"),
    "common.show_all": ("全部显示", "Show all"),
    "common.no_dictionary": (
        "还没有词典。请先在“资料”中上传一份。",
        "There is no dictionary yet. Upload one under Data first.",
    ),
    "common.go_data": ("去“资料”", "Go to Data"),
    "common.go_train": ("去“训练”", "Go to Train"),
    "unit.under_second": ("不到 1 秒", "under 1 s"),
    "unit.seconds": ("{n} 秒", "{n} s"),
    "unit.minutes": ("{n} 分钟", "{n} min"),
    "unit.hours": ("{n} 小时", "{n} h"),
    "unit.now": ("刚刚", "just now"),
    "unit.minutes_ago": ("{n} 分钟前", "{n} min ago"),
    "unit.hours_ago": ("{n} 小时前", "{n} h ago"),
    "unit.days_ago": ("{n} 天前", "{n} d ago"),
    "language.zh": ("中文", "Chinese"),
    "language.en": ("英文", "English"),
    "language.mixed": ("中英混合", "Chinese and English"),
    "language.multi": ("多语言", "Multilingual"),
    "error.unexpected": (
        "出现了意外情况，这一步没有完成。请重试；若再次出现，请把编号 {incident} 告诉管理员，"
        "日志里有详细记录。",
        "Something unexpected happened and this step was not finished. Please try again; if it happens "
        "again, "
        "tell your administrator the number {incident}: the log has the details.",
    ),
    "error.offline": (
        "服务器没有应答。请确认工作台仍在运行，然后重试。",
        "The server did not answer. Make sure that the workbench is still running, then try again.",
    ),
    "error.bad_request": (
        "页面送来的内容无法使用。请重新载入页面。",
        "What the page sent cannot be used. Please reload the page.",
    ),
    "error.closing": (
        "工作台正在关闭，这一步没有做完。重新打开后请再试一次。",
        "The workbench is being closed and this step was not finished. Try again once it is open.",
    ),
    "error.port_taken": (
        "端口 {port} 已被占用，也许工作台已经开着：请在浏览器打开 {address}，或换一个端口（--port）。",
        "Port {port} is in use; perhaps the workbench is open already: try {address} in the "
        "browser, or choose another port (--port).",
    ),
    "error.not_local": (
        "不设账号就只能为本机提供服务。要让其他电脑访问，请用 --auth-file 指定账号文件"
        "（或设置 WORKBENCH_AUTH_FILE）。",
        "Without accounts the workbench serves this computer only. To let other computers in, name a file of "
        "accounts with --auth-file (or WORKBENCH_AUTH_FILE).",
    ),
    "error.no_accounts": (
        "账号文件「{file}」里还没有人，谁也无法登录。",
        "The file of accounts “{file}” names nobody, so nobody could sign in.",
    ),
    "serve.accounts_readable": (
        "请注意：本机其他用户能读到「{file}」里的散列。请运行 chmod 600。",
        "Please note: other users of this computer can read the hashes in “{file}”. Run chmod 600 on it.",
    ),
    "error.foreign": (
        "这个请求来自别的网站，已被拒绝。",
        "This request came from another site and was refused.",
    ),
    "serve.address": ("工作台地址：{address}", "The workbench is at {address}"),
}
