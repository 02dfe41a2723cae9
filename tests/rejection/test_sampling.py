"""Rejection sampling: streams, the report recomputed by hand, and the tails of a Gaussian."""

import dataclasses
import itertools
import math
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regvae.latent.gaussians import NearestGaussian, tail_probability
from regvae.model.records import Records
from regvae.rejection import rules, sampling
from regvae.rejection.calibration import calibrate
from regvae.rejection.measures import Judge
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Around, Box, Prior, Region
from regvae.rejection.rules import AcceptanceError, OneSided, Posterior, TwoSided
from regvae.rejection.sampling import Samples, SamplingError, Tally
from regvae.rejection.unwanted import Unwanted, UnwantedError

BELOW_50 = Unwanted.of(["number < 50"])
ELL = Region(((0, 0), (3, 0), (3, 1), (1, 1), (1, 3), (0, 3)))
RULES = [OneSided(1.0), TwoSided(0.25, 1.0), Posterior(0.25, 0.02)]
PROPOSALS = [Box(3.0), Prior(), Around(), ELL]
FIELDS = ["z", "reg", "wanted", "collision"]


def policy(**changes):
    chosen = {"unwanted": BELOW_50, "rule": OneSided(1.0), "proposals": 2_000} | changes
    return Policy("notebook-2d", **chosen)


def rng(seed=0):
    return np.random.default_rng(seed)


def named(kind):
    return kind.name


@pytest.fixture(scope="module")
def bundle(bundle):
    """The shipped one with a tenth of its records: quicker to measure against."""
    records = bundle.records
    some = (getattr(records, field.name)[::10] for field in dataclasses.fields(records))
    return dataclasses.replace(bundle, records=Records(*some))


@pytest.fixture(scope="module")
def judge(bundle):
    return Judge.of(bundle, BELOW_50, calibrate(bundle))


@pytest.fixture(scope="module")
def samples(bundle, judge):
    return sampling.sample(bundle, policy(), judge)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(sampling, "BLOCK", 300)


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


# --- samples --------------------------------------------------------------------------------------


def test_samples_hold_one_row_a_proposal(samples):
    assert len(samples) == 2_000
    assert samples.z.shape == (2_000, 2)
    assert list(samples.measures) == ["to_unwanted"]
    columns = [*samples.measures.values(), samples.codes, samples.wanted, samples.collision]
    assert {column.shape for column in columns} == {(2_000,)}
    assert samples.measures["to_unwanted"].dtype == np.float64
    assert samples.wanted.dtype == samples.collision.dtype == bool
    assert samples.codes.dtype.str[1:] == "U7"
    assert (np.abs(samples.z) <= 3).all()


def test_samples_are_measured_and_decoded_as_by_hand(bundle, samples):
    records = bundle.records
    unwanted = [row for row, reg in enumerate(records.codes.tolist()) if int(reg[2:4]) < 50]
    mean = records.mean[unwanted].astype(float)
    sigma = records.sigma[unwanted].astype(float)
    known = set(records.codes.tolist())
    for row in range(0, 2_000, 20):
        gaps = np.linalg.norm((samples.z[row] - mean) / sigma, axis=1)
        assert samples.measures["to_unwanted"][row] == pytest.approx(gaps.min(), rel=1e-9)
    assert samples.codes.tolist() == bundle.autoencoder.decode(samples.z).tolist()
    assert samples.wanted.tolist() == [int(reg[2:4]) >= 50 for reg in samples.codes.tolist()]
    assert samples.collision.tolist() == [reg in known for reg in samples.codes.tolist()]


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_samples_have_the_measures_of_their_rule(bundle, judge, rule):
    found = sampling.sample(bundle, policy(rule=rule, proposals=200), judge)
    expected = judge.measure(rule, found.z)
    assert found.measures.keys() == expected.keys()
    for name, values in expected.items():
        assert np.array_equal(found.measures[name], values)


def test_wanted_is_what_escapes_every_part_of_the_unwanted(bundle):
    unwanted = Unwanted.of(["number < 50", "first_letter in L, M"], listed=["ZZ99ZZZ"])
    found = sampling.sample(bundle, policy(unwanted=unwanted))
    expected = [not (int(reg[2:4]) < 50 and reg[0] in "LM") for reg in found.codes.tolist()]
    assert found.wanted.tolist() == expected
    assert 0 < sum(expected) < 2_000


