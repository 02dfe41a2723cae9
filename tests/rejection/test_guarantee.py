"""The guarantee: numbers chosen by tests reach the purity, or nothing is accepted and a sentence
tells why."""

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from regvae.intervals import upper_bound
from regvae.rejection import guarantee, sampling
from regvae.rejection.guarantee import check_target, guaranteed, needed
from regvae.rejection.policy import DRAWN, Guarantee, Policy, PolicyError
from regvae.rejection.rules import Certified, OneSided, Posterior
from regvae.rejection.samples import Samples
from regvae.rejection.unwanted import Unwanted
from tests.new_rule import Toy

BELOW_50 = Unwanted.of(["number < 50"])
WORST = 0.32
"""Of the synthetic points: the share of unwanted ones where the first measure is 0; 0 at 1."""


def policy(**changes):
    return Policy("notebook-2d", **{"unwanted": BELOW_50, "rule": Toy()} | changes)


@pytest.fixture
def synthetic(monkeypatch):
    """Points whose first measure u is uniform in [0, 1], and unwanted with probability
    WORST (1 - u)^3, whatever the second measure is: so the purity of u >= t is
    1 - WORST (1 - t)^3 / 4, which is 0.99 at t = 0.5."""

    def fresh(_, policy, measurer, n, use):  # noqa: ARG001
        rng = np.random.default_rng([policy.seed, *use.encode()])
        names = [one.measure for one in policy.rule.parameters()]
        measures = {name: rng.random(n) for name in names}
        wanted = rng.random(n) >= WORST * (1 - measures[names[0]]) ** 3
        return Samples(np.zeros((n, 2)), measures, np.full(n, "AB12CDE"), wanted, ~wanted)

    monkeypatch.setattr(guarantee, "fresh", fresh)
    monkeypatch.setattr(guarantee, "PILOT", 5_000)
    monkeypatch.setattr(guarantee, "_STEPS", 100)

    def run(purity=0.99, *, tested=20_000, confidence=0.95, **changes):
        chosen = policy(**changes)
        nothing: Any = SimpleNamespace(sha256="")
        return guaranteed(nothing, chosen, purity, confidence, measurer=object(), tested=tested)

    return run


def true_purity(rule):
    return 1 - WORST * (1 - rule.limits[0].value) ** 3 / 4


@pytest.mark.parametrize(
    ("rule", "repetitions"),
    [(Toy(), 200), (Posterior(), 40)],
    ids=["one parameter", "two parameters"],
)
def test_the_purity_is_reached_as_often_as_is_promised(synthetic, rule, repetitions):
    found = [synthetic(rule=rule, seed=seed) for seed in range(repetitions)]
    certified = [one for one in found if one.guarantee.certified]
    reached = [true_purity(one.rule) >= 0.99 for one in certified]
    assert np.mean(reached) >= 0.95
    assert len(certified) >= repetitions - 1
    # The tests give little away: half of the points could be accepted.
    assert np.median([one.guarantee.accepted for one in certified]) > 0.42 * 20_000


def test_the_counts_are_those_of_the_rule_that_was_chosen(synthetic):
    found = synthetic()
    samples = guarantee.fresh(None, policy(), None, 20_000, "guarantee: tests")
    passed = found.rule.accepts(samples.measures)
    told = found.guarantee
    assert (told.accepted, told.leaks) == (passed.sum(), (passed & ~samples.wanted).sum())
    assert (told.purity, told.confidence, told.proposals, told.seed) == (0.99, 0.95, 20_000, 0)
    assert told.bound == pytest.approx(1 - upper_bound(told.leaks, told.accepted, 0.975))
    assert told.sequences == 2  # from the strictest number, and from the surest
    assert 0.99 <= told.bound <= 1 - told.leaks / told.accepted


def test_several_sequences_share_the_error(synthetic):
    found = synthetic(rule=Posterior()).guarantee
    assert found.sequences > 1
    error = 0.05 / found.sequences
    assert found.bound == pytest.approx(1 - upper_bound(found.leaks, found.accepted, 1 - error))
    assert found.bound >= 0.99


def test_the_same_seed_gives_the_same_guarantee(synthetic):
    assert synthetic(seed=3) == synthetic(seed=3)
    assert synthetic(seed=3).rule != synthetic(seed=4).rule


