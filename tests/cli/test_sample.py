"""`regvae sample`: its report, files, policies, and refusals."""

import gc
import hashlib
import json
import os
import re
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from regvae.audit import leaks
from regvae.generation import results
from regvae.generation.results import generate
from regvae.model import bundle as bundles
from regvae.rejection import report, sampling
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Around, Box, Prior, Region
from regvae.rejection.rules import Certified, OneSided, Posterior, TwoSided
from regvae.rejection.unwanted import Unwanted
from tests.cli import joined
from tests.rejection.bundles import with_rows

ONE_SIDED = ["--unwanted", "number < 50", "--rule", "one-sided"]
SAMPLE = ["sample", "notebook-2d", *ONE_SIDED]
BELOW_50 = Unwanted.of(["number < 50"])
KEYS = ["proposed", "accepted", "kept", "acceptance", "purity", "collisions", "tail_probability"]
ELL = ((0.0, 0.0), (3.0, 0.0), (3.0, 1.0), (1.0, 1.0), (1.0, 3.0), (0.0, 3.0))
ELL_TEXT = "0,0 3,0 3,1 1,1 1,3 0,3"
RULES = {
    OneSided(): ["--rule", "one-sided"],
    OneSided(1.5): ["--rule", "one-sided", "--threshold", 1.5],
    TwoSided(): ["--rule", "two-sided"],
    TwoSided(0.25, 20.0): ["--rule", "two-sided", "--margin", 0.25, "--support", 20],
    TwoSided(0.0, 90.0): ["--rule", "two-sided", "--margin", 0, "--support", 90],
    Posterior(): ["--rule", "posterior"],
    Posterior(0.25, 0.0): ["--rule", "posterior", "--alpha", 0.25, "--q", 0],
    Certified(): ["--rule", "certified"],
    Certified(0.5, 0.0): ["--rule", "certified", "--m", 0.5, "--q", 0],
}
PROPOSALS = {
    Box(): [],
    Box(2.0): ["--proposal", "box", "--box", 2],
    Prior(): ["--proposal", "prior"],
    Around(): ["--proposal", "around"],
    Around(0.5): ["--proposal", "around", "--scale", 0.5],
    Region(ELL): ["--proposal", "region", "--region", ELL_TEXT],
}


def by_library(folder, unwanted=BELOW_50, **choices):
    """The library's outcome of the same choices, by the rule one-sided unless another is given."""
    policy = Policy(str(folder), unwanted, **{"rule": OneSided()} | choices).signed()
    return generate(bundles.load(folder), policy)


def as_printed(outcome):
    """An outcome as the command prints it as JSON."""
    manifest = json.loads(json.dumps(outcome.manifest()))
    figures = manifest.pop("report")
    return {"rule": figures.pop("rule"), **figures.pop("parameters"), **figures, **manifest}


@pytest.fixture
def sample(run, small):
    """Sample from the small bundle, one-sided, with number < 50 unwanted: the JSON."""

    def sampled(*options):
        status, out, _ = run("sample", small, *ONE_SIDED, "--json", *options)
        assert status == 0
        return json.loads(out)

    return sampled


def test_sample_reports_what_the_library_does(output):
    out = output(*SAMPLE, "--threshold", 1.5, "--n", 500, "--box", 4, "--seed", 4, "--json")
    found = json.loads(out)
    assert set(KEYS) <= found.keys()
    outcome = by_library(
        "notebook-2d", rule=OneSided(1.5), proposal=Box(4.0), proposals=500, seed=4
    )
    assert found == as_printed(outcome)
    assert found["proposed"] == 500
    assert found["acceptance"] == found["accepted"] / 500 > 0


def test_sample_judges_the_decoded_code_by_default(output):
    given = ["sample", "notebook-2d", "--unwanted", "number < 50"]
    found = json.loads(output(*given, "--json"))
    told = [*given, "--rule", "certified", "--m", "0.001", "--q", "0.02"]
    told += ["--proposal", "box", "--box", "3", "--n", "1000", "--seed", "0"]
    assert found == json.loads(output(*told, "--json"))
    assert (found["proposed"], found["m"], found["q"]) == (1000, 0.001, 0.02)
    assert (found["purity"], found["purity_interval"], found["collisions"]) == (1, [1, 1], 0)
    text = joined(output(*given))
    assert "purity 1.0000 of the accepted are wanted: by construction, not an estimate" in text
    assert "q 2 % share of held-out records that lie in sparser places" in text
    assert "by construction" not in joined(output(*SAMPLE))


