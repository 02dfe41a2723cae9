"""What is measured, proposed and counted of a bundle without its records."""

import numpy as np
import pytest

import regvae
from regvae.audit.leaks import hunt
from regvae.generation.results import generate
from regvae.latent.plane import Plane
from regvae.model.bundle import NoRecordsError
from regvae.model.release import release
from regvae.rejection import proposals, sampling
from regvae.rejection.calibration import calibrate
from regvae.rejection.measures import Measurer
from regvae.rejection.nearest import accepted_records, nearest_accepted
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Around, Box, Prior
from regvae.rejection.report import warning
from regvae.rejection.rules import RULES, Certified, Learned, OneSided, Posterior, TwoSided
from regvae.rejection.unwanted import Unwanted

BELOW_50 = Unwanted.of(["number < 50"])


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """The release of ordered-2d."""
    out = tmp_path_factory.mktemp("released") / "shared"
    return regvae.load(release("ordered-2d", out))


@pytest.fixture(scope="module")
def deep(tmp_path_factory):
    """The release of exact-15d."""
    out = tmp_path_factory.mktemp("released") / "deep"
    return regvae.load(release("exact-15d", out))


def policy(**changes):
    return Policy("shared", **{"unwanted": BELOW_50, "rule": Certified(q=0)} | changes)


@pytest.mark.parametrize("rule", [OneSided(), TwoSided(), Posterior(), Certified(q=0.001)])
def test_rules_about_records_are_refused(released, rule):
    with pytest.raises(NoRecordsError, match=f"for the rule {rule.name}.* got shared, which was"):
        sampling.sample(released, policy(rule=rule))


def test_no_other_rule_needs_records():
    usual = {name for name, kind in RULES.items() if kind.needs_records}
    assert usual == {"one-sided", "two-sided", "posterior"}
    about = {
        (name, one.name) for name, k in RULES.items() for one in k.parameters() if one.of_records
    }
    assert about == {("posterior", "q"), ("certified", "q")}


def test_certified_accepts_by_the_margin_alone_as_the_original_does_with_q_0(released):
    samples = sampling.sample(released, policy(proposals=3000))
    original = regvae.load("ordered-2d")
    same = sampling.sample(original, Policy("ordered-2d", BELOW_50, Certified(q=0), proposals=3000))
    assert np.array_equal(samples.z, same.z)
    assert np.array_equal(samples.codes, same.codes)
    accepted, before = (Certified(q=0).accepts(one.measures) for one in (samples, same))
    assert 1000 < accepted.sum() < 2000
    # The original also refuses codes that are records: which they are, the release cannot know.
    assert np.array_equal(accepted & ~same.collision, before)
    assert samples.wanted[accepted].all()
    assert not samples.measures["typicality"].any()
    assert not Certified(q=0.001).accepts(samples.measures).any()


def test_a_report_has_no_collisions_rather_than_none_of_them(released):
    samples = sampling.sample(released, policy())
    assert samples.released
    assert samples.take(np.arange(3)).released
    report = sampling.report(samples, Certified(q=0))
    assert report.collisions is None
    assert warning(report) is None
    assert sampling.held_out_measures(released, BELOW_50, Certified, None) is None


def test_results_never_count_as_new(released):
    rule = Learned()
    outcome = generate(released, policy(results=5, decode="drawn"))
    audit = outcome.audit
    assert (audit.collisions, audit.collision_bound, audit.edits, audit.drift_held_out) == (
        *(None, None, [], None),
    )
    assert outcome.headline() == (
        "5 results: 5 different regs, none unwanted; whether any is a record is not known"
    )
    assert "may be one of them" in audit.sentence()
    none = generate(released, policy(proposals=1, rule=Certified(m=5.0, q=0.0), seed=3))
    assert none.headline() in ("no regs", none.headline())
    found = hunt(
        released,
        policy(rule=rule),
        sampling.make_measurer(released, policy(rule=rule)),
        budget=2000,
    )
    assert "record" not in found.sentence()


def test_points_are_proposed_from_the_prior_in_many_dimensions_and_never_around(released, deep):
    assert proposals.usual(released) == Box()
    assert proposals.usual(deep) == Prior()
    for one in (Around(), Around(1.0)):
        with pytest.raises(NoRecordsError, match=r"to propose around, .*; propose from the prior"):
            one.draw(5, released, np.random.default_rng(0))
        with pytest.raises(NoRecordsError, match="to propose around"):
            one.contains(np.zeros((1, 2)), released)
    with pytest.raises(NoRecordsError, match="to calibrate"):
        calibrate(released)


def test_training_codes_cannot_be_unwanted(released):
    training = Unwanted.of(training=True)
    for use in (
        lambda: Measurer.of(released, training),
        lambda: training.of_codes(released.format.array(["AB12CDE"]), released),
    ):
        with pytest.raises(NoRecordsError, match="to know which codes it was trained on"):
            use()


def test_regions_and_lists_are_unwanted_by_the_encoder(released):
    square = [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]
    unwanted = Unwanted.of(regions=[square], listed=["AB12CDE"])
    codes = regvae.load("ordered-2d").records.codes[:500]
    original = regvae.load("ordered-2d")
    assert np.array_equal(unwanted.of_codes(codes, released), unwanted.of_codes(codes, original))


def test_a_measurer_has_no_distances_and_still_finds_the_nearest_accepted_point(released):
    measurer = Measurer.of(released, BELOW_50)
    for side in ("unwanted", "wanted"):
        with pytest.raises(NoRecordsError, match="to measure distances from"):
            getattr(measurer, side)
    assert accepted_records(measurer, Certified(q=0)).shape == (0, 2)
    found = nearest_accepted(measurer, Certified(q=0), [-1.0, 0.0])
    assert found is not None
    assert Certified(q=0).accepts(measurer.measure(Certified, [found]))[0]
    assert np.linalg.norm(found - [-1, 0]) < 1.5


def test_the_map_of_a_release_shows_about_what_that_of_the_original_does(released, deep):
    for one, name in ((released, "ordered-2d"), (deep, "exact-15d")):
        records = regvae.load(name).records
        for made, before in (
            (Plane.axes(one.records, 1, 2), Plane.axes(records, 1, 2)),
            (Plane.principal(one.records), Plane.principal(records)),
        ):
            assert made.share == pytest.approx(before.share, abs=0.01)
            assert made.origin == pytest.approx(before.origin, abs=0.001)
            assert made.basis == pytest.approx(before.basis, abs=0.002)
            assert 0.6 < made.extent / before.extent < 1.6