def with_record(bundle, reg, row=5):
    """The bundle with another reg in one row."""
    regs = bundle.records.codes.copy()
    regs[row] = reg
    return dataclasses.replace(bundle, records=dataclasses.replace(bundle.records, reg=regs))


def test_a_record_decoded_again_is_a_collision_and_a_leak(bundle):
    z = np.zeros((1, 2))
    decoded = bundle.autoencoder.decode(z)[0]
    assert decoded not in set(bundle.records.codes.tolist())
    wide = Unwanted.of([f"number != {decoded[2:4]}"])
    for place, expected in ((bundle, [False]), (with_record(bundle, decoded), [True])):
        found = sampling.decode(place, wide, z, {})
        assert found.wanted.tolist() == [True]
        assert found.collision.tolist() == expected
        assert found.leaks.tolist() == expected


def test_a_leak_is_unwanted_or_a_record_or_both():
    made = made_samples([1.0] * 4, [True, True, False, False], [False, True, False, True])
    assert made.leaks.tolist() == [False, True, True, True]


def test_the_same_seed_gives_the_same_samples_and_another_seed_others(bundle, judge, samples):
    assert_same(sampling.sample(bundle, policy(), judge), samples)
    assert not np.array_equal(sampling.sample(bundle, policy(seed=1), judge).z, samples.z)


def test_a_judge_made_for_the_occasion_measures_the_same(bundle, judge):
    for rule in RULES:
        chosen = policy(rule=rule, proposals=50)
        made = sampling.make_judge(bundle, chosen)
        assert (made.mixture is not None) == (rule.name == "posterior")
        assert_same(sampling.sample(bundle, chosen), sampling.sample(bundle, chosen, judge))


def test_a_rule_on_densities_wants_a_judge_that_has_them(bundle):
    with pytest.raises(AcceptanceError, match="the posterior rule wants a calibration"):
        sampling.sample(bundle, policy(rule=Posterior()), Judge.of(bundle, BELOW_50))


def test_unwanting_more_never_takes_samples_farther_away(bundle, samples):
    fewer = sampling.sample(bundle, policy(unwanted=Unwanted.of(["number < 50", "tens == 3"])))
    assert np.array_equal(fewer.z, samples.z)
    near, far = samples.measures["to_unwanted"], fewer.measures["to_unwanted"]
    assert (far >= near).all()
    assert (far > near).any()


def test_samples_cannot_be_altered(samples):
    for array in (samples.z, samples.codes, *samples.measures.values(), samples.wanted):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]


def test_some_of_the_samples_keep_their_rows(samples):
    rows = np.array([5, 0, 7])
    for some in (samples.take(rows), samples.take(np.arange(2_000) < 3)):
        assert len(some) == 3
    assert np.array_equal(samples.take(rows).z, samples.z[rows])
    assert samples.take(rows).codes.tolist() == samples.codes[rows].tolist()
    assert np.array_equal(samples.take(~samples.leaks).z, samples.z[~samples.leaks])


def test_nothing_unwanted_is_refused_with_the_rules_that_were_asked(bundle):
    unwanted = Unwanted.of(["number < 50", "number > 60"])
    for run in (sampling.sample, lambda *of: list(sampling.stream(*of))):
        with pytest.raises(UnwantedError, match="'number < 50 and number > 60', so nothing is"):
            run(bundle, policy(unwanted=unwanted))


def test_samples_too_many_to_keep_are_refused(bundle, judge):
    sentence = "at most 10,000,000 samples are kept at a time, not 10,000,001; stream them"
    with pytest.raises(SamplingError, match=sentence):
        sampling.sample(bundle, policy(proposals=10_000_001), judge)


def test_a_sampling_error_is_a_value_error():
    assert issubclass(SamplingError, ValueError)


