"""Reports: recall and the oracle counted by hand, and the warning of many records."""

import dataclasses

import numpy as np
import pytest

from regvae.rejection import sampling
from regvae.rejection.calibration import calibrate
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Around, Box
from regvae.rejection.report import SUPPORT, Recall, Tally, refusals, warning
from regvae.rejection.rules import Certified, OneSided, Posterior
from regvae.rejection.samples import Samples
from regvae.rejection.unwanted import Unwanted

BELOW_50 = Unwanted.of(["number < 50"])
YES, NO = True, False


def samples_of(wanted):
    """Samples of which the given ones are wanted, and none is a record."""
    n = len(wanted)
    codes = np.array(["AA00AAA"] * n)
    return Samples(np.zeros((n, 2)), {}, codes, np.array(wanted), np.zeros(n, bool))


# --- refusals -------------------------------------------------------------------------------------


def test_each_refusal_has_its_first_reason():
    wanted = np.array([NO, NO, YES, YES, YES, YES, YES])
    collision = np.array([NO, YES, YES, NO, NO, NO, NO])
    measures = {
        "margin": np.array([-1, -1, -np.inf, 0.5, 0.5, 2, 2]),
        "typicality": np.array([0, 0, 0, 0.01, 0.5, 0.01, 0.5]),
    }
    few = dataclasses.replace(
        samples_of(wanted), measures=measures, wanted=wanted, collision=collision
    )
    rule = Certified(m=1.0, q=0.02)
    assert refusals(rule, few) == {"unwanted": 2, "record": 1, "m": 2, "q": 1}
    assert rule.accepts(few.measures).sum() == 7 - 6
    near = dataclasses.replace(few, measures={"to_unwanted": np.arange(7.0)})
    assert refusals(OneSided(2.0), near) == {"threshold": 3}  # it judges no code


# --- recall ---------------------------------------------------------------------------------------


def test_recall_is_counted_among_the_wanted():
    wanted = [YES, YES, YES, YES, NO, NO, NO, NO]
    accepted = np.array([YES, YES, YES, NO, YES, NO, NO, NO])
    typicality = np.array([0.5, SUPPORT, 0.019, 0.9, 0.5, 0.5, 0.0, 0.0])
    found = Recall.of(samples_of(wanted), accepted, typicality)
    assert found == Recall(proposed=8, wanted=4, found=3, supported=3, found_supported=2)
    assert (found.oracle, found.recall) == (0.5, 0.75)
    assert found.recall_in_support == pytest.approx(2 / 3)
    unmeasured = Recall.of(samples_of(wanted), accepted)
    assert unmeasured == Recall(8, 4, 3)
    assert (unmeasured.oracle, unmeasured.recall) == (0.5, 0.75)
    assert unmeasured.recall_in_support is None


def test_without_wanted_codes_there_is_no_recall():
    found = Recall.of(samples_of([NO, NO]), np.array([YES, NO]), np.ones(2))
    assert (found.oracle, found.recall, found.recall_in_support) == (0.0, None, None)
    outside = Recall.of(samples_of([YES, NO]), np.array([YES, NO]), np.zeros(2))
    assert (outside.recall, outside.recall_in_support) == (1.0, None)


@pytest.mark.parametrize("decode", ["likeliest", "drawn"])
@pytest.mark.parametrize("proposal", [Box(3.0), Around()], ids=lambda one: one.name)
@pytest.mark.parametrize(
    "rule", [OneSided(1.0), Posterior(0.1), Certified(0.5)], ids=lambda r: r.name
)
def test_recall_is_that_counted_by_a_loop(few, rule, proposal, decode):
    policy = Policy("notebook-2d", BELOW_50, rule, proposal, decode=decode)
    calibration = calibrate(few)
    measurer = Measurer.of(few, BELOW_50, calibration)
    drawn = []
    kind = type(proposal)
    with pytest.MonkeyPatch.context() as patch:
        original = kind.draw

        def spy(self, *of):
            drawn.append(original(self, *of))
            return drawn[-1]

        patch.setattr(kind, "draw", spy)
        found = sampling.recall(few, policy, measurer, proposals=400)
    (z,) = drawn
    # The likeliest codes, however the policy decodes: what a place decodes to does not vary.
    codes = few.autoencoder.decode(z)
    accepted = rule.accepts(measurer.measure(rule, z, codes))
    inside = calibration.typicality(z) >= 0.02
    counts = [len(z), 0, 0, 0, 0]
    for code, passed, dense in zip(codes.tolist(), accepted, inside, strict=True):
        if int(code[2:4]) >= 50:
            counts = np.add(counts, [0, 1, passed, dense, passed and dense]).tolist()
    assert dataclasses.astuple(found) == tuple(counts)
    assert 0 < found.found <= found.wanted < 400
    assert not np.isin(z, sampling.sample(few, policy, measurer).z).any()  # a stream of its own


def test_recall_in_the_support_is_counted_only_with_a_calibration(few):
    policy = Policy("notebook-2d", BELOW_50, OneSided(1.0))
    calibrated = Measurer.of(few, BELOW_50, calibrate(few))
    found = [
        sampling.recall(few, policy, one, 300) for one in (Measurer.of(few, BELOW_50), calibrated)
    ]
    assert found[1].supported > found[1].found_supported > 0
    assert found[0] == dataclasses.replace(found[1], supported=None, found_supported=None)


# --- the warning of many records ------------------------------------------------------------------


def report_of(accepted, collisions):
    return Tally(1_000, accepted, accepted, collisions).report(OneSided(), 2)


def test_more_than_a_twentieth_of_records_is_warned_of():
    assert warning(report_of(100, 5)) is None
    assert warning(report_of(0, 0)) is None
    assert warning(report_of(1_500, 90)) == (
        "90 of 1,500 accepted points (6%) decode to records: propose with a larger scale, or use "
        "the rule certified"
    )


def test_the_share_of_unseen_codes_is_good_and_turing_s():
    small_codes = 40
    rng = np.random.default_rng(3)
    shares = []
    for _ in range(300):
        drawn = rng.integers(small_codes, size=60)
        codes = np.array([f"AA{one:02d}AAA" for one in drawn])
        none = np.zeros(len(codes), bool)
        tally = Tally.of(100, Samples(np.zeros((60, 2)), {}, codes, ~none, none))
        found = tally.report(OneSided(), 2).unseen
        counts = np.bincount(drawn, minlength=small_codes)
        assert found == (counts == 1).sum() / 60  # counted another way
        shares.append((found, (counts == 0).mean()))
    estimated, true = np.mean(shares, axis=0)
    assert estimated == pytest.approx(true, abs=0.02)
    assert Tally(proposed=5).report(OneSided(), 2).unseen is None


def test_codes_that_occur_once_are_counted_over_blocks(bundle):
    policy = Policy("notebook-2d", Unwanted.of(["number < 50"]), OneSided(1.0), proposals=5_000)
    blocks = list(sampling.stream(bundle, policy))
    codes = [code for block in blocks for code in block.accepted.codes.tolist()]
    assert len(blocks) > 1
    total = sum((block.tally for block in blocks), Tally())
    assert total.once == sum(codes.count(one) == 1 for one in set(codes))
    assert total.usable == len(codes)
