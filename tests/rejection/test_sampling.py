"""Rejection sampling: samples, streams, reports counted by hand, held-out rejection rates."""

import dataclasses
import itertools
import math
import tracemalloc
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regvae import parallel
from regvae.intervals import interval
from regvae.rejection import sampling
from regvae.rejection.calibration import calibrate
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy, PolicyError
from regvae.rejection.proposals import Around, Box, Prior, Region
from regvae.rejection.report import Report, Tally, shortfall
from regvae.rejection.rules import Certified, OneSided, Posterior, RuleError, TwoSided
from regvae.rejection.samples import Samples
from regvae.rejection.sampling import SamplingError
from regvae.rejection.unwanted import Unwanted, UnwantedError
from tests.rejection.bundles import with_codes, with_rows

BELOW_50 = Unwanted.of(["number < 50"])
ELL = Region(((0, 0), (3, 0), (3, 1), (1, 1), (1, 3), (0, 3)))
RULES = [OneSided(1.0), TwoSided(0.25, 9.0), Posterior(0.25, 0.02), Certified(0.01, 0.02)]
PROPOSALS = [Box(3.0), Prior(), Around(), ELL]
FIELDS = ["z", "codes", "wanted", "collision"]


def policy(**changes):
    usual = {"unwanted": BELOW_50, "rule": OneSided(1.0), "proposals": 1_000, "repeats": True}
    return Policy("notebook-2d", **usual | changes)


def named(kind):
    return kind.name


@pytest.fixture(scope="module")
def measurer(few):
    return Measurer.of(few, BELOW_50, calibrate(few))


@pytest.fixture(scope="module")
def samples(few, measurer):
    return sampling.sample(few, policy(), measurer)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(sampling, "BLOCK", 150)
    monkeypatch.setattr(sampling, "_FIRST", 150)


def assert_same(some, others):
    for name in FIELDS:
        assert np.array_equal(getattr(some, name), getattr(others, name))
    assert some.measures.keys() == others.measures.keys()
    for name, values in some.measures.items():
        # A density leaves out up to a millionth, which may be another one in another block.
        tolerance = 1e-9 if name.startswith("to_") else 1e-5
        np.testing.assert_allclose(values, others.measures[name], tolerance, tolerance)


def joined(parts):
    """The points of several blocks as one."""
    return Samples(
        np.concatenate([one.z for one in parts]),
        {name: np.concatenate([one.measures[name] for one in parts]) for name in parts[0].measures},
        *(np.concatenate([getattr(one, name) for one in parts]) for name in FIELDS[1:]),
    )


def samples_of(distance, wanted, collision):
    """Samples with these distances from the unwanted and these flags."""
    return Samples(
        z=np.zeros((len(distance), 2)),
        measures={"to_unwanted": np.array(distance)},
        codes=np.array(["AA00AAA"] * len(distance)),
        wanted=np.array(wanted),
        collision=np.array(collision),
    )


# --- samples --------------------------------------------------------------------------------------


def test_samples_have_one_row_for_each_proposal(samples):
    assert len(samples) == 1_000
    assert samples.z.shape == (1_000, 2)
    assert list(samples.measures) == ["to_unwanted"]
    columns = [*samples.measures.values(), samples.codes, samples.wanted, samples.collision]
    assert {column.shape for column in columns} == {(1_000,)}
    assert samples.measures["to_unwanted"].dtype == np.float64
    assert samples.wanted.dtype == samples.collision.dtype == bool
    assert samples.codes.dtype.str[1:] == "U7"
    assert (np.abs(samples.z) <= 3).all()


