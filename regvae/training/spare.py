"""A worker process that loads TensorFlow before there is a job for it: training begins sooner.

A process of the dashboard has at most one such worker. It ends by itself when it gets no job for
`PATIENCE` seconds, or when its process has ended.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

PATIENCE = 600.0
"""Seconds that a worker waits for a job."""
_OURS = "REGVAE_"
"""Prefix of the environment variables that a worker takes over with its job: they may have changed
since it started."""

_lock = threading.Lock()
_waiting: list[tuple[subprocess.Popen, socket.socket]] = []


def prepare(worker: str) -> None:
    """Start a worker, given by its module, unless one is waiting."""
    with _lock:
        if any(process.poll() is None for process, _ in _waiting):
            return
        _forget()
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", worker, "spare", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # its job goes on when this process ends
            )
        _waiting.append((process, ours))


def hand_over(folder: Path, lock: int, log: int) -> subprocess.Popen | None:
    """Give a job to the waiting worker: its folder, and the open files of its lock and its log.

    None if no worker is waiting.
    """
    with _lock:
        if not _waiting:
            return None
        process, ours = _waiting.pop()
        variables = {name: one for name, one in os.environ.items() if name.startswith(_OURS)}
        message = json.dumps({"folder": str(folder), "variables": variables}).encode()
        with ours:
            try:
                socket.send_fds(ours, [message], [lock, log])
            except OSError:  # it has ended
                process.poll()
                return None
        return process if process.poll() is None else None


def end() -> None:
    """Let a waiting worker end."""
    with _lock:
        _forget()


def _forget() -> None:
    for process, ours in _waiting:
        ours.close()
        process.poll()
    _waiting.clear()


def receive(channel: int) -> tuple[Path, int] | None:
    """Wait for a job in a worker: its folder and its lock; None if there will be none.

    What the process prints from then on is in the job's log.
    """
    with socket.socket(fileno=channel) as ours:
        ours.settimeout(PATIENCE)
        try:
            message, (lock, log), _, _ = socket.recv_fds(ours, 1_000_000, 2)
        except (OSError, ValueError):  # no job in time, or the other end is closed
            return None
    given = json.loads(message)
    for name in [name for name in os.environ if name.startswith(_OURS)]:
        del os.environ[name]
    os.environ.update(given["variables"])
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)
    return Path(given["folder"]), lock
