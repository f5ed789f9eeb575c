"""``backup``, ``restore``, ``doctor``: the home folder kept whole; and the limits that ``serve`` is given."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.commands import editing
from workbench.commands.answer import Answer, Parsers
from workbench.errors import InputError
from workbench.localtext import Language, LocalText
from workbench.settings import LIMITS, Settings, size_text
from workbench.terminal import progress_line

if TYPE_CHECKING:
    from workbench.services import Services


def add_commands(subcommands: Parsers) -> None:
    """The commands of this module."""
    one = subcommands.add_parser("backup", help="write the home folder to one file, while it is in use")
    one.add_argument("file", metavar="FILE.zip")
    what = one.add_mutually_exclusive_group()
    what.add_argument("--without-models", dest="scope", action="store_const", const="without-models")
    what.add_argument("--with-caches", dest="scope", action="store_const", const="with-caches")
    one.add_argument("--replace", action="store_true", help="an earlier backup of that name")
    one.set_defaults(run=backup, scope="everything")

    one = subcommands.add_parser(
        "restore", help="FILE: a backup into the home folder; NAME VERSION: a dictionary back to a version"
    )
    one.add_argument("name", metavar="FILE|NAME")
    one.add_argument("version", type=int, nargs="?", action=_Version)
    one.add_argument(
        "--replace", action="store_true", help="a home that is not empty; it is renamed, not deleted"
    )
    editing.add_who(one)
    one.set_defaults(run=restore, needs_home=False)

    one = subcommands.add_parser(
        "doctor", help="mend what a crash left; what is installed, what this machine can do"
    )
    one.add_argument("--dry-run", action="store_true", help="only say what would be done")
    one.set_defaults(run=doctor)


class _Version(argparse.Action):
    """With a version it is a dictionary that is restored, and the home has to be open."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, values)
        if values is not None:
            namespace.needs_home = True


def add_limits(serve: argparse.ArgumentParser) -> None:
    """An option for each limit."""
    for limit in LIMITS:
        serve.add_argument(
            limit.option, dest=limit.field, metavar=limit.unit.upper(), help=limit.title.get("en").lower()
        )


def set_limits(options: argparse.Namespace) -> None:
    """Put the limits of the options into the environment, where the worker processes find them too."""
    for limit in LIMITS:
        value = getattr(options, limit.field, None)
        if value is not None:
            os.environ[limit.variable] = value


def backup(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """Write a backup."""
    info = services.backups.write(
        Path(options.file).expanduser().resolve(),
        scope=options.scope,
        replace=options.replace,
        progress=progress_line(language),
    )
    said = [_BACKED_UP.format(file=info.file, size=size_text(info.size), files=info.files)]
    if info.runs:
        said.append(_UNDER_WAY.format(runs=info.runs))
    return info.as_json(), lambda: "\n".join(each.get(language) for each in said)


def restore(services: Services | None, options: argparse.Namespace, language: Language) -> Answer:
    """A backup into the home folder; or a dictionary back to a version."""
    if services is not None:
        return editing.restore(services, options, language)
    from workbench.services.restoring import restore as restore_home

    file = Path(options.name).expanduser().resolve()
    if not file.is_file():
        raise InputError(
            LocalText("没有备份文件「{file}」。", "There is no backup “{file}”."),
            LocalText(
                "请检查路径。要让词典回到某个版本，请写：restore 词典名 版本号。",
                "Check the path. To take a dictionary back to a version: restore NAME VERSION.",
            ),
            file=options.name,
        )
    restored = restore_home(
        file, Settings.from_env(home=options.home), replace=options.replace, progress=progress_line(language)
    )
    said = [_RESTORED.format(home=restored.home, files=restored.files)]
    if restored.previous:
        said.append(_KEPT.format(previous=restored.previous))
    return restored.as_json(), lambda: "\n".join(each.get(language) for each in said)


def doctor(services: Services, options: argparse.Namespace, language: Language) -> Answer:
    """What was found and mended; what is installed and what this machine can do."""
    document = services.doctor(dry_run=options.dry_run)

    def people() -> str:
        found = [each["text"][language] for each in document["findings"]] or [_WELL.get(language)]
        if document["freed"]:
            found.append(_FREED.format(size=size_text(document["freed"])).get(language))
        rest = {
            name: value for name, value in document.items() if name not in ("findings", "mended", "freed")
        }
        return "\n".join([*found, "", json.dumps(rest, ensure_ascii=False, indent=2)])

    return document, people


_BACKED_UP = LocalText(
    "备份已写入 {file}（{size}，{files} 个文件）。",
    "Backed up to {file} ({size}, {files} {files|file|files}).",
)
_UNDER_WAY = LocalText(
    "备份时有 {runs} 个训练正在进行：它们照常继续；从备份恢复后标为「已中断」，可以继续。",
    "{runs} {runs|run was|runs were} under way and {runs|goes|go} on. "
    "In the backup {runs|it is|they are} “interrupted” and can be resumed.",
)
_RESTORED = LocalText(
    "已恢复到 {home}（{files} 个文件）。", "Restored to {home} ({files} {files|file|files})."
)
_KEPT = LocalText(
    "原来的主目录没有删除，改名为 {previous}。",
    "The home folder of before was not deleted: it is {previous} now.",
)
_WELL = LocalText("一切正常，没有需要修复的。", "All is well; nothing had to be mended.")
_FREED = LocalText("一共腾出 {size}。", "{size} are free again in all.")
