"""The entry point: help, and errors as one line with exit status 2."""

import json
import os
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from regvae.cli.main import COMMANDS
from regvae.formats import UK_REGISTRATION, uk_registration

SAMPLE = ["sample", "notebook-2d", "--unwanted", "number < 50"]


def test_the_installed_command_decodes():
    script = Path(sysconfig.get_path("scripts")) / "regvae"
    command = [str(script), "decode", "notebook-2d", "0,0", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    (row,) = json.loads(done.stdout)
    assert row["z"] == [0.0, 0.0]
    assert UK_REGISTRATION.parse(row["reg"]) == row["reg"]


def test_the_module_refuses_bad_arguments_in_one_line():
    command = [sys.executable, "-m", "regvae", "dataset", "--seed", "none"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("regvae: ")
    assert done.stderr.count("\n") == 1


def test_help_names_every_command(output):
    out = output("--help")
    for name in (
        *("dataset", "train", "evaluate", "report", "encode", "decode"),
        *("sample", "regions", "study", "check", "bench", "dashboard"),
    ):
        assert f" {name} " in out


@pytest.mark.parametrize("command", [one.__name__ for one in COMMANDS])
def test_every_command_has_help(output, command):
    assert f" {command} [OPTIONS]" in output(command, "--help")


def test_without_arguments_the_help_is_printed_with_status_2(run):
    status, out, err = run()
    assert (status, err) == (2, "")
    assert "Usage: " in out
    assert "dataset" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fly"], "fly"),
        (["dataset", "--colour", "red"], "--colour"),
        (["dataset", "--seed", "-1"], "greater than or equal to 0"),
        (["dataset", "--seed", "one"], "integer"),
        (["evaluate"], "bundle"),
        (["decode", "notebook-2d"], "points"),
        ([*SAMPLE, "--n", "many"], "integer"),
        ([*SAMPLE, "--threshold", "far"], "number"),
        ([*SAMPLE, "--seed", "-1"], "greater than or equal to 0"),
        (["train", "notebook-2d"], "out"),
        (["dashboard", "--port", "0"], "greater than or equal to 1"),
    ],
)
def test_arguments_that_cannot_be_read_are_refused(refusal, arguments, words):
    line = refusal(*arguments)
    assert words in line
    assert "see regvae --help" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate", "nowhere"],
        ["report", "nowhere"],
        ["encode", "nowhere", "AB12CDE"],
        ["decode", "nowhere", "0,0"],
        ["sample", "nowhere", "--unwanted", "number < 50"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_an_unknown_bundle_is_refused_with_the_names_that_exist(refusal, arguments):
    line = refusal(*arguments)
    assert "dvla-2d, " in line
    assert "got 'nowhere'" in line


def test_a_damaged_bundle_is_refused_with_its_file_even_if_its_name_has_two_lines(refusal, damaged):
    assert f"{damaged / 'history.csv'}: expected sha256" in refusal("evaluate", damaged)
    folder = damaged.rename(damaged.with_name("two\nlines"))
    assert "two lines/history.csv: expected sha256" in refusal("evaluate", folder)


def test_an_interrupted_command_does_not_succeed(run, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(uk_registration, "notebook_dataset", interrupted)
    status, _, err = run("dataset")
    assert status != 0
    assert "Traceback" not in err


def test_output_that_is_not_unicode_has_no_error():
    command = [sys.executable, "-m", "regvae", *SAMPLE, "--rule", "one-sided"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "2.5000 \\u03c3" in done.stdout


def test_ctrl_c_ends_with_one_word_and_leaves_no_file(tmp_path):
    given = ["sample", "notebook-2d", "--unwanted", "number < 50", "--repeats"]
    given += ["--n", "900000000", "--out", str(tmp_path / "new.parquet")]
    process = subprocess.Popen(
        [sys.executable, "-m", "regvae", *given], stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not any(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)  # until it writes: then all is loaded
    process.send_signal(signal.SIGINT)
    _, printed = process.communicate(timeout=60)
    assert (process.returncode, printed) == (130, "regvae: stopped\n")
    assert list(tmp_path.iterdir()) == []