def test_samples_are_measured_and_decoded_as_by_loops(few, samples):
    records = few.records
    unwanted = [row for row, code in enumerate(records.codes.tolist()) if int(code[2:4]) < 50]
    mean = records.mean[unwanted].astype(float)
    sigma = records.sigma[unwanted].astype(float)
    known = set(records.codes.tolist())
    for row in range(0, 1_000, 20):
        gaps = np.linalg.norm((samples.z[row] - mean) / sigma, axis=1)
        assert samples.measures["to_unwanted"][row] == pytest.approx(gaps.min(), rel=1e-9)
    assert samples.codes.tolist() == few.autoencoder.decode(samples.z).tolist()
    assert samples.wanted.tolist() == [int(code[2:4]) >= 50 for code in samples.codes.tolist()]
    assert samples.collision.tolist() == [code in known for code in samples.codes.tolist()]


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_samples_have_the_measures_of_their_rule(few, measurer, rule):
    chosen = policy(rule=rule, proposals=200)
    found = sampling.sample(few, chosen, measurer)
    expected = measurer.measure(rule, found.z, found.codes if rule.needs_codes else None)
    assert found.measures.keys() == expected.keys()
    for name, values in expected.items():
        assert np.array_equal(found.measures[name], values)
    assert sampling.make_measurer(few, chosen).calibration.scale == measurer.calibration.scale
    assert_same(sampling.sample(few, chosen), found)


def test_wanted_is_what_no_part_of_the_unwanted_includes(few):
    unwanted = Unwanted.of(["number < 50", "first_letter in L, M"], listed=["ZZ99ZZZ"])
    found = sampling.sample(few, policy(unwanted=unwanted))
    expected = [not (int(code[2:4]) < 50 and code[0] in "LM") for code in found.codes.tolist()]
    assert found.wanted.tolist() == expected
    assert 0 < sum(expected) < 1_000


def test_a_decoded_record_is_a_collision_and_a_leak(few):
    z = np.zeros((1, 2))
    decoded = few.autoencoder.decode(z)[0]
    assert decoded not in set(few.records.codes.tolist())
    wide = Unwanted.of([f"number != {decoded[2:4]}"])
    for place, expected in ((few, [False]), (with_codes(few, {5: decoded}), [True])):
        found = sampling.judged(place, wide, z, {}, sampling.decode(place, z))
        assert found.wanted.tolist() == [True]
        assert found.collision.tolist() == expected
        assert found.leaks.tolist() == expected


def test_a_leak_is_unwanted_or_a_record_or_both():
    four = samples_of([1.0] * 4, [True, True, False, False], [False, True, False, True])
    assert four.leaks.tolist() == [False, True, True, True]


def test_the_same_seed_gives_the_same_samples_and_another_seed_others(few, measurer, samples):
    assert_same(sampling.sample(few, policy(), measurer), samples)
    for seed in (1, 2**63 - 1):
        assert not np.array_equal(sampling.sample(few, policy(seed=seed), measurer).z, samples.z)


def test_a_rule_on_densities_needs_a_measurer_that_has_them(few):
    with pytest.raises(RuleError, match="expected a calibration"):
        sampling.sample(few, policy(rule=Posterior()), Measurer.of(few, BELOW_50))


def test_with_fewer_unwanted_codes_samples_are_farther_from_them(few, samples):
    fewer = sampling.sample(few, policy(unwanted=Unwanted.of(["number < 50", "tens == 3"])))
    assert np.array_equal(fewer.z, samples.z)
    near, far = samples.measures["to_unwanted"], fewer.measures["to_unwanted"]
    assert (far >= near).all()
    assert (far > near).any()


def test_samples_cannot_be_altered(samples):
    for array in (samples.z, samples.codes, *samples.measures.values(), samples.wanted):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]


def test_some_of_the_samples_are_taken_by_rows_or_by_a_mask(samples):
    rows = np.array([5, 0, 7])
    some = samples.take(rows)
    assert np.array_equal(some.z, samples.z[rows])
    assert some.codes.tolist() == samples.codes[rows].tolist()
    assert np.array_equal(some.measures["to_unwanted"], samples.measures["to_unwanted"][rows])
    mask = ~samples.leaks
    assert np.array_equal(samples.take(mask).z, samples.z[mask])


def test_nothing_unwanted_is_refused_with_its_predicates(few):
    unwanted = Unwanted.of(["number < 50", "number > 60"])
    for run in (sampling.sample, lambda *of: list(sampling.stream(*of))):
        with pytest.raises(UnwantedError, match="'number < 50 and number > 60'"):
            run(few, policy(unwanted=unwanted))


