"""Tail probabilities of a Gaussian by Mahalanobis distance: closed forms and draws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regvae.latent.gaussians import NearestGaussian, tail_probability


@given(t=st.floats(0, 30))
@settings(deadline=None, max_examples=50)
def test_in_one_and_two_dimensions_the_tail_has_a_closed_form(t):
    assert tail_probability(t, 1) == pytest.approx(math.erfc(t / math.sqrt(2)), rel=1e-9)
    assert tail_probability(t, 2) == pytest.approx(math.exp(-t * t / 2), rel=1e-9)


@given(t=st.floats(0, 20), half=st.integers(1, 12))
@settings(deadline=None, max_examples=50)
def test_in_even_dimensions_the_tail_is_a_poisson_sum(t, half):
    # Chi-square of 2 h degrees is above x just if a Poisson of mean x/2 is below h.
    expected = sum(math.exp(-t * t / 2) * (t * t / 2) ** i / math.factorial(i) for i in range(half))
    assert tail_probability(t, 2 * half) == pytest.approx(expected, rel=1e-9)


def test_the_tail_is_the_share_of_draws_beyond_the_distance():
    rng = np.random.default_rng(15)
    draws = np.linalg.norm(rng.normal(size=(50_000, 15)), axis=1)
    mean, sigma = np.array([[3.0, -1.0]]), np.array([[0.5, 2.0]])
    own = NearestGaussian(mean, sigma).query(mean + sigma * rng.normal(size=(50_000, 2)))[0]
    for distances, k in ((draws, 15), (own, 2)):
        for t in (2.5, 3.5, 4.0):
            share = (distances > t).mean()
            error = math.sqrt(share * (1 - share) / len(distances))
            assert error > 0
            assert tail_probability(t, k) == pytest.approx(share, abs=4 * error)


@pytest.mark.parametrize("k", [1, 2, 3, 15])
def test_tails_begin_at_one_and_fall(k):
    tails = tail_probability(np.linspace(0, 8, 81), k)
    assert tails.shape == (81,)
    assert tails[0] == 1
    assert (np.diff(tails) <= 0).all()
    assert (np.diff(tails[10:]) < 0).all()  # nearer than 1 a tail may round to 1


def test_the_tail_of_the_notebooks_threshold_and_of_a_huge_one():
    assert round(float(tail_probability(2.5, 2)), 4) == 0.0439
    assert tail_probability(1e200, 2) == 0
