"""Tables of results: their columns, the manifest inside, and that blocks make up the whole."""

import dataclasses
import gc
import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from regvae.formats import uk_registration
from regvae.generation import results
from regvae.generation.results import KINDS, to_table
from regvae.model.autoencoder import Autoencoder, weight_shapes
from regvae.model.config import Network
from regvae.model.records import Records
from regvae.rejection import sampling
from regvae.rejection.calibration import calibrate
from regvae.rejection.measures import Judge
from regvae.rejection.policy import Policy
from regvae.rejection.rules import OneSided, Posterior, TwoSided
from regvae.rejection.sampling import Tally
from regvae.rejection.unwanted import Unwanted, UnwantedError

BELOW_50 = Unwanted.of(["number < 50"])
RULES = [OneSided(1.0), TwoSided(0.25, 1.0), Posterior(0.25, 0.02)]
MEASURES = {
    "one-sided": ["to_unwanted"],
    "two-sided": ["to_unwanted", "to_wanted", "margin"],
    "posterior": ["wanted_share", "typicality"],
}
READ = {
    ".parquet": lambda content: pd.read_parquet(io.BytesIO(content)),
    ".csv": lambda content: pd.read_csv(io.BytesIO(content)),
}


def policy(**changes):
    chosen = {"unwanted": BELOW_50, "rule": OneSided(1.0), "proposals": 1_000} | changes
    return Policy("notebook-2d", **chosen)


@pytest.fixture(scope="module")
def few(bundle):
    """The shipped bundle with a tenth of its records."""
    records = bundle.records
    some = (getattr(records, field.name)[::10] for field in dataclasses.fields(records))
    return dataclasses.replace(bundle, records=Records(*some))


@pytest.fixture(scope="module")
def judge(few):
    return Judge.of(few, BELOW_50, calibrate(few))


@pytest.fixture
def run(few, judge):
    """Run a policy on the few records: the outcome and what was written."""

    def run_it(chosen, kind=".parquet", **more):
        sink = io.BytesIO()
        outcome = results.run(few, chosen, sink, kind=kind, judge=judge, **more)
        return outcome, sink.getvalue()

    return run_it


def accepted_by_hand(few, judge, chosen):
    whole = sampling.sample(few, chosen, judge)
    return whole.take(chosen.rule.accepts(whole.measures))


def manifest_of(content):
    """The manifest in a Parquet file, read without the library."""
    return json.loads(pq.read_metadata(io.BytesIO(content)).metadata[b"regvae"])


# --- the table ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_table_has_a_column_for_all_that_is_known_of_a_sample(few, judge, rule):
    samples = sampling.sample(few, policy(rule=rule, proposals=20), judge)
    table = to_table(samples)
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


def test_a_table_has_a_column_for_each_of_many_latent_dimensions(few):
    network = Network(15, encoder=(), decoder=())
    rng = np.random.default_rng(1)
    weights = {
        name: rng.normal(size=shape).astype(np.float32)
        for name, shape in weight_shapes(network).items()
    }
    drawn = uk_registration.generate(50, rng=rng)
    autoencoder = Autoencoder.from_weights(weights)
    records = Records(drawn, np.array(["train"] * 50), *autoencoder.encode(drawn))
    wide = dataclasses.replace(few, autoencoder=autoencoder, records=records)
    samples = sampling.sample(wide, policy(proposals=4))
    table = to_table(samples)
    assert table.column_names[1:16] == [f"z_{i}" for i in range(1, 16)]
    assert np.array_equal(np.column_stack(table.columns[1:16]), samples.z)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_is_written_is_what_was_accepted(few, judge, run, rule, kind):
    outcome, content = run(policy(rule=rule), kind)
    accepted = accepted_by_hand(few, judge, policy(rule=rule))
    table = READ[kind](content)
    assert list(table.columns) == ["reg", "z_1", "z_2", *MEASURES[rule.name], "wanted", "collision"]
    expected = to_table(accepted).to_pandas()
    pd.testing.assert_frame_equal(table, expected, check_dtype=False, rtol=1e-9)
    assert len(table) == outcome.report.kept > 0
    assert rule.accepts({name: table[name].to_numpy() for name in MEASURES[rule.name]}).all()