def test_where_nothing_can_be_shown_nothing_is_accepted_and_a_sentence_tells_it(synthetic):
    found = synthetic(purity=0.99999)
    assert not found.guarantee.certified
    assert found.abstains
    sentence = found.guarantee.sentence("box")
    assert sentence.startswith(
        "expected numbers of this rule with purity at least 0.99999 at 95% confidence, for points "
        "proposed from box, got none that tests show ("
    )
    assert sentence.endswith("so nothing is accepted; lower the purity, or use the rule certified")
    missing = (
        needed(0.99999, 1 - 0.05 / max(1, found.guarantee.sequences)) - found.guarantee.accepted
    )
    assert found.guarantee.missing == missing > 200_000
    assert f"; {missing:,} more accepted ones are needed)" in sentence


def test_as_many_points_as_are_needed_just_pass():
    for purity, confidence in ((0.999, 0.95), (0.99, 0.9), (0.5, 0.5)):
        n = needed(purity, confidence)
        assert purity**n <= 1 - confidence < purity ** (n - 1)


@pytest.mark.parametrize("name", ["purity", "confidence"])
@pytest.mark.parametrize("value", [0, 1, 1.5, -0.1, float("nan")])
def test_a_target_that_no_points_show_is_refused(name, value):
    target = {"purity": 0.999, "confidence": 0.95} | {name: value}
    with pytest.raises(PolicyError) as error:
        check_target(OneSided(), **target)
    shows = "no number of points shows that: " if value >= 1 else ""
    more = ", or the rule certified, whose purity is 1 by construction" if value >= 1 else ""
    assert str(error.value) == (
        f"expected a {name} above 0 and below 1, got {value:g}; {shows}choose such as 0.999{more}"
    )


def test_a_rule_that_is_certain_needs_no_guarantee():
    with pytest.raises(PolicyError, match="got certified, whose purity is 1 by construction"):
        check_target(Certified(), 0.999, 0.95)


def test_a_guarantee_comes_back_from_its_file(synthetic):
    found = synthetic()
    again = Policy.from_toml(dataclasses.replace(found, rule=OneSided(1.5)).to_toml())
    assert again.guarantee == found.guarantee


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("purity = 0.99", "purity = 1.0", "purity and confidence between 0 and 1"),
        ("purity = 0.99", "purity = nan", "purity and confidence between 0 and 1"),
        ("leaks = 1", "leaks = 2001", "no more leaks than accepted points"),
        ("certified = true", "certified = 1", "expected 'certified' as bool, got int"),
        ("leaks = 1", "", "expected 'leaks', got none; add it"),
    ],
)
def test_a_guarantee_that_cannot_be_is_refused(old, new, told):
    shown = Guarantee(0.99, 0.95, True, 2000, 1, 20_000, 1, 0)
    text = policy(rule=OneSided(), guarantee=shown).to_toml()
    assert old in text
    with pytest.raises(PolicyError, match=told):
        Policy.from_toml(text.replace(old, new))


def test_codes_that_are_drawn_are_judged_as_drawn(few):
    chosen = policy(rule=OneSided(), decode=DRAWN)
    measurer = sampling.make_measurer(few, chosen)
    found = guaranteed(few, chosen, 0.05, measurer=measurer, tested=5_000)
    samples = sampling.fresh(few, chosen, measurer, 5_000, "guarantee: tests")
    drawn = ~samples.wanted & found.rule.accepts(samples.measures)
    assert found.guarantee.leaks == drawn.sum() > 0
    likeliest = few.autoencoder.decode(samples.z)
    assert (samples.codes != likeliest).mean() > 0.5
    by_likeliest = BELOW_50.of_codes(likeliest, few) & found.rule.accepts(samples.measures)
    assert drawn.sum() != by_likeliest.sum()


def test_a_policy_that_abstains_accepts_nothing(few):
    shown = Guarantee(0.999, 0.95, False, 10, 5, 20_000, 1, 0)
    chosen = policy(rule=OneSided(0.0), proposals=5_000, results=10, guarantee=shown)
    [block] = sampling.stream(few, chosen)
    assert len(block.accepted) == len(block.kept) == block.tally.accepted == 0
    assert block.tally.proposed > 0
