"""Jobs that were not trained here, for the tests of the page Train."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

from regvae.model import presets, store
from regvae.training import jobs
from regvae.training.jobs import Job


def stored_job(
    home: Path, name: str, job_state: str = "stopped", preset: str = "ordered-2d", **status: Any
) -> Job:
    """A job in a home, with no worker."""
    folder = home / "runs" / name
    folder.mkdir(parents=True)
    run = {"preset": presets.preset(preset).to_dict(), "seed": 0, "created": time.time()}
    (folder / jobs.RUN).write_text(json.dumps(run), "utf-8")
    (folder / jobs.STATUS).write_text(json.dumps({"state": job_state} | status), "utf-8")
    return jobs.read_job(name)


def finished_job(home: Path, name: str) -> Job:
    """A finished job whose bundle is the shipped notebook-2d."""
    job = stored_job(home, name, "finished", "notebook-2d")
    shutil.copytree(store.ASSETS / "notebook-2d", job.out)
    return jobs.read_job(name)