def test_numbers_in_a_csv_file_are_not_rounded(few, judge, run):
    _, content = run(policy(), ".csv")
    accepted = accepted_by_hand(few, judge, policy())
    assert READ[".csv"](content)["z_1"].tolist() == accepted.z[:, 0].tolist()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("clean", [False, True])
def test_a_file_written_in_blocks_holds_what_one_written_whole_does(
    few, judge, run, monkeypatch, kind, clean
):
    chosen = policy(proposals=700, clean=clean, rule=OneSided(2.5))
    monkeypatch.setattr(sampling, "BLOCK", 100)
    counts = []
    outcome, content = run(chosen, kind, on_block=counts.append)
    accepted = accepted_by_hand(few, judge, chosen)
    kept = accepted.take(~accepted.leaks) if clean else accepted
    pd.testing.assert_frame_equal(
        READ[kind](content), to_table(kept).to_pandas(), check_dtype=False, rtol=1e-9
    )
    assert 0 < len(kept) < 700
    assert [tally.proposed for tally in counts] == [100, 200, 300, 400, 500, 600, 700]
    assert counts[-1] == Tally.of(700, accepted, len(kept))
    assert outcome.report == counts[-1].report(chosen.rule, 2)


def test_counts_so_far_never_fall(run, monkeypatch):
    monkeypatch.setattr(sampling, "BLOCK", 100)
    counts = []
    run(policy(), on_block=counts.append)
    rows = np.array([dataclasses.astuple(tally) for tally in counts])
    assert len(rows) == 10
    assert (np.diff(rows, axis=0) >= 0).all()


def test_what_is_written_does_not_depend_on_whether_it_is_written(few, judge, run):
    written, _ = run(policy())
    assert results.run(few, policy(), judge=judge).manifest() == written.manifest()
    assert results.run(few, policy()).manifest() == written.manifest()


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_policy_writes_the_same_bytes(run, kind):
    assert run(policy(), kind)[1] == run(policy(), kind)[1]


# --- the manifest ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_parquet_file_carries_its_manifest(run, rule):
    chosen = policy(rule=rule, clean=True, accepted=20, seed=3).signed()
    outcome, content = run(chosen)
    manifest = manifest_of(content)
    assert manifest == json.loads(json.dumps(outcome.manifest()))
    assert manifest["policy"] == chosen.to_dict()
    assert len(manifest["policy"]["bundle_sha256"]) == 64
    assert manifest["report"]["kept"] == 20
    assert manifest["audit"]["results"] == 20
    assert manifest["finding"] == outcome.audit.sentence()
    assert manifest["shortfall"] is None


@pytest.mark.parametrize("rule", [OneSided(1.0), OneSided(1e6)], ids=["some", "none"])
def test_the_manifest_of_a_parquet_file_can_be_read(run, tmp_path, rule):
    outcome, content = run(policy(rule=rule))
    path = tmp_path / "results.parquet"
    path.write_bytes(content)
    assert results.read_manifest(str(path)) == json.loads(json.dumps(outcome.manifest()))


def test_counts_of_report_audit_and_table_agree(run):
    outcome, content = run(policy(rule=OneSided(2.0), clean=True))
    manifest = manifest_of(content)
    report, audit = manifest["report"], manifest["audit"]
    table = READ[".parquet"](content)
    assert report["kept"] == audit["results"] == audit["looked_at"] == len(table)
    assert report["accepted"] == audit["draws"] > len(table)
    assert report["collisions"] == audit["collisions"]
    assert report["purity"] == pytest.approx(1 - audit["unwanted"] / audit["draws"])
    assert audit["distinct"] == table["reg"].nunique()
    assert table["wanted"].all()
    assert not table["collision"].any()
    assert outcome.policy.clean


def test_a_run_that_ends_short_says_so_in_its_manifest(run):
    outcome, content = run(policy(accepted=5_000))
    kept = outcome.report.kept
    assert outcome.shortfall == (
        f"only {kept:,} of the 5,000 asked for came of 1,000 proposals; what came is kept; "
        "raise the number of proposals"
    )
    assert manifest_of(content)["shortfall"] == outcome.shortfall
    assert len(READ[".parquet"](content)) == kept > 0


