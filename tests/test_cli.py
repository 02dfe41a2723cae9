"""The command line: what each command prints, what it refuses, and what it leaves on disk."""

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from regvae import bundle as bundles
from regvae import cli, evaluation, regs, rules, sampling

COMMANDS = ["dataset", "train", "evaluate", "encode", "decode", "sample", "check", "bench"]
SAMPLE = ["sample", "notebook-2d", "--unwanted", "number < 50"]


@pytest.fixture
def call(monkeypatch, capsys):
    """Run a command as the entry point does: its exit status, standard output and error."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["regvae", *map(str, arguments)])
        try:
            status = cli.main()
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
    folder = Path(shutil.copytree(bundles.ASSETS / "notebook-2d", tmp_path / "damaged"))
    with (folder / "history.csv").open("ab") as file:
        file.write(b"x")
    return folder


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
    assert regs.parse(row["reg"]) == row["reg"]


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


@pytest.mark.parametrize("command", ["evaluate", "encode", "decode", "sample"])
def test_an_unknown_bundle_is_answered_with_those_that_exist(refused, command):
    more = {
        "encode": ["AB12CDE"],
        "decode": ["0,0"],
        "sample": ["--unwanted", "number < 50"],
    }.get(command, [])
    assert "no bundle 'nowhere': a bundle is a name in assets/ (notebook-2d)" in refused(
        command, "nowhere", *more
    )


def test_a_damaged_bundle_is_refused_with_its_file(refused, damaged):
    assert f"{damaged / 'history.csv'}: wanted sha256" in refused("evaluate", damaged)


def test_a_reason_of_several_lines_is_printed_as_one(refused, damaged):
    folder = damaged.rename(damaged.with_name("two\nlines"))
    assert "two lines/history.csv: wanted sha256" in refused("evaluate", folder)


def test_an_interruption_is_no_success(call, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(regs, "notebook_dataset", interrupted)
    status, _, err = call("dataset")
    assert status != 0
    assert "Traceback" not in err


def test_an_unknown_preset_is_not_trained(refused, tmp_path):
    line = refused("train", "notebook-3d", "--out", tmp_path / "new")
    assert "no preset 'notebook-3d'; there are notebook-2d, notebook-15d" in line
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
    for split, part in regs.notebook_dataset(3).items():
        assert table["reg"][table["split"] == split].tolist() == part.tolist()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_file_written_is_named_as_it_was_given(good, tmp_path):
    folder = tmp_path / "[red]a [bold]long:smile: name" / ("more" * 20)
    folder.mkdir(parents=True)
    assert f"wrote {folder / 'regs.csv'}: 12,000 rows\n" in good(
        "dataset", "--out", folder / "regs.csv"
    )


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


@pytest.mark.parametrize("command", [["dataset"], SAMPLE], ids=["dataset", "sample"])
@pytest.mark.parametrize("old", [None, "what was there\n"], ids=["new", "there before"])
def test_a_write_that_breaks_leaves_no_half_table(refused, monkeypatch, tmp_path, command, old):
    path = tmp_path / "regs.csv"
    if old:
        path.write_text(old, "utf-8")

    def to_csv(_, target, **__):
        Path(target).write_text("reg,sp", "utf-8")
        raise OSError("no space left")

    monkeypatch.setattr(pd.DataFrame, "to_csv", to_csv)
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
    assert found == evaluation.accuracy(bundle, sampled=sampled)
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
    figures = evaluation.notebook_figures(bundle)
    assert [one["published"] for one in found["notebook"]] == [one.published for one in figures]
    assert [one["here"] for one in found["notebook"]] == [one.here for one in figures]
    text = squeezed(good("evaluate", "notebook-2d", "--notebook"))
    for words in ("published", "276", "267 = 0.967", "522 / 478", "0.0439", "0.154"):
        assert words in text


def test_evaluate_takes_the_path_of_a_bundle(good):
    path = bundles.ASSETS / "notebook-2d"
    assert good("evaluate", path) == good("evaluate", "notebook-2d")


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
    assert f"{path}, line 3: a reg has 7 characters" in line


@pytest.mark.parametrize("content", [None, ""])
def test_encode_wants_a_reg(refused, tmp_path, content):
    options = []
    if content is not None:
        (tmp_path / "regs.txt").write_text(content, "utf-8")
        options = ["--file", tmp_path / "regs.txt"]
    assert "no reg was given; name some, or a file" in refused("encode", "notebook-2d", *options)


def test_encode_names_a_file_that_is_missing(refused, tmp_path):
    path = tmp_path / "nowhere.txt"
    assert str(path) in refused("encode", "notebook-2d", "--file", path)


def test_encode_refuses_a_file_that_is_no_text(refused, tmp_path):
    (tmp_path / "regs.txt").write_bytes(b"\xff\xfe\x00")
    assert "utf-8" in refused("encode", "notebook-2d", "--file", tmp_path / "regs.txt")


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


KEYS = ["proposed", "accepted", "acceptance", "purity", "collisions", "tail_probability"]


def test_sample_reports_what_the_library_does(good, bundle):
    out = good(*SAMPLE, "--threshold", 1.5, "--n", 500, "--box", 4, "--seed", 4, "--json")
    found = json.loads(out)
    assert set(KEYS) <= found.keys()
    unwanted = rules.parse_all(["number < 50"])
    samples = sampling.sample(bundle, unwanted, n=500, box=4.0, seed=4)
    report = sampling.report(samples, 1.5)
    assert found == {name: getattr(report, name) for name in found}
    assert found["proposed"] == 500
    assert found["acceptance"] == found["accepted"] / 500 > 0


def test_sample_proposes_as_the_notebook_unless_told(good):
    found = json.loads(good(*SAMPLE, "--json"))
    told = [*SAMPLE, "--threshold", "2.5", "--n", "1000", "--box", "3", "--seed", "0"]
    assert found == json.loads(good(*told, "--rule", "one-sided", "--json"))
    assert (found["proposed"], found["threshold"]) == (1000, 2.5)
    assert round(found["notebook_tail"], 3) == 0.154


def test_sample_prints_every_figure(good):
    found = json.loads(good(*SAMPLE, "--json"))
    text = good(*SAMPLE)
    for key in KEYS:
        value = found[key]
        shown = f"{value:.4f}" if isinstance(value, float) else str(value)
        assert f"{key.replace('_', ' ')} {shown}" in squeezed(text)


def test_sample_joins_several_rules_by_and(good, bundle):
    both = json.loads(good(*SAMPLE, "--unwanted", "area == london", "--threshold", 1, "--json"))
    unwanted = rules.parse_all(["number < 50", "area == london"])
    samples = sampling.sample(bundle, unwanted, n=1000, box=3.0, seed=0)
    assert both["accepted"] == sampling.report(samples, 1.0).accepted
    assert both["accepted"] > json.loads(good(*SAMPLE, "--threshold", 1, "--json"))["accepted"]


def test_sample_says_so_if_none_is_accepted(good):
    found = json.loads(good(*SAMPLE, "--threshold", 1e6, "--json"))
    assert (found["accepted"], found["purity"]) == (0, None)
    assert "purity none accepted" in squeezed(good(*SAMPLE, "--threshold", 1e6))


@pytest.mark.parametrize(
    ("name", "read"), [("wanted.csv", pd.read_csv), ("wanted.parquet", pd.read_parquet)]
)
def test_sample_writes_what_it_accepted(good, bundle, tmp_path, name, read):
    out = good(*SAMPLE, "--threshold", 1, "--seed", 3, "--out", tmp_path / name)
    samples = sampling.sample(bundle, rules.parse_all(["number < 50"]), n=1000, box=3.0, seed=3)
    rows = samples.accepted(1.0)
    assert squeezed(out).endswith(f": {rows.sum()} rows")
    table = read(tmp_path / name)
    assert list(table.columns) == [
        "reg",
        "z_1",
        "z_2",
        "distance_to_unwanted",
        "wanted",
        "collision",
    ]
    assert table["reg"].tolist() == samples.reg[rows].tolist()
    assert np.allclose(table[["z_1", "z_2"]], samples.z[rows], rtol=1e-12)
    assert np.allclose(table["distance_to_unwanted"], samples.distance[rows], rtol=1e-12)
    assert (table["distance_to_unwanted"] > 1).all()
    assert table["wanted"].tolist() == samples.wanted[rows].tolist()
    assert table["collision"].tolist() == samples.collision[rows].tolist()


def test_sample_prints_json_only_also_when_it_writes_a_table(call, good, tmp_path):
    status, out, _ = call(*SAMPLE, "--json", "--out", tmp_path / "wanted.csv")
    assert status == 0
    assert json.loads(out) == json.loads(good(*SAMPLE, "--json"))
    assert (tmp_path / "wanted.csv").is_file()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rule", "two-sided"], "there is no rule 'two-sided'; there is one-sided"),
        (["--unwanted", "colour == red"], "there is no attribute 'colour'; the attributes are"),
        (["--unwanted", "number"], "a rule is 'attribute op value'"),
        (["--unwanted", "number > 60"], "so nothing is unwanted; widen the rule"),
        (["--threshold", "-1"], "the threshold is a distance of 0 or more, not -1"),
        (["--threshold", "nan"], "the threshold is a distance of 0 or more, not nan"),
        (["--n", "0"], "the number of samples goes from 1 to 10,000,000, not 0"),
        (["--n", "10000001"], "the number of samples goes from 1 to 10,000,000, not 10,000,001"),
        (["--box", "0"], "the box wants a half-width above 0"),
        (["--box", "inf"], "the box wants a half-width above 0"),
    ],
)
def test_sample_refuses_what_cannot_be_sampled(refused, tmp_path, options, words):
    assert words in refused(*SAMPLE, *options, "--out", tmp_path / "wanted.csv")
    assert list(tmp_path.iterdir()) == []


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
    shutil.copy(bundles.ASSETS / "notebook-2d" / "history.csv", damaged / "history.csv")
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