# --- streams --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("proposal", PROPOSALS, ids=named)
@pytest.mark.parametrize("rule", RULES, ids=named)
def test_a_stream_gives_what_a_rule_leaves_of_the_samples(bundle, judge, rule, proposal):
    chosen = policy(rule=rule, proposal=proposal)
    blocks = list(sampling.stream(bundle, chosen, judge))
    assert [block.tally.proposed for block in blocks] == [300] * 6 + [200]
    whole = sampling.sample(bundle, chosen, judge)
    accepted = whole.take(rule.accepts(whole.measures))
    assert 0 < len(accepted) < 2_000
    assert_same(joined([block.accepted for block in blocks]), accepted)
    assert_same(joined([block.kept for block in blocks]), accepted)
    counted = sum((block.tally for block in blocks), Tally())
    assert counted == Tally.of(2_000, accepted)
    assert counted.report(rule, 2) == sampling.report(whole, rule)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("proposal", PROPOSALS, ids=named)
@pytest.mark.parametrize("n", [1, 150, 300, 310, 600, 750])
def test_a_longer_run_begins_with_the_same_points(bundle, judge, proposal, n):
    short, long = (
        sampling.sample(bundle, policy(proposal=proposal, proposals=m), judge).z for m in (n, 1_300)
    )
    assert np.array_equal(short, long[:n])


@pytest.mark.usefixtures("small_blocks")
def test_every_block_has_points_of_its_own(bundle, judge):
    z = sampling.sample(bundle, policy(), judge).z
    assert len(np.unique(z, axis=0)) == 2_000
    other = sampling.sample(bundle, policy(seed=1), judge).z
    assert len(np.unique(np.vstack([z, other]), axis=0)) == 4_000


def test_a_seed_may_be_as_large_as_a_policy_holds(bundle, judge):
    first, last = (
        sampling.sample(bundle, policy(seed=seed, proposals=5), judge).z for seed in (0, 2**63 - 1)
    )
    assert not np.array_equal(first, last)


def interesting_numbers(bundle, judge, clean):
    """How many to accept so that a run ends in the midst of a block, and at its very end."""
    counts = [len(block.kept) for block in sampling.stream(bundle, policy(clean=clean), judge)]
    total = list(itertools.accumulate(counts))
    return [1, 2, total[0] - 1, total[0], total[0] + 1, total[3], total[3] + 1, total[-1]]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("clean", [False, True])
def test_a_run_until_so_many_ends_at_the_last_of_them(bundle, judge, clean):
    whole = sampling.sample(bundle, policy(), judge)
    passes = OneSided(1.0).accepts(whole.measures)
    good = np.flatnonzero(passes & ~whole.leaks if clean else passes)
    for n in interesting_numbers(bundle, judge, clean):
        blocks = list(sampling.stream(bundle, policy(accepted=n, clean=clean), judge))
        last = good[n - 1]
        assert_same(joined([block.kept for block in blocks]), whole.take(good[:n]))
        accepted = whole.take(np.flatnonzero(passes[: last + 1]))
        assert_same(joined([block.accepted for block in blocks]), accepted)
        counted = sum((block.tally for block in blocks), Tally())
        assert counted == Tally.of(int(last) + 1, accepted, n)
        assert sampling.shortfall(policy(accepted=n), counted) is None


def test_what_was_asked_for_may_come_of_the_last_proposal(bundle, judge, samples):
    last = int(np.flatnonzero(OneSided(1.0).accepts(samples.measures))[9])
    exact = policy(proposals=last + 1, accepted=10)
    (block,) = sampling.stream(bundle, exact, judge)
    assert (block.tally.kept, block.tally.proposed) == (10, last + 1)
    (block,) = sampling.stream(bundle, dataclasses.replace(exact, proposals=last), judge)
    assert (block.tally.kept, block.tally.proposed) == (9, last)


@pytest.mark.usefixtures("small_blocks")
def test_a_run_that_ends_short_keeps_what_came_and_says_so(bundle, judge):
    short = policy(proposals=1_000, accepted=100_000)
    blocks = list(sampling.stream(bundle, short, judge))
    counted = sum((block.tally for block in blocks), Tally())
    whole = sampling.sample(bundle, short, judge)
    accepted = whole.take(short.rule.accepts(whole.measures))
    assert_same(joined([block.kept for block in blocks]), accepted)
    assert counted.proposed == 1_000
    assert sampling.shortfall(short, counted) == (
        f"only {len(accepted):,} of the 100,000 asked for came of 1,000 proposals; "
        "what came is kept; raise the number of proposals"
    )


