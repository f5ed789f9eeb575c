"""Who may use a shared workbench: the file of accounts, sessions, and the commands that make the file."""

import hashlib
import io
import os
import stat
import sys

import pytest
from shared_accounts import CHEAP, PASSWORD, Clock

from workbench import cli
from workbench.accounts import Accounts, AccountsProblem, Cost
from workbench.errors import InputError, NameTaken, NotFound
from workbench.ui.sessions import FREE_GUESSES, IDLE, LONGEST, LONGEST_WAIT, Guesses, Sessions

# -- the file -------------------------------------------------------------------------------------------


def test_the_file_has_a_line_for_each_person_and_is_its_owners_alone(accounts):
    lines = accounts.path.read_text("utf-8").splitlines()
    assert [line.split(":")[:2] for line in lines] == [
        ["李雷", "viewer"],
        ["Erin", "editor"],
        ["Tom", "trainer"],
    ]
    assert all(line.split(":")[2].startswith("scrypt$16$1$1$") for line in lines)
    assert stat.S_IMODE(accounts.path.stat().st_mode) == 0o600
    assert PASSWORD not in accounts.path.read_text("utf-8")
    assert len({line.split("$")[4] for line in lines}) == 3, "a salt for each"
    accounts.set_role("Erin", "viewer")
    assert stat.S_IMODE(accounts.path.stat().st_mode) == 0o600
    assert [each.name for each in accounts.path.parent.iterdir()] == ["people"], "nothing is left beside it"


def test_a_password_in_earnest_takes_memory_and_time():
    cost = Cost()
    assert 128 * cost.n * cost.r >= 32 * 2**20
    assert cost.bearable
    assert cost.n * cost.p >= 3 * 2**15, "one of the settings that OWASP holds equal"


def test_only_the_right_password_of_a_name_is_taken(accounts):
    assert accounts.checked("Erin", PASSWORD).role == "editor"
    assert accounts.checked("李雷", PASSWORD).may("view")
    assert accounts.checked(" Erin ", PASSWORD) is not None, "blanks around a name are no part of it"
    for name, password in (
        ("Erin", ""),
        ("Erin", PASSWORD + " "),
        ("Erin", PASSWORD.upper()),
        ("erin", PASSWORD),
        ("Nobody", PASSWORD),
        ("", ""),
        ("Erin", "x" * 100_000),
    ):
        assert accounts.checked(name, password) is None, (name, password[:30])


def test_written_composed_or_decomposed_a_name_is_the_same(accounts):
    accounts.add("Zo\u00eb", "viewer", PASSWORD)
    assert accounts.checked("Zoe\u0308", PASSWORD).name == "Zo\u00eb"
    with pytest.raises(NameTaken):
        accounts.add("Zoe\u0308", "viewer", PASSWORD)


def test_a_name_that_nobody_has_takes_as_long_as_a_wrong_password(accounts, monkeypatch):
    asked = []
    scrypt = hashlib.scrypt

    def noted(password, **how):
        asked.append({key: value for key, value in how.items() if key != "salt"})
        return scrypt(password, **how)

    monkeypatch.setattr("hashlib.scrypt", noted)
    told = []
    for name in ("Erin", "Nobody", ""):
        asked.clear()
        assert accounts.checked(name, "wrong password") is None
        told.append(list(asked))
    assert told == [[{"n": 16, "r": 1, "p": 1, "maxmem": told[0][0]["maxmem"], "dklen": 32}]] * 3


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("", PASSWORD),
        ("a:b", PASSWORD),
        ("#a", PASSWORD),
        ("a\nb", PASSWORD),
        ("a" * 61, PASSWORD),
        ("Anna", "1234567"),
        ("Anna", ""),
    ],
)
def test_a_name_or_password_that_cannot_be_used_is_refused_and_nothing_is_written(accounts, name, password):
    before = accounts.path.read_bytes()
    with pytest.raises(InputError) as refusal:
        accounts.add(name, "viewer", password)
    assert refusal.value.text("zh") != refusal.value.text("en")
    assert accounts.path.read_bytes() == before


def test_changes_are_kept_remarks_and_other_people_with_them(accounts):
    accounts.path.write_text("# the office\n\n" + accounts.path.read_text("utf-8"), "utf-8")
    accounts.set_password("Erin", "another password")
    assert accounts.checked("Erin", PASSWORD) is None
    assert accounts.checked("Erin", "another password").role == "editor"
    accounts.set_role("Erin", "trainer")
    assert accounts.checked("Erin", "another password").role == "trainer"
    accounts.remove("Erin")
    assert set(accounts.people()) == {"李雷", "Tom"}
    assert accounts.path.read_text("utf-8").startswith("# the office\n\n")
    for change in (accounts.remove, lambda name: accounts.set_role(name, "viewer")):
        with pytest.raises(NotFound):
            change("Erin")
    with pytest.raises(NameTaken):
        accounts.add("Tom", "viewer", PASSWORD)


def test_the_file_is_read_again_when_another_process_has_changed_it(accounts):
    other = Accounts(accounts.path, CHEAP)
    assert other.person("Erin").role == "editor"
    accounts.set_role("Erin", "viewer")
    assert other.person("Erin").role == "viewer"
    accounts.remove("Erin")
    assert other.person("Erin") is None
    accounts.path.unlink()
    assert other.person("Tom") is None, "a file that is gone lets nobody in"


