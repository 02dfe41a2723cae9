"""The audit against other routes to its numbers, and planted leaks that the hunter must find."""

import dataclasses
import json
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from regvae.audit import collisions, leaks
from regvae.audit.collisions import Auditor, drift, edit_distances, interval, upper_bound
from regvae.audit.leaks import Hunt, cleared_by
from regvae.formats import uk_registration
from regvae.generation import results
from regvae.model.records import Records
from regvae.rejection import sampling
from regvae.rejection.measures import Judge
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Around, Box
from regvae.rejection.rules import OneSided, Posterior, TwoSided
from regvae.rejection.sampling import Samples, Tally
from regvae.rejection.unwanted import Unwanted

BELOW_50 = Unwanted.of(["number < 50"])


def policy(**changes):
    chosen = {"unwanted": BELOW_50, "rule": OneSided(1.0), "proposals": 1_000} | changes
    return Policy("notebook-2d", **chosen)


def some_records(bundle, step):
    records = bundle.records
    some = (getattr(records, field.name)[::step] for field in dataclasses.fields(records))
    return dataclasses.replace(bundle, records=Records(*some))


@pytest.fixture(scope="module")
def few(bundle):
    """The shipped bundle with 200 records: 167 of training, 17 of validation, 16 of test."""
    return some_records(bundle, 60)


@pytest.fixture(scope="module")
def judge(few):
    return Judge.of(few, BELOW_50)


def with_regs(bundle, changes):
    """The bundle with other regs in some rows, and so the same Gaussians."""
    reg = bundle.records.codes.copy()
    for row, text in changes.items():
        reg[row] = text
    return dataclasses.replace(bundle, records=dataclasses.replace(bundle.records, reg=reg))


# --- bounds on rates ------------------------------------------------------------------------------


DRAWS = st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts=DRAWS, confidence=st.sampled_from([0.9, 0.95, 0.99]))
@settings(deadline=None)
def test_the_bounds_are_clopper_and_pearsons(counts, confidence):
    hits, draws = counts
    exact = stats.binomtest(hits, draws).proportion_ci(confidence, method="exact")
    low, high = interval(hits, draws, confidence)
    assert (low, high) == (pytest.approx(exact.low, abs=1e-9), pytest.approx(exact.high, abs=1e-9))
    assert 0 <= low <= hits / draws <= high <= 1
    one_sided = stats.binomtest(hits, draws, alternative="less").proportion_ci(
        confidence, method="exact"
    )
    assert upper_bound(hits, draws, confidence) == pytest.approx(one_sided.high, abs=1e-9)


@given(draws=st.integers(1, 10**9))
@settings(deadline=None)
def test_without_a_hit_the_bound_has_a_closed_form(draws):
    closed = -math.expm1(math.log(0.05) / draws)  # 1 - 0.05^(1/n), without losing its digits
    assert upper_bound(0, draws) == pytest.approx(closed, rel=1e-9)


@pytest.mark.parametrize("draws", [1, 10, 1_000])
def test_the_closed_form_is_the_one_of_the_textbooks(draws):
    assert upper_bound(0, draws) == pytest.approx(1 - 0.05 ** (1 / draws), rel=1e-9)


def test_none_in_a_million_is_about_three_in_a_million():
    assert f"{upper_bound(0, 1_000_000):.1e}" == "3.0e-06"


@given(counts=DRAWS)
@settings(deadline=None)
def test_the_bound_is_where_so_few_hits_have_a_probability_of_a_twentieth(counts):
    hits, draws = counts
    bound = upper_bound(hits, draws)
    if hits == draws:
        assert bound == 1
    else:
        assert stats.binom.cdf(hits, draws, bound) == pytest.approx(0.05, rel=1e-6)


def test_without_draws_nothing_is_known():
    assert upper_bound(0, 0) == 1
    assert interval(0, 0) == (0, 1)


@pytest.mark.parametrize("draws", [1, 7])
def test_all_hits_leave_no_room_above(draws):
    low, high = interval(draws, draws)
    assert high == 1
    assert low == pytest.approx(0.025 ** (1 / draws))
    assert interval(0, draws) == (0, pytest.approx(1 - low))


def test_a_bound_holds_as_often_as_it_says():
    rate, draws = 0.03, 200
    hits = np.random.default_rng(3).binomial(draws, rate, size=4_000)
    bound = {int(one): upper_bound(int(one), draws) for one in np.unique(hits)}
    assert np.mean([bound[one] >= rate for one in hits.tolist()]) >= 0.95


