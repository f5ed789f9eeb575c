"""Who may use a shared workbench: a file with a name, a role and a hashed password on each line."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import stat
import tempfile
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from workbench.errors import InputError, NameTaken, NotFound
from workbench.localtext import LocalText

Right = Literal["view", "edit", "train"]
Role = Literal["viewer", "editor", "trainer"]
ROLES: tuple[Role, ...] = get_args(Role)
RIGHTS: dict[Role, tuple[Right, ...]] = {
    "viewer": ("view",),
    "editor": ("view", "edit"),
    "trainer": ("view", "edit", "train"),
}
LONGEST_NAME = 60  # characters; the same as of an author in the history
SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1000
MOST_MEMORY = 512 * 2**20  # bytes that a line of the file may ask for while a password is compared
MOST_ROUNDS = 16
LARGEST_FILE = 2**20
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
OTHERS_READ = stat.S_IRGRP | stat.S_IROTH


class AccountsProblem(InputError):
    """The file of accounts cannot be used; nobody is let in by it."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one comparison takes: scrypt (RFC 7914) with ``128 * n * r`` bytes of memory, ``p`` times.

    The default is one of those that the OWASP Password Storage Cheat Sheet holds equal.
    """

    n: int = 2**15
    r: int = 8
    p: int = 3

    @property
    def bearable(self) -> bool:
        """Whether scrypt takes these numbers, and no line of a file makes the server run out of memory."""
        sound = self.n > 1 and self.n & (self.n - 1) == 0 and self.r > 0
        return sound and 128 * self.n * self.r <= MOST_MEMORY and 0 < self.p <= MOST_ROUNDS


@dataclass(frozen=True, slots=True)
class Person:
    """A line of the file. ``secret`` is the hash with its parameters, never a password."""

    name: str
    role: Role
    secret: str

    def may(self, right: Right) -> bool:
        """Whether the role has ``right``."""
        return right in RIGHTS[self.role]


class Accounts:
    """The people in one file. It is read again whenever it has changed."""

    def __init__(self, path: Path | str, cost: Cost | None = None) -> None:
        self.path = Path(path).expanduser().resolve()
        self._cost = cost or Cost()
        self._lock = threading.Lock()
        self._stamp: tuple[int, ...] | None = None
        self._people: dict[str, Person] = {}

    def people(self) -> dict[str, Person]:
        """Everybody by name, as the file says now.

        Raises:
            AccountsProblem: it is missing, unreadable, open to others, or a line cannot be understood.
        """
        with self._lock:
            stamp = _stamp(self._looked_at())
            if stamp != self._stamp:
                self._stamp = None  # a file that cannot be understood is read again, and refused again
                self._people = _parsed(self._lines(), self.path)
                self._stamp = stamp
            return self._people

    def person(self, name: str) -> Person | None:
        """One of them, as the file says now; nobody where the file cannot be used."""
        try:
            return self.people().get(_plain(name))
        except AccountsProblem:
            return None

    def checked(self, name: str, password: str) -> Person | None:
        """Whoever has this name and password. It takes as long for a name that is not there."""
        people = self.people()
        found = people.get(_plain(name))
        # A name that nobody has is compared with a hash of the same cost as those in the file.
        known = found or next(iter(people.values()), None)
        secret = found.secret if found else _nobody(known.secret if known else _hashed("", self._cost))
        same = _is_same(password, secret)
        return found if found and same else None

    @property
    def is_readable_by_others(self) -> bool:
        """Whether other accounts of this computer can read the hashes."""
        return os.name != "nt" and bool(self._looked_at().st_mode & OTHERS_READ)

    # -- changes ----------------------------------------------------------------------------------

    def add(self, name: str, role: Role, password: str) -> Person:
        """Let somebody in; the file is made where there is none, readable by its owner only.

        Raises:
            NameTaken, InputError: the name is in use, or name or password cannot be used.
        """
        person = Person(_checked(name), role, _hashed(_long_enough(password), self._cost))
        with self._changing() as lines:
            if person.name in _parsed(lines, self.path):
                raise NameTaken(
                    LocalText("「{name}」已经有账号了。", "“{name}” has an account already."),
                    LocalText(
                        "要换密码请用 accounts password，要换角色请用 accounts role。",
                        "For a new password use accounts password, for another role accounts role.",
                    ),
                    name=person.name,
                )
            lines.append(_line(person))
        return person

    def remove(self, name: str) -> None:
        """Let somebody in no longer; a running server notices at the next question. Raises NotFound."""
        with self._changing() as lines:
            del lines[self._place(lines, name)]

    def set_password(self, name: str, password: str) -> Person:
        """Give a new password; whoever is signed in by the old one is out. Raises NotFound, InputError."""
        return self._replace(name, secret=_hashed(_long_enough(password), self._cost))

    def set_role(self, name: str, role: Role) -> Person:
        """Give another role. Raises NotFound."""
        return self._replace(name, role=role)

    def _replace(self, name: str, role: Role | None = None, secret: str | None = None) -> Person:
        with self._changing() as lines:
            place = self._place(lines, name)
            old = _parsed(lines, self.path)[_plain(name)]
            person = Person(old.name, role or old.role, secret or old.secret)
            lines[place] = _line(person)
        return person

    def _place(self, lines: list[str], name: str) -> int:
        for place, line in enumerate(lines):
            if not _is_remark(line) and _plain(line.split(":")[0]) == _plain(name):
                return place
        raise NotFound(
            LocalText("账号文件里没有「{name}」。", "“{name}” is not in the file of accounts."),
            LocalText("用 accounts list 看看有谁。", "See who is with accounts list."),
            name=name,
        )

    @contextmanager
    def _changing(self) -> Iterator[list[str]]:
        """The lines to change; written whole, then put in the place of the old file."""
        with self._lock:
            lines = []
            if self.path.exists():
                self._looked_at()
                lines = self._lines()
            _parsed(lines, self.path)  # a file that is broken already is left alone
            yield lines
            try:
                _write(self.path, lines)
            except OSError as error:
                raise _unusable(self.path, error) from error

    # -- the file ---------------------------------------------------------------------------------

    def _looked_at(self) -> os.stat_result:
        try:
            found = self.path.stat()
        except OSError as error:
            raise _unusable(self.path, error) from error
        mine = os.name == "nt" or found.st_uid in (os.geteuid(), 0)
        if os.name != "nt" and (found.st_mode & OTHERS_WRITE or not mine):
            raise AccountsProblem(
                LocalText(
                    "除了你，别的用户也能改写账号文件「{file}」，因此不能用它。",
                    "Others can write to the file of accounts “{file}”, so it is not used.",
                ),
                LocalText("请运行 chmod 600 {file}，并确认它属于你。", "Run chmod 600 {file}, and own it."),
                file=self.path,
            )
        return found

    def _lines(self) -> list[str]:
        try:
            with self.path.open("rb") as file:
                raw = file.read(LARGEST_FILE + 1)
            if len(raw) > LARGEST_FILE:
                raise OSError("too large")
            return raw.decode("utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise _unusable(self.path, error) from error


def how_to_make_one(file: str = "FILE") -> LocalText:
    """The command that makes a file of accounts."""
    command = f"python -m workbench accounts add {file} NAME --role trainer"
    return LocalText("这样建立账号文件：{command}", "This makes one: {command}").format(command=command)


# -- lines ----------------------------------------------------------------------------------------


def _parsed(lines: list[str], path: Path) -> dict[str, Person]:
    people: dict[str, Person] = {}
    for number, line in enumerate(lines, 1):
        if _is_remark(line):
            continue
        name, _, rest = line.strip().partition(":")
        role, _, secret = rest.partition(":")
        name = _plain(name)
        usable = name and role in ROLES and _parameters(secret) is not None
        if not usable or name in people:
            raise AccountsProblem(
                LocalText(
                    "账号文件「{file}」第 {row} 行读不懂，应为 名字:角色:密码散列，且名字不重复。",
                    "Line {row} of the file of accounts “{file}” cannot be understood; it should read "
                    "name:role:hash, with a name that no other line has.",
                ),
                LocalText(
                    "角色是 viewer、editor 或 trainer。删去这一行，再用 accounts add 添加。",
                    "A role is viewer, editor or trainer. Take the line out, then use accounts add.",
                ),
                file=path,
                row=number,
            )
        people[name] = Person(name, role, secret)  # type: ignore[arg-type]  # one of ROLES
    return people


def _is_remark(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _line(person: Person) -> str:
    return f"{person.name}:{person.role}:{person.secret}"


def _plain(name: str) -> str:
    """A name as it is compared: composed characters, no blanks around it."""
    return unicodedata.normalize("NFC", name).strip()


def _checked(name: str) -> str:
    plain = _plain(name)
    bad = ":" in plain or plain.startswith("#") or not plain.isprintable()
    if bad or not 0 < len(plain) <= LONGEST_NAME:
        raise InputError(
            LocalText("「{name}」不能用作名字。", "“{name}” cannot be a name."),
            LocalText(
                "1 到 {most} 个字，不含冒号，不以 # 开头。",
                "1 to {most} characters, without a colon and not beginning with #.",
            ),
            name=name,
            most=LONGEST_NAME,
        )
    return plain


def _long_enough(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InputError(
            LocalText("密码至少要 {least} 个字符。", "A password has at least {least} characters."),
            LocalText("几个不相干的词连在一起就很好。", "A few unrelated words in a row do well."),
            least=SHORTEST_PASSWORD,
        )
    return password


def _unusable(path: Path, error: Exception) -> AccountsProblem:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return AccountsProblem(
        LocalText(
            "账号文件「{file}」用不了：{why}。", "The file of accounts “{file}” cannot be used: {why}."
        ),
        how_to_make_one(str(path)),
        file=path,
        why=why,
    )


def _stamp(found: os.stat_result) -> tuple[int, ...]:
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _write(path: Path, lines: list[str]) -> None:
    """All or nothing, and from its first byte on for its owner only (``mkstemp`` makes it so)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


