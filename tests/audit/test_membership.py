"""Membership inference: planted leaks are found, and nothing where there is nothing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from regvae.audit.membership import by_generated, by_loss, by_shadows, judged
from regvae.formats import uk_registration
from regvae.model.config import Data, Network, Phase, Training
from regvae.training.shadows import train_shadows
from regvae.training.trainer import train
from tests.codes import TOY, codes_of
from tests.evaluation.models import random_bundle
from tests.training.networks import SMALL


def split(bundle, *names):
    return bundle.records.codes[np.isin(bundle.records.split, names)]


# --- nothing to find ------------------------------------------------------------------------------


def untrained():
    """A model of random weights, and 12,000 records that it was not trained on."""
    small = random_bundle(2)
    preset = replace(small.preset, data=replace(small.preset.data, sizes=(8_000, 2_000, 2_000)))
    return type(small).assemble(preset, 0, small.weights, small.history)


def test_of_an_untrained_model_nothing_is_found():
    bundle = untrained()
    fresh = uk_registration.generate(50_000, rng=np.random.default_rng(8))
    others = [bundle.weights | {"mean.kernel": bundle.weights["mean.kernel"] * s} for s in (2, 3)]
    for scores in (by_loss(bundle), by_generated(bundle.records.codes, fresh)):
        found = judged(bundle, scores)
        assert found.auc == pytest.approx(0.5, abs=0.02)
        assert not found.found_something
    rng = np.random.default_rng(4)
    nats = [-by_loss(replace(bundle, autoencoder=_with(bundle, one))) for one in others]
    members = rng.random((2, len(bundle.records))) < 0.5
    found = judged(bundle, by_shadows(-by_loss(bundle), np.array(nats), members))
    assert found.auc == pytest.approx(0.5, abs=0.02)


def _with(bundle, weights):
    return type(bundle).assemble(bundle.preset, 0, weights, bundle.history).autoencoder


# --- planted leaks --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def overfit(tmp_path_factory):
    """A model that knows 40 of 120 codes by heart."""
    codes = uk_registration.generate(120, rng=np.random.default_rng(4))
    data = replace(Data.of_own(codes, seed=1), sizes=(40, 40, 40))
    training = Training((Phase(0.01, 300),), likelihood="categorical", beta=0.001)
    preset = replace(SMALL, network=Network(4, (64,), (64,)), data=data, training=training)
    return train(preset, tmp_path_factory.mktemp("models") / "overfit", own=codes)


@pytest.mark.training
def test_a_model_that_knows_its_codes_by_heart_is_caught(overfit, monkeypatch, tmp_path):
    assert judged(overfit, by_loss(overfit)).auc > 0.9
    rng = np.random.default_rng(1)
    means = overfit.records.mean[overfit.records.split == "train"]
    z = np.repeat(means, 50, axis=0)
    generated = overfit.autoencoder.draw(z, rng.random((len(z), 7)))
    assert judged(overfit, by_generated(overfit.records.codes, generated)).auc > 0.9
    monkeypatch.setenv("REGVAE_HOME", str(tmp_path))
    shadows = train_shadows(overfit, 4, executor=InThisProcess())
    scores = by_shadows(-by_loss(overfit), shadows.nats, shadows.members)
    assert judged(overfit, scores).auc > 0.9


class InThisProcess:
    """An executor that does the work at once."""

    def submit(self, work, *arguments):
        from concurrent.futures import Future

        future = Future()
        future.set_result(work(*arguments))
        return future


# --- the likelihood ratio -------------------------------------------------------------------------


def test_the_ratio_of_shadow_models_is_that_of_two_normal_densities():
    rng = np.random.default_rng(2)
    codes, shadows = 200, 4_000  # so many that each code's own means are known
    hard = rng.normal(0, 1, codes)
    members = rng.random((shadows, codes)) < 0.5
    logs = hard + 1.5 * ~members + rng.normal(0, 0.5, members.shape)
    observed = hard + rng.normal(0.7, 0.8, codes)
    expected = norm.logpdf(observed, hard, 0.5) - norm.logpdf(observed, hard + 1.5, 0.5)
    found = by_shadows(np.exp(observed), np.exp(logs), members)
    np.testing.assert_allclose(found, expected, atol=0.6)
    assert np.corrcoef(found, expected)[0, 1] > 0.999


def test_shadow_models_find_what_the_loss_alone_hides_among_hard_and_easy_codes():
    rng = np.random.default_rng(3)
    bundle = untrained()
    n = len(bundle.records)
    hard = rng.normal(0, 3, n)
    member = bundle.records.split == "train"
    shadows = rng.random((32, n)) < 0.8
    logs = hard - 1.0 * shadows + rng.normal(0, 0.5, shadows.shape)
    observed = np.exp(hard - 1.0 * member + rng.normal(0, 0.5, n))
    by_its_loss = judged(bundle, -observed).auc
    with_shadows = judged(bundle, by_shadows(observed, np.exp(logs), shadows)).auc
    assert by_its_loss < 0.62
    assert with_shadows > 0.88  # 0.92 with all that can be known


@pytest.mark.parametrize("chosen", [[True] * 3, [False] * 3, [True, False, True]])
def test_a_code_that_no_shadow_model_was_trained_on_or_without_has_a_score(chosen):
    nats = np.array([[0.1, 1.0], [0.2, 2.0], [0.1, 1.5]])
    members = np.array([[one, True] for one in chosen])
    members[0, 1] = False
    assert np.isfinite(by_shadows(np.array([0.1, 0.0]), nats, members)).all()
    one = by_shadows(np.array([0.1, 0.0]), nats[:1], members[:1])
    assert np.isfinite(one).all()


# --- generated codes alone ------------------------------------------------------------------------


def brute(code, generated):
    """The distance of the nearest generated code, and how many choices of as many positions let a
    generated code agree with it elsewhere."""
    distances = [sum(a != b for a, b in zip(code, one, strict=True)) for one in generated]
    nearest = min(distances)
    return nearest, distances.count(nearest)


@given(
    codes=st.lists(codes_of(TOY), min_size=1, max_size=6),
    generated=st.lists(codes_of(TOY), min_size=1, max_size=10),
)
def test_nearer_and_then_more_frequent_codes_have_the_larger_scores(codes, generated):
    scores = by_generated(TOY.array(codes), TOY.array(generated))
    found = [brute(code, generated) for code in codes]
    keys = [(-near, n) if near < 3 else (-3, 0) for near, n in found]
    order = [sorted(set(keys)).index(one) for one in keys]
    ranks = [sorted(set(scores.tolist())).index(one) for one in scores.tolist()]
    assert ranks == order


def test_without_generated_codes_nothing_is_known():
    assert by_generated(TOY.array(["A0A", "B1B"]), TOY.array([])).tolist() == [0, 0]