# --- edit distances -------------------------------------------------------------------------------


def levenshtein(one, other):
    """The textbook's table, row by row."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, row = row, [i]
        for j, b in enumerate(other, start=1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    return row[-1]


REGS = st.from_regex(re.compile("[AB]{2}[01]{2}[AB]{3}"), fullmatch=True)


@given(some=st.lists(REGS, min_size=1, max_size=5), known=st.lists(REGS, min_size=1, max_size=5))
@settings(deadline=None)
def test_edit_distances_are_those_of_the_textbooks_table(some, known):
    expected = [min(levenshtein(one, other) for other in known) for one in some]
    found = edit_distances(some, known)
    assert found.tolist() == expected
    assert edit_distances(np.array(some), np.array(known)).tolist() == expected


@pytest.mark.parametrize(
    ("reg", "edits"),
    [
        ("AB12CDE", 0),
        ("AB12CDF", 1),
        ("BA12CDE", 2),
        ("BC34DEF", 5),
        ("ZZ99ZZZ", 7),
    ],
)
def test_edits_insert_delete_and_replace(reg, edits):
    assert edit_distances([reg], ["AB12CDE"]).tolist() == [edits]
    assert levenshtein(reg, "AB12CDE") == edits


def test_many_regs_are_compared_in_parts_alike():
    some = uk_registration.generate(600, rng=np.random.default_rng(1))
    known = uk_registration.generate(5, rng=np.random.default_rng(2))
    expected = [min(levenshtein(one, other) for other in known.tolist()) for one in some.tolist()]
    assert edit_distances(some, known).tolist() == expected


def test_no_regs_have_no_edit_distances():
    assert edit_distances([], ["AB12CDE"]).shape == (0,)


# --- drift ----------------------------------------------------------------------------------------


def test_a_regs_own_mean_has_not_drifted(bundle):
    some = uk_registration.generate(50, rng=np.random.default_rng(1))
    mean, _ = bundle.autoencoder.encode(some)
    assert drift(bundle, mean, some).tolist() == [0.0] * 50


def test_drift_counts_sigmas_of_the_regs_own_gaussian(bundle):
    some = uk_registration.generate(40, rng=np.random.default_rng(1))
    mean, sigma = (part.astype(float) for part in bundle.autoencoder.encode(some))
    for away in ([1, 0], [0, -2], [3, 4]):
        found = drift(bundle, mean + sigma * away, some)
        assert found == pytest.approx([math.hypot(*away)] * 40, rel=1e-6)


# --- the audit of a run ---------------------------------------------------------------------------


def audited(bundle, judge, chosen):
    """The audit of a run, and the points it accepted and kept, found without streaming."""
    found = sampling.sample(bundle, chosen, judge)
    accepted = found.take(chosen.rule.accepts(found.measures))
    kept = accepted.take(~accepted.leaks) if chosen.clean else accepted
    return results.run(bundle, chosen, judge=judge).audit, accepted, kept


def common(samples, wanted):
    """The commonest reg on one side, and how often it comes."""
    names, counts = np.unique(samples.codes[samples.wanted == wanted], return_counts=True)
    return str(names[counts.argmax()]), int(counts.max())


@pytest.mark.parametrize("wanted", [False, True])
def test_planted_collisions_are_counted_exactly(few, judge, wanted):
    plain, accepted, _ = audited(few, judge, policy())
    assert plain.collisions == 0
    reg, times = common(accepted, wanted)
    assert times > 1
    # In the place of a record of the same side, and so the rule accepts the same points.
    above = few.records.attribute("at_least_50")
    row = int(np.flatnonzero(above == wanted)[3])
    found, again, _ = audited(with_regs(few, {row: reg}), judge, policy())
    assert np.array_equal(again.z, accepted.z)
    assert found.collisions == times
    assert found.draws == len(accepted)
    assert found.collision_bound == upper_bound(times, len(accepted))
    assert found.unwanted == plain.unwanted
    told, said = found.sentence().removesuffix(" at 95%").split(": below ")
    assert told == f"{times:,} collisions in {len(accepted):,} draws"
    assert float(said) == pytest.approx(found.collision_bound, rel=0.05)


def test_the_bound_in_the_sentence_is_one(few, judge):
    found, *_ = audited(few, judge, policy())
    for draws in range(20, 60):
        bound = upper_bound(0, draws)
        one = dataclasses.replace(found, draws=draws, collisions=0, collision_bound=bound)
        assert float(re.search(r"below (\S+) at", one.sentence())[1]) >= bound


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_record_of_any_split_can_be_collided_with(few, judge, split):
    accepted = audited(few, judge, policy())[1]
    reg, times = common(accepted, wanted=True)
    side = few.records.attribute("at_least_50") & (few.records.split == split)
    found, *_ = audited(with_regs(few, {int(np.flatnonzero(side)[0]): reg}), judge, policy())
    assert found.collisions == times


def test_planted_unwanted_regs_are_counted_exactly(few, judge):
    plain, accepted, _ = audited(few, judge, policy())
    assert plain.unwanted == sum(int(reg[2:4]) < 50 for reg in accepted.codes.tolist())
    reg, times = common(accepted, wanted=True)
    listed = policy(unwanted=Unwanted.of(["number < 50"], listed=[reg]))
    found, again, _ = audited(few, judge, listed)  # the same judge: the same points are accepted
    assert np.array_equal(again.z, accepted.z)
    assert found.unwanted == plain.unwanted + times
    assert found.unwanted_bound == upper_bound(found.unwanted, len(accepted))
    clear = len(accepted) - found.unwanted
    assert found.purity_interval == interval(clear, len(accepted))


@pytest.mark.parametrize("clean", [False, True])
def test_the_rest_of_the_audit_is_that_found_by_loops(few, judge, clean):
    chosen = policy(clean=clean)
    found, accepted, kept = audited(few, judge, chosen)
    assert (found.draws, found.results, found.looked_at) == (len(accepted), len(kept), len(kept))
    assert found.confidence == 0.95
    different = sorted(set(kept.codes.tolist()))
    assert found.distinct == len(different)
    assert found.valid == pytest.approx(uk_registration.ATTRIBUTES["valid"].values(kept.codes).mean())
    train = few.records.codes[few.records.split == "train"].tolist()
    test = few.records.codes[few.records.split == "test"].tolist()
    for shares, some in ((found.edits, different), (found.edits_held_out, test)):
        nearest = [min(levenshtein(one, other) for other in train) for one in some]
        assert shares == pytest.approx([nearest.count(n) / len(some) for n in range(8)])
    mean, sigma = few.autoencoder.encode(kept.codes)
    moved = [
        math.dist((z - m) / s, (0, 0)) for z, m, s in zip(kept.z, mean, sigma, strict=True)
    ]  # fmt: skip
    assert found.drift == pytest.approx(tuple(np.percentile(moved, [50, 95])), rel=1e-5)


def test_held_out_records_are_the_baseline_of_drift(few, judge):
    found, *_ = audited(few, judge, policy())
    test = few.records.mean[few.records.split == "test"]
    mean, sigma = few.autoencoder.encode(few.autoencoder.decode(test))
    moved = np.sqrt((((test - mean) / sigma).astype(float) ** 2).sum(axis=1))
    assert found.drift_held_out == pytest.approx(tuple(np.percentile(moved, [50, 95])), rel=1e-5)
    other = audited(few, judge, policy(rule=OneSided(2.0), seed=5))[0]
    assert other.drift_held_out == found.drift_held_out
    assert other.edits_held_out == found.edits_held_out


def test_what_extrapolates_drifts_more_than_what_was_held_out(few, judge):
    found, *_ = audited(few, judge, policy(rule=OneSided(2.5), proposal=Box(8.0)))
    assert found.drift[0] > 10 * found.drift_held_out[0]


def test_the_audit_of_nothing_knows_nothing(few, judge):
    found, *_ = audited(few, judge, policy(rule=OneSided(1e6)))
    assert (found.draws, found.results, found.looked_at, found.distinct) == (0, 0, 0, 0)
    assert (found.collision_bound, found.unwanted_bound) == (1, 1)
    assert found.purity_interval == (0, 1)
    assert found.valid is None
    assert found.drift is None
    assert found.sentence() == "nothing was accepted, so nothing is known of collisions"
    assert found.edits == [0.0] * 8
    assert sum(found.edits_held_out) == pytest.approx(1)


def test_an_audit_looks_closely_at_the_first_results_only(few, judge, monkeypatch):
    whole, accepted, _ = audited(few, judge, policy())
    monkeypatch.setattr(collisions, "CLOSELY", 40)
    monkeypatch.setattr(sampling, "BLOCK", 130)
    found, accepted, _ = audited(few, judge, policy())
    assert found.looked_at == 40 < found.results == len(accepted)
    assert found.distinct == len(set(accepted.codes[:40].tolist()))
    assert found.drift == pytest.approx(
        np.percentile(drift(few, accepted.z[:40], accepted.codes[:40]), [50, 95])
    )
    assert found.collisions == int(accepted.collision.sum())
    assert found.unwanted == int((~accepted.wanted).sum())
    assert found.edits_held_out == whole.edits_held_out


def test_an_audit_in_parts_is_the_audit_of_the_whole(few, judge):
    _, accepted, _ = audited(few, judge, policy())
    whole, parts = Auditor(few), Auditor(few)
    whole.add(Tally.of(1_000, accepted), accepted)
    for rows in np.array_split(np.arange(len(accepted)), 7):
        one = accepted.take(rows)
        parts.add(Tally.of(0, one), one)
    assert parts.finish() == whole.finish()


def test_an_audit_can_be_written_as_json(few, judge):
    found, *_ = audited(few, judge, policy())
    text = json.dumps(dataclasses.asdict(found), allow_nan=False)
    assert json.loads(text)["purity_interval"] == list(found.purity_interval)


def test_without_a_test_split_there_is_no_baseline(few):
    records = few.records
    rows = records.split != "test"
    parts = (getattr(records, field.name)[rows] for field in dataclasses.fields(records))
    small = dataclasses.replace(few, records=Records(*parts))
    assert results.run(small, policy()).audit.drift_held_out is None


# --- the leak hunter ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def leaky(bundle):
    """A bundle whose records are what their own means decode to: each can be collided with."""
    tenth = some_records(bundle, 20)
    decoded = tenth.autoencoder.decode(tenth.records.mean)
    return with_regs(tenth, dict(enumerate(decoded.tolist())))


@pytest.fixture(scope="module")
def hunted(leaky):
    """Hunt leaks in that bundle; the same hunt is not made twice."""
    made = {}

    def hunt(rule, *, budget=2_000, **changes):
        chosen = policy(rule=rule, **changes)
        key = chosen, budget
        if key not in made:
            judge = sampling.make_judge(leaky, chosen)
            made[key] = leaks.hunt(leaky, chosen, judge, budget=budget)
        return made[key]

    return hunt


def beyond(rule, found):
    """The rule with the number that clears the leaks, and with the next float to the old one."""
    old = rule.parameters()[found.parameter]
    next_ = float(np.nextafter(found.cleared_by, old))
    return [dataclasses.replace(rule, **{found.parameter: n}) for n in (found.cleared_by, next_)]


SURE = [OneSided(1.0), OneSided(2.5), TwoSided(0.5, 1.0), TwoSided(0.0, 3.0)]


@pytest.mark.parametrize("rule", SURE, ids=str)
def test_planted_leaks_are_found_and_cleared_by_the_number_that_is_named(hunted, rule):
    found = hunted(rule)
    leaks = found.leaks
    assert len(leaks) > 100
    assert leaks.leaks.all()
    assert rule.accepts(leaks.measures).all()
    cleared, almost = beyond(rule, found)
    assert not cleared.accepts(leaks.measures).any()
    assert almost.accepts(leaks.measures).any()
    old = rule.parameters()[found.parameter]
    assert found.cleared_by > old


@pytest.mark.parametrize("rule", SURE[2:], ids=str)
def test_the_leaks_are_what_they_are_said_to_be(leaky, hunted, rule):
    found = hunted(rule)
    known = set(leaky.records.codes.tolist())
    decoded = leaky.autoencoder.decode(found.leaks.z).tolist()
    assert found.leaks.codes.tolist() == decoded
    assert all(reg in known or int(reg[2:4]) < 50 for reg in decoded)
    measures = Judge.of(leaky, BELOW_50).measure(rule, found.leaks.z)
    for name, values in measures.items():
        np.testing.assert_allclose(found.leaks.measures[name], values, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("rule", SURE[:2], ids=str)
def test_small_steps_find_leaks_that_are_harder_to_remove(leaky, hunted, monkeypatch, rule):
    found = hunted(rule)
    monkeypatch.setattr(leaks, "_ROUNDS", 0)
    judge = Judge.of(leaky, BELOW_50)
    first = leaks.hunt(leaky, policy(rule=rule), judge, budget=2_000)
    assert len(first.leaks) > 0
    assert found.cleared_by > first.cleared_by
    assert first.tried == 2_000 + len(leaky.records) < found.tried


def test_a_hunt_draws_other_points_than_the_run(leaky, hunted):
    found = hunted(OneSided(1.0))
    run = sampling.sample(leaky, policy(proposals=2_000))
    assert not {tuple(z) for z in run.z.tolist()} & {tuple(z) for z in found.leaks.z.tolist()}


def test_a_leak_at_a_records_own_mean_is_found_though_no_proposal_comes_near(leaky, hunted):
    # Proposals from a box about the origin that is far smaller than the map.
    found = hunted(TwoSided(0.0, 3.0), proposal=Box(1e-3), budget=10)
    means = {tuple(mean) for mean in leaky.records.mean.astype(float).tolist()}
    assert means & {tuple(z) for z in found.leaks.z.tolist()}


def test_the_hardest_leaks_come_first(hunted):
    for rule in (OneSided(1.0), TwoSided(0.5, 1.0)):
        found = hunted(rule)
        measure = found.leaks.measures[rule.limits[0].measure]
        assert (np.diff(measure) <= 0).all()


def test_the_same_policy_has_the_same_leaks_and_another_seed_others(leaky, hunted):
    one, other = hunted(TwoSided()), hunted(TwoSided(), seed=1)
    same = leaks.hunt(leaky, policy(rule=TwoSided()), Judge.of(leaky, BELOW_50), budget=2_000)
    assert np.array_equal(one.leaks.z, same.leaks.z)
    assert (one.tried, one.accepted, one.cleared_by) == (same.tried, same.accepted, same.cleared_by)
    assert not np.array_equal(one.leaks.z, other.leaks.z)


def test_of_every_reg_the_hardest_points_are_kept(hunted):
    found = hunted(OneSided(1.0))
    names, counts = np.unique(found.leaks.codes, return_counts=True)
    assert counts.max() > 1
    assert len(found.leaks) < found.accepted
    assert found.cleared_by == found.leaks.measures["to_unwanted"].max()
    assert len(names) > 100


def test_other_proposals_are_hunted_from(hunted):
    found = hunted(TwoSided(), proposal=Around())
    assert len(found.leaks) > 0
    assert found.accepted <= found.tried


def test_without_leaks_the_hunt_says_so(few):
    rule = TwoSided(0.5, 1e-3)  # hardly anything is so near to a record
    found = leaks.hunt(few, policy(rule=rule), Judge.of(few, BELOW_50), budget=2_000)
    assert len(found.leaks) == 0
    assert found.tried == 2_000 + 200
    assert found.sentence() == f"none in 2,200 points tried, {found.accepted} of them accepted"
    assert (found.parameter, found.cleared_by) == ("margin", 0.5)
    assert found.summary()["hardest"] == []


# --- the number that clears the leaks -------------------------------------------------------------


def leaks_at(rule, values):
    """Made leaks, with the rule's first measure as given."""
    values = np.array(values)
    names = {limit.measure for limit in rule.limits}
    measures = {name: np.ones(len(values)) for name in names}
    measures[rule.limits[0].measure] = values
    none = np.zeros(len(values), bool)
    return Samples(np.zeros((len(values), 2)), measures, np.array(["AA00AAA"] * len(values)),
                   none, none.copy())  # fmt: skip