# -- hashes ---------------------------------------------------------------------------------------


def _hashed(password: str, cost: Cost) -> str:
    salt = secrets.token_bytes(16)
    return _written(cost, salt, _scrypt(password, salt, cost))


def _written(cost: Cost, salt: bytes, digest: bytes) -> str:
    told = (base64.b64encode(part).decode("ascii") for part in (salt, digest))
    return "$".join(("scrypt", str(cost.n), str(cost.r), str(cost.p), *told))


def _nobody(like: str) -> str:
    """A hash that no password has, of the same cost as another."""
    cost, _, digest = _parameters(like) or (Cost(), b"", bytes(32))
    return _written(cost, secrets.token_bytes(16), secrets.token_bytes(len(digest)))


def _parameters(secret: str) -> tuple[Cost, bytes, bytes] | None:
    parts = secret.strip().split("$")
    if len(parts) != 6 or parts[0] != "scrypt" or not all(each.isdecimal() for each in parts[1:4]):
        return None
    try:
        salt, digest = (base64.b64decode(part, validate=True) for part in parts[4:])
        cost = Cost(*(int(each) for each in parts[1:4]))
    except (binascii.Error, ValueError):
        return None
    return (cost, salt, digest) if cost.bearable and len(salt) >= 8 and len(digest) >= 16 else None


def _is_same(password: str, secret: str) -> bool:
    cost, salt, digest = _parameters(secret) or (Cost(), b"", b"")
    return hmac.compare_digest(_scrypt(password[:LONGEST_PASSWORD], salt, cost, len(digest)), digest)


def _scrypt(password: str, salt: bytes, cost: Cost, length: int = 32) -> bytes:
    memory = 2 * 128 * cost.r * (cost.n + cost.p) + 2**20
    composed = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(
        composed, salt=salt, n=cost.n, r=cost.r, p=cost.p, maxmem=memory, dklen=max(1, length)
    )
