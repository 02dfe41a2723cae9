"""Training runs that were not trained here: jobs in any state, without a worker."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

from regvae.model import presets, store
from regvae.model.config import Preset
from regvae.training import jobs
from regvae.training.jobs import Job


def stored_job(
    home: Path,
    name: str,
    job_state: str = "stopped",
    preset: str | Preset = "ordered-2d",
    *,
    seed: int = 0,
    **status: Any,
) -> Job:
    """A job in a home, with no worker."""
    if isinstance(preset, str):
        preset = presets.preset(preset)
    folder = home / "runs" / name
    folder.mkdir(parents=True)
    run = {"preset": preset.to_dict(), "seed": seed, "created": time.time()}
    (folder / jobs.RUN).write_text(json.dumps(run), "utf-8")
    (folder / jobs.STATUS).write_text(json.dumps({"state": job_state} | status), "utf-8")
    return jobs.read_job(name)


def finished_job(home: Path, name: str) -> Job:
    """A finished job whose bundle is the shipped notebook-2d."""
    job = stored_job(home, name, "finished", "notebook-2d")
    shutil.copytree(store.ASSETS / "notebook-2d", job.out)
    return jobs.read_job(name)
