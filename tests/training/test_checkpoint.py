"""Checkpoints: written and read, damaged, of another training run, and the lock."""

import fcntl
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import safetensors
import safetensors.numpy

from regvae.training.checkpoint import (
    Checkpoint,
    TrainingError,
    checkpoint_path,
    claimed,
    forget,
)
from regvae.training.epoch import Epoch
from tests.training.networks import SMALL


def an_epoch(number):
    return Epoch(number, 0.004, 3.5, 2.0, 1.0, 0.5, 3.75, 0.25, (0.1,) * 7, 0.01)


@pytest.fixture
def path(tmp_path):
    """A checkpoint of two epochs."""
    variables = [np.arange(12.0).reshape(3, 4), np.float32(7), np.array([1, 2])]
    path = checkpoint_path(tmp_path / "model")
    Checkpoint(SMALL, 3, (an_epoch(1), an_epoch(2)), variables).save(path)
    return path


def test_a_checkpoint_is_read_as_it_was_written(path):
    read = Checkpoint.load(path, SMALL, 3)
    assert (read.preset, read.seed) == (SMALL, 3)
    assert read.history == (an_epoch(1), an_epoch(2))
    assert [one.tolist() for one in read.variables] == [
        np.arange(12.0).reshape(3, 4).tolist(),
        7,
        [1, 2],
    ]
    assert read.variables[1].dtype == np.float32


def test_more_than_a_hundred_variables_stay_in_order(tmp_path):
    Checkpoint(SMALL, 0, (), [np.array(i) for i in range(130)]).save(tmp_path / "many")
    read = Checkpoint.load(tmp_path / "many", SMALL, 0)
    assert [int(one) for one in read.variables] == list(range(130))


@pytest.mark.parametrize(
    ("preset", "seed", "words"),
    [
        (replace(SMALL, name="other"), 3, "expected a checkpoint of this preset.*another"),
        (SMALL, 4, "expected a checkpoint of seed 4, got one of seed 3"),
    ],
)
def test_a_checkpoint_of_another_training_run_is_refused(path, preset, seed, words):
    with pytest.raises(TrainingError, match=words):
        Checkpoint.load(path, preset, seed)


def test_a_checkpoint_that_is_cut_short_or_missing_is_refused(path):
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(TrainingError, match=r"cannot be read .*; remove it"):
        Checkpoint.load(path, SMALL, 3)
    path.unlink()
    with pytest.raises(TrainingError, match="cannot be read"):
        Checkpoint.load(path, SMALL, 3)


def row(number, **changes):
    return vars(an_epoch(number)) | changes


@pytest.mark.parametrize(
    "history",
    [
        None,
        [None],
        [{"epoch": 1}],
        [row(1, extra=0)],
        [row(1, validation_right=[0.5] * 6)],
        [row(1, validation_right=None)],
        [row(1, loss=float("nan"))],
        [row(1, loss="3")],
        [row(2)],
        [row(1), row(1)],
    ],
    ids=range(10),
)
def test_a_damaged_history_is_refused(path, history):
    with safetensors.safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    text = "[" if history is None else json.dumps(history)
    path.write_bytes(safetensors.numpy.save({"000": np.zeros(3)}, metadata | {"history": text}))
    with pytest.raises(TrainingError, match=r"history.*; remove it"):
        Checkpoint.load(path, SMALL, 3)


def test_forgetting_removes_the_checkpoint_and_a_part_of_one(path, tmp_path):
    (tmp_path / f"{path.name}.partial").touch()
    forget(tmp_path / "model")
    forget(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_is_claimed_by_one_process_until_it_ends(tmp_path):
    out = tmp_path / "model"
    script = (
        "import pathlib, sys; from regvae.training.checkpoint import claimed\n"
        "with claimed(pathlib.Path(sys.argv[1])):\n"
        "    print('claimed', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(out)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "claimed\n"
        with pytest.raises(TrainingError, match="another process; wait for it"), claimed(out):
            pass
        other.kill()
        other.wait()
    with claimed(out):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_whose_file_the_process_before_removed_is_taken_anew(tmp_path, monkeypatch):
    out, flock, calls = tmp_path / "model", fcntl.flock, []

    def late(file, operation):
        if not calls:  # the other process ends between our opening its file and our locking it
            (tmp_path / ".model.training.lock").unlink()
        calls.append(operation)
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with claimed(out):
        with pytest.raises(TrainingError, match="another process"), claimed(out):
            pass
        assert len(calls) == 3
    assert list(tmp_path.iterdir()) == []