def test_a_policy_for_another_bundle_is_refused(few, measurer):
    other = dataclasses.replace(policy(), bundle="ordered-2d")
    with pytest.raises(PolicyError, match=r"expected .*'ordered-2d', got 'notebook-2d'"):
        sampling.sample(few, other, measurer)


def test_more_samples_than_memory_allows_are_refused(few, measurer):
    words = "at most 10,000,000 proposals in memory, got 10,000,001"
    with pytest.raises(SamplingError, match=words):
        sampling.sample(few, policy(proposals=10_000_001), measurer)


# --- streams --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("proposal", PROPOSALS, ids=named)
@pytest.mark.parametrize("rule", RULES, ids=named)
def test_a_stream_gives_the_samples_that_the_rule_accepts(few, measurer, rule, proposal):
    chosen = policy(rule=rule, proposal=proposal)
    blocks = list(sampling.stream(few, chosen, measurer))
    assert [block.tally.proposed for block in blocks] == [150] * 6 + [100]
    everything = sampling.sample(few, chosen, measurer)
    accepted = everything.take(rule.accepts(everything.measures))
    assert 0 < len(accepted) < 1_000
    assert_same(joined([block.accepted for block in blocks]), accepted)
    assert_same(joined([block.kept for block in blocks]), accepted)
    counted = sum((block.tally for block in blocks), Tally())
    assert counted == Tally.of(1_000, accepted)
    whole = sampling.report(everything, rule)
    unknown = {"oracle": None, "recall": None}  # of what a stream does not decode
    assert counted.report(rule, 2) == dataclasses.replace(whole, **unknown)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("proposal", PROPOSALS, ids=named)
def test_a_longer_run_begins_with_the_same_points(few, measurer, proposal):
    longest = sampling.sample(few, policy(proposal=proposal, proposals=600), measurer).z
    assert len(np.unique(longest, axis=0)) >= 599  # each block has points of its own
    for n in (1, 70, 150, 160, 300, 400):
        shorter = sampling.sample(few, policy(proposal=proposal, proposals=n), measurer).z
        assert np.array_equal(shorter, longest[:n])


def interesting_numbers(few, measurer, clean):
    """Numbers of results at which a run ends inside a block, at its end, and at the very end."""
    counts = [len(block.kept) for block in sampling.stream(few, policy(clean=clean), measurer)]
    total = list(itertools.accumulate(counts))
    return [1, total[0], total[0] + 1, total[3], total[-1]]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("clean", [False, True])
def test_a_run_for_a_number_of_results_ends_at_the_last_of_them(few, measurer, clean):
    everything = sampling.sample(few, policy(), measurer)
    passes = OneSided(1.0).accepts(everything.measures)
    good = np.flatnonzero(passes & ~everything.leaks if clean else passes)
    for n in interesting_numbers(few, measurer, clean):
        blocks = list(sampling.stream(few, policy(results=n, clean=clean), measurer))
        last = good[n - 1]
        assert_same(joined([block.kept for block in blocks]), everything.take(good[:n]))
        accepted = everything.take(np.flatnonzero(passes[: last + 1]))
        assert_same(joined([block.accepted for block in blocks]), accepted)
        counted = sum((block.tally for block in blocks), Tally())
        counts = Counter(everything.codes[good[:n]].tolist())
        once = sum(count == 1 for count in counts.values())
        assert counted == Tally.of(int(last) + 1, accepted, n, len(counts), n, once)
        assert shortfall(policy(results=n), counted) is None


def test_the_last_proposal_may_be_the_last_result(few, measurer, samples):
    last = int(np.flatnonzero(OneSided(1.0).accepts(samples.measures))[9])
    exact = policy(proposals=last + 1, results=10)
    (block,) = sampling.stream(few, exact, measurer)
    assert (block.tally.kept, block.tally.proposed) == (10, last + 1)
    (block,) = sampling.stream(few, dataclasses.replace(exact, proposals=last), measurer)
    assert (block.tally.kept, block.tally.proposed) == (9, last)