def test_the_notebooks_rule_has_its_figure(output):
    found = json.loads(output(*SAMPLE, "--json"))
    assert (found["rule"], found["proposed"], found["threshold"]) == ("one-sided", 1000, 2.5)
    assert round(found["notebook_tail"], 3) == 0.154


def test_above_three_dimensions_points_are_proposed_around_records(run, exact, tmp_path):
    folder = bundles.save(with_rows(exact, slice(None, None, 60)), tmp_path / "fifteen")
    options = ["--n", 50, "--json"]
    for given, expected in (([], "around"), (["--proposal", "box"], "box")):
        status, out, _ = run("sample", folder, *ONE_SIDED, *options, *given)
        assert status == 0
        assert json.loads(out)["policy"]["proposal"]["name"] == expected


def test_sample_prints_every_figure(output):
    found = json.loads(output(*SAMPLE, "--json"))
    text = joined(output(*SAMPLE))
    labels = {"acceptance": "accepted share", "kept": "results", "distinct": "different"}
    labels["held_out_rejection_rate"] = "held-out rejection rate"
    more = ["notebook_tail", "oracle", "recall", "recall_in_support"]
    for key in ["rule", "threshold", *KEYS, *more]:
        value = found[key]
        shown = (
            f"{value:.4f}"
            if isinstance(value, float)
            else f"{value:,}"
            if isinstance(value, int)
            else value
        )
        assert f"{labels.get(key, key.replace('_', ' '))} {shown}" in text
    low, high = found["purity_interval"]
    assert low < found["purity"] < high
    assert f"of the accepted are wanted; {low:.4f} to {high:.4f} at 95%" in text
    assert f"finding {found['finding']}" in text
    assert "leaks" not in text


def test_many_records_among_the_accepted_are_warned_of_on_standard_error(run, monkeypatch):
    assert run(*SAMPLE)[2] == ""
    monkeypatch.setattr(report, "MANY_RECORDS", -1.0)
    status, out, err = run(*SAMPLE, "--json")
    found = json.loads(out)
    assert status == 0
    assert err == f"warning: {found['warning']}\n"
    assert "accepted points (0%) decode to records" in err


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_every_rule_can_be_sampled_by(sample, small, rule):
    found = sample(*RULES[rule])
    assert found == as_printed(by_library(small, rule=rule))
    assert found["rule"] == rule.name
    assert {name: found[name] for name in rule.values()} == rule.values()
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


def test_sample_without_accepted_points_prints_none(output):
    found = json.loads(output(*SAMPLE, "--threshold", 1e6, "--json"))
    assert (found["accepted"], found["purity"], found["proposals_per_result"]) == (0, None, None)
    text = joined(output(*SAMPLE, "--threshold", 1e6))
    assert "purity none nothing is accepted" in text
    assert "recall 0.0000" in text


# --- sample: what is unwanted ---------------------------------------------------------------------


def test_regs_in_a_file_are_unwanted_too(output, small, tmp_path):
    path = tmp_path / "regs.txt"
    path.write_text("\ufeffzz99 zzz\n\nYK66BIQ, ab12cde\r\n", "utf-8")
    listed = ["ZZ99ZZZ", "YK66BIQ", "AB12CDE"]
    options = ["--unwanted-file", path, "--rule", "one-sided", "--threshold", 1, "--json"]
    alone = json.loads(output("sample", small, *options))
    assert alone["policy"]["unwanted"]["regs_count"] == 3
    assert not any(code in json.dumps(alone) for code in listed)  # what is printed can be shared
    expected = by_library(small, Unwanted.of(listed=listed), rule=OneSided(1.0))
    assert alone == as_printed(expected)
    both = json.loads(output("sample", small, "--unwanted", "number < 50", *options))
    expected = by_library(small, Unwanted.of(["number < 50"], listed=listed), rule=OneSided(1.0))
    assert both == as_printed(expected)
    assert both["accepted"] < alone["accepted"]


def test_all_of_the_training_data_can_be_unwanted(output, small):
    options = ["--unwanted-training", "--rule", "one-sided", "--threshold", 0.1, "--json"]
    found = json.loads(output("sample", small, *options))
    expected = by_library(small, Unwanted.of(training=True), rule=OneSided(0.1))
    assert found == as_printed(expected)
    assert found["accepted"] > 0


