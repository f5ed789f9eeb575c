"""What is said about signing in, about roles, and about what a role may not do."""

TEXTS: dict[str, tuple[str, str]] = {
    "accounts.sign_in": ("登录", "Sign in"),
    "accounts.sign_out": ("退出", "Sign out"),
    "accounts.name": ("名字", "Name"),
    "accounts.password": ("密码", "Password"),
    "accounts.lead": ("这个工作台只对有账号的人开放。", "This workbench is open to people with an account."),
    "accounts.ask": (
        "没有账号或忘了密码？请找架设工作台的人。",
        "No account, or the password forgotten? Ask whoever runs this workbench.",
    ),
    "accounts.wrong": ("名字或密码不对。请再试一次。", "Name or password is wrong. Please try again."),
    "accounts.wait": (
        "输错的次数太多。请等 {n} 秒再试。",
        "There were too many wrong passwords. Wait {n} s, then try again.",
    ),
    "accounts.unusable": (
        "账号文件现在读不出来，谁也无法登录。请告诉架设工作台的人：日志里有原因。",
        "The file of accounts cannot be read now, so nobody can sign in. Tell whoever runs this workbench: "
        "the log says why.",
    ),
    "accounts.ended": ("登录已失效，请重新登录。", "You are no longer signed in. Please sign in again."),
    "accounts.not_yours": ("这个文件是别人上传的。", "Somebody else has uploaded this file."),
    "accounts.viewer": ("只看", "Viewer"),
    "accounts.editor": ("编辑", "Editor"),
    "accounts.trainer": ("训练", "Trainer"),
    "accounts.who": ("{name}，角色：{role}", "{name}, role: {role}"),
    "accounts.no_edit": (
        "你的角色是「{role}」，只能查看。要修改词典、句对或建议，需要「编辑」角色。",
        "You are signed in as “{role}” and can look only. To change dictionaries, pairs or suggestions, "
        "the role “Editor” is needed.",
    ),
    "accounts.no_train": (
        "你的角色是「{role}」。要训练、改配方或管理模型，需要「训练」角色。",
        "You are signed in as “{role}”. To train, to change recipes or to manage models, the role "
        "“Trainer” is needed.",
    ),
    "accounts.no_outside": (
        "你的角色是「{role}」，只能用列表里已有的模型。要用服务器上的文件夹或模型网站上的模型，需要「训练」角色。",
        "You are signed in as “{role}” and can use the models on the list. For a folder of the server or a "
        "model of a hub, the role “Trainer” is needed.",
    ),
    "accounts.of_another": (
        "这是「{who}」开始的，只有本人或「训练」角色可以停止。",
        "“{who}” has begun this; only they, or a trainer, can stop it.",
    ),
    "accounts.of_another_hint": (
        "它在后台继续，不影响你的工作。",
        "It goes on in the background and is not in your way.",
    ),
    "accounts.under_way": (
        "「{who}」正在做同一件事，但选项不同。",
        "“{who}” is doing the same with other options.",
    ),
    "accounts.under_way_own": ("同一件事正在做，但选项不同。", "The same is under way with other options."),
    "accounts.under_way_hint": ("请等它结束再开始。", "Begin yours when it has ended."),
    "accounts.ask_role": ("请找架设工作台的人。", "Ask whoever runs this workbench."),
}
