"""The rule certified: whatever the network, all that it accepts is wanted, new and typical."""

import dataclasses

import numpy as np
import pytest

from regvae.rejection import sampling
from regvae.rejection.calibration import calibrate
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Box
from regvae.rejection.rules import RULES, Certified, OneSided
from regvae.rejection.unwanted import Unwanted
from tests.rejection.small import SMALL, small_bundle

UNWANTED = Unwanted.of(
    ["digit < 2 and first == A or sum == 3"], listed=["B4D2", "C3A1"], training=True, format=SMALL
)


def is_wanted(code):
    by_predicates = (int(code[1]) < 2 and code[0] == "A") or int(code[1]) + int(code[3]) == 3
    return not by_predicates and code not in ("B4D2", "C3A1")


def accepted(bundle, policy):
    """The accepted points of a run, joined."""
    blocks = [block.accepted for block in sampling.stream(bundle, policy)]
    return [code for one in blocks for code in one.codes.tolist()], np.vstack(
        [one.z for one in blocks]
    )


@pytest.mark.parametrize("likelihood", ["categorical", "bernoulli"])
@pytest.mark.parametrize("decode", ["likeliest", "drawn"])
@pytest.mark.parametrize("rule", [Certified(0.0, 0.0), Certified(), Certified(0.5, 0.2)], ids=str)
def test_all_that_is_accepted_is_wanted_and_no_record(rule, decode, likelihood):
    found = 0
    for seed in range(6):
        bundle = small_bundle(100 + seed, likelihood)
        policy = Policy(
            bundle.name, UNWANTED, rule, Box(8.0), proposals=2_000, decode=decode, repeats=True
        )
        codes, z = accepted(bundle, policy)
        known = set(bundle.records.codes.tolist())
        assert all(is_wanted(code) and code not in known for code in codes)
        assert (calibrate(bundle).typicality(z) >= rule.q).all()
        found += len(codes)
    assert found > 20


def test_all_good_codes_are_accepted_without_a_margin_and_typicality():
    bundle = small_bundle(7)
    policy = Policy(bundle.name, UNWANTED, Certified(0.0, 0.0), Box(4.0), repeats=True)
    everything = sampling.sample(bundle, policy)
    codes, _ = accepted(bundle, policy)
    good = everything.codes[everything.wanted & ~everything.collision]
    assert codes == good.tolist()
    assert 50 < len(codes) < 950


def test_typicality_is_that_of_the_calibration_where_the_code_is_good(bundle, shipped):
    unwanted = Unwanted.of(["number < 50"])
    z = np.random.default_rng(0).normal(size=(300, 2))
    found = Measurer.of(bundle, unwanted, shipped).measure(Certified, z)
    good = found["margin"] >= 0
    assert 30 < good.sum() < 270
    np.testing.assert_allclose(found["typicality"][good], shipped.typicality(z)[good], rtol=1e-9)
    assert (found["typicality"][~good] == 0).all()


def test_its_purity_is_one_and_no_estimate():
    bundle = small_bundle(7)
    policy = Policy(bundle.name, UNWANTED, Certified(), Box(4.0))
    samples = sampling.sample(bundle, policy)
    report = sampling.report(samples, policy.rule)
    assert report.accepted > 20
    assert (report.purity, report.purity_interval, report.collisions) == (1.0, (1.0, 1.0), 0)
    none = sampling.report(samples, Certified(m=1e6))
    assert (none.accepted, none.purity, none.purity_interval) == (0, None, (0.0, 1.0))


def test_the_other_rules_have_an_interval():
    bundle = small_bundle(7)
    policy = Policy(bundle.name, UNWANTED, OneSided(0.1), Box(4.0))
    report = sampling.report(sampling.sample(bundle, policy), policy.rule)
    low, high = report.purity_interval
    assert 0 < low < report.purity < high < 1


def test_it_is_the_rule_of_a_policy_that_names_none():
    assert Policy("notebook-2d", Unwanted.of(["number < 50"])).rule == Certified()
    assert [rule.name for rule in RULES.values() if rule.certain] == ["certified"]


def test_a_code_on_the_list_of_records_is_refused_however_likely():
    bundle = small_bundle(7)
    policy = Policy(bundle.name, UNWANTED, Certified(0.0, 0.0), Box(4.0), repeats=True)
    codes, _ = accepted(bundle, policy)
    records = bundle.records
    renamed = records.codes.copy()
    renamed[0] = codes[0]  # now it is a record
    place = dataclasses.replace(bundle, records=dataclasses.replace(records, codes=renamed))
    assert codes[0] not in accepted(place, policy)[0]
