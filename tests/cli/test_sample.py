"""The command line: what each command prints, what it refuses, and what it leaves on disk."""

import dataclasses
import gc
import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from regvae.audit import leaks
from regvae.cli import main
from regvae.evaluation import diagnosis
from regvae.evaluation.accuracy import accuracy
from regvae.evaluation.notebook import notebook_figures
from regvae.evaluation.study import model_outcome, rule_outcomes
from regvae.formats import uk_registration
from regvae.generation import results
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.model.config import Data, Network, Phase, Preset, Training
from regvae.model.records import Records
from regvae.rejection import sampling
from regvae.rejection.calibration import calibrate
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Around, Box, Prior, Region
from regvae.rejection.rules import OneSided, Posterior, TwoSided
from regvae.rejection.unwanted import Unwanted
from regvae.training import trainer as training

COMMANDS = ["dataset", "train", "evaluate", "report", "encode", "decode"]
COMMANDS += ["sample", "study", "check", "bench"]
SAMPLE = ["sample", "notebook-2d", "--unwanted", "number < 50"]
BELOW_50 = Unwanted.of(["number < 50"])


@pytest.fixture
def call(monkeypatch, capsys):
    """Run a command as the entry point does: its exit status, standard output and error."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["regvae", *map(str, arguments)])
        try:
            status = main.main()
        except SystemExit as stop:
            status = stop.code
        captured = capsys.readouterr()
        return status or 0, captured.out, captured.err

    return run


@pytest.fixture
def good(call):
    """Run a command that must succeed and be silent on standard error: its output."""

    def run(*arguments):
        status, out, err = call(*arguments)
        assert (status, err) == (0, "")
        return out

    return run


@pytest.fixture
def refused(call):
    """Run a command that must be refused in one line: that line."""

    def run(*arguments):
        status, out, err = call(*arguments)
        assert status == 2
        assert err.startswith("regvae: ")
        assert err.count("\n") == 1
        assert err.endswith("\n")
        assert "Traceback" not in out + err
        return err

    return run


@pytest.fixture
def damaged(tmp_path):
    """A copy of the shipped bundle with one byte too many."""
    folder = Path(shutil.copytree(store.ASSETS / "notebook-2d", tmp_path / "damaged"))
    with (folder / "history.csv").open("ab") as file:
        file.write(b"x")
    return folder


@pytest.fixture(scope="module")
def small(bundle, tmp_path_factory):
    """The folder of a bundle with a tenth of the shipped records: quicker to sample from."""
    records = bundle.records
    some = (getattr(records, field.name)[::10] for field in dataclasses.fields(records))
    few = dataclasses.replace(bundle, records=Records(*some))
    return bundles.save(few, tmp_path_factory.mktemp("bundles") / "small")


def squeezed(text):
    """The text with every white space one blank: how lines are broken does not matter."""
    return " ".join(text.split())


# --- the entry point ------------------------------------------------------------------------------


def test_the_installed_command_decodes():
    script = Path(sysconfig.get_path("scripts")) / "regvae"
    command = [str(script), "decode", "notebook-2d", "0,0", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    (row,) = json.loads(done.stdout)
    assert row["z"] == [0.0, 0.0]
    assert uk_registration.parse(row["reg"]) == row["reg"]


def test_the_module_refuses_bad_arguments_in_one_line():
    command = [sys.executable, "-m", "regvae", "dataset", "--seed", "none"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("regvae: ")
    assert done.stderr.count("\n") == 1


def test_help_names_every_command(good):
    out = good("--help")
    for command in [*COMMANDS, "dashboard"]:
        assert command in out


@pytest.mark.parametrize("command", [*COMMANDS, "dashboard"])
def test_every_command_has_help(good, command):
    out = good(command, "--help")
    assert "Usage: " in out
    assert f" {command} [OPTIONS]" in out


def test_without_arguments_comes_the_help_and_status_2(call):
    status, out, err = call()
    assert status == 2
    assert "Usage: " in out + err
    assert "dataset" in out + err
    assert "Traceback" not in out + err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fly"], "fly"),
        (["dataset", "--colour", "red"], "--colour"),
        (["dataset", "--seed", "-1"], "greater than or equal to 0"),
        (["dataset", "--seed", "one"], "integer"),
        (["evaluate"], "bundle"),
        (["decode", "notebook-2d"], "points"),
        (["sample", "notebook-2d"], "unwanted"),
        ([*SAMPLE, "--n", "many"], "integer"),
        ([*SAMPLE, "--threshold", "far"], "number"),
        ([*SAMPLE, "--seed", "-1"], "greater than or equal to 0"),
        (["train", "notebook-2d"], "out"),
    ],
)
def test_arguments_that_cannot_be_read_are_refused(refused, arguments, words):
    assert words in refused(*arguments)


@pytest.mark.parametrize("command", ["evaluate", "report", "encode", "decode", "sample"])
def test_an_unknown_bundle_is_answered_with_those_that_exist(refused, command):
    more = {
        "encode": ["AB12CDE"],
        "decode": ["0,0"],
        "sample": ["--unwanted", "number < 50"],
    }.get(command, [])
    assert "no bundle 'nowhere': a bundle is one of dvla-2d, " in refused(command, "nowhere", *more)


def test_a_damaged_bundle_is_refused_with_its_file(refused, damaged):
    assert f"{damaged / 'history.csv'}: wanted sha256" in refused("evaluate", damaged)


def test_a_reason_of_several_lines_is_printed_as_one(refused, damaged):
    folder = damaged.rename(damaged.with_name("two\nlines"))
    assert "two lines/history.csv: wanted sha256" in refused("evaluate", folder)


def test_an_interruption_is_no_success(call, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(uk_registration, "notebook_dataset", interrupted)
    status, _, err = call("dataset")
    assert status != 0
    assert "Traceback" not in err


def test_an_unknown_preset_is_not_trained(refused, tmp_path):
    line = refused("train", "notebook-3d", "--out", tmp_path / "new")
    assert "no preset 'notebook-3d' (there are notebook-2d, notebook-15d, " in line
    assert "and as a bundle: there is no bundle 'notebook-3d'" in line
    assert list(tmp_path.iterdir()) == []


def test_training_refuses_a_path_that_exists(refused, damaged):
    before = sorted(path.read_bytes() for path in damaged.iterdir())
    line = refused("train", "notebook-2d", "--out", damaged)
    assert f"{damaged} already exists; choose another name" in line
    assert sorted(path.read_bytes() for path in damaged.iterdir()) == before


# --- dataset --------------------------------------------------------------------------------------


def test_dataset_prints_the_notebooks_counts(good):
    lines = [line.split() for line in good("dataset").splitlines()]
    assert lines[:3] == [
        ["train", "10,000", "first", "YK66BIQ"],
        ["validation", "1,000", "first", "AN45FVI"],
        ["test", "1,000", "first", "MY33WSZ"],
    ]
    assert lines[3] == ["all", "12,000", "distinct", "12,000"]
    assert " ".join(lines[4]) == "number < 50: 6,103 number >= 50: 5,897"


@pytest.mark.parametrize(
    ("name", "read"), [("regs.csv", pd.read_csv), ("regs.parquet", pd.read_parquet)]
)
def test_dataset_writes_the_table_it_counted(good, tmp_path, name, read):
    out = squeezed(good("dataset", "--seed", 3, "--out", tmp_path / name))
    assert out.endswith(": 12,000 rows")
    table = read(tmp_path / name)
    assert list(table.columns) == ["reg", "split"]
    for split, part in uk_registration.notebook_dataset(3).items():
        assert table["reg"][table["split"] == split].tolist() == part.tolist()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_file_written_is_named_as_it_was_given(good, tmp_path):
    folder = tmp_path / "[red]a [bold]long:smile: name" / ("more" * 20)
    folder.mkdir(parents=True)
    assert f"wrote {folder / 'regs.csv'}: 12,000 rows\n" in good(
        "dataset", "--out", folder / "regs.csv"
    )


# --- training -------------------------------------------------------------------------------------


def test_a_bundle_is_trained_again_with_its_own_seed_unless_another_is_given(good, tmp_path):
    preset = Preset(
        "tiny", Network(2, (8,), (8,)), Data(sizes=(60, 20, 20)), Training((Phase(0.01, 2),))
    )
    first = training.train(preset, tmp_path / "first", seed=7)
    for name, options, seed in (("same", [], 7), ("other", ["--seed", "8"], 8)):
        out = tmp_path / name
        good("train", tmp_path / "first", "--out", out, *options)
        again = bundles.load(out)
        assert again.seed == seed
        assert again.command.endswith(f"--seed {seed}")
        equal = [np.array_equal(again.weights[key], first.weights[key]) for key in first.weights]
        assert all(equal) == (seed == 7)


# --- tables that cannot be written ----------------------------------------------------------------


@pytest.mark.parametrize("command", [["dataset"], SAMPLE], ids=["dataset", "sample"])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("regs.txt", "a table's name ends in .csv or .parquet, but came"),
        ("regs", "a table's name ends in .csv or .parquet, but came"),
        ("nowhere/regs.csv", "there is no folder"),
    ],
)
def test_a_table_that_cannot_be_written_is_refused(refused, tmp_path, command, name, words):
    assert words in refused(*command, "--out", tmp_path / name)
    assert list(tmp_path.iterdir()) == []


class HalfWriter:
    """Writes the head of a table and no more."""

    def __init__(self, sink, schema):
        sink.write(",".join(schema.names).encode())

    def write_table(self, table):
        raise OSError(f"no space left for {len(table)} rows")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.mark.parametrize("command", [["dataset"], SAMPLE], ids=["dataset", "sample"])
@pytest.mark.parametrize("old", [None, "what was there\n"], ids=["new", "there before"])
def test_a_write_that_breaks_leaves_no_half_table(refused, monkeypatch, tmp_path, command, old):
    path = tmp_path / "regs.csv"
    if old:
        path.write_text(old, "utf-8")

    def to_csv(_, sink, **__):
        sink.write(b"reg,sp")
        raise OSError("no space left")

    monkeypatch.setattr(pd.DataFrame, "to_csv", to_csv)
    monkeypatch.setitem(results._WRITERS, ".csv", HalfWriter)
    assert "no space left" in refused(*command, "--out", path)
    assert {p.name: p.read_text("utf-8") for p in tmp_path.iterdir()} == (
        {"regs.csv": old} if old else {}
    )


def test_a_folder_is_not_written_over(refused, tmp_path):
    (tmp_path / "regs.csv").mkdir()
    assert "regs.csv" in refused("dataset", "--out", tmp_path / "regs.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["regs.csv"]
    assert list((tmp_path / "regs.csv").iterdir()) == []


def test_a_table_that_is_there_is_replaced(good, tmp_path):
    (tmp_path / "regs.csv").write_text("old", "utf-8")
    good("dataset", "--out", tmp_path / "regs.csv")
    assert len(pd.read_csv(tmp_path / "regs.csv")) == 12_000


# --- evaluate -------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampled", [False, True])
def test_evaluate_gives_the_accuracy_on_the_test_regs(good, bundle, sampled):
    options = ["--sampled"] if sampled else []
    found = json.loads(good("evaluate", "notebook-2d", *options, "--json"))
    assert found == accuracy(bundle, sampled=sampled)
    assert {"n", "exact", "by_position"} <= found.keys()
    assert found["n"] == 1_000
    assert 0 <= found["exact"] <= 1
    assert len(found["by_position"]) == 7
    text = good("evaluate", "notebook-2d", *options)
    assert f"1,000 test regs, decoding the {'sample' if sampled else 'mean'}" in text
    assert " ".join(f"{share:.3f}" for share in found["by_position"]) in text
    assert f"{found['exact']:.3f}" in text


def test_evaluate_gives_every_figure_of_the_notebook(good, bundle):
    found = json.loads(good("evaluate", "notebook-2d", "--notebook", "--json"))
    figures = notebook_figures(bundle)
    assert [one["published"] for one in found["notebook"]] == [one.published for one in figures]
    assert [one["here"] for one in found["notebook"]] == [one.here for one in figures]
    text = squeezed(good("evaluate", "notebook-2d", "--notebook"))
    for words in ("published", "276", "267 = 0.967", "522 / 478", "0.0439", "0.154"):
        assert words in text


def test_evaluate_takes_the_path_of_a_bundle(good):
    path = store.ASSETS / "notebook-2d"
    assert good("evaluate", path) == good("evaluate", "notebook-2d")


# --- report ---------------------------------------------------------------------------------------


def test_report_gives_what_the_diagnosis_finds(good, bundle):
    found, scale = diagnosis.diagnose(bundle), calibrate(bundle).scale
    printed = json.loads(good("report", "notebook-2d", "--json"))
    assert printed == {"bundle": "notebook-2d", **found.summary(), "scale": scale}
    text = squeezed(good("report", "notebook-2d"))
    for one in found.accuracies:
        assert f"{one.split} ({one.n:,})" in text
        for share in (*one.by_position, one.exact):
            low, high = share.interval
            assert f"{share.value:.3f} ({low:.3f}-{high:.3f})" in text
    for one in found.rates:
        assert f"{one.rate:.2f} │ {one.distortion:.2f}" in text
        assert f"{one.bound:.2f} ± {one.standard_error:.2f} │ 20.48 │ {one.excess:.2f}" in text
    for place, kl in enumerate(found.dimensions.kl):
        assert f"z_{place + 1} │ {kl:.3f} │ {found.dimensions.variance[place]:.4f} │ yes" in text
    assert f"multiplied by {scale:.3f}" in text


def test_report_says_what_has_no_end_and_what_is_unknown(good, bundle, tmp_path):
    data = dataclasses.replace(bundle.preset.data, source="own", sha256="0" * 64)
    training = dataclasses.replace(bundle.preset.training, noise=0.0)
    preset = dataclasses.replace(bundle.preset, data=data, training=training)
    path = bundles.save(dataclasses.replace(bundle, preset=preset), tmp_path / "noiseless")
    nats = json.loads(good("report", path, "--json"))["nats"]["test"]
    assert [nats[name] for name in ("rate", "bound", "standard_error", "entropy")] == [None] * 4
    text = squeezed(good("report", path))
    assert f"inf │ {nats['distortion']:.2f} │ inf ± inf │ unknown │ unknown" in text


# --- encode ---------------------------------------------------------------------------------------


def assert_gaussians(rows, bundle, wanted):
    mean, sigma = bundle.autoencoder.encode(wanted)
    assert [row["reg"] for row in rows] == wanted
    np.testing.assert_allclose([row["mean"] for row in rows], mean, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose([row["sigma"] for row in rows], sigma, rtol=1e-4, atol=1e-5)


def test_encode_gives_the_gaussian_of_every_reg(good, bundle):
    out = good("encode", "notebook-2d", "ab12cde", "YK66 BIQ", "--json")
    assert_gaussians(json.loads(out), bundle, ["AB12CDE", "YK66BIQ"])


def test_encode_prints_a_line_a_reg(good, bundle):
    lines = good("encode", "notebook-2d", "ab12 cde", "YK66BIQ").splitlines()
    mean, sigma = bundle.autoencoder.encode(["AB12CDE", "YK66BIQ"])
    assert lines == [
        f"{reg}  mean ({m[0]:.4f}, {m[1]:.4f})  sigma ({s[0]:.4f}, {s[1]:.4f})"
        for reg, m, s in zip(["AB12CDE", "YK66BIQ"], mean, sigma, strict=True)
    ]


def test_encode_reads_a_file_of_regs_and_skips_empty_lines(good, bundle, tmp_path):
    (tmp_path / "regs.txt").write_text("ab12 cde\n\n  YK66BIQ  \r\nMY33WSZ", "utf-8")
    out = good("encode", "notebook-2d", "--file", tmp_path / "regs.txt", "--json")
    assert_gaussians(json.loads(out), bundle, ["AB12CDE", "YK66BIQ", "MY33WSZ"])


def test_encode_names_the_reg_that_is_none(refused):
    line = refused("encode", "notebook-2d", "AB12CDE", "AB1XCDE")
    assert "reg 2: position 4 of a reg wants a digit 0 to 9" in line


def test_encode_names_the_file_and_line_of_what_is_no_reg(refused, tmp_path):
    path = tmp_path / "regs.txt"
    path.write_text("AB12CDE\n\nAB12CD\n", "utf-8")
    line = refused("encode", "notebook-2d", "--file", path)
    assert line == (
        f"regvae: {path} wants one reg like AB12 CDE a line, but line 3 ('AB12CD') cannot be read; "
        "correct or remove them\n"
    )


def test_encode_wants_a_reg(refused):
    assert "no reg was given; name some, or a file" in refused("encode", "notebook-2d")


@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff"])
def test_encode_wants_a_file_to_hold_a_reg(refused, tmp_path, content):
    path = tmp_path / "regs.txt"
    path.write_text(content, "utf-8")
    line = refused("encode", "notebook-2d", "--file", path)
    assert f"{path} holds no reg; give one like AB12 CDE a line" in line


def test_encode_names_a_file_that_is_missing(refused, tmp_path):
    path = tmp_path / "nowhere.txt"
    assert str(path) in refused("encode", "notebook-2d", "--file", path)


def test_encode_refuses_a_file_that_is_no_text(refused, tmp_path):
    (tmp_path / "regs.txt").write_bytes(b"\xff\xfe\x00")
    line = refused("encode", "notebook-2d", "--file", tmp_path / "regs.txt")
    assert f"{tmp_path / 'regs.txt'}: wanted a text file in UTF-8, but" in line


# --- decode ---------------------------------------------------------------------------------------


def test_decode_gives_the_reg_at_every_point(good, bundle):
    points = [[0.5, -1.2], [-1.0, 2.0], [0.0, 0.0]]
    found = json.loads(good("decode", "notebook-2d", "0.5,-1.2", "-1,2", "0, 0", "--json"))
    assert [row["z"] for row in found] == points
    assert [row["reg"] for row in found] == bundle.autoencoder.decode(np.array(points)).tolist()


def test_decode_prints_a_line_a_point_also_when_the_first_is_negative(good, bundle):
    regs_there = bundle.autoencoder.decode(np.array([[-0.5, 1.0], [2.0, 0.25]]))
    lines = good("decode", "notebook-2d", "-0.5,1", "2,.25").splitlines()
    assert lines == [f"-0.5,1  {regs_there[0]}", f"2,.25  {regs_there[1]}"]


def test_what_is_encoded_can_be_decoded(good, bundle):
    (row,) = json.loads(good("encode", "notebook-2d", "YK66BIQ", "--json"))
    text = ",".join(map(repr, row["mean"]))
    (found,) = json.loads(good("decode", "notebook-2d", text, "--json"))
    assert found["z"] == row["mean"]
    expected = bundle.autoencoder.decode(bundle.autoencoder.encode(["YK66BIQ"])[0])
    assert found["reg"] == expected[0]


@pytest.mark.parametrize("point", ["1", "1,2,3", "a,b", "1,", "", "nan,0", "inf,0", "1;2", "--far"])
def test_decode_wants_points_of_two_numbers(refused, point):
    line = refused("decode", "notebook-2d", "0,0", point)
    assert f"a point of this bundle is 2 numbers with commas, not '{point}'" in line


# --- sample ---------------------------------------------------------------------------------------


KEYS = ["proposed", "accepted", "kept", "acceptance", "purity", "collisions", "tail_probability"]
ELL = ((0.0, 0.0), (3.0, 0.0), (3.0, 1.0), (1.0, 1.0), (1.0, 3.0), (0.0, 3.0))
ELL_TEXT = "0,0 3,0 3,1 1,1 1,3 0,3"
RULES = {
    OneSided(): [],
    OneSided(1.5): ["--rule", "one-sided", "--threshold", 1.5],
    TwoSided(): ["--rule", "two-sided"],
    TwoSided(0.25, 1.5): ["--rule", "two-sided", "--margin", 0.25, "--support", 1.5],
    TwoSided(0.0, 9.0): ["--rule", "two-sided", "--margin", 0, "--support", 9],
    Posterior(): ["--rule", "posterior"],
    Posterior(0.25, 0.0): ["--rule", "posterior", "--alpha", 0.25, "--q", 0],
}
PROPOSALS = {
    Box(): [],
    Box(2.0): ["--proposal", "box", "--box", 2],
    Prior(): ["--proposal", "prior"],
    Around(): ["--proposal", "records"],
    Region(ELL): ["--proposal", "region", "--region", ELL_TEXT],
}


def by_library(folder, unwanted=BELOW_50, **choices):
    """What the library makes of the same choices."""
    policy = Policy(str(folder), unwanted, **choices).signed()
    return results.run(bundles.load(folder), policy)


def as_printed(outcome):
    """An outcome as the command prints it as JSON."""
    manifest = json.loads(json.dumps(outcome.manifest()))
    report = manifest.pop("report")
    return {"rule": report.pop("rule"), **report.pop("parameters"), **report, **manifest}


@pytest.fixture
def sample(call, small):
    """Sample from the small bundle, with number < 50 unwanted: the JSON."""

    def run(*options):
        status, out, _ = call("sample", small, "--unwanted", "number < 50", "--json", *options)
        assert status == 0
        return json.loads(out)

    return run


def test_sample_reports_what_the_library_does(good):
    out = good(*SAMPLE, "--threshold", 1.5, "--n", 500, "--box", 4, "--seed", 4, "--json")
    found = json.loads(out)
    assert set(KEYS) <= found.keys()
    outcome = by_library(
        "notebook-2d", rule=OneSided(1.5), proposal=Box(4.0), proposals=500, seed=4
    )
    assert found == as_printed(outcome)
    assert found["proposed"] == 500
    assert found["acceptance"] == found["accepted"] / 500 > 0


def test_sample_proposes_as_the_notebook_unless_told(good):
    found = json.loads(good(*SAMPLE, "--json"))
    told = [*SAMPLE, "--threshold", "2.5", "--n", "1000", "--box", "3", "--seed", "0"]
    again = good(*told, "--rule", "one-sided", "--proposal", "box", "--json")
    assert found == json.loads(again)
    assert (found["proposed"], found["threshold"]) == (1000, 2.5)
    assert round(found["notebook_tail"], 3) == 0.154


def test_sample_prints_every_figure(good):
    found = json.loads(good(*SAMPLE, "--json"))
    text = squeezed(good(*SAMPLE))
    for key in ["rule", "threshold", *KEYS, "proposals_per_result", "notebook_tail"]:
        value = found[key]
        shown = f"{value:.4f}" if isinstance(value, float) else str(value)
        assert f"{key.replace('_', ' ')} {shown}" in text
    low, high = found["audit"]["purity_interval"]
    assert f"purity, 95 % {low:.4f} to {high:.4f}" in text
    assert f"finding {found['finding']}" in text
    assert "leaks" not in text


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_every_rule_can_be_sampled_by(sample, small, rule):
    found = sample(*RULES[rule])
    assert found == as_printed(by_library(small, rule=rule))
    assert found["rule"] == rule.name
    assert {name: found[name] for name in rule.parameters()} == rule.parameters()
    assert found["accepted"] > 0


@pytest.mark.parametrize("proposal", PROPOSALS, ids=lambda kind: str(kind)[:40])
def test_every_kind_of_proposals_can_be_sampled_from(sample, small, proposal):
    found = sample(*PROPOSALS[proposal], "--seed", 2, "--n", 300, "--threshold", 0.5)
    expected = by_library(
        small, rule=OneSided(0.5), proposal=proposal, proposals=300, seed=2
    )  # fmt: skip
    assert found == as_printed(expected)
    assert found["policy"]["proposal"]["name"] == proposal.name
    assert found["accepted"] > 0


def test_sample_joins_several_rules_by_and(sample, small):
    both = sample("--unwanted", "area == london", "--threshold", 1)
    unwanted = Unwanted.of(["number < 50", "area == london"])
    assert both == as_printed(by_library(small, unwanted, rule=OneSided(1.0)))
    assert both["accepted"] > sample("--threshold", 1)["accepted"]


def test_sample_says_so_if_none_is_accepted(good):
    found = json.loads(good(*SAMPLE, "--threshold", 1e6, "--json"))
    assert (found["accepted"], found["purity"], found["proposals_per_result"]) == (0, None, None)
    text = squeezed(good(*SAMPLE, "--threshold", 1e6))
    assert "purity none" in text
    assert "proposals per result none" in text


# --- sample: what is unwanted ---------------------------------------------------------------------


def test_regs_in_a_file_are_unwanted_too(good, small, tmp_path):
    path = tmp_path / "regs.txt"
    path.write_text("\ufeffzz99 zzz\n\nYK66BIQ, ab12cde\r\n", "utf-8")
    listed = ["ZZ99ZZZ", "YK66BIQ", "AB12CDE"]
    options = ["--unwanted-file", path, "--threshold", 1, "--json"]
    alone = json.loads(good("sample", small, *options))
    assert alone["policy"]["unwanted"]["regs"] == listed
    expected = by_library(small, Unwanted.of(listed=listed), rule=OneSided(1.0))
    assert alone == as_printed(expected)
    both = json.loads(good("sample", small, "--unwanted", "number < 50", *options))
    expected = by_library(small, Unwanted.of(["number < 50"], listed=listed), rule=OneSided(1.0))
    assert both == as_printed(expected)
    assert both["accepted"] < alone["accepted"]


def test_all_of_the_training_data_can_be_unwanted(good, small):
    options = ["--unwanted-training", "--threshold", 0.1, "--json"]
    found = json.loads(good("sample", small, *options))
    expected = by_library(small, Unwanted.of(training=True), rule=OneSided(0.1))
    assert found == as_printed(expected)
    assert found["accepted"] > 0


def test_regions_can_be_unwanted(good, small):
    far = "-3,-3 -1,-3 -1,-1 -3,-1"
    found = json.loads(
        good("sample", small, "--unwanted-region", ELL_TEXT, "--unwanted-region", far, "--json")
    )
    square = [(-3, -3), (-1, -3), (-1, -1), (-3, -1)]
    assert found == as_printed(by_library(small, Unwanted.of(regions=[ELL, square])))


def test_bad_lines_of_a_file_are_named_with_their_numbers(refused, small, tmp_path):
    path = tmp_path / "regs.txt"
    bad = ["AB1XCDE", "", "AB12CDE", "AB12", "ab12 cde", "x", "nought", "AB12CDE, ?"]
    path.write_text("\n".join(bad), "utf-8")
    line = refused("sample", small, "--unwanted-file", path)
    assert line == (
        f"regvae: {path} wants one reg like AB12 CDE a line, but line 1 ('AB1XCDE'), "
        "line 4 ('AB12'), line 6 ('x') and 2 more cannot be read; correct or remove them\n"
    )


def test_a_file_of_unwanted_regs_wants_to_be_there_and_to_hold_some(refused, small, tmp_path):
    path = tmp_path / "regs.txt"
    assert str(path) in refused("sample", small, "--unwanted-file", path)
    path.write_text("\n\n", "utf-8")
    line = refused("sample", small, "--unwanted-file", path)
    assert f"{path} holds no reg; give one like AB12 CDE a line" in line
    path.write_bytes(b"\xff\xfe\x00")
    line = refused("sample", small, "--unwanted-file", path)
    assert f"{path}: wanted a text file in UTF-8" in line


# --- sample: until so many ------------------------------------------------------------------------


def test_sample_stops_when_so_many_are_accepted(sample, small):
    found = sample("--until", 5)
    assert found == as_printed(by_library(small, accepted=5, proposals=5_000))
    assert (found["accepted"], found["kept"], found["shortfall"]) == (5, 5, None)
    assert found["policy"]["stop"] == {"proposals": 5_000, "accepted": 5}


@pytest.mark.parametrize("as_json", [False, True])
def test_a_run_that_ends_short_keeps_its_file_and_has_status_1(call, small, tmp_path, as_json):
    path = tmp_path / "short.csv"
    options = ["--until", 900, "--n", 1000, "--threshold", 1, *(["--json"] if as_json else [])]
    command = ["sample", small, "--unwanted", "number < 50"]
    status, out, err = call(*command, *options, "--out", path)
    assert status == 1
    table = pd.read_csv(path)
    sentence = (
        f"only {len(table)} of the 900 asked for came of 1,000 proposals; what came is kept; "
        "raise the number of proposals"
    )
    assert 0 < len(table) < 900
    assert err.splitlines()[-1] == f"regvae: {sentence}"
    manifest = json.loads((tmp_path / "short.csv.manifest.json").read_text("utf-8"))
    assert manifest["shortfall"] == sentence
    if as_json:
        assert json.loads(out)["shortfall"] == sentence


def test_a_run_of_which_nothing_comes_still_writes_a_file(call, small, tmp_path):
    path = tmp_path / "none.parquet"
    options = ["--until", 3, "--n", 100, "--threshold", 1e6, "--out", path]
    status, _, err = call("sample", small, "--unwanted", "number < 50", *options)
    assert status == 1
    assert err == (
        "regvae: only 0 of the 3 asked for came of 100 proposals; what came is kept; "
        "nothing passes: loosen the rule\n"
    )
    table = pd.read_parquet(path)
    assert list(table.columns) == ["reg", "z_1", "z_2", "to_unwanted", "wanted", "collision"]
    assert len(table) == 0


def test_a_run_that_reaches_its_number_has_status_0(call, small):
    status, _, err = call("sample", small, "--unwanted", "number < 50", "--until", 3)
    assert (status, err) == (0, "")


# --- sample: files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "read"), [("wanted.csv", pd.read_csv), ("wanted.parquet", pd.read_parquet)]
)
def test_sample_writes_what_it_accepted(good, bundle, tmp_path, name, read):
    out = good(*SAMPLE, "--threshold", 1, "--seed", 3, "--out", tmp_path / name)
    policy = Policy("notebook-2d", BELOW_50, OneSided(1.0), seed=3)
    samples = sampling.sample(bundle, policy)
    kept = samples.take(policy.rule.accepts(samples.measures))
    assert squeezed(out).endswith(f"{name}: {len(kept)} rows, and {name}.manifest.json")
    table = read(tmp_path / name)
    assert list(table.columns) == ["reg", "z_1", "z_2", "to_unwanted", "wanted", "collision"]
    assert table["reg"].tolist() == kept.codes.tolist()
    assert np.allclose(table[["z_1", "z_2"]], kept.z, rtol=1e-12)
    assert np.allclose(table["to_unwanted"], kept.measures["to_unwanted"], rtol=1e-12)
    assert (table["to_unwanted"] > 1).all()
    assert table["wanted"].tolist() == kept.wanted.tolist()
    assert table["collision"].tolist() == kept.collision.tolist()


def test_the_manifest_beside_the_file_says_what_it_is(sample, small, tmp_path):
    path = tmp_path / "wanted.parquet"
    options = ["--threshold", 1, "--clean", "--seed", 7]
    printed = sample(*options)
    assert sample(*options, "--out", path) == printed
    names = sorted(one.name for one in tmp_path.iterdir())
    assert names == [path.name, "wanted.parquet.manifest.json"]
    beside = json.loads((tmp_path / "wanted.parquet.manifest.json").read_text("utf-8"))
    assert beside.pop("file") == "wanted.parquet"
    assert beside.pop("sha256") == hashlib.sha256(path.read_bytes()).hexdigest()
    outcome = by_library(small, rule=OneSided(1.0), clean=True, seed=7)
    assert beside == json.loads(json.dumps(outcome.manifest()))
    assert beside["audit"] == printed["audit"]
    inside = pq.read_metadata(path).metadata[results.KEY]
    assert json.loads(inside) == beside


def test_clean_results_hold_no_leak(sample, small, tmp_path):
    for name, read in (("a.csv", pd.read_csv), ("a.parquet", pd.read_parquet)):
        found = sample("--threshold", 1, "--clean", "--out", tmp_path / name)
        table = read(tmp_path / name)
        assert len(table) == found["kept"] < found["accepted"]
        assert table["wanted"].all()
        assert not table["collision"].any()
        known = set(bundles.load(small).records.codes.tolist())
        assert not known & set(table["reg"])
        assert (table["reg"].str[2:4].astype(int) >= 50).all()


def test_sample_prints_json_only_also_when_it_writes_a_table(call, good, tmp_path):
    status, out, err = call(*SAMPLE, "--json", "--out", tmp_path / "wanted.csv")
    assert status == 0
    assert json.loads(out) == json.loads(good(*SAMPLE, "--json"))
    assert (tmp_path / "wanted.csv").is_file()
    assert f"wrote {tmp_path / 'wanted.csv'}: " in err


def test_a_sample_is_silent_on_standard_error(call):
    assert call(*SAMPLE)[2] == ""


# --- sample: policies -----------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("rule", [OneSided(1.5), TwoSided(0.0, 9.0), Posterior(0.25, 0.0)], ids=str)
def test_a_saved_policy_writes_the_same_bytes(good, small, tmp_path, rule, suffix):
    folders = [tmp_path / name for name in ("first", "again")]
    for folder in folders:
        folder.mkdir()
    paths = [folder / f"wanted{suffix}" for folder in folders]
    policy = tmp_path / "policy.toml"
    (tmp_path / "regs.txt").write_text("ab12 cde\n", "utf-8")
    options = [
        *("sample", small, "--unwanted", "number < 50", "--unwanted-region", ELL_TEXT),
        *("--unwanted-file", tmp_path / "regs.txt", "--unwanted-training", *RULES[rule]),
        *("--proposal", "box", "--box", 4, "--until", 4, "--n", 9_000, "--clean", "--seed", 11),
    ]
    first = good(*options, "--save-policy", policy, "--out", paths[0])
    again = good("sample", "--policy", policy, "--out", paths[1])
    assert paths[0].read_bytes() == paths[1].read_bytes()
    manifests = [folder / f"wanted{suffix}.manifest.json" for folder in folders]
    assert manifests[0].read_bytes() == manifests[1].read_bytes()
    assert first.replace(str(folders[0]), "") == again.replace(str(folders[1]), "")
    saved = Policy.from_toml(policy.read_text("utf-8"))
    assert (
        saved
        == Policy(
            bundle=str(small),
            unwanted=Unwanted.of(["number < 50"], regions=[ELL], listed=["AB12CDE"], training=True),
            rule=rule,
            proposal=Box(4.0),
            proposals=9_000,
            accepted=4,
            clean=True,
            seed=11,
        ).signed()
    )


def test_a_policy_can_be_saved_again_with_its_hash(good, small, tmp_path):
    plain = Policy(str(small), BELOW_50, OneSided(1.0))
    (tmp_path / "plain.toml").write_text(plain.to_toml(), "utf-8")
    good("sample", "--policy", tmp_path / "plain.toml", "--save-policy", tmp_path / "signed.toml")
    assert (tmp_path / "signed.toml").read_text("utf-8") == plain.signed().to_toml()


@pytest.mark.parametrize(
    "more",
    [
        ["notebook-2d"],
        ["--unwanted", "number < 50"],
        ["--unwanted-training"],
        ["--unwanted-region", ELL_TEXT],
        ["--unwanted-file", "regs.txt"],
        ["--threshold", 9],
        ["--rule", "two-sided"],
        ["--rule", "one-sided"],
        ["--alpha", 0.5],
        ["--proposal", "prior"],
        ["--box", 3],
        ["--region", ELL_TEXT],
        ["--n", 5],
        ["--until", 5],
        ["--clean"],
        ["--seed", 0],
    ],
    ids=lambda more: more[0],
)
def test_beside_a_policy_no_other_choice_is_taken(refused, small, tmp_path, more):
    path = tmp_path / "policy.toml"
    path.write_text(Policy(str(small), BELOW_50).to_toml(), "utf-8")
    assert "give only --policy" in refused("sample", "--policy", path, *more)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "policy.toml: wanted schema = 1, but it has None"),
        ("a b", "policy.toml: wanted TOML, but "),
        ('schema = 1\nbundle = "notebook-2d"', "policy.toml: wanted 'unwanted', but it is missing"),
        (
            'schema = 1\nbundle = "nowhere"\n[unwanted]\ntraining = true',
            "there is no bundle 'nowhere'",
        ),
        (
            'schema = 1\nbundle = "notebook-2d"\nbundle_sha256 = "00"\n[unwanted]\ntraining = true',
            "the policy was made for notebook-2d with sha256 '00'…, but the one here has ",
        ),
    ],
)
def test_a_policy_that_cannot_be_run_is_refused(refused, tmp_path, text, words):
    path = tmp_path / "policy.toml"
    path.write_text(text, "utf-8")
    out = tmp_path / "wanted.csv"
    assert words in refused("sample", "--policy", path, "--out", out)
    assert list(tmp_path.iterdir()) == [path]


def test_a_policy_that_is_missing_is_refused(refused, tmp_path):
    path = tmp_path / "nowhere.toml"
    assert str(path) in refused("sample", "--policy", path)


def test_a_policy_is_not_saved_where_there_is_no_folder(refused, small, tmp_path):
    path = tmp_path / "nowhere" / "policy.toml"
    options = ["--save-policy", path, "--out", tmp_path / "wanted.csv"]
    line = refused("sample", small, "--unwanted", "number < 50", *options)
    assert f"there is no folder '{path.parent}' to write policy.toml to" in line
    assert list(tmp_path.iterdir()) == []


# --- sample: the hunt -----------------------------------------------------------------------------


@pytest.fixture
def short_hunt(monkeypatch):
    """Hunts of fewer proposals."""
    hunt = leaks.hunt
    monkeypatch.setattr(leaks, "hunt", lambda *of: hunt(*of, budget=1_000))


@pytest.mark.usefixtures("short_hunt")
def test_sample_hunts_for_leaks_if_asked(sample, good, small):
    policy = Policy(str(small), BELOW_50).signed()
    bundle = bundles.load(small)
    expected = leaks.hunt(bundle, policy, sampling.make_judge(bundle, policy))
    found = sample("--hunt")
    assert found.pop("hunt") == json.loads(json.dumps(expected.summary()))
    assert found == sample()
    assert len(expected.leaks) > 0
    text = squeezed(good("sample", small, "--unwanted", "number < 50", "--hunt"))
    assert text.endswith(f"leaks found {expected.sentence()}")


@pytest.mark.usefixtures("short_hunt")
def test_a_hunt_that_finds_nothing_says_so(good, small):
    options = ["--rule", "two-sided", "--support", 1e-3, "--hunt"]
    text = squeezed(good("sample", small, "--unwanted", "number < 50", *options))
    assert "leaks found none in 2,200 points tried, " in text


# --- sample: what is refused ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rule", "three-sided"], "there is no rule 'three-sided'; there is one-sided, two-"),
        (["--margin", "1"], "the rule one-sided has no 'margin'; it has threshold"),
        (["--rule", "posterior", "--threshold", "1"], "the rule posterior has no 'threshold'"),
        (["--unwanted", "colour == red"], "there is no attribute 'colour'; the attributes are"),
        (["--unwanted", "number"], "a rule is 'attribute op value'"),
        (["--unwanted", "number > 60"], "so nothing is unwanted; widen it"),
        (["--threshold", "-1"], "the threshold is a distance of 0 or more, not -1"),
        (["--threshold", "nan"], "the threshold is a distance of 0 or more, not nan"),
        (["--rule", "two-sided", "--support", "inf"], "the support is a distance of 0 or more"),
        (["--rule", "posterior", "--q", "2"], "the q is a share from 0 to 1, not 2"),
        (["--n", "0"], "the number of proposals goes from 1 to 1,000,000,000, not 0"),
        (["--n", "1000000001"], "the number of proposals goes from 1 to 1,000,000,000, not 1,0"),
        (["--until", "0"], "the number to accept goes from 1 to 1,000,000,000, not 0"),
        (["--until", "-5", "--n", "9"], "the number to accept goes from 1 to 1,000,000,000, not"),
        (["--seed", str(2**63)], "the seed goes from 0 to 9,223,372,036,854,775,807, not 9,223"),
        (["--box", "0"], "the box wants a half-width above 0"),
        (["--box", "inf"], "the box wants a half-width above 0"),
        (["--proposal", "sphere"], "there are no proposals 'sphere'; there are box, prior, rec"),
        (["--proposal", "region"], '--proposal region wants --region "x,y x,y x,y ..."'),
        (["--region", ELL_TEXT], "--region is for --proposal region"),
        (["--unwanted-region", "0,0 1,1"], "a region is three corners or more such as"),
        (["--unwanted-region", "0,0 1,1 nan,1"], "a region is three corners or more such as"),
        (["--unwanted-region", "0,0 1 1,1"], "a region is three corners or more such as"),
        (["--unwanted-region", "what"], "a region is three corners or more such as"),
        (["--proposal", "region", "--region", "0,0"], "not '0,0'"),
    ],
)
def test_sample_refuses_what_cannot_be_sampled(refused, tmp_path, options, words):
    assert words in refused(*SAMPLE, *options, "--out", tmp_path / "wanted.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--until", "-5"], "the number to accept goes from 1"),
        (["--proposal", "region", "--region", "0,0 1,1 2,2"], "the region is too thin to draw"),
    ],
)
def test_a_refusal_is_one_line_and_about_what_was_typed(refused, options, words):
    assert words in refused(*SAMPLE, *options)


def test_a_failure_in_the_midst_leaves_no_file(refused, small, tmp_path):
    options = ["--proposal", "region", "--region", "0,0 1,1 2,2", "--out", tmp_path / "wanted.csv"]
    line = refused("sample", small, "--unwanted", "number < 50", *options)
    assert line == "regvae: the region is too thin to draw points from; draw a wider one\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["wanted.csv", "wanted.parquet"])
def test_a_failure_after_some_blocks_leaves_what_was_there(
    call, small, tmp_path, monkeypatch, name
):
    to_table, written = results.to_table, []

    def fails_later(samples):
        if len(written) == 2:
            raise OSError("no space left")
        written.append(len(samples))
        return to_table(samples)

    monkeypatch.setattr(sampling, "BLOCK", 100)
    monkeypatch.setattr(results, "to_table", fails_later)
    (tmp_path / name).write_text("what was there", "utf-8")
    command = ["sample", small, "--unwanted", "number < 50", "--out", tmp_path / name]
    status, _, err = call(*command)
    gc.collect()
    assert status == 2
    assert err == "regvae: no space left\n"
    assert (tmp_path / name).read_text("utf-8") == "what was there"
    assert [one.name for one in tmp_path.iterdir()] == [name]
    assert len(written) == 2


def test_sample_wants_a_bundle_or_a_policy(refused):
    words = "sample wants a bundle, such as notebook-2d, or --policy FILE"
    assert words in refused("sample")
    assert words in refused("sample", "--unwanted", "number < 50")


def test_sample_wants_something_unwanted(refused):
    words = "nothing is unwanted; give a rule such as 'number < 50', a region, a list of regs, or"
    assert words in refused("sample", "notebook-2d")


# --- study ----------------------------------------------------------------------------------------


@pytest.fixture
def trained(bundle, tmp_path, monkeypatch):
    """A folder with a model already trained; training another one would fail."""
    monkeypatch.setitem(sys.modules, "regvae.training.trainer", None)
    folder = tmp_path / "models"
    folder.mkdir()
    bundles.save(dataclasses.replace(bundle, seed=0), folder / "seed-0")
    return folder


def test_a_study_compares_the_rules_on_models_already_trained(good, bundle, trained, tmp_path):
    path = tmp_path / "study.csv"
    models = tmp_path / "models.csv"
    said = good("study", "--folder", trained, "--seeds", 1, "--out", path, "--models-out", models)
    figures, *lines = said.splitlines()
    outcome = model_outcome(dataclasses.replace(bundle, seed=0))
    assert figures == f"seed 0  {outcome.sentence()}"
    assert "exact 0.000  digits 0.997 0.999  validation loss 22.092" in figures
    kept = pd.read_csv(models).iloc[0].to_dict()
    assert np.isnan(kept.pop("rank_correlation"))  # nothing was made to run along an axis
    assert kept == {k: v for k, v in dataclasses.asdict(outcome).items() if v is not None}
    outcomes = rule_outcomes(dataclasses.replace(bundle, seed=0))
    assert [one.rule for one in outcomes] == ["one-sided", "two-sided", "posterior"]
    assert lines[:3] == [
        f"seed {one.seed}  {one.rule:<10} accepted {one.acceptance:.4f}  purity {one.purity:.4f}"
        for one in outcomes
    ]
    assert lines[3:] == [f"wrote {path}: 3 rows", f"wrote {models}: 1 rows"]
    table = pd.read_csv(path)
    assert list(table.columns) == [field.name for field in dataclasses.fields(outcomes[0])]
    expected = pd.DataFrame([dataclasses.asdict(one) for one in outcomes])
    pd.testing.assert_frame_equal(table, expected, check_dtype=False)
    assert [one.name for one in trained.iterdir()] == ["seed-0"]


def test_a_study_of_a_damaged_model_is_refused_with_its_file(refused, trained):
    path = trained / "seed-0" / "history.csv"
    path.write_bytes(path.read_bytes() + b"x")
    assert f"{path}: wanted sha256" in refused("study", "--folder", trained, "--seeds", 1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--preset", "notebook-3d"], "no preset 'notebook-3d'; there are notebook-2d, notebook"),
        (["--seeds", "0"], "greater than or equal to 1"),
        (["--seeds", "101"], "less than or equal to 100"),
        (["--out", "study.txt"], "a table's name ends in .csv or .parquet, but came 'study.txt'"),
        (["--out", "nowhere/study.csv"], "there is no folder 'nowhere' to write study.csv to"),
    ],
)
def test_a_study_that_cannot_be_made_is_refused(refused, tmp_path, options, words):
    folder = tmp_path / "models"
    assert words in refused("study", "--folder", folder, *options)
    assert not folder.exists()


def test_a_study_wants_a_folder_to_hold_its_own(refused, tmp_path):
    assert "nowhere" in refused("study", "--folder", tmp_path / "nowhere" / "models")


# --- check ----------------------------------------------------------------------------------------


def test_check_says_that_the_shipped_bundle_is_whole(good):
    assert squeezed(good("check", "notebook-2d")).startswith("notebook-2d: 12,000 records")


def test_check_gives_status_1_and_the_reason_for_a_damaged_bundle(call, damaged):
    status, out, err = call("check", damaged)
    assert (status, out) == (1, "")
    assert err.startswith(f"regvae: {damaged / 'history.csv'}: wanted sha256")
    assert err.count("\n") == 1


def test_check_gives_status_1_for_parts_that_do_not_belong_together(call, damaged):
    manifest = json.loads((damaged / "manifest.json").read_text("utf-8"))
    shutil.copy(store.ASSETS / "notebook-2d" / "history.csv", damaged / "history.csv")
    manifest["preset"]["data"]["seed"] = 1
    (damaged / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    status, _, err = call("check", damaged)
    assert status == 1
    assert "its regs are not those that the preset's data seed draws" in err


def test_check_fails_if_there_is_no_bundle(call):
    status, out, err = call("check", "nowhere")
    assert status in (1, 2)
    assert out == ""
    assert "there is no bundle 'nowhere'" in err


def test_a_study_of_another_model_is_refused(refused, bundle, tmp_path):
    bundles.save(bundle, tmp_path / "seed-0")
    words = refused("study", "--folder", tmp_path, "--seeds", 1)
    assert "seed-0 wants notebook-2d of seed 0, but is notebook-2d of seed 2" in words


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--proposal", "prior", "--box", "9"], "--box is for --proposal box, not prior"),
        (["--region", ELL_TEXT], "--region is for --proposal region, not box"),
        (["--proposal", "region"], "--proposal region wants --region"),
    ],
)
def test_a_choice_for_other_proposals_is_refused(refused, options, words):
    assert words in refused(*SAMPLE, *options)


def test_a_policy_that_cannot_be_run_is_not_saved(refused, tmp_path):
    path = tmp_path / "policy.toml"
    refused("sample", "notebook-2d", "--unwanted", "number > 200", "--save-policy", path)
    assert not path.exists()


def test_what_is_no_file_is_not_written_over(refused, tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    for name in ("pipe.csv", "folder.csv"):
        words = refused(*SAMPLE, "--out", tmp_path / name)
        assert "is there already and is no file; choose another name" in words
    words = refused(*SAMPLE, "--save-policy", tmp_path / "pipe.csv")
    assert "is there already and is no file" in words
    assert (tmp_path / "pipe.csv").is_fifo()


def test_what_a_link_leads_to_is_written(good, tmp_path):
    (tmp_path / "link.csv").symlink_to(tmp_path / "target.csv")
    good(*SAMPLE, "--out", tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert len(pd.read_csv(tmp_path / "target.csv")) == 49


def test_what_is_read_is_not_written_over(refused, tmp_path):
    listed = tmp_path / "regs.csv"
    listed.write_text("AB12CDE\n", "utf-8")
    words = refused("sample", "notebook-2d", "--unwanted-file", listed, "--out", listed)
    assert "was given twice; what is written wants its own name" in words
    assert listed.read_text("utf-8") == "AB12CDE\n"
    same = tmp_path / "same.csv"
    assert "was given twice" in refused(*SAMPLE, "--out", same, "--save-policy", same)
    assert not same.exists()
