"""The audit of collisions: edit distances and drift by other routes; planted collisions."""

import dataclasses
import json
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regvae.audit import collisions
from regvae.audit.collisions import Auditor, drift, edit_distances
from regvae.formats import UK_REGISTRATION, uk_registration
from regvae.generation.results import generate
from regvae.intervals import interval, upper_bound
from regvae.rejection import sampling
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Box
from regvae.rejection.report import Tally
from regvae.rejection.rules import OneSided
from regvae.rejection.unwanted import Unwanted
from tests.rejection.bundles import with_codes, with_rows

BELOW_50 = Unwanted.of(["number < 50"])


def policy(**changes):
    usual = {"unwanted": BELOW_50, "rule": OneSided(1.0), "proposals": 600, "repeats": True}
    return Policy("notebook-2d", **usual | changes)


@pytest.fixture(scope="module")
def few(bundle):
    """The shipped bundle with 200 records: 167 of training, 17 of validation, 16 of test."""
    return with_rows(bundle, slice(None, None, 60))


@pytest.fixture(scope="module")
def measurer(few):
    return Measurer.of(few, BELOW_50)


# --- edit distances -------------------------------------------------------------------------------


def levenshtein(one, other):
    """The textbook's table, row by row."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, row = row, [i]
        for j, b in enumerate(other, start=1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    return row[-1]


def nearest_edits(codes, known):
    return [min(levenshtein(one, other) for other in known) for one in codes]


CODES = st.tuples(*map(st.sampled_from, ["AB", "AB", "01", "01", "AB", "AB", "AB"])).map("".join)


@given(some=st.lists(CODES, min_size=1, max_size=4), known=st.lists(CODES, min_size=1, max_size=4))
@settings(deadline=None, max_examples=50)
def test_edit_distances_are_those_of_the_textbooks_table(some, known):
    assert edit_distances(np.array(some), np.array(known)).tolist() == nearest_edits(some, known)


@pytest.mark.parametrize(
    ("code", "edits"),
    [("AB12CDE", 0), ("AB12CDF", 1), ("BA12CDE", 2), ("BC34DEF", 5), ("ZZ99ZZZ", 7)],
)
def test_edits_insert_delete_and_replace(code, edits):
    assert edit_distances([code], ["AB12CDE"]).tolist() == [edits]


def test_many_codes_are_compared_in_parts_alike():
    some = uk_registration.generate(600, rng=np.random.default_rng(1))
    known = uk_registration.generate(5, rng=np.random.default_rng(2))
    expected = nearest_edits(some.tolist(), known.tolist())
    assert edit_distances(some, known).tolist() == expected
    assert edit_distances(some[:0], known).shape == (0,)


# --- drift ----------------------------------------------------------------------------------------


def test_drift_is_in_sigmas_of_the_codes_own_gaussian(bundle):
    some = uk_registration.generate(40, rng=np.random.default_rng(1))
    mean, sigma = (part.astype(float) for part in bundle.autoencoder.encode(some))
    for away in ([0, 0], [1, 0], [0, -2], [3, 4]):
        found = drift(bundle, mean + sigma * away, some)
        assert found == pytest.approx([math.hypot(*away)] * 40, rel=1e-6)


# --- the audit of a sampling run ------------------------------------------------------------------


def audited(bundle, measurer, chosen):
    """The audit of a sampling run, and its accepted points and results found without streaming."""
    found = sampling.sample(bundle, chosen, measurer)
    accepted = found.take(chosen.rule.accepts(found.measures))
    results = accepted.take(~accepted.leaks) if chosen.clean else accepted
    return generate(bundle, chosen, measurer=measurer).audit, accepted, results


def commonest(samples, wanted):
    """The commonest wanted or unwanted code, and how often it is decoded."""
    codes, counts = np.unique(samples.codes[samples.wanted == wanted], return_counts=True)
    return str(codes[counts.argmax()]), int(counts.max())


@pytest.mark.parametrize("wanted", [False, True])
def test_planted_collisions_are_counted_exactly(few, measurer, wanted):
    plain, accepted, _ = audited(few, measurer, policy())
    assert plain.collisions == 0
    code, times = commonest(accepted, wanted)
    assert times > 1
    # In the place of a record that is as wanted, and so the rule accepts the same points.
    above = few.records.attribute("at_least_50")
    row = int(np.flatnonzero(above == wanted)[3])
    found, again, _ = audited(with_codes(few, {row: code}), measurer, policy())
    assert np.array_equal(again.z, accepted.z)
    assert found.collisions == times
    assert found.draws == len(accepted)
    assert found.collision_bound == upper_bound(times, len(accepted))
    assert found.unwanted == plain.unwanted
    counts, bound = found.sentence().removesuffix(" at 95%").split(": below ")
    assert counts == f"{times:,} collisions in {len(accepted):,} draws"
    assert float(bound) == pytest.approx(found.collision_bound, rel=0.05)


def test_the_bound_in_the_sentence_is_rounded_up(few, measurer):
    found, *_ = audited(few, measurer, policy())
    for draws in range(20, 60):
        bound = upper_bound(0, draws)
        one = dataclasses.replace(found, draws=draws, collisions=0, collision_bound=bound)
        assert float(re.search(r"below (\S+) at", one.sentence())[1]) >= bound


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_collision_may_be_with_a_record_of_any_split(few, measurer, split):
    accepted = audited(few, measurer, policy())[1]
    code, times = commonest(accepted, wanted=True)
    rows = few.records.attribute("at_least_50") & (few.records.split == split)
    place = with_codes(few, {int(np.flatnonzero(rows)[0]): code})
    assert audited(place, measurer, policy())[0].collisions == times


def test_planted_unwanted_codes_are_counted_exactly(few, measurer):
    plain, accepted, _ = audited(few, measurer, policy())
    assert plain.unwanted == sum(int(code[2:4]) < 50 for code in accepted.codes.tolist())
    code, times = commonest(accepted, wanted=True)
    listed = policy(unwanted=Unwanted.of(["number < 50"], listed=[code]))
    found, again, _ = audited(few, measurer, listed)  # the same measurer accepts the same points
    assert np.array_equal(again.z, accepted.z)
    assert found.unwanted == plain.unwanted + times
    assert found.unwanted_bound == upper_bound(found.unwanted, len(accepted))
    wanted = len(accepted) - found.unwanted
    assert found.purity_interval == interval(wanted, len(accepted))


@pytest.mark.parametrize("clean", [False, True])
def test_the_rest_of_the_audit_is_that_of_loops(few, measurer, clean):
    found, accepted, results = audited(few, measurer, policy(clean=clean))
    n = len(results)
    assert (found.draws, found.results, found.checked) == (len(accepted), n, n)
    assert found.confidence == 0.95
    different = sorted(set(results.codes.tolist()))
    assert found.distinct == len(different)
    valid = UK_REGISTRATION.attributes["valid"].values(results.codes)
    assert found.valid == pytest.approx(valid.mean())
    train = few.records.codes[few.records.split == "train"].tolist()
    test = few.records.codes[few.records.split == "test"].tolist()
    test = [code for code in test if int(code[2:4]) >= 50]  # like the results
    for shares, codes in ((found.edits, different), (found.edits_held_out, test)):
        nearest = nearest_edits(codes, train)
        assert shares == pytest.approx([nearest.count(n) / len(codes) for n in range(8)])
    mean, sigma = few.autoencoder.encode(results.codes)
    gaps = zip(results.z, mean, sigma, strict=True)
    drifts = [math.dist((z - m) / s, (0, 0)) for z, m, s in gaps]
    assert found.drift == pytest.approx(tuple(np.percentile(drifts, [50, 95])), rel=1e-5)


def test_the_drift_of_held_out_records_is_the_same_for_every_policy(few, measurer):
    found, *_ = audited(few, measurer, policy())
    wanted = few.records.attribute("number") >= 50
    test = few.records.mean[(few.records.split == "test") & wanted]
    mean, sigma = few.autoencoder.encode(few.autoencoder.decode(test))
    drifts = np.sqrt((((test - mean) / sigma).astype(float) ** 2).sum(axis=1))
    assert found.drift_held_out == pytest.approx(tuple(np.percentile(drifts, [50, 95])), rel=1e-5)
    other = audited(few, measurer, policy(rule=OneSided(2.0), seed=5))[0]
    assert other.drift_held_out == found.drift_held_out
    assert other.edits_held_out == found.edits_held_out


def test_what_extrapolates_drifts_more_than_what_was_held_out(few, measurer):
    found, *_ = audited(few, measurer, policy(rule=OneSided(2.5), proposal=Box(8.0)))
    assert found.drift[0] > 10 * found.drift_held_out[0]


def test_without_accepted_points_the_audit_has_no_figures(few, measurer):
    found, *_ = audited(few, measurer, policy(rule=OneSided(1e6)))
    assert (found.draws, found.results, found.checked, found.distinct) == (0, 0, 0, 0)
    assert (found.collision_bound, found.unwanted_bound) == (1, 1)
    assert found.purity_interval == (0, 1)
    assert found.valid is None
    assert found.drift is None
    assert "no point was accepted" in found.sentence()
    assert found.edits == [0.0] * 8
    assert sum(found.edits_held_out) == pytest.approx(1)


def test_only_the_first_results_are_looked_at_closely(few, measurer, monkeypatch):
    monkeypatch.setattr(collisions, "CLOSELY", 40)
    monkeypatch.setattr(sampling, "BLOCK", 130)
    found, accepted, _ = audited(few, measurer, policy())
    assert found.checked == 40 < found.results == len(accepted)
    assert found.distinct == len(set(accepted.codes.tolist()))
    drifts = drift(few, accepted.z[:40], accepted.codes[:40])
    assert found.drift == pytest.approx(np.percentile(drifts, [50, 95]))
    assert found.collisions == int(accepted.collision.sum())
    assert found.unwanted == int((~accepted.wanted).sum())


def test_of_many_different_codes_some_evenly_spaced_are_compared(few, measurer, monkeypatch):
    monkeypatch.setattr(collisions, "_COMPARED", 50)
    found, accepted, _ = audited(few, measurer, policy())
    different = np.unique(accepted.codes)
    compared = different[:: math.ceil(len(different) / 50)]
    assert 25 < len(compared) <= 50 < len(different)
    nearest = nearest_edits(compared, few.records.codes[few.records.split == "train"].tolist())
    assert found.edits == pytest.approx([nearest.count(n) / len(compared) for n in range(8)])


def test_an_audit_of_blocks_is_that_of_all_at_once(few, measurer):
    _, accepted, _ = audited(few, measurer, policy())
    at_once, by_block = Auditor(few, BELOW_50), Auditor(few, BELOW_50)
    at_once.add(Tally.of(600, accepted), accepted, accepted)
    for rows in np.array_split(np.arange(len(accepted)), 7):
        block = accepted.take(rows)
        new = len({*block.codes.tolist()} - {*accepted.codes[: rows[0]].tolist()})
        by_block.add(Tally.of(0, block, len(block), new), block, block)
    assert by_block.finish() == at_once.finish()


def test_an_audit_can_be_written_as_json(few, measurer):
    found, *_ = audited(few, measurer, policy())
    text = json.dumps(dataclasses.asdict(found), allow_nan=False)
    assert json.loads(text)["purity_interval"] == list(found.purity_interval)


def test_without_a_test_split_there_is_no_drift_to_compare_with(few):
    small = with_rows(few, few.records.split != "test")
    found = generate(small, policy()).audit
    assert found.drift_held_out is None
    assert found.edits_held_out == [0.0] * 8
