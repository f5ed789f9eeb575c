"""The command line over a home folder of its own, as a script would call it."""

import json
import shutil

import pytest

from workbench.cli import main


class CommandLine:
    """``ask`` gives the JSON document of what works, ``refused`` the sentence of what does not."""

    def __init__(self, home, capsys):
        self.home = home
        self._capsys = capsys

    def __call__(self, *arguments):
        self._capsys.readouterr()
        try:
            status = main(["--home", str(self.home), *map(str, arguments)])
        except SystemExit as error:  # argparse itself said no
            status = error.code
        said = self._capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return status, said.out, said.err

    def ask(self, *arguments):
        status, out, err = self(*arguments, "--json")
        assert status == 0, err
        return json.loads(out)  # fails for anything before or behind the one document

    def say(self, *arguments):
        status, out, err = self(*arguments)
        assert status == 0, err
        assert out.strip()
        return out

    def refused(self, *arguments):
        for flags in ([], ["--json"]):
            status, out, err = self(*arguments, *flags)
            assert status == 2, out
            assert out == ""
            assert len(err.strip()) > 5
        return err


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    monkeypatch.setenv("WORKBENCH_LANGUAGE", "en")
    for name in ("WORKBENCH_HOME", "WORKBENCH_LLM_KEY", "WORKBENCH_LLM_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def new_home(tmp_path_factory):
    """A home folder as the first command leaves it, with the samples: copied, since that is quicker."""
    from workbench import Services, Settings

    home = tmp_path_factory.mktemp("template") / "home"
    Services(Settings.from_env({}, home=home, warm_worker=False)).close()
    return home


@pytest.fixture
def cli(tmp_path, capsys, new_home):
    shutil.copytree(new_home, tmp_path / "home")
    return CommandLine(tmp_path / "home", capsys)


@pytest.fixture
def write(tmp_path):
    """Writes a file below the test's folder: its path."""

    def file(name, text, encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return file
