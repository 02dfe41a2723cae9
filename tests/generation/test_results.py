"""Results: the rows of both kinds of files, one manifest, and what is refused before writing."""

import dataclasses
import gc
import hashlib
import io
import json
import sys
from collections import Counter

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import regvae
from regvae import parallel
from regvae.cli import main
from regvae.formats import FORMATS, UK_REGISTRATION, uk_registration
from regvae.formats.pattern import BLANK
from regvae.generation.results import KINDS, details_table, generate, read_manifest
from regvae.model.autoencoder import Autoencoder, weight_shapes
from regvae.model.config import Network
from regvae.model.records import Records
from regvae.onehot import OneHot
from regvae.rejection import sampling
from regvae.rejection.calibration import calibrate
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy, PolicyError
from regvae.rejection.proposals import Around
from regvae.rejection.report import Tally
from regvae.rejection.rules import Certified, OneSided, Posterior, TwoSided
from regvae.rejection.unwanted import Unwanted, UnwantedError
from tests.codes import bundle_of
from tests.rejection.bundles import with_codes, with_rows

POSTCODES = FORMATS["uk-postcode"]
BELOW_50 = Unwanted.of(["number < 50"])
RULES = [OneSided(1.0), TwoSided(0.25, 20.0), Posterior(0.25, 0.02), Certified(0.01, 0.02)]
MEASURES = {
    "one-sided": ["to_unwanted"],
    "two-sided": ["to_unwanted", "to_wanted", "margin"],
    "posterior": ["wanted_share", "typicality"],
    "certified": ["margin", "typicality"],
}
NOTHING = [OneSided(1e6), TwoSided(1e6, 0), Posterior(0.0, 1.0), Certified(1e6, 1.0)]
"""Rules that accept nothing."""
NAMES = {".parquet": "new.parquet", ".csv": "new.csv"}


def policy(**changes):
    usual = {"unwanted": BELOW_50, "rule": OneSided(1.0), "proposals": 500, "repeats": True}
    return Policy("notebook-2d", **usual | changes)


def named(rule):
    return rule.name


@pytest.fixture(scope="module")
def few(bundle):
    """The shipped bundle with a tenth of its records."""
    return with_rows(bundle, slice(None, None, 10))


@pytest.fixture(scope="module")
def measurer(few):
    return Measurer.of(few, BELOW_50, calibrate(few))


@pytest.fixture
def run(few, measurer):
    """Run a policy on the few records: the outcome, and the bytes of details of each kind."""

    def run_it(chosen, **more):
        files = {kind: io.BytesIO() for kind in KINDS}
        outcome = generate(few, chosen, details=files, **{"measurer": measurer} | more)
        return outcome, {kind: file.getvalue() for kind, file in files.items()}

    return run_it


def tables(contents):
    """The rows of each file: Parquet, CSV."""
    parquet, csv = (io.BytesIO(contents[kind]) for kind in (".parquet", ".csv"))
    return pd.read_parquet(parquet), pd.read_csv(csv)


def assert_rows(contents, samples):
    """Both files have the rows of the samples."""
    expected = details_table(samples).to_pandas()
    for table in tables(contents):
        pd.testing.assert_frame_equal(table, expected, check_dtype=False, rtol=1e-9)


def accepted_at_once(few, measurer, chosen):
    """What a policy accepts, without streaming."""
    samples = sampling.sample(few, chosen, measurer)
    return samples.take(chosen.rule.accepts(samples.measures))


def inside(contents):
    """The manifest in a Parquet file, read without the library."""
    return json.loads(pq.read_metadata(io.BytesIO(contents[".parquet"])).metadata[b"regvae"])


def as_json(outcome, files=None, *, details=False):
    return json.loads(json.dumps(outcome.manifest(files, details=details), allow_nan=False))