def test_regions_can_be_unwanted(output, small):
    far = "-3,-3 -1,-3 -1,-1 -3,-1"
    found = json.loads(
        output(
            *("sample", small, "--unwanted-region", ELL_TEXT, "--unwanted-region", far),
            *("--rule", "one-sided", "--json"),
        )
    )
    square = [(-3, -3), (-1, -3), (-1, -1), (-3, -1)]
    assert found == as_printed(by_library(small, Unwanted.of(regions=[ELL, square])))


def test_bad_lines_of_a_file_are_named_with_their_numbers(refusal, small, tmp_path):
    path = tmp_path / "regs.txt"
    bad = ["AB1XCDE", "", "AB12CDE", "AB12", "ab12 cde", "x", "nought", "AB12CDE, ?"]
    path.write_text("\n".join(bad), "utf-8")
    line = refusal("sample", small, "--unwanted-file", path)
    assert f"{path}: expected one reg" in line
    assert "line 1 ('AB1XCDE'), line 4 ('AB12'), line 6 ('x') and 2 more" in line


def test_a_missing_or_empty_file_of_unwanted_regs_is_refused(refusal, small, tmp_path):
    path = tmp_path / "regs.txt"
    assert str(path) in refusal("sample", small, "--unwanted-file", path)
    path.write_text("\n\n", "utf-8")
    line = refusal("sample", small, "--unwanted-file", path)
    assert f"{path}: expected one reg" in line
    assert "got none" in line
    path.write_bytes(b"\xff\xfe\x00")
    line = refusal("sample", small, "--unwanted-file", path)
    assert f"{path}: expected a text file in UTF-8" in line


# --- sample: until so many ------------------------------------------------------------------------


def test_sample_stops_at_the_number_of_results(sample, small):
    found = sample("--until", 5)
    assert found == as_printed(by_library(small, results=5, proposals=5_000))
    assert (found["accepted"], found["kept"], found["shortfall"]) == (5, 5, None)
    assert found["policy"]["stop"] == {"proposals": 5_000, "results": 5}


@pytest.mark.parametrize("as_json", [False, True])
def test_a_run_that_ends_short_keeps_its_file_and_has_status_1(run, small, tmp_path, as_json):
    path = tmp_path / "short.csv"
    options = ["--until", 900, "--n", 1000, "--threshold", 1, "--repeats"]
    options += ["--json"] if as_json else []
    command = ["sample", small, *ONE_SIDED]
    status, out, err = run(*command, *options, "--out", path)
    assert status == 1
    table = pd.read_csv(path)
    sentence = (
        f"expected 900 results, got {len(table)} from 1,000 proposals; "
        "raise the number of proposals"
    )
    assert 0 < len(table) < 900
    assert err.splitlines()[-1] == f"regvae: {sentence}"
    manifest = json.loads((tmp_path / "short.csv.manifest.json").read_text("utf-8"))
    assert manifest["shortfall"] == sentence
    if as_json:
        assert json.loads(out)["shortfall"] == sentence


def test_a_run_without_results_still_writes_a_file(run, small, tmp_path):
    path = tmp_path / "none.parquet"
    options = ["--until", 3, "--n", 100, "--threshold", 1e6, "--out", path]
    status, _, err = run("sample", small, *ONE_SIDED, *options)
    assert status == 1
    assert "expected 3 results, got 0 from 100 proposals; none of them is accepted" in err
    table = pd.read_parquet(path)
    assert list(table.columns) == ["reg"]
    assert len(table) == 0


def test_a_run_that_reaches_its_number_has_status_0(run, small):
    status, _, err = run("sample", small, *ONE_SIDED, "--until", 3)
    assert (status, err) == (0, "")


def test_results_are_different_codes_unless_repeats_are_allowed(sample):
    asked = ["--until", 60, "--threshold", 1]
    different, repeated = sample(*asked), sample(*asked, "--repeats")
    assert different["kept"] == different["distinct"] == 60
    assert repeated["kept"] == 60 > repeated["distinct"]
    assert different["proposed"] > repeated["proposed"]
    assert different["headline"].startswith("60 regs: all different, ")
    assert repeated["headline"].startswith(f"60 results: {repeated['distinct']} different regs, ")


