"""The accountant against closed forms and another accountant, and what a budget allows."""

import math
from dataclasses import asdict, replace

import pytest
from dp_accounting import GaussianDpEvent, PoissonSampledDpEvent
from dp_accounting.rdp import RdpAccountant
from scipy import optimize, stats

from regvae.model import bundle as bundles
from regvae.model.config import Data, Network, Order, Phase, Preset, Privacy, Training
from regvae.model.privacy import Budget, epsilon, trade_off

PRESET = Preset(
    "private",
    Network(2, (8,), (8,)),
    Data(sizes=(1_000, 10, 10)),
    Training((Phase(0.01, 5),), batch_size=300, privacy=Privacy(2.0, 1.5, 1e-4)),
)


def analytic(noise, delta):
    """Epsilon of one Gaussian mechanism with a sensitivity of 1: Balle and Wang, "Improving the
    Gaussian mechanism for differential privacy", 2018, theorem 8."""

    def excess(value):
        low, high = 1 / (2 * noise) - value * noise, -1 / (2 * noise) - value * noise
        tail = stats.norm.logcdf(high) + value
        return stats.norm.cdf(low) - float(2.718281828459045**tail) - delta

    return optimize.brentq(excess, 0, 200)


@pytest.mark.parametrize(("noise", "steps"), [(0.7, 1), (4.0, 1), (8.0, 40), (20.0, 400)])
def test_whole_batches_have_the_epsilon_of_the_analytic_gaussian_mechanism(noise, steps):
    # Steps with whole batches are one mechanism with less noise.
    expected = analytic(noise / steps**0.5, 1e-5)
    assert epsilon(1.0, noise, steps, 1e-5) == pytest.approx(expected, rel=2e-3, abs=2e-3)


@pytest.mark.parametrize(("rate", "noise", "steps"), [(0.1, 2.0, 500), (0.01, 0.8, 1000)])
def test_a_sampled_batch_has_an_epsilon_between_a_weaker_bound_and_nothing(rate, noise, steps):
    ours = epsilon(rate, noise, steps, 1e-5)
    renyi = RdpAccountant()
    renyi.compose(PoissonSampledDpEvent(rate, GaussianDpEvent(noise)), steps)
    bound = renyi.get_epsilon(1e-5)
    assert 0.75 * bound < ours <= bound
    assert ours < epsilon(1.0, noise, steps, 1e-5)


def test_more_steps_less_noise_and_larger_batches_cost_more():
    usual = epsilon(0.1, 2.0, 100, 1e-5)
    assert usual < epsilon(0.1, 2.0, 200, 1e-5)
    assert usual < epsilon(0.1, 1.5, 100, 1e-5)
    assert usual < epsilon(0.2, 2.0, 100, 1e-5)
    assert usual < epsilon(0.1, 2.0, 100, 1e-6)


def test_a_budget_counts_the_steps_of_the_full_batches_of_all_epochs():
    budget = Budget.of(PRESET)
    assert (budget.steps, budget.sampling_rate) == (15, 0.3)
    assert (budget.clip, budget.noise_multiplier, budget.delta) == (2.0, 1.5, 1e-4)
    assert budget.epsilon == epsilon(0.3, 1.5, 15, 1e-4)
    assert Budget.from_dict(vars(budget)) == budget
    assert budget.sentence("regs").startswith(f"epsilon {budget.epsilon:.2f} at delta 0.0001")
    with pytest.raises(ValueError, match=r"expected epsilon, delta, .* train the bundle again"):
        Budget.from_dict({"epsilon": 1.0})


def test_a_bundle_without_private_training_has_no_privacy():
    assert bundles.load("notebook-2d").privacy is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"clip": 0.0}, "expected a clip above 0, got 0.0; raise it"),
        ({"clip": float("nan")}, "a finite number of 0 or more as the clip"),
        ({"noise_multiplier": 0.2}, "a noise multiplier of at least 0.3"),
        ({"delta": 0.0}, "a delta between 0 and 1, got 0.0"),
        ({"delta": 1.0}, "a delta between 0 and 1, got 1.0"),
    ],
)
def test_wrong_privacy_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Privacy(**{"clip": 1.0, "noise_multiplier": 1.0, "delta": 1e-5} | change)


def test_what_has_no_gradient_of_its_own_is_refused():
    with pytest.raises(ValueError, match=r"no orders in private training.*\['number'\]; leave"):
        replace(PRESET.training, orders=(Order("number", 1),))
    with pytest.raises(ValueError, match="a share of random codes below 1 in private training"):
        replace(PRESET.training, random_share=1.0)


def test_noise_that_hides_nothing_is_refused_before_the_accountant_takes_minutes():
    weak = replace(PRESET.training, privacy=Privacy(1.0, 0.3))
    with pytest.raises(ValueError, match=r"noise that hides a record, got 'a multiplier of 0.3 in"):
        replace(PRESET, training=replace(weak, phases=(Phase(0.01, 1_000),)))
    assert Budget.of(replace(PRESET, training=replace(weak, phases=(Phase(0.01, 1),)))) is not None


def test_a_private_preset_is_restored_from_its_dict_and_an_older_one_has_no_privacy():
    values = PRESET.to_dict()
    assert Preset.from_dict(values) == PRESET
    del values["training"]["privacy"]
    assert Preset.from_dict(values).training.privacy is None


def test_what_an_attack_can_find_is_bounded_from_both_sides():
    three = math.log(3)
    assert trade_off(0.0, three, 0.1) == pytest.approx(0.1)
    assert trade_off(0.1, three, 0.1) == pytest.approx(0.4)
    corner = 0.225  # 3 f + 0.1 = 1 - (0.9 - f) / 3
    assert trade_off(corner, three, 0.1) == pytest.approx(3 * corner + 0.1)
    assert trade_off(0.9, three, 0.1) == pytest.approx(1 - (1 - 0.1 - 0.9) / 3)
    assert trade_off(1.0, three, 0.1) == 1
    assert [trade_off(f, 0.0, 0.0) for f in (0.0, 0.01, 0.5)] == pytest.approx([0.0, 0.01, 0.5])
    assert trade_off(0.5, 1e4, 0.0) == 1
    assert trade_off(0.25, three, 0.0) == pytest.approx(0.75)  # randomised response reaches it


def test_the_bound_of_several_deltas_is_that_of_the_gaussian_mechanism():
    # All records in one step: replacing one moves the sum by two clips, so by 2 / s in units of the
    # noise, and the best test of two normal distributions finds this much (Dong et al., 2022).
    budget = Budget(0.0, 1e-5, 1.0, 1.5, 1.0, 1, "by hand")
    for rate in (0.001, 0.01, 0.2):
        exact = stats.norm.cdf(stats.norm.ppf(rate) + 2 / 1.5)
        assert exact <= budget.most_found(rate) <= exact * 1.1 + 0.002


def test_replacing_a_record_costs_more_than_adding_one():
    given = 0.1, 2.0, 50, 1e-5
    assert epsilon(*given) < epsilon(*given, replace=True) < 3 * epsilon(*given)


@pytest.mark.parametrize(
    "wrong", [{"epsilon": "x"}, {"clip": -1}, {"delta": None}, {"steps": math.inf}]
)
def test_a_budget_of_wrong_numbers_is_refused(wrong):
    values = asdict(Budget(1.0, 1e-5, 1.0, 1.0, 0.1, 10, "by hand"))
    assert Budget.from_dict(values) == Budget(**values)
    with pytest.raises(ValueError, match=r"finite numbers from 0, got .*; train the bundle again"):
        Budget.from_dict(values | wrong)
