"""Workers on the command line: the same results, a stop that stops, and what is refused."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest

from regvae.cli import study as study_command
from regvae.model.config import Data, Network, Phase, Preset, Training

MILLIONS = ["--unwanted", "number < 50", "--rule", "one-sided", "--clean"]


def files_of(folder):
    paths = [path for path in Path(folder).rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.mark.parametrize(
    ("more", "written"),
    [([], "1 part,"), (["--repeats"], "3 parts,"), (["--repeats", "--until", 20], "1 part,")],
)
def test_workers_change_no_byte(output, small, tmp_path, more, written):
    options = [small, *MILLIONS, "--n", 700_000, "--seed", 3, *more, "--attribute", "number"]
    alone = output("sample", *options, "--out", f"{tmp_path}/alone/")
    shared = output("sample", *options, "--out", f"{tmp_path}/shared/", "--workers", 2)
    assert files_of(tmp_path / "alone") == files_of(tmp_path / "shared")
    assert shared == alone.replace("alone", "shared")
    assert f"{written} and manifest.json" in alone
    file = tmp_path / "one.csv"
    output("sample", *options, "--out", file, "--workers", 1)
    tables = [pd.read_parquet(path) for path in sorted((tmp_path / "shared").glob("*.parquet"))]
    pd.testing.assert_frame_equal(pd.concat(tables, ignore_index=True), pd.read_csv(file))


def test_a_folder_of_results_is_audited(output, run, small, tmp_path):
    given = ["sample", small, *MILLIONS, "--n", 20_000, "--out", f"{tmp_path}/new/", "--json"]
    status, out, _ = run(*given)
    manifest = json.loads((tmp_path / "new" / "manifest.json").read_text())
    assert (status, json.loads(out)["files"]) == (0, manifest["files"])
    found = json.loads(output("audit", small, "--results", tmp_path / "new", "--json"))
    assert found["source"]["name"] == "new"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--workers", 0], "expected 1 to 1,024 workers, got 0; change the number"),
        (["--workers", -1], "expected 1 to 1,024 workers, got -1; change the number"),
        (["--workers", 1, "--dask", "tcp://x:1"], "expected --workers or --dask, got both"),
        (["--out", "{new}/", "--details", "d.csv"], "expected --details with a file of results"),
        (["--out", "{new}/", "--attribute", "colour"], "colour"),
        (["--out", "nothing://here/"], "expected a path or a URL that fsspec can open"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(
    refusal, small, tmp_path, options, words
):
    given = [str(one).format(new=tmp_path / "new") for one in options]
    assert words in refusal("sample", small, *MILLIONS, "--n", 100, *given)
    assert list(tmp_path.iterdir()) == []


def test_a_policy_is_not_written_for_a_folder_that_is_refused(output, refusal, small, tmp_path):
    given = ["sample", small, *MILLIONS, "--n", 100, "--out", f"{tmp_path}/new/", "--save-policy"]
    (tmp_path / "new").mkdir()
    assert "expected the policy outside the folder" in refusal(*given, tmp_path / "new" / "p.toml")
    assert not [*(tmp_path / "new").iterdir()]
    output(*given, tmp_path / "p.toml")
    (tmp_path / "p.toml").write_text("mine")
    assert "whose run is finished" in refusal(*given, tmp_path / "p.toml")
    assert (tmp_path / "p.toml").read_text() == "mine"


def test_a_name_with_colons_is_that_of_a_folder(output, small, tmp_path):
    output("sample", small, *MILLIONS, "--n", 100, "--out", f"{tmp_path}/a::b/")
    assert [one.name for one in tmp_path.iterdir()] == ["a::b"]


def test_workers_of_other_commands_are_refused_without_their_work(refusal, small):
    assert "expected --workers or --dask with --out" in refusal(
        "encode", small, "AB12CDE", "--workers", 2
    )
    assert "expected --workers or --dask with --membership" in refusal(
        "audit", small, "--workers", 2
    )


def test_codes_are_encoded_by_workers(output, small, tmp_path):
    codes = "\n".join(f"AB{n:02}C{letter}E" for n in range(100) for letter in "DEFGHJ")
    (tmp_path / "own.txt").write_text(codes)
    given = ["encode", small, "--file", tmp_path / "own.txt", "--out"]
    alone = output(*given, tmp_path / "alone.csv")
    shared = output(*given, tmp_path / "shared.csv", "--workers", 2)
    assert (tmp_path / "alone.csv").read_bytes() == (tmp_path / "shared.csv").read_bytes()
    assert shared == alone.replace("alone", "shared")


@pytest.mark.training
def test_a_study_is_shared_by_workers(output, tmp_path, monkeypatch):
    tiny = Preset(
        "tiny",
        Network(latent_dim=2, encoder=(12,), decoder=(12,)),
        Data(sizes=(400, 100, 100)),
        Training(phases=(Phase(0.004, 3),), batch_size=40),
    )
    monkeypatch.setattr(study_command.presets, "preset", lambda _: tiny)
    tables = []
    for name, options in (("alone", []), ("shared", ["--workers", 2])):
        told = output(
            *("study", "--folder", tmp_path / name, "--seeds", 3, "--no-rules"),
            *("--models-out", tmp_path / f"{name}.csv", *options),
        )
        assert [line.split("  ")[0] for line in told.splitlines()[:3]] == [
            f"tiny seed {seed}" for seed in (20, 21, 22)
        ]
        tables.append(pd.read_csv(tmp_path / f"{name}.csv").drop(columns="seconds"))
    pd.testing.assert_frame_equal(*tables)


# --- a stop that stops ---


@pytest.fixture
def long_run(small, tmp_path):
    """Start a run of some seconds in a process, and wait until it has written a block."""
    started = []

    def start(*options):
        process = subprocess.Popen(
            [sys.executable, "-m", "regvae", *map(str, command(small, tmp_path / "new", *options))],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        end = time.monotonic() + 120
        while not (tmp_path / "new" / "unfinished" / "block-00000001.npz").exists():
            assert process.poll() is None
            assert time.monotonic() < end, "it writes nothing"
            time.sleep(0.01)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def command(small, folder, *options):
    return ["sample", small, *MILLIONS, "--n", 40 * 2**18, "--out", f"{folder}/", *options]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_stopped_goes_on(long_run, output, small, tmp_path, number):
    process = long_run("--workers", 2)
    children = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert out == ""
    if number == signal.SIGINT:
        assert process.returncode == 130
        folder = f"{tmp_path / 'new'}/"
        assert err == f"{folder} is unfinished; the same command goes on with it\nregvae: stopped\n"
    if number == signal.SIGTERM:
        assert (process.returncode, err) == (128 + number, "")
    psutil.wait_procs(children, timeout=30)
    assert not [one for one in children if one.is_running() and one.status() != "zombie"]
    there = files_of(tmp_path / "new")
    blocks = [name for name in there if name.startswith("unfinished/block")]
    assert 2 <= len(blocks) < 40
    assert not [name for name in there if "/." in name and not name.endswith(".lock")]
    output(*command(small, tmp_path / "new"))
    output(*command(small, tmp_path / "alone"))
    assert files_of(tmp_path / "new") == files_of(tmp_path / "alone")