@pytest.mark.usefixtures("small_blocks")
def test_a_run_with_too_few_results_has_them_all_and_a_sentence(few, measurer):
    short = policy(results=100_000)
    blocks = list(sampling.stream(few, short, measurer))
    counted = sum((block.tally for block in blocks), Tally())
    everything = sampling.sample(few, short, measurer)
    accepted = everything.take(short.rule.accepts(everything.measures))
    assert_same(joined([block.kept for block in blocks]), accepted)
    assert counted.proposed == 1_000
    assert shortfall(short, counted) == (
        f"expected 100,000 results, got {len(accepted):,} from 1,000 proposals; "
        "raise the number of proposals"
    )


def test_the_advice_for_too_few_results_fits_the_reason(few, measurer):
    strict = policy(rule=OneSided(1e6), results=5)
    (block,) = sampling.stream(few, strict, measurer)
    assert (len(block.accepted), len(block.kept)) == (0, 0)
    assert "use a less strict rule" in shortfall(strict, block.tally)
    assert "propose around records, or use" in shortfall(strict, block.tally)
    around = policy(rule=OneSided(1e6), results=5, proposal=Around())
    assert "propose around" not in shortfall(around, block.tally)
    only_leaks = Tally(proposed=20, accepted=3, leaks=3)
    sentence = shortfall(policy(results=5, clean=True), only_leaks)
    assert "use a stricter rule" in sentence
    assert shortfall(policy(), Tally(proposed=2_000)) is None  # no number is required
    few_codes = Tally(proposed=20, accepted=10, wanted=10, kept=4, distinct=4)
    for chosen, advice in (
        (policy(results=5, repeats=False), "use decode drawn"),
        (policy(results=5, repeats=False, decode="drawn"), "use a less strict rule"),
        (policy(results=5), "raise the number of proposals"),
    ):
        assert shortfall(chosen, few_codes).endswith(advice)
    assert "20 proposals, then it was stopped; " in shortfall(
        policy(results=5), few_codes, stopped=True
    )


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("rule", [OneSided(2.5), TwoSided(0.0, 3.0)], ids=str)
def test_clean_results_are_the_accepted_without_the_leaks(few, measurer, rule):
    everything = sampling.sample(few, policy(rule=rule), measurer)
    known = everything.codes[rule.accepts(everything.measures) & everything.wanted][0]
    place = with_codes(few, {5: known})
    records = place.records.codes.tolist()
    leaks = collisions = 0
    for block in sampling.stream(place, policy(rule=rule, clean=True), measurer):
        assert_same(block.kept, block.accepted.take(~block.accepted.leaks))
        assert block.tally.kept == len(block.kept)
        assert block.tally.leaks == len(block.accepted) - len(block.kept)
        codes = block.accepted.codes.tolist()
        by_loop = [code for code in codes if int(code[2:4]) >= 50 and code not in records]
        assert block.kept.codes.tolist() == by_loop
        leaks += block.tally.leaks
        collisions += block.tally.collisions
    assert leaks >= collisions > 0


def test_clean_results_do_not_change_what_was_accepted(few, measurer):
    (clean,), (plain,) = (
        sampling.stream(few, policy(clean=clean), measurer) for clean in (True, False)
    )
    assert_same(clean.accepted, plain.accepted)
    n, counts = len(clean.kept), Counter(clean.kept.codes.tolist())
    once = sum(count == 1 for count in counts.values())
    changed = {"kept": n, "distinct": len(counts), "usable": n, "once": once}
    assert clean.tally == dataclasses.replace(plain.tally, **changed)
    for name in ("purity", "acceptance", "collisions", "accepted"):
        reports = [block.tally.report(OneSided(1.0), 2) for block in (clean, plain)]
        assert getattr(reports[0], name) == getattr(reports[1], name)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("decode", ["likeliest", "drawn"])
