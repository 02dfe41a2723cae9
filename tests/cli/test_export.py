"""`regvae export --release`, and what each command does with a model without its records."""

import json

import numpy as np
import pandas as pd
import pytest

import regvae
from regvae.formats import of_definition
from regvae.model import bundle as bundles
from regvae.model.config import Data, Network, Phase, Preset, Training
from regvae.model.release import release
from tests.codes import random_bundle

WITHOUT = "which was released without them; "
WANTED = ("--wanted", "number >= 50")


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """The folder of a release of notebook-2d."""
    return release("notebook-2d", tmp_path_factory.mktemp("released") / "shared")


def test_export_writes_a_release(output, tmp_path):
    out = tmp_path / "shared"
    told = output("export", "notebook-2d", "--release", "--out", out)
    assert told.startswith(f"wrote {out}: the weights, and of the records only counts")
    assert regvae.load(out).released
    assert sorted(one.name for one in out.iterdir()) == [
        *("history.csv", "manifest.json", "weights.safetensors")
    ]


def test_export_refuses_what_it_cannot_do(refusal, released, tmp_path):
    told = refusal("export", "notebook-2d", "--out", tmp_path / "x")
    assert "expected --release, which writes the model without its records, got none; add" in told
    told = refusal("export", released, "--release", "--out", tmp_path / "x")
    assert f"to release, got shared, {WITHOUT}copy its folder" in told
    told = refusal("export", "notebook-2d", "--release", "--out", released)
    assert "expected a new path, got" in told
    told = refusal("export", "no-such", "--release", "--out", tmp_path / "x")
    assert "expected a bundle's name" in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("evaluate",), "to measure it on, got shared"),
        (("evaluate", "--notebook"), "to measure it on, got shared"),
        (("report",), "to measure it on, got shared"),
        (("sample", *WANTED), "for the rule certified with q above 0"),
        (("sample", *WANTED, "--rule", "one-sided"), "for the rule one-sided, which measures"),
        (("sample", *WANTED, "--rule", "two-sided"), "for the rule two-sided, which measures"),
        (("sample", *WANTED, "--rule", "posterior"), "for the rule posterior, which measures"),
        (("sample", *WANTED, "--q", 0, "--proposal", "around"), "to propose around"),
        (
            ("sample", *WANTED, "--q", 0, "--proposal", "around", "--scale", 1),
            "to propose around",
        ),
        (("sample", "--unwanted-training", "--q", 0), "to know which codes it was trained on"),
        (("regions", "--unwanted", "number < 50"), None),
        (("decode", "0,0"), None),
        (("encode", "AB12CDE"), None),
        (("check",), None),
    ],
)
def test_each_command_works_or_says_what_is_missing(run, released, command, words):
    name, *arguments = command
    status, out, err = run(name, released, *arguments)
    assert "Traceback" not in out + err
    assert status == (0 if words is None else 2)
    if words:
        assert f"regvae: expected a bundle with its records {words}" in err
        assert WITHOUT in err
        assert err.count("\n") == 1


def test_decode_and_encode_are_those_of_the_original(output, released):
    points = ("--json", "0,0", "-1.5,2")
    assert output("decode", released, *points) == output("decode", "notebook-2d", *points)
    codes = ("AB12CDE", "XY99ZZZ", "--json")
    assert output("encode", released, *codes) == output("encode", "notebook-2d", *codes)


def test_check_tells_what_it_cannot_verify(run, released, output, tmp_path):
    told = output("check", released)
    assert "shared: hashes and shapes are right; it was released without its records" in told
    other = release("notebook-2d", tmp_path / "other")
    (other / "history.csv").write_bytes(b"x")
    status, _, err = run("check", other)
    assert status == 1
    assert "history.csv: expected sha256" in err


def test_an_encoded_file_has_no_column_that_is_not_known(output, released, tmp_path):
    out = tmp_path / "e.csv"
    told = output("encode", released, "AB12CDE", "--out", out)
    assert "the model was released without its records, so which of the codes are records" in told
    columns = ["code", "mean_1", "mean_2", "sigma_1", "sigma_2", "reconstruction", "exact"]
    assert list(pd.read_csv(out).columns) == columns


@pytest.mark.parametrize("rule", [("certified", "--q", 0), ("learned",)])
def test_sample_works_with_rules_that_need_no_records(run, released, rule, tmp_path):
    out, details = tmp_path / "new.parquet", tmp_path / "d.contains-records.parquet"
    options = ("--rule", *rule, "--until", 20, "--decode", "drawn", "--clean", "--hunt")
    files = ("--out", out, "--details", details)
    status, told, _ = run("sample", released, *WANTED, *options, *files)
    assert status == 0
    assert "20 results: 20 different regs, none unwanted; whether any is a record is not" in told
    assert "collisions are not known: the model was released without its records" in told
    assert "no record" not in told
    codes = pd.read_parquet(out)["reg"]
    assert (codes.str[2:4].astype(int) >= 50).all()
    table = pd.read_parquet(details)
    assert "wanted" in table
    assert "collision" not in table
    manifest = json.loads((tmp_path / "new.parquet.manifest.json").read_text("utf-8"))
    assert manifest["report"]["collisions"] is manifest["audit"]["collisions"] is None
    assert manifest["audit"]["collision_bound"] is manifest["audit"]["drift_held_out"] is None


def test_a_release_of_ones_own_codes_is_trained_again_only_on_others(refusal, tmp_path):
    format = of_definition(
        {"name": "badge", "noun": "badge", "plural": "badges", "pattern": "[A-D]{2}-[0-9]{4}"}
        | {"example": "AB-1234"}
    )
    own = np.unique(format.generate(200, rng=np.random.default_rng(1)))
    training = Training((Phase(0.1, 1),), likelihood="categorical", batch_size=50)
    data = Data.of_own(own, format=format)
    made = random_bundle(Preset("own", Network(2, (4,), (4,)), data, training), own=own)
    shared = release(bundles.save(made, tmp_path / "mine"), tmp_path / "shared")
    told = refusal("train", shared, "--out", tmp_path / "again")
    assert f"to train it again, got shared, {WITHOUT}give codes with --data" in told