def cleared(rule, leaks):
    """The named number, after making sure that it accepts none of the leaks."""
    parameter, value = cleared_by(rule, leaks)
    assert not dataclasses.replace(rule, **{parameter: value}).accepts(leaks.measures).any()
    return parameter, value


@given(values=st.lists(st.floats(2.5, 1e6, exclude_min=True), min_size=1, max_size=9))
def test_a_threshold_at_the_farthest_leak_clears_all(values):
    rule = OneSided(2.5)
    assert cleared(rule, leaks_at(rule, values)) == ("threshold", max(values))


@given(values=st.lists(st.floats(0.5, 1e6), min_size=1, max_size=9))
def test_a_margin_just_beyond_the_hardest_leak_clears_all(values):
    rule = TwoSided(0.5, 2.0)
    expected = ("margin", np.nextafter(max(values), np.inf))
    assert cleared(rule, leaks_at(rule, values)) == expected


@given(values=st.lists(st.floats(0.02, 1, exclude_max=True), min_size=1, max_size=9))
def test_the_alpha_that_clears_all_is_the_least_strict(values):
    rule = Posterior(0.99, 0.02)
    leaks = leaks_at(rule, values)
    parameter, value = cleared(rule, leaks)
    assert parameter == "alpha"
    assert value == pytest.approx(1 - max(values), abs=1e-15)
    almost = dataclasses.replace(rule, alpha=float(np.nextafter(value, 1)))
    assert almost.accepts(leaks.measures).any()