@pytest.mark.parametrize("clean", [False, True])
def test_results_are_the_first_accepted_point_of_each_code(few, measurer, decode, clean):
    chosen = policy(repeats=False, decode=decode, clean=clean, rule=OneSided(2.0))
    everything = sampling.sample(few, chosen, measurer)
    first: dict[str, int] = {}
    for row in np.flatnonzero(chosen.rule.accepts(everything.measures)):
        if not (clean and everything.leaks[row]):
            first.setdefault(everything.codes[row], row)
    rows = list(first.values())
    blocks = list(sampling.stream(few, chosen, measurer))
    assert_same(joined([block.kept for block in blocks]), everything.take(np.array(rows)))
    counted = sum((block.tally for block in blocks), Tally())
    assert counted.kept == counted.distinct == len(rows) < counted.accepted
    for n in (1, 3, len(rows)):
        run = list(sampling.stream(few, dataclasses.replace(chosen, results=n), measurer))
        assert_same(joined([block.kept for block in run]), everything.take(np.array(rows[:n])))
        assert sum(block.tally.proposed for block in run) == rows[n - 1] + 1


def test_drawn_characters_have_the_decoders_probabilities(few, measurer):
    chosen = policy(proposals=4_000, proposal=Box(1e-6), decode="drawn")
    codes = sampling.sample(few, chosen, measurer).codes
    assert len(set(codes.tolist())) > 100
    for position, probability in enumerate(few.autoencoder.probabilities(np.zeros((1, 2)))):
        block = few.autoencoder.onehot.blocks[position]
        drawn = [block.alphabet.index(code[position]) for code in codes.tolist()]
        share = np.bincount(drawn, minlength=len(block.alphabet)) / len(codes)
        assert np.abs(share - probability[0]).max() < 5 * 0.5 / math.sqrt(len(codes))


def test_what_is_drawn_does_not_depend_on_the_rule_or_on_what_is_decoded_with_it(few, measurer):
    chosen = policy(decode="drawn")
    everything = sampling.sample(few, chosen, measurer)
    assert np.array_equal(everything.z, sampling.sample(few, policy(), measurer).z)
    for rule in RULES:
        other = dataclasses.replace(chosen, rule=rule)
        accepted = joined([block.accepted for block in sampling.stream(few, other, measurer)])
        same = rule.accepts(measurer.measure(rule, everything.z, everything.codes))
        assert accepted.codes.tolist() == everything.codes[same].tolist()


def test_the_first_blocks_are_small_so_that_counts_come_at_once(few, measurer):
    run = sampling.stream(few, policy(proposals=10_000), measurer)
    sizes = [block.tally.proposed for block in run]
    assert sizes == [1_024, 4_096, 10_000 - 5_120]


def peak_memory(few, measurer, blocks):
    tracemalloc.start()
    small = Box(0.002)  # a run remembers the different codes, which are few here
    for _ in sampling.stream(few, policy(proposal=small, proposals=1_000 * blocks), measurer):
        pass
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_a_long_stream_needs_no_more_memory_than_a_short_one(few, measurer, monkeypatch):
    monkeypatch.setattr(sampling, "BLOCK", 1_000)
    monkeypatch.setattr(parallel, "THREADS", 1)  # in several, which arrays coincide is by chance
    peak_memory(few, measurer, 1)  # what is computed once
    short, long = peak_memory(few, measurer, 2), peak_memory(few, measurer, 12)
    assert long < 1.1 * short


# --- the report -----------------------------------------------------------------------------------


@pytest.mark.parametrize("threshold", [0, 1.0, 2.5])
def test_the_report_is_that_counted_by_a_loop(samples, threshold):
    accepted = wanted = collisions = 0
    rows = zip(samples.measures["to_unwanted"], samples.wanted, samples.collision, strict=True)
    for distance, is_wanted, is_record in rows:
        if distance > threshold:
            accepted += 1
            wanted += bool(is_wanted)
            collisions += bool(is_record)
    assert accepted > 0
    counts = Counter(samples.codes[samples.measures["to_unwanted"] > threshold].tolist())
    assert sampling.report(samples, OneSided(threshold)) == Report(
        rule="one-sided",
        parameters={"threshold": threshold},
        proposed=1_000,
        accepted=accepted,
        kept=accepted,
        distinct=len(counts),
        acceptance=accepted / 1_000,
        unseen=sum(count == 1 for count in counts.values()) / accepted,
        proposals_per_result=1_000 / accepted,
        purity=pytest.approx(wanted / accepted),
        purity_interval=interval(wanted, accepted),
        oracle=samples.wanted.mean(),
        recall=pytest.approx(wanted / samples.wanted.sum()),
        recall_in_support=None,
        collisions=collisions,
        held_out_rejection_rate=None,
        tail_probability=pytest.approx(math.exp(-(threshold**2) / 2)),
        notebook_tail=pytest.approx(2 * math.erfc(threshold / 2)),
    )