def test_drawn_characters_give_more_different_codes_from_fewer_proposals(sample):
    asked = ["--until", 200, "--threshold", 1, "--clean"]
    likeliest, drawn = sample(*asked), sample(*asked, "--decode", "drawn")
    assert drawn["policy"]["decode"] == "drawn"
    assert likeliest["distinct"] == drawn["distinct"] == 200
    assert drawn["proposed"] < likeliest["proposed"]
    assert drawn["headline"] == "200 new regs: all different, none a record, none unwanted"


def test_one_result_is_told_in_the_singular(output):
    given = ["sample", "notebook-2d", "--unwanted", "number < 50", "--until", "1"]
    text = output(*given)
    assert text.startswith("1 new reg: no record, not unwanted\n")
    assert "0 collisions in 1 draw:" in text
    assert output(*given, "--rule", "one-sided").startswith("1 reg: a record or unwanted\n")


def test_what_is_wanted_is_the_opposite_of_what_is_unwanted(output):
    given = ["sample", "notebook-2d", "--json", "--n", 300]
    wanted = json.loads(output(*given, "--wanted", "number >= 50"))
    unwanted = json.loads(output(*given, "--unwanted", "number < 50"))
    assert wanted == unwanted
    both = json.loads(output(*given, "--wanted", "number >= 50", "--unwanted", "area == london"))
    assert both["policy"]["unwanted"]["predicates"] == ["area == london or number < 50"]


def test_another_decoding_is_refused(refusal):
    words = refusal(*SAMPLE, "--decode", "best")
    assert "expected decode as likeliest or drawn, got 'best'" in words


# --- sample: files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "read"), [("wanted.csv", pd.read_csv), ("wanted.parquet", pd.read_parquet)]
)
def test_sample_writes_what_it_accepted(output, bundle, tmp_path, name, read):
    options = ["--threshold", 1, "--seed", 3, "--repeats"]
    to = ["--out", tmp_path / name, "--attribute", "number", "--details", tmp_path / f"x{name[6:]}"]
    out = output(*SAMPLE, *options, *to)
    policy = Policy("notebook-2d", BELOW_50, OneSided(1.0), seed=3)
    samples = sampling.sample(bundle, policy)
    kept = samples.take(policy.rule.accepts(samples.measures))
    marked = f"x.contains-records{name[6:]}"
    told = joined(out)
    assert f"{name}: {len(kept)} rows, and {name}.manifest.json wrote" in told
    assert told.endswith(
        f"{marked}: {len(kept)} rows, and {marked}.manifest.json; it contains records: do not "
        "share it"
    )
    table = read(tmp_path / name)
    assert list(table.columns) == ["reg", "number"]
    assert table["reg"].tolist() == kept.codes.tolist()
    table = read(tmp_path / marked)
    assert list(table.columns) == ["reg", "z_1", "z_2", "to_unwanted", "wanted", "collision"]
    assert table["reg"].tolist() == kept.codes.tolist()
    assert np.allclose(table[["z_1", "z_2"]], kept.z, rtol=1e-12)
    assert np.allclose(table["to_unwanted"], kept.measures["to_unwanted"], rtol=1e-12)
    assert (table["to_unwanted"] > 1).all()
    assert table["wanted"].tolist() == kept.wanted.tolist()
    assert table["collision"].tolist() == kept.collision.tolist()


def test_the_manifest_beside_the_file_describes_it(sample, small, tmp_path):
    path = tmp_path / "wanted.parquet"
    options = ["--threshold", 1, "--clean", "--seed", 7]
    printed = sample(*options)
    written = sample(*options, "--out", path)
    assert list(written.pop("files")) == [path.name]
    assert written == {key: value for key, value in printed.items() if key != "files"}
    names = sorted(one.name for one in tmp_path.iterdir())
    assert names == [path.name, "wanted.parquet.manifest.json"]
    beside = json.loads((tmp_path / "wanted.parquet.manifest.json").read_text("utf-8"))
    assert beside.pop("files") == {path.name: hashlib.sha256(path.read_bytes()).hexdigest()}
    beside["files"] = {}
    outcome = by_library(small, rule=OneSided(1.0), clean=True, seed=7)
    assert beside == json.loads(json.dumps(outcome.manifest()))
    assert beside["audit"] == printed["audit"]
    inside = pq.read_metadata(path).metadata[results.KEY]
    assert json.loads(inside) == beside