def test_the_outcome_is_for_json_without_numbers_that_json_lacks(run):
    for chosen in (policy(), policy(rule=OneSided(1e6)), policy(rule=Posterior(0.1, 0.1))):
        outcome, _ = run(chosen)
        json.dumps(outcome.manifest(), allow_nan=False)


# --- no results -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "rule", [OneSided(1e6), TwoSided(1e6, 0), Posterior(0.0, 1.0)], ids=lambda rule: rule.name
)
def test_no_results_give_a_file_with_columns_and_no_rows(run, kind, rule):
    outcome, content = run(policy(rule=rule), kind)
    table = READ[kind](content)
    assert len(table) == outcome.report.accepted == outcome.report.kept == 0
    assert list(table.columns) == ["reg", "z_1", "z_2", *MEASURES[rule.name], "wanted", "collision"]
    if kind == ".parquet":
        assert pq.read_schema(io.BytesIO(content)).field("reg").type == pa.string()
        manifest = manifest_of(content)
        assert manifest == json.loads(json.dumps(outcome.manifest()))
        assert (manifest["report"]["purity"], manifest["audit"]["drift"]) == (None, None)


def test_only_leaks_leave_a_clean_file_empty(few, judge, run):
    accepted = accepted_by_hand(few, judge, policy())
    everything = sorted(set(accepted.codes[accepted.wanted].tolist()))
    unwanted = Unwanted.of(["number < 50"], listed=everything)
    outcome, content = run(policy(unwanted=unwanted, clean=True))
    assert outcome.report.accepted == len(accepted) > 0
    assert outcome.report.kept == len(READ[".parquet"](content)) == 0
    assert outcome.report.proposals_per_result is None
    assert (outcome.report.purity, outcome.audit.unwanted) == (0.0, len(accepted))


# --- what cannot be read or written ---------------------------------------------------------------


def test_a_foreign_parquet_file_has_no_manifest(tmp_path):
    path = tmp_path / "foreign.parquet"
    for table in (pa.table({"reg": ["AB12CDE"]}), pa.table({"a": [1]}, metadata={"other": "{}"})):
        pq.write_table(table, path)
        sentence = "foreign.parquet: wanted a Parquet file of results, but it carries no manifest"
        with pytest.raises(ValueError, match=sentence):
            results.read_manifest(str(path))


def test_a_file_that_is_no_parquet_has_no_manifest(tmp_path):
    path = tmp_path / "results.parquet"
    path.write_text("reg\nAB12CDE\n", "utf-8")
    with pytest.raises(ValueError, match="Parquet"):
        results.read_manifest(str(path))


def test_a_kind_that_cannot_be_written_is_refused(run):
    with pytest.raises(ValueError, match=r"results are written as \.parquet or \.csv, not '\.txt'"):
        run(policy(), ".txt")


def test_a_policy_that_cannot_run_writes_nothing(few):
    sink = io.BytesIO()
    impossible = policy(unwanted=Unwanted.of(["number < 50", "number > 60"]))
    with pytest.raises(UnwantedError, match="so nothing is unwanted"):
        results.run(few, impossible, sink)
    assert sink.getvalue() == b""


def test_a_write_that_breaks_is_not_hidden(few, judge):
    class Full(io.BytesIO):
        def write(self, *_):
            raise OSError("no space left")

    for kind in KINDS:
        with pytest.raises(OSError, match="no space left"):
            results.run(few, policy(), Full(), kind=kind, judge=judge)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_breaks_off_leaves_no_writer_open(few, judge, monkeypatch, kind):
    def stop(tally):
        if tally.proposed > 200:
            raise InterruptedError("stopped")

    monkeypatch.setattr(sampling, "BLOCK", 100)
    with pytest.raises(InterruptedError, match="stopped"), io.BytesIO() as sink:
        results.run(few, policy(), sink, kind=kind, judge=judge, on_block=stop)
    gc.collect()  # a writer that is still open would complain of its closed file, which fails
