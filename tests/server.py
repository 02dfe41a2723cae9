"""A dashboard of our own, on a free port, for tests and benchmarks."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent


APP = ROOT / "dashboard" / "server.py"


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serve(script: Path = APP, **environment: str) -> Iterator[str]:
    """Run a Streamlit script and give its URL; it is stopped at the end.

    Raises `RuntimeError` with the server's output if it does not answer within 30 seconds.
    """
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless", "true"]
    # A file, not a pipe: a pipe that nobody reads blocks the server when it is full.
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [*command, "--server.port", str(port)],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(f"http://localhost:{port}/_stcore/health", process, log)
            yield f"http://localhost:{port}"
        finally:
            stop(process)


def stop(process: subprocess.Popen) -> None:
    """End a server, by force if it will not."""
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for(url: str, process: subprocess.Popen, log: IO[bytes], seconds: float = 30) -> None:
    """Wait until a URL answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:  # none listens yet, or it is busy
            time.sleep(0.05)
    log.seek(0)
    output = log.read().decode(errors="replace")
    raise RuntimeError(f"the dashboard did not start: {output[-2000:]}")