def test_a_run_of_which_nothing_comes_is_advised_to_loosen_the_rule(bundle, judge):
    strict = policy(rule=OneSided(1e6), accepted=5)
    (block,) = sampling.stream(bundle, strict, judge)
    assert (len(block.accepted), len(block.kept)) == (0, 0)
    assert sampling.shortfall(strict, block.tally) == (
        "only 0 of the 5 asked for came of 2,000 proposals; what came is kept; "
        "nothing passes: loosen the rule"
    )


def test_a_run_of_which_only_leaks_come_is_not_told_to_loosen_the_rule():
    leaks = Tally(proposed=20, accepted=3, leaks=3)
    sentence = sampling.shortfall(policy(accepted=5, clean=True), leaks)
    assert "nothing passes" not in sentence
    assert "loosen" not in sentence


def test_a_run_without_a_number_to_accept_never_falls_short():
    assert sampling.shortfall(policy(), Tally(proposed=2_000)) is None


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("rule", [OneSided(1.0), OneSided(2.5), TwoSided(0.0, 3.0)], ids=str)
def test_clean_results_are_the_accepted_without_the_leaks(bundle, judge, rule):
    whole = sampling.sample(bundle, policy(rule=rule), judge)
    known = whole.codes[rule.accepts(whole.measures) & whole.wanted][0]
    place = with_record(bundle, known)
    leaks = collisions = 0
    for block in sampling.stream(place, policy(rule=rule, clean=True), judge):
        assert_same(block.kept, block.accepted.take(~block.accepted.leaks))
        assert not block.kept.leaks.any()
        assert block.tally.kept == len(block.kept)
        assert block.tally.leaks == len(block.accepted) - len(block.kept)
        leaks += block.tally.leaks
        there = place.records.codes.tolist()
        by_hand = [int(reg[2:4]) >= 50 and reg not in there for reg in block.accepted.codes.tolist()]
        assert block.kept.codes.tolist() == block.accepted.codes[by_hand].tolist()
        collisions += block.tally.collisions
    assert leaks >= collisions > 0


def test_clean_results_do_not_change_what_was_accepted(bundle, judge):
    (clean,), (plain,) = (
        sampling.stream(bundle, policy(clean=clean), judge) for clean in (True, False)
    )
    assert_same(clean.accepted, plain.accepted)
    assert clean.tally == dataclasses.replace(plain.tally, kept=len(clean.kept))
    for name in ("purity", "acceptance", "collisions", "accepted"):
        reports = [block.tally.report(OneSided(1.0), 2) for block in (clean, plain)]
        assert getattr(reports[0], name) == getattr(reports[1], name)


def peak(bundle, judge, blocks):
    tracemalloc.start()
    proposed = 0
    for block in sampling.stream(bundle, policy(proposals=2_500 * blocks), judge):
        proposed += block.tally.proposed
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert proposed == 2_500 * blocks
    return most


def test_a_long_stream_needs_no_more_memory_than_a_short_one(bundle, judge, monkeypatch):
    monkeypatch.setattr(sampling, "BLOCK", 2_500)
    peak(bundle, judge, 1)  # what is made once
    short, long = peak(bundle, judge, 4), peak(bundle, judge, 40)
    assert long < 1.1 * short


# --- the report -----------------------------------------------------------------------------------


@pytest.mark.parametrize("threshold", [0, 0.3, 1.0, 2.5])
def test_the_report_is_that_counted_by_hand(samples, threshold):
    accepted = wanted = collisions = 0
    rows = zip(samples.measures["to_unwanted"], samples.wanted, samples.collision, strict=True)
    for distance, is_wanted, is_known in rows:
        if distance > threshold:
            accepted += 1
            wanted += bool(is_wanted)
            collisions += bool(is_known)
    assert accepted > 0
    assert sampling.report(samples, OneSided(threshold)) == sampling.Report(
        rule="one-sided",
        parameters={"threshold": threshold},
        proposed=2_000,
        accepted=accepted,
        kept=accepted,
        acceptance=accepted / 2_000,
        proposals_per_result=2_000 / accepted,
        purity=pytest.approx(wanted / accepted),
        collisions=collisions,
        tail_probability=pytest.approx(math.exp(-(threshold**2) / 2)),
        notebook_tail=pytest.approx(2 * math.erfc(threshold / 2)),
    )