def test_clean_results_hold_no_leaks(sample, small, tmp_path):
    for name, read in (("a.csv", pd.read_csv), ("a.parquet", pd.read_parquet)):
        found = sample("--threshold", 1, "--clean", "--details", tmp_path / name)
        table = read(tmp_path / name.replace(".", ".contains-records."))
        assert len(table) == found["kept"] < found["accepted"]
        assert table["wanted"].all()
        assert not table["collision"].any()
        known = set(bundles.load(small).records.codes.tolist())
        assert not known & set(table["reg"])
        assert (table["reg"].str[2:4].astype(int) >= 50).all()


def test_sample_prints_json_only_also_when_it_writes_a_table(run, output, tmp_path):
    status, out, err = run(*SAMPLE, "--json", "--out", tmp_path / "wanted.csv")
    assert status == 0
    printed = json.loads(out)
    assert list(printed["files"]) == ["wanted.csv"]
    assert printed | {"files": {}} == json.loads(output(*SAMPLE, "--json"))
    assert (tmp_path / "wanted.csv").is_file()
    assert f"wrote {tmp_path / 'wanted.csv'}: " in err


# --- sample: policies -----------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize(
    "rule", [OneSided(1.5), TwoSided(0.0, 90.0), Posterior(0.25, 0.0), Certified(0.5, 0.0)], ids=str
)
def test_a_saved_policy_writes_the_same_bytes(output, small, tmp_path, rule, suffix):
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
    first = output(*options, "--save-policy", policy, "--out", paths[0])
    again = output("sample", "--policy", policy, "--out", paths[1])
    released = Policy.from_toml(policy.read_text("utf-8")).to_toml(released=True)
    (tmp_path / "released.toml").write_text(released, "utf-8")
    listed = ["--unwanted-file", tmp_path / "regs.txt"]
    out = tmp_path / f"released{suffix}"
    output("sample", "--policy", tmp_path / "released.toml", *listed, "--out", out)
    assert out.read_bytes() == paths[0].read_bytes()
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
            results=4,
            clean=True,
            seed=11,
        ).signed()
    )


def test_a_policy_can_be_saved_again_with_its_hash(output, small, tmp_path):
    plain = Policy(str(small), BELOW_50, OneSided(1.0))
    (tmp_path / "plain.toml").write_text(plain.to_toml(), "utf-8")
    output("sample", "--policy", tmp_path / "plain.toml", "--save-policy", tmp_path / "signed.toml")
    assert (tmp_path / "signed.toml").read_text("utf-8") == plain.signed().to_toml()


@pytest.mark.parametrize(
    "more",
    [
        ["notebook-2d"],
        ["--unwanted", "number < 50"],
        ["--unwanted-training"],
        ["--unwanted-region", ELL_TEXT],
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
def test_a_policy_is_refused_with_other_options(refusal, small, tmp_path, more):
    path = tmp_path / "policy.toml"
    path.write_text(Policy(str(small), BELOW_50).to_toml(), "utf-8")
    assert "expected --policy without" in refusal("sample", "--policy", path, *more)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "policy.toml: expected schema = 4, got None"),
        ("a b", "policy.toml: expected TOML"),
        ('schema = 4\nbundle = "notebook-2d"', "policy.toml: expected 'unwanted', got none"),
        (
            'schema = 4\nbundle = "nowhere"\n[unwanted]\ntraining = true',
            "got 'nowhere'",
        ),
        (
            'schema = 4\nbundle = "notebook-2d"\nbundle_sha256 = "00"\n[unwanted]\ntraining = true',
            "expected the policy's bundle 'notebook-2d' with sha256 00",
        ),
    ],
)
def test_a_policy_that_cannot_be_run_is_refused(refusal, tmp_path, text, words):
    path = tmp_path / "policy.toml"
    path.write_text(text, "utf-8")
    out = tmp_path / "wanted.csv"
    assert words in refusal("sample", "--policy", path, "--out", out)
    assert list(tmp_path.iterdir()) == [path]


def test_a_policy_that_is_missing_is_refused(refusal, tmp_path):
    path = tmp_path / "nowhere.toml"
    assert str(path) in refusal("sample", "--policy", path)


def test_a_policy_is_not_saved_where_there_is_no_folder(refusal, small, tmp_path):
    path = tmp_path / "nowhere" / "policy.toml"
    options = ["--save-policy", path, "--out", tmp_path / "wanted.csv"]
    line = refusal("sample", small, "--unwanted", "number < 50", *options)
    assert f"expected a folder '{path.parent}' to write policy.toml to" in line
    assert list(tmp_path.iterdir()) == []


