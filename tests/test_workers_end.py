"""Worker processes end with the process that started them, also if it is killed."""

import os
import signal
import subprocess
import sys
import time

import psutil

CODE = """
import os, time
from regvae import workers

def who(_shared, _item):
    time.sleep(0.05)
    return os.getpid(), os.nice(0)

with workers.processes(2, nice=7) as pool:
    for pid, nice in workers.in_order(who, None, range(100_000), pool):
        print(pid, nice, flush=True)
"""


def test_workers_end_when_the_process_that_started_them_is_killed() -> None:
    here = os.nice(0)
    process = subprocess.Popen([sys.executable, "-c", CODE], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    lines = [process.stdout.readline().split() for _ in range(8)]
    started = [psutil.Process(pid) for pid in {int(pid) for pid, _ in lines}]
    assert {int(nice) for _, nice in lines} == {min(19, here + 7)}
    assert all(one.is_running() for one in started)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    end = time.monotonic() + 10
    while any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in started):
        assert time.monotonic() < end, "workers were left behind"
        time.sleep(0.1)