def test_the_report_on_two_sides_has_the_tail_of_its_support(bundle, judge):
    rule = TwoSided(0.5, 1.5)
    found = sampling.sample(bundle, policy(rule=rule), judge)
    accepted = wanted = 0
    for near, far, is_wanted in zip(
        found.measures["to_wanted"], found.measures["to_unwanted"], found.wanted, strict=True
    ):
        accepted += bool(far - near >= 0.5 and near <= 1.5)
        wanted += bool(far - near >= 0.5 and near <= 1.5 and is_wanted)
    outcome = sampling.report(found, rule)
    assert (outcome.rule, outcome.parameters) == ("two-sided", {"margin": 0.5, "support": 1.5})
    assert outcome.accepted == accepted > 0
    assert outcome.purity == pytest.approx(wanted / accepted)
    assert outcome.tail_probability == pytest.approx(math.exp(-(1.5**2) / 2))
    assert outcome.notebook_tail is None  # the notebook had a threshold


def test_the_report_on_densities_has_no_tail(bundle, judge):
    rule = Posterior(0.2, 0.05)
    found = sampling.sample(bundle, policy(rule=rule), judge)
    share, typicality = found.measures["wanted_share"], found.measures["typicality"]
    by_hand = (share >= 0.8) & (typicality >= 0.05)
    outcome = sampling.report(found, rule)
    assert outcome.accepted == by_hand.sum() > 0
    assert outcome.purity == pytest.approx(found.wanted[by_hand].mean())
    assert outcome.tail_probability is None
    assert outcome.notebook_tail is None


def made_samples(distance, wanted, collision):
    return Samples(
        z=np.zeros((len(distance), 2)),
        measures={"to_unwanted": np.array(distance)},
        reg=np.array(["AA00AAA"] * len(distance)),
        wanted=np.array(wanted),
        collision=np.array(collision),
    )


def test_purity_and_collisions_count_accepted_samples_only():
    made = made_samples([1.0, 3.0, 4.0, 5.0, 2.0], [True, False, True, True, True], [True] * 5)
    outcome = sampling.report(made, OneSided(2.5))
    assert (outcome.proposed, outcome.accepted, outcome.acceptance) == (5, 3, 0.6)
    assert outcome.proposals_per_result == pytest.approx(5 / 3)
    assert outcome.purity == pytest.approx(2 / 3)
    assert outcome.collisions == 3


def test_a_sample_at_the_threshold_is_not_farther_than_it():
    made = made_samples([2.5, np.nextafter(2.5, 3)], [True, True], [False, False])
    assert OneSided(2.5).accepts(made.measures).tolist() == [False, True]
    assert sampling.report(made, OneSided(2.5)).accepted == 1


def test_fewer_are_accepted_as_the_threshold_grows(samples):
    farthest = samples.measures["to_unwanted"].max()
    rules = [OneSided(threshold) for threshold in np.linspace(0, farthest + 1, 40).tolist()]
    masks = [rule.accepts(samples.measures) for rule in rules]
    for lower, higher in pairwise(masks):
        assert (lower | ~higher).all()  # what the higher accepts, the lower does
    accepted = [sampling.report(samples, rule).accepted for rule in rules]
    assert accepted == [int(mask.sum()) for mask in masks]
    assert accepted[0] > accepted[20] > accepted[-1] == 0


def test_none_accepted_has_no_purity(samples):
    outcome = sampling.report(samples, OneSided(samples.measures["to_unwanted"].max()))
    assert (outcome.accepted, outcome.acceptance, outcome.collisions) == (0, 0.0, 0)
    assert outcome.purity is None
    assert outcome.proposals_per_result is None


COUNTS = st.integers(0, 10**6)