def test_the_report_on_two_distances_has_the_tail_of_the_support(few, measurer):
    rule = TwoSided(0.5, 1.5)
    found = sampling.sample(few, policy(rule=rule), measurer)
    near, far = found.measures["to_wanted"], found.measures["to_unwanted"]
    by_hand = (far - near >= 0.5) & (near <= 1.5)
    outcome = sampling.report(found, rule)
    assert (outcome.rule, outcome.parameters) == ("two-sided", {"margin": 0.5, "support": 1.5})
    assert outcome.accepted == by_hand.sum() > 0
    assert outcome.purity == pytest.approx(found.wanted[by_hand].mean())
    assert outcome.tail_probability == pytest.approx(math.exp(-(1.5**2) / 2))
    assert outcome.notebook_tail is None


def test_the_report_on_densities_has_no_tail(few, measurer):
    rule = Posterior(0.2, 0.05)
    found = sampling.sample(few, policy(rule=rule), measurer)
    by_hand = (found.measures["wanted_share"] >= 0.8) & (found.measures["typicality"] >= 0.05)
    outcome = sampling.report(found, rule)
    assert outcome.accepted == by_hand.sum() > 0
    assert outcome.purity == pytest.approx(found.wanted[by_hand].mean())
    assert outcome.tail_probability is None
    assert outcome.notebook_tail is None


def test_purity_and_collisions_count_accepted_samples_only():
    some = samples_of([1.0, 3.0, 4.0, 5.0, 2.0], [True, False, True, True, True], [True] * 5)
    outcome = sampling.report(some, OneSided(2.5))
    assert (outcome.proposed, outcome.accepted, outcome.acceptance) == (5, 3, 0.6)
    assert outcome.proposals_per_result == pytest.approx(5 / 3)
    assert outcome.purity == pytest.approx(2 / 3)
    assert outcome.collisions == 3


def test_fewer_are_accepted_as_the_threshold_rises(samples):
    distance = samples.measures["to_unwanted"]
    thresholds = np.linspace(0, distance.max(), 20).tolist()
    accepted = [sampling.report(samples, OneSided(one)).accepted for one in thresholds]
    assert accepted == [int((distance > one).sum()) for one in thresholds]
    assert accepted[0] > accepted[10] > accepted[-1] == 0


def test_without_accepted_points_there_is_no_purity(samples):
    outcome = sampling.report(samples, OneSided(samples.measures["to_unwanted"].max()))
    assert (outcome.accepted, outcome.acceptance, outcome.collisions) == (0, 0.0, 0)
    assert outcome.purity is None
    assert outcome.proposals_per_result is None


def test_samples_of_another_rule_or_none_at_all_cannot_be_reported_on(samples):
    with pytest.raises(SamplingError, match="the rule two-sided, got none of margin and to_wanted"):
        sampling.report(samples, TwoSided())
    with pytest.raises(SamplingError, match="expected samples to report on, got none"):
        sampling.report(samples.take(np.empty(0, int)), OneSided())


COUNTS = st.integers(0, 10**6)


@given(parts=st.lists(st.tuples(*[COUNTS] * 9), min_size=1, max_size=5))
@settings(max_examples=30)
def test_tallies_add_up(parts):
    tallies = [Tally(*part) for part in parts]
    columns = tuple(sum(column) for column in zip(*parts, strict=True))
    assert dataclasses.astuple(sum(tallies, Tally())) == columns
    assert sum(reversed(tallies), Tally()) == sum(tallies, Tally())


def test_a_tally_counts_accepted_points():
    five = samples_of(
        [3.0] * 5, [True, False, True, False, True], [True, False, False, True, False]
    )
    assert Tally.of(40, five) == Tally(
        proposed=40, accepted=5, wanted=3, collisions=2, leaks=3, kept=5, distinct=1, usable=5
    )
    assert Tally.of(40, five, kept=2).kept == 2


