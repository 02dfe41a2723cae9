"""A worker without TensorFlow: it writes what it got into the job's folder."""

import json
import os
import sys

from regvae.training import spare

if __name__ == "__main__":
    job = spare.receive(int(sys.argv[2]))
    if job is not None:
        folder, lock = job
        print("in the log")
        found = {"pid": os.getpid(), "home": os.environ.get("REGVAE_HOME")}
        (folder / "got.json").write_text(json.dumps(found), "utf-8")
        os.close(lock)