@given(parts=st.lists(st.tuples(*[COUNTS] * 6), min_size=1, max_size=5))
def test_tallies_add_up(parts):
    tallies = [Tally(*part) for part in parts]
    columns = tuple(sum(column) for column in zip(*parts, strict=True))
    assert dataclasses.astuple(sum(tallies, Tally())) == columns
    assert sum(reversed(tallies), Tally()) == sum(tallies, Tally())


def test_a_tally_counts_what_was_accepted():
    made = made_samples(
        [3.0] * 5, [True, False, True, False, True], [True, False, False, True, False]
    )
    assert Tally.of(40, made) == Tally(
        proposed=40, accepted=5, wanted=3, collisions=2, leaks=3, kept=5
    )
    assert Tally.of(40, made, kept=2).kept == 2


# --- tails ----------------------------------------------------------------------------------------


@given(t=st.floats(0, 30))
@settings(deadline=None)
def test_in_two_dimensions_the_tail_is_an_exponential(t):
    assert tail_probability(t, 2) == pytest.approx(math.exp(-t * t / 2), rel=1e-9)


@given(t=st.floats(0, 30))
@settings(deadline=None)
def test_in_one_dimension_the_tail_is_an_error_function(t):
    expected = math.erfc(t / math.sqrt(2))
    assert tail_probability(t, 1) == pytest.approx(expected, rel=1e-9)


@given(t=st.floats(0, 20), half=st.integers(1, 12))
@settings(deadline=None)
def test_in_even_dimensions_the_tail_is_a_poisson_sum(t, half):
    # Chi-square of 2 h degrees outlives x just if a Poisson of mean x/2 stays below h.
    expected = sum(math.exp(-t * t / 2) * (t * t / 2) ** i / math.factorial(i) for i in range(half))
    assert tail_probability(t, 2 * half) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("t", [2.5, 3.5, 4.0, 5.0])
def test_in_fifteen_dimensions_the_tail_is_what_draws_give(t):
    draws = np.linalg.norm(rng(15).normal(size=(200_000, 15)), axis=1)
    share = (draws > t).mean()
    error = math.sqrt(share * (1 - share) / 200_000)
    assert error > 0
    assert tail_probability(t, 15) == pytest.approx(share, abs=4 * error)


def test_the_tail_is_the_share_of_a_records_own_draws_beyond_the_threshold(bundle):
    mean, sigma = bundle.records.mean[:1], bundle.records.sigma[:1]
    draws = mean + sigma * rng(3).normal(size=(200_000, 2))
    share = (NearestGaussian(mean, sigma).query(draws)[0] > 2.5).mean()
    error = math.sqrt(share * (1 - share) / 200_000)
    assert tail_probability(2.5, 2) == pytest.approx(share, abs=4 * error)


@pytest.mark.parametrize("k", [1, 2, 3, 15])
def test_tails_begin_at_one_and_fall(k):
    tails = tail_probability(np.linspace(0, 8, 81), k)
    assert tails.shape == (81,)
    assert tails[0] == 1
    assert (np.diff(tails) <= 0).all()
    assert (np.diff(tails[10:]) < 0).all()  # nearer than 1 a tail may round to 1


def test_a_threshold_beyond_all_numbers_leaves_no_tail():
    assert tail_probability(1e200, 2) == 0


def test_the_notebooks_figure_at_two_and_a_half_is_reproduced():
    assert round(float(rules.notebook_tail(2.5)), 3) == 0.154
    assert round(float(tail_probability(2.5, 2)), 4) == 0.0439


@given(t=st.floats(0, 10))
@settings(deadline=None)
def test_the_notebooks_tail_is_its_formula(t):
    assert rules.notebook_tail(t) == pytest.approx(2 * (1 - math.erf(t / 2)), abs=1e-12)


def test_the_notebooks_tail_takes_many_thresholds():
    t = np.array([0.0, 2.5, 4.0])
    tails = rules.notebook_tail(t)
    assert tails.tolist() == [float(rules.notebook_tail(float(x))) for x in t]


def test_samples_of_another_rule_cannot_be_reported_on(bundle, judge):
    samples = sampling.sample(bundle, policy(), judge)
    with pytest.raises(SamplingError, match="two-sided wants margin and to_wanted, which these"):
        sampling.report(samples, TwoSided())