# --- sample: the hunt -----------------------------------------------------------------------------


@pytest.fixture
def short_hunt(monkeypatch):
    """Hunts of fewer proposals."""
    hunt = leaks.hunt
    monkeypatch.setattr(leaks, "hunt", lambda *of: hunt(*of, budget=1_000))


@pytest.mark.usefixtures("short_hunt")
def test_sample_hunts_for_leaks_with_the_option(sample, output, small):
    policy = Policy(str(small), BELOW_50, OneSided()).signed()
    bundle = bundles.load(small)
    expected = leaks.hunt(bundle, policy, sampling.make_measurer(bundle, policy))
    found = sample("--hunt")
    assert found.pop("hunt") == json.loads(json.dumps(expected.summary()))
    assert found == sample()
    assert len(expected.leaks) > 0
    text = joined(output("sample", small, *ONE_SIDED, "--hunt"))
    assert text.endswith(f"leaks found {expected.sentence()}")


@pytest.mark.usefixtures("short_hunt")
def test_a_hunt_without_leaks_prints_none(output, small):
    options = ["--rule", "two-sided", "--support", 1e-3, "--hunt"]
    text = joined(output("sample", small, "--unwanted", "number < 50", *options))
    assert re.search(r"leaks found none in [0-9,]+ points tried, ", text)


# --- sample: what is refused ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ["--rule", "three-sided"],
            "posterior, certified, learned), got 'three-sided'",
        ),
        (["--margin", "1"], "rule one-sided (threshold), got 'margin'"),
        (["--rule", "certified", "--threshold", "1"], "certified (m, q), got 'threshold'"),
        (["--rule", "posterior", "--threshold", "1"], "rule posterior (alpha, q), got 'threshold'"),
        (["--unwanted", "colour == red"], "got 'colour'"),
        (["--unwanted", "number"], "expected 'attribute op value'"),
        (["--unwanted", "number > 60"], "number > 60"),
        (["--threshold", "-1"], "from 0 up for threshold, got -1"),
        (["--threshold", "nan"], "from 0 up for threshold, got nan"),
        (["--rule", "two-sided", "--support", "inf"], "from 0 up for support, got inf"),
        (["--scale", "1"], "expected --scale with --proposal around, got it with box"),
        (["--proposal", "around", "--scale", "0"], "expected a scale above 0"),
        (["--rule", "posterior", "--q", "2"], "from 0 to 1 for q, got 2"),
        (["--n", "0"], "number of proposals from 1 to 1,000,000,000, got 0"),
        (["--n", "1000000001"], "number of proposals from 1 to 1,000,000,000, got 1,0"),
        (["--until", "0"], "number of results from 1 to 1,000,000,000, got 0"),
        (["--until", "-5", "--n", "9"], "number of results from 1 to 1,000,000,000, got -5"),
        (["--seed", str(2**63)], "seed from 0 to 9,223,372,036,854,775,807, got 9,223"),
        (["--box", "0"], "expected a half-width above 0"),
        (["--box", "inf"], "expected a half-width above 0"),
        (["--proposal", "sphere"], "got 'sphere'"),
        (["--proposal", "region"], 'expected --region "x,y x,y x,y ..."'),
        (["--region", ELL_TEXT], "expected --region with --proposal region"),
        (["--unwanted-region", "0,0 1,1"], "expected a region of three corners or more"),
        (["--unwanted-region", "0,0 1,1 nan,1"], "expected a region of three corners or more"),
        (["--unwanted-region", "0,0 1 1,1"], "expected a region of three corners or more"),
        (["--unwanted-region", "what"], "expected a region of three corners or more"),
        (["--proposal", "region", "--region", "0,0"], "got '0,0'"),
    ],
)
def test_sample_refuses_bad_options(refusal, tmp_path, options, words):
    assert words in refusal(*SAMPLE, *options, "--out", tmp_path / "wanted.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--until", "-5"], "number of results from 1"),
        (["--proposal", "region", "--region", "0,0 1,1 2,2"], "too thin to draw"),
    ],
)
def test_a_refusal_is_one_line_and_about_what_was_typed(refusal, options, words):
    assert words in refusal(*SAMPLE, *options)


