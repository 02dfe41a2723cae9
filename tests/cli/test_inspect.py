"""`regvae evaluate`, `report`, `encode`, `decode` and `check`."""

import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pytest

from regvae.evaluation import diagnosis
from regvae.evaluation.accuracy import accuracy
from regvae.evaluation.notebook import notebook_figures
from regvae.formats import FORMATS, UK_REGISTRATION
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.rejection.calibration import calibrate
from tests.cli import joined
from tests.codes import TOY, bundle_of, toy_bundle

# --- evaluate -------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampled", [False, True])
def test_evaluate_gives_the_accuracy_on_the_test_regs(output, bundle, sampled):
    options = ["--sampled"] if sampled else []
    found = json.loads(output("evaluate", "notebook-2d", *options, "--json"))
    assert found == accuracy(bundle, sampled=sampled)
    assert {"n", "exact", "by_position"} <= found.keys()
    assert found["n"] == 1_000
    assert 0 <= found["exact"] <= 1
    assert len(found["by_position"]) == 7
    text = output("evaluate", "notebook-2d", *options)
    assert f"1,000 test regs, decoding the {'sample' if sampled else 'mean'}" in text
    assert " ".join(f"{share:.3f}" for share in found["by_position"]) in text
    assert f"{found['exact']:.3f}" in text


def test_evaluate_gives_every_figure_of_the_notebook(output, bundle):
    found = json.loads(output("evaluate", "notebook-2d", "--notebook", "--json"))
    figures = notebook_figures(bundle)
    assert [one["published"] for one in found["notebook"]] == [one.published for one in figures]
    assert [one["here"] for one in found["notebook"]] == [one.here for one in figures]
    text = joined(output("evaluate", "notebook-2d", "--notebook"))
    for words in ("published", "276", "267 = 0.967", "522 / 478", "0.0439", "0.154"):
        assert words in text


def test_evaluate_takes_the_path_of_a_bundle(output):
    path = store.ASSETS / "notebook-2d"
    assert output("evaluate", path) == output("evaluate", "notebook-2d")


# --- report ---------------------------------------------------------------------------------------


def test_report_gives_what_the_diagnosis_finds(output, bundle):
    found, scale = diagnosis.diagnose(bundle), calibrate(bundle).scale
    printed = json.loads(output("report", "notebook-2d", "--json"))
    figures = {**found.summary(UK_REGISTRATION), "scale": scale, "privacy": None}
    assert printed == {"bundle": "notebook-2d", **figures}
    text = joined(output("report", "notebook-2d"))
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
    assert f"calibrated scale of the sigmas: {scale:.3f}" in text


def test_report_prints_infinite_and_unknown_figures(output, bundle, tmp_path):
    data = dataclasses.replace(bundle.preset.data, source="own", sha256="0" * 64)
    training = dataclasses.replace(bundle.preset.training, noise=0.0)
    preset = dataclasses.replace(bundle.preset, data=data, training=training)
    path = bundles.save(dataclasses.replace(bundle, preset=preset), tmp_path / "noiseless")
    nats = json.loads(output("report", path, "--json"))["nats"]["test"]
    assert [nats[name] for name in ("rate", "bound", "standard_error", "entropy")] == [None] * 4
    text = joined(output("report", path))
    assert f"inf │ {nats['distortion']:.2f} │ inf ± inf │ unknown │ unknown" in text


# --- encode ---------------------------------------------------------------------------------------


