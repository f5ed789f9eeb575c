"""Commands about who may use a shared workbench: ``accounts add | remove | list | password | role``."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import TYPE_CHECKING

from workbench.accounts import ROLES, Accounts
from workbench.commands.answer import Answer, Parsers
from workbench.errors import InputError
from workbench.localtext import Language, LocalText
from workbench.terminal import table

if TYPE_CHECKING:
    from workbench.services import Services

ROLE_NAMES = {
    "viewer": LocalText("只看", "sees everything"),
    "editor": LocalText("可编辑词典、句对与建议", "also edits dictionaries, pairs, suggestions"),
    "trainer": LocalText("还可训练、管理模型", "also trains and manages models"),
}


def add_commands(subcommands: Parsers) -> None:
    """The commands of this module; none of them opens the home folder."""
    topic = subcommands.add_parser("accounts", help="who may use a workbench that others can reach")
    actions = topic.add_subparsers(dest="action", required=True, metavar="ACTION")
    told = {
        "add": ("let somebody in; makes the file where there is none", add),
        "remove": ("let somebody in no longer", remove),
        "password": ("give somebody a new password", password),
        "role": ("give somebody another role", role),
        "list": ("who is let in, and as what", listed),
    }
    for name, (words, run) in told.items():
        one = actions.add_parser(name, help=words)
        one.add_argument("file", metavar="FILE")
        if name != "list":
            one.add_argument("person", metavar="NAME")
        if name in ("add", "role"):
            one.add_argument("--role", choices=ROLES, required=True)
        if name in ("add", "password"):
            one.add_argument(
                "--password-stdin", action="store_true", help="read it from standard input instead of asking"
            )
        one.set_defaults(run=run, needs_home=False)


def add(_: Services | None, options: argparse.Namespace, language: Language) -> Answer:
    """Let somebody in."""
    person = Accounts(options.file).add(options.person, options.role, _password(options, language))
    said = LocalText("「{name}」可以登录了（{role}）。", "“{name}” can sign in ({role}).")
    return _said(said.format(name=person.name, role=person.role), person.name, person.role, language)


def remove(_: Services | None, options: argparse.Namespace, language: Language) -> Answer:
    """Let somebody in no longer."""
    Accounts(options.file).remove(options.person)
    said = LocalText("「{name}」不能再登录。", "“{name}” is let in no longer.")
    return _said(said.format(name=options.person), options.person, None, language)


def password(_: Services | None, options: argparse.Namespace, language: Language) -> Answer:
    """Give a new password."""
    accounts = Accounts(options.file)
    accounts.people()  # refused before a password is asked for
    person = accounts.set_password(options.person, _password(options, language))
    said = LocalText(
        "「{name}」的密码换好了；用旧密码登录的页面已退出。",
        "“{name}” has a new password; pages signed in by the old one are signed out.",
    )
    return _said(said.format(name=person.name), person.name, person.role, language)


def role(_: Services | None, options: argparse.Namespace, language: Language) -> Answer:
    """Give another role."""
    person = Accounts(options.file).set_role(options.person, options.role)
    said = LocalText("「{name}」现在是 {role}。", "“{name}” is {role} now.")
    return _said(said.format(name=person.name, role=person.role), person.name, person.role, language)


def listed(_: Services | None, options: argparse.Namespace, language: Language) -> Answer:
    """Who is let in. No hash is shown."""
    accounts = Accounts(options.file)
    people = list(accounts.people().values())
    document = {
        "file": str(accounts.path),
        "readable_by_others": accounts.is_readable_by_others,
        "people": [{"name": person.name, "role": person.role} for person in people],
    }

    def told() -> str:
        heads = [
            each.get(language)
            for each in (LocalText("名字", "name"), LocalText("角色", "role"), LocalText("权限", "rights"))
        ]
        rows = [[each.name, each.role, ROLE_NAMES[each.role].get(language)] for each in people]
        lines = table([dict(zip(heads, row, strict=True)) for row in rows])
        return f"{lines}\n{_open(language)}" if accounts.is_readable_by_others else lines

    return document, told


def _open(language: Language) -> str:
    return LocalText(
        "本机其他用户能读到这个文件里的散列。请运行 chmod 600。",
        "Other users of this computer can read the hashes in this file. Run chmod 600 on it.",
    ).get(language)


def _said(sentence: LocalText, name: str, role: str | None, language: Language) -> Answer:
    return {"name": name, "role": role}, lambda: sentence.get(language)


def _password(options: argparse.Namespace, language: Language) -> str:
    """Asked for twice without showing it, or the first line of standard input."""
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass(LocalText("密码：", "Password: ").get(language))
    again = getpass.getpass(LocalText("再输一次：", "Once more: ").get(language))
    if first != again:
        raise InputError(LocalText("两次输入的密码不同。", "The two passwords are not the same."))
    return first