# --- the table ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_a_table_has_the_code_the_point_the_measures_and_the_flags(few, measurer, rule):
    samples = sampling.sample(few, policy(rule=rule, proposals=20), measurer)
    table = details_table(samples)
    numbers = ["z_1", "z_2", *MEASURES[rule.name]]
    assert table.schema == pa.schema(
        [("reg", pa.string()), *((name, pa.float64()) for name in numbers),
         ("wanted", pa.bool_()), ("collision", pa.bool_())]
    )  # fmt: skip
    assert table["reg"].to_pylist() == samples.codes.tolist()
    assert np.array_equal(np.column_stack([table["z_1"], table["z_2"]]), samples.z)
    for name in MEASURES[rule.name]:
        assert np.array_equal(table[name], samples.measures[name])
    assert table["wanted"].to_pylist() == samples.wanted.tolist()
    assert table["collision"].to_pylist() == samples.collision.tolist()


def test_a_table_has_a_column_for_each_of_many_dimensions(few):
    rng, onehot = np.random.default_rng(1), OneHot(UK_REGISTRATION)
    shapes = weight_shapes(Network(15, encoder=(), decoder=()), onehot.width)
    weights = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    autoencoder = Autoencoder.from_weights(weights, onehot)
    codes = uk_registration.generate(50, rng=rng)
    split = np.array(["train"] * 50)
    records = Records(codes, split, *autoencoder.encode(codes), UK_REGISTRATION)
    wide = dataclasses.replace(few, autoencoder=autoencoder, records=records)
    samples = sampling.sample(wide, policy(proposals=4))
    table = details_table(samples)
    assert table.column_names[1:16] == [f"z_{i}" for i in range(1, 16)]
    assert np.array_equal(np.column_stack(table.columns[1:16]), samples.z)


def test_a_file_has_codes_without_the_blanks_of_empty_positions():
    bundle = bundle_of(POSTCODES)
    chosen = Policy(
        bundle.name, Unwanted.of(["sector < 5"], format=POSTCODES), OneSided(0.01), proposals=300
    )
    contents = {kind: io.BytesIO() for kind in KINDS}
    generate(bundle, chosen, details=contents)
    for table in tables({kind: one.getvalue() for kind, one in contents.items()}):
        written = table["code"].to_list()
        assert not any(BLANK in code for code in written)
        codes = POSTCODES.array([POSTCODES.parse(code) for code in written])
        z = table[["z_1", "z_2", "z_3"]].to_numpy()
        assert np.array_equal(codes, bundle.autoencoder.decode(z))
        assert any(BLANK in code for code in codes)  # there is something to leave out


# --- the files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_both_files_have_the_accepted_points_as_rows(few, measurer, run, rule):
    outcome, contents = run(policy(rule=rule))
    assert_rows(contents, accepted_at_once(few, measurer, policy(rule=rule)))
    parquet, csv = tables(contents)
    columns = ["reg", "z_1", "z_2", *MEASURES[rule.name], "wanted", "collision"]
    assert list(parquet.columns) == list(csv.columns) == columns
    assert len(parquet) == outcome.report.kept > 0
    for table in (parquet, csv):  # numbers in a CSV file are not rounded
        assert rule.accepts({name: table[name].to_numpy() for name in MEASURES[rule.name]}).all()
    assert csv["z_1"].tolist() == parquet["z_1"].tolist()


@pytest.mark.parametrize("clean", [False, True])
def test_files_written_in_blocks_have_the_rows_of_all_blocks(
    few, measurer, run, monkeypatch, clean
):
    chosen = policy(clean=clean, rule=OneSided(2.5))
    monkeypatch.setattr(sampling, "BLOCK", 100)
    monkeypatch.setattr(sampling, "_FIRST", 100)
    counts = []
    outcome, contents = run(chosen, on_block=counts.append)
    accepted = accepted_at_once(few, measurer, chosen)
    kept = accepted.take(~accepted.leaks) if clean else accepted
    assert_rows(contents, kept)
    assert 0 < len(kept) < 500
    assert [tally.proposed for tally in counts] == [100, 200, 300, 400, 500]
    sums = [dataclasses.astuple(tally)[:-1] for tally in counts]  # all but `once`, which may fall
    assert (np.diff(sums, axis=0) >= 0).all()
    found = Counter(kept.codes.tolist())
    once = sum(count == 1 for count in found.values())
    assert counts[-1] == Tally.of(500, accepted, len(kept), len(found), len(kept), once)
    held_out = sampling.held_out_measures(few, chosen.unwanted, chosen.rule, None)
    recall = sampling.recall(few, chosen, measurer)
    assert outcome.report == counts[-1].report(chosen.rule, 2, held_out, recall)