@pytest.mark.parametrize(
    "line",
    [
        "Anna",
        "Anna:viewer",
        "Anna:viewer:" + PASSWORD,
        "Anna:admin:scrypt$16$1$1$c2FsdHNhbHQ=$" + "A" * 43 + "=",
        "Anna:viewer:scrypt$17$1$1$c2FsdHNhbHQ=$" + "A" * 43 + "=",
        "Anna:viewer:scrypt$1073741824$8$1$c2FsdHNhbHQ=$" + "A" * 43 + "=",
        "Anna:viewer:scrypt$16$1$1000000$c2FsdHNhbHQ=$" + "A" * 43 + "=",
        "Anna:viewer:scrypt$16$1$1$?$?",
        "Anna:viewer:scrypt$16$1$1$$",
        ":viewer:scrypt$16$1$1$c2FsdHNhbHQ=$" + "A" * 43 + "=",
        "Erin:viewer:scrypt$16$1$1$c2FsdHNhbHQ=$" + "A" * 43 + "=",
    ],
)
def test_a_line_that_cannot_be_understood_is_named_and_lets_nobody_in(accounts, line):
    with accounts.path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(AccountsProblem) as refusal:
        accounts.people()
    assert "4" in refusal.value.text("zh")
    assert "4" in refusal.value.text("en")
    assert accounts.person("Tom") is None
    with pytest.raises(AccountsProblem):
        accounts.remove("Tom")


@pytest.mark.skipif(os.name == "nt", reason="permissions of files are another matter there")
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_not_used(accounts, mode):
    accounts.path.chmod(mode)
    with pytest.raises(AccountsProblem) as refusal:
        accounts.people()
    assert "chmod 600" in refusal.value.text("en")
    assert "chmod 600" in refusal.value.text("zh")
    with pytest.raises(AccountsProblem):
        accounts.add("Anna", "viewer", PASSWORD)
    accounts.path.chmod(0o644)
    assert accounts.is_readable_by_others
    assert accounts.person("Tom")


# -- sessions and guesses -------------------------------------------------------------------------------


def test_a_session_ends_with_the_account_its_password_and_its_time(accounts):
    clock = Clock()
    sessions = Sessions(accounts, clock)
    token = sessions.begin(accounts.person("Erin"))
    assert sessions.person(token).name == "Erin"
    for wrong in (None, "", token[:-1], "x"):
        assert sessions.person(wrong) is None
    accounts.set_role("Erin", "viewer")
    assert sessions.person(token).role == "viewer", "a role is that of now"
    accounts.set_password("Erin", "another password")
    assert sessions.person(token) is None, "signed in by a password that holds no more"

    token = sessions.begin(accounts.person("Erin"))
    accounts.remove("Erin")
    assert sessions.person(token) is None
    accounts.add("Erin", "trainer", PASSWORD)
    assert sessions.person(token) is None, "another account of the same name"

    token = sessions.begin(accounts.person("Erin"))
    sessions.end(token)
    assert sessions.person(token) is None

    token = sessions.begin(accounts.person("Erin"))
    clock.now += IDLE + 1
    assert sessions.person(token) is None
    token, begun = sessions.begin(accounts.person("Erin")), clock.now
    while clock.now - begun <= LONGEST:
        assert sessions.person(token)
        clock.now += IDLE / 2
    assert sessions.person(token) is None, "however busy it was"


def test_guesses_at_a_name_are_slowed_down_whether_or_not_somebody_has_it():
    clock = Clock()
    guesses = Guesses(clock)
    assert [guesses.take("Erin") for _ in range(FREE_GUESSES)] == [0.0] * FREE_GUESSES
    waits = []
    for _ in range(12):
        wait = guesses.take("Erin")
        assert wait > 0
        assert guesses.take("Tom") == 0, "of another name nobody has to wait"
        guesses.forgive("Tom")
        waits.append(wait)
        clock.now += wait
        assert guesses.take("Erin") == 0, "the time is over"
    assert waits[:4] == [1, 2, 4, 8]
    assert waits[-1] == LONGEST_WAIT
    guesses.forgive("Erin")
    assert guesses.take("Erin") == 0


# -- the commands ---------------------------------------------------------------------------------------


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """``accounts …`` as it is typed, with what is typed at the terminal; status, and what was said."""
    monkeypatch.setattr("workbench.accounts.Cost", lambda *given: Cost(*given) if given else CHEAP)
    monkeypatch.setenv("WORKBENCH_LANGUAGE", "en")

    def run(*words, typed=()):
        answers = iter(typed)
        monkeypatch.setattr("getpass.getpass", lambda _prompt: next(answers))
        status = cli.main(["--home", str(tmp_path / "home"), "accounts", *words])
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


def test_the_commands_make_and_change_the_file(command, tmp_path, monkeypatch):
    file = str(tmp_path / "people")
    assert command("add", file, "Anna", "--role", "viewer", typed=[PASSWORD, PASSWORD])[0] == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO("from a pipe\n"))
    assert command("add", file, "Ben", "--role", "editor", "--password-stdin")[0] == 0
    assert Accounts(file).checked("Ben", "from a pipe").role == "editor"
    assert command("password", file, "Anna", typed=["new password", "new password"])[0] == 0
    assert Accounts(file).checked("Anna", "new password")
    assert command("role", file, "Anna", "--role", "trainer")[0] == 0
    status, said = command("list", file)
    assert status == 0
    assert "Anna  trainer" in said
    assert "scrypt" not in said
    assert command("remove", file, "Ben")[0] == 0
    assert set(Accounts(file).people()) == {"Anna"}


def test_the_commands_refuse_in_words(command, tmp_path):
    file = str(tmp_path / "people")
    assert command("add", file, "Anna", "--role", "viewer", typed=[PASSWORD, "another one"])[0] == 2
    assert command("add", file, "Anna", "--role", "viewer", typed=["short", "short"])[0] == 2
    assert not (tmp_path / "people").exists()
    status, said = command("list", file)
    assert status == 2
    assert "accounts add" in said
    assert not (tmp_path / "home" / "workbench.db").exists(), "no home folder is opened for it"