def test_a_failure_while_sampling_leaves_no_file(refusal, small, tmp_path):
    options = ["--proposal", "region", "--region", "0,0 1,1 2,2", "--out", tmp_path / "wanted.csv"]
    line = refusal("sample", small, "--unwanted", "number < 50", *options)
    assert "too thin to draw" in line
    assert list(tmp_path.iterdir()) == []


def test_details_without_results_have_the_leaks_that_a_hunt_found(run, small, tmp_path):
    options = ["--threshold", 1, "--hunt", "--json", "--details", tmp_path / "all.parquet"]
    status, out, _ = run("sample", small, *ONE_SIDED, *options)
    printed = json.loads(out)
    assert status == 0
    beside = tmp_path / "all.contains-records.parquet.manifest.json"
    details = json.loads(beside.read_text("utf-8"))
    assert details["contains_records"] is True
    assert details["hunt"].pop("hardest")[0].keys() == {"reg", "z"}
    assert details["hunt"] == printed["hunt"]  # counts only
    assert printed["hunt"]["found"] > 0
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "all.contains-records.parquet",
        beside.name,
    ]


def test_attributes_need_a_file_of_results_and_a_format_that_has_them(refusal, small, tmp_path):
    line = refusal("sample", small, *ONE_SIDED, "--attribute", "number")
    assert "expected --attribute with --out, got it alone; add --out" in line
    to = ["--out", tmp_path / "a.csv", "--attribute", "price"]
    assert "expected an attribute of a reg" in refusal("sample", small, *ONE_SIDED, *to)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["wanted.csv", "wanted.parquet"])
def test_a_failure_after_some_blocks_leaves_the_old_file(run, small, tmp_path, monkeypatch, name):
    codes_table, written = results.codes_table, []

    def fails_later(codes, *given):
        if len(written) == 2:
            raise OSError("no space left")
        written.append(len(codes))
        return codes_table(codes, *given)

    monkeypatch.setattr(sampling, "BLOCK", 100)
    monkeypatch.setattr(results, "codes_table", fails_later)
    (tmp_path / name).write_text("old content", "utf-8")
    command = ["sample", small, "--unwanted", "number < 50", "--out", tmp_path / name]
    status, _, err = run(*command)
    gc.collect()
    assert status == 2
    assert err == "regvae: no space left\n"
    assert (tmp_path / name).read_text("utf-8") == "old content"
    assert [one.name for one in tmp_path.iterdir()] == [name]
    assert len(written) == 2


def test_a_run_that_is_terminated_leaves_no_file(tmp_path):
    out = ["--until", "10000000", "--out", str(tmp_path / "wanted.csv")]
    running = subprocess.Popen([sys.executable, "-m", "regvae", *SAMPLE, *out])
    try:
        end = time.monotonic() + 60
        while not list(tmp_path.iterdir()):  # the file has a temporary name until it is complete
            assert running.poll() is None
            assert time.monotonic() < end
            time.sleep(0.02)
        running.terminate()
        assert running.wait(30) == 143
    finally:
        running.kill()
        running.wait()
    assert list(tmp_path.iterdir()) == []


def test_sample_needs_a_bundle_or_a_policy(refusal):
    words = "expected a bundle such as notebook-2d, or --policy FILE"
    assert words in refusal("sample")
    assert words in refusal("sample", "--unwanted", "number < 50")


def test_sample_needs_something_unwanted(refusal):
    words = "expected something unwanted"
    assert words in refusal("sample", "notebook-2d")


# --- sample: files that cannot be written ---


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("regs.txt", "expected a name that ends in .csv or .parquet"),
        ("regs", "expected a name that ends in .csv or .parquet"),
        ("nowhere/regs.csv", "expected a folder"),
    ],
)
def test_a_table_that_cannot_be_written_is_refused(refusal, tmp_path, name, words):
    assert words in refusal(*SAMPLE, "--out", tmp_path / name)
    assert list(tmp_path.iterdir()) == []


class HalfWriter:
    """Writes the head of a table and no more."""

    def __init__(self, sink, schema):
        sink.write(",".join(schema.names).encode())

    def write_table(self, table):
        raise OSError(f"no space left for {len(table)} rows")

    def close(self):
        pass


