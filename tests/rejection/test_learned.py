"""The rule learned: what it has seen, what it measures, and that it never comes without tests."""

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.special import expit

from regvae.generation.results import generate
from regvae.randomness import generator
from regvae.rejection import learning, network, sampling
from regvae.rejection.learning import Nearest, learn
from regvae.rejection.measures import Measurer
from regvae.rejection.network import Network, fit, gradients
from regvae.rejection.policy import DRAWN, Guarantee, Policy, PolicyError
from regvae.rejection.proposals import Box
from regvae.rejection.rules import Learned, OneSided, RuleError
from regvae.rejection.unwanted import Unwanted

BELOW_50 = Unwanted.of(["number < 50"])
SHOWN = Guarantee(0.999, 0.95, True, 30_000, 1, 200_000, 1, 0)


def policy(**changes):
    return Policy("notebook-2d", **{"unwanted": BELOW_50, "rule": Learned()} | changes)


@pytest.fixture
def fewer_seen(monkeypatch):
    """Learn from fewer points, and in one epoch."""
    monkeypatch.setattr(sampling, "points_seen", lambda k: 2_000)  # noqa: ARG005
    monkeypatch.setattr(network, "_EPOCHS", 1)


def circle(n, k, seed=0):
    """Points (n, k) from the standard normal distribution, and whether they lie near the middle."""
    z = np.random.default_rng(seed).normal(size=(n, k))
    return z, (z**2).sum(axis=1) < k


