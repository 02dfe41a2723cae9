"""`regvae dashboard` and `regvae bench`, which need the source checkout."""

import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from regvae.cli.arguments import JsonOption
from regvae.cli.output import UsageError

ROOT = Path(__file__).resolve().parents[2]


def bench(as_json: JsonOption = False) -> None:
    """Measure speed and memory, each beside a baseline; takes minutes."""
    _in_checkout(ROOT / "tests" / "benchmarks" / "run.py")
    _run(["-m", "tests.benchmarks.run", *(["--json"] if as_json else [])])


def dashboard(
    port: Annotated[int, typer.Option(help="port to serve on", min=1, max=65535)] = 8501,
    headless: Annotated[bool, typer.Option(help="do not open a browser")] = False,
) -> None:
    """Start the dashboard on this machine, and open it in the browser."""
    script = _in_checkout(ROOT / "dashboard" / "server.py")
    with socket.socket() as probe:
        if probe.connect_ex(("localhost", port)) == 0:
            raise UsageError(
                f"expected a free port, got {port}, which another program uses; choose another "
                f"with --port, such as {port % 65535 + 1}"
            )
    if not headless:
        threading.Thread(target=_open_when_up, args=(port,), daemon=True).start()
    _run(["-m", "streamlit", "run", str(script), "--server.port", str(port)])


def _open_when_up(port: int, seconds: float = 30) -> None:
    """Open the browser as soon as the server answers; give up after some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("localhost", port)) == 0:
                webbrowser.open(f"http://localhost:{port}")
                return
        time.sleep(0.1)


def _in_checkout(script: Path) -> Path:
    if not script.is_file():
        raise UsageError(f"expected the source checkout, got no {script}; run this command there")
    return script


def _run(arguments: Sequence[str]) -> None:
    # From the checkout's root, so that Streamlit finds .streamlit/config.toml.
    try:
        status = subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False).returncode
    except KeyboardInterrupt:
        status = 130
    raise typer.Exit(status)
