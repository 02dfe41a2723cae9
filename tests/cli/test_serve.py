"""`regvae dashboard` and `regvae bench`: what they start, without starting it."""

import socket
import subprocess
import sys
import webbrowser

import pytest

from regvae.cli import serve


@pytest.fixture
def started(monkeypatch):
    """The arguments of the programs that would be started; each ends with status 3."""
    found = []

    def start(arguments, cwd, check):
        assert arguments[0] == sys.executable
        assert cwd == serve.ROOT
        assert not check
        found.append(arguments[1:])
        return subprocess.CompletedProcess(arguments, 3)

    monkeypatch.setattr(subprocess, "run", start)
    return found


@pytest.fixture
def listening():
    """A port that another program uses."""
    with socket.create_server(("localhost", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def free():
    """A port that nothing uses."""
    with socket.create_server(("localhost", 0)) as server:
        return server.getsockname()[1]


def test_the_dashboard_is_served_on_the_port_and_its_status_is_returned(run, started, free):
    assert run("dashboard", "--headless", "--port", free) == (3, "", "")
    ((*arguments, port),) = started
    script = str(serve.ROOT / "dashboard" / "server.py")
    assert arguments == ["-m", "streamlit", "run", script, "--server.port"]
    assert port == str(free)


@pytest.mark.parametrize("headless", [False, True])
def test_the_browser_is_opened_unless_headless(run, started, monkeypatch, free, headless):
    ports = []
    monkeypatch.setattr(serve, "_open_when_up", ports.append)
    run("dashboard", "--port", free, *(["--headless"] if headless else []))
    assert len(started) == 1
    assert ports == ([] if headless else [free])


def test_the_browser_is_opened_when_the_server_answers(monkeypatch, listening, free):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    serve._open_when_up(free, seconds=0.01)
    assert opened == []
    serve._open_when_up(listening)
    assert opened == [f"http://localhost:{listening}"]


def test_a_port_in_use_is_refused(refusal, started, listening):
    line = refusal("dashboard", "--headless", "--port", listening)
    assert f"expected a free port, got {listening}" in line
    assert "--port" in line
    assert started == []


def test_benchmarks_are_run_as_text_or_json(run, started):
    assert run("bench")[0] == run("bench", "--json")[0] == 3
    module = ["-m", "tests.benchmarks.run"]
    assert started == [module, [*module, "--json"]]


def test_an_interrupted_program_has_the_status_of_an_interruption(run, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "run", interrupted)
    assert run("bench") == (130, "", "regvae: stopped\n")


@pytest.mark.parametrize("command", [["bench"], ["dashboard", "--headless"]], ids=lambda c: c[0])
def test_without_the_source_checkout_nothing_is_started(
    refusal, started, monkeypatch, tmp_path, command
):
    monkeypatch.setattr(serve, "ROOT", tmp_path)
    assert "expected the source checkout" in refusal(*command)
    assert started == []