def test_each_file_is_the_same_with_or_without_the_other(few, measurer, run):
    _, contents = run(policy())
    for kind in KINDS:
        alone = io.BytesIO()
        generate(few, policy(), details={kind: alone}, measurer=measurer)
        assert alone.getvalue() == contents[kind]


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_the_same_policy_writes_the_same_bytes_and_manifest(few, run, rule):
    first, contents = run(policy(rule=rule))
    again, contents_again = run(policy(rule=rule), measurer=None)
    assert contents == contents_again
    assert first == again
    assert first.manifest() == generate(few, policy(rule=rule)).manifest()  # without files too


@pytest.mark.parametrize("rule", NOTHING, ids=named)
def test_without_results_files_have_columns_and_no_rows(run, rule):
    outcome, contents = run(policy(rule=rule))
    for table in tables(contents):
        assert len(table) == outcome.report.accepted == outcome.report.kept == 0
        columns = ["reg", "z_1", "z_2", *MEASURES[rule.name], "wanted", "collision"]
        assert list(table.columns) == columns
    assert pq.read_schema(io.BytesIO(contents[".parquet"])).field("reg").type == pa.string()
    assert inside(contents) == as_json(outcome, details=True)
    assert (outcome.report.purity, outcome.audit.drift) == (None, None)


def test_if_all_accepted_points_leak_clean_files_are_empty(few, measurer, run):
    accepted = accepted_at_once(few, measurer, policy())
    everything = sorted(set(accepted.codes[accepted.wanted].tolist()))
    unwanted = Unwanted.of(["number < 50"], listed=everything)
    outcome, contents = run(policy(unwanted=unwanted, clean=True))
    assert outcome.report.accepted == len(accepted) > 0
    assert outcome.report.kept == len(tables(contents)[0]) == 0
    assert outcome.report.proposals_per_result is None
    assert (outcome.report.purity, outcome.audit.unwanted) == (0.0, len(accepted))


# --- the manifest ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_the_manifest_has_the_policy_the_report_and_the_audit(few, run, rule):
    chosen = policy(rule=rule, clean=True, results=20, seed=3)
    outcome, contents = run(chosen)
    manifest = inside(contents)
    assert manifest == as_json(outcome, details=True)
    assert manifest["policy"] == chosen.signed().to_dict()  # signed by generate itself
    assert manifest["policy"]["bundle_sha256"] == few.sha256
    assert len(few.sha256) == 64
    assert manifest["report"]["kept"] == manifest["audit"]["results"] == 20
    assert manifest["finding"] == outcome.audit.sentence()
    assert manifest["shortfall"] is None


def test_the_held_out_rejection_rate_is_in_the_report(few, run):
    for rule in RULES:
        outcome, _ = run(policy(rule=rule))
        calibration = calibrate(few) if rule.needs_calibration else None
        measures = sampling.held_out_measures(few, BELOW_50, rule, calibration)
        assert outcome.report.held_out_rejection_rate == 1 - rule.accepts(measures).mean()


def test_counts_of_report_audit_and_rows_agree(run):
    outcome, contents = run(policy(rule=OneSided(2.0), clean=True))
    report, audit = (inside(contents)[key] for key in ("report", "audit"))
    table, _ = tables(contents)
    assert report["kept"] == audit["results"] == audit["checked"] == len(table)
    assert report["accepted"] == audit["draws"] > len(table)
    assert report["collisions"] == audit["collisions"]
    assert report["purity"] == pytest.approx(1 - audit["unwanted"] / audit["draws"])
    assert audit["distinct"] == table["reg"].nunique()
    assert table["wanted"].all()
    assert not table["collision"].any()
    assert outcome.policy.clean