def assert_gaussians(rows, bundle, wanted):
    mean, sigma = bundle.autoencoder.encode(wanted)
    assert [row["reg"] for row in rows] == wanted
    np.testing.assert_allclose([row["mean"] for row in rows], mean, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose([row["sigma"] for row in rows], sigma, rtol=1e-4, atol=1e-5)


def test_encode_gives_the_gaussian_of_every_reg(output, bundle):
    out = output("encode", "notebook-2d", "ab12cde", "YK66 BIQ", "--json")
    assert_gaussians(json.loads(out), bundle, ["AB12CDE", "YK66BIQ"])


def test_encode_prints_a_line_a_reg(output, bundle):
    lines = output("encode", "notebook-2d", "ab12 cde", "YK66BIQ").splitlines()
    mean, sigma = bundle.autoencoder.encode(["AB12CDE", "YK66BIQ"])
    assert lines == [
        f"{reg}  mean ({m[0]:.4f}, {m[1]:.4f})  sigma ({s[0]:.4f}, {s[1]:.4f})"
        for reg, m, s in zip(["AB12 CDE", "YK66 BIQ"], mean, sigma, strict=True)
    ]


def test_encode_reads_a_file_of_regs_and_skips_empty_lines(output, bundle, tmp_path):
    (tmp_path / "regs.txt").write_text("ab12 cde\n\n  YK66BIQ  \r\nMY33WSZ", "utf-8")
    out = output("encode", "notebook-2d", "--file", tmp_path / "regs.txt", "--json")
    assert_gaussians(json.loads(out), bundle, ["AB12CDE", "YK66BIQ", "MY33WSZ"])


def test_encode_reads_a_file_by_its_url(output, refusal, tmp_path):
    path = tmp_path / "some regs.txt"
    path.write_text("ab12 cde\nYK66BIQ\n")
    given = output("encode", "notebook-2d", "--file", path, "--json")
    assert output("encode", "notebook-2d", "--file", f"file://{path}", "--json") == given
    line = refusal("encode", "notebook-2d", "--file", f"file://{path}.gone")
    assert "expected to read file://" in line
    assert "got an error (No such file" in line


def test_encode_names_the_position_of_a_bad_reg(refusal):
    line = refusal("encode", "notebook-2d", "AB12CDE", "AB1XCDE")
    assert "reg 2: expected" in line
    assert "at position 4" in line


def test_encode_leaves_out_bad_regs_of_a_file_and_names_their_lines(run, bundle, tmp_path):
    path = tmp_path / "regs.txt"
    path.write_text("AB12CDE\n\nAB12CD\nAB1XCDE\nab12 cde\nYK66BIQ\n", "utf-8")
    status, out, err = run("encode", "notebook-2d", "--file", path, "--json")
    assert status == 0
    assert_gaussians(json.loads(out), bundle, ["AB12CDE", "YK66BIQ"])
    assert err.splitlines() == [
        f"{path}: 5 read, 2 different codes",
        "1 dropped, 7 characters are expected: line 3 'AB12CD'",
        "1 dropped, position 4 expects a digit 0 to 9, got X: line 4 'AB1XCDE'",
        "1 dropped, a duplicate: line 5 'ab12 cde'",
    ]


TABLE = "owner,reg,split\nAnn,yk66 biq,1\nBob,AB12CDE,2\nCid,,3\nDan,MY33WSZ,4\n"


@pytest.mark.parametrize("kind", [".csv", ".parquet"])
def test_encode_writes_what_the_model_says_of_every_reg(output, bundle, tmp_path, kind):
    path, out = tmp_path / "own.csv", tmp_path / f"out{kind}"
    path.write_text(TABLE, "utf-8")
    text = output("encode", "notebook-2d", "--file", path, "--out", out)
    assert f"{path}: 4 read from the column 'reg', 3 different codes" in text
    assert "1 dropped, empty: line 4" in text
    assert "2 of 3 are records of the model, 1 of them in its training data" in text
    read = pd.read_csv if kind == ".csv" else pd.read_parquet
    table = read(out).fillna({"split": ""})
    mean, sigma = bundle.autoencoder.encode(["YK66BIQ", "AB12CDE", "MY33WSZ"])
    assert list(table) == [
        *("code", "mean_1", "mean_2", "sigma_1", "sigma_2", "split", "reconstruction", "exact"),
        *("p_value", "owner", "given split"),
    ]
    assert table["code"].tolist() == ["YK66BIQ", "AB12CDE", "MY33WSZ"]
    np.testing.assert_allclose(table[["mean_1", "mean_2"]], mean, rtol=1e-5)
    np.testing.assert_allclose(table[["sigma_1", "sigma_2"]], sigma, rtol=1e-5)
    assert table["split"].tolist() == ["train", "", "test"]
    assert table["reconstruction"].tolist() == bundle.autoencoder.decode(mean).tolist()
    assert table["owner"].tolist() == ["Ann", "Bob", "Dan"]
    assert table["given split"].tolist() == [1, 2, 4]
    assert table["p_value"].isna().tolist() == [True, False, False]
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_encode_takes_the_column_that_is_named(output, refusal, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("old,new\nAB12CDE,YK66BIQ\nAB12CDF,XX\n", "utf-8")
    given = ("encode", "notebook-2d", "--file", path, "--json")
    assert [one["reg"] for one in json.loads(output(*given))] == ["AB12CDE", "AB12CDF"]
    assert "expected a column of this file ('old', 'new'), got 'x'" in refusal(
        *given, "--column", "x"
    )
    assert "expected --file with --column" in refusal("encode", "notebook-2d", "--column", "x")


def test_encode_does_not_write_over_what_it_reads(refusal, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("AB12CDE\n", "utf-8")
    assert "twice" in refusal("encode", "notebook-2d", "--file", path, "--out", path)
    assert path.read_text("utf-8") == "AB12CDE\n"


def test_encode_without_a_reg_is_refused(refusal):
    assert "expected a reg, got none" in refusal("encode", "notebook-2d")


@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff"])
def test_encode_refuses_a_file_without_a_reg(refusal, tmp_path, content):
    path = tmp_path / "regs.txt"
    path.write_text(content, "utf-8")
    line = refusal("encode", "notebook-2d", "--file", path)
    assert f"{path}: expected a table or a list, got an empty file" in line


def test_encode_names_a_missing_file(refusal, tmp_path):
    path = tmp_path / "nowhere.txt"
    assert str(path) in refusal("encode", "notebook-2d", "--file", path)


def test_encode_refuses_a_file_that_is_not_text(refusal, tmp_path):
    (tmp_path / "regs.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00")
    line = refusal("encode", "notebook-2d", "--file", tmp_path / "regs.txt")
    assert f"{tmp_path / 'regs.txt'}: expected a text in UTF-8, Parquet or Excel" in line


# --- decode ---------------------------------------------------------------------------------------


def test_decode_gives_the_reg_at_every_point(output, bundle):
    points = [[0.5, -1.2], [-1.0, 2.0], [0.0, 0.0]]
    found = json.loads(output("decode", "notebook-2d", "0.5,-1.2", "-1,2", "0, 0", "--json"))
    assert [row["z"] for row in found] == points
    assert [row["reg"] for row in found] == bundle.autoencoder.decode(np.array(points)).tolist()


def test_decode_prints_a_line_a_point_also_when_the_first_is_negative(output, bundle):
    decoded = bundle.autoencoder.decode(np.array([[-0.5, 1.0], [2.0, 0.25]]))
    regs_there = [bundle.format.shown(code) for code in decoded.tolist()]
    lines = output("decode", "notebook-2d", "-0.5,1", "2,.25").splitlines()
    assert lines == [f"-0.5,1  {regs_there[0]}", f"2,.25  {regs_there[1]}"]


def test_an_encoded_mean_can_be_decoded(output, bundle):
    (row,) = json.loads(output("encode", "notebook-2d", "YK66BIQ", "--json"))
    text = ",".join(map(repr, row["mean"]))
    (found,) = json.loads(output("decode", "notebook-2d", text, "--json"))
    assert found["z"] == row["mean"]
    expected = bundle.autoencoder.decode(bundle.autoencoder.encode(["YK66BIQ"])[0])
    assert found["reg"] == expected[0]


@pytest.mark.parametrize("point", ["1", "1,2,3", "a,b", "1,", "", "nan,0", "inf,0", "1;2", "--far"])
def test_decode_refuses_other_points_than_two_numbers(refusal, point):
    line = refusal("decode", "notebook-2d", "0,0", point)
    assert f"expected a point of 2 numbers separated by commas, got '{point}'" in line


# --- check ----------------------------------------------------------------------------------------


def test_check_accepts_the_shipped_bundle(output):
    assert joined(output("check", "notebook-2d")).startswith("notebook-2d: 12,000 records")


def test_check_gives_status_1_and_the_reason_for_a_damaged_bundle(run, damaged):
    status, out, err = run("check", damaged)
    assert (status, out) == (1, "")
    assert err.startswith(f"regvae: {damaged / 'history.csv'}: expected sha256")
    assert err.count("\n") == 1


def test_check_gives_status_1_for_parts_that_do_not_belong_together(run, damaged):
    manifest = json.loads((damaged / "manifest.json").read_text("utf-8"))
    shutil.copy(store.ASSETS / "notebook-2d" / "history.csv", damaged / "history.csv")
    manifest["preset"]["data"]["seed"] = 1
    (damaged / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    status, _, err = run("check", damaged)
    assert status == 1
    assert "expected the codes that the preset's data seed draws" in err


def test_check_fails_if_there_is_no_bundle(run):
    status, out, err = run("check", "nowhere")
    assert status == 2
    assert out == ""
    assert "got 'nowhere'" in err


def test_regs_that_are_given_twice_are_encoded_twice(output):
    rows = json.loads(output("encode", "notebook-2d", "AB12CDE", "ab12 cde", "--json"))
    assert [one["reg"] for one in rows] == ["AB12CDE", "AB12CDE"]


def test_codes_of_another_format_are_shown_with_separators_and_named_code(
    output, tmp_path, monkeypatch
):
    monkeypatch.setitem(FORMATS, "toy", TOY)
    path = bundles.save(toy_bundle(), tmp_path / "toy")
    (line,) = output("encode", path, "b7d").splitlines()
    assert line.startswith("B 7D  mean (")
    (row,) = json.loads(output("encode", path, "b7d", "--json"))
    assert (row["code"], "reg" in row) == ("B7D", False)
    (decoded,) = toy_bundle().autoencoder.decode(np.zeros((1, 3)))
    assert output("decode", path, "0,0,0") == f"0,0,0  {TOY.shown(str(decoded))}\n"
    assert "test tags" in output("evaluate", path)


# --- codes with empty positions -------------------------------------------------------------------


def test_json_has_codes_without_blanks_and_text_has_them_with_separators(output, tmp_path):
    path = bundles.save(bundle_of(FORMATS["uk-postcode"]), tmp_path / "any-3d")
    (encoded,) = json.loads(output("encode", path, "m1 1ae", "--json"))
    assert encoded["code"] == "M11AE"
    assert output("encode", path, "M11AE").startswith("M1 1AE  mean (")
    points = [",".join(map(str, one)) for one in np.random.default_rng(0).normal(size=(20, 3))]
    decoded = json.loads(output("decode", path, "--json", "--", *points))
    shown = [line.split("  ")[1] for line in output("decode", path, "--", *points).splitlines()]
    assert [one["code"] for one in decoded] == [one.replace(" ", "") for one in shown]
    assert min(len(one["code"]) for one in decoded) < 7
    report = json.loads(output("report", path, "--json"))["examples"]
    assert all(" " not in one[key] for one in report["wrong"] for key in one)