@pytest.mark.parametrize("old", [None, "old content\n"], ids=["new", "existing"])
def test_a_failed_write_leaves_no_partial_table(refusal, monkeypatch, tmp_path, old):
    path = tmp_path / "regs.csv"
    if old:
        path.write_text(old, "utf-8")

    monkeypatch.setitem(results._WRITERS, ".csv", HalfWriter)
    assert "no space left" in refusal(*SAMPLE, "--out", path)
    assert {p.name: p.read_text("utf-8") for p in tmp_path.iterdir()} == (
        {"regs.csv": old} if old else {}
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--proposal", "prior", "--box", "9"], "expected --box with --proposal box"),
        (["--region", ELL_TEXT], "expected --region with --proposal region"),
        (["--proposal", "region"], "expected --region"),
    ],
)
def test_a_choice_for_other_proposals_is_refused(refusal, options, words):
    assert words in refusal(*SAMPLE, *options)


def test_a_policy_that_cannot_be_run_is_not_saved(refusal, tmp_path):
    path = tmp_path / "policy.toml"
    refusal("sample", "notebook-2d", "--unwanted", "number > 200", "--save-policy", path)
    assert not path.exists()


def test_pipes_and_folders_are_not_replaced(refusal, tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    for name in ("pipe.csv", "folder.csv"):
        words = refusal(*SAMPLE, "--out", tmp_path / name)
        assert "which is neither; choose another name" in words
    words = refusal(*SAMPLE, "--save-policy", tmp_path / "pipe.csv")
    assert "expected a regular file" in words
    assert (tmp_path / "pipe.csv").is_fifo()


def test_the_target_of_a_link_is_written(output, tmp_path):
    (tmp_path / "link.csv").symlink_to(tmp_path / "target.csv")
    found = json.loads(output(*SAMPLE, "--json"))
    output(*SAMPLE, "--repeats", "--out", tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert len(pd.read_csv(tmp_path / "target.csv")) == found["accepted"] > 0


def test_a_file_that_is_read_is_not_replaced(refusal, tmp_path):
    listed = tmp_path / "regs.csv"
    listed.write_text("AB12CDE\n", "utf-8")
    words = refusal("sample", "notebook-2d", "--unwanted-file", listed, "--out", listed)
    assert "expected different files" in words
    assert listed.read_text("utf-8") == "AB12CDE\n"
    same = tmp_path / "same.csv"
    assert "expected different files" in refusal(*SAMPLE, "--out", same, "--save-policy", same)
    assert not same.exists()


def test_the_manifest_does_not_replace_a_file_that_is_given(refusal, tmp_path):
    out = tmp_path / "new.csv"
    beside = tmp_path / "new.csv.manifest.json"
    assert "expected different files" in refusal(*SAMPLE, "--out", out, "--save-policy", beside)
    beside.write_text("AB12CDE\n", "utf-8")
    words = refusal("sample", "notebook-2d", "--unwanted-file", beside, "--out", out)
    assert "expected different files" in words
    assert beside.read_text("utf-8") == "AB12CDE\n"
    assert not out.exists()


def test_a_link_that_leads_nowhere_is_refused(refusal, tmp_path):
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "none" / "x.csv")
    for option in ("--out", "--save-policy"):
        assert "which leads to itself" in refusal(*SAMPLE, option, tmp_path / "loop.csv")
        assert "expected a folder" in refusal(*SAMPLE, option, tmp_path / "dangling.csv")
    assert "which leads to itself" in refusal("dataset", "--out", tmp_path / "loop.csv")


def test_results_go_to_a_folder_by_its_url(run, small, tmp_path):
    options = ["--n", 1000, "--seed", 5]
    for out in (f"{tmp_path}/path/", f"file://{tmp_path}/some url/"):
        assert run("sample", small, *ONE_SIDED, *options, "--out", out)[::2] == (0, "")
    by_path, by_url = (
        {one.name: one.read_bytes() for one in (tmp_path / name).iterdir() if one.suffix}
        for name in ("path", "some url")
    )
    assert by_url == by_path
    assert {"manifest.json", "part-00000000.parquet"} == by_url.keys()


@pytest.mark.parametrize(
    ("out", "expected"),
    [
        (
            "file:///a.parquet",
            "expected a URL that ends in /, for a folder of parts, got 'file:///a",
        ),
        (
            "s3://codes/",
            "expected a path or a URL that fsspec can open, got 's3://codes/' (Install",
        ),
    ],
)
def test_a_url_that_results_cannot_go_to_is_refused(refusal, small, out, expected):
    assert expected in refusal("sample", small, *ONE_SIDED, "--out", out)