# --- two and three dimensions ---------------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 3])
def test_the_score_is_a_difference_of_distances(k):
    z, wanted = circle(500, k)
    points, _ = circle(300, k, seed=1)
    found = learn(z, wanted, generator("test"))
    assert isinstance(found, Nearest)
    apart = np.linalg.norm(points[:, None] - z, axis=2)
    between = np.linalg.norm(z[:, None] - z, axis=2) + np.diag(np.full(len(z), np.inf))
    spacing = np.median(between.min(axis=1))
    expected = (apart[:, ~wanted].min(axis=1) - apart[:, wanted].min(axis=1)) / spacing
    np.testing.assert_allclose(found.score(points), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.usefixtures("fewer_seen")
def test_points_seen_are_the_policys_proposals_as_it_decodes_them(few):
    measurer = sampling.make_measurer(few, policy(rule=OneSided()))
    chosen = policy(proposal=Box(1.5), decode=DRAWN, seed=7)
    found = sampling.learned(few, chosen, measurer)
    z = Box(1.5).draw(2_000, few, generator("learned", 7))
    uniform = generator("learned: characters", 7).random((2_000, 7))
    unwanted = BELOW_50.of_codes(few.autoencoder.draw(z, uniform), few)
    assert np.array_equal(found.unwanted.data, z[unwanted])
    assert np.array_equal(found.wanted.data, z[~unwanted])


def test_what_is_learned_predicts_what_is_decoded(few):
    chosen = policy(proposals=20_000)
    samples = sampling.sample(few, chosen)
    score, wanted = samples.measures["score"], samples.wanted
    assert ((score > 0) == wanted).mean() > 0.99
    assert wanted[score >= 3].mean() > 0.999
    assert (score >= 3).sum() > 0.8 * wanted.sum()


# --- four dimensions and more ---------------------------------------------------------------------


def test_the_network_has_the_gradients_of_the_cross_entropy():
    rng = np.random.default_rng(0)
    z, kind = circle(40, 4)
    x, target = z.astype(np.float32), kind.astype(np.float32)
    parameters = tuple(
        rng.normal(size=shape) * 0.5 for shape in ((4, 5), (5,), (5, 3), (3,), (3, 1), (1,))
    )

    def loss():
        hidden = z
        for matrix, vector in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            hidden = np.maximum(hidden @ matrix + vector, 0)
        logit = (hidden @ parameters[-2] + parameters[-1])[:, 0]
        return np.logaddexp(0, np.where(kind, -logit, logit)).mean()

    found = gradients(parameters, x.astype(float), target)
    for one, gradient in zip(parameters, found, strict=True):
        assert gradient.shape == one.shape
        for place in np.ndindex(one.shape):
            before, step = one[place], 1e-6
            one[place] = before + step
            above = loss()
            one[place] = before - step
            slope = (above - loss()) / (2 * step)
            one[place] = before
            assert gradient[place] == pytest.approx(slope, rel=1e-4, abs=1e-6)


def test_the_network_learns_a_ball():
    z, kind = circle(20_000, 5)
    z[:, 1] = z[:, 1] * 1000 + 500  # it scales its inputs
    found = learn(z, kind, generator("test"))
    assert isinstance(found, Network)
    others, others_kind = circle(5_000, 5, seed=1)
    others[:, 1] = others[:, 1] * 1000 + 500
    score = found.score(others)
    assert ((score > 0) == others_kind).mean() > 0.95
    assert others_kind[score > 5].mean() > 0.99


def test_the_networks_score_is_a_logit(monkeypatch):
    monkeypatch.setattr(network, "_EPOCHS", 3)
    rng = np.random.default_rng(0)
    z = rng.normal(size=(20_000, 4))
    kind = rng.random(len(z)) < expit(2 * z[:, 0] - 1)
    points = rng.normal(size=(2_000, 4)) * 0.5
    found = fit(z, kind, generator("test")).score(points)
    assert np.abs(found - (2 * points[:, 0] - 1)).mean() < 0.3


def test_the_network_is_served_as_its_layers_say():
    z, kind = circle(1_000, 4)
    found = fit(z, kind, generator("test"))
    points, _ = circle(20_000, 4, seed=1)  # more than are served at a time
    x = (points - z.mean(axis=0)) / z.std(axis=0)
    a, b, c, d, e, f = (one.astype(float) for one in found.parameters)
    expected = (np.maximum(np.maximum(x @ a + b, 0) @ c + d, 0) @ e + f)[:, 0]
    np.testing.assert_allclose(found.score(points), expected, rtol=1e-3, atol=1e-3)
    assert found.score(np.empty((0, 4))).shape == (0,)


FIT_AND_SCORE = """
import hashlib
import numpy as np
from regvae.randomness import generator
from regvae.rejection.network import fit

z = generator("test").normal(size=(3_000, 6))
network = fit(z, (z**2).sum(axis=1) < 5, generator("test", 1))
parts = [*network.parameters, network.score(z), network.score(np.vstack([z] * 9))]
print(hashlib.sha256(b"".join(one.tobytes() for one in parts)).hexdigest())
"""


def test_the_same_points_give_the_same_network_with_any_number_of_threads():
    def with_threads(threads):
        return subprocess.run(
            [sys.executable, "-c", FIT_AND_SCORE],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert with_threads("1") == with_threads("2") != ""


def test_another_seed_gives_another_network():
    z, kind = circle(3_000, 6)
    one, other = (fit(z, kind, generator("test", seed)) for seed in (1, 2))
    assert one.parameters[0].tobytes() != other.parameters[0].tobytes()


@pytest.mark.usefixtures("fewer_seen")
def test_the_same_policy_learns_the_same_in_fifteen_dimensions(exact):
    chosen = Policy(exact.name, BELOW_50, Learned(), Box(1.0), seed=5)
    one, other = (sampling.make_measurer(exact, chosen) for _ in range(2))
    points = exact.records.mean[:50]
    score = one.measure(chosen.rule, points)["score"]
    assert score.tobytes() == other.measure(chosen.rule, points)["score"].tobytes()
    another = sampling.make_measurer(exact, dataclasses.replace(chosen, seed=6))
    assert score.tobytes() != another.measure(chosen.rule, points)["score"].tobytes()


# --- what it needs --------------------------------------------------------------------------------


def test_other_rules_learn_nothing(few, monkeypatch):
    monkeypatch.setattr(sampling, "learned", None)  # calling it would raise
    assert sampling.make_measurer(few, policy(rule=OneSided())).predictor is None


def test_a_measurer_that_has_not_learned_is_refused(few):
    with pytest.raises(RuleError, match=r"expected a measurer that has learned .* make_measurer"):
        Measurer.of(few, BELOW_50).measure(Learned(), [[0.0, 0.0]])


def test_points_of_one_kind_teach_nothing():
    z, _ = circle(10, 2)
    for wanted, told in ((True, "wanted"), (False, "unwanted")):
        with pytest.raises(RuleError) as error:
            learning.learn(z, np.full(10, wanted), generator("test"))
        assert str(error.value) == (
            "expected wanted and unwanted codes among 10 decoded proposals, got only "
            f"{told} ones; propose from a larger part, or use the rule certified"
        )


@pytest.mark.usefixtures("fewer_seen")
def test_held_out_records_are_measured_with_what_was_learned(few):
    measurer = sampling.make_measurer(few, policy())
    found = sampling.held_out_measures(few, BELOW_50, Learned, None, measurer.predictor)
    rows = BELOW_50.of_records(few.records) & (few.records.split != "train")
    assert np.array_equal(found["score"], measurer.predictor.score(few.records.mean[rows]))


@pytest.mark.parametrize("given", [None, dataclasses.replace(SHOWN, seed=3)])
def test_no_results_without_a_guarantee_of_what_was_learned(few, given):
    found = "none" if given is None else "one of the seed 3"
    with pytest.raises(PolicyError) as error:
        generate(few, policy(guarantee=given))
    assert str(error.value) == (
        "expected a guarantee of purity for the seed 0 with the rule learned, which may have "
        f"learned what is wrong, got {found}; require a purity, with --purity or "
        "regvae.rejection.guarantee.guaranteed"
    )


@pytest.mark.usefixtures("fewer_seen")
def test_results_with_a_guarantee_tell_it(few):
    chosen = policy(guarantee=SHOWN, proposals=2_000, bundle_sha256=few.sha256)
    shown = dataclasses.replace(SHOWN, of=chosen.guarantee_hash())
    outcome = generate(few, dataclasses.replace(chosen, guarantee=shown))
    assert outcome.report.accepted > 100
    assert outcome.manifest()["guarantee"] == {
        **dataclasses.asdict(shown),
        "bound": SHOWN.bound,
        "parameters": {"score": 3.0},
        "proposal": {"name": "box", "half_width": 3.0},
        "sentence": "purity at least 0.999 at 95% confidence, for points proposed from box: "
        "1 unwanted among 30,000 accepted of 200,000 tested",
    }