def test_the_scale_that_points_were_drawn_with_is_in_the_manifest(few, run):
    for scale, expected in ((None, calibrate(few).draw_scale), (0.5, 0.5)):
        outcome, contents = run(policy(proposal=Around(scale)))
        assert inside(contents)["policy"]["proposal"] == {"name": "around", "scale": expected}
        again, contents_again = run(outcome.policy)
        assert (again.report, contents_again) == (outcome.report, contents)


def test_many_records_among_the_accepted_are_a_sentence_of_the_manifest(few, run):
    decoded = few.autoencoder.decode(few.records.mean)
    known = with_codes(few, dict(enumerate(decoded.tolist())))
    chosen = policy(rule=OneSided(0.0), proposal=Around(1e-6))
    outcome = generate(known, chosen)
    assert outcome.report.collisions > 0.05 * outcome.report.accepted
    assert outcome.manifest()["warning"].endswith(
        "decode to records: propose with a larger scale, or use the rule certified"
    )
    assert run(policy())[0].manifest()["warning"] is None


def test_too_few_results_are_in_the_manifest_as_a_sentence(run):
    outcome, contents = run(policy(results=5_000))
    kept = outcome.report.kept
    assert f"expected 5,000 results, got {kept:,} from 500 proposals" in outcome.shortfall
    assert inside(contents)["shortfall"] == outcome.shortfall
    assert len(tables(contents)[0]) == kept > 0


