"""How the tests run the command line, and the small bundles that they run it on."""

import shutil
import sys
from pathlib import Path

import pytest

from regvae.cli import main
from regvae.model import bundle as bundles
from regvae.model import store
from tests.rejection.bundles import with_rows


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command as the entry point does: its exit status, standard output and error."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["regvae", *map(str, arguments)])
        try:
            status = main()
        except SystemExit as stop:
            status = stop.code
        captured = capsys.readouterr()
        return status or 0, captured.out, captured.err

    return run


@pytest.fixture
def output(run):
    """Run a command that must succeed without standard error: its standard output."""

    def output(*arguments):
        status, out, err = run(*arguments)
        assert (status, err) == (0, "")
        return out

    return output


@pytest.fixture
def refusal(run):
    """Run a command that must be refused with status 2 and an error in one line: that line."""

    def refusal(*arguments):
        status, out, err = run(*arguments)
        assert status == 2
        assert err.startswith("regvae: ")
        assert err.count("\n") == 1
        assert err.endswith("\n")
        assert "Traceback" not in out + err
        return err

    return refusal


@pytest.fixture(scope="session")
def small(bundle, tmp_path_factory):
    """The folder of the shipped bundle with a tenth of its records, for quick sampling."""
    few = with_rows(bundle, slice(None, None, 10))
    return bundles.save(few, tmp_path_factory.mktemp("bundles") / "small")


@pytest.fixture
def damaged(tmp_path):
    """A copy of the shipped bundle with one byte too many in its history."""
    folder = Path(shutil.copytree(store.ASSETS / "notebook-2d", tmp_path / "damaged"))
    with (folder / "history.csv").open("ab") as file:
        file.write(b"x")
    return folder