def test_no_alpha_clears_a_share_that_rounds_to_one():
    rule = Posterior(0.5, 0.02)
    assert Posterior(0.0, 0.02).accepts(leaks_at(rule, [1.0]).measures).all()
    assert cleared_by(rule, leaks_at(rule, [0.7, 1.0])) == ("alpha", None)


@pytest.mark.parametrize("rule", [*SURE, Posterior(0.3, 0.1)], ids=str)
def test_without_leaks_the_number_stays(rule):
    parameter = next(iter(rule.parameters()))
    expected = (parameter, rule.parameters()[parameter])
    assert cleared_by(rule, leaks_at(rule, [])) == expected


def test_a_hunt_by_densities_that_no_alpha_clears_says_so(hunted):
    found = hunted(Posterior(0.1, 0.0))
    assert found.leaks.measures["wanted_share"].max() >= 1
    assert (found.parameter, found.cleared_by) == ("alpha", None)
    assert found.sentence().endswith("; no alpha removes them all")


def wide(bundle, factor):
    """The bundle with wider Gaussians: both sides have a share everywhere."""
    records = bundle.records
    sigma = (records.sigma * np.float32(factor)).astype(np.float32)
    return dataclasses.replace(bundle, records=dataclasses.replace(records, sigma=sigma))