# --- the held-out rejection rate ------------------------------------------------------------------


def held_out_rate(few, unwanted, rule):
    """The rate as the report has it."""
    calibration = calibrate(few) if rule.needs_calibration else None
    held_out = sampling.held_out_measures(few, unwanted, rule, calibration)
    return Tally(proposed=1).report(rule, few.records.latent_dim, held_out)


def split_by_loop(few, is_unwanted):
    """Rows of held-out unwanted records, and of the training records by unwanted and wanted."""
    rows = {"held out": [], "unwanted": [], "wanted": []}
    for row, (code, split) in enumerate(
        zip(few.records.codes.tolist(), few.records.split.tolist(), strict=True)
    ):
        if split == "train":
            rows["unwanted" if is_unwanted(code) else "wanted"].append(row)
        elif is_unwanted(code):
            rows["held out"].append(row)
    return rows


def distances(few, rows, others):
    """From each record's mean to the nearest of other records, by their sigmas."""
    mean, sigma = (np.asarray(part, float) for part in (few.records.mean, few.records.sigma))
    return [
        np.linalg.norm((mean[row] - mean[others]) / sigma[others], axis=1).min() for row in rows
    ]


@pytest.mark.parametrize("threshold", [0.1, 0.3, 1.0])
def test_the_held_out_rejection_rate_is_that_counted_directly(few, threshold):
    rows = split_by_loop(few, lambda code: int(code[2:4]) < 50)
    to_unwanted = distances(few, rows["held out"], rows["unwanted"])
    rejected = sum(not distance > threshold for distance in to_unwanted)
    found = held_out_rate(few, BELOW_50, OneSided(threshold))
    assert found.held_out_rejection_rate == pytest.approx(rejected / len(rows["held out"]))
    assert rejected > 0
    to_wanted = distances(few, rows["held out"], rows["wanted"])
    accepted = sum(
        far - near >= 0.1 and near <= threshold
        for near, far in zip(to_wanted, to_unwanted, strict=True)
    )
    found = held_out_rate(few, BELOW_50, TwoSided(0.1, threshold))
    assert found.held_out_rejection_rate == pytest.approx(1 - accepted / len(rows["held out"]))


def test_the_held_out_rejection_rate_uses_no_held_out_record(few):
    measures = sampling.held_out_measures(few, BELOW_50, OneSided, None)
    assert measures["to_unwanted"].min() > 0  # a record known to the measurer would be at 0
    everything = Measurer.of(few, BELOW_50)
    held_out = BELOW_50.of_records(few.records) & (few.records.split != "train")
    near = everything.measure(OneSided, few.records.mean[held_out])["to_unwanted"]
    assert near.tolist() == [0.0] * held_out.sum()


def test_the_held_out_rejection_rate_by_densities_uses_the_calibration(few):
    calibration, rule = calibrate(few), Posterior(0.3, 0.02)
    rows = split_by_loop(few, lambda code: int(code[2:4]) < 50)
    train = with_rows(few, few.records.split == "train")
    measures = Measurer.of(train, BELOW_50, calibration).measure(
        rule, few.records.mean[rows["held out"]]
    )
    accepted = (measures["wanted_share"] >= 0.7) & (measures["typicality"] >= 0.02)
    found = held_out_rate(few, BELOW_50, rule).held_out_rejection_rate
    assert found == pytest.approx(1 - accepted.mean())


def test_there_is_no_held_out_rejection_rate_without_the_records_for_it(few):
    train = few.records.split == "train"
    held_out = few.records.codes[~train][:3].tolist()
    cases = {
        "all unwanted records are in training": (few, Unwanted.of(training=True)),
        "the only unwanted code is no record": (few, Unwanted.of(listed=["ZZ99ZZZ"])),
        "no training record is unwanted": (few, Unwanted.of(listed=held_out)),
        "no training record is wanted": (few, Unwanted.of(["number < 50"], training=True)),
        "no record is held out": (with_rows(few, train), BELOW_50),
    }
    for reason, (place, unwanted) in cases.items():
        found = held_out_rate(place, unwanted, OneSided())
        assert found.held_out_rejection_rate is None, reason