def test_the_manifest_names_each_file_with_the_hash_of_its_bytes(run):
    outcome, contents = run(policy())
    hashes = {kind: hashlib.sha256(content).hexdigest() for kind, content in contents.items()}
    assert outcome.details_sha256 == hashes
    manifest = as_json(outcome, NAMES, details=True)
    assert manifest["files"] == {NAMES[kind]: sha256 for kind, sha256 in hashes.items()}
    assert manifest | {"files": {}} == inside(contents)  # a file has no hash of itself


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_line_writes_the_same_manifest_beside_its_file(
    bundle, tmp_path, monkeypatch, capsys, kind
):
    path = tmp_path / f"new{kind}"
    arguments = ["sample", "notebook-2d", "--unwanted", "number < 50", "--rule", "one-sided"]
    arguments += ["--threshold", "1", "--n", "500", "--repeats", "--json", "--out", str(path)]
    monkeypatch.setattr(sys, "argv", ["regvae", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0
    beside = json.loads((tmp_path / f"new{kind}.manifest.json").read_text("utf-8"))
    file = io.BytesIO()
    outcome = generate(bundle, policy(), {kind: file})
    assert path.read_bytes() == file.getvalue()
    assert beside == as_json(outcome, {kind: path.name})
    assert beside["files"] == {path.name: hashlib.sha256(file.getvalue()).hexdigest()}
    if kind == ".parquet":
        assert read_manifest(str(path)) == beside | {"files": {}}
    printed = json.loads(capsys.readouterr().out)
    for key in beside.keys() - {"report"}:
        assert printed[key] == beside[key]


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_the_same_policy_writes_the_same_bytes_with_any_number_of_threads(
    few, measurer, run, monkeypatch, rule
):
    monkeypatch.setattr(sampling, "BLOCK", 300)
    monkeypatch.setattr(sampling, "_FIRST", 50)
    chosen = policy(rule=rule, proposals=2_000, results=400)
    contents = []
    for threads in (1, 2, 5):
        monkeypatch.setattr(parallel, "THREADS", threads)
        fresh = Measurer.of(few, BELOW_50, measurer.calibration)  # one that remembers nothing
        contents += [run(chosen, measurer=fresh)[1], run(chosen, measurer=fresh)[1]]
    assert len(tables(contents[0])[0]) > 0
    assert all(other == contents[0] for other in contents[1:])


def test_a_run_ends_where_it_is_stopped_and_has_what_it_generated(run, monkeypatch):
    monkeypatch.setattr(sampling, "BLOCK", 100)
    monkeypatch.setattr(sampling, "_FIRST", 100)
    outcome, contents = run(policy(results=10_000), on_block=lambda tally: tally.proposed >= 300)
    assert outcome.report.proposed == 300
    assert len(tables(contents)[0]) == outcome.report.kept > 0
    assert "from 300 proposals, then it was stopped; " in outcome.shortfall


def test_many_small_blocks_are_few_groups_of_rows(run, monkeypatch):
    monkeypatch.setattr(sampling, "_FIRST", 10)
    monkeypatch.setattr(sampling, "BLOCK", 10)
    _, contents = run(policy())
    assert pq.read_metadata(io.BytesIO(contents[".parquet"])).num_row_groups == 1


@pytest.mark.parametrize(
    "table", [pa.table({"reg": ["AB12CDE"]}), pa.table({"a": [1]}, metadata={"other": "{}"})]
)
def test_another_parquet_file_has_no_manifest(tmp_path, table):
    path = tmp_path / "foreign.parquet"
    pq.write_table(table, path)
    with pytest.raises(ValueError, match=r"foreign\.parquet: expected a Parquet file of results"):
        read_manifest(str(path))


def test_a_file_that_is_no_parquet_has_no_manifest(tmp_path):
    path = tmp_path / "results.parquet"
    path.write_text("reg\nAB12CDE\n", "utf-8")
    with pytest.raises(ValueError, match="Parquet"):
        read_manifest(str(path))


# --- what is refused before anything is written ---------------------------------------------------


def refused(bundle, chosen, error, words, kinds=KINDS):
    """Generate must raise and leave the files empty."""
    files = {kind: io.BytesIO() for kind in kinds}
    with pytest.raises(error, match=words):
        generate(bundle, chosen, files)
    assert {file.getvalue() for file in files.values()} == {b""}


def test_a_policy_for_another_bundle_is_refused():
    ordered = regvae.load("ordered-2d")
    refused(ordered, policy(), PolicyError, r"expected .*'notebook-2d', got 'ordered-2d'; use")
    words = "expected .*'notebook-2d' with sha256 [0-9a-f]{12}…, got 'ordered-2d' with"
    refused(ordered, policy().signed(), PolicyError, words)


def test_a_policy_with_the_hash_of_another_bundle_is_refused(bundle):
    other = dataclasses.replace(policy(), bundle_sha256=regvae.load("ordered-2d").sha256)
    found = f"got 'notebook-2d' with {bundle.sha256[:12]}…; use that bundle"
    words = f"expected .* with sha256 {other.bundle_sha256[:12]}…, {found}"
    refused(bundle, other, PolicyError, words)


def test_a_policy_with_the_hash_of_the_bundle_may_have_another_name(few, measurer):
    # A copy of the folder under another name is the same bundle.
    renamed = dataclasses.replace(few, name="copy")
    assert generate(renamed, policy().signed(), measurer=measurer).report.kept > 0


def test_a_policy_that_leaves_nothing_unwanted_is_refused(few):
    impossible = policy(unwanted=Unwanted.of(["number < 50", "number > 60"]))
    refused(few, impossible, UnwantedError, "expected something unwanted, got nothing")


def test_another_kind_of_file_is_refused(few):
    words = r"expected \.parquet or \.csv, got '\.txt'"
    refused(few, policy(), ValueError, words, kinds=[".csv", ".txt"])


# --- what breaks while writing --------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_write_that_fails_is_not_hidden(few, measurer, kind):
    class Full(io.BytesIO):
        def write(self, *_):
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        generate(few, policy(), {kind: Full()}, measurer=measurer)


def test_a_run_that_is_stopped_leaves_no_writer_open(few, measurer, monkeypatch):
    def stop(tally):
        if tally.proposed > 200:
            raise InterruptedError("stopped")

    monkeypatch.setattr(sampling, "BLOCK", 100)
    with io.BytesIO() as one, io.BytesIO() as two:
        files = {".parquet": one, ".csv": two}
        with pytest.raises(InterruptedError, match="stopped"):
            generate(few, policy(), files, measurer=measurer, on_block=stop)
    gc.collect()  # a writer that is still open would complain of its closed file, which fails