def test_a_hunt_by_densities_names_an_alpha_that_clears(leaky):
    place = wide(leaky, 4)
    rule = Posterior(0.4, 0.0)
    chosen = policy(rule=rule)
    made = Judge.of(place, BELOW_50, dataclasses.replace(sampling.calibrate(place), scale=1.0))
    found = leaks.hunt(place, chosen, made, budget=2_000)
    assert len(found.leaks) > 100
    assert found.leaks.measures["wanted_share"].max() < 1
    assert rule.accepts(found.leaks.measures).all()
    assert 0 < found.cleared_by < 0.4
    clear, almost = beyond(rule, found)
    assert not clear.accepts(found.leaks.measures).any()
    assert almost.accepts(found.leaks.measures).any()


# --- what the hunt says ---------------------------------------------------------------------------


def test_the_hunt_is_told_in_a_sentence_and_for_json(hunted):
    found = hunted(OneSided(1.0))
    leaks = found.leaks
    unwanted, known = (
        len(set(leaks.codes[rows].tolist())) for rows in (~leaks.wanted, leaks.collision)
    )
    told, said = found.sentence().split("; threshold ")
    assert told == (
        f"{unwanted:,} unwanted regs and {known:,} records found in {found.tried:,} points tried, "
        f"{found.accepted:,} of them accepted"
    )
    assert float(said.removesuffix(" removes them all")) == pytest.approx(
        found.cleared_by, rel=1e-5
    )
    assert min(unwanted, known) > 1
    summary = json.loads(json.dumps(found.summary(), allow_nan=False))
    assert (summary["found"], summary["tried"]) == (len(leaks), found.tried)
    assert (summary["accepted"], summary["parameter"]) == (found.accepted, "threshold")
    assert summary["cleared_by"] == found.cleared_by
    assert [one["reg"] for one in summary["hardest"]] == leaks.codes[:10].tolist()
    assert [one["z"] for one in summary["hardest"]] == leaks.z[:10].tolist()


def test_one_leak_is_told_as_one():
    leaks = leaks_at(OneSided(1.0), [3.5])
    assert Hunt(leaks, 9, 7, "threshold", 3.5).sentence() == (
        "1 unwanted reg and 0 records found in 9 points tried, 7 of them accepted; "
        "threshold 3.5 removes them all"
    )


@pytest.mark.parametrize("rule", [OneSided(1.0), TwoSided(), Posterior(0.5)], ids=str)
def test_the_number_in_the_sentence_clears_the_leaks_too(rule):
    leaks = leaks_at(rule, [7.00000123 if rule.name != "posterior" else 0.70000012])
    parameter, value = cleared(rule, leaks)
    sentence = Hunt(leaks, 9, 9, parameter, value).sentence()
    said = float(re.search(rf"{parameter} (\S+) removes them all", sentence)[1])
    assert not dataclasses.replace(rule, **{parameter: said}).accepts(leaks.measures).any()
